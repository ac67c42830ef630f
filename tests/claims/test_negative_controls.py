"""Instances on which the impossibility claims must not verify: controls C1 to C15."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

from dynsys_gd import (
    MLP,
    Activation,
    Box,
    Budget,
    DataLoss,
    Detail,
    Fate,
    Gaussian,
    GradientDescent,
    LinearNetwork,
    Loss,
    Outcome,
    SymbolicMap,
    simulate,
)
from dynsys_gd.claims import (
    Status,
    general_loss_impossibility,
    linear_network_impossibility,
    minima_form_a_manifold,
    no_stable_minimum,
    non_singular_map,
    verify,
)
from dynsys_gd.claims.main_paper import controls
from dynsys_gd.thresholds.critical import critical_step_size

IMPOSSIBILITY = (linear_network_impossibility, general_loss_impossibility)
SILENT_OR_OPEN = (Status.SILENT, Status.INCONCLUSIVE)
BUDGET = Budget(steps=1024)


def assert_no_claim_speaks(F, region=None, *, starts=200, claims=IMPOSSIBILITY):
    """Return the verdicts, none of which says that the claim applies."""
    verdicts = [
        verify(claim, F, region=region, starts=starts, budget=BUDGET, rng=0) for claim in claims
    ]
    for verdict in verdicts:
        assert verdict.applies is not Outcome.YES, verdict
        assert verdict.status in SILENT_OR_OPEN, verdict
    return verdicts


def descent(expression, step_size):
    variables = sorted(expression.free_symbols, key=str)
    return GradientDescent(Loss(expression, variables), step_size=step_size)


HYPERBOLA = (x * y - 1) ** 2 / 2


def test_c1_below_the_critical_step_size():
    F = descent(HYPERBOLA, "9/10")
    verdicts = assert_no_claim_speaks(F, claims=(*IMPOSSIBILITY, no_stable_minimum))
    assert all(verdict.status is Status.SILENT for verdict in verdicts)
    assert all(verdict.observed is Outcome.NO for verdict in verdicts)


@pytest.mark.parametrize("exponent", [2, 8])
def test_c2_the_quartic_converges_from_little_and_never_from_nothing(exponent):
    eta = sp.Integer(10) ** exponent
    F = descent(x**4, eta)
    region = Box([-1], [1])
    verdicts = assert_no_claim_speaks(F, region)
    assert all(verdict.status is Status.SILENT for verdict in verdicts)
    # At 10^8 a thousand starts see nothing although the measure is positive: a simulation alone
    # must not verify.
    if exponent == 8:
        assert verdicts[0].observed is not Outcome.NO


def test_c3_a_dead_relu_unit_is_no_minimum():
    F = GradientDescent(controls.half_line_minimum(), step_size="5/2")
    verdicts = assert_no_claim_speaks(F, claims=(*IMPOSSIBILITY, non_singular_map))
    assert verdicts[0].observed is Outcome.YES  # nothing converges to the minimum
    assert verdicts[1].observed is Outcome.NO  # and everything to a plateau
    fates = simulate(F, np.linspace(-3, 3, 101)[:, None])
    assert fates.count(Detail.PLATEAU) > 95
    assert fates.count(Detail.MINIMUM) == 0


def test_c4_smooth_is_not_analytic():
    F = GradientDescent(controls.collapsing_loss(), step_size=1)
    verdicts = assert_no_claim_speaks(F, Box([-4], [4]), claims=(*IMPOSSIBILITY, non_singular_map))
    assert verdicts[-1].status is Status.SILENT
    assert verdicts[-1].observed is Outcome.NO
    assert np.all(F([[2.5], [-3.7]]) == 0)  # onto the unstable minimum in one step


@pytest.mark.parametrize("step_size", [50, 200])
def test_c5_an_infimum_that_is_not_attained(step_size):
    F = GradientDescent(controls.flat_valley(), step_size=step_size)
    verdicts = assert_no_claim_speaks(F, Gaussian([0, 0], 1))
    assert verdicts[1].observed is Outcome.NO


@pytest.mark.parametrize("share", ["3/4", "19/20"])
def test_c6_generic_starts_may_miss_stable_minima(share):
    rng = np.random.default_rng(0)
    # Whole numbers: a product of floats has full rank in binary.
    X = (rng.integers(-4, 5, (20, 2)) @ rng.integers(-4, 5, (2, 4))).astype(float)
    net = LinearNetwork((4, 3, 2), X, X @ rng.integers(-2, 3, (4, 2)))
    step = sp.Rational(share) * sp.Rational(critical_step_size(net).lower)
    F = GradientDescent(net, step_size=step)
    verdicts = assert_no_claim_speaks(F, Gaussian([0] * net.dimension, 3))
    assert verdicts[0].status is Status.SILENT
    region, near = verdicts[0].observation.results
    assert near.lower > 0.9
    assert region.lower < near.lower / 2


def test_c7_a_huge_law_sees_nothing():
    F = descent(HYPERBOLA, "9/10")
    verdict = verify(
        linear_network_impossibility, F, region=Gaussian([0, 0], 1000), budget=BUDGET, rng=0
    )
    assert verdict.status is Status.SILENT
    assert verdict.observation.results[0].hits == 0  # the region alone would have been fooled
    assert verdict.observed is Outcome.NO  # starts about the flattest minimum are not


@pytest.mark.parametrize("step_size", [4, 100])
def test_c8_separable_logistic_loss_has_no_minimum(step_size):
    F = GradientDescent(controls.separable_logistic(), step_size=step_size)
    assert_no_claim_speaks(F)


def test_c8_cross_entropy_network():
    X, Y = np.array([[1.0], [-1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    net = MLP((1, 2, 2), Activation.TANH, X, Y, DataLoss.CROSS_ENTROPY)
    F = GradientDescent(net, step_size=50)
    assert_no_claim_speaks(F, starts=20, claims=[linear_network_impossibility])


def test_c9_the_tent_lands_on_an_unstable_point():
    tent = SymbolicMap([1 - 2 * sp.Abs(x)], [x])
    assert_no_claim_speaks(tent, Box([-1], [1]), claims=(*IMPOSSIBILITY, non_singular_map))
    fates = simulate(tent, Box([-1], [1]).sample(200, rng=0))
    assert fates.count(Fate.CONVERGED) == 0  # although every float orbit ends at -1


def test_c10_a_quadratic_at_one_over_its_eigenvalue():
    F = descent(x**2 / 2, 1)
    verdicts = assert_no_claim_speaks(F, claims=(*IMPOSSIBILITY, non_singular_map))
    assert all(verdict.status is Status.SILENT for verdict in verdicts)
    assert all(verdict.observed is Outcome.NO for verdict in verdicts)


@pytest.mark.parametrize("depth", [2, 3])
def test_c11_the_inequality_is_strict(depth):
    expression = (sp.prod((x, y, z)[:depth]) - 1) ** 2 / 2
    F = descent(expression, sp.Rational(2, depth))
    verdicts = assert_no_claim_speaks(F, claims=(*IMPOSSIBILITY, no_stable_minimum))
    names = [hypothesis.name for hypothesis in linear_network_impossibility.hypotheses]
    beyond = verdicts[0].findings[names.index("beyond the critical step size")]
    assert beyond.outcome is Outcome.NO
    assert beyond.evidence.grade.rigorous
    assert "strict" in beyond.detail


def test_c12_symmetric_starts_and_the_degenerate_saddle():
    # On the diagonal (xyz - 1)²/2 is (x³ - 1)²/6 with the same step: 0 is critical, H(0) = 0, and
    # starts on the negative side tend to it.
    F = descent((x**3 - 1) ** 2 / 6, "7/10")
    verdicts = assert_no_claim_speaks(F)
    assert verdicts[1].status is Status.SILENT
    diagonal = -np.linspace(0.05, 0.5, 20)[:, None] * np.ones((1, 3))
    fates = simulate(descent((x * y * z - 1) ** 2 / 2, "7/10"), diagonal, budget=BUDGET)
    assert fates.count(Detail.MINIMUM) == 0
    assert fates.count(Fate.CONVERGED) == 0


@pytest.mark.parametrize(
    "F",
    [
        GradientDescent(LinearNetwork((2, 2, 2), np.eye(2), np.diag([1.0, 0.0])), step_size="1/2"),
        descent((x * y) ** 2 / 2, "1/2"),
        descent((x * y) ** 2 / 2 + z**2, "1/2"),
    ],
)
def test_c13_a_target_without_full_rank_has_singular_minima(F):
    verdict = verify(minima_form_a_manifold, F, rng=0)
    assert verdict.applies is Outcome.NO
    assert verdict.status is Status.SILENT


def test_c14_a_zero_target_has_no_critical_step_size():
    for loss in (Loss((x * y) ** 2 / 2, [x, y]), LinearNetwork((2, 2, 1), np.eye(2), [[0.0]] * 2)):
        F = GradientDescent(loss, step_size=1000)
        verdicts = assert_no_claim_speaks(F, claims=(*IMPOSSIBILITY, no_stable_minimum))
        assert verdicts[0].status is Status.SILENT


def test_c15_drift_without_blow_up_is_neither_convergence_nor_contradiction():
    F = descent(-sp.cos(x), 5)
    verdict = verify(general_loss_impossibility, F, starts=200, budget=BUDGET, rng=0)
    assert verdict.status is not Status.CONTRADICTION
    assert verdict.observation.results[0].hits == 0
    fates = simulate(F, Box([-3], [3]).sample(200, rng=0), budget=BUDGET)
    assert fates.count(Fate.CONVERGED) == 0
    assert fates.count(Detail.DIVERGED) == 0
