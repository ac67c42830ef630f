"""The second verification proves what is there, and refuses what is not."""

import math

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.certified.audit import audited, refined
from dynsys_gd.orbits.certified.equations import equations_of

HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
LOGISTIC = SymbolicMap([4 * x * (1 - x)], [x])


def boxes(points, width):
    points = np.array(points, dtype=float)[..., None]
    return points - width, points + width


def logistic_orbit(period, turns=1):
    """x_k = sin²(2^k θ) with θ = π turns / (2^p - 1)."""
    angle = math.pi * turns / (2**period - 1)
    return [[math.sin(2**k * angle) ** 2] for k in range(period)]


@pytest.mark.parametrize("period", [1, 2, 5, 12, 30])
def test_logistic_orbits_are_proved_and_enclosed_to_the_last_bit(period):
    start = [[0.75]] if period == 1 else logistic_orbit(period)
    # The orbit in doubles is off by rounding: doubling the angle amplifies nothing but itself.
    lower, upper = boxes(start, 1e-12)
    low, high, proved = audited(equations_of(LOGISTIC, period), lower, upper)
    assert proved.all()
    assert np.all(high - low <= 2 * np.spacing(high))
    mpmath.mp.dps = 50
    for k in range(period):
        angle = mpmath.pi / (2**period - 1) if period > 1 else mpmath.pi / 3
        exact = mpmath.sin(2**k * angle) ** 2
        assert low[k, 0, 0] <= exact + mpmath.mpf(10) ** -45
        assert exact - mpmath.mpf(10) ** -45 <= high[k, 0, 0]


def test_balls_are_as_narrow_as_the_precision():
    lower, upper = boxes([[0.75]], 1e-10)
    for bits in (200, 500):
        ((number,),) = refined(
            equations_of(LOGISTIC, 1), lower[..., 0], upper[..., 0], precision=bits
        )
        assert number.contains(flint.arb(flint.fmpq(3, 4)))
        assert float(number.rad()) < 2.0 ** (-0.8 * bits)


def test_only_the_boxes_that_hold_an_orbit_are_proved():
    fixed = np.roots([1.4, 0.7, -1])
    here = np.array([[[r, 0.3 * r]] for r in fixed])
    shifted = here + np.array([0.01, 0.0])
    points = np.concatenate([here, shifted]).transpose(1, 2, 0)
    lower, upper = points - 1e-4, points + 1e-4
    low, high, proved = audited(equations_of(HENON, 1), lower, upper)
    assert proved.tolist() == [True, True, False, False]
    np.testing.assert_array_equal(low[..., 2:], lower[..., 2:])
    np.testing.assert_array_equal(high[..., 2:], upper[..., 2:])
    assert np.all(low[..., :2] <= points[..., :2] + 1e-15)
    assert np.all(high[..., :2] >= points[..., :2] - 1e-15)


def test_an_orbit_just_outside_of_the_box_is_refused():
    equations = equations_of(LOGISTIC, 1)
    for low, high, there in (
        (0.7, 0.7499, False),
        (0.7501, 0.8, False),
        (0.75 + 1e-12, 0.75 + 2e-12, False),
        (0.75, 0.75, True),
        (0.75 - 1e-13, 0.75, True),
    ):
        _, _, proved = audited(equations, np.full((1, 1, 1), low), np.full((1, 1, 1), high))
        assert proved.tolist() == [there]


def test_two_orbits_in_one_box_are_refused():
    # Fixed points at ±1e-3 and 0, alone and together.
    F = SymbolicMap([x + x * (x**2 - sp.Rational(1, 10**6))], [x])
    equations = equations_of(F, 1)
    for centre, width, there in (
        (0.0, 1e-4, True),
        (1e-3, 1e-4, True),
        (5e-4, 6e-4, False),
        (0.0, 2e-3, False),
    ):
        _, _, proved = audited(equations, *boxes([[centre]], width))
        assert proved.tolist() == [there]


def test_a_double_zero_is_refused():
    # The tangency at which the period-3 window of the quadratic map begins.
    F = SymbolicMap([x**2 - sp.Rational(7, 4)], [x])
    values = [np.roots([8, 4, -18, -1])]
    points = sorted(values[0], reverse=True)
    orbit = [[points[0]], [points[0] ** 2 - 1.75], [(points[0] ** 2 - 1.75) ** 2 - 1.75]]
    assert abs(orbit[2][0] ** 2 - 1.75 - points[0]) < 1e-12
    _, _, proved = audited(equations_of(F, 3), *boxes(orbit, 1e-6))
    assert not proved.any()
    # A circle of fixed points.
    ring = GradientDescent(Loss((x**2 + y**2 - 1) ** 2, [x, y]), step_size="1/10")
    _, _, proved = audited(equations_of(ring, 1), *boxes([[1.0, 0.0]], 1e-6))
    assert not proved.any()


def test_points_of_the_wrong_order_are_refused():
    a, b = (5 + math.sqrt(5)) / 8, (5 - math.sqrt(5)) / 8
    equations = equations_of(LOGISTIC, 2)
    _, _, proved = audited(equations, *boxes([[a], [b]], 1e-9))
    assert proved.all()
    _, _, proved = audited(equations, *boxes([[a], [a]], 1e-9))
    assert not proved.any()


def test_constants_are_exact():
    # The fixed point of x/10 + 9/10 · 3 is 3; of the doubles nearest to these it is not.
    F = SymbolicMap([x / 10 + sp.Rational(27, 10)], [x])
    low, high, proved = audited(equations_of(F, 1), *boxes([[3.0]], 1e-9))
    assert proved.all()
    assert low[0, 0, 0] <= 3 <= high[0, 0, 0]
    ((ball,),) = refined(equations_of(F, 1), low[..., 0], high[..., 0])
    assert ball.contains(3)
    G = SymbolicMap([sp.Float(0.1) * x + sp.Float(2.7)], [x])
    ((other,),) = refined(equations_of(G, 1), *(b[..., 0] for b in boxes([[3.0]], 1e-9)))
    assert not other.contains(3)


def test_functions_of_other_kinds():
    pole = SymbolicMap([x + 1 / (x - 2)], [x])
    _, _, proved = audited(equations_of(pole, 1), *boxes([[2.0]], 0.1))
    assert not proved.any()
    jump = SymbolicMap([2 * sp.sign(x) + x / 2], [x])
    _, _, proved = audited(equations_of(jump, 1), *boxes([[4.0]], 4.5))
    assert not proved.any()
    smooth = SymbolicMap([2 * sp.tanh(x)], [x])
    low, high, proved = audited(equations_of(smooth, 1), *boxes([[1.915008]], 1e-5))
    assert proved.all()
    mpmath.mp.dps = 40
    exact = mpmath.findroot(lambda t: 2 * mpmath.tanh(t) - t, 1.9)
    assert low[0, 0, 0] <= exact <= high[0, 0, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_boxes_without_bounds_are_refused(bad):
    _, _, proved = audited(
        equations_of(LOGISTIC, 1), np.full((1, 1, 1), 0.7), np.full((1, 1, 1), bad)
    )
    assert not proved.any()


def test_the_precision_of_others_is_left_alone():
    before = flint.ctx.prec
    audited(equations_of(LOGISTIC, 1), *boxes([[0.75]], 1e-9), precision=333)
    assert flint.ctx.prec == before
