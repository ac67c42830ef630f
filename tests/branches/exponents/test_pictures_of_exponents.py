"""Pictures of exponents: every number is drawn, what is missing is said, blow-outs are marked."""

from dataclasses import replace

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy.abc import a, x, y

import dynsys_gd as dg

HENON = dg.textbook.henon()
LOGISTIC = dg.textbook.logistic()
DRIVEN = dg.SymbolicMap([4 * x * (1 - x), a * x * y], [x, y])


def drawn(result, **style):
    return result.plot(ax=Figure(figsize=(7, 5)).subplots(), **style)


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_one_orbit_shows_its_batches():
    found = dg.lyapunov_spectrum(HENON, [0.1, 0.1], steps=2_000)
    ax = drawn(found)
    dots = [line for line in ax.get_lines() if line.get_linestyle() == "None"]
    for j, line in enumerate(dots):
        np.testing.assert_array_equal(line.get_ydata(), found.rates[:, 0, j])
    assert len(dots) == 2
    assert len({line.get_marker() for line in dots}) == 2
    assert all("±" in text for text in legend_of(ax))


def test_many_orbits_show_their_exponents_and_those_that_have_none():
    found = dg.lyapunov_spectrum(HENON, [[0.1, 0.1], [9, 9], [0.2, 0.1]], steps=2_000)
    ax = drawn(found)
    (points, *_), *_ = ax.containers
    assert points.get_xdata().tolist() == [1, 3]
    np.testing.assert_array_equal(points.get_ydata(), found.exponents[[0, 2], 0])
    assert "1 not shown" in ax.get_xlabel()


def test_minus_infinity_is_written_in_words():
    (text,) = legend_of(drawn(dg.lyapunov_spectrum(dg.textbook.logistic(2), [0.3], steps=500)))
    assert "-\\infty" in text


def test_angles_are_all_counted():
    found = dg.covariant_directions(HENON, [0.1, 0.1], steps=300)
    ax = drawn(found)
    assert sum(bar.get_height() for bar in ax.patches) == 300
    assert f"{found.angles.min():.2g}" in legend_of(ax)[0]


def test_a_density_on_a_line_has_a_band():
    found = dg.invariant_density(LOGISTIC, dg.Box([0], [1]), bins=20, starts=64, rng=0)
    ax = drawn(found)
    (steps,) = ax.patches
    np.testing.assert_array_equal(steps.get_data().values, found.density)
    assert legend_of(ax) == ["± 2 standard errors", "density"]
    assert ax.get_xlim() == (0, 1)


def test_a_density_in_the_plane_leaves_what_is_never_visited_white():
    found = dg.invariant_density(HENON, dg.textbook.henon_box(), bins=20, starts=64, rng=0)
    image = drawn(found).collections[0]
    shown = image.get_array()
    assert (shown.mask == (found.density.T == 0)).all()
    np.testing.assert_array_equal(shown.compressed(), found.density.T[found.density.T > 0])


def test_averages():
    found = dg.birkhoff_average(LOGISTIC, x, [[0.3], [0.4]], steps=500)
    (points, *_), *_ = drawn(found).containers
    np.testing.assert_array_equal(points.get_ydata(), found.averages)
    one = drawn(dg.birkhoff_average(LOGISTIC, x, [0.3], steps=500))
    assert len(one.get_lines()[0].get_xdata()) == 64
    gone = drawn(dg.birkhoff_average(HENON, x, [9, 9], steps=500))
    assert legend_of(gone) == ["none: no finite values"]


def test_blow_outs_are_hatched():
    found = dg.transverse_exponents(DRIVEN, [1, 0], "a", [2, 8], steps=500, halvings=2)
    ax = drawn(found)
    (span,) = ax.patches
    assert span.get_hatch() == "///"
    assert span.get_x() == found.crossings[0].low
    assert any(text.startswith("blow-out in [") for text in legend_of(ax))
    assert ax.get_xlabel() == "$a$"


def test_transverse_exponents_of_every_start():
    F = DRIVEN.at(a=3)
    found = dg.transverse_exponent(F, [1, 0], [[0.3], [0.4]], steps=500)
    across, along = drawn(found).containers
    np.testing.assert_array_equal(across[0].get_ydata(), found.exponents[:, 0])
    np.testing.assert_array_equal(along[0].get_ydata(), found.along[:, 0])


def test_coverings_are_drawn_as_rectangles():
    found = dg.topological_entropy_bound(LOGISTIC, dg.Box([0], [1]), periods=[1, 2])
    ax = drawn(found)
    np.testing.assert_array_equal(ax.collections[0].get_array(), found.matrix.T)
    assert "log 2" in ax.get_title(loc="left")
    nothing = dg.topological_entropy_bound(
        dg.SymbolicMap([x / 2], [x]), dg.Box([1], [2]), periods=[1]
    )
    assert not drawn(nothing).collections


@pytest.mark.parametrize(("complete", "hatch"), [(True, ""), (False, "///")])
def test_incomplete_counts_are_hatched(complete, hatch):
    found = dg.orbit_growth(HENON, dg.textbook.henon_box(), periods=1)
    ax = drawn(replace(found, complete=np.array([complete])))
    (bar,) = ax.patches
    assert (bar.get_hatch() or "") == hatch
    assert bar.get_height() == found.rates[0]


def test_a_lost_direction_is_named_and_draws_no_rates():
    ax = drawn(dg.lyapunov_spectrum(dg.SymbolicMap([y, y / 2], [x, y]), [0.1, 0.1], steps=100))
    assert legend_of(ax)[1].endswith("$-\\infty$")
    assert ax.get_ylim()[0] > -2
