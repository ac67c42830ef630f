"""The largest eigenvalue of small symmetric tridiagonal matrices, one for each lane."""

from __future__ import annotations

from dataclasses import dataclass

from .lane_loops import address, alignment
from .writer import Function, Module

__all__ = ["Tridiagonal", "write_top_pair"]

_HALVINGS = 60  # from a bracket of twice the largest entry beside the diagonal to rounding
_NO_PIVOT = 1e-32  # pivots below this share of the matrix are replaced by it
_SMALLEST = 1e-290


@dataclass(frozen=True)
class Tridiagonal:
    """Where the diagonal a_0, a_1, … and the other entries b_0, b_1, … of the matrices are.

    Tiles; b_k stands beside a_k and a_(k+1).
    """

    diagonal: str
    beside: str


def write_top_pair(module: Module, most: int) -> str:
    """Define the function that finds the largest eigenvalue and its vector, and return its name.

    ``@top_pair(ptr diagonal, ptr beside, ptr vector, i64 size)`` returns the eigenvalue, for sizes
    from 1 to `most`. The vector is not normalised.

    Notes
    -----
    The eigenvalue θ lies above the diagonal and below the row sums. It is bisected there by the
    signs of the pivots of θ - T, of which all are positive only above every eigenvalue. The vector
    comes from the factorisation that meets where its pivot is smallest [dhillon2004orthogonal]_:
    each component is a ratio of pivots, so that small ones are as accurate as large ones.
    """
    name = "top_pair"
    pointers = [("ptr", "diagonal"), ("ptr", "beside"), ("ptr", "vector"), ("i64", "size")]
    f = module.function(name, pointers, returns=module.real)
    matrix = Tridiagonal("%diagonal", "%beside")
    theta, size = _bisected(f, matrix)
    down, up = (f.room(f"[{most * module.lanes} x double]") for _ in range(2))
    _pivots(f, matrix, theta, f.fma(size, f.number(_NO_PIVOT), f.number(_SMALLEST)), down, up)
    _twisted(f, matrix, theta, down, up)
    f.give(theta)
    return name


def _entry(f: Function, tile: str, k: str, shift: int = 0) -> str:
    lanes = f.module.lanes
    return address(f, tile, shift * lanes, (k, lanes))


def _load(f: Function, tile: str, k: str, shift: int = 0) -> str:
    return f.load(_entry(f, tile, k, shift), align=alignment(f.module))


def _bisected(f: Function, matrix: Tridiagonal) -> tuple[str, str]:
    """Return the largest eigenvalue and the size of the matrix."""
    low, high = f.variable(f.real, _load(f, matrix.diagonal, "0")), f.variable(f.real)
    high.set(low.get())
    before, size = f.variable(f.real, f.number(0.0)), f.variable(f.real, f.number(0.0))
    last = f.value("sub i64 %size, 1")
    with f.loop("%size") as k:
        a, b = _load(f, matrix.diagonal, k), f.variable(f.real, f.number(0.0))
        with f.when(f.value(f"icmp slt i64 {k}, {last}")):
            b.set(_load(f, matrix.beside, k))
        radius = f.add(before.get(), b.get())
        reach, whole = f.add(a, radius), f.add(f.intrinsic("fabs", a), radius)
        size.set(f.select(f.compare("ogt", whole, size.get()), whole, size.get()))
        low.set(f.select(f.compare("ogt", a, low.get()), a, low.get()))
        high.set(f.select(f.compare("ogt", reach, high.get()), reach, high.get()))
        before.set(b.get())
    with f.loop(str(_HALVINGS)):
        middle = f.mul(f.add(low.get(), high.get()), f.number(0.5))
        pivot = f.variable(f.real, f.sub(middle, _load(f, matrix.diagonal, "0")))
        least = f.variable(f.real, pivot.get())
        with f.loop("%size", start="1") as k:
            beside = _load(f, matrix.beside, k, -1)
            rest = f.sub(middle, _load(f, matrix.diagonal, k))
            pivot.set(f.sub(rest, f.mul(beside, f.div(beside, pivot.get()))))
            smaller = f.compare("olt", least.get(), pivot.get())
            least.set(f.select(smaller, least.get(), pivot.get()))
        above = f.compare("ogt", least.get(), f.number(0.0))
        high.set(f.select(above, middle, high.get()))
        low.set(f.select(above, low.get(), middle))
    return f.mul(f.add(low.get(), high.get()), f.number(0.5)), size.get()


