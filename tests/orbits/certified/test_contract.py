"""Contraction never loses an orbit, and does shrink."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.certified.contract import contracted, first_is_largest
from dynsys_gd.orbits.certified.equations import equations_of

HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
SINES = GradientDescent(Loss(sp.sin(x) * sp.cos(2 * y) + x**2 / 5, [x, y]), "1/2")
RNG = np.random.default_rng(11)


def henon_orbit(period, n=400):
    """Return true orbits of a period to about 1e-15, found by Newton's method from many starts."""
    points = RNG.uniform([-1.4, -0.4], [1.4, 0.4], (n, period, 2))
    for _ in range(60):
        a, b = points[..., 0], points[..., 1]
        value = np.stack([1 - 1.4 * a**2 + b, 0.3 * a], -1) - np.roll(points, -1, axis=1)
        system = np.zeros((n, 2 * period, 2 * period))
        for k in range(period):
            after = 2 * ((k + 1) % period)
            system[:, 2 * k, 2 * k] = -2.8 * a[:, k]
            system[:, 2 * k, 2 * k + 1] = 1
            system[:, 2 * k + 1, 2 * k] = 0.3
            for i in range(2):
                system[:, 2 * k + i, after + i] -= 1
        fine = np.isfinite(system).all(axis=(1, 2)) & (np.abs(np.linalg.det(system)) > 1e-12)
        points, value, system = points[fine], value[fine], system[fine]
        n = len(points)
        points = points - np.linalg.solve(system, value.reshape(n, -1, 1)).reshape(points.shape)
    small = np.abs(value).max(axis=(1, 2)) < 1e-14
    return points[small]


@pytest.mark.parametrize("period", [2, 4, 7])
def test_orbits_stay_in_their_boxes(period):
    orbits = henon_orbit(period)
    first = orbits[:, 0, 0] == orbits[:, :, 0].max(axis=1)
    orbits = orbits[first]
    assert len(orbits) >= 3
    room = RNG.uniform(0, 1, (2, *orbits.shape)) * 10.0 ** RNG.uniform(
        -9, -0.3, (2, len(orbits), 1, 1)
    )
    lower, upper = (orbits - room[0]).transpose(1, 2, 0), (orbits + room[1]).transpose(1, 2, 0)
    low, high, kept = contracted(equations_of(HENON, period), lower, upper)
    assert len(kept) == len(orbits)
    truth = orbits.transpose(1, 2, 0)
    assert (low <= truth + 1e-14).all()
    assert (high >= truth - 1e-14).all()
    assert (high - low).sum() < 0.7 * (upper - lower).sum()


def test_boxes_without_orbits_vanish():
    lower = np.full((3, 2, 5), 1.2)
    low, high, kept = contracted(equations_of(HENON, 3), lower, lower + 0.05)
    assert low.shape == high.shape == (3, 2, 0)
    assert len(kept) == 0


def test_zeros_of_a_gradient_stay():
    equations = equations_of(SINES, 1)
    gradient = sp.lambdify((x, y), equations.functions)
    start = np.array([0.7, 1.5])
    root = np.array(sp.nsolve(equations.functions, (x, y), start), dtype=float).ravel()
    assert np.abs(gradient(*root)).max() < 1e-12
    room = 10.0 ** RNG.uniform(-6, -1, (2, 2, 300))
    lower, upper = (root[:, None] - room[0])[None], (root[:, None] + room[1])[None]
    low, high, kept = contracted(equations, lower, upper)
    assert len(kept) == 300
    assert (low[0] <= root[:, None] + 1e-14).all()
    assert (high[0] >= root[:, None] - 1e-14).all()


def test_of_the_numberings_one_is_kept():
    lower = np.array([0.0, 0.5, -1.0])[:, None, None] * np.ones((3, 1, 1))
    upper = lower + 1.0
    first_is_largest(lower, upper)
    assert lower[0, 0, 0] == 0.5
    assert upper[1, 0, 0] == 1.0
    assert upper[2, 0, 0] == 0.0
