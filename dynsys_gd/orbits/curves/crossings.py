"""Where do two invariant curves cross?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...results import Result, plain
from ..display import point_text
from .invariant_curve import InvariantCurve

__all__ = ["Crossings", "crossings"]

Rows = NDArray[np.float64]

_BLOCK = 64
_AT_THE_SADDLE = 4.0  # tolerances


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Crossings(Result):
    """Points that two invariant curves in the plane have in common.

    Parameters
    ----------
    first, second : InvariantCurve
    points : ndarray, shape (n, 2)
        In order along the branches of the first curve; the saddles themselves are left out.
    angles : ndarray, shape (n,)
        Between the curves, in radians from 0 to π/2.
    branches : ndarray of int, shape (n, 2)
        On which branch of each curve.
    errors : ndarray, shape (n,)
        About how far each point may lie from the true one: the errors of the curves over the sine
        of the angle.
    evidence : Evidence
    """

    first: InvariantCurve
    second: InvariantCurve
    points: Rows
    angles: NDArray[np.float64]
    branches: NDArray[np.intp]
    errors: NDArray[np.float64]
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.points, self.angles, self.branches, self.errors):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.points)

    def headline(self) -> str:
        count = len(self.points)
        kind = self._kind()
        return f"{count} {kind} {'point' if count == 1 else 'points'} of two invariant curves"

    def _kind(self) -> str:
        if self.first.which is self.second.which:
            return "common"
        same = len(self.first.orbit) == len(self.second.orbit) and np.allclose(
            self.first.orbit, self.second.orbit
        )
        return "homoclinic" if same else "heteroclinic"

    def rows(self) -> list[tuple[str, str]]:
        rows = [
            (point_text(p, None), f"angle {a:.3g}, to {e:.1g}")
            for p, a, e in zip(self.points[:6], self.angles, self.errors, strict=False)
        ]
        if len(self) > len(rows):
            rows.append(("…", f"{len(self) - len(rows)} more in .points"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "points": plain(self.points),
            "angles": plain(self.angles),
            "branches": plain(self.branches),
            "errors": plain(self.errors),
        }


def crossings(curve: InvariantCurve, other: InvariantCurve) -> Crossings:
    """Return the points where two invariant curves cross, with the angles.

    Parameters
    ----------
    curve, other : InvariantCurve
        In the plane; a stable and an unstable one of one saddle give its homoclinic points, of two
        saddles heteroclinic ones.

    Returns
    -------
    Crossings
        Points on the straight pieces. Each is as good as the curves are, divided by the sine of
        the angle: near a tangency a crossing may be missed or come twice.

    Raises
    ------
    InvalidInput
        For anything but two curves in the plane.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, SymbolicMap, stable_manifold, unstable_manifold
    >>> henon = SymbolicMap([1 - 7 * x**2 / 5 + y, 3 * x / 10], [x, y])
    >>> saddle = [0.6314, 0.1894]
    >>> unstable = unstable_manifold(henon, saddle, length=5)
    >>> stable = stable_manifold(henon, saddle, Box([-3, -3], [3, 3]))
    >>> points = crossings(unstable, stable)
    >>> len(points) > 3, bool(points.angles.min() > 0.1)
    (True, True)
    """
    for argument, item in (("curve", curve), ("other", other)):
        if not isinstance(item, InvariantCurve) or item.orbit.shape[1] != 2:
            raise InvalidInput(
                argument, item, "an InvariantCurve in the plane", "see unstable_manifold"
            )
    points, angles, places = [], [], []
    for i, chain in enumerate(curve.branches):
        for j, against in enumerate(other.branches):
            found, angle = _common(chain, against)
            points.append(found)
            angles.append(angle)
            places.append(np.tile(np.array([i, j], dtype=np.intp), (len(found), 1)))
    where, angle = np.concatenate(points), np.concatenate(angles)
    saddles = np.concatenate([curve.orbit, other.orbit])
    near = np.linalg.norm(where[:, None] - saddles[None], axis=2).min(axis=1, initial=np.inf)
    kept = near > _AT_THE_SADDLE * max(curve.tolerance, other.tolerance)
    both = curve.error + other.error
    with np.errstate(divide="ignore"):
        errors = both / np.sin(angle[kept])
    return Crossings(
        first=curve,
        second=other,
        points=where[kept],
        angles=angle[kept],
        branches=np.concatenate(places)[kept],
        errors=errors,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="crossings of straight pieces of two curves, whose errors were measured",
            sources=tuple(sorted({*curve.sources(), *other.sources()})),
        ),
    )


def _common(chain: Rows, against: Rows) -> tuple[Rows, NDArray[np.float64]]:
    """Return where the pieces of two chains cross, and at what angle."""
    low = np.minimum(against[:-1], against[1:])
    high = np.maximum(against[:-1], against[1:])
    points, angles = [np.empty((0, 2))], [np.empty(0)]
    for first in range(0, len(chain) - 1, _BLOCK):
        part = chain[first : first + _BLOCK + 1]
        near = np.flatnonzero(
            np.all((low <= part.max(axis=0)) & (high >= part.min(axis=0)), axis=1)
        )
        if not len(near):
            continue
        a, u = part[:-1, None], np.diff(part, axis=0)[:, None]
        b, v = against[near][None], (against[near + 1] - against[near])[None]
        det = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
        gap = b - a
        with np.errstate(all="ignore"):
            s = (gap[..., 0] * v[..., 1] - gap[..., 1] * v[..., 0]) / det
            t = (gap[..., 0] * u[..., 1] - gap[..., 1] * u[..., 0]) / det
        # Half open, so that a crossing at a point of the chain counts once.
        i, j = np.nonzero((s >= 0) & (s < 1) & (t >= 0) & (t < 1))
        points.append(part[i] + s[i, j][:, None] * u[i, 0])
        sizes = np.linalg.norm(u[i, 0], axis=1) * np.linalg.norm(v[0, j], axis=1)
        angles.append(np.arcsin(np.clip(np.abs(det[i, j]) / sizes, 0, 1)))
    return np.concatenate(points), np.concatenate(angles)
