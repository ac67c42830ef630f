"""Orbits drawn over a picture that is there: in its place, its limits and its legend."""

import time

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational, symbols
from sympy.abc import x, y

from dynsys_gd import Box, Budget, Gaussian, GradientDescent, Krawczyk, Loss, SymbolicMap
from dynsys_gd.ensembles.simulate import simulate
from dynsys_gd.errors import InvalidInput
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.multipliers import multipliers
from dynsys_gd.orbits.periodic_orbits import periodic_orbits

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
BEYOND = GradientDescent(PRODUCT, "11/10")
WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "11/10")
SQUARE, LINE = Box([-3, -3], [3, 3]), Box([-2], [2])
QUICK = Budget(steps=256)


def fresh():
    return Figure(figsize=(8, 5)).subplots()


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_cycles_lie_over_the_basins():
    ax = simulate(BEYOND, SQUARE.grid(40), budget=QUICK).plot(ax=fresh())
    before, limits, sentence = legend_of(ax), ax.axis(), ax.get_title(loc="left")
    found = periodic_orbits(BEYOND, SQUARE, period=2)
    assert found.plot(ax=ax) is ax
    assert ax.axis() == limits
    assert legend_of(ax) == [*before, "source of period 2\u2009×2", "sink of period 2\u2009×2"]
    assert ax.get_title(loc="left") == f"{sentence}\nOrbits of period 2: 4 orbits; complete"
    (sinks,) = [line for line in ax.get_lines() if line.get_label().startswith("sink")]
    points = np.concatenate([o.points for o in found.orbits if o.kind.value == "sink"])
    np.testing.assert_array_equal(sinks.get_xydata(), points)
    assert len(ax.images) == 1  # no contours over the basins


def test_points_that_are_there_already_are_not_listed_twice():
    F = GradientDescent(PRODUCT, "1/2")
    ax = simulate(F, SQUARE.grid(20), budget=QUICK).plot(ax=fresh())
    before = legend_of(ax)
    fixed_points(F, SQUARE).plot(ax=ax)
    assert legend_of(ax) == before


def test_orbits_outside_of_the_view_do_not_widen_it():
    ax = simulate(BEYOND, Box([0.5, 0.5], [1, 1]).grid(10), budget=QUICK).plot(ax=fresh())
    periodic_orbits(BEYOND, SQUARE, period=2).plot(ax=ax)
    assert ax.axis() == (0.5, 1.0, 0.5, 1.0)


def test_over_starts_on_a_line_points_lie_on_the_loss():
    ax = simulate(WELL, LINE.grid(50), budget=QUICK).plot(ax=fresh())
    found = periodic_orbits(WELL, LINE, period=2)
    found.plot(ax=ax)
    (sinks,) = [line for line in ax.get_lines() if line.get_label().startswith("sink of period")]
    u, v = sinks.get_xydata().T
    np.testing.assert_allclose(v, WELL.loss(u[:, None]))
    assert len(u) == 4


def test_over_loose_starts_on_a_line_points_lie_on_the_edge():
    ax = simulate(WELL, LINE.sample(20, rng=0), budget=QUICK).plot(ax=fresh())
    periodic_orbits(WELL, LINE, period=2).plot(ax=ax)
    (sinks,) = [line for line in ax.get_lines() if line.get_label().startswith("sink of period")]
    assert not sinks.get_ydata().any()


def test_over_a_cobweb_points_lie_on_the_graph():
    ax = WELL.trajectory([0.3], 40).plot(ax=fresh())
    limits = ax.axis()
    periodic_orbits(WELL, LINE, period=2).plot(ax=ax)
    (sinks,) = [line for line in ax.get_lines() if line.get_label().startswith("sink of period")]
    u, v = sinks.get_xydata().T
    np.testing.assert_allclose(v, WELL(u[:, None])[:, 0], atol=1e-12)
    assert ax.axis() == limits


def test_two_lists_share_a_plane_of_multipliers():
    ax = multipliers(fixed_points(BEYOND, SQUARE)).plot(ax=fresh())
    multipliers(periodic_orbits(BEYOND, SQUARE, period=2)).plot(ax=ax)
    assert {"saddle", "sink\u2009×2", "source\u2009×2"} <= set(legend_of(ax))


def test_other_coordinates_are_refused():
    w = symbols("w1:4")
    chain = GradientDescent(Loss((w[0] * w[1] * w[2] - 1) ** 2 / 2, w), "2/5")
    ax = simulate(chain, Gaussian([0] * 3, 1).sample(20, rng=1), budget=QUICK).plot(ax=fresh())
    with pytest.raises(InvalidInput, match="coordinates w1, w2"):
        fixed_points(chain).plot(ax=ax)
    u, v = symbols("u v")
    ax = simulate(BEYOND, SQUARE.grid(5), budget=QUICK).plot(ax=fresh())
    with pytest.raises(InvalidInput, match="coordinates u, v"):
        fixed_points(SymbolicMap([u / 2, v / 2], [u, v])).plot(ax=ax)


def test_axes_with_data_but_no_labels_are_taken_as_the_plane():
    ax = fresh()
    ax.plot([0, 1], [0, 1])
    ax.axis((0, 1, 0, 1))
    fixed_points(BEYOND, SQUARE).plot(ax=ax)
    assert ax.axis() == (0, 1, 0, 1)


def test_thousands_of_points_are_drawn_at_once():
    henon = SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y])
    box = Box([-1.43, -0.43], [1.43, 0.43])
    found = periodic_orbits(henon, box, period=17, method=Krawczyk())
    ax = simulate(henon, Box([-2, -2], [2, 2]).grid(20), budget=QUICK).plot(ax=fresh())
    began = time.perf_counter()
    found.plot(ax=ax)
    assert time.perf_counter() - began < 1.0
    marks = [line for line in ax.get_lines() if "of period 17" in line.get_label()]
    assert sum(len(line.get_xydata()) for line in marks) == 17 * len(found.orbits) > 1500
    assert len(marks) <= 3


def test_points_out_of_sight_have_no_entry():
    F = GradientDescent(PRODUCT, "1/2")
    ax = F.trajectory([1.0, 2.0], 10).plot(ax=fresh())
    fixed_points(F, SQUARE).plot(ax=ax)
    assert "minima, stable" in legend_of(ax)
    assert "saddle" not in legend_of(ax)  # it is at the origin
