"""What converges as an open step size grows, and the spectrum at balanced minima."""

import numpy as np
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.claims import Instance
from dynsys_gd.claims.main_paper.balanced import balanced_spectra
from dynsys_gd.claims.main_paper.controls import noisy_network, product_loss
from dynsys_gd.claims.main_paper.open_scan import scan_open_step

eta = sp.Symbol("eta")
SHARES = (0.5, 0.9, 1.02, 1.2)


def instance(F):
    box = dg.Box([-2, -2], [2, 2])
    return Instance(F=F, region=box, seed=0, starts=10, budget=dg.Budget())


def test_nothing_converges_beyond_the_critical_step_size():
    found = scan_open_step(
        instance(dg.GradientDescent(product_loss(), eta)), SHARES, n=300, steps=2048
    )
    assert found.critical == 1
    assert found.vanishes is dg.Outcome.YES
    assert found.converged[2:] == (0, 0)
    assert found.norms[0] < 1e-9
    assert found.norms[2] > 0.1


def test_momentum_goes_on_converging():
    F = dg.HeavyBall(product_loss(), eta, "1/2")
    found = scan_open_step(instance(F), SHARES, n=300, steps=2048)
    assert found.vanishes is dg.Outcome.NO
    assert found.converged[3] > 0.1


def test_too_few_steps_decide_nothing():
    F = dg.GradientDescent(product_loss(), eta)
    found = scan_open_step(instance(F), SHARES, n=300, steps=4)
    assert found.converged[0] == 0
    assert found.undecided[0] > 0.5
    assert found.vanishes is dg.Outcome.UNDECIDED


def test_without_an_open_parameter_there_is_no_scan():
    F = dg.GradientDescent(product_loss(), "1/2")
    assert scan_open_step(instance(F), SHARES, n=3, steps=10) is None


def test_fewer_starts_keep_what_was_found():
    before = instance(dg.GradientDescent(product_loss(), "1/2"))
    known = before.threshold
    after = before.with_starts(3, dg.Budget(steps=9))
    assert after.threshold is known
    assert (after.starts, after.budget.steps, after.seed) == (3, 9, 0)


def test_the_balanced_spectrum_is_the_formula():
    for depth in (2, 3, 5):
        seen, formula = balanced_spectra((2.0, 0.7), depth)
        assert np.allclose(seen, formula, rtol=1e-12)


def test_random_data_follow_their_seed():
    one, same, other = (noisy_network((2, 1), samples=5, noise=0.1, seed=k) for k in (1, 1, 2))
    assert np.array_equal(one.X, same.X)
    assert np.array_equal(one.Y, same.Y)
    assert not np.array_equal(one.X, other.X)
