"""Straight-line code: the one intermediate form between sympy and every evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from ..errors import InvalidInput, UnsupportedFunction
from .operations import SUPPORTED_FUNCTIONS, Op
from .sharing import product_orders

__all__ = ["Instruction", "Tape", "lower"]


class Instruction(NamedTuple):
    """One operation on earlier results; `payload` is a number, an exponent or an index."""

    op: Op
    arguments: tuple[int, ...] = ()
    payload: sp.Expr | int | None = None


@dataclass(frozen=True, kw_only=True)
class Tape:
    """A list of instructions, each referring to earlier ones only.

    Parameters
    ----------
    inputs, parameters : tuple of str
        Names, in the order in which values are passed.
    code : tuple of Instruction
    outputs : tuple of int
        Which results are returned, in order.
    """

    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    code: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    @property
    def analytic(self) -> bool:
        """Whether every operation is real-analytic where it is defined."""
        return all(instruction.op.analytic for instruction in self.code)


def lower(
    expressions: Sequence[sp.Expr],
    variables: Sequence[sp.Symbol],
    parameters: Sequence[sp.Symbol] = (),
    *,
    rest: Sequence[sp.Expr] = (),
) -> Tape:
    """Return straight-line code for `expressions`, with common subexpressions shared.

    Parameters
    ----------
    expressions : sequence of sympy expressions
    variables, parameters : sequence of Symbol
        What is passed as input and what as parameter.
    rest : sequence of sympy expressions
        Further outputs, often left out: they use what is there and do not change its order.

    Raises
    ------
    UnsupportedFunction
        Where a function outside the supported list occurs.
    InvalidInput
        Where a symbol is neither a variable nor a parameter.

    Examples
    --------
    >>> x, a = sp.symbols("x a")
    >>> tape = lower([a * x**2, sp.exp(x**2)], [x], [a])
    >>> [instruction.op.value for instruction in tape.code]
    ['input', 'parameter', 'integer_power', 'mul', 'exp']
    """
    builder = _Builder(variables, parameters)
    outputs = (*builder.outputs(expressions), *builder.outputs(rest))
    return Tape(
        inputs=tuple(symbol.name for symbol in variables),
        parameters=tuple(symbol.name for symbol in parameters),
        code=tuple(builder.code),
        outputs=outputs,
    )


class _Builder:
    """Appends instructions, giving equal ones the same place."""

    def __init__(self, variables: Iterable[sp.Symbol], parameters: Iterable[sp.Symbol]) -> None:
        self.code: list[Instruction] = []
        self.places: dict[Instruction, int] = {}
        self.known: dict[sp.Basic, int] = {}
        self.orders: dict[tuple[sp.Expr, ...], tuple[tuple[int, int], ...]] = {}
        for index, symbol in enumerate(variables):
            self.known[symbol] = self.emit(Op.INPUT, payload=index)
        for index, symbol in enumerate(parameters):
            self.known[symbol] = self.emit(Op.PARAMETER, payload=index)

    def outputs(self, expressions: Sequence[sp.Expr]) -> tuple[int, ...]:
        """Append what the expressions need; return where each of them stands."""
        replacements, reduced = sp.cse(
            [sp.sympify(expression) for expression in expressions],
            symbols=sp.numbered_symbols("cse", cls=sp.Dummy),
            order="none",
        )
        written = [*(expression for _, expression in replacements), *reduced]
        products = {product for each in written for product in each.atoms(sp.Mul)}
        parts = [_parts(product)[1] for product in sorted(products, key=sp.default_sort_key)]
        self.orders = product_orders(above for above in parts if len(above) > 2)
        for symbol, expression in replacements:
            self.known[symbol] = self.node(expression)
        return tuple(self.node(expression) for expression in reduced)

    def emit(self, op: Op, *arguments: int, payload: sp.Expr | int | None = None) -> int:
        instruction = Instruction(op, arguments, payload)
        if instruction not in self.places:
            self.places[instruction] = len(self.code)
            self.code.append(instruction)
        return self.places[instruction]

    def node(self, expression: sp.Basic) -> int:
        place = self.known.get(expression)
        if place is None:
            place = self.known[expression] = self._lower(expression)
        return place

    def _lower(self, expression: sp.Basic) -> int:
        if isinstance(expression, (sp.Number, sp.NumberSymbol)):
            if expression.is_finite is False or expression is sp.nan:
                raise InvalidInput("expression", expression, "finite numbers only")
            return self.emit(Op.CONSTANT, payload=expression)
        if isinstance(expression, sp.Symbol):
            raise InvalidInput(
                "expression",
                expression.name,
                "variables and declared parameters only",
                "add the symbol to the variables, or give it a value with .at(...)",
            )
        if isinstance(expression, sp.Add):
            # What is no product comes first: each product is then fused with the sum before it.
            return self._chain(Op.ADD, sorted(expression.args, key=_is_product))
        if isinstance(expression, sp.Mul):
            return self._product(expression)
        if isinstance(expression, sp.Pow):
            return self._power(expression)
        if isinstance(expression, (sp.Max, sp.Min)):
            op = Op.MAX if isinstance(expression, sp.Max) else Op.MIN
            return self._chain(op, sorted(expression.args, key=sp.default_sort_key))
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression)
        if isinstance(expression, (sp.core.relational.Relational, sp.logic.boolalg.Boolean)):
            return self._condition(expression)
        if isinstance(expression, sp.Heaviside):
            return self._heaviside(expression)
        function = SUPPORTED_FUNCTIONS.get(type(expression))
        if function is None or expression.has(sp.I):
            raise UnsupportedFunction("expression", expression, _supported())
        return self.emit(function, self.node(expression.args[0]))

    def _chain(self, op: Op, arguments: Iterable[sp.Basic]) -> int:
        places = [self.node(argument) for argument in arguments]
        total = places[0]
        for place in places[1:]:
            total = self.emit(op, total, place)
        return total

    def _product(self, expression: sp.Mul) -> int:
        negative, above, below = _parts(expression)
        if above in self.orders:
            places = [self.node(factor) for factor in above]
            for left, right in self.orders[above]:
                places.append(self.emit(Op.MUL, places[left], places[right]))
            result = places[-1]
        elif above:
            result = self._chain(Op.MUL, above)
        else:
            result = self.emit(Op.CONSTANT, payload=sp.Integer(1))
        if below:
            result = self.emit(Op.DIV, result, self._chain(Op.MUL, below))
        return self.emit(Op.NEG, result) if negative else result

    def _power(self, expression: sp.Pow) -> int:
        base, exponent = expression.args
        if base == sp.E:
            return self.emit(Op.EXP, self.node(exponent))
        if exponent.is_Integer and exponent > 0:
            return self.emit(Op.INTEGER_POWER, self.node(base), payload=int(exponent))
        if exponent == sp.Rational(1, 2):
            return self.emit(Op.SQRT, self.node(base))
        if _is_reciprocal(expression):
            one = self.emit(Op.CONSTANT, payload=sp.Integer(1))
            return self.emit(Op.DIV, one, self.node(1 / expression))
        return self.emit(Op.REAL_POWER, self.node(base), self.node(exponent))

    def _piecewise(self, expression: sp.Piecewise) -> int:
        *branches, last = expression.args
        if not isinstance(last.cond, BooleanTrue):
            raise UnsupportedFunction(
                "expression", expression, "a Piecewise that ends with (expression, True)"
            )
        result = self.node(last.expr)
        for branch in reversed(branches):
            result = self.emit(Op.SELECT, self.node(branch.cond), self.node(branch.expr), result)
        return result

    def _heaviside(self, expression: sp.Heaviside) -> int:
        jump, at_zero = expression.args
        place = self.node(jump)
        step = self.emit(Op.STEP, place)
        if at_zero == sp.Rational(1, 2):
            return step
        zero = self.emit(Op.CONSTANT, payload=sp.Integer(0))
        return self.emit(Op.SELECT, self.emit(Op.EQUAL, place, zero), self.node(at_zero), step)

    def _condition(self, condition: sp.Basic) -> int:
        if isinstance(condition, (BooleanTrue, BooleanFalse)):
            zero, truth = sp.Integer(0), int(bool(condition))
            place = self.emit(Op.CONSTANT, payload=zero)
            return self.emit(Op.LESS, place, self.emit(Op.CONSTANT, payload=sp.Integer(truth)))
        if isinstance(condition, sp.And):
            return self._chain(Op.AND, sorted(condition.args, key=sp.default_sort_key))
        if isinstance(condition, sp.Or):
            return self._chain(Op.OR, sorted(condition.args, key=sp.default_sort_key))
        if isinstance(condition, sp.Not):
            return self.emit(Op.NOT, self.node(condition.args[0]))
        if isinstance(condition, sp.ITE):
            which, yes, no = (self.node(argument) for argument in condition.args)
            first = self.emit(Op.AND, which, yes)
            return self.emit(Op.OR, first, self.emit(Op.AND, self.emit(Op.NOT, which), no))
        if isinstance(condition, sp.core.relational.Relational):
            left, right = (self.node(side) for side in (condition.lhs, condition.rhs))
            if isinstance(condition, (sp.StrictLessThan, sp.StrictGreaterThan)):
                flipped = isinstance(condition, sp.StrictGreaterThan)
                return self.emit(Op.LESS, *((right, left) if flipped else (left, right)))
            if isinstance(condition, (sp.LessThan, sp.GreaterThan)):
                flipped = isinstance(condition, sp.GreaterThan)
                return self.emit(Op.LESS_EQUAL, *((right, left) if flipped else (left, right)))
            equal = self.emit(Op.EQUAL, left, right)
            return equal if isinstance(condition, sp.Equality) else self.emit(Op.NOT, equal)
        raise UnsupportedFunction("expression", condition, "comparisons joined by and, or, not")


def _parts(product: sp.Mul) -> tuple[bool, tuple[sp.Expr, ...], tuple[sp.Expr, ...]]:
    """Return whether a product begins with -1, its other factors, and its divisors."""
    above = tuple(a for a in product.args if not _is_reciprocal(a))
    below = tuple(1 / a for a in product.args if _is_reciprocal(a))
    negative = bool(above) and above[0] == -1
    return negative, above[1:] if negative else above, below


def _is_product(term: sp.Expr) -> bool:
    return isinstance(term, sp.Mul) and len(_parts(term)[1]) > 1


def _is_reciprocal(factor: sp.Basic) -> bool:
    if isinstance(factor, sp.Rational):
        return False
    return (
        isinstance(factor, sp.Pow)
        and factor.base != sp.E
        and bool(factor.exp.is_Number and factor.exp < 0)
    )


def _supported() -> str:
    names = sorted(function.__name__ for function in SUPPORTED_FUNCTIONS)
    return f"+ - * / **, Max, Min, Piecewise and these functions: {', '.join(names)}"
