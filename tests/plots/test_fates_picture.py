"""Fates over starts: the colour of every start, the counts, and the fixed points on top."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sympy import symbols
from sympy.abc import r, x, y

from dynsys_gd import Box, Gaussian, GradientDescent, Loss, SymbolicMap
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.ensembles.fates import Fate
from dynsys_gd.ensembles.simulate import simulate
from dynsys_gd.plots import draw
from dynsys_gd.plots.style import look_of_fate

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
SQUARE = Box([-3, -3], [3, 3])
QUICK = Budget(steps=512)


def picture(F, starts):
    fates = simulate(F, starts, budget=QUICK)
    return fates, draw(fates, ax=Figure(figsize=(7, 5)).subplots())


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_grid_is_an_image_with_each_start_in_its_place():
    fates, ax = picture(GradientDescent(PRODUCT, "11/10"), SQUARE.grid((40, 30)))
    (image,) = ax.images
    colours = np.asarray(image.get_array())
    assert colours.shape == (30, 40, 3)
    assert image.get_extent() == [-3, 3, -3, 3]
    for fate in (Fate.CYCLING, Fate.ESCAPED):
        here = fates.where(fate).reshape(40, 30).T
        assert here.any()
        np.testing.assert_allclose(
            colours[here], np.tile(to_rgb(look_of_fate(fate).colour), (here.sum(), 1))
        )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x$", "$y$")
    assert "η = 11/10" in " ".join(ax.get_title(loc="left").split())


def test_faster_convergence_is_darker_and_all_of_it_blue():
    fates, ax = picture(GradientDescent(PRODUCT, "1/2"), SQUARE.grid(30))
    colours = np.asarray(ax.images[0].get_array()).swapaxes(0, 1).reshape(-1, 3)
    converged = fates.where(Fate.CONVERGED)
    order = np.argsort(fates.steps[converged], kind="stable")
    brightness = colours[converged].sum(axis=1)[order]
    assert np.all(np.diff(brightness) >= -1e-12)
    assert brightness[-1] > brightness[0]
    assert np.all(colours[converged][:, 2] > colours[converged][:, 0])


def test_the_legend_counts_every_start():
    fates, ax = picture(GradientDescent(PRODUCT, "1/2"), SQUARE.grid(20))
    told = [text for text in legend_of(ax) if "%" in text]
    counts = [int(text.split(": ")[1].split(" (")[0].replace("\u2009", "")) for text in told]
    assert sum(counts) == len(fates) == 400
    assert told[0].startswith("converged")


def test_the_minima_are_drawn_stable_part_solid_and_unstable_part_dashed():
    _, ax = picture(GradientDescent(PRODUCT, "1/2"), SQUARE.grid(20))
    assert {"minima, stable", "minima, unstable"} <= set(legend_of(ax))
    solid = [line for line in ax.get_lines() if line.get_linestyle() == "-"]
    dashed = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert solid
    assert dashed
    for line, stable in [(line, True) for line in solid] + [(line, False) for line in dashed]:
        u, v = line.get_xydata()[1:-1].T
        np.testing.assert_allclose(u * v, 1.0, atol=2e-3)
        # On the hyperbola the sharpness is u² + v², and stability needs η (u² + v²) < 2.
        assert np.all((u**2 + v**2 < 4.0) == stable)


def test_above_the_critical_step_size_no_part_of_the_minima_is_solid():
    _, ax = picture(GradientDescent(PRODUCT, "11/10"), SQUARE.grid(10))
    assert "minima, stable" not in legend_of(ax)
    assert "minima, unstable" in legend_of(ax)


def test_isolated_points_are_marked_by_kind():
    _, ax = picture(GradientDescent(PRODUCT, "1/2"), SQUARE.grid(10))
    assert "saddle" in legend_of(ax)
    markers = [line for line in ax.get_lines() if line.get_marker() == "X"]
    np.testing.assert_array_equal(markers[0].get_xydata(), [[0.0, 0.0]])


def test_loose_starts_are_points_with_a_marker_for_each_fate():
    fates, ax = picture(GradientDescent(PRODUCT, "1/2"), Gaussian([0, 0], 1.5).sample(300, rng=0))
    sizes = sorted(len(collection.get_offsets()) for collection in ax.collections)
    assert sizes == sorted(fates.count(fate) for fate in Fate if fates.count(fate))


def test_a_line_of_starts_lies_under_the_graph_of_the_loss():
    well = Loss(x**4 / 4 - x**2 / 2, [x])
    fates, ax = picture(GradientDescent(well, "1/2"), Box([-3], [3]).grid(60))
    graph = ax.get_lines()[0]
    np.testing.assert_allclose(graph.get_ydata(), well(fates.starts))
    assert np.asarray(ax.images[0].get_array()).shape == (1, 60, 3)
    assert {"sink (minimum of the loss)\u2009×2", "source (maximum of the loss)"} <= set(
        legend_of(ax)
    )
    marks = {tuple(point) for line in ax.get_lines()[1:] for point in line.get_xydata()}
    assert marks == {(-1.0, -0.25), (0.0, 0.0), (1.0, -0.25)}


def test_a_map_without_a_loss_is_drawn_too():
    logistic = SymbolicMap([r * x * (1 - x)], [x]).at(r="16/5")
    fates, ax = picture(logistic, Box([-0.5], [1.5]).grid(50))
    assert fates.count(Fate.CYCLING) > 0
    assert "r = 16/5" in ax.get_title(loc="left")


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_more_dimensions_show_sizes(scale):
    w = symbols("w1:4")
    chain = GradientDescent(Loss((w[0] * w[1] * w[2] - 1) ** 2 / 2, w), "2/5")
    _, ax = picture(chain, Gaussian([0] * 3, scale).sample(100, rng=1))
    assert ax.get_yscale() == "log"
    assert "gradient norm" in ax.get_ylabel()
