"""Any map given by its image, so that textbook maps run through the same code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from ..engine.kernel import Kernel, TapeKernel
from ..engine.map_tapes import MapTapes
from ..engine.rewrite import stable
from ..errors import InvalidInput
from ..losses.base import substitute
from ..values import by_name, to_value, unknown_name
from .base import Map

__all__ = ["SymbolicMap"]


@dataclass(frozen=True, init=False, repr=False)
class SymbolicMap(Map):
    """A map x -> F(x) given by d expressions in d variables.

    Parameters
    ----------
    images : sequence of sympy.Expr
        The image of each coordinate.
    variables : sequence of Symbol
        The coordinates; every other symbol is a named parameter.

    Examples
    --------
    >>> from sympy.abc import r, x
    >>> logistic = SymbolicMap([r * x * (1 - x)], [x])
    >>> logistic.at(r=4)([0.25])
    array([0.75])
    """

    loss: None = field(default=None, init=False, repr=False)
    images: tuple[sp.Expr, ...]
    symbols: tuple[sp.Symbol, ...]
    values: tuple[tuple[str, sp.Expr], ...]

    def __init__(
        self,
        images: Sequence[sp.Expr],
        variables: Sequence[sp.Symbol],
        *,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        expected = "as many sympy expressions as variables"
        for argument, items in (("images", images), ("variables", variables)):
            if isinstance(items, (str, sp.Expr)) or not isinstance(items, Iterable):
                raise InvalidInput(argument, items, "a list", "write [x] for a single one")
        try:
            # Strict: otherwise text among the images would be evaluated as code.
            columns = tuple(sp.sympify(image, strict=True) for image in images)
        except (sp.SympifyError, TypeError, AttributeError):
            raise InvalidInput("images", images, expected) from None
        symbols = tuple(variables)
        if not symbols or not all(isinstance(s, sp.Symbol) for s in symbols):
            raise InvalidInput("variables", variables, "a non-empty list of sympy symbols")
        if len(columns) != len(symbols) or not all(isinstance(c, sp.Expr) for c in columns):
            raise InvalidInput("images", images, expected)
        used = set().union(*(column.free_symbols for column in columns))
        known = set(by_name(used | set(symbols), "images")) - {s.name for s in symbols}
        given = {}
        for name, value in (values or {}).items():
            if name not in known:
                raise unknown_name(name, known)
            given[name] = to_value(value, name)
        object.__setattr__(self, "images", columns)
        object.__setattr__(self, "symbols", symbols)
        object.__setattr__(self, "values", tuple(sorted(given.items())))
        # Refuse unsupported functions here, where the user wrote them.
        _ = _tapes(columns, symbols).step

    @property
    def dimension(self) -> int:
        return len(self.symbols)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(symbol.name for symbol in self.symbols)

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        return self.symbols

    @property
    def parameters(self) -> tuple[str, ...]:
        names = (symbol.name for symbol in _tapes(self.images, self.symbols).parameters)
        return tuple(name for name in names if name not in dict(self.values))

    def at(self, **values: Any) -> SymbolicMap:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        return SymbolicMap(self.images, self.symbols, values={**dict(self.values), **values})

    @cached_property
    def expression(self) -> sp.ImmutableMatrix:
        return sp.ImmutableMatrix([substitute(image, dict(self.values)) for image in self.images])

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        tapes, given = _tapes(self.images, self.symbols), dict(self.values)
        return TapeKernel(tapes, np.array([float(given[s.name]) for s in tapes.parameters]))

    def describe(self) -> str:
        text = ", ".join(str(image) for image in self.expression)
        names = ", ".join(self.names if self.dimension <= 4 else (*self.names[:3], "…"))
        if self.dimension > 1:
            names, text = f"({names})", f"({text})"
        return f"the map {names} -> {text if len(text) <= 60 else text[:59] + '…'}"

    def __repr__(self) -> str:
        return f"SymbolicMap({list(self.expression)}, [{', '.join(self.names)}])"


@lru_cache(maxsize=256)
def _tapes(images: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]) -> MapTapes:
    used = set().union(*(image.free_symbols for image in images))
    parameters = by_name(used - set(variables), "images")
    forms = [stable(image) for image in images]
    residuals = [form - v for form, v in zip(forms, variables, strict=True)]
    return MapTapes(forms, residuals, variables, list(parameters.values()))
