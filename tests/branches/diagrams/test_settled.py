"""Periods from returns: exact cycles, slow approaches, and what only looks like a cycle."""

import numpy as np
import pytest

from dynsys_gd.branches.diagrams.settled import settled_periods

LONGEST, TOLERANCE = 16, 1e-6
T = np.arange(3 * LONGEST + 1)


def judged(*orbits):
    piece = np.stack([np.asarray(orbit, dtype=float).reshape(len(T), -1) for orbit in orbits], 1)
    return settled_periods(piece, LONGEST, TOLERANCE).period.tolist()


@pytest.mark.parametrize("p", range(1, LONGEST + 1))
def test_exact_cycles_have_their_least_period(p):
    cycle = np.random.default_rng(p).normal(size=p)
    assert judged(cycle[T % p]) == [p]


def test_periods_above_the_cap_are_not_found():
    cycle = np.random.default_rng(0).normal(size=LONGEST + 1)
    assert judged(cycle[T % (LONGEST + 1)]) == [0]


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-8])
def test_a_small_cycle_is_no_fixed_point(size):
    """Just beyond a flip: the return after one step is tiny and does not become better."""
    assert judged(1.0 + size * (-1.0) ** T) == [2]


@pytest.mark.parametrize("factor", [0.5, 0.9, -0.5, -0.9])
def test_an_approach_counts_where_the_rest_of_the_way_is_short(factor):
    near, far = 1 + 1e-9 * factor**T, 1 + 0.5 * np.abs(factor) ** (T / 100) * np.sign(factor) ** T
    assert judged(near, far) == [1, 0]


def test_a_slow_approach_to_a_short_cycle_is_not_the_doubled_one():
    """It returns better after 2p steps than after p, at every moment."""
    slow = (-1.0) ** T * 0.9999**T
    doubled = np.where(T % 2, -1.0, 1.0) * (1 + 1e-7 * (-1.0) ** (T // 2) * 0.999**T)
    assert judged(slow) == [0]
    assert judged(doubled)[0] in (0, 2)
    assert judged(np.where(T % 2, -1.0, 1.0) * (1 + 1e-7 * (-1.0) ** (T // 2))) == [4]


def test_neutral_decay_settles_nothing():
    assert judged((-1.0) ** T / np.sqrt(T + 3000)) == [0]


def test_rotation_and_noise_are_no_cycles():
    angle = 2 * np.pi * T * (np.sqrt(5) - 1) / 2
    noise = np.random.default_rng(0).normal(size=len(T))
    assert judged(
        np.stack([np.cos(angle), np.sin(angle)], axis=1), np.stack([noise, noise], 1)
    ) == [
        0,
        0,
    ]


def test_rounding_does_not_hide_a_cycle():
    noise = 1e-15 * np.random.default_rng(0).normal(size=len(T))
    assert judged(np.sin(2 * np.pi * T / 5) + noise, 3.0 + noise) == [5, 1]


def test_what_is_no_number_has_no_period():
    assert judged(np.where(T > 20, np.nan, 1.0), np.where(T > 20, np.inf, 1.0)) == [0, 0]


def test_nearest_return_of_a_rotation():
    angle = 2 * np.pi * T * (np.sqrt(5) - 1) / 2
    piece = np.stack([np.cos(angle), np.sin(angle)], axis=1)[:, None]
    closest = settled_periods(piece, LONGEST, TOLERANCE).closest[0]
    # After 13 steps, a Fibonacci number; the box about the circle has the diagonal 2 √2.
    miss = 2 * abs(np.sin(angle[13] / 2)) / (2 * np.sqrt(2))
    assert closest == pytest.approx(miss, rel=0.05)
