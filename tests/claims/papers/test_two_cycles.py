"""When the flip decides, and when only one direction of a factorisation is beyond the edge."""

import numpy as np
import pytest

from dynsys_gd import Gaussian, GradientDescent, LinearNetwork, Outcome
from dynsys_gd.claims import Instance
from dynsys_gd.claims.support.two_cycles import (
    ONE_DIRECTION,
    TWO_FACTORS,
    just_beyond,
    quartic,
    random_factorisation,
    ratio_between,
    small_weights,
)
from dynsys_gd.ensembles.budget import Budget


def instance(F, spread=0.1):
    region = Gaussian([0.0] * F.dimension, spread)
    return Instance(F=F, region=region, seed=0, starts=1, budget=Budget())


@pytest.mark.parametrize(
    ("third", "fourth", "step", "outcome"),
    [
        ("1", "2", "501/250", Outcome.YES),
        ("0", "-1", "501/250", Outcome.YES),
        ("1", "2", "499/250", Outcome.NO),  # the minimum attracts
        ("1", "299/100", "501/250", Outcome.NO),  # too close to where the flip changes its kind
        ("1", "2", "21/10", Outcome.NO),  # too far
    ],
)
def test_a_step_size_is_just_beyond_the_edge_as_the_quartic_allows(third, fourth, step, outcome):
    F = GradientDescent(quartic(third, fourth), step)
    assert just_beyond("1/100", "3/10").check(instance(F)).outcome is outcome


@pytest.mark.parametrize(
    ("second", "outcome"), [(1.2, Outcome.YES), (1.6, Outcome.YES), (1.75, Outcome.NO)]
)
def test_two_leading_values_have_a_sum_below_two_over_eta(second, outcome):
    net = random_factorisation(4, (3,), (2.0, second, 0.6), rng=0)
    assert ONE_DIRECTION.check(instance(GradientDescent(net, 0.55))).outcome is outcome


def test_other_data_are_no_factorisation():
    X = np.random.default_rng(0).normal(size=(6, 3))
    at = instance(GradientDescent(LinearNetwork((3, 3, 2), X, X[:, :2]), 0.1))
    assert TWO_FACTORS.check(at).outcome is Outcome.NO
    assert ONE_DIRECTION.check(at).outcome is Outcome.UNDECIDED


def test_weights_are_small_beside_the_root_of_the_largest_value():
    F = GradientDescent(random_factorisation(3, (2,), (4.0, 1.0), rng=0), 0.3)
    assert small_weights(0.15).check(instance(F, spread=0.29)).outcome is Outcome.YES
    assert small_weights(0.15).check(instance(F, spread=0.31)).outcome is Outcome.NO


def test_the_range_of_step_sizes_is_enclosed():
    net = random_factorisation(3, (2,), (2.0, 1.0), rng=0)
    for share, outcome in ((0.9, Outcome.NO), (1.1, Outcome.YES), (1.25, Outcome.NO)):
        assert ratio_between().check(instance(GradientDescent(net, share / 2))).outcome is outcome
