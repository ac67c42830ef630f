"""Losses of two layers with weight decay, whose minima are isolated."""

from __future__ import annotations

import sympy as sp

from ...engine.operations import softplus
from ...regions import Box
from ..symbolic import Loss
from .entry import CatalogEntry, CatalogKind, CriticalPoint, CriticalStepSize, Fact

__all__ = ["LOSSES"]

_x, _y = sp.symbols("x y")


def _two_minima(size: sp.Expr, limit: sp.Expr) -> tuple[Fact, ...]:
    """Return the facts of minima at ±(size, size) about a saddle at the origin."""
    minima = ((size, size), (-size, -size))
    return (
        *(CriticalPoint(point=p, kind=CatalogKind.MINIMUM, step_size_limit=limit) for p in minima),
        CriticalPoint(point=(sp.S.Zero, sp.S.Zero), kind=CatalogKind.SADDLE),
        CriticalStepSize(value=limit, attained_at=minima),
    )


def penalised_logistic_product() -> CatalogEntry:
    return CatalogEntry(
        name="penalised_logistic_product",
        title="log(1 + e^-xy) + (x² + y²)/10: a two-layer classifier with weight decay",
        loss=Loss(softplus(-_x * _y) + (_x**2 + _y**2) / 10, [_x, _y]),
        region=Box([-3, -3], [3, 3]),
        facts=_two_minima(sp.sqrt(sp.log(4)), sp.Rational(25, 4) / sp.log(4)),
    )


def penalised_factorisation() -> CatalogEntry:
    return CatalogEntry(
        name="penalised_factorisation",
        title="(xy - 1)²/2 + (x² + y²)/10: weight decay leaves two isolated minima",
        loss=Loss((_x * _y - 1) ** 2 / 2 + (_x**2 + _y**2) / 10, [_x, _y]),
        region=Box([-3, -3], [3, 3]),
        facts=_two_minima(2 / sp.sqrt(5), sp.Rational(5, 4)),
        sources=("liang2025chaos",),
    )


def penalised_factorisation_fractal() -> CatalogEntry:
    half, penalty = sp.Rational(1, 2), sp.Rational(1, 5)
    return CatalogEntry(
        name="penalised_factorisation_fractal",
        title="(xy - 1/2)²/2 + (x² + y²)/10: at η = 1 the convergence region has a fractal edge",
        loss=Loss((_x * _y - half) ** 2 / 2 + penalty * (_x**2 + _y**2) / 2, [_x, _y]),
        region=Box([-4, -4], [4, 4]),
        facts=_two_minima(sp.sqrt(half - penalty), sp.Rational(10, 3)),
        sources=("liang2025chaos",),
    )


LOSSES = (
    penalised_logistic_product,
    penalised_factorisation,
    penalised_factorisation_fractal,
)
