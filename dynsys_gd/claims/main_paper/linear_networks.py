"""Beyond the critical step size, linear networks converge to a minimum from a null set only."""

from __future__ import annotations

from ...data import iris
from ...losses.linear_network import LinearNetwork
from ...maps.gradient_descent import GradientDescent
from ...measure import Target
from ..checks import BEYOND_CRITICAL_STEP, GRADIENT_DESCENT, LINEAR_NETWORK, NON_SINGULAR
from ..claim import Case, Claim, Instance, Observation
from ..networks import network_facts
from ..observe import none_converges
from . import controls

__all__ = ["linear_network_impossibility"]

_CONCLUSION = "the initialisations from which gradient descent converges to a minimum are null"


def _observe(instance: Instance) -> Observation:
    seen = none_converges(instance, _CONCLUSION, to=Target.MINIMA)
    notes = (
        *seen.notes,
        "the claim is about convergence to a point; it says nothing about orbits that approach "
        "the set of minima without a limit, or that escape",
        *_not_covered(instance),
    )
    return Observation(finding=seen.finding, notes=notes, results=seen.results)


def _not_covered(instance: Instance) -> tuple[str, ...]:
    facts = network_facts(instance.F.loss)
    if facts is None or facts.depth < 3:
        return ()
    if facts.dimension > facts.depth:
        return (
            "minima only: for three layers or more the Hessian vanishes at 0, so the argument does "
            "not exclude convergence to that saddle; orbits may linger there for very long",
        )
    return (
        "minima only; for a product of scalars convergence to the degenerate saddle 0 needs "
        "factors that are equal in size from some step on, which is a null set as well",
    )


def _examples() -> tuple[Case, ...]:
    X, Y = iris()
    return (
        Case(
            title="(xy - 1)²/2 beyond 1",
            F=GradientDescent(controls.product_loss(), step_size="11/10"),
        ),
        Case(
            title="(xyz - 1)²/2 beyond 2/3",
            F=GradientDescent(controls.product_loss(3), step_size="7/10"),
        ),
        Case(
            title="two layers on the iris measurements",
            F=GradientDescent(LinearNetwork((4, 3, 3), X, Y), step_size="1/4"),
        ),
    )


def _counterexamples() -> dict[str, Case]:
    chain = controls.product_loss()
    return {
        GRADIENT_DESCENT.name: controls.momentum_case(),
        LINEAR_NETWORK.name: Case(
            title="one ReLU unit at step size 5/2",
            F=GradientDescent(controls.half_line_minimum(), step_size="5/2"),
            why="every start reaches the half-line on which the gradient is zero",
        ),
        BEYOND_CRITICAL_STEP.name: Case(
            title="(xy - 1)²/2 at its critical step size 1",
            F=GradientDescent(chain, step_size=1),
            why="an open set converges, at the rate t^(-1/2): the inequality is strict",
        ),
        NON_SINGULAR.name: Case(
            title="linear regression with Σ = diag(1, 1/3) at step size 3",
            F=GradientDescent(controls.skewed_regression(), step_size=3),
            why="the plane is sent into a line in one step",
        ),
    }


linear_network_impossibility = Claim(
    name="linear_network_impossibility",
    title="Beyond the critical step size linear networks reach a minimum from a null set only",
    statement=(
        "Let η lie strictly above η_c = 2 / min λmax, the minimum over the global minima of the "
        "squared loss of a linear network. Then every minimum repels in some direction; since the "
        "map is non-singular, the set of initialisations from which gradient descent converges to "
        "a minimum has measure zero."
    ),
    sources=("craciun2024convergence",),
    hypotheses=(GRADIENT_DESCENT, LINEAR_NETWORK, BEYOND_CRITICAL_STEP, NON_SINGULAR),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
