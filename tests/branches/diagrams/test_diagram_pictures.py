"""What the pictures of diagrams, planes, cobwebs and sharpness show."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot
from sympy.abc import beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd.plots.period_look import exponent_norm, kinds_in_order, kinds_of, look_of_code
from dynsys_gd.plots.style import lightness

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
B = dg.Behaviour


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.fixture(scope="module")
def diagram():
    F = dg.GradientDescent(WELL, eta)
    values = [0.9, 1.1, 1.25, 1.5, 2.2]
    return dg.bifurcation_diagram(F, "eta", values, starts=[[0.3], [-0.4]], points=16)


def test_a_diagram_by_period(diagram):
    ax = diagram.plot()
    words = ["period 1", "period 2", "period 4", "chaotic", "every orbit escapes"]
    assert legend(ax) == words
    cycle = ax.collections[1].get_offsets()
    assert set(cycle[:, 0]) == {1.1}
    assert len(cycle) == 4  # two 2-cycles, each point once
    assert ax.get_ylabel() == "$x$"
    below = ax.figure.axes[1]
    assert below.get_xlabel() == r"$\eta$"
    assert below.get_ylabel() == "exponent"
    drawn = below.collections[0].get_offsets()
    assert len(drawn) == 8  # those that escape have none


def test_a_diagram_by_exponent(diagram):
    ax = diagram.plot(colour=dg.ColourBy.EXPONENT)
    assert [a.get_ylabel() for a in ax.figure.axes].count("largest Lyapunov exponent") == 1
    values = ax.collections[0].get_array()
    assert np.nanmax(values) == pytest.approx(diagram.exponent[3].max())
    with pytest.raises(dg.InvalidInput, match="colour"):
        diagram.plot(colour="exponent")


def test_a_diagram_of_escapes_alone():
    found = dg.bifurcation_diagram(dg.GradientDescent(WELL, eta), "eta", [9], starts=[[1.7]])
    ax = found.plot()
    ax.figure.canvas.draw()
    assert "escapes" in legend(ax)[0]


def test_a_plane_has_a_name_in_each_region_and_shares():
    F = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta)
    axes = [np.linspace(1.6, 2.4, 20), np.linspace(0, 0.3, 20)]
    found = dg.parameter_plane(F, ["eta", "beta"], axes, starts=[[0.02]])
    ax = found.plot()
    assert {text.get_text() for text in ax.texts} == {"1", "2"}
    share = 100 * float(np.mean(found.period == 1))
    assert legend(ax)[0] == f"period 1 ({share:.3g} %)"
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"$\eta$", r"$\beta$")
    other = found.plot(colour=dg.ColourBy.EXPONENT)
    assert "Lyapunov exponents" in other.get_title(loc="left")


def test_kinds_and_their_looks():
    behaviour = np.array([B.PERIODIC, B.PERIODIC, B.PERIODIC, B.CHAOTIC, B.ESCAPED])
    kinds = kinds_of(behaviour, np.array([1, 8, 40, 0, 0]))
    assert kinds.tolist() == [1, 8, 9, -1, -3]
    assert kinds_in_order(kinds) == [1, 8, 9, -1, -3]
    labels = [look_of_code(code).label for code in (1, 9, -1, -2)]
    assert labels == ["period 1", "period above 8", "chaotic", "quasi-periodic"]


def test_what_follows_a_doubling_looks_different_in_grey():
    greys = [lightness(look_of_code(code).colour) for code in (1, 2, 4, 8)]
    assert greys == sorted(greys)
    assert min(np.diff(greys)) >= 10
    assert abs(greys[0] - lightness(look_of_code(-1).colour)) > 25


def test_the_scale_of_exponents_has_zero_in_the_middle():
    norm = exponent_norm(np.array([-700.0, 0.4, np.nan]))
    assert (norm.vmin, norm.vcenter, norm.vmax) == (-0.8, 0.0, 0.4)
    flat = exponent_norm(np.array([np.nan]))
    assert flat.vmin < 0 < flat.vmax


def test_a_cobweb_is_a_staircase():
    found = dg.cobweb(dg.GradientDescent(WELL, "6/5"), 0.1, 8, period=2, region=dg.Box([0], [1.3]))
    ax = found.plot()
    stairs = np.concatenate([line.get_xydata() for line in ax.lines[:2]])
    corners = np.unique(stairs.round(9), axis=0)
    orbit = found.points.round(9)
    on_graph = {(float(p), float(q)) for p, q in pairwise(orbit)}
    assert on_graph <= {(float(p), float(q)) for p, q in corners}
    labels = legend(ax)
    assert {"F", "$F^{2}$", "diagonal", "start", "orbit"} <= set(labels)
    assert "period 2, sink" in labels


@pytest.mark.parametrize(
    ("F", "words"),
    [
        (dg.GradientDescent(PRODUCT, "1/2"), "2/η = 4:"),
        (dg.HeavyBall(PRODUCT, "1/2", "1/2"), "2(1 + β)/η = 6:"),
        (dg.Nesterov(PRODUCT, "1/2", "1/2"), "2(1 + β)/((1 + 2β)η) = 3:"),
    ],
)
def test_sharpness_stands_beside_the_limit_of_its_rule(F, words):
    found = dg.sharpness_along(F, [[1.1, 0.8], [0.7, 1.2]], 30)
    ax = found.plot()
    assert legend(ax)[:2] == ["orbit 0", "orbit 1"]
    assert any(text.startswith(words) for text in legend(ax))
    styles = {(line.get_color(), line.get_linestyle()) for line in ax.lines[:2]}
    assert len(styles) == 2
    below = ax.figure.axes[1]
    assert (below.get_ylabel(), below.get_yscale()) == ("loss", "log")
    np.testing.assert_array_equal(below.lines[0].get_ydata(), found.losses[0])


def test_losses_along_orbits_are_those_of_the_trajectory():
    F = dg.HeavyBall(PRODUCT, "1/2", "1/2")
    found = dg.sharpness_along(F, [[1.1, 0.8]], 20, every=5)
    points = F.trajectory([1.1, 0.8], 20).points[::5, :2]
    np.testing.assert_allclose(found.losses[0], PRODUCT(points), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(found.values[0], PRODUCT.sharpness_at(points), rtol=1e-6)


def test_losses_that_overflow_leave_the_picture():
    found = dg.sharpness_along(dg.GradientDescent(PRODUCT, "1/2"), [[9, 9], [1, 0.9]], 40)
    ax = found.plot()
    ax.figure.canvas.draw()
    low, high = ax.figure.axes[1].get_ylim()
    assert 0 < low < high < 1e6


def test_exponents_below_the_panel_are_marked_as_such():
    logistic = dg.SymbolicMap([beta * x * (1 - x)], [x])
    found = dg.bifurcation_diagram(logistic, "beta", [2, 2.5, 2.6, 3.2], starts=[[0.3]])
    panel = found.plot().figure.axes[1]
    inside, beyond = (collection.get_offsets().data for collection in panel.collections)
    assert len(inside) == 3
    assert beyond[:, 0].tolist() == [2.0]
    np.testing.assert_array_equal(np.sort(inside[:, 1]), np.sort(found.exponent[1:, 0]))
