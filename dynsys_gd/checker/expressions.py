"""Formulas: read from text without running any of it, differentiated, and kept as a graph."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction

from ..errors import UnsafeExpression

__all__ = ["FUNCTIONS", "Formulas", "Node"]

Node = int
"""A node of the graph: its number."""

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "tanh")
_DEFINED_EVERYWHERE = ("exp", "sin", "cos", "sinh", "cosh", "tanh")

_MOST_NODES = 20_000
_MOST_DIGITS = 400
_LARGEST_EXPONENT = 200


class Formulas:
    """Formulas in d variables that share what they have in common.

    A node is one of ("x", i), ("c", number), ("+", a, b), ("-", a, b), ("*", a, b), ("/", a, b),
    ("^", a, n) with n >= 2, and (function, a). The parts of a node have smaller numbers than it.
    """

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = tuple(variables)
        self.nodes: list[tuple[object, ...]] = []
        self._known: dict[tuple[object, ...], Node] = {}
        self._slopes: dict[tuple[Node, int], Node] = {}
        self._rules = {"+": self.plus, "-": self.minus, "*": self.times, "/": self.over}
        self.zero, self.one = self.number(0), self.number(1)

    def read(self, text: str) -> Node:
        """Return the node of a text made of numbers, variables, + - * / ** and functions."""
        try:
            tree = ast.parse(text.strip(), mode="eval")
            return self._read(tree.body, 0)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise UnsafeExpression("formula", text, "a formula") from None

    def number(self, value: Fraction | int) -> Node:
        """Return the node of an exact number."""
        return self._node("c", Fraction(value))

    def variable(self, i: int) -> Node:
        """Return the node of a variable."""
        return self._node("x", i)

    def value(self, a: Node) -> Fraction | None:
        """Return the number that a node is, None where it is no number."""
        node = self.nodes[a]
        return node[1] if node[0] == "c" else None  # type: ignore[return-value]

    def plus(self, a: Node, b: Node) -> Node:
        """Return a + b."""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p + q)
        if p == 0:
            return b
        return a if q == 0 else self._node("+", a, b)

    def minus(self, a: Node, b: Node) -> Node:
        """Return a - b."""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p - q)
        return a if q == 0 else self._node("-", a, b)

    def times(self, a: Node, b: Node) -> Node:
        """Return a * b."""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p * q)
        if p == 0 or q == 0:
            return self.zero
        if p == 1:
            return b
        return a if q == 1 else self._node("*", a, b)

    def over(self, a: Node, b: Node) -> Node:
        """Return a / b."""
        q = self.value(b)
        if q is not None:
            if q == 0:
                raise UnsafeExpression("formula", "0", "a denominator that is not zero")
            return self.times(a, self.number(1 / q))
        return self._node("/", a, b)

    def power(self, a: Node, n: int) -> Node:
        """Return a to a whole power."""
        if n < 0:
            return self.over(self.one, self.power(a, -n))
        if n < 2:
            return a if n else self.one
        p = self.value(a)
        return self._node("^", a, n) if p is None else self.number(p**n)

    def apply(self, name: str, a: Node) -> Node:
        """Return a function of a node."""
        return self._node(name, a)

    def placed(self, outputs: Sequence[Node], values: Sequence[Node]) -> list[Node]:
        """Return formulas with the first variables replaced by other formulas."""
        new: dict[Node, Node] = {}
        for place in self.needed(outputs):
            node, parts = self.nodes[place], [new[part] for part in self.parts(place)]
            name = str(node[0])
            if name == "x":
                i = int(str(node[1]))
                new[place] = values[i] if i < len(values) else place
            elif name == "c":
                new[place] = place
            elif name == "^":
                new[place] = self.power(parts[0], int(str(node[2])))
            elif name in self._rules:
                new[place] = self._rules[name](*parts)
            else:
                new[place] = self.apply(name, parts[0])
        return [new[output] for output in outputs]

    def total(self, outputs: Sequence[Node]) -> bool:
        """Return whether the formulas are analytic on the whole space, as seen from their shape."""
        for place in self.needed(outputs):
            name = self.nodes[place][0]
            if name in ("/", *FUNCTIONS) and name not in _DEFINED_EVERYWHERE:
                return False
        return True

    def needed(self, outputs: Sequence[Node]) -> list[Node]:
        """Return the nodes that outputs are made of, parts first."""
        found: set[Node] = set()
        waiting = list(outputs)
        while waiting:
            place = waiting.pop()
            if place not in found:
                found.add(place)
                waiting += self.parts(place)
        return sorted(found)

    def parts(self, a: Node) -> tuple[Node, ...]:
        """Return the nodes that a node is made of."""
        node = self.nodes[a]
        if node[0] in ("x", "c"):
            return ()
        return node[1:2] if node[0] == "^" else node[1:]  # type: ignore[return-value]

    def slope(self, output: Node, i: int) -> Node:
        """Return the derivative by variable i."""
        for place in self.needed([output]):
            if (place, i) not in self._slopes:
                self._slopes[place, i] = self._slope(place, i)
        return self._slopes[output, i]

    def _slope(self, place: Node, i: int) -> Node:
        node, parts = self.nodes[place], self.parts(place)
        name = node[0]
        if name == "x":
            return self.one if node[1] == i else self.zero
        if name == "c":
            return self.zero
        a, da = parts[0], self._slopes[parts[0], i]
        if name == "^":
            n = node[2]
            assert isinstance(n, int)
            return self.times(self.times(self.number(n), self.power(a, n - 1)), da)
        if len(parts) == 1:
            return self.times(self._slope_of_function(str(name), a, place), da) if da else self.zero
        b, db = parts[1], self._slopes[parts[1], i]
        if name == "+":
            return self.plus(da, db)
        if name == "-":
            return self.minus(da, db)
        if name == "*":
            return self.plus(self.times(da, b), self.times(a, db))
        # (a/b)' = (a' - (a/b) b') / b
        return self.over(self.minus(da, self.times(place, db)), b)

    def _slope_of_function(self, name: str, a: Node, value: Node) -> Node:
        if name == "exp":
            return value
        if name == "log":
            return self.over(self.one, a)
        if name == "sqrt":
            return self.over(self.number(Fraction(1, 2)), value)
        if name == "sin":
            return self.apply("cos", a)
        if name == "cos":
            return self.minus(self.zero, self.apply("sin", a))
        if name == "tanh":
            return self.minus(self.one, self.power(value, 2))
        return self.apply("cosh" if name == "sinh" else "sinh", a)

    def _node(self, *node: object) -> Node:
        place = self._known.get(node)
        if place is None:
            if len(self.nodes) >= _MOST_NODES:
                raise UnsafeExpression("formula", len(self.nodes), f"at most {_MOST_NODES} parts")
            number = node[1] if node[0] == "c" else None
            if isinstance(number, Fraction) and _digits(number) > _MOST_DIGITS:
                raise UnsafeExpression("formula", "a number", f"at most {_MOST_DIGITS} digits")
            place = self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return place

    def _read(self, tree: ast.expr, depth: int) -> Node:
        if depth > 150:
            raise ValueError
        depth += 1
        if isinstance(tree, ast.Constant) and type(tree.value) is int:
            return self.number(tree.value)
        if isinstance(tree, ast.Name) and tree.id in self.variables:
            return self.variable(self.variables.index(tree.id))
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.UAdd, ast.USub)):
            a = self._read(tree.operand, depth)
            return a if isinstance(tree.op, ast.UAdd) else self.minus(self.zero, a)
        if isinstance(tree, ast.Call) and len(tree.args) == 1 and not tree.keywords:
            if not isinstance(tree.func, ast.Name) or tree.func.id not in FUNCTIONS:
                raise ValueError
            return self.apply(tree.func.id, self._read(tree.args[0], depth))
        if isinstance(tree, ast.BinOp):
            a, b = self._read(tree.left, depth), self._read(tree.right, depth)
            if isinstance(tree.op, ast.Pow):
                return self._read_power(a, self.value(b))
            for kind, name in ((ast.Add, "+"), (ast.Sub, "-"), (ast.Mult, "*"), (ast.Div, "/")):
                if isinstance(tree.op, kind):
                    return self._rules[name](a, b)
        raise ValueError

    def _read_power(self, a: Node, exponent: Fraction | None) -> Node:
        if exponent is None or abs(exponent) > _LARGEST_EXPONENT or exponent.denominator > 2:
            raise ValueError
        if exponent.denominator == 2:
            return self.power(self.apply("sqrt", a), exponent.numerator)
        return self.power(a, int(exponent))


def _digits(number: Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length()) // 3
