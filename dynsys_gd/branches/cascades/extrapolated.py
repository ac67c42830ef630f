"""The ratios of a cascade, and what its doubling points tend to, each with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from .constants import DELTA_DECIMAL

__all__ = ["Extrapolated", "limit_of", "ratios_of", "tail_of"]

_DIGITS = 60
_TINY = Decimal("1e-4")  # numbers below it are written with a power of ten
_NOISE = 10  # by how much rounding of the values may grow in an extrapolation

Numbers = Sequence[Decimal]


@dataclass(frozen=True)
class Extrapolated:
    """The limit of a sequence, as far as it can be told from its first members.

    Parameters
    ----------
    value : Decimal
    error : float
        An estimate: how far the last three extrapolations by the best rule are apart, or those
        by the two best rules, and the rounding of the members.
    rule : str

    Examples
    --------
    >>> from sympy.abc import a, x
    >>> from dynsys_gd import SymbolicMap, cascade
    >>> logistic = SymbolicMap([a * x * (1 - x)], [x])
    >>> found = cascade(logistic, [0.6], "a", to=(2.5, 4), doublings=5).extrapolated
    >>> round(float(found.value), 6), found.rule
    (3.569946, "Feigenbaum's δ, Aitken's process")
    """

    value: Decimal
    error: float
    rule: str

    @property
    def shown(self) -> str:
        """The value with the digits that its error leaves, and the error."""
        if not 0 < self.error < 1:
            return f"{float(self.value):.15g} ± {self.error:.1e}"
        decimals = math.ceil(-math.log10(self.error)) + 1
        if abs(self.value) < _TINY and self.error < abs(self.value):
            return f"{self.value:.{decimals + self.value.adjusted()}e} ± {self.error:.1e}"
        return f"{self.value:.{decimals}f} ± {self.error:.1e}"


def ratios_of(values: Numbers, errors: Sequence[float]) -> tuple[list[Decimal], list[float]]:
    """Return (v_n - v_(n-1)) / (v_(n+1) - v_n), and what the errors of the values make of it.

    Examples
    --------
    >>> found, errors = ratios_of([Decimal(0), Decimal(4), Decimal(5)], [0.0, 0.0, 1e-12])
    >>> found, round(errors[0] / 1e-12, 6)
    ([Decimal('4')], 4.0)
    """
    ratios, spreads = [], []
    with localcontext() as context:
        context.prec = _DIGITS
        for n in range(1, len(values) - 1):
            before, after = values[n] - values[n - 1], values[n + 1] - values[n]
            if after == 0:
                break
            ratio = before / after
            ratios.append(ratio)
            # d ratio = (e_n - e_(n-1)) / after - ratio (e_(n+1) - e_n) / after
            share = abs(float(ratio))
            total = errors[n - 1] + (1 + share) * errors[n] + share * errors[n + 1]
            spreads.append(total / abs(float(after)))
    return ratios, spreads


def limit_of(values: Numbers, errors: Sequence[float]) -> Extrapolated | None:
    """Return the limit of doubling points, None where there are fewer than two or no convergence.

    Notes
    -----
    Two beginnings, the values themselves and v_n + (v_n - v_(n-1)) / (δ - 1), in which the leading
    error has gone where the ratios tend to δ; then Aitken's process again and again, which needs no
    δ [sidi2003practical]_. Of all these the one is taken whose last members agree best.

    Examples
    --------
    >>> halves = [1 - Decimal(2) ** -n for n in range(6)]
    >>> found = limit_of(halves, [0.0] * 6)
    >>> found.value == 1, found.error < 1e-50
    (True, True)
    """
    if len(values) < 2:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        steps = [b - a for a, b in pairwise(values)]
        if any(abs(after) >= abs(before) for before, after in pairwise(steps)):
            return None
        scaled = [b + (b - a) / (DELTA_DECIMAL - 1) for a, b in pairwise(values)]
        if len(values) == 2:
            return Extrapolated(scaled[0], abs(float(scaled[0] - values[1])), "Feigenbaum's δ")
        columns = [
            *_columns(scaled, "Feigenbaum's δ", keep=True),
            *_columns(values, "", keep=False),
        ]
        return _best(columns, max(errors))


def tail_of(ratios: Numbers, errors: Sequence[float]) -> Extrapolated | None:
    """Return the limit of the ratios, by Aitken's process alone, None for fewer than four."""
    if len(ratios) < 4:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        return _best(_columns(ratios, "", keep=False), max(errors))


def _columns(start: Numbers, name: str, *, keep: bool) -> list[tuple[str, list[Decimal]]]:
    columns = [(name, list(start))] if keep else []
    column, times = list(start), 0
    while len(column) >= 4:
        times += 1
        column = _aitken(column)
        if len(column) < 2:
            break
        rule = f"Aitken's process {times}×" if times > 1 else "Aitken's process"
        columns.append((f"{name}, {rule}" if name else rule, column))
    return columns


def _aitken(s: Numbers) -> list[Decimal]:
    out: list[Decimal] = []
    for a, b, c in zip(s, s[1:], s[2:], strict=False):
        bend = (c - b) - (b - a)
        out.append(c if bend == 0 else c - (c - b) ** 2 / bend)
    return out


def _best(columns: list[tuple[str, list[Decimal]]], noise: float) -> Extrapolated | None:
    judged = sorted(
        ((_spread(column), rule, column[-1]) for rule, column in columns if len(column) >= 2),
        key=lambda item: item[0],
    )
    if not judged:
        return None
    spread, rule, value = judged[0]
    other = abs(float(judged[1][2] - value)) if len(judged) > 1 else 0.0
    return Extrapolated(value, max(spread, other) + _NOISE * noise, rule)


def _spread(column: list[Decimal]) -> float:
    """Return by how much the last members of a sequence changed.

    Two changes are looked at, since a single one may be small by accident; where there is only one
    it counts ten times.
    """
    changes = [abs(float(b - a)) for a, b in pairwise(column[-3:])]
    return max(changes) if len(changes) > 1 else 10.0 * changes[0]
