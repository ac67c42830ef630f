"""Every critical step size stated in the catalogue, against the methods that know nothing of it."""

import math

import pytest
import sympy as sp

from dynsys_gd.evidence import Grade
from dynsys_gd.losses import catalog
from dynsys_gd.losses.catalog.entry import CriticalStepSize
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.threshold import ThresholdStatus

SLOW = {"rank_deficient_factorisation", "matrix_factorisation", "slack_width"}
FACTS = [
    pytest.param(name, fact.value, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in catalog.names()
    for fact in catalog.get(name).facts
    if isinstance(fact, CriticalStepSize)
]


@pytest.mark.parametrize(("name", "value"), FACTS)
def test_stated_values_are_found(name, value):
    found = critical_step_size(catalog.get(name).loss, rng=0)
    expected = math.inf if value is sp.oo else float(sp.N(value, 20))
    assert found.lower <= expected * (1 + 1e-15)
    assert found.upper >= expected * (1 - 1e-15)
    if found.status is ThresholdStatus.UNDECIDED:
        # Only where no finite positive number would be right.
        assert expected in (0, math.inf)
    elif found.evidence.grade is Grade.NUMERICAL:
        assert found.value == pytest.approx(expected, rel=1e-7)
        assert found.value <= expected * (1 + 1e-9)
    else:
        assert found.value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "name", ["separable_logistic", "separable_logistic_plane", "monkey_saddle", "quadratic_saddle"]
)
def test_losses_without_a_minimum_are_proved_to_have_none(name):
    found = critical_step_size(catalog.get(name).loss)
    assert found.status is ThresholdStatus.NO_MINIMUM
    assert found.evidence.grade is Grade.PROVED
