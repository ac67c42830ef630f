"""Points with their intervals, the fitted line over its window, and what was left out."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import dynsys_gd as dg
from dynsys_gd.plots import draw

SQUARE = dg.Box([-1, -1], [1, 1])


def disc(points):
    return (points**2).sum(axis=1) < 0.5


def thirds(points):
    return np.floor(points.sum(axis=1) * 1e9).astype(np.int64) % 3


def drawn(result):
    figure = Figure(figsize=(7.6, 5.0))
    ax = draw(result, ax=figure.subplots())
    figure.draw_without_rendering()
    return ax


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def bars(ax, label):
    (found,) = [c for c in ax.containers if c.get_label() == label]
    return found


@pytest.fixture(scope="module")
def smooth():
    method = dg.UncertaintyExponent(events=100, pairs=2**15)
    return dg.boundary_dimension(disc, SQUARE, method=method, rng=0)


def test_the_points_lie_where_they_were_seen_with_their_intervals(smooth):
    ax = drawn(smooth)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    fitted = [p for p in smooth.points if p.use is dg.PointUse.FITTED]
    errorbars = bars(ax, "fitted")
    np.testing.assert_allclose(errorbars[0].get_xdata(), [p.scale for p in fitted])
    np.testing.assert_allclose(errorbars[0].get_ydata(), [p.share for p in fitted])
    ends = np.array([segment[:, 1] for segment in errorbars[2][0].get_segments()])
    np.testing.assert_allclose(ends, [[p.low, p.high] for p in fitted], rtol=1e-9)


def test_the_line_covers_the_window_and_has_the_exponent(smooth):
    ax = drawn(smooth)
    (line,) = [each for each in ax.get_lines() if each.get_label().startswith("α = ")]
    scales, shares = line.get_xdata(), line.get_ydata()
    assert (scales.min(), scales.max()) == pytest.approx(smooth.window)
    slope = np.log(shares[1] / shares[0]) / np.log(scales[1] / scales[0])
    assert slope == pytest.approx(smooth.exponent)
    low, high = smooth.exponent_interval()
    assert f"in [{low:.3f}, {high:.3f}] at 95 %" in line.get_label()
    assert "fit window" in legend(ax)
    assert f"{smooth.dimension:.3f}" in ax.get_title(loc="left")


def test_points_that_were_left_out_say_why():
    method = dg.ResolutionScaling(resolutions=(8, 16, 32, 64), copies=2)
    result = dg.boundary_dimension(disc, SQUARE, method=method, rng=0)
    ax = drawn(result)
    assert "left out: too coarse, close to saturation" in legend(ax)
    assert "pixels" in ax.get_ylabel()
    left_out = bars(ax, "left out: too coarse, close to saturation")
    assert left_out[0].get_marker() != bars(ax, "fitted")[0].get_marker()


def test_nothing_seen_is_drawn_as_upper_limits():
    away = dg.Box([5, 5], [6, 6])
    method = dg.UncertaintyExponent(pairs=2**10)
    for result in (
        dg.boundary_dimension(disc, away, method=method, rng=0),
        dg.basin_entropy(disc, away, boxes=50, rng=0),
    ):
        ax = drawn(result)
        (line,) = [each for each in ax.get_lines() if "upper limit" in each.get_label()]
        np.testing.assert_allclose(line.get_ydata(), [p.high for p in result.points])


def test_both_entropies_and_log_2():
    result = dg.basin_entropy(thirds, SQUARE, boxes=100, rng=0)
    ax = drawn(result)
    assert {"log 2", "boundary basin entropy"} <= set(legend(ax))
    upper = bars(ax, "boundary basin entropy")
    np.testing.assert_allclose(upper[0].get_ydata(), [p.boundary for p in result.points])
    (line,) = [each for each in ax.get_lines() if each.get_label() == "log 2"]
    assert line.get_ydata()[0] == pytest.approx(np.log(2))


def test_style_goes_to_the_points(smooth):
    ax = draw(smooth, ax=Figure().subplots(), color="#123456")
    assert bars(ax, "fitted")[0].get_color() == "#123456"
