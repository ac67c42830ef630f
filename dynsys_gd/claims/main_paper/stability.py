"""Beyond the critical step size no minimum is stable."""

from __future__ import annotations

import numpy as np

from ...evidence import Grade, Outcome
from ...maps.gradient_descent import GradientDescent
from ...measure import Target
from ..checks import BEYOND_CRITICAL_STEP, GRADIENT_DESCENT, decided
from ..claim import Case, Claim, Instance, Observation
from ..networks import network_facts, spread_minima
from ..observe import none_converges
from . import controls

__all__ = ["no_stable_minimum"]

_CONCLUSION = "no minimum is linearly stable"
_SAMPLED_MINIMA = 50


def _observe(instance: Instance) -> Observation:
    """Look at η λmax on sampled minima, and for orbits that settle near the flattest one."""
    seen = none_converges(instance, _CONCLUSION, to=Target.MINIMA)
    if not isinstance(instance.F, GradientDescent) or instance.F.parameters:
        return seen
    minima = _sampled_minima(instance)
    if minima is None:
        return seen
    eta = float(instance.F.step_size)
    smallest = eta * float(np.min(instance.loss.sharpness_at(minima)))
    detail = f"smallest η·λmax on {len(minima)} sampled minima {smallest:.6g} (stable below 2)"
    outcome = seen.finding.outcome
    if smallest < 2 and outcome is not Outcome.NO:
        outcome = Outcome.NO if smallest < 2 * (1 - _ROUNDING) else Outcome.UNDECIDED
    finding = decided(
        _CONCLUSION,
        outcome,
        Grade.STATISTICAL,
        seen.finding.evidence.reason,
        f"{detail}; {seen.finding.detail}",
    )
    return Observation(finding=finding, notes=seen.notes, results=seen.results)


_ROUNDING = 1e-9


def _sampled_minima(instance: Instance) -> np.ndarray | None:
    """Return the flattest minima, and for linear networks others reached by changes of basis."""
    flattest = instance.threshold.attained_at
    if flattest is None:
        return None
    if network_facts(instance.loss) is None:
        return flattest
    others = spread_minima(
        instance.loss, flattest[0], n=_SAMPLED_MINIMA, rng=instance.rng("sampled minima")
    )
    return np.concatenate([flattest, others])


def _examples() -> tuple[Case, ...]:
    return (
        Case(
            title="(xy - 1)²/2 beyond 1",
            F=GradientDescent(controls.product_loss(), step_size="101/100"),
        ),
        Case(
            title="a three-layer network beyond its critical step size",
            F=GradientDescent(controls.identity_network(2, 3, 3, 2), step_size="7/10"),
        ),
    )


def _counterexamples() -> dict[str, Case]:
    return {
        GRADIENT_DESCENT.name: controls.momentum_case(),
        BEYOND_CRITICAL_STEP.name: Case(
            title="(xy - 1)²/2 at step size 9/10",
            F=GradientDescent(controls.product_loss(), step_size="9/10"),
            why="the minima near (1, 1) are stable",
        ),
    }


no_stable_minimum = Claim(
    name="no_stable_minimum",
    title="Beyond the critical step size no minimum is stable",
    statement=(
        "A minimum θ is linearly stable under gradient descent only if η λmax(∇²L(θ)) ≤ 2. Let "
        "η lie strictly above η_c = 2 / inf λmax over the minima: then at every minimum some "
        "multiplier lies below -1."
    ),
    sources=("craciun2024convergence", "mulayoff2020unique"),
    hypotheses=(GRADIENT_DESCENT, BEYOND_CRITICAL_STEP),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
