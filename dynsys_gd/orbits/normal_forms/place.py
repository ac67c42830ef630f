"""The point, and the parameter value, at which a normal form is computed, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain as joined

import flint
import numpy as np
import sympy as sp

from ...engine.ball_printer import ball
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...errors import DynsysError, InvalidInput
from ...maps.base import Map
from ...values import is_exact
from ..algebra.effort import AlgebraFailed, EffortSpent
from ..algebra.number_field import AlgebraicPoint
from ..algebra.quotient import ConjugatePoints
from ..algebra.real_algebraic import RealAlgebraic
from ..exact.exact_points import exact_point
from .derivatives import Chain
from .scalars import Balls, Element, Field

__all__ = [
    "Place",
    "ball_chain",
    "common_field",
    "dyadic",
    "enclosed",
    "exact_chain",
    "field_of",
    "tape_of",
]

_LARGEST_FIELD = 24  # degree up to which exact arithmetic answers at once
_LARGEST_STATE = 8  # coordinates up to which it does


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to look, before any number is chosen to compute with.

    Parameters
    ----------
    F : Map
    symbol : Symbol or None
        The open parameter.
    period : int
    coordinates : tuple of p or 1 tuples of sympy expressions
        The orbit, or its first point; with the open parameter where the orbit moves with it.
    algebraic : AlgebraicPoint or None
        The first point, where it came as one.
    enclosure : tuple of p tuples of arb, or None
        Certified enclosures of an orbit without exact coordinates.
    fixed : bool
        Whether it is proved elsewhere that this is an orbit.
    """

    F: Map
    symbol: sp.Symbol | None
    period: int
    coordinates: tuple[tuple[sp.Expr, ...], ...]
    algebraic: AlgebraicPoint | None = None
    enclosure: tuple[tuple[flint.arb, ...], ...] | None = None
    fixed: bool = False

    @property
    def moves(self) -> bool:
        """Whether the coordinates are given as functions of the open parameter."""
        return self.symbol is not None and any(
            c.has(self.symbol) for c in joined.from_iterable(self.coordinates)
        )

    @property
    def exact(self) -> bool:
        """Whether no floating-point number was given."""
        given = all(is_exact(c) for c in joined.from_iterable(self.coordinates))
        return given and self.F.exact

    @property
    def images(self) -> sp.ImmutableMatrix:
        """The images of the state, floats as the dyadic rationals they are."""
        assert self.F.expression is not None
        return sp.ImmutableMatrix([dyadic(entry) for entry in self.F.expression])

    def at(self, value: sp.Expr) -> Place:
        """Return the place with the coordinates at one value of the open parameter."""
        if not self.moves:
            return self
        points = tuple(
            tuple(dyadic(c).subs(self.symbol, value) for c in point) for point in self.coordinates
        )
        return Place(F=self.F, symbol=self.symbol, period=self.period, coordinates=points)

    def velocity(self, value: sp.Expr) -> tuple[sp.Expr, ...] | None:
        """Return the derivative of the first point by the parameter, where it is given."""
        if not self.moves:
            return None
        return tuple(sp.diff(c, self.symbol).subs(self.symbol, value) for c in self.coordinates[0])


def tape_of(place: Place) -> Tape:
    """Return the code of a symbolic map with its open parameter as the last input."""
    F = place.F
    own = [] if place.symbol is None else [place.symbol]
    tape = lower([stable(image) for image in place.images], [*F.variables, *own])
    if not tape.analytic:
        raise InvalidInput(
            "F",
            F.describe(),
            "a smooth map",
            "a kink has no second derivative, so there is no normal form",
        )
    return tape


def field_of(point: AlgebraicPoint) -> Field:
    """Return the number field of a real point."""
    real = AlgebraicPoint(ConjugatePoints(point.points.modulus, ()), point.place)
    return Field(point.points.modulus, lambda bits: flint.acb(real.generator(bits)), real)


def common_field(values: Sequence[sp.Expr]) -> tuple[Field, list[Element]] | None:
    """Return a field that holds all these numbers, or None where there is none of small degree."""
    try:
        numbers = [RealAlgebraic.from_sympy(dyadic(value)) for value in values]
    except (DynsysError, ArithmeticError, NotImplementedError):
        return None
    irrational = list(dict.fromkeys(n for n in numbers if n.fraction is None))
    size = int(np.prod([n.degree for n in irrational], dtype=object)) if irrational else 1
    if size > _LARGEST_FIELD:
        return None
    if len(irrational) <= 1:
        modulus, place = ((0, 1), 0) if not irrational else _root(irrational[0])
        field = field_of(AlgebraicPoint(ConjugatePoints(modulus, ()), place))
        known = dict.fromkeys(irrational, field.t)
    else:
        try:
            point = exact_point([n.to_sympy() for n in irrational])
        except (DynsysError, ArithmeticError, AlgebraFailed, EffortSpent):
            return None
        field = field_of(point)
        known = {n: field.element(c) for n, c in zip(irrational, point.coordinates, strict=True)}
    return field, [
        known[n] if n in known else field.constant(sp.Rational(n.fraction)) for n in numbers
    ]


def _root(number: RealAlgebraic) -> tuple[tuple[int, ...], int]:
    return number.polynomial, number.place


def exact_chain(place: Place, tape: Tape, value: sp.Expr | None) -> Chain | None:
    """Return the chain in exact arithmetic, or None where that is out of reach."""
    if len(place.coordinates[0]) > _LARGEST_STATE or place.enclosure is not None:
        return None
    rational = value is None or dyadic(value).is_Rational
    if place.algebraic is not None and rational:
        if place.algebraic.degree > _LARGEST_FIELD:
            return None
        field = field_of(place.algebraic)
        start = [field.element(c) for c in place.algebraic.coordinates]
        parameter = [] if value is None else [field.constant(dyadic(value))]
        return Chain(tape, start, parameter, place.period, field)
    if place.moves:
        return None
    values = [*place.coordinates[0], *([] if value is None else [value])]
    found = common_field(values)
    if found is None:
        return None
    field, elements = found
    split = len(place.coordinates[0])
    return Chain(tape, elements[:split], elements[split:], place.period, field)


def ball_chain(place: Place, tape: Tape, value: sp.Expr | flint.arb | None, bits: int) -> Chain:
    """Return the chain in balls; the precision must be set around what is done with it."""
    points: list[list[flint.acb]] = []
    rows = place.coordinates if place.enclosure is None else place.enclosure
    for point in rows:
        points.append(
            [flint.acb(c if isinstance(c, flint.arb) else enclosed(c, bits)) for c in point]
        )
    given = [] if value is None else [flint.acb(enclosed(value, bits))]
    orbit = tuple(points) if len(points) == place.period and place.period > 1 else ()
    return Chain(tape, points[0], given, place.period, Balls(bits), orbit)


def enclosed(value: sp.Expr | flint.arb, bits: int) -> flint.arb:
    """Return a ball that contains an exact number; a float is the dyadic rational it is."""
    if isinstance(value, flint.arb):
        return value
    number = dyadic(value)
    with flint.ctx.workprec(bits):
        if number.has(sp.CRootOf):
            return RealAlgebraic.from_sympy(number).ball(bits)
        return ball(number)


def dyadic(value: sp.Expr) -> sp.Expr:
    """Return the value with every float replaced by the rational it is."""
    floats = value.atoms(sp.Float)
    return value.xreplace({f: sp.Rational(f) for f in floats}) if floats else value
