"""Softmax on lanes, which does not overflow, and its derivative along a direction."""

from __future__ import annotations

from collections.abc import Callable

from ..operations import Op
from .elementary import elementary
from .lane_loops import alignment, fold
from .writer import Function

__all__ = ["write_softmax"]

Place = Callable[[str], str]


def write_softmax(f: Function, count: int, outputs: Place, shifts: Place | None) -> None:
    """Replace outputs o by p = softmax(o) and their shifts by those of p, p (do - Σ p do).

    `outputs` and `shifts` give the place of each.
    """
    align = alignment(f.module)

    def larger(m: str, largest: list[str]) -> list[str]:
        o = f.load(outputs(m), align=align)
        return [f.select(f.compare("ogt", o, largest[0]), o, largest[0])]

    (largest,) = fold(f, count, [f.load(outputs("0"), align=align)], larger)

    def weigh(m: str, total: list[str]) -> list[str]:
        o = f.load(outputs(m), align=align)
        weight = elementary(f, Op.EXP, f.sub(o, largest))
        f.store(weight, outputs(m), align=align)
        return [f.add(total[0], weight)]

    (total,) = fold(f, count, [f.number(0.0)], weigh, unrolled=1)
    scale = f.div(f.number(1.0), total)

    def normalise(m: str, mean: list[str]) -> list[str]:
        p = f.mul(f.load(outputs(m), align=align), scale)
        f.store(p, outputs(m), align=align)
        if shifts is None:
            return mean
        return [f.fma(p, f.load(shifts(m), align=align), mean[0])]

    (mean,) = fold(f, count, [f.number(0.0)], normalise)
    if shifts is None:
        return
    moved = shifts

    def centre(m: str, none: list[str]) -> list[str]:
        p, shift = f.load(outputs(m), align=align), f.load(moved(m), align=align)
        f.store(f.mul(p, f.sub(shift, mean)), moved(m), align=align)
        return none

    fold(f, count, [], centre)
