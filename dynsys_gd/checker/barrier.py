"""A polynomial whose sign a map keeps, verified by exact algebra."""

from __future__ import annotations

from collections.abc import Sequence

from .balls import Ball, Program, Vector, symmetric
from .content import GivenBarrier, GivenIdentity, Rule
from .expressions import Node
from .facts import Form
from .law import Law
from .table import Refused

__all__ = ["Barrier"]


class Barrier:
    """The set {P > 0}: the map does not leave it, and almost none of its orbits converges.

    Raises
    ------
    Refused
        Where an identity is not shown, or null sets are not shown to stay null.
    """

    def __init__(self, law: Law, given: GivenBarrier, forms: Sequence[Form]) -> None:
        f = law.formulas
        if law.rule is not Rule.GRADIENT_DESCENT:
            raise Refused("the map is not gradient descent")
        if law.watched:
            raise Refused("preimages of null sets are not shown to be null")
        if given.form >= len(forms) or forms[given.form].m != 1:
            raise Refused("its form has not one equation")
        form = forms[given.form]
        function, root = f.read(given.function), f.read(given.root)
        if not (given.least > 0 and f.total([function, root])):
            raise Refused("the factor is not shown to be above 0")
        factor = f.plus(f.number(given.least), f.power(root, 2))
        (after,) = f.placed([function], law.images)
        if not law.algebra.same(after, f.times(factor, function)):
            raise Refused("the map is not shown to keep the sign of its function")
        equation, factors = form.equations[0], [row[0] for row in form.factors]
        trace = f.number(-2 / law.scale)
        for i, a in enumerate(factors):
            trace = f.plus(trace, f.times(f.slope(equation, i), a))
        self._check(law, given.steep, trace, function, [equation], "sharpness is too small")
        self._check(law, given.regular, f.zero, function, factors, "gradient may vanish elsewhere")
        self._value = Program(f, [function])
        self._values = Program(f, [function, *(f.slope(function, i) for i in range(law.d))])

    def _check(
        self,
        law: Law,
        given: GivenIdentity,
        left: Node,
        function: Node,
        zeros: Sequence[Node],
        what: str,
    ) -> None:
        """Check left = alpha P + sum of beta_j g_j + gamma, alpha >= 0, gamma > 0."""
        f = law.formulas
        if given.alpha < 0 or given.gamma <= 0 or len(given.beta) != len(zeros):
            raise Refused(f"an identity has a wrong sign or length: the {what}")
        total = f.plus(f.times(f.number(given.alpha), function), f.number(given.gamma))
        for text, zero in zip(given.beta, zeros, strict=True):
            beta = f.read(text)
            if not f.total([beta]):
                raise Refused(f"an identity is not defined everywhere: the {what}")
            total = f.plus(total, f.times(beta, zero))
        if not law.algebra.same(left, total):
            raise Refused(f"an identity is not shown: the {what}")

    def contains(self, box: Sequence[Ball]) -> bool:
        """Return whether a box lies in the set."""
        middle, half = [x.mid() for x in box], [x.rad() for x in box]
        return self.contains_cell(middle, half)

    def contains_cell(self, middle: Vector, half: Vector) -> bool:
        """Return whether the box with these midpoints and half widths lies in the set."""
        (value,) = self._value.quick(middle)
        if not value > 0:
            return False
        aside = [symmetric(h) for h in half]
        natural, *slopes = self._values([m + a for m, a in zip(middle, aside, strict=True)])
        for slope, a in zip(slopes, aside, strict=True):
            value += slope * a
        return bool(natural > 0 or value > 0)
