"""Pictures of branches and special points: what is solid, what is marked, what the legend says."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd.plots import draw
from dynsys_gd.plots.branch_picture import MARKS

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
TURNS = dg.SymbolicMap([-a * x - x**3 + x**5 / 2], [x])


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def lines(ax, solid):
    """Points drawn with a solid or another line, one array for all."""
    drawn = [
        np.array(line.get_xydata())
        for line in ax.lines
        if line.get_linestyle() != "None" and (line.get_linestyle() == "-") is solid
    ]
    return np.concatenate([d[np.isfinite(d[:, 1])] for d in drawn if len(d)])


@pytest.fixture(scope="module")
def minimum():
    return dg.follow(WELL, [1.0], parameter="eta", to=(0.8, 1.2))


def test_solid_up_to_the_flip_and_dashed_beyond(minimum):
    ax = draw(minimum, ax=Figure().subplots())
    assert lines(ax, True)[:, 0].max() == minimum.special[0].value
    assert lines(ax, False)[:, 0].min() == minimum.special[0].value
    assert ax.get_xlabel() == r"$\eta$"
    assert ax.get_ylabel() == "$x$"
    assert legend(ax) == ["stable", "unstable", "period 1", "Flip"]


def test_several_branches_share_axes_and_one_legend(minimum):
    ax = draw(minimum, ax=Figure().subplots())
    doubled = dg.switch(minimum, 0)
    draw(doubled, ax=ax)
    assert legend(ax) == ["stable", "unstable", "period 1", "period 2", "Flip"]
    colours = {line.get_color() for line in ax.lines if line.get_linestyle() == "-"}
    assert len(colours) >= 2
    shown = lines(ax, True)
    near = shown[np.isclose(shown[:, 0], doubled.steps[-1].value)]
    np.testing.assert_allclose(
        np.sort(near[:, 1])[[0, -1]], np.sort(doubled.steps[-1].points[:, 0]), atol=1e-12
    )


def test_a_branch_on_a_diagram_leaves_what_the_diagram_says(minimum):
    seen = dg.bifurcation_diagram(
        minimum.map, "eta", np.linspace(0.9, 1.6, 8), region=dg.Box([-1], [1]), rng=0
    )
    ax = draw(seen)
    before, limits = legend(ax), ax.get_xlim()
    minimum.plot(ax=ax)
    after = legend(ax)
    assert set(before) < set(after)
    assert "Flip" in after
    assert len(set(after)) == len(after)
    assert ax.get_xlabel() == ""  # it stands below, under the exponents
    assert ax.get_xlim() == limits == (0.9, 1.6)


def test_a_branch_that_turns_has_its_marks():
    branch = dg.follow(TURNS, [0.0], parameter="a", to=(0.3, 2))
    doubled = dg.switch(branch, 0)
    ax = draw(doubled, ax=Figure().subplots())
    assert legend(ax) == ["stable", "unstable", "period 2", "Fold", "Pitchfork"]
    fold = doubled.special[0]
    assert lines(ax, True)[:, 0].min() == pytest.approx(fold.value, abs=1e-9)
    markers = {line.get_marker() for line in ax.lines}
    assert {MARKS[p.bifurcation]["marker"] for p in doubled.special} <= markers


def test_each_kind_has_its_own_marker():
    looks = {(look["marker"], look["markerfacecolor"]) for look in MARKS.values()}
    assert len(looks) == len(MARKS) == len(dg.Bifurcation)


def test_a_fold_is_stable_on_the_side_that_attracts():
    branch = dg.switch(dg.follow(TURNS, [0.0], parameter="a", to=(0.3, 2)), 0)
    ax = draw(branch.special[0], ax=Figure().subplots())
    # The outer orbits, |x| > 1, are the ones that attract.
    assert np.abs(lines(ax, True)[:, 1]).min() >= 1 - 1e-9
    assert np.abs(lines(ax, False)[:, 1]).max() <= 1 + 1e-9
    assert "the two orbits, to leading order" in legend(ax)


def test_a_flip_alone_shows_what_branches_off(minimum):
    point = minimum.special[0]
    ax = draw(point, ax=Figure().subplots(), color="red")
    red = [np.array(line.get_xydata()) for line in ax.lines if line.get_color() == "red"]
    # μ = 2 δ and b = 8: x = 1 ± √(δ/4).
    for curve in red[:2]:
        np.testing.assert_allclose(
            np.abs(curve[:, 1] - 1), np.sqrt((curve[:, 0] - 1) / 4), atol=1e-9
        )
    assert {np.sign(curve[-1, 1] - 1) for curve in red[:2]} == {1.0, -1.0}
    assert ax.get_title(loc="left").startswith("Supercritical flip")


def test_a_point_on_a_branch_only_adds_its_mark(minimum):
    ax = draw(minimum, ax=Figure().subplots())
    count, title = len(ax.lines), ax.get_title(loc="left")
    draw(minimum.special[0], ax=ax)
    assert len(ax.lines) == count + 1
    assert ax.get_title(loc="left") == title


def test_a_pair_and_a_family_have_pictures():
    delayed = dg.SymbolicMap([a * x * (1 - y), x], [x, y])
    branch = dg.follow(delayed, [0.4, 0.4], parameter="a", to=(1.5, 2.5))
    ax = draw(branch.special[0], ax=Figure().subplots())
    assert legend(ax)[-1] == "Neimark-Sacker"
    product = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "9/10")
    family = dg.follow(product, [1, 1], method=dg.PseudoArclength(steps=60))
    ax = draw(family, ax=Figure().subplots(), coordinate=1)
    assert ax.get_xlabel() == "length along the family"
    assert ax.get_ylabel() == "$y$"
    assert legend(ax) == ["stable", "unstable", "period 1", "Flip"]
