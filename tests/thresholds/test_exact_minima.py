"""Losses whose minima can be listed: isolated, on surfaces, degenerate, none."""

import math
import time
from itertools import combinations_with_replacement

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, w, x, y, z

from dynsys_gd.evidence import Grade
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.exact_minima import exact_minima
from dynsys_gd.thresholds.threshold import ThresholdStatus
from dynsys_gd.thresholds.weak import weak_critical_step_size

half = sp.Rational(1, 2)
HIMMELBLAU = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
CAMEL = x**6 / 3 - sp.Rational(21, 10) * x**4 + 4 * x**2 + x * y + 4 * y**4 - 4 * y**2


@pytest.mark.parametrize(
    ("expression", "variables", "critical", "weak"),
    [
        (x**4 / 4 - x**2 / 2 + x / 100, [x], None, None),
        (x**2 + 3 * y**2 / 2, [x, y], sp.Rational(2, 3), 1),
        (x**2 / 2 + x**4 / 4, [x], 2, 2),
        ((x * y - 1) ** 2 / 2 + (x**2 + y**2) / 10, [x, y], sp.Rational(5, 4), 5),
        (100 * (y - x**2) ** 2 + (1 - x) ** 2, [x, y], None, None),
        (CAMEL, [x, y], None, None),
        # a circle of minima, a sphere of flattest ones, lines, a parabola, a point on a curve
        ((x**2 + y**2 - 1) ** 2, [x, y], sp.Rational(1, 4), sp.Rational(1, 4)),
        ((w * x + y * z - 1) ** 2 / 2, [w, x, y, z], 1, 1),
        (x**2 * (1 + y**2) ** 2, [x, y], 1, 1),
        ((x - y**2) ** 2, [x, y], 1, 1),
        ((x**2 + y**2) * (x * y - 1) ** 2, [x, y], 1, 1),
        (x**2 + y**4, [x, y], 1, 1),
    ],
)
def test_exact_values(expression, variables, critical, weak):
    loss = Loss(expression, variables)
    found, second = critical_step_size(loss), weak_critical_step_size(loss)
    assert found.evidence.grade is Grade.PROVED
    assert second.evidence.grade is Grade.PROVED
    assert second.value >= found.value
    assert found.lower <= found.value <= found.upper
    assert found.upper - found.lower <= 1e-15 * found.value
    assert loss.sharpness_at(found.attained_at) == pytest.approx(2 / found.value, rel=1e-12)
    assert np.abs(loss.gradient_at(found.attained_at)).max() < 1e-11
    if critical is not None:
        assert sp.simplify(found.exact - critical) == 0
        assert sp.simplify(second.exact - weak) == 0


def test_flattest_of_several_minima_is_chosen():
    found = critical_step_size(Loss(HIMMELBLAU, [x, y]))
    minima = np.array(
        [[3, 2], [-2.805118, 3.131312], [-3.779310, -3.283186], [3.584428, -1.848126]]
    )
    loss = Loss(HIMMELBLAU, [x, y])
    sharpest = 2 / loss.sharpness_at(minima)
    assert found.value == pytest.approx(sharpest.max(), rel=1e-5)
    assert found.attained_at[0] == pytest.approx(minima[np.argmax(sharpest)], abs=1e-5)


@pytest.mark.parametrize(
    "expression",
    [
        (x * y - 1) ** 4,  # no curvature along the whole family
        x**2 * (y - 1) ** 2,  # curvature falls to zero where two families cross
        half * y**2 / (1 + x**2),  # curvature falls to zero at infinity, attained nowhere
        (x**2 * y - 1) ** 2 + x**2 * y**2,  # local minima on x = 0, as flat as one likes
        x**4 + y**4,
    ],
)
def test_infinite_thresholds(expression):
    found = critical_step_size(Loss(expression, [x, y]))
    assert found.value == math.inf
    assert found.exact is sp.oo
    assert found.evidence.grade is Grade.PROVED
    assert weak_critical_step_size(Loss(expression, [x, y])).value == math.inf


