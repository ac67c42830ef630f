"""The largest eigenvalues of one operator, each as often as it occurs, and a bound of the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lanczos import KrylovBasis, Operator, Scaled, least_share

__all__ = ["TopPairs", "top_pairs"]

Array = NDArray[np.float64]

_MOST_HELD = 2**27  # numbers in the basis: 1 GiB
_USUAL_HELD = 256  # vectors, where that is less
_ROUNDING = 1e-15  # of a product, by the root of d and the size of A: an estimate, no bound
_LOOK = 4  # products between two looks at the Ritz values, at first


@dataclass(frozen=True, kw_only=True)
class TopPairs:
    """The largest eigenvalues of a symmetric operator A with unit vectors.

    Parameters
    ----------
    values : ndarray, shape (k,)
        Ritz values in descending order.
    vectors : ndarray, shape (k, d)
        Orthonormal rows.
    residuals : ndarray, shape (k,)
        ‖Av - θv‖.
    upper : ndarray, shape (k,)
        The i-th largest eigenvalue is at least ``values[i]`` and, at the level, at most this.
    rest : float
        What all other eigenvalues do not exceed, at the level; -inf where there are none.
    products : int
    """

    values: Array
    vectors: Array
    residuals: Array
    upper: Array
    rest: float
    products: int


def top_pairs(
    multiply: Operator,
    dimension: int,
    k: int,
    *,
    rng: np.random.Generator,
    risk: float,
    tolerance: float,
    products: int,
) -> TopPairs:
    """Return the k largest eigenvalues, found by Lanczos' method from random starts.

    Parameters
    ----------
    multiply : callable
        v -> Av, shapes (d,).
    dimension, k : int
        d, and how many eigenvalues of it.
    rng : numpy Generator
    risk : float
        Probability with which the bounds may be too small.
    tolerance : float
        Wanted residuals relative to A.
    products : int
        After about so many products the search ends with what it has.

    Raises
    ------
    NotFinite

    Notes
    -----
    A single start sees one direction of each eigenspace. What has converged is therefore set apart
    and the search begins again, with another random start, on the orthogonal complement, until the
    bound for all that is left there lies at the k-th value or nothing more is learned. Round p of
    these may be wrong with probability risk/(p(p + 1)).

    With orthonormal rows V, Θ the Ritz values, C the operator on the complement and e = ‖R‖ for
    R = AVᵀ - VᵀΘ, the matrix A is Θ ⊕ C with blocks of norm e beside. Its i-th eigenvalue lies
    above the i-th of Θ by Cauchy's interlacing theorem; where C < U it lies below
    θ_i + 2e²/(g + √(g² + 4e²)) with the gap g = θ_i - U > 0 [li2005note]_, and always below
    max(θ_i, U) + e.
    """
    search = _Search(multiply, dimension, k, rng=rng, risk=risk, tolerance=tolerance, most=products)
    while not search.over:
        search.round()
    return search.result()


class _Search:
    """Rounds of Lanczos' method, each on the complement of what was found before."""

    def __init__(
        self,
        multiply: Operator,
        dimension: int,
        k: int,
        *,
        rng: np.random.Generator,
        risk: float,
        tolerance: float,
        most: int,
    ) -> None:
        self.multiply, self.dimension, self.k, self.rng = Scaled(multiply), dimension, k, rng
        self.risk, self.tolerance, self.most = risk, tolerance, most
        self.vectors = np.empty((0, dimension))
        self.values = np.empty(0)
        self.size, self.products, self.rounds = 0.0, 0, 0
        # Of the operator on the complement; it holds on smaller complements too.
        self.bound = math.inf
        self.over = False

    @property
    def least(self) -> float:
        """The k-th largest value found so far, -inf where there are fewer."""
        enough = len(self.values) >= self.k
        return float(np.sort(self.values)[-self.k]) if enough else -math.inf

    def round(self) -> None:
        """Search the complement once; set apart what is found, or end the search."""
        left = self.dimension - len(self.values)
        if not left:
            self.bound, self.over = -math.inf, True
            return
        self.rounds += 1
        share = least_share(left, self.risk / (self.rounds * (self.rounds + 1)))
        held = min(_USUAL_HELD, max(_MOST_HELD // self.dimension, 2 * self.k + 16))
        start = self.rng.standard_normal(self.dimension)
        room = min(max(held, 2 * self.k + 16), left)
        basis = KrylovBasis(self.multiply, start, room=room, apart=self.vectors)
        look, before = _LOOK, self.products
        while True:
            basis.extend()
            self.products = before + basis.products
            self.size = max(self.size, basis.size)
            spent = self.products >= self.most
            if not (basis.full or basis.closed or spent or basis.products >= look):
                continue
            look = basis.products + max(_LOOK, basis.count // 8)
            if basis.fresh:
                self.bound = min(self.bound, basis.upper_bound(share))
            if self._judged(basis, spent):
                return
            if basis.full:
                basis.restart(min(room - 1, self.k + (room - self.k) // 2))

    def _judged(self, basis: KrylovBasis, spent: bool) -> bool:
        """Decide what the round has brought; return whether it is over."""
        near = self.tolerance * self.size
        values, residuals, coordinates = basis.ritz()
        wanted = min(max(self.k - len(self.values), 1), len(values))
        settled = bool((residuals[:wanted] <= near).all()) or basis.closed or spent
        above = values[0] > self.least + near
        if not above and (self.bound <= self.least + near or basis.full or spent or basis.closed):
            self.over = True
            return True
        if above and settled:
            several = len(self.values) < self.k
            number = wanted if several else int((values > self.least + near).sum())
            good = residuals <= near
            good[:wanted] = True  # settled, or the last that can be had
            number = number if good[:number].all() else int(np.argmin(good))
            self.vectors = np.concatenate([self.vectors, basis.vectors_of(coordinates[:, :number])])
            self.values = np.concatenate([self.values, values[:number]])
            self.over = spent and len(self.values) >= self.k
            return True
        return False

    def result(self) -> TopPairs:
        """Return the best of what was found, with its bounds."""
        images = np.stack([self.multiply(vector) for vector in self.vectors])
        small = self.vectors @ images.T
        values, turn = np.linalg.eigh(0.5 * (small + small.T))
        values, turn = values[::-1], turn[:, ::-1]
        vectors, images = turn.T @ self.vectors, turn.T @ images
        rests = images - values[:, None] * vectors
        e = float(np.linalg.norm(rests, 2))
        gaps = values - self.bound
        wide = np.maximum(gaps, 0.0)
        beyond = 2 * e**2 / (wide + np.hypot(wide, 2 * e)) if e else np.zeros_like(gaps)
        rounding = _ROUNDING * math.sqrt(self.dimension) * self.size
        upper = np.maximum(values, self.bound) + beyond + rounding
        k, back = self.k, self.multiply.back
        others = [self.bound + e + rounding, *upper[k : k + 1]]
        return TopPairs(
            values=back(values[:k]),
            vectors=vectors[:k],
            residuals=back(np.linalg.norm(rests[:k], axis=1)),
            upper=back(upper[:k]),
            rest=float(back(max(others))),
            products=self.products + len(images),
        )
