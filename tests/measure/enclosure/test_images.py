"""Sets that contain every image: compared with orbits of points."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.orbits.certified.images import Images, Moving
from dynsys_gd.orbits.certified.scale import Scale

WAVES = sp.tanh(x * y) + sp.sin(x) ** 2 + sp.exp(-(y**2)) + (x**2 + y**2) / 4
MAPS = {
    "double well": GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2"),
    "product": GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2"),
    "himmelblau": GradientDescent(
        Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y]), "1/100"
    ),
    "waves": GradientDescent(Loss(WAVES, [x, y]), "1/3"),
    "momentum": HeavyBall(Loss(x**4 / 4 - x**2 / 2, [x]), "1/4", "1/2"),
    "henon": SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y]),
    "three": GradientDescent(Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), "1/5"),
}
ROUNDING = 1e-13


@pytest.mark.parametrize("name", MAPS)
def test_images_of_points_lie_in_the_images_and_in_a_piece(name, points_in):
    F = MAPS[name]
    rng = np.random.default_rng(1)
    d, n, count = F.dimension, 60, 40
    low = rng.uniform(-1.5, 1.5, size=(d, n))
    high = low + 10.0 ** rng.uniform(-6, -1, size=(1, n)) * rng.uniform(0.1, 1, size=(d, n))
    sets = Moving.boxes(low, high)
    points = np.concatenate([points_in(low, high, count), low.T, high.T])
    sizes = []
    for _ in range(5):
        sets, points = Images(F).after(sets), F(points)
        here = points.reshape(count + 2, n, d).transpose(2, 0, 1)
        slack = ROUNDING * (1 + np.abs(here))
        below, above = sets.box()
        assert ((below[:, None] <= here + slack) & (here - slack <= above[:, None])).all()
        owner, first, last = sets.pieces()
        met = np.zeros((count + 2, n), dtype=bool)
        for k, column in enumerate(owner):
            at, room = here[:, :, column], slack[:, :, column]
            inside = (first[:, k, None] <= at + room) & (at - room <= last[:, k, None])
            met[:, column] |= inside.all(axis=0)
        assert met.all()
        assert set(owner.tolist()) == set(range(n))
        width, spread = (above - below).max(axis=0), np.ptp(here, axis=1).max(axis=0)
        sizes.append(np.median((width / np.maximum(spread, ROUNDING))[width > 1e-9]))
    assert max(sizes) < 4  # and not much larger than they have to be


def test_frames_follow_long_thin_images():
    turning = SymbolicMap([(3 * x - 4 * y) / 5 + y**2 / 100, (4 * x + 3 * y) / 5], [x, y])
    low = np.array([[0.2], [0.1]])
    sets, box = Moving.boxes(low, low + 1e-3), (low, low + 1e-3)
    for _ in range(12):
        sets = Images(turning).after(sets)
        box = Images(turning).after(Moving.boxes(*box)).box()
    assert 20 * 2 * sets.spread.max() < (box[1] - box[0]).max()


@pytest.mark.parametrize("names", ["c0 c1", "c1 c0", "A0 Q0", "Q3 A3", "m0 xi0"])
def test_variables_may_have_any_name(names):
    u, v = sp.symbols(names)
    low, high = np.array([[1.0], [2.0]]), np.array([[1.1], [2.1]])
    boxes = []
    for a, b in ((x, y), (u, v)):
        F = GradientDescent(Loss((a * b - 1) ** 2 / 2 + a, [a, b]), "1/2")
        boxes.append(Images(F).after(Moving.boxes(low, high)).box())
    assert np.array_equal(boxes[0], boxes[1])


def test_nothing_is_said_of_images_through_poles_and_beyond_all_numbers():
    low, high = np.array([[-0.5, 1.0, 700.0]]), np.array([[0.5, 1.5, 720.0]])
    pole = Images(SymbolicMap([1 / x], [x])).after(Moving.boxes(low, high))
    assert np.isfinite(pole.spread[0]).tolist() == [False, True, True]
    growing = Images(SymbolicMap([sp.exp(x)], [x])).after(Moving.boxes(low, high))
    assert np.isfinite(growing.spread[0]).tolist() == [True, True, False]
    root = Images(SymbolicMap([sp.sqrt(x)], [x])).after(Moving.boxes(low, high))
    assert np.isfinite(root.spread[0]).tolist() == [False, True, True]


@pytest.mark.parametrize("region", [([0.1, -0.3], [0.7, 0.2]), ([1e6, -1e-6], [1e6 + 1, 1e-6])])
def test_coordinates_of_the_region_are_rounded_outwards(region):
    from fractions import Fraction

    scale = Scale(Box(*region))
    rng = np.random.default_rng(0)
    lower = rng.uniform(-2, 2, size=(2, 50))
    upper = lower + rng.uniform(0, 1, size=(2, 50))
    low, high = scale.states(lower, upper)
    back = scale.units(low, high)
    for i in range(2):
        start, end = Fraction(region[0][i]), Fraction(region[1][i])
        for k in range(50):
            exact = [start + (end - start) * Fraction(float(u[i, k])) for u in (lower, upper)]
            assert Fraction(float(low[i, k])) < exact[0]
            assert exact[1] < Fraction(float(high[i, k]))
            units = [(Fraction(float(s[i, k])) - start) / (end - start) for s in (low, high)]
            assert Fraction(float(back[0][i, k])) < units[0]
            assert units[1] < Fraction(float(back[1][i, k]))
