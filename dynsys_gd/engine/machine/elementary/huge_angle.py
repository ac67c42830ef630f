"""An angle of any size modulo pi/2, for one number at a time, in whole numbers of 256 bits.

x = M 2^e with a whole M of 53 bits. Of 2/pi only the 256 bits matter that 2^e moves to the places
2^1, 2^0, 2^-1, …: what lies before adds multiples of 4 to x 2/pi (Payne and Hanek's method).
"""

from __future__ import annotations

from ..writer import Function, Module

__all__ = ["write_huge_angle"]

#: floor(2^1232 2/pi), enough for the largest double.
TWO_OVER_PI = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0"
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4"
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d"
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cf",
    16,
)
_PLACES = 1232
_WORDS = 22  # with zeros above, for the smallest arguments
#: floor(2^126 pi/2)
HALF_PI = 0x6487_ED51_10B4_611A_6263_3145_C06E_0E68


def write_huge_angle(module: Module) -> str:
    """Define a function and return its name; it holds for finite |x| >= 2^20.

    ``(ptr x, ptr quarters, ptr r, ptr c)``: x = quarters pi/2 + (r + c) up to a multiple of
    2 pi, |r| <= pi/4 and c less than the last bit of r.
    """
    name = "huge_angle"
    if name in module:
        return name
    words = [(TWO_OVER_PI >> 64 * k) & (2**64 - 1) for k in range(_WORDS)]
    table = module.whole_table("two_over_pi", words)
    module.declare("i256", "llvm.ctlz.i256", ["i256", "i1"])
    f = module.function(name, [("ptr", a) for a in ("x", "quarters", "r", "c")])
    x = f.load("%x", kind="i64")
    negative = f.value(f"icmp slt i64 {x}, 0")
    mantissa = f.value(f"or i64 {f.value(f'and i64 {x}, {2**52 - 1}')}, {2**52}")
    exponent = f.value(f"and i64 {f.value(f'lshr i64 {x}, 52')}, 2047")
    # Bytes from which on the 256 bits are read, and by how many bits they stand too low.
    start = f.value(f"sub i64 {_PLACES - 254 + 1075}, {exponent}")
    byte = f.value(f"lshr i64 {f.value(f'add i64 {start}, 7')}, 3")
    missing = f.value(f"sub i64 {f.value(f'shl i64 {byte}, 3')}, {start}")
    digits = f.load(f.offset(table, byte, "i8"), kind="i256", align=1)
    digits = f.value(f"shl i256 {digits}, {f.value(f'zext i64 {missing} to i256')}")
    turns = f.value(f"mul i256 {digits}, {f.value(f'zext i64 {mantissa} to i256')}")
    # turns / 2^254 = x 2/pi modulo 4; the fraction is the part in [-1/2, 1/2).
    part = f.value(f"ashr i256 {f.value(f'shl i256 {turns}, 2')}, 2")
    whole = f.value(f"lshr i256 {f.value(f'sub i256 {turns}, {part}')}, 254")
    quarters = f.value(f"trunc i256 {whole} to i64")
    backwards = f.value(f"sub i64 0, {quarters}")
    f.store(
        f.value(f"select i1 {negative}, i64 {backwards}, i64 {quarters}"), "%quarters", kind="i64"
    )
    below = f.value(f"icmp slt i256 {part}, 0")
    flipped = f.value(f"sub i256 0, {part}")
    size = f.value(f"select i1 {below}, i256 {flipped}, i256 {part}")
    size, zeros = _normal(f, size)
    # 106 bits of the fraction times 127 bits of pi/2.
    angle = f.value(f"mul i256 {f.value(f'lshr i256 {size}, 150')}, {HALF_PI}")
    angle, more = _normal(f, angle)
    scale = f.value(f"add i64 {zeros}, {more}")
    sign = f.value(f"xor i1 {negative}, {below}")
    _store_part(f, angle, 203, f.value(f"sub i64 {1023 - 27}, {scale}"), sign, "%r")
    _store_part(f, angle, 150, f.value(f"sub i64 {1023 - 80}, {scale}"), sign, "%c")
    f.give()
    return name


def _normal(f: Function, whole: str) -> tuple[str, str]:
    """Return a whole number moved up to the highest bit, and by how many places."""
    zeros = f.call("llvm.ctlz.i256", ("i256", whole), ("i1", "false"), returns="i256")
    moved = f.value(f"shl i256 {whole}, {zeros}")
    return moved, f.value(f"trunc i256 {zeros} to i64")


def _store_part(f: Function, whole: str, low: int, exponent: str, sign: str, place: str) -> None:
    """Store 53 bits from `low` on, times a power of two given by its biased exponent."""
    bits = f.value(f"trunc i256 {f.value(f'lshr i256 {whole}, {low}')} to i64")
    number = f.value(f"sitofp i64 {f.value(f'and i64 {bits}, {2**53 - 1}')} to double")
    power = f.value(f"bitcast i64 {f.value(f'shl i64 {exponent}, 52')} to double")
    value = f.value(f"fmul double {number}, {power}")
    negated = f.value(f"fneg double {value}")
    signed = f.value(f"select i1 {sign}, double {negated}, double {value}")
    f.store(signed, place, kind="double")
