"""Krawczyk's operator in both forms: it encloses, it proves, and it does not prove too much."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.frames import frames_along
from dynsys_gd.orbits.certified.operator import attempt

HENON = dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
SHEAR = dg.SymbolicMap([1 - sp.Rational(3, 10) * x**2 - y, x], [x, y])  # keeps areas
RNG = np.random.default_rng(3)


def truths(F, period, box):
    found = dg.periodic_orbits(F, box, period=period, method=dg.Krawczyk())
    assert found.complete
    return np.array([orbit.points for orbit in found.orbits]).transpose(1, 2, 0)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(
    ("F", "period", "half"), [(HENON, 8, [1.43, 0.43]), (HENON, 11, [1.43, 0.43])]
)
def test_the_image_holds_the_orbit_and_small_boxes_are_proved(F, period, half, dense):
    orbits = truths(F, period, dg.Box([-h for h in half], half))
    assert orbits.shape[2] == {8: 7, 11: 14}[period]
    equations = equations_of(F, period)
    for size in (1e-10, 1e-7, 1e-4, 1e-2):
        room = size * RNG.uniform(0.2, 1, (2, *orbits.shape))
        lower, upper = orbits - room[0], orbits + room[1]
        tried = attempt(equations, lower, upper, dense=dense)
        assert (tried.lower <= orbits + 1e-13).all()
        assert (tried.upper >= orbits - 1e-13).all()
        if size <= 1e-4:
            assert tried.proved.all()
            assert (tried.ratio < 0.2).all()


def test_boxes_without_an_orbit_are_never_proved():
    orbits = truths(HENON, 8, dg.Box([-1.43, -0.43], [1.43, 0.43]))
    equations = equations_of(HENON, 8)
    shift = np.zeros(orbits.shape)
    shift[0, 0] = 1e-3
    lower, upper = orbits + shift - 4e-4, orbits + shift + 4e-4
    for dense in (True, False):
        tried = attempt(equations, lower, upper, dense=dense)
        assert not tried.proved.any()
        # The image lies beside the box: it holds no orbit.
        assert ((tried.lower > upper) | (tried.upper < lower)).any(axis=(0, 1)).all()


def test_boxes_with_two_orbits_are_never_proved():
    line = equations_of(dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "3/2"), 1)
    for half in np.linspace(1.001, 3, 40):
        box = np.full((1, 1, 1), half)
        assert not attempt(line, -box, box).proved.any()
        assert not attempt(line, np.zeros((1, 1, 1)) - 1e-3, box).proved.any()


def test_elliptic_orbits_are_proved_through_the_dense_form():
    # The centre with multipliers exp(±i t), t = 98°, as a solution of period 7.
    centre = (np.sqrt(5.2) - 2) / 0.6
    orbits = np.full((7, 2, 1), centre)
    equations = equations_of(SHEAR, 7)
    lower, upper = orbits - 1e-6, orbits + 1e-6
    cyclic = attempt(equations, lower, upper, dense=False)
    both = attempt(equations, lower, upper)
    assert both.proved.all()
    assert not cyclic.proved.all()


def test_a_singular_system_is_not_proved():
    fold = equations_of(dg.SymbolicMap([x + x**2], [x]), 1)
    tried = attempt(fold, np.full((1, 1, 1), -1e-3), np.full((1, 1, 1), 1e-3))
    assert not tried.proved.any()
    assert tried.lower[0, 0, 0] <= 0 <= tried.upper[0, 0, 0]


def test_nothing_gives_nothing():
    tried = attempt(equations_of(HENON, 3), np.empty((3, 2, 0)), np.empty((3, 2, 0)))
    assert tried.proved.shape == tried.ratio.shape == (0,)


def test_where_the_map_is_not_defined_nothing_is_proved():
    pole = equations_of(dg.GradientDescent(dg.Loss(1 / x + x, [x]), "1/2"), 1)
    tried = attempt(pole, np.full((1, 1, 1), -0.5), np.full((1, 1, 1), 2.0))
    assert not tried.proved.any()
    assert np.isinf(tried.ratio).all()


@pytest.mark.parametrize(("d", "p"), [(1, 5), (2, 4), (3, 7)])
def test_frames_turn_derivatives_into_triangles(d, p):
    slopes = RNG.normal(size=(d, d, p, 30))
    frames, factors, settled = frames_along(slopes)
    assert settled.any()
    for k in range(p):
        after = frames[(k + 1) % p]
        moved = np.einsum("ijn,jkn->ikn", slopes[:, :, k], frames[k])
        rest = moved - np.einsum("ijn,jkn->ikn", after, factors[k])
        close = np.abs(rest).max(axis=(0, 1)) <= (1e-12 if k < p - 1 else 1e-2) * 10
        assert close[settled].all()
        assert np.allclose(np.tril(factors[k].transpose(2, 0, 1), -1), 0)
        gram = np.einsum("ain,ajn->nij", frames[k], frames[k])
        assert np.allclose(gram, np.eye(d), atol=1e-12)
