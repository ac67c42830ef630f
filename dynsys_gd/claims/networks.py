"""Which losses are linear networks, what their data determine, and where their minima lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..losses.linear_network import LinearNetwork
from ..thresholds.monomial_chain import MonomialChain, recognised_chain
from ..values import is_exact

__all__ = ["NetworkFacts", "data_evidence", "network_facts", "spread_minima"]


@dataclass(frozen=True, kw_only=True)
class NetworkFacts:
    """What decides how the minima of a linear network lie.

    Parameters
    ----------
    widths : tuple of int
        (dx, hidden…, dy); for a product of N scalars 1-1-…-1.
    input_rank : int
        Rank r of Σ.
    target_rank : int
        Rank of C, which is the rank of the best map W* on the range of Σ.
    evidence : Evidence
        How the ranks are known.
    """

    widths: tuple[int, ...]
    input_rank: int
    target_rank: int
    evidence: Evidence

    @property
    def depth(self) -> int:
        """Number of layers N."""
        return len(self.widths) - 1

    @property
    def dimension(self) -> int:
        """Number of weights d."""
        return sum(a * b for a, b in zip(self.widths, self.widths[1:], strict=False))

    @property
    def non_zero_eigenvalues(self) -> int:
        """dy·r: how many Hessian eigenvalues are not zero at a minimum of full rank."""
        return self.widths[-1] * self.input_rank

    @property
    def wide(self) -> bool:
        """Whether no hidden layer is narrower than the rank of the best map."""
        return min(self.widths[1:-1], default=self.target_rank) >= self.target_rank

    @property
    def full_rank(self) -> bool:
        """Whether the best map has the largest rank that inputs and outputs allow."""
        return self.target_rank == min(self.widths[-1], self.input_rank)


def network_facts(loss: AbstractLoss | None) -> NetworkFacts | None:
    """Return the facts of a linear network or a product of scalars, or None for another loss.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> facts = network_facts(Loss((x*y - 3)**2 / 2, [x, y]))
    >>> facts.widths, facts.target_rank, facts.non_zero_eigenvalues
    ((1, 1, 1), 1, 1)
    """
    if isinstance(loss, LinearNetwork):
        second, cross = loss.exact_moments()
        return NetworkFacts(
            widths=loss.widths,
            input_rank=int(second.rank()),
            target_rank=int(cross.rank()),
            evidence=data_evidence(loss, "ranks of Σ and C by rational arithmetic"),
        )
    form = None if loss is None or loss.parameters else loss.symbolic
    chain = None if form is None else recognised_chain(form)
    if chain is None or not _is_product(chain):
        return None
    known = Evidence(grade=Grade.PROVED, reason="the expression is κ(product - μ)² + constant")
    if not (is_exact(chain.target) and is_exact(chain.factor)):
        known = known.weakened_to(
            Grade.CERTIFIED, "the loss contains floats, taken as the binary numbers they are"
        )
    return NetworkFacts(
        widths=(1,) * (chain.degree + 1),
        input_rank=1,
        target_rank=0 if chain.target == 0 else 1,
        evidence=known,
    )


def data_evidence(net: LinearNetwork, reason: str) -> Evidence:
    """Return evidence by exact arithmetic on the data, no better than the data themselves.

    Floats are binary numbers, and what is computed from them is exact for these; whether they are
    what was measured is another matter, so only whole numbers count as exact input.
    """
    evidence = Evidence(grade=Grade.PROVED, reason=reason, sources=("craciun2024convergence",))
    if np.all(np.round(net.X) == net.X) and np.all(np.round(net.Y) == net.Y):
        return evidence
    return evidence.weakened_to(
        Grade.CERTIFIED, "the data are floats, taken as the binary numbers they are"
    )


def spread_minima(
    loss: AbstractLoss, minimum: NDArray[np.float64], *, n: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return `n` further global minima of a network, shape (n, d), from one by changes of basis.

    Parameters
    ----------
    loss : LinearNetwork, or a product of scalars
    minimum : ndarray, shape (d,)
    n : int
    rng : Generator

    Notes
    -----
    W_i -> G_i W_i G_{i-1}⁻¹ with random G_i, identity at both ends, leaves the product of the
    layers unchanged; then W_i is moved within the kernel of W_{i+1}, so that hidden units beyond
    the rank are used as well. The factors of a product are scaled.
    """
    if not isinstance(loss, LinearNetwork):
        logarithms = rng.normal(scale=0.5, size=(n, loss.dimension))
        logarithms -= logarithms.mean(axis=1, keepdims=True)
        return np.asarray(minimum * np.exp(logarithms))
    found = []
    for _ in range(n):
        layers = [np.array(layer) for layer in loss.unflatten(minimum)]
        spread = rng.uniform(0.0, 0.6)
        for i, h in enumerate(loss.widths[1:-1]):
            change = np.eye(h) + spread * rng.standard_normal((h, h)) / np.sqrt(h)
            layers[i] = change @ layers[i]
            layers[i + 1] = np.linalg.solve(change.T, layers[i + 1].T).T
        for i in range(loss.depth - 1):
            reader = layers[i + 1]
            moved = spread * rng.standard_normal(layers[i].shape)
            layers[i] = layers[i] + moved - np.linalg.pinv(reader) @ (reader @ moved)
        found.append(loss.flatten(layers))
    return np.array(found)


def _is_product(chain: MonomialChain) -> bool:
    return all(exponent == 1 for exponent in chain.exponents)
