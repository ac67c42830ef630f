"""Closed curves: the first coefficient against simulated radii, resonances, elliptic points."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, beta, r, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.normal_forms.find import normal_form
from dynsys_gd.orbits.normal_forms.kinds import Bifurcation, Criticality

DELAYED = dg.SymbolicMap([r * x * (1 - y), x], [x, y])
# Simultaneous descent in x and ascent in y on x y + (x² - y²)/4 - y⁴/4.
GAME = dg.SymbolicMap([x - a * (y + x / 2), y + a * (x - y / 2 - y**3)], [x, y])
# A third coordinate, slaved at second order, that acts back through a product.
U, V, W = sp.symbols("u v w")
SLAVED = dg.SymbolicMap(
    [
        (1 + a) * (3 * U - 4 * V) / 5 + U * W,
        (1 + a) * (4 * U + 3 * V) / 5 - V**3,
        W / 2 - U**2 + U * V,
    ],
    [U, V, W],
)
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])


def left_vector(form, F, value):
    """The row ℓ with ℓ q = 1 for the unit direction q, from the Jacobian at the critical value."""
    A = F.at(**{form.parameter: value}).jacobian_at(form.points[0])
    numbers, vectors = np.linalg.eig(A.T)
    place = np.argmin(np.abs(numbers - form.multipliers[form.multipliers.imag > 0][0]))
    row = vectors[:, place]
    return row / (row @ form.direction)


@pytest.mark.parametrize(
    ("F", "at", "value", "fixed"),
    [
        (DELAYED, [1 - 1 / r] * 2, 2, lambda v: [1 - 1 / v] * 2),
        (GAME, [0, 0], sp.Rational(4, 5), lambda v: [0, 0]),
        (SLAVED, [0, 0, 0], 0, lambda v: [0, 0, 0]),
    ],
    ids=["delayed logistic", "game", "three dimensions"],
)
def test_the_radius_of_the_curve(F, at, value, fixed):
    form = normal_form(F, at, value=value)
    assert form.bifurcation is Bifurcation.NEIMARK_SACKER
    assert form.criticality is Criticality.SUPERCRITICAL
    assert form.evidence.grade is dg.Grade.PROVED
    left = left_vector(form, F, value)
    radii = []
    for distance in (0.001, 0.004):
        parameter = float(value) + distance * form.side
        G = F.at(**{form.parameter: parameter})
        start = np.array(fixed(parameter)) + form.predicted(parameter)[:1] - form.points[0]
        late = G.trajectory(G.iterate(start, 20_000)[0], 5_000).points
        w = (late - fixed(parameter)) @ left
        radii.append(np.sqrt(np.mean(np.abs(w) ** 2)))
        assert radii[-1] == pytest.approx(form.amplitude(parameter), rel=0.02)
    assert radii[1] / radii[0] == pytest.approx(2, rel=0.02)


def test_the_delayed_logistic_map_has_its_known_coefficient():
    form = normal_form(DELAYED, [1 - 1 / r] * 2, value=2)
    # -2 for eigenvectors (…, 1) with |q|² = 2 in the literature, hence -1 for |q| = 1.
    assert form.exact == -1
    assert form.speed == pytest.approx(0.5)  # the product of the multipliers is r - 1
    closed = normal_form(DELAYED.at(r=2), ["1/2", "1/2"])
    assert closed.exact == -1
    assert closed.parameter is None
    assert form.predicted("2.001").shape == (64, 2)


def test_floats_find_the_same():
    form = normal_form(DELAYED, [0.5, 0.5], value=2.0)
    assert form.evidence.grade is dg.Grade.NUMERICAL
    assert form.coefficient == pytest.approx(-1, abs=1e-12)


def test_an_irrational_base_is_enclosed():
    F = dg.SymbolicMap([r * x * (2 - y**2), x], [x, y])
    point = sp.sqrt(sp.Rational(2, 3))
    found = normal_form(F, [point, point], value=sp.Rational(3, 4))
    assert found.evidence.grade is dg.Grade.CERTIFIED
    assert found.bifurcation is Bifurcation.NEIMARK_SACKER
    low, high = found.bounds
    assert low < found.coefficient < high
    assert high - low < 1e-12


def test_momentum_one_preserves_area():
    form = normal_form(dg.HeavyBall(WELL, "3/5", beta), [1], value=1)
    assert form.exact_value == 1
    assert form.bifurcation is Bifurcation.NEIMARK_SACKER
    assert form.criticality is Criticality.CONSERVATIVE
    assert form.coefficient == 0
    assert form.side is None
    with pytest.raises(dg.InvalidInput, match="not zero"):
        form.amplitude("0.99")


def test_the_twist_of_an_elliptic_point():
    F = dg.SymbolicMap([2 * x - y - sp.Rational(3, 5) * (x**3 - x), x], [x, y])
    form = normal_form(F, [1, 1])
    assert form.criticality is Criticality.CONSERVATIVE
    assert form.twist == pytest.approx(
        normal_form(dg.HeavyBall(WELL, "3/5", beta), [1], value=1).twist, rel=1e-12
    )
    G = dg.SymbolicMap([*F.images, b], [x, y, b])
    assert G.dimension == 3  # the same step with an idle coordinate
    radius = 0.01
    start = form.points[0] + 2 * np.real(radius * form.direction)
    steps = 20_000
    orbit = F.trajectory(start, steps).points - form.points[0]
    numbers, vectors = np.linalg.eig(F.jacobian_at(form.points[0]).T)
    row = vectors[:, np.argmax(numbers.imag)]
    w = orbit @ (row / (row @ form.direction))
    turned = np.unwrap(np.angle(w))
    turn = (turned[-1] - turned[0]) / steps
    theta = np.angle(form.multipliers[form.multipliers.imag > 0][0])
    assert (turn - theta) / radius**2 == pytest.approx(form.twist, rel=0.05)


@pytest.mark.parametrize(("step", "order"), [("1", 4), ("3/2", 3)])
def test_strong_resonances_are_refused(step, order):
    with pytest.raises(dg.InvalidInput, match=f"power {order} is 1: a strong resonance"):
        normal_form(dg.HeavyBall(WELL, step, beta), [1], value=1)


def test_several_pairs_are_refused():
    loss = dg.Loss(x**2 / 2 + y**2 / 4 + x**4, [x, y])
    with pytest.raises(dg.InvalidInput, match="several"):
        normal_form(dg.HeavyBall(loss, "1/2", beta), [0, 0], value=1)
