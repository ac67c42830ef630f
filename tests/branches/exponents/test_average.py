"""Time averages against integrals, with errors that cover them."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg

x, y, eta = sp.symbols("x y eta")
YES, NO = dg.Outcome.YES, dg.Outcome.NO
LOGISTIC = dg.textbook.logistic()
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)


@pytest.mark.parametrize(
    ("observable", "exact"),
    [(x, 0.5), (x**2, 0.375), (sp.log(x), -2 * np.log(2)), (sp.cos(2 * x), None)],
    ids=str,
)
def test_moments_of_the_arcsine_law(observable, exact):
    if exact is None:
        theta = (np.arange(4000) + 0.5) * np.pi / 8000
        exact = np.cos(2 * np.sin(theta) ** 2).mean()
    rows = np.linspace(0.11, 0.89, 80)[:, None]
    found = dg.birkhoff_average(LOGISTIC, observable, rows, steps=20_000)
    z_scores = (found.averages - exact) / found.errors
    assert np.mean(np.abs(z_scores) < 2) > 0.88
    assert np.sqrt(np.mean(z_scores**2)) < 1.35
    together = found.pooled()
    assert together.alike is YES
    assert abs(together.values[0] - exact) < 4 * together.errors[0]
    assert np.mean([outcome is YES for outcome in found.converged]) > 0.95


def test_smooth_weights_on_a_quasi_periodic_orbit():
    c, s = sp.Rational(3, 5), sp.Rational(4, 5)
    F = dg.SymbolicMap([c * x - s * y, s * x + c * y], [x, y])
    found = dg.birkhoff_average(F, x**2 * y**2, [1, 0], steps=20_000)
    assert found.weighted[0] == pytest.approx(1 / 8, abs=1e-11)
    assert found.weighted_gap[0] < 1e-9
    assert abs(found.averages[0] - 1 / 8) < 10 * found.errors[0]
    assert abs(found.averages[0] - 1 / 8) > 1e-9  # the plain mean is far worse


def test_smooth_weights_show_chaos_by_their_gap():
    found = dg.birkhoff_average(LOGISTIC, x, [0.3], steps=20_000)
    assert found.weighted_gap[0] > 1e-5


def test_a_cycle_is_averaged_exactly():
    found = dg.birkhoff_average(PRODUCT.at(eta="11/10"), dg.LossObservable.LOSS, [0.8, 0.9])
    root = np.sqrt(2.1**2 - 4)
    points = np.sqrt(np.array([(2.1 + root) / 2, (2.1 - root) / 2]) / 1.1)
    exact = ((points**2 - 1) ** 2 / 2).mean()
    assert found.averages[0] == pytest.approx(exact, rel=1e-12)
    assert (found.errors[0], found.periods[0], found.converged[0]) == (0, 2, YES)


def test_the_loss_and_its_gradient_are_those_of_the_formulas():
    F = PRODUCT.at(eta="8/5")
    loss = dg.birkhoff_average(F, dg.LossObservable.LOSS, [0.7, 0.9], steps=2_000)
    formula = dg.birkhoff_average(F, (x * y - 1) ** 2 / 2, [0.7, 0.9], steps=2_000)
    np.testing.assert_allclose(loss.averages, formula.averages)
    square = dg.birkhoff_average(F, dg.LossObservable.GRADIENT_SQUARED, [0.7, 0.9], steps=2_000)
    formula = dg.birkhoff_average(F, (x * y - 1) ** 2 * (x**2 + y**2), [0.7, 0.9], steps=2_000)
    np.testing.assert_allclose(square.averages, formula.averages)


def test_a_map_with_memory_is_averaged_over_its_points():
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/10", "1/2")
    found = dg.birkhoff_average(F, dg.LossObservable.LOSS, [0.3], steps=1_000)
    assert found.averages[0] == pytest.approx(-1 / 4)


def test_a_network():
    rng = np.random.default_rng(0)
    net = dg.LinearNetwork((2, 2, 1), rng.standard_normal((5, 2)), rng.standard_normal((5, 1)))
    F = dg.GradientDescent(net, "1/10")
    found = dg.birkhoff_average(F, dg.LossObservable.LOSS, rng.standard_normal(net.dimension) / 2,
                                steps=500, transient=20_000)  # fmt: skip
    assert found.averages[0] == pytest.approx(net.minimal_loss, abs=1e-6)


def test_names_are_matched_whatever_their_assumptions():
    real = sp.Symbol("x", real=True)
    one = dg.birkhoff_average(LOGISTIC, real**2, [0.3], steps=500)
    other = dg.birkhoff_average(LOGISTIC, x**2, [0.3], steps=500)
    assert one.averages == other.averages
    with pytest.raises(dg.UnknownParameter, match="q"):
        dg.birkhoff_average(LOGISTIC, sp.Symbol("q"), [0.3])


def test_drifts_and_escapes_have_not_converged():
    slow = dg.SymbolicMap([sp.Rational(9999, 10000) * x], [x])
    found = dg.birkhoff_average(slow, x, [[1.0], [1e300]], steps=2_000, transient=0)
    assert found.converged[0] is NO
    gone = dg.birkhoff_average(PRODUCT.at(eta="8/5"), x, [[9, 9], [0.7, 0.9]], steps=2_000)
    assert gone.converged[0] is NO
    assert np.isnan(gone.averages[0])
    assert gone.pooled().orbits == 1


@pytest.mark.parametrize("size", ["1", "1/1000000000000"])
def test_averages_of_any_scale_are_told_apart_and_seen_to_drift(size):
    s = sp.Rational(size)
    wells = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    found = dg.birkhoff_average(wells, s * x, [[0.5], [-0.5]], steps=1_000)
    assert found.pooled().alike is dg.Outcome.NO
    flat = dg.GradientDescent(dg.Loss(x**4 / 4, [x]), "1/2")
    found = dg.birkhoff_average(flat, s * x, [0.5], steps=1_000, transient=100)
    assert found.converged[0] is dg.Outcome.NO


@pytest.mark.parametrize("observable", [*dg.LossObservable, x * y - 1])
def test_rounding_at_minima_is_no_difference(observable):
    starts = dg.Box([0.5, 0.5], [1.5, 1.5]).sample(50, rng=0)
    found = dg.birkhoff_average(PRODUCT.at(eta="1/2"), observable, starts, steps=1_000)
    assert 0 < np.abs(found.averages).max() < 1e-14
    assert found.pooled().alike is YES


def test_what_has_no_average_is_not_counted_among_those_that_have():
    half = dg.SymbolicMap([x / 2 + 1], [x])
    found = dg.birkhoff_average(half, sp.sqrt(-x), [1.0], steps=100)
    assert found.headline() == "Time average of sqrt(-x): none, no finite values along the orbit"
    growing = dg.SymbolicMap([x**3], [x])
    found = dg.birkhoff_average(growing, x, [[0.5], [2.0]], steps=100)
    text = "Time average of x along 2 orbits (1 without finite values): 0; converged"
    assert found.headline() == text


def test_averages_beyond_the_squares_of_doubles_keep_their_error():
    growing = dg.SymbolicMap([3 * x], [x])
    found = dg.birkhoff_average(growing, x, [[1.0], [2.0]], steps=500, transient=10)
    assert found.pooled().errors[0] == np.inf
    assert found.headline()
