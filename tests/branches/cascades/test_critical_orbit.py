"""Orbits with a multiplier 1 or -1: their digits, and the proof that they are there."""

from dataclasses import replace

import flint
import numpy as np
import pytest
import sympy as sp
from mpmath import mp
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd.branches.critical.orbit import BITS, critical_orbit
from dynsys_gd.branches.critical.proof import proved_reach

LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
TWO_CYCLE = (np.array([[0.84994], [0.43996]]), np.array([[1.0], [-0.36]]), 3.4495, -1)
THREE_CYCLE = (np.array([[0.16], [0.514], [0.956]]), np.array([[0.2], [-0.9], [1.0]]), 3.8284, 1)


def off(orbit, exact):
    with mp.workdps(60):
        return abs(mp.mpf(str(orbit.decimal)) - mp.mpf(sp.N(exact, 60)))


@pytest.mark.parametrize(
    ("guess", "exact"),
    [(TWO_CYCLE, 1 + sp.sqrt(6)), (THREE_CYCLE, 1 + sp.sqrt(8))],
    ids=["flip", "fold"],
)
def test_digits_and_proof_of_a_flip_and_a_fold(guess, exact):
    found = critical_orbit(LOGISTIC, *guess)
    assert off(found, exact) < 1e-43
    assert off(found, exact) <= found.error < 1e-40
    reach = proved_reach(found)
    assert reach < 1e-40
    with mp.workdps(100):
        centre = mp.mpf(found.parameter._mpf_)
        assert abs(centre - mp.mpf(sp.N(exact, 100))) <= reach


def test_the_proof_covers_a_centre_that_is_off():
    found = critical_orbit(LOGISTIC, *TWO_CYCLE)
    with flint.ctx.workprec(BITS):
        shifted = [entry + flint.arb(1e-12) for entry in found.unknowns]
    moved = replace(found, unknowns=[entry.mid() for entry in shifted])
    reach = proved_reach(moved)
    assert 1e-12 <= reach < 1e-9
    with flint.ctx.workprec(BITS):
        far = [entry.mid() + flint.arb(0.1) for entry in found.unknowns]
    assert proved_reach(replace(found, unknowns=[entry.mid() for entry in far])) is None


def test_an_orbit_of_a_smaller_period_is_not_proved():
    # The fixed point, walked around twice, has the multiplier 1 where it flips.
    fixed = np.array([[2 / 3], [2 / 3]])
    found = critical_orbit(LOGISTIC, fixed, np.array([[1.0], [-1.0]]), 3.0, 1)
    assert found is None or proved_reach(found) is None


def test_floats_and_long_orbits_are_not_proved():
    rounded = dg.SymbolicMap([a * x * (1 - x) + 0.1 * x], [x])
    found = critical_orbit(rounded, np.array([[0.6897]]), np.ones((1, 1)), 2.9, -1)
    assert abs(found.value - 2.9) < 1e-12
    assert proved_reach(found) is None
    cascade = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=11)
    assert cascade.doublings[-1].evidence.grade is dg.Grade.NUMERICAL
    assert "about" in cascade.doublings[-1].evidence.reason
    assert cascade.doublings[-1].error < 1e-30


def test_what_has_no_regular_equations():
    product = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
    family = critical_orbit(product, np.ones((1, 2)), np.ones((1, 2)), 1.0, -1)
    assert family is None
    fork = dg.SymbolicMap([a * x - x**3], [x])
    assert critical_orbit(fork, np.zeros((1, 1)), np.ones((1, 1)), 1.0, 1) is None
    many = sp.symbols("z1:15")
    large = dg.SymbolicMap([-a * z for z in many], list(many))
    assert critical_orbit(large, np.zeros((1, 14)), np.ones((1, 14)), 1.0, -1) is None
    assert critical_orbit(LOGISTIC, np.array([[0.1]]), np.ones((1, 1)), 9.0, -1) is None
