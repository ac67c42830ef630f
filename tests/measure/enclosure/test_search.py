"""The course of a search: what it says of cells, on which it relies, and where it ends."""

import numpy as np
import pytest
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, simulate
from dynsys_gd.engine.work import Work
from dynsys_gd.ensembles.fates import Detail, Fate
from dynsys_gd.measure import Target
from dynsys_gd.measure.enclosure.cells import Cells, Look, looked
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.enclosure.search import Search
from dynsys_gd.measure.enclosure.tree import UNKNOWN, Tree, Why
from dynsys_gd.orbits.certified.images import Images
from dynsys_gd.orbits.certified.scale import Scale

WELL = Loss(x**4 / 4 - x**2 / 2, [x])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
RIDGE = Loss((x * y - 1) ** 2 / 2 + (x**2 + y**2) / 8, [x, y])
CASES = {
    "well": (GradientDescent(WELL, "1/2"), Box([-3], [3]), 14, False),
    "well, apart": (GradientDescent(WELL, "1/2"), Box([-3], [3]), 14, True),
    "well, beyond": (GradientDescent(WELL, "6/5"), Box([-2], [2]), 9, False),
    "momentum": (HeavyBall(WELL, "1/2", "1/4"), Box([-2, -2], [2, 2]), 5, True),
    "himmelblau, apart": (GradientDescent(HIMMELBLAU, "1/50"), Box([-4, -4], [4, 4]), 5, True),
    "ridge": (GradientDescent(RIDGE, "11/10"), Box([-2, -2], [2, 2]), 6, False),
}


@pytest.fixture(scope="module")
def searches():
    return {}


@pytest.fixture
def search(request, searches):
    name = request.param
    if name not in searches:
        F, region, levels, apart = CASES[name]
        facts = facts_of(F, region, target=Target.MINIMA)
        tree = Tree(F.dimension, 2)
        found = Search(Cells(facts, Scale(region), Images(F), tree), Work(), apart=apart)
        for _ in found.rounds():
            if found.level > levels:
                break
        found.finish()
        searches[name] = found
    return searches[name]


def decided(tree):
    leaves = tree.leaves()
    return leaves[tree.mask[leaves] != UNKNOWN]


@pytest.mark.parametrize("search", CASES, indirect=True)
def test_no_orbit_contradicts_its_cell(search, points_in):
    cells, F = search.cells, search.cells.images.F
    leaves = decided(cells.tree)
    assert len(leaves) > 20
    rng = np.random.default_rng(0)
    chosen = rng.choice(leaves, size=min(400, len(leaves)), replace=False)
    low, high = cells.boxes(chosen)
    fates = simulate(F, points_in(low, high, 2))
    mask = np.tile(cells.tree.mask[chosen], 2)
    assert (mask != 0).all()
    hit = np.isin(fates.detail, [d for d in Detail if Target.MINIMA.counts(d)])
    missed = np.isin(fates.detail, [d for d in Detail if d.fate in (Fate.ESCAPED, Fate.CYCLING)])
    missed &= fates.detail != Detail.UNBOUNDED_DRIFT
    assert not (hit & (mask == 1)).any()
    assert not (missed & (mask & 1 == 0)).any()
    limits = F.lift(fates.limit)
    for core in cells.facts.cores:
        with np.errstate(invalid="ignore"):
            away = np.abs(limits - core.centre).max(axis=1)
        assert not (hit & (away > 1e-3) & (mask == 1 << core.outcome)).any()
        assert not (hit & (away < 1e-6) & (mask & 1 << core.outcome == 0)).any()


@pytest.mark.parametrize("search", CASES, indirect=True)
def test_images_rely_on_earlier_stages_only(search):
    tree = search.cells.tree
    leaves = decided(tree)
    by_image = leaves[tree.why[leaves] == Why.IMAGE]
    stages = np.unique(tree.stage[by_image])
    masks = tree.mask[: tree.n].copy()
    try:
        for stage in stages[:: max(1, len(stages) // 5)]:
            late = leaves[tree.stage[leaves] >= stage]
            tree.set_masks(late, np.full(len(late), UNKNOWN))
            rows = by_image[tree.stage[by_image] == stage][:300]
            again = looked(Look(search.cells, rows, int(tree.which[rows].max())))
            tree.set_masks(late, masks[late])
            # Nodes above cells tell more outcomes at once where more is known: here are fewer.
            assert (again["mask"] & ~masks[rows] == 0).all()
            assert (again["steps"] <= tree.which[rows]).all()
    finally:
        tree.mask[: tree.n] = masks


@pytest.mark.parametrize("search", ["well, apart", "himmelblau, apart"], indirect=True)
def test_limits_are_told_apart(search):
    tree = search.cells.tree
    leaves = decided(tree)
    inside = leaves[tree.inside(leaves)]
    single = np.bitwise_count(tree.mask[inside]) == 1
    assert single.mean() > 0.9
    assert len(set(tree.mask[inside[single]].tolist()) - {1}) == len(search.cells.facts.cores)


def test_it_ends_where_doubles_do(monkeypatch):
    monkeypatch.setattr(Tree, "finest", 9)
    F, region = GradientDescent(WELL, "1/2"), Box([-3], [3])
    facts = facts_of(F, region, target=Target.MINIMA)
    tree = Tree(1, 2)
    search = Search(Cells(facts, Scale(region), Images(F), tree), Work())
    for _ in search.rounds():
        pass
    assert search.open
    assert tree.level[: tree.n].max() == search.level == 9
