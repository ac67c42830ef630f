"""Periodic orbits: reference values, least periods, multipliers of the product."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, r, x, y

from dynsys_gd import Box, Grade, GradientDescent, InvalidInput, Loss, SymbolicMap
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import Kind
from dynsys_gd.orbits.periodic_orbits import periodic_orbits

eta = sp.Symbol("eta")
LOGISTIC = SymbolicMap([r * x * (1 - x)], [x])
HENON = SymbolicMap([1 - a * x**2 + y, b * x], [x, y])
FACTORISATION = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
DOUBLE_WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
HIMMELBLAU = GradientDescent(
    Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y]), step_size=eta
)


def check_numerically(F, orbit):
    """The orbit closes after p steps and not before, and the multipliers are of the product."""
    p = orbit.period
    scale = 1 + np.abs(orbit.points).max()
    images = F(orbit.points)
    np.testing.assert_allclose(images, np.roll(orbit.points, -1, axis=0), atol=1e-9 * scale**3)
    for q in range(1, p):
        assert np.abs(orbit.points[q] - orbit.points[0]).max() > 1e-9
    product = np.eye(F.dimension)
    for J in F.jacobian_at(orbit.points):
        product = J @ product
    found = np.sort_complex(np.asarray(orbit.multipliers))
    expected = np.sort_complex(np.linalg.eigvals(product).astype(complex))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    if orbit.exact_multipliers is not None:
        exact = np.sort_complex([complex(m) for m in orbit.exact_multipliers])
        np.testing.assert_allclose(exact, expected, rtol=1e-6, atol=1e-6)
    sizes = np.abs(expected)
    if orbit.kind is Kind.SINK:
        assert sizes.max() < 1
    if orbit.kind is Kind.SOURCE:
        assert sizes.min() > 1
    if orbit.kind is Kind.SADDLE:
        assert sizes.min() < 1 < sizes.max()


def test_two_cycles_of_the_factorisation():
    step = sp.Rational(11, 10)
    F = FACTORISATION.at(eta=step)
    found = periodic_orbits(F, Box([-3, -3], [3, 3]), period=2)
    assert found.complete
    assert found.evidence.grade is Grade.PROVED
    assert not found.families
    assert len(found) == 4
    for orbit in found.orbits:
        check_numerically(F, orbit)
    # (c, -c) with c² = 2/eta - 1.
    (mixed,) = [o for o in found.orbits if o.points[0, 0] * o.points[0, 1] < 0]
    c = sp.sqrt(2 / step - 1)
    assert {sp.simplify(p[0] ** 2 - c**2) for p in mixed.exact} == {0}
    # On the diagonal, u v = 1/eta and u² + v² = 1 + 1/eta; multipliers 9 - 2 (1 + eta)² along it
    # and 3 - 2 eta across.
    sinks = [o for o in found.orbits if o.kind is Kind.SINK]
    assert len(sinks) == 2
    for orbit in sinks:
        u, v = (float(p[0]) for p in orbit.exact)
        assert u * v == pytest.approx(1 / float(step))
        assert u**2 + v**2 == pytest.approx(1 + 1 / float(step))
        assert set(orbit.exact_multipliers) == {9 - 2 * (1 + step) ** 2, 3 - 2 * step}


def test_no_stable_two_cycle_below_the_first_flip():
    # Below 1 only the two source cycles of the diagonals are left.
    found = periodic_orbits(FACTORISATION.at(eta="9/10"), period=2)
    assert found.complete
    assert {orbit.kind for orbit in found.orbits} == {Kind.SOURCE}
    assert len(found) == 2


def test_at_the_flip_the_least_period_is_respected():
    # At eta = 1, F² - x has the minima as triple roots; they have period 1 and are not listed.
    found = periodic_orbits(DOUBLE_WELL.at(eta=1), period=2)
    assert [o.exact[0] for o in found.orbits] == [(-sp.sqrt(3),)]
    assert len(periodic_orbits(LOGISTIC.at(r=3), period=2)) == 0


@pytest.mark.slow
def test_himmelblau_two_cycles():
    F = HIMMELBLAU.at(eta="1/40")
    found = periodic_orbits(F, period=2, seconds=60)
    assert found.complete
    # Points of F² = id, counted by two independent engines; nine of them are fixed.
    assert 9 + 2 * len(found) == 31
    for orbit in found.orbits:
        check_numerically(F, orbit)


@pytest.mark.parametrize(("period", "count"), [(1, 2), (2, 1), (3, 2), (4, 3), (5, 6), (6, 9)])
def test_the_full_logistic_map_has_all_its_orbits(period, count):
    # r = 4 is conjugate to the tent map: 2^p points of period dividing p.
    F = LOGISTIC.at(r=4)
    found = periodic_orbits(F, period=period)
    assert len(found) == count
    for orbit in found.orbits:
        check_numerically(F, orbit)
    # Off the fold the multipliers have modulus 2^p; at 0 it is 4.
    others = [o for o in found.orbits if o.points.tolist() != [[0.0]]]
    assert all(abs(abs(o.multipliers[0]) - 2**period) < 1e-9 * 4**period for o in others)


def test_period_three_is_born_at_one_plus_root_eight():
    window = periodic_orbits(LOGISTIC.at(r="3829/1000"), period=3)
    assert [o.kind for o in window.orbits] == [Kind.SINK, Kind.SOURCE]
    assert len(periodic_orbits(LOGISTIC.at(r="3828/1000"), period=3)) == 0


@pytest.mark.parametrize(("period", "count"), [(1, 2), (2, 1), (3, 0), (4, 1), (5, 0)])
def test_henon_orbits(period, count):
    F = HENON.at(a="7/5", b="3/10")
    found = periodic_orbits(F, period=period)
    assert found.complete
    assert len(found) == count
    for orbit in found.orbits:
        check_numerically(F, orbit)
        assert orbit.kind is Kind.SADDLE


def test_henon_period_two_exactly():
    (orbit,) = periodic_orbits(HENON.at(a="7/5", b="3/10"), period=2).orbits
    # x + x' = (1 - b)/a = 1/2, trace 4 a² x x' + 2 b, determinant b².
    assert sp.simplify(orbit.exact[0][0] + orbit.exact[1][0] - sp.Rational(1, 2)) == 0
    assert sp.simplify(sp.prod(orbit.exact_multipliers) - sp.Rational(9, 100)) == 0


def test_an_area_preserving_map_has_a_neutral_fixed_point_with_complex_multipliers():
    F = HENON.at(a="1/2", b=-1)
    found = fixed_points(F)
    kinds = [orbit.kind for orbit in found.orbits]
    assert sorted(kinds, key=str) == [Kind.NEUTRAL, Kind.SADDLE]
    (centre,) = [o for o in found.orbits if o.kind is Kind.NEUTRAL]
    assert abs(centre.multipliers[0].imag) > 0.1
    np.testing.assert_allclose(np.abs(centre.multipliers), 1)


def test_where_every_point_has_period_two():
    line = periodic_orbits(GradientDescent(Loss(x**2 / 2, [x]), step_size=2), period=2)
    assert not line.orbits
    assert line.families[0].dimension == 1
    assert line.families[0].period == 2
    plane = periodic_orbits(
        GradientDescent(Loss((x**2 + y**2 / 4) / 2, [x, y]), step_size=2), period=2
    )
    (axis,) = plane.families
    assert axis.equations == (y,)


def test_neutral_cycles_are_neutral():
    # The multiplier 4 + 2r - r² of the 2-cycle is -1 at r = 1 + sqrt(6), 1 at r = 3.
    a_cycle = SymbolicMap([x**2 - sp.Rational(5, 4)], [x])  # period two flips at c = -5/4
    (orbit,) = periodic_orbits(a_cycle, period=2).orbits
    assert orbit.exact_multipliers == (-1,)
    assert orbit.kind is Kind.NEUTRAL
    (super_stable,) = periodic_orbits(SymbolicMap([x**2 - 1], [x]), period=2).orbits
    assert super_stable.multipliers.tolist() == [0]
    assert super_stable.kind is Kind.SINK


def test_period_four_needs_both_divisors_taken_out():
    F = SymbolicMap([x**2 - sp.Rational(131, 100)], [x])
    (orbit,) = periodic_orbits(F, period=4).orbits
    assert orbit.period == 4
    assert orbit.kind is Kind.SINK
    check_numerically(F, orbit)


def test_regions_keep_whole_orbits():
    F = FACTORISATION.at(eta="11/10")
    upper = periodic_orbits(F, Box([0, 0], [3, 3]), period=2)
    assert [o.kind for o in upper.orbits] == [Kind.SINK]
    assert len(periodic_orbits(F, Box([1, 1], [3, 3]), period=2)) == 0


def test_floats_and_bad_input():
    found = periodic_orbits(LOGISTIC.at(r=3.5), period=2)
    assert found.evidence.grade is Grade.NUMERICAL
    assert "float" in found.evidence.reason
    assert found.orbits[0].evidence.grade is Grade.NUMERICAL
    for bad in (0, -1, 1.5, True):
        with pytest.raises(InvalidInput, match="period"):
            periodic_orbits(LOGISTIC, period=bad)
    sine = periodic_orbits(SymbolicMap([sp.sin(x)], [x]), period=2)
    assert not sine.complete
    assert "undecided" in sine.why


def test_what_a_student_sees():
    found = periodic_orbits(FACTORISATION.at(eta="11/10"), period=2)
    assert repr(found).splitlines()[0].endswith("4 orbits; complete")
    first = found.orbits[1]
    assert repr(first).startswith("PeriodicOrbit of period 2 (-1.11606…, -1.11606…): sink")
    assert "→" in repr(first)
    assert r"\to" in first.latex()
    assert first.to_dict()["period"] == 2
    assert not first.points.flags.writeable
