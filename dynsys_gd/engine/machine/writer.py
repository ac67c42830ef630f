"""How functions on lanes are written: LLVM assembly, one readable call for one instruction."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["ALLOCATE", "FREE", "Function", "Module", "Variable"]

#: Lets LLVM use the full register width even where it would rather not.
_ATTRIBUTES = 'attributes #0 = { nounwind "min-legal-vector-width"="512" }'


#: Functions of the interpreter that machine code may call without holding its lock.
ALLOCATE, FREE = "dynsys_gd_allocate", "dynsys_gd_free"

_ARRAY = re.compile(r"\[(\d+) x (double|i64|i32|i8)\]")
_BYTES = {"double": 8, "i64": 8, "i32": 4, "i8": 1}
_MOST_ON_STACK = 2**15


class Module:
    """Functions that are compiled together, all for the same number of lanes.

    Parameters
    ----------
    lanes : int
        How many trajectories one value holds. May be several registers wide: LLVM splits the
        vectors, which keeps that many independent operations in flight.
    fused : bool
        Whether `Function.fma` rounds once. No other operation is ever contracted, so that the
        result of a lane does not depend on the function it is computed in.
    """

    def __init__(self, *, lanes: int, fused: bool) -> None:
        self.lanes, self.fused = lanes, fused
        self.real = f"<{lanes} x double>"
        self.mask = f"<{lanes} x i1>"
        self.whole = f"<{lanes} x i64>"
        self.suffix = f"v{lanes}"
        self.prefix = ""
        self._functions: dict[str, Function] = {}
        self._declared: dict[str, str] = {}
        self._globals: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return self.prefix + name in self._functions

    def function(
        self,
        name: str,
        arguments: Sequence[tuple[str, str]],
        *,
        returns: str = "void",
        inline: bool = False,
        exported: bool = False,
    ) -> Function:
        """Begin a function; `arguments` are pairs (type, name without %)."""
        full = self.prefix + name
        self._functions[full] = Function(self, full, arguments, returns, inline, exported)
        return self._functions[full]

    def declare(self, returns: str, name: str, types: Sequence[str]) -> None:
        """Make an external function or an intrinsic known, once."""
        self._declared[name] = f"declare {returns} @{name}({', '.join(types)})"

    def table(self, name: str, values: Sequence[float]) -> str:
        """Define constant doubles and return the pointer to them, as ``@name``."""
        name = self.prefix + name
        entries = ", ".join(f"double {hexadecimal(value)}" for value in values)
        self._globals[name] = f"@{name} = internal constant [{len(values)} x double] [{entries}]"
        return f"@{name}"

    def whole_table(self, name: str, values: Sequence[int]) -> str:
        """Define constant whole numbers of 64 bits and return the pointer to them."""
        name = self.prefix + name
        entries = ", ".join(f"i64 {value}" for value in values)
        self._globals[name] = f"@{name} = internal constant [{len(values)} x i64] [{entries}]"
        return f"@{name}"

    def wider(self, factor: int) -> Module:
        """Return the same module for functions whose values hold `factor` times as many lanes."""
        return self._sharing(factor * self.lanes, self.prefix)

    def narrower(self, factor: int) -> Module:
        """Return the same module for functions whose values hold a part of the lanes."""
        return self._sharing(self.lanes // factor, self.prefix)

    def named(self, prefix: str) -> Module:
        """Return the same module for functions whose names, and those they call, get a prefix."""
        return self._sharing(self.lanes, self.prefix + prefix)

    def _sharing(self, lanes: int, prefix: str) -> Module:
        other = Module(lanes=lanes, fused=self.fused)
        other._functions, other._declared = self._functions, self._declared
        other._globals, other.prefix = self._globals, prefix
        return other

    def text(self) -> str:
        """Return the module as LLVM assembly."""
        bodies = [function.text() for function in self._functions.values()]
        return "\n".join(
            [*self._globals.values(), *self._declared.values(), *bodies, _ATTRIBUTES, ""]
        )


@dataclass(frozen=True)
class Variable:
    """A place whose value changes on the way; LLVM turns it into a register."""

    function: Function
    type: str
    place: str

    def get(self) -> str:
        """Return its value now."""
        return self.function.value(f"load {self.type}, ptr {self.place}")

    def set(self, value: str) -> None:
        """Give it a new value."""
        self.function.line(f"store {self.type} {value}, ptr {self.place}")


class Function:
    """One function being written. Values are the texts that LLVM knows them by.

    The operations without a suffix act on lanes of doubles.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        arguments: Sequence[tuple[str, str]],
        returns: str,
        inline: bool,
        exported: bool,
    ) -> None:
        self.module, self.name, self.returns = module, name, returns
        self.real, self.mask, self.whole = module.real, module.mask, module.whole
        listed = ", ".join(f"{kind} %{argument}" for kind, argument in arguments)
        linkage = "" if exported else "internal "
        hint = " alwaysinline" if inline else ""
        self._head = f"define {linkage}{returns} @{name}({listed}) #0{hint} {{\nentry:"
        self._places: list[str] = []
        self._on_heap: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._label = "entry"

    # -- writing ------------------------------------------------------------------------------

    def value(self, text: str) -> str:
        """Write an instruction and return the name of its result."""
        self._count += 1
        self._lines.append(f"  %v{self._count} = {text}")
        return f"%v{self._count}"

    def line(self, text: str) -> None:
        """Write an instruction without a result."""
        self._lines.append(f"  {text}")

    def room(self, kind: str, *, align: int = 64) -> str:
        """Return a pointer to uninitialised memory of a type, alive until the function ends.

        Little of it lies on the stack, whose size depends on the thread; the rest on the heap.
        """
        array = _ARRAY.fullmatch(kind)
        size = int(array[1]) * _BYTES[array[2]] if array else 0
        if size > _MOST_ON_STACK:
            return self._heap_room(size)
        self._count += 1
        self._places.append(f"  %v{self._count} = alloca {kind}, align {align}")
        return f"%v{self._count}"

    def _heap_room(self, size: int) -> str:
        """Return memory aligned to 64 bytes that is freed wherever the function returns."""
        self.module.declare("ptr", ALLOCATE, ["i64"])
        self.module.declare("void", FREE, ["ptr"])
        raw, number, moved, start = (f"%v{self._count + k}" for k in range(1, 5))
        self._count += 4
        self._places += [
            f"  {raw} = call ptr @{ALLOCATE}(i64 {size + 64})",
            f"  {number} = ptrtoint ptr {raw} to i64",
            f"  {moved} = add i64 {number}, 64",
            f"  {start}i = and i64 {moved}, -64",
            f"  {start} = inttoptr i64 {start}i to ptr",
        ]
        self._on_heap.append(raw)
        return start

    def variable(self, kind: str, value: str | None = None) -> Variable:
        """Return a variable, with a first value where one is given."""
        self._count += 1
        self._places.append(f"  %v{self._count} = alloca {kind}")
        made = Variable(self, kind, f"%v{self._count}")
        if value is not None:
            made.set(value)
        return made

    def give(self, value: str | None = None) -> None:
        """Return from the function."""
        for place in self._on_heap:
            self.line(f"call void @{FREE}(ptr {place})")
        self.line("ret void" if value is None else f"ret {self.returns} {value}")

    def text(self) -> str:
        """Return the function as LLVM assembly."""
        return "\n".join([self._head, *self._places, *self._lines, "}"])

    # -- control ------------------------------------------------------------------------------

    def _begin(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._label = label

    def _new_label(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    @contextmanager
    def loop(self, stop: str, *, start: str = "0", step: str = "1") -> Iterator[str]:
        """Repeat for an i64 index from `start` while it is below `stop`; yields the index."""
        index = self.variable("i64", start)
        with self.repeat() as leave:
            here = index.get()
            leave(self.value(f"icmp sge i64 {here}, {stop}"))
            yield here
            index.set(self.value(f"add i64 {here}, {step}"))

    @contextmanager
    def repeat(self) -> Iterator[_Leave]:
        """Repeat until left with ``leave(condition)``, which may be called anywhere inside."""
        head, after = self._new_label("again"), self._new_label("after")
        self.line(f"br label %{head}")
        self._begin(head)
        yield _Leave(self, after)
        self.line(f"br label %{head}")
        self._begin(after)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Do what follows only if the i1 `condition` holds."""
        inside, after = self._new_label("when"), self._new_label("after")
        self.line(f"br i1 {condition}, label %{inside}, label %{after}")
        self._begin(inside)
        yield
        self.line(f"br label %{after}")
        self._begin(after)

    # -- memory -------------------------------------------------------------------------------

    def offset(self, pointer: str, index: str | int, kind: str = "double") -> str:
        """Return the pointer `index` elements further."""
        return self.value(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    def load(self, pointer: str, *, kind: str | None = None, align: int = 8) -> str:
        """Return lanes (or a value of another type) from memory."""
        return self.value(f"load {kind or self.real}, ptr {pointer}, align {align}")

    def store(self, value: str, pointer: str, *, kind: str | None = None, align: int = 8) -> None:
        """Write lanes (or a value of another type) to memory."""
        self.line(f"store {kind or self.real} {value}, ptr {pointer}, align {align}")

    def broadcast(self, scalar: str, kind: str = "double") -> str:
        """Return a scalar in every lane."""
        lanes = f"<{self.module.lanes} x {kind}>"
        first = self.value(f"insertelement {lanes} poison, {kind} {scalar}, i64 0")
        zeros = f"<{self.module.lanes} x i32> zeroinitializer"
        return self.value(f"shufflevector {lanes} {first}, {lanes} poison, {zeros}")

    # -- arithmetic on lanes ------------------------------------------------------------------

    def number(self, value: float) -> str:
        """Return a constant in every lane."""
        return f"splat (double {hexadecimal(value)})"

    def add(self, a: str, b: str) -> str:
        return self.value(f"fadd {self.real} {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        return self.value(f"fsub {self.real} {a}, {b}")

    def mul(self, a: str, b: str) -> str:
        return self.value(f"fmul {self.real} {a}, {b}")

    def div(self, a: str, b: str) -> str:
        return self.value(f"fdiv {self.real} {a}, {b}")

    def neg(self, a: str) -> str:
        return self.value(f"fneg {self.real} {a}")

    def fma(self, a: str, b: str, c: str) -> str:
        """Return a b + c, rounded once where the module is fused, twice where it is not."""
        if self.module.fused:
            return self.intrinsic("fma", a, b, c)
        return self.add(self.mul(a, b), c)

    def intrinsic(self, name: str, *arguments: str) -> str:
        """Return an LLVM intrinsic of doubles on lanes: sqrt, fabs, floor, roundeven, copysign …"""
        full = f"llvm.{name}.{self.module.suffix}f64"
        self.module.declare(self.real, full, [self.real] * len(arguments))
        return self.call(full, *((self.real, a) for a in arguments), returns=self.real)

    def compare(self, relation: str, a: str, b: str) -> str:
        """Return a mask; `relation` as in LLVM: olt, ole, ogt, oge, oeq, une, ult, uge, uno …"""
        return self.value(f"fcmp {relation} {self.real} {a}, {b}")

    def select(self, mask: str, yes: str, no: str, kind: str | None = None) -> str:
        """Return `yes` in the lanes of the mask and `no` in the others."""
        kind = kind or self.real
        return self.value(f"select {self.mask} {mask}, {kind} {yes}, {kind} {no}")

    def bits(self, a: str) -> str:
        """Return the bit patterns of doubles as whole numbers."""
        return self.value(f"bitcast {self.real} {a} to {self.whole}")

    def from_bits(self, a: str) -> str:
        """Return the doubles with the given bit patterns."""
        return self.value(f"bitcast {self.whole} {a} to {self.real}")

    def whole_op(self, operation: str, a: str, b: str) -> str:
        """Return an integer operation on lanes: add, sub, and, or, xor, shl, lshr, ashr, mul."""
        return self.value(f"{operation} {self.whole} {a}, {b}")

    def whole_number(self, value: int) -> str:
        """Return a whole constant in every lane."""
        return f"splat (i64 {value})"

    def both(self, a: str, b: str) -> str:
        return self.value(f"and {self.mask} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        return self.value(f"or {self.mask} {a}, {b}")

    def flipped(self, a: str) -> str:
        return self.value(f"xor {self.mask} {a}, splat (i1 true)")

    def packed(self, mask: str) -> str:
        """Return a mask as one integer of as many bits as there are lanes, lane 0 lowest."""
        return self.value(f"bitcast {self.mask} {mask} to i{self.module.lanes}")

    def call(self, name: str, *arguments: tuple[str, str], returns: str = "void") -> str:
        """Call a function with pairs (type, value); returns the name of the result."""
        listed = ", ".join(f"{kind} {value}" for kind, value in arguments)
        full = name if name.startswith("llvm.") else self.module.prefix + name
        text = f"call {returns} @{full}({listed})"
        if returns == "void":
            self.line(text)
            return ""
        return self.value(text)


@dataclass(frozen=True)
class _Leave:
    """The way out of a repetition."""

    function: Function
    target: str

    def __call__(self, condition: str) -> None:
        inside = self.function._new_label("go")
        self.function.line(f"br i1 {condition}, label %{self.target}, label %{inside}")
        self.function._begin(inside)


def hexadecimal(value: float) -> str:
    """Return a double as LLVM writes it, bit for bit.

    Examples
    --------
    >>> hexadecimal(1.0)
    '0x3FF0000000000000'
    """
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
