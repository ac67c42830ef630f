"""The law of independent phases against simulation, quadrature and a case with a formula."""

import numpy as np
import pytest
from scipy.integrate import quad

from dynsys_gd.claims.support.independent_phases import distribution, exponent, kurtosis, variance


@pytest.mark.parametrize("step", [0.05, 0.3])
def test_moments_and_law_are_those_of_a_simulation(step):
    rng = np.random.default_rng(0)
    x = np.zeros(200_000)
    for _ in range(int(12 / step)):
        x = (1 - step) * x - step * np.cos(2 * np.pi * rng.random(len(x)))
    assert abs(x.var() / variance(step) - 1) < 0.02
    assert abs(np.mean(x**4) / x.var() ** 2 - kurtosis(step)) < 0.05
    at = np.linspace(-3, 3, 13) * np.sqrt(variance(step))
    seen = (x[:, None] <= at).mean(axis=0)
    assert np.abs(seen - distribution(step, at)).max() < 0.005


@pytest.mark.parametrize("step", [0.02, 0.1, 0.3])
def test_the_distribution_function_has_the_moments_of_the_law(step):
    sd = np.sqrt(variance(step))
    at = np.linspace(-9, 9, 1801) * sd
    law = distribution(step, at)
    assert np.abs(law + law[::-1] - 1).max() < 1e-12
    assert np.diff(law).min() > -1e-10
    tail = 2 * np.trapezoid(2 * at[900:] * (1 - law[900:]), at[900:])
    fourth = 2 * np.trapezoid(4 * at[900:] ** 3 * (1 - law[900:]), at[900:])
    assert abs(tail / variance(step) - 1) < 1e-4
    assert abs(fourth / variance(step) ** 2 - kurtosis(step)) < 1e-3


def test_the_exponent_is_the_mean_of_the_logarithm():
    step, fine = 0.3, 0.01
    found = quad(lambda u: np.log(abs(1 - step + step / fine * np.sin(u))), 0, 2 * np.pi, limit=500)
    assert abs(found[0] / (2 * np.pi) - exponent(step, fine)) < 1e-4


def test_the_kurtosis_at_step_one_is_that_of_the_arcsine_law():
    assert kurtosis(1.0) == 1.5
