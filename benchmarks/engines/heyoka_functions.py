"""heyoka: several steps composed into one compiled function on batches, driven from numpy."""

from __future__ import annotations

from typing import Any

from ..workloads import Columns, Formula, MapWorkload, Workload
from .array_driver import Block, iterated
from .base import Engine, Outcome, Runner, Unsuited

__all__ = ["Heyoka"]

_STEPS, _LONG = 8, 32  # with a stopping rule, and without
_ROOM = 2**14  # trajectories in work at a time


class Heyoka(Engine):
    """Blocks of eight steps, or 32 where nothing stops; the driver is that of plain arrays."""

    name = "heyoka"

    def prepare(self, workload: Workload) -> Runner:
        if not isinstance(workload, MapWorkload):
            raise Unsuited("networks are not written out")
        try:
            import heyoka
        except ImportError:
            raise Unsuited("heyoka is not installed") from None
        return _runner(workload, heyoka)


def _runner(w: MapWorkload, heyoka: Any) -> Runner:
    length = _STEPS if w.tolerance is not None else _LONG
    x = heyoka.make_vars(*(f"x{i}" for i in range(w.d)))
    image = list(x)
    for _ in range(length - 1):
        image = _image(w, image, heyoka)
    both = heyoka.cfunc([*image, *_image(w, image, heyoka)], vars=x)
    one = heyoka.cfunc(_image(w, x, heyoka), vars=x)

    def advance(columns: Columns) -> tuple[Columns, Columns]:
        found = both(columns)
        return found[: w.d], found[w.d :]

    block = Block(length, advance, one)

    def run(columns: Columns) -> Outcome:
        return iterated(w, columns, block, _ROOM)

    return run


def _image(w: MapWorkload, x: list[Any], heyoka: Any) -> list[Any]:
    if w.formula is Formula.SOFTPLUS:
        push = 1.0 / (1.0 + heyoka.exp(x[0] * x[1]))
        return [a - w.eta * (0.2 * a - push * b) for a, b in zip(x, reversed(x), strict=True)]
    left, right = [x[0]], [x[-1]]
    for a, b in zip(x[1:-1], x[-2:0:-1], strict=True):
        left.append(left[-1] * a)
        right.append(b * right[-1])
    pull = w.eta * (x[0] * right[-1] - 1.0)
    others = [right[-1], *(a * b for a, b in zip(left, right[-2::-1], strict=False)), left[-1]]
    return [a - pull * other for a, other in zip(x, others, strict=True)]
