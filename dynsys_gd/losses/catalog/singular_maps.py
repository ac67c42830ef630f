"""Losses whose gradient map collapses open sets, or loses them to rounding."""

from __future__ import annotations

import sympy as sp

from ...regions import Box
from ..symbolic import Loss
from .entry import (
    CatalogEntry,
    CatalogKind,
    Collapse,
    CriticalPoint,
    CriticalStepSize,
)

__all__ = ["LOSSES"]

_x, _theta = sp.symbols("x theta")
_zero, _one = sp.S.Zero, sp.S.One
_half = sp.Rational(1, 2)


def tent() -> CatalogEntry:
    minimum, maximum = (sp.Rational(1, 3),), (-_one,)
    limit = sp.Rational(2, 3)
    return CatalogEntry(
        name="tent",
        title="x²/2 - x + x|x|: at η = 1 the map is the tent 1 - 2|x|, dyadic in floating point",
        loss=Loss(_x**2 / 2 - _x + _x * sp.Abs(_x), [_x]),
        region=Box([-1], [1]),
        facts=(
            CriticalPoint(point=minimum, kind=CatalogKind.MINIMUM, step_size_limit=limit),
            CriticalPoint(point=maximum, kind=CatalogKind.MAXIMUM),
            CriticalStepSize(value=limit, attained_at=(minimum,)),
        ),
    )


def piecewise_quartic() -> CatalogEntry:
    root = sp.sqrt(3)
    limit = sp.Rational(1, 6)
    inside = _theta**4 / 2 - 3 * _theta**2 + 8
    minima = ((root,), (-root,))
    return CatalogEntry(
        name="piecewise_quartic",
        title="θ⁴/2 - 3θ² + 8 for |θ| ≤ 2, θ² beyond: at η = 1/2 all of |θ| > 2 goes to 0",
        loss=Loss(sp.Piecewise((inside, sp.Abs(_theta) <= 2), (_theta**2, True)), [_theta]),
        region=Box([-5], [5]),
        facts=(
            *(
                CriticalPoint(point=p, kind=CatalogKind.MINIMUM, step_size_limit=limit)
                for p in minima
            ),
            CriticalPoint(point=(_zero,), kind=CatalogKind.MAXIMUM),
            CriticalStepSize(value=limit, attained_at=minima),
            Collapse(
                step_size=_half,
                box=Box([2.01], [5]),
                image=(_zero,),
                source="craciun2025nonsingularity",
            ),
        ),
        sources=("craciun2025nonsingularity",),
    )


def smooth_trap() -> CatalogEntry:
    # A smooth step from 0 at |x| = 1 to 1 at |x| = 12, made of exp(-11/t): slow enough for the
    # slope to keep the sign of x, so that 0 is the only critical point.
    distance = sp.Abs(_x)
    rise, fall = sp.exp(-11 / (distance - 1)), sp.exp(-11 / (12 - distance))
    curvature = 3 - 2 * rise / (rise + fall)
    return CatalogEntry(
        name="smooth_trap",
        title="smooth, 3x²/2 near 0 and x²/2 for |x| ≥ 12: at η = 1 unstable at 0, yet a trap",
        loss=Loss(
            _x**2 / 2 * sp.Piecewise((3, distance <= 1), (1, distance >= 12), (curvature, True)),
            [_x],
        ),
        region=Box([-20], [20]),
        facts=(
            CriticalPoint(
                point=(_zero,), kind=CatalogKind.MINIMUM, step_size_limit=sp.Rational(2, 3)
            ),
            CriticalStepSize(value=sp.Rational(2, 3), attained_at=((_zero,),)),
            Collapse(step_size=_one, box=Box([12.01], [20]), image=(_zero,)),
        ),
    )


LOSSES = (tent, piecewise_quartic, smooth_trap)
