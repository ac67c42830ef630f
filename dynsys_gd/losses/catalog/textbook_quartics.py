"""Polynomial test functions whose critical points are exact algebraic numbers."""

from __future__ import annotations

from itertools import product

import sympy as sp

from ...regions import Box
from ..symbolic import Loss
from .entry import CatalogEntry, CatalogKind, CriticalPoint, CriticalStepSize, Point

__all__ = ["LOSSES"]

_x, _y = sp.symbols("x y")
_zero = sp.S.Zero
_SURVEY = ("jamil2013literature",)


def _limit(loss: Loss, point: Point) -> sp.Expr:
    """Return 2/λ_max of the Hessian [[a, b], [b, c]] at `point`."""
    at = dict(zip(loss.variables, point, strict=True))
    a, b, c = (loss.hessian[place].subs(at) for place in ((0, 0), (0, 1), (1, 1)))
    return 2 / ((a + c) / 2 + sp.sqrt(((a - c) / 2) ** 2 + b**2))


def _minimum(loss: Loss, point: Point) -> CriticalPoint:
    return CriticalPoint(point=point, kind=CatalogKind.MINIMUM, step_size_limit=_limit(loss, point))


def himmelblau() -> CatalogEntry:
    loss = Loss((_x**2 + _y - 11) ** 2 + (_x + _y**2 - 7) ** 2, [_x, _y])
    # Both squares vanish: y = 11 - x², and x solves (x - 3)(x³ + 3x² - 13x - 38) = 0.
    cubic = _x**3 + 3 * _x**2 - 13 * _x - 38
    roots = (sp.Integer(3), *(sp.CRootOf(cubic, k) for k in range(3)))
    minima = [(r, 11 - r**2) for r in roots]
    flattest = minima[2]
    return CatalogEntry(
        name="himmelblau",
        title="(x² + y - 11)² + (x + y² - 7)²: four global minima, the flattest near (-2.8, 3.1)",
        loss=loss,
        region=Box([-6, -6], [6, 6]),
        facts=(
            *(_minimum(loss, p) for p in minima),
            CriticalStepSize(value=_limit(loss, flattest), attained_at=(flattest,)),
        ),
        sources=_SURVEY,
    )


def styblinski_tang() -> CatalogEntry:
    loss = Loss(sum(v**4 - 16 * v**2 + 5 * v for v in (_x, _y)) / 2, [_x, _y])
    kinds = {0: CatalogKind.MINIMUM, 1: CatalogKind.SADDLE, 2: CatalogKind.MAXIMUM}
    roots = [sp.CRootOf(4 * _x**3 - 32 * _x + 5, k) for k in range(3)]
    sharpness = [6 * r**2 - 16 for r in roots]
    points = []
    for i, j in product(range(3), repeat=2):
        hills = (i == 1) + (j == 1)
        # Both second derivatives are positive at the outer roots, the left one is larger.
        limit = 2 / sharpness[min(i, j)] if hills == 0 else None
        points.append(
            CriticalPoint(point=(roots[i], roots[j]), kind=kinds[hills], step_size_limit=limit)
        )
    return CatalogEntry(
        name="styblinski_tang",
        title="Σ(x⁴ - 16x² + 5x)/2: the global minimum is the sharpest of four",
        loss=loss,
        region=Box([-5, -5], [5, 5]),
        facts=(
            *points,
            CriticalStepSize(value=2 / sharpness[2], attained_at=((roots[2], roots[2]),)),
        ),
        sources=_SURVEY,
    )


def three_hump_camel() -> CatalogEntry:
    loss = Loss(2 * _x**2 - sp.Rational(105, 100) * _x**4 + _x**6 / 6 + _x * _y + _y**2, [_x, _y])
    inner, outer = (sp.sqrt(sp.Rational(21, 10) + s * sp.sqrt(91) / 10) for s in (-1, 1))
    origin = (_zero, _zero)
    limit = 2 / (3 + sp.sqrt(2))
    return CatalogEntry(
        name="three_hump_camel",
        title="2x² - 1.05x⁴ + x⁶/6 + xy + y²: three minima, the global one is the flattest",
        loss=loss,
        region=Box([-3, -3], [3, 3]),
        facts=(
            CriticalPoint(point=origin, kind=CatalogKind.MINIMUM, step_size_limit=limit),
            *(_minimum(loss, (s * outer, -s * outer / 2)) for s in (1, -1)),
            *(
                CriticalPoint(point=(s * inner, -s * inner / 2), kind=CatalogKind.SADDLE)
                for s in (1, -1)
            ),
            CriticalStepSize(value=limit, attained_at=(origin,)),
        ),
        sources=_SURVEY,
    )


def six_hump_camel() -> CatalogEntry:
    loss = Loss(
        (4 - sp.Rational(21, 10) * _x**2 + _x**4 / 3) * _x**2 + _x * _y + (4 * _y**2 - 4) * _y**2,
        [_x, _y],
    )
    # The x-derivative gives y as a polynomial in x; the y-derivative then leaves x times this.
    remainder = (
        16000 * _x**14 - 201600 * _x**12 + 1038720 * _x**10 - 2798208 * _x**8
        + 4154880 * _x**6 - 3227600 * _x**4 + 1032400 * _x**2 - 8125
    )  # fmt: skip
    roots = [sp.CRootOf(remainder, k) for k in range(14)]
    points = [(r, -8 * r + sp.Rational(42, 5) * r**3 - 2 * r**5) for r in roots]
    minima, maxima = (0, 2, 6, 7, 11, 13), (4, 9)
    flattest = (points[2], points[11])
    others = [k for k in range(14) if k not in minima]
    kind = {True: CatalogKind.MAXIMUM, False: CatalogKind.SADDLE}
    return CatalogEntry(
        name="six_hump_camel",
        title="(4 - 2.1x² + x⁴/3)x² + xy + (4y² - 4)y²: its flattest minima are not its lowest",
        loss=loss,
        region=Box([-2, -1.5], [2, 1.5]),
        facts=(
            *(_minimum(loss, points[k]) for k in minima),
            *(CriticalPoint(point=points[k], kind=kind[k in maxima]) for k in others),
            CriticalPoint(point=(_zero, _zero), kind=CatalogKind.SADDLE),
            CriticalStepSize(value=_limit(loss, flattest[0]), attained_at=flattest),
        ),
        sources=_SURVEY,
    )


LOSSES = (himmelblau, styblinski_tang, three_hump_camel, six_hump_camel)
