"""Losses with several wells, most of them on the line."""

from __future__ import annotations

import sympy as sp

from ...regions import Box
from ..symbolic import Loss
from .entry import (
    ETA,
    CatalogEntry,
    CatalogKind,
    CriticalFamily,
    CriticalPoint,
    CriticalStepSize,
    Cycle,
    ExactMeasure,
)

__all__ = ["LOSSES", "cubic_two_cycle"]

_x, _y = sp.symbols("x y")
_half = sp.Rational(1, 2)


def cubic_two_cycle() -> tuple[sp.Expr, sp.Expr]:
    """Return the two points u, v of the cycle of u -> (1 + η)u - ηu³ with uv = 1/η, η > 1."""
    a = 1 + ETA
    root = sp.sqrt(a**2 - 4)
    return tuple(sp.sqrt((a + sign * root) / (2 * ETA)) for sign in (1, -1))


def double_well() -> CatalogEntry:
    u, v = cubic_two_cycle()
    edge = sp.sqrt(1 + 2 / ETA)
    minimum = CatalogKind.MINIMUM
    return CatalogEntry(
        name="double_well",
        title="x⁴/4 - x²/2: two wells, the simplest period doubling cascade",
        loss=Loss(_x**4 / 4 - _x**2 / 2, [_x]),
        region=Box([-2], [2]),
        facts=(
            CriticalPoint(point=(sp.S.One,), kind=minimum, step_size_limit=sp.S.One),
            CriticalPoint(point=(-sp.S.One,), kind=minimum, step_size_limit=sp.S.One),
            CriticalPoint(point=(sp.S.Zero,), kind=CatalogKind.MAXIMUM),
            CriticalStepSize(value=sp.S.One, attained_at=((sp.S.One,), (-sp.S.One,))),
            ExactMeasure(step_sizes=sp.Interval.open(0, 1), value=2 * edge),
            ExactMeasure(step_sizes=sp.Interval.open(1, sp.oo), value=sp.S.Zero),
            Cycle(
                step_sizes=sp.Interval.open(0, sp.oo),
                points=((edge,), (-edge,)),
                stable_for=sp.S.EmptySet,
            ),
            Cycle(
                step_sizes=sp.Interval.open(1, sp.oo),
                points=((u,), (v,)),
                stable_for=sp.Interval.open(1, sp.sqrt(5) - 1),
                source="chen2022beyond",
            ),
        ),
    )


def double_well_plane() -> CatalogEntry:
    points = ((sp.S.One, sp.S.Zero), (-sp.S.One, sp.S.Zero))
    box = Box([-2, -2], [2, 2])
    minimum = CatalogKind.MINIMUM
    return CatalogEntry(
        name="double_well_plane",
        title="(x² - 1)²/4 + y²/2: two wells and a saddle between them",
        loss=Loss((_x**2 - 1) ** 2 / 4 + _y**2 / 2, [_x, _y]),
        region=box,
        facts=(
            *(CriticalPoint(point=p, kind=minimum, step_size_limit=sp.S.One) for p in points),
            CriticalPoint(point=(sp.S.Zero, sp.S.Zero), kind=CatalogKind.SADDLE),
            CriticalStepSize(value=sp.S.One, attained_at=points),
            ExactMeasure(
                step_sizes=sp.Interval.Ropen(sp.Rational(2, 3), 1),
                value=8 * sp.sqrt(1 + 2 / ETA),
                region=box,
            ),
        ),
    )


def three_wells() -> CatalogEntry:
    side = 1 / sp.sqrt(3)
    minimum = CatalogKind.MINIMUM
    return CatalogEntry(
        name="three_wells",
        title="x²(x² - 1)²/2: the middle well is four times flatter than the outer ones",
        loss=Loss(_x**2 * (_x**2 - 1) ** 2 / 2, [_x]),
        region=Box([-1.5], [1.5]),
        facts=(
            CriticalPoint(point=(sp.S.Zero,), kind=minimum, step_size_limit=sp.Integer(2)),
            CriticalPoint(point=(sp.S.One,), kind=minimum, step_size_limit=_half),
            CriticalPoint(point=(-sp.S.One,), kind=minimum, step_size_limit=_half),
            CriticalPoint(point=(side,), kind=CatalogKind.MAXIMUM),
            CriticalPoint(point=(-side,), kind=CatalogKind.MAXIMUM),
            CriticalStepSize(value=sp.Integer(2), attained_at=((sp.S.Zero,),)),
            # The outer cycle ±c is where η L'(c) = 2c; up to the flip of the outer wells nothing
            # else has period two.
            ExactMeasure(
                step_sizes=sp.Interval.Lopen(0, _half),
                value=2 * sp.sqrt((2 + sp.sqrt(1 + 6 / ETA)) / 3),
            ),
            ExactMeasure(step_sizes=sp.Interval.open(2, sp.oo), value=sp.S.Zero),
        ),
    )


def nar_sastry_wells() -> CatalogEntry:
    between = sp.CRootOf(3 * _x**3 - 6 * _x**2 + 4 * _x - 3, 0)
    minimum = CatalogKind.MINIMUM
    return CatalogEntry(
        name="nar_sastry_wells",
        title="(x² + 1)(x - 1)²(x - 2)²: two global minima of different sharpness",
        loss=Loss((_x**2 + 1) * (_x - 1) ** 2 * (_x - 2) ** 2, [_x]),
        region=Box([0], [3]),
        facts=(
            CriticalPoint(
                point=(sp.S.One,), kind=minimum, step_size_limit=_half, source="nar2018step"
            ),
            CriticalPoint(
                point=(sp.Integer(2),),
                kind=minimum,
                step_size_limit=sp.Rational(1, 5),
                source="nar2018step",
            ),
            CriticalPoint(point=(between,), kind=CatalogKind.MAXIMUM),
            CriticalStepSize(value=_half, attained_at=((sp.S.One,),)),
        ),
        sources=("nar2018step",),
    )


def ring() -> CatalogEntry:
    angle = sp.Symbol("phi", real=True)
    edge = sp.sqrt(1 + 2 / ETA)
    return CatalogEntry(
        name="ring",
        title="(x² + y² - 1)²/4: a circle of minima around a maximum",
        loss=Loss((_x**2 + _y**2 - 1) ** 2 / 4, [_x, _y]),
        region=Box([-2, -2], [2, 2]),
        facts=(
            CriticalFamily(
                equations=(_x**2 + _y**2 - 1,),
                dimension=1,
                kind=CatalogKind.MINIMUM,
                parameters=(angle,),
                points=(sp.cos(angle), sp.sin(angle)),
            ),
            CriticalPoint(point=(sp.S.Zero, sp.S.Zero), kind=CatalogKind.MAXIMUM),
            CriticalStepSize(
                value=sp.S.One,
                attained_at=((sp.S.One, sp.S.Zero), (sp.Rational(3, 5), sp.Rational(4, 5))),
            ),
            ExactMeasure(step_sizes=sp.Interval.open(0, 1), value=sp.pi * (1 + 2 / ETA)),
            Cycle(
                step_sizes=sp.Interval.open(0, sp.oo),
                points=((edge, sp.S.Zero), (-edge, sp.S.Zero)),
                stable_for=sp.S.EmptySet,
            ),
        ),
    )


LOSSES = (double_well, double_well_plane, three_wells, nar_sastry_wells, ring)
