"""The parts of a Morse graph: components, reach, indices, expansion, families; slow twins."""

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

import dynsys_gd as dg
from dynsys_gd import Outcome
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.images import formulas_of
from dynsys_gd.cells.morse.components import components_of, downhill, reach_of, reached_from
from dynsys_gd.cells.morse.cover import cover_of, part_of
from dynsys_gd.cells.morse.exits import pieces_of
from dynsys_gd.cells.morse.expansion import expands
from dynsys_gd.cells.morse.index import fixed_point_index

SQUARE = dg.Box([-1, -1], [1, 1])


def random_graph(n, m, seed):
    draw = np.random.default_rng(seed)
    pairs = np.unique(draw.integers(0, n, (m, 2)), axis=0)
    return pairs[:, 0], pairs[:, 1]


@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 4), (40, 50), (200, 230), (300, 900)])
def test_components_and_reach_are_those_of_networkx(n, m):
    for seed in range(8):
        s, t = random_graph(n, m, seed)
        found = components_of(n, s, t)
        graph = nx.DiGraph()
        graph.add_nodes_from(range(n))
        graph.add_edges_from(zip(s.tolist(), t.tolist(), strict=True))
        strong = {frozenset(c) for c in nx.strongly_connected_components(graph)}
        assert strong == {
            frozenset(np.flatnonzero(found.labels == k).tolist())
            for k in range(len(found.recurrent))
        }
        for k, recurrent in enumerate(found.recurrent):
            nodes = np.flatnonzero(found.labels == k)
            assert recurrent == (len(nodes) > 1 or graph.has_edge(nodes[0], nodes[0]))
        assert (found.labels[s] >= found.labels[t]).all()
        marked = np.flatnonzero(found.recurrent)
        leaving = np.random.default_rng(seed).random(n) < 0.02
        reach = reach_of(found, s, t, marked, leaving)
        for i in range(n):
            after = nx.descendants(graph, i) | {i}
            expected = [
                k for k, label in enumerate(marked) if (found.labels == label)[[*after]].any()
            ]
            seen = [k for k in range(len(marked)) if reach.to(k)[i]]
            assert seen == expected
            assert reach.to(len(marked))[i] == leaving[[*after]].any()
            alone = len(expected) == 1 and not leaving[[*after]].any()
            assert [k for k in range(len(marked)) if reach.only(k)[i]] == (
                expected if alone else []
            )
        order = np.argsort(s, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(s, minlength=n))])
        start = np.arange(n) == n // 2
        reached = reached_from(first, t[order], start)
        assert set(np.flatnonzero(reached).tolist()) == nx.descendants(graph, n // 2) | {n // 2}


def test_many_marked_components_need_several_words():
    n = 300  # a chain of loops
    s = np.concatenate([np.arange(n), np.arange(n - 1)])
    t = np.concatenate([np.arange(n), np.arange(1, n)])
    found = components_of(n, s, t)
    marked = found.labels[np.arange(n)]
    reach = reach_of(found, s, t, marked, np.zeros(n, dtype=bool))
    for k in (0, 63, 64, 128, 299):
        assert (reach.to(k) == (np.arange(n) <= k)).all()
    assert np.flatnonzero(reach.only(299)).tolist() == [299]
    table = reach.table(np.array([0, 65, 299]))
    assert table.shape == (3, 301)
    assert table[:, :300].sum(axis=1).tolist() == [300, 235, 1]
    assert not table[:, 300].any()
    some = reach.among([70, 130, 299])
    assert (some.to(1) == (np.arange(n) <= 130)).all()
    assert np.flatnonzero(some.only(2)).tolist() == list(range(131, 300))


def test_components_in_any_order_are_put_downhill():
    s, t = random_graph(60, 70, 3)
    found = components_of(60, s, t)
    count = len(found.recurrent)
    mixed = np.random.default_rng(0).permutation(count)[found.labels]
    sorted_ = downhill(mixed, count, s, t)
    assert (sorted_[s] >= sorted_[t]).all()
    assert len(np.unique(np.stack([sorted_, mixed]), axis=1).T) == count


def near_zero(box, depth, half):
    cells = Cells.all(box, depth)
    centres = 0.5 * cells.lower + 0.5 * cells.upper
    return cells.take(np.abs(centres).max(axis=0) < half)


@pytest.mark.parametrize(
    ("images", "index"),
    [
        ([x / 2, y / 2], (1, 1)),
        ([2 * x, y / 2], (-1, -1)),
        ([-2 * x, y / 2], (1, -1)),
        ([3 * x, 2 * y], (1, 1)),
        ([-2 * y, 2 * x], (1, 1)),
        ([x - (x**2 - y**2), y - 2 * x * y], (2, None)),  # z - z²: a double root
        ([x - (x**2 - y**2), y + 2 * x * y], (-2, None)),
        ([x - (x**3 - 3 * x * y**2), y - (3 * x**2 * y - y**3)], (3, None)),
        ([x + 1, y / 2], (0, 0)),
    ],
)
def test_the_index_in_the_plane(images, index):
    formulas = formulas_of(dg.SymbolicMap([sp.sympify(e) for e in images], [x, y]))
    cells = near_zero(SQUARE, 8, 0.3)
    for power, expected in zip((1, 2), index, strict=True):
        if expected is not None:
            assert fixed_point_index(formulas, cells, power) == expected


def test_the_index_of_a_ring_leaves_out_the_hole():
    formulas = formulas_of(dg.SymbolicMap([2 * x, 3 * y], [x, y]))
    cells = near_zero(SQUARE, 8, 0.6)
    ring = cells.take(~np.isin(cells.codes, near_zero(SQUARE, 8, 0.3).codes))
    assert fixed_point_index(formulas, ring, 1) == 0
    two = formulas_of(dg.SymbolicMap([x + x**2 - sp.Rational(1, 4), 3 * y], [x, y]))  # x = ±1/2
    assert fixed_point_index(two, cells, 1) == 0
    right = cells.take(cells.lower[0] >= 0)
    assert fixed_point_index(two, right, 1) == 1  # (1 - 2)(1 - 3) > 0
    assert fixed_point_index(two, ring, 1) == 0


def test_the_index_on_a_line_adds_up():
    cubic = formulas_of(dg.SymbolicMap([sp.Rational(3, 2) * x - x**3 / 2], [x]))
    cells = Cells.all(dg.Box([-2], [2]), 5)
    middle = 0.5 * cells.lower[0] + 0.5 * cells.upper[0]
    near = [np.abs(middle - p) < 0.3 for p in (-1, 0, 1)]
    found = [fixed_point_index(cubic, cells.take(mask), 1) for mask in near]
    assert found == [1, -1, 1]
    assert fixed_point_index(cubic, cells.take(near[0] | near[1]), 1) == 0
    assert fixed_point_index(cubic, cells, 1) == 1


def test_a_fixed_point_on_the_boundary_has_no_index():
    formulas = formulas_of(dg.SymbolicMap([2 * x, y / 2], [x, y]))
    cells = Cells.all(SQUARE, 6)
    assert fixed_point_index(formulas, cells.take(cells.lower[0] >= 0), 1) is None
    line = Cells.all(dg.Box([-1], [1]), 4)
    doubling = formulas_of(dg.SymbolicMap([2 * x], [x]))
    assert fixed_point_index(doubling, line.take(line.lower[0] >= 0), 1) is None


def test_in_space_the_index_is_not_computed():
    formulas = formulas_of(dg.SymbolicMap([x / 2, y / 2, z / 2], [x, y, z]))
    cells = near_zero(dg.Box([-1] * 3, [1] * 3), 9, 0.5)
    assert fixed_point_index(formulas, cells, 1) is None
    found = dg.morse_graph(dg.SymbolicMap([x / 2, 2 * y, z / 3], [x, y, z]),
                           dg.Box([-1] * 3, [1] * 3), 12)  # fmt: skip
    assert [(s.kind, s.index) for s in found] == [(dg.MorseKind.SADDLE, (None, None))]


def test_pieces_hang_together_at_corners():
    cells = Cells.all(SQUARE, 6)
    chess = cells.take(cells.places.sum(axis=0) % 2 == 0)
    assert pieces_of(chess).max() == 0
    columns = cells.take(cells.places[0] % 2 == 0)
    assert pieces_of(columns).max() == 3


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([2 * x, 3 * y], True),
        ([-2 * y, 2 * x], True),
        ([2 * x, y / 2], False),
        (
            [2 * x + 5 * y, 2 * y],
            True,
        ),  # in one step (1, -2/5) is made shorter: weights cannot tell
        ([x / 4, 8 * y], False),
    ],
)
def test_expansion(images, expected):
    F = dg.SymbolicMap([sp.sympify(e) for e in images], [x, y])
    formulas = formulas_of(F)
    cover = cover_of(dg.cell_graph(F, SQUARE, 8), formulas)
    nodes = np.flatnonzero((np.abs(0.5 * cover.lower + 0.5 * cover.upper) < 0.2).all(axis=0))
    shear = images[0].has(y) and images[0].has(x)
    assert expands(formulas, cover, nodes) is (expected and not shear)


