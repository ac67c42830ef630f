"""What the study of good regularity rests on: the identity of balancing, and plateaus."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import MLP, Activation, DataLoss, GradientDescent, HeavyBall, Loss, Outcome
from dynsys_gd.claims import Instance
from dynsys_gd.claims.papers import good_regularity
from dynsys_gd.claims.support.plateau import GROWTH_DEGREES, SLOW_ACTIVATION, plateaus
from dynsys_gd.claims.support.product_profile import (
    AT_MOST_LINEAR_GROWTH,
    FALLING_CURVATURE,
    P,
    growth_degree,
    product_profile,
)
from dynsys_gd.claims.verify import usual_region
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.errors import InvalidInput

LOSSES = good_regularity._LOSSES
X = np.linspace(-1, 1, 9)[:, None]


def instance(loss, step="1/5"):
    F = GradientDescent(loss, step)
    return Instance(F=F, region=usual_region(F), seed=0, starts=1, budget=Budget())


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_step_multiplies_the_imbalance_as_stated(loss):
    h = sp.Symbol("h")
    F = GradientDescent(loss, h)
    (x, y), (x_next, y_next) = F.variables, F.expression
    slope = sp.diff(product_profile(loss), P).subs(P, x * y)
    assert sp.simplify(x_next**2 - y_next**2 - (x**2 - y**2) * (1 - h**2 * slope**2)) == 0


def test_degrees_of_the_family():
    assert [growth_degree(product_profile(loss)) for loss in LOSSES.values()] == [1, 1, 2, 1, 6]
    found = [AT_MOST_LINEAR_GROWTH.check(instance(loss)).outcome for loss in LOSSES.values()]
    assert found == [Outcome.YES, Outcome.YES, Outcome.NO, Outcome.YES, Outcome.NO]
    falls = [FALLING_CURVATURE.check(instance(loss)).outcome for loss in LOSSES.values()]
    assert falls == [Outcome.YES, Outcome.YES, *[Outcome.NO] * 3]


def test_degrees_of_activations_are_their_limits():
    assert set(GROWTH_DEGREES) == set(Activation)
    u = np.array([1e6, -1e6])
    for activation, degree in GROWTH_DEGREES.items():
        with np.errstate(all="ignore"):
            ratio = u * activation.slope(u) / activation.apply(u)
        assert np.nanmax(np.abs(ratio)) == pytest.approx(degree, abs=1e-4)


def test_slow_activations():
    def outcome(activation):
        return SLOW_ACTIVATION.check(instance(MLP((1, 2, 1), activation, X, X))).outcome

    assert outcome(Activation.TANH) is Outcome.YES
    assert outcome(Activation.RELU) is Outcome.YES
    assert outcome(Activation.RELU_CUBED) is Outcome.NO
    x = sp.Symbol("x")
    assert SLOW_ACTIVATION.check(instance(Loss(x**2, [x]))).outcome is Outcome.UNDECIDED


def test_plateaus_are_medians_of_second_halves():
    F = GradientDescent(MLP((1, 3, 1), Activation.TANH, X, X**2, DataLoss.HUBER), "1/10")
    seen = plateaus(F, (0, 1, 2), 100, every=10)
    assert seen.ratios.shape == (3, 11)
    assert np.array_equal(seen.ratios, 0.1 * seen.along.values)
    assert np.array_equal(seen.medians, np.median(seen.ratios[:, 5:], axis=1))
    assert np.array_equal(seen.left, seen.along.losses[:, -1] / seen.along.losses[:, 0])
    again = plateaus(F, (2,), 100, every=10)
    assert again.medians[0] == pytest.approx(seen.medians[2], rel=1e-9)


def test_plateaus_are_for_gradient_descent_on_networks():
    x = sp.Symbol("x")
    net = MLP((1, 3, 1), Activation.TANH, X, X)
    for F in (GradientDescent(Loss(x**2, [x]), "1/2"), HeavyBall(net, "1/10", "1/2")):
        with pytest.raises(InvalidInput, match="gradient descent on an MLP"):
            plateaus(F, (0,), 10, every=1)
