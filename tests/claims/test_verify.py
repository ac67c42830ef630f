"""From a claim and a map to a verdict: arguments, seeds, executors."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sympy.abc import eta, x, y

from dynsys_gd import (
    MLP,
    Activation,
    Box,
    Gaussian,
    GradientDescent,
    InvalidInput,
    LinearNetwork,
    Loss,
    Outcome,
    SymbolicMap,
)
from dynsys_gd.claims import (
    Status,
    linear_network_impossibility,
    no_stable_minimum,
    non_singular_map,
    verify,
)
from dynsys_gd.claims.verify import usual_region

F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)


def test_the_public_face():
    box = Box([-3, -3], [3, 3])
    found = verify(linear_network_impossibility, F.at(eta="11/10"), region=box, rng=0)
    assert found.status is Status.VERIFIED
    assert found.applies is Outcome.YES
    assert found.observed is Outcome.YES
    assert "craciun2024convergence" in found.cite()
    assert "clopper1934use" in found.cite()


def test_equal_seeds_give_equal_data_whoever_computes():
    first = verify(no_stable_minimum, F.at(eta="21/20"), rng=7).to_dict()
    with ThreadPoolExecutor(2) as pool:
        second = verify(no_stable_minimum, F.at(eta="21/20"), rng=7, executor=pool).to_dict()
    assert json.dumps(first) == json.dumps(second)
    third = verify(no_stable_minimum, F.at(eta="21/20"), rng=8).to_dict()
    assert json.dumps(first) != json.dumps(third)


def test_a_drawn_seed_repeats_the_verdict():
    drawn = verify(no_stable_minimum, F.at(eta="9/10"), starts=50)
    again = verify(no_stable_minimum, F.at(eta="9/10"), starts=50, rng=drawn.instance.seed)
    assert json.dumps(drawn.to_dict()) == json.dumps(again.to_dict())
    generator = verify(no_stable_minimum, F.at(eta="9/10"), starts=50, rng=np.random.default_rng(1))
    assert isinstance(generator.instance.seed, int)


def test_open_parameters_leave_it_open():
    found = verify(linear_network_impossibility, F, rng=0)
    assert found.status is Status.INCONCLUSIVE
    assert "eta" in repr(found)
    loss = Loss((x * y - eta) ** 2 / 2, [x, y])
    for claim in (linear_network_impossibility, non_singular_map):
        found = verify(claim, GradientDescent(loss, step_size="1/2"), rng=0)
        assert found.status is Status.INCONCLUSIVE


def test_a_float_step_size_certifies_but_does_not_prove():
    found = verify(linear_network_impossibility, F.at(eta=1.1), rng=0)
    assert found.status is Status.VERIFIED
    assert found.evidence.grade.value == "certified"
    assert any('"11/10"' in finding.evidence.reason for finding in found.findings)


def test_progress_tells_the_steps():
    lines = []
    verify(no_stable_minimum, F.at(eta="21/20"), starts=10, rng=0, progress=lines.append)
    assert lines[-1] == "no_stable_minimum: the conclusion"
    assert len(lines) == len(no_stable_minimum.hypotheses) + 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"region": Box([-1], [1])}, "region"),
        ({"region": "box"}, "region"),
        ({"starts": 0}, "starts"),
        ({"rng": -1}, "rng"),
        ({"rng": "seed"}, "rng"),
    ],
)
def test_wrong_arguments_are_named(arguments, named):
    with pytest.raises(InvalidInput, match=named):
        verify(no_stable_minimum, F.at(eta=1), **arguments)


def test_claims_and_maps_are_told_apart():
    with pytest.raises(InvalidInput, match="claim"):
        verify("no_stable_minimum", F)
    with pytest.raises(InvalidInput, match="F"):
        verify(no_stable_minimum, F.loss)


def test_usual_regions():
    assert usual_region(F) == Box([-3, -3], [3, 3])
    net = LinearNetwork((2, 3, 1), np.eye(2), np.ones((2, 1)))
    for loss in (net, MLP((2, 3, 1), Activation.TANH, np.eye(2), np.ones((2, 1)))):
        region = usual_region(GradientDescent(loss, step_size=1))
        assert isinstance(region, Gaussian)
        assert region.dimension == loss.dimension
    assert usual_region(SymbolicMap([x**2], [x])).dimension == 1


def test_every_claim_answers_on_a_map_without_a_loss():
    from dynsys_gd.claims import all_claims

    for claim in all_claims():
        found = verify(claim, SymbolicMap([4 * x * (1 - x)], [x]), rng=0, starts=20)
        if claim is not non_singular_map:
            assert found.status in (Status.SILENT, Status.INCONCLUSIVE)
