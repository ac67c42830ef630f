"""Basin entropy against what can be computed by hand."""

import math

import numpy as np
import pytest
from scipy.stats import binom
from sympy.abc import x

import dynsys_gd as dg
from dynsys_gd.measure.boundary.entropy import _entropies

SQUARE = dg.Box([0, 0], [1, 1])


def upright(points):
    return points[:, 0] < 0.5


def expected(each):
    """The entropy of boxes that a line cuts in a uniform place, and the share seen as mixed."""
    place = (np.arange(4000) + 0.5) / 4000
    k = np.arange(each + 1)
    p = np.where((k == 0) | (k == each), 0.5, k / each)
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    entropy[[0, -1]] = 0.0
    weights = binom.pmf(k, each, place[:, None])
    return float((weights @ entropy).mean()), float(1 - weights[:, [0, -1]].sum(axis=1).mean())


def test_boxes_cut_by_a_line_have_the_computed_entropy():
    entropy, seen = expected(25)
    inside, on_boundary = [], []
    for seed in range(60):
        result = dg.basin_entropy(upright, SQUARE, sizes=(0.2, 0.1, 0.05), boxes=400, rng=seed)
        for point in result.points:
            cut = point.size / (1 - point.size)  # share of the boxes that the line cuts
            inside.append(point.low <= cut * entropy <= point.high)
            on_boundary.append(point.boundary_low <= entropy / seen <= point.boundary_high)
    assert np.mean(inside) >= 0.95
    assert 0.92 <= np.mean(on_boundary) <= 0.99


def test_a_smooth_boundary_has_exponent_one_and_stays_below_log_2():
    sizes = tuple(2.0**-k for k in range(4, 9))
    result = dg.basin_entropy(upright, SQUARE, sizes=sizes, boxes=20_000, rng=0)
    low, high = result.law.interval(0.99)
    assert low < 1.0 < high
    assert result.boundary_entropy < math.log(2)
    assert result.fractal is dg.Outcome.UNDECIDED


def test_three_riddled_sets_are_fractal_by_the_criterion():
    def riddled(points):
        return np.floor(points.sum(axis=1) * 1e9).astype(np.int64) % 3

    result = dg.basin_entropy(riddled, SQUARE, boxes=200, rng=0)
    assert result.fractal is dg.Outcome.YES
    assert result.boundary_entropy == pytest.approx(math.log(3) - 2 / 50, abs=0.01)  # from 25 each
    assert result.law is None  # saturated at every size


def test_two_sets_never_pass_the_criterion():
    def riddled(points):
        return np.floor(points.sum(axis=1) * 1e9).astype(np.int64) % 2

    result = dg.basin_entropy(riddled, SQUARE, boxes=500, rng=0)
    assert result.fractal is dg.Outcome.UNDECIDED
    assert result.boundary_entropy <= math.log(2)


def test_the_limits_are_those_of_all_labels_the_open_starts_may_have():
    rng = np.random.default_rng(0)
    table = rng.integers(-1, 3, size=(40, 6)).astype(np.int32)
    found = _entropies(table, (0, 1, 2))
    for row, least, most in zip(table, found.least, found.most, strict=True):
        values = []
        spots = np.flatnonzero(row == -1)
        for code in range(3 ** len(spots)):
            filled = row.copy()
            for spot in spots:
                code, filled[spot] = divmod(code, 3)
            p = np.bincount(filled, minlength=3) / 6
            values.append(-np.sum(p[p > 0] * np.log(p[p > 0])))
        assert least == pytest.approx(min(values), abs=1e-12)
        assert most == pytest.approx(max(values), abs=1e-12)


def test_no_boundary_is_told_as_a_bound():
    result = dg.basin_entropy(upright, dg.Box([2, 2], [3, 3]), boxes=300, rng=0)
    assert result.entropy == 0.0
    assert math.isnan(result.boundary_entropy)
    assert result.fractal is dg.Outcome.UNDECIDED
    assert "none of 300 boxes is mixed" in result.headline()
    assert 0 < result.points[-1].high < 0.02


def test_basins_of_a_map():
    F = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    line = dg.Box([-2], [2])
    limits = dg.basin_entropy(F, line, by=dg.Partition.LIMIT, boxes=300, rng=0)
    assert [limits.labels.name(k) for k in limits.seen] == ["converges to (-1)", "converges to (1)"]
    alike = dg.basin_entropy(F, line, by=dg.Partition.CONVERGENCE, boxes=300, rng=0)
    assert alike.entropy == 0.0
    assert alike.seen == (dg.Fate.CONVERGED,)
