"""A syntax tree of the allow-list as a sympy expression, with every step bounded beforehand."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

import flint
import sympy as sp

from ..engine.ball_printer import ball, ball_function
from ..engine.tape import lower
from .parse_functions import CONSTANTS, FUNCTIONS, Function
from .parse_size import (
    LARGEST_EXPONENT,
    LARGEST_ROOT,
    LARGEST_ROOT_OF_NUMBER,
    MOST_BITS,
    MOST_BITS_IN_EXPONENT,
    Piece,
    added,
    bits,
    bounded,
    check_exponent,
    check_size,
    check_value,
    multiplied,
    number,
)
from .parse_text import MOST_NESTED, NUMBER, refusal

__all__ = ["build"]

MOST_DIGITS = 40
LARGEST_DECIMAL_EXPONENT = 100

_PRECISION = 256


def build(source: str, tree: ast.expr, names: Mapping[str, sp.Symbol]) -> sp.Expr:
    """Return the expression that `tree` stands for.

    Only numbers, names, arithmetic and calls of listed functions are accepted. Before sympy is
    asked for a power, a quotient or a function value, the result is bounded: constants by ball
    arithmetic, the rest by degree, number of terms and height of its power towers.

    Parameters
    ----------
    source : str
        The text of the tree, from which numbers are read exactly and which messages quote.
    tree : ast.expr
    names : mapping of str to Symbol
        Variables and parameters.

    Raises
    ------
    UnsafeExpression
        Names the piece, what is allowed in its place, and what to do.

    Examples
    --------
    >>> import ast
    >>> build("0.1*x**2", ast.parse("0.1*x**2", mode="eval").body, {"x": sp.Symbol("x")})
    x**2/10
    """
    with flint.ctx.workprec(_PRECISION):
        return _Builder(source, names).piece(tree, 0).expression


class _Builder:
    def __init__(self, source: str, names: Mapping[str, sp.Symbol]) -> None:
        self.source = source
        self.names = names

    def text(self, node: ast.expr) -> str:
        return self.source[node.col_offset : node.end_col_offset]

    def piece(self, node: ast.expr, depth: int) -> Piece:
        if depth > MOST_NESTED:
            raise refusal(self.text(node), f"nesting of at most {MOST_NESTED}", "simplify it")
        if isinstance(node, ast.BinOp):
            return bounded(self.text(node), self._arithmetic(node, depth))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.piece(node.operand, depth + 1)
            return multiplied(inner, number(-1)) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return bounded(self.text(node), self._call(node, depth))
        raise refusal(self.text(node), self._allowed(), f"a {_spoken(node)} is not arithmetic")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Piece:
        if isinstance(node.op, (ast.Add, ast.Sub)):
            return self._chain(node, depth, (ast.Add, ast.Sub))
        if isinstance(node.op, (ast.Mult, ast.Div)):
            return self._chain(node, depth, (ast.Mult, ast.Div))
        if isinstance(node.op, ast.Pow):
            base, exponent = self.piece(node.left, depth + 1), self.piece(node.right, depth + 1)
            return self._power(node, base, exponent)
        raise refusal(
            self.text(node), "+ - * / ** between the operands", "no other operator is known"
        )

    def _chain(self, node: ast.BinOp, depth: int, kind: tuple[type, type]) -> Piece:
        """Sums and products of any length, without recursion along them."""
        parts: list[tuple[bool, ast.expr]] = []
        head: ast.expr = node
        while isinstance(head, ast.BinOp) and isinstance(head.op, kind):
            parts.append((isinstance(head.op, kind[1]), head.right))
            head = head.left
        total = self.piece(head, depth + 1)
        for inverse, part in reversed(parts):
            right = self.piece(part, depth + 1)
            if kind[0] is ast.Add:
                total = added(total, multiplied(right, number(-1)) if inverse else right)
            else:
                total = multiplied(total, self._reciprocal(part, right) if inverse else right)
            total = bounded(self.text(node), total)
        return total

    def _reciprocal(self, node: ast.expr, below: Piece) -> Piece:
        if below.expression == 0:
            raise refusal(self.text(node), "a denominator other than zero", "do not divide by 0")
        return self._power(node, below, number(-1))

    def _power(self, node: ast.expr, base: Piece, exponent: Piece) -> Piece:
        if exponent.value is None or not exponent.expression.is_Rational:
            return self._general_power(node, base, exponent)
        e = exponent.expression
        root = LARGEST_ROOT if base.value is None else LARGEST_ROOT_OF_NUMBER
        if abs(e) > LARGEST_EXPONENT or e.q > root:
            raise refusal(
                self.text(node),
                f"exponents of size at most {LARGEST_EXPONENT}, with denominators up to {root}",
                "use a smaller exponent, or a parameter in its place",
            )
        if base.expression == 0 and e < 0:
            raise refusal(self.text(node), "a denominator other than zero", "do not divide by 0")
        repeats = math.ceil(abs(e))
        coefficient = base.expression.as_coeff_Mul()[0]
        if coefficient.is_Rational and bits(coefficient) * repeats > MOST_BITS:
            raise refusal(
                self.text(node), f"numbers of at most {MOST_BITS} bits", "use smaller ones"
            )
        value = None
        if base.value is not None:
            if not e.is_Integer and not base.expression.is_Rational:
                raise refusal(
                    self.text(node), "roots of rational numbers", "write the number as a parameter"
                )
            value = base.value ** (int(e) if e.is_Integer else ball(e))
            check_value(self.text(node), value)
        size = Piece(
            degree=base.degree * repeats,
            terms=math.comb(base.most_terms + repeats - 1, repeats) if repeats else 1,
            tower=base.tower,
            atoms=base.atoms if e > 0 and e.is_Integer else base.atoms | {self.text(node)},
            value=value,
        )
        check_size(self.text(node), size)
        return size.holding(sp.Pow(base.expression, e))

    def _general_power(self, node: ast.expr, base: Piece, exponent: Piece) -> Piece:
        check_exponent(self.text(node), exponent.expression)
        numbers = exponent.expression.atoms(sp.Rational)
        if base.expression.is_Rational and any(bits(n) > MOST_BITS_IN_EXPONENT for n in numbers):
            # sympy would split 2**(x + n) into 2**n * 2**x.
            raise refusal(
                self.text(node), "numbers of ordinary size in an exponent", "write E**u for 2**u"
            )
        value = None
        if base.value is not None and exponent.value is not None:
            value = base.value**exponent.value
            check_value(self.text(node), value)
        size = Piece(
            degree=1,
            tower=max(base.tower, exponent.tower + 1),
            atoms=frozenset({self.text(node)}),
            value=value,
        )
        check_size(self.text(node), size)
        return size.holding(sp.Pow(base.expression, exponent.expression))

    def _constant(self, node: ast.Constant) -> Piece:
        text = self.text(node)
        if type(node.value) not in (int, float) or not re.fullmatch(NUMBER, text):
            raise refusal(text, "a decimal number", "write it as 12, 0.5 or 1e-3")
        mantissa, _, exponent = text.lower().partition("e")
        digits = len(mantissa) - mantissa.count(".")
        too_far = len(exponent) > 5 or abs(int(exponent or 0)) > LARGEST_DECIMAL_EXPONENT
        if digits > MOST_DIGITS or too_far:
            raise refusal(
                text,
                f"at most {MOST_DIGITS} digits and powers of ten up to {LARGEST_DECIMAL_EXPONENT}",
                "round the number",
            )
        # From the text, not from the float: 0.1 is one tenth.
        return number(Fraction(text))

    def _name(self, node: ast.Name) -> Piece:
        if node.id in self.names:
            return Piece(expression=self.names[node.id], degree=1, atoms=frozenset({node.id}))
        if node.id in CONSTANTS:
            constant = CONSTANTS[node.id]
            return Piece(expression=constant, value=ball(constant))
        if node.id in FUNCTIONS:
            raise refusal(node.id, "an argument after the function", f"write {node.id}(...)")
        raise refusal(node.id, self._allowed(), "list it in variables or in parameters")

    def _call(self, node: ast.Call, depth: int) -> Piece:
        if not isinstance(node.func, ast.Name):
            raise refusal(self.text(node), self._allowed(), "write * between two factors")
        name = node.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            remedy = "write * between two factors" if name in self.names else "use one of these"
            raise refusal(f"{name}(...)", f"the functions {', '.join(FUNCTIONS)}", remedy)
        if node.keywords or not function.fewest <= len(node.args) <= function.most:
            raise refusal(self.text(node), f"{function.arity} for {name}", "")
        arguments = [self.piece(argument, depth + 1) for argument in node.args]
        if function.exponential:
            check_exponent(self.text(node), arguments[0].expression)
        if name == "sqrt":
            return self._power(node, arguments[0], number(Fraction(1, 2)))
        return self._apply(node, function, arguments)

    def _apply(self, node: ast.Call, function: Function, arguments: list[Piece]) -> Piece:
        value = None
        values = [a.value for a in arguments if a.value is not None]
        if len(values) == len(arguments):
            value = _enclosure(function, len(values))(values, [])[0]
            check_value(self.text(node), value)
        size = Piece(
            degree=1 if value is None else 0,
            tower=max(a.tower for a in arguments) + function.exponential,
            atoms=frozenset({self.text(node)} if value is None else ()),
            value=value,
        )
        check_size(self.text(node), size)
        expressions = [a.expression for a in arguments]
        irrational = any(value is not None for value in values) and not all(
            e.is_Rational for e in expressions if e.is_number
        )
        if function.kinked and irrational and (len(values) > 1 or len(arguments) == 1):
            # sympy would decide by its own, possibly endless, means which constant is larger.
            raise refusal(
                self.text(node), "rational numbers or variables", "simplify the constant by hand"
            )
        return size.holding(function.build(*expressions))

    def _allowed(self) -> str:
        known = ", ".join([*self.names, *CONSTANTS])
        return f"numbers, the names {known}, + - * / ** and listed functions"


@lru_cache(maxsize=64)
def _enclosure(function: Function, count: int) -> Callable[..., list[flint.arb]]:
    """Return the function in ball arithmetic, lowered on placeholders that sympy cannot fold."""
    symbols = [sp.Dummy(real=True) for _ in range(count)]
    return ball_function(lower([function.build(*symbols)], symbols))


_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _spoken(node: ast.AST) -> str:
    return _WORDS.sub(" ", type(node).__name__).lower()
