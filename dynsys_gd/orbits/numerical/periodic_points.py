"""Numerical orbits as results: multipliers, kinds with a margin, residual and condition."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...evidence import Evidence, Grade
from ..kinds import CriticalKind, Kind
from ..periodic_orbit import PeriodicOrbit
from .cyclic import closed_chain, multipliers
from .systems import ChainSystem, GradientSystem, System

__all__ = ["MARGIN", "numerical_orbits"]

Array = NDArray[np.float64]

MARGIN = 1e-6  # distance from the unit circle below which a multiplier decides nothing

_MOST_EIGENVALUES = 1_000  # coordinates
_MOST_ENTRIES = 4_000_000  # in a stack of matrices
_MOST_UNKNOWNS = 200  # for a condition number by singular values
_DISTURBANCE = 1e-12


def numerical_orbits(
    system: System, states: Array, how: str, sources: tuple[str, ...]
) -> tuple[PeriodicOrbit, ...]:
    """Return orbits of the map, shape (m, p, d), with what is known about each, sorted."""
    orbits = _sorted(_from_lowest(states))
    found: list[PeriodicOrbit] = []
    d, p = system.task.dimension, system.task.period
    batch = max(1, _MOST_ENTRIES // (p * d * d))
    for first in range(0, len(orbits), batch):
        found += _described(system, orbits[first : first + batch], how, sources)
    return tuple(found)


def _described(
    system: System, orbits: Array, how: str, sources: tuple[str, ...]
) -> list[PeriodicOrbit]:
    chain = ChainSystem(system.task, system.krylov)
    residuals = np.abs(chain.residual(orbits)).max(axis=(1, 2))
    conditions = _conditions(system, orbits)
    values: NDArray[np.complex128] | None = None
    margins = np.empty(0)
    if orbits.shape[2] <= _MOST_EIGENVALUES:
        jacobians = chain.jacobians(orbits)
        values = multipliers(jacobians)
        draws = np.random.default_rng(0).standard_normal(jacobians.shape[1:])
        moved = multipliers(jacobians * (1.0 + _DISTURBANCE * draws))
        with np.errstate(invalid="ignore"):
            margins = MARGIN + 10 * np.nan_to_num(np.abs(moved - values), nan=np.inf)
    bound = "at least " if system.krylov else ""
    critical, losses = _roles(system, orbits)
    found = []
    for k, points in enumerate(orbits):
        mu = None if values is None else values[k]
        kind, unstable, flips = _judged(mu, margins[k] if mu is not None else margins)
        found.append(
            PeriodicOrbit(
                map=system.task.F,
                points=points.copy(),
                enclosure=None,
                exact=None,
                multipliers=None if mu is None else mu.copy(),
                exact_multipliers=None,
                kind=kind,
                step_sizes=None,
                parameter=None,
                critical=critical[k],
                loss_value=losses[k],
                unstable=unstable,
                flips=flips,
                residual=float(residuals[k]),
                condition=float(conditions[k]),
                evidence=Evidence(
                    grade=Grade.NUMERICAL,
                    reason=f"{how} in floating point: residual {residuals[k]:.1e}, condition "
                    f"{bound}{conditions[k]:.1e}; kinds count multipliers further than {MARGIN:g} "
                    "from the unit circle",
                    sources=sources,
                ),
            )
        )
    return found


def _judged(
    mu: NDArray[np.complex128] | None, margin: Array
) -> tuple[Kind, int | None, int | None]:
    """Return the kind, the number of multipliers outside the circle and of flips among them."""
    if mu is None:
        return Kind.UNDECIDED, None, None
    size = np.abs(mu)
    outside, inside = size > 1.0 + margin, size < 1.0 - margin
    if not np.all(outside | inside):
        return Kind.UNDECIDED, None, None
    unstable = int(outside.sum())
    flips = int((outside & (mu.imag == 0) & (mu.real < 0)).sum())
    if 0 < unstable < len(mu):
        return Kind.SADDLE, unstable, flips
    return (Kind.SOURCE if unstable else Kind.SINK), unstable, flips


def _conditions(system: System, orbits: Array) -> Array:
    """Return condition numbers of Newton's equations; an estimate for many unknowns."""
    n, p, d = orbits.shape
    unknowns = system.unknowns(orbits)
    if isinstance(system, GradientSystem) or p == 1 or system.krylov:
        smallest, largest = system.extremes(unknowns)
        with np.errstate(divide="ignore"):
            return largest / smallest
    assert isinstance(system, ChainSystem)
    jacobians = system.jacobians(orbits)
    if p * d > _MOST_UNKNOWNS:
        # The mean length of S⁻¹ b over directions b, times the root of their number.
        draws = np.random.default_rng(0).standard_normal((4, p, d))
        right = draws / np.sqrt((draws**2).sum(axis=(1, 2), keepdims=True))
        longest = np.zeros(n)
        for b in right:
            v = closed_chain(jacobians, np.broadcast_to(b, orbits.shape)).solution
            longest = np.maximum(longest, np.sqrt((v**2).sum(axis=(1, 2))))
        norm = 1.0 + np.sqrt((jacobians**2).sum(axis=(2, 3))).max(axis=1)
        return longest * norm * np.sqrt(p * d)
    conditions = np.empty(n)
    batch = max(1, _MOST_ENTRIES // (p * d) ** 2)
    for first in range(0, n, batch):
        part = jacobians[first : first + batch]
        S = np.zeros((len(part), p, d, p, d))
        for k in range(p):
            S[:, k, :, k] -= part[:, k]
            S[:, k, range(d), (k + 1) % p, range(d)] += 1.0
        conditions[first : first + batch] = np.linalg.cond(S.reshape(-1, p * d, p * d))
    return conditions


def _roles(system: System, orbits: Array) -> tuple[list[CriticalKind | None], list[sp.Expr | None]]:
    """Return what fixed points are for the loss, and its values there."""
    none: list[None] = [None] * len(orbits)
    if not isinstance(system, GradientSystem):
        return list(none), list(none)
    unknowns = system.unknowns(orbits)
    losses: list[sp.Expr | None] = [sp.Float(float(v)) for v in system.loss(unknowns[:, 0])]
    if unknowns.shape[2] > _MOST_EIGENVALUES:
        return [CriticalKind.UNDECIDED] * len(orbits), losses
    curvatures = np.linalg.eigvalsh(system.hessians(unknowns))
    margin = MARGIN * np.abs(curvatures).max(axis=1)
    kinds: list[CriticalKind | None] = []
    for values, small in zip(curvatures, margin, strict=True):
        if values[0] > small:
            kinds.append(CriticalKind.MINIMUM)
        elif values[-1] < -small:
            kinds.append(CriticalKind.MAXIMUM)
        elif values[0] < -small and values[-1] > small:
            kinds.append(CriticalKind.SADDLE)
        else:
            kinds.append(CriticalKind.UNDECIDED)
    return kinds, losses


def _from_lowest(orbits: Array) -> Array:
    """Return orbits turned so that their lexicographically lowest point comes first."""
    n, p, _ = orbits.shape
    if not n:
        return orbits
    rounded = np.round(orbits, 9)
    first = np.array([np.lexsort(points.T[::-1])[0] for points in rounded])
    return orbits[np.arange(n)[:, None], (first[:, None] + np.arange(p)) % p]


def _sorted(orbits: Array) -> Array:
    if not len(orbits):
        return orbits
    return orbits[np.lexsort(np.round(orbits[:, 0], 9).T[::-1])]
