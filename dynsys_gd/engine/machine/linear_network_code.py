"""The gradient of a deep linear network as machine code: a short list of matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .cpu import Processor
from .gradient_step import GradientCode
from .matrices import Matrix, multiply
from .writer import Function, Module

__all__ = ["LinearNetworkGradient"]

_WIDEST_STRAIGHT = 3  # matrices up to this width are written entry by entry
_MOST_STRAIGHT = 120  # multiplications in one function: beyond, compiling takes too long

_MOST_PAIRED = 64  # coordinates

_Name = tuple[str, int]  # a matrix: its letter and its index, as in the notes below


@dataclass(frozen=True)
class LinearNetworkGradient(GradientCode):
    """The gradient of 1/(2n) Σ ‖W_N…W_1 x - y‖², from the moments Σ = XᵀX/n and C = YᵀX/n.

    Parameters
    ----------
    widths : tuple of int
        (dx, hidden widths…, dy).

    Notes
    -----
    The data are the entries of Σ, (dx, dx), then those of -C, (dy, dx), row by row. With
    E = W_N…W_1 Σ - C there are two ways to the gradients, which differ in cost where the ends of
    the network differ in width:

    * from below, with B_k = W_{k-1}…W_1: D_N = E, D_{k-1} = W_kᵀ D_k, ∂L/∂W_k = D_k B_kᵀ;
    * from above, with A_k = W_N…W_{k+1}: F_1 = E, F_{k+1} = F_k W_kᵀ, ∂L/∂W_k = A_kᵀ F_k.

    Both take 3N - 2 products. Σ may come in at any layer on the way to E.
    """

    widths: tuple[int, ...]

    @property
    def dimension(self) -> int:
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def work(self) -> int:
        return sum(product.work(self.widths) for product in cheapest_plan(self.widths))

    def lanes(self, host: Processor) -> int:
        # Where everything is cached anyway, two registers for a value keep more sums in flight.
        return host.width * (2 if self.dimension <= _MOST_PAIRED else 1)

    def write(self, module: Module) -> None:
        arguments = [("ptr", "point"), ("ptr", "gradient"), ("ptr", "parameters")]
        f = module.function("gradient", arguments, inline=self._straight)
        places = self._places(f)
        for product in cheapest_plan(self.widths):
            left, right = places[product.left], places[product.right]
            multiply(
                f,
                left.T if product.left_transposed else left,
                right.T if product.right_transposed else right,
                places[product.result],
                start=places["-C", 0] if product.starts_from_targets else None,
                straight=self._straight,
            )
        f.give()

    @property
    def scratch(self) -> int:
        """Number of entries that are kept besides the point and the gradient."""
        return sum(room.size for name, room in rooms(self.widths).items() if room.owner == name)

    @property
    def _straight(self) -> bool:
        return max(self.widths) <= _WIDEST_STRAIGHT and self.work <= _MOST_STRAIGHT

    def _given(self, f: Function) -> dict[_Name, Matrix]:
        """Return the layers, their gradients and the data."""
        known, start = {}, 0
        for k, (columns, rows) in enumerate(pairwise(self.widths), start=1):
            for letter, whole in (("W", "%point"), ("G", "%gradient")):
                pointer = f.offset(whole, start * f.module.lanes)
                known[letter, k] = Matrix.stored(pointer, rows, columns)
            start += rows * columns
        dx, dy = self.widths[0], self.widths[-1]
        known["Σ", 0] = Matrix.stored("%parameters", dx, dx, uniform=True)
        behind = f.offset("%parameters", dx * dx)
        known["-C", 0] = Matrix.stored(behind, dy, dx, uniform=True)
        return known

    def _places(self, f: Function) -> dict[_Name, Matrix]:
        """Return all matrices in memory."""
        known = self._given(f)
        for name, room in rooms(self.widths).items():
            if room.owner == name:
                pointer = f.room(f"[{room.size * f.module.lanes} x double]")
            else:
                pointer = known[room.owner].pointer
            known[name] = Matrix.stored(pointer, *_shape(name, self.widths))
        return known


@dataclass(frozen=True, kw_only=True)
class Product:
    """One product on the way to the gradients."""

    result: _Name
    left: _Name
    right: _Name
    left_transposed: bool = False
    right_transposed: bool = False
    starts_from_targets: bool = False  # -C is added

    def work(self, widths: Sequence[int]) -> int:
        """Return the number of multiplications."""
        rows, columns = _shape(self.result, widths)
        return rows * columns * _shape(self.left, widths)[0 if self.left_transposed else 1]


@lru_cache(maxsize=256)
def cheapest_plan(widths: tuple[int, ...]) -> tuple[Product, ...]:
    """Return the products that give the gradients with the fewest multiplications."""
    depth = len(widths) - 1
    plans = [_from_below(depth, layers) for layers in range(depth, 0, -1)]
    plans += [_from_above(depth, layers) for layers in range(depth)]
    return min(plans, key=lambda plan: sum(product.work(widths) for product in plan))


def _from_below(depth: int, layers: int) -> tuple[Product, ...]:
    """Return the products of the way from below, with Σ put in below `layers` layers."""

    def below(k: int) -> _Name:
        return ("W", 1) if k == 2 else ("B", k)

    def back(k: int) -> _Name:
        return ("G", 1) if k == 1 else ("D", k)

    plan = [
        Product(result=below(k + 1), left=("W", k), right=below(k))
        for k in range(2, max(depth, layers + 1))
    ]
    signal = ("S", layers + 1) if layers < depth else back(depth)
    plan.append(
        Product(
            result=signal,
            left=below(layers + 1),
            right=("Σ", 0),
            starts_from_targets=layers == depth,
        )
    )
    for k in range(layers + 1, depth + 1):
        following = ("S", k + 1) if k < depth else back(depth)
        plan.append(
            Product(result=following, left=("W", k), right=signal, starts_from_targets=k == depth)
        )
        signal = following
    for k in range(depth, 1, -1):
        plan.append(Product(result=("G", k), left=back(k), right=below(k), right_transposed=True))
        plan.append(Product(result=back(k - 1), left=("W", k), right=back(k), left_transposed=True))
    return tuple(plan)


def _from_above(depth: int, layers: int) -> tuple[Product, ...]:
    """Return the products of the way from above, with Σ put in below the first `layers`."""

    def above(k: int) -> _Name:
        return ("W", depth) if k == depth - 1 else ("A", k)

    def back(k: int) -> _Name:
        return ("G", depth) if k == depth else ("F", k)

    lowest = 0 if layers == 0 else 1
    plan = [
        Product(result=above(k - 1), left=above(k), right=("W", k))
        for k in range(depth - 1, lowest, -1)
    ]
    signal: _Name = ("Σ", 0)
    for k in range(1, layers + 1):
        plan.append(Product(result=("T", k), left=("W", k), right=signal))
        signal = ("T", k)
    plan.append(Product(result=back(1), left=above(layers), right=signal, starts_from_targets=True))
    for k in range(1, depth):
        plan.append(Product(result=("G", k), left=above(k), right=back(k), left_transposed=True))
        plan.append(
            Product(result=back(k + 1), left=back(k), right=("W", k), right_transposed=True)
        )
    return tuple(plan)


def _shape(name: _Name, widths: Sequence[int]) -> tuple[int, int]:
    letter, k = name
    if letter in "WG":
        return widths[k], widths[k - 1]
    if letter == "Σ":
        return widths[0], widths[0]
    rows = {"A": -1, "F": -1, "B": k - 1, "S": k - 1, "D": k, "T": k}[letter]
    columns = {"A": k, "F": k - 1}.get(letter, 0)
    return widths[rows], widths[columns]


@dataclass(frozen=True, order=True)
class _Room:
    """Memory for a matrix of at most `size` entries that is not needed from a product on."""

    size: int
    until: float
    owner: _Name  # the gradient that will be there, or the first matrix that is


@lru_cache(maxsize=256)
def rooms(widths: tuple[int, ...]) -> dict[_Name, _Room]:
    """Return where each intermediate matrix of the cheapest plan lies.

    They lie where gradients are going to be, or matrices were that are used up: what is touched
    in one step should fit into the cache.
    """
    plan = cheapest_plan(widths)
    last_use = {name: time for time, p in enumerate(plan) for name in (p.left, p.right)}
    free = [
        _Room(math.prod(_shape(p.result, widths)), time, p.result)
        for time, p in enumerate(plan)
        if p.result[0] == "G"
    ]
    places: dict[_Name, _Room] = {}
    held: dict[_Name, _Room] = {}
    for time, product in enumerate(plan):
        name = product.result
        if name[0] != "G":
            size = math.prod(_shape(name, widths))
            fitting = [r for r in free if r.size >= size and r.until > last_use[name]]
            room = min(fitting, default=_Room(size, math.inf, name))
            if fitting:
                free.remove(room)
            places[name] = held[name] = room
        for used in {product.left, product.right} & set(held):
            if last_use[used] == time:
                free.append(held.pop(used))
    return places
