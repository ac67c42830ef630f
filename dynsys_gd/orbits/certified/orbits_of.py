"""Proved enclosures as results: the states of the map, with their multipliers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from ...evidence import Evidence
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ..periodic_orbit import PeriodicOrbit
from .equations import Equations
from .multipliers import spectra_of
from .outward import Bounds, middle

__all__ = ["orbits_of"]

Point = tuple[sp.Expr, ...]


def orbits_of(
    F: Map,
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    unique_lower: Bounds,
    unique_upper: Bounds,
    exact: Sequence[tuple[Point, ...] | None],
    evidence: Evidence,
) -> list[PeriodicOrbit]:
    """Return n proved orbits with their multipliers.

    Parameters
    ----------
    F : Map
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)
        Tight bounds; in the coordinates of the loss for fixed points of gradient maps.
    unique_lower, unique_upper : ndarray, shape (p, d, n)
        Bounds between which there is no other orbit.
    exact : list of n tuples of p points, or None in it
    evidence : Evidence
    """
    spectra = spectra_of(F, equations, lower, upper)
    blocks = F.dimension // equations.dimension
    points = np.tile(middle(lower, upper), (1, blocks, 1)).transpose(2, 0, 1)
    enclosures, unique = (
        np.tile(np.stack(pair, axis=-1), (1, blocks, 1, 1)).transpose(2, 0, 1, 3)
        for pair in ((lower, upper), (unique_lower, unique_upper))
    )
    parameter = "step_size" if isinstance(F, GradientMap) else None
    return [
        PeriodicOrbit(
            map=F,
            points=points[k].copy(),
            enclosure=enclosures[k].copy(),
            exact=_state(exact[k], blocks),
            multipliers=spectrum.multipliers,
            exact_multipliers=None,
            kind=spectrum.kind,
            step_sizes=spectrum.step_sizes,
            parameter=parameter,
            critical=spectrum.critical,
            unique_in=unique[k].copy(),
            multiplier_bounds=spectrum.bounds,
            unstable=spectrum.unstable,
            flips=spectrum.flips,
            critical_step=spectrum.critical_step,
            eigenvalue_bounds=spectrum.eigenvalues,
            evidence=evidence,
        )
        for k, spectrum in enumerate(spectra)
    ]


def _state(points: tuple[Point, ...] | None, blocks: int) -> tuple[Point, ...] | None:
    return None if points is None else tuple(point * blocks for point in points)
