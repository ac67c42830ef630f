"""Heavy ball and Nesterov: thresholds, Jacobians on both paths, and the step by hand."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput, UnknownParameter
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.maps.gradient_descent import GradientDescent
from dynsys_gd.maps.heavy_ball import HeavyBall
from dynsys_gd.maps.nesterov import Nesterov

x, y, eta, beta = sp.symbols("x y eta beta")
RULES = [HeavyBall, Nesterov]


def factorisation():
    return Loss((x * y - 1) ** 2 / 2, [x, y])


def in_numbers_only():
    """The same kind of loss without a symbolic form: 13 parameters."""
    rng = np.random.default_rng(0)
    return LinearNetwork((13, 1), rng.normal(size=(20, 13)), rng.normal(size=(20, 1)))


def spectral_radius(F, state):
    return abs(np.linalg.eigvals(F.jacobian_at(state))).max()


def heavy_threshold(b):
    return 2 * (1 + b)


def nesterov_threshold(b):
    return (2 + 2 * b) / (1 + 2 * b)


@pytest.mark.parametrize("curvature", [0.5, 4.0])
@pytest.mark.parametrize(
    ("rule", "threshold", "momentum"),
    [
        *((HeavyBall, heavy_threshold, b) for b in (-0.5, -0.3, 0.0, 0.3, 0.9)),
        *((Nesterov, nesterov_threshold, b) for b in (0.0, 0.3, 0.9)),
    ],
)
def test_critical_step_size_of_a_quadratic(rule, threshold, momentum, curvature):
    loss = Loss(sp.Rational(curvature) * x**2 / 2, [x])
    critical = threshold(momentum) / curvature
    below = rule(loss, critical * (1 - 1e-6), momentum)
    above = rule(loss, critical * (1 + 1e-6), momentum)
    assert spectral_radius(below, [0.0, 0.0]) < 1 < spectral_radius(above, [0.0, 0.0])
    below, above = (rule(loss, critical * q, momentum) for q in (0.999, 1.001))
    assert abs(below.iterate([1.0, 1.0], 20_000)).max() < 1e-3
    assert not abs(above.iterate([1.0, 1.0], 20_000)).max() < 1e3


@pytest.mark.parametrize("rule", RULES)
def test_without_momentum_it_is_gradient_descent(rule):
    F, G = rule(factorisation(), "1/2", 0), GradientDescent(factorisation(), "1/2")
    start = np.array([[0.3, 1.4]])
    state = F.iterate(F.lift(start), 5)
    assert np.allclose(F.project(state), G.iterate(start, 5), rtol=1e-14)


def test_steps_by_hand():
    loss = Loss(x**2, [x])  # gradient 2x
    # 3 - 1/4 * 6 + 1/2 * (3 - 1) = 5/2
    assert HeavyBall(loss, "1/4", "1/2").exact_image([3, 1]) == (sp.Rational(5, 2), 3)
    # y = 3 + 1/2 * 2 = 4, then 4 - 1/4 * 8 = 2
    assert Nesterov(loss, "1/4", "1/2").exact_image([3, 1]) == (2, 3)


@pytest.mark.parametrize("rule", RULES)
def test_symbolic_and_numeric_jacobians_agree(rule):
    F = rule(factorisation(), "1/3", "1/5")
    states = np.random.default_rng(1).normal(size=(4, 4))
    symbolic = sp.lambdify(F.variables, F.jacobian)
    expected = np.array([symbolic(*state) for state in states])
    assert np.allclose(F.jacobian_at(states), expected, rtol=1e-13, atol=1e-15)

    def halves(points):
        return [points[:, :2], points[:, 2:]]

    settings = {"step_size": 1 / 3, "momentum": 1 / 5}
    by_rows = F.update_jacobian(halves(states), F.loss.hessian_at, settings)
    assert np.allclose(by_rows, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("rule", RULES)
def test_numeric_path_against_finite_differences(rule):
    F = rule(in_numbers_only(), "1/4", "1/2")
    assert F.expression is None
    assert F.dimension == 26
    state = np.random.default_rng(2).normal(size=26)
    h = 1e-6 * np.eye(26)
    difference = (F(state + h) - F(state - h)).T / 2e-6
    assert np.allclose(F.jacobian_at(state), difference, atol=1e-8)
    with pytest.raises(InvalidInput, match="symbolic map"):
        _ = F.jacobian


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", [factorisation(), in_numbers_only()])
def test_residual_vanishes_at_rest_in_a_critical_point_only(rule, loss):
    kernel = rule(loss, "1/10", "1/2").kernel()
    critical = np.linalg.lstsq(loss.X, loss.Y, rcond=None)[0].ravel() if loss.dimension > 2 else 1
    point = np.broadcast_to(critical, (1, loss.dimension))
    rest = np.concatenate([point, point], axis=1)
    assert abs(kernel.step(rest)[1]).max() < 1e-14
    moving = np.concatenate([point, point + 0.1], axis=1)
    assert abs(kernel.step(moving)[1]).max() > 1e-3


@pytest.mark.parametrize("rule", RULES)
def test_names_parameters_and_values(rule):
    F = rule(factorisation(), eta, beta)
    assert F.names == ("x", "y", "x_previous", "y_previous")
    assert F.parameters == ("beta", "eta")
    assert F.at(eta="1/2").parameters == ("beta",)
    assert F.at(eta="1/2", beta="9/10") == rule(factorisation(), "1/2", "9/10")
    assert hash(F.at(eta=1, beta=0)) == hash(rule(factorisation(), 1, 0))
    assert list(F.settings) == ["step_size", "momentum"]
    with pytest.raises(UnknownParameter, match="beta, eta"):
        F.at(gamma=1)
    with pytest.raises(InvalidInput, match="every parameter"):
        F([1, 1, 1, 1])
    assert pickle.loads(pickle.dumps(F)) == F


@pytest.mark.parametrize("rule", RULES)
def test_trajectory_from_a_point_starts_at_rest(rule):
    F = rule(factorisation(), "1/4", "1/2")
    orbit = F.trajectory([0.5, 1.5], 3)
    assert orbit.points.shape == (4, 4)
    assert orbit.points[0].tolist() == [0.5, 1.5, 0.5, 1.5]
    assert np.array_equal(orbit.points[1:, 2:], orbit.points[:-1, :2])
    assert np.array_equal(F.trajectory(orbit.points[1], 2).points, orbit.points[1:])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("momentum", [-1, "1001/1000", "3/2", float("nan"), "much"])
def test_momentum_out_of_range(rule, momentum):
    with pytest.raises(InvalidInput, match="momentum"):
        rule(factorisation(), "1/2", momentum)


def test_full_momentum_keeps_areas_and_is_for_heavy_ball_only():
    loss = Loss(x**2 / 2, [x])
    F = HeavyBall(loss, "1/2", 1)
    assert F.determinant == 1
    # Without loss of energy: x² - (3/2) x y + y² is constant along orbits.
    states = F.trajectory([1.0, 0.25], 200).points
    energy = states[:, 0] ** 2 - 1.5 * states[:, 0] * states[:, 1] + states[:, 1] ** 2
    assert np.allclose(energy, energy[0], rtol=1e-12)
    with pytest.raises(InvalidInput, match="below 1"):
        Nesterov(loss, "1/4", 1)


def test_momentum_may_be_negative_for_heavy_ball_only():
    loss = Loss(x**2, [x])
    # 3 - 1/4 * 6 - 1/2 * (3 - 1) = 1/2
    F = HeavyBall(loss, "1/4", "-1/2")
    assert F.exact_image([3, 1]) == (sp.Rational(1, 2), 3)
    assert F([[3.0, 1.0]]).tolist() == [[0.5, 3.0]]
    assert F.determinant == sp.Rational(-1, 2)
    with pytest.raises(InvalidInput, match="at least 0"):
        Nesterov(loss, "1/4", "-1/2")


@pytest.mark.parametrize("rule", RULES)
def test_step_size_and_loss_are_checked(rule):
    with pytest.raises(InvalidInput, match="step_size"):
        rule(factorisation(), 0, "1/2")
    with pytest.raises(InvalidInput, match="loss"):
        rule(x**2, "1/2", "1/2")


def test_determinants():
    loss = Loss(x**2 / 2, [x])
    assert HeavyBall(loss, eta, beta).determinant == beta
    assert sp.expand(Nesterov(loss, eta, beta).determinant - beta * (1 - eta)) == 0
