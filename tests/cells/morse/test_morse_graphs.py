"""Morse graphs of gradient descent on the double well: number, kinds, order and orbits."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import MorseKind, Outcome

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
WELLS = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])
LINE, PLANE = dg.Box([-2.4], [2.4]), dg.Box([-2.4, -2.4], [2.4, 2.4])
A, R, S, U = MorseKind.ATTRACTING, MorseKind.REPELLING, MorseKind.SADDLE, MorseKind.UNDECIDED


def on_line(eta, depth=14, **more):
    return dg.morse_graph(dg.GradientDescent(WELL, eta), LINE, depth, **more)


def outer(eta):
    """Return the 2-cycle that bounds the bounded orbits."""
    return float(sp.sqrt(1 + 2 / sp.Rational(eta)))


def test_below_the_threshold_two_minima_attract():
    found = on_line("1/2")
    assert [s.kind for s in found] == [A, A, R, R]
    assert sorted(found.graph.edges) == [(2, 0), (2, 1), (3, 2)]
    assert [s.index for s in found] == [(1, 1), (1, 1), (-1, -1), (0, -2)]
    for number, points in enumerate([[-1], [1], [0], [-outer("1/2"), outer("1/2")]]):
        assert found.set_at(np.array(points, dtype=float)[:, None]).tolist() == [number] * len(
            points
        )
    assert [s.escapes for s in found] == [False, False, False, True]


def test_above_it_two_cycles_do():
    found = on_line("11/10")
    assert [s.kind for s in found] == [A, A, R, R, R, R]
    assert sorted(found.graph.edges) == [(2, 0), (3, 1), (4, 2), (4, 3), (5, 4)]
    eta = sp.Rational(11, 10)
    squares = sp.solve(eta**2 * y**2 - (eta**2 + eta) * y + 1, y)
    for side, number in ((-1, 0), (1, 1)):
        cycle = [[side * float(sp.sqrt(s))] for s in squares]
        assert found.set_at(cycle).tolist() == [number, number]
    assert [[o.period for o in s.orbits] for s in found] == [[2], [2], [1], [1], [1], [2]]
    assert [o.unstable for s in found for o in s.orbits] == [0, 0, 1, 1, 1, 1]
    assert [s.index for s in found][:3] == [(0, 2), (0, 2), (1, -1)]


def test_then_cycles_of_four():
    found = on_line("32/25", longest_period=4)
    assert [s.kind for s in found] == [A, A, R, R, R, R, R, R]
    assert sorted(found.graph.edges) == [
        (2, 0), (3, 1), (4, 2), (5, 3), (6, 4), (6, 5), (7, 6),
    ]  # fmt: skip
    assert [sorted(o.period for o in s.orbits) for s in found] == [
        [4], [4], [2], [2], [1], [1], [1], [2],
    ]  # fmt: skip
    assert {o.kind for s in found.sets[:2] for o in s.orbits} == {dg.Kind.SINK}


def test_then_two_chaotic_bands():
    found = on_line("3/2")
    assert [s.kind for s in found] == [A, A, R, R]
    assert sorted(found.graph.edges) == [(2, 0), (2, 1), (3, 2)]
    top = 5 / 3 * np.sqrt(5 / 9)  # the image of the critical point
    low = 5 / 2 * top - 3 / 2 * top**3
    assert found[1].box.low[0] == pytest.approx(low, abs=3e-3)
    assert found[1].box.high[0] == pytest.approx(top, abs=6e-4)
    assert found[1].box.low[0] < low < top < found[1].box.high[0]


def test_within_the_merged_band_a_window_is_seen():
    """At η = 17/10 a cycle of six attracts: the band around it repels, and is no attractor."""
    found = on_line("17/10", longest_period=6)
    assert [s.kind for s in found] == [A, R, R]
    assert sorted(found.graph.edges) == [(1, 0), (2, 1)]
    assert [(o.period, o.kind) for o in found[0].orbits] == [(6, dg.Kind.SINK)]
    end = on_the_attractor("17/10")
    assert set(found.set_at(end).tolist()) == {0}
    # Of all 726 points of period 6 or a divisor the rest is in the band, but for the outer cycle.
    assert sum(o.period for o in found[1].orbits) > 100
    assert [o.period for o in found[2].orbits] == [2]


def on_the_attractor(eta):
    F = dg.GradientDescent(WELL, eta)
    return F.iterate(np.random.default_rng(0).uniform(-1, 1, (50, 1)), 20_000)


@pytest.mark.parametrize(("eta", "attracting"), [("1597/1000", 2), ("1601/1000", 1)])
def test_the_bands_merge_where_theory_says(eta, attracting):
    """They touch at 3√3/2 - 1 = 1.598076…; the graph of cells knows it on both sides."""
    found = on_line(eta, 18, longest_period=0)
    assert sum(s.attracting is Outcome.YES for s in found) == attracting


def test_beyond_the_crisis_nothing_is_captured():
    found = on_line("21/10", longest_period=0)
    assert all(s.attracting is not Outcome.YES for s in found)
    assert not any(found.captured(s.number).any() for s in found)
    assert all(s.escapes for s in found)


def product_order(one, names):
    """Return the order of pairs of sets by that of the sets of one coordinate."""
    k = len(one)
    above = one.above | np.eye(k, dtype=bool)
    return np.array([[above[a, c] and above[b, d] for c, d in names] for a, b in names])


def test_two_wells_have_the_products():
    """Fixed points and the outer cycle: 3 · 3 points, 3 · 2 mixed cycles, and two cycles."""
    found = dg.morse_graph(dg.GradientDescent(WELLS, "1/2"), PLANE, 16)
    one = on_line("1/2")
    kinds = [s.kind for s in found]
    assert (kinds.count(A), kinds.count(S), kinds.count(R)) == (4, 8, 5)
    names = []
    for s in found:
        corner = s.cells.upper[:, 0] - 1e-9  # of one cell; both coordinates lie in cells of sets
        names.append([int(nearest_set(one, c)) for c in corner])
    expected = product_order(one, names)
    np.fill_diagonal(expected, False)
    twins = [k for k, pair in enumerate(names) if pair == [3, 3]]
    assert len(twins) == 2
    expected[np.ix_(twins, twins)] = False  # the two phases of the product of cycles
    assert (found.above == expected).all()
    assert len({tuple(n) for n in names}) == 16


def nearest_set(one, coordinate):
    known = [(-1.0, 0), (1.0, 1), (0.0, 2), (-outer("1/2"), 3), (outer("1/2"), 3)]
    return min(known, key=lambda pair: abs(pair[0] - coordinate))[1]


def test_one_attractor_times_one_attractor():
    """Band × band attracts; band × cycle and cycle × band lie above it, cycle × cycle on top."""
    found = dg.morse_graph(dg.GradientDescent(WELLS, "17/10"), PLANE, 16)
    c = outer("17/10")
    boxes = [np.round(np.abs([*s.box.low, *s.box.high]), 1).tolist() for s in found]
    assert boxes == [[1.3] * 4, [1.5, 1.3] * 2, [1.3, 1.5] * 2, [1.5] * 4, [1.5] * 4]
    assert [s.kind for s in found] == [A, U, U, R, R]
    assert [s.attracting for s in found][1:] == [Outcome.NO] * 4
    assert sorted(found.graph.edges) == [(1, 0), (2, 0), (3, 1), (3, 2), (4, 1), (4, 2)]
    in_phase = found.set_at([[c, c], [-c, -c], [c, -c], [-c, c]]).tolist()
    assert in_phase[0] == in_phase[1] != in_phase[2] == in_phase[3]
    assert set(in_phase) == {3, 4}
    assert [s.index for s in found] == [(1, 1), (0, -2), (0, -2), (0, 2), (0, 2)]


def test_recurrent_cells_hold_the_orbits_of_the_orbit_finder():
    """In the regime of 2-cycles, in the plane, and independently of the own cross-check."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "11/10")
    box = dg.Box([-3, -3], [3, 3])
    found = dg.morse_graph(F, box, 14, longest_period=0)
    for period in (1, 2, 4):
        for orbit in dg.periodic_orbits(F, box, period=period, method=dg.Krawczyk()).orbits:
            numbers = found.set_at(orbit.points)
            assert len(set(numbers.tolist())) == 1
            assert numbers[0] >= 0
    wells = dg.GradientDescent(WELLS, "11/10")
    found = dg.morse_graph(wells, PLANE, 16)
    assert sorted(len(s.orbits) for s in found) == [1] * 45  # one orbit each, and they are all
    count = sum(len(dg.periodic_orbits(wells, PLANE, period=p).orbits) for p in (1, 2))
    assert count == 45


def test_an_orbit_outside_of_what_recurs_is_an_error(monkeypatch):
    from dynsys_gd.cells.morse import build

    F = dg.GradientDescent(WELL, "1/2")
    false = dg.fixed_points(dg.GradientDescent(dg.Loss((x - 1.5) ** 2, [x]), "1/2"), LINE).orbits
    monkeypatch.setattr(build, "known_orbits", lambda *_: (false, ()))
    with pytest.raises(RuntimeError, match="no recurrent set"):
        dg.morse_graph(F, LINE, 10)
