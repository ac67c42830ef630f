"""Basins between two sets of cells: exact areas, orbits, and slow searches of small graphs."""

import networkx
import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
LINE = dg.Box([-2.4], [2.4])
FOUR = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])
SQUARE = dg.Box([-2.4, -2.4], [2.4, 2.4])
PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])


def basins(F, box, depth):
    return dg.basins_of_cells(dg.cell_graph(F, box, depth))


def made(n, edges, escaping=()):
    """Return a graph of cells with the given edges."""
    rows = [sorted(j for i, j in edges if i == k) for k in range(n)]
    depth = int(np.log2(n))
    template = dg.cell_graph(dg.SymbolicMap([x], [x]), dg.Box([0], [1]), depth)
    leaves = np.isin(np.arange(n), list(escaping))
    return dg.CellGraph(
        map=template.map,
        cells=Cells.all(dg.Box([0], [1]), depth),
        indptr=np.concatenate([[0], np.cumsum([len(row) for row in rows])]),
        indices=np.array([j for row in rows for j in row], dtype=np.int32),
        escaping=leaves,
        leaving=np.zeros(n, dtype=bool),
        unbounded=np.zeros(n, dtype=bool),
        evidence=template.evidence,
    )


def test_a_graph_that_can_be_followed_by_hand():
    # 0 and 1 attract together; 2 leads there; 3 leads there or out; 4 only out; 5 stays or leads
    # to 2; 6 leads to 7, which attracts alone.
    edges = [(0, 1), (1, 0), (2, 0), (3, 2), (5, 5), (5, 2), (6, 7), (7, 7)]
    found = dg.basins_of_cells(made(8, edges, escaping=(3, 4)))
    assert found.member.tolist() == [0, 0, -1, -1, -1, -1, -1, 1]
    assert found.goal.tolist() == [0, 0, 0, -1, -1, -1, 1, 1]
    assert found.leaves.tolist() == [k == 4 for k in range(8)]
    assert found.may_linger.tolist() == [k == 5 for k in range(8)]
    assert found.steps.tolist() == [-1, -1, 1, -1, 1, -1, 1, -1]
    first, second = found
    assert (first.lower, first.upper, first.upper_returning) == (3 / 8, 5 / 8, 6 / 8)
    assert (second.lower, second.upper) == (2 / 8, 2 / 8)
    assert found.leaving == (1 / 8, 2 / 8)
    assert found.undecided == 2 / 8
    middles = ((np.arange(8) + 0.5) / 8)[:, None]
    expected = "committed committed committed undecided leaves undecided committed committed"
    assert [str(each.value) for each in found.commitment(middles)] == expected.split()
    assert found.commitment([[7.0]]) == [dg.Commitment.LEAVES]


def test_small_graphs_against_slow_searches():
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        n = 16
        edges = [(i, int(j)) for i in range(n) for j in rng.integers(n, size=rng.integers(0, 3))]
        escaping = set(np.flatnonzero(rng.random(n) < 0.1).tolist())
        escaping |= {i for i in range(n) if not any(a == i for a, _ in edges)}
        found = dg.basins_of_cells(made(n, edges, escaping))
        graph = networkx.DiGraph(edges)
        graph.add_nodes_from(range(n))
        cyclic = [
            part
            for part in networkx.strongly_connected_components(graph)
            if any(graph.has_edge(i, j) for i in part for j in part)
        ]
        closed = [
            part
            for part in cyclic
            if all(set(graph[i]) <= part for i in part) and not part & escaping
        ]
        closed.sort(key=min)
        assert len(found) == len(closed)
        for i in range(n):
            reached = networkx.descendants(graph, i) | {i}
            ends = {k for k, part in enumerate(closed) if part & reached}
            lingers = any(part & reached for part in cyclic if part not in closed)
            out = bool(reached & escaping)
            assert set(np.flatnonzero(found.may_reach[:, i]).tolist()) == ends
            assert (found.may_leave[i], found.may_linger[i]) == (out, lingers)
            single = len(ends) == 1 and not lingers and not out
            assert found.goal[i] == (min(ends) if single else -1)
            assert found.leaves[i] == (not ends and not lingers)
            if (single and found.member[i] < 0) or found.leaves[i]:
                inner = graph.subgraph(reached - set().union(*closed))
                longest = (
                    max(
                        len(path)
                        for end in inner
                        for path in networkx.all_simple_paths(inner, i, [end]) or [[i]]
                    )
                    if len(inner) > 1
                    else 1
                )
                assert found.steps[i] == longest
            seen.add((single, bool(found.leaves[i])))
    assert len(seen) == 3


@pytest.mark.parametrize("step", ["1/2", "11/10"])
def test_shares_of_the_double_well(step):
    # All starts between ±√(1 + 2/η) stay, and almost all of them go, by symmetry half and half, to
    # one of the two minima (η = 1/2) or of the two cycles (η = 11/10); the others leave for good.
    found = basins(dg.GradientDescent(WELL, step), LINE, 14)
    whole = 2 * float(sp.sqrt(1 + 2 / sp.Rational(step))) / 4.8
    assert len(found) == 2
    for each in found:
        assert each.lower <= whole / 2 <= each.upper <= each.upper_returning
        assert each.upper - each.lower < 0.01
    low, high = found.leaving
    assert low <= 1 - whole <= high
    assert high - low < 0.001
    assert found.evidence.grade is Grade.CERTIFIED


