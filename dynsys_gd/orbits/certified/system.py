"""What the proofs need of a map: its formulas, and bounds of its images and slopes on boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.numpy_printer import numpy_function
from ...engine.rewrite import stable
from ...engine.tape import lower as lowered
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from .outward import middle

__all__ = ["Bounds", "System", "exactly", "system_of"]

Bounds = NDArray[np.float64]

_FACTORED = 300  # operations up to which a polynomial is factored, for tighter bounds


@dataclass(frozen=True)
class System:
    """A map without open parameters as formulas; plain data that travels to other processes.

    Parameters
    ----------
    variables : tuple of d Symbol
    images : tuple of d sympy expressions
    gradient : tuple of d sympy expressions or None
        Of the loss, under gradient descent: the images are x - η ∇L(x).
    step_size : sympy number or None
        The step size η of gradient descent.
    loss : sympy expression or None
        The loss whose minima are the target, in the first of the variables. The gradient may be
        defined where the loss is not, as that of log x is.
    """

    variables: tuple[sp.Symbol, ...]
    images: tuple[sp.Expr, ...]
    gradient: tuple[sp.Expr, ...] | None = None
    step_size: sp.Expr | None = None
    loss: sp.Expr | None = None

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return len(self.variables)

    @property
    def symmetric(self) -> bool:
        """Whether the Jacobian is known to be symmetric, as I - η ∇²L is."""
        return self.gradient is not None

    def image_bounds(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds of the images of boxes (d, n).

        They are those of the formulas, cut with the mean value form F(m) + DF(X)(X - m).
        """
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        d = self.dimension
        centre = middle(np.nan_to_num(lower), np.nan_to_num(upper))
        low, high = _image_code(self)(
            np.concatenate([lower, lower, centre]), np.concatenate([upper, upper, centre])
        )
        return np.maximum(low[:d], low[d:]), np.minimum(high[:d], high[d:])

    def slope_bounds(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds (d, d, n) of the Jacobian on boxes (d, n)."""
        d = self.dimension
        low, high = _slope_code(self)(lower, upper)
        shape = (d, d, low.shape[1])
        return low.reshape(shape), high.reshape(shape)

    def real_on(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether the loss is shown to have real values on it."""
        if self.loss is None:
            return np.ones(lower.shape[1], dtype=bool)
        low, high = _loss_code(self)(
            np.ascontiguousarray(lower, dtype=float), np.ascontiguousarray(upper, dtype=float)
        )
        return np.asarray(np.isfinite(low[0]) & np.isfinite(high[0]))

    def slopes_at(self, points: Bounds) -> Bounds:
        """Return the Jacobian in floats, shape (d, d, n), at points (d, n)."""
        d = self.dimension
        with np.errstate(all="ignore"):
            values = numpy_function(_slope_code(self).tape)(points, np.empty(0))
        return values.reshape(d, d, points.shape[1])


def system_of(F: Map) -> System:
    """Return the formulas of a map.

    Raises
    ------
    InvalidInput
        For a map without a symbolic form, with open parameters, or with kinks.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> system = system_of(GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2"))
    >>> low, high = system.image_bounds([[1.0]], [[1.0]])
    >>> bool(low[0, 0] <= 1 <= high[0, 0])
    True
    """
    if F.expression is None:
        raise InvalidInput("F", F.describe(), "a symbolic map", "sampling needs no formulas")
    if F.parameters:
        raise InvalidInput(
            "F",
            f"open parameters {', '.join(F.parameters)}",
            "a map whose parameters have values",
            f"write F.at({F.parameters[0]}=...)",
        )
    variables = tuple(F.variables)
    if type(F) is GradientDescent:  # another rule may make other images of the same loss
        form = F.loss.symbolic
        assert form is not None
        loss, step = exactly(stable(form.bound)), exactly(F.step_size)
        gradient = tuple(_tighter(g, variables) for g in jacobian([loss], variables))
        images = tuple(v - step * g for v, g in zip(variables, gradient, strict=True))
        system = System(variables, images, gradient, step, loss)
    else:
        images = tuple(_tighter(exactly(stable(e)), variables) for e in F.expression)
        form = None if F.loss is None else F.loss.symbolic
        system = System(variables, images, loss=form and exactly(stable(form.bound)))
    if not lowered(system.images, variables).analytic:
        raise InvalidInput(
            "F", F.describe(), "a map without kinks or jumps", "sampling does not need smoothness"
        )
    return system


def exactly(expression: sp.Expr) -> sp.Expr:
    """Return an expression with its floats as the dyadic numbers that they are."""
    return expression.xreplace({f: sp.Rational(f) for f in expression.atoms(sp.Float)})


def _tighter(expression: sp.Expr, variables: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Return a polynomial as a product where that names the variables less often."""
    if sp.count_ops(expression) > _FACTORED or not expression.is_polynomial(*variables):
        return expression
    return min((expression, sp.factor(expression), sp.horner(expression)), key=sp.count_ops)


@lru_cache(maxsize=64)
def _image_code(system: System) -> IntervalFunction:
    """From (ξ, x, m) to F(ξ), then F(m) + DF(ξ)(x - m).

    The boxes of ξ and x are the same; the symbols are kept apart because the point of the mean
    value theorem is not x.
    """
    d = system.dimension
    xi, x, m = ([sp.Symbol(f"{name}{i}") for i in range(d)] for name in ("xi", "x", "m"))
    at_xi, at_m = (dict(zip(system.variables, to, strict=True)) for to in (xi, m))
    slopes = jacobian(system.images, system.variables).xreplace(at_xi)
    shift = [a - b for a, b in zip(x, m, strict=True)]
    forms = [
        image.xreplace(at_m) + sum(s * u for s, u in zip(slopes.row(i), shift, strict=True))
        for i, image in enumerate(system.images)
    ]
    natural = [image.xreplace(at_xi) for image in system.images]
    return interval_function(lowered([*natural, *forms], [*xi, *x, *m]))


@lru_cache(maxsize=64)
def _loss_code(system: System) -> IntervalFunction:
    return interval_function(lowered([system.loss], system.variables))


@lru_cache(maxsize=64)
def _slope_code(system: System) -> IntervalFunction:
    slopes = [_tighter(e, system.variables) for e in jacobian(system.images, system.variables)]
    return interval_function(lowered(slopes, system.variables))
