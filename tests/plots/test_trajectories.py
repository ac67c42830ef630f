"""Pictures of one orbit: what is drawn, labelled and said."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import symbols
from sympy.abc import r, x, y

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.plots import draw, figure

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_an_orbit_in_the_plane_lies_on_the_contours_of_its_loss():
    trajectory = GradientDescent(PRODUCT, "1/2").trajectory([2.0, -0.3], 60)
    ax = draw(trajectory, ax=Figure().subplots())
    orbit = lines_of(ax)["orbit"]
    np.testing.assert_array_equal(orbit.get_xydata(), trajectory.points)
    assert len(ax.collections) >= 2
    assert legend_of(ax) == ["orbit", "start", "end"]
    np.testing.assert_array_equal(lines_of(ax)["end"].get_xydata()[0], trajectory.points[-1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x$", "$y$")
    assert "η = 1/2" in ax.get_title(loc="left")


def test_an_orbit_that_escapes_is_shown_as_far_as_it_can_be():
    ax = draw(GradientDescent(PRODUCT, "9/10").trajectory([2.9, 2.9], 30), ax=Figure().subplots())
    assert legend_of(ax) == ["orbit, leaves the picture", "start"]
    assert "outside the picture" in " ".join(ax.get_title(loc="left").split())
    assert np.all(np.isfinite(ax.get_xlim()))


def test_a_map_of_the_line_is_a_cobweb():
    trajectory = SymbolicMap([r * x * (1 - x)], [x]).at(r="7/2").trajectory([0.1], 20)
    ax = draw(trajectory, ax=Figure().subplots())
    lines = lines_of(ax)
    corners = lines["orbit"].get_xydata()
    states = trajectory.points[:, 0]
    np.testing.assert_array_equal(corners[::2], np.stack([states, states], axis=1)[: len(states)])
    np.testing.assert_array_equal(corners[1::2], np.stack([states[:-1], states[1:]], axis=1))
    graph = lines["map"].get_xydata()
    np.testing.assert_allclose(graph[:, 1], 3.5 * graph[:, 0] * (1 - graph[:, 0]))
    assert "r = 7/2" in ax.get_title(loc="left")


def test_a_textbook_map_of_the_plane_is_a_cloud_without_contours():
    henon = SymbolicMap([1 - 1.4 * x**2 + y, 0.3 * x], [x, y])
    ax = draw(henon.trajectory([0.1, 0.1], 200), ax=Figure().subplots())
    assert lines_of(ax)["orbit"].get_linestyle() == "None"
    assert not ax.collections


def test_more_dimensions_show_the_gradient_norm_on_a_logarithmic_axis():
    w = symbols("w1:5")
    loss = Loss((w[0] * w[1] * w[2] * w[3] - 1) ** 2 / 2, w)
    trajectory = GradientDescent(loss, "1/4").trajectory([1.2, 0.8, 0.9, 1.5], 12)
    ax = draw(trajectory, ax=Figure().subplots())
    expected = np.linalg.norm(loss.gradient_at(trajectory.points), axis=1)
    np.testing.assert_allclose(lines_of(ax)["gradient norm"].get_ydata(), expected)
    assert ax.get_yscale() == "log"


def test_style_goes_to_the_line_of_the_orbit():
    trajectory = GradientDescent(PRODUCT, "1/2").trajectory([2.0, -0.3], 5)
    ax = draw(trajectory, ax=Figure().subplots(), color="#123456", linewidth=3.0)
    assert lines_of(ax)["orbit"].get_color() == "#123456"
    assert lines_of(ax)["orbit"].get_linewidth() == 3.0


@pytest.mark.parametrize("steps", [1, 2])
def test_the_shortest_orbits_have_a_picture(steps):
    assert figure(GradientDescent(PRODUCT, "1/2").trajectory([1.0, 1.0], steps)).axes
