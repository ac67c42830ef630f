"""A map that is no gradient map: its step, its Jacobian, its fixed points, and what it refuses."""

import pickle

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.ensembles.fates import Detail
from dynsys_gd.errors import InvalidInput, UnknownParameter

eta = sp.Symbol("eta")
RELU = dg.StraightThrough.RELU


def network(bits=2):
    rng = np.random.default_rng(0)
    X = np.kron(np.eye(2), rng.normal(size=(6, 2)))
    return dg.QuantizedNetwork(X, np.repeat([0, 1], 6), dg.class_votes(2, 6), bits=bits)


def starts(n=3):
    return np.random.default_rng(1).normal(size=(n, network().dimension))


def test_a_step_goes_along_the_coarse_gradient():
    net = network()
    F = dg.CoarseGradient(net, "1/4", RELU)
    W = starts()
    assert np.array_equal(F(W), W - 0.25 * net.coarse_gradient_at(W, RELU))
    assert np.array_equal(F.iterate(W, 3), F(F(F(W))))
    assert np.array_equal(F.trajectory(W[0], 3).points[3], F.iterate(W[0], 3))
    images, residuals = F.kernel().step(W)
    assert np.array_equal(residuals, net.coarse_gradient_at(W, RELU))
    assert np.array_equal(images, F(W))


@pytest.mark.parametrize("estimator", dg.StraightThrough)
def test_jacobian_is_that_of_the_piece(estimator):
    net = network()
    F, W = dg.CoarseGradient(net, "1/4", estimator), starts(1)[0]
    h = 0.01 * float(net.flat_radius_at(W))
    difference = np.transpose([(F(W + h * e) - F(W - h * e)) / (2 * h) for e in np.eye(len(W))])
    assert np.allclose(F.jacobian_at(W), difference, atol=1e-6)
    curved = estimator.value in ("reversed exponential", "log-tailed")
    assert np.array_equal(F.jacobian_at(W), np.eye(len(W))) is not curved


def test_orbits_come_to_a_plateau_of_fixed_points():
    net = network()
    F = dg.CoarseGradient(net, "1/4", RELU)
    fates = dg.simulate(F, starts(8))
    assert fates.count(dg.Fate.CONVERGED) == 8
    assert set(fates.detail) == {Detail.PLATEAU}
    end = fates.limit[:1]
    assert net(end) == 0
    assert net.accuracy_at(end) == 1
    arrows = np.random.default_rng(2).normal(size=(50, net.dimension))
    arrows *= 0.99 * net.flat_radius_at(end)[0] / np.linalg.norm(arrows, axis=1, keepdims=True)
    assert np.array_equal(F(end + arrows), end + arrows)


def test_parameters_and_values():
    F = dg.CoarseGradient(network(), eta, RELU)
    assert F.parameters == ("eta",)
    assert F.at(eta="1/4") == dg.CoarseGradient(network(), "1/4", RELU)
    assert pickle.loads(pickle.dumps(F)) == F
    with pytest.raises(UnknownParameter):
        F.at(beta=1)
    with pytest.raises(InvalidInput, match="every parameter"):
        F(starts())
    told = F.at(eta="1/4").describe()
    assert "estimator ReLU" in told
    assert "step size 1/4" in told


@pytest.mark.parametrize(
    "question",
    [
        lambda F: F.jacobian,
        lambda F: F.determinant,
        lambda F: F.exact_image([0] * F.dimension),
        lambda F: dg.stability(F, [0.0] * F.dimension),
        lambda F: dg.normal_form(F, [0.0] * F.dimension),
        lambda F: dg.restricted(F, np.eye(F.dimension)[:2]),
    ],
)
def test_what_needs_a_formula_is_refused(question):
    F = dg.CoarseGradient(network(), "1/4", RELU)
    assert F.expression is None
    assert not F.exact
    with pytest.raises(InvalidInput, match="F: got 'coarse gradient method"):
        question(F)


def test_gradient_descent_on_the_same_loss_stands_still():
    F = dg.GradientDescent(network(), "1/4")
    assert np.array_equal(F(starts()), starts())


def test_a_row_has_the_same_image_in_whatever_company():
    F, W = dg.CoarseGradient(network(), "1/4", dg.StraightThrough.LOG_TAILED), starts(40)
    together = F.iterate(W, 30)
    for k in (0, 7, 39):
        assert np.array_equal(F.iterate(W[k : k + 1], 30)[0], together[k])
