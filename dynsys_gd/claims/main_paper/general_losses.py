"""Beyond 2/c gradient descent on an analytic loss converges from a null set only."""

from __future__ import annotations

import sympy as sp

from ...evidence import Evidence, Finding, Grade, Outcome, weakest
from ...losses.activations import Activation
from ...losses.data_loss import DataLoss
from ...losses.mlp import MLP
from ...losses.symbolic import Loss
from ...maps.gradient_descent import GradientDescent
from ...measure import Target
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.kinds import CriticalKind, Kind
from ...orbits.periodic_orbit import PeriodicOrbit
from ...values import is_exact
from ..checks import ANALYTIC, GRADIENT_DESCENT, NON_SINGULAR, compared_with_threshold, decided
from ..claim import Case, Claim, Hypothesis, Instance, Observation
from ..observe import none_converges
from . import controls
from .transition import small_network

__all__ = ["general_loss_impossibility"]

_UNSTABLE = (
    "at every critical point, should there be any, the Hessian has an eigenvalue outside [0, 2/η]"
)
_CONCLUSION = "initialisations from which gradient descent converges to a critical point are null"


def _all_unstable(instance: Instance) -> Finding:
    """Return whether every critical point repels in some direction."""
    F = instance.F
    if not isinstance(F, GradientDescent):
        return decided(_UNSTABLE, Outcome.NO, Grade.PROVED, "the map is not gradient descent")
    if F.parameters:
        remedy = f"give values to {', '.join(F.parameters)}"
        return decided(_UNSTABLE, Outcome.UNDECIDED, Grade.NUMERICAL, f"open parameters: {remedy}")
    loss = instance.loss
    if isinstance(loss, MLP) and loss.output_bias and loss.loss is DataLoss.SQUARED:
        return _curved_everywhere(instance)
    if loss.symbolic is None:
        reason = "the critical points of this loss are not known"
        return decided(_UNSTABLE, Outcome.UNDECIDED, Grade.NUMERICAL, reason)
    found = instance.fixed_points
    if not found.complete:
        return decided(_UNSTABLE, Outcome.UNDECIDED, Grade.NUMERICAL, found.why)
    if not len(found):
        return Finding(
            statement=_UNSTABLE,
            outcome=Outcome.YES,
            evidence=found.evidence,
            detail="there is no critical point",
        )
    return _together([_of_item(instance, item) for item in found])


def _curved_everywhere(instance: Instance) -> Finding:
    """Compare with 2: the output bias has second derivative 1, so that λmax ≥ 1 everywhere.

    Whether there is a critical point at all is not asked.
    """
    eta = instance.F.step_size  # type: ignore[attr-defined]
    bound = "the second derivative along the output bias is 1, so that λmax ≥ 1 at every point"
    if sp.Gt(eta, 2) == True:  # noqa: E712 (a sympy truth value)
        grade = Grade.PROVED if is_exact(eta) else Grade.CERTIFIED
        return decided(_UNSTABLE, Outcome.YES, grade, bound, f"{bound}, and η = {eta} > 2")
    # Up to 2 the bound says nothing about the critical points of this network.
    reason = f"{bound}; that tells something for η > 2 only"
    return decided(_UNSTABLE, Outcome.UNDECIDED, Grade.NUMERICAL, reason)


def _of_item(instance: Instance, item: PeriodicOrbit | CriticalManifold) -> Finding:
    """Return whether one critical point, or every point of one family, repels in some direction."""
    stable_somewhere = False
    if item.critical is CriticalKind.MINIMUM:
        found = compared_with_threshold(instance, _UNSTABLE)
        if found.outcome is not Outcome.NO:
            return found
        stable_somewhere = _holds_a_flattest_minimum(instance, item)
    outcome = _orbit_unstable(item) if isinstance(item, PeriodicOrbit) else _family_unstable(item)
    if outcome is Outcome.UNDECIDED and stable_somewhere:
        # η λmax ≤ 2 at that point, and no eigenvalue is negative at a minimum.
        outcome = Outcome.NO
    told = {
        Outcome.YES: "repels in some direction",
        Outcome.NO: "does not repel linearly",
        Outcome.UNDECIDED: "is not known to repel",
    }[outcome]
    return Finding(
        statement=_UNSTABLE,
        outcome=outcome,
        evidence=item.evidence,
        detail=f"{item.where()} {told}",
    )


def _orbit_unstable(orbit: PeriodicOrbit) -> Outcome:
    if orbit.kind in (Kind.SADDLE, Kind.SOURCE):
        return Outcome.YES
    if orbit.kind is Kind.SINK:
        return Outcome.NO
    if orbit.kind is Kind.NEUTRAL and orbit.exact_multipliers is not None:
        outside = [sp.Abs(multiplier) > 1 for multiplier in orbit.exact_multipliers]
        if any(value == True for value in outside):  # noqa: E712 (a sympy truth value)
            return Outcome.YES
        if all(value == False for value in outside):  # noqa: E712
            return Outcome.NO
    return Outcome.UNDECIDED


