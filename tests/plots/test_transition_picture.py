"""The picture of a scan: what must be on it."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd import plots
from dynsys_gd.plots.style import look_of_fate

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
BOX = dg.Box([-3, -3], [3, 3])
BUDGET = dg.Budget(steps=512)


def scan(F=None, parameter="eta", values=("1/2", "9/10", "6/5", 3), **more):
    arguments = {
        "region": BOX,
        "method": dg.MonteCarlo(n=1000),
        "budget": BUDGET,
        "refine": dg.Refinement(points=6, halvings=2),
        "rng": 0,
    }
    F = dg.GradientDescent(LOSS, eta) if F is None else F
    return dg.transition(F, parameter, values, **{**arguments, **more})


@pytest.fixture(scope="module")
def found():
    return scan()


@pytest.fixture(scope="module")
def panels(found):
    return plots.figure(found).axes


def words(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_two_panels_share_the_parameter_and_a_third_has_the_budgets(panels):
    shares, steps, norms = panels[:3]
    assert shares.get_ylabel() == "share of the starts"
    assert "undecided" in steps.get_ylabel()
    assert shares.get_shared_x_axes().joined(shares, norms)
    assert norms.get_yscale() == "log"
    assert norms.get_xlabel() == "step size $\\eta$"


def test_the_shares_are_those_of_the_scan(found, panels):
    line = next(line for line in panels[0].lines if line.get_label().startswith("converge"))
    assert np.array_equal(line.get_xdata(), found.values)
    assert np.array_equal(line.get_ydata(), found.table()["converged"])
    assert line.get_color() == look_of_fate(dg.Fate.CONVERGED).colour


def test_undecided_ones_are_hatched_and_named(panels):
    hatched = [patch for patch in panels[0].collections if patch.get_hatch()]
    assert hatched
    assert hatched[0].get_hatch() == look_of_fate(dg.Fate.UNDECIDED).hatch
    assert "undecided" in words(panels[0])


def test_the_line_of_theory_has_its_grade(panels):
    assert any("critical step size 1" in w and "PROVED" in w for w in words(panels[0]))
    assert any("vanishes in" in w for w in words(panels[0]))
    assert any("95 %" in w for w in words(panels[0]))


def test_budgets_are_drawn_for_each_value(found, panels):
    drawn = [line for line in panels[1].lines if "=" in str(line.get_label())]
    assert len(drawn) == len({look.at for look in found.budgets})
    assert panels[1].get_xscale() == "log"


def test_without_theory_budgets_and_undecided_ones():
    G = dg.SymbolicMap([a * x * (1 - x)], [x])
    found = scan(
        G,
        "a",
        ["3/2", "5/2"],
        region=dg.Box([0.1], [0.9]),
        to=dg.Target.FIXED_POINTS,
        refine=dg.Refinement(points=0, halvings=0),
    )
    axes = plots.figure(found).axes
    assert len(axes) == 2
    assert axes[1].get_xlabel() == "$a$"
    assert not any("critical" in w or "undecided" in w for w in words(axes[0]))


def test_momentum_names_its_norm_and_axes_may_be_given():
    G = dg.HeavyBall(LOSS, eta, "1/2")
    ax = Figure().subplots()
    assert scan(G).plot(ax=ax) is ax
    assert any("velocity" in other.get_ylabel() for other in ax.figure.axes)


def test_no_start_stays_bounded_anywhere():
    found = scan(values=["5/2", 3], refine=dg.Refinement(points=0))
    assert "no start stays bounded" in words(plots.figure(found).axes[-1])


def test_the_picture_is_written(found, tmp_path):
    png, svg = plots.save(plots.figure(found), tmp_path, "scan")
    assert png.stat().st_size > 10_000
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    pixels = matplotlib.image.imread(png)[..., :3]
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.ptp(grey) > 0.8
