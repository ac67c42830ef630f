"""The rational determinant of linear networks against floating-point Hessians and hand work."""

import flint
import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Grade, LinearNetwork, Outcome
from dynsys_gd.claims import network_determinant as module

ETA = sp.Symbol("eta")
PRIME = 2**61 - 1


def finding(net, step_size=ETA):
    return module.network_determinant(net, step_size, "the determinant is not zero")


def whole_numbers(widths, seed=0, samples=8):
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (samples, widths[0])).astype(float)
    return LinearNetwork(widths, X, rng.integers(-3, 4, (samples, widths[-1])).astype(float))


def test_the_hessian_modulo_a_prime_is_the_hessian():
    net = whole_numbers((3, 4, 2))
    point = np.random.default_rng(1).integers(-3, 4, net.dimension)
    second, cross = (module._modulo(matrix) for matrix in net.exact_moments())
    w1 = flint.nmod_mat(4, 3, [int(v) % PRIME for v in point[:12]], PRIME)
    w2 = flint.nmod_mat(2, 4, [int(v) % PRIME for v in point[12:]], PRIME)
    exact = module.hessian_modulo(second, cross, w1, w2)
    # Eight samples: eight times the Hessian is a whole matrix.
    residues = np.array([[int(v) * 8 % PRIME for v in row] for row in exact.tolist()], dtype=object)
    signed = np.where(residues > PRIME // 2, residues - PRIME, residues).astype(float)
    np.testing.assert_allclose(signed, 8 * net.hessian_at(point.astype(float)), atol=1e-9)


@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 3, 2), (3, 9, 2), (5, 2, 4), (2, 2, 2, 2)])
def test_two_layers_or_more_are_regular_for_every_step_size(widths):
    found = finding(whole_numbers(widths))
    assert found.outcome is Outcome.YES
    assert found.evidence.grade is Grade.PROVED


def test_repeated_singular_values_need_more_hidden_units():
    # C = I: at points with one active unit most eigenvalues of the spare blocks stay ±1.
    net = LinearNetwork((4, 8, 4), 2 * np.eye(4), 2 * np.eye(4))
    found = finding(net)
    assert found.outcome is Outcome.YES
    assert "1 hidden unit not" not in found.detail


def test_the_claim_holds_where_the_point_zero_alone_fails():
    net = LinearNetwork((2, 5, 2), np.eye(2) * 2, np.eye(2))  # Σ = 2 I, C = I
    at_zero = np.eye(net.dimension) - net.hessian_at(np.zeros(net.dimension))
    assert abs(np.linalg.det(at_zero)) < 1e-12
    assert finding(net, sp.Integer(1)).outcome is Outcome.YES
    nearby = np.random.default_rng(0).standard_normal(net.dimension)
    assert abs(np.linalg.det(np.eye(net.dimension) - net.hessian_at(nearby))) > 1e-6


def test_floats_end_the_proof():
    rng = np.random.default_rng(0)
    net = LinearNetwork((2, 2, 1), rng.standard_normal((9, 2)), rng.standard_normal((9, 1)))
    assert finding(net).evidence.grade is Grade.CERTIFIED
    deep = LinearNetwork((2, 2, 2, 1), net.X, net.Y)
    assert finding(deep).evidence.grade is Grade.PROVED  # whatever the data


@pytest.mark.parametrize(
    ("step_size", "outcome"),
    [("1/2", Outcome.NO), ("2", Outcome.NO), ("1", Outcome.YES), ("1/3", Outcome.YES)],
)
def test_one_layer_fails_exactly_at_reciprocal_eigenvalues(step_size, outcome):
    net = LinearNetwork((2, 1), [[2.0, 0.0], [0.0, 1.0]], [[1.0], [1.0]])  # Σ = diag(2, 1/2)
    assert finding(net, sp.Rational(step_size)).outcome is outcome


def test_one_layer_with_an_open_step_size_names_the_smallest_exception():
    net = LinearNetwork((2, 1), [[2.0, 0.0], [0.0, 1.0]], [[1.0], [1.0]])
    found = finding(net)
    assert found.outcome is Outcome.NO
    assert "0.5" in found.detail


def test_no_inputs_no_map():
    net = LinearNetwork((1, 1), [[0.0]], [[1.0]])
    assert finding(net, sp.Integer(7)).outcome is Outcome.YES
