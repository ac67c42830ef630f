"""How the multipliers of an update rule depend on a Hessian eigenvalue.

Near a critical point an update rule acts on each eigendirection of the Hessian by itself, like
the rule applied to the loss λ x² / 2. For gradient descent the multiplier is z = 1 - s with
s = ηλ; for heavy ball z² - (1 + β - s) z + β = 0; for Nesterov
z² - (1 + β)(1 - s) z + β (1 - s) = 0.
The polynomial is derived from the rule itself, so that a new rule needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import flint
import sympy as sp

from ..errors import InvalidInput
from ..maps.gradient_map import GradientMap
from ..values import is_exact
from .algebra.open_sets import End, OpenIntervals, quotient
from .algebra.polynomials import rational_polynomials
from .algebra.real_algebraic import RealAlgebraic, signed
from .algebra.spectra import CircleCount, at_rational_numbers, circle_count

__all__ = [
    "Multiplier",
    "Regions",
    "RuleAt",
    "multiplier",
    "rationals_between",
    "real_zeros",
    "regions",
    "rule_at",
]


@dataclass(frozen=True)
class Multiplier:
    """The polynomial in z whose roots are the multipliers of one eigendirection.

    Parameters
    ----------
    polynomial : sympy.Expr
        In z, s and the open settings, monic in z.
    z, s : Symbol
        Multiplier, and step size times eigenvalue.
    """

    polynomial: sp.Expr
    z: sp.Symbol
    s: sp.Symbol

    def values(self, scaled: sp.Expr) -> tuple[sp.Expr, ...] | None:
        """Return the multipliers for a value of s, or None where they have no short formula."""
        coefficients = sp.Poly(self.polynomial, self.z).all_coeffs()
        numbers = [c.subs(self.s, scaled) for c in coefficients]
        if len(numbers) == 2:
            return (-numbers[1],)
        if len(numbers) == 3:
            trace, product = -sp.expand(numbers[1]), sp.expand(numbers[2])
            root = sp.sqrt(sp.expand(trace**2 - 4 * product))
            return (sp.expand((trace - root) / 2), sp.expand((trace + root) / 2))
        return None


def multiplier(F: GradientMap) -> Multiplier | None:
    """Return the multiplier polynomial of a rule, or None where it is not of this form.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> multiplier(GradientDescent(Loss(x**2, [x]), step_size=eta)).polynomial
    s + z - 1
    """
    others = tuple((name, v) for name, v in F.settings.items() if name != "step_size")
    return _multiplier(type(F).update, F.blocks, others)


@lru_cache(maxsize=64)
def _multiplier(
    update: Callable[..., Any], blocks: int, settings: tuple[tuple[str, sp.Expr], ...]
) -> Multiplier | None:
    h, lam = sp.Dummy("h"), sp.Dummy("lam")
    z, s = sp.Symbol("z"), sp.Symbol("s")
    state = [sp.Matrix([sp.Dummy(f"b{k}")]) for k in range(blocks)]
    new, _ = update(state, lambda p: lam * p, {**dict(settings), "step_size": h})
    images = sp.Matrix([sp.expand(entry) for block in new for entry in block])
    J = images.jacobian([entry for block in state for entry in block])
    matrix = z * sp.eye(len(images)) - J
    polynomial = sp.expand(sp.expand(matrix.det(method="berkowitz")).subs(h, s / lam))
    if lam in polynomial.free_symbols or polynomial.free_symbols & set().union(
        *(block.free_symbols for block in state)
    ):
        return None
    return Multiplier(polynomial, z, s)


@dataclass(frozen=True)
class Regions:
    """Counts of multipliers as s = step size times eigenvalue runs over the line.

    Parameters
    ----------
    breaks : tuple of RealAlgebraic
        Where a multiplier can be on the unit circle, ascending.
    between : tuple of CircleCount
        One more than `breaks`.
    at : tuple of CircleCount
        At the breaks; an irrational break counts as on the circle.
    """

    breaks: tuple[RealAlgebraic, ...]
    between: tuple[CircleCount, ...]
    at: tuple[CircleCount, ...]

    def count(self, scaled: RealAlgebraic) -> CircleCount:
        """Return the count at one value of s, decided exactly."""
        for place, edge in enumerate(self.breaks):
            order = scaled.compare(edge)
            if order == 0:
                return self.at[place]
            if order < 0:
                return self.between[place]
        return self.between[-1]

    @property
    def stable(self) -> OpenIntervals:
        """The values of s with all multipliers inside the unit circle."""
        ends: list[End] = [None, *self.breaks, None]
        pairs: list[tuple[End, End]] = []
        for place, count in enumerate(self.between):
            if count.on or count.outside:
                continue
            low, high = ends[place], ends[place + 1]
            joined = place > 0 and pairs and pairs[-1][1] == low and not self.at[place - 1].on
            if joined and not self.at[place - 1].outside:
                pairs[-1] = (pairs[-1][0], high)
            else:
                pairs.append((low, high))
        return OpenIntervals(tuple(pairs))


@lru_cache(maxsize=64)
def regions(rule: Multiplier) -> Regions | None:
    """Return where the multipliers lie for every s, or None where a setting is open or irrational.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> rule = multiplier(GradientDescent(Loss(x**2, [x]), step_size=eta))
    >>> regions(rule).stable.to_sympy()
    Interval.open(0, 2)
    """
    z, s = rule.z, rule.s
    read = rational_polynomials([rule.polynomial], (z, s))
    if read is None:
        return None
    polynomial = read[0][0].as_expr()
    degree = int(sp.degree(polynomial, z))
    mirrored = sp.expand(z**degree * polynomial.subs(z, 1 / z))
    edges = [polynomial.subs(z, 1), polynomial.subs(z, -1)]
    if degree > 1:
        common = sp.resultant(polynomial, mirrored, z)
        # Zero for every s where a pair keeps the product one; it is complex, hence on the circle,
        # between the zeros of the discriminant.
        edges.append(common if sp.expand(common) != 0 else sp.discriminant(polynomial, z))
    breaks = real_zeros([sp.expand(e) for e in edges], s)
    samples = rationals_between(breaks)
    between = tuple(_count(polynomial, z, s, value) for value in samples)
    at = tuple(
        _count(polynomial, z, s, edge.fraction)
        if edge.fraction is not None
        else CircleCount(0, degree, 0)
        for edge in breaks
    )
    return Regions(tuple(breaks), between, at)


@dataclass(frozen=True)
class RuleAt:
    """An update rule with its settings, ready to classify Hessian eigenvalues.

    Parameters
    ----------
    step : sympy.Expr
        The step size.
    multiplier : Multiplier or None
    regions : Regions or None
        None while a setting other than the step size is open.
    step_number : RealAlgebraic or None
        The step size where it is a number.
    exact : bool
        Whether no setting is a float.
    """

    step: sp.Expr
    multiplier: Multiplier | None
    regions: Regions | None
    step_number: RealAlgebraic | None
    exact: bool

    @property
    def parameter(self) -> str:
        """Name of the step size, as the user wrote it where it is one symbol."""
        return self.step.name if isinstance(self.step, sp.Symbol) else "step_size"

    def stable_step_sizes(self, eigenvalues: Sequence[RealAlgebraic]) -> OpenIntervals | None:
        """Return the step sizes that put the multipliers of all eigenvalues inside the circle."""
        if self.regions is None:
            return None
        found = OpenIntervals(((RealAlgebraic.rational(0), None),))
        for value in dict.fromkeys(eigenvalues):
            if value.compare(0) == 0:
                if not self.regions.stable.contains(value):
                    return OpenIntervals(())
                continue
            found = found.intersection(self.regions.stable.scaled_by_inverse(value))
        return found

    def count(self, eigenvalues: Sequence[RealAlgebraic]) -> CircleCount | None:
        """Return where the multipliers of these eigenvalues lie, decided exactly."""
        if self.regions is None or self.step_number is None:
            return None
        # Compare eigenvalues with breaks / step size: the breaks are simple numbers.
        edges = tuple(quotient(edge, self.step_number) for edge in self.regions.breaks)
        scaled = replace(self.regions, breaks=edges)
        total = CircleCount(0, 0, 0)
        for value in eigenvalues:
            total = total.plus(scaled.count(value))
        return total


def rule_at(F: GradientMap) -> RuleAt:
    """Return the rule of `F` with its settings."""
    step = F.settings["step_size"]
    rule = multiplier(F)
    number = None
    if step.is_number:
        # A float is a dyadic rational; the loss of grade is stated with the answer.
        exact_step = step if is_exact(step) else sp.Rational(float(step))
        # A transcendental step size has no exact comparison here; kinds are then left undecided.
        with suppress(InvalidInput):
            number = RealAlgebraic.from_sympy(exact_step)
    return RuleAt(
        step=step,
        multiplier=rule,
        regions=None if rule is None else regions(rule),
        step_number=number,
        exact=all(is_exact(value) for value in F.settings.values()),
    )


def real_zeros(expressions: Sequence[sp.Expr], s: sp.Symbol) -> list[RealAlgebraic]:
    """Return the real zeros of rational polynomials in one symbol, ascending, each once."""
    found: list[RealAlgebraic] = []
    for expression in expressions:
        if not expression.has(s):
            continue
        coefficients = sp.Poly(expression, s, domain=sp.QQ).primitive()[1].all_coeffs()[::-1]
        whole = flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q)) for c in coefficients]).numer()
        for factor, _ in whole.factor()[1]:
            minimal = signed(tuple(int(c) for c in factor.coeffs()))
            count = sum(root.imag == 0 for root, _ in factor.complex_roots())
            found += [RealAlgebraic(minimal, place) for place in range(count)]
    unique: list[RealAlgebraic] = []
    for number in found:
        if number not in unique:
            place = sum(other < number for other in unique)
            unique.insert(place, number)
    return unique


def rationals_between(breaks: Sequence[RealAlgebraic]) -> list[Fraction]:
    """Return a rational number below, between and above the breaks."""
    if not breaks:
        return [Fraction(0)]
    samples = [_fraction(breaks[0].ball().lower()) - 1]
    for low, high in pairwise(breaks):
        bits = 64
        while low.ball(bits).overlaps(high.ball(bits)):
            bits *= 2
        below, above = low.ball(bits).upper(), high.ball(bits).lower()
        samples.append((_fraction(below) + _fraction(above)) / 2)
    return [*samples, _fraction(breaks[-1].ball().upper()) + 1]


def _fraction(ball: flint.arb) -> Fraction:
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _count(polynomial: sp.Expr, z: sp.Symbol, s: sp.Symbol, value: Fraction) -> CircleCount:
    number = sp.Rational(value.numerator, value.denominator)
    coefficients = sp.Poly(polynomial.subs(s, number), z, domain=sp.QQ).all_coeffs()[::-1]
    elements = [flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q))]) for c in coefficients]
    return circle_count(at_rational_numbers(), elements)
