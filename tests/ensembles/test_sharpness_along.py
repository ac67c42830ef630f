"""Sharpness along orbits against whole Hessians at the states of the same orbits."""

import numpy as np
import pytest
from sympy.abc import a, c, x, y

import dynsys_gd as dg
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.ensembles import sharpness_along as module

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
OPEN = dg.Loss(a * x**4 / 4 + c * x * y + y**2, [x, y]).at(a=2, c="1/3")
DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(40, 3))
Y = np.sin(X[:, :2])
DEEP = dg.LinearNetwork((3, 4, 2), X, Y)
FEW_SAMPLES = dg.LinearNetwork((3, 4, 2), X[:2], Y[:2])
TANH = dg.MLP((3, 6, 2), dg.Activation.TANH, X, Y)
MAPS = {
    "symbolic": dg.GradientDescent(LOSS, "1/2"),
    "parameters with a value": dg.GradientDescent(OPEN, "1/100"),
    "momentum": dg.HeavyBall(LOSS, "1/2", "1/2"),
    "deep linear": dg.GradientDescent(DEEP, "1/10"),
    "fewer samples than inputs": dg.GradientDescent(FEW_SAMPLES, "1/10"),
    "deep linear, Nesterov": dg.Nesterov(DEEP, "1/20", "1/2"),
    "tanh": dg.GradientDescent(TANH, "1/10"),
    "batches of formulas": dg.MinibatchCycle([LOSS, OPEN], "1/50"),
    "batches of a network": dg.MinibatchCycle(dg.minibatches(DEEP, 4), "1/20"),
}


def by_whole_hessians(F, starts, steps, every):
    states, seen = F.lift(starts), []
    for done in range(0, steps + 1, every):
        states = states if done == 0 else F.iterate(states, every)
        seen.append(F.loss.sharpness_at(F.project(states)))
    return np.array(seen).T


@pytest.mark.parametrize("name", MAPS)
def test_agrees_with_whole_hessians(name):
    F = MAPS[name]
    starts = np.random.default_rng(1).normal(scale=0.6, size=(11, F.loss.dimension))
    found = dg.sharpness_along(F, starts, 45, every=5)
    expected = by_whole_hessians(F, starts, 45, 5)
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert found.steps.tolist() == list(range(0, 46, 5))
    assert found.residuals.shape == found.values.shape
    assert np.all(found.residuals <= 1e-3 * np.abs(expected))


def test_machine_code_is_not_needed(monkeypatch):
    F = MAPS["tanh"]
    starts = np.random.default_rng(2).normal(size=(3, F.dimension))
    machine = dg.sharpness_along(F, starts, 12, every=4)
    monkeypatch.setattr(module, "usable", lambda kernel, wanted: Arithmetic.NUMPY)
    numpy = dg.sharpness_along(F, starts, 12, every=4)
    np.testing.assert_allclose(machine.values, numpy.values, rtol=1e-6)
    assert numpy.residuals.max() < 1e-12


def test_autodiff_losses_are_looked_at_through_their_hessians():
    pytest.importorskip("jax")
    product = dg.AutodiffLoss(lambda p: (p[0] * p[1] - 1) ** 2 / 2, 2)
    starts = [[0.3, 1.1], [1.0, 2.0]]
    found, same = (
        dg.sharpness_along(dg.GradientDescent(loss, "1/4"), starts, 20) for loss in (product, LOSS)
    )
    np.testing.assert_allclose(found.values, same.values, rtol=1e-12)


def test_the_number_of_samples_of_a_linear_network_costs_nothing():
    many = dg.LinearNetwork((3, 4, 2), np.tile(X, (500, 1)), np.tile(Y, (500, 1)))
    code, data = many.hessian_product_code()
    few_code, few_data = DEEP.hessian_product_code()
    assert code == few_code
    assert len(data) == len(few_data) == 1 + 3 * (3 + 2)
    points = DRAWN.normal(size=(4, many.dimension))
    np.testing.assert_allclose(many.sharpness_at(points), DEEP.sharpness_at(points), rtol=1e-12)


@pytest.mark.parametrize(
    ("F", "limit"),
    [
        (dg.GradientDescent(LOSS, "1/2"), 4.0),
        (dg.HeavyBall(LOSS, "1/2", "1/2"), 2 * 1.5 / 0.5),
        (dg.Nesterov(LOSS, "1/4", "1/2"), 3 / (2 * 0.25)),
        (dg.MinibatchCycle([LOSS, LOSS], "1/2"), None),
    ],
)
def test_the_limit_is_where_minima_lose_their_stability(F, limit):
    assert dg.sharpness_along(F, [[1, 1]], 1).limit == limit
    if limit is None:
        return
    for sharpness, stable in ((0.999 * limit, True), (1.001 * limit, False)):
        quadratic = dg.Loss(sharpness * x**2 / 2, [x])
        G = type(F)(quadratic, *F.settings.values())
        multipliers = np.linalg.eigvals(G.jacobian_at(G.lift([[0.0]]))[0])
        assert bool(np.abs(multipliers).max() < 1) is stable


def test_an_orbit_that_escapes_is_no_number_and_disturbs_no_other():
    F = MAPS["symbolic"]
    found = dg.sharpness_along(F, [[9.0, 9.0], [0.5, 1.0]], 30)
    assert np.isnan(found.values[0, -1])
    assert np.array_equal(found.values[1:], dg.sharpness_along(F, [[0.5, 1.0]], 30).values)


def test_steps_that_are_no_multiple_end_at_the_last_one_before():
    assert dg.sharpness_along(MAPS["symbolic"], [[1, 2]], 10, every=4).steps.tolist() == [0, 4, 8]


def test_orbits_slide_down_to_minima_that_are_stable():
    # One neuron a layer, from far up the valley: λ = x² + y² falls below 2/η.
    found = dg.sharpness_along(dg.GradientDescent(LOSS, "1/2"), [[2.4, 0.5]], 400)
    assert found.values[0, 0] > found.limit
    assert found.values[0, -1] < found.limit


@pytest.mark.parametrize("name", MAPS)
def test_losses_do_not_depend_on_the_company(name, monkeypatch):
    F = MAPS[name]
    starts = np.random.default_rng(4).normal(size=(11, F.loss.dimension)) / 3
    few = dg.sharpness_along(F, starts, 24, every=3)
    monkeypatch.setattr(module, "_FEW", 3)
    many = dg.sharpness_along(F, starts, 24, every=3)
    np.testing.assert_array_equal(few.values, many.values)
    np.testing.assert_allclose(few.losses, many.losses, rtol=1e-12)
    np.testing.assert_allclose(few.losses[:, 0], F.loss(starts), rtol=1e-12)


def test_a_neutral_minimum_has_neutrality_one():
    for F in (dg.GradientDescent(LOSS, "1/2"), dg.HeavyBall(LOSS, "3/4", "1/2")):
        minimum = [(2 + 3**0.5) ** 0.5, (2 - 3**0.5) ** 0.5]  # xy = 1 and x² + y² = 4
        found = dg.sharpness_along(F, [minimum], 1)
        np.testing.assert_allclose(found.neutrality, 1.0, rtol=1e-12)
        multipliers = np.linalg.eigvals(F.jacobian_at(F.lift([minimum]))[0])
        assert np.abs(multipliers + 1).min() < 1e-12
    batches = dg.sharpness_along(MAPS["batches of formulas"], [[1, 1]], 2)
    assert np.isnan(batches.neutrality).all()
