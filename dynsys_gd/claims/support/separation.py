"""Linear classification of small exact data: its losses, and whether a hyperplane separates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...losses.base import AbstractLoss
from ...losses.symbolic import Loss
from ...values import to_value

__all__ = ["HardMargin", "Link", "MarginTerms", "hard_margin", "margin_loss", "margin_terms"]

Row = tuple[sp.Rational, ...]

_NEGLIGIBLE = 1e-9  # of the weights of a numerical guess, which is proved or dropped afterwards


class Link(Enum):
    """How a margin m = y⟨x, w⟩ is penalised: log(1 + exp(-m)) or exp(-m).

    Examples
    --------
    >>> Link.EXPONENTIAL.of(sp.Symbol("m"))
    exp(-m)
    """

    LOGISTIC = "logistic"
    EXPONENTIAL = "exponential"

    def of(self, margin: sp.Expr) -> sp.Expr:
        """Return the penalty of a margin."""
        return sp.log(1 + sp.exp(-margin)) if self is Link.LOGISTIC else sp.exp(-margin)


@dataclass(frozen=True, kw_only=True)
class MarginTerms:
    """A loss L(w) = Σ c_i ℓ(⟨z_i, w⟩) with c_i > 0, all numbers rational.

    Parameters
    ----------
    link : Link
        The function ℓ.
    rows : tuple of n tuples of d rationals
        z_i = y_i x_i, no two of them equal.
    weights : tuple of n rationals
        c_i.
    """

    link: Link
    rows: tuple[Row, ...]
    weights: tuple[sp.Rational, ...]


@dataclass(frozen=True, kw_only=True)
class HardMargin:
    """The shortest vector p = Σ α_i z_i with α ≥ 0 and Σ α_i = 1, proved to be the shortest.

    Parameters
    ----------
    rows : tuple of n tuples of d rationals
        The data z_i.
    weights : tuple of n rationals
        α_i, the dual weights.
    shortest : tuple of d rationals
        The vector p. It is 0 where no hyperplane through 0 separates the data.

    Notes
    -----
    p is the shortest vector of the convex hull if and only if ⟨p, z_i⟩ ≥ ‖p‖² for all i. The
    largest margin of a unit vector is then γ = ‖p‖, attained in the direction of p
    [boyd2004convex]_.
    """

    rows: tuple[Row, ...]
    weights: tuple[sp.Rational, ...]
    shortest: Row

    @property
    def squared(self) -> sp.Rational:
        """γ², the square of the largest margin; 0 where the data are not separable."""
        return _dot(self.shortest, self.shortest)

    @property
    def separable(self) -> bool:
        """Whether some w has ⟨z_i, w⟩ > 0 for all i."""
        return bool(self.squared > 0)

    @cached_property
    def support(self) -> tuple[int, ...]:
        """Numbers of the support vectors: those with ⟨p, z_i⟩ = ‖p‖²."""
        return tuple(i for i, z in enumerate(self.rows) if _dot(self.shortest, z) == self.squared)

    @property
    def support_is_a_basis(self) -> bool:
        """Whether the support vectors are a basis of the span of the data, each with α_i > 0."""
        chosen = sp.Matrix([self.rows[i] for i in self.support])
        positive = all(self.weights[i] > 0 for i in self.support)
        return positive and len(self.support) == chosen.rank() == sp.Matrix(self.rows).rank()

    def across(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the parts of the rows orthogonal to p, shape (n, d)."""
        p = np.array(self.shortest, dtype=float)
        return np.asarray(points - np.outer(points @ p, p) / (p @ p))

    def transverse_limit(self, weights: Sequence[sp.Rational]) -> NDArray[np.float64]:
        """Return the v orthogonal to p that minimises Σ c_i exp(-⟨z_i, v⟩) over the support.

        Parameters
        ----------
        weights : sequence of n rationals
            c_i.

        Returns
        -------
        ndarray, shape (d,)

        Notes
        -----
        The gradient is parallel to p there, so that c_i exp(-⟨z_i, v⟩) = κ α_i: linear equations
        ⟨z_i, v⟩ + log κ = log(c_i/α_i) with one solution where the support is a basis.
        """
        z = np.array([self.rows[i] for i in self.support], dtype=float)
        ratios = [float(weights[i] / self.weights[i]) for i in self.support]
        left = np.column_stack([self.across(z), np.ones(len(z))])
        return np.asarray(np.linalg.lstsq(left, np.log(ratios), rcond=None)[0][:-1])


