"""Hypotheses about orbits in a region, certified, and about how a loss grows far out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy as sp

from ...evidence import Finding, Grade, Outcome
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.fixed_points import fixed_points
from ...regions import Box
from ..claim import Instance
from ..declare import condition, yes_if
from .observe_cycles import region_is_kept, sinks, stable_cycle

__all__ = [
    "KEPT",
    "NO_STABLE_POINT",
    "POINTS_OUTWARD",
    "SLOW_GROWTH",
    "STABLE_TWO_CYCLE",
    "larger_is_kept",
]

_DEPTH = 12  # bisections of the region for images of cells


def _is_kept(instance: Instance) -> tuple[Outcome, str]:
    return region_is_kept(instance, depth=_DEPTH)


def _has_no_sink(instance: Instance) -> tuple[Outcome, str]:
    found = fixed_points(instance.F, instance.region, method=Krawczyk())
    stable = any(sinks(found))
    decided = stable or found.complete
    return (yes_if(not stable) if decided else Outcome.UNDECIDED), found.headline()


def _has_two_cycle(instance: Instance) -> tuple[Outcome, str]:
    finding = stable_cycle(instance, "a cycle of period 2 is stable", period=2).finding
    rigorous = finding.evidence.grade.rigorous
    return (finding.outcome if rigorous else Outcome.UNDECIDED), finding.detail


def _grows_slowly(instance: Instance) -> tuple[Outcome, str]:
    """Compare the gradient with the point along lines through 0 in general directions."""
    form = instance.loss.symbolic
    if form is None:
        return Outcome.UNDECIDED, "the loss has no formula"
    far, limits = sp.Symbol("far", positive=True), []
    for sign in (1, -1):
        line = {v: sign * k * far for k, v in enumerate(form.variables, start=1)}
        for v in form.variables:
            limits.append(sp.limit(sp.diff(form.bound, v).subs(line) / far, far, sp.oo))
    slow = all(value == 0 for value in limits)
    told = f"|∇L(x)|/|x| tends to {', '.join(map(str, dict.fromkeys(limits)))}"
    if slow and len(form.variables) > 1:
        return Outcome.UNDECIDED, f"{told} in one direction"
    return yes_if(slow), told


def _points_outward(instance: Instance) -> tuple[Outcome, str]:
    """Look at x f'(x) far out on both sides; in more dimensions nothing is said."""
    form = instance.loss.symbolic
    if form is None or len(form.variables) > 1:
        return Outcome.UNDECIDED, "the loss is no formula in one coordinate"
    (x,), far = form.variables, sp.Symbol("far", positive=True)
    slopes = (sp.diff(form.bound, x) * x).subs(x, far), (sp.diff(form.bound, x) * x).subs(x, -far)
    limits = [sp.limit(slope, far, sp.oo) for slope in slopes]
    told = f"x f'(x) tends to {', '.join(map(str, limits))}"
    if all(limit.is_extended_positive for limit in limits):
        return Outcome.YES, told
    inward = any(limit.is_extended_negative for limit in limits)
    return (Outcome.NO if inward else Outcome.UNDECIDED), told


KEPT = condition(
    "kept",
    "the map takes the region into itself",
    _is_kept,
    grade=Grade.CERTIFIED,
    reason="images of cells in interval arithmetic, or a point that leaves",
)
NO_STABLE_POINT = condition(
    "no stable point",
    "no fixed point in the region is stable",
    _has_no_sink,
    grade=Grade.CERTIFIED,
    reason="Krawczyk's test",
)
STABLE_TWO_CYCLE = condition(
    "cycle of period 2",
    "a cycle of period 2 in the region is stable",
    _has_two_cycle,
    grade=Grade.CERTIFIED,
    reason="Krawczyk's test",
)
POINTS_OUTWARD = condition(
    "points outward",
    "far out the gradient points away from 0, at an angle bounded away from a right one",
    _points_outward,
    grade=Grade.PROVED,
    reason="limits by algebra",
)
SLOW_GROWTH = condition(
    "slow growth",
    "the gradient grows more slowly than the distance from 0",
    _grows_slowly,
    grade=Grade.PROVED,
    reason="limits by algebra",
)


def larger_is_kept(instance: Instance, times: Sequence[float]) -> Finding:
    """Return whether the map takes the region, a box about 0, or a multiple of it into itself."""
    box = instance.region
    assert isinstance(box, Box)
    for factor in times:
        larger = Box(list(factor * np.asarray(box.low)), list(factor * np.asarray(box.high)))
        finding = KEPT.check(replace(instance, region=larger))
        if finding.outcome is Outcome.YES:
            break
    return replace(finding, detail=f"{finding.detail}, within ±{max(larger.high):g}")
