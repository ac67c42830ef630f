"""Machine code that carries a tangent along with each orbit and keeps it at a handy length."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from .tangent_code import TangentCode
from .tiles import alignment, copy_tile, each, entry, load_rows, place_in, squared_norm, store_rows
from .writer import Function, Module, Variable

__all__ = [
    "ANNIHILATED",
    "BLOCK",
    "HIGHEST",
    "LOWEST",
    "LyapunovSlot",
    "Trace",
    "write_lyapunov",
    "write_rescale",
]

BLOCK = 32  # steps between two looks at the length of the tangent
LOWEST, HIGHEST = 2.0**-400, 2.0**400  # of its largest entry after such a block
ANNIHILATED = -1000.0  # powers of two: what a step that gives the zero vector counts as
_MOST_FIELD = 2045  # exponents as they stand in a double, biased
_UNIT_FIELD = 1023


class LyapunovSlot(IntEnum):
    """Entries of the task: 64-bit numbers and addresses."""

    FIRST = 0  # rows from here
    LAST = 1  # to here
    STRIDE = 2  # of every array
    STEPS = 3  # to be done now
    PARAMETERS = 4
    STATES = 5  # [d][stride], in and out
    TANGENTS = 6  # [d][stride], in and out
    ORIGIN = 7  # [d][stride]: from where the extent is measured
    TRACES = 8  # [len(Trace)][stride]


class Trace(IntEnum):
    """What is kept of each row, all as doubles."""

    EXPONENT = 0  # powers of two taken out of the tangent
    RESIDUAL = 1  # largest, squared
    PATH = 2
    EXTENT = 3  # largest distance from the origin, squared


def write_lyapunov(module: Module, code: TangentCode, *, traced: bool = True) -> None:
    """Define ``@lyapunov(ptr task)``: some steps for some rows.

    Where nothing is traced, only the exponents are kept of what the orbits did.

    Tangents are multiplied by powers of two only, which is exact, and looked at once a block. A
    tangent that has left the range in which nothing under- or overflows takes the block again, from
    its beginning, looked at after each step.
    """
    code.write(module)
    write_rescale(module, code.dimension)
    _write_carefully(module, code)
    f = module.function("lyapunov", [("ptr", "task")], exported=True)
    _Writer(f, code, traced=traced).write()
    f.give()


def _largest(f: Function, d: int, tile: str) -> str:
    """Return the largest absolute coordinate, NaN where there is one."""
    largest = f.variable(f.real, f.number(0.0))

    def one(i: str) -> None:
        size, old = f.intrinsic("fabs", _load(f, tile, i)), largest.get()
        larger = f.either(f.compare("ogt", size, old), f.compare("uno", size, size))
        largest.set(f.select(larger, size, old))

    each(f, d, one)
    return largest.get()


def write_rescale(module: Module, d: int) -> None:
    """Define ``@rescale(ptr along, ptr exponent)``: largest entry to [1, 2), by powers of two.

    Tangents that are zero or not finite stay as they are.
    """
    f = module.function("rescale", [("ptr", "along"), ("ptr", "exponent")], inline=d <= 4)
    largest = _largest(f, d, "%along")
    usable = f.both(
        f.compare("ogt", largest, f.number(0.0)),
        f.compare("olt", largest, f.number(float("inf"))),
    )
    field = f.whole_op("lshr", f.bits(largest), f.whole_number(52))
    below = f.value(f"icmp ult {f.whole} {field}, {f.whole_number(_MOST_FIELD)}")
    field = f.select(below, field, f.whole_number(_MOST_FIELD), kind=f.whole)
    field = f.select(usable, field, f.whole_number(_UNIT_FIELD), kind=f.whole)
    opposite = f.whole_op("sub", f.whole_number(2 * _UNIT_FIELD), field)
    factor = f.from_bits(f.whole_op("shl", opposite, f.whole_number(52)))

    def one(i: str) -> None:
        _store(f, f.mul(_load(f, "%along", i), factor), "%along", i)

    each(f, d, one)
    taken = f.whole_op("sub", field, f.whole_number(_UNIT_FIELD))
    number = f.value(f"sitofp {f.whole} {taken} to {f.real}")
    _store(f, f.add(_load(f, "%exponent", "0"), number), "%exponent", "0")
    f.give()


def _write_carefully(module: Module, code: TangentCode) -> None:
    """Define ``@carefully``: some steps with a look at the tangent after each."""
    d = code.dimension
    tiles = [("ptr", name) for name in ("state", "along", "exponent", "residual", "parameters")]
    f = module.function("carefully", [*tiles, ("i64", "count")])
    with f.loop("%count"):
        _tangent(f, "%state", "%along", "%residual", "%parameters")
        gone = f.compare("oeq", _largest(f, d, "%along"), f.number(0.0))

        def restart(i: str, gone: str = gone) -> None:
            _store(f, f.select(gone, f.number(1.0), _load(f, "%along", i)), "%along", i)

        each(f, d, restart)
        lost = f.select(gone, f.number(ANNIHILATED), f.number(0.0))
        _store(f, f.add(_load(f, "%exponent", "0"), lost), "%exponent", "0")
        f.call("rescale", ("ptr", "%along"), ("ptr", "%exponent"))
    f.give()


def _tangent(f: Function, state: str, along: str, residual: str, parameters: str) -> None:
    places = (state, along, state, along, residual, parameters)
    f.call("tangent", *(("ptr", place) for place in places))


def _load(f: Function, tile: str, index: str) -> str:
    return f.load(entry(f, tile, index), align=alignment(f))


def _store(f: Function, value: str, tile: str, index: str) -> None:
    f.store(value, entry(f, tile, index), align=alignment(f))


class _Writer:
    """The function being written, and the values its parts share."""

    def __init__(self, f: Function, code: TangentCode, *, traced: bool) -> None:
        self.f, self.d, self.residuals = f, code.dimension, code.residuals
        self.traced = traced
        lanes = f.module.lanes
        tile = f"[{self.d * lanes} x double]"
        self.state, self.along, self.before, self.origin = (f.room(tile) for _ in range(4))
        self.old_state, self.old_along = f.room(tile), f.room(tile)
        # A tile whose address is given away stays in memory: the careful steps have their own.
        tile = f"[{self.residuals * lanes} x double]"
        self.residual, self.unused = f.room(tile), f.room(tile)
        self.exponent, self.old_exponent = (f.room(f"[{lanes} x double]") for _ in range(2))
        self.kept = {trace: f.variable(f.real) for trace in Trace if trace is not Trace.EXPONENT}
        self.left = f.variable("i64")

    def write(self) -> None:
        f = self.f
        self.slots = {
            slot: f.load(
                f.offset("%task", int(slot), "i64"),
                kind="ptr" if slot >= LyapunovSlot.PARAMETERS else "i64",
            )
            for slot in LyapunovSlot
        }
        first, last = self.slots[LyapunovSlot.FIRST], self.slots[LyapunovSlot.LAST]
        with f.loop(last, start=first, step=str(f.module.lanes)) as position:
            self._exchange(position, load=True)
            f.call("rescale", ("ptr", self.along), ("ptr", self.exponent))
            self.left.set(self.slots[LyapunovSlot.STEPS])
            with f.repeat() as leave:
                left = self.left.get()
                leave(f.value(f"icmp sle i64 {left}, 0"))
                short = f.value(f"icmp slt i64 {left}, {BLOCK}")
                count = f.value(f"select i1 {short}, i64 {left}, i64 {BLOCK}")
                self._block(count)
                self.left.set(f.value(f"sub i64 {left}, {count}"))
            self._exchange(position, load=False)

    def _exchange(self, position: str, *, load: bool) -> None:
        """Bring a tile of rows from memory, or back."""
        f, stride = self.f, self.slots[LyapunovSlot.STRIDE]
        tiles = {LyapunovSlot.STATES: self.state, LyapunovSlot.TANGENTS: self.along}
        if load:
            tiles[LyapunovSlot.ORIGIN] = self.origin
        for slot, tile in tiles.items():
            (load_rows if load else store_rows)(f, tile, self.slots[slot], stride, position, self.d)
        for trace in Trace:
            place = place_in(f, self.slots[LyapunovSlot.TRACES], stride, str(int(trace)), position)
            if trace is Trace.EXPONENT and load:
                _store(f, f.load(place), self.exponent, "0")
            elif trace is Trace.EXPONENT:
                f.store(_load(f, self.exponent, "0"), place)
            elif load:
                self.kept[trace].set(f.load(place))
            else:
                f.store(self.kept[trace].get(), place)

    def _block(self, count: str) -> None:
        f, d = self.f, self.d
        copy_tile(f, self.state, self.old_state, d)
        copy_tile(f, self.along, self.old_along, d)
        copy_tile(f, self.exponent, self.old_exponent, 1)
        before = _largest(f, d, self.along)
        healthy = f.both(
            f.compare("ogt", before, f.number(0.0)),
            f.compare("olt", before, f.number(float("inf"))),
        )
        with f.loop(count):
            self._step()
        largest = _largest(f, d, self.along)
        inside = f.both(
            f.compare("oge", largest, f.number(LOWEST)),
            f.compare("ole", largest, f.number(HIGHEST)),
        )
        lost = f.both(healthy, f.flipped(inside))  # NaN is not inside
        bits = f"i{f.module.lanes}"
        with f.when(f.value(f"icmp ne {bits} {f.packed(lost)}, 0")):
            self._again(lost, count)
        f.call("rescale", ("ptr", self.along), ("ptr", self.exponent))

    def _again(self, lost: str, count: str) -> None:
        """Give the lost lanes the tangent that careful steps lead to."""
        f = self.f
        places = (self.old_state, self.old_along, self.old_exponent, self.unused)
        pointers = [("ptr", place) for place in (*places, self.slots[LyapunovSlot.PARAMETERS])]
        f.call("carefully", *pointers, ("i64", count))

        def choose(tile: str, other: str) -> Callable[[str], None]:
            return lambda i: _store(
                f, f.select(lost, _load(f, other, i), _load(f, tile, i)), tile, i
            )

        each(f, self.d, choose(self.along, self.old_along))
        choose(self.exponent, self.old_exponent)("0")

    def _step(self) -> None:
        f, d = self.f, self.d
        parameters = self.slots[LyapunovSlot.PARAMETERS]
        if not self.traced:
            _tangent(f, self.state, self.along, self.residual, parameters)
            return
        copy_tile(f, self.state, self.before, d)
        _tangent(f, self.state, self.along, self.residual, parameters)
        square = squared_norm(f, self.residuals, lambda i: _load(f, self.residual, i))
        self._enlarge(self.kept[Trace.RESIDUAL], square)
        moved = f.intrinsic("sqrt", squared_norm(f, d, self._difference(self.before)))
        path = self.kept[Trace.PATH]
        path.set(f.add(path.get(), moved))
        extent = squared_norm(f, d, self._difference(self.origin))
        self._enlarge(self.kept[Trace.EXTENT], extent)

    def _difference(self, other: str) -> Callable[[str], str]:
        f = self.f
        return lambda i: f.sub(_load(f, self.state, i), _load(f, other, i))

    def _enlarge(self, variable: Variable, value: str) -> None:
        """Take the larger of both; NaN in either one stays."""
        f, old = self.f, variable.get()
        new = f.select(f.compare("oge", old, value), old, value)
        variable.set(f.select(f.compare("uno", old, old), old, new))
