"""Machine code that iterates a chunk of trajectories until each has stopped."""

from __future__ import annotations

from enum import IntEnum

from .step_code import StepCode
from .tiles import (
    alignment,
    copy_tile,
    each,
    entry,
    load_rows,
    pack,
    place_in,
    squared_norm,
    store_rows,
    valid_bits,
)
from .writer import Function, Module

__all__ = ["Slot", "write_stopping"]


class Slot(IntEnum):
    """Entries of the task that the machine code works on: 64-bit numbers and addresses."""

    POSITION = 0  # next start to be generated
    LAST = 1  # where this task ends
    CHUNK = 2  # starts at a time
    STRIDE = 3  # room for them
    BASE = 4  # first start of the chunk in work
    ALIVE = 5  # rows of it that have not stopped
    ROUND = 6  # next block of steps
    ROUNDS = 7
    AGE = 8  # steps done
    BLOCKS = 9  # address of the block lengths
    GENERATOR = 10  # address of the code that writes starts, and of what it needs to know
    GENERATOR_DATA = 11
    PARAMETERS = 12
    STATES = 13
    INDEX = 14
    QUEUE = 15
    QUEUE_INDEX = 16
    COUNTS = 17  # address of one i32 a start: the steps it took
    KEEP = 18  # 1 where they are kept from chunk to chunk, 0 where they may be overwritten
    FINALS = 19  # address of the final states, or 0
    FINALS_STRIDE = 20
    WORK = 21  # steps done by all rows, counted down from what is allowed
    STILL = 22  # how many stopped, by outcome, and the steps they took in all
    FAR = 23
    TIME = 24
    STEPS = 25
    TOLERANCE = 26  # squared tolerance and squared radius, as doubles
    RADIUS = 27
    OFFSET = 28  # first start of the task: results are numbered from there
    REASONS = 29  # address of one i8 a start: why it stopped


STILL, FAR, TIME = 0, 1, 2


def write_stopping(module: Module, code: StepCode) -> None:
    """Define ``i64 @stopping(ptr task)``: 0 when the task is done, 1 when its work is used up.

    Rows are advanced in blocks. A row that meets a test at the end of a block goes to a queue with
    its state from the beginning of the block, the others move together; at the end of a round
    those in the queue repeat the block with tests after each step. As every operation of a step is
    the same there, the repetition is exact.
    """
    code.write(module)
    pack(module, code.dimension)
    _write_tests(module, code.dimension)
    _write_advance(module, code.dimension)
    _write_walk(module, code.dimension)
    _write_driver(module, code.dimension)


def _write_tests(module: Module, d: int) -> None:
    """Define the two tests: far out, and (if not) standing still; as packed masks in an array."""
    arguments = [("ptr", "before"), ("ptr", "now"), ("ptr", "rule"), ("ptr", "result")]
    f = module.function("tests", arguments, inline=True)
    bits = f"i{module.lanes}"
    norm = squared_norm(f, d, lambda i: f.load(entry(f, "%now", i), align=alignment(f)))

    def moved(i: str) -> str:
        here = f.load(entry(f, "%now", i), align=alignment(f))
        return f.sub(here, f.load(entry(f, "%before", i), align=alignment(f)))

    move = squared_norm(f, d, moved)
    tolerance = f.broadcast(f.load("%rule", kind="double"))
    radius = f.broadcast(f.load(f.offset("%rule", 1), kind="double"))
    inside = f.compare("ole", norm, radius)  # false for NaN
    still = f.compare("ole", move, f.fma(tolerance, norm, tolerance))
    f.store(f.packed(f.flipped(inside)), "%result", kind=bits)
    f.store(f.packed(f.both(inside, still)), f.offset("%result", 1, bits), kind=bits)
    f.give()


def _tests(f: Function, before: str, now: str, result: str) -> tuple[str, str]:
    """Call the tests; return the masks of far and of still lanes."""
    bits = f"i{f.module.lanes}"
    f.call("tests", ("ptr", before), ("ptr", now), ("ptr", "%rule"), ("ptr", result))
    return f.load(result, kind=bits), f.load(f.offset(result, 1, bits), kind=bits)


def _write_advance(module: Module, d: int) -> None:
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
    result = f.room(f"[2 x {bits}]")
    going, stopped = f.variable("i64", "0"), f.variable("i64", "0")
    all_but_one = f.value("sub i64 %length, 1")
    with f.loop("%rows", step=str(lanes)) as position:
        load_rows(f, tile, "%states", "%stride", position, d)
        with f.loop(all_but_one):
            f.call("step", ("ptr", tile), ("ptr", tile), ("ptr", "%parameters"))
        copy_tile(f, tile, before, d)
        f.call("step", ("ptr", tile), ("ptr", tile), ("ptr", "%parameters"))
        far, still = _tests(f, before, tile, result)
        valid = valid_bits(f, f.value(f"sub i64 %rows, {position}"))
        ended = f.value(f"and {bits} {f.value(f'or {bits} {far}, {still}')}, {valid}")
        target = going.get()
        from_index, to_index = f.offset("%index", position, "i32"), f.offset("%index", target, "i32")
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


