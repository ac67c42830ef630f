"""Branches where states and parameters are far from one: narrow ranges, tiny and huge numbers."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, beta, eta, x

import dynsys_gd as dg

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
FORK = dg.SymbolicMap([x + a * x - x**3], [x])


def test_points_far_from_an_orbit_are_refused_over_a_narrow_range_too():
    with pytest.raises(dg.InvalidInput) as error:
        dg.follow(WELL, [0.3], parameter="eta", to=(1.0, 1.0 + 1e-6))
    assert error.value.argument == "orbit"


def test_a_narrow_range_shows_the_flip_in_it():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(1.0 - 1e-6, 1.0 + 1e-6))
    assert "[0.999999, 1.000001]" in branch.headline()
    (flip,) = branch.special
    assert flip.value == pytest.approx(1.0, abs=4e-16)
    doubled = dg.switch(branch, 0)
    opened = np.ptp(doubled.points[-1])
    # With a multiplier -1 - 2 δ and the coefficient 8 the cycle is 1 ± sqrt(δ) / 2 to first order.
    assert opened == pytest.approx(1e-3, rel=1e-2)


def test_a_start_at_a_fold_shows_the_fold():
    line = dg.SymbolicMap([x + a - x**2], [x])
    for to in ((-1, 1), (0, 1)):
        branch = dg.follow(line, [0.0], parameter="a", to=to, start=0)
        (fold,) = branch.special
        assert fold.bifurcation is dg.Bifurcation.FOLD
        assert fold.value == pytest.approx(0.0, abs=1e-15)
        assert branch.family == 0
        assert branch.values[0] == branch.values[-1] == 1.0
        assert {kind.name for kind in branch.kinds} >= {"SINK", "SOURCE"}


@pytest.mark.parametrize("at", [("0", WELL, [1.0]), ("0", FORK, [0.0])])
def test_starts_where_branches_cross_are_no_families(at):
    value, F, orbit = at
    (name,) = F.parameters
    with pytest.raises(dg.InvalidInput, match="begin next to it"):
        dg.follow(F, orbit, parameter=name, to=(-1, 1), start=value)


def network(height):
    """Return gradient descent on a network without formulas, and its minimum (1, height)."""
    samples = np.array([[0.5], [1.0]])
    targets = height * np.tanh(samples)
    net = dg.MLP((1, 1, 1), dg.Activation.TANH, samples, targets, biases=False)
    return dg.GradientDescent(net, eta), [1.0, height]


def test_a_sharp_minimum_without_formulas_flips_at_two_over_its_sharpness():
    F, minimum = network(1000.0)
    sharpness = np.linalg.eigvalsh(F.loss.hessian_at(minimum))[-1]
    critical = 2 / sharpness
    assert critical < 2e-5
    branch = dg.follow(F, minimum, parameter="eta", to=(critical / 9, 1.5 * critical))
    (flip,) = branch.special
    assert flip.bifurcation is dg.Bifurcation.FLIP
    assert flip.value == pytest.approx(critical, rel=1e-12)
    # The other eigenvalue of the Hessian is 1e-7 times as large, and not zero.
    assert branch.family == 0


def test_a_map_without_formulas_is_followed_up_to_the_end_of_what_a_setting_may_be():
    F, minimum = network(1.0)
    branch = dg.follow(F, minimum, parameter="eta", to=(1e-6, 2), start=1)
    assert branch.limits == (dg.BranchLimit.RANGE, dg.BranchLimit.RANGE)
    assert branch.values[0] == 1e-6
    ball = dg.HeavyBall(F.loss, 1, beta)
    branch = dg.follow(ball, minimum, parameter="beta", to=(0, 1), start=0.5)
    assert branch.limits == (dg.BranchLimit.RANGE, dg.BranchLimit.RANGE)
    assert branch.values[-1] == 1.0
    with pytest.raises(dg.InvalidInput, match="eta = 0"):
        dg.follow(F, minimum, parameter="eta", to=(0, 2))


def test_a_start_at_which_the_map_is_not_defined_is_refused():
    F = dg.SymbolicMap([sp.log(x) + a], [x])
    with pytest.raises(dg.InvalidInput) as error:
        dg.follow(F, [-1.0], parameter="a", to=(0, 2))
    assert error.value.argument == "orbit"


@pytest.mark.parametrize("exponent", [-8, 8])
def test_states_and_step_sizes_of_any_size_give_the_same_branches(exponent):
    s = sp.Integer(10) ** exponent
    F = dg.GradientDescent(dg.Loss((x / s) ** 4 / 4 - (x / s) ** 2 / 2, [x]), eta)
    unit, height = float(s**2), float(s)
    branch = dg.follow(F, [height], parameter="eta", to=(unit / 2, 1.5 * unit))
    (flip,) = branch.special
    assert flip.value == pytest.approx(unit, rel=1e-14)
    doubled = dg.switch(branch, 0)
    assert doubled.special[0].value == pytest.approx((np.sqrt(5) - 1) * unit, rel=1e-13)
    # Three times as high there is no fixed point.
    with pytest.raises(dg.InvalidInput):
        dg.follow(F, [3 * height], parameter="eta", to=(unit / 2, 1.5 * unit))


def test_a_fixed_point_that_is_zero_but_for_rounding_is_measured_by_one():
    fork = dg.follow(FORK, [1e-9], parameter="a", to=(-1, 1))
    (point,) = fork.special
    assert point.bifurcation is dg.Bifurcation.PITCHFORK
    assert point.value == pytest.approx(0.0, abs=1e-15)
    assert len(fork) < 100


def test_towards_step_size_zero_a_branch_comes_as_near_as_steps_are_short():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(0, 1.2), start=0.5)
    assert branch.limits == (dg.BranchLimit.STUCK, dg.BranchLimit.RANGE)
    assert 0 < branch.values[0] < 1e-6
    assert {kind.name for kind in branch.kinds[1:10]} <= {"SINK", "UNDECIDED"}


def test_a_first_step_that_is_too_long_is_shortened_at_the_edge_of_the_range():
    # Just above a fold the branch x² = a is steep.
    line = dg.SymbolicMap([x + a - x**2], [x])
    branch = dg.follow(line, [1e-4], parameter="a", to=(1e-8, 1), start="1/100000000")
    assert branch.limits == (dg.BranchLimit.RANGE, dg.BranchLimit.RANGE)
    assert branch.values[-1] == 1.0 or branch.values[0] == 1.0
    assert np.abs(branch.points).max() == pytest.approx(1.0, abs=1e-12)
