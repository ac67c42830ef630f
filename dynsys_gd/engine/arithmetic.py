"""In which arithmetic the engine iterates."""

from __future__ import annotations

from enum import Enum

from .kernel import Kernel
from .machine.cpu import processor

__all__ = ["Arithmetic", "usable"]


class Arithmetic(Enum):
    """How floating-point operations are carried out; all three are IEEE double precision.

    FUSED: machine code in which a product and a sum are rounded once where they can be; the
    fastest. PLAIN: machine code that rounds after every operation, which makes polynomial maps
    agree with NUMPY to the last bit. NUMPY: array operations, the oracle for the other two and the
    only one where no machine code can be made. Orbits that pass within rounding of a basin
    boundary may end differently under each.

    Examples
    --------
    >>> Arithmetic("plain") is Arithmetic.PLAIN
    True
    """

    FUSED = "fused"
    PLAIN = "plain"
    NUMPY = "numpy"


def usable(kernel: Kernel, wanted: Arithmetic) -> Arithmetic:
    """Return the arithmetic that is used where `wanted` is asked for."""
    host = processor() if wanted is not Arithmetic.NUMPY and kernel.code is not None else None
    if host is None:
        return Arithmetic.NUMPY
    return wanted if host.fused else Arithmetic.PLAIN
