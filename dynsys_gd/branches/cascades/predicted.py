"""The next flip of a cascade at once, from where the last ones were."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ...evidence import Evidence, Grade
from ...orbits.normal_forms.kinds import Bifurcation
from ..bifurcation_point import BifurcationPoint, Located
from ..continuation.critical_direction import critical_direction
from ..continuation.curve import Vector
from ..critical.orbit import CriticalOrbit, critical_orbit
from ..followed import FollowedOrbit
from ..parametric import Parametric
from .constants import ALPHA, DELTA
from .doubling import Doubling, doubling_of, rewritten, splitting_of
from .opened import Opened

__all__ = ["predicted_flip"]

_OFF = 2.5  # factor by which distances may differ from what was predicted
_SCAN = (0.6, 0.75, 0.9, 1.05, 1.25, 1.5)  # of the predicted opening, where Newton's method fails
_ROUGH, _FINE = 1e-4, 1e-14  # relative accuracy of the opening, with formulas and without
_CREDIBLE = (1.5, 30.0)  # ratios of distances that are taken over from the flips before


def predicted_flip(
    system: Parametric, found: list[Doubling], openings: list[float]
) -> tuple[Doubling, float] | None:
    """Return the flip of the orbit born at the last one, and its opening there.

    None where the prediction is no good: plain continuation has to look.

    Parameters
    ----------
    system : Parametric
    found : list of Doubling
        At least two.
    openings : list of float
        Of the orbits at the last flips, see `Opened`; at least one.

    Notes
    -----
    Distances of flips and openings shrink as they did the last time, or else by Feigenbaum's δ and
    α [feigenbaum1978quantitative]_. The orbit of the predicted opening starts Newton's method for
    the orbit with a multiplier -1; where that leads elsewhere the opening is looked for first.
    """
    last = found[-1]
    gap = (last.value - found[-2].value) / _ratio(found)
    opening = openings[-1] ** 2 / openings[-2] if len(openings) > 1 else openings[-1] / ALPHA
    branch = Opened(system, last.point, abs(gap))
    for near in _starts(branch, opening, last.value + gap):
        u, exact = near, _critical(branch, near)
        if exact is not None:
            u = np.append(exact.points.ravel(), exact.value)
        elif system.F.expression is not None or abs(branch.test(near)) > 1e-6:
            continue
        reached = branch.opening(branch.curve.orbit(u))
        off = ((u[-1] - last.value) / gap, reached / opening)
        if not all(1 / _OFF < factor < _OFF for factor in off):
            continue
        step = branch.first_flip(u)
        if step is not None:
            return _doubling(branch, step, exact), reached
    return None


def _ratio(found: list[Doubling]) -> float:
    if len(found) > 2:
        steps = [b.value - a.value for a, b in pairwise(found[-3:])]
        ratio = steps[0] / steps[1] if steps[1] else DELTA
        if _CREDIBLE[0] < ratio < _CREDIBLE[1]:
            return float(ratio)
    return DELTA


def _starts(branch: Opened, opening: float, value: float) -> Iterator[Vector]:
    """Yield orbits from which to look for the flip: as predicted, then where the test vanishes."""
    formulas = branch.system.F.expression is not None
    if formulas:
        near = branch.corrected(branch.guess(opening, value))
        if near is not None:
            yield near
    before: tuple[Vector, float] | None = None
    for share in _SCAN:
        here = branch.point.value + share * share * (value - branch.point.value)
        near = branch.corrected(branch.guess(share * opening, here))
        if near is None:
            before = None
            continue
        test = branch.test(near)
        if before is not None and (before[1] < 0) != (test < 0):
            root = branch.root((before[0], near), _ROUGH if formulas else _FINE)
            if root is not None:
                yield root
            return
        before = near, test


def _critical(branch: Opened, u: Vector) -> CriticalOrbit | None:
    v = critical_direction(branch.curve.jacobians(u), -1.0)
    size = 0.3 * abs(branch.opening(branch.curve.orbit(u)))
    return critical_orbit(
        branch.point.map, branch.curve.orbit(u), v, branch.curve.value(u), -1, reach=size
    )


def _doubling(branch: Opened, step: FollowedOrbit, exact: CriticalOrbit | None) -> Doubling:
    point = branch.point
    direction = critical_direction(branch.curve.jacobians(_unknowns(step)), -1.0)
    flip = BifurcationPoint(
        map=point.map,
        parameter=point.parameter,
        bifurcation=Bifurcation.FLIP,
        located=Located.ROOT,
        interval=_bracket(branch, step) if exact is None else (step.value, step.value),
        at=step,
        direction=direction,
        after=0,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="a test function changes its sign along the branch of the doubled orbit; the "
            f"orbit there has residual {step.residual:.1e}",
            sources=("kuznetsov2004elements",),
        ),
    )
    if exact is None:
        return doubling_of(flip, False)
    return rewritten(flip, exact, splitting_of(exact.points))


def _unknowns(step: FollowedOrbit) -> Vector:
    return np.append(step.points.ravel(), step.value)


def _bracket(branch: Opened, step: FollowedOrbit) -> tuple[float, float]:
    """Return parameter values next to a flip between which the test function changes its sign."""
    u, h = _unknowns(step), 1e-12
    while h < 1e-2:
        ends = [branch.between(u, 1.0 + side * h) for side in (-1, 1)]
        if all(end is not None for end in ends):
            tests = [branch.test(end) for end in ends if end is not None]
            if (tests[0] < 0) != (tests[1] < 0):
                low, high = sorted(float(end[-1]) for end in ends if end is not None)
                return min(low, step.value), max(high, step.value)
        h *= 10.0
    return step.value, step.value
