"""Families of fixed points: one object each, nothing else lost, and honest where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Ball,
    Box,
    Exact,
    GradientDescent,
    HeavyBall,
    Krawczyk,
    Loss,
    Nesterov,
    SymbolicMap,
    fixed_points,
    periodic_orbits,
)
from dynsys_gd.evidence import Grade, Outcome
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.residual_form import residual_forms
from dynsys_gd.orbits.certified.tube import has_full_row_rank, tube_of
from dynsys_gd.orbits.cluster import Obstacle
from dynsys_gd.orbits.kinds import CriticalKind

x, y, z, w, eta = sp.symbols("x y z w eta")
SQUARE = Box([-3, -3], [3, 3])
FACTORISATION = Loss((x * y - 1) ** 2 / 2, [x, y])


def descent(loss, variables, step="1/10"):
    return GradientDescent(Loss(loss, variables), step)


def certified(F, region, **keywords):
    return fixed_points(F, region, method=Krawczyk(), **keywords)


def covered(family, points):
    boxes = family.boxes
    inside = (boxes[None, :, :, 0] <= points[:, None]) & (points[:, None] <= boxes[None, :, :, 1])
    return inside.all(axis=2).any(axis=1)


def test_the_hyperbola_is_one_object_and_the_list_is_complete():
    found = certified(GradientDescent(FACTORISATION, eta), SQUARE)
    assert found.complete
    assert not found.clusters
    (family,), (saddle,) = found.families, found.orbits
    assert saddle.exact == ((0, 0),)
    assert family.equations == (x * y - 1,)
    assert (family.dimension, family.smooth) == (1, Outcome.YES)
    assert family.evidence.grade is Grade.CERTIFIED
    assert family.critical is CriticalKind.MINIMUM
    assert family.global_minimum is Outcome.YES
    assert family.loss_value == 0
    assert family.eigenvalues == (x**2 + y**2,)
    assert sp.expand(family.transverse[0] - (1 - eta * (x**2 + y**2))) == 0
    assert family.stable_part == sp.Lt(x**2 + y**2, 2 / eta)
    assert found.boxes < 200


def test_the_tube_covers_the_family_and_little_more():
    (family,) = certified(GradientDescent(FACTORISATION, "1/10"), SQUARE).families
    t = np.linspace(1 / 2.999, 2.999, 500)
    branch = np.stack([t, 1 / t], axis=1)
    assert covered(family, branch).all()
    assert covered(family, -branch).all()
    area = np.prod(family.boxes[..., 1] - family.boxes[..., 0], axis=1).sum()
    assert area < 0.2
    assert family.contains(family.boxes.mean(axis=2), tol=0.05).all()


CURVES = [
    ((x * sp.exp(y) - 1) ** 2 / 2, lambda t: (np.exp(-t), t), 0),
    ((sp.sin(x) * y - 1) ** 2 / 2, lambda t: (t, 1 / np.sin(t)), 1),
    ((sp.exp(x) - y) ** 2 / 2, lambda t: (t, np.exp(t)), 0),
    (sp.log(sp.cosh(x * y - 1)), lambda t: (t, 1 / t), 1),
    ((x**2 + y**2 - 1) ** 2 / 4, lambda t: (np.sin(t), np.cos(t)), 1),
    ((x * y - 1) ** 4, lambda t: (t, 1 / t), 1),
    ((sp.tanh(x) * y - sp.Rational(1, 2)) ** 2, lambda t: (t, 0.5 / np.tanh(t)), 1),
]


@pytest.mark.parametrize(("loss", "curve", "isolated"), CURVES)
def test_curves_of_minima_of_many_losses(loss, curve, isolated):
    found = certified(descent(loss, [x, y]), SQUARE)
    assert found.complete
    assert len(found.orbits) == isolated
    (family,) = found.families
    assert family.dimension == 1
    assert family.critical is CriticalKind.MINIMUM
    points = np.stack(np.broadcast_arrays(*curve(np.linspace(-2.9, 2.9, 400))), axis=1)
    inside = SQUARE.contains(points)
    assert inside.sum() > 50
    assert covered(family, points[inside]).all()
    assert family.contains(points[inside], tol=1e-9).all()


def test_transverse_multipliers_are_those_of_the_jacobian():
    for loss, curve, _ in CURVES:
        F = descent(loss, [x, y])
        (family,) = certified(F, SQUARE).families
        t = 0.8
        point = [float(c) for c in np.broadcast_arrays(*curve(np.array(t)))]
        J = np.array(F.jacobian.subs(dict(zip([x, y], point, strict=True))), dtype=float)
        expected = np.sort(np.linalg.eigvals(J).real)
        value = float(family.transverse[0].subs(dict(zip([x, y], point, strict=True))))
        np.testing.assert_allclose(np.sort([1.0, value]), expected, atol=1e-7)


def test_several_residuals_in_three_dimensions():
    loss = (x * y - 1) ** 2 / 2 + (z - x) ** 2 / 2
    found = certified(descent(loss, [x, y, z]), Box([-3, -3, -3], [3, 3, 3.1]))
    assert found.complete
    (family,) = found.families
    assert set(family.equations) == {x * y - 1, x - z}
    assert family.dimension == 1
    assert family.global_minimum is Outcome.YES
    # The saddle at the origin.
    assert len(found.orbits) == 1


def test_families_by_symmetry_and_their_axes_by_exact_algebra():
    # The origin is singular on the family y = z = 0 and its like, which only algebra tells.
    found = certified(descent((x * y * z - 1) ** 2 / 2, [x, y, z]), Box([-2] * 3, [2.1] * 3))
    assert found.complete
    assert sorted(f.dimension for f in found.families) == [1, 1, 1, 2]
    assert all(f.boxes is not None for f in found.families)


def test_a_rotation_makes_families_of_what_has_no_common_factor():
    s = x**2 + y**2
    loss = s**3 - s * z + z**2 + sp.exp(z) / 100
    found = certified(descent(loss, [x, y, z]), Box([-1] * 3, [1.1] * 3))
    # Circles with z = 3 s² and s = 2 z + e^z/100, and the point with s = 0 = 2 z + e^z/100.
    roots = np.sort(
        [float(sp.nsolve(6 * x**2 + sp.exp(3 * x**2) / 100 - x, x, g)) for g in (0.01, 0.15)]
    )
    assert found.complete
    assert len(found.orbits) == 1
    assert len(found.families) == 2
    assert all(family.dimension == 1 for family in found.families)
    radii = np.sort(
        [np.mean((f.boxes.mean(axis=2)[:, :2] ** 2).sum(axis=1)) for f in found.families]
    )
    np.testing.assert_allclose(radii, roots, rtol=0.05)
    for family in found.families:
        assert family.contains(family.boxes.mean(axis=2), tol=0.02).all()


def test_two_families_that_cross():
    found = certified(descent((x * y) ** 2 / 2, [x, y]), Box([-3, -3], [3, 3.1]))
    assert found.complete
    assert {f.equations for f in found.families} == {(x,), (y,)}
    assert not found.orbits


def test_pieces_next_to_a_crossing_are_no_families_of_their_own():
    loss = (y - 2) ** 2 * (3 * x - 3 * y + z) ** 2
    found = certified(descent(loss, [x, y, z]), Box([-2.03] * 3, [2.11] * 3))
    assert {f.equations for f in found.families} == {(y - 2,), (3 * x - 3 * y + z,)}


def test_a_family_outside_of_the_region_is_not_listed():
    inside = certified(GradientDescent(FACTORISATION, "1/10"), Ball([0, 0], 1.5))
    outside = certified(GradientDescent(FACTORISATION, "1/10"), Ball([0, 0], 1.41))
    assert len(inside.families) == 1
    assert not outside.families
    assert outside.complete
    assert len(outside.orbits) == 1


def test_a_float_in_the_map_weakens_the_evidence():
    (family,) = certified(GradientDescent(FACTORISATION, 0.1), SQUARE).families
    assert family.evidence.grade is Grade.NUMERICAL


def test_momentum_has_the_same_family_with_other_multipliers():
    for F, edge in [
        (HeavyBall(FACTORISATION, "1/10", "1/2"), 30),
        (Nesterov(FACTORISATION, "1/10", "1/2"), 15),
    ]:
        found = certified(F, SQUARE)
        assert found.complete
        (family,) = found.families
        assert family.stable_part == sp.Lt(x**2 + y**2, edge)


@pytest.mark.parametrize("period", [2, 3])
def test_longer_orbits_next_to_a_family_of_fixed_points(period):
    # Every point of the family repels: 11/10 (x² + y²) >= 11/5 > 2.
    F = GradientDescent(FACTORISATION, "11/10")
    found = periodic_orbits(F, SQUARE, period=period, method=Krawczyk())
    assert found.complete
    assert not found.families
    exact = periodic_orbits(F, SQUARE, period=period, method=Exact(), seconds=30)
    assert exact.complete
    assert len(found.orbits) == len(exact.orbits)
    for own, other in zip(_sorted(found), _sorted(exact), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-9)


def _sorted(found):
    return sorted(
        np.sort(orbit.points[:, 0] + 1e-3 * orbit.points[:, 1]).tolist() for orbit in found.orbits
    )


@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
def test_longer_orbits_of_momentum_next_to_a_family(rule):
    found = periodic_orbits(
        rule(FACTORISATION, "1/10", "1/2"), Box([-2, -2], [2, 2]), period=2, method=Krawczyk()
    )
    assert found.complete


def test_where_the_family_flips_the_search_says_that_it_does_not_know():
    # At x y = 1 with x² + y² = 2/η an orbit of period two is born.
    step = sp.Rational(9, 10)
    found = periodic_orbits(
        GradientDescent(FACTORISATION, step), SQUARE, period=2, method=Krawczyk()
    )
    assert not found.complete
    assert {cluster.obstacle for cluster in found.clusters} == {Obstacle.SINGULAR}
    for cluster in found.clusters:
        a, b = cluster.hull[0].mean(axis=1)
        assert a * b == pytest.approx(1, abs=1e-6)
        assert a**2 + b**2 == pytest.approx(20 / 9, abs=1e-5)


def test_an_isolated_degenerate_point_is_not_taken_for_a_family():
    # f = (x y - 1) (-y, sin(x) - x): at the origin a zero of order three.
    h = x * y - 1
    F = SymbolicMap([x - h * y, y + h * (sp.sin(x) - x)], [x, y])
    found = certified(F, Box([-2, -2], [2, 2.1]))
    assert not found.complete
    (family,) = found.families
    assert family.equations == (h,)
    assert family.critical is None
    (cluster,) = found.clusters
    assert (cluster.hull[0, :, 0] <= 0).all()
    assert (cluster.hull[0, :, 1] >= 0).all()
    assert cluster.width < 1e-5


def test_isolated_points_on_an_unseen_family_are_never_claimed():
    # Points of the tube are no isolated fixed points: every box holds infinitely many.
    tube = tube_of(*_with_equations(GradientDescent(FACTORISATION, "1/10")))
    boxes = np.array([[0.9, 0.9], [0.0, 0.0], [0.4, 2.0]]).T[None]
    held = tube.holds(boxes, boxes + 0.3)
    assert held.tolist() == [True, False, True]
    around_saddle = np.array([[[-0.1], [-0.1]]])
    assert not tube.holds(around_saddle, -around_saddle)[0]


def _with_equations(F, period=1):
    return F, equations_of(F, period)


def test_a_box_with_a_pole_is_no_tube():
    # (x y - 1)/x cancels to a regular equation, but the map is not defined at x = 0.
    h = x * y - 1
    F = SymbolicMap([x + h * x**2 / x**3, y + h], [x, y])
    tube = tube_of(*_with_equations(F))
    low = np.array([[[-0.1], [1.0]]])
    assert tube is None or not tube.holds(low, low + 0.3)[0]


FORMS = [
    ((x * y - 1) ** 2 / 2, [x, y]),
    ((x * sp.exp(y) - 1) ** 2 / 2, [x, y]),
    (sp.log(sp.cosh(x * y - 1)), [x, y]),
    ((x * y - 1) ** 2 / 2 + (z - x) ** 2 / 2, [x, y, z]),
    ((x * z - 1) ** 2 + (x * w - 2) ** 2 + (y * z - 3) ** 2 + (y * w - 6) ** 2, [x, y, z, w]),
    ((x**2 + y**2) ** 3 - (x**2 + y**2) * z + z**2, [x, y, z]),
    (sp.cos(x + y) + z**2, [x, y, z]),
    (((x - 1) * y) ** 2, [x, y]),
]


@pytest.mark.parametrize(("loss", "variables"), FORMS)
def test_forms_are_identities(loss, variables):
    gradient = [sp.diff(loss, v) for v in variables]
    forms = residual_forms(gradient, variables, loss)
    assert forms
    rng = np.random.default_rng(1)
    for form in forms:
        assert len(form.equations) < len(variables)
        difference = form.factors * sp.Matrix(form.equations) - sp.Matrix(gradient)
        for _ in range(3):
            at = dict(zip(variables, rng.uniform(0.3, 1.7, len(variables)), strict=True))
            assert max(abs(float(e)) for e in difference.subs(at)) < 1e-12


def test_a_lowest_value_is_claimed_only_at_zeros_of_the_residual():
    # The gradient of exp(x² y)² vanishes where x does, and there the loss is one, not zero.
    loss = sp.exp(x**2 * y) ** 2
    for form in residual_forms([sp.diff(loss, v) for v in (x, y)], (x, y), loss):
        assert form.lowest is None


def test_rank_is_claimed_for_every_matrix_between_the_bounds():
    rng = np.random.default_rng(3)
    centre = rng.normal(size=(2, 3, 400))
    radius = rng.uniform(0, 0.5, size=(2, 3, 400))
    sure = has_full_row_rank(centre - radius, centre + radius)
    assert 20 < sure.sum() < 380
    for _ in range(200):
        sample = centre + radius * rng.choice([-1.0, 1.0], size=centre.shape)
        smallest = np.linalg.svd(sample.transpose(2, 0, 1), compute_uv=False)[:, -1]
        assert smallest[sure].min() > 1e-3
    equal = np.array([[[1.0], [2.0]], [[2.0], [4.0]]])
    assert not has_full_row_rank(equal, equal)[0]
    assert not has_full_row_rank(np.full((1, 2, 1), -np.inf), np.full((1, 2, 1), np.inf))[0]
