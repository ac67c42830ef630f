"""Certified branches: complete where branches are regular, gaps where they are not, and sound."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, beta, eta, x, y, z

import dynsys_gd as dg
from dynsys_gd.branches.tubes.chains import one_branch
from dynsys_gd.branches.tubes.covering import passes
from dynsys_gd.branches.tubes.cyclic_system import CyclicSystem
from dynsys_gd.branches.tubes.formulas import formulas_of
from dynsys_gd.branches.tubes.stretches import runs_of
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade, Outcome

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])
FORK = dg.SymbolicMap([a * x - x**3], [x])
CHAIN = dg.GradientDescent(
    dg.Loss(sum((v**2 - 1) ** 2 / 4 for v in (x, y, z)) + (x - y) ** 2 / 5 + y * z / 7, [x, y, z]),
    eta,
)


@cache
def fixed_point():
    return dg.follow(WELL, [1.0], parameter="eta", to=(0.5, 1.25))


@cache
def two_cycle():
    return dg.switch(fixed_point(), 0)


@cache
def window():
    """Period three of the logistic map, on both sides of where it is born."""
    start = mpmath.findroot(lambda *v: steps(v, 3.84), (0.49, 0.96, 0.15))
    orbit = np.array([[float(v)] for v in start])
    return dg.follow(LOGISTIC, orbit, parameter="a", to=(3.7, 3.86), start=3.84)


def steps(v, value):
    return [value * u * (1 - u) - w for u, w in zip(v, [*v[1:], v[0]], strict=True)]


@cache
def certified(name):
    return {
        "fixed": lambda: dg.certify(fixed_point()),
        "cycle": lambda: dg.certify(two_cycle(), part=("21/20", "6/5")),
        "all of the cycle": lambda: dg.certify(two_cycle()),
        "window": lambda: dg.certify(window()),
        "fork": lambda: dg.certify(dg.follow(FORK, [0.0], parameter="a", to=(0.5, 1.5), start=0.5)),
        "chain": lambda: dg.certify(
            dg.follow(CHAIN, [1.0, 0.9, -1.0], parameter="eta", to=(0.5, 1.2))
        ),
        "heavy": lambda: dg.certify(
            dg.follow(
                dg.HeavyBall(WELL.loss, eta, "1/3"), [1.0], parameter="eta", to=(0.6, 1.6), start=1
            )
        ),
    }[name]()


def cycle_point(value, sign):
    """The 2-cycle around 1: roots of η²s² - (η² + η)s + 1 with s = x², to 60 digits."""
    with mpmath.workdps(60):
        e = mpmath.mpf(value)
        root = mpmath.sqrt((e**2 + e) ** 2 - 4 * e**2)
        return mpmath.sqrt((e**2 + e + sign * root) / (2 * e**2))


def test_the_two_cycle_of_the_double_well():
    found = certified("cycle")
    assert found.complete
    assert found.gaps == ()
    assert found.least_period is Outcome.YES
    assert found.evidence.grade is Grade.CERTIFIED
    assert {s.kind for s in found.segments} == {dg.Kind.SINK}
    assert len(found.stretches) == 1
    assert len(found) < 40
    assert found.width < 2e-6


def test_exact_ends_lie_in_the_proved_range():
    found = certified("cycle")
    first, last = found.segments[0].ends[0], found.segments[-1].ends[1]
    assert Fraction(first) <= Fraction(21, 20) < Fraction(6, 5) <= Fraction(last)
    assert all(s.by_parameter for s in found.segments)
    for before, after in zip(found.segments, found.segments[1:], strict=False):
        assert before.ends[1] == after.ends[0]


def test_the_cycle_lies_in_its_enclosures():
    rng = np.random.default_rng(0)
    for segment in certified("cycle").segments:
        for value in rng.uniform(*segment.ends, size=4).tolist():
            bounds = segment.orbit_at(value)
            points = sorted(cycle_point(value, sign) for sign in (1, -1))
            order = np.argsort(bounds[:, 0, 0])
            for point, (low, high) in zip(points, bounds[order, 0].tolist(), strict=True):
                assert low <= point <= high
                assert high - low <= segment.width * 1.001


def test_multipliers_lie_in_their_bounds():
    for segment in certified("cycle").segments:
        low, high = segment.ends
        for value in (low, 0.5 * (low + high), high):
            with mpmath.workdps(40):
                factors = [1 - value * (3 * cycle_point(value, sign) ** 2 - 1) for sign in (1, -1)]
                mu = factors[0] * factors[1]
            assert segment.multipliers[0, 0, 0] <= mu <= segment.multipliers[0, 0, 1]
            assert segment.multipliers[0, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["chain", "heavy", "window", "all of the cycle"])
def test_orbits_to_many_digits_lie_in_the_tubes(name):
    """An independent Newton's method in 40 digits, from the middle of random places."""
    found = certified(name)
    F, rng = found.map, np.random.default_rng(1)
    symbol = next(s for s in F.expression.free_symbols if s.name == found.parameter)
    images = sp.lambdify([*F.variables, symbol], list(F.expression), "mpmath")
    p, d = found.branch.points.shape[1:]
    for place in rng.choice(len(found), size=8):
        segment = found.segments[place]
        value = float(rng.uniform(*segment.ends))
        low, high = segment.hull(value, value)
        j = segment.coordinate
        free = [i for i in range(p * d + 1) if i != j]

        def gap(*unknowns, j=j, value=value):
            v = [*unknowns[:j], mpmath.mpf(value), *unknowns[j:]]
            rows = [v[k * d : (k + 1) * d] for k in range(p)]
            moved = [images(*row, v[-1]) for row in rows]
            return [
                m - n for k in range(p) for m, n in zip(moved[k], rows[(k + 1) % p], strict=True)
            ]

        with mpmath.workdps(40):
            start = [mpmath.mpf(float(0.5 * (low[i] + high[i]))) for i in free]
            root = mpmath.findroot(gap, start, tol=1e-60)
        for value_found, i in zip(root, free, strict=True):
            assert low[i] <= value_found <= high[i]
            assert segment.tight[i] <= segment.radius[i]


