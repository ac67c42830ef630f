"""Stable curves against closed forms, with and without an inverse of the map."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.curves.invariant_curve import BranchEnd, CurveSide
from dynsys_gd.orbits.curves.stable import stable_manifold

BOX = dg.Box([-3, -3], [3, 3])
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
HENON_SADDLE = [0.63, 0.19]
# (x, y) -> (x/2, 2y) seen through (x, y) -> (x, y + x²): the stable curve is y = x².
BENT = dg.SymbolicMap([x / 2, 2 * y - sp.Rational(7, 4) * x**2], [x, y])
# x falls onto 0 through x - x³, twofold at each fold: every line x = const is mapped to a line.
FOLDED = dg.SymbolicMap([2 * x, y / 2 - y**3], [x, y])
WELLS = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])


@cache
def preimages_of_the_product():
    return stable_manifold(PRODUCT, [0, 0], BOX, depth=1)


def test_a_parabola_is_found_to_rounding_errors():
    curve = stable_manifold(BENT, [0, 0], BOX, tolerance=1e-3)
    assert curve.which is CurveSide.STABLE
    assert curve.multiplier == pytest.approx(0.5)
    for branch, sign in zip(curve.branches, (1, -1), strict=True):
        np.testing.assert_allclose(branch[:, 1], branch[:, 0] ** 2, atol=1e-12)
        assert (np.diff(sign * branch[:, 0]) > 0).all()
        np.testing.assert_allclose(branch[-1], [sign * np.sqrt(3), 3], atol=1e-6)
        s = branch[:, 0]
        height = np.diff(s) ** 2 / 4 / np.sqrt(1 + 4 * ((s[1:] + s[:-1]) / 2) ** 2)
        assert height.max() <= 1e-3
        assert height.max() <= 1.5 * curve.error
    assert curve.ends == (BranchEnd.REGION, BranchEnd.REGION)


def test_folds_of_gradient_descent_are_passed():
    """On y = -x the step is r -> r/2 - r³/2: it folds at r² = 1/3 and has a 2-cycle at r² = 3."""
    curve = stable_manifold(PRODUCT, [0, 0], BOX)
    for branch, sign in zip(curve.branches, (1, -1), strict=True):
        np.testing.assert_allclose(branch.sum(axis=1), 0, atol=1e-12)
        assert (np.diff(sign * branch[:, 0]) > 0).all()
        assert sign * branch[-1, 0] == pytest.approx(np.sqrt(3), abs=1e-6)
    assert curve.ends == (BranchEnd.LIMIT, BranchEnd.LIMIT)
    assert curve.lengths == pytest.approx((np.sqrt(6), np.sqrt(6)), abs=1e-6)


def test_preimages_of_a_line_are_lines():
    """FOLDED takes y to y/2 - y³; what ends up at x = 0 is x = 0 only, in one piece."""
    curve = stable_manifold(FOLDED, [0, 0], BOX, depth=1)
    assert curve.primary == 2
    for branch in curve.branches:
        np.testing.assert_allclose(branch[:, 0], 0, atol=1e-12)
    assert len(curve.branches) == 2
    # y/2 - y³ = -y at y² = 3/2: a 2-cycle ends the curve
    assert abs(curve.branches[0][-1, 1]) == pytest.approx(np.sqrt(1.5), abs=1e-6)


def test_further_preimages_are_mapped_onto_the_curve_and_are_as_symmetric_as_the_map():
    curve = preimages_of_the_product()
    assert (curve.primary, len(curve.branches)) == (2, 4)
    first, second = curve.branches[2:]
    for branch in (first, second):
        images = PRODUCT(branch)
        np.testing.assert_allclose(images.sum(axis=1), 0, atol=1e-10)
        assert np.abs(images).max() <= np.sqrt(3) + 1e-6
        assert np.abs(branch.sum(axis=1)).min() > 1
    assert curve.lengths[2] == pytest.approx(curve.lengths[3], rel=1e-4)
    # (1 - η r) (x + y) = 0 has no other solution than r = 2, the hyperbola x y = 3
    np.testing.assert_allclose(np.prod(first, axis=1), 3, atol=1e-10)


def test_a_stable_set_may_close():
    """The circle r = 1 is mapped to an arc of itself, θ -> sin(θ)/2, and on to (1, 0)."""
    radius = sp.sqrt(x**2 + y**2)
    angle = y / (2 * radius)
    F = dg.SymbolicMap([(2 * radius - 1) * f(angle) for f in (sp.cos, sp.sin)], [x, y])
    curve = stable_manifold(F, [1, 0], BOX)
    assert curve.ends == (BranchEnd.CLOSED, BranchEnd.CLOSED)
    for branch in curve.branches:
        np.testing.assert_allclose(np.hypot(*branch.T), 1, atol=1e-12)
        turns = np.diff(np.unwrap(np.arctan2(branch[:, 1], branch[:, 0])))
        assert np.ptp(np.sign(turns)) == 0
        assert 2 * np.pi <= abs(turns.sum()) < 2 * np.pi + 0.2


def test_points_of_the_stable_curve_of_henon_come_to_the_saddle():
    curve = stable_manifold(HENON, HENON_SADDLE, dg.Box([-6, -30], [6, 30]))
    saddle = curve.orbit[0]
    for branch in curve.branches:
        assert len(branch) > 100
        nearest = np.linalg.norm(branch - saddle, axis=1)
        for n in range(1, 12):
            away = np.linalg.norm(HENON.iterate(branch, n) - saddle, axis=1)
            nearest = np.minimum(nearest, away)
        # 1e-15 across the curve, doubled with each step, against 0.156 along it
        assert nearest.max() < 1e-6
    far = stable_manifold(HENON, HENON_SADDLE, dg.Box([-6, -30], [6, 30]), tolerance=1e-2)
    assert [len(f) < len(c) for f, c in zip(far.branches, curve.branches, strict=True)]


def test_the_curve_separates_two_basins():
    """Two points on either side of a saddle's curve go to different minima of Himmelblau's loss."""
    F = dg.GradientDescent(WELLS, "1/100")
    saddle = [0.0866775, 2.88425]
    curve = stable_manifold(F, saddle, dg.Box([-6, -6], [6, 6]))
    branch = max(curve.branches, key=lambda b: -b[-1, 1])[5::2]
    branch = branch[branch[:, 1] > 0]  # below, other basins are near
    assert len(branch) > 5
    across = np.array([[1e-3, 0.0]])  # the curve runs upwards
    right, left = (F.iterate(branch + side * across, 3000) for side in (1, -1))
    np.testing.assert_allclose(right, np.broadcast_to([3.0, 2.0], right.shape), atol=1e-6)
    np.testing.assert_allclose(left[:, 0], -2.805118, atol=1e-5)


def test_each_point_of_a_periodic_saddle_has_its_curve():
    cycle = dg.periodic_orbits(HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), period=2).orbits[0]
    curve = stable_manifold(HENON, cycle, dg.Box([-3, -3], [3, 3]))
    assert (curve.period, len(curve.branches)) == (2, 4)
    for k, branch in enumerate(curve.branches):
        point = cycle.points[k // 2]
        np.testing.assert_allclose(branch[0], point, atol=1e-12)
        nearest = np.linalg.norm(branch - point, axis=1)
        for n in (2, 4, 6, 8, 10):
            away = np.linalg.norm(HENON.iterate(branch, n) - point, axis=1)
            nearest = np.minimum(nearest, away)
        assert nearest.max() < 1e-5


def test_a_negative_multiplier_swaps_the_branches():
    F = dg.SymbolicMap([-x / 2, 2 * y - sp.Rational(7, 4) * x**2], [x, y])
    curve = stable_manifold(F, [0, 0], BOX)
    assert curve.multiplier == pytest.approx(-0.5)
    for branch in curve.branches:
        np.testing.assert_allclose(branch[:, 1], branch[:, 0] ** 2, atol=1e-12)
    assert "change sides" in repr(curve)


def test_momentum_has_a_curve_between_its_two_wells():
    """What is at rest on one side of it falls into that well, and just across into the other."""
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/10", "1/2")
    curve = stable_manifold(F, [0], dg.Box([-2, -2], [2, 2]))
    rows = np.concatenate([branch[2::5] for branch in curve.branches])
    right, left = (F.iterate(rows + np.array([side, 0]), 2000)[:, 0] for side in (1e-4, -1e-4))
    np.testing.assert_allclose(right, 1, atol=1e-6)
    np.testing.assert_allclose(left, -1, atol=1e-6)


def test_the_length_is_kept():
    curve = stable_manifold(BENT, [0, 0], BOX, length=1.5)
    assert curve.ends == (BranchEnd.LENGTH, BranchEnd.LENGTH)
    assert curve.lengths == pytest.approx((1.5, 1.5), rel=1e-3)


def test_work_is_limited():
    curve = stable_manifold(HENON, HENON_SADDLE, dg.Box([-6, -30], [6, 30]), most_points=20)
    assert set(curve.ends) == {BranchEnd.WORK}
    assert {len(branch) for branch in curve.branches} == {20}


def test_twice_the_same():
    again = stable_manifold(PRODUCT, [0, 0], BOX, depth=1)
    assert again.to_dict() == preimages_of_the_product().to_dict()


@pytest.mark.parametrize(
    ("F", "orbit", "region", "argument", "words"),
    [
        (dg.SymbolicMap([x / 2, y / 3], [x, y]), [0, 0], BOX, "orbit", "a sink"),
        (dg.SymbolicMap([2 * x, 3 * y], [x, y]), [0, 0], BOX, "orbit", "a source"),
        (dg.SymbolicMap([2 * x, y**2], [x, y]), [0, 0], BOX, "orbit", "is not zero"),
        (PRODUCT, [0, 0], None, "region", "a Box"),
        (PRODUCT, [0, 0], dg.Box([1, 1], [2, 2]), "region", "in it"),
        (PRODUCT, [0, 0], dg.Box([1], [2]), "region", "2 coordinates"),
        (PRODUCT, [0, 0], dg.Ball([0, 0], 1), "region", "a Box"),
        (dg.SymbolicMap([2 * x], [x]), [0], dg.Box([-1], [1]), "F", "two coordinates"),
    ],
)
def test_what_cannot_be_grown_is_refused(F, orbit, region, argument, words):
    with pytest.raises(dg.InvalidInput, match=words) as refusal:
        stable_manifold(F, orbit, region)
    assert refusal.value.argument == argument


@pytest.mark.parametrize("depth", [-1, 7, 0.5, True, None])
def test_a_depth_is_a_small_whole_number(depth):
    with pytest.raises(dg.InvalidInput, match="depth"):
        stable_manifold(PRODUCT, [0, 0], BOX, depth=depth)
