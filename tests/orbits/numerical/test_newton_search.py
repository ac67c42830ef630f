"""Newton's method from many starts, against lists that are known or proved by other methods."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y

import dynsys_gd as dg
from dynsys_gd import CriticalKind, Grade, Kind, NewtonSearch

TURN = 2 * np.pi
HIMMELBLAU = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
SIX_HUMPS = dg.Loss(
    (4 - sp.Rational(21, 10) * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2, [x, y]
)
QUADRATIC = dg.SymbolicMap([4 * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
HENON_BOX = dg.Box([-1.43, -0.43], [1.43, 0.43])
FAMILY = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
WELL = dg.GradientDescent(dg.Loss((x**2 - 1) ** 2 / 4, [x]), "3/2")
KICK = sp.Rational(9, 10) * sp.sin(x)
STANDARD = dg.SymbolicMap([x + y + KICK, y + KICK], [x, y])
SQUARE = dg.Box([0, 0], [TURN, TURN])


def fixed(F, region, method=None, **settings):
    return dg.fixed_points(F, region, method=method or NewtonSearch(), **settings)


def cycles(F, region, period, method=None, **settings):
    chosen = method or NewtonSearch()
    return dg.periodic_orbits(F, region, period=period, method=chosen, **settings)


def points_of(F, region, period, method=None):
    """Count the points of all orbits whose period divides `period`."""
    divisors = [q for q in range(1, period + 1) if period % q == 0]
    return sum(q * len(cycles(F, region, q, method)) for q in divisors)


def test_himmelblau_agrees_with_the_exact_list():
    F = dg.GradientDescent(HIMMELBLAU, "1/50")
    found = fixed(F, dg.Box([-6, -6], [6, 6]))
    exact = dg.fixed_points(F, method=dg.Exact())
    assert len(found) == len(exact) == 9
    for orbit, true in zip(found.orbits, exact.orbits, strict=True):
        assert np.allclose(orbit.points, true.points, atol=1e-13)
        assert (orbit.kind, orbit.critical) == (true.kind, true.critical)
        assert np.allclose(np.sort(orbit.multipliers.real), np.sort(true.multipliers.real))
        assert not orbit.multipliers.imag.any()
        assert orbit.unstable == int((np.abs(true.multipliers) > 1).sum())
        assert orbit.residual < 1e-14
        assert 1 <= orbit.condition < 100


def test_nothing_is_claimed_beyond_numbers():
    found = fixed(dg.GradientDescent(HIMMELBLAU, "1/50"), dg.Box([-6, -6], [6, 6]))
    assert not found.complete
    assert found.why.startswith("NOT known to be complete: 1000 of 1000 starts converged")
    assert "Krawczyk" in found.why
    assert found.boxes == 1000
    assert found.evidence.grade is Grade.NUMERICAL
    for orbit in found:
        assert orbit.evidence.grade is Grade.NUMERICAL
        assert "residual" in orbit.evidence.reason
        assert orbit.enclosure is None
        assert orbit.exact is None


def test_six_humps():
    found = fixed(dg.GradientDescent(SIX_HUMPS, "1/50"), dg.Box([-2.5, -2.5], [2.5, 2.5]))
    kinds = [orbit.critical for orbit in found]
    assert len(found) == 15
    assert [kinds.count(k) for k in CriticalKind] == [6, 7, 2, 0]


@pytest.mark.parametrize(
    ("period", "count"), list(enumerate((2, 1, 2, 3, 6, 9, 18, 30, 56, 99), start=1))
)
def test_the_full_shift(period, count):
    found = cycles(QUADRATIC, dg.Box([0], [1]), period)
    assert len(found) == count
    # Off the origin, where it is 4^p, the multiplier is ±2^p.
    sizes = [abs(orbit.multipliers[0]) for orbit in found if np.abs(orbit.points).max() > 1e-9]
    assert np.allclose(sizes, 2.0**period, rtol=1e-9)


@pytest.mark.parametrize(
    ("period", "count"), list(enumerate((2, 1, 0, 1, 0, 2, 4, 7, 6, 10, 14, 19), start=1))
)
def test_henon(period, count):
    found = cycles(HENON, HENON_BOX, period)
    assert len(found) == count
    for orbit in found:
        assert orbit.period == period
        assert np.allclose(HENON(orbit.points), np.roll(orbit.points, -1, axis=0), atol=1e-14)
        # The determinant of each Jacobian is -3/10, and all these orbits are saddles.
        assert np.isclose(np.prod(orbit.multipliers).real, (-0.3) ** period, rtol=1e-10)
        assert orbit.kind is Kind.SADDLE


def test_longer_orbits_of_henon_take_more_rounds():
    found = cycles(HENON, HENON_BOX, 16)
    assert len(found) == 102
    assert found.boxes > 1000
    assert max(orbit.condition for orbit in found) < 1e3
    assert max(orbit.residual for orbit in found) < 1e-14


@pytest.mark.parametrize(("period", "count"), [(4, 17), (5, 23), (6, 57)])
def test_double_well(period, count):
    assert points_of(WELL, dg.Box([-3], [3]), period) == count


@pytest.mark.parametrize(("step", "count"), [("1/50", 21), ("1/40", 31), ("1/20", 43)])
def test_two_cycles_of_himmelblau(step, count):
    F = dg.GradientDescent(HIMMELBLAU, step)
    assert points_of(F, dg.Box([-16, -16], [16, 16]), 2, NewtonSearch(rounds=20)) == count


def test_momentum_has_the_critical_points_at_rest():
    F = dg.HeavyBall(HIMMELBLAU, "1/50", "1/2")
    for box in (dg.Box([-6] * 2, [6] * 2), dg.Box([-6] * 4, [6] * 4)):
        found = fixed(F, box)
        assert len(found) == 9
        assert all(np.array_equal(p[:2], p[2:]) for orbit in found for p in orbit.points)
        assert [o.critical for o in found].count(CriticalKind.MINIMUM) == 4


def test_two_cycles_with_momentum_are_orbits():
    F = dg.HeavyBall(dg.Loss((x**2 - 1) ** 2 / 4, [x]), "3/2", "1/10")
    found = cycles(F, dg.Box([-3], [3]), 2)
    assert len(found) == 3
    for orbit in found:
        assert np.allclose(orbit.points[0], orbit.points[1][::-1])
        assert np.allclose(F(orbit.points), orbit.points[::-1], atol=1e-14)


def test_standard_map_on_the_torus():
    on_torus = NewtonSearch(modulo=(TURN, TURN))
    found = cycles(STANDARD, SQUARE, 2, on_torus)
    assert len(found) == 2
    # (0, π) -> (π, π) -> (2π, π) closes after a turn only.
    turning = [[0, np.pi], [np.pi, np.pi]]
    assert np.allclose(found[0].points, turning, atol=1e-12)
    assert not any(np.allclose(o.points, turning) for o in cycles(STANDARD, SQUARE, 2))
    for period in (1, 2, 3, 4, 5):
        for orbit in cycles(STANDARD, SQUARE, period, on_torus):
            assert np.isclose(np.prod(orbit.multipliers), 1.0)
            # Elliptic ones have multipliers on the circle, which numbers cannot prove.
            elliptic = bool(orbit.multipliers.imag.any())
            assert orbit.kind is (Kind.UNDECIDED if elliptic else Kind.SADDLE)


def test_sine_loss_modulo_its_period():
    # x - 7 sin x = x modulo 2π where sin x is 0 or ±2π/7.
    F = dg.GradientDescent(dg.Loss(1 - sp.cos(x), [x]), 7)
    found = fixed(F, dg.Box([0], [TURN]), NewtonSearch(modulo=(TURN,)))
    rise = np.arcsin(TURN / 7)
    expected = [0, rise, np.pi - rise, np.pi, np.pi + rise, TURN - rise]
    assert np.allclose(np.ravel([o.points for o in found]), expected, atol=1e-12)


def test_a_family_does_not_flood_the_list():
    found = fixed(dg.GradientDescent(FAMILY, "1/2"), dg.Box([-3, -3], [3, 3]))
    assert [o.points.round(12).tolist() for o in found] == [[[0.0, 0.0]]]
    assert "not isolated" in found.why
    assert "spread over" in found.why


def test_a_linear_network_has_only_a_manifold_and_saddles():
    rng = np.random.default_rng(1)
    net = dg.LinearNetwork((2, 2, 1), rng.normal(size=(6, 2)), rng.normal(size=(6, 1)))
    found = fixed(dg.GradientDescent(net, "1/10"), dg.Gaussian([0] * 6, 1))
    assert not any(orbit.critical is CriticalKind.MINIMUM for orbit in found)
    assert "not isolated" in found.why


def test_a_multiple_solution_is_told_and_not_listed():
    F = dg.GradientDescent(dg.Loss((x - 1) ** 4 + (y + 2) ** 2, [x, y]), "1/10")
    found = fixed(F, dg.Box([-3, -3], [3, 3]))
    assert len(found) == 0
    assert "near (1, -2): one multiple solution" in found.why


def test_two_solutions_next_to_each_other_are_two():
    gap = sp.Rational(1, 1000)
    F = dg.SymbolicMap([x + (x - 1) * (x - 1 - gap)], [x])
    assert np.allclose(np.ravel([o.points for o in fixed(F, dg.Box([-3], [3]))]), [1, 1.001])


@pytest.mark.parametrize("scale", [1e-9, 1e7])
def test_the_unit_of_length_does_not_matter(scale):
    unit = sp.Float(scale)
    F = dg.SymbolicMap([x - (x / unit - 1) * (x / unit - 2) * unit / 3], [x])
    found = fixed(F, dg.Box([0], [3 * scale]))
    assert np.allclose(np.ravel([o.points for o in found]) / scale, [1, 2])


def test_points_on_the_edge_belong_to_the_region():
    found = fixed(QUADRATIC, dg.Box([0], [0.75]))
    assert np.allclose(np.ravel([o.points for o in found]), [0, 0.75], atol=1e-12)
    assert len(fixed(QUADRATIC, dg.Box([0.1], [0.7]))) == 0


def test_every_point_of_an_orbit_lies_in_the_region():
    whole = cycles(QUADRATIC, dg.Box([0], [1]), 3)
    inner = cycles(QUADRATIC, dg.Box([0.15], [0.96]), 3)
    expected = [o for o in whole if o.points.min() >= 0.15 and o.points.max() <= 0.96]
    assert len(inner) == len(expected) == 1


def test_balls_and_gaussians():
    assert len(cycles(HENON, dg.Ball([0, 0], 1.3), 4)) == 1
    assert len(fixed(HENON, dg.Ball([0, 0], 1))) == 1
    assert len(fixed(HENON, dg.Gaussian([0, 0], 1))) == 2


def test_starts_that_are_given():
    near = NewtonSearch(starts=[[0.6, 0.2], [0.65, 0.18]])
    found = dg.fixed_points(HENON, method=near)
    assert len(found) == 1
    assert found.boxes == 2
    orbit = cycles(HENON, HENON_BOX, 4)[0]
    around = NewtonSearch(starts=orbit.points[None] + 1e-3)
    again = dg.periodic_orbits(HENON, period=4, method=around)
    assert np.allclose(again[0].points, orbit.points, atol=1e-13)


def test_a_cycle_of_minibatches():
    F = dg.MinibatchCycle(
        [dg.Loss((x - 1) ** 2 / 2 + x**4 / 10, [x]), dg.Loss((x + 2) ** 2 / 2, [x])], "1/3"
    )
    (orbit,) = fixed(F, dg.Box([-5], [5])).orbits
    assert np.allclose(F(orbit.points), orbit.points, atol=1e-15)
    assert orbit.critical is None  # it moves with the step size
    assert orbit.kind is Kind.SINK


def test_a_rule_that_rests_elsewhere_is_not_taken_for_its_gradient():
    class Decaying(dg.GradientDescent):
        @staticmethod
        def update(state, gradient, settings):
            g = gradient(state[0]) + state[0]
            return [state[0] - settings["step_size"] * g], g

    (orbit,) = fixed(Decaying(dg.Loss((x - 1) ** 2 / 2, [x]), "1/2"), dg.Box([-2], [2])).orbits
    assert np.allclose(orbit.points, 0.5)
    assert orbit.critical is None


def test_the_same_seed_gives_the_same_bits():
    first, second, other = (cycles(HENON, HENON_BOX, 9, rng=seed) for seed in (3, 3, 4))
    assert first.why == second.why != other.why
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.points, two.points)
        assert np.array_equal(one.multipliers, two.multipliers)


def test_progress_counts_starts():
    seen = []
    few = NewtonSearch(starts=100)
    found = cycles(HENON, HENON_BOX, 15, few, progress=lambda *counts: seen.append(counts))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert all(done <= known for done, known in seen)
    assert seen[-1][0] == found.boxes


def test_an_interruption_goes_through():
    def interrupt(done, known):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cycles(HENON, HENON_BOX, 5, progress=interrupt)


def test_an_answer_can_be_continued():
    few = NewtonSearch(starts=60, rounds=1)
    first = cycles(HENON, HENON_BOX, 14, few)
    second = cycles(HENON, HENON_BOX, 14, NewtonSearch(), continued=first)
    assert 0 < len(first) < len(second) == 44
    assert second.boxes > first.boxes


def test_the_time_limit_is_kept_and_told():
    found = cycles(HENON, HENON_BOX, 20_000, seconds=0.2)
    assert "the time limit ended the search" in found.why
    assert len(found) == 0


def test_far_too_long_orbits_are_not_begun():
    found = cycles(HENON, HENON_BOX, 10**6)
    assert not found.complete
    assert "too long" in found.why


def test_long_orbits_do_not_overflow():
    # Multipliers of about 4^(-p), from x -> x/4 with a turn.
    F = dg.SymbolicMap([-x * 1000, y / 1000], [x, y])
    near = NewtonSearch(starts=[[[0.1, 0.1], [-0.1, 0.1]]])
    assert len(dg.periodic_orbits(F, period=2, method=near)) == 0  # only the origin, of period 1
    orbit = cycles(QUADRATIC, dg.Box([0], [1]), 400, NewtonSearch(starts=10, rounds=1))[0]
    assert np.isclose(np.log2(abs(orbit.multipliers[0])), 400, atol=1e-6)


@pytest.mark.parametrize(
    "F",
    [dg.SymbolicMap([sp.log(x)], [x]), dg.SymbolicMap([3 * sp.exp(sp.exp(x))], [x])],
    ids=["nowhere defined", "overflows"],
)
def test_maps_that_are_not_finite(F):
    found = cycles(F, dg.Box([-900], [-1]), 3)
    assert len(found) == 0
    assert not found.complete


def test_a_pole_in_the_region():
    found = fixed(dg.SymbolicMap([1 / x], [x]), dg.Box([-1], [2]))
    assert np.allclose(np.ravel([o.points for o in found]), [-1, 1])
    assert all(o.kind is Kind.UNDECIDED for o in found)  # the multiplier is -1


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("region", lambda: dg.fixed_points(HENON, method=NewtonSearch())),
        ("parameter", lambda: fixed(dg.SymbolicMap([a * x], [x]), dg.Box([0], [1]))),
        ("starts", lambda: fixed(HENON, HENON_BOX, NewtonSearch(starts=[[1.0]]))),
        ("starts", lambda: cycles(HENON, HENON_BOX, 3, NewtonSearch(starts=np.ones((4, 2, 2))))),
        ("modulo", lambda: fixed(HENON, HENON_BOX, NewtonSearch(modulo=(1.0,)))),
        ("modulo", lambda: fixed(HENON, HENON_BOX, NewtonSearch(modulo=(1.0, None)))),
        ("modulo", lambda: fixed(HENON, HENON_BOX, NewtonSearch(modulo=(-1.0, None)))),
        ("modulo", lambda: fixed(HENON, HENON_BOX, NewtonSearch(modulo=2.0))),
        ("rng", lambda: fixed(HENON, HENON_BOX, rng=-1)),
    ],
)
def test_bad_questions_are_refused(argument, call):
    with pytest.raises(dg.InvalidInput) as refused:
        call()
    assert refused.value.argument == argument
