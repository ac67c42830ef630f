"""Entropy bounds: exact where that is known, never above the truth, nothing where nothing is."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.branches.exponents.covering import MarkedPoint, coverings, growth, ordered
from dynsys_gd.branches.exponents.entropy_points import MarkedPoints

x, y, eta = sp.symbols("x y eta")
UNIT = dg.Box([0], [1])
CUBIC = dg.SymbolicMap([3 * x - x**3], [x])
GOLDEN = np.log((1 + np.sqrt(5)) / 2)


def bound(F, box=UNIT, **more):
    return dg.topological_entropy_bound(F, box, **more)


def test_the_full_shifts_are_proved():
    two = bound(dg.textbook.logistic(), periods=[1])
    assert two.growth == 2
    assert two.exact == sp.log(2)
    assert 0 <= np.log(2) - two.lower < 1e-15
    assert two.evidence.grade is dg.Grade.PROVED
    three = bound(CUBIC, dg.Box([-2.1], [2.1]), periods=[1, 2])
    assert three.growth == 3
    assert three.evidence.grade is dg.Grade.PROVED


def test_on_an_invariant_line():
    loss = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
    line = dg.restricted(dg.GradientDescent(loss, 2), [1, 1])
    assert bound(line, dg.Box([-1.5], [1.5]), periods=[1, 2]).lower == pytest.approx(np.log(3))


def test_period_three_forces_the_golden_mean():
    """Block, Guckenheimer, Misiurewicz and Young: the least entropy that period 3 allows."""
    found = bound(dg.textbook.logistic("383/100"), periods=[3])
    assert found.lower == pytest.approx(GOLDEN, abs=1e-12)
    assert found.evidence.grade is dg.Grade.PROVED
    assert found.orbits == {3: 2}


def test_periods_that_are_powers_of_two_prove_nothing():
    found = bound(dg.textbook.logistic("7/2"), periods=[1, 2, 4])
    assert found.lower == 0
    assert "nothing proved" in found.headline()


def test_never_above_the_entropy_of_the_logistic_family():
    """Laps of iterates grow like exp(h n), and bound it from above: h <= log(laps of F^n)/n."""
    for value in ("18/5", "37/10", "39/10"):
        found = bound(dg.textbook.logistic(value), periods=range(1, 5))
        points = np.linspace(0, 1, 200_001)
        r, n = float(sp.Rational(value)), 10
        for _ in range(n):
            points = r * points * (1 - points)
        turns = np.count_nonzero(np.diff(np.sign(np.diff(points))))
        assert found.lower <= np.log(turns + 1) / n
        assert found.lower <= np.log(2)


def test_more_orbits_never_prove_less():
    F = dg.textbook.logistic("39/10")
    few, many = bound(F, periods=[1, 3]), bound(F, periods=[1, 3, 5])
    assert few.lower <= many.lower + 1e-12
    assert many.lower > GOLDEN


def test_maps_with_exponentials_are_certified():
    ricker = dg.SymbolicMap([x * sp.exp(sp.Rational(16, 5) * (1 - x))], [x])
    found = bound(ricker, dg.Box([0.01], [4]), periods=[3])
    assert found.lower >= GOLDEN - 1e-9
    assert found.evidence.grade is dg.Grade.CERTIFIED


def test_no_orbits_no_bound():
    assert bound(dg.SymbolicMap([x / 2], [x]), dg.Box([1], [2])).lower == 0


def points_of(*places):
    """Points with exact images, given by number."""
    bounds = {name: at for name, (at, _) in enumerate(places)}
    return [
        MarkedPoint(at, at, bounds[image], bounds[image], name, image)
        for name, (at, image) in enumerate(places)
    ]


def test_coverings_of_a_three_cycle():
    matrix = coverings(ordered(points_of((0.0, 1), (1.0, 2), (2.0, 0))))
    assert matrix.tolist() == [[0, 1], [1, 1]]
    assert float(growth(matrix)) == pytest.approx(np.exp(GOLDEN), rel=1e-12)
    assert float(growth(matrix)) <= np.exp(GOLDEN)


def test_images_between_bounds_cover_only_what_they_surely_reach():
    points = [
        MarkedPoint(0.0, 0.0, 0.0, 0.0, 0, 0),
        MarkedPoint(1.0, 1.0, 1.9, 2.1, 1),
        MarkedPoint(2.0, 2.0, 0.0, 0.0, 2, 0),
    ]
    assert coverings(points).tolist() == [[1, 0], [1, 0]]  # 2 may or may not be reached
    points[1] = MarkedPoint(1.0, 1.0, 2.0, 2.1, 1)
    assert coverings(points).tolist() == [[1, 1], [1, 1]]


def test_overlapping_points_are_told_apart_by_leaving_one_out():
    points = [MarkedPoint(0.0, 0.5, 0, 0, 0), MarkedPoint(0.4, 0.6, 0, 0, 1),
              MarkedPoint(-1.0, -1.0, 0, 0, 2)]  # fmt: skip
    assert [point.name for point in ordered(points)] == [2, 0]


@pytest.mark.parametrize("seed", range(6))
def test_growth_is_a_tight_lower_bound_of_the_spectral_radius(seed):
    matrix = (np.random.default_rng(seed).random((9, 9)) < 0.3).astype(np.int8)
    radius = np.abs(np.linalg.eigvals(matrix.astype(float))).max()
    rate = growth(matrix)
    assert isinstance(rate, Fraction)
    assert float(rate) <= radius * (1 + 1e-12)
    assert float(rate) >= radius - 1e-6


def test_growth_of_orbits_is_an_estimate_and_says_so():
    found = dg.orbit_growth(dg.textbook.henon(), dg.textbook.henon_box(), periods=4)
    assert found.counts.tolist() == [2, 4, 2, 8]
    assert found.complete.all()
    assert found.estimate == pytest.approx(np.log(8) / 4)
    assert found.evidence.grade is dg.Grade.NUMERICAL
    assert "no bound" in found.headline()


@pytest.mark.parametrize(
    "F",
    [
        CUBIC,
        dg.SymbolicMap([sp.Rational(27, 10) * x - sp.Rational(9, 10) * x**3], [x]),
        dg.SymbolicMap([sp.Rational(29, 10) * x - x**3], [x]),
        dg.SymbolicMap([1 - sp.Rational(3, 2) * x**2], [x]),
        dg.SymbolicMap([sp.cos(3 * x) + x / 5], [x]),
    ],
    ids=str,
)
def test_every_marked_point_has_the_image_it_is_said_to_have(F):
    """Two chains of exact images, cut off at different places, must not be mixed up."""
    builder = MarkedPoints(F)
    for p in (1, 2):
        for orbit in dg.periodic_orbits(F, dg.Box([-2], [2]), period=p):
            builder.add_orbit(orbit)
    builder.add_turning_points(F.kernel().jacobian, -2.0, 2.0)
    points = [*builder.points, *(point for chain in builder.chains for point in chain)]
    by_name = {point.name: point for point in points}
    assert len(by_name) == len(points)
    for point in points:
        assert point.low <= point.high
        image = F([[0.5 * (point.low + point.high)]])[0, 0]
        assert point.image_low - 1e-9 <= image <= point.image_high + 1e-9
        if point.image_name is not None:
            assert abs(by_name[point.image_name].low - image) < 1e-9
    assert any(point.image_name is None for chain in builder.chains for point in chain) or (
        F is CUBIC
    )
