"""Orbits, families and stability cards: points in place, kinds told apart."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational
from sympy.abc import eta, r, x, y, z

from dynsys_gd import Box, GradientDescent, HeavyBall, Krawczyk, Loss, SymbolicMap
from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.orbits.cluster import Cluster, Obstacle
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.orbit_set import OrbitSet
from dynsys_gd.orbits.periodic_orbits import periodic_orbits
from dynsys_gd.orbits.stability import stability
from dynsys_gd.plots import draw
from dynsys_gd.plots.orbit_marks import size_for

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
WELL = Loss(x**4 / 4 - x**2 / 2, [x])
SQUARE = Box([-3, -3], [3, 3])
HENON = SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])
EVIDENCE = Evidence(grade=Grade.CERTIFIED, reason="made for a picture")


def drawn(result, **style):
    return draw(result, ax=Figure(figsize=(7, 5)).subplots(), **style)


def only_clusters(region, *bounds):
    """Return a list without orbits; each of `bounds` is one box of a fixed point, shape (d, 2)."""
    boxes = [np.array(b, dtype=float)[None, None] for b in bounds]
    clusters = [Cluster(boxes=b, obstacle=Obstacle.SINGULAR, evidence=EVIDENCE) for b in boxes]
    return OrbitSet(
        title="Fixed points of a map",
        orbits=(),
        clusters=tuple(clusters),
        complete=False,
        why="singular",
        region=region,
        evidence=EVIDENCE,
    )


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def points_with(ax, marker):
    return {
        tuple(point)
        for line in ax.get_lines()
        if line.get_marker() == marker
        for point in np.round(line.get_xydata(), 9)
    }


def test_a_list_of_fixed_points_shows_families_and_points_over_the_contours():
    ax = drawn(fixed_points(GradientDescent(PRODUCT, "1/2"), SQUARE))
    assert legend_of(ax) == ["minima, stable", "minima, unstable", "saddle"]
    assert points_with(ax, "X") == {(0.0, 0.0)}
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3.0, 3.0), (-3.0, 3.0))
    assert "complete" in ax.get_title(loc="left")
    assert ax.collections


def test_cycles_are_closed_loops_of_their_own_colour():
    found = periodic_orbits(GradientDescent(PRODUCT, "11/10"), SQUARE, period=2)
    ax = drawn(found)
    loops = [line for line in ax.get_lines() if "period 2" in str(line.get_label())]
    assert len(loops) == len(found.orbits) > 1
    assert len({loop.get_color() for loop in loops}) == len(loops)
    for loop, orbit in zip(loops, found.orbits, strict=True):
        np.testing.assert_array_equal(loop.get_xydata()[:-1], orbit.points)
        np.testing.assert_array_equal(loop.get_xydata()[-1], orbit.points[0])
    assert {"sink\u2009×2", "source\u2009×2"} <= set(legend_of(ax))


def test_cycles_of_the_line_are_cobwebs_on_the_graph_of_the_map():
    logistic = SymbolicMap([r * x * (1 - x)], [x]).at(r="16/5")
    found = periodic_orbits(logistic, period=2)
    ax = drawn(found)
    graph = ax.get_lines()[0].get_xydata()
    np.testing.assert_allclose(graph[:, 1], 3.2 * graph[:, 0] * (1 - graph[:, 0]))
    a, b = found.orbits[0].points[:, 0]
    assert points_with(ax, "o") == {
        (round(a, 9), round(b, 9)),
        (round(b, 9), round(a, 9)),
    }


def test_unstable_minima_stay_recognisable_as_minima():
    himmelblau = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
    ax = drawn(fixed_points(GradientDescent(himmelblau, "1/50"), Box([-6, -6], [6, 6])))
    assert {
        "sink (minimum of the loss)\u2009×2",
        "saddle (minimum of the loss)\u2009×2",
        "saddle\u2009×4",
        "source (maximum of the loss)",
    } == set(legend_of(ax))
    (white,) = [
        line
        for line in ax.get_lines()
        if line.get_marker() == "X" and line.get_markerfacecolor() == "#FFFFFF"
    ]
    assert len(white.get_xydata()) == 2


def test_with_an_open_step_size_a_family_is_neither_solid_nor_dashed():
    ax = drawn(fixed_points(GradientDescent(PRODUCT, eta)))
    assert "minima, stability depends on η" in legend_of(ax)


def test_more_than_two_coordinates_show_the_multipliers_and_the_unit_circle():
    chain = GradientDescent(Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), "1/2")
    ax = drawn(fixed_points(chain))
    circle = ax.get_lines()[0].get_xydata()
    np.testing.assert_allclose(np.hypot(*circle.T), 1.0)
    assert "a point of a family" in legend_of(ax)
    assert "multipliers" in ax.get_xlabel()


def test_an_empty_list_says_so():
    ax = drawn(periodic_orbits(SymbolicMap([x / 2], [x]), period=2))
    assert [text.get_text() for text in ax.texts] == ["none"]


@pytest.mark.parametrize("pick", ["orbits", "families"])
def test_single_members_have_a_picture(pick):
    found = fixed_points(GradientDescent(PRODUCT, "1/2"))
    ax = drawn(getattr(found, pick)[0])
    assert "η = 1/2" in " ".join(ax.get_title(loc="left").split())


def test_the_minima_of_a_loss_have_a_picture():
    ax = drawn(critical_points(WELL).minima())
    assert ax.get_title(loc="left").startswith("Minima")


def test_momentum_on_a_line_is_drawn_in_the_plane_of_now_and_before():
    F = HeavyBall(WELL, "1/2", "1/2")
    ax = drawn(fixed_points(F))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x$", "$x_{previous}$")
    assert points_with(ax, "o") == {(-1.0, -1.0), (1.0, 1.0)}


def test_many_orbits_are_few_artists_and_quickly_drawn():
    """More than seven cycles have no colours of their own; a long list has no lines at all."""
    found = periodic_orbits(HENON, HENON_BOX, period=13, method=Krawczyk())
    assert len(found.orbits) == 32
    ax = drawn(found)
    assert len(ax.get_lines()) + len(ax.collections) <= 4
    assert sum(len(line.get_xydata()) for line in ax.get_lines()) == 32 * 13
    assert legend_of(ax)[0].endswith("×32")
    few = drawn(periodic_orbits(HENON, HENON_BOX, period=8, method=Krawczyk()))
    assert sum("period 8" in text for text in legend_of(few)) == 7


def test_markers_shrink_with_their_number():
    sizes = [size_for(n) for n in (1, 60, 600, 2000, 10**6)]
    assert sizes[0] == sizes[1] == 8.0
    assert sizes[1] > sizes[2] > sizes[3] > sizes[4] == 1.8


# --- what is not decided -------------------------------------------------------------------------


def test_small_clusters_are_question_marks_on_the_graph():
    double = SymbolicMap([x + (x - 1) ** 2 * (x - 2) / 4], [x])
    found = fixed_points(double, Box([-1], [3]), method=Krawczyk())
    assert found.clusters
    ax = drawn(found)
    ((place, image),) = points_with(ax, "$?$")
    assert (place, image) == pytest.approx((1.0, 1.0), abs=1e-3)
    assert "unresolved" in legend_of(ax)


def test_wide_clusters_are_hatched_where_they_are():
    ax = drawn(only_clusters(Box([-3, -3], [3, 3]), [[0, 1], [0, 2]], [[-2, -1], [-2, -1]]))
    (boxes,) = ax.collections
    assert boxes.get_hatch()
    corners = np.concatenate([path.vertices for path in boxes.get_paths()])
    assert corners.min(axis=0).tolist() == [-2, -2]
    assert corners.max(axis=0).tolist() == [1, 2]
    assert legend_of(ax) == ["unresolved\u2009×2"]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3.0, 3.0), (-3.0, 3.0))


def test_clusters_of_one_coordinate_are_strips():
    ax = drawn(only_clusters(Box([0], [4]), [[1, 2]]))
    (strip,) = ax.collections
    corners = strip.get_paths()[0].vertices
    assert set(corners[:, 0]) == {1.0, 2.0}
    assert set(corners[:, 1]) == {0.0, 1.0}
    assert ax.get_xlim() == (0.0, 4.0)


@pytest.mark.parametrize("bounds", [[[0, 1]], [[0, 1], [2, 2.5]], [[0, 1], [2, 3], [4, 5]]])
def test_a_cluster_alone_has_a_picture(bounds):
    (cluster,) = only_clusters(None, bounds).clusters
    ax = drawn(cluster)
    low, high = ax.get_xlim()
    assert low < 0 < 1 < high
    assert ax.get_title(loc="left").startswith("Unresolved cluster")


# --- the stability card --------------------------------------------------------------------------


def test_an_open_step_size_shows_when_the_multipliers_leave_the_circle():
    ax = drawn(stability(GradientDescent(WELL, eta), [1]))
    curve = ax.get_lines()[0].get_xydata()
    np.testing.assert_allclose(curve[:, 1], np.abs(1 - 2 * curve[:, 0]), atol=1e-12)
    (span,) = ax.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == (0.0, 1.0)
    assert {"1 − 2·η", "stable", "stability is lost at 1"} == set(legend_of(ax))


def test_a_given_step_size_shows_where_the_multipliers_lie():
    ax = drawn(stability(GradientDescent(WELL, "1/4"), [1]))
    assert points_with(ax, "o") == {(0.5, 0.0)}


def test_complex_multipliers_are_drawn_by_their_size():
    """Their product is the momentum, so a complex pair has size √(1/2)."""
    ax = drawn(stability(HeavyBall(WELL, eta, "1/2"), [1]))
    steps, sizes = ax.get_lines()[0].get_xydata().T
    np.testing.assert_allclose(sizes[(steps > 0.1) & (steps < 1.4)], np.sqrt(0.5))


def test_the_card_of_a_family_is_the_picture_of_the_family():
    F = GradientDescent(PRODUCT, Rational(1, 2))
    ax = drawn(stability(F, fixed_points(F).families[0]))
    assert legend_of(ax) == ["minima, stable", "minima, unstable"]


def test_critical_points_say_what_they_are_for_the_loss():
    """The step size is open: they are neither sinks nor sources yet."""
    points = critical_points(Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y]))
    words = legend_of(draw(points, ax=Figure().subplots()))
    assert words == [f"{role} of the loss\u2009×4" for role in ("minimum", "saddle")] + [
        "maximum of the loss"
    ]
