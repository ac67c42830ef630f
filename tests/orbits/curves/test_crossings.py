"""Where curves cross, and at what angle."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.curves.crossings import crossings
from dynsys_gd.orbits.curves.stable import stable_manifold
from dynsys_gd.orbits.curves.unstable import unstable_manifold

HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
BOX = dg.Box([-3, -3], [3, 3])


def test_two_parabolas():
    """y = x² meets x = y² at (1, 1), with slopes 2 and 1/2, and at the saddle, left out."""
    rising = stable_manifold(
        dg.SymbolicMap([x / 2, 2 * y - sp.Rational(7, 4) * x**2], [x, y]), [0, 0], BOX
    )
    lying = unstable_manifold(
        dg.SymbolicMap([x / 2 + sp.Rational(7, 2) * y**2, 2 * y], [x, y]), [0, 0], region=BOX
    )
    found = crossings(lying, rising)
    np.testing.assert_allclose(found.points, [[1, 1]], atol=1e-4)
    assert np.linalg.norm(found.points[0] - 1) <= found.errors[0]
    assert found.angles[0] == pytest.approx(np.arctan(2) - np.arctan(0.5), abs=0.05)
    assert "1 homoclinic point of" in found.headline()
    back = crossings(rising, lying)
    np.testing.assert_allclose(back.points, found.points, atol=1e-12)
    np.testing.assert_array_equal(back.branches, found.branches[:, ::-1])


def test_homoclinic_points_come_to_the_saddle_both_ways():
    unstable = unstable_manifold(HENON, [0.63, 0.19], length=3, tolerance=1e-5)
    stable = stable_manifold(HENON, [0.63, 0.19], dg.Box([-3, -3], [3, 3]), tolerance=1e-5)
    found = crossings(unstable, stable)
    assert len(found) >= 2
    saddle = stable.orbit[0]
    forward = np.min(
        [np.linalg.norm(HENON.iterate(found.points, n) - saddle, axis=1) for n in range(1, 17)],
        axis=0,
    )
    inverse = dg.SymbolicMap([y * 10 / 3, x - 1 + sp.Rational(7, 5) * (y * 10 / 3) ** 2], [x, y])
    np.testing.assert_allclose(inverse(HENON([[0.3, 0.2]])), [[0.3, 0.2]])
    with np.errstate(all="ignore"):  # rounding errors grow on the way back, and then leave
        away = [inverse.iterate(found.points, n) - saddle for n in range(1, 17)]
        backward = np.nanmin(np.hypot(*np.moveaxis(away, 2, 0)), axis=0)
    assert forward.max() < 1e-3
    assert backward.max() < 0.2  # 6.4 times the error of 1e-5 with each step back
    assert (found.angles > 0.1).all()


def test_none_where_the_curves_part():
    """Beyond the pruning of its horseshoe: at a = 1 nothing of the branch to the sink returns."""
    F = dg.SymbolicMap([x / 2, 2 * y], [x, y])
    found = crossings(unstable_manifold(F, [0, 0], length=2), stable_manifold(F, [0, 0], BOX))
    assert len(found) == 0
    assert "0 homoclinic points" in repr(found)
    assert found.to_dict()["points"] == []


@pytest.mark.parametrize("other", [None, HENON, [[0, 1], [1, 0]]])
def test_only_curves_cross(other):
    curve = unstable_manifold(HENON, [0.63, 0.19], length=1)
    with pytest.raises(dg.InvalidInput, match="other"):
        crossings(curve, other)
    with pytest.raises(dg.InvalidInput, match="curve"):
        crossings(other, curve)
