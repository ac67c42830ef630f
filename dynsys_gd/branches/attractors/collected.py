"""Attractors put together from what became of starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import orbit
from ...ensembles.budget import Budget
from ...ensembles.fates import Fate
from ...ensembles.lyapunov import lyapunov_exponents
from ...maps.base import Map
from .attractor import Attractor
from .clouds import joined_pieces
from .families import joined_limits
from .kinds import AttractorKind
from .settling import DEGENERATE

__all__ = ["ESCAPED", "UNKNOWN", "Collected", "collected"]

Array = NDArray[np.float64]

ESCAPED, UNKNOWN = -1, -2

_KEPT = 512  # points of an attractor
_EXACT, _ROUGH = 1e-5, 1e-2  # relative to 1 + |x|: limits within it are one point


@dataclass(frozen=True, eq=False)
class Collected:
    """Attractors, and where each start ends: an index, `ESCAPED` or `UNKNOWN`."""

    attractors: tuple[Attractor, ...]
    where: NDArray[np.int64]


def collected(F: Map, answers: dict[str, NDArray[Any]], counted: int, budget: Budget) -> Collected:
    """Return the attractors; the first `counted` starts count for their shares."""
    fate, period, state = answers["fate"], answers["period"], answers["state"]
    where = np.where(fate == Fate.ESCAPED, ESCAPED, UNKNOWN)
    found: list[tuple[Attractor, NDArray[np.int64]]] = []
    periodic = (fate == Fate.CONVERGED) | (fate == Fate.CYCLING)
    for p in np.unique(period[periodic]):
        rows = np.flatnonzero(periodic & (period == p))
        rough = np.isin(answers["detail"][rows], [int(detail) for detail in DEGENERATE])
        labels = joined_limits(F, state[rows], int(p), rough)
        loose = bool(rough.any())
        for label in np.unique(labels):
            members = rows[labels == label]
            found.append((_periodic(F, state[members], int(p), members, counted, loose), members))
    bounded = np.flatnonzero(fate == Fate.BOUNDED)
    if bounded.size:
        labels, clouds = joined_pieces(F, answers["pieces"], budget)
        for k, cloud in enumerate(clouds):
            members = bounded[labels == k]
            if members.size:
                found.append((_bounded(cloud.points, members, counted), members))
    found.sort(key=lambda pair: (-pair[0].starts, pair[0].low.tolist(), pair[0].period))
    for k, (_, members) in enumerate(found):
        where[members] = k
    return Collected(tuple(_measured(F, [pair[0] for pair in found], budget)), where)


def _periodic(
    F: Map, limits: Array, period: int, members: NDArray[np.int64], counted: int, rough: bool
) -> Attractor:
    size = np.linalg.norm(np.ptp(limits, axis=0))
    cycles = orbit(F.kernel(), limits, period - 1)
    first = cycles[:, 0]
    room = (_ROUGH if rough else _EXACT) * (1.0 + np.linalg.norm(first, axis=1).max())
    apart = np.linalg.norm(limits[:, None] - first[None], axis=2).min(axis=1)
    family = bool(size > room and (apart > room).any())
    if family:
        points = np.unique(limits, axis=0)
        points = points[np.linspace(0, len(points) - 1, min(len(points), _KEPT)).astype(int)]
        kind = AttractorKind.FAMILY
    else:
        points = np.array(first)
        kind = AttractorKind.CYCLE if period > 1 else AttractorKind.FIXED_POINT
    everything = cycles.reshape(-1, limits.shape[1]) if family else points
    return Attractor(
        kind=kind,
        period=period,
        points=points,
        low=everything.min(axis=0),
        high=everything.max(axis=0),
        exponent=np.nan,
        error=np.nan,
        starts=int((members < counted).sum()),
    )


def _bounded(points: Array, members: NDArray[np.int64], counted: int) -> Attractor:
    return Attractor(
        kind=AttractorKind.CHAOTIC,
        period=0,
        points=np.array(points[-_KEPT:]),
        low=points.min(axis=0),
        high=points.max(axis=0),
        exponent=np.nan,
        error=np.nan,
        starts=int((members < counted).sum()),
    )


def _measured(F: Map, found: list[Attractor], budget: Budget) -> Iterator[Attractor]:
    """Yield the attractors with their exponents, and with what these say about the kind."""
    if not found:
        return
    exponents = lyapunov_exponents(
        F.kernel(), np.array([attractor.points[-1] for attractor in found]), budget
    )
    for k, attractor in enumerate(found):
        values = vars(attractor) | {
            "exponent": float(exponents.mean[k]),
            "error": float(exponents.error[k]),
        }
        if attractor.period == 0 and not exponents.chaotic[k]:
            values["kind"] = AttractorKind.QUASI_PERIODIC
        yield Attractor(**values)
