"""Which method answers for which loss, what is refused, and what a result shows."""

import json
import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, k, x, y

from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.losses.activations import Activation
from dynsys_gd.losses.data_loss import DataLoss
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.mlp import MLP
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.maps.gradient_descent import GradientDescent
from dynsys_gd.regions import Ball
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.flattest import flattest_minimum, near_flattest
from dynsys_gd.thresholds.threshold import Threshold, ThresholdStatus
from dynsys_gd.thresholds.weak import weak_critical_step_size

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
DATA = np.random.default_rng(0).standard_normal((6, 3))


def test_the_first_example_reads_as_promised():
    found = critical_step_size(PRODUCT)
    assert found.headline() == "critical step size 1, PROVED, attained at (1, 1) and (-1, -1)"
    assert found.exact == 1
    assert found.attained_at.tolist() == [[1, 1], [-1, -1]]
    assert found.latex() == r"\eta_c = 1"
    assert (found.sharpness_lower, found.sharpness_upper) == (2, 2)
    assert json.loads(json.dumps(found.to_dict()))["exact"] == "1"
    assert "craciun2024convergence" in found.cite()
    assert found.decided


@pytest.mark.parametrize("function", [critical_step_size, weak_critical_step_size, near_flattest])
def test_open_parameters_and_other_things_are_refused(function):
    with pytest.raises(InvalidInput, match=r"loss\.at\(k="):
        function(Loss((x * y - k) ** 2, [x, y]))
    with pytest.raises(InvalidInput, match=r"use F\.loss"):
        function(GradientDescent(PRODUCT, step_size=eta))


def test_a_parameter_with_a_value_is_used():
    assert critical_step_size(Loss((x * y - k) ** 2 / 2, [x, y]).at(k=4)).exact == sp.Rational(1, 4)


@pytest.mark.parametrize("activation", [Activation.TANH, Activation.GELU, Activation.RELU])
def test_output_bias_bounds_the_threshold_by_two(activation):
    net = MLP((2, 4, 1), activation, DATA[:, :2], DATA[:, 2:])
    found = critical_step_size(net)
    assert found.status is ThresholdStatus.BOUND
    assert found.evidence.grade is Grade.PROVED
    assert (found.lower, found.upper) == (0, 2)
    assert math.isnan(found.value)
    assert not found.decided
    assert "at most 2" in found.headline()
    assert found.sharpness_lower == 1
    points = np.random.default_rng(1).standard_normal((20, net.dimension))
    assert np.all(net.sharpness_at(points) >= 1 - 1e-12)


def test_networks_outside_the_bound_are_not_given_it():
    labels = np.eye(2)[[0, 1, 0, 1, 1, 0]]
    for net in (
        MLP((2, 2, 1), Activation.TANH, DATA[:, :2], DATA[:, 2:], biases=False),
        MLP((2, 2), Activation.TANH, DATA[:, :2], labels, DataLoss.CROSS_ENTROPY),
    ):
        found = critical_step_size(net, rng=0, seconds=2)
        assert found.evidence.grade is Grade.NUMERICAL
        assert (found.lower, found.upper) == (0, math.inf)


def test_flattest_minimum_and_starts_near_it():
    point, sharpness = flattest_minimum(PRODUCT)
    assert (point.tolist(), sharpness) == ([1, 1], 2)
    ball = near_flattest(PRODUCT, "1/10")
    assert isinstance(ball, Ball)
    assert ball.radius == pytest.approx(math.sqrt(2) / 10)


def test_no_flattest_minimum_is_an_error_that_says_why():
    with pytest.raises(InvalidInput, match="no minimum"):
        flattest_minimum(Loss(x * y, [x, y]))
    with pytest.raises(InvalidInput, match="infinite"):
        flattest_minimum(Loss(y**2 / (1 + x**2), [x, y]))
    with pytest.raises(InvalidInput, match="away from the origin"):
        near_flattest(Loss(x**2 + y**2, [x, y]))
    with pytest.raises(InvalidInput, match="radius"):
        near_flattest(PRODUCT, 0)


def test_thresholds_of_one_loss_written_twice_agree():
    net = LinearNetwork((1, 2, 1), [[1.0], [2.0]], [[3.0], [4.0]])
    form = net.symbolic
    by_network, by_algebra = (
        critical_step_size(net),
        critical_step_size(Loss(form.bound, form.variables)),
    )
    assert sp.simplify(by_network.exact - by_algebra.exact) == 0


def test_results_are_read_only_and_keep_their_meaning():
    found = critical_step_size(PRODUCT)
    with pytest.raises(ValueError, match="read-only"):
        found.attained_at[0, 0] = 5
    evidence = Evidence(grade=Grade.NUMERICAL, reason="nothing")
    nothing = Threshold(
        name="critical step size",
        status=ThresholdStatus.UNDECIDED,
        value=math.nan,
        evidence=evidence,
    )
    assert nothing.headline() == "critical step size undecided"
    assert (nothing.sharpness_lower, nothing.sharpness_upper) == (0, math.inf)
    assert nothing.to_dict()["value"] == "nan"
    between = Threshold(
        name="critical step size",
        status=ThresholdStatus.BOUND,
        value=math.nan,
        lower=0.5,
        upper=2,
        evidence=evidence,
    )
    assert "between 0.5 and 2" in between.headline()
