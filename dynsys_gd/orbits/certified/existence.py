"""Points that are proved to lie on a family of fixed points."""

from __future__ import annotations

import numpy as np
import sympy as sp

from .domain import Domain
from .outward import Bounds
from .rational import simplest
from .tube import Tube

__all__ = ["family_points", "meets_region"]

_STARTS = 32
_STEPS = 30
_NEARBY = 1e-8  # how far a simple point may be from a point of the family, against its size
_ROOMS = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4)  # half widths tried, against the size of the point


def family_points(
    tube: Tube, place: int, lower: Bounds, upper: Bounds, domain: Domain
) -> list[tuple[Bounds, Bounds]]:
    """Return bounds (d,) of a point of the family in the region, if one is found; else nothing.

    Equations that are local say something in the boxes only: there the point lies in one of them.

    Parameters
    ----------
    tube : Tube
    place : int
        Which of its forms.
    lower, upper : ndarray, shape (1, d, n)
        Boxes of the tube.
    domain : Domain
    """
    n = lower.shape[2]
    for k in np.unique(np.linspace(0, n - 1, min(n, _STARTS)).astype(int)):
        point = _newton(tube, place, 0.5 * (lower[0, :, k] + upper[0, :, k]))
        bounds = None if point is None else _proved(tube, place, point)
        if bounds is None:
            continue
        low, high = (bound[None, :, None] for bound in bounds)
        boxed = ((lower <= low) & (high <= upper)).all(axis=(0, 1)).any()
        if tube.forms[place].local and not boxed:
            continue
        if domain.holds(low, high)[0][0] and tube.holds_by(place, low, high)[0]:
            return [bounds]
    return []


def meets_region(tube: Tube, place: int, lower: Bounds, upper: Bounds, domain: Domain) -> bool:
    """Return whether the equations of a form are proved to have a zero in the region.

    Newton's method starts in some of the boxes (1, d, n). False where no zero was proved. On a
    face of the region only simple rational points can be told to lie in it.
    """
    n = lower.shape[2]
    for k in np.unique(np.linspace(0, n - 1, min(n, _STARTS)).astype(int)):
        point = _newton(tube, place, 0.5 * (lower[0, :, k] + upper[0, :, k]))
        if point is None:
            continue
        if _simple_zero(tube, place, point, domain):
            return True
        bounds = _proved(tube, place, point)
        if bounds is not None:
            low, high = (bound[None, :, None] for bound in bounds)
            if domain.holds(low, high)[0][0]:
                return True
    return False


def _simple_zero(tube: Tube, place: int, point: Bounds, domain: Domain) -> bool:
    """Return whether the simplest rational point nearby is a zero in the region, exactly."""
    room = _NEARBY * (1 + np.abs(point))
    near = [simplest(c - r, c + r) for c, r in zip(point.tolist(), room.tolist(), strict=True)]
    exact = [sp.Rational(c.numerator, c.denominator) for c in near if c is not None]
    if len(exact) < len(near) or not domain.holds_exactly([exact]):
        return False
    at = dict(zip(tube.equations.variables, exact, strict=True))
    return all(h.xreplace(at) == 0 for h in tube.forms[place].equations)


def _newton(tube: Tube, place: int, start: Bounds) -> Bounds | None:
    """Return a point about on the family, by the shortest steps that make h zero to first order."""
    x = start
    for _ in range(_STEPS):
        h, slopes = tube.equations_at(place, x, x)
        h, slopes = h.mean(axis=0), slopes.mean(axis=0)
        if not (np.isfinite(h).all() and np.isfinite(slopes).all()):
            return None
        step = np.linalg.pinv(slopes, rcond=1e-10) @ h
        x = x - step
        if np.abs(step).max() <= 1e-15 * (1 + np.abs(x).max()):
            break
    return x


def _proved(tube: Tube, place: int, point: Bounds) -> tuple[Bounds, Bounds] | None:
    """Return bounds of a zero of h next to a point, by Krawczyk's test in m of the coordinates."""
    h, slopes = tube.equations_at(place, point, point)
    m = len(h[0])
    middle = slopes.mean(axis=0)
    from scipy.linalg import qr

    free = np.sort(qr(middle, pivoting=True, mode="r")[1][:m])
    block = middle[:, free]
    if np.linalg.matrix_rank(block) < m:
        return None
    inverse = np.linalg.inv(block)
    size = np.abs(inverse)
    # Sums of a few products: 1e-14 of their size bounds the rounding.
    shift = (size @ np.abs(h).max(axis=0)) * (1 + 1e-14) + 1e-300
    for room in _ROOMS:
        reach = room * (1 + np.abs(point).max())
        low, high = point.copy(), point.copy()
        low[free] -= reach
        high[free] += reach
        below, above = tube.equations_at(place, low, high)[1][:, :, free]
        centre = 0.5 * (below + above)
        radius = np.maximum(above - centre, centre - below) * (1 + 1e-15)
        if not np.isfinite(radius).all():
            return None
        defect = np.abs(np.eye(m) - inverse @ centre) + size @ radius
        defect = (defect + 1e-14 * (1 + size @ np.abs(centre))) * (1 + 1e-14)
        # The box reaches at most this far, whatever its bounds were rounded to.
        widest = np.maximum(high - point, point - low)[free] * (1 + 1e-15)
        narrowest = np.minimum(high - point, point - low)[free] * (1 - 1e-15)
        if (shift + (defect @ widest) * (1 + 1e-14) < narrowest).all():
            return low, high
    return None
