"""Hypotheses on quantised networks: pairs are counted, maps and starts are looked at."""

import numpy as np
import pytest

from dynsys_gd import (
    CoarseGradient,
    Gaussian,
    GradientDescent,
    Outcome,
    QuantizedNetwork,
    StraightThrough,
    class_votes,
)
from dynsys_gd.claims import Instance
from dynsys_gd.claims.support.quantized import (
    SAMPLES_IN_PAIRS,
    STAIRCASE,
    moderate_starts,
    samples_awake,
)
from dynsys_gd.ensembles.budget import Budget


def instance(F, spread=1.0):
    region = Gaussian([0.0] * F.dimension, spread)
    return Instance(F=F, region=region, seed=0, starts=1, budget=Budget())


def coarse(X, labels, votes=None):
    votes = class_votes(2, 2) if votes is None else votes
    net = QuantizedNetwork(X, labels, votes, bits=1)
    return CoarseGradient(net, "1/2", StraightThrough.RELU)


@pytest.mark.parametrize(
    ("first", "outcome"), [([[1, 0], [-1, 0]] * 2, Outcome.YES), ([[1, 0]] * 3 + [[-1, 0]], "no")]
)
def test_minus_x_is_there_as_often_as_x(first, outcome):
    X = np.array([*first, [0, 1], [0, -1], [0, 2], [0, -2]], dtype=float)
    at = instance(coarse(X, [0] * 4 + [1] * 4))
    assert SAMPLES_IN_PAIRS.check(at).outcome is Outcome(outcome)


def test_three_samples_against_one_can_have_a_loss_below_one():
    X = np.array([[1, 0]] * 3 + [[-1, 0]] + [[0, 1]] * 3 + [[0, -1]], dtype=float)
    F = coarse(X, [0] * 4 + [1] * 4)
    weights = np.array([[1, -1], [1, -1], [-1, 1], [-1, 1]], dtype=float)
    assert float(F.loss(weights.ravel())) < 1


def test_gradient_descent_does_not_follow_a_coarse_gradient():
    F = coarse(np.eye(2), [0, 1])
    assert STAIRCASE.check(instance(F)).outcome is Outcome.YES
    assert STAIRCASE.check(instance(GradientDescent(F.loss, "1/2"))).outcome is Outcome.NO


def test_units_that_vote_for_two_classes_are_refused():
    hypothesis = samples_awake(lambda at: np.ones((1, at.F.dimension)))
    assert hypothesis.check(instance(coarse(np.eye(2), [0, 1]))).outcome is Outcome.YES
    both = instance(coarse(np.eye(2), [0, 1], votes=np.ones((2, 4))))
    assert hypothesis.check(both).outcome is Outcome.NO


def test_wide_starts_are_not_moderate():
    F = coarse(np.eye(2), [0, 1])
    assert moderate_starts(1.0).check(instance(F)).outcome is Outcome.YES
    assert moderate_starts(1.0).check(instance(F, spread=3.0)).outcome is Outcome.NO
