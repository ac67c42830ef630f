"""Test functions of global optimisation, in the plane, with closed-form critical points."""

from __future__ import annotations

import sympy as sp

from ...regions import Box
from ..symbolic import Loss
from .entry import CatalogEntry, CatalogKind, CriticalPoint, CriticalStepSize, Fact

__all__ = ["LOSSES"]

_x, _y = sp.symbols("x y")
_zero, _one = sp.S.Zero, sp.S.One
_SURVEY = ("jamil2013literature",)


def _only_minimum(point: tuple[sp.Expr, sp.Expr], limit: sp.Expr) -> tuple[Fact, ...]:
    return (
        CriticalPoint(point=point, kind=CatalogKind.MINIMUM, step_size_limit=limit),
        CriticalStepSize(value=limit, attained_at=(point,)),
    )


def rosenbrock() -> CatalogEntry:
    return CatalogEntry(
        name="rosenbrock",
        title="(1 - x)² + 100(y - x²)²: a curved valley, condition number 2508",
        loss=Loss((1 - _x) ** 2 + 100 * (_y - _x**2) ** 2, [_x, _y]),
        region=Box([-2, -1], [2, 3]),
        facts=_only_minimum((_one, _one), 2 / (501 + sp.sqrt(250601))),
        sources=_SURVEY,
    )


def booth() -> CatalogEntry:
    return CatalogEntry(
        name="booth",
        title="(x + 2y - 7)² + (2x + y - 5)²: a quadratic with minimum (1, 3)",
        loss=Loss((_x + 2 * _y - 7) ** 2 + (2 * _x + _y - 5) ** 2, [_x, _y]),
        region=Box([-10, -10], [10, 10]),
        facts=_only_minimum((_one, sp.Integer(3)), sp.Rational(1, 9)),
        sources=_SURVEY,
    )


def matyas() -> CatalogEntry:
    square, mixed = sp.Rational(26, 100), sp.Rational(48, 100)
    return CatalogEntry(
        name="matyas",
        title="0.26(x² + y²) - 0.48xy: a flat quadratic",
        loss=Loss(square * (_x**2 + _y**2) - mixed * _x * _y, [_x, _y]),
        region=Box([-10, -10], [10, 10]),
        facts=_only_minimum((_zero, _zero), sp.Integer(2)),
        sources=_SURVEY,
    )


def beale() -> CatalogEntry:
    squares = (
        (c - _x + _x * _y**k) ** 2
        for k, c in enumerate((sp.Rational(3, 2), sp.Rational(9, 4), sp.Rational(21, 8)), 1)
    )
    minimum = (sp.Integer(3), sp.Rational(1, 2))
    # The x-derivative is linear in x, which leaves (2y - 1)(y - 1)² times this cubic.
    r = sp.CRootOf(3 * _y**3 + 11 * _y**2 + 10 * _y + 5, 0)
    behind = (-3 * (7 * r**2 + 13 * r + 17) / (8 * (r**5 + r**4 + 2 * r**3 - r - 3)), r)
    return CatalogEntry(
        name="beale",
        title="Beale: three squared residuals of degree 2 to 4, one minimum in a long valley",
        loss=Loss(sum(squares), [_x, _y]),
        region=Box([-4.5, -4.5], [4.5, 4.5]),
        facts=(
            *_only_minimum(minimum, 128 / (1577 + sp.sqrt(2426449))),
            CriticalPoint(point=(_zero, _one), kind=CatalogKind.SADDLE),
            CriticalPoint(point=behind, kind=CatalogKind.SADDLE),
        ),
        sources=_SURVEY,
    )


def rastrigin() -> CatalogEntry:
    waves = sum(v**2 - 10 * sp.cos(2 * sp.pi * v) for v in (_x, _y))
    return CatalogEntry(
        name="rastrigin",
        title="20 + Σ(x² - 10 cos 2πx): a lattice of wells, flatter the farther out",
        loss=Loss(20 + waves, [_x, _y]),
        region=Box([-5, -5], [5, 5]),
        facts=(
            CriticalPoint(
                point=(_zero, _zero),
                kind=CatalogKind.MINIMUM,
                step_size_limit=1 / (1 + 20 * sp.pi**2),
            ),
        ),
        sources=_SURVEY,
    )


def mccormick() -> CatalogEntry:
    half = sp.Rational(1, 2)
    sums = (-2 * sp.pi / 3, 4 * sp.pi / 3)
    minima = tuple(((s + 1) / 2, (s - 1) / 2) for s in sums)
    between = 2 * sp.pi / 3
    return CatalogEntry(
        name="mccormick",
        title="sin(x + y) + (x - y)² - 1.5x + 2.5y + 1: a staircase of equally sharp minima",
        loss=Loss(
            sp.sin(_x + _y) + (_x - _y) ** 2 - sp.Rational(3, 2) * _x + sp.Rational(5, 2) * _y + 1,
            [_x, _y],
        ),
        region=Box([-3, -4], [4, 4]),
        facts=(
            *(
                CriticalPoint(point=p, kind=CatalogKind.MINIMUM, step_size_limit=half)
                for p in minima
            ),
            CriticalPoint(point=((between + 1) / 2, (between - 1) / 2), kind=CatalogKind.SADDLE),
            CriticalStepSize(value=half, attained_at=minima),
        ),
        sources=_SURVEY,
    )


LOSSES = (rosenbrock, booth, matyas, beale, rastrigin, mccormick)
