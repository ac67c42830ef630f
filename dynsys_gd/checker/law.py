"""The map of a certificate: its images follow from its rule, and it keeps null sets null."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
from flint import arb

from .algebra import Algebra
from .balls import Ball, Program, Rows, Vector, exact
from .content import Content, GivenMap, Goal, Reason, Rule
from .expressions import Formulas, Node
from .table import Refused

__all__ = ["Law"]

_NULL = (Reason.TRAP, Reason.REPELLED, Reason.BLOCK)
_BITS_AT_A_POINT = 320


class Law:
    """The map F with its derivatives as programs in ball arithmetic.

    Raises
    ------
    Refused
        Where a number is outside its range, the images do not follow from the rule and the loss,
        or the point given as regular is not.
    """

    def __init__(self, content: Content) -> None:
        given = content.map
        self.rule, self.momentum = given.rule, given.momentum or Fraction(0)
        self.goal = content.target
        self.d = len(given.variables)
        self.formulas = Formulas(given.variables)
        self.algebra = Algebra(self.formulas)
        self.images = [self.formulas.read(text) for text in given.images]
        #: s in F(x) - x = -s A h
        self.scale = Fraction(1)
        if self.rule is Rule.GRADIENT_DESCENT:
            assert given.step_size is not None
            self.scale = given.step_size
        self._check_images(given)
        if self.goal is Goal.MINIMA and self.rule is Rule.SYMBOLIC:
            raise Refused("a map without a loss has fixed points, not minima")
        slopes = [self.formulas.slope(f, i) for f in self.images for i in range(self.d)]
        gaps = [
            self.formulas.minus(f, self.formulas.variable(i)) for i, f in enumerate(self.images)
        ]
        self.gaps = gaps if self._gradient is None else self._gradient
        self.values = Program(self.formulas, self.images)
        self.both = Program(self.formulas, [*self.images, *slopes])
        self._alike = self._equal_entries(slopes)
        self.gap = Program(self.formulas, self.gaps)
        loss = None if given.loss is None else self.formulas.read(given.loss)
        self._loss = None if loss is None else Program(self.formulas, [loss])
        self._check_null_sets(content)

    def real_on(self, box: Vector) -> bool:
        """Return whether the loss has real values on a box, as far as minima are the target.

        The images may be defined where the loss is not: -1/x is the derivative of -log x.
        """
        if self._loss is None or self.goal is not Goal.MINIMA:
            return True
        return all(value.is_finite() for value in self._loss(box))

    def _check_images(self, given: GivenMap) -> None:
        self._gradient: list[Node] | None = None
        if given.rule is Rule.SYMBOLIC:
            return
        assert given.loss is not None
        assert given.step_size is not None
        if given.step_size <= 0:
            raise Refused("the step size is not above 0")
        lowest = -1 if given.rule is Rule.HEAVY_BALL else 0
        highest = 1 if given.rule is Rule.HEAVY_BALL else Fraction(2**60 - 1, 2**60)
        if not (lowest < self.momentum or lowest == self.momentum == 0) or self.momentum > highest:
            raise Refused("the momentum is outside its range")
        f = self.formulas
        n = self.d if given.rule is Rule.GRADIENT_DESCENT else self.d // 2
        loss = f.read(given.loss)
        if any(f.nodes[p][0] == "x" and int(str(f.nodes[p][1])) >= n for p in f.needed([loss])):
            raise Refused("the loss depends on a coordinate that is not one of its own")
        eta, beta = f.number(given.step_size), f.number(self.momentum)
        gradient = [f.slope(loss, i) for i in range(n)]
        x = [f.variable(i) for i in range(n)]
        if given.rule is Rule.GRADIENT_DESCENT:
            self._gradient = gradient
            found = [f.minus(a, f.times(eta, g)) for a, g in zip(x, gradient, strict=True)]
        else:
            drift = [f.times(beta, f.minus(x[i], f.variable(n + i))) for i in range(n)]
            ahead = [f.plus(a, b) for a, b in zip(x, drift, strict=True)]
            if given.rule is Rule.NESTEROV:
                gradient = f.placed(gradient, ahead)
            found = [f.minus(a, f.times(eta, g)) for a, g in zip(ahead, gradient, strict=True)]
            found += x
        for i, (a, b) in enumerate(zip(self.images, found, strict=True)):
            if not self.algebra.same(a, b):
                raise Refused(
                    f"image {i} is not shown to be what {given.rule.value} makes of this loss with "
                    "this step size"
                )

    def _check_null_sets(self, content: Content) -> None:
        #: whether each piece has to show that det DF is not zero all over it
        self.watched = False
        barriers = any(escape.kind == "barrier" for escape in content.escapes)
        if not barriers and not any((content.cells.why == why).any() for why in _NULL):
            return  # nothing holds up to null sets only
        entire = self.formulas.total(self.images)
        if content.regular_at is not None:
            with flint.ctx.workprec(_BITS_AT_A_POINT):
                determinant = self._determinant([exact(x) for x in content.regular_at])
                if not (determinant.is_finite() and determinant != 0):
                    raise Refused("det DF is not shown to be different from 0 at the regular point")
        self.watched = not (entire and content.regular_at is not None)

    def _determinant(self, x: Vector) -> Ball:
        return determinant(self.split(self.both(x))[1])

    def split(self, found: Vector) -> tuple[Vector, Rows]:
        """Return F and DF out of what `both` returns."""
        d = self.d
        return found[:d], [found[d * (i + 1) : d * (i + 2)] for i in range(d)]

    def _equal_entries(self, slopes: list[Node]) -> list[list[tuple[int, int]]]:
        """Return the places of DF in groups that hold the same function."""
        groups: list[tuple[Node, list[tuple[int, int]]]] = []
        for place, slope in enumerate(slopes):
            at = divmod(place, self.d)
            for node, places in groups:
                if self.algebra.same(node, slope):
                    places.append(at)
                    break
            else:
                groups.append((slope, [at]))
        return [places for _, places in groups]

    def conjugated(self, slopes: Rows, inverse: Rows, frame: Rows) -> Rows:
        """Return P^-1 DF P, each function in DF taken once: a Hessian is symmetric."""
        axes = range(self.d)
        found = [[arb(0) for _ in axes] for _ in axes]
        for places in self._alike:
            i, j = places[0]
            value = slopes[i][j]
            for a in axes:
                for b in axes:
                    weight = sum((inverse[a][i] * frame[j][b] for i, j in places), arb(0))
                    found[a][b] += weight * value
        return found

    def regular_along(self, x: Vector, steps: int) -> bool:
        """Return whether the derivative of F^steps at a point is surely a regular matrix."""
        for _ in range(steps):
            x, slopes = self.split(self.both(x))
            value = determinant(slopes)
            if not (value.is_finite() and value != 0):
                return False
        return True

    def repelling(self, middle: Vector, half: Vector) -> bool:
        """Return whether a box holds no limit to which a set of positive measure converges."""
        box = [m + arb(0, h.abs_upper()) for m, h in zip(middle, half, strict=True)]
        if any(gap > 0 or gap < 0 for gap in self.gap(box)):
            return True
        at, slopes = self.values(middle), self.split(self.both(box))[1]
        if not all(v.is_finite() for row in slopes for v in row):
            return False
        for i, row in enumerate(slopes):
            gap = at[i] - middle[i]
            for j, (slope, h) in enumerate(zip(row, half, strict=True)):
                gap += (slope - int(i == j)) * arb(0, h.abs_upper())
            if gap > 0 or gap < 0:
                return True
        if abs(determinant(slopes)) > 1:
            return True  # at a fixed point some multiplier is larger than 1 in size
        return self.rule is not Rule.SYMBOLIC and self._unstable(slopes)

    def _unstable(self, slopes: Rows) -> bool:
        """Return whether the Hessian of every fixed point has an eigenvalue that destabilises it.

        The leading block T of DF is a I - b H with positive a and b, so that vᵀTv bounds an
        eigenvalue of H from one side.
        """
        n = self.d if self.rule is Rule.GRADIENT_DESCENT else self.d // 2
        block = [row[:n] for row in slopes[:n]]
        above, below = 1 + self.momentum, -(1 + self.momentum)
        if self.rule is Rule.NESTEROV:
            below /= 1 + 2 * self.momentum
        _, vectors = np.linalg.eigh(
            np.array([[float(block[i][j].mid() + block[j][i].mid()) / 2 for j in range(n)]
                      for i in range(n)])
        )  # fmt: skip
        for k, limit, sign in ((0, below, -1), (n - 1, above, 1)):
            v = [arb(float(c)) for c in vectors[:, k]]
            form = sum((v[i] * block[i][j] * v[j] for i in range(n) for j in range(n)), arb(0))
            apart = form - exact(limit) * sum((c * c for c in v), arb(0))
            if sign * apart > 0:
                return True
        return False


def determinant(rows: Rows) -> Ball:
    """Return the determinant of a matrix of balls."""
    if len(rows) == 1:
        return rows[0][0]
    if len(rows) == 2:
        return rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]
    return flint.arb_mat(len(rows), len(rows), [v for row in rows for v in row]).det()
