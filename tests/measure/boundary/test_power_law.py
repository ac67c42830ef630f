"""The exponent of a power law, and how far it is known."""

import numpy as np
import pytest

from dynsys_gd.measure.boundary.power_law import Readings, fit, windowed


def readings(y, *, chance=0.0, low=None, high=None, dof=np.inf):
    y = np.asarray(y, dtype=float)
    x = -np.log(2.0) * np.arange(len(y))
    return Readings(
        x=x,
        y=y,
        covariance=chance**2 * np.eye(len(y)),
        low=y if low is None else np.asarray(low),
        high=y if high is None else np.asarray(high),
        dof=dof,
    )


X = -np.log(2.0) * np.arange(8)


def test_an_exact_law_is_found_exactly():
    law = fit(readings(0.3 + 0.75 * X))
    assert law.exponent == pytest.approx(0.75, abs=1e-13)
    assert law.intercept == pytest.approx(0.3, abs=1e-13)
    assert law.error == pytest.approx(0.0, abs=1e-12)
    assert law.interval(0.95) == pytest.approx((0.75, 0.75), abs=1e-11)
    assert law.finer[0] == pytest.approx(0.75)


def test_two_points_say_nothing_of_their_error():
    assert fit(readings([0.0, -1.0])) is None


@pytest.mark.parametrize(("scatter", "chance"), [(0.0, 0.1), (0.1, 0.0), (0.1, 0.05)])
def test_the_interval_covers_whether_points_scatter_by_chance_or_not(scatter, chance):
    rng = np.random.default_rng(0)
    covered, widths, exponents = 0, [], []
    for _ in range(1000):
        noise = np.hypot(scatter, chance) * rng.standard_normal(8)
        law = fit(readings(X + noise, chance=chance))
        low, high = law.interval(0.95)
        covered += low <= 1.0 <= high
        widths.append(high - low)
        exponents.append(law.exponent)
    assert 0.94 <= covered / 1000 <= 0.99
    assert np.median(widths) < 2 * 1.6 * 1.96 * np.std(exponents)


def test_errors_that_the_points_share_do_not_move_the_exponent():
    shared = Readings(x=X, y=X, covariance=np.full((8, 8), 0.04), low=X, high=X)
    assert fit(shared).error == pytest.approx(0.0, abs=1e-7)


def test_what_is_undecided_moves_the_exponent_as_far_as_it_can():
    y = 0.5 * X
    low, high = y - np.linspace(0.0, 0.2, 8), y + np.linspace(0.3, 0.0, 8)
    law = fit(readings(y, low=low, high=high))
    rng = np.random.default_rng(1)
    corners = np.where(rng.integers(0, 2, (3000, 8)), low, high)
    slopes = np.polynomial.polynomial.polyfit(X, corners.T, 1)[1]
    assert 0.5 - law.down <= slopes.min() + 1e-12
    assert 0.5 + law.up >= slopes.max() - 1e-12
    best = np.where(X.mean() < X, high, low), np.where(X.mean() < X, low, high)
    extremes = np.polynomial.polynomial.polyfit(X, np.array(best).T, 1)[1]
    assert (0.5 + law.up, 0.5 - law.down) == pytest.approx(tuple(extremes))


def test_coarse_scales_at_which_the_law_bends_are_left_out():
    y = 0.75 * X + np.array([0.6, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    law, used = windowed(readings(y, chance=0.01), np.ones(8, bool))
    assert used == [False, False, True, True, True, True, True, True]
    assert law.exponent == pytest.approx(0.75)
    assert not law.bent


def test_a_law_that_bends_to_the_end_is_called_so():
    law, used = windowed(readings(0.75 * X + 0.05 * X**2, chance=0.001), np.ones(8, bool))
    assert law.bent
    assert sum(used) == 6


def test_scales_that_are_not_allowed_are_not_used():
    allowed = np.array([False, True, True, True, True, True, True, False])
    y = np.where(allowed, X, 99.0)
    law, used = windowed(readings(y, chance=0.01), allowed)
    assert used == allowed.tolist()
    assert law.exponent == pytest.approx(1.0)
