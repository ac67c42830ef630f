"""The counterexamples to properness, exactly."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import LinearNetwork
from dynsys_gd.claims.escape_paths import escape_paths, exact_eigenvalues
from dynsys_gd.claims.main_paper.controls import identity_network
from dynsys_gd.claims.networks import network_facts
from dynsys_gd.thresholds.critical import critical_step_size


@pytest.mark.parametrize("T", [1, 10, 1000, 10**6])
def test_spare_width_leaves_the_sharpness_at_three(T):
    net = LinearNetwork((1, 2, 2, 1), [[1.0]], [[1.0]])
    point = net.flatten([[[1], [0]], [[1, 0], [0, T]], [[1, 0]]])
    assert exact_eigenvalues(net, point) == (3,)
    assert net(point) == 0


@pytest.mark.parametrize("k", [0, 3, 8])
def test_the_smallest_eigenvalue_tends_to_zero(k):
    net = identity_network(2, 1, 1)
    a = sp.Rational(1, 2**k)
    point = net.flatten([[[float(1 / a), 0]], [[float(a)]]])
    assert exact_eigenvalues(net, point) == (a**2, a**2 + 1 / a**2)


def test_the_diagonal_network_of_the_second_counterexample():
    net = identity_network(2, 2, 2)
    t = sp.Integer(4)
    point = net.flatten([[[4, 0], [0, 1]], [[0.25, 0], [0, 1]]])
    expected = sorted([t**2 + 1 / t**2, 1 + t**2, 2, 1 + 1 / t**2], key=float)
    assert list(exact_eigenvalues(net, point)) == expected


def test_a_point_that_is_no_exact_minimum_has_no_exact_spectrum():
    net = identity_network(2, 1, 1)
    assert exact_eigenvalues(net, np.array([1.0, 0.1, 1.0])) is None


@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 2, 1), (2, 2, 2, 2), (2, 4, 4, 1)])
def test_paths_consist_of_minima_and_leave(widths):
    net = identity_network(*widths)
    facts = network_facts(net)
    paths = list(escape_paths(net, facts, critical_step_size(net).attained_at[0]))
    assert paths
    for path in paths:
        assert np.all(np.diff(path.norms) > 0)
        assert path.norms[-1] > 100
        np.testing.assert_allclose(net(path.points), net.minimal_loss, atol=1e-12)
        top = net.sharpness_at(path.points)
        np.testing.assert_allclose(path.largest, top)


def test_two_layers_obey_the_trace_bound():
    # λmax ≥ tr K/(dx dy) ≥ min(tr Σ, dy λmin(Σ)) |θ|²/(dx dy), which makes λmax proper.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((9, 2))
    net = LinearNetwork((2, 3, 2), X, rng.standard_normal((9, 2)))
    sigma = net.second_moment
    constant = min(np.trace(sigma), 2 * np.linalg.eigvalsh(sigma)[0]) / 4
    for path in escape_paths(net, network_facts(net), critical_step_size(net).attained_at[0]):
        assert np.all(path.largest >= constant * path.norms**2)
