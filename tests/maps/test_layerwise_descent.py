"""A step size for each layer: the step by hand, its Jacobian, rescaled weights, carried steps."""

import pickle

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.engine.machine.cpu import processor

x, y, a, eta = sp.symbols("x y a eta")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))
LOSSES = {
    "formula": dg.Loss((x * y - 1) ** 2 / 2 + x**4, [x, y]),
    "linear network": dg.LinearNetwork((3, 4, 2), X, Y),
    "one layer": dg.LinearNetwork((3, 2), X, Y),
    "tanh": dg.MLP((3, 5, 2), dg.Activation.TANH, X, Y),
    "tanh without biases": dg.MLP((3, 2, 4, 2), dg.Activation.TANH, X, Y, biases=False),
}
STEPS = ("1/10", "3/10", "1/20")


def descent(name):
    loss = LOSSES[name]
    layers = len(dg.LayerwiseDescent(loss, [1] * _count(loss)).layers)
    return dg.LayerwiseDescent(loss, STEPS[:layers])


def _count(loss):
    return loss.dimension if isinstance(loss, dg.Loss) else loss.depth


def each_coordinate(F):
    return np.repeat([float(step) for step in F.step_sizes], F.layers)


def states_of(F, n=7):
    return np.random.default_rng(1).normal(size=(n, F.dimension))


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_is_that_of_each_layer(name):
    F = descent(name)
    states = states_of(F)
    expected = states - each_coordinate(F) * F.loss.gradient_at(states)
    np.testing.assert_allclose(F(states), expected, rtol=1e-13, atol=1e-13)


def test_biases_belong_to_their_layer():
    assert descent("tanh").layers == (5 * 3 + 5, 2 * 5 + 2)
    assert descent("tanh without biases").layers == (6, 8, 8)
    assert descent("linear network").layers == (12, 8)
    assert descent("formula").layers == (1, 1)
    assert dg.LayerwiseDescent(LOSSES["formula"], [eta], [2]).layers == (2,)


@pytest.mark.parametrize("name", LOSSES)
def test_equal_step_sizes_are_gradient_descent(name):
    loss = LOSSES[name]
    F = dg.LayerwiseDescent(loss, ["1/10"] * _count(loss))
    G = dg.GradientDescent(loss, "1/10")
    states = 0.1 * states_of(F)
    np.testing.assert_allclose(F.iterate(states, 30), G.iterate(states, 30), rtol=1e-11)
    np.testing.assert_allclose(F.jacobian_at(states), G.jacobian_at(states), atol=1e-12)


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_jacobian_is_the_derivative(name, carried):
    F = descent(name)
    state = 0.5 * states_of(F, 1)[0]
    if carried:
        state = np.concatenate([state, [float(step) for step in F.step_sizes]])
        F = F.carried
    h = 1e-6 * np.eye(F.dimension)
    difference = (F(state + h) - F(state - h)).T / 2e-6
    np.testing.assert_allclose(F.jacobian_at(state), difference, atol=2e-7)


def test_multipliers_are_those_of_a_symmetric_matrix():
    F = descent("tanh")
    state = states_of(F, 1)[0]
    root = np.sqrt(each_coordinate(F))
    symmetric = np.eye(F.dimension) - root[:, None] * F.loss.hessian_at(state) * root
    found = np.linalg.eigvals(F.jacobian_at(state))
    assert abs(found.imag).max() < 1e-12
    np.testing.assert_allclose(np.sort(found.real), np.linalg.eigvalsh(symmetric), atol=1e-12)


def test_it_is_gradient_descent_of_rescaled_weights():
    u, v = sp.symbols("u v")
    product = (u * v - 1) ** 2 / 2
    G = dg.LayerwiseDescent(dg.Loss(product, [u, v]), ("1/10", "1/40"))
    scaled = dg.GradientDescent(dg.Loss(product.subs(v, v / 2), [u, v]), "1/10")
    starts = np.array([[1.5, 0.25], [-2.0, 1.0]])
    found = scaled.iterate(starts * [1, 2], 25) * [1, 0.5]
    np.testing.assert_allclose(G.iterate(starts, 25), found, rtol=1e-12)


