"""Sine, cosine and tangent on lanes, for every finite argument.

x = n pi/2 + (r + c) with |r| <= pi/4 and c a correction below the last bit of r. Up to LIMIT, pi/2
in four parts gives r and c; beyond, each lane by itself asks for as many bits of 2/pi as it needs.
"""

from __future__ import annotations

from collections.abc import Callable

from ..writer import Function, Module
from .exponential import SHIFTER
from .huge_angle import write_huge_angle
from .pairs import two_sum
from .polynomials import polynomial

__all__ = ["cos", "sin", "tan"]

#: (sin(r)/r - 1) / r^2 and ((cos(r) - 1)/r^2 + 1/2) / r^2 in r^2 <= (pi/4)^2: errors below 0.05
#: and 0.01 * 2^-53. tests/reference/minimax.py computes these again.
SINE = (
    -0.16666666666666632,
    0.008333333333322425,
    -0.0001984126982981686,
    2.7557313695193543e-06,
    -2.5050758647871886e-08,
    1.5896827604392392e-10,
)
COSINE = (
    0.0416666666666666,
    -0.0013888888888874138,
    2.480158728949186e-05,
    -2.755731435525153e-07,
    2.0875723685667583e-09,
    -1.1359669925728694e-11,
)

LIMIT = 1.6e6  #: below, n has 20 bits
_TWO_OVER_PI = 0.6366197723675814
#: pi/2 in parts of 33 bits, so that their products with n are exact, and the rest.
_HALF_PI = tuple(
    float.fromhex(part)
    for part in (
        "0x1.921fb54400000p+0",
        "0x1.0b4611a600000p-34",
        "0x1.3198a2e000000p-69",
        "0x1.b839a252049c1p-104",
    )
)


def sin(f: Function, x: str) -> str:
    """Return sin x."""
    return _everywhere(f, x, "sin", _sin)


def cos(f: Function, x: str) -> str:
    """Return cos x."""
    return _everywhere(f, x, "cos", _cos)


def tan(f: Function, x: str) -> str:
    """Return tan x."""
    return _everywhere(f, x, "tan", _tan)


def _sin(f: Function, bits: str, r: str, c: str) -> str:
    sine, cosine = _waves(f, r, c)
    return _signed(f, bits, f.select(_odd(f, bits), cosine, sine))


def _cos(f: Function, bits: str, r: str, c: str) -> str:
    sine, cosine = _waves(f, r, c)
    next_quarter = f.whole_op("add", bits, f.whole_number(1))
    return _signed(f, next_quarter, f.select(_odd(f, bits), sine, cosine))


def _tan(f: Function, bits: str, r: str, c: str) -> str:
    sine, cosine = _waves(f, r, c)
    odd = _odd(f, bits)
    return f.div(f.select(odd, f.neg(cosine), sine), f.select(odd, sine, cosine))


def _everywhere(
    f: Function, x: str, name: str, of_reduced: Callable[[Function, str, str, str], str]
) -> str:
    """Return the function of the reduced argument, however large the argument is."""
    size = f.intrinsic("fabs", x)
    value = of_reduced(f, *_reduced(f, x))
    small = f.select(f.compare("olt", size, f.number(2.0**-27)), _tiny(f, x, name), value)
    answer = f.variable(f.real, small)
    huge = f.packed(f.compare("oge", size, f.number(LIMIT)))
    with f.when(f.value(f"icmp ne i{f.module.lanes} {huge}, 0")):
        place, given = f.room(f.real), f.room(f.real)
        f.store(x, given, align=64)
        f.store(small, place, align=64)
        f.call(_huge(f.module, name, of_reduced), ("ptr", given), ("ptr", place))
        answer.set(f.load(place, align=64))
    return answer.get()


def _tiny(f: Function, x: str, name: str) -> str:
    return f.number(1.0) if name == "cos" else x  # which also keeps the sign of zero


def _reduced(f: Function, x: str) -> tuple[str, str, str]:
    """Return (bits that end in n, r, c). Every sum keeps what it loses: r may be close to 0."""
    shifter = f.number(SHIFTER)
    shifted = f.fma(x, f.number(_TWO_OVER_PI), shifter)
    n = f.sub(shifted, shifter)
    first, second, third, fourth = (f.mul(n, f.number(-part)) for part in _HALF_PI)
    r, lost = two_sum(f, f.add(x, first), second)
    r, more = two_sum(f, r, third)
    return f.bits(shifted), *two_sum(f, r, f.add(f.add(lost, more), fourth))


def _waves(f: Function, r: str, c: str) -> tuple[str, str]:
    """Return sin(r + c) and cos(r + c) for |r| <= pi/4."""
    one, z = f.number(1.0), f.mul(r, r)
    half = f.mul(z, f.number(0.5))
    head = f.sub(one, half)
    sine = f.add(r, f.fma(c, head, f.mul(f.mul(r, z), polynomial(f, z, SINE))))
    small = f.fma(f.mul(z, z), polynomial(f, z, COSINE), f.neg(f.mul(r, c)))
    return sine, f.add(head, f.add(f.sub(f.sub(one, head), half), small))


def _odd(f: Function, bits: str) -> str:
    last = f.whole_op("and", bits, f.whole_number(1))
    return f.value(f"icmp ne {f.whole} {last}, zeroinitializer")


def _signed(f: Function, bits: str, value: str) -> str:
    """Return the value, with the other sign where the second last bit is set."""
    sign = f.whole_op("shl", f.whole_op("and", bits, f.whole_number(2)), f.whole_number(62))
    return f.from_bits(f.whole_op("xor", f.bits(value), sign))


def _huge(module: Module, name: str, of_reduced: Callable[[Function, str, str, str], str]) -> str:
    """Define a function that replaces the values of lanes beyond the limit; return its name."""
    full = f"{name}.huge.{module.suffix}"
    if full in module:
        return full
    reduce = write_huge_angle(module)
    f = module.function(full, [("ptr", "x"), ("ptr", "value")])
    x = f.load("%x", align=64)
    size = f.intrinsic("fabs", x)
    finite = f.compare("olt", size, f.number(float("inf")))
    huge = f.both(f.compare("oge", size, f.number(LIMIT)), finite)
    safe, quarters = f.room(f.real), f.room(f.whole)
    r, c = f.room(f.real), f.room(f.real)
    f.store(f.select(huge, x, f.number(LIMIT)), safe, align=64)
    with f.loop(str(module.lanes)) as lane:
        places = [f.offset(array, lane) for array in (safe, quarters, r, c)]
        f.call(reduce, *(("ptr", place) for place in places))
    bits = f.load(quarters, kind=f.whole, align=64)
    value = of_reduced(f, bits, f.load(r, align=64), f.load(c, align=64))
    f.store(f.select(huge, value, f.load("%value", align=64)), "%value", align=64)
    f.give()
    return full
