"""Which certified orbits, and which parts of families of fixed points, lie in sets of cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...engine.intervals import interval_function
from ...engine.tape import lower as lowered
from ...maps.base import Map
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.certified.outward import Bounds
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.periodic_orbit import PeriodicOrbit
from ...orbits.periodic_orbits import periodic_orbits
from ...regions import Box
from ..cells import Cells
from ..graph_rows import places_met
from ..images import Mask
from .morse_set import FamilyPart

__all__ = ["Known", "family_part", "known_orbits", "set_of"]

Known = tuple[tuple[PeriodicOrbit, ...], tuple[CriticalManifold, ...]]

_BOXES = 50_000  # examined for each period, so that the answer does not depend on a clock
_SECONDS = 3600.0
_HALVINGS = 6  # of cells around a family


def known_orbits(F: Map, box: Box, longest: int) -> Known:
    """Return the certified orbits up to a period that lie in a box, and families of fixed points.

    The lists may be incomplete; what is in them is proved.
    """
    orbits: list[PeriodicOrbit] = []
    families: list[CriticalManifold] = []
    for period in range(1, longest + 1):
        method = Krawczyk(boxes=_BOXES)
        found = periodic_orbits(F, box, period=period, method=method, seconds=_SECONDS)
        orbits += [orbit for orbit in found.orbits if orbit.points.shape[1] == F.dimension]
        families += [f for f in found.families if f.variables == tuple(F.variables)]
    return tuple(orbits), tuple(families)


def set_of(orbit: PeriodicOrbit, finest: Cells, owner: NDArray[np.int64]) -> int:
    """Return the number of the set in whose cells an orbit lies.

    Parameters
    ----------
    orbit : PeriodicOrbit
    finest : Cells
        All cells that recur.
    owner : ndarray of int, shape (len(finest),)
        The set of each, or -1 where it is known to hold no orbit.

    Raises
    ------
    RuntimeError
        Where a point of the orbit lies in no such cell: either proof would be wrong.
    """
    bounds = orbit.enclosure
    low, high = (
        (orbit.points.T,) * 2 if bounds is None else np.moveaxis(bounds, 2, 0).swapaxes(1, 2)
    )
    common: set[int] | None = None
    for k in range(orbit.period):
        sides = [
            np.arange(first[0], last[0] + 1)
            for first, last in (
                places_met(finest, axis, low[axis, k : k + 1], high[axis, k : k + 1])
                for axis in range(finest.dimension)
            )
        ]
        mesh = np.array([m.ravel() for m in np.meshgrid(*sides, indexing="ij")])
        rows = finest.rows_of(finest.codes_of(mesh))
        seen = set(owner[rows[rows >= 0]].tolist()) - {-1}
        common = seen if common is None else common & seen
    if not common:
        raise RuntimeError(
            f"the certified orbit through {orbit.where()} lies in no recurrent set of cells: "
            "one of the two proofs is wrong; please report this map"
        )
    return min(common)


def family_part(family: CriticalManifold, cells: Cells) -> FamilyPart | None:
    """Return where a family runs through cells, with its transverse multipliers there.

    Multipliers are bounded on the parts of a cell that the family may run through.
    """
    n = len(cells)
    owner, lower, upper = np.arange(n), cells.lower, cells.upper
    for halving in range(_HALVINGS + 1):
        near = _may_vanish(family, lower, upper)
        owner, lower, upper = owner[near], lower[:, near], upper[:, near]
        if halving < _HALVINGS:
            owner = np.repeat(owner, 2)
            lower, upper = _halves(lower, upper, halving % len(lower))
    if not len(owner):
        return None
    met, stable, unstable = (np.zeros(n, dtype=bool) for _ in range(3))
    met[owner] = True
    if family.transverse is not None:
        code = interval_function(lowered(list(family.transverse), family.variables))
        low, high = code(lower, upper)
        inside = ((low > -1) & (high < 1)).all(axis=0)
        outside = ((low > 1) | (high < -1)).any(axis=0)
        parts = np.maximum(np.bincount(owner, minlength=n), 1)
        stable = np.bincount(owner[inside], minlength=n) == parts
        unstable = np.bincount(owner[outside], minlength=n) == parts
    return FamilyPart(
        family=family, stable=stable, unstable=unstable, undecided=met & ~stable & ~unstable
    )


def _halves(lower: Bounds, upper: Bounds, axis: int) -> tuple[Bounds, Bounds]:
    """Return the two halves of each box, one after the other."""
    cut = 0.5 * lower[axis] + 0.5 * upper[axis]
    low, high = np.repeat(lower, 2, axis=1), np.repeat(upper, 2, axis=1)
    high[axis, ::2] = cut
    low[axis, 1::2] = cut
    return low, high


def _may_vanish(family: CriticalManifold, lower: Bounds, upper: Bounds) -> Mask:
    code = interval_function(lowered(list(family.equations), family.variables))
    low, high = code(np.ascontiguousarray(lower), np.ascontiguousarray(upper))
    return np.asarray(((low <= 0) & (high >= 0)).all(axis=0))
