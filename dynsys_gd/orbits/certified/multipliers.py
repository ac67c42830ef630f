"""Certified multipliers of proved orbits, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import enclosing, interval_function
from ...engine.rewrite import stable
from ...engine.tape import Tape
from ...engine.tape import lower as lowered
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ..algebra.spectra import CircleCount
from ..kinds import CriticalKind, Kind, kind_of
from .critical_multipliers import (
    critical_kinds,
    critical_steps,
    hessian_eigenvalues,
    located_by_rule,
    rule_of,
)
from .enclosed import Enclosed
from .equations import Equations
from .outward import Bounds
from .planar_multipliers import (
    UNKNOWN,
    Located,
    from_trace_and_determinant,
    on_the_line,
    product_of,
    together,
    trace_along,
)
from .spatial_multipliers import spatial_multipliers

__all__ = ["Spectrum", "spectra_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """What is proved of the multipliers of one orbit of a map on D coordinates.

    Parameters
    ----------
    multipliers : ndarray of complex, shape (D,), or None
        Middles of the bounds; None while a parameter is open.
    bounds : ndarray, shape (D, 2, 2), or None
        Lower and upper bounds of the real and the imaginary part of each; multipliers that were
        not told apart share theirs.
    kind : Kind
        NEUTRAL only where a multiplier is proved to lie on the unit circle; UNDECIDED where the
        bounds leave more than one kind.
    unstable : int or None
        Number outside the unit circle; None where bounds meet the circle.
    flips : int or None
        Number of real multipliers below -1.
    critical : CriticalKind or None
        For fixed points of gradient maps: by the signs of the Hessian's eigenvalues.
    critical_step : tuple of two float, or None
        At minima: bounds of the step size at which stability is lost.
    eigenvalues : ndarray, shape (d, 2), or None
        For fixed points of gradient maps: bounds of the eigenvalues of the Hessian, ascending.
    step_sizes : sympy Set or None
        Always None here; only exact algebra knows it.
    """

    multipliers: NDArray[np.complex128] | None
    bounds: NDArray[np.float64] | None
    kind: Kind
    unstable: int | None
    flips: int | None
    critical: CriticalKind | None = None
    critical_step: tuple[float, float] | None = None
    eigenvalues: NDArray[np.float64] | None = None
    step_sizes: sp.Set | None = None


def spectra_of(F: Map, equations: Equations, lower: Bounds, upper: Bounds) -> list[Spectrum]:
    """Return the spectra of n orbits.

    Parameters
    ----------
    F : Map
        A symbolic map; settings of an update rule may be open for fixed points.
    equations : Equations
        Those of `F` and the period.
    lower, upper : ndarray, shape (p, d, n)
        Tight bounds of the orbits, each of them proved to hold exactly one.
    """
    if not lower.shape[2]:
        return []
    with np.errstate(all="ignore"):
        if equations.period == 1 and isinstance(F, GradientMap):
            return _of_critical_points(F, equations, lower, upper)
        return _spectra(_along(F, equations, lower, upper))


def _of_critical_points(
    F: GradientMap, equations: Equations, lower: Bounds, upper: Bounds
) -> list[Spectrum]:
    _, _, low, high = equations.at(lower[0], upper[0])
    eigenvalues = hessian_eigenvalues(Enclosed(low, high))
    rule = rule_of(F)
    located = located_by_rule(rule, eigenvalues)
    if located is None and not F.parameters:
        located = _along(F, equations, lower, upper)
    n = lower.shape[2]
    spectra = _spectra(located) if located is not None else [_OPEN] * n
    critical = critical_kinds(eigenvalues)
    steps = critical_steps(rule, eigenvalues)
    return [
        replace(
            spectra[j],
            critical=critical[j],
            critical_step=_step(steps, critical[j], j),
            eigenvalues=np.stack([eigenvalues.lower[:, j], eigenvalues.upper[:, j]], axis=1),
        )
        for j in range(n)
    ]


_OPEN = Spectrum(multipliers=None, bounds=None, kind=Kind.UNDECIDED, unstable=None, flips=None)


def _step(steps: Enclosed | None, critical: CriticalKind, j: int) -> tuple[float, float] | None:
    if steps is None or critical is not CriticalKind.MINIMUM:
        return None
    return float(steps.lower[j]), float(steps.upper[j])


def _along(F: Map, equations: Equations, lower: Bounds, upper: Bounds) -> Located:
    """Return the multipliers of the product of Jacobians along orbits (p, d, n).

    The Jacobians are block triangular with the groups of coordinates that act on each other, so
    that the multipliers are those of the groups.
    """
    assert F.expression is not None
    J = jacobian([stable(image) for image in F.expression], F.variables)
    blocks = F.dimension // lower.shape[1]
    pattern = np.array([[not entry.is_zero for entry in row] for row in J.tolist()])
    from scipy.sparse.csgraph import connected_components

    count, group = connected_components(pattern, directed=True, connection="strong")
    parts = []
    for label in range(count):
        members = np.flatnonzero(group == label).tolist()
        part = J.extract(members, members)
        tape = lowered(list(part), F.variables)
        if len(members) > 2:
            parts.append(spatial_multipliers(tape, equations, lower, upper, blocks))
        else:
            states = (np.tile(bound, (1, blocks, 1)) for bound in (lower, upper))
            parts.append(_of_few(part, tape, *states))
    return parts[0] if count == 1 else together(parts)


def _of_few(J: sp.ImmutableMatrix, tape: Tape, lower: Bounds, upper: Bounds) -> Located:
    """Return the one or two multipliers of a group, along states (p, D, n)."""
    size = J.rows
    p, D, n = lower.shape
    states = (bound.transpose(1, 0, 2).reshape(D, p * n) for bound in (lower, upper))
    slopes = Enclosed(*(b.reshape(size, size, p, n) for b in interval_function(tape)(*states)))
    if size == 1:
        return on_the_line(product_of(slopes[0, 0])[None])
    # Area is often changed everywhere by one factor, as by Hénon's map and by momentum.
    factor = sp.expand(J.det())
    det = slopes[0, 0] * slopes[1, 1] - slopes[0, 1] * slopes[1, 0]
    if factor.is_Rational:
        det = Enclosed(*(np.full((p, n), bound) for bound in enclosing(factor)))
    keeps_area = factor == 1 or (factor == -1 and p % 2 == 0)
    return from_trace_and_determinant(trace_along(slopes), product_of(det), keeps_area)


def _spectra(located: Located) -> list[Spectrum]:
    real, imaginary = located.real, located.imaginary
    D, n = real.lower.shape
    bounds = np.empty((n, D, 2, 2))
    bounds[:, :, 0, 0], bounds[:, :, 0, 1] = real.lower.T, real.upper.T
    bounds[:, :, 1, 0], bounds[:, :, 1, 1] = imaginary.lower.T, imaginary.upper.T
    middles = (real.middle() + 1j * imaginary.middle()).T
    inside, on, outside = (c.tolist() for c in (located.inside, located.on, located.outside))
    flips = located.flips.tolist()
    return [
        _spectrum(middles[j], bounds[j], CircleCount(inside[j], on[j], outside[j]), flips[j])
        for j in range(n)
    ]


def _spectrum(
    middles: NDArray[np.complex128], bounds: NDArray[np.float64], count: CircleCount, flips: int
) -> Spectrum:
    known = count.inside + count.on + count.outside == len(middles)
    return Spectrum(
        multipliers=middles.copy(),
        bounds=bounds.copy(),
        kind=kind_of(count) if known or count.on else Kind.UNDECIDED,
        unstable=count.outside if known else None,
        flips=None if flips == UNKNOWN else flips,
    )
