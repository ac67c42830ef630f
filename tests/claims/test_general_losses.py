"""Every critical point repels, or the claim does not speak."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

from dynsys_gd import MLP, Activation, Budget, GradientDescent, Loss, Outcome
from dynsys_gd.claims import Status, general_loss_impossibility, minima_form_a_manifold, verify

BUDGET = Budget(steps=512)


def unstable(F):
    """Return the finding on the critical points alone."""
    verdict = verify(general_loss_impossibility, F, starts=5, budget=BUDGET, rng=0)
    names = [hypothesis.name for hypothesis in general_loss_impossibility.hypotheses]
    return verdict.findings[names.index("unstable critical points")]


def descent(expression, step_size):
    variables = sorted(expression.free_symbols, key=str)
    return GradientDescent(Loss(expression, variables), step_size=step_size)


WELL = x**4 / 4 - x**2 / 2


@pytest.mark.parametrize(
    ("F", "outcome"),
    [
        (descent(WELL, "11/10"), Outcome.YES),
        (descent(WELL, 1), Outcome.NO),  # multiplier -1: neutral is not repelling
        (descent(WELL, "9/10"), Outcome.NO),
        (descent((x * y - 1) ** 2 / 2, "11/10"), Outcome.YES),  # a family and a strict saddle
        (descent((x * y - 1) ** 2 / 2, "9/10"), Outcome.NO),
        (descent(WELL + y**2 / 10, "11/10"), Outcome.YES),  # stable in y, repelling in x
        (descent(x**3, 1), Outcome.NO),  # a degenerate critical point, no minimum
        (descent(x**4, 100), Outcome.NO),
        (descent(x, 1), Outcome.YES),  # no critical point at all, none that attracts
    ],
)
def test_critical_points(F, outcome):
    found = unstable(F)
    assert found.outcome is outcome, found
    assert found.evidence.grade.rigorous


def test_a_degenerate_saddle_is_not_called_repelling():
    # (xyz - 1)²/2 has H(0) = 0, and saddles x = y = 0 of which only z = 0 is degenerate.
    assert unstable(descent((x * y * z - 1) ** 2 / 2, "7/10")).outcome is not Outcome.YES


@pytest.mark.parametrize(("step_size", "outcome"), [("21/10", Outcome.YES), (2, Outcome.UNDECIDED)])
def test_an_output_bias_bounds_the_curvature_of_every_point(step_size, outcome):
    net = MLP((1, 2, 1), Activation.SIGMOID, [[0.0], [1.0]], [[0.0], [1.0]])
    assert unstable(GradientDescent(net, step_size=step_size)).outcome is outcome
    points = np.random.default_rng(0).standard_normal((50, net.dimension))
    assert net.sharpness_at(points).min() >= 1 - 1e-12


def test_without_that_bias_nothing_is_claimed():
    net = MLP((1, 2, 1), Activation.TANH, [[0.0], [1.0]], [[0.0], [1.0]], biases=False)
    assert unstable(GradientDescent(net, step_size=5)).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ((x**2 + y**2 - 1) ** 2, Outcome.YES),
        ((x**2 - 1) ** 2, Outcome.YES),  # two points
        ((x**2 - 1) ** 2 + 0 * y, Outcome.YES),
        (x**2 * y**2, Outcome.NO),  # two lines that cross
        ((x * (y - 1) * (y + 1)) ** 2, Outcome.NO),
        ((y**2 - x**3) ** 2, Outcome.NO),  # a cusp
        (x**2 - y**2, Outcome.NO),  # no minimum
    ],
)
def test_minima_of_symbolic_losses(expression, outcome):
    verdict = verify(minima_form_a_manifold, descent(expression, 1), rng=0)
    assert verdict.applies is outcome, verdict
    if outcome is Outcome.YES:
        assert verdict.status is Status.VERIFIED


def test_a_transcendental_loss_is_undecided():
    verdict = verify(minima_form_a_manifold, descent(sp.exp(x) + sp.exp(-x), 1), rng=0)
    assert verdict.status in (Status.INCONCLUSIVE, Status.VERIFIED)
