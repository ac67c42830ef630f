"""Complete lists by the certified method, against known counts, exact algebra and bad questions."""

import itertools
from collections import Counter

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd import Box, GradientDescent, InvalidInput, Krawczyk, Loss, SymbolicMap

R = sp.Rational
HENON = SymbolicMap([1 - R(7, 5) * x**2 + y, R(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "3/2")
LOGISTIC = SymbolicMap([4 * x * (1 - x)], [x])
OPEN_MAP, OPEN = SymbolicMap([a * x * (1 - x)], [x]), GradientDescent(HIMMELBLAU, eta)
SADDLE, MINIMUM, MAXIMUM = dg.CriticalKind.SADDLE, dg.CriticalKind.MINIMUM, dg.CriticalKind.MAXIMUM


def certified(F, region, period=1, **settings):
    method = Krawczyk(**settings)
    found = dg.periodic_orbits(F, region, period=period, method=method, seconds=60)
    assert found.evidence.grade is dg.Grade.CERTIFIED
    return found


def holds(orbit, exact):
    """Return whether exact points lie in the enclosure of an orbit."""
    ends = orbit.enclosure.tolist()
    return all(
        R(low) <= value <= R(high)
        for point, box in zip(exact, ends, strict=True)
        for value, (low, high) in zip(point, box, strict=True)
    )


@pytest.mark.parametrize(
    ("loss", "half", "counts"),
    [
        (HIMMELBLAU, 6, {MINIMUM: 4, SADDLE: 4, MAXIMUM: 1}),
        (
            Loss(4 * x**2 - R(21, 10) * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4, [x, y]),
            2.5,
            {MINIMUM: 6, SADDLE: 7, MAXIMUM: 2},
        ),
        (
            Loss((x**4 + y**4) / 2 - 8 * (x**2 + y**2) + R(5, 2) * (x + y), [x, y]),
            5,
            {MINIMUM: 4, SADDLE: 4, MAXIMUM: 1},
        ),
    ],
    ids=["himmelblau", "six-hump camel", "Styblinski-Tang"],
)
def test_critical_points_agree_with_exact_algebra(loss, half, counts):
    F, region = GradientDescent(loss, eta), Box([-half] * 2, [half] * 2)
    found = certified(F, region)
    assert found.complete
    assert Counter(orbit.critical for orbit in found.orbits) == counts
    exact = dg.fixed_points(F, region, method=dg.Exact())
    assert len(exact.orbits) == len(found.orbits)
    for truth in exact.orbits:
        (orbit,) = (o for o in found.orbits if np.abs(o.points - truth.points).max() < 1e-9)
        assert (orbit.enclosure[..., 0] <= truth.enclosure[..., 1]).all()
        assert (orbit.enclosure[..., 1] >= truth.enclosure[..., 0]).all()
        assert orbit.critical is truth.critical
        if orbit.critical is MINIMUM:
            low, high = orbit.critical_step
            # A long exact number is rounded to 30 digits, the bounds are 1e-13 apart.
            assert low - 1e-25 <= truth.step_sizes.end.evalf(30) <= high + 1e-25
        else:
            assert orbit.critical_step is None


def test_every_point_of_the_product_of_sines():
    found = certified(
        GradientDescent(Loss(sp.sin(x) * sp.sin(y), [x, y]), eta), Box([-5] * 2, [6] * 2)
    )
    assert found.complete
    assert len(found) == 25
    zeros = [k * sp.pi for k in (-1, 0, 1)]
    tops = [k * sp.pi / 2 for k in (-3, -1, 1, 3)]
    kinds = dict.fromkeys(itertools.product(zeros, zeros), SADDLE)
    for p, q in itertools.product(tops, tops):
        kinds[p, q] = MINIMUM if sp.sin(p) * sp.sin(q) < 0 else MAXIMUM
    for point, kind in kinds.items():
        (orbit,) = (
            o for o in found.orbits if np.abs(o.points - np.array(point, float)).max() < 1e-9
        )
        assert orbit.critical is kind
        ends = orbit.enclosure[0].tolist()
        assert all(bool(R(low) <= value) and bool(value <= R(high))
                   for value, (low, high) in zip(point, ends, strict=True))  # fmt: skip
        if kind is MINIMUM:
            assert orbit.critical_step[0] <= 2 <= orbit.critical_step[1]
            assert orbit.critical_step[1] - orbit.critical_step[0] < 1e-12


def test_every_point_of_rastrigin():
    axis = x**2 - 10 * sp.cos(2 * sp.pi * x)
    loss = Loss(20 + axis + axis.subs(x, y), [x, y])
    found = certified(GradientDescent(loss, eta), Box([-5] * 2, [6] * 2))
    assert found.complete
    # In one coordinate: 12 minima and 11 maxima between -5 and 6.
    assert Counter(o.critical for o in found.orbits) == {
        MINIMUM: 144, MAXIMUM: 121, SADDLE: 264,
    }  # fmt: skip
    (best,) = (o for o in found.orbits if np.abs(o.points).max() < 1e-9)
    exact = 2 / (2 + 40 * sp.pi**2)
    assert bool(R(best.critical_step[0]) <= exact)
    assert bool(exact <= R(best.critical_step[1]))


def test_a_point_on_a_dyadic_face_is_found_once():
    for region in (Box([-5, -6], [11, 10]), Box([2.5, 1], [3.5, 3]), Box([3, 2], [5, 4])):
        found = certified(GradientDescent(HIMMELBLAU, "1/50"), region)
        assert found.complete
        at = [o for o in found.orbits if np.abs(o.points[0] - [3, 2]).max() < 1e-6]
        assert len(at) == 1
        assert at[0].exact == ((3, 2),)


HENON_COUNTS = [2, 1, 0, 1, 0, 2, 4, 7, 6, 10, 14, 19, 32, 44, 72, 102]


@pytest.mark.parametrize("period", range(1, 17))
def test_prime_orbits_of_henon(period):
    found = certified(HENON, HENON_BOX, period)
    assert found.complete
    assert not found.clusters
    assert len(found) == HENON_COUNTS[period - 1]
    assert all(orbit.kind is dg.Kind.SADDLE for orbit in found.orbits)


@pytest.mark.parametrize("period", [3, 7, 12])
def test_henon_as_momentum_has_the_same_orbits(period):
    theta = sp.Symbol("theta")
    momentum = R(-3, 10)
    slope = R(7, 5) * theta**2 + (1 + momentum) * theta - 1
    F = dg.HeavyBall(Loss(sp.integrate(slope, theta), [theta]), 1, momentum)
    region = Box([-1.43, -0.43 / 0.3], [1.43, 0.43 / 0.3])
    found = certified(F, region, period)
    assert found.complete
    assert len(found) == HENON_COUNTS[period - 1]
    direct = certified(HENON, HENON_BOX, period)
    first = sorted(orbit.points[:, 0].max() for orbit in found.orbits)
    second = sorted(orbit.points[:, 0].max() for orbit in direct.orbits)
    assert np.allclose(first, second, atol=1e-10)


def test_longer_henon_orbits_are_all_proved_again():
    found = certified(HENON, HENON_BOX, 13, audit=True)
    assert found.complete
    assert len(found) == 32
    assert "200 bits" in found.evidence.reason


@pytest.mark.parametrize(("step", "points"), [("1/50", 21), ("1/40", 31), ("1/20", 43)])
def test_points_of_the_second_iterate_for_himmelblau(step, points):
    F, region = GradientDescent(HIMMELBLAU, step), Box([-16] * 2, [16] * 2)
    fixed, pairs = certified(F, region), certified(F, region, 2)
    assert fixed.complete
    assert pairs.complete
    assert len(fixed) + 2 * len(pairs) == points


def test_iterates_of_the_double_well():
    region = Box([-3], [3])
    prime = {n: certified(WELL, region, n) for n in range(1, 7)}
    assert all(found.complete for found in prime.values())
    for n, points in {4: 17, 5: 23, 6: 57}.items():
        assert sum(p * len(prime[p]) for p in sp.divisors(n)) == points


@pytest.mark.parametrize("period", range(1, 11))
def test_the_full_shift(period):
    found = certified(LOGISTIC, Box([0], [1]), period)
    assert found.complete
    assert len(found) == [2, 1, 2, 3, 6, 9, 18, 30, 56, 99][period - 1]
    for orbit in found.orbits:
        low, high = orbit.multiplier_bounds[0, 0]
        size = 4 if period == 1 and abs(orbit.points[0, 0]) < 0.1 else 2**period
        assert low <= size <= high or low <= -size <= high


def test_multiple_zeros_stay_clusters():
    slope = (x - 1) * (x**2 - 2) ** 3 * (x**3 - 2) ** 4
    F = GradientDescent(Loss(sp.integrate(sp.expand(slope), x), [x]), "1/100")
    found = dg.fixed_points(F, Box([-3], [3]), method=Krawczyk())
    assert [o.exact for o in found.orbits] == [((1,),)]
    assert not found.complete
    roots = [-np.sqrt(2), np.sqrt(2), 2 ** (1 / 3)]
    for root in roots:
        assert sum(c.hull[0, 0, 0] <= root <= c.hull[0, 0, 1] for c in found.clusters) == 1
    assert len(found.clusters) == 3
    assert all(c.width < 1e-8 and c.obstacle is dg.Obstacle.SINGULAR for c in found.clusters)


def test_the_birth_of_the_three_cycle_is_not_called_stable():
    found = dg.periodic_orbits(
        SymbolicMap([x**2 - R(7, 4)], [x]), Box([-3], [3]), period=3, method=Krawczyk()
    )
    assert not found.complete
    assert not found.orbits
    assert len(found.clusters) == 1
    exact = dg.periodic_orbits(SymbolicMap([x**2 - R(7, 4)], [x]), period=3, method=dg.Exact())
    assert exact.complete
    assert [o.kind for o in exact.orbits] == [dg.Kind.NEUTRAL]


def hsu_guttalu(coupling):
    """Two damped oscillators with quadratic forces, kicked once a period, and a linear spring.

    Each is heavy-ball momentum on a cubic loss, with a momentum of its own.
    """
    u, v = sp.symbols("u v")
    first, second = (1 - R(1, 10)) ** 2, (1 - R(1, 5)) ** 2
    images = [
        (1 + first) * x**2 - first * u + coupling * y,
        (1 + second) * y**2 - second * v + coupling * x,
    ]
    return SymbolicMap([*images, x, y], [x, y, u, v])


@pytest.mark.parametrize("coupling", [R(1, 10), R(1, 2), 1, R(5, 2), -2])
def test_a_coupled_system_in_four_dimensions(coupling):
    F, region = hsu_guttalu(coupling), Box([-8] * 4, [8] * 4)
    for period in (1, 2):
        found = certified(F, region, period)
        assert found.complete
        exact = dg.periodic_orbits(F, region, period=period, method=dg.Exact())
        if exact.complete:
            assert len(exact) == len(found)
            assert Counter(o.kind for o in exact.orbits) == Counter(o.kind for o in found.orbits)


def test_coupled_cubic_losses_with_momenta_of_their_own():
    u, v = sp.symbols("u v")
    spring = R(1, 20) * (y - x)
    images = [1 - R(5, 4) * x**2 + R(3, 10) * u + spring, 1 - R(6, 5) * y**2 - v / 5 - spring]
    F, region = SymbolicMap([*images, x, y], [x, y, u, v]), Box([-3] * 4, [3] * 4)
    for period, count in ((1, 4), (2, 4)):
        found = certified(F, region, period)
        exact = dg.periodic_orbits(F, region, period=period, method=dg.Exact())
        assert found.complete
        assert exact.complete
        assert len(found) == len(exact) == count
        assert Counter(o.kind for o in exact.orbits) == Counter(o.kind for o in found.orbits)


RNG = np.random.default_rng(20)
RANDOM = [[[R(int(c), 4) for c in RNG.integers(-6, 7, 6)] for _ in range(2)] for _ in range(12)]


@pytest.mark.parametrize("rows", RANDOM, ids=range(len(RANDOM)))
def test_random_quadratic_maps_against_exact_algebra(rows):
    terms = [1, x, y, x**2, x * y, y**2]
    F = SymbolicMap([sum(c * t for c, t in zip(row, terms, strict=True)) for row in rows], [x, y])
    region = Box([-3.25, -2.75], [3.0, 3.5])
    for period in (1, 2):
        exact = dg.periodic_orbits(F, region, period=period, method=dg.Exact())
        found = dg.periodic_orbits(F, region, period=period, method=Krawczyk())
        assert exact.complete
        assert len(found.orbits) <= len(exact.orbits)
        for orbit in found.orbits:
            assert any(
                np.abs(np.roll(t.points, k, axis=0) - orbit.points).max() < 1e-9
                for t in exact.orbits
                for k in range(period)
            )
        if found.complete:
            assert len(found.orbits) == len(exact.orbits)
            assert Counter(o.kind for o in found.orbits) == Counter(o.kind for o in exact.orbits)
        else:
            assert found.clusters


def test_an_answer_cut_short_can_be_continued():
    whole = certified(HENON, HENON_BOX, 16)
    part = dg.periodic_orbits(HENON, HENON_BOX, period=16, method=Krawczyk(boxes=1))
    rounds = 0
    while not part.complete:
        assert {c.obstacle for c in part.clusters} == {dg.Obstacle.TIME}
        assert "continued" in part.why
        part = dg.periodic_orbits(
            HENON, HENON_BOX, period=16, method=Krawczyk(boxes=1500), continued=part
        )
        rounds += 1
    assert rounds >= 2
    assert len(part) == len(whole)
    for one, other in zip(part.orbits, whole.orbits, strict=True):
        assert np.abs(one.points - other.points).max() < 1e-13


def test_another_question_is_not_continued():
    part = dg.periodic_orbits(HENON, HENON_BOX, period=12, method=Krawczyk(boxes=1))
    with pytest.raises(InvalidInput, match="continued"):
        dg.periodic_orbits(HENON, HENON_BOX, period=13, method=Krawczyk(), continued=part)


def test_progress_counts_boxes():
    seen = []
    dg.periodic_orbits(
        HENON, HENON_BOX, period=14, method=Krawczyk(), progress=lambda *n: seen.append(n)
    )
    assert len(seen) >= 3
    assert all(done <= known for done, known in seen)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_ctrl_c_ends_a_search():
    def stop(done, known):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dg.periodic_orbits(HENON, HENON_BOX, period=14, method=Krawczyk(), progress=stop)


def test_an_answer_is_the_same_each_time():
    first, second = (certified(HENON, HENON_BOX, 11) for _ in range(2))
    assert first.to_dict() == second.to_dict()


def test_floats_are_not_certified():
    found = dg.fixed_points(
        GradientDescent(HIMMELBLAU, 0.02), Box([-6] * 2, [6] * 2), method=Krawczyk()
    )
    assert found.evidence.grade is dg.Grade.NUMERICAL
    assert "floating-point" in found.evidence.reason


def test_a_region_with_a_pole_keeps_the_minimum():
    F = GradientDescent(Loss(1 / x + x, [x]), "1/10")
    found = dg.fixed_points(F, Box([-1.5], [2]), method=Krawczyk())
    assert [o.exact for o in found.orbits] == [((-1,),), ((1,),)]
    assert not found.complete
    assert {c.obstacle for c in found.clusters} == {dg.Obstacle.UNDEFINED}
    assert all(c.hull[0, 0, 0] <= 0 <= c.hull[0, 0, 1] for c in found.clusters)


@pytest.mark.parametrize(
    "loss", [sp.Abs(x) + x**2, sp.Max(x, x**2), sp.Piecewise((x**2, x > 0), (x**4, True))]
)
def test_kinks_are_not_decided(loss):
    found = dg.fixed_points(
        GradientDescent(Loss(loss, [x]), "1/3"), Box([-1], [1]), method=Krawczyk()
    )
    assert not found.complete
    assert len(found.orbits) == 0
    assert "kinks" in found.why


def test_a_period_of_a_million_is_answered_at_once():
    found = dg.periodic_orbits(HENON, HENON_BOX, period=10**6, method=Krawczyk())
    assert not found.complete
    assert "too long" in found.why


@pytest.mark.parametrize(
    ("question", "argument"),
    [
        (lambda: dg.fixed_points(HENON, method=Krawczyk()), "region"),
        (lambda: dg.fixed_points(HENON, dg.Gaussian([0, 0], 1), method=Krawczyk()), "region"),
        (lambda: dg.fixed_points(HENON, Box([0], [1]), method=Krawczyk()), "region"),
        (lambda: dg.fixed_points(OPEN_MAP, Box([0], [1]), method=Krawczyk()), "F"),
        (lambda: dg.periodic_orbits(OPEN, HENON_BOX, period=2, method=Krawczyk()), "F"),
        (lambda: dg.periodic_orbits(HENON, HENON_BOX, period=0, method=Krawczyk()), "period"),
        (lambda: dg.fixed_points(HENON, HENON_BOX, method="krawczyk"), "method"),
        (lambda: dg.fixed_points(HENON, HENON_BOX, method=Krawczyk(), seconds=0), "seconds"),
        (lambda: Krawczyk(min_width=0), "min_width"),
        (lambda: Krawczyk(min_width=float("nan")), "min_width"),
        (lambda: Krawczyk(boxes=0), "boxes"),
        (lambda: Krawczyk(boxes=1.5), "boxes"),
        (lambda: Krawczyk(audit="yes"), "audit"),
        (lambda: Krawczyk(precision=10), "precision"),
        (lambda: Box([0, 0], [0, 1]), "low, high"),
        (lambda: Box([0, 0], [np.inf, 1]), "high"),
    ],
)  # fmt: skip
def test_bad_questions_are_refused(question, argument):
    with pytest.raises(InvalidInput) as caught:
        question()
    assert caught.value.argument == argument


def test_a_map_without_formula_is_refused():
    net = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 2]], [[1], [0], [2]])
    F = GradientDescent(net, "1/10")
    if F.expression is None:
        with pytest.raises(InvalidInput, match="NewtonSearch"):
            dg.fixed_points(F, Box([-1] * 6, [1] * 6), method=Krawczyk())


def test_nan_parameters_are_refused():
    with pytest.raises(dg.DynsysError):
        SymbolicMap([a * x], [x]).at(a=float("nan"))
