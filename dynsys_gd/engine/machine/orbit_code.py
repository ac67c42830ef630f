"""Machine code that does nothing but iterate, and writes down what it passes where asked to."""

from __future__ import annotations

from enum import IntEnum

from .step_code import StepCode
from .tiles import load_rows, store_rows
from .writer import Module

__all__ = ["OrbitSlot", "write_orbit"]


class OrbitSlot(IntEnum):
    """Entries of the task: 64-bit numbers and addresses."""

    FIRST = 0  # rows from here
    LAST = 1  # to here
    STRIDE = 2
    STEPS = 3  # to be done now
    PARAMETERS = 4
    STATES = 5  # [d][stride], in and out
    PASSED = 6  # [steps][d][stride]: the images, or 0


def write_orbit(module: Module, code: StepCode) -> None:
    """Define ``@orbit(ptr task)``: some steps for some rows."""
    code.write(module)
    d, lanes = code.dimension, module.lanes
    f = module.function("orbit", [("ptr", "task")], exported=True)
    tile = f.room(f"[{d * lanes} x double]")
    slots = {
        slot: f.load(
            f.offset("%task", int(slot), "i64"),
            kind="ptr" if slot >= OrbitSlot.PARAMETERS else "i64",
        )
        for slot in OrbitSlot
    }
    stride, steps, states = (
        slots[slot] for slot in (OrbitSlot.STRIDE, OrbitSlot.STEPS, OrbitSlot.STATES)
    )
    pointers = [("ptr", tile), ("ptr", tile), ("ptr", slots[OrbitSlot.PARAMETERS])]
    size = f.value(f"mul i64 {stride}, {d}")
    silent = f.value(f"icmp eq ptr {slots[OrbitSlot.PASSED]}, null")
    noted = f.value(f"select i1 {silent}, i64 0, i64 {steps}")
    unnoted = f.value(f"sub i64 {steps}, {noted}")
    with f.loop(slots[OrbitSlot.LAST], start=slots[OrbitSlot.FIRST], step=str(lanes)) as position:
        load_rows(f, tile, states, stride, position, d)
        with f.loop(unnoted):
            f.call("step", *pointers)
        with f.loop(noted) as time:
            f.call("step", *pointers)
            here = f.offset(slots[OrbitSlot.PASSED], f.value(f"mul i64 {time}, {size}"))
            store_rows(f, tile, here, stride, position, d)
        store_rows(f, tile, states, stride, position, d)
    f.give()
