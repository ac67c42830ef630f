"""Branches where states and parameters are far from one: narrow ranges, tiny and huge numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sympy.abc import eta, x

import dynsys_gd as dg

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)


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
