"""What the data of a network decide, and minima reached by changes of basis."""

import numpy as np
import pytest
from sympy.abc import a, x, y, z

from dynsys_gd import Grade, LinearNetwork, Loss
from dynsys_gd.claims.networks import network_facts, spread_minima
from dynsys_gd.thresholds.critical import critical_step_size


def test_products_of_scalars_are_networks():
    facts = network_facts(Loss(3 * (x * y * z + 2) ** 2 + 7, [x, y, z]))
    assert facts.widths == (1, 1, 1, 1)
    assert facts.full_rank
    assert network_facts(Loss((x * y) ** 2, [x, y])).target_rank == 0


@pytest.mark.parametrize(
    "loss",
    [
        Loss((x**2 * y - 1) ** 2, [x, y]),  # two factors share a weight
        Loss((x * y - 1) ** 2 + x**2, [x, y]),
        Loss(-((x * y - 1) ** 2), [x, y]),
        Loss((a * x * y - 1) ** 2, [x, y]),  # a is open
    ],
)
def test_other_losses_are_not(loss):
    assert network_facts(loss) is None


def test_ranks_are_exact_and_no_better_than_the_data():
    X = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])
    facts = network_facts(LinearNetwork((3, 2, 1), X, X[:, :1]))
    assert (facts.input_rank, facts.target_rank) == (2, 1)
    assert facts.evidence.grade is Grade.PROVED
    # A tenth is not a float: what is proportional on paper need not be so in binary.
    floats = LinearNetwork((2, 1), [[0.1, 0.3], [0.2, 0.6]], [[1.0], [2.0]])
    assert network_facts(floats).evidence.grade is Grade.CERTIFIED


@pytest.mark.parametrize("widths", [(2, 3, 2), (3, 5, 4, 2), (1, 2, 2, 1), (2, 2)])
def test_changes_of_basis_stay_on_the_minima(widths):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((12, widths[0]))
    net = LinearNetwork(widths, X, rng.standard_normal((12, widths[-1])))
    flattest = critical_step_size(net).attained_at[0]
    points = spread_minima(net, flattest, n=20, rng=rng)
    np.testing.assert_allclose(net(points), net.minimal_loss, rtol=1e-9)
    assert np.abs(net.gradient_at(points)).max() < 1e-9
    if len(widths) > 2:
        assert np.linalg.norm(points - flattest, axis=1).max() > 0.1


def test_factors_are_scaled_along_the_hyperbola():
    loss = Loss((x * y - 4) ** 2 / 2, [x, y])
    points = spread_minima(loss, np.array([2.0, 2.0]), n=9, rng=np.random.default_rng(0))
    np.testing.assert_allclose(points.prod(axis=1), 4)
