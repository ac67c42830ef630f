"""Folds, transcritical bifurcations and pitchforks against the orbits that exist."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, c, r, t, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.normal_forms.find import normal_form
from dynsys_gd.orbits.normal_forms.kinds import Bifurcation, Criticality

LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])
QUADRATIC = dg.SymbolicMap([x**2 + c], [x])
HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])


def test_birth_of_the_period_three_window():
    orbit = dg.periodic_orbits(QUADRATIC.at(c="-7/4"), period=3)[0]
    form = normal_form(QUADRATIC, orbit)
    assert form.bifurcation is Bifurcation.FOLD
    assert form.criticality is Criticality.REGULAR
    assert form.evidence.grade is dg.Grade.PROVED
    assert form.exact_value == sp.Rational(-7, 4)
    assert form.multipliers == pytest.approx(1)
    assert form.side == -1
    C = -1.75 - 1e-5
    triple = x
    for _ in range(3):
        triple = triple**2 + C
    roots = np.roots([float(k) for k in sp.Poly(sp.expand(triple) - x, x).all_coeffs()])
    near = sorted(z.real for z in roots if abs(z.imag) < 1e-9 and abs(z - form.points[0, 0]) < 0.02)
    assert len(near) == 2
    assert (near[1] - near[0]) / 2 == pytest.approx(form.amplitude(C), rel=0.01)


def test_the_same_window_of_the_logistic_map():
    value = 1 + sp.sqrt(8)
    first = sp.Rational(1, 2) - sp.CRootOf(8 * t**3 + 4 * t**2 - 18 * t - 1, 0) / value
    form = normal_form(LOGISTIC, [first], value=value, period=3)
    assert form.bifurcation is Bifurcation.FOLD
    assert form.evidence.grade is dg.Grade.PROVED
    assert form.side == 1
    # The conjugacy x = 1/2 - X/r scales lengths by r.
    other = normal_form(QUADRATIC, dg.periodic_orbits(QUADRATIC.at(c="-7/4"), period=3)[0])
    assert abs(form.coefficient) == pytest.approx(other.coefficient * float(value), rel=1e-12)
    rounded = normal_form(LOGISTIC, [float(first)], value=value, period=3)
    assert rounded.evidence.grade is dg.Grade.NUMERICAL
    assert rounded.coefficient == pytest.approx(form.coefficient, rel=1e-6)


def test_fold_of_the_henon_map():
    form = normal_form(HENON, dg.fixed_points(HENON).orbits[0], value="-49/400")
    assert form.bifurcation is Bifurcation.FOLD
    A = float(form.value) + 1e-4 * form.side
    roots = np.roots([A, 1 - 0.3, -1])
    both = np.array([[z, 0.3 * z] for z in np.sort(roots.real)])
    predicted = form.predicted(A)
    assert np.linalg.norm(both[0] - both[1]) / 2 == pytest.approx(form.amplitude(A), rel=0.01)
    assert np.sort(predicted[:, 0]) == pytest.approx(both[:, 0], abs=0.1 * form.amplitude(A))


def test_transcritical_branches_cross_where_predicted():
    form = normal_form(LOGISTIC, [0], value=1)
    assert form.bifurcation is Bifurcation.TRANSCRITICAL
    assert form.exact == -1
    assert form.side == 0
    for value in (0.999, 1.001):
        assert form.predicted(value)[0, 0] == pytest.approx(1 - 1 / value, rel=0.01)
    along = normal_form(LOGISTIC, [1 - 1 / r], value=1)
    assert along.bifurcation is Bifurcation.TRANSCRITICAL
    # From the moving branch the resting one lies as far away, on the other side.
    assert along.predicted(1.001)[0, 0] == pytest.approx(-0.001, rel=0.01)
    assert along.speed == pytest.approx(-1)


def test_pitchfork_of_a_symmetric_loss():
    F = dg.GradientDescent(dg.Loss(x**4 / 4 + a * x**2 / 2, [x]), "1/2")
    form = normal_form(F, [0], value=0)
    assert form.bifurcation is Bifurcation.PITCHFORK
    assert form.criticality is Criticality.SUPERCRITICAL
    assert (form.exact, form.side) == (sp.Rational(-1, 2), -1)
    assert form.predicted(-0.01).ravel() == pytest.approx([0.1, -0.1], rel=1e-12)
    assert F.at(a=-0.01)([[0.1]]) == pytest.approx(0.1, abs=1e-15)


def test_pitchfork_with_a_transverse_curvature():
    F = dg.GradientDescent(dg.Loss(a * x**2 / 2 + x**4 + x**2 * y + y**2, [x, y]), "1/4")
    form = normal_form(F, [0, 0], value=0)
    assert form.bifurcation is Bifurcation.PITCHFORK
    # y = -x²/2 makes the loss a x²/2 + 3 x⁴/4, with minima at x² = -a/3.
    assert form.amplitude(-0.003) == pytest.approx(np.sqrt(0.001), rel=1e-9)
    inverted = dg.GradientDescent(dg.Loss(a * x**2 / 2 - x**4, [x]), "1/4")
    assert normal_form(inverted, [0], value=0).criticality is Criticality.SUBCRITICAL


def test_a_family_of_fixed_points_is_no_bifurcation():
    F = dg.SymbolicMap([x - r * (x * y - 1) * y, y - r * (x * y - 1) * x], [x, y])
    with pytest.raises(dg.InvalidInput, match="it stays 1"):
        normal_form(F, [1, 1], value="1/2")
    with pytest.raises(dg.InvalidInput, match="a family of fixed points"):
        normal_form(F.at(r="1/2"), [1, 1])


def test_a_step_size_does_not_unfold_a_degenerate_critical_point():
    with pytest.raises(dg.InvalidInput, match="it stays 1"):
        normal_form(dg.GradientDescent(dg.Loss(x**3, [x]), r), [0], value=1)


def test_a_cusp_needs_two_parameters():
    with pytest.raises(dg.InvalidInput, match="cusp"):
        normal_form(dg.SymbolicMap([x + a - x**3], [x]), [0], value=0)


def test_without_a_parameter_the_name_is_generic():
    form = normal_form(dg.SymbolicMap([x + x**2], [x]), [0])
    assert form.bifurcation is Bifurcation.FOLD
    assert "generic" in form.note
    assert form.exact == 1
