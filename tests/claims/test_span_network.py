"""Training in the span of the inputs is training of all weights; margins, exact inner products."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

from dynsys_gd import GradientDescent, Outcome
from dynsys_gd.claims.support.span_network import Inputs, SpanNetwork, largest_margin, stable_rank

UNIT = Fraction(1, 1024)


def samples(n=5, d=40):
    rng = np.random.default_rng(0)
    return rng.integers(-2048, 2048, size=(n, d)), rng.choice([-1.0, 1.0], size=n)


def network(smooth, n=5, d=40, units=6):
    inputs = Inputs.of(*samples(n, d), unit=UNIT)
    return SpanNetwork(inputs=inputs, units=units, slope=0.1, smooth=smooth)


def coordinates(net, W):
    """The part of weights (m, d) in the span, in the basis K^(-1/2) X."""
    return np.linalg.solve(net.root, samples()[0] @ W.T / 1024).T.ravel()


def whole_gradient(net, W):
    """The gradient in all weights, term by term."""
    X, y = samples()[0] / 1024, samples()[1]
    gradient = np.zeros_like(W)
    for x, label in zip(X, y, strict=True):
        z = W @ x
        if net.smooth:
            value, slope = 0.1 * z + 0.9 * np.log((1 + np.exp(z)) / 2), 0.1 + 0.9 / (1 + np.exp(-z))
        else:
            value, slope = np.maximum(0.1 * z, z), np.where(z > 0, 1.0, 0.1)
        a = net.outer[:, 0]
        link = -label / (1 + np.exp(label * (a @ value)))
        gradient += np.outer(link * a * slope, x) / len(y)
    return gradient


@pytest.mark.parametrize("smooth", [False, True])
def test_descent_in_the_span_is_descent_of_all_weights(smooth):
    net = network(smooth)
    W = np.random.default_rng(1).normal(size=(6, 40))
    F = GradientDescent(net, "1/20")
    end = F.iterate(coordinates(net, W), 25)
    slow = W.copy()
    for _ in range(25):
        slow = slow - whole_gradient(net, slow) / 20
    np.testing.assert_allclose(end, coordinates(net, slow), rtol=1e-10, atol=1e-12)
    # What lies outside of the span has not moved, so lengths follow from the coordinates.
    before, after = (net.weights(coordinates(net, V)) for V in (W, slow))
    outside = W @ W.T - before @ before.T
    np.testing.assert_allclose(slow @ slow.T, outside + after @ after.T, atol=1e-10)


@pytest.mark.parametrize("smooth", [False, True])
def test_derivatives(smooth):
    net = network(smooth)
    points = np.random.default_rng(2).normal(size=(2, net.dimension))
    h = 1e-6 * np.eye(net.dimension)
    for point, gradient, hessian in zip(
        points, net.gradient_at(points), net.hessian_at(points), strict=True
    ):
        slopes = (net(point + h) - net(point - h)) / 2e-6
        np.testing.assert_allclose(gradient, slopes, atol=1e-8)
        bends = (net.gradient_at(point + h) - net.gradient_at(point - h)) / 2e-6
        np.testing.assert_allclose(hessian, bends, atol=1e-7)
    assert net.analytic is (Outcome.YES if smooth else Outcome.NO)
    assert len(net.names) == net.dimension == 30


def test_inner_products_are_exact():
    inputs = network(False).inputs
    exact = [
        [
            sum(Fraction(int(p), 1024) * Fraction(int(q), 1024) for p, q in zip(x, y, strict=True))
            for y in samples()[0]
        ]
        for x in samples()[0]
    ]
    shares = [exact[i][i] / sum(abs(e) for j, e in enumerate(exact[i]) if j != i) for i in range(5)]
    assert inputs.dominance() == min(shares)
    bound = inputs.largest_eigenvalue_bound()
    assert bound == max(sum(map(abs, row)) for row in exact)
    assert np.linalg.eigvalsh(inputs.gram)[-1] <= bound


def test_largest_margin_is_that_of_the_primal_problem():
    inputs = network(False, n=6, d=9).inputs
    X, y = samples(6, 9)[0] / 1024, inputs.labels
    constraints = {"type": "ineq", "fun": lambda w: y * (X @ w) - 1}
    primal = minimize(lambda w: w @ w / 2, np.zeros(9), constraints=constraints, tol=1e-12)
    assert largest_margin(inputs) == pytest.approx(1 / np.linalg.norm(primal.x), rel=1e-6)


def test_stable_rank():
    assert stable_rank(np.diag([4.0, 2.0, 1.0])) == pytest.approx(7 / 4)


def test_normal_samples_are_nearly_orthogonal_in_high_dimension():
    low, high = (
        Inputs.gaussian(8, d, unit=UNIT, rng=np.random.default_rng(3)) for d in (30, 30_000)
    )
    assert low.dominance() < 2 < 15 < high.dominance()
    np.testing.assert_allclose(np.diag(high.gram) / 30_000, 1, atol=0.05)
