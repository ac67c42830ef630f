"""The gradient descent map sends no set of positive measure to a null set."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ...evidence import Grade, Outcome
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ..checks import ANALYTIC, NON_SINGULAR, decided
from ..claim import Case, Claim, Instance, Observation
from . import controls

__all__ = ["non_singular_map"]

_SINGULAR = 1e-13  # smallest singular value over the largest, of what is singular to rounding
_LARGEST_ENTRY = 1e6
_MOST_NUMBERS = 2 * 10**7
_TRIED_STEP_SIZES = (sp.Rational(1, 10), sp.Integer(1), sp.Integer(10))

_CONCLUSION = "no set of positive measure is sent into a null set"


def _observe(instance: Instance) -> Observation:
    """Count sampled points at which the Jacobian is singular to rounding."""
    maps, notes = _with_values(instance.F)
    if not maps:
        finding = decided(_CONCLUSION, Outcome.UNDECIDED, Grade.NUMERICAL, "open parameters")
        return Observation(finding=finding, notes=notes)
    n = max(1, min(instance.starts, _MOST_NUMBERS // instance.F.dimension**2))
    points = instance.region.sample(n, rng=instance.rng("regular points"))
    counts = [_singular_count(G, G.lift(points)) for G in maps]
    singular, total = sum(count for count, _ in counts), sum(usable for _, usable in counts)
    outcome = Outcome.YES if total > 0 and singular == 0 else Outcome.UNDECIDED
    if singular > total / 100:
        # A step size next to 1/λ looks singular in floating point: where exact algebra says that
        # the map is not, rounding has no say.
        known = Outcome.all_of(h.check(instance).outcome for h in (ANALYTIC, NON_SINGULAR))
        outcome = Outcome.UNDECIDED if known is Outcome.YES else Outcome.NO
    finding = decided(
        _CONCLUSION,
        outcome,
        Grade.STATISTICAL,
        f"{total} of {n * len(maps)} Jacobians at starts drawn at random, those left out in which "
        "the identity is lost to rounding",
        f"{singular} of {total} sampled Jacobians are singular to rounding",
    )
    return Observation(finding=finding, notes=notes)


def _with_values(F: Map) -> tuple[list[Map], tuple[str, ...]]:
    """Return the map, or the map at a few step sizes where the step size was left open."""
    if not F.parameters:
        return [F], ()
    if not isinstance(F, GradientDescent) or F.parameters != (str(F.step_size),):
        return [], (f"no Jacobian was sampled: give values to {', '.join(F.parameters)}",)
    (name,) = F.parameters
    shown = ", ".join(str(value) for value in _TRIED_STEP_SIZES)
    note = f"{name} is open; Jacobians were sampled at {name} = {shown}"
    return [F.at(**{name: value}) for value in _TRIED_STEP_SIZES], (note,)


def _singular_count(F: Map, states: np.ndarray) -> tuple[int, int]:
    """Return how many Jacobians are singular to rounding, of how many that can tell."""
    jacobians = F.jacobian_at(states)
    # In I - ηH with a huge H the ones are rounded away, and with them what makes it regular.
    usable = np.abs(jacobians).max(axis=(1, 2), initial=0.0) <= _LARGEST_ENTRY
    sizes = np.linalg.svd(jacobians[usable], compute_uv=False)
    singular = sizes[:, -1] <= _SINGULAR * np.maximum(sizes[:, 0], 1.0)
    return int(np.count_nonzero(singular)), int(np.count_nonzero(usable))


def _examples() -> tuple[Case, ...]:
    eta = sp.Symbol("eta")
    return (
        Case(
            title="(xy - 1)²/2 at step size 21/20",
            F=GradientDescent(controls.product_loss(), step_size="21/20"),
            why="the determinant at (1, 2) is -781/80",
        ),
        Case(
            title="(xy - 1)²/2 at every step size",
            F=GradientDescent(controls.product_loss(), step_size=eta),
            why="the determinants at two rational points have no common root",
        ),
        Case(
            title="a wide two-layer network at every step size",
            F=GradientDescent(controls.identity_network(2, 5, 2), step_size=eta),
            why="also at η = 1/σ(C), where the point 0 alone does not decide",
        ),
    )


def _counterexamples() -> dict[str, Case]:
    return {
        ANALYTIC.name: Case(
            title="a smooth loss with L'(x) = x beyond ±2, step size 1",
            F=GradientDescent(controls.collapsing_loss(), step_size=1),
            why="all starts beyond ±2 land on the minimum in one step",
        ),
        NON_SINGULAR.name: Case(
            title="a quadratic at step size 1/λ",
            F=GradientDescent(controls.plane_quadratic(), step_size=3),
            why="the plane is sent into a line",
        ),
    }


non_singular_map = Claim(
    name="non_singular_map",
    title="The gradient descent map is non-singular",
    statement=(
        "If the map is analytic on a connected domain and the determinant of its Jacobian is not "
        "zero at one point, then that determinant vanishes on a null set only, the map is a local "
        "diffeomorphism off it, and preimages of null sets are null. A linear network of three "
        "layers or more is regular at 0 for every step size."
    ),
    sources=("craciun2024convergence", "craciun2025nonsingularity"),
    hypotheses=(ANALYTIC, NON_SINGULAR),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
