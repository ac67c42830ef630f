"""The largest Hessian eigenvalues of losses of every kind, beside those of whole Hessians."""

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.losses import base, mlp
from dynsys_gd.losses.mean import MeanLoss

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))
FORMULA = dg.Loss((x * y - 1) ** 2 / 2 + x**3 / 7, [x, y])
NETWORKS = [dg.MLP((3, 4, 2), dg.Activation.TANH, X[rows], Y[rows]) for rows in ([0, 1], [2, 3])]
LOSSES = {
    "formula": FORMULA,
    "saddle": dg.Loss(x**2 - y**2, [x, y]),
    "one coordinate": dg.Loss(x**4, [x]),
    "linear network": dg.LinearNetwork((3, 4, 2), X, Y),
    "tanh network": dg.MLP((3, 6, 2), dg.Activation.TANH, X, Y),
    "deep network without biases": dg.MLP((3, 4, 4, 2), dg.Activation.GELU, X, Y, biases=False),
    "cross-entropy": dg.MLP(
        (3, 5, 3), dg.Activation.TANH, X, np.eye(3)[np.arange(9) % 3], dg.DataLoss.CROSS_ENTROPY
    ),
    "one batch of several": dg.MinibatchCycle(NETWORKS, 0.1).loss,
    "batches of unequal weight": MeanLoss(NETWORKS, ["1/10", "9/10"]),
}


@pytest.mark.parametrize("k", [1, 4, None])
@pytest.mark.parametrize("name", LOSSES)
def test_they_are_those_of_the_whole_hessian(name, k):
    loss = LOSSES[name]
    d = loss.dimension
    k = d if k is None else min(k, d)
    for seed in range(2):
        point = np.random.default_rng(seed).normal(size=d)
        found = dg.top_eigenvalues(loss, point, k, rng=seed)
        exact = np.linalg.eigvalsh(loss.hessian_at(point))[::-1]
        size = np.abs(exact).max()
        np.testing.assert_allclose(found.values, exact[:k], atol=1e-12 * size)
        assert (exact[:k] <= found.upper).all()
        assert found.others == -np.inf if k == d else exact[k] <= found.others
        assert found.sharpness == pytest.approx(float(loss.sharpness_at(point)), abs=1e-12 * size)


@pytest.mark.parametrize("name", LOSSES)
def test_operators_multiply_with_the_hessian(name):
    loss = LOSSES[name]
    points, directions = RNG.normal(size=(2, 5, loss.dimension))
    multiply = loss.hessian_operator(points)
    expected = np.einsum("kij,kj->ki", loss.hessian_at(points), directions)
    for _ in range(2):
        np.testing.assert_allclose(multiply(directions), expected, rtol=1e-11, atol=1e-12)
    one = loss.hessian_operator(points[0])(directions[:1])
    np.testing.assert_allclose(one, expected[:1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["formula", "linear network", "tanh network"])
def test_machine_code_is_not_needed(name, monkeypatch):
    loss = LOSSES[name]
    point = RNG.normal(size=loss.dimension)
    machine = dg.top_eigenvalues(loss, point, 2, rng=0)
    monkeypatch.setattr(base, "processor", lambda: None)
    monkeypatch.setattr(mlp, "processor", lambda: None)
    plain = dg.top_eigenvalues(loss, point, 2, rng=0)
    np.testing.assert_allclose(plain.values, machine.values, rtol=1e-11)


def test_large_networks_multiply_by_matrices():
    X, Y = RNG.normal(size=(20, 30)), RNG.normal(size=(20, 2))
    net = dg.MLP((30, 150, 2), dg.Activation.TANH, X, Y)
    assert net.dimension > 2**12
    points, directions = RNG.normal(size=(2, 5, net.dimension)) / 10
    lanes = net.hessian_operator(points)(directions)
    matrices = net.hessian_operator(points[:2])(directions[:2])
    np.testing.assert_allclose(matrices, lanes[:2], rtol=1e-9, atol=1e-12)


def test_jax_functions_are_never_given_a_whole_hessian(monkeypatch):
    pytest.importorskip("jax")
    net = LOSSES["tanh network"]
    import jax.numpy as jnp

    def function(w):
        W, b = w[:18].reshape(6, 3), w[18:24]
        V, c = w[24:36].reshape(2, 6), w[36:]
        outputs = jnp.tanh(X @ W.T + b) @ V.T + c
        return jnp.mean(jnp.sum((outputs - Y) ** 2, axis=1)) / 2

    same = dg.AutodiffLoss(function, net.dimension)
    monkeypatch.setattr(dg.AutodiffLoss, "hessian_at", None)
    point = RNG.normal(size=net.dimension)
    found, expected = (dg.top_eigenvalues(each, point, 3, rng=0) for each in (same, net))
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-11)
    monkeypatch.setattr("dynsys_gd.ensembles.sharpness_along._SMALL", 5)
    along, other = (
        dg.sharpness_along(dg.GradientDescent(each, 0.1), [point, -point], 20, every=4)
        for each in (same, net)
    )
    np.testing.assert_allclose(along.values, other.values, rtol=1e-6)


def test_an_orbit_that_escapes_does_not_stop_the_products(monkeypatch):
    monkeypatch.setattr("dynsys_gd.ensembles.sharpness_along._SMALL", 0)
    monkeypatch.setattr(dg.Loss, "hessian_product_code", lambda self: None)
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    found = dg.sharpness_along(F, [[9.0, 9.0], [0.5, 1.0]], 30)
    assert np.isnan(found.values[0, -1])
    exact = np.linalg.eigvalsh(F.loss.hessian_at(F.iterate([0.5, 1.0], 30)))[-1]
    assert found.values[1, -1] == pytest.approx(exact, rel=1e-7)


def test_the_answer_says_what_is_known():
    found = dg.top_eigenvalues(LOSSES["tanh network"], np.full(38, 0.1), 2, rng=0)
    assert found.evidence.grade is dg.Grade.STATISTICAL
    assert found.separated is dg.Outcome.YES
    assert len(found) == 2
    data = found.to_dict()
    assert data["level"] == 0.99
    assert data["dimension"] == 38
    assert not found.values.flags.writeable


def test_an_eigenvalue_that_occurs_again_is_not_called_separate():
    bowl = dg.Loss(x**2 + y**2, [x, y])
    found = dg.top_eigenvalues(bowl, [1, 1], rng=0)
    assert found.sharpness == pytest.approx(2, abs=1e-14)
    assert found.separated is dg.Outcome.UNDECIDED
    assert found.others == pytest.approx(2, abs=1e-12)


def test_a_higher_level_costs_more_products():
    net, point = LOSSES["tanh network"], RNG.normal(size=38)
    low, high = (dg.top_eigenvalues(net, point, rng=0, level=level) for level in (0.5, 1 - 1e-12))
    assert low.values == pytest.approx(high.values, rel=1e-12)
    assert low.products <= high.products
