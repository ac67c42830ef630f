"""Machine code that advances rows by a block of steps, and repeats it for those that stopped."""

from __future__ import annotations

from .stopping_slots import FAR, STILL, Slot, tally
from .tiles import (
    alignment,
    copy_tile,
    each,
    entry,
    load_rows,
    place_in,
    squared_norm,
    store_rows,
    valid_bits,
)
from .writer import Function, Module

__all__ = ["write_advance", "write_walk"]


def _tests(f: Function, before: str, now: str, d: int) -> tuple[str, str]:
    """Write the two tests; return the masks of lanes that are far out, and of those that stop."""
    norm = squared_norm(f, d, lambda i: f.load(entry(f, now, i), align=alignment(f)))

    def moved(i: str) -> str:
        here = f.load(entry(f, now, i), align=alignment(f))
        return f.sub(here, f.load(entry(f, before, i), align=alignment(f)))

    move = squared_norm(f, d, moved)
    tolerance = f.broadcast(f.load("%rule", kind="double"))
    radius = f.broadcast(f.load(f.offset("%rule", 1), kind="double"))
    far = f.compare("ugt", norm, radius)  # true for NaN
    still = f.compare("ole", move, f.fma(tolerance, norm, tolerance))
    return far, f.either(far, still)


def write_advance(module: Module, d: int) -> None:
    """Define ``@advance``: a block of steps for every row; returns how many go on."""
    lanes, bits = module.lanes, f"i{module.lanes}"
    f = module.function(
        "advance",
        [
            *(("ptr", "states"), ("ptr", "index"), ("i64", "stride"), ("i64", "rows")),
            *(("i64", "length"), ("ptr", "parameters"), ("ptr", "rule")),
            *(("ptr", "queue"), ("ptr", "queue_index"), ("ptr", "queued")),
        ],
        returns="i64",
    )
    tile, before, shown = (f.room(f"[{d * lanes} x double]") for _ in range(3))
    going, stopped = f.variable("i64", "0"), f.variable("i64", "0")
    all_but_one = f.value("sub i64 %length, 1")
    with f.loop("%rows", step=str(lanes)) as position:
        load_rows(f, tile, "%states", "%stride", position, d)
        with f.loop(all_but_one):
            f.call("step", ("ptr", tile), ("ptr", tile), ("ptr", "%parameters"))
        copy_tile(f, tile, before, d)
        f.call("step", ("ptr", tile), ("ptr", tile), ("ptr", "%parameters"))
        _, stop = _tests(f, before, tile, d)
        valid = valid_bits(f, f.value(f"sub i64 %rows, {position}"))
        ended = f.value(f"and {bits} {f.packed(stop)}, {valid}")
        target = going.get()
        from_index, to_index = (
            f.offset("%index", position, "i32"),
            f.offset("%index", target, "i32"),
        )
        some = f.value(f"icmp ne {bits} {ended}, 0")
        with f.when(some):
            place = stopped.get()
            count = f.call(
                "pack",
                ("ptr", f.offset("%states", position)),
                ("i64", "%stride"),
                ("ptr", f.offset("%queue", place)),
                ("i64", "%stride"),
                ("ptr", from_index),
                ("ptr", f.offset("%queue_index", place, "i32")),
                (bits, ended),
                returns="i64",
            )
            stopped.set(f.value(f"add i64 {place}, {count}"))
        whole = f.value(f"icmp ne {bits} {valid}, -1")
        with f.when(f.value(f"or i1 {some}, {whole}")):
            living = f.value(f"and {bits} {f.value(f'xor {bits} {ended}, -1')}, {valid}")
            copy_tile(f, tile, shown, d)  # a tile whose address is given away stays in memory
            count = f.call(
                "pack",
                ("ptr", shown),
                ("i64", str(lanes)),
                ("ptr", f.offset("%states", target)),
                ("i64", "%stride"),
                ("ptr", from_index),
                ("ptr", to_index),
                (bits, living),
                returns="i64",
            )
            going.set(f.value(f"add i64 {target}, {count}"))
        none = f.value(f"xor i1 {f.value(f'or i1 {some}, {whole}')}, true")
        with f.when(none):
            store_rows(f, tile, "%states", "%stride", target, d)
            kind = f"<{lanes} x i32>"
            f.store(f.load(from_index, kind=kind, align=4), to_index, kind=kind, align=4)
            going.set(f.value(f"add i64 {target}, {lanes}"))
    f.store(stopped.get(), "%queued", kind="i64")
    f.give(going.get())