def test_the_tube_holds_one_orbit_only():
    """The fixed point and the cycle are apart: no tube of one reaches the other."""
    for segment in certified("all of the cycle").segments:
        middle = segment.along(3)[1]
        assert np.all(np.abs(middle[:2] - 1.0) > segment.radius[:2])


def test_newtons_method_from_the_corners_of_a_tube_finds_the_same_orbit():
    for segment in certified("cycle").segments[::5]:
        value = float(np.mean(segment.ends))
        centre = segment.curve(value, value).middle()[:2]
        (box,) = certified("cycle").orbits_at(value)
        for corner in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            u = centre + segment.radius[:2] * corner
            for _ in range(8):
                slopes = 1 - value * (3 * u**2 - 1)
                gap = u - value * (u**3 - u) - u[::-1]
                u = u - np.linalg.solve([[slopes[0], -1], [-1, slopes[1]]], gap)
            assert np.all(np.abs(u - box[:, 0].mean(axis=1)) < 1e-13)


def test_a_fold_is_passed():
    found = certified("window")
    assert found.complete
    assert found.least_period is Outcome.YES
    turned = [s for s in found.segments if not s.by_parameter]
    assert turned
    birth = 1 + np.sqrt(8)
    assert any(s.parameter[0] <= birth <= s.parameter[1] for s in turned)
    # The branch leaves at the upper end on both sides: two orbits over every value.
    assert found.segments[0].parameter[1] == found.segments[-1].parameter[1] == 3.86
    assert len(found.orbits_at(3.85)) == 2
    kinds = {s.kind for s in found.segments if s.parameter[0] > 3.845}
    assert kinds == {dg.Kind.SOURCE}


def test_segments_of_a_fold_tell_what_they_prove():
    turned = next(s for s in certified("window").segments if not s.by_parameter)
    assert "coordinate 0 of point" in turned.statement("a")
    straight = next(s for s in certified("window").segments if s.by_parameter)
    assert straight.statement("a").startswith("for every value of a in [3.8")


