"""Unstable curves against closed forms, and against the map itself."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, x, y, z

import dynsys_gd as dg
from dynsys_gd.orbits.curves.growing import turning
from dynsys_gd.orbits.curves.invariant_curve import BranchEnd, CurveSide
from dynsys_gd.orbits.curves.unstable import unstable_manifold

# (x, y) -> (x/2, 2y) seen through (x, y) -> (x + y², y): the unstable curve is x = y².
BENT = dg.SymbolicMap([x / 2 + sp.Rational(7, 2) * y**2, 2 * y], [x, y])
FLIPPED = dg.SymbolicMap([x / 2 + sp.Rational(7, 2) * y**2, -2 * y], [x, y])
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
SADDLE = [0.63, 0.19]
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")


def apart(rows, chain):
    """Distance of each row to a chain of straight pieces, by looking at every piece."""
    a, along = chain[:-1], np.diff(chain, axis=0)
    gap = rows[:, None] - a
    share = np.clip(np.sum(gap * along, axis=2) / np.sum(along**2, axis=1), 0, 1)
    return np.linalg.norm(gap - share[..., None] * along, axis=2).min(axis=1)


@pytest.mark.parametrize("F", [BENT, FLIPPED], ids=["regular", "flip"])
def test_a_parabola_is_found_to_rounding_errors(F):
    curve = unstable_manifold(F, [0, 0], length=30, tolerance=1e-3)
    assert curve.which is CurveSide.UNSTABLE
    assert abs(curve.multiplier) == pytest.approx(2)
    for branch, sign in zip(curve.branches, (1, -1), strict=True):
        np.testing.assert_allclose(branch[:, 0], branch[:, 1] ** 2, atol=1e-12)
        assert (sign * branch[1:, 1] > 0).all()
        t = abs(branch[-1, 1])
        exact = t * np.sqrt(1 + 4 * t**2) / 2 + np.arcsinh(2 * t) / 4
        assert exact == pytest.approx(30, rel=1e-3)
    assert curve.ends == (BranchEnd.LENGTH, BranchEnd.LENGTH)
    assert curve.error <= 1e-3


def test_the_chord_stays_within_the_tolerance_of_the_curve():
    """Between y and y + h a chord leaves the parabola by about h²/4 / |(2y, 1)|."""
    for tolerance in (1e-2, 1e-4):
        curve = unstable_manifold(BENT, [0, 0], length=30, tolerance=tolerance)
        s = curve.branches[0][:, 1]
        middle = (s[1:] + s[:-1]) / 2
        height = np.diff(s) ** 2 / 4 / np.sqrt(1 + 4 * middle**2)
        assert height.max() <= tolerance
        assert height.max() <= 1.5 * curve.error
        assert turning(curve.branches[0]).max() <= 0.3


def test_the_map_takes_the_curve_of_henon_into_itself():
    long = unstable_manifold(HENON, SADDLE, length=60)
    short = unstable_manifold(HENON, SADDLE, length=12)
    assert long.multiplier == pytest.approx(-1.923738858)
    for k, branch in enumerate(short.branches):  # the multiplier is negative: branches are swapped
        image = HENON(branch[::7])
        assert apart(image, long.branches[1 - k]).max() <= 3 * long.tolerance
        assert apart(image[40:], long.branches[k]).max() > 10 * long.tolerance
    # at most 0.3 at each point, but where the pieces are already as short as the tolerance
    for branch in long.branches:
        size = np.linalg.norm(np.diff(branch, axis=0), axis=1)
        sharp = turning(branch) > 0.3
        assert np.minimum(size[1:], size[:-1])[sharp].max(initial=0) <= long.tolerance


def test_a_smaller_tolerance_gives_the_same_curve():
    coarse = unstable_manifold(HENON, SADDLE, length=15, tolerance=1e-3)
    fine = unstable_manifold(HENON, SADDLE, length=15.2, tolerance=1e-5)
    for k in (0, 1):
        assert len(fine.branches[k]) > 3 * len(coarse.branches[k])
        assert apart(coarse.branches[k], fine.branches[k]).max() < 2e-5
        lengths = coarse.arclengths[k]
        assert lengths[-1] == pytest.approx(15, rel=1e-3)


def test_branches_of_a_saddle_of_a_loss_end_at_its_minima():
    curve = unstable_manifold(PRODUCT, dg.fixed_points(PRODUCT).orbits[0])
    assert curve.ends == (BranchEnd.LIMIT, BranchEnd.LIMIT)
    np.testing.assert_allclose(np.abs([branch[-1] for branch in curve.branches]), 1, atol=1e-5)
    assert curve.lengths == pytest.approx((np.sqrt(2), np.sqrt(2)), abs=1e-4)


def test_each_point_of_a_periodic_saddle_has_its_curve():
    cycle = dg.periodic_orbits(HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), period=2).orbits[0]
    curve = unstable_manifold(HENON, cycle, length=3)
    assert curve.period == 2
    assert len(curve.branches) == 4
    np.testing.assert_allclose(curve.branches[0][0], cycle.points[0], atol=1e-12)
    np.testing.assert_allclose(curve.branches[2][0], cycle.points[1], atol=1e-12)
    np.testing.assert_allclose(HENON(curve.orbit), curve.orbit[::-1], atol=1e-14)
    whole = np.concatenate([curve.branches[3][:0:-1], curve.branches[2]])
    for branch, lengths in zip(curve.branches[:2], curve.arclengths[:2], strict=True):
        assert apart(HENON(branch[lengths < 0.3]), whole).max() < 1e-4


def test_one_unstable_direction_among_three():
    F = dg.SymbolicMap([x / 2 + 7 * y**2 / 2, 2 * y, z / 3 + sp.Rational(23, 3) * y**3], [x, y, z])
    curve = unstable_manifold(F, [0, 0, 0], length=5)
    for branch in curve.branches:
        np.testing.assert_allclose(branch[:, 0], branch[:, 1] ** 2, atol=1e-12)
        np.testing.assert_allclose(branch[:, 2], branch[:, 1] ** 3, atol=1e-12)


def test_a_branch_ends_at_the_border_of_the_region():
    curve = unstable_manifold(BENT, [0, 0], region=dg.Box([-1, -9], [4, 9]))
    assert curve.ends == (BranchEnd.REGION, BranchEnd.REGION)
    np.testing.assert_allclose(curve.branches[0][-1], [4, 2], atol=1e-9)


def test_a_branch_that_leaves_every_bounded_set_says_so():
    F = dg.SymbolicMap([x / 2, 2 * y + y**3], [x, y])
    curve = unstable_manifold(F, [0, 0], length=1e12, tolerance=1.0)
    assert curve.ends == (BranchEnd.DIVERGED, BranchEnd.DIVERGED)


def test_work_is_limited():
    curve = unstable_manifold(HENON, SADDLE, length=1000, most_points=500)
    assert set(curve.ends) == {BranchEnd.WORK}
    assert max(len(branch) for branch in curve.branches) <= 1000


def test_momentum_around_a_maximum_of_the_line():
    """On the well x⁴/4 - x²/2 the point at 0 is a saddle of heavy ball; its curve ends at ±1."""
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/10", "1/2")
    curve = unstable_manifold(F, [0])
    np.testing.assert_allclose(np.sort([b[-1, 0] for b in curve.branches]), [-1, 1], atol=1e-4)
    # μ² - (1 + β + η) μ + β = 0
    assert curve.multiplier == pytest.approx((1.6 + np.sqrt(1.6**2 - 2)) / 2)


def test_a_map_that_is_not_symbolic():
    network = dg.LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    curve = unstable_manifold(dg.GradientDescent(network, "1/2"), [0, 0])
    np.testing.assert_allclose(np.abs([b[-1] for b in curve.branches]), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("F", "orbit", "argument", "words"),
    [
        (PRODUCT, [1.0, 1.0], "orbit", "neutral"),
        (dg.SymbolicMap([x / 2, y / 3], [x, y]), [0, 0], "orbit", "a sink"),
        (dg.SymbolicMap([2 * x, 3 * y], [x, y]), [0, 0], "orbit", "a source"),
        (dg.SymbolicMap([2 * x, 3 * y, z / 2], [x, y, z]), [0, 0, 0], "orbit", "2 multipliers"),
        (HENON, [[0.63, 0.19], [0.5, 0.5]], "orbit", "every point the image"),
        (HENON, [[0.631354, 0.189406], [0.631354, 0.189406]], "orbit", "once"),
        (HENON, [0.3, 0.3], "orbit", "every point the image"),
        (HENON, [1, 2, 3], "orbit", "shape"),
        (HENON, "saddle", "orbit", "PeriodicOrbit"),
        (HENON, [np.nan, 0], "orbit", "finite"),
        (dg.SymbolicMap([2 * x], [x]), [0], "F", "two coordinates"),
        (dg.SymbolicMap([a * x, y / 2], [x, y]), [0, 0], "parameter", "value"),
    ],
)
def test_what_is_no_saddle_is_refused(F, orbit, argument, words):
    with pytest.raises(dg.InvalidInput, match=words) as refusal:
        unstable_manifold(F, orbit)
    assert refusal.value.argument == argument


def test_a_kink_at_the_saddle_is_undecided():
    F = dg.SymbolicMap([x / 2 + sp.Abs(y), 2 * y], [x, y])
    with pytest.raises(dg.UndecidedError, match="smooth"):
        unstable_manifold(F, [0, 0])
