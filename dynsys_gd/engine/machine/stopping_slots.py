"""The task of the stopping driver: what machine code and Python tell each other."""

from __future__ import annotations

from enum import IntEnum

from .writer import Function

__all__ = ["FAR", "STILL", "TIME", "Slot", "load_slot", "store_slot", "tally"]

STILL, FAR, TIME = 0, 1, 2


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
    GIVEN = 30  # coordinates of a start; those of the state repeat them


def load_slot(f: Function, slot: Slot, kind: str = "i64") -> str:
    """Return an entry of the task."""
    return f.load(f.offset("%task", int(slot), "i64"), kind=kind)


def store_slot(f: Function, slot: Slot, value: str) -> None:
    """Write an entry of the task."""
    f.store(value, f.offset("%task", int(slot), "i64"), kind="i64")


def tally(f: Function, slot: Slot, count: str) -> None:
    """Add to an entry of the task."""
    store_slot(f, slot, f.value(f"add i64 {load_slot(f, slot)}, {count}"))
