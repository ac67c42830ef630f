"""Cycles of maps of the line by balls: counts, exact edges, and what balls leave to algebra."""

import flint
import numpy as np
import pytest

from dynsys_gd.errors import TimeLimitReached
from dynsys_gd.orbits.algebra.effort import stopped_after
from dynsys_gd.orbits.algebra.line_cycles import Line, line_cycles

THREE_HALVES = flint.fmpq(3, 2)
LOGISTIC = flint.fmpq_poly([0, 4, -4])
DOUBLE_WELL = flint.fmpq_poly([0, 1 + THREE_HALVES, 0, -THREE_HALVES])


def quadratic(c):
    return flint.fmpq_poly([c, 0, 1])


@pytest.mark.parametrize(
    ("F", "counts"),
    [
        (LOGISTIC, [2, 1, 2, 3, 6, 9, 18, 30, 56, 99]),
        # 17, 23, 57 points of F^n(x) = x for n = 4, 5, 6.
        (DOUBLE_WELL, [3, 3, 4, 2, 4, 6]),
        # Without real periodic points, and with two fixed points only.
        (quadratic(1), [0, 0, 0, 0]),
        (quadratic(0), [2, 0, 0, 0, 0]),
    ],
)
def test_counts_of_prime_orbits(F, counts):
    assert [len(line_cycles(Line(F, p + 1))) for p in range(len(counts))] == counts


def test_the_multipliers_of_the_full_map_are_known():
    for cycle in line_cycles(Line(LOGISTIC, 7)):
        assert cycle.multiplier.overlaps(flint.arb(2**7)) or cycle.multiplier.overlaps(
            flint.arb(-(2**7))
        )
        assert cycle.multiplier.rad() < 2.0**-40
        assert cycle.points[0].approximate == min(p.approximate for p in cycle.points)


def test_points_are_mapped_to_each_other():
    for cycle in line_cycles(Line(DOUBLE_WELL, 5)):
        x = np.array([p.approximate[0] for p in cycle.points])
        np.testing.assert_allclose(2.5 * x - 1.5 * x**3, np.roll(x, -1), atol=1e-13)
        for point in cycle.points:
            assert point.tight_coordinates[0].rad() < 2.0**-55


@pytest.mark.parametrize(
    ("c", "period"),
    [
        (flint.fmpq(-7, 4), 3),  # birth of the period-3 window: multiplier 1
        (flint.fmpq(-7, 4), 6),
        (flint.fmpq(-5, 4), 2),  # a flip: multiplier -1
        (flint.fmpq(-5, 4), 4),  # and a root of order three
        (flint.fmpq(1, 4), 1),
    ],
)
def test_neutral_orbits_are_left_to_algebra(c, period):
    assert line_cycles(Line(quadratic(c), period)) is None


def test_close_to_neutral_is_still_decided():
    tiny = flint.fmpq(1, 2**40)
    assert len(line_cycles(Line(quadratic(flint.fmpq(-7, 4) - tiny), 3))) == 2
    assert line_cycles(Line(quadratic(flint.fmpq(-7, 4) + tiny), 3)) == ()


def test_comparison_with_rational_numbers_is_exact():
    zero, other = (cycle.points[0] for cycle in line_cycles(Line(LOGISTIC, 1)))
    assert [zero.compare(flint.fmpq(k, 2**60)) for k in (-1, 0, 1)] == [1, 0, -1]
    three_quarters = flint.fmpq(3, 4)
    tiny = flint.fmpq(1, 2**300)
    assert [other.compare(three_quarters + k * tiny) for k in (-1, 0, 1)] == [1, 0, -1]


def test_time_is_kept():
    with (
        pytest.raises(TimeLimitReached),
        stopped_after(0.2, TimeLimitReached("over")),
    ):
        line_cycles(Line(LOGISTIC, 10**6))
