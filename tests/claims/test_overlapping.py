"""Overlapping classes with cycles: data of the constructions, and what decides on a cycle."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.claims.support.observe_cycles import sinks
from dynsys_gd.claims.support.overlapping import (
    crossed_lines,
    is_crossed_steeply,
    is_pulled_strongly,
    pulled_line,
)
from dynsys_gd.claims.support.ratio_checks import descent_at_ratio, sharpness_bounds
from dynsys_gd.claims.support.separation import margin_loss, margin_terms

FAR = 400
LINE = dg.Box([-3], [3])
PLANE = dg.Box([-1, -1], [1, 1])


def line(ratio, pull):
    return pulled_line(ratio, minimiser="1/10", pull=pull, far=FAR)


def plane(slope):
    return crossed_lines(minimiser="1/20", jump="1/20", slope=slope, far=FAR)


def cycles(loss, ratio, box):
    F = descent_at_ratio(loss, ratio, box, digits=9)
    return list(sinks(dg.periodic_orbits(F, box, period=2, method=dg.Krawczyk())))


@pytest.mark.parametrize("ratio", ["13/10", "3/2", "19/10"])
class TestLine:
    def test_minimum_and_curvature_are_those_of_the_construction(self, ratio):
        low, high = sharpness_bounds(line(ratio, "3/2"), LINE)
        assert float(low) == pytest.approx(1 / 4, rel=1e-2)
        assert high - low < 1e-9

    def test_the_cycle_changes_its_ends_as_derived(self, ratio):
        pull = sp.Rational(3, 2)
        found = cycles(line(ratio, pull), ratio, LINE)
        gamma, near = float(sp.Rational(ratio)), 0.1
        a = float(pull) * near / (gamma - 1)
        assert len(found) == 1
        ends = np.sort(found[0].points.ravel())
        # The gradient of the samples ±1 is not quite linear: a few percent at this distance.
        assert ends == pytest.approx([near - (gamma - 1) * a, near + a], abs=0.12 * a)

    def test_a_weak_pull_holds_no_cycle(self, ratio):
        assert not cycles(line(ratio, "1/2"), ratio, LINE)

    def test_is_told_from_a_weak_pull(self, ratio):
        gamma = sp.Rational(ratio)
        assert is_pulled_strongly(margin_terms(line(ratio, "3/2")), gamma)
        assert not is_pulled_strongly(margin_terms(line(ratio, "1/2")), gamma)
        assert not is_pulled_strongly(margin_terms(margin_loss([[1], [-1]])), gamma)
        assert not is_pulled_strongly(margin_terms(plane(2)), gamma)


class TestRoom:
    """Data on which the linear picture has a cycle and gradient descent has none."""

    def test_a_pull_hardly_above_one(self):
        loss = line("13/10", "11/10")
        assert not cycles(loss, "13/10", LINE)
        assert not is_pulled_strongly(margin_terms(loss), sp.Rational(13, 10))

    def test_far_samples_that_are_not_far(self):
        loss = crossed_lines(minimiser="1/20", jump="1/20", slope=2, far=4)
        assert not cycles(loss, "4/5", PLANE)
        assert not is_crossed_steeply(margin_terms(loss), sp.Rational(4, 5))


class TestPlane:
    def test_cycle_below_one(self):
        (cycle,) = cycles(plane(2), "1/2", PLANE)
        assert np.abs(cycle.points[0]) == pytest.approx([0.45, 0.8 / 3], abs=1e-2)
        assert cycle.multipliers.real == pytest.approx([0.25, 0.25], abs=0.03)

    @pytest.mark.parametrize("slope", [1, 2, 3])
    @pytest.mark.parametrize("gamma", ["1/4", "1/2", "9/10"])
    def test_condition_is_that_the_points_lie_beyond_the_lines(self, slope, gamma):
        g = sp.Rational(gamma)
        beyond = slope * (8 * slope * sp.Rational(1, 20) * g / (2 - g)) > sp.Rational(9, 20)
        assert is_crossed_steeply(margin_terms(plane(slope)), g) is bool(beyond)

    def test_other_data_in_the_plane_are_not_taken_for_it(self):
        rows = [[1, 0], [-1, 0], [0, 1], [0, -1], [FAR, FAR], [-FAR, -FAR]]
        assert not is_crossed_steeply(margin_terms(margin_loss(rows)), sp.Rational(1, 2))
        assert not is_crossed_steeply(
            margin_terms(margin_loss([[0, 1], [1, 3]])), sp.Rational(1, 2)
        )


class TestRatio:
    def test_step_size_is_the_ratio_over_the_sharpness(self):
        loss = margin_loss([[1], [-1]], ["7/10", "3/10"])
        F = descent_at_ratio(loss, "3/2", LINE, digits=9)
        assert float(F.step_size) == pytest.approx(1.5 / 0.21, abs=1e-9)

    def test_no_minimum_has_no_sharpness(self):
        assert sharpness_bounds(margin_loss([[1]]), LINE) is None
        assert sharpness_bounds(None, LINE) is None
        assert sharpness_bounds(margin_loss([[1], [-1]]), dg.Gaussian([0], 1)) is None
