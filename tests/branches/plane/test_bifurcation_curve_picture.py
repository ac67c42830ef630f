"""Pictures of bifurcation curves: what can be read off them."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy.abc import a, beta, eta, x

import dynsys_gd as dg

COARSE = dg.PseudoArclength(longest=0.1, first=0.05)
BALL = dg.HeavyBall(dg.Loss(x**2 / 2 + x**4 / 4, [x]), eta, beta)


def curve(start, to=((0, 5), (0, 1)), F=BALL, parameters=("eta", "beta")):
    return dg.follow_bifurcation(F, [0], parameters=parameters, start=start, to=to, method=COARSE)


def drawn():
    return Figure(figsize=(8, 5)).subplots()


def words(ax):
    return [entry.get_text() for entry in ax.get_legend().get_texts()]


def labels(ax):
    return {text.get_text(): text.xy for text in ax.texts}


def test_two_curves_share_the_axes_the_legend_and_the_labels():
    ax = drawn()
    flips, pair = curve((2, 0)), curve((1, 1))
    flips.plot(ax=ax)
    pair.plot(ax=ax)
    assert ax.get_xlabel() == "$\\eta$"
    assert ax.get_ylabel() == "$\\beta$"
    assert words(ax) == ["flip, subcritical", "ticks: |μ| < 1 on this side", "Neimark–Sacker"]
    # Both curves have R2 in the same place, which is labelled once.
    assert sorted(labels(ax)) == ["R1", "R2", "R3", "R4"]
    assert labels(ax)["R3"] == pytest.approx((3, 1))
    styles = {line.get_linestyle() for line in ax.lines if len(line.get_xdata()) > 2}
    assert styles == {"-", "--"}
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert low < 0 < 5 < high
    assert bottom < 0 < 1 < top


def test_where_the_criticality_turns_the_line_gets_another_width():
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + a * x**3 / 3 + x**4 / 4, [x]), eta)
    found = curve((2, 0), ((1, 3), (-1, 1)), F, ("eta", "a"))
    ax = drawn()
    found.plot(ax=ax)
    assert words(ax)[:2] == ["flip, supercritical", "flip, subcritical"]
    stretches = [
        line for line in ax.lines if line.get_linestyle() == "-" and line.get_marker() != "o"
    ]
    ends = sorted({round(float(v), 6) for s in stretches for v in np.array(s.get_ydata())[[0, -1]]})
    assert ends == [-1.0, -0.707107, 0.707107, 1.0]
    assert len({line.get_linewidth() for line in stretches}) == 2


def test_ticks_point_to_the_stable_side():
    ax = drawn()
    curve((2, 0)).plot(ax=ax)
    (ticks,) = ax.collections
    for base, tip in ticks.get_segments():
        assert base[0] == pytest.approx(2 * (1 + base[1]))
        assert tip[0] < 2 * (1 + tip[1])


def test_style_goes_to_the_line():
    ax = drawn()
    curve((2, 0)).plot(ax=ax, color="#123456")
    assert any(line.get_color() == "#123456" for line in ax.lines)


def test_multipliers_of_a_point():
    ax = drawn()
    curve((1, 1)).special[2].plot(ax=ax)
    assert ax.get_title(loc="left").startswith("1:3 resonance (R3)")
    marks = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.hypot(marks.get_xdata(), marks.get_ydata()) == pytest.approx(1)
    assert sorted(marks.get_ydata()) == pytest.approx([-np.sqrt(0.75), np.sqrt(0.75)])
    assert words(ax) == ["multipliers on the unit circle"]
