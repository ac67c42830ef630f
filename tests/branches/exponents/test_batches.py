"""Errors from batches: right for independent ones, not too small for others, drift noticed."""

import numpy as np

from dynsys_gd.branches.exponents.batches import jackknife_error, mean_error, settled, total
from dynsys_gd.branches.exponents.pooled import pooled
from dynsys_gd.evidence import Outcome


def correlated(rng, count, shape, memory):
    """An autoregressive series whose mean is zero."""
    values = np.empty((count, *shape))
    values[0] = rng.standard_normal(shape) / np.sqrt(1 - memory**2)
    for k in range(1, count):
        values[k] = memory * values[k - 1] + rng.standard_normal(shape)
    return values


def test_independent_batches_give_the_usual_error():
    values = np.random.default_rng(0).standard_normal((64, 4000))
    error = mean_error(values)
    assert 1.0 < np.sqrt(np.mean(error**2)) * np.sqrt(64) < 1.15  # the largest of three
    z = total(values) / error
    assert 0.94 < np.mean(np.abs(z) < 2) < 0.985


def test_correlation_over_a_few_batches_is_allowed_for():
    values = correlated(np.random.default_rng(1), 64, (4000,), 0.5)
    naive = values.std(axis=0, ddof=1) / 8
    error = mean_error(values)
    assert np.mean(np.abs(total(values) / naive) < 2) < 0.8
    assert np.mean(np.abs(total(values) / error) < 2) > 0.87


def test_steady_batches_have_settled_and_drifting_ones_have_not():
    rng = np.random.default_rng(2)
    steady = rng.standard_normal((64, 5000))
    outcomes = settled(steady, mean_error(steady))
    assert np.mean([o is Outcome.NO for o in outcomes]) < 1e-3
    assert np.mean([o is Outcome.YES for o in outcomes]) > 0.99
    drifting = steady + np.linspace(-2, 2, 64)[:, None]
    outcomes = settled(drifting, mean_error(drifting))
    assert np.mean([o is Outcome.NO for o in outcomes]) > 0.95
    assert not any(o is Outcome.YES for o in outcomes)


def test_growth_like_a_power_of_the_time_has_not_settled():
    """What a shear gives: log((t + L) / t) / L in successive batches."""
    times = 1000.0 + 100.0 * np.arange(65)
    rates = np.diff(np.log(times))[:, None] / 100
    assert settled(rates, mean_error(rates))[0] is Outcome.NO


def test_differences_of_the_size_of_rounding_do_not_count():
    values = 1.0 + np.linspace(0, 1e-13, 64)[:, None]
    assert settled(values, mean_error(values))[0] is Outcome.YES
    assert settled(np.full((64, 1), np.nan), np.full(1, np.nan))[0] is Outcome.NO


def test_the_jackknife_of_a_mean_is_its_error():
    values = np.random.default_rng(3).standard_normal(50)
    without = (values.sum() - values) / 49
    expected = values.std(ddof=1) / np.sqrt(50)
    np.testing.assert_allclose(jackknife_error(without), expected)


def test_alike_and_unlike_orbits_are_told_apart():
    rng = np.random.default_rng(4)
    values, errors = rng.normal(1.0, 0.1, (40, 1)), np.full((40, 1), 0.1)
    same = pooled(values, errors)
    assert same.alike is Outcome.YES
    assert abs(same.values[0] - 1.0) < 4 * same.errors[0]
    assert same.errors[0] < 0.03
    values[:20] += 1.0
    assert pooled(values, errors).alike is Outcome.NO
    assert pooled(values[:1], errors[:1]).alike is Outcome.YES
    assert pooled(values[:0], errors[:0]).orbits == 0
    assert pooled(np.full((3, 1), -np.inf), np.zeros((3, 1))).alike is Outcome.YES
