"""The global minima form a manifold of known dimension where their equations are regular."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...evidence import Finding, Grade, Outcome
from ...losses.linear_network import LinearNetwork
from ...losses.symbolic import Loss
from ...maps.gradient_descent import GradientDescent
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.periodic_orbit import PeriodicOrbit
from ...regions import Box
from ..checks import decided
from ..claim import Case, Claim, Hypothesis, Instance, Observation
from ..networks import NetworkFacts, network_facts, spread_minima
from . import controls

__all__ = ["minima_form_a_manifold"]

_KNOWN = "the global minima are known as the solutions of equations"
_REGULAR = "these equations have full rank at every minimum, and no two components meet"
_CONCLUSION = "at every minimum the loss is flat in as many directions as the manifold has"

_SAMPLED = 60
_HALF_SIDE = 3.0
_ZERO, _CLEARLY_NOT_ZERO = 1e-8, 1e-5  # relative to the largest eigenvalue of the Hessian

Item = PeriodicOrbit | CriticalManifold


def _known_minima(instance: Instance) -> Finding:
    """Return whether the minima are W_N…W_1 Σ = C, or a complete list of critical sets."""
    facts = network_facts(instance.F.loss)
    if facts is not None:
        smallest = min(facts.widths[1:-1], default=facts.target_rank)
        detail = f"narrowest hidden layer {smallest}, rank of C {facts.target_rank}"
        if not facts.wide:
            detail += ": a narrower layer leaves a residual"
        return Finding(
            statement=_KNOWN,
            outcome=Outcome.YES if facts.wide else Outcome.NO,
            evidence=facts.evidence,
            detail=detail,
        )
    items = _global_minima(instance)
    if isinstance(items, str):
        return decided(_KNOWN, Outcome.UNDECIDED, Grade.NUMERICAL, items)
    if not items:
        return decided(_KNOWN, Outcome.NO, Grade.PROVED, "the loss has no global minimum")
    detail = "; ".join(item.where() for item in items)
    return Finding(statement=_KNOWN, outcome=Outcome.YES, evidence=items[0].evidence, detail=detail)


def _regular(instance: Instance) -> Finding:
    """Return whether the equations of the minima are regular there."""
    facts = network_facts(instance.F.loss)
    if facts is not None:
        return _regular_network(facts)
    items = _global_minima(instance)
    if isinstance(items, str):
        return decided(_REGULAR, Outcome.UNDECIDED, Grade.NUMERICAL, items)
    if not items:
        return decided(_REGULAR, Outcome.NO, Grade.PROVED, "there is no minimum")
    outcomes = [item.smooth for item in items if isinstance(item, CriticalManifold)]
    outcomes += [_apart(outcome) for outcome in _meetings(instance, items)]
    dimensions = sorted({_dimension(item) for item in items})
    shown = ", ".join(str(dimension) for dimension in dimensions)
    return Finding(
        statement=_REGULAR,
        outcome=Outcome.all_of(outcomes),
        evidence=items[0].evidence,
        detail=f"{len(items)} component{'s' if len(items) > 1 else ''} of dimension {shown}",
    )


def _regular_network(facts: NetworkFacts) -> Finding:
    """Return whether (W_i) -> W_N…W_1 is a submersion at every minimum: rank C = min(dy, r).

    One layer is the identity of its weights, a submersion whatever the rank of C.
    """
    largest = min(facts.widths[-1], facts.input_rank)
    detail = f"rank of C {facts.target_rank}, of at most min(dy, r) = {largest}"
    if facts.depth == 1:
        detail = "one layer: the minima W Σ = C are an affine space"
    holds = facts.depth == 1 or (facts.full_rank and facts.wide)
    if holds:
        detail += f": dimension d - dy·r = {facts.dimension - facts.non_zero_eigenvalues}"
    return Finding(
        statement=_REGULAR,
        outcome=Outcome.YES if holds else Outcome.NO,
        evidence=facts.evidence,
        detail=detail,
    )


def _global_minima(instance: Instance) -> tuple[Item, ...] | str:
    """Return the components of the set of global minima, or why they are not known."""
    if instance.F.loss is None:
        return "the map has no loss"
    if instance.loss.parameters:
        return f"give values to {', '.join(instance.loss.parameters)}"
    found = instance.critical_points
    if not found.complete:
        return found.why
    everything = tuple(found)
    if any(item.global_minimum is Outcome.UNDECIDED for item in everything):
        return "it is open whether some critical points are global minima"
    return tuple(item for item in everything if item.global_minimum is Outcome.YES)


def _meetings(instance: Instance, items: tuple[Item, ...]) -> list[Outcome]:
    families = instance.critical_points.families
    places = {k for k, family in enumerate(families) if any(family is item for item in items)}
    met = instance.critical_points.meetings
    pairs = [(i, j) for i in places for j in places if i < j]
    return [met.get(pair, met.get(pair[::-1], Outcome.UNDECIDED)) for pair in pairs]


def _apart(meet: Outcome) -> Outcome:
    return {Outcome.YES: Outcome.NO, Outcome.NO: Outcome.YES}.get(meet, Outcome.UNDECIDED)


def _dimension(item: Item) -> int:
    return item.dimension if isinstance(item, CriticalManifold) else 0


def _observe(instance: Instance) -> Observation:
    """Count the flat directions of the loss at sampled minima."""
    facts = network_facts(instance.F.loss)
    if facts is not None:
        return _observe_network(instance, facts)
    items = _global_minima(instance)
    if isinstance(items, str) or not items:
        reason = items if isinstance(items, str) else "there is no minimum"
        return Observation(finding=decided(_CONCLUSION, Outcome.UNDECIDED, Grade.NUMERICAL, reason))
    outcomes, told = [], []
    for item in items:
        points = _points_of(item)
        if len(points):
            flat = _flat_directions(instance.loss.hessian_at(points))
            outcomes.append(Outcome.YES if np.min(flat) >= _dimension(item) else Outcome.NO)
            told.append(f"{item.where()}: {np.min(flat)} flat of dimension {_dimension(item)}")
    return Observation(
        finding=decided(
            _CONCLUSION,
            Outcome.all_of(outcomes) if outcomes else Outcome.UNDECIDED,
            Grade.NUMERICAL,
            "Hessians at sampled minima",
            "; ".join(told),
        )
    )


def _observe_network(instance: Instance, facts: NetworkFacts) -> Observation:
    flattest = instance.threshold.attained_at
    if flattest is None:
        reason = "no minimum is known explicitly"
        return Observation(finding=decided(_CONCLUSION, Outcome.UNDECIDED, Grade.NUMERICAL, reason))
    others = spread_minima(
        instance.loss, flattest[0], n=_SAMPLED, rng=instance.rng("sampled minima")
    )
    hessians = instance.loss.hessian_at(np.concatenate([flattest, others]))
    if not np.all(np.isfinite(hessians)):
        reason = "the Hessian overflows; rescale the data"
        return Observation(finding=decided(_CONCLUSION, Outcome.UNDECIDED, Grade.NUMERICAL, reason))
    sizes = np.abs(np.linalg.eigvalsh(hessians))
    sizes = np.sort(sizes, axis=1) / np.maximum(sizes.max(axis=1, keepdims=True), 1e-300)
    expected = facts.dimension - facts.non_zero_eigenvalues
    flat = np.sum(sizes < _ZERO, axis=1)
    outcome = Outcome.YES if np.all(flat == expected) else Outcome.UNDECIDED
    if outcome is Outcome.UNDECIDED:
        # Small eigenvalues of ill-conditioned data are not told from zero; large ones are.
        too_steep = expected > 0 and np.any(sizes[:, expected - 1] > _CLEARLY_NOT_ZERO)
        varies = np.any(flat != flat[0]) and not np.any((sizes > 1e-13) & (sizes < _ZERO))
        outcome = Outcome.NO if too_steep or varies else Outcome.UNDECIDED
    counts = ", ".join(str(count) for count in sorted({int(count) for count in flat}))
    detail = f"{counts} flat directions at {len(flat)} sampled minima, d - dy·r = {expected}"
    finding = decided(_CONCLUSION, outcome, Grade.NUMERICAL, "Hessians at sampled minima", detail)
    return Observation(finding=finding, notes=_rounding_notes(instance, facts))


def _rounding_notes(instance: Instance, facts: NetworkFacts) -> tuple[str, ...]:
    """Tell data whose rank comes from rounding only."""
    loss = instance.loss
    if not isinstance(loss, LinearNetwork):
        return ()
    seen = int(np.linalg.matrix_rank(loss.X))
    if seen == facts.input_rank:
        return ()
    return (
        f"the inputs have rank {facts.input_rank} as stored and rank {seen} up to rounding: the "
        "verdict is about the numbers as stored",
    )


def _points_of(item: Item) -> NDArray[np.float64]:
    if isinstance(item, PeriodicOrbit):
        return np.asarray(item.points)
    d = len(item.variables)
    if not item.equations:  # the whole space
        return np.zeros((1, d))
    return item.sample(Box([-_HALF_SIDE] * d, [_HALF_SIDE] * d), _SAMPLED)


def _flat_directions(hessians: NDArray[np.float64]) -> NDArray[np.int64]:
    sizes = np.abs(np.linalg.eigvalsh(hessians))
    return np.asarray(np.sum(sizes <= _ZERO * (1 + sizes.max(axis=1, keepdims=True)), axis=1))


KNOWN_MINIMA = Hypothesis(name="known minima", statement=_KNOWN, check=_known_minima)
REGULAR_EQUATIONS = Hypothesis(name="regular equations", statement=_REGULAR, check=_regular)


def _examples() -> tuple[Case, ...]:
    x, y = sp.symbols("x y")
    circle = Loss((x**2 + y**2 - 1) ** 2 / 4, [x, y])
    return (
        Case(
            title="(xy - 1)²/2: a hyperbola",
            F=GradientDescent(controls.product_loss(), step_size="1/2"),
        ),
        Case(
            title="a linear network 3-4-2",
            F=GradientDescent(controls.identity_network(3, 4, 2), step_size="1/2"),
        ),
        Case(
            title="(x² + y² - 1)²/4: a circle",
            F=GradientDescent(circle, step_size="1/2"),
        ),
    )


def _counterexamples() -> dict[str, Case]:
    narrow = LinearNetwork((2, 1, 2), np.eye(2), np.diag([2.0, 1.0]))
    deficient = LinearNetwork((2, 2, 2), np.eye(2), np.diag([1.0, 0.0]))
    return {
        KNOWN_MINIMA.name: Case(
            title="a linear network 2-1-2 with a target of rank 2",
            F=GradientDescent(narrow, step_size="1/2"),
            why="the hidden layer is too narrow for the best map: minima keep a residual",
        ),
        REGULAR_EQUATIONS.name: Case(
            title="a linear network 2-2-2 with the target diag(1, 0)",
            F=GradientDescent(deficient, step_size="1/2"),
            why="the rank of the Hessian drops from 4 to 3 at W_1 = W_2 = diag(1, 0)",
        ),
    }


minima_form_a_manifold = Claim(
    name="minima_form_a_manifold",
    title="The global minima form a smooth manifold",
    statement=(
        "Let the best map of a linear network have the largest rank min(dy, r) that outputs and "
        "inputs allow, r = rank Σ, and no hidden layer be narrower; or let there be one layer. "
        "Then the product of the layers is a submersion at every global minimum, and these form a "
        "manifold of dimension d - dy·r. "
        "For other losses: where regular equations describe the minima, their solutions are a "
        "manifold of the dimension left."
    ),
    sources=("craciun2024convergence",),
    hypotheses=(KNOWN_MINIMA, REGULAR_EQUATIONS),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
