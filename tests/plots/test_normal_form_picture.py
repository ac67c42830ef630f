"""The branches of a normal form: where they exist, and how they look."""

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure
from sympy.abc import a, beta, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd.plots import draw
from dynsys_gd.plots.style import ACCENT

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])


def drawn(form, **style):
    """Lines of the branches as (solid, points that are drawn)."""
    axes = draw(form, ax=Figure().subplots(), **style)
    found = []
    for line in axes.lines:
        if line.get_color() == style.get("color", ACCENT):
            points = np.array(line.get_xydata())
            found.append((line.get_linestyle() == "-", points[np.isfinite(points[:, 1])]))
    return axes, found


@pytest.mark.parametrize(
    ("loss", "at", "solid", "above"),
    [(WELL, 1, True, True), (dg.Loss(x**2 / 2 + x**4 / 4, [x]), 0, False, False)],
    ids=["supercritical", "subcritical"],
)
def test_a_flip_opens_to_its_side(loss, at, solid, above):
    form = dg.normal_form(dg.GradientDescent(loss, eta), [at])
    axes, branches = drawn(form)
    assert axes.get_xlabel() == r"$\eta$"
    assert [s for s, _ in branches] == [solid, solid]
    for _, points in branches:
        beyond = points[:, 0] >= form.value if above else points[:, 0] <= form.value
        assert beyond.all()
        assert len(points) > 50
        far = points[np.argmax(np.abs(points[:, 0] - form.value))]
        assert abs(far[1]) == pytest.approx(form.amplitude(far[0]), rel=1e-9)


def test_the_legend_tells_lines_and_colours_apart():
    axes, _ = drawn(dg.normal_form(dg.GradientDescent(WELL, eta), [1]))
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == [
        "stable along the direction",
        "unstable along it",
        "orbit of twice the period",
    ]


def test_one_half_of_a_fold_is_stable():
    form = dg.normal_form(dg.SymbolicMap([x**2 + a], [x]), ["1/2"], value="1/4")
    _, branches = drawn(form)
    below = {solid: np.sign(points[:, 1].sum()) for solid, points in branches}
    # The lower fixed point of x² + a is the stable one.
    assert below == {True: -1, False: 1}


def test_a_transcritical_branch_changes_its_look():
    form = dg.normal_form(LOGISTIC, [0], value=1)
    _, branches = drawn(form)
    assert sorted(solid for solid, _ in branches) == [False, True]
    for solid, points in branches:
        assert np.all((points[:, 0] > 1) == solid)


def test_style_goes_to_the_branches():
    _, branches = drawn(dg.normal_form(LOGISTIC, [1 - 1 / r], value=3), color="#123456")
    assert len(branches) == 2


def test_nothing_branches_off_an_elliptic_point():
    form = dg.normal_form(dg.HeavyBall(WELL, sp.Rational(3, 5), beta), [1], value=1)
    assert drawn(form)[1] == []
    curve = dg.SymbolicMap([r * x * (1 - y), x], [x, y])
    axes, branches = drawn(dg.normal_form(curve, [1 - 1 / r] * 2, value=2))
    assert len(branches) == 1
    assert axes.get_ylabel() == "radius |w|"
