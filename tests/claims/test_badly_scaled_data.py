"""Data that double precision cannot follow: no claim is contradicted by rounding."""

import numpy as np
import pytest

from dynsys_gd import (
    Budget,
    Detail,
    GradientDescent,
    LinearNetwork,
    Outcome,
    Status,
    claims,
    critical_step_size,
    data,
    he_normal,
    simulate,
    verify,
)


def iris_with_one_column_times(scale, widths):
    X, Y = data.iris()
    X = X.copy()
    X[:, 0] *= scale
    return LinearNetwork(widths=widths, X=X, Y=Y)


def test_an_orbit_held_up_by_rounding_above_the_minima_has_not_converged():
    """One slope is 1e-24 of the others: the orbits rest where the loss could still fall."""
    net = iris_with_one_column_times(1e-12, (4, 3))
    F = GradientDescent(net, 0.5 * critical_step_size(net).value)
    starts = he_normal(net).sample(8, rng=0)
    fates = simulate(F, starts)
    assert fates.count(Detail.MINIMUM) == 0
    assert np.all(net(fates.limit) > net.minimal_loss * (1 + 1e-6))
    assert fates.count(Detail.MARGINAL) > 0


@pytest.mark.parametrize("scale", [1e-12, 1e150])
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_rounding_contradicts_no_claim(scale):
    net = iris_with_one_column_times(scale, (4, 5, 3))
    F = GradientDescent(net, 1.1 * critical_step_size(net).value)
    for claim in claims.all_claims():
        verdict = verify(claim, F, starts=20, rng=0, budget=Budget(steps=256))
        assert verdict.status is not Status.CONTRADICTION, claim.name


def test_an_identity_lost_to_rounding_says_nothing_about_singularity():
    net = iris_with_one_column_times(1e150, (4, 5, 3))
    verdict = verify(claims.non_singular_map, GradientDescent(net, 0.1), starts=20, rng=0)
    assert verdict.applies is Outcome.YES
    assert verdict.observed is Outcome.UNDECIDED


def test_a_step_size_next_to_a_singular_one_is_no_contradiction():
    """One over an eigenvalue of Σ/2 is 3 + √5; as a float it is not, but looks the same."""
    net = LinearNetwork(widths=(2, 1), X=[[1, 1], [0, 1]], Y=[[1], [1]])
    verdict = verify(claims.non_singular_map, GradientDescent(net, 3 + 5**0.5), rng=0)
    assert verdict.applies is Outcome.YES
    assert verdict.observed is Outcome.UNDECIDED
    assert verdict.status is Status.INCONCLUSIVE
