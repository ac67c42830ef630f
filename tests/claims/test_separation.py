"""Margins of exact data, and the losses built from them."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.claims.support.separation import Link, hard_margin, margin_loss, margin_terms
from dynsys_gd.errors import InvalidInput
from dynsys_gd.losses.symbolic import Loss

SQUARE = [["1", "1/5"], ["-2", "1/5"]]


def margin_of(rows):
    return hard_margin(margin_terms(margin_loss(rows)).rows)


def random_rows(seed, shape):
    values = np.random.default_rng(seed).integers(-40, 41, shape)
    values[:, -1] = 5 + abs(values[:, -1])
    return [[sp.Rational(int(v), 16) for v in row] for row in values]


class TestLoss:
    @pytest.mark.parametrize("link", list(Link))
    def test_is_read_back(self, link):
        terms = margin_terms(margin_loss(SQUARE, ["1/3", "2"], link=link))
        assert terms.link is link
        assert dict(zip(terms.rows, terms.weights, strict=True)) == {
            (1, sp.Rational(1, 5)): sp.Rational(1, 3),
            (-2, sp.Rational(1, 5)): 2,
        }

    def test_equal_rows_are_one_term(self):
        terms = margin_terms(margin_loss([[1], [1], [-1]]))
        assert sorted(terms.weights) == [sp.Rational(1, 3), sp.Rational(2, 3)]

    def test_value(self):
        value = margin_loss(SQUARE)([[0.3, -0.7]])[0]
        margins = np.array([[1, 0.2], [-2, 0.2]]) @ [0.3, -0.7]
        assert value == pytest.approx(np.log1p(np.exp(-margins)).mean(), rel=1e-14)

    def test_other_losses_are_no_margins(self):
        x, y = sp.symbols("x y")
        others = [x**2, sp.exp(x * y), sp.log(1 + sp.exp(x + 1)), -sp.exp(x), sp.log(2 + sp.exp(x))]
        mixed = sp.exp(x) + sp.log(1 + sp.exp(y))
        assert all(margin_terms(Loss(e, [x, y])) is None for e in (*others, mixed))
        assert margin_terms(None) is None

    @pytest.mark.parametrize(
        ("rows", "weights", "argument"),
        [
            ([[1], [1, 2]], None, "rows"),
            ([[]], None, "rows"),
            ([[0.2]], None, "rows"),
            ([[1]], ["1", "1"], "weights"),
            ([[1]], ["-1"], "weights"),
        ],
    )
    def test_refuses(self, rows, weights, argument):
        with pytest.raises(InvalidInput) as refused:
            margin_loss(rows, weights)
        assert refused.value.argument == argument


class TestMargin:
    def test_known_answer(self):
        found = margin_of(SQUARE)
        assert found.squared == sp.Rational(1, 25)
        assert found.shortest == (0, sp.Rational(1, 5))
        assert found.support_is_a_basis
        limit = found.transverse_limit([sp.Rational(1, 2)] * 2)
        assert np.abs(limit) == pytest.approx([np.log(2) / 3, 0], abs=1e-14)

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("features", [2, 3, 4])
    def test_is_the_margin_of_quadratic_programming(self, seed, features):
        from scipy.optimize import minimize

        rows = random_rows(seed, (12, features))
        z, found = np.array(rows, dtype=float), margin_of(rows)
        start = np.eye(features)[-1] * 10
        shortest = minimize(
            lambda w: w @ w / 2,
            start,
            jac=lambda w: w,
            constraints={"type": "ineq", "fun": lambda w: z @ w - 1, "jac": lambda w: z},
            method="SLSQP",
            tol=1e-12,
        )
        assert float(found.squared) == pytest.approx(1 / (shortest.x @ shortest.x), rel=1e-6)
        assert sum(found.weights) == 1

    @pytest.mark.parametrize("rows", [[[1], [-2]], [["1", "0"], ["-1", "1"], ["-1", "-1"]]])
    def test_overlapping_data_have_a_proof_that_they_are(self, rows):
        found = margin_of(rows)
        assert not found.separable
        mixed = sp.Matrix(found.rows).T * sp.Matrix(found.weights)
        assert mixed.is_zero_matrix
        assert min(found.weights) >= 0

    def test_one_support_vector_is_no_basis_of_a_plane(self):
        assert not margin_of([["0", "1/5"], ["1", "2/5"]]).support_is_a_basis

    @pytest.mark.parametrize("seed", range(5))
    def test_limit_is_the_minimiser_of_the_potential(self, seed):
        found = margin_of(random_rows(seed, (12, 2)))
        assert found.support_is_a_basis
        weights = [sp.Rational(k + 1, 7) for k in range(len(found.rows))]
        v = found.transverse_limit(weights)
        z = np.array([found.rows[i] for i in found.support], dtype=float)
        c = np.array([float(weights[i]) for i in found.support])
        gradient = z.T @ (c * np.exp(-z @ v))
        assert found.across(gradient[None])[0] == pytest.approx([0, 0], abs=1e-9)
        assert float(sum(a * b for a, b in zip(v, found.shortest, strict=True))) == pytest.approx(0)