def margin_loss(
    rows: Sequence[Sequence[Any]],
    weights: Sequence[Any] | None = None,
    *,
    link: Link = Link.LOGISTIC,
) -> Loss:
    """Return L(w) = Σ c_i ℓ(⟨z_i, w⟩), the mean where no weights are given.

    Parameters
    ----------
    rows : n sequences of d exact numbers
        z_i = y_i x_i for samples x_i with labels y_i = ±1.
    weights : sequence of n exact numbers, optional
    link : Link

    Returns
    -------
    Loss

    Raises
    ------
    InvalidInput
        For rows of different lengths, weights that are not positive, or numbers that are not exact.

    Examples
    --------
    >>> margin_loss([[1], [-2]], link=Link.EXPONENTIAL).expression
    exp(2*w1)/2 + exp(-w1)/2
    """
    exact = [tuple(_rational(value, "rows") for value in row) for row in rows]
    if len({len(row) for row in exact}) != 1 or not exact[0]:
        raise InvalidInput("rows", rows, "rows of one length, at least one of them")
    shares = [sp.Rational(1, len(exact))] * len(exact)
    if weights is not None:
        shares = [_rational(value, "weights") for value in weights]
    if len(shares) != len(exact) or min(shares) <= 0:
        raise InvalidInput("weights", weights, f"{len(exact)} positive numbers, one for each row")
    w = [sp.Symbol(f"w{k}") for k in range(1, len(exact[0]) + 1)]
    terms = zip(shares, exact, strict=True)
    return Loss(sp.Add(*(c * link.of(_dot(row, w)) for c, row in terms)), w)


def margin_terms(loss: AbstractLoss | None) -> MarginTerms | None:
    """Return the data and weights of a loss that is a sum of penalised margins, else None.

    Examples
    --------
    >>> margin_terms(margin_loss([[1, "1/5"], [-2, "1/5"]])).rows
    ((-2, 1/5), (1, 1/5))
    """
    form = None if loss is None else loss.symbolic
    if form is None or loss is None or loss.parameters:
        return None
    seen: dict[tuple[Link, Row], sp.Rational] = {}
    for term in sp.Add.make_args(form.bound):
        weight, rest = term.as_coeff_Mul()
        link = Link.EXPONENTIAL if isinstance(rest, sp.exp) else Link.LOGISTIC
        row = _row_of(rest, link, form.variables)
        if row is None or not (weight.is_Rational and weight > 0):
            return None
        seen[link, row] = seen.get((link, row), sp.Integer(0)) + weight
    links = {link for link, _ in seen}
    if len(links) != 1:
        return None
    ordered = sorted(seen)
    return MarginTerms(
        link=links.pop(),
        rows=tuple(row for _, row in ordered),
        weights=tuple(seen[key] for key in ordered),
    )


def hard_margin(rows: Sequence[Row]) -> HardMargin | None:
    """Return the shortest vector of the convex hull of the rows, or None where it is not found.

    Parameters
    ----------
    rows : sequence of n tuples of d rationals

    Returns
    -------
    HardMargin or None

    Notes
    -----
    Non-negative least squares guesses which α_i are positive; those are then found again, and the
    optimality conditions checked, in rational numbers. None is the answer where the guess fails.

    References
    ----------
    The dual of the hard-margin problem: Boyd and Vandenberghe [boyd2004convex]_.

    Examples
    --------
    >>> found = hard_margin(margin_terms(margin_loss([[1, "1/5"], [-2, "1/5"]])).rows)
    >>> found.squared, found.weights
    (1/25, (1/3, 2/3))
    >>> hard_margin([(sp.Integer(1),), (sp.Integer(-2),)]).separable
    False
    """
    from scipy.optimize import nnls

    table = np.array(rows, dtype=float).T
    guess = nnls(np.vstack([table, np.ones(len(rows))]), np.r_[np.zeros(len(table)), 1.0])[0]
    chosen = [i for i in range(len(rows)) if guess[i] > _NEGLIGIBLE * guess.max()]
    z = sp.Matrix([rows[i] for i in chosen])
    for dual in (*z.T.nullspace(), *_equal_margins(z)):
        total = sum(dual)
        if total == 0 or any(alpha / total <= 0 for alpha in dual):
            continue
        weights = [sp.Integer(0)] * len(rows)
        for i, alpha in zip(chosen, dual, strict=True):
            weights[i] = alpha / total
        shortest = tuple(z.T * dual / total)
        if all(_dot(shortest, row) >= _dot(shortest, shortest) for row in rows):
            return HardMargin(rows=tuple(rows), weights=tuple(weights), shortest=shortest)
    return None


def _equal_margins(z: sp.Matrix) -> list[sp.Matrix]:
    gram = z * z.T
    return [gram.LUsolve(sp.ones(gram.rows, 1))] if gram.det() != 0 else []


def _row_of(rest: sp.Expr, link: Link, variables: Sequence[sp.Symbol]) -> Row | None:
    """Return z where `rest` is ℓ(⟨z, w⟩), else None."""
    inner = rest
    if link is Link.LOGISTIC:
        if not isinstance(rest, sp.log):
            return None
        inner = rest.args[0] - 1
    if not isinstance(inner, sp.exp):
        return None
    row = tuple(-inner.args[0].coeff(w) for w in variables)
    rational = all(value.is_Rational for value in row)
    same = sp.expand(inner.args[0] + _dot(row, variables)) == 0
    return row if rational and same else None


def _dot(left: Sequence[sp.Expr], right: Sequence[sp.Expr]) -> sp.Expr:
    return sp.Add(*(a * b for a, b in zip(left, right, strict=True)))


def _rational(value: Any, argument: str) -> sp.Rational:
    number = to_value(value, argument)
    if not number.is_Rational:
        remedy = 'write "1/5" instead of 0.2'
        raise InvalidInput(argument, value, "exact numbers", remedy)
    return number
