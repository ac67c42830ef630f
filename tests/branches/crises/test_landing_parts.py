"""Turning points, bands of orbits, and neutral fixed points."""

import numpy as np
import pytest
from sympy.abc import eta, r, u, x

import dynsys_gd as dg
from dynsys_gd.branches.crises.looking import GONE, band_boxes, look
from dynsys_gd.branches.crises.targets import neutral_fixed_points
from dynsys_gd.branches.crises.turning_points import turning_point_near, turning_points
from dynsys_gd.branches.parametric import parametric

CUBIC = parametric(dg.SymbolicMap([u - eta * (u**2 - 1) * u], [u]), "eta")


def test_turning_points_of_a_cubic():
    exact = np.sqrt((1 + 1.5) / (3 * 1.5))
    assert turning_points(CUBIC, 1.5, (-2.0, 2.0)) == pytest.approx([-exact, exact], abs=1e-14)
    assert turning_point_near(CUBIC, 1.5, 0.75, (-2.0, 2.0)) == pytest.approx(exact, abs=1e-14)
    assert turning_point_near(CUBIC, 1.5, 0.0, (-2.0, 2.0)) is None


@pytest.mark.parametrize(("factors", "neutral"), [(2, []), (3, [0.0]), (4, [0.0])])
def test_neutral_fixed_points(factors, neutral):
    F = dg.SymbolicMap([u - eta * (u**factors - 1) * u ** (factors - 1)], [u])
    assert neutral_fixed_points(parametric(F, "eta"), 0.7).tolist() == neutral


def test_neutral_fixed_points_that_move():
    # F(x) - x = (x - r)^2 (x + 1)
    F = dg.SymbolicMap([x + (x - r) ** 2 * (x + 1)], [x])
    assert neutral_fixed_points(parametric(F, "r"), 0.25) == pytest.approx([0.25])


def test_no_neutral_fixed_points_of_transcendental_maps():
    import sympy as sp

    F = dg.SymbolicMap([r * sp.sin(x)], [x])
    assert len(neutral_fixed_points(parametric(F, "r"), 0.5)) == 0


@pytest.mark.parametrize(("value", "bands"), [(3.5, 4), (3.58, 4), (3.66, 2), (3.7, 1), (3.83, 3)])
def test_bands_of_the_logistic_map(value, bands):
    F = dg.SymbolicMap([r * x * (1 - x)], [x]).at(r=value)
    seen = look(F, value, np.array([[[0.5]]]), 4096, 16, dg.Budget())
    assert seen.bands == (bands,)


def test_boxes_of_orbits_of_several_members():
    piece = np.array([[0.0, 0.5], [5.0, 5.5], [1.0, 0.2], [6.0, 5.1]])[:, :, None]
    assert band_boxes(piece, 2)[:, :, 0].tolist() == [[0.0, 1.0], [5.0, 6.0]]
    assert len(band_boxes(np.array([[0.0], [5.0], [5.0], [0.0]])[:, :, None], 2)) == 1


def test_orbits_that_escape_have_no_attractor():
    F = dg.SymbolicMap([r * x * (1 - x)], [x]).at(r=4.5)
    seen = look(F, 4.5, np.array([[[0.5]], [[0.1]]]), 512, 4, dg.Budget())
    assert seen.attractor.tolist() == [GONE, GONE]
    assert seen.with_whom(0) == frozenset()
