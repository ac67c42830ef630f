"""Surfaces on which the Hessian vanishes: one point of them tells nothing about the others."""

import math

import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd.evidence import Grade
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.threshold import ThresholdStatus
from dynsys_gd.thresholds.weak import weak_critical_step_size

circle = x**2 + y**2 - 1


@pytest.mark.parametrize(
    "expression",
    [
        (x - 1) * y**4,  # minima (x, 0), x > 1; the sample of the line lies among the maxima
        (x**2 - 2) * y**4,
        x**4 * (1 - y),
        (x - 3) * (y - x**2) ** 4,
        (x * y - 1) ** 4,
        circle**4,
    ],
)
def test_minima_with_zero_hessian_make_the_threshold_infinite(expression):
    for found in (
        critical_step_size(Loss(expression, [x, y])),
        weak_critical_step_size(Loss(expression, [x, y])),
    ):
        assert found.status is ThresholdStatus.VALUE
        assert found.value == math.inf
        assert found.evidence.grade is Grade.PROVED


@pytest.mark.parametrize("expression", [x * y**3, -(y**4), -(x**2 + 1) * y**4])
def test_no_minimum_is_said_only_where_it_is_proved(expression):
    found = critical_step_size(Loss(expression, [x, y]))
    assert found.status is ThresholdStatus.NO_MINIMUM
    assert found.evidence.grade is Grade.PROVED


def test_an_odd_power_of_a_smooth_circle_holds_no_minimum():
    assert critical_step_size(Loss(circle**3, [x, y])).exact == sp.Rational(1, 3)


@pytest.mark.parametrize(
    "expression",
    [
        x * circle**4,  # minima on half of the circle, and an isolated one of 243/512
        (y**2 - x**2 * (x - 1)) ** 3,  # a minimum at the isolated point (0, 0) of the curve
    ],
)
def test_what_one_point_cannot_tell_stays_open(expression):
    assert not critical_step_size(
        Loss(expression, [x, y]), rng=0, seconds=2
    ).evidence.grade.rigorous


def test_a_jump_may_hold_a_minimum():
    stairs = sp.Piecewise((x, x < 0), (x - 5, True))
    assert (
        critical_step_size(Loss(stairs, [x]), rng=0, seconds=1).status
        is not ThresholdStatus.NO_MINIMUM
    )