def _family_unstable(family: CriticalManifold) -> Outcome:
    if family.unstable_part == True:  # noqa: E712 (a sympy truth value)
        return Outcome.YES
    if family.unstable_part == False:  # noqa: E712
        return Outcome.NO
    return Outcome.UNDECIDED


def _holds_a_flattest_minimum(instance: Instance, item: PeriodicOrbit | CriticalManifold) -> bool:
    """Return whether the threshold is known to be attained on this very family.

    The threshold is an infimum over all minima: it need not be attained, and another set of
    minima may be the flatter one.
    """
    if not isinstance(item, CriticalManifold):
        return False
    threshold = instance.threshold
    if any(
        all(_vanishes(e, dict(zip(item.variables, point, strict=True))) for e in item.equations)
        for point in threshold.exact_points
    ):
        return True
    others = (k for k in instance.fixed_points if k is not item)
    alone = not any(_may_hold_minima(other) for other in others)
    return alone and threshold.decided and threshold.attained_at is not None


def _vanishes(equation: sp.Expr, point: dict[sp.Symbol, sp.Expr]) -> bool:
    return bool(sp.simplify(equation.subs(point)) == 0)


def _may_hold_minima(item: PeriodicOrbit | CriticalManifold) -> bool:
    return item.critical not in (CriticalKind.SADDLE, CriticalKind.MAXIMUM)


def _together(findings: list[Finding]) -> Finding:
    outcome = Outcome.all_of(finding.outcome for finding in findings)
    decisive = [finding for finding in findings if finding.outcome is outcome]
    grade = weakest(finding.evidence.grade for finding in decisive)
    first = next(finding for finding in decisive if finding.evidence.grade is grade)
    shown = "; ".join(dict.fromkeys(finding.detail for finding in decisive))
    return Finding(
        statement=_UNSTABLE,
        outcome=outcome,
        evidence=Evidence(
            grade=grade, reason=first.evidence.reason, sources=first.evidence.sources
        ),
        detail=shown,
    )


def _observe(instance: Instance) -> Observation:
    seen = none_converges(instance, _CONCLUSION, to=Target.FIXED_POINTS)
    note = "orbits that tend to infinity, also with a gradient that tends to zero, are not excluded"
    return Observation(finding=seen.finding, notes=(*seen.notes, note), results=seen.results)


def _examples() -> tuple[Case, ...]:
    x, y = sp.symbols("x y")
    himmelblau = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
    return (
        Case(
            title="double well x⁴/4 - x²/2 beyond 1",
            F=GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="11/10"),
        ),
        Case(
            title="Himmelblau's function at 1/20",
            F=GradientDescent(himmelblau, step_size="1/20"),
        ),
        Case(
            title="a tanh network 4-8-1 beyond 2",
            F=small_network(Activation.TANH, 8),
            why="the bias of the output has second derivative 1, whatever the data",
        ),
    )


def _counterexamples() -> dict[str, Case]:
    return {
        GRADIENT_DESCENT.name: controls.momentum_case(),
        ANALYTIC.name: Case(
            title="a smooth loss with L'(x) = x beyond ±2, step size 1",
            F=GradientDescent(controls.collapsing_loss(), step_size=1),
            why="the minimum repels, and yet all starts beyond ±2 land on it",
        ),
        ALL_UNSTABLE.name: Case(
            title="x⁴ at step size 100",
            F=GradientDescent(controls.quartic(), step_size=100),
            why="the minimum attracts |x| < (2η)^(-1/2) at every step size",
        ),
        NON_SINGULAR.name: Case(
            title="x²/2 + y²/6 at step size 3",
            F=GradientDescent(controls.plane_quadratic(), step_size=3),
            why="the plane is sent into a line in one step",
        ),
    }


ALL_UNSTABLE = Hypothesis(name="unstable critical points", statement=_UNSTABLE, check=_all_unstable)

general_loss_impossibility = Claim(
    name="general_loss_impossibility",
    title="Beyond 2/c an analytic loss is minimised from a null set only",
    statement=(
        "Let the loss be analytic with max |λ| ≥ c > 0 for the Hessian eigenvalues λ at every "
        "critical point, let η > 2/c, and let the map be non-singular; no Lipschitz gradient is "
        "needed. Then every critical point has an eigenvalue below 0 or above 2/η, and the set of "
        "initialisations from which gradient descent converges to a critical point is null."
    ),
    sources=("craciun2024convergence",),
    hypotheses=(GRADIENT_DESCENT, ANALYTIC, ALL_UNSTABLE, NON_SINGULAR),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
