"""The scan over step sizes: same starts, honest counts, dead networks apart."""

import json
import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import (
    MLP,
    Activation,
    Budget,
    Fate,
    Gaussian,
    GradientDescent,
    LinearNetwork,
    Loss,
    he_normal,
    simulate,
)
from dynsys_gd.claims.transition_scan import scan_step_sizes
from dynsys_gd.ensembles.fates import Detail
from dynsys_gd.thresholds.critical import critical_step_size

BUDGET = Budget(steps=1024)


def scan(loss, region, step_sizes, n=30, rng=0):
    return scan_step_sizes(
        loss,
        region,
        step_sizes=step_sizes,
        threshold=critical_step_size(loss),
        n=n,
        budget=BUDGET,
        rng=np.random.default_rng(rng),
    )


def test_the_transition_of_scalar_factorisation():
    found = scan(Loss((x * y - 1) ** 2 / 2, [x, y]), Gaussian([1, 1], 0.01), [1.1, 0.5, 0.9, 1.02])
    assert found.step_sizes.tolist() == [0.5, 0.9, 1.02, 1.1]
    assert found.converged.tolist() == [30, 30, 0, 0]
    assert found.beyond.tolist() == [False, False, True, True]
    assert np.all(found.gradient_norm[:2] < 1e-12)
    # Beyond 1 the balanced 2-cycle uv = 1, u² + v² = 1 + η has |∇L|∞-amplitude ~ √(2(η - 1)).
    np.testing.assert_allclose(found.gradient_norm[2], math.sqrt(2 * 0.02), rtol=0.1)
    low, high = found.interval().T
    assert np.all((low <= found.share) & (found.share <= high))
    assert "up to 30 of 30" in found.headline()
    json.dumps(found.to_dict())


def test_escaped_orbits_have_infinite_norm():
    found = scan(Loss(x**2 / 2, [x]), Gaussian([0], 1), [1.0, 2.5])
    assert found.escaped.tolist() == [0, 30]
    assert np.all(np.isinf(found.gradient_norm[1]))


def test_a_dead_relu_network_is_a_plateau_and_a_partly_dead_one_may_be_a_minimum():
    rng = np.random.default_rng(0)
    net = MLP((4, 8, 1), Activation.RELU, rng.standard_normal((4, 4)), rng.standard_normal((4, 1)))
    found = scan(net, he_normal(net), [0.1, 1.4], n=16)
    assert found.converged[0] > 12  # some with dead units, at zero loss
    assert found.converged[1] <= 2
    assert found.plateau[1] > 5
    assert np.all(found.converged + found.plateau + found.escaped + found.undecided <= 16)


@pytest.mark.parametrize("widths", [(2, 2, 1), (3, 2, 2, 2)])
def test_networks_change_at_the_certified_step_size(widths):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, widths[0]))
    net = LinearNetwork(widths, X, rng.standard_normal((10, widths[-1])))
    threshold = critical_step_size(net)
    law = Gaussian(threshold.attained_at[0], 1e-3)
    found = scan(net, law, [q * threshold.value for q in (0.9, 0.97, 1.03, 1.1)], n=10)
    assert found.converged[0] == 10
    assert found.converged[2:].tolist() == [0, 0]


def test_read_only():
    found = scan(Loss(x**2 / 2, [x]), Gaussian([0], 1), [1.0], n=2)
    with pytest.raises(ValueError, match="read-only"):
        found.converged[0] = 3


def test_a_start_that_drifts_may_still_converge():
    # The minimum 3000 lies three times as far as 1024 steps of length about 1 lead.
    found = scan(Loss(sp.sqrt(1 + (x - 3000) ** 2), [x]), Gaussian([0], 1), [1.0], n=6)
    F = GradientDescent(found.loss, step_size=1)
    fates = simulate(F, found.region.sample(6, rng=np.random.default_rng(0)), budget=BUDGET)
    drifting = fates.count(Detail.UNBOUNDED_DRIFT)
    assert drifting > 0
    assert found.undecided[0] == drifting + fates.count(Fate.UNDECIDED)
    assert found.escaped[0] == fates.count(Detail.DIVERGED)
    assert found.interval()[0, 1] > 0.99
    assert np.all(np.isfinite(found.gradient_norm))
