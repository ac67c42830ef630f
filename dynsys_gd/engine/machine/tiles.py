"""What every driver does with tiles: walk over coordinates, measure, pack living lanes."""

from __future__ import annotations

from collections.abc import Callable

from .cpu import processor
from .writer import Function, Module

__all__ = [
    "alignment",
    "copy_tile",
    "each",
    "entry",
    "load_rows",
    "pack",
    "place_in",
    "squared_norm",
    "store_rows",
    "valid_bits",
]

_UNROLLED = 12


def each(
    f: Function, count: int, body: Callable[[str], None], *, unrolled: int = _UNROLLED
) -> None:
    """Write `body` for every coordinate: one after the other for few, as a loop for many."""
    if count <= unrolled:
        for i in range(count):
            body(str(i))
    else:
        with f.loop(str(count)) as index:
            body(index)


def alignment(f: Function) -> int:
    """Return to how many bytes the coordinates of a tile are aligned."""
    return min(64, 8 * f.module.lanes)


def entry(f: Function, tile: str, index: str) -> str:
    """Return the pointer to coordinate `index` of a tile."""
    lanes = f.module.lanes
    place = str(int(index) * lanes) if index.isdigit() else f.value(f"mul i64 {index}, {lanes}")
    return f.offset(tile, place)


def place_in(f: Function, rows: str, stride: str, index: str, position: str) -> str:
    """Return the pointer to coordinate `index` of the row `position` of a [d][stride] array."""
    start = f.value(f"mul i64 {index}, {stride}")
    return f.offset(rows, f.value(f"add i64 {start}, {position}"))


def load_rows(
    f: Function, tile: str, rows: str, stride: str, position: str, dimension: int
) -> None:
    """Copy the rows that begin at `position` into a tile."""

    def one(i: str) -> None:
        value = f.load(place_in(f, rows, stride, i, position))
        f.store(value, entry(f, tile, i), align=alignment(f))

    each(f, dimension, one)


def store_rows(
    f: Function, tile: str, rows: str, stride: str, position: str, dimension: int
) -> None:
    """Copy a tile to the rows that begin at `position`."""

    def one(i: str) -> None:
        value = f.load(entry(f, tile, i), align=alignment(f))
        f.store(value, place_in(f, rows, stride, i, position))

    each(f, dimension, one)


def copy_tile(f: Function, source: str, target: str, count: int) -> None:
    """Copy `count` coordinates of one tile to another."""

    def one(i: str) -> None:
        f.store(
            f.load(entry(f, source, i), align=alignment(f)), entry(f, target, i), align=alignment(f)
        )

    each(f, count, one)


def squared_norm(f: Function, count: int, coordinate: Callable[[str], str]) -> str:
    """Return the sum of the squares of the coordinates, added up in their order."""
    total = f.variable(f.real)
    total.set(f.number(0.0))

    def one(i: str) -> None:
        value = coordinate(i)
        if i == "0":
            total.set(f.mul(value, value))
        else:
            total.set(f.fma(value, value, total.get()))

    each(f, count, one)
    return total.get()


def valid_bits(f: Function, remaining: str) -> str:
    """Return a mask, packed, of the lanes below `remaining` (an i64 of at least 1)."""
    lanes = f.module.lanes
    kind = f"i{lanes}"
    full = f.value(f"icmp sge i64 {remaining}, {lanes}")
    if lanes == 1:
        return "true"
    small = f.value(f"select i1 {full}, i64 0, i64 {remaining}")
    count = small if lanes == 64 else f.value(f"trunc i64 {small} to {kind}")
    low = f.value(f"shl {kind} 1, {count}")
    ones = f.value(f"sub {kind} {low}, 1")
    return f.value(f"select i1 {full}, {kind} -1, {kind} {ones}")


def pack(module: Module, dimension: int) -> str:
    """Define a function that moves the lanes of a mask next to each other, and return its name.

    ``i64 @pack(ptr from, i64 from_stride, ptr to, i64 to_stride, ptr index_from, ptr index_to,
    iL bits)``: lanes of a [d][from_stride] array and of their i32 indices. Returns how many there
    were. What lies behind the last of them, up to a register, is overwritten.
    """
    name, lanes = "pack", module.lanes
    if name in module:
        return name
    host = processor()
    width = min(lanes, host.width if host is not None else 2)
    pointers = [("ptr", "from"), ("i64", "from_stride"), ("ptr", "to"), ("i64", "to_stride")]
    indices = [("ptr", "index_from"), ("ptr", "index_to"), (f"i{lanes}", "bits")]
    f = module.function(name, [*pointers, *indices], returns="i64")
    real, whole, mask = f"<{width} x double>", f"<{width} x i32>", f"<{width} x i1>"
    for kind, suffix in ((real, f"v{width}f64"), (whole, f"v{width}i32")):
        compress = f"llvm.experimental.vector.compress.{suffix}"
        module.declare(kind, compress, [kind, mask, kind])
    total = "0"
    groups = []
    for group in range(0, lanes, width):
        part = "%bits"
        if width < lanes:
            moved = f.value(f"lshr i{lanes} %bits, {group}") if group else "%bits"
            part = f.value(f"trunc i{lanes} {moved} to i{width}")
        groups.append((group, f.value(f"bitcast i{width} {part} to {mask}"), total))
        module.declare(f"i{width}", f"llvm.ctpop.i{width}", [f"i{width}"])
        count = f.call(f"llvm.ctpop.i{width}", (f"i{width}", part), returns=f"i{width}")
        total = f.value(f"add i64 {total}, {f.value(f'zext i{width} {count} to i64')}")

    def moved_to(kind: str, suffix: str, base: str, target: str, unit: str) -> None:
        compress = f"llvm.experimental.vector.compress.{suffix}"
        for group, bits, place in groups:
            value = f.load(f.offset(base, group, unit), kind=kind, align=4)
            pairs = ((kind, value), (mask, bits), (kind, "poison"))
            packed = f.call(compress, *pairs, returns=kind)
            f.store(packed, f.offset(target, place, unit), kind=kind, align=4)

    def one(i: str) -> None:
        source = f.offset("%from", f.value(f"mul i64 {i}, %from_stride"))
        target = f.offset("%to", f.value(f"mul i64 {i}, %to_stride"))
        moved_to(real, f"v{width}f64", source, target, "double")

    each(f, dimension, one, unrolled=4)
    moved_to(whole, f"v{width}i32", "%index_from", "%index_to", "i32")
    f.give(total)
    return name
