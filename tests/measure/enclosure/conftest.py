"""Maps whose facts are looked at again and again."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, Loss
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.target import Target

LOSSES = {
    "double well": (x**4 / 4 - x**2 / 2, [x], 3),
    "product": ((x * y - 1) ** 2 / 2, [x, y], 3),
    "himmelblau": ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y], 6),
}


@lru_cache
def _known(name, step_size):
    loss, variables, reach = LOSSES[name]
    F = GradientDescent(Loss(loss, variables), step_size=step_size)
    d = len(variables)
    return F, facts_of(F, Box([-reach] * d, [reach] * d), target=Target.MINIMA)


def _cells(reach, n, d=2):
    edges = np.linspace(-reach, reach, n + 1)
    places = np.indices((n,) * d).reshape(d, -1)
    return edges[places], edges[places + 1]


def _points(lower, upper, count=1, seed=0):
    """Return `count` points of each box (d, n) as rows (count * n, d)."""
    shares = np.random.default_rng(seed).random((count, *lower.shape))
    drawn = np.clip(lower + shares * (upper - lower), lower, upper)
    return drawn.transpose(0, 2, 1).reshape(-1, len(lower))


@pytest.fixture(scope="session")
def known():
    """Return (map, facts) by the name of a loss and a step size."""
    return _known


@pytest.fixture(scope="session")
def cells():
    """Return the n^d cells of a cube as boxes."""
    return _cells


@pytest.fixture(scope="session")
def points_in():
    """Return random points of boxes."""
    return _points
