"""Branches: known bifurcations to rounding, both ways, with everything that can end them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd import Bifurcation, BifurcationPoint, BranchLimit, Criticality, Kind

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])


def found(branch, kind):
    return [point for point in branch.special if point.bifurcation is kind]


def test_flip_of_a_minimum_with_its_coefficient():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(0.5, 1.5))
    (flip,) = branch.special
    assert flip.bifurcation is Bifurcation.FLIP
    assert flip.value == pytest.approx(1.0, abs=4e-16)
    low, high = flip.interval
    assert low <= 1.0 <= high
    assert high - low < 1e-14
    assert flip.coefficient == pytest.approx(8.0, rel=1e-12)
    assert flip.criticality is Criticality.SUPERCRITICAL
    assert branch.limits == (BranchLimit.RANGE, BranchLimit.RANGE)
    assert branch.values[0] == 0.5
    assert branch.values[-1] == 1.5
    kinds = np.array([kind.name for kind in branch.kinds])
    assert (kinds[branch.values < 1] == "SINK").all()
    assert (kinds[branch.values > 1] == "SOURCE").all()


def test_the_orbit_says_its_own_parameter_value():
    (orbit,) = [
        o
        for o in dg.periodic_orbits(WELL.at(eta="11/10"), dg.Box([-3], [3]), period=2)
        if o.points[0, 0] > 0
    ]
    branch = dg.follow(WELL, orbit, parameter="eta", to=(0.5, 1.4))
    (flip,) = branch.special
    assert flip.value == pytest.approx(np.sqrt(5) - 1, abs=1e-15)
    # Backwards the cycle shrinks to the fixed point, at its flip.
    assert branch.limits == (BranchLimit.DOUBLING, BranchLimit.RANGE)
    assert branch.values.min() == pytest.approx(1.0, abs=1e-3)


def test_every_orbit_of_a_branch_solves_its_equations():
    orbits = dg.periodic_orbits(HENON.at(a="7/5"), dg.Box([-2, -1], [2, 1]), period=7)
    branch = dg.follow(HENON, orbits[0], parameter="a", to=(1.0, 1.5))
    for value, points in zip(branch.values[::9], branch.points[::9], strict=True):
        images = HENON.at(a=float(value))(points)
        assert np.abs(images - np.roll(points, -1, axis=0)).max() < 1e-13
    assert {point.bifurcation for point in branch.special} == {Bifurcation.FOLD, Bifurcation.FLIP}


def test_fold_and_flip_of_henon_against_closed_forms():
    b = 0.3
    branch = dg.follow(HENON, [0.63, 0.19], parameter="a", to=(-0.5, 1.4), start=1.4)
    (fold,), (flip,) = found(branch, Bifurcation.FOLD), found(branch, Bifurcation.FLIP)
    assert fold.value == pytest.approx(-((1 - b) ** 2) / 4, abs=1e-14)
    assert flip.value == pytest.approx(3 * (1 - b) ** 2 / 4, abs=1e-14)
    assert fold.coefficient != 0


def test_pitchfork_from_the_stem_and_from_an_arm():
    F = dg.SymbolicMap([(1 + a) * x - x**3], [x])
    stem = dg.follow(F, [0.0], parameter="a", to=(-0.5, 0.5))
    (point,) = stem.special
    assert point.bifurcation is Bifurcation.PITCHFORK
    assert point.coefficient == pytest.approx(-1.0, rel=1e-9)
    arm = dg.follow(F, [0.5], parameter="a", to=(-0.5, 0.5), start=0.25)
    (seen,) = arm.special
    assert seen.bifurcation is Bifurcation.PITCHFORK
    assert abs(seen.value) < 1e-14
    assert seen.coefficient == pytest.approx(-1.0, rel=1e-6)
    assert "arms" in seen.note
    assert arm.points[0, 0, 0] * arm.points[-1, 0, 0] < 0  # both arms are one branch


def test_pitchfork_of_a_cycle_that_is_symmetric():
    # x -> -((1 + a) x - x³) carries the pitchfork over to a 2-cycle around a flip's partner.
    F = dg.SymbolicMap([-(1 + a) * x + x**3], [x])
    branch = dg.follow(F, [0.0], parameter="a", to=(-0.5, 0.5))
    (flip,) = branch.special
    assert flip.bifurcation is Bifurcation.FLIP
    doubled = dg.switch(branch, flip)
    assert doubled.period == 2
    assert np.allclose(doubled.points[-1].ravel() ** 2, 0.5, atol=1e-12)


def test_transcritical():
    F = dg.SymbolicMap([(1 + a) * x - x**2], [x])
    (point,) = dg.follow(F, [0.0], parameter="a", to=(-0.5, 0.5)).special
    assert point.bifurcation is Bifurcation.TRANSCRITICAL
    assert abs(point.value) < 1e-14
    assert point.coefficient == pytest.approx(-1.0)


def test_neimark_sacker_of_the_delayed_logistic_map():
    F = dg.SymbolicMap([r * x * (1 - y), x], [x, y])
    branch = dg.follow(F, [0.5, 0.5], parameter="r", to=(1.2, 3), start=2.2)
    (point,) = branch.special
    assert point.bifurcation is Bifurcation.NEIMARK_SACKER
    assert point.value == pytest.approx(2.0, abs=1e-14)
    assert np.angle(point.at.multipliers).max() == pytest.approx(np.pi / 3, abs=1e-12)
    assert point.criticality is Criticality.SUPERCRITICAL


def test_two_real_multipliers_with_product_one_are_no_bifurcation():
    # Saddle with multipliers a and 3/4: their product is 1 at a = 4/3.
    F = dg.SymbolicMap([a * x + y**2, sp.Rational(3, 4) * y], [x, y])
    branch = dg.follow(F, [0.0, 0.0], parameter="a", to=(1.1, 2))
    assert branch.special == ()


def test_several_flips_at_once_are_counted():
    F = dg.GradientDescent(dg.Loss((x**4 + y**4) / 4 - (x**2 + y**2) / 2, [x, y]), eta)
    (point,) = dg.follow(F, [1.0, 1.0], parameter="eta", to=(0.5, 1.5)).special
    assert point.count == 2
    assert point.value == pytest.approx(1.0, abs=1e-12)
    assert point.normal_form is None
    assert "together" in point.refusal


def test_a_minimum_on_a_family_is_followed_without_the_family():
    branch = dg.follow(PRODUCT, [1.0, 1.0], parameter="eta", to=(0.5, 1.4))
    assert branch.family == 1
    (flip,) = branch.special
    assert flip.value == pytest.approx(1.0, abs=1e-15)
    assert flip.coefficient == pytest.approx(4.0, rel=1e-9)
    assert branch.kinds[0] is Kind.SINK
    other = dg.follow(PRODUCT, [2.0, 0.5], parameter="eta", to=(0.2, 0.8))
    assert other.special[0].value == pytest.approx(2 / 4.25, abs=1e-15)
    assert np.allclose(other.points, [[2.0, 0.5]])  # nobody slides along the family


def test_along_a_family_the_stable_part_ends_where_the_sharpness_is_two_over_eta():
    F = PRODUCT.at(eta="1/2")
    (family,) = dg.fixed_points(F, dg.Box([-3, -3], [3, 3])).families
    branch = dg.follow(F, family, method=dg.PseudoArclength(steps=80))
    assert branch.parameter is None
    assert branch.family == 1
    flips = found(branch, Bifurcation.FLIP)
    assert len(flips) == 2
    for flip in flips:
        assert np.sum(flip.at.points**2) == pytest.approx(4.0, abs=1e-12)  # λ = x² + y² = 2/η
    first, last = (flip.after for flip in flips)
    inside = np.arange(len(branch))
    stable = (inside > first) & (inside <= last)
    kinds = np.array([kind is Kind.SINK for kind in branch.kinds])
    assert (kinds == stable).all()


def test_of_a_family_the_flattest_minimum_is_followed():
    (family,) = dg.fixed_points(PRODUCT.at(eta="1/2"), dg.Box([-3, -3], [3, 3])).families
    branch = dg.follow(PRODUCT, family, parameter="eta", to=(0.5, 1.4))
    assert np.allclose(np.abs(branch.points), 1.0)
    assert branch.special[0].value == pytest.approx(1.0, abs=1e-15)
    skewed = dg.GradientDescent(dg.Loss((x * y * r - 1) ** 2 / 2, [x, y]), eta)
    with pytest.raises(dg.InvalidInput, match="eta to be the only open parameter"):
        dg.follow(skewed, family, parameter="eta", to=(0.5, 1.4))


def test_a_closed_branch_is_closed():
    # Fixed points on the circle x² + (a - 1)² = 1/4, an isola.
    F = dg.SymbolicMap([x + (x**2 + (a - 1) ** 2 - sp.Rational(1, 4)) / 3], [x])
    branch = dg.follow(F, [0.5], parameter="a", to=(0, 2), start=1)
    assert branch.limits == (BranchLimit.CLOSED, BranchLimit.CLOSED)
    folds = sorted(point.value for point in found(branch, Bifurcation.FOLD))
    assert folds == pytest.approx([0.5, 1.5], abs=1e-14)


def test_a_closed_family_ends_at_its_first_member():
    ring = dg.GradientDescent(dg.Loss((x**2 + y**2 - 1) ** 2 / 4, [x, y]), sp.Rational(1, 2))
    family = dg.follow(ring, [1.0, 0.0])
    assert family.limits == (BranchLimit.CLOSED, BranchLimit.CLOSED)
    assert np.array_equal(family.points[-1], family.points[0])
    assert np.ptp(family.values) == pytest.approx(2 * np.pi, rel=1e-3)


def test_a_range_may_be_an_array_and_crossings_are_asked_for_by_number():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=np.array([0.5, 1.5]))
    (step,) = branch.crossings("11/10")
    assert step.value == pytest.approx(1.1, abs=0.03)
    for bad in (float("nan"), None, "x"):
        with pytest.raises(dg.InvalidInput) as error:
            branch.crossings(bad)
        assert error.value.argument == "value"


def test_the_iterator_stops_where_one_likes():
    steps = dg.branch_steps(WELL, [1.0], parameter="eta", to=(0.5, 50))
    seen = []
    for step in steps:
        seen.append(step)
        if isinstance(step, BifurcationPoint):
            break
    assert seen[-1].value == pytest.approx(1.0, abs=1e-15)
    assert seen[0].value == 0.5
    back = dg.branch_steps(WELL, [1.0], parameter="eta", to=(0.5, 2), start=1.5, backwards=True)
    values = [step.value for step in back if not isinstance(step, BifurcationPoint)]
    assert values[0] == 1.5
    assert values[-1] == 0.5


def test_steps_and_progress():
    told = []
    method = dg.PseudoArclength(steps=5)
    branch = dg.follow(
        WELL,
        [1.0],
        parameter="eta",
        to=(0.5, 50),
        method=method,
        progress=lambda n, m: told.append((n, m)),
    )
    assert branch.limits[1] is BranchLimit.STEPS
    assert told[-1] == (len(branch), None)


def test_maps_without_formulas_are_followed():
    # A linear network given by data; its step size is the parameter.
    X, Y = np.array([[1.0], [1.0]]), np.array([[1.0], [1.0]])
    net = dg.LinearNetwork(widths=(1, 1, 1), X=X, Y=Y)
    F = dg.GradientDescent(net, eta)
    branch = dg.follow(F, [1.0, 1.0], parameter="eta", to=(0.5, 1.2))
    assert branch.special[0].value == pytest.approx(1.0, abs=1e-9)


def test_orbits_are_orbits_and_data_is_plain():
    import json

    branch = dg.follow(WELL, [1.0], parameter="eta", to=(0.9, 1.1))
    orbit = branch.orbits[-1]
    assert isinstance(orbit, dg.PeriodicOrbit)
    assert orbit.kind is Kind.SOURCE
    assert orbit.map.parameters == ()
    json.dumps(branch.to_dict())
    assert not branch.points.flags.writeable
    nearest = branch.crossings(1.0)
    assert len(nearest) == 1
    assert abs(nearest[0].value - 1.0) < 0.01


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"parameter": "beta"}, "parameter"),
        ({"parameter": 3}, "parameter"),
        ({"to": None}, "to"),
        ({"to": (1.0, 1.0)}, "to"),
        ({"to": (1.0, float("nan"))}, "to"),
        ({"to": "01"}, "to"),
        ({"start": 9}, "start"),
        ({"start": eta}, "start"),
        ({"method": "arc"}, "method"),
        ({"orbit": [5.0]}, "orbit"),
        ({"orbit": [[1.0], [1.0]]}, "orbit"),
        ({"orbit": [float("inf")]}, "orbit"),
        ({"orbit": [1.0, 2.0]}, "orbit"),
        ({"orbit": "x"}, "orbit"),
        ({"orbit": []}, "orbit"),
        ({"F": WELL.at(eta=1)}, "parameter"),
        ({"F": dg.Loss(x**2, [x])}, "F"),
        ({"F": dg.GradientDescent(dg.Loss(x**4 * a, [x]), eta)}, "F"),
        ({"F": dg.SymbolicMap([eta * sp.Abs(x) + 1], [x])}, "F"),
    ],
)
def test_bad_input_is_named(change, argument):
    given = {"F": WELL, "orbit": [1.0], "parameter": "eta", "to": (0.5, 1.5), **change}
    with pytest.raises(dg.InvalidInput) as error:
        dg.follow(given.pop("F"), given.pop("orbit"), **given)
    assert error.value.argument == argument


@pytest.mark.parametrize("settings", [{"first": 0}, {"longest": 1e-12}, {"turn": 2}, {"steps": 0}])
def test_bad_methods_are_refused(settings):
    with pytest.raises(dg.InvalidInput):
        dg.PseudoArclength(**settings)


def test_families_of_other_dimensions_are_refused():
    with pytest.raises(dg.InvalidInput, match="dimension 1"):
        dg.follow(WELL.at(eta="1/2"), [1.0])
    with pytest.raises(dg.InvalidInput, match="parameter"):
        dg.follow(PRODUCT, [1.0, 1.0])


@pytest.mark.parametrize("gap", ["1/1000", "1/100000", "1/10000000", "1/1000000000"])
def test_branches_that_come_near_each_other_are_not_jumped_between(gap):
    # A pitchfork that is broken by a little: the branch bends away and goes through nothing.
    pitchfork = dg.SymbolicMap([x + a * x - x**3 + sp.Rational(gap)], [x])
    bent = dg.follow(pitchfork, [0.0], parameter="a", to=(-0.5, 0.7), start=-0.5)
    assert bent.special == ()
    assert bent.points[-1].item() > 0.8
    # A crossing that is broken: the branch turns back at a fold, at a = -2 √gap.
    crossing = dg.SymbolicMap([x + a * x - x**2 - sp.Rational(gap)], [x])
    back = dg.follow(crossing, [0.0], parameter="a", to=(-0.5, 0.7), start=-0.5)
    (fold,) = back.special
    assert fold.bifurcation is Bifurcation.FOLD
    assert fold.value == pytest.approx(-2 * np.sqrt(float(sp.Rational(gap))), rel=1e-6)
    assert back.values.max() < 0
