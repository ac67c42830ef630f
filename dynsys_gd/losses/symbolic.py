"""A loss given by a sympy expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative, hessian
from ..engine.numpy_printer import numpy_function
from ..engine.rewrite import stable
from ..engine.tape import Tape, lower
from ..errors import InvalidInput
from ..evidence import Outcome
from ..values import by_name, is_exact, to_value, unknown_name
from .base import AbstractLoss, Points, SymbolicForm, as_points, substitute

__all__ = ["Loss"]


@dataclass(frozen=True, init=False, repr=False)
class Loss(AbstractLoss):
    """A loss written as a sympy expression.

    Parameters
    ----------
    expression : sympy.Expr
        Real-valued. Symbols that are not variables are named parameters.
    variables : sequence of Symbol
        The d coordinates, in order.

    Raises
    ------
    InvalidInput
        For an expression that is not one, no variables, repeated variables, or two different
        symbols of one name.
    UnsupportedFunction
        Where a function occurs that the engine cannot evaluate; the message lists those it can.

    Examples
    --------
    >>> from sympy.abc import a, x, y
    >>> f = Loss((x*y - a)**2 / 2, [x, y])
    >>> f.parameters
    ('a',)
    >>> f.at(a=1).gradient
    Matrix([
    [y*(x*y - 1)],
    [x*(x*y - 1)]])
    >>> float(f.at(a=1)([2, 1]))
    0.5
    """

    expression: sp.Expr
    variables: tuple[sp.Symbol, ...]
    values: tuple[tuple[str, sp.Expr], ...]

    def __init__(
        self,
        expression: sp.Expr,
        variables: Sequence[sp.Symbol],
        *,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        checked = _checked_variables(variables)
        if isinstance(expression, (str, bytes)):
            raise InvalidInput(
                "expression",
                expression,
                "a sympy expression",
                "for text use parse_loss(text, variables), which never evaluates code",
            )
        try:
            # Strict: otherwise text inside a list would be evaluated as code.
            checked_expression = sp.sympify(expression, strict=True)
        except (sp.SympifyError, TypeError, AttributeError):
            raise InvalidInput("expression", expression, "a sympy expression") from None
        if not isinstance(checked_expression, sp.Expr):
            raise InvalidInput("expression", expression, "a scalar sympy expression")
        known = by_name(checked_expression.free_symbols | set(checked), "expression")
        open_names = set(known) - {symbol.name for symbol in checked}
        given = {}
        for name, value in (values or {}).items():
            if name not in open_names:
                raise unknown_name(name, open_names)
            given[name] = to_value(value, name)
            if not given[name].is_number:
                raise InvalidInput(name, value, "a number", "write the symbol into the expression")
        object.__setattr__(self, "expression", checked_expression)
        object.__setattr__(self, "variables", checked)
        object.__setattr__(self, "values", tuple(sorted(given.items())))
        # Refuse unsupported functions here, where the user wrote them.
        _tape(checked_expression, checked, "value")

    @property
    def dimension(self) -> int:
        return len(self.variables)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(symbol.name for symbol in self.variables)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(
            symbol.name
            for symbol in _parameter_symbols(self.expression, self.variables)
            if symbol.name not in dict(self.values)
        )

    def at(self, **values: Any) -> Loss:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        return Loss(self.expression, self.variables, values={**dict(self.values), **values})

    @cached_property
    def bound_expression(self) -> sp.Expr:
        """The expression with the given parameter values put in."""
        return substitute(self.expression, dict(self.values))

    @cached_property
    def gradient(self) -> sp.ImmutableMatrix:
        """Symbolic gradient, a column of d expressions."""
        return sp.ImmutableMatrix(
            [_factored(derivative(self.bound_expression, v)) for v in self.variables]
        )

    @cached_property
    def hessian(self) -> sp.ImmutableMatrix:
        """Symbolic Hessian, d x d; where the loss has a kink, valid off the kink."""
        return hessian(self.bound_expression, self.variables)

    @property
    def analytic(self) -> Outcome:
        smooth = _tape(self.expression, self.variables, "value").analytic
        rational_power = any(
            not power.exp.is_Integer and power.base.free_symbols & set(self.variables)
            for power in self.expression.atoms(sp.Pow)
            if power.base != sp.E and not (power.base.is_positive or _positive(power.base))
        )
        if not smooth:
            return Outcome.NO
        return Outcome.UNDECIDED if rational_power else Outcome.YES

    @property
    def exact(self) -> bool:
        """Whether the expression and the given values contain no floating-point number."""
        return is_exact(self.bound_expression)

    @property
    def symbolic(self) -> SymbolicForm:
        return SymbolicForm(self.expression, self.variables, dict(self.values))

    def __call__(self, points: Any) -> Points:
        return self._evaluate("value", points)[..., 0]

    def gradient_at(self, points: Any) -> Points:
        return self._evaluate("gradient", points)

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        flat = self._evaluate("hessian", points)
        return flat.reshape(*flat.shape[:-1], self.dimension, self.dimension)

    def _evaluate(self, what: str, points: Any) -> NDArray[np.float64]:
        array = as_points(points, self.dimension)
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write loss.at({self.parameters[0]}=...)",
            )
        given = dict(self.values)
        symbols = _parameter_symbols(self.expression, self.variables)
        numbers = np.array([float(given[symbol.name]) for symbol in symbols])
        function = numpy_function(_tape(self.expression, self.variables, what))
        outputs = function(array.reshape(-1, self.dimension).T, numbers)
        return np.ascontiguousarray(outputs.T).reshape(*array.shape[:-1], outputs.shape[0])

    def describe(self) -> str:
        text = str(self.bound_expression)
        return text if len(text) <= 60 else text[:59] + "…"

    def __repr__(self) -> str:
        return f"Loss({self.describe()}, [{', '.join(self.names)}])"

    def _repr_latex_(self) -> str:
        arguments = ", ".join(sp.latex(v) for v in self.variables)
        return f"$\\displaystyle L({arguments}) = {sp.latex(self.bound_expression)}$"


def _factored(expression: sp.Expr) -> sp.Expr:
    """Return polynomials in factored form, which is how a reader finds the critical points."""
    if expression.is_polynomial() and len(expression.free_symbols) <= 4:
        return sp.factor(expression)
    return expression


def _positive(base: sp.Expr) -> bool:
    """Return whether a sum of even powers and a positive number, which has no zero."""
    real = base.xreplace({s: sp.Symbol(s.name, real=True) for s in base.free_symbols})
    return bool(real.is_positive)


def _parameter_symbols(
    expression: sp.Expr, variables: tuple[sp.Symbol, ...]
) -> tuple[sp.Symbol, ...]:
    names = by_name(expression.free_symbols - set(variables), "expression")
    return tuple(names.values())


@lru_cache(maxsize=512)
def _tape(expression: sp.Expr, variables: tuple[sp.Symbol, ...], what: str) -> Tape:
    parameters = _parameter_symbols(expression, variables)
    form = stable(expression)
    if what == "value":
        outputs = [form]
    elif what == "gradient":
        outputs = [derivative(form, v) for v in variables]
    else:
        outputs = list(hessian(form, variables))
    return lower(outputs, variables, parameters)


def _checked_variables(variables: Sequence[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    expected = "a non-empty list of distinct sympy symbols"
    if isinstance(variables, (str, sp.Basic)) or not isinstance(variables, Iterable):
        raise InvalidInput("variables", variables, expected, "write [x] for one variable")
    symbols = tuple(variables)
    if not symbols or not all(isinstance(symbol, sp.Symbol) for symbol in symbols):
        raise InvalidInput("variables", variables, expected, "make them with sympy.symbols")
    if len({symbol.name for symbol in symbols}) != len(symbols):
        raise InvalidInput("variables", variables, expected)
    return symbols
