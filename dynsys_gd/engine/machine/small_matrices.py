"""Small matrices on lanes: their entries, loops over them, and a scale without overflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .lane_loops import address, alignment
from .writer import Function

__all__ = [
    "LaneMatrix",
    "LaneVector",
    "Scaled",
    "answered",
    "each_index",
    "each_pair",
    "largest_of",
    "scaled_near_one",
    "set_identity",
    "summed",
]

_UNROLLED = 2  # dimensions up to this are written out, without a loop


@dataclass(frozen=True)
class LaneMatrix:
    """A d x d matrix in a tile, entry by entry along its rows."""

    f: Function
    tile: str
    d: int

    def place(self, i: str, j: str) -> str:
        lanes = self.f.module.lanes
        return address(self.f, self.tile, 0, (i, self.d * lanes), (j, lanes))

    def get(self, i: str, j: str) -> str:
        return self.f.load(self.place(i, j), align=alignment(self.f.module))

    def set(self, i: str, j: str, value: str) -> None:
        self.f.store(value, self.place(i, j), align=alignment(self.f.module))


@dataclass(frozen=True)
class LaneVector:
    """A vector in a tile."""

    f: Function
    tile: str

    def get(self, i: str) -> str:
        place = address(self.f, self.tile, 0, (i, self.f.module.lanes))
        return self.f.load(place, align=alignment(self.f.module))

    def set(self, i: str, value: str) -> None:
        place = address(self.f, self.tile, 0, (i, self.f.module.lanes))
        self.f.store(value, place, align=alignment(self.f.module))


def each_index(f: Function, d: int, body: Callable[[str], None], *, start: str = "0") -> None:
    """Write `body` for the indices from `start` to d - 1, as a loop unless d is very small."""
    if d <= _UNROLLED:
        for i in range(int(start), d):
            body(str(i))
    else:
        with f.loop(str(d), start=start) as index:
            body(index)


def each_pair(f: Function, d: int, body: Callable[[str, str], None]) -> None:
    """Write `body` for all pairs p < q, row by row."""

    def row(p: str) -> None:
        after = str(int(p) + 1) if p.isdigit() else f.value(f"add i64 {p}, 1")
        each_index(f, d, lambda q: body(p, q), start=after)

    each_index(f, d, row)


def summed(f: Function, d: int, term: Callable[[str], str]) -> str:
    total = f.variable(f.real, f.number(0.0))
    each_index(f, d, lambda i: total.set(f.add(total.get(), term(i))))
    return total.get()


def largest_of(f: Function, d: int, term: Callable[[str], str]) -> str:
    """Return the largest of terms that are not negative; NaN is passed over."""
    largest = f.variable(f.real, f.number(0.0))

    def one(i: str) -> None:
        value, old = term(i), largest.get()
        largest.set(f.select(f.compare("ogt", value, old), value, old))

    each_index(f, d, one)
    return largest.get()


def set_identity(matrix: LaneMatrix) -> None:
    f = matrix.f
    each_index(
        f,
        matrix.d,
        lambda i: each_index(f, matrix.d, lambda j: matrix.set(i, j, f.number(0.0))),
    )
    each_index(f, matrix.d, lambda i: matrix.set(i, i, f.number(1.0)))


@dataclass(frozen=True)
class Scaled:
    """What was done to a matrix before it is taken apart."""

    finite: str  # lanes whose entries are all finite; in the others the matrix is now zero
    back: str  # power of two that undoes the scaling


def scaled_near_one(matrix: LaneMatrix) -> Scaled:
    """Bring the largest entry of each lane near 1 by a power of two: no square overflows then."""
    f, d = matrix.f, matrix.d
    finite = f.variable(f.mask, "splat (i1 true)")

    def size(i: str, j: str) -> str:
        value = f.intrinsic("fabs", matrix.get(i, j))
        finite.set(f.both(finite.get(), f.compare("olt", value, f.number(float("inf")))))
        return value

    largest = largest_of(f, d, lambda i: largest_of(f, d, lambda j: size(i, j)))
    whole = finite.get()
    exponent = f.whole_op("lshr", f.bits(largest), f.whole_number(52))
    wanted = f.whole_op("sub", f.whole_number(2 * 1023), exponent)
    # Powers of two whose inverse is one too: the largest numbers and denormal ones come near 1.
    wanted = _clamped(f, wanted, 1, 2 * 1023 - 1)
    inverse = f.whole_op("sub", f.whole_number(2 * 1023), wanted)
    there, back = (
        f.from_bits(f.whole_op("shl", bits, f.whole_number(52))) for bits in (wanted, inverse)
    )

    def one(i: str, j: str) -> None:
        value = f.mul(matrix.get(i, j), there)
        matrix.set(i, j, f.select(whole, value, f.number(0.0)))

    each_index(f, d, lambda i: each_index(f, d, lambda j: one(i, j)))
    return Scaled(whole, back)


def _clamped(f: Function, value: str, low: int, high: int) -> str:
    for bound, relation in ((low, "slt"), (high, "sgt")):
        beyond = f.value(f"icmp {relation} {f.whole} {value}, {f.whole_number(bound)}")
        value = f.select(beyond, f.whole_number(bound), value, f.whole)
    return value


def answered(f: Function, scaled: Scaled, value: str, *, back: bool) -> str:
    """Return a result in the units of the matrix, NaN where that was not finite, and no -0."""
    if back:
        value = f.mul(value, scaled.back)
    return f.select(scaled.finite, f.add(value, f.number(0.0)), f.number(float("nan")))
