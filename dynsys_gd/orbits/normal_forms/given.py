"""What a user names, as a place: an orbit that was found, or the coordinates of a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flint
import sympy as sp

from ...errors import InvalidInput
from ...maps.base import Map, exact_coordinates
from ...maps.gradient_map import GradientMap
from ..periodic_orbit import PeriodicOrbit
from .place import Place

__all__ = ["open_parameter", "place_of"]


def open_parameter(F: Map) -> sp.Symbol | None:
    """Return the one open parameter of a map, None where there is none."""
    if len(F.parameters) > 1:
        raise InvalidInput(
            "F",
            f"open parameters {', '.join(F.parameters)}",
            "a map with at most one open parameter",
            f"write F.at({F.parameters[0]}=...)",
        )
    if not F.parameters or F.expression is None:
        return None
    (symbol,) = F.expression.free_symbols - set(F.variables)
    return symbol


def place_of(F: Map, at: Any, symbol: sp.Symbol | None, period: int) -> Place:
    """Return the place that a user named, with every coordinate checked."""
    if isinstance(at, PeriodicOrbit):
        if period not in (1, at.period):
            raise InvalidInput("period", period, f"the period of the orbit, {at.period}")
        return _of_orbit(F, at, symbol)
    sizes = {F.dimension} if F.loss is None else {F.loss.dimension, F.dimension}
    values = exact_coordinates(at, "at", sizes)
    coordinates = _lifted(F, [_named(v, symbol) for v in values])
    return Place(F=F, symbol=symbol, period=period, coordinates=(coordinates,))


def _lifted(F: Map, values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(values) * (F.dimension // len(values))


def _named(value: sp.Expr, symbol: sp.Symbol | None) -> sp.Expr:
    """Return a coordinate with the open parameter, matched by name, as the symbol of the map."""
    for own in value.free_symbols:
        if symbol is None or own.name != symbol.name:
            known = "no symbols" if symbol is None else f"no symbols but {symbol.name}"
            raise InvalidInput("at", value, f"coordinates with {known}")
        value = value.xreplace({own: symbol})
    return value


def _of_orbit(F: Map, orbit: PeriodicOrbit, symbol: sp.Symbol | None) -> Place:
    size = orbit.points.shape[1]
    if size not in {F.dimension} | (set() if F.loss is None else {F.loss.dimension}):
        raise InvalidInput("at", orbit.headline(), f"an orbit in {F.dimension} dimensions")
    same = orbit.map == F or (
        orbit.period == 1
        and isinstance(F, GradientMap)
        and isinstance(orbit.map, GradientMap)
        and orbit.map.loss == F.loss
    )
    proved = same and orbit.evidence.grade.rigorous
    if orbit.exact is not None:
        points = tuple(_lifted(F, [_named(c, symbol) for c in p]) for p in orbit.exact)
        algebraic = None
        if orbit.algebraic:
            first = orbit.algebraic[0]
            algebraic = first.moved(_lifted(F, first.coordinates))
        return Place(
            F=F,
            symbol=symbol,
            period=orbit.period,
            coordinates=points,
            algebraic=algebraic,
            fixed=proved,
        )
    rough = tuple(_lifted(F, [sp.Float(float(c), precision=53) for c in p]) for p in orbit.points)
    enclosure = None
    if orbit.enclosure is not None and proved:
        enclosure = tuple(
            _lifted(F, [flint.arb(low).union(flint.arb(high)) for low, high in p])
            for p in orbit.enclosure.tolist()
        )
    return Place(
        F=F,
        symbol=symbol,
        period=orbit.period,
        coordinates=rough,
        enclosure=enclosure,
        fixed=enclosure is not None,
    )
