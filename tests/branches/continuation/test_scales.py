"""Branches where states and parameters are far from one: narrow ranges, tiny and huge numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sympy.abc import a, eta, x

import dynsys_gd as dg

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
FORK = dg.SymbolicMap([x + a * x - x**3], [x])


def test_points_far_from_an_orbit_are_refused_over_a_narrow_range_too():
    with pytest.raises(dg.InvalidInput) as error:
        dg.follow(WELL, [0.3], parameter="eta", to=(1.0, 1.0 + 1e-6))
    assert error.value.argument == "orbit"


def test_a_narrow_range_shows_the_flip_in_it():
    branch = dg.follow(WELL, [1.0], parameter="eta", to=(1.0 - 1e-6, 1.0 + 1e-6))
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