@pytest.mark.parametrize(
    "expression",
    [x, x**3, x * y, 1 / (1 + x**2), -(x**2), sp.log(1 + sp.exp(-x)), sp.exp(x) + sp.exp(2 * x)],
)
def test_no_minimum_is_not_a_number(expression):
    found = critical_step_size(Loss(expression, [x, y]))
    assert found.status is ThresholdStatus.NO_MINIMUM
    assert math.isnan(found.value)
    assert (found.lower, found.upper) == (0, 0)
    assert found.evidence.grade is Grade.PROVED
    assert "no minimum" in found.headline()
    assert weak_critical_step_size(Loss(expression, [x, y])).status is ThresholdStatus.NO_MINIMUM


def test_rational_losses_with_isolated_minima():
    found = critical_step_size(Loss(x**2 / (1 + x**2), [x]))
    assert found.exact == 1
    assert found.evidence.grade is Grade.PROVED


def test_floats_are_read_as_binary_numbers_and_said():
    found = critical_step_size(Loss(0.5 * x**2 + x**4, [x]))
    assert found.evidence.grade is Grade.CERTIFIED
    assert "float" in found.evidence.reason
    assert found.value == 2


def test_trace_along_a_curve_agrees_with_sampling():
    loss = Loss((x**2 * y - y - 1) ** 2 * (2 + x), [x, y])
    found = critical_step_size(loss)
    # On y = 1/(x² - 1), x > -2: positive trace; the family and x = -2 compete.
    rows = np.linspace(-1.999, 12, 200_001)
    rows = rows[np.abs(rows**2 - 1) > 1e-3]
    values = loss.sharpness_at(np.stack([rows, 1 / (rows**2 - 1)], axis=1))
    assert found.status is ThresholdStatus.VALUE
    assert found.value >= 2 / values.min() * (1 - 1e-9)


def test_unbounded_undecided_families_fall_back_to_numbers():
    # A nodal cubic of minima without curvature at its node: nothing finite may come out.
    found = critical_step_size(Loss((y**2 - x**2 * (x + 1)) ** 2, [x, y]), rng=0)
    assert found.status is ThresholdStatus.UNDECIDED
    assert math.isnan(found.value)


def test_families_of_higher_codimension_are_searched_numerically():
    loss = Loss(((a * x - 1) ** 2 + (a * b - 2) ** 2) / 2, [a, b, x])
    found = critical_step_size(loss, rng=0)
    assert found.evidence.grade is Grade.NUMERICAL
    assert "codimension" in found.evidence.reason
    # a (b, x) = (2, 1): two layers with target of norm √5.
    assert found.value == pytest.approx(1 / math.sqrt(5), rel=1e-9)
    assert (found.lower, found.upper) == (0, math.inf)


def test_the_second_threshold_keeps_its_time():
    rng = np.random.default_rng(0)
    variables = sp.symbols("v:6")
    terms = [
        int(c) * sp.prod(chosen)
        for degree in (1, 2, 3, 4)
        for chosen in combinations_with_replacement(variables, degree)
        for c in [rng.integers(1, 10)]
    ]
    loss = Loss(sp.Add(*terms), variables)
    start = time.perf_counter()
    found = weak_critical_step_size(loss, seconds=1)
    assert time.perf_counter() - start < 3
    assert found.status is ThresholdStatus.UNDECIDED
    assert "within 1 s" in found.evidence.reason


def test_derivatives_of_float_losses_do_not_round():
    # 3 * 0.1 is not the double next to it, so a rounded gradient has its zero elsewhere.
    found = exact_minima(Loss(0.1 * x**3 - x, [x]).symbolic, seconds=5)
    (piece,) = found.pieces
    (point,) = piece.points
    slope = 3 * sp.Rational(0.1) * x**2 - 1
    assert point.evaluate(sp.Poly(slope, x)).is_zero()
