"""One formula for arrays and for lanes: machine values that take ordinary operators.

The formulas of this folder are written once. Given numpy arrays they compute; given the values
below they write machine code. Both do the same operations, each rounded once, in the same order:
that is why the two agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..machine.writer import Function

__all__ = ["Reals", "Tiles", "Wholes", "bits", "choose", "from_bits", "real", "root"]

#: A numpy array, or lanes of a function that is being written.
Value = Any


class Reals:
    """Doubles on lanes."""

    def __init__(self, f: Function, name: str) -> None:
        self.f, self.name = f, name

    def __add__(self, other: Reals | float) -> Reals:
        return Reals(self.f, self.f.add(self.name, self._operand(other)))

    def __sub__(self, other: Reals | float) -> Reals:
        return Reals(self.f, self.f.sub(self.name, self._operand(other)))

    def __rsub__(self, other: float) -> Reals:
        return Reals(self.f, self.f.sub(self._operand(other), self.name))

    def __mul__(self, other: Reals | float) -> Reals:
        return Reals(self.f, self.f.mul(self.name, self._operand(other)))

    def __truediv__(self, other: Reals | float) -> Reals:
        return Reals(self.f, self.f.div(self.name, self._operand(other)))

    def __neg__(self) -> Reals:
        return Reals(self.f, self.f.neg(self.name))

    def __le__(self, other: Reals | float) -> str:
        return self.f.compare("ole", self.name, self._operand(other))

    def _operand(self, other: Reals | float) -> str:
        return other.name if isinstance(other, Reals) else self.f.number(other)

    __radd__, __rmul__ = __add__, __mul__


class Wholes:
    """Whole numbers of 64 bits, without sign, on lanes."""

    def __init__(self, f: Function, name: str) -> None:
        self.f, self.name = f, name

    def __add__(self, other: Wholes | int) -> Wholes:
        return self._do("add", other)

    def __sub__(self, other: Wholes | int) -> Wholes:
        return self._do("sub", other)

    def __mul__(self, other: Wholes | int) -> Wholes:
        return self._do("mul", other)

    def __and__(self, other: Wholes | int) -> Wholes:
        return self._do("and", other)

    def __or__(self, other: Wholes | int) -> Wholes:
        return self._do("or", other)

    def __xor__(self, other: Wholes | int) -> Wholes:
        return self._do("xor", other)

    def __lshift__(self, other: int) -> Wholes:
        return self._do("shl", other)

    def __rshift__(self, other: int) -> Wholes:
        return self._do("lshr", other)

    def _do(self, operation: str, other: Wholes | int) -> Wholes:
        operand = other.name if isinstance(other, Wholes) else self.f.whole_number(other)
        return Wholes(self.f, self.f.whole_op(operation, self.name, operand))


def real(whole: Value) -> Value:
    """Return whole numbers below 2^53 as doubles."""
    if isinstance(whole, Wholes):
        f = whole.f
        return Reals(f, f.value(f"uitofp {f.whole} {whole.name} to {f.real}"))
    return whole.astype(np.float64)


def bits(value: Value) -> Value:
    """Return the bit patterns of doubles."""
    if isinstance(value, Reals):
        return Wholes(value.f, value.f.bits(value.name))
    return value.view(np.uint64)


def from_bits(pattern: Value) -> Value:
    """Return the doubles with the given bit patterns."""
    if isinstance(pattern, Wholes):
        return Reals(pattern.f, pattern.f.from_bits(pattern.name))
    return pattern.view(np.float64)


def root(value: Value) -> Value:
    """Return the correctly rounded square root."""
    if isinstance(value, Reals):
        return Reals(value.f, value.f.intrinsic("sqrt", value.name))
    return np.sqrt(value)


def choose(mask: Value, yes: Value, no: Value) -> Value:
    """Return `yes` where the mask holds and `no` elsewhere."""
    if isinstance(yes, Reals):
        return Reals(yes.f, yes.f.select(mask, yes.name, no.name))
    return np.where(mask, yes, no)


class Tiles:
    """Walks in one function through ``states[i * stride + k]``, as many k at once as lanes.

    Parameters
    ----------
    f : Function
        With the arguments `states`, `stride`, `first`, `count` and `spec` of `Starts.write`.
    """

    def __init__(self, f: Function) -> None:
        self.f, self.lanes = f, f.module.lanes
        self._rest = f.room(f.real)

    @contextmanager
    def loop(self) -> Iterator[str]:
        """Repeat for every tile; yields how many starts come before it in this call."""
        with self.f.loop("%count", step=str(self.lanes)) as done:
            yield done

    def word(self, index: str | int, offset: int = 0, *, kind: str = "i64") -> str:
        """Return a scalar of the description: word `index` + `offset`."""
        place = self.f.offset("%spec", index, "i64")
        return self.f.load(self.f.offset(place, offset, "i64") if offset else place, kind=kind)

    def real(self, index: str | int, offset: int = 0) -> Reals:
        """Return a double of the description in every lane."""
        return Reals(self.f, self.f.broadcast(self.word(index, offset, kind="double")))

    def whole(self, scalar: str) -> Wholes:
        """Return an i64 in every lane."""
        return Wholes(self.f, self.f.broadcast(scalar, "i64"))

    def numbers(self, first: str) -> Wholes:
        """Return `first`, `first` + 1, … on the lanes."""
        iota = ", ".join(f"i64 {k}" for k in range(self.lanes))
        return self.whole(first) + Wholes(self.f, f"<{iota}>")

    def put(self, value: Reals, coordinate: str, done: str) -> None:
        """Write one coordinate of a tile, and nothing for starts beyond the last one wanted."""
        f = self.f
        row = f.offset("%states", f.value(f"mul i64 {coordinate}, %stride"))
        place = f.offset(row, done)
        left = f.value(f"sub i64 %count, {done}")
        full = f.value(f"icmp sge i64 {left}, {self.lanes}")
        with f.when(full):
            f.store(value.name, place)
        with f.when(f.value(f"xor i1 {full}, true")):
            f.store(value.name, self._rest, align=64)
            with f.loop(left) as k:
                one = f.load(f.offset(self._rest, k), kind="double")
                f.store(one, f.offset(place, k), kind="double")
