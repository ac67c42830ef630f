"""Periodic points of a polynomial map of the line: all real ones, isolated in ball arithmetic.

The polynomial F^p(x) - x grows beyond use long before its real roots do. They are isolated without
it: an interval of starts is mapped p times, with derivatives, and is dropped where its image does
not meet it, settled by Newton's interval method, or halved. Every decision is a strict inequality
between balls that contain the exact numbers, so the list is complete. It breaks off, with None,
where some root is multiple or nearly so, or some multiplier too close to ±1; algebra decides then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import flint

from .effort import AlgebraFailed, check_time

__all__ = ["Line", "LineCycle", "LinePoint", "line_cycles"]

_FINEST = 90  # intervals of starts are not cut below 2**-90 of the largest
_BITS = 160
_MOST_BITS = 2**11
_LONGEST = 2**22  # bits of a denominator
_STEPS = 60  # of Newton's method, for the middle of a smaller ball


@dataclass(frozen=True)
class Line:
    """A polynomial map of the line and a period.

    Parameters
    ----------
    F : fmpq_poly
        Of degree at least two.
    period : int
    """

    F: flint.fmpq_poly
    period: int

    @cached_property
    def reach(self) -> int:
        """A power of two such that |F(x)| > |x| for all larger |x|, so no orbit returns.

        Beyond 1 + max |c_k / c_d|, with 1 added to |c_1|, the leading term outweighs the rest
        and |x| together (Cauchy's bound).
        """
        sizes = [abs(c) for c in self.F.coeffs()]
        sizes[1] += 1
        bound = 1 + max(sizes[:-1]) / sizes[-1]
        return 2 ** int(bound.p // bound.q).bit_length()

    @cached_property
    def balls(self) -> tuple[flint.arb_poly, flint.arb_poly, flint.arb_poly]:
        """F and its first two derivatives, with balls for coefficients."""
        slope = self.F.derivative()
        with flint.ctx.workprec(2 * _MOST_BITS):
            F, first, second = map(flint.arb_poly, (self.F, slope, slope.derivative()))
        return F, first, second

    def image(self, x: flint.arb) -> flint.arb:
        """Return a ball that contains F(x)."""
        return self.balls[0](x)

    def slope(self, x: flint.arb) -> flint.arb:
        """Return a ball that contains F'(x)."""
        return self.balls[1](x)

    def returned(self, x: flint.arb) -> tuple[list[flint.arb], flint.arb] | None:
        """Return balls for x, F(x), …, F^p(x) and for the derivative of F^p on x.

        None where no orbit from x returns.
        """
        F, slope, _ = self.balls
        path, product = [x], flint.arb(1)
        for _ in range(self.period):
            check_time()
            middle = x.mid()
            s = slope(x)
            product *= s
            x = F(middle) + s * (x - middle)
            if abs(x) > self.reach:
                return None
            path.append(x)
        return (path, product) if x.overlaps(path[0]) else None

    def newton(self, x: flint.arb) -> flint.arb | None:
        """Return a ball that contains every p-periodic point in x; None where there is none.

        Where it lies in the interior of x there is exactly one.
        """
        found = self.returned(x)
        if found is None:
            return None
        path, product = found
        middle, slope = x.mid(), product - 1
        gap = self.gap(middle)[0]
        if slope.contains(0):
            return x if self._flat(x, path, gap).contains(0) else None
        step: flint.arb = middle - gap / slope
        return step

    def _flat(self, x: flint.arb, path: Sequence[flint.arb], gap: flint.arb) -> flint.arb:
        """Return a ball for F^p(x) - x to second order about the middle, where it is `gap`.

        Near a root of order three, as a flip leaves, the first order would need cells without end.
        """
        first, second = flint.arb(1), flint.arb(0)
        for point in path[:-1]:
            s = self.slope(point)
            first, second = s * first, self.balls[2](point) * first * first + s * second
        away = x - x.mid()
        return gap + self.gap(x.mid())[1] * away + second * away * away / 2

    def gap(self, x: flint.arb) -> tuple[flint.arb, flint.arb]:
        """Return F^p(x) - x and its derivative."""
        point, slope = x, flint.arb(1)
        for _ in range(self.period):
            check_time()
            slope *= self.slope(point)
            point = self.image(point)
        return point - x, slope - 1

    def is_periodic(self, value: flint.fmpq) -> bool:
        """Return exactly whether F^p(value) = value."""
        x = value
        for _ in range(self.period):
            check_time()
            x = self.F(x)
            if abs(x) > self.reach:
                return False
            if int(x.q).bit_length() > _LONGEST:
                raise AlgebraFailed("the images of a rational number are too long")
        return bool(x == value)


@dataclass(eq=False)
class LinePoint:
    """One periodic point: the only one in `alone`, refined as far as somebody asks.

    Parameters
    ----------
    line : Line
    alone : arb
        Contains no other point of F^p(x) = x.
    ball : arb
        Contains the point.
    bits : int
        Precision it was found with.
    """

    line: Line
    alone: flint.arb
    ball: flint.arb
    bits: int = _BITS

    def refine(self) -> bool:
        """Make the ball smaller with twice the precision; False at the largest precision."""
        if self.bits > _MOST_BITS:
            return False
        self.bits *= 2
        with flint.ctx.workprec(self.bits):
            middle = self.ball.mid()
            for _ in range(_STEPS):
                gap, slope = self.line.gap(middle)
                step = (gap / slope).mid()
                middle = (middle - step).mid()
                if not abs(step) > abs(middle) * flint.arb(2) ** (32 - self.bits):
                    break
            # Newton's steps only propose; a small ball that is mapped into itself holds the root.
            small = middle + flint.arb(0, 1) * (abs(middle) + 1) * flint.arb(2) ** (
                self.bits // 8 - self.bits
            )
            better = self.line.newton(small) if self.alone.contains(small) else None
            if better is not None and small.contains_interior(better):
                self.ball = better
        return True

    def same_as(self, other: LinePoint) -> bool | None:
        """Return whether two found points are one; None where that does not show."""
        while True:
            if other.alone.contains(self.ball) or self.alone.contains(other.ball):
                return True
            if not self.ball.overlaps(other.ball):
                return False
            if not min(self, other, key=lambda p: p.bits).refine():
                return None

    def compare(self, value: flint.fmpq) -> int:
        """Return -1, 0 or 1 as the point lies below, at or above a rational number, exactly."""
        while True:
            with flint.ctx.workprec(_MOST_BITS):
                edge = flint.arb(value)
                if not self.ball.overlaps(edge):
                    return -1 if self.ball < edge else 1
                inside = self.alone.contains(edge)
            if inside and self.line.is_periodic(value):
                return 0
            if not self.refine():
                raise AlgebraFailed("a periodic point did not separate from a rational number")

    @property
    def tight_coordinates(self) -> tuple[flint.arb, ...]:
        """An enclosure that is good to all digits of a double."""
        while self.ball.rel_accuracy_bits() < 60 and not self.ball.rad() < flint.arb(2) ** -80:
            if not self.refine():
                raise AlgebraFailed("an enclosure did not shrink")
        return (self.ball,)

    @property
    def approximate(self) -> tuple[float, ...]:
        """The point rounded to doubles."""
        return (float(self.tight_coordinates[0].mid()),)


@dataclass(frozen=True)
class LineCycle:
    """One orbit: points in order from the smallest, and a ball for the multiplier, off ±1."""

    points: tuple[LinePoint, ...]
    multiplier: flint.arb


def line_cycles(line: Line) -> tuple[LineCycle, ...] | None:
    """Return all real orbits of least period `line.period`, or None where balls do not decide.

    Examples
    --------
    The map 4 x (1 - x) has 2**12 points of period twelve or of a divisor of it:

    >>> len(line_cycles(Line(flint.fmpq_poly([0, 4, -4]), 12)))
    335
    """
    with flint.ctx.workprec(_BITS):
        points = _isolated(line)
        following = None if points is None else _following(line, points)
    if points is None or following is None:
        return None
    cycles = []
    left = set(range(len(points)))
    for start in range(len(points)):
        if start not in left:
            continue
        loop = [start]
        while (k := following[loop[-1]]) != start:
            loop.append(k)
        left.difference_update(loop)
        if len(loop) < line.period:
            continue
        orbit = tuple(points[k] for k in loop)
        multiplier = _multiplier(line, orbit)
        if multiplier is None:
            return None
        cycles.append(LineCycle(orbit, multiplier))
    return tuple(cycles)


def _isolated(line: Line) -> list[LinePoint] | None:
    """Return every real solution of F^p(x) = x once, ascending."""
    found: list[LinePoint] = []
    pending = [(flint.fmpq(-line.reach), flint.fmpq(line.reach))]
    finest = flint.fmpq(2 * line.reach) / 2**_FINEST
    while pending:
        low, high = pending.pop()
        middle, radius = (low + high) / 2, (high - low) / 2
        cell = flint.arb(middle, radius)
        # A root near an end, or at one, lies well inside a wider interval.
        wider = flint.arb(middle, radius * flint.fmpq(9, 8))
        better = line.newton(wider)
        if better is None or not better.overlaps(cell):
            continue
        if wider.contains_interior(better):
            found.append(LinePoint(line, wider, better))
            continue
        if radius < finest:
            return None
        # The right half is looked at last, so that the points come out in ascending order.
        pending += [(middle, high), (low, middle)]
    return _unique(found)


def _unique(found: Sequence[LinePoint]) -> list[LinePoint] | None:
    """Return each point once, strictly ascending."""
    kept: list[LinePoint] = []
    for point in sorted(found, key=lambda p: p.ball.mid()):
        same = point.same_as(kept[-1]) if kept else False
        if same is None:
            return None
        if not same:
            kept.append(point)
    ascending = all(a.ball < b.ball for a, b in pairwise(kept))
    return kept if ascending else None


def _following(line: Line, points: Sequence[LinePoint]) -> list[int] | None:
    """Return for each point the place of its image, which is one of the points."""
    following = []
    for point in points:
        place = _place(line, point, points)
        if place is None:
            return None
        following.append(place)
    # On finitely many points that all return, F is a permutation.
    return following if len(set(following)) == len(points) else None


def _place(line: Line, point: LinePoint, points: Sequence[LinePoint]) -> int | None:
    while True:
        check_time()
        with flint.ctx.workprec(_MOST_BITS):
            image = line.image(point.ball)
            near = bisect_left(points, image.mid(), key=lambda p: p.ball.mid())
            met = [
                k
                for k in range(max(near - 2, 0), min(near + 2, len(points)))
                if points[k].ball.overlaps(image)
            ]
            # The balls ascend, so that neighbours aside of the image keep all others away.
            if len(met) == 1:
                (k,) = met
                above = k == 0 or bool(points[k - 1].ball < image)
                below = k == len(points) - 1 or bool(image < points[k + 1].ball)
                if above and below:
                    return k
        if not min([point, *(points[k] for k in met)], key=lambda p: p.bits).refine():
            return None


def _multiplier(line: Line, orbit: Sequence[LinePoint]) -> flint.arb | None:
    """Return a ball for the multiplier that contains neither 1 nor -1, or None."""
    while True:
        with flint.ctx.workprec(_MOST_BITS):
            product = flint.arb(1)
            for point in orbit:
                product *= line.slope(point.ball)
            size = abs(product)
        accurate = product.rel_accuracy_bits() >= 60 or product.rad() < flint.arb(2) ** -80
        if (size < 1 or size > 1) and accurate:
            return product
        if not min(orbit, key=lambda point: point.bits).refine():
            return None
