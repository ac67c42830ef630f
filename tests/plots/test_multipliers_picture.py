"""Multipliers in the complex plane: true to scale near the unit circle, bounded beyond."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.multipliers import multipliers
from dynsys_gd.orbits.periodic_orbits import periodic_orbits
from dynsys_gd.plots.multipliers_picture import _Scale

WELL = Loss(x**4 / 4 - x**2 / 2, [x])


def drawn(result, **style):
    return result.plot(ax=Figure(figsize=(7, 5)).subplots(), **style)


def marks_of(ax, marker):
    rows = [line.get_xydata() for line in ax.get_lines() if line.get_marker() == marker]
    return np.concatenate(rows)


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_circle_and_the_two_ways_to_leave_it_on_the_real_line():
    ax = drawn(multipliers(fixed_points(GradientDescent(WELL, "1/4"))))
    circle = ax.get_lines()[0].get_xydata()
    np.testing.assert_allclose(np.hypot(*circle.T), 1.0)
    assert {text.get_text(): text.xy for text in ax.texts} == {"flip": (-1, 0), "fold": (1, 0)}
    np.testing.assert_allclose(marks_of(ax, "o"), [[0.5, 0.0], [0.5, 0.0]])
    np.testing.assert_allclose(marks_of(ax, "v"), [[1.25, 0.0]])
    assert ax.get_aspect() == 1.0


def test_pairs_off_the_real_line_keep_their_place():
    ax = drawn(multipliers(fixed_points(HeavyBall(WELL, "1/2", "1/2"))))
    sinks = marks_of(ax, "o")
    np.testing.assert_allclose(np.hypot(*sinks.T), np.sqrt(0.5))  # their product is the momentum
    np.testing.assert_allclose(sinks[:, 1].sum(), 0.0, atol=1e-12)
    assert np.abs(sinks[:, 1]).min() > 0.1


def test_the_scale_is_the_identity_inside_and_keeps_directions():
    scale = _Scale(1e6)
    inside = np.array([0.3 + 0.4j, -1.0, 1j, 0.0])
    np.testing.assert_allclose(scale.place(inside), np.stack([inside.real, inside.imag], axis=1))
    far = np.array([1e6, -1e6, 1e6j, 1e3])
    x_, y_ = scale.place(far).T
    np.testing.assert_allclose(np.hypot(x_, y_), [3, 3, 3, 2])
    np.testing.assert_allclose(x_[:2], [3, -3])
    radii = scale.radius(np.geomspace(0.1, 1e6, 200))
    assert np.all(np.diff(radii) > 0)


def test_huge_multipliers_are_on_a_scale_that_says_so():
    strong = SymbolicMap([x + 1000 * x * (1 - x)], [x])
    ax = drawn(multipliers(fixed_points(strong)))
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert "−1" in labels
    assert "$10^{3}$" in labels
    assert np.abs(marks_of(ax, "v")).max() <= 3.0 + 1e-9


def test_wide_enclosures_are_drawn_and_narrow_ones_not():
    (orbit, *_) = fixed_points(GradientDescent(WELL, "1/4")).orbits
    found = multipliers(orbit)
    wide = dataclasses.replace(orbit, multiplier_bounds=np.array([[[0.4, 0.7], [-0.1, 0.1]]]))
    thin = dataclasses.replace(orbit, multiplier_bounds=np.array([[[0.5, 0.5001], [0.0, 0.0]]]))
    ax = drawn(dataclasses.replace(found, orbits=(wide, thin)))
    (boxes,) = ax.collections
    (path,) = boxes.get_paths()
    np.testing.assert_allclose(path.vertices.min(axis=0), [0.4, -0.1])
    np.testing.assert_allclose(path.vertices.max(axis=0), [0.7, 0.1])
    assert "enclosure" in legend_of(ax)
    assert "enclosure" not in legend_of(drawn(dataclasses.replace(found, orbits=(thin,))))


def test_families_have_the_multiplier_one():
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    ax = drawn(multipliers(fixed_points(F)))
    (x1, _), (x2, _) = sorted(marks_of(ax, "+").tolist())
    assert 1.0 in (pytest.approx(x1), pytest.approx(x2))


def test_of_orbits_that_are_longer_the_product_is_drawn():
    logistic = SymbolicMap([Rational(16, 5) * x * (1 - x)], [x])
    found = multipliers(periodic_orbits(logistic, Box([0], [1]), period=2))
    np.testing.assert_allclose(found.values, [[4 + 2 * 3.2 - 3.2**2]])
    np.testing.assert_allclose(marks_of(drawn(found), "o")[0, 0], 0.16)


def test_growth_is_the_exponent_per_step():
    full = SymbolicMap([4 * x * (1 - x)], [x])
    found = multipliers(periodic_orbits(full, Box([0], [1]), period=3))
    np.testing.assert_allclose(found.growth, np.log(2), rtol=1e-12)  # |μ| = 2^p inside (0, 1)


def test_what_has_no_numbers_is_counted():
    from sympy.abc import eta

    found = multipliers(fixed_points(GradientDescent(Loss(x**2 / 2 + y**2, [x, y]), eta)))
    assert (len(found.orbits), found.without) == (0, 1)
    assert found.values.shape == (0, 0)
    assert legend_of(drawn(found)) == ["unit circle"]
