"""Orbits of maps by exact algebra: edges of regions, neutral orbits, multiplicity, saturation."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

from dynsys_gd import Ball, Box, Exact, Grade, GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import Kind
from dynsys_gd.orbits.periodic_orbits import periodic_orbits

HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
LOGISTIC = SymbolicMap([4 * x * (1 - x)], [x])


def test_points_on_the_edge_of_a_region_are_inside():
    F = GradientDescent(HIMMELBLAU, step_size="1/50")
    (corner,) = fixed_points(F, Box([3, 2], [4, 4]), method=Exact()).orbits
    assert corner.exact == ((3, 2),)
    (edge,) = fixed_points(F, Box([3, 1], [5, 4]), method=Exact()).orbits
    assert edge.exact == ((3, 2),)
    assert len(fixed_points(F, Box([np.nextafter(3, 4), 1], [5, 4]), method=Exact())) == 0
    assert len(fixed_points(F, Ball([3, 4], 2), method=Exact())) == 1
    assert len(fixed_points(F, Ball([3, 4], np.nextafter(2, 1)), method=Exact())) == 0


@pytest.mark.parametrize(("step", "points"), [("1/50", 21), ("1/40", 31), ("1/20", 43)])
def test_himmelblau_points_of_the_second_iterate(step, points):
    F = GradientDescent(HIMMELBLAU, step_size=step)
    found = periodic_orbits(F, Box([-16, -16], [16, 16]), period=2, method=Exact())
    assert found.complete
    assert found.evidence.grade is Grade.PROVED
    assert 9 + 2 * len(found.orbits) == points


def test_long_cycles_on_the_line_are_certified():
    found = periodic_orbits(LOGISTIC, period=9, method=Exact())
    assert found.complete
    assert len(found.orbits) == 56
    assert found.evidence.grade is Grade.CERTIFIED
    first = found.orbits[0]
    assert first.algebraic == ()
    assert first.exact is None
    assert first.kind is Kind.SOURCE
    assert (first.enclosure[..., 1] - first.enclosure[..., 0]).max() < 1e-15
    assert abs(abs(first.multipliers[0]) - 2**9) < 1e-6


def test_regions_and_floats_on_long_cycles():
    # The smallest point of period nine lies at sin²(π / 513).
    low = float(np.sin(np.pi / 513) ** 2)
    inside = periodic_orbits(LOGISTIC, Box([low * 1.5], [1]), period=9, method=Exact())
    assert len(inside.orbits) < 56
    assert all(o.points.min() >= low * 1.5 for o in inside.orbits)
    assert len(periodic_orbits(LOGISTIC, Ball([0.5], 0.5), period=9, method=Exact()).orbits) == 56
    rounded = periodic_orbits(SymbolicMap([3.9 * x * (1 - x)], [x]), period=8, method=Exact())
    assert rounded.evidence.grade is Grade.NUMERICAL


def test_neutral_at_the_birth_of_a_window_not_stable():
    F = SymbolicMap([x**2 - sp.Rational(7, 4)], [x])
    (orbit,) = periodic_orbits(F, period=3, method=Exact()).orbits
    assert orbit.kind is Kind.NEUTRAL
    assert orbit.exact_multipliers == (1,)
    # Period six meets the same triple of points, of multiplicity two.
    again = periodic_orbits(F, period=6, method=Exact())
    assert again.complete
    assert all(o.kind is Kind.SOURCE for o in again.orbits)


def test_multiple_roots_of_a_gradient():
    slope = sp.expand((x - 1) * (x**2 - 2) ** 3 * (x**3 - 2) ** 4)
    F = GradientDescent(Loss(sp.integrate(slope, x), [x]), step_size="1/10")
    found = fixed_points(F, method=Exact())
    assert found.complete
    kinds = {str(o.exact[0][0]): o.kind for o in found.orbits}
    assert kinds.pop("1") is Kind.SOURCE
    assert len(kinds) == 3
    assert set(kinds.values()) == {Kind.NEUTRAL}


def test_two_cycles_beside_a_manifold_of_fixed_points():
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size="11/10")
    found = periodic_orbits(F, period=2, method=Exact())
    assert found.complete
    assert not found.families
    assert len(found.orbits) == 4


def test_dense_losses_with_large_fields_are_done_in_time():
    # 27 complex critical points, conjugate to each other.
    loss = Loss(
        x**4 + y**4 + z**4 + x * y * z - 3 * x**2 * y + 2 * y**2 * z - z**2 + x - 2 * y + 3 * z,
        [x, y, z],
    )
    F = GradientDescent(loss, step_size="1/10")
    found = fixed_points(F, method=Exact(), seconds=10)
    assert found.complete
    for orbit in found.orbits:
        np.testing.assert_allclose(F(orbit.points), orbit.points, atol=1e-9)
        spectrum = np.abs(np.linalg.eigvals(F.jacobian_at(orbit.points[0])))
        assert np.sort(np.abs(orbit.multipliers)) == pytest.approx(np.sort(spectrum))
        assert orbit.kind is (
            Kind.SINK if spectrum.max() < 1 else Kind.SOURCE if spectrum.min() > 1 else Kind.SADDLE
        )


def test_a_circle_of_two_cycles_and_where_it_is_stable():
    # Along a ray the step is r -> r (1 - 4 η (r² - 1)); at η = 1/10 the cycle r -> -r has r² = 6.
    bowl = Loss((x**2 + y**2 - 1) ** 2, [x, y])
    found = periodic_orbits(GradientDescent(bowl, step_size="1/10"), period=2, method=Exact())
    (circle,) = found.families
    assert circle.equations == (x**2 + y**2 - 6,)
    # (1 - 4 η (3 r² - 1))² with r² = 6.
    assert circle.transverse == ((1 - sp.Rational(4, 10) * 17) ** 2,)
    assert circle.stable_part is sp.S.false
    assert circle.unstable_part is sp.S.true
    # Past the flip of the circle of minima at η = 1/4 a stable pair of circles is born.
    born = periodic_orbits(GradientDescent(bowl, step_size="13/50"), period=2, method=Exact())
    inner, outer = sorted(born.families, key=lambda f: f.transverse[0])
    assert inner.stable_part is sp.S.true
    assert outer.stable_part is sp.S.false
    F = GradientDescent(bowl, step_size="13/50")
    point = np.array([[float(c) for c in inner.example]])
    spectrum = np.linalg.eigvals(F.jacobian_at(F(point))[0] @ F.jacobian_at(point)[0])
    assert np.sort(spectrum.real) == pytest.approx([float(inner.transverse[0]), 1])


def test_kinks_on_the_line_are_not_counted():
    F = SymbolicMap([sp.Abs(x) / 2 - 1], [x])
    found = fixed_points(F, Box([-3], [3]))
    assert [orbit.exact for orbit in found.orbits] == [((sp.Rational(-2, 3),),)]
    assert not found.complete
