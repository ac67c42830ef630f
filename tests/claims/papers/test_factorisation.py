"""The loss ½(uᵀv - y)²: recognised in any form, its boundary, and what a step does there."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import GradientDescent, Loss
from dynsys_gd.claims.support.factorisation import factorisation_loss, factorisation_of
from dynsys_gd.errors import InvalidInput

a, b = sp.symbols("a b")


def test_it_is_recognised_however_it_is_written():
    found = factorisation_of(Loss(sp.expand((a * b - 3) ** 2 / 2 + (a**2 + b**2) / 10), [a, b]))
    assert (found.target, found.regulariser) == (3, sp.Rational(1, 5))


@pytest.mark.parametrize(
    "expression",
    [(a * b - 1) ** 2, (a * b - 1) ** 2 / 2 + a**2, (a * b - 1) ** 2 / 2 + 1, sp.cos(a * b)],
)
def test_other_losses_are_refused(expression):
    with pytest.raises(InvalidInput, match="loss"):
        factorisation_of(Loss(expression, [a, b]))


@pytest.mark.parametrize("target", [1, -0.7, 0])
@pytest.mark.parametrize("d", [1, 3])
def test_below_the_critical_step_size_is_inside_of_the_ellipsoid(d, target):
    known = factorisation_of(factorisation_loss(d, sp.Rational(str(target))))
    points = np.random.default_rng(d).normal(scale=1.5, size=(2000, 2 * d))
    step = 0.9
    inside = known.levels(points, step) < 1
    assert 0 < inside.sum() < len(points)
    assert np.array_equal(inside, step < known.critical_steps(points))


def test_levels_are_the_formula():
    known = factorisation_of(factorisation_loss(2, "1/2"))
    V, _ = known.forms(sp.Rational(3, 4))
    points = np.random.default_rng(0).normal(size=(5, 4))
    values = [float(V.subs(dict(zip(known.variables, p, strict=True)))) for p in points]
    assert np.allclose(known.levels(points, 0.75), values, rtol=1e-13)
    near = known.at_distance(points, 0.75, 0.1)
    assert np.allclose(known.levels(near, 0.75), 0.81, rtol=1e-13)


@pytest.mark.parametrize(("d", "step"), [(1, "2/5"), (2, "6/5"), (1, sp.Symbol("eta"))])
def test_the_identity_holds_for_gradient_descent(d, step):
    loss = factorisation_loss(d, sp.Rational(2, 3))
    F = GradientDescent(loss, step)
    known = factorisation_of(loss)
    assert known.keeps_sides(F.step_size, F.expression)
    assert not known.keeps_sides(F.step_size, [2 * image for image in F.expression])
    assert d > 1 or known.triples_angles(F.step_size, F.expression)


def test_a_regulariser_breaks_both():
    loss = factorisation_loss(1, 1, "1/5")
    F = GradientDescent(loss, "2/5")
    known = factorisation_of(loss)
    assert not known.keeps_sides(F.step_size, F.expression)
    assert not known.triples_angles(F.step_size, F.expression)


@pytest.mark.parametrize(("target", "weight"), [("1/2", "1/5"), ("-1/2", "1/5"), ("1/5", "1/2")])
def test_the_least_value_is_found_by_a_search(target, weight):
    from scipy.optimize import minimize

    loss = factorisation_loss(1, target, weight)
    found = minimize(lambda p: float(loss([p])[0]), [0.7, 0.6 if target[0] != "-" else -0.6])
    assert abs(found.fun - float(factorisation_of(loss).least)) < 1e-9
