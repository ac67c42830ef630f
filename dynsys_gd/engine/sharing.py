"""In which order long products are multiplied, so that they share as much work as possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import sympy as sp

__all__ = ["product_orders"]

_MOST_PAIRS = 20_000  # beyond, looking for shared pairs takes longer than it saves


def product_orders(
    products: Iterable[Sequence[sp.Expr]],
) -> dict[tuple[sp.Expr, ...], tuple[tuple[int, int], ...]]:
    """Return for each product the pairs of factors to multiply, one after the other.

    Parameters
    ----------
    products : iterable of sequences of sympy expressions
        The factors of each product, different from each other.

    Returns
    -------
    dict
        From the factors to pairs of places: place i < n is factor i, place n + k the result of the
        k-th pair. The last pair gives the product. The gradient of (x_1 x_2 … x_d - 1)² needs some
        3 d multiplications in this order and d² / 2 from left to right.

    Notes
    -----
    Greedy: the pair that occurs in most products becomes a factor of its own, again and again.

    Examples
    --------
    >>> a, b, c, d = sp.symbols("a b c d")
    >>> orders = product_orders([(a, b, c), (b, c, d)])
    >>> orders[(a, b, c)], orders[(b, c, d)]
    (((1, 2), (0, 3)), ((0, 1), (2, 3)))
    """
    listed = list(dict.fromkeys(tuple(factors) for factors in products))
    table = _Table(listed)
    while (pair := table.most_frequent()) is not None:
        table.join(pair)
    return {factors: table.order(k, len(factors)) for k, factors in enumerate(listed)}


class _Table:
    """Products as sets of numbered factors; pairs that were joined get numbers of their own."""

    def __init__(self, products: Sequence[tuple[sp.Expr, ...]]) -> None:
        numbers: dict[sp.Expr, int] = {}
        self.members = [
            [numbers.setdefault(f, len(numbers)) for f in factors] for factors in products
        ]
        self.places = [{number: i for i, number in enumerate(m)} for m in self.members]
        self.steps: list[list[tuple[int, int]]] = [[] for _ in products]
        self.next = len(numbers)
        size = sum(len(m) * (len(m) - 1) // 2 for m in self.members)
        self.pairs: Counter[tuple[int, int]] = Counter()
        if size <= _MOST_PAIRS:
            for m in self.members:
                self.pairs.update(_pairs(m))

    def most_frequent(self) -> tuple[int, int] | None:
        # The first of the most frequent ones, so that the code does not depend on hashing.
        best = max(self.pairs.values(), default=0)
        return min(p for p, count in self.pairs.items() if count == best) if best > 1 else None

    def join(self, pair: tuple[int, int]) -> None:
        made, self.next = self.next, self.next + 1
        for k, members in enumerate(self.members):
            if pair[0] not in members or pair[1] not in members:
                continue
            self.pairs.subtract(_pairs(members))
            self._merge(k, *pair, made)
            self.pairs.update(_pairs(self.members[k]))
        self.pairs = +self.pairs

    def _merge(self, k: int, a: int, b: int, made: int) -> None:
        places = self.places[k]
        self.steps[k].append((places[a], places[b]))
        places[made] = len(places)
        self.members[k] = [m for m in self.members[k] if m not in (a, b)] + [made]

    def order(self, k: int, size: int) -> tuple[tuple[int, int], ...]:
        first, *rest = self.members[k]
        places, steps = self.places[k], list(self.steps[k])
        total = places[first]
        for member in rest:
            steps.append((total, places[member]))
            total = size + len(steps) - 1
        return tuple(steps)


def _pairs(members: Sequence[int]) -> list[tuple[int, int]]:
    return [(min(p), max(p)) for p in combinations(members, 2)]
