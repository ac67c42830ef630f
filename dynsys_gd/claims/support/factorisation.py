"""What is known of the loss ½(uᵀv - y)²: how to write it, recognise it, and where it converges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ...losses.symbolic import Loss
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = [
    "UNREGULARISED",
    "Factorisation",
    "factorisation_loss",
    "factorisation_of",
    "step_at",
    "step_below",
]

Points = NDArray[np.float64]


def factorisation_loss(d: int, target: Any, regulariser: Any = 0) -> Loss:
    """Return ½(uᵀv - y)² + (λ/2)(‖u‖² + ‖v‖²) with u, v in d dimensions.

    Parameters
    ----------
    d : int
    target, regulariser : number, fraction, text or sympy expression
        y and λ.

    Examples
    --------
    >>> factorisation_loss(1, "1/2").symbolic.bound
    (u1*v1 - 1/2)**2/2
    """
    u, v = sp.symbols(f"u1:{d + 1}"), sp.symbols(f"v1:{d + 1}")
    product = sum(a * b for a, b in zip(u, v, strict=True))
    size = sum(a**2 for a in u + v)
    half = sp.Rational(1, 2)
    expression = half * (product - sp.sympify(target)) ** 2 + half * sp.sympify(regulariser) * size
    return Loss(expression, u + v)


def factorisation_of(loss: AbstractLoss) -> Factorisation:
    """Return the constants of a loss ½(uᵀv - y)² + (λ/2)(‖u‖² + ‖v‖²).

    Raises
    ------
    InvalidInput
        For any other loss.

    Examples
    --------
    >>> found = factorisation_of(factorisation_loss(2, 3, "1/5"))
    >>> found.target, found.regulariser
    (3, 1/5)
    """
    form = loss.symbolic
    if form is not None and len(form.variables) % 2 == 0:
        variables, d = form.variables, len(form.variables) // 2
        if form.bound.is_polynomial(*variables):
            polynomial = sp.Poly(form.bound, *variables)
            target = -polynomial.coeff_monomial(variables[0] * variables[d])
            weight = 2 * polynomial.coeff_monomial(variables[0] ** 2)
            pairs = zip(variables[:d], variables[d:], strict=True)
            product, size = sum(a * b for a, b in pairs), sum(a**2 for a in variables)
            if sp.expand(form.bound - (product - target) ** 2 / 2 - weight * size / 2) == 0:
                return Factorisation(variables=variables, target=target, regulariser=weight)
    raise InvalidInput(
        "loss", loss.describe(), "½(uᵀv - y)² + (λ/2)(‖u‖² + ‖v‖²)", "factorisation_loss makes one"
    )


def _unregularised(instance: Instance) -> tuple[Outcome, str]:
    try:
        weight = factorisation_of(instance.loss).regulariser
    except InvalidInput:
        return Outcome.NO, "another form"
    return yes_if(weight == 0), f"λ = {weight}"


UNREGULARISED = condition(
    "unregularised",
    "the loss is ½(uᵀv - y)², without a regulariser",
    _unregularised,
    grade=Grade.PROVED,
    reason="by comparing coefficients",
)


def step_at(times: Any, target: Any) -> str:
    """Return the step size `times` over |y|, exactly.

    Examples
    --------
    >>> step_at("6/5", "-4/5")
    '3/2'
    """
    return str(sp.Rational(times) / abs(sp.Rational(target)))


def step_below(bound: int) -> Hypothesis:
    """Return the hypothesis η|y| < bound: 1 for stable minima, 2 for an ellipsoid V = 1.

    Examples
    --------
    >>> step_below(2).statement
    'η|y| < 2'
    """

    def holds(instance: Instance) -> tuple[Outcome, str]:
        size = abs(instance.step_size * factorisation_of(instance.loss).target)
        return yes_if(size < bound), f"η|y| = {size}"

    name, reason = "small step size", "exact numbers"
    return condition(name, f"η|y| < {bound}", holds, grade=Grade.PROVED, reason=reason)


@dataclass(frozen=True, kw_only=True)
class Factorisation:
    """The loss ½(uᵀv - y)² + (λ/2)(‖u‖² + ‖v‖²).

    Parameters
    ----------
    variables : tuple of Symbol
        u, then v.
    target, regulariser : sympy expression
        y and λ.

    Notes
    -----
    For λ = 0 and κ = ηy/2, |κ| < 1, gradient descent with step size η stays on its side of V = 1,
    V = (‖u‖² + ‖v‖² - ηy uᵀv) / ((4/η)(1 - κ²)), and V < 1 says η < η*(u, v) as long as η|y| < 1
    [liang2025chaos]_.
    """

    variables: tuple[sp.Symbol, ...]
    target: sp.Expr
    regulariser: sp.Expr

    def critical_steps(self, points: Points) -> Points:
        """Return η* = min(1/|y|, 8/(s + √(s² - 16 y (uᵀv - y)))) of rows, s = ‖u‖² + ‖v‖²."""
        y, s, product = float(self.target), np.sum(points**2, axis=1), self._products(points)
        root = np.sqrt(np.maximum(s**2 - 16 * y * (product - y), 0.0))
        cap = np.inf if y == 0 else 1 / abs(y)
        return np.asarray(np.minimum(cap, 8 / (s + root)))

    def levels(self, points: Points, step: float) -> Points:
        """Return V of each row, quadratic in the row: below 1 inside of the ellipsoid."""
        y, size = float(self.target), np.sum(points**2, axis=1)
        return np.asarray((size - step * y * self._products(points)) / (4 / step - step * y**2))

    def at_distance(self, directions: Points, step: float, distance: float) -> Points:
        """Return the points in some directions at a relative distance inside of V = 1."""
        return directions * ((1 - distance) / np.sqrt(self.levels(directions, step)))[:, None]

    def area(self, step: sp.Expr) -> sp.Expr:
        """Return the area of V < 1, for d = 1."""
        return 4 * sp.pi * sp.sqrt(1 - (step * self.target / 2) ** 2) / step

    def forms(self, step: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """Return V and Δ = (η/8)(‖u + v‖²/(1 + κ) - ‖u - v‖²/(1 - κ)) as formulas."""
        d = len(self.variables) // 2
        pairs = list(zip(self.variables[:d], self.variables[d:], strict=True))
        plus, minus = sum((a + b) ** 2 for a, b in pairs), sum((a - b) ** 2 for a, b in pairs)
        kappa = step * self.target / 2
        V = step / 8 * (plus / (1 + kappa) + minus / (1 - kappa))
        return V, step / 8 * (plus / (1 + kappa) - minus / (1 - kappa))

    def keeps_sides(self, step: sp.Expr, image: Iterable[sp.Expr]) -> bool:
        """Return whether 1 - V' = (1 - V)[1 - κ² + (2Δ - 2κ(1 - V) + κ)²] for the image of a step.

        The bracket is positive for |κ| < 1, so that no step leads across V = 1 then.
        """
        V, delta = self.forms(step)
        kappa = step * self.target / 2
        after = V.subs(dict(zip(self.variables, image, strict=True)), simultaneous=True)
        bracket = 1 - kappa**2 + (2 * (delta - kappa * (1 - V)) + kappa) ** 2
        gap = sp.numer(sp.together(1 - after - (1 - V) * bracket))
        return bool(sp.expand(gap) == 0)

    def triples_angles(self, step: sp.Expr, image: Iterable[sp.Expr]) -> bool:
        """Return whether a step takes the point of V = 1 at ϑ to that at π - 3ϑ, for d = 1."""
        angle = sp.Symbol("theta", real=True)
        here, there = self.ellipse(angle, step), self.ellipse(sp.pi - 3 * angle, step)
        at = dict(zip(self.variables, here, strict=True))
        gaps = (
            sp.sympify(a).subs(at, simultaneous=True) - b for a, b in zip(image, there, strict=True)
        )
        half = sp.Symbol("half", real=True)  # tan(ϑ/2): a rational identity
        sine, cosine = 2 * half / (1 + half**2), (1 - half**2) / (1 + half**2)
        rational = (
            sp.expand_trig(gap).subs({sp.sin(angle): sine, sp.cos(angle): cosine}) for gap in gaps
        )
        return all(sp.cancel(gap) == 0 for gap in rational)

    @property
    def least(self) -> sp.Expr:
        """The smallest value of the loss, λ|y| - λ²/2 or, where λ ≥ |y|, y²/2."""
        weight, size = self.regulariser, abs(self.target)
        return sp.Piecewise((weight * size - weight**2 / 2, weight < size), (size**2 / 2, True))

    def ellipse(self, angle: sp.Expr, step: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """Return the point of V = 1 at an angle, for d = 1: u + v ~ cos ϑ, u - v ~ sin ϑ."""
        kappa = step * self.target / 2
        plus = sp.sqrt(2 * (1 + kappa) / step) * sp.cos(angle)
        minus = sp.sqrt(2 * (1 - kappa) / step) * sp.sin(angle)
        return plus + minus, plus - minus

    def _products(self, points: Points) -> Points:
        d = points.shape[1] // 2
        return np.asarray(np.sum(points[:, :d] * points[:, d:], axis=1))
