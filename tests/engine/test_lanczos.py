"""Lanczos' method: Ritz pairs, restarts, and the bounds that a random start gives."""

import numpy as np
import pytest
from scipy import stats

from dynsys_gd.engine.lanczos import KrylovBasis, NotFinite, largest, least_share
from dynsys_gd.engine.top_pairs import top_pairs

RNG = np.random.default_rng(0)


def matrix(eigenvalues, rng=RNG):
    vectors = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))[0]
    return (vectors * eigenvalues) @ vectors.T


def basis(A, start, *, room, apart=None):
    none = np.empty((0, len(A)))
    return KrylovBasis(lambda v: A @ v, start, room=room, apart=none if apart is None else apart)


def found(A, k, *, seed=0, risk=0.01, tolerance=1e-8, products=10_000):
    return top_pairs(
        lambda v: A @ v,
        len(A),
        k,
        rng=np.random.default_rng(seed),
        risk=risk,
        tolerance=tolerance,
        products=products,
    )


class TestKrylovBasis:
    def test_is_orthonormal_and_restricts_the_operator(self):
        A = matrix(RNG.normal(size=40))
        krylov = basis(A, RNG.normal(size=40), room=15)
        for _ in range(15):
            krylov.extend()
        values, residuals, coordinates = krylov.ritz()
        vectors = krylov.vectors_of(coordinates)
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(15), atol=1e-13)
        np.testing.assert_allclose(np.diag(vectors @ A @ vectors.T), values, atol=1e-13)
        exact = np.linalg.norm(A @ vectors.T - vectors.T * values, axis=0)
        np.testing.assert_allclose(residuals, exact, atol=1e-13)

    def test_a_restart_keeps_the_best_and_its_residuals(self):
        A = matrix(RNG.normal(size=60))
        krylov = basis(A, RNG.normal(size=60), room=12)
        highest = -np.inf
        for _ in range(30):
            while not krylov.full:
                krylov.extend()
            values, residuals, coordinates = krylov.ritz()
            assert values[0] >= highest - 1e-13
            highest = values[0]
            (top,) = krylov.vectors_of(coordinates[:, :1])
            assert np.linalg.norm(A @ top - values[0] * top) == pytest.approx(
                residuals[0], abs=1e-12
            )
            krylov.restart(5)
        assert not krylov.fresh
        assert highest == pytest.approx(np.linalg.eigvalsh(A)[-1], abs=1e-10)

    def test_an_invariant_space_is_noticed(self):
        A = matrix([3.0, 3.0, 1.0, 1.0, -2.0])
        krylov = basis(A, RNG.normal(size=5), room=5)
        while not krylov.closed:
            krylov.extend()
        assert krylov.count == 3
        np.testing.assert_allclose(krylov.ritz()[0], [3, 1, -2], atol=1e-12)
        assert 0 <= krylov.upper_bound(1e-9) - krylov.ritz()[0][0] < 1e-8

    def test_a_space_that_is_closed_but_for_rounding_proves_no_more_than_that(self):
        """One eigenvalue stands out by so little that the first product hides it."""
        eigenvalues, share, hidden = np.r_[1 + 3e-12, np.ones(199)], least_share(200, 0.01), 0
        for seed in range(200):
            start = np.random.default_rng(seed).normal(size=200)
            krylov = KrylovBasis(lambda v: eigenvalues * v, start, room=8, apart=np.empty((0, 200)))
            krylov.extend()
            hidden += krylov.closed
            assert krylov.upper_bound(share) >= 1 + 3e-12 - 1e-14
        assert hidden > 50

    def test_the_whole_space_needs_no_allowance(self):
        krylov = basis(matrix([3.0, 2.0, -1.0]), RNG.normal(size=3), room=3)
        for _ in range(3):
            krylov.extend()
        assert krylov.upper_bound(1e-9) == krylov.ritz()[0][0]

    def test_what_is_apart_is_never_found(self):
        A = matrix([5.0, 4.0, 1.0, 0.5, 0.2])
        vectors = np.linalg.eigh(A)[1][:, ::-1].T
        krylov = basis(A, RNG.normal(size=5), room=4, apart=vectors[:1])
        while not (krylov.closed or krylov.full):
            krylov.extend()
        assert krylov.ritz()[0][0] == pytest.approx(4, abs=1e-12)

    @pytest.mark.parametrize("spoilt", [np.nan, np.inf])
    def test_what_is_not_finite_raises(self, spoilt):
        with pytest.raises(NotFinite):
            basis(np.full((3, 3), spoilt), np.ones(3), room=3).extend()


