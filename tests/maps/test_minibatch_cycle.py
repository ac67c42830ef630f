"""One pass over fixed batches as one map: order of steps, chain rule, fixed points."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import data
from dynsys_gd.errors import InvalidInput, UnknownParameter
from dynsys_gd.losses.activations import Activation
from dynsys_gd.losses.data_loss import DataLoss
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.mlp import MLP
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.maps.gradient_descent import GradientDescent
from dynsys_gd.maps.minibatch_cycle import MinibatchCycle, minibatches

x, y, a, eta = sp.symbols("x y a eta")


def pair():
    return [Loss((x * y - 1) ** 2 / 2, [x, y]), Loss((x - 2 * y) ** 4 / 8, [x, y])]


def test_steps_are_taken_in_the_given_order():
    first, second = (GradientDescent(loss, "1/4") for loss in pair())
    F = MinibatchCycle(pair(), "1/4")
    states = np.random.default_rng(0).normal(size=(5, 2))
    assert np.array_equal(F(states), second(first(states)))
    assert not np.allclose(F(states), first(second(states)))
    exact = second.exact_image(first.exact_image(["1/3", 2]))
    assert F.exact_image(["1/3", 2]) == exact


def test_jacobian_is_the_product_in_the_right_order():
    F = MinibatchCycle(pair(), "1/4")
    states = np.random.default_rng(1).normal(size=(4, 2))
    expected = [np.array(F.jacobian.subs({x: s, y: t}), dtype=float) for s, t in states]
    assert np.allclose(F.jacobian_at(states), expected, rtol=1e-12, atol=1e-13)
    h = 1e-6 * np.eye(2)
    difference = (F(states[0] + h) - F(states[0] - h)).T / 2e-6
    assert np.allclose(F.jacobian_at(states[0]), difference, atol=1e-6)


def test_cycle_of_one_is_gradient_descent():
    F, G = MinibatchCycle(pair()[:1], eta), GradientDescent(pair()[0], eta)
    assert F.expression == G.expression
    assert F.parameters == ("eta",)
    states = np.random.default_rng(2).normal(size=(4, 2))
    one, other = F.at(eta="1/3").kernel(), G.at(eta="1/3").kernel()
    for left, right in zip(one.step(states), other.step(states), strict=True):
        assert np.array_equal(left, right)


def test_fixed_point_of_two_quadratics_moves_with_the_step_size():
    # From (x-1)²/2 then (x+1)²/2: x* = (1-η)x* + η becomes x* = -η/(2-η); mean minimum at 0.
    F = MinibatchCycle([Loss((x - 1) ** 2 / 2, [x]), Loss((x + 1) ** 2 / 2, [x])], eta)
    fixed = sp.solve(F.expression[0] - x, x)[0]
    assert sp.simplify(fixed + eta / (2 - eta)) == 0
    G = F.at(eta="1/2")
    residual = G.kernel().step(np.array([[-1 / 3], [0.0]]))[1].ravel()
    assert abs(residual[0]) < 1e-15
    assert residual[1] == pytest.approx(0.25)
    assert G.loss([[0.0]]).item() == pytest.approx(0.5)


def test_mean_loss_of_equal_batches_is_the_loss_of_the_network():
    X, Y = data.iris()
    net = LinearNetwork((4, 2, 3), X, Y)
    F = MinibatchCycle(minibatches(net, 3), "1/100")
    points = np.random.default_rng(3).normal(size=(4, net.dimension))
    assert np.allclose(F.loss(points), net(points), rtol=1e-12)
    assert np.allclose(F.loss.gradient_at(points), net.gradient_at(points), rtol=1e-10)
    assert np.allclose(F.loss.hessian_at(points), net.hessian_at(points), rtol=1e-10, atol=1e-10)
    assert F.expression is None
    assert F.variables == ()
    assert F.names == net.names


def test_first_step_of_a_network_cycle_uses_the_first_rows():
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(6, 2)), rng.normal(size=(6, 2))
    net = MLP(
        (2, 3, 2),
        Activation.TANH,
        X,
        abs(Y) / abs(Y).sum(axis=1, keepdims=True),
        DataLoss.CROSS_ENTROPY,
        biases=False,
    )
    batches = minibatches(net, 4)
    assert [batch.n_samples for batch in batches] == [2, 2, 1, 1]
    assert np.array_equal(batches[0].X, X[:2])
    assert np.array_equal(np.concatenate([batch.Y for batch in batches]), net.Y)
    assert batches[0].loss is DataLoss.CROSS_ENTROPY
    assert not batches[0].biases
    theta = rng.normal(size=net.dimension)
    slow = theta
    for batch in batches:
        slow = slow - 0.5 * batch.gradient_at(slow)
    assert np.allclose(MinibatchCycle(batches, "1/2")(theta), slow, rtol=1e-14)


def test_parameters_are_shared_by_name():
    losses = [Loss(a * x**2 / 2, [x]), Loss((x - a) ** 2 / 2, [x])]
    F = MinibatchCycle(losses, eta)
    assert F.parameters == ("a", "eta")
    G = F.at(a=2).at(eta="1/4")
    assert F.at(eta="1/4", a=2) == G
    assert hash(G) == hash(F.at(eta="1/4", a=2))
    assert G.exact_image([1]) == (sp.Rational(7, 8),)
    assert sp.expand(F.loss.symbolic.bound - (a * x**2 + (x - a) ** 2) / 4) == 0
    assert F.loss.at(a=2)([1.0]) == pytest.approx(0.75)
    with pytest.raises(UnknownParameter):
        F.at(b=1)
    with pytest.raises(UnknownParameter):
        F.loss.at(eta=1)
    with pytest.raises(InvalidInput, match="every parameter"):
        F([1.0])


def test_long_compositions_have_no_formula_but_still_run():
    F = MinibatchCycle(pair() * 6, "1/10")
    assert F.expression is None
    assert np.isfinite(F([1.0, 0.5])).all()
    with pytest.raises(InvalidInput, match="symbolic map"):
        F.exact_image([1, 1])


def test_pickling_and_words():
    F = MinibatchCycle(pair(), "1/4")
    assert pickle.loads(pickle.dumps(F)) == F
    assert F.describe() == ("cycle of 2 minibatch steps, first on (x*y - 1)**2/2, step size 1/4")
    assert repr(F).startswith("MinibatchCycle([Loss(")


@pytest.mark.parametrize(
    "losses",
    [
        [],
        [x**2],
        [Loss(x**2, [x]), Loss(x * y, [x, y])],
        [Loss(x**2, [x]), Loss(y**2, [y])],
        Loss(x**2, [x]),
    ],
)
def test_losses_must_belong_together(losses):
    with pytest.raises(InvalidInput, match="losses"):
        MinibatchCycle(losses, "1/2")


def test_batches_must_fit_the_samples():
    net = LinearNetwork((1, 1), [[1], [2]], [[1], [2]])
    with pytest.raises(InvalidInput, match="at most 2"):
        minibatches(net, 3)
    with pytest.raises(InvalidInput, match="n_batches"):
        minibatches(net, 0)
    with pytest.raises(InvalidInput, match="network"):
        minibatches(Loss(x**2, [x]), 1)
    with pytest.raises(InvalidInput, match="step_size"):
        MinibatchCycle(minibatches(net, 2), -1)