def _write_walk(module: Module, d: int) -> None:
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
    tile, image, shown = (f.room(f"[{d * lanes} x double]") for _ in range(3))
    result, written = f.room(f"[2 x {bits}]"), f.room(f"[{lanes} x i32]")
    reasons = f.room(f"[{lanes} x i8]")
    taken, moving, gone = f.variable(counts), f.variable(bits), f.variable(bits)
    start = f.value("trunc i64 %age to i32")
    with f.loop("%rows", step=str(lanes)) as position:
        load_rows(f, tile, "%queue", "%stride", position, d)
        left = f.value(f"sub i64 %rows, {position}")
        moving.set(valid_bits(f, left))
        gone.set("0")
        taken.set(f.broadcast(start, "i32"))
        taken_here = f.variable("i64", "0")
        with f.repeat() as leave:
            done = taken_here.get()
            leave(f.value(f"icmp sge i64 {done}, %length"))
            taken_here.set(f.value(f"add i64 {done}, 1"))
            f.call("step", ("ptr", tile), ("ptr", image), ("ptr", "%parameters"))
            far, still = _tests(f, tile, image, result)
            alive = moving.get()
            mask = f.value(f"bitcast {bits} {alive} to {f.mask}")

            def freeze(i: str, mask: str = mask) -> None:
                old = f.load(entry(f, tile, i), align=alignment(f))
                new = f.load(entry(f, image, i), align=alignment(f))
                f.store(f.select(mask, new, old), entry(f, tile, i), align=alignment(f))

            each(f, d, freeze)
            step = f.select(mask, one, "zeroinitializer", kind=counts)
            taken.set(f.value(f"add {counts} {taken.get()}, {step}"))
            away = f.value(f"and {bits} {far}, {alive}")
            gone.set(f.value(f"or {bits} {gone.get()}, {away}"))
            ended = f.value(f"or {bits} {far}, {still}")
            still_moving = f.value(f"and {bits} {alive}, {f.value(f'xor {bits} {ended}, -1')}")
            moving.set(still_moving)
            leave(f.value(f"icmp eq {bits} {still_moving}, 0"))
        away_mask = f.value(f"bitcast {bits} {gone.get()} to {f.mask}")
        bytes_ = f"<{lanes} x i8>"
        code = f.select(away_mask, f"splat (i8 {FAR})", f"splat (i8 {STILL})", kind=bytes_)
        f.store(code, reasons, kind=bytes_, align=64)
        f.store(taken.get(), written, kind=counts, align=64)
        few = f.value(f"icmp slt i64 {left}, {lanes}")
        upto = f.value(f"select i1 {few}, i64 {left}, i64 {lanes}")
        copy_tile(f, tile, shown, d)
        _scatter(f, shown, written, reasons, position, upto, d)
        _tally(f, Slot.FAR, _popcount(f, gone.get()))
        _tally(f, Slot.STILL, f.value(f"sub i64 {upto}, {_popcount(f, gone.get())}"))
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
    _tally(f, Slot.STEPS, steps.get())
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


def _slot(f: Function, slot: Slot, kind: str = "i64") -> str:
    return f.load(f.offset("%task", int(slot), "i64"), kind=kind)


def _set(f: Function, slot: Slot, value: str) -> None:
    f.store(value, f.offset("%task", int(slot), "i64"), kind="i64")


def _tally(f: Function, slot: Slot, count: str) -> None:
    _set(f, slot, f.value(f"add i64 {_slot(f, slot)}, {count}"))


