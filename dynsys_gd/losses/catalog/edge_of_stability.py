"""Losses on which gradient descent trains at, or beyond, the edge of stability."""

from __future__ import annotations

from itertools import product

import sympy as sp

from ...engine.operations import logcosh
from ...regions import Box
from ..symbolic import Loss
from .entry import (
    CatalogEntry,
    CatalogKind,
    CriticalFamily,
    CriticalPoint,
    CriticalStepSize,
)

__all__ = ["LOSSES"]

_x, _y = sp.symbols("x y")
_zero = sp.S.Zero


def _axes(kind: CatalogKind) -> tuple[CriticalFamily, CriticalFamily]:
    s = sp.Symbol("s", real=True)
    return tuple(  # type: ignore[return-value]
        CriticalFamily(
            equations=(equation,),
            dimension=1,
            kind=kind,
            parameters=(s,),
            points=points,
            exceptions=s,
        )
        for equation, points in ((_y, (s, _zero)), (_x, (_zero, s)))
    )


def _of_product(name: str, title: str, expression: sp.Expr, source: str) -> CatalogEntry:
    """Return the entry of ℓ(xy) with ℓ even, ℓ''(0) = 1: minimal on both axes, flat at 0."""
    origin = (_zero, _zero)
    return CatalogEntry(
        name=name,
        title=title,
        loss=Loss(expression, [_x, _y]),
        region=Box([-4, -4], [4, 4]),
        facts=(
            *_axes(CatalogKind.MINIMUM),
            CriticalPoint(point=origin, kind=CatalogKind.DEGENERATE_MINIMUM, step_size_limit=sp.oo),
            CriticalStepSize(value=sp.oo, attained_at=(origin,)),
        ),
        sources=(source,) if source else (),
    )


def log_cosh_product() -> CatalogEntry:
    return _of_product(
        "log_cosh_product",
        "log cosh(xy): grows linearly in xy, trains at the edge of stability",
        logcosh(_x * _y),
        "song2023trajectory",
    )


def square_root_product() -> CatalogEntry:
    return _of_product(
        "square_root_product",
        "√(1 + x²y²): grows linearly in xy, trains at the edge of stability",
        sp.sqrt(1 + _x**2 * _y**2),
        "song2023trajectory",
    )


def zero_target() -> CatalogEntry:
    return _of_product(
        "zero_target",
        "(xy)²/2: minima of every sharpness from 0 on, stable ones for every step size",
        (_x * _y) ** 2 / 2,
        "",
    )


def four_scalar_product() -> CatalogEntry:
    s = sp.Symbol("s", real=True, nonzero=True)
    branches = tuple(
        CriticalFamily(
            equations=(_x * _y - sign,),
            dimension=1,
            kind=CatalogKind.MINIMUM,
            parameters=(s,),
            points=(s, sign / s),
        )
        for sign in (sp.S.One, -sp.S.One)
    )
    return CatalogEntry(
        name="four_scalar_product",
        title="(1 - x²y²)²/4: the product of four weights, paired; concentrates at the edge",
        loss=Loss((1 - _x**2 * _y**2) ** 2 / 4, [_x, _y]),
        region=Box([-3, -3], [3, 3]),
        facts=(
            *branches,
            *_axes(CatalogKind.MAXIMUM),
            CriticalPoint(point=(_zero, _zero), kind=CatalogKind.DEGENERATE_MAXIMUM),
            CriticalStepSize(
                value=sp.Rational(1, 2),
                attained_at=tuple(
                    (sp.Integer(a), sp.Integer(b)) for a, b in product((1, -1), repeat=2)
                ),
                source="zhu2022understanding",
            ),
        ),
        sources=("zhu2022understanding",),
    )


def multiscale() -> CatalogEntry:
    epsilon = sp.Rational(1, 100)
    return CatalogEntry(
        name="multiscale",
        title="x²/2 - ε cos(x/ε), ε = 1/100: deterministic chaos that looks like noise",
        loss=Loss(_x**2 / 2 - epsilon * sp.cos(_x / epsilon), [_x]),
        region=Box([-1], [1]),
        facts=(
            CriticalPoint(
                point=(_zero,),
                kind=CatalogKind.MINIMUM,
                step_size_limit=2 / (1 + 1 / epsilon),
            ),
        ),
        sources=("kong2020stochasticity",),
    )


def supercritical_flip() -> CatalogEntry:
    return CatalogEntry(
        name="supercritical_flip",
        title="x²/2 + x³/6 + x⁴/12: 3f'''² > f''f'''', a stable 2-cycle just above η = 2",
        loss=Loss(_x**2 / 2 + _x**3 / 6 + _x**4 / 12, [_x]),
        region=Box([-3], [3]),
        facts=(
            CriticalPoint(point=(_zero,), kind=CatalogKind.MINIMUM, step_size_limit=sp.Integer(2)),
            CriticalStepSize(value=sp.Integer(2), attained_at=((_zero,),), source="chen2022beyond"),
        ),
        sources=("chen2022beyond",),
    )


LOSSES = (
    log_cosh_product,
    square_root_product,
    zero_target,
    four_scalar_product,
    multiscale,
    supercritical_flip,
)
