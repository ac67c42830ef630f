"""From what was read at a place to the result: what the coefficient means."""

from __future__ import annotations

import flint
import numpy as np
import sympy as sp

from ...evidence import Evidence, Grade
from ...values import is_exact
from .derivatives import Chain, rounded
from .kinds import Bifurcation, Criticality
from .normal_form import NormalForm
from .place import Place, dyadic
from .reading import Reading

__all__ = ["made"]

_NOISE = 1e-7  # what a coefficient of rounded data is told from, relative to its summands
_STILL = 1e-13  # rate below which a multiplier counts as not moving with the parameter


def made(
    place: Place,
    chain: Chain,
    reading: Reading,
    evidence: Evidence,
    value: sp.Expr | None,
    ball: flint.arb | None,
) -> NormalForm:
    """Return the result for what was read at a place."""
    bounds = _bounds(reading.coefficient) if evidence.grade.rigorous else None
    exact = reading.exact if evidence.grade.rigorous else None
    number = None if value is None else float(dyadic(value))
    if ball is not None and number is None:
        number = float(ball.mid())
    notes = []
    if reading.along_family:
        notes.append(
            "on a family of fixed points, where the multiplier is stationary along it; whether "
            "what branches off attracts along the family is another question"
        )
    if place.symbol is None and reading.bifurcation in (Bifurcation.FOLD, Bifurcation.PITCHFORK):
        notes.append("named for a generic parameter, since none is open")
    speed, push = (
        None if r is None or abs(r) <= _STILL else r for r in (reading.speed, reading.push)
    )
    if reading.speed is not None and speed is None:
        notes.append("the multiplier stands still with the parameter, to first order")
    twist, criticality = reading.twist, _criticality(place, reading, evidence, value)
    return NormalForm(
        map=place.F,
        bifurcation=reading.bifurcation,
        criticality=criticality,
        coefficient=0.0 if reading.zero else float(reading.coefficient.mid()),
        exact=exact,
        bounds=bounds,
        parameter=None if place.symbol is None else place.symbol.name,
        value=number,
        exact_value=value if value is not None and is_exact(value) and place.exact else None,
        exact_point=_exact_point(place),
        points=np.real(rounded(chain.points, chain.numbers)).astype(np.float64),
        direction=reading.direction,
        multipliers=reading.multipliers,
        speed=speed,
        push=push,
        twist=twist,
        note="; ".join(notes),
        evidence=evidence,
    )


def _exact_point(place: Place) -> tuple[sp.Expr, ...] | None:
    first = place.coordinates[0]
    return tuple(first) if all(is_exact(c) for c in first) else None


def _criticality(
    place: Place, reading: Reading, evidence: Evidence, value: sp.Expr | None
) -> Criticality:
    if reading.bifurcation is Bifurcation.NEIMARK_SACKER and _keeps_area(place, value):
        return Criticality.CONSERVATIVE
    if reading.zero and evidence.grade is Grade.PROVED:
        return Criticality.DEGENERATE
    size = float(abs(reading.coefficient.mid()))
    noise = 0.0 if evidence.grade.rigorous else _NOISE * reading.size
    if reading.zero or reading.coefficient.contains(0) or size <= noise:
        return Criticality.UNDECIDED
    if reading.bifurcation in (Bifurcation.FOLD, Bifurcation.TRANSCRITICAL):
        return Criticality.REGULAR
    positive = bool(reading.coefficient > 0)
    if reading.bifurcation is not Bifurcation.FLIP:
        positive = not positive
    return Criticality.SUPERCRITICAL if positive else Criticality.SUBCRITICAL


def _keeps_area(place: Place, value: sp.Expr | None) -> bool:
    """Return whether det DF is 1 everywhere, for maps of the plane."""
    F = place.F
    if F.dimension != 2:
        return False
    determinant = place.images.jacobian(sp.Matrix(F.variables)).det()
    if place.symbol is not None and value is not None:
        determinant = determinant.subs(place.symbol, dyadic(value))
    return bool(sp.simplify(determinant - 1) == 0)


def _bounds(ball: flint.arb) -> tuple[float, float]:
    low, high = float(ball.lower()), float(ball.upper())
    return float(np.nextafter(low, -np.inf)), float(np.nextafter(high, np.inf))
