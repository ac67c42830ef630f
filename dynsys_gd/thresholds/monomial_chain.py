"""Scalar chains: losses that are a square of one monomial minus its target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy as sp

from ..evidence import Evidence, Grade
from ..losses.base import SymbolicForm
from ..values import is_exact
from .rounding import enclosing_floats
from .threshold import Threshold, ThresholdStatus

__all__ = ["MonomialChain", "chain_threshold", "recognised_chain"]

_MOST_FACTORS = 12
_MOST_LISTED = 32


@dataclass(frozen=True, kw_only=True)
class MonomialChain:
    """The loss κ (Π x_i^(k_i) - y)² + constant, with κ > 0.

    Attributes
    ----------
    variables : tuple of Symbol
        All d variables of the loss; those outside the monomial have exponent 0.
    exponents : tuple of int
        k_i ≥ 0, not all zero.
    target : sympy.Expr
        y, real.
    factor : sympy.Expr
        κ > 0.
    """

    variables: tuple[sp.Symbol, ...]
    exponents: tuple[int, ...]
    target: sp.Expr
    factor: sp.Expr

    @property
    def degree(self) -> int:
        """K = Σ k_i; the number of layers of a chain."""
        return sum(self.exponents)

    @property
    def mixed(self) -> bool:
        """Whether even and odd exponents occur together, with a target that is not zero.

        Then a variable of even exponent at 0, and the others such that the monomial has the wrong
        sign, is a local minimum too, with a Hessian as small as one likes.
        """
        return self.target != 0 and len({k % 2 for k in self.exponents if k > 0}) == 2

    @property
    def smallest_sharpness(self) -> sp.Expr:
        """The smallest sharpness λ* of the minima with m = y.

        λ* = 2κ K (Π k_i^(k_i))^(1/K) |y|^(2-2/K), which for k_i = 1 is 2κ N |y|^(2-2/N).
        """
        K = self.degree
        if K == 1:
            return 2 * self.factor
        spread = sp.prod(sp.Integer(k) ** k for k in self.exponents if k > 0)
        power = sp.Rational(2 * K - 2, K)
        return 2 * self.factor * K * spread ** sp.Rational(1, K) * sp.Abs(self.target) ** power

    @property
    def balanced_points(self) -> tuple[tuple[sp.Expr, ...], ...]:
        """The flattest minima, x_i² = k_i s with one s: every real sign pattern, 32 at most."""
        K = self.degree
        if self.target == 0:
            return (tuple(sp.Integer(0) for _ in self.exponents),)
        spread = sp.prod(sp.Integer(k) ** k for k in self.exponents if k > 0)
        s = (self.target**2 / spread) ** sp.Rational(1, K)
        sizes = [sp.sqrt(k * s) for k in self.exponents]
        choices = [(1, -1) if k > 0 else (1,) for k in self.exponents]
        positive = bool(self.target.is_positive)
        found = []
        for signs in product(*choices):
            odd = sum(
                1 for sign, k in zip(signs, self.exponents, strict=True) if sign < 0 and k % 2
            )
            if (odd % 2 == 0) == positive:
                found.append(tuple(sign * size for sign, size in zip(signs, sizes, strict=True)))
                if len(found) == _MOST_LISTED:
                    break
        return tuple(found)


def recognised_chain(form: SymbolicForm) -> MonomialChain | None:
    """Return the loss as a `MonomialChain`, or None where it is not one.

    The loss may be written expanded; any names and any positive factor will do.

    Examples
    --------
    >>> from sympy.abc import u, v
    >>> chain = recognised_chain(SymbolicForm(3 * u**2 * v**2 - 12 * u * v + 5, (u, v)))
    >>> chain.target, chain.factor, chain.smallest_sharpness
    (2, 3, 24)

    Notes
    -----
    With m = Π x_i^(k_i), A m² + B m + const is κ = A, y = -B/(2A). It is a chain where the minimum
    value is reached, that is where the real equation m = y has a solution.
    """
    expression, variables = form.bound, form.variables
    if not expression.is_polynomial(*variables):
        return None
    polynomial = sp.Poly(expression, *variables)
    terms = {powers: c for powers, c in polynomial.terms() if any(powers) and not c.is_zero}
    if not 1 <= len(terms) <= 2:
        return None
    top = max(terms, key=sum)
    if any(power % 2 for power in top) or sum(top) > 2 * _MOST_FACTORS:
        return None
    exponents = tuple(power // 2 for power in top)
    linear = terms.get(exponents, sp.Integer(0))
    if len(terms) == 2 and linear == 0:
        return None
    factor = terms[top]
    target = sp.Integer(0) if linear == 0 else sp.cancel(-linear / (2 * factor))
    reached = target.is_nonnegative or any(k % 2 for k in exponents)
    if not (factor.is_positive and target.is_real and target.is_zero is not None and reached):
        return None
    return MonomialChain(variables=variables, exponents=exponents, target=target, factor=factor)


def chain_threshold(chain: MonomialChain, *, name: str = "critical step size") -> Threshold:
    """Return η_c = 2/λ*, which is at once the weak threshold: one eigenvalue is not zero.

    Notes
    -----
    At a minimum the Hessian is 2κ ∇m ∇mᵀ, its eigenvalue 2κ y² Σ k_i²/x_i². In log|x_i| this is
    convex and the constraint m = y is linear, so that the one stationary pattern x_i² = k_i s is
    the minimum. For y = 0 and K > 1 the Hessian vanishes at the minimum 0. Every other critical
    point has m = 0; where all exponents are odd, or all even, none of them is a minimum.
    """
    flat = chain.target == 0 and chain.degree > 1
    if flat:
        exact, reason = sp.oo, "the Hessian vanishes at a minimum"
    elif chain.mixed:
        exact, reason = sp.oo, "there are local minima with a Hessian as small as one likes"
    else:
        exact = sp.radsimp(2 / chain.smallest_sharpness)
        reason = "closed form for the square of one monomial minus its target"
    known = is_exact(chain.target) and is_exact(chain.factor)
    evidence = Evidence(
        grade=Grade.PROVED,
        reason=reason,
        sources=("craciun2024convergence", "mulayoff2020unique"),
    )
    if not known:
        evidence = evidence.weakened_to(Grade.NUMERICAL, "the loss contains a float")
    lower, upper = enclosing_floats(exact) if known else (0.0, math.inf)
    points = () if chain.mixed else chain.balanced_points
    return Threshold(
        name=name,
        status=ThresholdStatus.VALUE,
        value=float(sp.N(exact, 20)),
        lower=lower,
        upper=upper,
        exact=exact if known else None,
        attained_at=np.array(points, dtype=np.float64) if points else None,
        exact_points=points if known else (),
        evidence=evidence,
    )
