"""The uncertainty exponent against boundaries of known dimension."""

import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.errors import InvalidInput

SQUARE = dg.Box([-1, -1], [1, 1])
FEW = dg.UncertaintyExponent(scales=tuple(2.0**-k for k in range(3, 9)), events=100, pairs=2**16)
CANTOR = math.log(2) / math.log(3)


def left(points):
    return points[:, 0] < 0.25


def disc(points):
    return (points**2).sum(axis=1) < 0.5


def cantor(points):
    """The parity of the number of steps after which the tent map of slope 3 leaves [0, 1]."""
    here, label = points[:, 0].copy(), np.zeros(len(points), int)
    inside = np.ones(len(points), bool)
    for step in range(34):
        gone = inside & (here > 1 / 3) & (here < 2 / 3)
        label[gone] = step % 2
        inside &= ~gone
        here = np.where(here < 0.5, 3 * here, 3 - 3 * here)
    label[inside] = -1
    return label


def oblique_cantor(points):
    return cantor(np.mod(points @ [[0.8], [0.6]], 1.0))


def weierstrass(points):
    """Above or below the graph of Σ λ^-j cos(2π 2^j t), of dimension 2 - log2 λ."""
    graph = np.zeros(len(points))
    for j in range(40):
        graph -= 1.5 ** -(j + 1) * np.cos(2 * np.pi * np.mod(2.0**j * points[:, 0], 1.0))
    return points[:, 1] > graph


def covering(labels, box, dimension, seeds, method=FEW):
    found = [dg.boundary_dimension(labels, box, method=method, rng=seed) for seed in range(seeds)]
    inside = [low <= dimension <= high for low, high in (each.interval() for each in found)]
    widths = [high - low for low, high in (each.interval() for each in found)]
    return np.mean(inside), np.mean([each.dimension for each in found]), np.median(widths)


def test_each_share_has_an_honest_interval():
    # The pairs across a straight line are the share 2ε/π of the square: ε times E|cos|.
    inside = []
    for seed in range(150):
        result = dg.boundary_dimension(left, SQUARE, method=FEW, rng=seed)
        inside += [p.low <= 2 * p.scale / math.pi <= p.high for p in result.points]
    assert 0.93 <= np.mean(inside) <= 0.98


@pytest.mark.parametrize("labels", [left, disc])
def test_a_smooth_boundary_has_dimension_one(labels):
    cover, mean, width = covering(labels, SQUARE, 1.0, 200)
    assert cover >= 0.94
    assert mean == pytest.approx(1.0, abs=0.01)
    assert width < 0.2  # chance alone gives 0.14


@pytest.mark.parametrize(
    ("labels", "box", "dimension", "seeds"),
    [
        (cantor, dg.Box([0], [1]), CANTOR, 40),
        (oblique_cantor, dg.Box([0, 0], [1, 1]), 1 + CANTOR, 40),
        (weierstrass, dg.Box([0, -0.5], [1, 0.5]), 2 - math.log2(1.5), 10),
    ],
)
def test_a_fractal_of_known_dimension(labels, box, dimension, seeds):
    method = dg.UncertaintyExponent(events=100, pairs=2**16)
    cover, mean, width = covering(labels, box, dimension, seeds, method)
    assert cover >= 0.9
    assert mean == pytest.approx(dimension, abs=0.02)
    assert width < 0.15


def test_smooth_in_space_and_under_other_laws():
    method = dg.UncertaintyExponent(events=200, pairs=2**18)
    for region, d in (
        (dg.Ball([0, 0], 1), 2),
        (dg.Gaussian([0, 0, 0], 1), 3),
        (dg.Gaussian([0, 0, 0], [1, 0, 1]), 2),
        (dg.Box([-1, -10], [1, 10]), 2),
    ):
        result = dg.boundary_dimension(disc, region, method=method, rng=0)
        assert result.dimensions == d
        low, high = result.interval(0.999)
        assert low < d - 1 < high


def test_a_map_with_a_cantor_set_between_two_sinks():
    # Three pieces of [-1, 1] are stretched by 5 over all of it; the rest goes to a sink at ±2.
    t = sp.Symbol("t", real=True)
    zigzag = 5 * t - 5 * (sp.Abs(t + sp.Rational(2, 5)) - sp.Abs(t - sp.Rational(2, 5)))
    third = sp.Rational(3, 2)
    F = dg.SymbolicMap([sp.Max(sp.Min(zigzag, third + t / 4), t / 4 - third)], [t])
    result = dg.boundary_dimension(F, dg.Box([-1], [1]), by=dg.Partition.LIMIT, rng=0)
    low, high = result.interval(0.99)
    assert low < math.log(3) / math.log(5) < high
    assert high - low < 0.14
    assert result.undecided == 0


