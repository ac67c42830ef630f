"""The network ReLU(θ2 ReLU(θ1 x)): exponents, their signs by exact powers, and its pieces."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.claims import Instance
from dynsys_gd.claims.support import nested_relu as net
from dynsys_gd.claims.support.pieces import NOT_EXCEPTIONAL, pieces_of

DATA = [("9/10", "9/10"), ("5/2", "5/2")]
x, y = sp.symbols("x y")


def noisy():
    return net.random_data(DATA, "3/10", ("29/50", "21/50"))


def instance(F, region):
    return Instance(F=F, region=region, seed=0, starts=10, budget=dg.Budget())


def test_rates_are_the_hessian_across_the_minima():
    F = noisy()
    for s in (2.0, 2.7, 6.0):
        point = [net.minimum_at(s)]
        for (_, rate), loss in zip(net.rates_of(F), F.losses, strict=True):
            values = 0.3 * np.linalg.eigvalsh(loss.hessian_at(point)[0])
            assert np.allclose(values, [0, float(rate) * s], atol=1e-12)


def test_rates_of_all_data_are_the_mean():
    F = noisy()
    ((one, rate),) = net.rates_of(dg.GradientDescent(F.loss, F.step_size))
    assert one == 1
    assert rate == sum(p * r for p, r in net.rates_of(F))


@pytest.mark.parametrize("s", ["2", "5/2", "51/20", "41/10", "5", "8"])
def test_the_sign_by_powers_is_that_of_the_exponent(s):
    rates = net.rates_of(noisy())
    assert net.is_attracting(rates, sp.Rational(s)) == (
        net.exponent(rates, float(sp.Rational(s))) < 0
    )


def test_a_multiplier_on_the_unit_circle_does_not_attract():
    rates = net.rates_of(net.random_data([(1, 1)], "1/2", [1]))
    assert not net.is_attracting(rates, sp.Integer(4))
    assert net.is_attracting(rates, sp.Rational(39, 10))


def test_ends_are_zeros_of_the_exponent():
    rates = net.rates_of(noisy())
    ends = net.ends_of(rates, 8.0)
    assert len(ends) == 2
    assert np.allclose(net.exponent(rates, ends), 0, atol=1e-9)


@pytest.mark.parametrize("s", [2.05, 3.0, 4.1])
def test_the_measured_exponent_is_the_formula(s):
    F = noisy()
    found = net.measured_exponent(F, s, runs=4000, steps=16, rng=1)
    factors = [np.log(abs(1 - float(rate) * s)) for _, rate in net.rates_of(F)]
    error = np.ptp(factors) / 2 / np.sqrt(4000 * 16)
    assert abs(found - net.exponent(net.rates_of(F), s)) < 5 * error


def test_targets_that_differ_leave_no_common_minimum():
    apart = net.random_data([DATA[0], ("5/2", "2")], "1/10", ("1/2", "1/2"))
    ball = dg.Ball(net.minimum_at(3.0), 0.1)
    assert net.COMMON_MINIMUM.check(instance(apart, ball)).outcome is dg.Outcome.NO
    assert net.ATTRACTING.check(instance(apart, ball)).outcome is dg.Outcome.UNDECIDED
    assert net.COMMON_MINIMUM.check(instance(noisy(), ball)).outcome is dg.Outcome.YES
    assert net.BETWEEN_DOUBLINGS.check(instance(noisy(), ball)).outcome is dg.Outcome.NO


def test_pieces_are_told_apart():
    assert set(pieces_of(noisy().losses[0]).values()) == {dg.Outcome.YES}
    found = pieces_of(dg.Loss(sp.Max(x, 0) ** 3 - sp.Min(x, 0), [x]))
    assert {e for e, outcome in found.items() if outcome is dg.Outcome.YES} == {-x, x**3}


@pytest.mark.parametrize(
    ("loss", "step", "outcome"),
    [
        (x**2 / 2 + y**2 / 6, "1", dg.Outcome.NO),
        (x**2 / 2 + y**2 / 6, "3", dg.Outcome.NO),
        (x**2 / 2 + y**2 / 6, "2", dg.Outcome.YES),
        (x**2 * y**2, "1", dg.Outcome.YES),
        (sp.Piecewise((x**2 + y**4, x > 0), (x**2, True)), "1/2", dg.Outcome.NO),
        (sp.cos(x * y), "1", dg.Outcome.UNDECIDED),
        (sp.Piecewise((x**2, x**2 < 0), (x**4 + y**4, True)), "1/2", dg.Outcome.UNDECIDED),
    ],
)
def test_exceptional_step_sizes_are_found(loss, step, outcome):
    F = dg.GradientDescent(dg.Loss(loss, [x, y]), step)
    found = NOT_EXCEPTIONAL.check(instance(F, dg.Box([-1, -1], [1, 1])))
    assert found.outcome is outcome
