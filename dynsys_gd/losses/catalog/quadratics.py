"""Quadratic losses: linear maps, where everything is known."""

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
    Cycle,
    ExactMeasure,
)

__all__ = ["LOSSES"]

_x, _y = sp.symbols("x y")
_origin = (sp.S.Zero, sp.S.Zero)


def parabola() -> CatalogEntry:
    box = Box([-5], [5])
    origin = (sp.S.Zero,)
    return CatalogEntry(
        name="parabola",
        title="x²/2: the map is multiplication by 1 - η, singular at η = 1",
        loss=Loss(_x**2 / 2, [_x]),
        region=box,
        facts=(
            CriticalPoint(point=origin, kind=CatalogKind.MINIMUM, step_size_limit=sp.Integer(2)),
            CriticalStepSize(value=sp.Integer(2), attained_at=(origin,)),
            ExactMeasure(step_sizes=sp.Interval.open(0, 2), value=sp.Integer(10), region=box),
            Collapse(step_size=sp.S.One, box=box, image=origin),
            Cycle(
                step_sizes=sp.FiniteSet(2),
                points=((sp.S.One,), (-sp.S.One,)),
                stable_for=sp.S.EmptySet,
            ),
        ),
    )


def bowl() -> CatalogEntry:
    box = Box([-4, -4], [4, 4])
    return CatalogEntry(
        name="bowl",
        title="(x² + 10y²)/2: an ill-conditioned quadratic",
        loss=Loss((_x**2 + 10 * _y**2) / 2, [_x, _y]),
        region=box,
        facts=(
            CriticalPoint(
                point=_origin, kind=CatalogKind.MINIMUM, step_size_limit=sp.Rational(1, 5)
            ),
            CriticalStepSize(value=sp.Rational(1, 5), attained_at=(_origin,)),
            ExactMeasure(
                step_sizes=sp.Interval.open(0, sp.Rational(1, 5)),
                value=sp.Integer(64),
                region=box,
            ),
        ),
    )


def quadratic_saddle() -> CatalogEntry:
    return CatalogEntry(
        name="quadratic_saddle",
        title="(x² - y²)/2: a strict saddle and nothing else",
        loss=Loss((_x**2 - _y**2) / 2, [_x, _y]),
        region=Box([-2, -2], [2, 2]),
        facts=(CriticalPoint(point=_origin, kind=CatalogKind.SADDLE),),
    )


LOSSES = (parabola, bowl, quadratic_saddle)