def test_the_ellipse_of_gradient_descent_is_smooth():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    method = dg.UncertaintyExponent(events=100, pairs=2**18)
    result = dg.boundary_dimension(F, dg.Box([-3, -3], [3, 3]), method=method, rng=0)
    low, high = result.interval()
    assert low < 1.0 < high
    assert high - low < 0.3


def test_a_regularised_factorisation_has_the_published_dimension():
    F = dg.GradientDescent(
        dg.Loss((x * y - sp.Rational(1, 2)) ** 2 / 2 + (x**2 + y**2) / 10, [x, y]), 1
    )
    method = dg.UncertaintyExponent(
        scales=tuple(2.0**-k for k in range(6, 13)), events=200, pairs=2**19
    )
    result = dg.boundary_dimension(F, dg.Box([-4, -4], [4, 4]), method=method, rng=0)
    low, high = result.interval()
    assert result.dimension == pytest.approx(1.249, abs=0.05)
    assert 1.1 < low < high < 1.4


def test_drawing_stops_at_the_event_that_was_asked_for():
    result = dg.boundary_dimension(left, SQUARE, method=FEW, rng=3)
    assert all(point.events == 100 for point in result.points)
    for coarse, fine in zip(result.points, result.points[1:], strict=False):
        assert 1.4 < fine.total / coarse.total < 2.9
    assert result.starts >= 2 * sum(point.total for point in result.points)


def test_scales_beyond_the_budget_are_left_out():
    method = dg.UncertaintyExponent(events=100, pairs=2**15)
    result = dg.boundary_dimension(disc, SQUARE, method=method, rng=0)
    assert 3 <= len(result.points) < len(method.scales)
    assert result.starts <= 2 * 2**15


def test_no_boundary_is_told_as_a_bound():
    method = dg.UncertaintyExponent(pairs=2**13)
    result = dg.boundary_dimension(disc, dg.Box([5, 5], [6, 6]), method=method, rng=0)
    assert result.law is None
    assert math.isnan(result.dimension)
    assert result.window is None
    assert "No boundary seen" in result.headline()
    assert result.points[0].high == pytest.approx(1 - 0.025 ** (1 / 2**13))


def test_undecided_pairs_widen_the_interval_and_are_reported():
    def with_a_gap(points):
        labels = left(points).astype(int)
        labels[np.abs(points[:, 0] - 0.25) < 1e-3] = -1
        return labels

    open_ones = dg.boundary_dimension(with_a_gap, SQUARE, method=FEW, rng=0)
    decided = dg.boundary_dimension(left, SQUARE, method=FEW, rng=0)
    assert decided.undecided == 0
    assert open_ones.undecided > 50
    assert open_ones.law.up + open_ones.law.down > 0.1
    low, high = open_ones.interval()
    assert low < 1.0 < high
    assert all(p.low <= 2 * p.scale / math.pi <= p.high for p in open_ones.points)


def test_noise_in_the_labels_is_a_boundary_everywhere():
    rng = np.random.default_rng(0)
    riddled = dg.boundary_dimension(
        lambda points: rng.integers(0, 2, len(points)), SQUARE, method=FEW, rng=0
    )
    assert riddled.law is None  # saturated at every scale
    assert {point.use for point in riddled.points} == {dg.PointUse.SATURATED}


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("scales", lambda: dg.UncertaintyExponent(scales=(0.1, 0.2, 0.3))),
        ("scales", lambda: dg.UncertaintyExponent(scales=(0.1, 0.05))),
        ("scales", lambda: dg.UncertaintyExponent(scales=(0.1, 0.05, math.nan))),
        ("events", lambda: dg.UncertaintyExponent(events=10)),
        ("pairs", lambda: dg.UncertaintyExponent(pairs=0)),
        ("level", lambda: dg.UncertaintyExponent(level=1.0)),
    ],
)
def test_settings_are_checked(argument, make):
    with pytest.raises(InvalidInput, match=argument):
        make()
