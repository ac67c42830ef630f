"""Multipliers of the update rules as functions of step size times eigenvalue."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import GradientDescent, Loss
from dynsys_gd.maps.heavy_ball import HeavyBall
from dynsys_gd.maps.nesterov import Nesterov
from dynsys_gd.orbits.algebra.real_algebraic import RealAlgebraic
from dynsys_gd.orbits.algebra.spectra import CircleCount
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import Kind
from dynsys_gd.orbits.update_rules import multiplier, regions

eta = sp.Symbol("eta")
PARABOLA = Loss(x**2 / 2, [x])
SADDLE = Loss((x * y - 1) ** 2 / 2, [x, y])
DOUBLE_WELL = Loss(x**4 / 4 - x**2 / 2, [x])


def momentum(rule, beta, loss=PARABOLA, step=eta):
    return rule(loss, step_size=step, momentum=beta)


def test_polynomials_in_z():
    z, s = sp.symbols("z s")
    assert multiplier(GradientDescent(PARABOLA, step_size=eta)).polynomial == z - 1 + s
    beta = sp.Rational(1, 3)
    heavy = multiplier(momentum(HeavyBall, "1/3")).polynomial
    assert sp.expand(heavy - (z**2 - (1 + beta - s) * z + beta)) == 0
    nesterov = multiplier(momentum(Nesterov, "1/3")).polynomial
    assert sp.expand(nesterov - (z**2 - (1 + beta) * (1 - s) * z + beta * (1 - s))) == 0


@pytest.mark.parametrize("beta", ["0", "1/10", "1/2", "9/10", "99/100"])
def test_stable_intervals_are_the_known_ones(beta):
    b = sp.Rational(beta)
    heavy = regions(multiplier(momentum(HeavyBall, beta))).stable.to_sympy()
    assert heavy == sp.Interval.open(0, 2 * (1 + b))
    nesterov = regions(multiplier(momentum(Nesterov, beta))).stable.to_sympy()
    assert nesterov == sp.Interval.open(0, (2 + 2 * b) / (1 + 2 * b))


@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
def test_counts_agree_with_numpy(rule):
    found = multiplier(momentum(rule, "7/10"))
    counts = regions(found)
    for k in range(-30, 60):
        s = sp.Rational(k, 10) + sp.Rational(1, 77)
        row = [float(c) for c in sp.Poly(found.polynomial.subs(found.s, s), found.z).all_coeffs()]
        sizes = np.abs(np.roots(row))
        count = counts.count(RealAlgebraic.from_sympy(s))
        assert count == CircleCount(int(np.sum(sizes < 1)), 0, int(np.sum(sizes > 1)))


def test_breaks_are_on_the_circle():
    counts = regions(multiplier(momentum(HeavyBall, "1/2")))
    flip = counts.count(RealAlgebraic.from_sympy(sp.Integer(3)))
    assert (flip.on, flip.inside) == (1, 1)
    flat = counts.count(RealAlgebraic.from_sympy(sp.Integer(0)))
    assert (flat.on, flat.inside) == (1, 1)


@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
def test_fixed_points_with_momentum(rule):
    F = momentum(rule, "1/2", DOUBLE_WELL)
    found = fixed_points(F)
    low, top, high = found.orbits
    assert high.points.tolist() == [[1, 1]]
    assert high.exact == ((1, 1),)
    edge = sp.Rational(3, 2) if rule is HeavyBall else sp.Rational(3, 4)  # curvature is 2
    assert high.step_sizes == low.step_sizes == sp.Interval.open(0, edge)
    assert top.step_sizes is sp.S.EmptySet
    for step, kind in ((edge / 2, Kind.SINK), (edge, Kind.NEUTRAL), (edge + 1, Kind.SADDLE)):
        (orbit,) = [o for o in fixed_points(F.at(eta=step)).orbits if o.points[0, 0] == 1]
        assert orbit.kind is kind
        numeric = np.linalg.eigvals(F.at(eta=step).jacobian_at([1.0, 1.0]))
        np.testing.assert_allclose(
            np.sort_complex(orbit.multipliers), np.sort_complex(numeric), atol=1e-7
        )
        exact = np.array([complex(m) for m in orbit.exact_multipliers])
        np.testing.assert_allclose(np.sort_complex(exact), np.sort_complex(numeric), atol=1e-7)


def test_families_with_momentum():
    family = fixed_points(momentum(HeavyBall, "1/2", SADDLE)).families[0]
    assert family.stable_part == (x**2 + y**2 < 3 / eta)
    assert len(family.transverse) == 2


@pytest.mark.parametrize("beta", ["-1/10", "-3/10", "-99/100"])
def test_negative_momentum_lowers_the_threshold(beta):
    stable = regions(multiplier(momentum(HeavyBall, beta))).stable.to_sympy()
    assert stable == sp.Interval.open(0, 2 * (1 + sp.Rational(beta)))


def test_an_open_momentum_leaves_the_step_sizes_open():
    beta = sp.Symbol("beta")
    found = fixed_points(HeavyBall(DOUBLE_WELL, step_size=eta, momentum=beta))
    orbit = found.orbits[-1]
    assert orbit.step_sizes is None
    assert orbit.kind is Kind.UNDECIDED
    assert {s.name for m in orbit.exact_multipliers for s in m.free_symbols} == {"eta", "beta"}


def test_a_transcendental_step_size_is_not_guessed_at():
    found = fixed_points(GradientDescent(DOUBLE_WELL, step_size=sp.pi / 10))
    assert all(orbit.kind is Kind.UNDECIDED for orbit in found.orbits)
    assert found.orbits[0].step_sizes == sp.Interval.open(0, 1)
