"""What would contradict the claims about logistic regression, and what is too early to tell."""

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.claims import get_study
from dynsys_gd.claims.support.observe_cycles import recurs
from dynsys_gd.claims.support.separation import HardMargin


def statuses(study, name):
    claim = next(claim for claim in study.made() if claim.name == name)
    return {dg.verify(claim, c.F, region=c.region, rng=0).status for c in claim.examples()}


def test_a_wrong_minimiser_is_contradicted(monkeypatch):
    right = HardMargin.transverse_limit
    monkeypatch.setattr(HardMargin, "transverse_limit", lambda *given: right(*given) + 0.1)
    study = get_study("logistic_edge")
    found = statuses(study, "weights_tend_to_the_minimiser_of_a_potential")
    assert dg.Status.CONTRADICTION in found
    assert dg.Status.VERIFIED not in found


@pytest.mark.parametrize("steps", [2, 5, 30, 100])
def test_early_in_training_nothing_is_decided(steps):
    study = get_study("logistic_edge").at(steps=steps, patience=steps, gentle=("4", "256", "1024"))
    for name in (
        "weights_tend_to_the_minimiser_of_a_potential",
        "any_step_size_minimises_the_logistic_loss",
    ):
        assert dg.Status.CONTRADICTION not in statuses(study, name)


def test_rests_and_cycles_recur_and_a_slow_fall_does_not():
    assert recurs(np.array([3.0, 1.0, 1.0]), 1e-12)
    assert recurs(np.tile([3.0, 1.0, 2.0], 9), 1e-12)
    assert not recurs(1 / np.log(np.arange(10.0, 1e5)), 1e-12)
    assert not recurs(np.array([1.0]), 1e-12)
    assert not recurs(np.array([1.0, np.nan]), 1e-12)
