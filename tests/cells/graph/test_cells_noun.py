"""Cells: shared corners, places, halving; few edges stored or many computed, the same answers."""

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.cells import cells as module
from dynsys_gd.cells.graph_rows import places_met

BOX = dg.Box([-1.1, 0.3, 2.0], [0.7, 0.9, 5.0])


def test_cells_tile_the_box_without_gaps():
    cells = dg.Cells.all(BOX, 7)
    assert cells.counts == (8, 4, 4)
    for axis in range(3):
        edges = cells.edges[axis]
        assert (edges[0], edges[-1]) == (BOX.low[axis], BOX.high[axis])
        assert (np.diff(edges) > 0).all()
        assert set(cells.lower[axis]) == set(edges[:-1])
        assert set(cells.upper[axis]) == set(edges[1:])
    assert np.prod(cells.upper - cells.lower, axis=0).sum() == pytest.approx(BOX.volume)


def test_halving_keeps_corners():
    few = dg.Cells.all(BOX, 5).take([0, 7, 30])
    finer = few.halved(4)
    assert len(finer) == 3 * 16
    assert finer.volume == few.volume
    coarse = set(np.concatenate([few.lower, few.upper], axis=1)[0])
    assert coarse <= set(np.concatenate([finer.lower, finer.upper], axis=1)[0])


def test_split_cells_stay_side_by_side():
    few = dg.Cells.all(BOX, 5).take([0, 7, 30])
    parts = few.split(4)
    assert sorted(parts.codes.tolist()) == few.halved(4).codes.tolist()
    own = np.repeat(np.arange(3), 16)
    assert (parts.lower >= few.lower[:, own]).all()
    assert (parts.upper <= few.upper[:, own]).all()


@pytest.mark.parametrize("stored", [2**16, 0])
def test_points_are_found_in_their_cells(stored, monkeypatch):
    monkeypatch.setattr(module, "_STORED", stored)
    cells = dg.Cells.all(BOX, 10)
    points = BOX.sample(500, rng=0)
    rows = cells.at(points)
    assert (points >= cells.lower[:, rows].T).all()
    assert (points <= cells.upper[:, rows].T).all()
    assert cells.at([BOX.low, BOX.high]).tolist() == [0, len(cells) - 1]
    assert cells.at([[9.0, 9.0, 9.0]]).tolist() == [-1]
    assert (cells.at(cells.lower.T) == np.arange(len(cells))).all()  # the upper one at a face


@pytest.mark.parametrize("depth", [3, 12, 18])
def test_computed_places_are_those_looked_up(depth, monkeypatch):
    box = dg.Box([-0.3], [1.9])
    draw = np.random.default_rng(depth)
    ends = np.sort(draw.uniform(-1, 3, (2, 400)), axis=0)
    edges = dg.Cells.all(box, depth).edges[0]
    ends[:, :50] = np.sort(edges[draw.integers(0, len(edges), (2, 50))], axis=0)
    ends[:, 50:53] = [[-np.inf, 0.5, 2.0], [np.inf, np.inf, np.inf]]
    found = []
    for stored in (2**30, 0):
        monkeypatch.setattr(module, "_STORED", stored)
        found.append(places_met(dg.Cells(box, depth, np.arange(1)), 0, *ends))
    assert (np.array(found[0]) == np.array(found[1])).all()
    first, last = found[0]
    m = len(edges) - 1
    for k in range(60):
        met = np.flatnonzero((edges[1:] >= ends[0, k]) & (edges[:-1] <= ends[1, k]))
        if len(met):
            assert (first[k], last[k]) == (met[0], met[-1])
        else:
            assert last[k] < first[k]
            assert first[k] in (0, m) or last[k] in (-1, m - 1)


def test_depths_out_of_range_are_refused():
    for depth in (-1, 61, 2.5, "3", True, None):
        with pytest.raises(dg.InvalidInput):
            dg.Cells.all(BOX, depth)
