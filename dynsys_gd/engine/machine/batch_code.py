"""Machine code that makes columns of numbers from other columns, a tile of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

from .lane_loops import address, alignment
from .tiles import place_in
from .writer import Function, Module

__all__ = ["BatchSlot", "Body", "write_batch"]

Body = Callable[[Function, list[str], list[str], str], None]

_UNROLLED = 4


class BatchSlot(IntEnum):
    """Entries of the task, 64-bit numbers and addresses."""

    FIRST = 0  # rows from here
    LAST = 1  # to here, at least as many as there are lanes
    PARAMETERS = 2
    ARRAYS = 3  # from here on an address and a stride for each array [width][stride]


def write_batch(
    module: Module, name: str, inputs: Sequence[int], outputs: Sequence[int], body: Body
) -> None:
    """Define ``@name(ptr task)``, which runs `body` on every tile of rows of the task.

    Parameters
    ----------
    module : Module
    name : str
    inputs, outputs : sequence of int
        How many columns each array has.
    body : callable
        Called as ``body(f, input_tiles, output_tiles, parameters)``; may overwrite the inputs.

    Notes
    -----
    The last tile begins early enough to be full; rows that it shares with the one before are
    computed twice, with the same result.
    """
    f = module.function(name, [("ptr", "task")], exported=True)
    lanes = module.lanes

    def slot(index: int, kind: str) -> str:
        return f.load(f.offset("%task", index, "i64"), kind=kind)

    widths = [*inputs, *outputs]
    places = [int(BatchSlot.ARRAYS) + 2 * k for k in range(len(widths))]
    arrays = [(slot(place, "ptr"), slot(place + 1, "i64")) for place in places]
    parameters = slot(BatchSlot.PARAMETERS, "ptr")
    last = slot(BatchSlot.LAST, "i64")
    latest = f.value(f"sub i64 {last}, {lanes}")
    tiles = [f.room(f"[{width * lanes} x double]") for width in widths]
    with f.loop(last, start=slot(BatchSlot.FIRST, "i64"), step=str(lanes)) as index:
        early = f.value(f"icmp slt i64 {index}, {latest}")
        position = f.value(f"select i1 {early}, i64 {index}, i64 {latest}")
        count = len(inputs)
        for tile, width, (rows, stride) in zip(tiles, inputs, arrays, strict=False):
            _moved(f, width, tile, (rows, stride, position), load=True)
        body(f, tiles[:count], tiles[count:], parameters)
        rest = zip(tiles[count:], outputs, arrays[count:], strict=True)
        for tile, width, (rows, stride) in rest:
            _moved(f, width, tile, (rows, stride, position), load=False)
    f.give()


def _moved(f: Function, width: int, tile: str, place: tuple[str, str, str], *, load: bool) -> None:
    """Copy the rows at a place, given by array, stride and position, into a tile or back."""
    rows, stride, position = place
    align = alignment(f.module)

    def one(i: str) -> None:
        outside = place_in(f, rows, stride, i, position)
        inside = address(f, tile, 0, (i, f.module.lanes))
        if load:
            f.store(f.load(outside), inside, align=align)
        else:
            f.store(f.load(inside, align=align), outside)

    if width <= _UNROLLED**2:
        for i in range(width):
            one(str(i))
    else:
        with f.loop(str(width)) as index:
            one(index)