def test_expansion_along_a_cycle_needs_no_expansion_at_each_point():
    """At 0 the slope is 1/4, at 1 it is 8: the cycle 0 → 1 → 0 repels."""
    image = 1 + x / 4 + sp.Rational(-37, 4) * x**2 + 8 * x**3
    slopes = [image.diff(x).subs(x, v) for v in (0, 1)]
    assert (slopes, [image.subs(x, v) for v in (0, 1)]) == (
        [sp.Rational(1, 4), sp.Rational(23, 4)], [1, 0],
    )  # fmt: skip
    found = dg.morse_graph(dg.SymbolicMap([image], [x]), dg.Box([-0.3], [1.3]), 14)
    (cycle,) = (
        s for s in found if any(o.period == 2 and abs(o.points).min() < 1e-9 for o in s.orbits)
    )
    assert cycle.repelling is Outcome.YES


def test_a_part_of_a_cover_keeps_the_edges_between():
    F = dg.SymbolicMap([x / 2 + y, x - y / 3], [x, y])
    cover = cover_of(dg.cell_graph(F, SQUARE, 6), formulas_of(F))
    nodes = np.arange(5, 40)
    part = part_of(cover, nodes)
    expected = {
        (i - 5, j - 5)
        for i, j in zip(cover.sources.tolist(), cover.targets.tolist(), strict=True)
        if 5 <= i < 40 and 5 <= j < 40
    }
    assert set(zip(part.sources.tolist(), part.targets.tolist(), strict=True)) == expected