@pytest.mark.skipif(processor() is None, reason="no machine code here")
@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("name", ["one layer", "tanh", "tanh without biases"])
def test_machine_code_is_the_numpy_step(name, carried):
    F = descent(name)
    starts = states_of(F, 37)
    if carried:
        steps = np.random.default_rng(2).uniform(0.01, 0.3, size=(37, len(F.layers)))
        F, starts = F.carried, np.hstack([starts, steps])
    rule = dg.StoppingRule(steps=25, tolerance=None)
    assert F.kernel().code is not None
    for arithmetic in (dg.Arithmetic.PLAIN, dg.Arithmetic.FUSED):
        found, oracle = (
            dg.stopping_times(F, starts, rule=rule, keep=dg.Keep.STATES, arithmetic=used).states
            for used in (arithmetic, dg.Arithmetic.NUMPY)
        )
        np.testing.assert_allclose(found, oracle, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", LOSSES)
def test_each_start_carries_its_step_sizes(name):
    F = descent(name)
    steps = np.random.default_rng(3).uniform(0.01, 0.2, size=(5, len(F.layers)))
    starts = states_of(F, 5)
    carried = F.carried.iterate(np.hstack([starts, steps]), 12)
    np.testing.assert_array_equal(carried[:, F.dimension :], steps)
    for start, own, end in zip(starts, steps, carried[:, : F.dimension], strict=True):
        alone = dg.LayerwiseDescent(F.loss, own).iterate(start, 12)
        np.testing.assert_allclose(end, alone, rtol=1e-11, atol=1e-13)


def test_critical_step_sizes_of_a_bowl():
    F = dg.LayerwiseDescent(dg.Loss(x**2 + 8 * y**2, [x, y]), (eta, a))
    assert F.parameters == ("a", "eta")
    for eta_, a_, stable in ((0.99, 0.12, True), (1.01, 0.12, False), (0.99, 0.13, False)):
        card = dg.stability(F.at(eta=eta_, a=a_), [0, 0])
        assert (max(abs(complex(m)) for m in card.orbit.multipliers) < 1) is stable


def test_exact_images_and_open_parameters():
    F = dg.LayerwiseDescent(dg.Loss(a * x**2 / 2 + y**2 / 2, [x, y]), (eta, "1/4"))
    G = F.at(a=2).at(eta="1/3")
    assert F.at(eta="1/3", a=2) == G
    assert hash(G) == hash(F.at(eta="1/3", a=2))
    assert G.exact_image([1, 1]) == (sp.Rational(1, 3), sp.Rational(3, 4))
    with pytest.raises(dg.UnknownParameter):
        F.at(b=1)
    with pytest.raises(dg.InvalidInput, match="every parameter"):
        F([1.0, 1.0])
    with pytest.raises(dg.InvalidInput, match="every parameter"):
        F.carried([1.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(F.carried.at(a=2)([1, 1, 0.5, 0.25]), [0, 0.75, 0.5, 0.25])


def test_pickling_and_words():
    F = descent("formula")
    assert pickle.loads(pickle.dumps(F)) == F
    assert pickle.loads(pickle.dumps(F.carried)) == F.carried
    assert F.describe().startswith("layerwise descent on x**4")
    assert "step sizes 1/10, 3/10" in repr(F) + F.describe()
    assert F.carried.names == ("x", "y", "step_size_1", "step_size_2")
    assert repr(F.carried).startswith("CarriedStepSizes(Loss(")


def test_points_alone_are_no_states_of_carried_step_sizes():
    with pytest.raises(dg.InvalidInput, match="starts"):
        dg.stopping_times(descent("formula").carried, [[1.0, 1.0]])
    assert descent("formula").carried.loss is None


def test_step_sizes_have_an_order():
    with pytest.raises(dg.InvalidInput, match="step_sizes"):
        dg.LayerwiseDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), {"1/2", "1/8"})
