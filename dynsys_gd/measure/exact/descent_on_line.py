"""Gradient descent on a sum of polynomials of one coordinate each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import flint
import sympy as sp

from ...evidence import Evidence, Grade
from ...maps.gradient_descent import GradientDescent
from ...orbits.algebra.open_sets import OpenIntervals
from ...orbits.algebra.polynomials import rational_polynomials
from ...orbits.algebra.real_algebraic import RealAlgebraic
from ...regions import Ball, Box, Gaussian, Region
from ..target import Target
from .line_map import NOTHING, Basin, converging, kinds_of_fixed_points
from .polynomial_roots import from_sympy, sign_at
from .theorem import Applied, Share, exactly

__all__ = ["OnLines", "descent_on_lines"]

_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class OnLines(Applied):
    """A product of sets on the coordinate axes converges, up to a null set."""

    parts: tuple[Basin, ...]
    names: tuple[str, ...]
    evidence: Evidence

    @property
    def statement(self) -> str:  # type: ignore[override]
        if any(part.intervals == NOTHING for part in self.parts):
            return "no start converges, up to a null set"
        words = ", ".join(
            f"{name} in {_words(part.intervals)}"
            for name, part in zip(self.names, self.parts, strict=True)
        )
        return f"the starts that converge are those with {words}, up to a null set"

    @property
    def checked(self) -> tuple[str, ...]:  # type: ignore[override]
        several = len(self.parts) > 1
        return tuple(
            f"{name}: {said}" if several else said
            for name, part in zip(self.names, self.parts, strict=True)
            for said in part.checked
        )

    def share(self, region: Region) -> Share | None:
        if any(part.intervals == NOTHING for part in self.parts):
            return Share(sp.S.Zero, sp.S.Zero if region.volume is not None else None)
        laws = _coordinates(region)
        if laws is None:
            return None
        shares = [_share(part.intervals, law) for part, law in zip(self.parts, laws, strict=True)]
        whole = sp.prod([share.share for share in shares])
        lengths = [share.volume for share in shares]
        return Share(whole, None if None in lengths else sp.prod(lengths))


def descent_on_lines(F: GradientDescent, target: Target) -> OnLines | None:
    """Return what is proved of gradient descent on Σ f_k(x_k), coordinate by coordinate."""
    form = F.loss.symbolic
    if form is None:
        return None
    step = F.step_size
    known = rational_polynomials([form.bound], form.variables)
    given = rational_polynomials([step], form.variables)
    if known is None or given is None:
        return None
    (loss,), exact_loss = known
    (size,), exact_step = given
    parts = []
    for v in form.variables:
        slope = loss.diff(v)
        if slope.free_symbols - {v}:
            return None
        basin = _basin(sp.Poly(v - size.as_expr() * slope.as_expr(), v, domain=sp.QQ), target)
        if basin is None:
            return None
        parts.append(basin)
    evidence = Evidence(
        grade=Grade.PROVED,
        reason="real root isolation, and Coppel's theorem on maps without cycles of period two",
        sources=("coppel1955solution",),
    )
    if not (exact_loss and exact_step):
        evidence = evidence.weakened_to(Grade.NUMERICAL, "a floating-point number was given")
    return OnLines(tuple(parts), tuple(v.name for v in form.variables), evidence)


def _basin(polynomial: sp.Poly, target: Target) -> Basin | None:
    """Return the starts of one coordinate that converge to the target, or None."""
    F = from_sympy(polynomial)
    if (F - flint.fmpq_poly([0, 1])).degree() < 0:
        return None  # a coordinate that never moves: every point is its own limit
    kinds = kinds_of_fixed_points(F)
    minima = [point for point, sides in kinds if sides == (1, -1)]
    if target is Target.MINIMA:
        if not minima:
            return Basin(NOTHING, ("there is no minimum",))
        beyond = F.derivative() + 1
        if all(sign_at(beyond, point) == -1 for point in minima):
            said = f"each minimum ({len(minima)}) repels, so that only its preimages end there"
            return Basin(NOTHING, (said,))
    found = converging(F)
    if found is None or target is Target.FIXED_POINTS:
        return found
    inside = [(point, sides) for point, sides in kinds if found.intervals.contains(point)]
    if any(sides[0] == sides[1] for _, sides in inside):
        return None  # a point of inflection attracts from one side
    maxima = sum(sides == (-1, 1) for _, sides in inside)
    said = f"{len(inside) - maxima} minima inside and {maxima} maxima, which repel"
    return Basin(found.intervals, (*found.checked, said))


def _coordinates(region: Region) -> list[Region] | None:
    """Return the laws of the coordinates where they are independent."""
    if isinstance(region, Box):
        return [Box([a], [b]) for a, b in zip(region.low, region.high, strict=True)]
    if isinstance(region, Ball) and region.dimension == 1:
        (centre,), radius = region.center, region.radius
        return [Ball([centre], radius)]
    if isinstance(region, Gaussian) and min(region.scale) > 0:
        pairs = zip(region.mean, region.scale, strict=True)
        return [Gaussian([mean], [scale]) for mean, scale in pairs]
    return None


def _share(intervals: OpenIntervals, law: Region) -> Share:
    if isinstance(law, Gaussian):
        mean, scale = exactly(law.mean[0]), exactly(law.scale[0])

        def below(end: RealAlgebraic | None, otherwise: int) -> sp.Expr:
            if end is None:
                return sp.Integer(otherwise)
            return sp.erf((end.to_sympy() - mean) / (scale * sp.sqrt(2)))

        parts = (below(high, 1) - below(low, -1) for low, high in intervals.pairs)
        return Share(sp.Add(*parts) / 2, None)
    if isinstance(law, Ball):
        centre, radius = exactly(law.center[0]), exactly(law.radius)
        bounds = (centre - radius, centre + radius)
    else:
        assert isinstance(law, Box)
        bounds = (exactly(law.low[0]), exactly(law.high[0]))
    length = _length(intervals, *bounds)
    return Share(sp.expand(length / (bounds[1] - bounds[0])), length)


def _words(intervals: OpenIntervals) -> str:
    exact = sp.sstr(intervals.to_sympy())
    if len(exact) <= _LONGEST_SHOWN:
        return exact
    shown = (
        (-math.inf if low is None else float(low), math.inf if high is None else float(high))
        for low, high in intervals.pairs
    )
    return " or ".join(f"({low:.9g}, {high:.9g})" for low, high in shown)


def _length(intervals: OpenIntervals, low: sp.Rational, high: sp.Rational) -> sp.Expr:
    ends = (RealAlgebraic.from_sympy(low), RealAlgebraic.from_sympy(high))
    inside: Iterable[tuple[RealAlgebraic | None, RealAlgebraic | None]] = intervals.intersection(
        OpenIntervals((ends,))
    ).pairs
    total = sp.S.Zero
    for a, b in inside:
        assert a is not None
        assert b is not None
        total += b.to_sympy() - a.to_sympy()
    return sp.expand(total)
