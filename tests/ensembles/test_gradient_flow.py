"""Gradient flow against solutions in closed form, and where it is lost."""

import numpy as np
import pytest
from sympy import log
from sympy.abc import x, y

import dynsys_gd as dg

TIMES = np.linspace(0.0, 6.0, 13)
PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
STIFF = dg.Loss(2000 * x**2 + y**2 / 2, [x, y])


@pytest.mark.parametrize("integrator", dg.Integrator)
def test_a_parabola_decays_exponentially(integrator):
    flow = dg.gradient_flow(
        dg.Loss(x**2 / 2, [x]), [3.0], TIMES, integrator=integrator, tolerance=1e-9
    )
    truth = 3.0 * np.exp(-TIMES)
    assert flow.complete
    assert np.all(np.abs(flow.points[:, 0] - truth) <= flow.errors + 1e-9)
    assert flow.errors.max() < 1e-6


def test_keeps_what_the_flow_of_a_product_keeps():
    flow = dg.gradient_flow(PRODUCT, [3.0, 0.2], TIMES)
    kept = flow.points[:, 0] ** 2 - flow.points[:, 1] ** 2
    np.testing.assert_allclose(kept, kept[0], atol=1e-9)
    assert (np.diff(flow.losses) <= 1e-15).all()
    np.testing.assert_allclose(flow.end.prod(), 1.0, atol=1e-9)


def test_a_stiff_flow_needs_fewer_gradients_when_integrated_implicitly():
    explicit, implicit = (
        dg.gradient_flow(STIFF, [1.0, 1.0], TIMES, integrator=method, tolerance=1e-6)
        for method in dg.Integrator
    )
    np.testing.assert_allclose(explicit.end, implicit.end, atol=1e-5)
    assert implicit.evaluations < explicit.evaluations / 5


@pytest.mark.parametrize("integrator", dg.Integrator)
def test_says_when_a_flow_runs_away(integrator):
    # x' = 4x³ from 1 is infinite at time 1/8.
    times = [0.0, 0.05, 0.1, 0.2, 1.0]
    flow = dg.gradient_flow(dg.Loss(-(x**4), [x]), [1.0], times, integrator=integrator)
    assert not flow.complete
    assert flow.reached == pytest.approx(0.1)
    assert np.isnan(flow.points[3:]).all()
    np.testing.assert_allclose(flow.end, (1 - 8 * 0.1) ** -0.5, rtol=1e-6)
    assert "lost" in flow.headline()
    assert "lost" in flow.evidence.reason


def test_steps_follow_the_flow_to_first_order():
    # For a parabola of curvature 1 from 1: (1 - η)^(1/η) - e^-1 ≈ -η/(2e).
    eta = 1e-3
    flow = dg.gradient_flow(dg.Loss(x**2 / 2, [x]), [1.0], [0.0, 1.0])
    step = dg.GradientDescent(flow.loss, eta).iterate([1.0], 1000)
    assert (step - flow.end)[0] == pytest.approx(-eta / (2 * np.e), rel=1e-2)


@pytest.mark.parametrize("integrator", dg.Integrator)
def test_gives_up_a_flow_that_takes_too_many_gradients(integrator):
    loss = dg.Loss(10**8 * x**2 + y**4, [x, y])
    flow = dg.gradient_flow(
        loss, [1.0, 1.0], [0.0, 1e-9, 100.0], integrator=integrator, max_evaluations=200
    )
    assert flow.capped
    assert not flow.complete
    assert flow.reached < 100.0
    assert flow.evaluations < 800
    assert "given up" in flow.headline()
    assert ("Radau" in flow.evidence.reason) == (integrator is dg.Integrator.DOP853)


def test_a_flow_that_arrives_or_runs_away_is_not_capped():
    assert not dg.gradient_flow(PRODUCT, [3.0, 0.2], TIMES).capped
    assert not dg.gradient_flow(dg.Loss(-(x**4), [x]), [1.0], [0.0, 1.0]).capped


@pytest.mark.parametrize(
    ("loss", "start"), [(dg.Loss(-(x**4), [x]), 1e200), (dg.Loss(log(x), [x]), -1.0)]
)
def test_a_flow_begins_where_the_loss_is_finite(loss, start):
    with pytest.raises(dg.InvalidInput, match="loss and gradient are finite"):
        dg.gradient_flow(loss, [start], [0.0, 1.0])


def test_a_flow_that_is_lost_at_once_ends_where_it_begins():
    flow = dg.gradient_flow(dg.Loss(-(x**4), [x]), [1e60], [0.0, 1.0])
    assert flow.end == [1e60]
    assert "lost after time 0" in repr(flow)
