"""How the Hessian eigenvalues behave along the minima: which of them are proper functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from ...evidence import Finding, Grade, Outcome
from ...losses.linear_network import LinearNetwork
from ...maps.gradient_descent import GradientDescent
from ..checks import LINEAR_NETWORK, decided
from ..claim import Case, Claim, Hypothesis, Instance, Observation
from ..escape_paths import EscapePath, escape_paths, exact_eigenvalues
from ..networks import NetworkFacts, network_facts
from . import controls

__all__ = ["every_eigenvalue_proper", "spectrum_along_the_minima"]

_GROWTH = 10.0  # by how much an eigenvalue must grow while the norm grows by far more
_PROPER = "the largest Hessian eigenvalue tends to infinity as a minimum moves to infinity"
_ALL_PROPER = "every non-zero Hessian eigenvalue tends to infinity as a minimum moves to infinity"


def _of_network(
    name: str, statement: str, check: Callable[[NetworkFacts], tuple[bool, str]]
) -> Hypothesis:
    """Return a hypothesis on the ranks and widths of a linear network."""

    def checked(instance: Instance) -> Finding:
        facts = network_facts(instance.F.loss)
        if facts is None:
            return decided(
                statement, Outcome.UNDECIDED, Grade.NUMERICAL, "the loss is no linear network"
            )
        holds, detail = check(facts)
        outcome = Outcome.YES if holds else Outcome.NO
        return Finding(statement=statement, outcome=outcome, evidence=facts.evidence, detail=detail)

    return Hypothesis(name=name, statement=statement, check=checked)


def _definite(facts: NetworkFacts) -> tuple[bool, str]:
    return facts.input_rank == facts.widths[0], f"rank Σ = {facts.input_rank} of {facts.widths[0]}"


def _no_slack(facts: NetworkFacts) -> tuple[bool, str]:
    if facts.depth <= 2:
        return True, f"{facts.depth} layer" + ("s" if facts.depth == 2 else "")
    square = set(facts.widths) == {facts.target_rank}
    shape = "-".join(str(width) for width in facts.widths)
    return square, f"widths {shape}, rank of the best map {facts.target_rank}"


def _single(facts: NetworkFacts) -> tuple[bool, str]:
    count = facts.non_zero_eigenvalues
    if facts.depth == 1:  # the Hessian I ⊗ Σ does not depend on the target
        return count == 1, f"dy·r = {count} eigenvalue" + ("s" if count != 1 else "")
    return (
        count == 1 and facts.full_rank,
        f"dy·r = {count} eigenvalues, rank of the best map {facts.target_rank}",
    )


DEFINITE_INPUTS = _of_network(
    "definite inputs", "the second moment Σ of the inputs is positive definite", _definite
)
NO_SLACK = _of_network(
    "no slack width",
    "there are at most two layers, or all layers are square and the best map is invertible",
    _no_slack,
)
SINGLE_EIGENVALUE = _of_network(
    "a single eigenvalue",
    "the Hessian has one non-zero eigenvalue at each minimum: dy·r = 1, and there is one layer or "
    "the target is not zero",
    _single,
)


def _observer(
    conclusion: str, values_of: Callable[[EscapePath], np.ndarray], word: str
) -> Callable[[Instance], Observation]:
    """Return how a conclusion on one end of the spectrum is looked for."""

    def observe(instance: Instance) -> Observation:
        facts = network_facts(instance.F.loss)
        if facts is None or instance.threshold.attained_at is None:
            reason = "paths along the minima are known for linear networks only"
            return Observation(
                finding=decided(conclusion, Outcome.UNDECIDED, Grade.NUMERICAL, reason)
            )
        paths = list(escape_paths(instance.loss, facts, instance.threshold.attained_at[0]))
        if not paths:
            reason = "no path along the minima leaves every ball"
            return Observation(finding=decided(conclusion, Outcome.YES, Grade.NUMERICAL, reason))
        growth = [values_of(path)[-1] / max(values_of(path)[0], 1e-300) for path in paths]
        worst = paths[int(np.argmin(growth))]
        outcome = Outcome.YES if min(growth) > _GROWTH else Outcome.NO
        detail = (
            f"slowest of {len(paths)} paths ({worst.name}): {word} {values_of(worst)[0]:.4g} at "
            f"norm {worst.norms[0]:.4g}, {values_of(worst)[-1]:.4g} at norm {worst.norms[-1]:.4g}"
        )
        return Observation(
            finding=decided(
                conclusion, outcome, Grade.NUMERICAL, "Hessians along paths to infinity", detail
            ),
            notes=_exact_notes(instance, worst),
        )

    return observe


def _exact_notes(instance: Instance, path: EscapePath) -> tuple[str, ...]:
    """Return the spectrum at both ends of a path, where it is a matter of rational arithmetic."""
    if not isinstance(instance.loss, LinearNetwork):
        return ()
    told = []
    for k in (0, len(path.points) - 1):
        values = exact_eigenvalues(instance.loss, path.points[k])
        if values is None:
            return ()
        shown = ", ".join(_short(value) for value in values)
        told.append(f"{shown} at norm {path.norms[k]:.5g}")
    return (f"non-zero eigenvalues by exact arithmetic: {'; '.join(told)}",)


def _short(value: sp.Expr) -> str:
    text = str(value)
    return text if len(text) <= 12 else f"{float(value):.6g}"


def _example(*widths: int) -> Case:
    shape = "-".join(str(width) for width in widths)
    return Case(
        title=f"linear network {shape}, Σ = I",
        F=GradientDescent(controls.identity_network(*widths), step_size="1/2"),
    )


def _slack() -> Case:
    return Case(
        title="linear network 1-2-2-1 on x = y = 1",
        F=GradientDescent(controls.identity_network(1, 2, 2, 1), step_size="3/5"),
        why="W_2 = diag(1, T) is a minimum with λmax = 3 for every T: stable minima are unbounded",
    )


def _repeated_input() -> Case:
    net = LinearNetwork((2, 2, 1), [[1.0, 1.0], [1.0, 1.0]], [[1.0], [1.0]])
    return Case(
        title="linear network 2-2-1 whose two inputs are equal",
        F=GradientDescent(net, step_size="1/10"),
        why="weights that only see the difference of the inputs are free",
    )


def _no_network() -> Case:
    return Case(
        title="y²/(2(1 + x²))",
        F=GradientDescent(controls.flat_valley(), step_size=1),
        why="along the minima y = 0 the curvature 1/(1 + x²) tends to zero",
    )


spectrum_along_the_minima = Claim(
    name="spectrum_along_the_minima",
    title="The largest Hessian eigenvalue is proper along the minima, so stable minima are bounded",
    statement=(
        "For a linear network with Σ positive definite and at most two layers, or with square "
        "layers and an invertible best map, λmax tends to infinity along the minima; for every η "
        "the minima with η λmax ≤ 2 form a compact set. With spare width in three layers or more "
        "this fails, although the infimum of λmax is attained."
    ),
    sources=("craciun2024convergence",),
    hypotheses=(LINEAR_NETWORK, DEFINITE_INPUTS, NO_SLACK),
    conclusion=_PROPER,
    observe=_observer(_PROPER, lambda path: path.largest, "λmax"),
    examples=lambda: (
        Case(
            title="(xyz - 1)²/2",
            F=GradientDescent(controls.product_loss(3), step_size="1/2"),
        ),
        _example(2, 3, 2),
        _example(2, 2, 2, 2),
    ),
    counterexamples=lambda: {
        LINEAR_NETWORK.name: _no_network(),
        DEFINITE_INPUTS.name: _repeated_input(),
        NO_SLACK.name: _slack(),
    },
)

every_eigenvalue_proper = Claim(
    name="every_eigenvalue_proper",
    title="Every non-zero Hessian eigenvalue is proper along the minima",
    statement=(
        "As the result is summarised in public, every non-zero Hessian eigenvalue is a proper "
        "function on the minima of a linear network. That holds where there is only one of them: "
        "for dy·r = 1 without slack width. For dy·r > 1 the smallest one can tend to zero, and "
        "then the second threshold 2 / inf λmin is infinite."
    ),
    sources=("craciun2024convergence",),
    hypotheses=(LINEAR_NETWORK, DEFINITE_INPUTS, NO_SLACK, SINGLE_EIGENVALUE),
    conclusion=_ALL_PROPER,
    observe=_observer(_ALL_PROPER, lambda path: path.smallest, "smallest"),
    examples=lambda: (
        Case(title="(xy - 1)²/2", F=GradientDescent(controls.product_loss(), step_size="1/2")),
        _example(1, 3, 1),
    ),
    counterexamples=lambda: {
        LINEAR_NETWORK.name: _no_network(),
        DEFINITE_INPUTS.name: _repeated_input(),
        NO_SLACK.name: _slack(),
        SINGLE_EIGENVALUE.name: Case(
            title="linear network 2-1-1, Σ = I",
            F=GradientDescent(controls.identity_network(2, 1, 1), step_size="1/2"),
            why="W_2 = a, W_1 = wᵀ/a has the eigenvalues a² and a² + |w|²/a²: a² tends to 0",
        ),
    },
)