def test_bounds_close_with_depth():
    F = dg.GradientDescent(WELL, "1/2")
    widths = []
    for depth in (8, 10, 12):
        found = basins(F, LINE, depth)
        widths.append(found[0].upper - found[0].lower)
        assert found.undecided == pytest.approx(1 - sum(b.lower for b in found) - found.leaving[0])
    assert widths[1] < widths[0] / 2
    assert widths[2] < widths[1] / 2


def test_committed_orbits_arrive_in_time_and_stay():
    F = dg.GradientDescent(FOUR, "1/2")
    found = basins(F, SQUARE, 14)
    assert len(found) == 4
    starts = SQUARE.sample(20_000, rng=0)
    row = found.cells.at(starts)
    goal, steps = found.goal[row], found.steps[row]
    longest = max(each.steps for each in found)
    assert steps.max() <= longest
    states, arrived = starts, np.full(len(starts), -1)
    for step in range(longest + 3):
        inside = found.cells.at(states)
        member = np.where(inside >= 0, found.member[inside], -1)
        at_goal = (goal >= 0) & (member == goal)
        arrived[at_goal & (arrived < 0)] = step
        assert at_goal[arrived >= 0].all()  # who is in, stays
        states = F.iterate(states, 1)
    committed = goal >= 0
    assert (arrived[committed] >= 0).all()
    on_the_way = committed & (found.member[row] < 0)
    assert (arrived[on_the_way] <= steps[on_the_way]).all()
    assert committed.mean() > 0.6


def test_cells_that_leave_are_left():
    F = dg.GradientDescent(PRODUCT, "9/10")
    found = basins(F, dg.Box([-3, -3], [3, 3]), 14)
    starts = found.cells.region.sample(5000, rng=1)
    row = found.cells.at(starts)
    gone = found.leaves[row]
    assert gone.mean() > 0.5
    states, out = starts[gone], np.zeros(gone.sum(), dtype=bool)
    for _ in range(int(found.steps[row][gone].max())):
        states = F.iterate(states, 1)
        states = np.where(np.abs(states) < 1e50, states, 1e50)  # far out is far enough
        out |= ~found.cells.region.contains(states)
    assert out.all()


@pytest.mark.parametrize(("step", "depth"), [("1/2", 14), ("9/10", 12), ("9/10", 16)])
def test_the_ellipse_lies_between_the_bounds(step, depth):
    # Almost every start in an ellipse converges within it, and the others escape.
    box = dg.Box([-3, -3], [3, 3])
    F = dg.GradientDescent(PRODUCT, step)
    share = float(dg.known_measure(F, box))
    found = basins(F, box, depth)
    low, high = found.leaving
    assert low <= 1 - share <= high
    assert 1 - share - low < 0.09
    # Minima form a curve, and its ends are unstable: no neighbourhood is proved to attract.
    assert len(found) == 0


def test_bounds_hold_for_simulated_fates():
    F = dg.GradientDescent(FOUR, "1/2")
    found = basins(F, SQUARE, 12)
    starts = SQUARE.sample(20_000, rng=3)
    fates = dg.simulate(F, starts)
    for each in found:
        minimum = each.cells.lower.mean(axis=1).round()
        went = fates.where(dg.Fate.CONVERGED) & (np.abs(fates.limit - minimum) < 1e-3).all(axis=1)
        noise = 4 / np.sqrt(len(starts))
        assert each.lower - noise < went.mean() < each.upper + noise
        assert went[each.committed.at(starts) >= 0].all()
        assert not went[each.possible.at(starts) < 0].any()


def test_a_morse_graph_tells_the_same():
    F = dg.GradientDescent(WELL, "11/10")
    plain, refined = basins(F, LINE, 12), dg.basins_of_cells(dg.morse_graph(F, LINE, depth=12))
    assert len(plain) == len(refined) == 2
    for one, other in zip(plain, refined, strict=True):
        # Both hold, so that they overlap.
        assert max(one.lower, other.lower) <= min(one.upper, other.upper)
    never = (plain.goal >= 0) & (refined.goal >= 0) & (plain.goal != refined.goal)
    assert not never.any()
    assert not (plain.leaves & (refined.goal >= 0)).any()


def test_a_float_in_the_map_weakens_the_grade():
    F = dg.GradientDescent(WELL, 0.1)
    assert basins(F, LINE, 6).evidence.grade is Grade.NUMERICAL


@pytest.mark.parametrize("graph", [None, WELL, LINE, networkx.DiGraph([(0, 1)]), "graph"])
def test_refused(graph):
    with pytest.raises(InvalidInput, match="graph"):
        dg.basins_of_cells(graph)


def test_open_parameters_are_refused_at_the_graph():
    with pytest.raises(InvalidInput, match="eta"):
        basins(dg.GradientDescent(WELL, eta), LINE, 5)
