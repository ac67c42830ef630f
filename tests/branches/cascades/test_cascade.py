"""Cascades against values computed another way, closed forms, and what ends them."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
import sympy as sp
from mpmath import mp
from sympy.abc import a, eta, u, x, y

import dynsys_gd as dg
from dynsys_gd.branches.cascades import cascade as module
from dynsys_gd.evidence import Grade
from dynsys_gd.maps.base import Map

DELTA = 4.669201609102990671853
# Where the cascades of (x_1 … x_N - 1)²/2 on the balanced line accumulate.
LIMITS = {2: 1.3022834627007122, 3: 0.877185315157102, 4: 0.659923797874884}
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
LINE = dg.SymbolicMap([u - eta * (u**2 - 1) * u], [u])
HALF = (0.3, 1.5)


@cache
def on_the_line(factors, doublings=11):
    step = u - eta * (u**factors - 1) * u ** (factors - 1)
    return dg.cascade(dg.SymbolicMap([step], [u]), [1.0], "eta", to=HALF, doublings=doublings)


def product(factors):
    variables = sp.symbols(f"x1:{factors + 1}")
    return dg.GradientDescent(dg.Loss((sp.prod(variables) - 1) ** 2 / 2, variables), eta)


def doubling_point_by_mpmath(factors, period, near):
    """F^p(u) = u and (F^p)'(u) = -1 as two equations, by mpmath's secant method at 50 digits."""
    u0 = 1.02
    for _ in range(6000 + 1):  # a multiple of all periods and one more, towards the attractor
        u0 = u0 - (near - 1e-4) * (u0**factors - 1) * u0 ** (factors - 1)

    def equations(start, step):
        point, slope = start, mp.mpf(1)
        for _ in range(period):
            curvature = (2 * factors - 1) * point ** (2 * factors - 2)
            slope *= 1 - step * (curvature - (factors - 1) * point ** (factors - 2))
            point -= step * (point**factors - 1) * point ** (factors - 1)
        return point - start, slope + 1

    return mp.findroot(equations, (mp.mpf(u0), mp.mpf(near)), tol=1e-80, maxsteps=60)[1]


@pytest.mark.parametrize("factors", [2, 3, 4])
def test_first_five_doubling_points_to_thirty_digits(factors):
    found = on_the_line(factors)
    with mp.workdps(50):
        assert abs(mp.mpf(str(found.doublings[0].decimal)) - mp.mpf(2) / factors) < 1e-40
        for doubling in found.doublings[1:5]:
            exact = doubling_point_by_mpmath(factors, doubling.period, doubling.value)
            assert abs(mp.mpf(str(doubling.decimal)) - exact) < 1e-30
            assert doubling.evidence.grade is Grade.CERTIFIED
            assert doubling.interval[0] < float(exact) < doubling.interval[1]


def test_published_doubling_points():
    published = {
        2: (1, 1.2360679775, 1.28803175448, 1.29922793965, 1.30162891404, 1.30214327158),
        3: (2 / 3, 0.829738261893, 0.866944316505, 0.874987761269),
        4: (0.5, 0.623584636218, 0.652074992018, 0.658239138599, 0.6595628441),
    }
    for factors, values in published.items():
        found = on_the_line(factors).values[: len(values)]
        np.testing.assert_allclose(found, values, rtol=0, atol=6e-12)


@pytest.mark.parametrize("factors", [2, 3, 4])
def test_ratios_limit_and_scalings(factors):
    found = on_the_line(factors)
    assert len(found) == 11
    assert found.periods == tuple(2**k for k in range(11))
    assert found.end is dg.CascadeEnd.DOUBLINGS
    assert abs(found.ratios[-1] - DELTA) < 1.2e-6  # raw, from the last three doubling points
    assert abs(found.ratios[-1] - DELTA) < abs(found.ratios[-2] - DELTA) / 4
    assert np.max(found.ratio_errors) < 1e-30
    assert abs(float(found.delta.value) - DELTA) < found.delta.error < 1e-6
    assert abs(found.limit - LIMITS[factors]) < 2e-15
    assert found.limit_error < 1e-12
    assert abs(found.scalings[-1] - 2.502907875) < 1e-3
    assert np.all(np.diff(found.values) > 0)
    assert np.all(np.diff(found.intervals, axis=1) > 0)


@pytest.mark.parametrize("factors", [2, 3, 4])
def test_the_whole_space_doubles_where_the_line_does(factors):
    # In the whole space the fixed point lies on a family of minima.
    line, space = (
        on_the_line(factors),
        dg.cascade(product(factors), [1] * factors, "eta", to=HALF, doublings=8),
    )
    assert len(space) == 8
    np.testing.assert_allclose(space.values, line.values[:8], rtol=0, atol=1e-14)
    np.testing.assert_allclose(space.ratios, line.ratios[:6], rtol=0, atol=1e-10)
    assert space.points[0].family == factors - 1
    balanced = space.points[-1].at.points
    np.testing.assert_allclose(balanced, balanced[:, :1] + np.zeros(factors), atol=1e-12)


def test_a_family_of_minima_doubles_at_its_flattest_member():
    family = dg.fixed_points(product(2)).families[0]
    found = dg.cascade(product(2), family, "eta", to=HALF, doublings=3)
    np.testing.assert_allclose(found.values, on_the_line(2).values[:3], rtol=0, atol=1e-14)


def test_closed_forms_lie_within_the_proved_errors():
    cases = [
        (LINE, [1.0], "eta", "0.5", sp.sqrt(5) - 1),
        (LOGISTIC, [0.6], "a", 2.5, 1 + sp.sqrt(6)),
    ]
    for F, start, name, low, second in cases:
        found = dg.cascade(F, start, name, to=(low, 3.5), doublings=2)
        with mp.workdps(60):
            exact = mp.mpf(sp.N(second, 60))
            off = abs(mp.mpf(str(found.doublings[1].decimal)) - exact)
        assert off <= found.doublings[1].error < 1e-40
        assert found.doublings[1].evidence.grade is Grade.CERTIFIED


def test_points_are_what_they_say():
    found = on_the_line(3, 6)
    for doubling in found.doublings[1:]:
        point = doubling.point
        assert point.bifurcation is dg.Bifurcation.FLIP
        assert point.period == doubling.period
        assert abs(point.at.multipliers[0] + 1) < 1e-8
        images = found.map.at(eta=point.value)(point.at.points)
        np.testing.assert_allclose(images, np.roll(point.at.points, -1, axis=0), atol=1e-14)
        assert len(np.unique(point.at.points.round(9))) == point.period
        assert point.criticality is dg.Criticality.SUPERCRITICAL


def test_the_search_may_go_downwards():
    up = dg.cascade(LOGISTIC, [0.6], "a", to=("5/2", 4), doublings=4)
    down = dg.cascade(LOGISTIC, [1 - 1 / 3.9], "a", to=("39/10", 1), doublings=4)
    mirrored = dg.SymbolicMap([-a * x * (1 - x)], [x])
    back = dg.cascade(mirrored, [0.6], "a", to=(-2.5, -4), doublings=4)
    assert [d.decimal for d in up.doublings] == [d.decimal for d in down.doublings]
    np.testing.assert_allclose(back.values, -up.values, rtol=0, atol=1e-15)
    assert np.all(np.diff(back.values) < 0)
    assert abs(back.limit + up.limit) < 1e-12


def test_area_preserving_maps_have_other_ratios():
    henon = dg.SymbolicMap([1 - a * x**2 + y, -x], [x, y])
    found = dg.cascade(henon, [0.414, -0.414], "a", to=(1, 9), doublings=8)
    np.testing.assert_allclose(found.values[:2], [3, 4], atol=1e-14)
    assert abs(found.ratios[-1] - 8.721097200) < 1e-3
    assert abs(found.limit - 4.136166803904) < min(1e-8, found.limit_error)


def test_flatter_maxima_have_other_ratios():
    quartic = dg.SymbolicMap([1 - a * x**4], [x])
    found = dg.cascade(quartic, [0.8], "a", to=(0.4, 2), doublings=9)
    assert abs(found.ratios[-1] - 7.284686217) < 1e-3
    assert abs(found.scalings[-1] - 1.6903029714) < 1e-3
    assert abs(found.limit - 1.59490135622884) < found.limit_error < 1e-8


def test_a_branch_that_begins_backwards_passes_its_fold():
    F = dg.SymbolicMap([-(1 + a) * x - x**3 + x**5 - x**2 * a / 5], [x])
    found = dg.cascade(F, [0.0], "a", to=(-0.5, 2), doublings=4)
    assert [point.bifurcation for point in found.passed] == [dg.Bifurcation.FOLD]
    assert found.passed[0].value < found.values[0] == 0 < found.values[1]
    assert found.points[0].criticality is dg.Criticality.SUBCRITICAL
    assert found.points[1].criticality is dg.Criticality.SUPERCRITICAL


def test_what_ends_a_cascade():
    short = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 3.5))
    assert (len(short), short.end) == (2, dg.CascadeEnd.RANGE)
    assert short.ended_at is None or short.ended_at.value > 3.5
    assert short.limit_error > 0.05
    none = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 2.9))
    assert (len(none), none.end) == (0, dg.CascadeEnd.RANGE)
    assert np.isnan(none.limit)
    assert none.intervals.shape == (0, 2)

    delayed = dg.SymbolicMap([a * x * (1 - y), x], [x, y])
    pair = dg.cascade(delayed, [0.4, 0.4], "a", to=(1.5, 3))
    assert (len(pair), pair.end) == (0, dg.CascadeEnd.NEIMARK_SACKER)
    assert abs(pair.ended_at.value - 2) < 1e-10

    both = dg.SymbolicMap([a * x * (1 - x), a * y * (1 - y)], [x, y])
    several = dg.cascade(both, [0.6, 0.6], "a", to=(2.5, 4))
    assert (len(several), several.end) == (0, dg.CascadeEnd.SEVERAL)
    assert several.ended_at.count == 2
    assert "restrict" in several.why

    bubble = dg.SymbolicMap([(a**2 - sp.Rational(11, 10)) * x + x**3], [x])
    shrinks = dg.cascade(bubble, [0.0], "a", to=(-0.6, 0.6))
    assert (len(shrinks), shrinks.end) == (1, dg.CascadeEnd.BRANCH)
    assert abs(shrinks.values[0] + np.sqrt(0.1)) < 1e-12
    assert "half the period" in shrinks.why


def test_floats_prove_nothing():
    for factor, grade in ((0.3, Grade.NUMERICAL), (sp.Rational(3, 10), Grade.CERTIFIED)):
        henon = dg.SymbolicMap([1 - a * x**2 + y, factor * x], [x, y])
        found = dg.cascade(henon, [1.09, 0.33], "a", to=(0.2, 1.2), doublings=3)
        assert abs(found.values[0] - 3 * 0.7**2 / 4) < 1e-14
        assert {d.evidence.grade for d in found.doublings} == {grade}
        assert found.evidence.grade is Grade.NUMERICAL


@dataclass(frozen=True)
class WithoutFormulas(Map):
    """A map that hides how it is written."""

    inner: Map

    loss = None
    dimension = property(lambda self: self.inner.dimension)
    names = property(lambda self: self.inner.names)
    parameters = property(lambda self: self.inner.parameters)

    def at(self, **values):
        return WithoutFormulas(self.inner.at(**values))

    def kernel(self):
        return self.inner.kernel()


def test_maps_without_formulas_have_fewer_digits():
    found = dg.cascade(WithoutFormulas(LOGISTIC), [0.6], "a", to=(2.5, 4), doublings=6)
    exact = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=6)
    errors = np.array([doubling.error for doubling in found.doublings])
    assert len(found) == 6
    assert {d.evidence.grade for d in found.doublings} == {Grade.NUMERICAL}
    assert np.all(np.abs(found.values - exact.values) <= errors + 1e-12)
    assert np.all(np.abs(found.values - exact.values) <= 1e-8)
    assert np.all(found.ratio_errors > 0)


def test_digits_run_out(monkeypatch):
    coarse = lambda point, first: module.Doubling(  # noqa: E731
        point=point,
        decimal=Decimal(round(point.value, 3)),
        error=1e-3,
        splitting=float("nan"),
        evidence=point.evidence,
    )
    monkeypatch.setattr(module, "doubling_of", coarse)
    monkeypatch.setattr(module, "predicted_flip", lambda *_: None)
    found = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4))
    assert found.end is dg.CascadeEnd.DIGITS
    assert len(found) == 2


def test_plain_continuation_finds_the_same(monkeypatch):
    predicted = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=5)
    monkeypatch.setattr(module, "predicted_flip", lambda *_: None)
    walked = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=5)
    assert [d.decimal for d in walked.doublings] == [d.decimal for d in predicted.doublings]


def test_one_by_one_and_progress():
    seen = []
    found = dg.cascade(
        LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=3, progress=lambda *now: seen.append(now)
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]
    steps = dg.cascade_steps(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=10**6)
    first = [next(steps) for _ in range(3)]
    assert [d.decimal for d in first] == [d.decimal for d in found.doublings]
