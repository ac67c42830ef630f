"""The orbit next to given points: proved, or refused with the distance; never another one."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, x, y

from dynsys_gd import (
    Box,
    Grade,
    GradientDescent,
    HeavyBall,
    InvalidInput,
    Krawczyk,
    Loss,
    Nesterov,
    SymbolicMap,
    periodic_orbits,
)
from dynsys_gd.orbits.certified.nearby import certified_near
from dynsys_gd.orbits.kinds import CriticalKind, Kind

WAVES = Loss(sp.sin(x) * sp.sin(y), [x, y])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])


@pytest.mark.parametrize(
    ("given", "off"), [([sp.pi / 2, -sp.pi / 2], 1e-14), ([1.5708, -1.5708], 5e-6)]
)
def test_exact_and_rounded_coordinates_mean_the_same_point(given, off):
    found = certified_near(GradientDescent(WAVES, "1/2"), given)
    assert found.kind is Kind.SINK
    assert found.critical is CriticalKind.MINIMUM
    assert found.evidence.grade is Grade.CERTIFIED
    low, high = found.enclosure[0].T
    for a, value, b in zip(low, (sp.pi / 2, -sp.pi / 2), high, strict=True):
        assert sp.Rational(a) < value < sp.Rational(b)
        assert b - a < 1e-14
    assert np.abs(found.points[0] - [float(v) for v in given]).max() < off
    # The box of uniqueness is wider than the enclosure, and holds it.
    assert (found.unique_in[..., 0] < found.enclosure[..., 0]).all()
    assert (found.unique_in[..., 1] > found.enclosure[..., 1]).all()


def test_a_print_out_of_six_digits_is_enough_for_himmelblau():
    found = certified_near(HeavyBall(HIMMELBLAU, "1/50", "1/2"), [3.58443, -1.84813])
    assert found.points.shape == (1, 4)
    np.testing.assert_array_equal(found.points[0, :2], found.points[0, 2:])
    assert found.kind is Kind.SINK
    # A state at rest is the same point.
    state = certified_near(HeavyBall(HIMMELBLAU, "1/50", "1/2"), [3.58443, -1.84813] * 2)
    np.testing.assert_array_equal(state.enclosure, found.enclosure)


def test_a_state_that_is_not_at_rest_is_no_fixed_point():
    with pytest.raises(InvalidInput, match=r"F\(x\) is .* from x"):
        certified_near(HeavyBall(HIMMELBLAU, "1/50", "1/2"), [3.0, 2.0, 3.0, 2.1])


@pytest.mark.parametrize(
    "given",
    [
        [1.6, -1.6],  # two digits: the point is 0.03 away
        [1.58, -1.58],
        ["1.5708", "-1.5708"],  # text is exact, and this is not the point
        [1.2, -0.4],
        [0.7, 2.0],
    ],
)
def test_points_beside_are_refused_with_the_distance(given):
    with pytest.raises(InvalidInput, match=r"F\(x\) is [\d.e-]+ from x.*no orbit is proved within"):
        certified_near(GradientDescent(WAVES, "1/2"), given)


def test_the_reach_follows_the_digits():
    F = GradientDescent(WAVES, eta)
    off = float(sp.pi / 2) + 3e-5
    assert certified_near(F, [1.5708, -1.571]) is not None
    # As many digits as this are not rounded to 3e-5.
    with pytest.raises(InvalidInput, match=r"leads to one at \(1.57079633, -1.57079633\), 3e-05"):
        certified_near(F, [off, -1.5708])


def test_two_close_minima_are_not_confused():
    """Zeros of the gradient at 1 and 1.02003, and a maximum between them."""
    d = sp.Rational(2003, 100_000)
    slope = sp.expand((x - 1) * (x - 1 - d / 2) * (x - 1 - d))
    F = GradientDescent(Loss(sp.integrate(slope, x), [x]), eta)
    for value, kind in ((1.010015, CriticalKind.MAXIMUM), (1.02003, CriticalKind.MINIMUM)):
        found = certified_near(F, [round(value, 3)])
        assert abs(found.points[0, 0] - value) < 1e-9
        assert found.critical is kind


def test_a_cycle_of_henon_given_by_rounded_points():
    orbits = periodic_orbits(HENON, HENON_BOX, period=7, method=Krawczyk()).orbits
    assert len(orbits) == 4
    for orbit in orbits:
        for shift in (0, 3):
            rounded = np.roll(np.round(orbit.points, 5), shift, axis=0)
            found = certified_near(HENON, rounded, 7)
            expected = np.roll(orbit.enclosure, shift, axis=0)
            assert (found.enclosure[..., 0] <= expected[..., 1]).all()
            assert (expected[..., 0] <= found.enclosure[..., 1]).all()
            assert found.kind_text() == orbit.kind_text()
            assert found.period == 7


def test_cycles_are_given_in_order_and_once():
    orbit = periodic_orbits(HENON, HENON_BOX, period=7, method=Krawczyk())[0].points.round(5)
    with pytest.raises(InvalidInput, match="shorter period"):
        certified_near(HENON, np.concatenate([orbit, orbit]), 14)
    with pytest.raises(InvalidInput, match="from the next point"):
        certified_near(HENON, orbit[::-1], 7)
    with pytest.raises(InvalidInput, match="6 points in order"):
        certified_near(HENON, orbit, 6)


def test_cycles_with_momentum_are_given_by_points_of_the_loss():
    F = HeavyBall(Loss(x**4 / 4 - x**2 / 2, [x]), 2, "1/2")
    found = certified_near(F, [[0.651388], [1.151388]], 2)
    np.testing.assert_array_equal(found.points[0], found.points[1, ::-1])
    assert found.kind is Kind.SADDLE
    # 2 × 2 with determinant 1/2 each, so the product of the multipliers is 1/4.
    assert abs(np.prod(found.multipliers) - 0.25) < 1e-12


@pytest.mark.parametrize("beta", ["1/3", "9/10"])
@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
def test_thresholds_of_momentum_against_mpmath(rule, beta):
    """2 (1 + β)/λ, and (2 + 2β)/((1 + 2β) λ), at the minimum of e^x - 2x + x⁴/4."""
    import mpmath

    with mpmath.workdps(40):
        where = mpmath.findroot(lambda t: mpmath.e**t - 2 + t**3, 0.6)
        curvature = mpmath.e**where + 3 * where**2
        b = mpmath.mpf(sp.Rational(beta).p) / sp.Rational(beta).q
        step = 2 * (1 + b) / curvature / (1 if rule is HeavyBall else 1 + 2 * b)
        found = certified_near(
            rule(Loss(sp.exp(x) - 2 * x + x**4 / 4, [x]), eta, beta), [round(float(where), 6)]
        )
        low, high = found.critical_step
        assert low <= step <= high
        assert high - low < 1e-13
    assert found.parameter == "eta"


def test_every_fixed_point_of_rastrigin_near_the_origin():
    loss = Loss(sum(10 + v**2 - 10 * sp.cos(2 * sp.pi * v) for v in (x, y)), [x, y])
    F = GradientDescent(loss, sp.Rational(1, 300))
    expected = {
        (0.0, 0.0): CriticalKind.MINIMUM,
        (0.994959, 0.0): CriticalKind.MINIMUM,
        (0.502546, 0.994959): CriticalKind.SADDLE,
        (-0.502546, 0.502546): CriticalKind.MAXIMUM,
    }
    for point, kind in expected.items():
        found = certified_near(F, point)
        assert found.critical is kind
        assert (found.kind is Kind.SINK) == (kind is CriticalKind.MINIMUM)
    assert certified_near(F, [0.0, 0.0]).exact == ((0, 0),)


def test_where_the_system_is_singular_nothing_is_claimed():
    family = GradientDescent(Loss(sp.exp((x * y - 1) ** 2), [x, y]), "1/2")
    assert certified_near(family, [1.0, 1.0]) is None
    assert certified_near(family, [1.41421356, 0.70710678]) is None
    multiple = GradientDescent(Loss(sp.cosh(x) - x**2 / 2, [x]), "1/2")
    assert certified_near(multiple, [0]) is None
    with pytest.raises(InvalidInput, match="no orbit is proved"):
        certified_near(family, [1.0, 1.5])


def test_floats_in_the_map_weaken_what_is_known():
    found = certified_near(GradientDescent(WAVES, 0.5), [1.5708, -1.5708])
    assert found.evidence.grade is Grade.NUMERICAL
    assert "floating-point number was given" in found.evidence.reason


@pytest.mark.parametrize(
    ("F", "given", "text"),
    [
        (GradientDescent(Loss(sp.Abs(x) + x**2, [x]), "1/2"), [0], "kinks"),
        (GradientDescent(Loss(sp.Symbol("a") * sp.cosh(x), [x]), "1/2"), [0], "F.at"),
        (SymbolicMap([sp.Symbol("a") * sp.sin(x)], [x]), [0], "F.at"),
        (GradientDescent(WAVES, "1/2"), [float("nan"), 0.0], "finite"),
        (GradientDescent(WAVES, "1/2"), [sp.Symbol("t"), 0], "open parameters"),
        (GradientDescent(WAVES, "1/2"), [[1.5708, 1.5708], [1.5708]], "2 coordinates"),
        (GradientDescent(Loss(sp.log(x) + 1 / x, [x]), "1/2"), [0.0], "no orbit is proved"),
    ],
)
def test_what_is_refused(F, given, text):
    with pytest.raises(InvalidInput, match=text):
        certified_near(F, given, 1 if not isinstance(given[0], list) else len(given))