def test_the_family_of_minima_is_in_one_set_with_its_parts_told_apart():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    found = dg.morse_graph(F, dg.Box([-3, -3], [3, 3]), 14)
    (whole,) = (s for s in found if s.families)
    (part,) = whole.families
    assert part.family.equations == (x * y - 1,)
    assert part.stable.sum() > 100
    assert part.unstable.sum() > 80
    assert part.undecided.sum() <= 8
    assert not (part.stable & part.unstable).any()
    # The points (t, 1/t) are stable where t² + 1/t² < 4, for both signs.
    t = np.concatenate([np.linspace(0.34, 2.99, 4000), -np.linspace(0.34, 2.99, 4000)])
    points = np.column_stack([t, 1 / t])
    rows = whole.cells.at(points)
    assert (rows >= 0).all()
    size = (points**2).sum(axis=1)
    assert (part.stable | part.unstable | part.undecided)[rows].all()
    assert (size[part.stable[rows]] < 4).all()
    assert (size[part.unstable[rows]] > 4).all()
    assert len(found.graph) == len(found)


def test_beyond_the_threshold_no_part_is_stable():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "11/10")
    found = dg.morse_graph(F, dg.Box([-3, -3], [3, 3]), 12)
    parts = [part for s in found for part in s.families]
    assert parts
    assert not any(part.stable.any() or part.undecided.any() for part in parts)
