"""Machine code that iterates a chunk of trajectories until each has stopped."""

from __future__ import annotations

from .step_code import StepCode
from .stopping_blocks import write_advance, write_walk
from .stopping_slots import TIME, Slot, load_slot, store_slot, tally
from .tiles import each, pack, place_in
from .writer import Function, Module

__all__ = ["write_stopping"]


def write_stopping(module: Module, code: StepCode, wide: int = 1) -> None:
    """Define ``i64 @stopping(ptr task)``: 0 when the task is done, 1 when its work is used up.

    Rows are advanced in blocks. A row that meets a test at the end of a block goes to a queue with
    its state from the beginning of the block, the others move together; at the end of a round
    those in the queue repeat the block with tests after each step. As every operation of a step is
    the same there, the repetition is exact.

    Parameters
    ----------
    module : Module
    code : StepCode
    wide : int
        How many times more lanes advance together than repeat a block: tests after each step need
        registers of their own.
    """
    d = code.dimension
    together = module if wide == 1 else module.wider(wide).named("wide.")
    for part in (module, together)[: 1 if wide == 1 else 2]:
        code.write(part)
    pack(together, d)
    write_advance(together, d)
    write_walk(module, d)
    _write_driver(module, d, together.prefix + "advance")


def _write_driver(module: Module, d: int, advance: str) -> None:
    """Define the loop over chunks and over rounds, which can be left and entered again."""
    f = module.function("stopping", [("ptr", "task")], returns="i64", exported=True)
    queued = f.room("i64")
    fixed = {
        name: load_slot(f, slot, "ptr")
        for name, slot in (
            *(("states", Slot.STATES), ("index", Slot.INDEX), ("queue", Slot.QUEUE)),
            *(("queue_index", Slot.QUEUE_INDEX), ("parameters", Slot.PARAMETERS)),
            *(("blocks", Slot.BLOCKS), ("counts", Slot.COUNTS), ("finals", Slot.FINALS)),
            ("reasons", Slot.REASONS),
            *(("generator", Slot.GENERATOR), ("data", Slot.GENERATOR_DATA)),
        )
    }
    stride, keep = load_slot(f, Slot.STRIDE), load_slot(f, Slot.KEEP)
    rule = f.offset("%task", int(Slot.TOLERANCE), "i64")
    unfinished = f.value("add i64 0, 1")
    with f.repeat() as done:
        with f.when(f.value(f"icmp eq i64 {load_slot(f, Slot.ALIVE)}, 0")):
            _next_chunk(f, fixed, stride, d)
        alive = load_slot(f, Slot.ALIVE)
        done(f.value(f"icmp eq i64 {alive}, 0"))
        number = load_slot(f, Slot.ROUND)
        length = f.load(f.offset(fixed["blocks"], number, "i64"), kind="i64")
        going = f.call(
            advance,
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
        age = load_slot(f, Slot.AGE)
        local = f.value(f"sub i64 {load_slot(f, Slot.BASE)}, {load_slot(f, Slot.OFFSET)}")
        base = f.value(f"mul i64 {local}, {keep}")
        counts = f.offset(fixed["counts"], base, "i32")
        reasons = f.offset(fixed["reasons"], base, "i8")
        none = f.value(f"icmp eq ptr {fixed['finals']}, null")
        moved = f.offset(fixed["finals"], base)
        finals = f.value(f"select i1 {none}, ptr null, ptr {moved}")
        finals_stride = load_slot(f, Slot.FINALS_STRIDE)
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
        store_slot(f, Slot.AGE, now)
        store_slot(f, Slot.ALIVE, going)
        following = f.value(f"add i64 {number}, 1")
        store_slot(f, Slot.ROUND, following)
        over = f.value(f"icmp sge i64 {following}, {load_slot(f, Slot.ROUNDS)}")
        with f.when(over):
            places = (counts, reasons, finals, finals_stride)
            _time_is_up(f, fixed, stride, going, now, places, d)
            store_slot(f, Slot.ALIVE, "0")
        spent = f.value(f"mul i64 {alive}, {length}")
        work = f.value(f"sub i64 {load_slot(f, Slot.WORK)}, {spent}")
        store_slot(f, Slot.WORK, work)
        with f.when(f.value(f"icmp slt i64 {work}, 0")):
            f.give(unfinished)
            f._begin(f._new_label("never"))
    f.give("0")


def _next_chunk(f: Function, fixed: dict[str, str], stride: str, d: int) -> None:
    """Generate the next starts, where there are any, and number them."""
    position = load_slot(f, Slot.POSITION)
    left = f.value(f"sub i64 {load_slot(f, Slot.LAST)}, {position}")
    chunk = load_slot(f, Slot.CHUNK)
    smaller = f.value(f"icmp slt i64 {left}, {chunk}")
    count = f.value(f"select i1 {smaller}, i64 {left}, i64 {chunk}")
    with f.when(f.value(f"icmp sgt i64 {count}, 0")):
        listed = f"ptr {fixed['states']}, i64 {stride}, i64 {position}, i64 {count}"
        f.line(f"call void {fixed['generator']}({listed}, ptr {fixed['data']})")
        given = load_slot(f, Slot.GIVEN)
        with f.loop(str(d), start=given) as i:
            source = place_in(f, fixed["states"], stride, f.value(f"sub i64 {i}, {given}"), "0")
            target = place_in(f, fixed["states"], stride, i, "0")
            with f.loop(count) as k:
                value = f.load(f.offset(source, k), kind="double")
                f.store(value, f.offset(target, k), kind="double")
        with f.loop(count) as k:
            f.store(
                f.value(f"trunc i64 {k} to i32"),
                f.offset(fixed["index"], k, "i32"),
                kind="i32",
                align=4,
            )
        store_slot(f, Slot.BASE, position)
        store_slot(f, Slot.POSITION, f.value(f"add i64 {position}, {count}"))
        store_slot(f, Slot.ALIVE, count)
        store_slot(f, Slot.AGE, "0")
        store_slot(f, Slot.ROUND, "0")


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
    tally(f, Slot.TIME, rows)
    tally(f, Slot.STEPS, f.value(f"mul i64 {rows}, {age}"))
