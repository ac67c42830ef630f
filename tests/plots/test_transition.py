"""Both panels of the transition: what is measured, and where theory puts the line."""

import math

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure
from sympy.abc import x, y

from dynsys_gd import Evidence, Gaussian, Grade, Loss
from dynsys_gd.claims.transition_scan import TransitionScan
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.plots import draw, figure
from dynsys_gd.thresholds.threshold import Threshold, ThresholdStatus

STEPS = np.array([0.8, 0.9, 1.1, 1.2])


def scan(*, plateau=(0, 0, 0, 0), status=ThresholdStatus.VALUE):
    decided = status is ThresholdStatus.VALUE
    return TransitionScan(
        loss=Loss((x * y - 1) ** 2 / 2, [x, y]),
        threshold=Threshold(
            name="critical step size",
            status=status,
            value=1.0 if decided else math.nan,
            lower=1.0 if decided else 0.0,
            upper=1.0,
            exact=sp.Integer(1) if decided else None,
            evidence=Evidence(grade=Grade.PROVED, reason="closed form"),
        ),
        region=Gaussian([0, 0], 1),
        n=100,
        step_sizes=STEPS,
        gradient_norm=np.array(
            [[0, 1e-16, 1e-15], [0, 1e-15, np.inf], [0.2, 0.3, np.inf], [0.3, np.inf, np.inf]]
        ),
        converged=np.array([90, 80, 0, 0]),
        plateau=np.array(plateau),
        escaped=np.array([10, 15, 40, 60]),
        undecided=np.array([0, 5, 0, 0]),
        budget=Budget(),
        evidence=Evidence(grade=Grade.STATISTICAL, reason="drawn"),
    )


def panels(result):
    fig = figure(result)
    fig.draw_without_rendering()
    return fig.axes


def labels(ax):
    return {text.get_text() for text in ax.get_legend().get_texts()}


def line(ax, label):
    return next(item for item in ax.get_lines() if item.get_label() == label)


def test_the_upper_panel_shows_the_median_on_a_logarithmic_axis():
    upper, _ = panels(scan())
    assert upper.get_yscale() == "log"
    heights = line(upper, "median").get_ydata()
    np.testing.assert_allclose(heights[:3], [1e-16, 1e-15, 0.3])
    assert heights[3] > 1  # escaped: at the upper edge, marked as such
    assert "median start escapes" in labels(upper)
    assert "10 to 90 % of the starts" in labels(upper)
    assert {text.get_text() for text in upper.texts} == {"0", "∞"}


def test_the_lower_panel_shows_the_shares_with_their_intervals():
    result = scan()
    _, lower = panels(result)
    (bars,) = [c for c in lower.containers if c.__class__.__name__ == "ErrorbarContainer"]
    ends = np.array([segment[:, 1] for segment in bars[2][0].get_segments()])
    np.testing.assert_allclose(ends, result.interval(), atol=1e-12)
    np.testing.assert_allclose(line(lower, "escape").get_ydata(), result.escaped / 100)
    assert any("undecided" in label for label in labels(lower))
    assert lower.get_xlabel() == "step size η"


def test_the_line_of_theory_stands_in_both_panels_and_says_its_grade():
    upper, lower = panels(scan())
    assert "critical step size 1\n(PROVED)" in labels(upper)
    for ax in (upper, lower):
        assert any(list(item.get_xdata()) == [1.0, 1.0] for item in ax.get_lines())


def test_a_bound_is_called_a_bound():
    upper, _ = panels(scan(status=ThresholdStatus.BOUND))
    assert any("no minimum is stable\nbeyond 1" in label for label in labels(upper))


def test_a_plateau_is_told_apart_from_a_minimum():
    assert "end on a plateau" not in labels(panels(scan())[1])
    assert "end on a plateau" in labels(panels(scan(plateau=(0, 0, 50, 30)))[1])


@pytest.mark.parametrize("free", [True, False])
def test_the_panels_share_the_room_of_the_axes_they_are_given(free):
    fig = Figure(figsize=(8, 6))
    ax = fig.add_axes((0.1, 0.1, 0.5, 0.8)) if free else fig.subplots(1, 2)[0]
    room = ax.get_position()
    assert draw(scan(), ax=ax) is ax
    lower = fig.axes[-1]
    assert lower.get_position().y1 < ax.get_position().y0
    for panel in (ax, lower):
        place = panel.get_position()
        assert place.y0 >= room.y0 - 1e-9
        assert place.y1 <= room.y1 + 1e-9
        assert place.x1 <= room.x1 + 1e-9