def test_a_pitchfork_is_a_gap():
    found = certified("fork")
    assert not found.complete
    (gap,) = found.gaps
    assert gap.reason is dg.GapReason.CROSSING
    assert gap.parameter[0] < 1 < gap.parameter[1]
    assert gap.parameter[1] - gap.parameter[0] < 1e-5
    assert len(found.stretches) == 2
    below = [s.kind for s in found.segments if s.parameter[1] < 0.99]
    above = [s.kind for s in found.segments if s.parameter[0] > 1.01]
    assert (set(below), set(above)) == ({dg.Kind.SINK}, {dg.Kind.SOURCE})


def test_kinds_change_where_a_multiplier_crosses():
    found = certified("fixed")
    for segment in found.segments:
        low, high = segment.parameter
        if segment.kind is dg.Kind.UNDECIDED:
            assert low <= 1 <= high
            assert high - low < 1e-3
        else:
            assert segment.kind is (dg.Kind.SINK if high <= 1 else dg.Kind.SOURCE)
            assert segment.flips == (0 if high <= 1 else 1)


def test_kinds_in_three_dimensions():
    found = certified("chain")
    assert found.complete
    branch = found.branch
    for value, kind in zip(branch.values, branch.kinds, strict=True):
        for segment in found.segments:
            if segment.kind is not dg.Kind.UNDECIDED and segment.ends[0] < value < segment.ends[1]:
                assert segment.kind is kind
    unstable = [s.unstable for s in found.segments if s.unstable is not None]
    assert unstable == sorted(unstable)
    assert max(unstable) == 3


def test_orbits_at_a_value_are_sharp():
    (box,) = certified("cycle").orbits_at(1.125)
    assert np.ptp(box, axis=2).max() < 1e-14
    points = sorted(cycle_point(1.125, sign) for sign in (1, -1))
    for point, (low, high) in zip(points, sorted(box[:, 0].tolist()), strict=True):
        assert low <= point <= high
    assert certified("cycle").orbits_at(2.0) == ()
    assert len(certified("cycle").orbits_at(certified("cycle").segments[0].ends[1])) == 1


def test_points_off_the_orbit_are_not_certified():
    branch = two_cycle()
    moved = tuple(replace(s, points=s.points + 1e-3) for s in branch.steps)
    found = dg.certify(replace(branch, steps=moved))
    assert len(found) == 0
    assert not found.complete
    assert {gap.reason for gap in found.gaps} == {dg.GapReason.ELSEWHERE}
    assert not found.evidence.grade.rigorous
    assert found.least_period is Outcome.UNDECIDED


def test_the_branch_of_another_map_is_not_certified():
    other = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2 + x**3 / 100, [x]), eta)
    found = dg.certify(replace(two_cycle(), map=other, special=()))
    assert len(found) == 0
    assert {gap.reason for gap in found.gaps} == {dg.GapReason.ELSEWHERE}


def test_a_branch_that_jumps_is_not_certified_across_the_jump():
    """All points are orbits: below 1.1 the fixed point written twice, above it the cycle."""
    branch = two_cycle()
    steps = tuple(
        replace(s, points=np.ones_like(s.points)) if 1.05 < s.value < 1.1 else s
        for s in branch.steps
        if s.value > 1.05
    )
    found = dg.certify(replace(branch, steps=steps, special=()))
    assert not found.complete
    assert len(found.gaps) >= 1
    assert any(g.parameter[0] - 0.02 < 1.1 < g.parameter[1] + 0.02 for g in found.gaps)
    for segment in found.segments:
        value = 0.5 * sum(segment.ends) if segment.by_parameter else None
        if value is None or value > 1.12:
            continue
        if value < 1.09:
            low, high = segment.hull(value, value)
            assert np.all((low[:2] <= 1) & (high[:2] >= 1))
    # On the part with the fixed point twice nothing proves that two is the least period.
    assert found.least_period is Outcome.UNDECIDED


def test_neighbours_are_joined_only_where_one_lies_in_the_other():
    first, second, third = certified("cycle").segments[:3]
    assert one_branch(first, second)
    assert one_branch(second, third)
    assert not one_branch(first, third)
    other = replace(second, coefficients=second.coefficients[[1, 0, 2]], proof=-1)
    assert not one_branch(first, other)  # the same cycle, begun with its other point
    thin = replace(second, radius=0.1 * first.tight, tight=4 * first.radius, proof=-1)
    assert not one_branch(first, thin)


