"""Which functions on boxes stand for the equations of an orbit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import sympy as sp

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from .outward import Bounds

__all__ = ["Equations", "equations_of"]


_FACTORED = 100  # degree up to which polynomials on the line may be written as products


@dataclass(frozen=True, eq=False)
class Equations:
    """The orbit as a zero of a system whose blocks are alike.

    For one point the system is h(x) = 0; for p > 1 points it is h(x_k) = x_(k+1) with indices
    modulo p.

    Parameters
    ----------
    functions : tuple of d sympy expressions
        The function h, without open parameters.
    variables : tuple of d Symbol
    period : int
    """

    functions: tuple[sp.Expr, ...]
    variables: tuple[sp.Symbol, ...]
    period: int

    @property
    def dimension(self) -> int:
        """Number of coordinates of one point."""
        return len(self.variables)

    @cached_property
    def derivatives(self) -> tuple[sp.Expr, ...]:
        """The Jacobian of h, row by row."""
        return tuple(_factored(e, self.variables) for e in jacobian(self.functions, self.variables))

    @cached_property
    def tape(self) -> Tape:
        """From x to h(x), then its Jacobian row by row."""
        return lower([*self.functions, *self.derivatives], self.variables)

    @cached_property
    def values(self) -> IntervalFunction:
        """From boxes of x to h(x), then its Jacobian row by row."""
        return interval_function(self.tape)

    @cached_property
    def contraction(self) -> IntervalFunction:
        """From (ξ, x, m, y) to where h(x) and x can be, knowing that h(x) = y.

        The boxes of ξ and x are the same and hold m. Outputs: h(ξ); the mean value form
        h(m) + Dh(ξ)(x - m); and for each place of the Jacobian that is not identically zero,
        row by row, the coordinate x_j that equation i leaves possible. The symbols ξ and x are
        kept apart because the point of the mean value theorem is not x.
        """
        xi, x, m, y = (
            [sp.Symbol(f"{name}{i}") for i in range(self.dimension)]
            for name in ("xi", "x", "m", "y")
        )
        size = self.dimension
        at_xi, at_m = (
            dict(zip(self.variables, xi, strict=True)),
            dict(zip(self.variables, m, strict=True)),
        )
        natural = [h.xreplace(at_xi) for h in self.functions]
        middle = [h.xreplace(at_m) for h in self.functions]
        slopes = [e.xreplace(at_xi) for e in self.derivatives]
        rows = [slopes[i * size : (i + 1) * size] for i in range(size)]
        shift = [a - b for a, b in zip(x, m, strict=True)]
        forward = [
            value + sum(s * u for s, u in zip(row, shift, strict=True))
            for value, row in zip(middle, rows, strict=True)
        ]
        backward = []
        for i, j in self.places:
            others = sum(rows[i][k] * shift[k] for k in range(size) if k != j)
            backward.append(m[j] + (y[i] - middle[i] - others) / rows[i][j])
        return interval_function(lower([*natural, *forward, *backward], [*xi, *x, *m, *y]))

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Row and column of every entry of the Jacobian that is not identically zero."""
        size = self.dimension
        return tuple(
            divmod(k, size) for k, entry in enumerate(self.derivatives) if not entry.is_zero
        )

    def at(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds, Bounds, Bounds]:
        """Return bounds of h (d, n) and of its Jacobian (d, d, n) on boxes (d, n)."""
        low, high = self.values(lower, upper)
        d = self.dimension
        shape = (d, d, low.shape[1])
        return low[:d], high[:d], low[d:].reshape(shape), high[d:].reshape(shape)


def equations_of(F: Map, period: int) -> Equations:
    """Return the equations of the orbits of a symbolic map without open parameters.

    The fixed points of a gradient map are the zeros of the gradient, in the coordinates of the
    loss.
    """
    if period == 1 and isinstance(F, GradientMap):
        form = F.loss.symbolic
        assert form is not None
        return _of_critical_points(form.bound, tuple(form.variables))
    assert F.expression is not None
    return _of_orbits(tuple(F.expression), tuple(F.variables), period)


# Asked again, for a table or in a loop, the same question finds its code compiled.
@lru_cache(maxsize=64)
def _of_critical_points(loss: sp.Expr, variables: tuple[sp.Symbol, ...]) -> Equations:
    gradient = jacobian([stable(loss)], variables)
    return Equations(tuple(_factored(g, variables) for g in gradient), variables, 1)


@lru_cache(maxsize=64)
def _of_orbits(
    images: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...], period: int
) -> Equations:
    forms = tuple(stable(image) for image in images)
    if period == 1:
        forms = tuple(_factored(h - v, variables) for h, v in zip(forms, variables, strict=True))
    return Equations(forms, variables, period)


def _factored(expression: sp.Expr, variables: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Return a polynomial on the line with multiple zeros as a product, others as they are.

    Expanded, a multiple zero drowns in rounding long before boxes are narrow.
    """
    if len(variables) > 1 or not expression.is_polynomial(*variables):
        return expression
    polynomial = sp.Poly(expression, *variables)
    if polynomial.degree() > _FACTORED or not polynomial.domain.is_Exact or polynomial.is_sqf:
        return expression
    return sp.factor(expression)
