"""Curves over one another, crossings, immediate basins: every line where it belongs."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from sympy.abc import a, b, r, x, y

import dynsys_gd as dg
from dynsys_gd.plots import draw
from dynsys_gd.plots.curves_picture import _colour
from dynsys_gd.plots.style import lightness

PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
BOX = dg.Box([-3, -3], [3, 3])
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])


@pytest.fixture(scope="module")
def curves():
    return dg.unstable_manifold(HENON, [0.63, 0.19], length=5), dg.stable_manifold(
        HENON, [0.63, 0.19], BOX
    )


def axes():
    return Figure(figsize=(7, 5)).subplots()


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def lines_of(ax, style):
    return [
        line
        for line in ax.get_lines()
        if line.get_linestyle() == style and line.get_marker() == "None"
    ]


def test_an_unstable_curve_is_solid_and_a_stable_one_dashed(curves):
    unstable, stable = curves
    ax = draw(unstable, ax=axes())
    alone = ax.get_ylim()
    draw(stable, ax=ax)
    solid, dashed = lines_of(ax, "-"), lines_of(ax, "--")
    for lines, curve in ((solid, unstable), (dashed, stable)):
        for line, branch in zip(lines, curve.branches, strict=True):
            np.testing.assert_array_equal(line.get_xydata(), branch)
    grey = [lightness(lines[0].get_color()) for lines in (solid, dashed)]
    assert abs(grey[0] - grey[1]) > 10
    labels = legend_of(ax)
    assert [label.split(" of ")[0] for label in labels] == [
        "unstable curve",
        "saddle",
        "stable curve",
    ]
    # The first title stays, the view grows.
    assert "Unstable" in ax.get_title(loc="left")
    assert ax.get_ylim()[0] <= alone[0]
    assert ax.get_ylim()[1] > alone[1]


def test_the_saddle_is_marked(curves):
    ax = draw(curves[1], ax=axes())
    (mark,) = [line for line in ax.get_lines() if line.get_marker() == "X"]
    np.testing.assert_array_equal(mark.get_xydata(), curves[1].orbit)


def test_preimages_are_thinner_and_lie_over_the_contours():
    curve = dg.stable_manifold(PRODUCT, [0, 0], BOX, depth=1)
    ax = draw(curve, ax=axes())
    widths = [line.get_linewidth() for line in lines_of(ax, "--")]
    assert len(widths) == len(curve.branches)
    assert max(widths[curve.primary :]) < min(widths[: curve.primary])
    assert ax.collections


def test_style_goes_to_the_lines(curves):
    ax = draw(curves[0], ax=axes(), color="k", linewidth=3)
    assert {(line.get_color(), line.get_linewidth()) for line in lines_of(ax, "-")} == {("k", 3)}


def test_crossings_are_marked_on_both_curves(curves):
    found = dg.crossings(*curves)
    ax = draw(found, ax=axes())
    (marks,) = [line for line in ax.get_lines() if line.get_marker() == "o"]
    np.testing.assert_array_equal(marks.get_xydata(), found.points)
    assert f"{len(found)} crossings" in legend_of(ax)
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    assert ((found.points > low) & (found.points < high)).all()


def test_cells_of_a_basin_have_the_colour_of_their_kind():
    F = dg.HeavyBall(WELL, "1/10", "1/2")
    basin = dg.immediate_basin(F, [1], dg.Box([-2, -1], [2, 2]), resolution=[40, 30])
    ax = draw(basin, ax=axes())
    (image,) = ax.get_images()
    shown = np.asarray(image.get_array())
    assert shown.shape == (30, 40, 3)
    for i, j in ((0, 0), (30, 20), (20, 3)):  # first index of the cells is x
        expected = _colour(dg.BasinCell(int(basin.cells[i, j])))
        np.testing.assert_allclose(shown[j, i], expected)
    assert image.get_extent() == [-2, 2, -1, 2]
    assert legend_of(ax)[-1] == "sink"
    assert any(label.startswith("immediate basin (") for label in legend_of(ax))


def test_kinds_of_cells_are_told_apart_in_grey():
    greys = [lightness(to_hex(_colour(cell))) for cell in dg.BasinCell]
    assert np.diff(np.sort(greys)).min() > 10


def test_on_a_line_the_graph_crosses_the_square_at_its_corners():
    F = dg.SymbolicMap([r * x * (1 - x)], [x]).at(r="16/5")
    basin = dg.immediate_basin(F, dg.periodic_orbits(F, period=2)[0], dg.Box([-0.2], [1.2]))
    ax = draw(basin, ax=axes())
    corners = {tuple(p) for line in ax.get_lines() for p in line.get_xydata().tolist()}
    for low, high in basin.ends.tolist():
        assert {(low, low), (low, high), (high, high), (high, low)} <= corners
    graph = next(line for line in ax.get_lines() if line.get_label() == "map, 2 steps")
    np.testing.assert_allclose(
        graph.get_ydata(), F.iterate(np.asarray(graph.get_xdata())[:, None], 2)[:, 0]
    )
    assert "immediate basin" in " ".join(legend_of(ax))
    assert len(ax.get_images()) == 1
