"""Covariant directions: eigenvectors where there are some, covariance, and angles."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg

x, y, z = sp.symbols("x y z")
HENON = dg.textbook.henon()


def test_of_a_linear_map_they_are_the_eigenvectors():
    matrix = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 0.5]])
    F = dg.SymbolicMap(list(sp.Matrix(matrix) * sp.Matrix([x, y, z])), [x, y, z])
    found = dg.covariant_directions(F, [0, 0, 0], steps=20)
    values, vectors = np.linalg.eig(matrix)
    order = np.argsort(-np.abs(values))
    np.testing.assert_allclose(found.exponents, np.log(values[order]), atol=1e-12)
    for t in (0, 10, 19):
        aligned = np.abs((found.directions[t] * vectors[:, order]).sum(axis=0))
        np.testing.assert_allclose(aligned, 1, atol=1e-12)
    assert found.residual < 1e-12
    one = vectors[:, order[:2]]
    expected = _angle(one, vectors[:, order[2:]])
    np.testing.assert_allclose(found.angles, expected, atol=1e-10)


def _angle(one, other):
    from scipy.linalg import subspace_angles

    return subspace_angles(one, other).min()


def test_the_cat_map_has_perpendicular_directions():
    cat = dg.SymbolicMap([2 * x + y, x + y], [x, y])
    found = dg.covariant_directions(cat, [0, 0], steps=10)
    np.testing.assert_allclose(found.angles, np.pi / 2)
    np.testing.assert_allclose(found.exponents[0], np.log((3 + np.sqrt(5)) / 2))


def test_they_are_covariant_and_their_growth_is_the_spectrum():
    found = dg.covariant_directions(HENON, [0.1, 0.1], steps=4_000)
    moved = HENON.jacobian_at(found.points[:-1]) @ found.directions[:-1]
    length = np.linalg.norm(moved, axis=1)
    np.testing.assert_allclose(np.log(length), found.growth[:-1], atol=1e-9)
    cross = np.abs((moved / length[:, None] * found.directions[1:]).sum(axis=1))
    np.testing.assert_allclose(cross, 1, atol=1e-9)
    np.testing.assert_allclose(HENON(found.points[:-1]), found.points[1:], atol=1e-15)
    assert found.exponents[0] == pytest.approx(0.4192, abs=0.03)
    # Directions of length 1 need not enclose the same area at both ends of the stretch.
    area = np.abs(np.linalg.det(found.directions[[0, -1]]))
    slack = 2 + np.abs(np.log(area)).max()
    assert abs(found.exponents.sum() - np.log(0.3)) < slack / 4_000
    np.testing.assert_allclose(np.sin(found.angles), np.abs(np.linalg.det(found.directions)),
                               atol=1e-10)  # fmt: skip


def test_henon_comes_close_to_tangencies_and_a_uniform_map_does_not():
    assert dg.covariant_directions(HENON, [0.1, 0.1], steps=4_000).angles.min() < 0.01
    lozi = dg.SymbolicMap([1 - sp.Rational(17, 10) * sp.Abs(x) + y, x / 2], [x, y])
    assert dg.covariant_directions(lozi, [0.1, 0.1], steps=4_000).angles.min() > 0.3


def test_the_fastest_ones_alone():
    few = dg.covariant_directions(HENON, [0.1, 0.1], exponents=1, steps=100)
    both = dg.covariant_directions(HENON, [0.1, 0.1], steps=100)
    aligned = np.abs((few.directions[:, :, 0] * both.directions[:, :, 0]).sum(axis=1))
    np.testing.assert_allclose(aligned, 1, atol=1e-9)
    np.testing.assert_allclose(few.angles, np.pi / 2)


def test_lost_directions_and_escapes_are_refused():
    with pytest.raises(dg.InvalidInput, match="exponents"):
        dg.covariant_directions(dg.SymbolicMap([2 * x, 0 * y], [x, y]), [0, 1], steps=10)
    with pytest.raises(dg.InvalidInput, match="start"):
        dg.covariant_directions(HENON, [9, 9], steps=10)


def test_nothing_is_said_of_angles_where_no_direction_shrinks():
    found = dg.covariant_directions(dg.textbook.logistic(), [0.3], steps=200)
    assert "angle" not in found.headline() + str(found.rows())
    assert (found.angles == np.pi / 2).all()
