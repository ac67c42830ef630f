"""Immediate basins: exact ends on the line, products of intervals in the plane."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, eta, r, x, y, z

import dynsys_gd as dg
from dynsys_gd.orbits.curves.basin import immediate_basin
from dynsys_gd.orbits.curves.basin_result import BasinCell, IntervalEnd
from dynsys_gd.orbits.curves.cycle import checked_cycle
from dynsys_gd.orbits.curves.phases import ELSEWHERE, RUNNING, phases
from dynsys_gd.orbits.curves.trap import trap_of

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
LINE = dg.Box([-3], [3])
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])
TWO_WELLS = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])


@pytest.mark.parametrize("step", ["1/10", "1/2", "9/10", "99/100"])
def test_the_double_well(step):
    """From the maximum at 0 to its other preimage, x² = 1 + 1/η."""
    basin = immediate_basin(dg.GradientDescent(WELL, step), [1], dg.Box([-4], [4]))
    end = np.sqrt(1 + 1 / float(sp.Rational(step)))
    np.testing.assert_allclose(basin.ends, [[0, end]], rtol=1e-12, atol=1e-12)
    assert basin.end_kinds == ((IntervalEnd.FIXED, IntervalEnd.OTHER_END),)
    assert basin.size == pytest.approx(end, abs=1e-12)
    assert "into themselves" in basin.evidence.reason
    assert basin.at_the_edge == (False,)


def test_the_cells_of_the_double_well():
    """The whole basin of 1 has more pieces: those that jump over 0."""
    basin = immediate_basin(dg.GradientDescent(WELL, "1/2"), [1], LINE, resolution=600)
    centres = basin.grid.points[:, 0]
    own = (centres > 0) & (centres < np.sqrt(3))
    assert ((basin.cells == BasinCell.IMMEDIATE) == own).all()
    jump = (centres < -np.sqrt(3)) & (centres > -2.1)  # G is in (0, √3) there
    assert (basin.cells[jump] == BasinCell.BASIN).all()
    assert (basin.cells[np.abs(centres) > 2.5] == BasinCell.OUTSIDE).all()
    assert (basin.cells[(centres < 0) & ~jump & (centres > -1.7)] == BasinCell.OUTSIDE).all()


def test_a_sink_of_period_two():
    """The fixed point 1 - 1/r parts the two intervals; their far ends are its preimages."""
    F = LOGISTIC.at(r="16/5")
    orbit = dg.periodic_orbits(F, period=2)[0]
    basin = immediate_basin(F, orbit, dg.Box([-1], [2]))
    fixed = 1 - 1 / 3.2
    far = (1 + np.sqrt(1 - 4 * (1 - fixed) / 3.2)) / 2  # the image of `far` is 1 - fixed
    np.testing.assert_allclose(basin.ends, [[1 - fixed, fixed], [fixed, far]], atol=1e-12)
    assert basin.end_kinds == (
        (IntervalEnd.OTHER_END, IntervalEnd.FIXED),
        (IntervalEnd.FIXED, IntervalEnd.OTHER_END),
    )
    assert basin.period == 2
    np.testing.assert_allclose(LOGISTIC.at(r="16/5")(basin.sink), basin.sink[::-1], atol=1e-14)


def test_a_thin_gap_is_not_overlooked():
    """At r = 3.5 the basin of the 4-cycle has its fixed point and 2-cycle as gaps of width zero."""
    F = LOGISTIC.at(r="7/2")
    orbit = dg.periodic_orbits(F, period=4)[0]
    basin = immediate_basin(F, orbit, dg.Box([-1], [2]), resolution=16)
    two = np.sort(np.roots([3.5**2, -3.5 * 4.5, 4.5]).real)
    inner = np.sort(basin.ends.ravel())
    assert np.abs(inner[:, None] - two).min(axis=0).max() < 1e-12
    assert all(IntervalEnd.FIXED in kinds for kinds in basin.end_kinds)
    for low, high in basin.ends:
        images = F.iterate(np.linspace(low, high, 999)[1:-1, None], 4)
        assert ((images > low) & (images < high)).all()


def test_the_region_may_cut_the_basin():
    F = dg.SymbolicMap([x / 2], [x])
    basin = immediate_basin(F, [0], dg.Box([-1], [5]))
    np.testing.assert_array_equal(basin.ends, [[-1, 5]])
    assert basin.end_kinds == ((IntervalEnd.REGION, IntervalEnd.REGION),)
    assert basin.at_the_edge == (True,)
    assert "edge" in basin.headline()


@pytest.mark.parametrize("resolution", [100, 401])
def test_a_product_of_two_wells_has_a_square(resolution):
    F = dg.GradientDescent(TWO_WELLS, "1/2")
    basin = immediate_basin(F, [1, 1], dg.Box([-3, -3], [3, 3]), resolution=resolution)
    centres = basin.grid.points.reshape(*basin.grid.shape, 2)
    square = ((centres > 0) & (centres < np.sqrt(3))).all(axis=2)
    np.testing.assert_array_equal(basin.cells == BasinCell.IMMEDIATE, square)
    assert abs(basin.size - 3) <= basin.size_errors[0]
    assert basin.size_errors[0] < 30 / resolution
    assert basin.count(BasinCell.BASIN) > 0


def test_a_cycle_in_the_plane_has_a_piece_around_each_point():
    """Two logistic maps: pieces are products of the intervals of the line."""
    F = dg.SymbolicMap([sp.Rational(16, 5) * x * (1 - x), sp.Rational(5, 2) * y * (1 - y)], [x, y])
    orbit = dg.periodic_orbits(F, dg.Box([0.1, 0.1], [1, 1]), period=2).orbits[0]
    basin = immediate_basin(F, orbit, dg.Box([-0.2, -0.2], [1.2, 1.2]), resolution=300)
    far = (1 + np.sqrt(1 - 4 * 0.3125 / 3.2)) / 2
    expected = [0.375, far - 0.6875]
    np.testing.assert_allclose(basin.sizes, expected, atol=0.01)
    assert (np.abs(basin.sizes - expected) <= basin.size_errors).all()


def test_momentum_and_a_map_without_symbols():
    F = dg.HeavyBall(WELL, "1/10", "1/2")
    basin = immediate_basin(F, [1], dg.Box([-2, -2], [2, 2]), resolution=80)
    assert 0.2 < basin.size / 16 < 0.6
    rows = basin.grid.points[(basin.cells == BasinCell.IMMEDIATE).ravel()]
    np.testing.assert_allclose(F.iterate(rows, 3000)[:, 0], 1, atol=1e-9)
    network = dg.LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    with pytest.raises(dg.InvalidInput, match="inside the unit circle"):
        immediate_basin(dg.GradientDescent(network, "1/2"), [1, 1], dg.Box([-2, -2], [2, 2]))


def test_what_takes_longer_than_allowed_is_undecided():
    F = dg.SymbolicMap([x * (1 - sp.Rational(1, 1000))], [x])
    short = immediate_basin(F, [0], dg.Box([-100], [100]), steps=100)
    assert short.count(BasinCell.UNDECIDED) > 0
    whole = immediate_basin(F, [0], dg.Box([-100], [100]), steps=20_000)
    assert whole.count(BasinCell.IMMEDIATE) == 400


def test_a_trap_is_mapped_into_itself():
    F = dg.SymbolicMap([x / 2 + 3 * y + x**2, y / 3 - x * y], [x, y])  # far from normal
    trap = trap_of(checked_cycle(F, [0, 0], "sink"))
    circle = np.stack([np.cos(t := np.linspace(0, 2 * np.pi, 999)), np.sin(t)], axis=1)
    back = np.linalg.inv(np.linalg.cholesky(trap.forms[0])).T
    for share in (0.1, 0.5, 1.0):
        rows = share * trap.radii[0] * circle @ back.T
        assert (trap.holds(0.999 * rows) == 0).all()
        assert (trap.holds(F(rows)) == 0).all()
        assert np.abs(F.iterate(rows, 200)).max() < 1e-12
    assert phases(trap, np.array([[1e9, 0.0], [np.nan, 0.0]]), 1000).tolist() == [ELSEWHERE] * 2


def test_starts_that_settle_elsewhere_do_not_use_up_the_steps():
    F = dg.GradientDescent(TWO_WELLS, "1/2")
    trap = trap_of(checked_cycle(F, [1, 1], "sink"))
    found = phases(trap, np.array([[-1.1, 0.9], [0.9, 1.1]]), 10**9)
    assert found.tolist() == [ELSEWHERE, 0]


def test_starts_of_other_attracting_cycles_are_no_riddle():
    """At step size 1/50 starts between the minima tend to cycles of periods 2, 6 and 16."""
    loss = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
    F = dg.GradientDescent(loss, "1/50")
    box = dg.Box([-6, -6], [6, 6])
    basin = immediate_basin(F, [-2.805118, 3.131313], box, resolution=100)
    assert basin.count(BasinCell.UNDECIDED) == 0
    cycle = dg.periodic_orbits(F, box, period=2, method=dg.Krawczyk())
    sink = next(orbit for orbit in cycle if orbit.kind is dg.Kind.SINK)
    other = immediate_basin(F, sink, box, resolution=100)
    assert not (np.isin(basin.cells, (0, 1)) & np.isin(other.cells, (0, 1))).any()
    assert (basin.cells[np.isin(other.cells, (0, 1))] == BasinCell.OUTSIDE).all()


def test_chaotic_starts_stay_undecided():
    """Beside the sink at 2, a full shift on [-1, 1] without any sink."""
    chaos = sp.chebyshevt_poly(4, x)  # maps [-1, 1] onto itself four times
    settle = sp.Rational(1, 2) * (x - 2) + 2
    F = dg.SymbolicMap([sp.Piecewise((chaos, x < 1), (settle, True))], [x])
    trap = trap_of(checked_cycle(F, [2], "sink"))
    found = phases(trap, np.array([[0.3], [-0.7], [2.5]]), 2000)
    assert found.tolist() == [RUNNING, RUNNING, 0]


@pytest.mark.parametrize(
    ("F", "sink", "region", "argument", "words"),
    [
        (dg.GradientDescent(WELL, "1/2"), [0], LINE, "sink", "inside the unit circle"),
        (dg.GradientDescent(WELL, "1/2"), [0.5], LINE, "sink", "every point the image"),
        (dg.GradientDescent(WELL, "1/2"), [1], dg.Box([2], [3]), "region", "in it"),
        (dg.GradientDescent(WELL, "1/2"), [1], None, "region", "a Box"),
        (dg.GradientDescent(WELL, "1/2"), [1], dg.Box([0, 0], [2, 2]), "region", "dimension 1"),
        (dg.GradientDescent(WELL, eta), [1], LINE, "parameter", "value"),
        (WELL, [1], LINE, "F", "a map"),
        (
            dg.SymbolicMap([x / 2, y / 2, z / 2], [x, y, z]),
            [0, 0, 0],
            dg.Box([-1, -1, -1], [1, 1, 1]),
            "F",
            "one or two",
        ),
    ],
)
def test_what_has_no_immediate_basin_here_is_refused(F, sink, region, argument, words):
    with pytest.raises(dg.InvalidInput, match=words) as refusal:
        immediate_basin(F, sink, region)
    assert refusal.value.argument == argument


@pytest.mark.parametrize("resolution", [4, 0, "many", [10, 10]])
def test_too_few_cells_are_refused(resolution):
    with pytest.raises(dg.InvalidInput, match="resolution"):
        immediate_basin(dg.GradientDescent(WELL, "1/2"), [1], LINE, resolution=resolution)


def test_cells_larger_than_the_basin_are_refused():
    F = dg.GradientDescent(TWO_WELLS, "1/2")
    far = dg.Box([-500, -500], [500, 500])
    with pytest.raises(dg.InvalidInput, match="resolution"):
        immediate_basin(F, [1, 1], far, resolution=8)


def test_henon_shares_the_plane_between_a_sink_and_infinity():
    F = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="1/5", b="3/10")
    sink = next(o for o in dg.fixed_points(F).orbits if o.kind is dg.Kind.SINK)
    basin = immediate_basin(F, sink, dg.Box([-8, -8], [8, 8]), resolution=60)
    assert basin.count(BasinCell.IMMEDIATE) > 0
    assert basin.count(BasinCell.OUTSIDE) > 0
    assert basin.count(BasinCell.UNDECIDED) == 0
