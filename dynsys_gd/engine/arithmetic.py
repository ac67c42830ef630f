"""In which arithmetic the engine iterates."""

from __future__ import annotations

from enum import Enum

__all__ = ["Arithmetic"]


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
