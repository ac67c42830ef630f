"""Logistic losses on separable and on non-separable data."""

from __future__ import annotations

import sympy as sp

from ...engine.operations import softplus
from ...regions import Box
from ..symbolic import Loss
from .entry import (
    CatalogEntry,
    CatalogKind,
    CriticalPoint,
    CriticalStepSize,
    NoCriticalPoint,
)

__all__ = ["LOSSES"]

_x, _y, _w = sp.symbols("x y w")
_zero = sp.S.Zero


def separable_logistic() -> CatalogEntry:
    return CatalogEntry(
        name="separable_logistic",
        title="log(1 + e^-w): no minimiser; the gradient vanishes at infinity for every step size",
        loss=Loss(softplus(-_w), [_w]),
        region=Box([-5], [5]),
        facts=(NoCriticalPoint(witness=(sp.S.One,)),),
        sources=("wu2023implicit",),
    )


def separable_logistic_plane() -> CatalogEntry:
    data = ((1, sp.Rational(1, 5)), (-2, sp.Rational(1, 5)))
    # The two points of the other class are the mirror images, so their margins repeat these.
    margins = [a * _x + b * _y for a, b in data]
    return CatalogEntry(
        name="separable_logistic_plane",
        title="mean of log(1 + e^-m) over separable data in the plane: drifts along the max margin",
        loss=Loss(sum(softplus(-m) for m in margins) / 2, [_x, _y]),
        region=Box([-5, -5], [5, 5]),
        facts=(NoCriticalPoint(witness=(_zero, sp.S.One)),),
        sources=("wu2023implicit",),
    )


def nonseparable_logistic() -> CatalogEntry:
    minimum = (sp.log(sp.Rational(7, 3)),)
    limit = sp.Rational(200, 21)
    return CatalogEntry(
        name="nonseparable_logistic",
        title="0.7 log(1 + e^-w) + 0.3 log(1 + e^w): two labels at one place",
        loss=Loss((7 * softplus(-_w) + 3 * softplus(_w)) / 10, [_w]),
        region=Box([-6], [6]),
        facts=(
            CriticalPoint(
                point=minimum,
                kind=CatalogKind.MINIMUM,
                step_size_limit=limit,
                source="meng2024gradient",
            ),
            CriticalStepSize(value=limit, attained_at=(minimum,), source="meng2024gradient"),
        ),
        sources=("meng2024gradient",),
    )


LOSSES = (
    separable_logistic,
    separable_logistic_plane,
    nonseparable_logistic,
)
