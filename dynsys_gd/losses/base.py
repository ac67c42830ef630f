"""What every loss can do, however it is written down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative
from ..engine.hessian_operator import hessian_operator
from ..engine.machine.cpu import processor
from ..engine.machine.gradient_step import GradientCode
from ..engine.machine.hessian_product import (
    HessianProductCode,
    TapeHessianProduct,
    product_tape,
)
from ..engine.rewrite import stable
from ..errors import InvalidInput
from ..evidence import Outcome
from ..values import by_name

__all__ = ["AbstractLoss", "as_points"]

Points = NDArray[np.float64]


class AbstractLoss(ABC):
    """A function L of d parameters whose gradient descent is studied.

    Points are rows: an array of shape (..., d) in, values of shape (...,) out.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates d."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the d coordinates."""

    @property
    @abstractmethod
    def analytic(self) -> Outcome:
        """Whether the loss is real-analytic on its domain."""

    @abstractmethod
    def __call__(self, points: Any) -> Points:
        """Return L at each row, shape (...,)."""

    @abstractmethod
    def gradient_at(self, points: Any) -> Points:
        """Return the gradient at each row, shape (..., d)."""

    @abstractmethod
    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        """Return the Hessian at each row, shape (..., d, d)."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters left open, in alphabetical order."""
        return ()

    def at(self, **values: Any) -> AbstractLoss:
        """Return the loss with some parameters given a value; names are matched, not symbols."""
        if values:
            raise InvalidInput("parameter", next(iter(values)), "no parameters: none are open here")
        return self

    @property
    def symbolic(self) -> SymbolicForm | None:
        """The loss as a sympy expression, or None where there is none of practical size."""
        return None

    @property
    def minimal_loss(self) -> float | None:
        """The value of the loss at each of its local minima, where they all have the same one.

        None where that is not known. Linear networks know it: with squared loss each of their
        local minima is global.
        """
        return None

    def gradient_code(self) -> tuple[GradientCode, NDArray[np.float64]] | None:
        """Return the gradient as machine code and the data it reads, shape (k,).

        None where there is none: the numpy gradient is iterated then.
        """
        return None

    def hessian_product_code(self) -> tuple[HessianProductCode, NDArray[np.float64]] | None:
        """Return v -> ∇²L(x) v as machine code and the data it reads, shape (k,).

        None where there is none: whole Hessians are looked at then.
        """
        form = self.symbolic
        if form is None:
            return None
        code, names = _product(form.expression, form.variables)
        return code, np.array([float(form.values[name]) for name in names])

    def hessian_operator(self, points: Any) -> Callable[[Points], Points]:
        """Return v -> ∇²L(x) v for each row x of `points`, shapes (n, d).

        A loss whose products are cheaper than its Hessian gives its own; here they come from
        machine code, or from whole Hessians where there is none.
        """
        rows = np.atleast_2d(as_points(points, self.dimension))
        known = self.hessian_product_code() if processor() is not None else None
        if known is not None:
            return hessian_operator(*known, rows)
        with np.errstate(all="ignore"):
            hessians = self.hessian_at(rows)
        return lambda directions: np.einsum("kij,kj->ki", hessians, directions)

    def describe(self) -> str:
        """Return the loss in one line, for tables and reports."""
        return f"{type(self).__name__} of {self.dimension} parameters"

    def sharpness_at(self, points: Any) -> Points:
        """Return the largest Hessian eigenvalue at each row, shape (...,); NaN on overflow."""
        hessians = self.hessian_at(points)
        finite = np.asarray(np.isfinite(hessians).all(axis=(-2, -1)))
        usable = np.where(finite[..., None, None], hessians, 0.0)
        return np.where(finite, np.linalg.eigvalsh(usable)[..., -1], np.nan)


class SymbolicForm:
    """A loss as an expression, its variables, its open parameters and the values of the others.

    Parameters
    ----------
    expression : sympy.Expr
        With parameters as symbols, also those that have a value.
    variables : tuple of Symbol
    values : mapping of str to sympy number
        Values given to parameters so far.
    """

    __slots__ = ("expression", "values", "variables")

    def __init__(
        self,
        expression: sp.Expr,
        variables: tuple[sp.Symbol, ...],
        values: Mapping[str, sp.Expr] | None = None,
    ) -> None:
        self.expression = expression
        self.variables = variables
        self.values = dict(values or {})

    @property
    def bound(self) -> sp.Expr:
        """The expression with every known parameter value put in."""
        return substitute(self.expression, self.values)


def substitute(expression: sp.Basic, values: Mapping[str, sp.Expr]) -> sp.Basic:
    """Return `expression` with symbols replaced by name."""
    return expression.subs(
        {symbol: values[symbol.name] for symbol in expression.free_symbols if symbol.name in values}
    )


@lru_cache(maxsize=64)
def _product(
    expression: sp.Expr, variables: tuple[sp.Symbol, ...]
) -> tuple[TapeHessianProduct, tuple[str, ...]]:
    """Return the code of a symbolic loss and the names of its parameters."""
    known = by_name(expression.free_symbols - set(variables), "expression")
    smooth = stable(expression)
    gradient = [derivative(smooth, variable) for variable in variables]
    tape = product_tape(gradient, variables, list(known.values()))
    return TapeHessianProduct(tape), tuple(known)


def as_points(points: Any, dimension: int, argument: str = "points") -> Points:
    """Return `points` as a float array of shape (..., d), or refuse it by name."""
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(argument, points, f"numbers of shape (..., {dimension})") from None
    if array.ndim == 0 or array.shape[-1] != dimension:
        raise InvalidInput(
            argument,
            f"shape {array.shape}",
            f"shape (..., {dimension})",
            "points are rows, one coordinate per column",
        )
    return array
