"""Diagonal targets from the identity: the limit, the step size that lands on the minimum."""

import numpy as np
import pytest

from dynsys_gd import GradientDescent, LinearNetwork, Outcome, Status, claims
from dynsys_gd.claims.support.identity_start import diagonal_network, error_after, limit


def claim():
    made = claims.get_study("step_size_matters").small().made()
    return next(one for one in made if one.name == "identity_start_beyond_the_limit")


def verdict(net, step):
    return claims.verify(claim(), GradientDescent(net, step), rng=0)


def test_the_limit_is_the_critical_step_size():
    for depth in (2, 3):
        found = verdict(diagonal_network(depth, (3.0, 0.5)), 0.01).instance.threshold
        assert found.value == pytest.approx(limit(depth, (3.0, 0.5)), rel=1e-12)


def test_one_step_can_land_on_the_minimum():
    F = GradientDescent(diagonal_network(2, (9.0,)), 0.25)  # 1 + (9 - 1)/4 = 3
    assert F.step_size > limit(2, (9.0,))
    assert error_after(F, 5) == 0


def test_such_a_step_size_does_not_decide():
    assert verdict(diagonal_network(2, (9.0,)), 0.25).status is Status.VERIFIED


def test_an_escape_is_an_infinite_error():
    assert error_after(GradientDescent(diagonal_network(2, (9.0,)), 2.0), 50) == np.inf


@pytest.mark.parametrize(
    "net",
    [
        diagonal_network(2, (1.0, 0.5)),  # the identity fits the largest target already
        diagonal_network(2, (2.0, -1.0)),
        LinearNetwork((2, 2, 2), [[1.0, 0.5], [0.0, 1.0]], np.eye(2)),
        LinearNetwork((2, 3, 2), np.eye(2), 2 * np.eye(2)),
    ],
)
def test_other_targets_and_data_are_refused(net):
    hypothesis = claim().hypotheses[0]
    found = verdict(net, 5.0)
    assert hypothesis.name == "positive target"
    assert found.findings[0].outcome is Outcome.NO
