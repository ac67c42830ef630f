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

_DENSE = 12  # unknowns up to which the inverse of the whole system is always used
_LARGE = 400  # unknowns up to which it is used where the cyclic form does not succeed
_NUMBERS = 2**24  # entries of all inverses that are held at once


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
    says otherwise. Where the multipliers share their modulus, as along elliptic orbits, its frames
    do not settle; boxes on which it fails then go through the dense form.
    """
    unknowns = equations.period * equations.dimension
    whole = unknowns <= _DENSE or equations.period == 1 if dense is None else dense
    n = lower.shape[2]
    if not n:
        empty = np.empty(0)
        return Attempt(lower, upper, empty.astype(bool), empty)
    with np.errstate(all="ignore"):
        if whole:
            return _attempt(*dense_operator(equations, lower, upper))
        low, high, proved, ratio, settled = cyclic_operator(equations, lower, upper)
        again = ~proved & ~settled
        if dense is None and again.any() and unknowns <= _LARGE:
            places = np.flatnonzero(again)
            for part in np.array_split(places, 1 + len(places) * unknowns**2 // _NUMBERS):
                answers = dense_operator(equations, lower[..., part], upper[..., part])
                low[..., part] = np.maximum(low[..., part], answers[0])
                high[..., part] = np.minimum(high[..., part], answers[1])
                proved[part], ratio[part] = answers[2:]
    return _attempt(low, high, proved, ratio)


def _attempt(low: Bounds, high: Bounds, proved: NDArray[np.bool_], ratio: Bounds) -> Attempt:
    return Attempt(low, high, proved, np.where(np.isfinite(ratio), ratio, np.inf))


def inflated(lower: Bounds, upper: Bounds, share: float, least: Bounds) -> tuple[Bounds, Bounds]:
    """Return boxes that are wider by a share of their width, and by `least` (p or 1, d, 1)."""
    # A few units in the last place, so that rounding does not fill the room.
    room = share * (upper - lower) + least + 2.0**-50 * np.maximum(np.abs(lower), np.abs(upper))
    return down(lower - room), up(upper + room)
