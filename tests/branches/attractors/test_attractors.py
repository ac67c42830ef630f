"""Attractors of maps whose attractors are known, with their shares."""

import numpy as np
import pytest
from sympy.abc import a, b, eta, x, y

import dynsys_gd as dg
from dynsys_gd import AttractorKind

PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(b="3/10")
SHORT = dg.Budget(steps=4096)
SQUARE = dg.Box([-1, -1], [1, 1])


def shares_agree(found, expected):
    for k, share in enumerate(expected):
        low, high = found.interval(k)
        assert low < share < high


def test_two_minima_share_the_line():
    found = dg.attractors(WELL.at(eta="1/2"), dg.Box([-1.2], [1.2]), n=400, rng=1)
    assert [each.kind for each in found] == [AttractorKind.FIXED_POINT] * 2
    assert sorted(each.points.item() for each in found) == pytest.approx([-1, 1])
    shares_agree(found, [0.5, 0.5])
    # The multiplier at a minimum is 1 - 2 eta = 0.
    assert all(each.exponent < -10 for each in found)


def test_cycles_of_period_two_with_their_exponent():
    found = dg.attractors(WELL.at(eta="11/10"), dg.Box([-1.2], [1.2]), n=100, rng=0)
    assert [each.period for each in found] == [2, 2]
    # On the cycle uv = 1 the multiplier is 9 - 2 (1 + eta)^2.
    exact = np.log(abs(9 - 2 * 2.1**2)) / 2
    for each in found:
        u, v = each.points[:, 0] * np.sqrt(1.1)
        assert u * v == pytest.approx(1)
        assert each.exponent == pytest.approx(exact, abs=1e-6)


def test_a_curve_of_minima_is_one_family_a_branch():
    found = dg.attractors(PRODUCT.at(eta="1/2"), dg.Box([-3, -3], [3, 3]), n=600, rng=0)
    assert [each.kind for each in found] == [AttractorKind.FAMILY] * 2
    for each in found:
        assert np.prod(each.points, axis=1) == pytest.approx(1.0, abs=1e-6)
        # Stable as long as x^2 + 1/x^2 < 4.
        assert np.all(np.sum(each.points**2, axis=1) < 4 + 1e-3)
    assert found.escaped > 0
    assert sum(each.starts for each in found) + found.escaped + found.undecided == found.n


def test_mirror_images_are_two_until_they_merge():
    for value, count in ((1.35, 2), (1.55, 2), (1.59, 2), (1.61, 1)):
        found = dg.attractors(WELL.at(eta=value), dg.Box([-1], [1]), n=40, rng=0, budget=SHORT)
        assert len(found) == count
        assert all(each.kind is AttractorKind.CHAOTIC for each in found)


def test_coexisting_attractors_of_henons_map():
    found = dg.attractors(HENON.at(a="27/25"), SQUARE, n=100, rng=0)
    assert len(found) == 2
    # A set of four and one of six pieces: 1/4 of the first lies in each quarter of the time.
    assert found[0].starts > 3 * found[1].starts > 0


def test_henons_attractor():
    found = dg.attractors(HENON.at(a="7/5"), SQUARE, n=60, rng=0)
    assert found[0].exponent == pytest.approx(0.4192, abs=5 * found[0].error)
    assert found[0].points.shape == (512, 2)


def test_a_degenerate_minimum_is_one_point():
    quartic = dg.GradientDescent(dg.Loss(x**4, [x]), "1/10")
    found = dg.attractors(quartic, dg.Box([-1], [1]), n=50, rng=0)
    assert [each.kind for each in found] == [AttractorKind.FIXED_POINT]


def test_a_circle_that_is_gone_round():
    delayed = dg.SymbolicMap([a * x * (1 - y), x], [x, y]).at(a="201/100")
    found = dg.attractors(delayed, dg.Box([0.4, 0.4], [0.6, 0.6]), n=20, rng=0)
    assert [each.kind for each in found] == [AttractorKind.QUASI_PERIODIC]


def test_momentum_keeps_its_state():
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "23/20", "1/10")
    found = dg.attractors(F, dg.Box([-1.2], [1.2]), n=40, rng=0, budget=SHORT)
    assert {each.period for each in found} == {2}
    for each in found:
        kernel = F.iterate(each.points[:1], 2)
        assert kernel == pytest.approx(each.points[:1], abs=1e-9)


def test_nothing_stays():
    found = dg.attractors(WELL.at(eta=3), dg.Box([1.5], [2]), n=30, rng=0)
    assert len(found) == 0
    assert found.escaped == 30
    assert found.headline() == "No attractor found from 30 starts"


def test_not_known_is_not_none():
    # At the critical step size orbits settle like the power -1/2 of the time.
    found = dg.attractors(WELL.at(eta=1), dg.Box([-1.2], [1.2]), n=30, rng=0, budget=SHORT)
    assert (len(found), found.escaped, found.undecided) == (0, 0, 30)


def test_undecided_starts_widen_the_interval():
    budget = dg.Budget(steps=64)
    found = dg.attractors(WELL.at(eta="99/100"), dg.Box([-2], [2]), n=200, rng=0, budget=budget)
    for k in range(len(found)):
        low, high = found.interval(k)
        assert high >= (found[k].starts + found.undecided) / found.n
        assert low <= found.share(k)
