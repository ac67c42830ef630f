"""Orbits, families and stability cards: points in place, kinds told apart."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational
from sympy.abc import eta, r, x, y, z

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.periodic_orbits import periodic_orbits
from dynsys_gd.orbits.stability import stability
from dynsys_gd.plots import draw

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
WELL = Loss(x**4 / 4 - x**2 / 2, [x])
SQUARE = Box([-3, -3], [3, 3])


def drawn(result, **style):
    return draw(result, ax=Figure(figsize=(7, 5)).subplots(), **style)


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
    assert {"sink", "source"} <= set(legend_of(ax))


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
    assert "saddle (minimum of the loss)" in legend_of(ax)
    white = [
        line
        for line in ax.get_lines()
        if line.get_marker() != "None" and line.get_markerfacecolor() == "#FFFFFF"
    ]
    assert len(white) == 4


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
