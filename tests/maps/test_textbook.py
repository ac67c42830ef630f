"""Textbook maps: images, the box of the bounded orbits, and Hénon's map as momentum."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd import textbook


def test_henon_by_hand():
    assert textbook.henon().exact_image([1, 2]) == (sp.Rational(8, 5), sp.Rational(3, 10))
    assert textbook.henon(2, -1).exact_image([3, 5]) == (-12, -3)
    assert textbook.henon().exact
    assert textbook.henon(sp.Symbol("a")).parameters == ("a",)


@pytest.mark.parametrize(("a", "b"), [("7/5", "3/10"), ("6/5", "-2/5"), (2, 0)])
def test_momentum_is_henon_in_other_coordinates(a, b):
    F, G = textbook.henon(a, b), textbook.henon_as_momentum(a, b)
    beta, b = G.momentum, sp.Rational(b)
    assert beta == -b
    assert G.determinant == F.determinant == beta
    points = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    scale = np.array([1.0, float(b)])  # of (x, x_previous) -> (x, y)
    np.testing.assert_allclose(F(points * scale), G(points) * scale, rtol=1e-13, atol=1e-15)


def test_the_box_is_the_bound_rounded_up():
    box = textbook.henon_box()
    assert (box.low, box.high) == ((-1.43, -0.43), (1.43, 0.43))
    # (1 + √5)/2 at a = 1, b = 0; a bound in whole hundredths gets one more
    assert textbook.henon_box(1, 0).high == (1.62, 0.01)
    assert textbook.henon_box(2, 0).high == (1.01, 0.01)


def test_what_leaves_the_box_never_comes_back():
    F = textbook.henon()
    points = np.random.default_rng(1).uniform(-3, 3, (20_000, 2))
    with np.errstate(all="ignore"):
        ends = F.iterate(points, 60)
    bounded = np.isfinite(ends).all(axis=1)
    assert 0.05 < bounded.mean() < 0.9
    assert textbook.henon_box().contains(ends[bounded]).all()


@pytest.mark.parametrize("r", [1, "7/2", 4, 5])
def test_bounded_orbits_of_the_logistic_map(r):
    box = textbook.logistic_box(r)
    for period in (1, 2):
        roots = dg.periodic_orbits(textbook.logistic(r), period=period).orbits
        assert all(box.contains(orbit.points).all() for orbit in roots)


@pytest.mark.parametrize("name", ["henon", "logistic"])
def test_a_box_of_another_map_may_be_asked_for(name):
    with pytest.raises(dg.InvalidInput, match="a number"):
        getattr(textbook, f"{name}_box")(sp.Symbol("c"))


def test_full_momentum_is_the_map_that_keeps_areas():
    ball = textbook.henon_as_momentum(1, -1)
    assert ball.momentum == 1
    assert abs(ball.determinant) == 1