def _pivots(f: Function, matrix: Tridiagonal, theta: str, tiny: str, down: str, up: str) -> None:
    """Write the pivots of θ - T from its first row down and from its last row up."""
    align = alignment(f.module)

    def kept_off_zero(pivot: str) -> str:
        return f.select(f.compare("olt", f.intrinsic("fabs", pivot), tiny), tiny, pivot)

    pivot = f.variable(f.real, f.sub(theta, _load(f, matrix.diagonal, "0")))
    pivot.set(kept_off_zero(pivot.get()))
    f.store(pivot.get(), _entry(f, down, "0"), align=align)
    with f.loop("%size", start="1") as k:
        b = _load(f, matrix.beside, k, -1)
        rest = f.sub(theta, _load(f, matrix.diagonal, k))
        pivot.set(kept_off_zero(f.sub(rest, f.mul(b, f.div(b, pivot.get())))))
        f.store(pivot.get(), _entry(f, down, k), align=align)
    last = f.value("sub i64 %size, 1")
    pivot.set(kept_off_zero(f.sub(theta, _load(f, matrix.diagonal, last))))
    f.store(pivot.get(), _entry(f, up, last), align=align)
    with f.loop("%size", start="1") as steps:
        k = f.value(f"sub i64 {last}, {steps}")
        b = _load(f, matrix.beside, k)
        rest = f.sub(theta, _load(f, matrix.diagonal, k))
        pivot.set(kept_off_zero(f.sub(rest, f.mul(b, f.div(b, pivot.get())))))
        f.store(pivot.get(), _entry(f, up, k), align=align)


def _twisted(f: Function, matrix: Tridiagonal, theta: str, down: str, up: str) -> None:
    align = alignment(f.module)

    def counted(k: str) -> str:
        return f.broadcast(f.value(f"sitofp i64 {k} to double"))

    best = f.variable(f.real, f.number(float("inf")))
    where = f.variable(f.real, f.number(0.0))
    with f.loop("%size") as k:
        both = f.add(_load(f, down, k), _load(f, up, k))
        meeting = f.intrinsic("fabs", f.sub(both, f.sub(theta, _load(f, matrix.diagonal, k))))
        closer = f.compare("olt", meeting, best.get())
        best.set(f.select(closer, meeting, best.get()))
        where.set(f.select(closer, counted(k), where.get()))
    place, one = where.get(), f.number(1.0)
    last = f.value("sub i64 %size, 1")
    component = f.variable(f.real, f.number(0.0))
    with f.loop("%size") as steps:
        k = f.value(f"sub i64 {last}, {steps}")
        ratio = f.div(_load(f, matrix.beside, k), _load(f, down, k))
        above = f.select(f.compare("olt", counted(k), place), one, f.number(0.0))
        carried = f.mul(f.mul(ratio, component.get()), above)
        component.set(f.select(f.compare("oeq", counted(k), place), one, carried))
        f.store(component.get(), _entry(f, "%vector", k), align=align)
    with f.loop("%size", start="1") as k:
        ratio = f.div(_load(f, matrix.beside, k, -1), _load(f, up, k))
        below = f.mul(ratio, _load(f, "%vector", k, -1))
        after = f.compare("ogt", counted(k), place)
        f.store(
            f.select(after, below, _load(f, "%vector", k)), _entry(f, "%vector", k), align=align
        )