class TestLargest:
    def test_finds_it_through_restarts(self):
        A = matrix(np.linspace(-2, 1, 80))
        top = largest(lambda v: A @ v, RNG.normal(size=80), steps=8, cycles=200, tolerance=1e-9)
        assert top.value == pytest.approx(1, abs=1e-12)
        assert top.residual <= 1e-8
        assert np.linalg.norm(A @ top.vector - top.value * top.vector) == pytest.approx(
            top.residual, abs=1e-12
        )

    def test_ends_when_its_cycles_are_used_up(self):
        calls = []
        A = matrix(np.linspace(0, 1, 50))

        def multiply(v):
            calls.append(1)
            return A @ v

        largest(multiply, RNG.normal(size=50), steps=6, cycles=1, tolerance=0)
        assert len(calls) == 6


class TestWhatARandomStartProves:
    @pytest.mark.parametrize("d", [2, 3, 50])
    def test_the_share_of_a_direction(self, d):
        draws = np.random.default_rng(1).normal(size=(200_000, d))
        shares = draws[:, 0] ** 2 / (draws**2).sum(axis=1)
        for risk in (0.01, 0.3):
            missed = (shares < least_share(d, risk)).mean()
            assert abs(missed - risk) < 4 * np.sqrt(risk / len(draws))

    @pytest.mark.parametrize(
        "eigenvalues",
        [
            np.linspace(0, 1, 30),
            np.r_[np.linspace(0, 1, 29), 1.01],
            np.r_[np.zeros(27), 1, 2, 3],
            -(np.linspace(0, 1, 30) ** 3),
            np.r_[1, np.cos(np.pi * (np.arange(29) + 0.5) / 29)],
        ],
    )
    @pytest.mark.parametrize("steps", [2, 5, 9])
    def test_the_bound_fails_no_more_often_than_it_may(self, eigenvalues, steps):
        """One atom of the spectral measure decides, so the diagonal matrix serves for all."""
        rng, risk, tries = np.random.default_rng(steps), 0.1, 400
        share, top, failures = least_share(30, risk), eigenvalues.max(), 0
        for _ in range(tries):
            krylov = KrylovBasis(
                lambda v: eigenvalues * v,
                rng.normal(size=30),
                room=steps,
                apart=np.empty((0, 30)),
            )
            while not (krylov.full or krylov.closed):
                krylov.extend()
            failures += krylov.upper_bound(share) < top - 1e-12
        # More failures than that have a probability below 1e-4 where the bound is right.
        assert failures <= stats.binom.isf(1e-4, tries, risk)

    def test_the_bound_is_sharp_for_the_share_that_a_start_has(self):
        """Where the start has less than the share along the top, the bound may fall below it."""
        eigenvalues = np.r_[np.linspace(0, 1, 40), 1.5]
        start = np.r_[np.ones(40), 1e-8]
        krylov = basis(np.diag(eigenvalues), start / np.linalg.norm(start), room=6)
        for _ in range(6):
            krylov.extend()
        own = start[-1] ** 2 / (start**2).sum()
        assert krylov.upper_bound(own) >= 1.5
        assert krylov.upper_bound(1e-2) < 1.5

    @pytest.mark.parametrize("d", [100, 1000])
    def test_it_is_sharper_than_the_bound_in_advance(self, d):
        """Kuczyński and Woźniakowski (1992): 1.648 √d exp(-√ε (2j - 1)), relative to λ_1 - λ_d."""
        eigenvalues, rng, risk, j = np.linspace(0, 1, d), np.random.default_rng(7), 0.01, 20
        advance = (np.log(1.648 * np.sqrt(d) / risk) / (2 * j - 1)) ** 2
        for _ in range(10):
            krylov = KrylovBasis(
                lambda v: eigenvalues * v, rng.normal(size=d), room=j, apart=np.empty((0, d))
            )
            for _ in range(j):
                krylov.extend()
            value = krylov.ritz()[0][0]
            assert 1 - value <= advance
            assert 1 <= krylov.upper_bound(least_share(d, risk)) < value + advance


