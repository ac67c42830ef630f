"""Hypotheses about orbits in a region, certified, and about how a loss grows far out."""

from __future__ import annotations

import sympy as sp

from ..evidence import Grade, Outcome
from ..orbits.certified.krawczyk import Krawczyk
from ..orbits.fixed_points import fixed_points
from .claim import Instance
from .declare import condition, yes_if
from .observe_cycles import region_is_kept, sinks, stable_cycle

__all__ = ["KEPT", "NO_STABLE_POINT", "SLOW_GROWTH", "STABLE_TWO_CYCLE"]

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
SLOW_GROWTH = condition(
    "slow growth",
    "the gradient grows more slowly than the distance from 0",
    _grows_slowly,
    grade=Grade.PROVED,
    reason="limits by algebra",
)
