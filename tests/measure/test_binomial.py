"""The exact binomial limits: against scipy, against their definition, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dynsys_gd import InvalidInput
from dynsys_gd.measure.binomial import checked_level, interval, lower_limit, upper_limit


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 40), (1, 1), (7, 40), (39, 40), (40, 40)])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_interval_is_the_one_of_scipy(hits: int, n: int, level: float) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(level, method="exact")
    assert interval(hits, 0, n, level=level) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("hits", "n"), [(1, 10), (3, 17), (250, 1000)])
def test_the_limits_solve_their_defining_equations(hits: int, n: int) -> None:
    low, high = lower_limit(hits, n, level=0.9), upper_limit(hits, n, level=0.9)
    assert stats.binom.sf(hits - 1, n, low) == pytest.approx(0.1, rel=1e-9)
    assert stats.binom.cdf(hits, n, high) == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("target", [1e-3, 1e-4, 1e-5])
def test_enough_draws_without_a_hit_bound_the_probability(target: float) -> None:
    n = {1e-3: 2995, 1e-4: 29956, 1e-5: 299572}[target]
    assert upper_limit(0, n, level=0.95) < target < upper_limit(0, n - 1, level=0.95)


@pytest.mark.parametrize("n", [5, 30, 200])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_coverage_computed_exactly_is_never_below_the_level(n: int, level: float) -> None:
    counts = np.arange(n + 1)
    limits = np.array([interval(int(k), 0, n, level=level) for k in counts])
    for p in np.linspace(0.001, 0.999, 97):
        covered = (limits[:, 0] <= p) & (p <= limits[:, 1])
        assert stats.binom.pmf(counts, n, p)[covered].sum() >= level


def test_undecided_draws_widen_only_the_upper_end() -> None:
    known, open_end = interval(30, 0, 100, level=0.95), interval(30, 20, 100, level=0.95)
    assert open_end[0] == known[0]
    assert open_end[1] == interval(50, 0, 100, level=0.95)[1]


@pytest.mark.parametrize("resolved", [0, 4, 10])
def test_the_interval_holds_whatever_the_undecided_draws_are(resolved: int) -> None:
    full = interval(30 + resolved, 0, 100, level=0.95)
    low, high = interval(30, 10, 100, level=0.95)
    assert low <= full[0]
    assert full[1] <= high


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, "high", None, True, float("nan")])
def test_a_level_outside_its_range_is_refused(level: object) -> None:
    with pytest.raises(InvalidInput, match="level"):
        checked_level(level)


@pytest.mark.parametrize(("hits", "undecided", "n"), [(5, 0, 4), (-1, 0, 4), (3, 2, 4), (3, -1, 4)])
def test_counts_that_cannot_be_are_refused(hits: int, undecided: int, n: int) -> None:
    with pytest.raises(InvalidInput):
        interval(hits, undecided, n, level=0.95)
