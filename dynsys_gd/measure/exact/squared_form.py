"""Gradient descent on the square of a quadratic form minus a target, such as (u·v - y)²/2.

The convergent set is an ellipsoid up to a null set; docs/theory/exact_measures.md has the proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ...evidence import Evidence, Grade
from ...maps.gradient_descent import GradientDescent
from ...orbits.algebra.polynomials import rational_polynomials
from ...regions import Region
from .ellipsoid import Ellipsoid
from .theorem import Applied, Share

__all__ = ["SquaredForm", "recognised_form", "squared_form"]


@dataclass(frozen=True)
class SquaredForm:
    """L = K (q(x) - y)²/2 + constant, with q(x) = xᵀAx/2 and A² = 1.

    Parameters
    ----------
    A : Matrix
        Symmetric; its eigenvalues are 1 and -1.
    K, y : sympy Rational
        Positive: for y < 0, take -q and -y.
    """

    A: sp.ImmutableMatrix
    K: sp.Rational
    y: sp.Rational

    @property
    def signature(self) -> tuple[int, int]:
        """How often the eigenvalues 1 and -1 occur."""
        d, trace = self.A.rows, int(self.A.trace())
        return (d + trace) // 2, (d - trace) // 2

    @property
    def attained(self) -> bool:
        """Whether q takes the value y > 0, so that the minima are where it does."""
        return self.signature[0] > 0


def recognised_form(loss: sp.Poly) -> SquaredForm | None:
    """Return a polynomial as such a square, whatever its variables are called and how scaled.

    Notes
    -----
    The quadratic part of the loss is -K y q and the quartic part K q²/2, which determine them; a
    linear or cubic part, or one that does not fit, is refused, and so is y = 0.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> found = recognised_form(sp.Poly(3 * (2*a*b - 1)**2, a, b, domain=sp.QQ))
    >>> found.A, found.K, found.y
    (Matrix([
    [0, 1],
    [1, 0]]), 24, 1/2)
    """
    if loss.total_degree() != 4 or any(sum(powers) in (1, 3) for powers in loss.monoms()):
        return None
    variables = loss.gens
    parts = {}
    for degree in (2, 4):
        terms = {powers: c for powers, c in loss.terms() if sum(powers) == degree}
        parts[degree] = sp.Poly.from_dict(terms, *variables, domain=sp.QQ) if terms else None
    if parts[2] is None or parts[4] is None:
        return None
    B = sp.hessian(parts[2].as_expr(), variables)
    square = B**2
    size = square[0, 0]
    if size <= 0 or square != size * sp.eye(len(variables)) or not sp.sqrt(size).is_Rational:
        return None
    A = sp.ImmutableMatrix(-B / sp.sqrt(size))
    x = sp.Matrix(variables)
    q = sp.Poly((x.T * A * x)[0] / 2, *variables, domain=sp.QQ)
    powers = (q * q).monoms()[0]
    K = 2 * parts[4].coeff_monomial(powers) / (q * q).coeff_monomial(powers)
    if K <= 0 or (parts[4] - q * q * (K / 2)) != 0:
        return None
    return SquaredForm(A, K, sp.sqrt(size) / K)


@dataclass(frozen=True)
class OnSquaredForm(Applied):
    """An ellipsoid converges, or nothing does, up to a null set."""

    set: Ellipsoid | None
    statement: str
    checked: tuple[str, ...]
    evidence: Evidence

    def share(self, region: Region) -> Share | None:
        if self.set is None:
            return Share(sp.S.Zero, None if region.volume is None else sp.S.Zero)
        return self.set.share(region)


def squared_form(F: GradientDescent) -> OnSquaredForm | None:
    """Return what is proved of gradient descent on such a loss, None where it is another one.

    Notes
    -----
    With h = ηK and hy < 1 almost every start with
    |x|² - hy q(x) < 4/h - h y² converges to a minimum and almost no other start does; for
    hy > 1 every minimum is unstable and almost no start converges to one. At hy = 1 nothing is
    claimed.
    """
    form = F.loss.symbolic
    if form is None:
        return None
    known = rational_polynomials([form.bound], form.variables)
    given = rational_polynomials([F.step_size], form.variables)
    if known is None or given is None:
        return None
    found = recognised_form(known[0][0])
    if found is None or not found.attained:
        return None
    h = sp.Rational(given[0][0].as_expr()) * found.K
    relative = h * found.y
    if relative == 1:
        return None
    evidence = Evidence(
        grade=Grade.PROVED,
        reason="the boundary by an exact identity, the rest by a function that grows on orbits "
        "(docs/theory/exact_measures.md)",
        sources=("liang2025chaos", "coppel1955solution"),
    )
    if relative > 1:
        evidence = Evidence(
            grade=Grade.PROVED,
            reason="unstable minima of a non-singular polynomial map",
            sources=("craciun2024convergence",),
        )
    if not (known[1] and given[1]):
        evidence = evidence.weakened_to(Grade.NUMERICAL, "a floating-point number was given")
    plus, minus = found.signature
    shape = (
        f"the loss is {sp.sstr(found.K / 2)} (q - {sp.sstr(found.y)})² up to a constant, with q "
        f"half a form of {plus} eigenvalues 1 and {minus} eigenvalues -1"
    )
    if relative > 1:
        return OnSquaredForm(
            set=None,
            statement="no start converges to a minimum, up to a null set",
            checked=(shape, f"the step size is {sp.sstr(relative)} times the critical one"),
            evidence=evidence,
        )
    tilt = h * found.y / 2
    return OnSquaredForm(
        set=Ellipsoid(sp.ImmutableMatrix(4 * (sp.eye(found.A.rows) + tilt * found.A) / h)),
        statement="exactly the starts in an ellipsoid about 0 converge, up to a null set",
        checked=(shape, f"the step size is {sp.sstr(relative)} of the critical one"),
        evidence=evidence,
    )
