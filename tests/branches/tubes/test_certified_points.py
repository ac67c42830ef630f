"""Certified special points against closed forms, and what cannot be proved."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd.branches.continuation.critical_direction import critical_direction
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])
FORK = dg.SymbolicMap([a * x - x**3], [x])


@cache
def well():
    return dg.follow(WELL, [1.0], parameter="eta", to=(0.5, 1.25))


def holds(interval, number):
    """Whether a number is between two doubles, decided exactly."""
    low, high = (sp.Rational(end) for end in interval)
    return bool(low <= number) and bool(number <= high)


def of_kind(branch, name):
    return next(p for p in branch.special if p.bifurcation is dg.Bifurcation(name))


def test_the_flip_of_the_minimum():
    found = dg.certify_point(well().special[0])
    assert holds(found.interval, 1)
    assert found.width < 1e-14
    assert holds(found.speed, -2)  # μ = 1 - 2η
    assert found.alone_in[-1, 0] < found.interval[0] < found.interval[1] < found.alone_in[-1, 1]
    assert found.evidence.grade is Grade.CERTIFIED
    assert found.enclosure[0, 0, 0] <= 1 <= found.enclosure[0, 0, 1]


def test_the_flip_of_the_two_cycle():
    found = dg.certify_point(dg.switch(well(), 0).special[0])
    assert holds(found.interval, sp.sqrt(5) - 1)
    assert found.width < 1e-13
    assert holds(found.speed, -4 * sp.sqrt(5))  # μ = 9 - 2(η + 1)² along the cycle


def test_certify_brings_its_points():
    found = dg.certify(well())
    assert [str(p.bifurcation) for p in found.special] == ["flip"]
    assert found.unproved == ()
    assert dg.certify(well(), part=(0.5, 0.9)).special == ()


def test_henon_fold_and_flip():
    branch = dg.follow(HENON, [0.63, 0.19], parameter="a", to=(-0.2, 1.4), start=1.4)
    fold = dg.certify_point(of_kind(branch, "fold"))
    assert holds(fold.interval, -sp.Rational(49, 400))
    assert fold.speed is None
    assert fold.width < 1e-13
    flip = dg.certify_point(of_kind(branch, "flip"))
    assert holds(flip.interval, sp.Rational(147, 400))


def test_the_fold_of_period_three():
    start = np.array([[0.16], [0.515], [0.956]])
    branch = dg.follow(LOGISTIC, start, parameter="a", to=(3.7, 3.85), start=3.829)
    found = dg.certify_point(of_kind(branch, "fold"))
    assert holds(found.interval, 1 + sp.sqrt(8))
    assert found.direction.shape == found.enclosure.shape == (3, 1, 2)


def test_the_flip_of_heavy_ball():
    F = dg.HeavyBall(WELL.loss, eta, "1/3")
    branch = dg.follow(F, [1.0], parameter="eta", to=(0.5, 2.0), start=1)
    assert holds(dg.certify_point(of_kind(branch, "flip")).interval, sp.Rational(4, 3))


def test_a_pitchfork_with_its_symmetry():
    branch = dg.follow(FORK, [0.0], parameter="a", to=(0.5, 1.5), start=0.5)
    found = dg.certify_point(of_kind(branch, "pitchfork"))
    assert holds(found.interval, 1)
    assert holds(found.speed, 1)
    assert found.symmetry == ((-1,),)


def test_a_pitchfork_across_a_diagonal():
    """Along x = y the difference of the two is multiplied by a: exchange is the symmetry."""
    u, v = (x + y) / 2, (x - y) / 2
    F = dg.SymbolicMap(
        [sp.expand(e) for e in (1 - u / 2 + a * v - v**3 / 3, 1 - u / 2 - a * v + v**3 / 3)], [x, y]
    )
    branch = dg.follow(F, [2 / 3, 2 / 3], parameter="a", to=(0.6, 1.4), start=0.6)
    found = dg.certify_point(of_kind(branch, "pitchfork"))
    assert found.symmetry == ((0, 1), (1, 0))
    assert holds(found.interval, 1)


def test_a_pitchfork_without_symmetry_is_refused():
    """x ↦ ax - x³ + x⁴: branches fork at 1, but nothing keeps them from coming apart."""
    F = dg.SymbolicMap([a * x - x**3 + x**4], [x])
    branch = dg.follow(F, [0.0], parameter="a", to=(0.5, 1.5), start=0.5)
    with pytest.raises(InvalidInput, match="symmetry"):
        dg.certify_point(of_kind(branch, "pitchfork"))
    found = dg.certify(branch)
    assert len(found.unproved) == 1
    assert found.special == ()


def test_transcritical_points_are_refused():
    branch = dg.follow(LOGISTIC, [0.0], parameter="a", to=(0.5, 1.5), start=0.5)
    with pytest.raises(InvalidInput, match="cross"):
        dg.certify_point(branch.special[0])


def test_pairs_are_refused():
    delayed = dg.SymbolicMap([a * x * (1 - y), x], [x, y])
    branch = dg.follow(delayed, [0.4, 0.4], parameter="a", to=(1.5, 2.2), start=1.66)
    with pytest.raises(InvalidInput, match="complex"):
        dg.certify_point(of_kind(branch, "Neimark-Sacker"))


def test_families_are_refused():
    ring = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
    branch = dg.follow(ring, [1.0, 1.0], parameter="eta", to=(0.5, 1.2))
    with pytest.raises(InvalidInput, match="family"):
        dg.certify_point(branch.special[0])


def test_a_flip_that_is_none_is_refused():
    point = well().special[0]
    step = next(s for s in well().steps if abs(s.value - 0.8) < 0.03)
    false = replace(point, at=step, interval=(step.value, step.value))
    with pytest.raises(InvalidInput, match="elsewhere"):
        dg.certify_point(false)


def test_a_degenerate_flip_is_refused():
    """The multiplier touches -1 without crossing: μ = -1 + (a - 1)²."""
    F = dg.SymbolicMap([sp.expand((-1 + (a - 1) ** 2) * x + x**3)], [x])
    step = dg.follow(F, [0.0], parameter="a", to=(0.5, 1.5), start=1.0).steps[0]
    nearest = replace(step, value=1.0, points=np.zeros((1, 1)))
    point = replace(
        well().special[0],
        map=F,
        parameter="a",
        at=nearest,
        direction=critical_direction(-np.ones((1, 1, 1)), -1.0),
    )
    with pytest.raises(InvalidInput, match="Krawczyk"):
        dg.certify_point(point)


def test_floats_prove_less():
    F = dg.SymbolicMap([a * x * (1 - x) + 0.1], [x])
    branch = dg.follow(F, [0.65], parameter="a", to=(2.0, 3.0), start=2.2)
    found = dg.certify_point(of_kind(branch, "flip"))
    assert found.evidence.grade is Grade.NUMERICAL


@pytest.mark.parametrize("point", [None, 0, "flip", (1.0, 1.0)])
def test_what_is_no_point_is_refused(point):
    with pytest.raises(InvalidInput, match="point"):
        dg.certify_point(point)
