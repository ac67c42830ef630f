"""Groups that are decided together may map into themselves."""

from itertools import pairwise

import numpy as np
import pytest
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, Loss
from dynsys_gd.engine.work import Work
from dynsys_gd.measure import Target
from dynsys_gd.measure.enclosure.cells import NOT, Cells
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.enclosure.groups import leaving, trapped
from dynsys_gd.measure.enclosure.search import Search
from dynsys_gd.measure.enclosure.tree import UNKNOWN, Tree, Why
from dynsys_gd.orbits.certified.images import Images
from dynsys_gd.orbits.certified.scale import Scale

WELL = Loss(x**4 / 4 - x**2 / 2, [x])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])


def begun(loss, step_size, reach):
    F, d = GradientDescent(loss, step_size), loss.dimension
    region = Box([-reach] * d, [reach] * d)
    facts = facts_of(F, region, target=Target.MINIMA)
    return Cells(facts, Scale(region), Images(F), Tree(d, 1))


def searched(loss, step_size, reach, level):
    """Return the cells of a search that has only looked at images so far, all of one level."""
    cells = begun(loss, step_size, reach)
    search, tree = Search(cells, Work()), cells.tree
    for _ in range(level):
        unknown = tree.unknown()
        search._cut(unknown[tree.inside(unknown)])
    for _ in range(6):
        search._sweep()
    return cells


def images(cells, leaves):
    """Return the boxes of the images after one step, in coordinates of the region."""
    low, high = cells.facts.images(*cells.boxes(leaves))
    return cells.scale.units(low, high), cells.escaped(low, high)


def test_a_trap_is_closed_and_admissible():
    cells = searched(WELL, "6/5", 2, 8)
    tree = cells.tree
    unknown = tree.unknown()
    may = unknown[cells.facts.admissible(*cells.boxes(unknown))]
    group = trapped(cells, may)
    assert len(group.leaves) > 50
    assert (group.masks == NOT).all()
    assert set(group.leaves.tolist()) <= set(may.tolist())
    (low, high), gone = images(cells, group.leaves)
    # Images in the group alone, where nothing was known before, are among them.
    lower, upper = tree.bounds(tree.leaves()[tree.mask[tree.leaves()] == NOT])
    order = np.argsort(lower[0])
    for a, b in zip(low[0][~gone], high[0][~gone], strict=True):
        met = [k for k in order if lower[0, k] < b and upper[0, k] > a]
        assert lower[0, met[0]] <= a
        assert upper[0, met[-1]] >= b
        assert all(upper[0, i] == lower[0, j] for i, j in pairwise(met))


def test_cells_that_may_reach_a_minimum_are_no_trap():
    cells = searched(WELL, "1/2", 2, 7)
    before = cells.tree.mask[: cells.tree.n].copy()
    known = before != UNKNOWN
    unknown = cells.tree.unknown()
    group = trapped(cells, unknown[cells.facts.admissible(*cells.boxes(unknown))])
    assert len(group.leaves) == 0
    assert np.array_equal(cells.tree.mask[: cells.tree.n], before)
    assert known.any()


@pytest.mark.parametrize(
    ("loss", "step_size", "reach", "level", "saddle"),
    [(WELL, "1/2", 3, 12, [0.0]), (HIMMELBLAU, "1/100", 4.5, 7, [-0.27084459, -0.92303856])],
)
def test_almost_every_point_leaves_a_block(loss, step_size, reach, level, saddle, points_in):
    cells = begun(loss, step_size, reach)
    search, tree = Search(cells, Work()), cells.tree
    for _ in search.rounds():
        if search.level > level:
            break
    leaves = tree.leaves()
    group = leaves[(tree.why[leaves] == Why.BLOCK) & (tree.mask[leaves] != UNKNOWN)]
    assert len(group) > 1
    low, high = cells.boxes(group)
    at = np.array(saddle)[:, None]
    assert ((low <= at) & (high >= at)).all(axis=0).any()  # the cell that meets its own image
    for number in np.unique(tree.which[group]):
        rows = tree.which[group] == number
        assert cells.facts.blocks[number].contains(low[:, rows], high[:, rows]).all()
    after = cells.images.F(points_in(low, high, 5)).T
    mask = np.tile(tree.mask[group], 5)
    inside = ~cells.escaped(after, after)
    places = cells.scale.units(after, after)[0][:, inside]
    lower, upper = tree.bounds(leaves)
    for point, own in zip(places.T, mask[inside], strict=True):
        home = leaves[((point >= lower.T) & (point < upper.T)).all(axis=1)]
        assert tree.mask[home[0]] & ~own == 0


def test_a_group_without_an_exit_is_not_decided():
    cells = searched(WELL, "1/2", 2, 6)
    leaves = cells.tree.unknown()
    near = leaves[(np.abs(np.stack(cells.boxes(leaves))).max(axis=(0, 1)) < 0.1)]
    cells.tree.set_masks(cells.tree.leaves(), np.full(len(cells.tree.leaves()), UNKNOWN))
    assert len(near)
    assert len(leaving(cells, near).leaves) == 0
    assert (cells.tree.mask[near] == UNKNOWN).all()
