"""Gradient descent and what every map can do."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput, UnknownParameter
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.maps.gradient_descent import GradientDescent

x, y, a, eta = sp.symbols("x y a eta")


def descent(step_size=eta):
    return GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size)


def test_jacobian_and_determinant_of_the_scalar_factorisation():
    F = descent()
    hessian = sp.Matrix([[y**2, 2 * x * y - 1], [2 * x * y - 1, x**2]])
    assert sp.simplify(F.jacobian - (sp.eye(2) - eta * hessian)) == sp.zeros(2)
    expected = (1 - eta * x**2) * (1 - eta * y**2) - eta**2 * (2 * x * y - 1) ** 2
    assert sp.expand(F.determinant - expected) == 0


def test_image_is_a_step_against_the_gradient():
    F = descent("1/4")
    assert F.exact_image(["1/2", 4]) == (sp.Rational(-1, 2), sp.Rational(31, 8))
    assert F([0.5, 4.0]).tolist() == [-0.5, 3.875]
    assert F.exact
    assert not descent(0.25).exact


def test_iterate_is_repeated_application_for_any_batch_shape():
    F = descent("1/3")
    states = np.random.default_rng(0).normal(size=(2, 3, 2))
    assert F(states).shape == (2, 3, 2)
    assert np.array_equal(F.iterate(states, 3), F(F(F(states))))
    assert np.array_equal(F.iterate(states[1, 2], 3), F.iterate(states, 3)[1, 2])
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(InvalidInput, match="n:"):
            F.iterate(states, wrong)


def test_trajectory():
    F = descent("1/3")
    orbit = F.trajectory([1.2, 0.4], 5)
    assert orbit.points.shape == (6, 2)
    assert np.array_equal(orbit.points[5], F.iterate([1.2, 0.4], 5))
    assert not orbit.points.flags.writeable
    assert "5 steps" in repr(orbit)
    with pytest.raises(InvalidInput, match="start"):
        F.trajectory([1.0, 2.0, 3.0], 5)
    with pytest.raises(InvalidInput, match="n:"):
        F.trajectory([1.0, 2.0], 0)


def test_jacobian_at_is_the_symbolic_jacobian_in_numbers():
    F = descent("1/3")
    states = np.random.default_rng(1).normal(size=(5, 2))
    expected = [np.array(F.jacobian.subs({x: s, y: t}), dtype=float) for s, t in states]
    assert np.allclose(F.jacobian_at(states), expected, rtol=1e-13)


def test_numeric_and_symbolic_paths_of_one_network_agree():
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(9, 2)), rng.normal(size=(9, 2))
    net = LinearNetwork((2, 2, 2), X, Y)
    F = GradientDescent(net, "1/5")
    assert F.expression is not None
    states = rng.normal(size=(6, 8))
    assert np.allclose(F(states), states - 0.2 * net.gradient_at(states), rtol=1e-12, atol=1e-13)
    expected = np.eye(8) - 0.2 * net.hessian_at(states)
    assert np.allclose(F.jacobian_at(states), expected, rtol=1e-12, atol=1e-12)
    wide = GradientDescent(LinearNetwork((2, 4, 2), X, Y), "1/5")
    assert wide.expression is None
    states = rng.normal(size=(6, 16))
    gradient = wide.loss.gradient_at(states)
    assert np.allclose(wide(states), states - 0.2 * gradient, rtol=1e-14)
    assert np.array_equal(wide.kernel().step(states)[1], gradient)


def test_parameters_are_matched_by_name():
    F = GradientDescent(Loss((x - a) ** 2, [x]), eta)
    assert F.parameters == ("a", "eta")
    G = F.at(a=2).at(eta="1/4")
    assert G.parameters == ()
    assert G([0.0]).tolist() == [1.0]
    assert F.at(eta="1/4", a=2) == G
    with pytest.raises(UnknownParameter, match="a, eta"):
        F.at(step_size=1)
    with pytest.raises(UnknownParameter, match="none"):
        G.at(eta=1)
    with pytest.raises(InvalidInput, match=r"F\.at\(a="):
        F([0.0])


def test_one_parameter_shared_by_loss_and_step_size():
    F = GradientDescent(Loss(a * x**2, [x]), a)
    assert F.at(a="1/2").exact_image([1]) == (sp.Rational(1, 2),)


@pytest.mark.parametrize("step", [0, -1, float("inf"), float("nan"), "fast", True, None])
def test_step_size_must_be_positive(step):
    with pytest.raises(InvalidInput, match="step_size"):
        descent(step)


def test_the_loss_must_be_one():
    with pytest.raises(InvalidInput, match="Loss"):
        GradientDescent(x**2, "1/2")


def test_wrong_states():
    F = descent("1/2")
    with pytest.raises(InvalidInput, match="states"):
        F([1.0, 2.0, 3.0])
    with pytest.raises(InvalidInput, match="states"):
        F("abc")
    with pytest.raises(InvalidInput, match="point"):
        F.exact_image([1])


def test_equality_hash_and_pickling():
    F = descent("1/2")
    assert descent("1/2") == F
    assert hash(F) == hash(descent("1/2"))
    assert descent("1/3") != F
    assert descent(0.5) != F  # a float is not the exact number
    F.jacobian  # noqa: B018  a cached value must not get in the way
    copy = pickle.loads(pickle.dumps(F))
    assert copy == F
    assert copy([1.0, 3.0]).tolist() == F([1.0, 3.0]).tolist()


def test_words_and_formula():
    F = descent("1/2")
    assert F.describe() == "gradient descent on (x*y - 1)**2/2, step size 1/2"
    assert repr(F) == "GradientDescent(Loss((x*y - 1)**2/2, [x, y]), step_size=1/2)"
    formula = F._repr_latex_()
    assert formula.startswith("$\\displaystyle")
    assert "\\mapsto" in formula
    wide = GradientDescent(LinearNetwork((13, 1), np.eye(13), np.ones((13, 1))), "1/2")
    assert wide._repr_latex_() is None


def test_overflow_goes_to_infinity_in_silence():
    F = descent("1/2")
    end = F.iterate([10.0, 11.0], 50)
    assert not np.isfinite(end).all()
