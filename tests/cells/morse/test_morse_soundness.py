"""What Morse graphs prove, against orbits; and that refinement loses nothing."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y

import dynsys_gd as dg
from dynsys_gd import MorseKind, Outcome
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.graph_rows import runs_met
from dynsys_gd.cells.images import formulas_of, images_of
from dynsys_gd.cells.morse.cover import cover_of
from dynsys_gd.cells.morse.vanishing import vanishing

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "11/10")
LINE = dg.Box([-2.4], [2.4])
HENON = dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
LESLIE = dg.SymbolicMap(
    [(sp.Rational(98, 5) * x + sp.Rational(592, 25) * y) * sp.exp(-(x + y) / 10), 7 * x / 10],
    [x, y],
)
CASES = [
    (WELL, LINE, 12),
    (HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), 13),
    (LESLIE, dg.Box([-0.001, -0.001], [90, 70]), 14),
    (dg.SymbolicMap([sp.sin(2 * x) + y / 5, x / 3 - sp.tanh(y)], [x, y]),
     dg.Box([-2, -2], [2, 2]), 13),
    (dg.SymbolicMap([1 - sp.Rational(7, 5) * sp.Abs(x) + y, x / 2], [x, y]),
     dg.Box([-2, -1], [2, 1]), 12),
    (dg.SymbolicMap([x / 2 + y**2, y / 3 - x * a, a * 2 - a**3], [x, y, a]),
     dg.Box([-1.5, -1.5, -1.5], [1.5, 1.5, 1.5]), 12),
]  # fmt: skip


@pytest.mark.parametrize(("F", "box", "depth"), CASES, ids=range(len(CASES)))
def test_orbits_go_where_the_graph_says(F, box, depth):
    found = dg.morse_graph(F, box, depth, start_depth=depth - 3, longest_period=0)
    starts = box.sample(400, rng=depth)
    points, stays, numbers = starts, np.ones(len(starts), dtype=bool), [found.set_at(starts)]
    for step in range(1, 601):
        with np.errstate(all="ignore"):
            points = F(points)
        stays &= np.isfinite(points).all(axis=1)
        points = np.where(stays[:, None], points, 0.0)
        stays &= box.contains(points)
        if step % 50 == 0:
            numbers.append(found.set_at(points))
    numbers = np.array(numbers)
    assert stays.any()
    # What stays in the box ends in a Morse set, and goes through them downwards.
    assert (numbers[-1][stays] >= 0).all()
    for visits in numbers.T[stays]:
        seen = [v for v in visits if v >= 0]
        for one, other in pairwise(seen):
            assert one == other or found.above[one, other]
    nodes = found.cover.at(starts)
    for s in found:
        captured = found.captured(s.number)[nodes]
        assert stays[captured].all()
        assert (numbers[-1][captured] == s.number).all()
        ended = stays & (numbers[-1] == s.number)
        assert found.may_reach(s.number)[nodes[ended]].all()
    assert found.may_escape()[nodes[~stays]].all()


@pytest.mark.parametrize(("F", "box", "depth"), CASES, ids=range(len(CASES)))
def test_refinement_finds_what_the_whole_graph_has(F, box, depth):
    whole = dg.morse_graph(F, box, depth, start_depth=depth, longest_period=0)
    parts = dg.morse_graph(F, box, depth, start_depth=depth - 4, longest_period=0)
    assert len(parts) == len(whole)
    mine = {code for s in parts for code in s.cells.codes.tolist()}
    theirs = {code for s in whole for code in s.cells.codes.tolist()}
    assert mine <= theirs  # finer bounds of parents may leave out more
    assert len(mine) >= 0.98 * len(theirs)


def test_the_cover_has_every_edge_that_orbits_use():
    found = dg.morse_graph(HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), 13, start_depth=8)
    cover = found.cover
    edges = set(zip(cover.sources.tolist(), cover.targets.tolist(), strict=True))
    assert len(edges) == len(cover.sources)
    assert cover.shares.sum() == 1
    draw = np.random.default_rng(1)
    share = draw.random((2, len(cover)))
    points = (cover.lower + share * (cover.upper - cover.lower)).T
    assert (cover.at(points) == np.arange(len(cover))).all()
    targets = cover.at(HENON(points))
    for i, j in enumerate(targets.tolist()):
        assert (i, j) in edges if j >= 0 else cover.escaping[i]


def test_volumes_add_up():
    found = dg.morse_graph(WELL, LINE, 12)
    captured = [found.captured(s.number) for s in found]
    assert np.sum(captured, axis=0).max() == 1
    volumes = [found.captured_volume(s.number) for s in found]
    # The bounded orbits fill the interval of the outer cycle; the rest escapes.
    bounded = 2 * float(sp.sqrt(1 + sp.Rational(20, 11)))
    assert volumes[0] == pytest.approx(volumes[1])
    assert 0.94 * bounded < sum(volumes) < bounded
    assert found[0].volume == len(found[0]) * 4.8 / 2**12


def test_sets_that_are_there_are_never_left_out():
    """Sets that grow past the limit when refined are kept, not taken for gone."""
    wells = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])
    F, box = dg.GradientDescent(wells, "17/10"), dg.Box([-2.4, -2.4], [2.4, 2.4])
    graph, formulas = dg.cell_graph(F, box, 12), formulas_of(F)
    found = dg.morse_graph(F, box, 12)
    cover = cover_of(graph, formulas)
    groups = [cover.at(s.cells.lower.T + 1e-6) for s in found]
    for most in (1, 16, 200, 2000):
        assert not vanishing(cover, groups, formulas, levels=4, most=most).any()


def test_shadows_beside_a_repeller_are_left_out():
    double = dg.SymbolicMap([sp.Rational(6, 5) * x], [x])
    found = dg.morse_graph(double, dg.Box([-1], [1]), 8)
    assert len(found) == 1
    assert found.left_out > 0
    assert found[0].kind is MorseKind.REPELLING
    assert found.set_at([[0.0], [0.5], [3.0]]).tolist() == [0, -1, -1]


def test_a_chaotic_repeller_is_proved_to_expand():
    logistic = dg.SymbolicMap([5 * x * (1 - x)], [x])
    found = dg.morse_graph(logistic, dg.Box([-0.25], [1.25]), 14)
    assert [s.kind for s in found] == [MorseKind.REPELLING]
    assert found[0].attracting is Outcome.NO
    assert found[0].index == (0, 0)  # the full shift on two symbols, one of them reversed


def test_at_the_edge_isolation_is_unknown():
    rotated = dg.SymbolicMap([x / 2], [x])
    found = dg.morse_graph(rotated, dg.Box([0], [1]), 6)
    (only,) = found.sets
    assert only.on_edge
    assert only.index == (None, None)
    assert only.attracting is Outcome.UNDECIDED
    assert "edge" in only.described()


def test_a_kinked_map_has_an_index_but_no_derivative():
    tent = dg.SymbolicMap([sp.Rational(7, 5) * (1 - sp.Abs(x)) - sp.Rational(2, 5)], [x])
    found = dg.morse_graph(tent, dg.Box([-2], [2]), 12)
    assert found[0].kind is MorseKind.ATTRACTING
    # Its slope is below √2: two bands that change places, and the fixed point between them.
    assert [s.index for s in found][:2] == [(0, 2), (1, -1)]
    assert not any(s.orbits for s in found)
    assert found[0].repelling is Outcome.UNDECIDED  # it expands, but has no derivative everywhere


def test_where_the_map_is_not_defined_anything_may_happen():
    found = dg.morse_graph(dg.SymbolicMap([1 / x], [x]), dg.Box([-2], [2]), 6)
    assert len(found) >= 1
    assert all(s.attracting is not Outcome.YES for s in found)


def test_nothing_recurs_where_all_moves_on():
    found = dg.morse_graph(dg.SymbolicMap([x + 1], [x]), dg.Box([0], [10]), 8)
    assert len(found) == 0
    assert found.may_escape().all()
    assert list(found.graph) == []
    assert "0 Morse sets" in found.headline()


def test_no_halving_is_one_cell():
    found = dg.morse_graph(WELL, LINE, 0)
    assert [len(s) for s in found] == [1]
    assert found[0].on_edge


def test_workers_change_nothing():
    box = dg.Box([-1.5, -0.5], [1.5, 0.5])
    alone = dg.morse_graph(HENON, box, 15, longest_period=0)
    with ThreadPoolExecutor(2) as executor:
        together = dg.morse_graph(HENON, box, 15, longest_period=0, executor=executor)
    assert alone.to_dict() == together.to_dict()
    assert (alone.cover.targets == together.cover.targets).all()


def test_progress_counts_bisections():
    seen = []
    dg.morse_graph(WELL, LINE, 10, start_depth=8, progress=lambda *now: seen.append(now))
    assert seen == [(8, 10), (9, 10), (10, 10)]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"depth": 61}, "depth"),
        ({"depth": 2.0}, "depth"),
        ({"depth": 8, "start_depth": 9}, "start_depth"),
        ({"depth": 8, "start_depth": -1}, "start_depth"),
        ({"depth": 8, "start_depth": True}, "start_depth"),
        ({"depth": 26, "start_depth": 25}, "depth"),
        ({"depth": 8, "longest_period": -1}, "longest_period"),
        ({"depth": 8, "longest_period": 1.0}, "longest_period"),
        ({"depth": 8, "longest_period": 65}, "longest_period"),
        ({"depth": 8, "box": dg.Box([-1, -1], [1, 1])}, "box"),
        ({"depth": 8, "F": dg.SymbolicMap([a * x], [x])}, "F"),
        ({"depth": 8, "F": None}, "F"),
        ({"depth": 50, "box": dg.Box([100], [101])}, "depth"),
        ({"depth": 8, "box": dg.Box([-1e308], [1.7e308])}, "box"),
    ],
)
def test_bad_input_is_refused(arguments, argument):
    given = {"F": WELL, "box": LINE, **arguments}
    with pytest.raises(dg.InvalidInput) as refused:
        dg.morse_graph(given.pop("F"), given.pop("box"), given.pop("depth"), **given)
    assert refused.value.argument == argument


def test_too_much_recurrence_names_the_numbers():
    from dynsys_gd.cells.morse import build

    identity = dg.SymbolicMap([x], [x])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "MOST_CELLS", 1000)
        with pytest.raises(dg.InvalidInput, match="at most 9 here: depth 10 has 1024 cells"):
            dg.morse_graph(identity, dg.Box([0], [1]), 12, start_depth=8)


def test_unknown_sets_are_refused():
    found = dg.morse_graph(WELL, LINE, 8)
    for number in (len(found), -1, "0", 0.0, True):
        with pytest.raises(dg.InvalidInput):
            found.captured(number)


def test_a_map_with_jumps_has_neither_index_nor_refutation():
    jump = dg.GradientDescent(dg.Loss(sp.Abs(x), [x]), "1/3")
    found = dg.morse_graph(jump, dg.Box([-2.1], [2]), 8)
    assert len(found) >= 1
    for s in found:
        assert s.index == (None, None)
        assert s.attracting is not Outcome.NO
        assert s.repelling is Outcome.UNDECIDED


def test_where_images_leave_the_box_cycles_of_two_are_not_counted():
    """0 and 3 are a 2-cycle of which the box holds one point; 1/2 is fixed."""
    ends = sp.interpolate([(0, 3), (sp.Rational(1, 2), sp.Rational(1, 2)), (3, 0)], x)
    F = dg.SymbolicMap([ends], [x])
    found = dg.morse_graph(F, dg.Box([-0.75], [1.25]), 4, start_depth=4)
    assert all(s.index[1] is None for s in found if found.cover.escaping[s.nodes].any())


@pytest.mark.parametrize("depth", [30, 45])
def test_deep_cells_pin_recurrence_down(depth):
    """Where little recurs, depth costs little."""
    F = dg.SymbolicMap([x / 2 - sp.Rational(1, 3)], [x])
    (only,) = dg.morse_graph(F, dg.Box([-1], [1]), depth).sets
    assert only.box.low[0] <= -2 / 3 <= only.box.high[0]
    assert only.volume < 2.0 ** (4 - depth)
    assert only.kind is MorseKind.ATTRACTING


def test_images_that_may_be_anything_are_refused_in_deep_grids():
    plane = dg.Box([-1, -1], [1, 1])
    images = images_of(formulas_of(dg.SymbolicMap([1 / x, y / 2], [x, y])), *np.zeros((2, 2, 300)))
    assert runs_met(images, Cells(plane, 20, np.arange(1))).total > 300 * 2**10
    with pytest.raises(dg.InvalidInput, match="rows of cells"):
        runs_met(images, Cells(plane, 40, np.arange(1)))


def test_around_a_pole_there_is_no_index():
    """The sign of x - F(x) changes at the pole 0 of -1/x, where nothing is fixed."""
    found = dg.morse_graph(dg.SymbolicMap([-1 / (9 * x)], [x]), dg.Box([-3], [3]), 8)
    (pole,) = (s for s in found if found.set_at([[0.0]])[0] == s.number)
    assert not pole.on_edge
    assert pole.index == (None, None)


def test_a_box_whose_volume_is_no_double_has_shares():
    tiny = dg.Box([-1e-200, -1e-200], [1e-200, 1e-200])
    found = dg.morse_graph(dg.SymbolicMap([x / 2, y / 3], [x, y]), tiny, 8, longest_period=0)
    assert found[0].kind is MorseKind.ATTRACTING
    assert "captures 100 % of the box" in str(found)


def test_what_is_proved_to_attract_is_isolated_also_in_cells_at_the_edge():
    found = dg.morse_graph(dg.SymbolicMap([x / 2], [x]), dg.Box([-1], [1]), 1)
    assert found[0].on_edge
    assert found[0].attracting is Outcome.YES
    assert "edge" not in found[0].described()
