"""Points of codimension two where they are known."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, eta, u, v, x, y, z

import dynsys_gd as dg
from dynsys_gd import Bifurcation, CodimensionTwo, Located

AB = ("a", "b")
UNIT = ((-1, 1), (-1, 1))
COARSE = dg.PseudoArclength(longest=0.1, first=0.05)


def turned(p, q, angle, factor):
    """Return a rotation of the plane by an angle, times a factor."""
    c, s = sp.cos(angle), sp.sin(angle)
    return [factor * (c * p - s * q), factor * (s * p + c * q)]


ROUND = turned(x, y, 1, 1 + b - x**2 - y**2)


def follow(F, point, start, kind=None, to=UNIT, parameters=AB):
    return dg.follow_bifurcation(
        F, point, parameters=parameters, start=start, to=to, bifurcation=kind, method=COARSE
    )


def only(curve, kind):
    assert [p.kind for p in curve.special] == [kind]
    (point,) = curve.special
    assert point.located is Located.ROOT
    assert point.at.residual < 1e-12
    assert "kuznetsov2019numerical" in point.evidence.sources
    return point


def test_a_flip_that_degenerates():
    # b = η (L'''² / 2 - L''''/6) at L'' = 1 vanishes where 2 a² = 1.
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + a * x**3 / 3 + x**4 / 4, [x]), eta)
    curve = follow(F, [0], (2, 0), to=((1, 3), (-1, 1)), parameters=("eta", "a"))
    assert [p.kind for p in curve.special] == [CodimensionTwo.GENERALIZED_FLIP] * 2
    for point, sign in zip(curve.special, (-1, 1), strict=True):
        assert point.values == pytest.approx((2, sign * np.sqrt(0.5)), abs=1e-12)
    middle = curve.coefficients[len(curve) // 2]
    second = curve.values[len(curve) // 2, 1]
    assert middle == pytest.approx(2 * (2 * second**2 - 1), abs=1e-12)


def test_a_neimark_sacker_point_that_degenerates():
    # In polar coordinates r' = r (1 + a + b r² - r⁴); then the plane is sheared, so that second
    # derivatives take part in the coefficient.
    shear = {y: y - x**2}
    factor = (1 + a + b * (x**2 + y**2) - (x**2 + y**2) ** 2).subs(shear, simultaneous=True)
    first, second = (c.subs(shear, simultaneous=True) for c in turned(x, y, 1, factor))
    F = dg.SymbolicMap([first, second + first**2], [x, y])
    curve = follow(F, [0, 0], (0, -0.5))
    point = only(curve, CodimensionTwo.CHENCINER)
    assert point.values == pytest.approx((0, 0), abs=1e-12)
    # A direction of length one of the complexified plane has |w|² twice the radius squared.
    slopes = curve.coefficients / curve.values[:, 1]
    assert np.ptp(slopes[np.abs(curve.values[:, 1]) > 0.1]) < 1e-9


def test_a_cusp():
    F = dg.SymbolicMap([x + a + b * x - x**3], [x])
    curve = follow(F, [0.57], (-0.385, 1), to=((-2, 2), (-1, 3)))
    assert curve.bifurcation is Bifurcation.FOLD
    assert only(curve, CodimensionTwo.CUSP).values == pytest.approx((0, 0), abs=1e-12)
    first, second = curve.values.T
    assert np.max(np.abs(27 * first**2 - 4 * second**3)) < 1e-10


def test_a_fold_meets_a_flip():
    F = dg.SymbolicMap([x + a - x**2 + y**2, (b - 1) * y + x * y], [x, y])
    fold = follow(F, [0, 0], (0, -0.5), Bifurcation.FOLD)
    assert only(fold, CodimensionTwo.FOLD_FLIP).values == pytest.approx((0, 0), abs=1e-12)
    to = ((-1, 2), (-1.3, 1))
    flip = follow(F, [0.5, 0], (0.25, -0.5), Bifurcation.FLIP, to)
    assert np.max(np.abs(flip.values[:, 0] - flip.values[:, 1] ** 2)) < 1e-12
    # Before the other end a second multiplier 1 - 2x is -1 as well, with a direction of its own.
    found = {p.kind: p.values for p in flip.special}
    assert found.pop(CodimensionTwo.FOLD_FLIP) == pytest.approx((0, 0), abs=1e-12)
    assert found.pop(CodimensionTwo.TWO_FLIPS) == pytest.approx((1, -1), abs=1e-12)
    assert not found


def test_a_fold_meets_a_pair():
    F = dg.SymbolicMap([*ROUND, z + a - z**2 + x * z / 5], [x, y, z])
    fold = follow(F, [0, 0, 0], (0, -0.5), Bifurcation.FOLD)
    found = only(fold, CodimensionTwo.FOLD_NEIMARK_SACKER)
    assert found.values == pytest.approx((0, 0), abs=1e-12)
    pair = follow(F, [0, 0, 0.3], (0.09, 0), Bifurcation.NEIMARK_SACKER, ((-1, 0.5), (-1, 1)))
    # The coefficient does not vanish there, although a factor that takes out its poles does.
    found = only(pair, CodimensionTwo.FOLD_NEIMARK_SACKER)
    assert found.values == pytest.approx((0, 0), abs=1e-12)


def test_a_flip_meets_a_pair():
    F = dg.SymbolicMap([*ROUND, -(1 + a) * z + z**3 + x * z / 5], [x, y, z])
    for start, kind in (((0, -0.5), Bifurcation.FLIP), ((-0.4, 0), Bifurcation.NEIMARK_SACKER)):
        curve = follow(F, [0, 0, 0], start)
        assert curve.bifurcation is kind
        found = only(curve, CodimensionTwo.FLIP_NEIMARK_SACKER)
        assert found.values == pytest.approx((0, 0), abs=1e-12)


def test_two_pairs():
    F = dg.SymbolicMap([*ROUND, *turned(u, v, 2, 1 + a - u**2 - v**2)], [x, y, u, v])
    curve = follow(F, [0, 0, 0, 0], (-0.4, 0))
    assert only(curve, CodimensionTwo.TWO_PAIRS).values == pytest.approx((0, 0), abs=1e-12)


def test_two_flips_of_a_product():
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + a * y**2 / 2 + x**4 + y**4, [x, y]), eta)
    curve = follow(
        F, [0, 0], (2, 0.5), Bifurcation.FLIP, to=((1, 3), (0.1, 2)), parameters=("eta", "a")
    )
    assert only(curve, CodimensionTwo.TWO_FLIPS).values == pytest.approx((2, 1), abs=1e-12)


def test_a_neutral_saddle_is_no_pair():
    # On the flip curve b = 0 the multipliers (1 + a)/2 and 2 have the product 1 at a = 0.
    F = dg.SymbolicMap([(1 + a) * x / 2, 2 * y, (b - 1) * z + z**3], [x, y, z])
    curve = follow(F, [0, 0, 0], (-0.5, 0), Bifurcation.FLIP)
    assert np.max(np.abs(curve.values[:, 1])) < 1e-12
    assert curve.special == ()


def test_resonances_of_an_orbit_of_period_two():
    # The square of x' = -rotation·factor is a rotation by twice the angle.
    F = dg.SymbolicMap(turned(x, y, a, 1 + b - x**2 - y**2), [x, y])
    curve = follow(F, [0, 0], (1, 0), to=((0.5, 2.5), (-1, 1)))
    exact = {"R4": np.pi / 2, "R3": 2 * np.pi / 3}
    assert {p.kind.label: p.values[0] for p in curve.special} == pytest.approx(exact, abs=1e-12)
    assert np.max(np.abs(curve.values[:, 1])) < 1e-12


def test_every_kind_says_what_is_known():
    for kind in CodimensionTwo:
        assert kind.label == kind.value
        assert len(kind.theory) > 20
        assert str(kind)[0].islower() or str(kind)[0].isdigit() or str(kind).startswith("Chenciner")
