"""Hypotheses on quantised networks: exact ranks, pairs, and the bound for one bit."""

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.claims.claim import Instance
from dynsys_gd.claims.support import quantized
from dynsys_gd.evidence import Grade, Outcome


def instance(X, labels, bits=2, units=3):
    net = dg.QuantizedNetwork(X, labels, dg.class_votes(max(labels) + 1, units), bits=bits)
    F = dg.CoarseGradient(net, "1/2", dg.StraightThrough.RELU)
    law = dg.Gaussian([0.0] * net.dimension, 1.0)
    return Instance(F=F, region=law, seed=0, starts=10, budget=dg.Budget())


def pairs(**more):
    sizes = {"subspaces": 3, "dimension": 2, "pairs": 4, "lengths": (1.0, 2.0), "rng": 0}
    return quantized.samples_in_pairs(**{**sizes, **more})


def test_samples_come_in_pairs_in_orthogonal_subspaces():
    X, labels = pairs()
    assert X.shape == (24, 6)
    assert np.bincount(labels).tolist() == [8, 8, 8]
    inner = X @ X.T
    assert not inner[labels[:, None] != labels].any()
    lengths = np.linalg.norm(X, axis=1)
    assert lengths.min() >= 1
    assert lengths.max() <= 2
    of = instance(X, labels)
    for hypothesis in (quantized.INDEPENDENT_SUBSPACES, quantized.SAMPLES_IN_PAIRS):
        finding = hypothesis.check(of)
        assert finding.outcome is Outcome.YES
        assert finding.evidence.grade is Grade.PROVED


@pytest.mark.parametrize("change", ["rotated by rounding", "a sample at the origin", "shared"])
def test_dependent_subspaces_are_refuted(change):
    X, labels = pairs()
    X = X.copy()
    if change == "shared":
        X[labels == 1] = X[labels == 0]
    elif change == "a sample at the origin":
        X[0] = 0
    else:
        X = X @ np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert quantized.INDEPENDENT_SUBSPACES.check(instance(X, labels)).outcome is Outcome.NO


def test_lost_partners_are_noticed():
    X, labels = pairs()
    assert quantized.SAMPLES_IN_PAIRS.check(instance(X[1:], labels[1:])).outcome is Outcome.NO
    X = X.copy()
    X[0, 0] += 1e-15
    assert quantized.SAMPLES_IN_PAIRS.check(instance(X, labels)).outcome is Outcome.NO


@pytest.mark.parametrize("seed", range(3))
def test_one_bit_and_pairs_keep_the_loss_at_one_or_more(seed):
    X, labels = pairs(rng=seed)
    rng = np.random.default_rng(seed)
    votes = rng.normal(size=(3, 9))  # whatever the votes are
    net = dg.QuantizedNetwork(X, labels, votes, bits=1)
    points = rng.normal(size=(200, net.dimension))
    assert net.flat_radius_at(points).min() > 0
    assert net(points).min() >= 1 - 1e-12


def test_a_silent_sample_is_not_awake():
    X, labels = pairs()
    hypothesis = quantized.samples_awake(lambda of: np.ones((1, of.F.dimension)))
    found = hypothesis.check(instance(X, labels))
    assert found.outcome is Outcome.NO
    assert "of 24 samples" in found.detail
