"""Machine code that takes rows through a window of steps and keeps running statistics."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from .step_code import StepCode
from .tiles import alignment, copy_tile, each, entry, load_rows, place_in, squared_norm
from .writer import Function, Module, Variable

__all__ = ["Field", "WindowSlot", "write_window"]

LOOK_EVERY = 8
_RATIO_SLACK = 1e-9


class WindowSlot(IntEnum):
    """Entries of the task: 64-bit numbers and addresses, doubles at the end."""

    FIRST = 0  # rows from here
    LAST = 1  # to here
    STRIDE = 2  # of every array
    DONE = 3  # steps done before
    UNTIL = 4  # steps done afterwards
    LENGTH = 5  # of the window
    FIRST_LAG = 6  # step before which the state is remembered as the base
    PARAMETERS = 7
    STATES = 8  # [d][stride], in and out
    BASE = 9  # [d][stride]
    LOW = 10  # [d][stride]
    HIGH = 11  # [d][stride]
    FIELDS = 12  # [len(Field)][stride]
    LAGS = 13  # [lags][stride]
    FLOOR = 14  # squared tolerance
    RATIO = 15  # squared ratio of growth
    GROWTH_STEPS = 16


class Field(IntEnum):
    """What is kept of each row, all as doubles; norms are squared."""

    LIMIT = 0
    HORIZON = 1
    NORM = 2
    FAR = 3
    RUN_LENGTH = 4
    LAST_RATIO = 5
    LARGEST = 6
    SMALLEST = 7
    HIGHEST = 8
    SETTLED = 9
    DEPARTURE = 10
    DEPARTED_AFTER = 11
    LAST_STEP = 12


#: written for a row when it departs, and at the end for the others
_KEPT = (Field.LARGEST, Field.SMALLEST, Field.HIGHEST, Field.SETTLED)
_GROWTH, _OVERFLOW, _NOT_A_NUMBER = 1.0, 2.0, 3.0


def write_window(module: Module, code: StepCode) -> None:
    """Define ``@window(ptr task)``: some steps of a window for some of its rows.

    Everything that is known of a row lies in the task's arrays, so that a window can be cut into
    pieces by rows and by steps. Rows that have departed are left as they were when they did.
    """
    code.write(module)
    f = module.function("window", [("ptr", "task")], exported=True)
    _Writer(f, code).write()
    f.give()


class _Writer:
    """The function being written, and the values its parts share."""

    def __init__(self, f: Function, code: StepCode) -> None:
        self.f, self.d, self.residuals = f, code.dimension, code.residuals
        lanes = f.module.lanes
        self.bits = f"i{lanes}"
        self.tile, self.before = (f.room(f"[{self.d * lanes} x double]") for _ in range(2))
        self.residual = f.room(f"[{self.residuals * lanes} x double]")
        self.values = {field: f.variable(f.real) for field in (*_KEPT, Field.NORM)}
        self.far, self.alive = f.variable(self.bits), f.variable(self.bits)
        self.step = f.variable("i64")

    def write(self) -> None:
        f = self.f
        self.slots = {
            slot: f.load(
                f.offset("%task", int(slot), "i64"),
                kind="ptr" if WindowSlot.PARAMETERS <= slot <= WindowSlot.LAGS else "i64",
            )
            for slot in WindowSlot
            if slot < WindowSlot.FLOOR
        }
        self.stride = self.slots[WindowSlot.STRIDE]
        first, last = self.slots[WindowSlot.FIRST], self.slots[WindowSlot.LAST]
        with f.loop(last, start=first, step=str(f.module.lanes)) as position:
            self.position = position
            self._load()
            with f.repeat() as leave:
                leave(f.value(f"icmp sge i64 {self.step.get()}, {self.slots[WindowSlot.UNTIL]}"))
                leave(f.value(f"icmp eq {self.bits} {self.alive.get()}, 0"))
                self._advance()
            self._store()

    # -- one tile from and to memory ----------------------------------------------------------

    def _field(self, field: Field) -> str:
        fields = self.slots[WindowSlot.FIELDS]
        return place_in(self.f, fields, self.stride, str(int(field)), self.position)

    def _load(self) -> None:
        f = self.f
        load_rows(f, self.tile, self.slots[WindowSlot.STATES], self.stride, self.position, self.d)
        for field, variable in self.values.items():
            variable.set(f.load(self._field(field)))
        zero = f.number(0.0)
        far = f.compare("une", f.load(self._field(Field.FAR)), zero)
        alive = f.compare("oeq", f.load(self._field(Field.DEPARTED_AFTER)), zero)
        self.far.set(f.packed(far))
        self.alive.set(f.packed(alive))
        self.step.set(self.slots[WindowSlot.DONE])

    def _store(self) -> None:
        f = self.f
        alive = self._mask(self.alive)
        for field, variable in self.values.items():
            self._keep(self._field(field), alive, variable.get())
        one = f.select(self._mask(self.far), f.number(1.0), f.number(0.0))
        self._keep(self._field(Field.FAR), alive, one)
        moved = squared_norm(f, self.d, self._difference(self.tile, self.before))
        self._keep(self._field(Field.LAST_STEP), alive, moved)
        self._keep_state(alive)

    def _keep(self, place: str, mask: str, value: str) -> None:
        self.f.store(self.f.select(mask, value, self.f.load(place)), place)

    def _keep_state(self, mask: str) -> None:
        f = self.f

        def one(i: str) -> None:
            place = place_in(f, self.slots[WindowSlot.STATES], self.stride, i, self.position)
            self._keep(place, mask, f.load(entry(f, self.tile, i), align=alignment(f)))

        each(f, self.d, one)

    def _mask(self, bits: Variable) -> str:
        return self.f.value(f"bitcast {self.bits} {bits.get()} to {self.f.mask}")

    # -- one step -----------------------------------------------------------------------------

    def _advance(self) -> None:
        f = self.f
        t = f.value(f"add i64 {self.step.get()}, 1")
        self.step.set(t)
        first_lag = self.slots[WindowSlot.FIRST_LAG]
        with f.when(f.value(f"icmp eq i64 {t}, {first_lag}")):
            self._remember_base()
        copy_tile(f, self.tile, self.before, self.d)
        pointers = [("ptr", self.tile), ("ptr", self.tile), ("ptr", self.residual)]
        parameters = ("ptr", self.slots[WindowSlot.PARAMETERS])
        f.call("step_with_residual", *pointers, parameters)
        square = squared_norm(f, self.residuals, self._coordinate(self.residual))
        self._extreme(self.values[Field.LARGEST], square, "oge")
        self._extreme(self.values[Field.SMALLEST], square, "ole")
        settled = self.values[Field.SETTLED]
        time = f.broadcast(f.value(f"sitofp i64 {t} to double"))
        restless = f.compare("ogt", square, f.broadcast(self._number(WindowSlot.FLOOR)))
        settled.set(f.select(restless, time, settled.get()))
        norm = squared_norm(f, self.d, self._coordinate(self.tile))
        self._extreme(self.values[Field.HIGHEST], norm, "oge")
        inside = f.compare("ole", norm, f.load(self._field(Field.LIMIT)))  # false for NaN
        far = f.packed(f.flipped(inside))
        outside = f.value(f"and {self.bits} {far}, {self.alive.get()}")
        with f.when(f.value(f"icmp ne {self.bits} {outside}, 0")):
            self._watch(norm, outside, time)
        self.values[Field.NORM].set(norm)
        self.far.set(far)
        self._widen_box(t)
        with f.when(f.value(f"icmp sge i64 {t}, {first_lag}")):
            self._measure_lag(t, first_lag)

    def _extreme(self, variable: Variable, value: str, relation: str) -> None:
        """Take the larger (or smaller) of both; NaN in either one stays."""
        f, old = self.f, variable.get()
        new = f.select(f.compare(relation, old, value), old, value)
        variable.set(f.select(f.compare("uno", old, old), old, new))

    def _watch(self, norm: str, outside: str, time: str) -> None:
        """Judge the lanes outside of their radius; those that depart are written down."""
        f = self.f
        before = self.values[Field.NORM].get()
        ratio = f.div(norm, before)
        entered = f.flipped(self._mask(self.far))
        last = f.load(self._field(Field.LAST_RATIO))
        unfallen = f.compare("oge", ratio, f.mul(last, f.number(1.0 - _RATIO_SLACK)))
        fast = f.compare("oge", ratio, f.broadcast(self._number(WindowSlot.RATIO)))
        growing = f.both(f.either(entered, unfallen), fast)
        length = f.load(self._field(Field.RUN_LENGTH))
        length = f.add(f.select(entered, f.number(0.0), length), f.number(1.0))
        length = f.select(growing, length, f.number(0.0))
        out = f.value(f"bitcast {self.bits} {outside} to {f.mask}")
        self._keep(self._field(Field.RUN_LENGTH), out, length)
        self._keep(self._field(Field.LAST_RATIO), out, ratio)
        horizon = f.load(self._field(Field.HORIZON))
        finite = f.compare("olt", norm, f.number(float("inf")))
        long_enough = f.compare("oge", length, f.broadcast(self._number(WindowSlot.GROWTH_STEPS)))
        gone = f.both(f.compare("ogt", norm, horizon), long_enough)
        leaving = f.both(out, f.either(f.flipped(finite), gone))
        packed = f.packed(leaving)
        with f.when(f.value(f"icmp ne {self.bits} {packed}, 0")):
            undefined = f.both(self._any_nan(), f.compare("ole", before, horizon))
            code = f.select(finite, f.number(_GROWTH), f.number(_OVERFLOW))
            code = f.select(undefined, f.number(_NOT_A_NUMBER), code)
            self._keep(self._field(Field.DEPARTURE), leaving, code)
            self._keep(self._field(Field.DEPARTED_AFTER), leaving, time)
            for field in _KEPT:
                self._keep(self._field(field), leaving, self.values[field].get())
            self._keep_state(leaving)
            rest = f.value(f"xor {self.bits} {packed}, -1")
            self.alive.set(f.value(f"and {self.bits} {self.alive.get()}, {rest}"))

    def _any_nan(self) -> str:
        """Return which lanes have a coordinate that is not a number."""
        f = self.f
        found = f.variable(f.mask, "zeroinitializer")

        def one(i: str) -> None:
            value = f.load(entry(f, self.tile, i), align=alignment(f))
            found.set(f.either(found.get(), f.compare("uno", value, value)))

        each(f, self.d, one)
        return found.get()

    # -- the box about the orbit, and returns ---------------------------------------------------

    def _widen_box(self, t: str) -> None:
        f = self.f
        part = f.value(f"and i64 {t}, {LOOK_EVERY - 1}")
        look = f.value(f"icmp eq i64 {part}, 0")
        end = f.value(f"icmp eq i64 {t}, {self.slots[WindowSlot.LENGTH]}")
        with f.when(f.value(f"or i1 {look}, {end}")):

            def one(i: str) -> None:
                value = f.load(entry(f, self.tile, i), align=alignment(f))
                for slot, relation in ((WindowSlot.LOW, "ole"), (WindowSlot.HIGH, "oge")):
                    place = place_in(f, self.slots[slot], self.stride, i, self.position)
                    old = f.load(place)
                    f.store(f.select(f.compare(relation, old, value), old, value), place)

            each(f, self.d, one)

    def _remember_base(self) -> None:
        f = self.f

        def one(i: str) -> None:
            place = place_in(f, self.slots[WindowSlot.BASE], self.stride, i, self.position)
            f.store(f.load(entry(f, self.tile, i), align=alignment(f)), place)

        each(f, self.d, one)

    def _measure_lag(self, t: str, first_lag: str) -> None:
        f = self.f

        def moved(i: str) -> str:
            place = place_in(f, self.slots[WindowSlot.BASE], self.stride, i, self.position)
            return f.sub(f.load(entry(f, self.tile, i), align=alignment(f)), f.load(place))

        distance = f.intrinsic("sqrt", squared_norm(f, self.d, moved))
        row = f.value(f"sub i64 {t}, {first_lag}")
        f.store(distance, place_in(f, self.slots[WindowSlot.LAGS], self.stride, row, self.position))

    def _coordinate(self, tile: str) -> Callable[[str], str]:
        return lambda i: self.f.load(entry(self.f, tile, i), align=alignment(self.f))

    def _difference(self, a: str, b: str) -> Callable[[str], str]:
        return lambda i: self.f.sub(self._coordinate(a)(i), self._coordinate(b)(i))

    def _number(self, slot: WindowSlot) -> str:
        return self.f.load(self.f.offset("%task", int(slot), "i64"), kind="double")
