"""Why there is no normal form: the errors, each with its reason."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput

__all__ = ["in_order", "not_critical", "refusal", "several", "shown", "unsolved"]


def refusal(received: str, expected: str, reason: str) -> InvalidInput:
    """Return the error for a point that has no normal form here, with the reason."""
    return InvalidInput("at", received, expected, reason)


def in_order(multipliers: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return multipliers by their real, then their imaginary part."""
    order = np.lexsort((multipliers.imag, multipliers.real))
    return np.asarray(multipliers[order], dtype=np.complex128)


def shown(multipliers: NDArray[np.complex128]) -> str:
    """Return multipliers in one line."""
    values = in_order(multipliers)
    texts = [f"{v.real:.9g}" if abs(v.imag) < 1e-12 else f"{v:.6g}" for v in map(complex, values)]
    return ", ".join(texts[:8]) + (", …" if len(texts) > 8 else "")


def not_critical(multipliers: NDArray[np.complex128]) -> InvalidInput:
    """Return the error for an orbit with no multiplier on the unit circle."""
    return refusal(
        f"multipliers {shown(multipliers)}",
        "an orbit with a multiplier on the unit circle",
        "it is not critical; leave the parameter open to have its critical value found",
    )


def several(multipliers: NDArray[np.complex128]) -> InvalidInput:
    """Return the error for several critical multipliers."""
    return refusal(
        f"multipliers {shown(multipliers)}",
        "one critical multiplier, or one complex pair",
        "several are on the unit circle together (codimension two, or a family of fixed points "
        "that exact algebra did not show), and no formula used here covers that",
    )


def unsolved(multipliers: NDArray[np.complex128]) -> InvalidInput:
    """Return the error for linear equations without a solution."""
    return refusal(
        f"multipliers {shown(multipliers)}",
        "a simple critical multiplier",
        "its eigenvectors or the linear equations of the normal form could not be solved",
    )
