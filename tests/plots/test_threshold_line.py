"""The line of step sizes: what is proved is filled, what is open is hatched."""

import math

import pytest
import sympy as sp
from matplotlib.figure import Figure

from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.plots import draw
from dynsys_gd.plots.style import STABILITY
from dynsys_gd.thresholds.threshold import Threshold, ThresholdStatus

PROVED = Evidence(grade=Grade.PROVED, reason="closed form")


def drawn(status, value, lower, upper, *, name="critical step size", exact=None):
    threshold = Threshold(
        name=name,
        status=status,
        value=value,
        lower=lower,
        upper=upper,
        exact=exact,
        evidence=PROVED,
    )
    return draw(threshold, ax=Figure(figsize=(6.4, 1.9)).subplots())


def spans(ax):
    return [
        (round(p.get_x(), 6), round(p.get_x() + p.get_width(), 6), p.get_hatch() or "")
        for p in ax.patches
    ]


def words(ax):
    return " | ".join(" ".join(text.get_text().split()) for text in ax.texts)


def test_an_exact_value_parts_the_line_in_two():
    ax = drawn(ThresholdStatus.VALUE, 1.0, 1.0, 1.0, exact=sp.Integer(1))
    assert spans(ax) == [(0.0, 1.0, ""), (1.0, 1.6, "")]
    assert words(ax) == "some minimum is stable | no minimum is stable | η = 1"
    assert ax.get_xlabel() == "step size η"
    assert "PROVED" in ax.get_title(loc="left")


def test_what_lies_between_the_bounds_is_hatched():
    ax = drawn(ThresholdStatus.BOUND, math.nan, 0.3, 0.9)
    assert spans(ax)[1] == (0.3, 0.9, STABILITY["OPEN"].hatch)
    assert "η =" not in words(ax)


def test_a_numerical_value_without_enclosure_leaves_the_line_open():
    ax = drawn(ThresholdStatus.VALUE, 0.7, 0.0, math.inf)
    assert [span[2] for span in spans(ax)] == [STABILITY["OPEN"].hatch]
    assert "η = 0.7" in words(ax)


def test_an_infinite_threshold_has_no_unstable_part():
    ax = drawn(ThresholdStatus.VALUE, math.inf, math.inf, math.inf, name="weak critical step size")
    assert len(spans(ax)) == 1
    assert "no minimum" not in words(ax)


def test_a_loss_without_minimum_and_an_undecided_one_look_different():
    nothing = drawn(ThresholdStatus.NO_MINIMUM, math.nan, 0.0, 0.0)
    unknown = drawn(ThresholdStatus.UNDECIDED, math.nan, 0.0, math.inf)
    assert words(nothing) == "the loss has no minimum"
    assert words(unknown) == "not decided rigorously"


@pytest.mark.parametrize("value", [1e-8, 3e5])
def test_the_line_fits_the_size_of_the_value(value):
    ax = drawn(ThresholdStatus.VALUE, value, value, value)
    assert ax.get_xlim() == pytest.approx((0.0, 1.6 * value))