def write_walk(module: Module, d: int) -> None:
    """Define ``@walk``: repeat a block for queued rows, with tests after each step."""
    lanes, bits = module.lanes, f"i{module.lanes}"
    counts, one = f"<{lanes} x i32>", "splat (i32 1)"
    f = module.function(
        "walk",
        [
            *(("ptr", "queue"), ("ptr", "queue_index"), ("i64", "stride"), ("i64", "rows")),
            *(("i64", "length"), ("i64", "age"), ("ptr", "parameters"), ("ptr", "rule")),
            *(("ptr", "counts"), ("ptr", "reasons"), ("ptr", "finals"), ("i64", "finals_stride")),
            ("ptr", "task"),
        ],
    )
    tile, before, reached, shown = (f.room(f"[{d * lanes} x double]") for _ in range(4))
    written, reasons = f.room(f"[{lanes} x i32]"), f.room(f"[{lanes} x i8]")
    taken, moving, gone = f.variable(counts), f.variable(f.mask), f.variable(f.mask)
    repeated = f.variable("i64")
    start = f.value("trunc i64 %age to i32")
    with f.loop("%rows", step=str(lanes)) as position:
        load_rows(f, tile, "%queue", "%stride", position, d)
        copy_tile(f, tile, reached, d)
        left = f.value(f"sub i64 %rows, {position}")
        valid = f.value(f"bitcast {bits} {valid_bits(f, left)} to {f.mask}")
        moving.set(valid)
        gone.set("zeroinitializer")
        taken.set(f.broadcast(start, "i32"))
        repeated.set("0")
        with f.repeat() as leave:
            done = repeated.get()
            leave(f.value(f"icmp sge i64 {done}, %length"))
            repeated.set(f.value(f"add i64 {done}, 1"))
            copy_tile(f, tile, before, d)
            f.call("step", ("ptr", tile), ("ptr", tile), ("ptr", "%parameters"))
            far, stop = _tests(f, before, tile, d)
            # The states run on; what is kept of a lane stays behind when it stops. So no step
            # waits for a test.
            mask = moving.get()

            def keep(i: str, mask: str = mask) -> None:
                old = f.load(entry(f, reached, i), align=alignment(f))
                new = f.load(entry(f, tile, i), align=alignment(f))
                f.store(f.select(mask, new, old), entry(f, reached, i), align=alignment(f))

            each(f, d, keep)
            step = f.select(mask, one, "zeroinitializer", kind=counts)
            taken.set(f.value(f"add {counts} {taken.get()}, {step}"))
            gone.set(f.either(gone.get(), f.both(far, mask)))
            rest = f.both(mask, f.flipped(stop))
            moving.set(rest)
            leave(f.value(f"icmp eq {bits} {f.packed(rest)}, 0"))
        bytes_ = f"<{lanes} x i8>"
        code = f.select(gone.get(), f"splat (i8 {FAR})", f"splat (i8 {STILL})", kind=bytes_)
        f.store(code, reasons, kind=bytes_, align=64)
        f.store(taken.get(), written, kind=counts, align=64)
        few = f.value(f"icmp slt i64 {left}, {lanes}")
        upto = f.value(f"select i1 {few}, i64 {left}, i64 {lanes}")
        copy_tile(f, reached, shown, d)
        _scatter(f, shown, written, reasons, position, upto, d)
        away = _popcount(f, f.packed(f.both(gone.get(), valid)))
        tally(f, Slot.FAR, away)
        tally(f, Slot.STILL, f.value(f"sub i64 {upto}, {away}"))
    f.give()


def _scatter(
    f: Function, tile: str, written: str, reasons: str, position: str, upto: str, d: int
) -> None:
    """Write steps and reasons, and final states where wanted, to the places of their starts."""
    steps = f.variable("i64", "0")
    with f.loop(upto) as lane:
        at = f.value(f"add i64 {position}, {lane}")
        index = f.load(f.offset("%queue_index", at, "i32"), kind="i32", align=4)
        place = f.value(f"zext i32 {index} to i64")
        count = f.load(f.offset(written, lane, "i32"), kind="i32", align=4)
        f.store(count, f.offset("%counts", place, "i32"), kind="i32", align=4)
        reason = f.load(f.offset(reasons, lane, "i8"), kind="i8", align=1)
        f.store(reason, f.offset("%reasons", place, "i8"), kind="i8", align=1)
        steps.set(f.value(f"add i64 {steps.get()}, {f.value(f'zext i32 {count} to i64')}"))
    tally(f, Slot.STEPS, steps.get())
    with f.when(f.value("icmp ne ptr %finals, null")), f.loop(upto) as lane:
        at = f.value(f"add i64 {position}, {lane}")
        index = f.load(f.offset("%queue_index", at, "i32"), kind="i32", align=4)
        place = f.value(f"zext i32 {index} to i64")

        def one(i: str) -> None:
            value = f.load(f.offset(entry(f, tile, i), lane), kind="double")
            f.store(value, place_in(f, "%finals", "%finals_stride", i, place), kind="double")

        each(f, d, one, unrolled=4)


def _popcount(f: Function, bits: str) -> str:
    kind = f"i{f.module.lanes}"
    f.module.declare(kind, f"llvm.ctpop.{kind}", [kind])
    count = f.call(f"llvm.ctpop.{kind}", (kind, bits), returns=kind)
    return count if kind == "i64" else f.value(f"zext {kind} {count} to i64")
