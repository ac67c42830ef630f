"""Schmelcher-Diakonos and Davidchack-Lai against lists that are known."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import DavidchackLai, NewtonSearch, SchmelcherDiakonos
from dynsys_gd.orbits.numerical.return_map import signed_permutations

METHODS = [SchmelcherDiakonos, DavidchackLai]
HIMMELBLAU = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
QUADRATIC = dg.SymbolicMap([4 * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
HENON_BOX = dg.Box([-1.43, -0.43], [1.43, 0.43])


@pytest.mark.parametrize(("d", "count"), [(1, 2), (2, 8), (3, 48)])
def test_signed_permutations_are_all_different_and_orthogonal(d, count):
    matrices = signed_permutations(d)
    assert len(np.unique(matrices.reshape(len(matrices), -1), axis=0)) == count
    assert np.array_equal(matrices @ matrices.swapaxes(1, 2), np.tile(np.eye(d), (count, 1, 1)))


@pytest.mark.parametrize("method", METHODS)
def test_himmelblau(method):
    F = dg.GradientDescent(HIMMELBLAU, "1/50")
    found = dg.fixed_points(F, dg.Box([-6, -6], [6, 6]), method=method())
    assert len(found) == 9
    assert not found.complete
    assert max(orbit.residual for orbit in found) < 1e-14


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("period", "count"), [(1, 2), (2, 1), (3, 2), (4, 3), (5, 6), (8, 30)])
def test_the_full_shift(method, period, count):
    found = dg.periodic_orbits(QUADRATIC, dg.Box([0], [1]), period=period, method=method())
    assert len(found) == count


@pytest.mark.parametrize(
    ("method", "period", "count"),
    [
        *((SchmelcherDiakonos, p, n) for p, n in enumerate((2, 1, 0, 1, 0, 2, 4), start=1)),
        *((DavidchackLai, p, n) for p, n in ((1, 2), (6, 2), (9, 6), (10, 10))),
    ],
)
def test_henon(method, period, count):
    found = dg.periodic_orbits(HENON, HENON_BOX, period=period, method=method())
    assert len(found) == count


@pytest.mark.parametrize("method", METHODS)
def test_a_four_dimensional_map(method):
    F = dg.HeavyBall(dg.Loss((x**2 - 1) ** 2 / 4 + (y**2 - 1) ** 2 / 4, [x, y]), "1/2", "1/4")
    found = dg.fixed_points(F, dg.Box([-2, -2], [2, 2]), method=method(starts=20))
    assert len(found) == 9


@pytest.mark.parametrize("method", METHODS)
def test_on_a_circle(method):
    turn = 2 * np.pi
    F = dg.GradientDescent(dg.Loss(1 - sp.cos(x), [x]), 7)
    on_circle = method(modulo=(turn,))
    found = dg.periodic_orbits(F, dg.Box([0], [turn]), period=2, method=on_circle)
    newton = dg.periodic_orbits(
        F, dg.Box([0], [turn]), period=2, method=NewtonSearch(modulo=(turn,))
    )
    assert len(found) == len(newton) == 9
    for one, two in zip(found, newton, strict=True):
        assert np.allclose(one.points, two.points, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_a_family_is_told_and_not_listed(method):
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    found = dg.fixed_points(F, dg.Box([-3, -3], [3, 3]), method=method())
    assert len(found) == 1
    assert "not isolated" in found.why


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bits(method):
    first, second = (
        dg.periodic_orbits(HENON, HENON_BOX, period=6, method=method(), rng=5) for _ in range(2)
    )
    assert first.why == second.why
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.points, two.points)


@pytest.mark.parametrize("method", METHODS)
def test_limits(method):
    short = dg.periodic_orbits(HENON, HENON_BOX, period=500, method=method(), seconds=0.2)
    assert "the time limit ended the search" in short.why
    assert "too long" in dg.periodic_orbits(HENON, HENON_BOX, period=10**6, method=method()).why
    given = dg.fixed_points(HENON, method=method(starts=[[0.6, 0.2]]))
    assert len(given) >= 1


@pytest.mark.parametrize("method", METHODS)
def test_more_than_four_coordinates_are_refused(method):
    names = sp.symbols("z0:5")
    F = dg.GradientDescent(dg.Loss(sum(z**2 for z in names), names), "1/3")
    with pytest.raises(dg.InvalidInput, match="NewtonSearch"):
        dg.fixed_points(F, dg.Box([-1] * 5, [1] * 5), method=method())


@pytest.mark.parametrize("method", METHODS)
def test_progress_only_grows(method):
    seen = []
    dg.periodic_orbits(
        HENON,
        HENON_BOX,
        period=6,
        method=method(starts=20),
        progress=lambda *counts: seen.append(counts),
    )
    done, known = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert list(known) == sorted(known)
    assert all(d <= k for d, k in seen)
