"""The search in floating point: right where there is a value, silent where there may be none."""

import math

import numpy as np
import pytest
import sympy as sp
from reference.networks import random_network
from sympy.abc import x, y, z

from dynsys_gd.evidence import Grade
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.numerical_search import SearchSettings, numerical_threshold
from dynsys_gd.thresholds.threshold import ThresholdStatus


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ((x * y - 1) ** 2 / 2, 1),
        ((x * y * z - 2) ** 2 / 2, 2 / (3 * 2 ** (4 / 3))),
        (x**4 / 4 - x**2 / 2, 1),
        (sp.log(sp.cosh(x * y - 1)), 1),
        (sp.cos(x), 2),
        (sp.exp(x) - x, 2),
        (sp.sin(x) ** 2 * (1 + y**2), 1),
    ],
)
def test_known_thresholds_are_found_from_below(expression, value):
    loss = Loss(expression, sorted(expression.free_symbols, key=str))
    found = numerical_threshold(loss, rng=1)
    assert found.evidence.grade is Grade.NUMERICAL
    assert found.value == pytest.approx(value, rel=1e-8)
    assert found.value <= value * (1 + 1e-12)
    assert (found.lower, found.upper) == (0, math.inf)
    assert np.abs(loss.gradient_at(found.attained_at)).max() < 1e-10


@pytest.mark.parametrize(
    "expression",
    [
        x**4,
        (x * y) ** 2 / 2,
        y**2 / (2 + 2 * x**2),
        (x * y - 1) ** 4,
        sp.log(1 + sp.exp(-x)) + sp.log(1 + sp.exp(-2 * x)),
        1 / (1 + x**2),
        sp.exp(-(x**2)),
        x * y,
        x**3,
    ],
)
def test_no_finite_number_where_there_is_none(expression):
    loss = Loss(expression, sorted(expression.free_symbols, key=str))
    found = numerical_threshold(loss, rng=2)
    assert found.status is ThresholdStatus.UNDECIDED
    assert math.isnan(found.value)


def test_network_with_many_eigenvalues():
    net = LinearNetwork((2, 2, 2), random_network(0).X[:, :2], random_network(0).X[:, 1:3])
    found = numerical_threshold(net, rng=0, settings=SearchSettings(scales=(1.0,), starts=2))
    exact = critical_step_size(net)
    assert found.value == pytest.approx(exact.value, rel=1e-4)
    assert found.value <= exact.upper * (1 + 1e-9)


def test_the_same_generator_gives_the_same_answer():
    loss = Loss(sp.log(sp.cosh(x * y - 1)), [x, y])
    first, second = (critical_step_size(loss, rng=5) for _ in range(2))
    assert first.value == second.value
    assert np.array_equal(first.attained_at, second.attained_at)


def test_no_time_is_undecided():
    loss = Loss(sp.cos(x), [x])
    assert numerical_threshold(loss, rng=0, seconds=0).status is ThresholdStatus.UNDECIDED
