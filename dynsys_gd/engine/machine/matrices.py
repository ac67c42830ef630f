"""Products of matrices on lanes: every entry is one value, so each lane has its own matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from .cpu import processor
from .writer import Function, Module

__all__ = ["Matrix", "multiply"]

_LONGEST = 8  # sides of a tile: longer ones save no more loads
_MOST_UNROLLED = 64  # multiplications in a tile written one by one; beyond, a loop over k


@dataclass(frozen=True)
class Matrix:
    """A matrix in memory.

    Parameters
    ----------
    pointer : str
        To the first entry.
    rows, columns : int
    down, right : int
        How many entries further the next row, and the next column, is.
    uniform : bool
        Whether an entry is one double for all lanes, instead of one for each.
    """

    pointer: str
    rows: int
    columns: int
    down: int
    right: int
    uniform: bool = False

    @staticmethod
    def stored(pointer: str, rows: int, columns: int, *, uniform: bool = False) -> Matrix:
        """Return the matrix that is stored at `pointer`, row by row and without gaps."""
        return Matrix(pointer, rows, columns, columns, 1, uniform)

    @property
    def T(self) -> Matrix:
        """The transpose, in the same memory."""
        return Matrix(self.pointer, self.columns, self.rows, self.right, self.down, self.uniform)

    def load(self, f: Function, row: int, column: int) -> str:
        """Return an entry."""
        place = row * self.down + column * self.right
        if self.uniform:
            return f.broadcast(f.load(f.offset(self.pointer, place), kind="double"))
        lanes = f.module.lanes
        return f.load(f.offset(self.pointer, place * lanes), align=_alignment(lanes))

    def store(self, f: Function, row: int, column: int, value: str) -> None:
        """Change an entry."""
        lanes = f.module.lanes
        place = f.offset(self.pointer, (row * self.down + column * self.right) * lanes)
        f.store(value, place, align=_alignment(lanes))

    def moved(self, f: Function, row: str, column: str) -> Matrix:
        """Return the part that begins at a row and a column known when the code runs."""
        pointer = self.pointer
        for index, stride in ((row, self.down), (column, self.right)):
            if index != "0":
                doubles = stride * (1 if self.uniform else f.module.lanes)
                pointer = f.offset(pointer, f.value(f"mul i64 {index}, {doubles}"))
        return replace(self, pointer=pointer)


def multiply(
    f: Function,
    left: Matrix,
    right: Matrix,
    result: Matrix,
    *,
    start: Matrix | None = None,
    straight: bool = False,
) -> None:
    """Write result = start + left · right; the result overlaps none of the others.

    Each entry is summed in the order of k, beginning with `start`, however the work is cut into
    tiles: the sums do not depend on the processor.

    Parameters
    ----------
    f : Function
        Where the product is written: as a call of a function for these sizes, which the module
        has only once, unless `straight`.
    straight : bool
        Whether all entries are written one after the other, for matrices so small that they may
        stay in registers.
    """
    if straight:
        _write_tile(f, left, right, result, start, (left.rows, right.columns), unrolled=True)
        return
    operands = [left, right, result] + ([] if start is None else [start])
    sizes = [f"{m.rows}_{m.columns}_{m.down}_{m.right}{'u' * m.uniform}" for m in operands]
    name = "__".join(["product", *sizes])
    if name not in f.module:
        _define(f.module, name, operands)
    f.call(name, *(("ptr", m.pointer) for m in operands))


def _define(module: Module, name: str, operands: list[Matrix]) -> None:
    arguments = [("ptr", f"m{place}") for place in range(len(operands))]
    f = module.function(name, arguments)
    here = [replace(m, pointer=f"%m{place}") for place, m in enumerate(operands)]
    left, right, result = here[:3]
    start = here[3] if len(here) > 3 else None
    high, wide = _tile(result.rows, result.columns, _registers(module.lanes))
    for rows in _stretches(result.rows, high):
        with rows.each(f) as i:
            band = left.moved(f, i, "0")
            for columns in _stretches(result.columns, wide):
                size = (rows.size, columns.size)
                with columns.each(f) as j:
                    _write_tile(
                        f,
                        band,
                        right.moved(f, "0", j),
                        result.moved(f, i, j),
                        None if start is None else start.moved(f, i, j),
                        size,
                        unrolled=left.columns * rows.size * columns.size <= _MOST_UNROLLED,
                    )
    f.give()


def _write_tile(
    f: Function,
    left: Matrix,
    right: Matrix,
    result: Matrix,
    start: Matrix | None,
    size: tuple[int, int],
    *,
    unrolled: bool,
) -> None:
    """Write the first `size` entries of the result: sums stay in registers until they are done."""
    places = [(i, j) for i in range(size[0]) for j in range(size[1])]
    inner = left.columns
    first = 0
    if start is None:
        sums = _outer(f, left, right, size, None)
        first = 1
    else:
        sums = {place: start.load(f, *place) for place in places}
    if unrolled:
        for k in range(first, inner):
            sums = _outer(f, replace(left, pointer=left.pointer), right, size, sums, k)
    elif first < inner:
        variables = {place: f.variable(f.real, sums[place]) for place in places}
        with f.loop(str(inner), start=str(first)) as k_now:
            before = {place: variables[place].get() for place in places}
            column, row = left.moved(f, "0", k_now), right.moved(f, k_now, "0")
            for place, value in _outer(f, column, row, size, before).items():
                variables[place].set(value)
        sums = {place: variables[place].get() for place in places}
    for place in places:
        result.store(f, *place, sums[place])


def _outer(
    f: Function,
    left: Matrix,
    right: Matrix,
    size: tuple[int, int],
    sums: dict[tuple[int, int], str] | None,
    k: int = 0,
) -> dict[tuple[int, int], str]:
    """Return the sums with column k of the left times row k of the right added."""
    column = [left.load(f, i, k) for i in range(size[0])]
    row = [right.load(f, k, j) for j in range(size[1])]
    if sums is None:
        return {(i, j): f.mul(a, b) for i, a in enumerate(column) for j, b in enumerate(row)}
    return {
        (i, j): f.fma(a, b, sums[i, j]) for i, a in enumerate(column) for j, b in enumerate(row)
    }


@dataclass(frozen=True)
class _Stretch:
    """Rows (or columns) that are taken `size` at a time."""

    first: int
    stop: int
    size: int

    @contextmanager
    def each(self, f: Function) -> Iterator[str]:
        if self.stop - self.first == self.size:
            yield str(self.first)
            return
        with f.loop(str(self.stop), start=str(self.first), step=str(self.size)) as index:
            yield index


def _stretches(count: int, longest: int) -> list[_Stretch]:
    """Cut rows into pieces that are as even as possible: of two lengths at most."""
    pieces = -(-count // longest)
    short, long_ones = divmod(count, pieces)
    middle = long_ones * (short + 1)
    cut = [_Stretch(0, middle, short + 1), _Stretch(middle, count, short)]
    return [stretch for stretch in cut if stretch.stop > stretch.first]


@lru_cache(maxsize=256)
def _tile(rows: int, columns: int, registers: int) -> tuple[int, int]:
    """Return the sides of the tile with which the fewest entries have to be loaded."""
    best: tuple[tuple[float, ...], tuple[int, int]] | None = None
    for high in range(1, min(rows, _LONGEST) + 1):
        for wide in range(1, min(columns, _LONGEST) + 1):
            if high * wide + min(high, wide) + 1 > max(registers, 3):
                continue
            tall, broad = _stretches(rows, high), _stretches(columns, wide)
            down = -(-rows // high)
            across = -(-columns // wide)
            loads = rows * across + columns * down
            cost = (loads, len(tall) * len(broad), high * wide, high)
            if best is None or cost < best[0]:
                best = (cost, (high, wide))
    assert best is not None
    return best[1]


def _registers(lanes: int) -> int:
    """Return how many values the registers of this processor hold at a time."""
    host = processor()
    if host is None:
        return 16
    return host.registers // max(1, lanes // host.width)


def _alignment(lanes: int) -> int:
    return min(64, 8 * lanes)
