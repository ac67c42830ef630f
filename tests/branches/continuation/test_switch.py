"""Switching branches: doubled orbits, both arms, and what cannot be switched to."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd import Bifurcation, BranchLimit

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
PITCHFORK = dg.SymbolicMap([(1 + a) * x - x**3], [x])


def test_the_doubled_orbit_against_its_closed_form():
    # u v = 1, u² + v² = 1 + η for u = √η x: THEORY of the cubic map.
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(0.5, 1.4))
    doubled = dg.switch(branch, 0)
    assert doubled.period == 2
    assert doubled.limits[0] is BranchLimit.ORIGIN
    assert doubled.origin is branch.special[0]
    u, v = np.sqrt(doubled.values)[:, None].T * doubled.points[:, :, 0].T
    assert np.allclose(u * v, 1.0, atol=1e-12)
    assert np.allclose(u**2 + v**2, 1 + doubled.values, atol=1e-12)
    along = 9 - 2 * (1 + doubled.values) ** 2
    assert np.allclose(doubled.multipliers[:, 0].real, along, atol=1e-10)


def test_a_subcritical_flip_leads_to_the_other_side():
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + x**4 / 4, [x]), eta)
    branch = dg.follow(F, [0.0], parameter="eta", to=(1.0, 2.5))
    assert branch.special[0].coefficient == pytest.approx(-2.0)
    doubled = dg.switch(branch, 0)
    assert doubled.values.max() < 2.0
    assert np.allclose(doubled.points[:, 0, 0] ** 2, 2 / doubled.values - 1, atol=1e-12)


def test_both_arms_of_a_pitchfork_and_back_to_the_stem():
    stem = dg.follow(PITCHFORK, [0.0], parameter="a", to=(-0.5, 0.5))
    arms = dg.switch(stem, 0)
    assert np.allclose(arms.points[:, 0, 0] ** 2, arms.values, atol=1e-12)
    assert arms.points[0, 0, 0] * arms.points[-1, 0, 0] < 0
    assert arms.limits == (BranchLimit.RANGE, BranchLimit.RANGE)
    arm = dg.follow(PITCHFORK, [0.5], parameter="a", to=(-0.5, 0.5), start=0.25)
    back = dg.switch(arm, 0, to=(-0.5, 0.5))
    assert np.allclose(back.points, 0.0, atol=1e-12)
    assert back.values.min() == -0.5
    assert back.values.max() == 0.5


def test_the_crossing_branch_of_a_transcritical_point():
    F = dg.SymbolicMap([(1 + a) * x - x**2], [x])
    branch = dg.follow(F, [0.0], parameter="a", to=(-0.5, 0.5))
    other = dg.switch(branch, 0)
    assert np.allclose(other.points[:, 0, 0], other.values, atol=1e-12)
    assert other.values.min() == -0.5
    assert other.values.max() == 0.5


def test_from_a_family_of_minima_to_the_cycle_at_its_flattest_point():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
    branch = dg.follow(F, [1.0, 1.0], parameter="eta", to=(0.5, 1.3))
    doubled = dg.switch(branch, branch.special[0])
    (flip,) = [p for p in doubled.special if p.bifurcation is Bifurcation.FLIP]
    assert flip.value == pytest.approx(np.sqrt(5) - 1, abs=1e-14)
    elsewhere = dg.follow(F, [2.0, 0.5], parameter="eta", to=(0.3, 0.7))
    with pytest.raises(dg.DynsysError, match="no other orbit"):
        dg.switch(elsewhere, 0)


def test_switching_four_times_gives_the_doubling_points():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(0.5, 1.31))
    values = []
    for _ in range(4):
        values.append(branch.special[0].value)
        branch = dg.switch(branch, branch.special[0])
    known = [1, np.sqrt(5) - 1, 1.2880317544828428, 1.2992279396502041]
    assert values == pytest.approx(known, abs=1e-14)


def test_what_cannot_be_switched_to_is_refused():
    fold = dg.SymbolicMap([x + a - x**2], [x])
    branch = dg.follow(fold, [0.5], parameter="a", to=(-0.2, 0.5), start=0.25)
    with pytest.raises(dg.InvalidInput, match="branches cross"):
        dg.switch(branch, 0)
    with pytest.raises(dg.InvalidInput, match="place among"):
        dg.switch(branch, 7)
    with pytest.raises(dg.InvalidInput, match="BifurcationPoint"):
        dg.switch(branch, "fold")
    with pytest.raises(dg.InvalidInput, match="a Branch"):
        dg.switch(fold, 0)
    delayed = dg.SymbolicMap([r * x * (1 - y), x], [x, y])
    circle = dg.follow(delayed, [0.5, 0.5], parameter="r", to=(1.2, 3), start=2.2)
    with pytest.raises(dg.InvalidInput, match="closed curve"):
        dg.switch(circle, 0)
    with pytest.raises(dg.InvalidInput, match="this branch"):
        dg.switch(branch, circle.special[0])
    both = dg.GradientDescent(dg.Loss((x**4 + y**4) / 4 - (x**2 + y**2) / 2, [x, y]), eta)
    twice = dg.follow(both, [1.0, 1.0], parameter="eta", to=(0.5, 1.5))
    with pytest.raises(dg.InvalidInput, match="one multiplier"):
        dg.switch(twice, 0)
    family = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), sp.Rational(1, 2))
    along = dg.follow(family, [1.0, 1.0], method=dg.PseudoArclength(steps=60))
    with pytest.raises(dg.InvalidInput, match="along a parameter"):
        dg.switch(along, 0)
