"""Losses on which a hypothesis of an impossibility theorem fails, one way each."""

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
    Plateau,
)

__all__ = ["LOSSES"]

_x, _y, _w = sp.symbols("x y w")
_zero, _one = sp.S.Zero, sp.S.One


def quartic() -> CatalogEntry:
    edge = sp.sqrt(2 / ETA)
    return CatalogEntry(
        name="quartic",
        title="x⁴/4: a flat minimum, reached from an interval for every step size",
        loss=Loss(_x**4 / 4, [_x]),
        region=Box([-2], [2]),
        facts=(
            CriticalPoint(
                point=(_zero,), kind=CatalogKind.DEGENERATE_MINIMUM, step_size_limit=sp.oo
            ),
            CriticalStepSize(value=sp.oo, attained_at=((_zero,),)),
            ExactMeasure(step_sizes=sp.Interval.open(0, sp.oo), value=2 * edge),
            Cycle(
                step_sizes=sp.Interval.open(0, sp.oo),
                points=((edge,), (-edge,)),
                stable_for=sp.S.EmptySet,
            ),
        ),
    )


def dead_relu() -> CatalogEntry:
    box = Box([-4], [4])
    return CatalogEntry(
        name="dead_relu",
        title="(relu(w) - 1)²/2: beyond η = 2 all starts end in the dead cell",
        loss=Loss((sp.Max(_w, 0) - 1) ** 2 / 2, [_w]),
        region=box,
        facts=(
            CriticalPoint(point=(_one,), kind=CatalogKind.MINIMUM, step_size_limit=sp.Integer(2)),
            CriticalStepSize(value=sp.Integer(2), attained_at=((_one,),)),
            Plateau(condition=_w < 0, value=sp.Rational(1, 2)),
            ExactMeasure(
                step_sizes=sp.Interval.Lopen(0, sp.Rational(4, 3)),
                value=sp.Integer(4),
                region=box,
            ),
            # Starts beyond η/(η - 1) step over the kink at once, and stay in the dead cell.
            ExactMeasure(
                step_sizes=sp.Interval.Ropen(sp.Rational(4, 3), 2),
                value=ETA / (ETA - 1),
                region=box,
            ),
        ),
        sources=("craciun2025nonsingularity",),
    )


def relu_pair() -> CatalogEntry:
    first, second = sp.symbols("theta1 theta2")
    s = sp.Symbol("s", positive=True)
    moment = sp.Rational(353, 100)
    output = sp.Max(second * sp.Max(first, 0), 0)
    return CatalogEntry(
        name="relu_pair",
        title="3.53 (1 - relu(θ₂ relu(θ₁)))²/2: two data points on a line, a ReLU network",
        loss=Loss(moment * (1 - output) ** 2 / 2, [first, second]),
        region=Box([0, 0], [2, 2]),
        facts=(
            CriticalFamily(
                equations=(first * second - 1,),
                dimension=1,
                kind=CatalogKind.MINIMUM,
                parameters=(s,),
                points=(s, 1 / s),
                source="craciun2025nonsingularity",
            ),
            Plateau(condition=sp.Or(first < 0, second < 0), value=moment / 2),
            CriticalStepSize(
                value=1 / moment,
                attained_at=((_one, _one),),
                source="craciun2025nonsingularity",
            ),
        ),
        sources=("craciun2025nonsingularity",),
    )


def flattening_valley() -> CatalogEntry:
    s = sp.Symbol("s", real=True)
    return CatalogEntry(
        name="flattening_valley",
        title="y²/(2(1 + x²)): minima of every sharpness in (0, 1], the infimum not attained",
        loss=Loss(_y**2 / (1 + _x**2) / 2, [_x, _y]),
        region=Box([-6, -6], [6, 6]),
        facts=(
            CriticalFamily(
                equations=(_y,),
                dimension=1,
                kind=CatalogKind.MINIMUM,
                parameters=(s,),
                points=(s, _zero),
            ),
            CriticalStepSize(value=sp.oo, attained_at=()),
        ),
    )


def cosine() -> CatalogEntry:
    minimum = CatalogKind.MINIMUM
    return CatalogEntry(
        name="cosine",
        title="-cos x: beyond η = 2 orbits drift or wander without blowing up",
        loss=Loss(-sp.cos(_x), [_x]),
        region=Box([-10], [10]),
        facts=(
            *(
                CriticalPoint(point=(2 * k * sp.pi,), kind=minimum, step_size_limit=sp.Integer(2))
                for k in (-1, 0, 1)
            ),
            *(CriticalPoint(point=(k * sp.pi,), kind=CatalogKind.MAXIMUM) for k in (-1, 1)),
            CriticalStepSize(value=sp.Integer(2), attained_at=((_zero,), (2 * sp.pi,))),
        ),
    )


def nar_sastry_cusp() -> CatalogEntry:
    return CatalogEntry(
        name="nar_sastry_cusp",
        title="(2/3)|x|^(3/2): unbounded curvature at the minimum, unstable for every step size",
        loss=Loss(sp.Rational(2, 3) * sp.Abs(_x) ** sp.Rational(3, 2), [_x]),
        region=Box([-2], [2]),
        facts=(
            CriticalPoint(
                point=(_zero,),
                kind=CatalogKind.KINK_MINIMUM,
                step_size_limit=_zero,
                source="nar2018step",
            ),
            CriticalStepSize(value=_zero, attained_at=((_zero,),), source="nar2018step"),
            Cycle(
                step_sizes=sp.Interval.open(0, sp.oo),
                points=((ETA**2 / 4,), (-(ETA**2) / 4,)),
                stable_for=sp.Interval.open(0, sp.oo),
                source="nar2018step",
            ),
        ),
        sources=("nar2018step",),
    )


def monkey_saddle() -> CatalogEntry:
    return CatalogEntry(
        name="monkey_saddle",
        title="x³ - 3xy²: one critical point, a saddle with zero Hessian",
        loss=Loss(_x**3 - 3 * _x * _y**2, [_x, _y]),
        region=Box([-1, -1], [1, 1]),
        facts=(CriticalPoint(point=(_zero, _zero), kind=CatalogKind.DEGENERATE_SADDLE),),
    )


LOSSES = (
    quartic,
    dead_relu,
    relu_pair,
    flattening_valley,
    cosine,
    nar_sastry_cusp,
    monkey_saddle,
)
