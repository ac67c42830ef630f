"""Counting boxes and pixels that a boundary meets."""

import math

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.measure.boundary.boxes import _all_boxes, _children, _with_neighbours
from dynsys_gd.measure.boundary.counting import COPY, copies
from dynsys_gd.measure.boundary.resolution import _touching

SQUARE = dg.Box([-1, -1], [1, 1])
CANTOR = math.log(2) / math.log(3)


def disc(points):
    return (points**2).sum(axis=1) < 0.5


def upright(points):
    return points[:, 0] < 0.013


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


METHODS = [
    dg.BoxCounting(copies=4, most=2**16),
    dg.ResolutionScaling(resolutions=(16, 32, 64, 128), copies=4),
]


@pytest.mark.parametrize("method", METHODS)
def test_a_smooth_boundary_has_dimension_one(method):
    covered, found = 0, []
    for seed in range(25):
        result = dg.boundary_dimension(disc, SQUARE, method=method, rng=seed)
        low, high = result.interval()
        covered += low <= 1.0 <= high
        found.append(result.dimension)
        assert high - low < 0.25
    assert covered >= 24
    assert np.mean(found) == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("method", [METHODS[0], dg.ResolutionScaling(copies=4, most=2**16)])
def test_a_cantor_set_has_its_dimension(method):
    results = [dg.boundary_dimension(cantor, dg.Box([0], [1]), method=method, rng=s)
               for s in range(20)]  # fmt: skip
    covered = sum(low <= CANTOR <= high for low, high in (r.interval() for r in results))
    assert covered >= 18
    assert np.mean([r.dimension for r in results]) == pytest.approx(CANTOR, abs=0.03)


def test_every_scale_of_a_straight_line_is_counted_exactly():
    for method in METHODS:
        result = dg.boundary_dimension(upright, SQUARE, method=method, rng=0)
        pixels = isinstance(method, dg.ResolutionScaling)
        for point in result.points:
            cells = round(COPY / point.scale)
            # One column of boxes meets the line; two of pixels touch it.
            assert point.share == pytest.approx((1 + pixels) / cells, rel=1e-12)
            assert point.low <= point.share <= point.high


def test_refined_counts_are_those_of_all_boxes():
    def bulb(points):
        return (points[:, 0] ** 2 + np.abs(points[:, 1]) ** 0.5) < 0.4

    method = dg.BoxCounting(whole=4, finest=7, copies=3, most=2**20)
    result = dg.boundary_dimension(bulb, SQUARE, method=method, rng=5)
    for k, point in zip(range(2, 8), result.points, strict=True):
        corners = 2.0**-k * np.arange(2**k + 1)
        counts = []
        for place in copies(SQUARE, result.seed, 3):
            sides = np.subtract(place.high, place.low)
            mesh = np.stack(np.meshgrid(corners, corners, indexing="ij"), axis=-1)
            labels = bulb((place.low + mesh * sides).reshape(-1, 2)).reshape(mesh.shape[:2])
            around = [labels[i : 2**k + i, j : 2**k + j] for i in (0, 1) for j in (0, 1)]
            counts.append(np.sum(np.any(around, axis=0) & ~np.all(around, axis=0)))
        assert point.low <= np.mean(counts) / 4**k <= point.high
        assert point.share == pytest.approx(np.mean(counts) / 4**k, rel=0.03)


def test_what_refinement_does_not_see_is_estimated():
    # Islands far smaller than the boxes from which refinement starts.
    def islands(points):
        return (np.mod(points * 16, 1.0) < 0.05).all(axis=1)

    method = dg.BoxCounting(whole=3, finest=7, copies=4, most=2**20)
    result = dg.boundary_dimension(islands, SQUARE, method=method, rng=0)
    finest = result.points[-1]
    exact = dg.boundary_dimension(
        islands, SQUARE, method=dg.BoxCounting(whole=7, finest=8, copies=4, most=2**20), rng=0
    ).points[5]
    assert exact.scale == finest.scale
    assert finest.low < exact.share < finest.high


def test_boxes_have_children_and_neighbours():
    assert len(_all_boxes(3, 2)) == 64
    assert sorted(map(tuple, _children(np.array([[1, 2]])))) == [(2, 4), (2, 5), (3, 4), (3, 5)]
    near = _with_neighbours(np.array([[0, 0], [3, 1]]), 2)
    assert sorted(map(tuple, near)) == sorted(
        {(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)}
    )


def test_pixels_touch_along_the_axes_only_and_open_ones_may():
    labels = np.zeros((5, 5), dtype=np.int32)
    labels[2, 2] = 1
    touching, open_ones = _touching(labels)
    assert touching.astype(int).tolist() == [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    assert not open_ones.any()
    labels[2, 2] = -1
    touching, open_ones = _touching(labels)
    assert not touching.any()
    assert open_ones.astype(int).tolist() == [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_undecided_widens_the_interval(method):
    def with_a_gap(points):
        labels = disc(points).astype(int)
        labels[np.abs((points**2).sum(axis=1) - 0.5) < 0.005] = -1
        return labels

    decided = dg.boundary_dimension(disc, SQUARE, method=method, rng=0)
    open_ones = dg.boundary_dimension(with_a_gap, SQUARE, method=method, rng=0)
    assert decided.undecided == 0
    assert open_ones.undecided > 100
    assert all(p.high > q.high for p, q in zip(open_ones.points, decided.points, strict=False)
               if p.undecided)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_no_boundary_is_no_dimension(method):
    result = dg.boundary_dimension(disc, dg.Box([5, 5], [6, 6]), method=method, rng=0)
    assert math.isnan(result.dimension)
    assert result.headline().startswith("No boundary seen")


def test_a_surface_in_space():
    method = dg.BoxCounting(whole=3, finest=7, copies=2, most=2**18)
    result = dg.boundary_dimension(disc, dg.Box([-1] * 3, [1] * 3), method=method, rng=0)
    low, high = result.interval()
    assert low < 2.0 < high
    with pytest.raises(dg.InvalidInput, match="at most 4 dimensions"):
        dg.boundary_dimension(disc, dg.Box([-1] * 5, [1] * 5), method=method, rng=0)


def test_boxes_that_cannot_be_numbered_are_refused():
    with pytest.raises(dg.InvalidInput, match="finest"):
        dg.boundary_dimension(disc, SQUARE, method=dg.BoxCounting(finest=31), rng=0)
