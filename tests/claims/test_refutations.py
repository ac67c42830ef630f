"""A hypothesis is refuted by what is the case, never by what is not recognised."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import MLP, Activation, Budget, Grade, GradientDescent, LinearNetwork, Loss, Outcome
from dynsys_gd.claims import (
    Status,
    every_eigenvalue_proper,
    general_loss_impossibility,
    linear_network_impossibility,
    minima_form_a_manifold,
    non_singular_map,
    verify,
)
from dynsys_gd.claims.quadratic_form import not_quadratic

m = x * y - 1


def finding(claim, F, name):
    verdict = verify(claim, F, starts=4, budget=Budget(steps=256), rng=0)
    names = [hypothesis.name for hypothesis in claim.hypotheses]
    return verdict.findings[names.index(name)]


def unstable(expression, step_size):
    F = GradientDescent(Loss(expression, [x, y]), step_size=step_size)
    return finding(general_loss_impossibility, F, "unstable critical points")


def test_a_threshold_that_is_not_attained_refutes_nothing():
    # On xy = 1 the eigenvalue is 2 + 2y⁴ > 2: every point repels at the infimum's own step size.
    found = unstable(m**2 * (y**2 + m**2), 1)
    assert found.outcome is Outcome.UNDECIDED, found
    assert unstable(m**2 * (y**2 + m**2), "11/10").outcome is Outcome.YES


def test_only_the_family_with_the_flattest_minimum_is_said_not_to_repel():
    # On x = 0 the eigenvalue is 2; on x = 1 it is at least 18, above 2/η = 4.
    found = unstable(x**2 * (x - 1) ** 2 * (1 + 8 * x**2) * (1 + x**2 * y**2), "1/2")
    assert found.outcome is Outcome.NO
    assert found.evidence.grade is Grade.PROVED
    assert "x = 0" in found.detail
    assert "x = 1" not in found.detail


@pytest.mark.parametrize("step_size", ["9/10", 1])
def test_an_attained_threshold_refutes(step_size):
    found = unstable(m**2 / 2, step_size)
    assert found.outcome is Outcome.NO
    assert "x*y = 1 does not repel" in found.detail


def test_networks_with_an_output_bias_are_not_said_to_have_critical_points():
    net = MLP((1, 2, 1), Activation.SIGMOID, [[0.0], [1.0]], [[0.0], [1.0]])
    F = GradientDescent(net, step_size="21/10")
    found = finding(general_loss_impossibility, F, "unstable critical points")
    assert found.outcome is Outcome.YES
    assert found.evidence.grade is Grade.PROVED
    assert "should there be any" in found.statement
    assert "there are" not in found.statement
    assert "minimum" not in found.detail  # the bound holds at every point


def test_without_critical_points_none_attracts():
    found = unstable(x + 0 * y, 1)
    assert found.outcome is Outcome.YES
    assert found.detail == "there is no critical point"


def regression(step_size, X=((1.0, 0.0), (0.0, 1.0))):
    return GradientDescent(LinearNetwork((2, 1), X, [[1.0], [2.0]]), step_size=step_size)


@pytest.mark.parametrize("step_size", [sp.sqrt(2), 7 * sp.sqrt(2), sp.pi, sp.exp(sp.Rational(1))])
def test_an_irrational_step_size_is_a_number(step_size):
    verdict = verify(non_singular_map, regression(step_size), starts=4, rng=0)
    found = verdict.findings[-1]
    assert found.outcome is Outcome.YES, verdict
    assert found.evidence.grade.rigorous
    assert verdict.status in (Status.VERIFIED, Status.SUPPORTED)


def test_the_impossibility_speaks_at_an_irrational_step_size():
    F = regression(7 * sp.sqrt(2))
    verdict = verify(linear_network_impossibility, F, starts=4, budget=Budget(steps=256), rng=0)
    assert verdict.applies is Outcome.YES, verdict


@pytest.mark.parametrize(
    ("step_size", "outcome"),
    [
        (3 - sp.sqrt(5), Outcome.NO),  # Σ = [[1, 1], [1, 2]]/2 has the eigenvalues (3 ± √5)/4
        (3 + sp.sqrt(5), Outcome.NO),
        (4 - sp.sqrt(5), Outcome.YES),
        (3 - sp.sqrt(5) + sp.Rational(1, 10**60), Outcome.YES),
    ],
)
def test_an_irrational_step_size_that_is_a_reciprocal_eigenvalue(step_size, outcome):
    F = regression(step_size, X=((1.0, 1.0), (0.0, 1.0)))
    found = finding(linear_network_impossibility, F, "non-singular")
    assert found.outcome is outcome, found
    assert found.evidence.grade.rigorous


def test_an_open_step_size_is_still_open():
    verdict = verify(non_singular_map, regression(sp.Symbol("eta")), starts=4, rng=0)
    assert verdict.findings[-1].outcome is Outcome.NO
    assert "give the step size a value" in verdict.findings[-1].detail


@pytest.mark.parametrize(
    "loss",
    [
        LinearNetwork((2, 2), np.eye(2), np.diag([1.0, 0.0])),
        LinearNetwork((2, 1), [[1.0, 1.0]], [[0.0]]),
        Loss(x**2, [x]),
    ],
)
def test_the_minima_of_one_layer_are_an_affine_space_whatever_the_target(loss):
    verdict = verify(minima_form_a_manifold, GradientDescent(loss, step_size="1/2"), rng=0)
    assert verdict.status is Status.VERIFIED, verdict


def test_one_layer_with_one_eigenvalue_whatever_the_target():
    F = GradientDescent(Loss(3 * x**2, [x]), step_size=1)
    assert finding(every_eigenvalue_proper, F, "a single eigenvalue").outcome is Outcome.YES
    deep = GradientDescent(Loss(x**2 * y**2, [x, y]), step_size=1)
    assert finding(every_eigenvalue_proper, deep, "a single eigenvalue").outcome is Outcome.NO


@pytest.mark.parametrize(
    ("expression", "grade"),
    [
        (sp.Abs(m) ** 2 / 2, None),
        (m**2 * (sp.sin(x) ** 2 + sp.cos(x) ** 2) / 2, None),
        (sp.sqrt(m**4) / 2, None),
        ((x - sp.pi * y) ** 2, None),
        ((x**2 * m**2 + m**2) / (2 * x**2 + 2), None),
        (x**3 * y, Grade.PROVED),
        (y**2 / (1 + x**2), Grade.PROVED),
        (sp.Max(x, 0) ** 2 + y, Grade.PROVED),
        (sp.cosh(x) * y, Grade.CERTIFIED),
        (0.1 * x**3 + y, Grade.CERTIFIED),
    ],
)
def test_no_network_is_refuted_by_its_spelling(expression, grade):
    assert not_quadratic(expression, [x, y]) is grade
    F = GradientDescent(Loss(expression, [x, y]), step_size=1)
    found = finding(linear_network_impossibility, F, "linear network")
    assert found.outcome is (Outcome.UNDECIDED if grade is None else Outcome.NO), found
    if grade is not None:
        assert found.evidence.grade is grade
