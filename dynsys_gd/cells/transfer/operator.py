"""The transfer operator as a result: a sparse matrix, and the questions it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence
from ...maps.base import Map
from ...regions import positive_count
from ...results import Result, plain
from ..cells import Cells
from ..counted import counted
from .almost_invariant import AlmostInvariantSets, almost_invariant_sets_of
from .escape_rate import EscapeRate, escape_rate_of
from .invariant_density import InvariantDensity, density_of
from .method import Entries, TransferMethod
from .spectrum import TransferSpectrum, spectrum_of
from .transitions import Transitions

__all__ = ["TransferOperator"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TransferOperator(Result):
    """Ulam's matrix: which share of each cell lands in which cell after one step.

    Parameters
    ----------
    transitions : Transitions
        The matrix with its cells.
    method : TransferMethod
        How the entries were found.
    entries : Entries
        What the method answered.
    seed : int
        ``rng=result.seed`` repeats the run.

    Examples
    --------
    >>> from dynsys_gd import Box, MonotonePieces, textbook, transfer_operator
    >>> P = transfer_operator(textbook.logistic(), Box([0], [1]), 2, method=MonotonePieces())
    >>> P.matrix.toarray()[0].round(3).tolist()
    [0.268, 0.318, 0.414, 0.0]
    """

    transitions: Transitions
    method: TransferMethod
    entries: Entries
    seed: int
    evidence: Evidence

    @property
    def map(self) -> Map:
        """The map."""
        return self.transitions.F

    @property
    def cells(self) -> Cells:
        """The cells, in the order of the rows."""
        return self.transitions.cells

    @property
    def matrix(self) -> Any:
        """The matrix P as a scipy.sparse.csr_matrix of shape (n, n)."""
        return self.transitions.matrix

    @property
    def left(self) -> NDArray[np.float64]:
        """Share of each cell that leaves the cells in one step, shape (n,)."""
        return self.transitions.left

    def invariant_density(self) -> InvariantDensity:
        """Return the invariant density of each closed class of cells.

        Returns
        -------
        InvariantDensity
            One density for each set of cells that leads nowhere else: an ergodic component of the
            matrix. Without any where all mass leaves in the end.

        Notes
        -----
        p P = p. Where a map has an invariant density, and expands, these step functions converge to
        it with growing depth [1]_; on attracting orbits, curves of minima and in several dimensions
        without expansion there is no such theorem.

        References
        ----------
        .. [1] Li (1976), Finite approximation for the Frobenius-Perron operator.
        """
        return density_of(self.transitions, self.evidence)

    def escape_rate(self) -> EscapeRate:
        """Return how fast evenly spread mass leaves the cells.

        Returns
        -------
        EscapeRate
            -log of the leading eigenvalue λ, with the conditionally invariant density q:
            q P = λ q. That some cells are never left (rate 0), and that no cell is ever met again
            (rate ∞), is told by the graph of the matrix, not by numbers.
        """
        return escape_rate_of(self.transitions, self.evidence)

    def almost_invariant_sets(self, k: int = 2) -> AlmostInvariantSets:
        """Return k sets of cells that exchange little mass in one step.

        Parameters
        ----------
        k : int
            At least 2.

        Returns
        -------
        AlmostInvariantSets
            With the coherence ratio of each, ρ(A) = Σ_(i,j in A) p_i P_ij / Σ_(i in A) p_i.

        Raises
        ------
        InvalidInput
            For k below 2, and for more sets than there are cells that are visited again and again.

        Notes
        -----
        From the eigenvectors of (P + P̂)/2 with the largest eigenvalues 1 = λ_1 ≥ λ_2 ≥ …, P̂ being
        P in reversed time, P̂_ij = p_j P_ji / p_i [1]_ [2]_. Two sets are the sides of the level of
        the second one that makes the lower ratio largest; more sets are the corners of the simplex
        that k eigenvectors span. Where all mass leaves in the end, P is that of orbits on condition
        that they stay for ever, P_ij h_j / (λ h_i) with P h = λ h. The mean ratio is at most
        (λ_1 + … + λ_k)/k for any k sets [3]_.

        References
        ----------
        .. [1] Dellnitz and Junge (1999), On the approximation of complicated dynamical behavior.
        .. [2] Froyland (2005), Statistically optimal almost-invariant sets.
        .. [3] Huisinga and Schmidt (2006), Metastability and dominant eigenvalues of transfer
           operators.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 2:
            raise InvalidInput("k", k, "a whole number of at least 2")
        return almost_invariant_sets_of(self.transitions, int(k), self.evidence)

    def spectrum(self, k: int = 6) -> TransferSpectrum:
        """Return the k eigenvalues of largest modulus.

        Parameters
        ----------
        k : int
            At least 1; fewer come back where the matrix is smaller.
        """
        return spectrum_of(self.transitions, positive_count(k, "k"), self.evidence)

    def headline(self) -> str:
        return (
            f"Transfer operator of {self.map.describe()} on {counted(len(self.cells), 'cell')} "
            f"(depth {self.cells.depth}) of {self.cells.region.describe()[11:]}"
        )

    def rows(self) -> list[tuple[str, str]]:
        gone = float(self.left.mean())
        table = [
            ("entries", f"{self.matrix.nnz}, {self.matrix.nnz / len(self.cells):.3g} a cell"),
            ("leaves in one step", f"{100 * gone:.4g} % of the volume" if gone else "nothing"),
            ("method", self.method.describe()),
            ("evidence", str(self.evidence)),
        ]
        return [*table, ("repeat with", f"rng={self.seed}")]

    def to_dict(self) -> dict[str, Any]:
        coo = self.matrix.tocoo()
        return {
            **super().to_dict(),
            "region": self.cells.region.describe(),
            "depth": self.cells.depth,
            "cells": plain(self.cells.codes),
            "from": plain(coo.row),
            "to": plain(coo.col),
            "share": plain(coo.data),
            "method": self.method.describe(),
            "seed": self.seed,
        }
