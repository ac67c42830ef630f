"""Normal forms of long orbits, against composition of power series and against enclosures."""

from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd.branches.critical.orbit import critical_orbit
from dynsys_gd.branches.critical.sums import flip_of_long_orbit

LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])


@pytest.fixture(scope="module")
def points():
    return dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=9).points


def sums(point):
    at = point.at
    found = critical_orbit(point.map, at.points, point.direction, point.value, -1)
    return flip_of_long_orbit(found, at.multipliers)


def by_power_series(point):
    """b = c₃ + c₂² of F^p(x₀ + w) = x₀ - w + c₂ w² + c₃ w³ + …, composed step by step."""
    found = critical_orbit(point.map, point.at.points, point.direction, point.value, -1)
    with mp.workdps(60):
        step, zero = mp.mpf(found.parameter._mpf_), mp.mpf(0)
        series = [mp.mpf(found.start[0]._mpf_), mp.mpf(1), zero, zero]
        for _ in range(point.period):
            square = [sum(series[i] * series[k - i] for i in range(k + 1)) for k in range(4)]
            series = [step * (p - q) for p, q in zip(series, square, strict=True)]
        assert abs(series[1] + 1) < 1e-25
        return float(series[3] + series[2] ** 2)


def test_coefficients_of_a_cascade_up_to_period_256(points):
    for point in points:
        assert point.coefficient == pytest.approx(by_power_series(point), rel=1e-11)
        assert point.criticality is dg.Criticality.SUPERCRITICAL
        assert point.refusal == ""


def test_enclosures_and_sums_agree(points):
    for point in points[2:6]:
        form = point.normal_form
        assert form.evidence.grade is dg.Grade.CERTIFIED
        other = sums(point)
        assert form.bounds[0] <= other.coefficient <= form.bounds[1]
        assert other.speed == pytest.approx(form.speed, rel=1e-12)
        np.testing.assert_allclose(other.direction, form.direction, atol=1e-14)
    assert points[-1].normal_form.evidence.grade is dg.Grade.NUMERICAL


def test_multipliers_pass_faster_by_the_ratio_of_the_cascade(points):
    speeds = np.array([point.normal_form.speed for point in points])
    assert abs(speeds[-1] / speeds[-2] - 4.6692) < 1e-3
    values = np.array([point.value for point in points])
    # The multiplier goes from 1 to -1 over each gap: about two, with the same shape each time.
    products = speeds[1:] * np.diff(values)
    assert np.ptp(products[4:]) < 1e-3


def test_sums_in_the_plane_are_those_of_exact_algebra():
    # Two-cycle of the double well with momentum: exact at period 2, enclosed at period 4.
    henon = dg.SymbolicMap([1 - a * x**2 + y, 3 * x / 10], [x, y])
    found = dg.cascade(henon, [1.09, 0.33], "a", to=(0.2, 1.2), doublings=4)
    for point in found.points[:3]:
        form, other = point.normal_form, sums(point)
        assert other.coefficient == pytest.approx(form.coefficient, rel=1e-9)
        assert other.speed == pytest.approx(form.speed, rel=1e-9)
        assert other.criticality is form.criticality is dg.Criticality.SUPERCRITICAL


def test_located_points_are_not_taken_at_their_rounded_word():
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    branch = dg.follow(well, [1.0], parameter="eta", to=(0.5, 1.3025))
    for _ in range(3):
        branch = dg.switch(branch, 0)
    point = branch.special[0]
    assert point.period == 8
    assert point.coefficient == pytest.approx(62658.2262416208, rel=1e-12)


def test_a_fold_of_a_long_orbit_is_enclosed():
    start = dg.periodic_orbits(LOGISTIC.at(a="3.63"), dg.Box([0], [1]), period=6)
    six = [orbit for orbit in start.orbits if orbit.period == 6]
    branch = dg.follow(LOGISTIC, six[0], parameter="a", to=(3.6, 3.64))
    folds = [p for p in branch.special if p.bifurcation is dg.Bifurcation.FOLD]
    form = folds[0].normal_form
    assert form.evidence.grade is dg.Grade.CERTIFIED
    assert form.bounds[0] <= form.coefficient <= form.bounds[1]
    assert form.criticality is dg.Criticality.REGULAR


def test_coefficients_that_rounding_changes_are_refused(points, monkeypatch):
    module = "dynsys_gd.branches.bifurcation_point"
    monkeypatch.setattr(f"{module}.critical_orbit", lambda *_: None)
    again = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=9).points
    given = [k for k, point in enumerate(again) if point.coefficient is not None]
    assert given[:7] == list(range(7))
    for k in given:
        assert again[k].coefficient == pytest.approx(points[k].coefficient, rel=1e-3)
    assert again[-1].coefficient is None
    assert again[-1].criticality is dg.Criticality.UNDECIDED
    assert again[-1].refusal
    nudged = replace(again[6], at=replace(again[6].at, points=again[6].at.points + 1e-12))
    assert nudged.coefficient is None or nudged.coefficient == pytest.approx(
        points[6].coefficient, rel=1e-3
    )
