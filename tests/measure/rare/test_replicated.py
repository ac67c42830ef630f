"""The interval of replicates: does it cover as often as it says?"""

import numpy as np
import pytest
from scipy import stats

from dynsys_gd.measure.rare.replicated import Replicated, log_half_width, scatter


def reading(reaching, ends, **changes):
    fields = {
        "size": 1000,
        "levels": (5.0,) * (len(reaching[0]) - 1),
        "levels_said": "",
        "different": (1.0,),
        "accepted": (0.4,),
        "obstacle": "",
    }
    return Replicated(reaching=reaching, ends=ends, **(fields | changes))


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("runs", [3, 10])
@pytest.mark.parametrize("law", ["log-normal", "gamma"])
def test_the_interval_covers_the_mean_of_skewed_estimates(law, runs, spread):
    rng = np.random.default_rng(0)
    if law == "gamma":
        draws = rng.gamma(1 / spread**2, spread**2, (2000, runs))
    else:
        draws = np.exp(spread * rng.standard_normal((2000, runs)) - spread**2 / 2)
    hits = [abs(np.log(np.mean(p))) <= log_half_width(tuple(p), 0.975) for p in draws]
    assert 0.925 < np.mean(hits) < 0.99


def test_the_half_width_is_students_for_small_scatter():
    estimates = (0.98, 1.01, 1.03, 0.99)
    s = scatter(estimates)
    expected = stats.t.ppf(0.975, 3) * np.sqrt(s**2 / 4 + s**4 / 6)
    assert log_half_width(estimates, 0.975) == pytest.approx(expected)


def test_runs_that_agree_by_chance_do_not_pretend_to_be_exact():
    seen = reading(((100, 500),) * 3, ((500, 0),) * 3)
    low, high = seen.interval(0.95)
    alone = 4.30 * np.sqrt((0.9 / 0.1 + 1.0) / 1000 / 3)
    assert seen.lower == pytest.approx(0.05)
    assert np.log(high / 0.05) == pytest.approx(alone, rel=0.05)
    assert low * high == pytest.approx(0.05**2)


def test_undecided_starts_belong_to_the_upper_value_only():
    seen = reading(((100, 500), (110, 480)), ((450, 50), (440, 40)))
    decided = reading(((100, 450), (110, 440)), ((450, 0), (440, 0)))
    assert (seen.lower, seen.upper) == pytest.approx((0.0467, 0.0514), rel=1e-3)
    assert seen.lower == decided.lower
    assert seen.interval(0.9)[1] > decided.interval(0.9)[1]
    nothing = reading(((100, 500), (110, 480)), ((0, 500), (440, 40)))
    assert nothing.interval(0.9)[0] == 0


def test_without_levels_the_starts_are_independent():
    seen = reading(((1000,), (1000,)), ((1000, 0), (1000, 0)))
    low, high = seen.interval(0.95)
    assert high == 1
    assert low == pytest.approx(stats.beta.ppf(0.025, 2000, 1))
    none = reading(((0,), (0,)), ((0, 0), (0, 0)))
    assert none.interval(0.95)[1] == pytest.approx(stats.beta.ppf(0.975, 1, 2000))


def test_no_estimate_is_an_upper_limit_not_a_zero():
    seen = reading(((100, 90), (110, 80)), (), obstacle="for a reason")
    low, high = seen.interval(0.95)
    assert (seen.lower, low) == (0, 0)
    assert seen.upper == pytest.approx(0.0089)
    assert high > seen.upper
    assert seen.upper_bound(0.95) == high
    unknown = reading(((), ()), (), obstacle="at once")
    assert (unknown.upper, unknown.interval(0.95)) == (1, (0, 1))
