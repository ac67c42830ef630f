"""Machine code that carries several tangents along with each orbit and keeps them orthogonal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from .lyapunov_code import ANNIHILATED, HIGHEST, LOWEST, write_rescale
from .tangent_code import TangentCode
from .tiles import alignment, copy_tile, each, entry, load_rows, store_rows
from .writer import Function, Module

__all__ = ["COLLAPSED", "TIGHT", "SpectrumSlot", "steps_between", "write_spectrum"]

TIGHT = 2.0**-60  # of its squared length, what may be left of a tangent by orthogonalisation
COLLAPSED = 2.0**-96  # the same after a single step: below, the direction is rounding error
_WRITTEN_OUT = 12  # entries of a frame up to which loops are unrolled


def steps_between(k: int) -> int:
    """Return the steps between two orthogonalisations of k tangents."""
    return 32 if k == 1 else 4


class SpectrumSlot(IntEnum):
    """Entries of the task: 64-bit numbers and addresses."""

    FIRST = 0  # rows from here
    LAST = 1  # to here
    STRIDE = 2  # of every array
    STEPS = 3  # to be done now
    PARAMETERS = 4
    STATES = 5  # [d][stride], in and out
    FRAMES = 6  # [k d][stride], tangent after tangent, in and out
    EXPONENTS = 7  # [k][stride]: powers of two taken out of the tangents
    LOST = 8  # [k][stride]: how often a tangent was annihilated


def write_spectrum(module: Module, code: TangentCode, k: int) -> None:
    """Define ``@spectrum(ptr task)``: some steps for some rows, with k tangents each.

    Tangents are made orthogonal now and then (Gram and Schmidt) and never normalised: they are
    multiplied by powers of two, which is exact, so that their lengths are asked for at the ends of
    batches only. Where orthogonalisation leaves little of a tangent, the steps since the last one
    are taken again with an orthogonalisation after each.
    """
    code.write(module)
    d = code.dimension
    write_rescale(module, d)
    _write_orthogonal(module, d, k)
    _write_replacement(module, d)
    _write_carefully(module, code, k)
    f = module.function("spectrum", [("ptr", "task")], exported=True)
    _Writer(f, code, k).write()
    f.give()


@dataclass(frozen=True)
class _Frame:
    """k vectors of d coordinates in a tile."""

    f: Function
    tile: str
    d: int

    def vector(self, j: str) -> str:
        """Return the pointer to a vector."""
        if j.isdigit():
            return entry(self.f, self.tile, str(int(j) * self.d))
        return entry(self.f, self.tile, self.f.value(f"mul i64 {j}, {self.d}"))

    def dot(self, one: str, other: str) -> str:
        """Return the product of two vectors, given by pointers, added up in order."""
        f = self.f
        total = f.variable(f.real, f.number(0.0))

        def add(i: str) -> None:
            total.set(f.fma(_load(f, one, i), _load(f, other, i), total.get()))

        _each(f, self.d, self.d, add)
        return total.get()

    def subtract(self, factor: str, one: str, target: str) -> None:
        """Take a multiple of one vector from another."""
        f = self.f
        opposite = f.neg(factor)

        def move(i: str) -> None:
            _store(f, f.fma(opposite, _load(f, one, i), _load(f, target, i)), target, i)

        _each(f, self.d, self.d, move)


def _each(f: Function, count: int, size: int, body: Callable[[str], None]) -> None:
    each(f, count, body, unrolled=count if size <= _WRITTEN_OUT else 0)


def _before(f: Function, j: str, body: Callable[[str], None]) -> None:
    """Write `body` for the indices below j."""
    if j.isdigit():
        for i in range(int(j)):
            body(str(i))
    else:
        with f.loop(j) as index:
            body(index)


def _load(f: Function, tile: str, index: str) -> str:
    return f.load(entry(f, tile, index), align=alignment(f))


def _store(f: Function, value: str, tile: str, index: str) -> None:
    f.store(value, entry(f, tile, index), align=alignment(f))


def _write_orthogonal(module: Module, d: int, k: int) -> None:
    """Define ``@orthogonal(ptr frame, ptr exponents, ptr squares, ptr left)``.

    `squares` receives the squared lengths, `left` those divided by what they were before. Each
    vector is brought to a handy length beforehand.
    """
    names = [("ptr", name) for name in ("frame", "exponents", "squares", "left")]
    f = module.function("orthogonal", names, inline=d * k <= _WRITTEN_OUT)
    frame = _Frame(f, "%frame", d)

    def one(j: str) -> None:
        vector = frame.vector(j)
        f.call("rescale", ("ptr", vector), ("ptr", entry(f, "%exponents", j)))
        length = frame.dot(vector, vector)

        def against(i: str) -> None:
            other = frame.vector(i)
            factor = f.div(frame.dot(other, vector), _load(f, "%squares", i))
            frame.subtract(factor, other, vector)

        _before(f, j, against)
        square = length if j == "0" else frame.dot(vector, vector)
        _store(f, square, "%squares", j)
        _store(f, f.mul(f.number(TIGHT), length), "%left", j)

    _each(f, k, d * k, one)
    f.give()


def _write_replacement(module: Module, d: int) -> None:
    """Define ``@replacement(ptr frame, ptr squares, i64 j, ptr best)``.

    The coordinate direction of which most is left when it is made orthogonal to the first j
    vectors, and that rest of it.
    """
    names = [("ptr", "frame"), ("ptr", "squares"), ("i64", "j"), ("ptr", "best")]
    f = module.function("replacement", names)
    frame = _Frame(f, "%frame", d)
    tried = f.room(f"[{d * module.lanes} x double]")
    most = f.variable(f.real, f.number(-1.0))
    with f.loop(str(d)) as m:
        with f.loop(str(d)) as i:
            same = f.value(f"icmp eq i64 {i}, {m}")
            zero, one = f.number(0.0), f.number(1.0)
            _store(f, f.value(f"select i1 {same}, {f.real} {one}, {f.real} {zero}"), tried, i)
        with f.loop("%j") as i:
            other = frame.vector(i)
            factor = f.div(frame.dot(other, tried), _load(f, "%squares", i))
            frame.subtract(factor, other, tried)
        square = frame.dot(tried, tried)
        better = f.compare("ogt", square, most.get())
        with f.loop(str(d)) as i:
            kept = f.select(better, _load(f, tried, i), _load(f, "%best", i))
            _store(f, kept, "%best", i)
        most.set(f.select(better, square, most.get()))
    f.give()


def _write_carefully(module: Module, code: TangentCode, k: int) -> None:
    """Define ``@carefully``: some steps with an orthogonalisation, done twice, after each."""
    d, lanes = code.dimension, module.lanes
    names = ("state", "frame", "exponents", "lost", "residual", "parameters")
    f = module.function("carefully", [*(("ptr", name) for name in names), ("i64", "count")])
    frame = _Frame(f, "%frame", d)
    image, best = (f.room(f"[{d * lanes} x double]") for _ in range(2))
    squares = f.room(f"[{k * lanes} x double]")
    with f.loop("%count"):
        with f.loop(str(k)) as j:
            _tangent(f, "%state", frame.vector(j), image, "%residual", "%parameters")
        copy_tile(f, image, "%state", d)
        with f.loop(str(k)) as j:
            vector = frame.vector(j)
            f.call("rescale", ("ptr", vector), ("ptr", entry(f, "%exponents", j)))
            length = frame.dot(vector, vector)
            for _ in range(2):
                with f.loop(j) as i:
                    other = frame.vector(i)
                    factor = f.div(frame.dot(other, vector), _load(f, squares, i))
                    frame.subtract(factor, other, vector)
            rest = f.mul(f.number(COLLAPSED), length)
            gone = f.compare("ole", frame.dot(vector, vector), rest)
            with f.when(f.value(f"icmp ne i{lanes} {f.packed(gone)}, 0")):
                f.call("replacement", *(("ptr", p) for p in ("%frame", squares)), ("i64", j),
                       ("ptr", best))  # fmt: skip
                with f.loop(str(d)) as i:
                    kept = f.select(gone, _load(f, best, i), _load(f, vector, i))
                    _store(f, kept, vector, i)
                for tile, amount in (("%exponents", ANNIHILATED), ("%lost", 1.0)):
                    taken = f.select(gone, f.number(amount), f.number(0.0))
                    _store(f, f.add(_load(f, tile, j), taken), tile, j)
            f.call("rescale", ("ptr", vector), ("ptr", entry(f, "%exponents", j)))
            _store(f, frame.dot(vector, vector), squares, j)
    f.give()


def _tangent(
    f: Function, state: str, along: str, image: str, residual: str, parameters: str
) -> None:
    places = (state, along, image, along, residual, parameters)
    f.call("tangent", *(("ptr", place) for place in places))


class _Writer:
    """The function being written, and the values its parts share."""

    def __init__(self, f: Function, code: TangentCode, k: int) -> None:
        self.f, self.d, self.k = f, code.dimension, k
        lanes, d = f.module.lanes, self.d

        def tiles(count: int, *sizes: int) -> list[str]:
            return [f.room(f"[{size * lanes} x double]") for size in sizes for _ in range(count)]

        # A tile whose address is given away stays in memory: the careful steps have their own.
        self.state, self.old_state, self.image = tiles(3, d)
        self.frame, self.old_frame = tiles(2, k * d)
        self.residual, self.unused = tiles(2, code.residuals)
        self.exponents, self.old_exponents, self.lost, self.squares, self.left = tiles(5, k)
        self.left_steps = f.variable("i64")
        self.code = code

    def write(self) -> None:
        f = self.f
        self.slots = {
            slot: f.load(
                f.offset("%task", int(slot), "i64"),
                kind="ptr" if slot >= SpectrumSlot.PARAMETERS else "i64",
            )
            for slot in SpectrumSlot
        }
        first, last = self.slots[SpectrumSlot.FIRST], self.slots[SpectrumSlot.LAST]
        whole = steps_between(self.k)
        with f.loop(last, start=first, step=str(f.module.lanes)) as position:
            self._exchange(position, load=True)
            self.left_steps.set(self.slots[SpectrumSlot.STEPS])
            with f.repeat() as leave:
                left = self.left_steps.get()
                leave(f.value(f"icmp sle i64 {left}, 0"))
                short = f.value(f"icmp slt i64 {left}, {whole}")
                count = f.value(f"select i1 {short}, i64 {left}, i64 {whole}")
                self._block(count)
                self.left_steps.set(f.value(f"sub i64 {left}, {count}"))
            self._exchange(position, load=False)

    def _exchange(self, position: str, *, load: bool) -> None:
        """Bring a tile of rows from memory, or back."""
        f, d, k = self.f, self.d, self.k
        move = load_rows if load else store_rows
        for slot, tile, count in (
            (SpectrumSlot.STATES, self.state, d),
            (SpectrumSlot.FRAMES, self.frame, k * d),
            (SpectrumSlot.EXPONENTS, self.exponents, k),
            (SpectrumSlot.LOST, self.lost, k),
        ):
            move(f, tile, self.slots[slot], self.slots[SpectrumSlot.STRIDE], position, count)

    def _block(self, count: str) -> None:
        f, d, k = self.f, self.d, self.k
        copy_tile(f, self.state, self.old_state, d)
        copy_tile(f, self.frame, self.old_frame, k * d)
        copy_tile(f, self.exponents, self.old_exponents, k)
        finite = self._finite()
        with f.loop(count):
            self._step()
        inside = self._inside()
        places = (self.frame, self.exponents, self.squares, self.left)
        f.call("orthogonal", *(("ptr", place) for place in places))
        fine = f.variable(f.mask, inside)

        def look(j: str) -> None:
            enough = f.compare("oge", _load(f, self.squares, j), _load(f, self.left, j))
            fine.set(f.both(fine.get(), enough))

        _each(f, k, k * d, look)
        again = f.both(finite, f.flipped(fine.get()))  # NaN is not fine
        bits = f"i{f.module.lanes}"
        with f.when(f.value(f"icmp ne {bits} {f.packed(again)}, 0")):
            self._again(again, count)

    def _finite(self) -> str:
        """Return the lanes whose tangents are numbers: the others stay as they are."""
        f = self.f
        finite = f.variable(f.mask, "splat (i1 true)")

        def look(i: str) -> None:
            size = f.intrinsic("fabs", _load(f, self.frame, i))
            finite.set(f.both(finite.get(), f.compare("olt", size, f.number(float("inf")))))

        _each(f, self.k * self.d, self.k * self.d, look)
        return finite.get()

    def _inside(self) -> str:
        """Return the lanes in which no tangent is close to over- or underflow."""
        f, d, k = self.f, self.d, self.k
        frame, inside = _Frame(f, self.frame, d), f.variable(f.mask, "splat (i1 true)")

        def look(j: str) -> None:
            vector, largest = frame.vector(j), f.variable(f.real, f.number(0.0))

            def size(i: str) -> None:
                value, old = f.intrinsic("fabs", _load(f, vector, i)), largest.get()
                larger = f.either(f.compare("ogt", value, old), f.compare("uno", value, value))
                largest.set(f.select(larger, value, old))

            _each(f, d, k * d, size)
            for relation, bound in (("oge", LOWEST), ("ole", HIGHEST)):
                within = f.compare(relation, largest.get(), f.number(bound))
                inside.set(f.both(inside.get(), within))

        _each(f, k, k * d, look)
        return inside.get()

    def _again(self, again: str, count: str) -> None:
        """Give some lanes the frames that careful steps lead to."""
        f = self.f
        lost, exponents = (f.room(f"[{self.k * f.module.lanes} x double]") for _ in range(2))
        copy_tile(f, self.lost, lost, self.k)
        copy_tile(f, self.old_exponents, exponents, self.k)
        places = (self.old_state, self.old_frame, exponents, lost, self.unused)
        pointers = [("ptr", place) for place in (*places, self.slots[SpectrumSlot.PARAMETERS])]
        f.call("carefully", *pointers, ("i64", count))
        for tile, other, size in (
            (self.frame, self.old_frame, self.k * self.d),
            (self.exponents, exponents, self.k),
            (self.lost, lost, self.k),
        ):

            def choose(i: str, tile: str = tile, other: str = other) -> None:
                _store(f, f.select(again, _load(f, other, i), _load(f, tile, i)), tile, i)

            each(f, size, choose)

    def _step(self) -> None:
        f, frame = self.f, _Frame(self.f, self.frame, self.d)
        parameters = self.slots[SpectrumSlot.PARAMETERS]

        def one(j: str) -> None:
            _tangent(f, self.state, frame.vector(j), self.image, self.residual, parameters)

        _each(f, self.k, self.k * self.d, one)
        copy_tile(f, self.image, self.state, self.d)