class TestTopPairs:
    @pytest.mark.parametrize("k", [1, 3, 10, 30])
    @pytest.mark.parametrize("seed", range(3))
    def test_dense(self, k, seed):
        A = matrix(np.random.default_rng(seed).normal(size=30))
        top, exact = found(A, k, seed=seed), np.linalg.eigvalsh(A)[::-1]
        np.testing.assert_allclose(top.values, exact[:k], atol=1e-12)
        assert (top.upper >= exact[:k]).all()
        assert (top.values <= exact[:k] + 1e-13).all()
        assert top.rest >= (exact[k] if k < 30 else -np.inf)
        np.testing.assert_allclose(top.vectors @ top.vectors.T, np.eye(k), atol=1e-12)
        residuals = np.linalg.norm(A @ top.vectors.T - top.vectors.T * top.values, axis=0)
        np.testing.assert_allclose(top.residuals, residuals, atol=1e-13)

    @pytest.mark.parametrize(
        ("eigenvalues", "k"),
        [
            ([2.0] * 6, 4),
            ([3, 3, 3, 1, 0], 4),
            ([3, 3, 3, 1, 1, 1, -5], 5),
            ([0.0] * 5, 2),
            ([-1.0, -1, -2], 3),
            ([7.0], 1),
            ([-4.0, 1e-3, 1e-3], 2),
            ([1 + 1e-13, 1, 0.5, 0.2], 2),
        ],
    )
    def test_each_as_often_as_it_occurs(self, eigenvalues, k):
        top = found(matrix(np.array(eigenvalues, dtype=float)), k)
        exact = np.sort(eigenvalues)[::-1]
        np.testing.assert_allclose(top.values, exact[:k], atol=1e-12)
        assert (top.upper >= exact[:k] - 1e-14).all()
        assert (top.upper <= exact[:k] + 1e-7).all()
        if k < len(exact):
            assert exact[k] - 1e-14 <= top.rest

    @pytest.mark.parametrize("size", [1e-318, 1e-200, 1e155, 1e300])
    def test_any_size(self, size):
        eigenvalues = size * np.array([3.0, 2.0, 1.0, -5.0])
        top = found(np.diag(eigenvalues), 2)
        np.testing.assert_allclose(
            top.values, eigenvalues[:2], rtol=1e-5 if size < 1e-300 else 1e-14
        )
        assert top.rest == pytest.approx(
            eigenvalues[2], rel=1e-5 if size < 1e-300 else 1e-12, abs=0
        )
        alone = largest(
            lambda v: eigenvalues * v, RNG.normal(size=4), steps=4, cycles=1, tolerance=0
        )
        assert alone.value == pytest.approx(eigenvalues[0], rel=1e-5, abs=0)

    def test_powers_of_two_change_nothing_else(self):
        A = matrix(np.random.default_rng(3).normal(size=30))
        one, other = found(A, 3), found(2.0**300 * A, 3)
        assert np.array_equal(2.0**300 * one.values, other.values)
        assert np.array_equal(2.0**300 * one.upper, other.upper)
        assert np.array_equal(one.vectors, other.vectors)

    def test_as_many_rounds_as_eigenvalues(self):
        """The bounds of all rounds together stay at the level, and none is out of range."""
        top = found(np.zeros((1030, 1030)), 1030)
        assert not top.values.any()
        assert not top.upper.any()
        assert top.rest == -np.inf

    def test_no_gap_at_all(self):
        """No division by zero where the bound lies above values that are exact."""
        top = found(np.diag([2.0, 1.0, 0.5, 0.25]), 1, products=1)
        assert top.upper[0] >= 2

    def test_loose_pairs_still_have_true_bounds(self):
        for seed in range(20):
            A = matrix(np.random.default_rng(seed).normal(size=60))
            top, exact = found(A, 4, seed=seed, tolerance=0.05), np.linalg.eigvalsh(A)[::-1]
            assert (top.values <= exact[:4] + 1e-13).all()
            assert (exact[:4] <= top.upper).all()
            assert exact[4] <= top.rest
            nearest = np.abs(exact[:, None] - top.values).min(axis=0)
            assert (nearest <= top.residuals + 1e-13).all()

    def test_a_search_that_is_cut_short_says_so_by_its_bounds(self):
        A = matrix(np.linspace(0, 1, 400))
        top = found(A, 3, products=25)
        assert len(top.values) == 3
        assert top.products <= 60
        assert top.residuals.max() > 1e-4
        exact = np.linspace(1, 0, 400)
        assert (top.values <= exact[:3]).all()
        assert (exact[:3] <= top.upper).all()

    def test_levels_hold_together(self):
        eigenvalues = np.r_[np.linspace(0, 1, 25), 1.0, 1.0]
        wrong = 0
        for seed in range(200):
            top = found(np.diag(eigenvalues), 2, seed=seed, risk=0.2, tolerance=0.1)
            exact = np.sort(eigenvalues)[::-1]
            wrong += bool((exact[:2] > top.upper + 1e-12).any() or exact[2] > top.rest + 1e-12)
        assert wrong <= stats.binom.isf(1e-4, 200, 0.2)

    def test_restarts_for_a_basis_that_fills(self, monkeypatch):
        from dynsys_gd.engine import top_pairs as module

        monkeypatch.setattr(module, "_USUAL_HELD", 1)
        A = matrix(np.linspace(0, 1, 150) ** 0.5)
        top, exact = found(A, 3), np.linspace(1, 0, 150) ** 0.5
        np.testing.assert_allclose(top.values, exact[:3], atol=1e-11)
        assert (exact[:3] <= top.upper).all()
        assert exact[3] <= top.rest