def test_tubes_must_go_along_the_points_that_were_given():
    system = CyclicSystem(formulas_of(WELL, "eta"), 2, (1,))
    (run,) = runs_of(two_cycle(), system, (1.05, 1.2))
    segment = certified("cycle").segments[0]
    assert passes(segment, run)
    assert not passes(segment, replace(run, nodes=run.nodes + np.array([1e-4, 0, 0])))


def test_parts_of_a_branch():
    found = dg.certify(fixed_point(), part=(0.75, 1.75))
    assert not found.complete
    assert [gap.reason for gap in found.gaps] == [dg.GapReason.END]
    assert found.gaps[0].parameter == (1.25, 1.25)
    assert found.segments[0].ends[0] == 0.75
    with pytest.raises(InvalidInput, match="part"):
        dg.certify(fixed_point(), part=(3, 4))


def test_a_range_of_few_roundings():
    F = dg.SymbolicMap([a - x**2], [x])
    found = dg.certify(dg.follow(F, [0.618034], parameter="a", to=(1, 1 + 1e-9), start=1))
    assert found.complete
    assert "[1.0, 1.000000001" in found.headline()


def test_attempts_are_limited():
    found = dg.certify(two_cycle(), method=dg.Tubes(attempts=5))
    assert found.attempts <= 5
    assert dg.GapReason.ATTEMPTS in {gap.reason for gap in found.gaps}


def test_wider_tubes_are_fewer():
    thick = dg.certify(two_cycle(), part=("21/20", "6/5"), method=dg.Tubes(width=1.0))
    thin = dg.certify(two_cycle(), part=("21/20", "6/5"), method=dg.Tubes(width=1e-9))
    assert thick.complete
    assert thin.complete
    assert len(thick) < len(certified("cycle")) < len(thin)
    assert thin.width < 3e-9


def test_a_long_orbit_of_henons_map():
    at = HENON.at(a="7/5")
    orbit = dg.periodic_orbits(
        at, dg.Box([-1.43, -0.43], [1.43, 0.43]), period=8, method=dg.Krawczyk()
    )[0]
    found = dg.certify(dg.follow(HENON, orbit, parameter="a", to=(1.395, 1.405), start=1.4))
    assert found.complete
    assert found.least_period is Outcome.YES
    assert {s.kind for s in found.segments} == {dg.Kind.SADDLE}


def test_a_function_with_a_restricted_domain():
    """The slope of log x is bounded below zero, where log x is not defined."""
    F = dg.SymbolicMap([a + sp.log(x)], [x])
    found = dg.certify(dg.follow(F, [3.0], parameter="a", to=(1.5, 2.5), start=1.9013877))
    assert found.complete
    for segment in found.segments:
        assert segment.enclosure[0, 0, 0] > 0


def test_floats_in_the_formulas_prove_less():
    F = dg.SymbolicMap([a * x * (1 - x) + 0.1], [x])
    found = dg.certify(dg.follow(F, [0.6], parameter="a", to=(2.2, 2.4)))
    assert found.complete
    assert found.evidence.grade is Grade.NUMERICAL
    assert found.headline().startswith("Enclosed")


def test_families_are_refused():
    ring = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
    branch = dg.follow(ring, [1.0, 1.0], parameter="eta", to=(0.5, 0.9))
    with pytest.raises(InvalidInput, match="family of fixed points"):
        dg.certify(branch)


def test_maps_without_formulas_are_refused():
    class Opaque(type(LOGISTIC)):
        expression = None

        def describe(self):
            return "a black box"

    blind = Opaque([a * x * (1 - x)], [x])
    with pytest.raises(InvalidInput, match="formulas"):
        dg.certify(replace(window(), map=blind))


@pytest.mark.parametrize("part", [(1,), "ab", (1.1, 1.1), (1.1, float("nan")), (beta, 2), 3])
def test_bad_parts_are_refused(part):
    with pytest.raises(InvalidInput, match="part"):
        dg.certify(two_cycle(), part=part)


def test_progress_is_told():
    told = []
    found = dg.certify(two_cycle(), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (found.attempts, None)
    assert [t for t, _ in told] == sorted(t for t, _ in told)
