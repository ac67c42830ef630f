"""What every form of Krawczyk's operator answers about boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cyclic import cyclic_operator
from .dense import dense_operator
from .equations import Equations
from .outward import Bounds, down, up

__all__ = ["Attempt", "attempt", "inflated"]

# Up to so many unknowns the inverse of the whole system is used.
_DENSE = 12


@dataclass(frozen=True, eq=False)
class Attempt:
    """The images of n boxes.

    Parameters
    ----------
    lower, upper : ndarray, shape (p, d, n)
        Every orbit of a box lies between these bounds.
    proved : ndarray of bool, shape (n,)
        The image lies in the interior of the box: the box holds exactly one orbit.
    ratio : ndarray, shape (n,)
        Width of the image over that of the box, in the worst coordinate.
    """

    lower: Bounds
    upper: Bounds
    proved: NDArray[np.bool_]
    ratio: Bounds


def attempt(
    equations: Equations, lower: Bounds, upper: Bounds, *, dense: bool | None = None
) -> Attempt:
    """Return what Krawczyk's operator says of boxes (p, d, n).

    Systems of many unknowns use the block-cyclic form, whose cost grows like p, unless `dense`
    says otherwise.
    """
    unknowns = equations.period * equations.dimension
    whole = unknowns <= _DENSE or equations.period == 1 if dense is None else dense
    if not lower.shape[2]:
        empty = np.empty(0)
        return Attempt(lower, upper, empty.astype(bool), empty)
    with np.errstate(all="ignore"):
        operator = dense_operator if whole else cyclic_operator
        low, high, proved, ratio = operator(equations, lower, upper)
    return Attempt(low, high, proved, np.where(np.isfinite(ratio), ratio, np.inf))


def inflated(lower: Bounds, upper: Bounds, share: float, least: Bounds) -> tuple[Bounds, Bounds]:
    """Return boxes that are wider by a share of their width, and by `least` (p or 1, d, 1)."""
    room = share * (upper - lower) + least
    return down(lower - room), up(upper + room)