def _write_driver(module: Module, d: int) -> None:
    """Define the loop over chunks and over rounds, which can be left and entered again."""
    f = module.function("stopping", [("ptr", "task")], returns="i64", exported=True)
    queued = f.room("i64")
    fixed = {
        name: _slot(f, slot, "ptr")
        for name, slot in (
            *(("states", Slot.STATES), ("index", Slot.INDEX), ("queue", Slot.QUEUE)),
            *(("queue_index", Slot.QUEUE_INDEX), ("parameters", Slot.PARAMETERS)),
            *(("blocks", Slot.BLOCKS), ("counts", Slot.COUNTS), ("finals", Slot.FINALS)),
            ("reasons", Slot.REASONS),
            *(("generator", Slot.GENERATOR), ("data", Slot.GENERATOR_DATA)),
        )
    }
    stride, keep = _slot(f, Slot.STRIDE), _slot(f, Slot.KEEP)
    rule = f.offset("%task", int(Slot.TOLERANCE), "i64")
    unfinished = f.value("add i64 0, 1")
    with f.repeat() as done:
        with f.when(f.value(f"icmp eq i64 {_slot(f, Slot.ALIVE)}, 0")):
            _next_chunk(f, fixed, stride)
        alive = _slot(f, Slot.ALIVE)
        done(f.value(f"icmp eq i64 {alive}, 0"))
        number = _slot(f, Slot.ROUND)
        length = f.load(f.offset(fixed["blocks"], number, "i64"), kind="i64")
        going = f.call(
            "advance",
            ("ptr", fixed["states"]),
            ("ptr", fixed["index"]),
            ("i64", stride),
            ("i64", alive),
            ("i64", length),
            ("ptr", fixed["parameters"]),
            ("ptr", rule),
            ("ptr", fixed["queue"]),
            ("ptr", fixed["queue_index"]),
            ("ptr", queued),
            returns="i64",
        )
        age = _slot(f, Slot.AGE)
        local = f.value(f"sub i64 {_slot(f, Slot.BASE)}, {_slot(f, Slot.OFFSET)}")
        base = f.value(f"mul i64 {local}, {keep}")
        counts = f.offset(fixed["counts"], base, "i32")
        reasons = f.offset(fixed["reasons"], base, "i8")
        none = f.value(f"icmp eq ptr {fixed['finals']}, null")
        moved = f.offset(fixed["finals"], base)
        finals = f.value(f"select i1 {none}, ptr null, ptr {moved}")
        finals_stride = _slot(f, Slot.FINALS_STRIDE)
        f.call(
            "walk",
            ("ptr", fixed["queue"]),
            ("ptr", fixed["queue_index"]),
            ("i64", stride),
            ("i64", f.load(queued, kind="i64")),
            ("i64", length),
            ("i64", age),
            ("ptr", fixed["parameters"]),
            ("ptr", rule),
            ("ptr", counts),
            ("ptr", reasons),
            ("ptr", finals),
            ("i64", finals_stride),
            ("ptr", "%task"),
        )
        now = f.value(f"add i64 {age}, {length}")
        _set(f, Slot.AGE, now)
        _set(f, Slot.ALIVE, going)
        following = f.value(f"add i64 {number}, 1")
        _set(f, Slot.ROUND, following)
        over = f.value(f"icmp sge i64 {following}, {_slot(f, Slot.ROUNDS)}")
        with f.when(over):
            places = (counts, reasons, finals, finals_stride)
            _time_is_up(f, fixed, stride, going, now, places, d)
            _set(f, Slot.ALIVE, "0")
        work = f.value(f"sub i64 {_slot(f, Slot.WORK)}, {f.value(f'mul i64 {alive}, {length}')}")
        _set(f, Slot.WORK, work)
        with f.when(f.value(f"icmp slt i64 {work}, 0")):
            f.give(unfinished)
            f._begin(f._new_label("never"))
    f.give("0")


def _next_chunk(f: Function, fixed: dict[str, str], stride: str) -> None:
    """Generate the next starts, where there are any, and number them."""
    position = _slot(f, Slot.POSITION)
    left = f.value(f"sub i64 {_slot(f, Slot.LAST)}, {position}")
    chunk = _slot(f, Slot.CHUNK)
    smaller = f.value(f"icmp slt i64 {left}, {chunk}")
    count = f.value(f"select i1 {smaller}, i64 {left}, i64 {chunk}")
    with f.when(f.value(f"icmp sgt i64 {count}, 0")):
        listed = f"ptr {fixed['states']}, i64 {stride}, i64 {position}, i64 {count}"
        f.line(f"call void {fixed['generator']}({listed}, ptr {fixed['data']})")
        with f.loop(count) as k:
            f.store(
                f.value(f"trunc i64 {k} to i32"),
                f.offset(fixed["index"], k, "i32"),
                kind="i32",
                align=4,
            )
        _set(f, Slot.BASE, position)
        _set(f, Slot.POSITION, f.value(f"add i64 {position}, {count}"))
        _set(f, Slot.ALIVE, count)
        _set(f, Slot.AGE, "0")
        _set(f, Slot.ROUND, "0")


def _time_is_up(
    f: Function,
    fixed: dict[str, str],
    stride: str,
    rows: str,
    age: str,
    places: tuple[str, str, str, str],
    d: int,
) -> None:
    """Write the outcome of the rows that have not stopped."""
    counts, reasons, finals, finals_stride = places
    steps = f.value(f"trunc i64 {age} to i32")
    with f.loop(rows) as row:
        index = f.load(f.offset(fixed["index"], row, "i32"), kind="i32", align=4)
        place = f.value(f"zext i32 {index} to i64")
        f.store(steps, f.offset(counts, place, "i32"), kind="i32", align=4)
        f.store(str(TIME), f.offset(reasons, place, "i8"), kind="i8", align=1)
        with f.when(f.value(f"icmp ne ptr {finals}, null")):

            def one(i: str) -> None:
                value = f.load(place_in(f, fixed["states"], stride, i, row), kind="double")
                f.store(value, place_in(f, finals, finals_stride, i, place), kind="double")

            each(f, d, one, unrolled=4)
    _tally(f, Slot.TIME, rows)
    _tally(f, Slot.STEPS, f.value(f"mul i64 {rows}, {age}"))
