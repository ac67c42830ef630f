"""The asymptotic gradient norm leaves zero as the step size crosses its critical value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...ensembles.budget import Budget
from ...evidence import Finding, Grade, Outcome
from ...losses.activations import Activation
from ...losses.mlp import MLP
from ...maps.gradient_descent import GradientDescent
from ...thresholds.threshold import ThresholdStatus
from ..checks import ANALYTIC, GRADIENT_DESCENT, decided
from ..claim import Case, Claim, Hypothesis, Instance, Observation
from ..observe import probe_region
from ..transition_scan import TransitionScan, scan_step_sizes
from . import controls

__all__ = ["sharp_transition", "small_network"]

_FINITE = "some finite step size is known beyond which no minimum is stable"
_CONCLUSION = (
    "some starts converge to a minimum at smaller step sizes; beyond the critical step size none "
    "does, and the gradient norm stays away from zero"
)

_AROUND_A_VALUE = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.2)
_BELOW_A_BOUND = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.05, 1.15)
_MOST_STARTS, _MOST_STEPS = 60, 16_384
_MOST_STARTS_NETWORK, _MOST_STEPS_NETWORK = 24, 2048  # a step costs a forward and a backward pass
_GRADIENT_GONE = 1e-6
_EXPONENT_STEPS = 8  # for each batch


def _threshold_is_finite(instance: Instance) -> Finding:
    """Return whether a threshold or an upper bound of it is known."""
    if instance.F.loss is None:
        return decided(_FINITE, Outcome.NO, Grade.PROVED, "the map has no loss")
    if instance.loss.parameters:
        reason = f"give values to {', '.join(instance.loss.parameters)}"
        return decided(_FINITE, Outcome.UNDECIDED, Grade.NUMERICAL, reason)
    threshold = instance.threshold
    if threshold.status is ThresholdStatus.NO_MINIMUM:
        outcome, known = Outcome.NO, threshold.evidence
    elif threshold.upper < math.inf and threshold.bound_evidence is not None:
        outcome, known = Outcome.YES, threshold.bound_evidence
    elif threshold.decided:
        finite = threshold.value < math.inf
        outcome, known = (Outcome.YES if finite else Outcome.NO), threshold.evidence
    else:
        outcome, known = Outcome.UNDECIDED, threshold.evidence
    return Finding(statement=_FINITE, outcome=outcome, evidence=known, detail=threshold.headline())


FINITE_THRESHOLD = Hypothesis(
    name="finite critical step size", statement=_FINITE, check=_threshold_is_finite
)


def _observe(instance: Instance) -> Observation:
    if instance.F.loss is None or instance.loss.parameters:
        return _not_looked("the map has no loss with all its parameters given")
    threshold = instance.threshold
    expected = threshold.value if threshold.decided else threshold.upper
    if not 0 < expected < math.inf:
        return _not_looked("there is no finite critical step size to scan around")
    ladder = _AROUND_A_VALUE if threshold.decided else _BELOW_A_BOUND
    near = probe_region(instance)
    laws = [instance.region] if near is None else [instance.region, near]
    network = isinstance(instance.loss, MLP)
    most = _MOST_STARTS_NETWORK if network else _MOST_STARTS
    steps = min(instance.budget.steps, _MOST_STEPS_NETWORK if network else _MOST_STEPS)
    scans = tuple(
        scan_step_sizes(
            instance.loss,
            law,
            step_sizes=[q * expected for q in ladder],
            threshold=threshold,
            n=min(instance.starts, most),
            budget=_without_exponents(instance.budget, steps),
            rng=instance.rng(f"scan {k}"),
            executor=instance.executor,
        )
        for k, law in enumerate(laws)
    )
    finding = decided(
        _CONCLUSION,
        _judged(scans),
        Grade.STATISTICAL,
        scans[0].evidence.reason,
        "; ".join(_told(scan) for scan in scans),
    )
    return Observation(finding=finding, notes=_notes(scans), results=scans)


def _without_exponents(budget: Budget, steps: int) -> Budget:
    """Return a budget for gradient norms, in which little is spent on Lyapunov exponents."""
    return replace(
        budget,
        steps=steps,
        lyapunov_steps=min(budget.lyapunov_steps, _EXPONENT_STEPS * budget.lyapunov_batches),
    )


def _judged(scans: Sequence[TransitionScan]) -> Outcome:
    """Return whether the scans show the transition: nothing beyond, something below."""
    if any(scan.converged[scan.beyond].any() for scan in scans):
        return Outcome.NO
    below = any(scan.converged[~scan.beyond].any() for scan in scans)
    away = all(np.all(scan.gradient_norm[scan.beyond, 1] > _GRADIENT_GONE) for scan in scans)
    return Outcome.YES if below and away else Outcome.UNDECIDED


def _told(scan: TransitionScan) -> str:
    beyond = scan.beyond
    smallest = float(scan.gradient_norm[beyond, 1].min())
    norm = f"at least {smallest:.2g}" if math.isfinite(smallest) else "infinite (orbits escape)"
    law = scan.region.describe()
    detail = (
        f"{law}: up to {int(np.max(scan.converged[~beyond]))} of {scan.n} converge "
        f"below {scan.critical:.6g}, {int(np.max(scan.converged[beyond]))} beyond, where the "
        f"median asymptotic gradient norm is {norm}"
    )
    if scan.plateau.any():
        detail += f"; up to {int(np.max(scan.plateau))} end on a plateau of zero gradient"
    return detail


def _notes(scans: Sequence[TransitionScan]) -> tuple[str, ...]:
    scan = scans[0]
    notes = [
        "the transition of a law of initialisations can lie below the critical step size, where "
        "minima are still stable; it cannot lie beyond it"
    ]
    if not scan.threshold.decided:
        notes.append(
            f"{scan.critical:.6g} is an upper bound of the critical step size, not its value"
        )
    if any(scan.plateau.any() for scan in scans):
        notes.append(
            "starts on a plateau, as dead ReLU networks are, have zero gradient above the lowest "
            "loss, where some weights have no effect on an open set; they are counted apart"
        )
    if any(scan.undecided[~scan.beyond].any() for scan in scans):
        notes.append(
            "close below the critical step size convergence is slow, and some starts are undecided"
        )
    return tuple(notes)


def _not_looked(reason: str) -> Observation:
    return Observation(finding=decided(_CONCLUSION, Outcome.UNDECIDED, Grade.NUMERICAL, reason))


def _small_data(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, 4)), rng.standard_normal((4, 1))


def small_network(activation: Activation, *hidden: int) -> GradientDescent:
    """Return gradient descent beyond step size 2 on a small network with four samples."""
    X, Y = _small_data()
    return GradientDescent(MLP((4, *hidden, 1), activation, X, Y), step_size="21/10")


def _examples() -> tuple[Case, ...]:
    return (
        Case(
            title="(xy - 1)²/2",
            F=GradientDescent(controls.product_loss(), step_size="11/10"),
        ),
        Case(title="a tanh network 4-8-1", F=small_network(Activation.TANH, 8)),
        Case(title="a tanh network 4-8-8-1", F=small_network(Activation.TANH, 8, 8)),
        Case(title="a GELU network 4-8-1", F=small_network(Activation.GELU, 8)),
    )


def _counterexamples() -> dict[str, Case]:
    return {
        GRADIENT_DESCENT.name: controls.momentum_case(),
        ANALYTIC.name: Case(
            title="a ReLU network 4-8-1",
            F=small_network(Activation.RELU, 8),
            why="networks whose units are all dead have zero gradient at any step size",
        ),
        FINITE_THRESHOLD.name: Case(
            title="x⁴",
            F=GradientDescent(controls.quartic(), step_size=100),
            why="the minimum has no curvature and attracts |x| < (2η)^(-1/2) at every step size",
        ),
    }


sharp_transition = Claim(
    name="sharp_transition",
    title="The asymptotic gradient norm leaves zero at the critical step size",
    statement=(
        "Let the loss be analytic, and let no minimum be stable beyond a finite step size η_c. For "
        "almost every η > η_c gradient descent converges to a minimum from a null set only, while "
        "below η_c orbits near a stable minimum converge. What is seen with it, not proved: the "
        "asymptotic gradient norm is zero for many starts below and stays away from zero above."
    ),
    sources=("craciun2024convergence", "cohen2021gradient"),
    hypotheses=(GRADIENT_DESCENT, ANALYTIC, FINITE_THRESHOLD),
    conclusion=_CONCLUSION,
    observe=_observe,
    examples=_examples,
    counterexamples=_counterexamples,
)
