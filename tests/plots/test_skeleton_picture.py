"""The skeleton of an attractor: every point in its place, coloured by period, counted."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational
from sympy.abc import x, y

from dynsys_gd import Box, Budget, Krawczyk, SymbolicMap, simulate
from dynsys_gd.orbits.skeleton import skeleton
from dynsys_gd.plots.style import lightness

HENON = SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])
FULL = SymbolicMap([4 * x * (1 - x)], [x])


@pytest.fixture(scope="module")
def henon():
    return skeleton(HENON, HENON_BOX, periods=range(1, 9), method=Krawczyk())


@pytest.fixture(scope="module")
def full():
    return skeleton(FULL, Box([0], [1]), periods=range(1, 6))


def fresh():
    return Figure(figsize=(8, 6)).subplots()


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def colour_in_legend(ax, start):
    (handle,) = [
        h
        for h, t in zip(ax.get_legend().legend_handles, ax.get_legend().get_texts(), strict=True)
        if t.get_text().startswith(start)
    ]
    r, g, b, *_ = handle.get_markerfacecolor()
    return f"#{round(255 * r):02X}{round(255 * g):02X}{round(255 * b):02X}"


def test_all_points_lie_over_the_cloud_and_are_counted(henon):
    ax = henon.plot(ax=fresh())
    cloud, *points = ax.get_lines()
    assert len(cloud.get_xydata()) == len(henon.cloud) > 10_000
    drawn = np.concatenate([line.get_xydata() for line in points])
    expected = np.concatenate([orbit.points for orbit in henon])
    assert sorted(drawn.tolist()) == sorted(expected.tolist())
    told = [text for text in legend_of(ax) if ": " in text]
    assert told == ["1: 2", "2: 1", "4: 1", "6: 2", "7: 4", "8: 7"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x$", "$y$")


def test_shorter_periods_are_darker_also_in_grey(henon):
    ax = henon.plot(ax=fresh())
    greys = [lightness(colour_in_legend(ax, f"{p}: ")) for p in (1, 2, 4, 6, 7, 8)]
    assert greys == sorted(greys)
    assert greys[-1] - greys[0] > 40


def test_on_the_line_the_height_is_the_period(full):
    ax = full.plot(ax=fresh())
    heights = {float(h) for line in ax.get_lines() for h in np.unique(line.get_ydata())}
    assert heights == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert len(ax.images) == 1  # the visits
    assert ax.get_yticklabels()[0].get_text() == "visits"


def test_below_the_orbits_by_how_fast_they_are_left(full):
    """At the full shift |μ| = 2^p, but 4^p at the fixed point 0."""
    ax = full.plot(ax=fresh())
    (below,) = [axes for axes in ax.figure.axes if axes is not ax]
    marks = below.get_lines()[0].get_xydata()
    assert len(marks) == len(full) == 14
    np.testing.assert_allclose(sorted(marks[:, 1]), [np.log(2)] * 13 + [np.log(4)])


def test_over_a_basin_there_is_neither_cloud_nor_panel(full, henon):
    ax = simulate(HENON, Box([-2, -2], [2, 2]).grid(20), budget=Budget(steps=100)).plot(ax=fresh())
    limits, before = ax.axis(), len(ax.get_lines())
    henon.plot(ax=ax)
    assert ax.axis() == limits
    assert len(ax.figure.axes) == 1
    assert len(ax.get_lines()) == before + 6
    assert "period 8: 7" in legend_of(ax)
    assert ax.get_title(loc="left").endswith("\n17 orbits of periods 1 to 8; complete")


def test_an_open_period_says_so():
    late = skeleton(HENON, HENON_BOX, periods=[1, 12], method=Krawczyk(boxes=40))
    assert not late.complete
    assert [text for text in legend_of(late.plot(ax=fresh())) if "open" in text]


def test_where_all_escape_there_is_no_cloud():
    repeller = SymbolicMap([5 * x * (1 - x)], [x])
    found = skeleton(repeller, Box([0], [1]), periods=[1, 2, 3])
    assert len(found.cloud) == 0
    ax = found.plot(ax=fresh())
    assert not ax.images
    assert "iterates" not in " ".join(legend_of(ax))


def test_with_very_many_periods_the_legend_is_cut_in_the_middle():
    found = skeleton(FULL, Box([0], [1]), periods=[1, 2])
    sets = tuple(found.sets) * 15
    long = dataclasses.replace(found, periods=tuple(range(1, 31)), sets=sets)
    told = legend_of(long.plot(ax=fresh()))
    assert len(told) == 22
    assert told[-4:] == ["…", "28: 1", "29: 2", "30: 1"]
