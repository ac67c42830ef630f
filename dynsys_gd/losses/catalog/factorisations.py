"""Matrix and vector factorisations: linear networks of depth two, written out."""

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
    ExactMeasure,
)

__all__ = ["LOSSES"]

_zero, _one = sp.S.Zero, sp.S.One


def vector_factorisation() -> CatalogEntry:
    u1, u2, v1, v2 = variables = sp.symbols("u1 u2 v1 v2")
    a, b = sp.symbols("a b", real=True, nonzero=True)
    c = sp.Symbol("c", real=True)
    return CatalogEntry(
        name="vector_factorisation",
        title="(u·v - 1)²/2 with u and v in the plane: width two, one target",
        loss=Loss((u1 * v1 + u2 * v2 - 1) ** 2 / 2, list(variables)),
        region=Box([-3] * 4, [3] * 4),
        facts=(
            CriticalFamily(
                equations=(u1 * v1 + u2 * v2 - 1,),
                dimension=3,
                kind=CatalogKind.MINIMUM,
                parameters=(a, b, c),
                points=(a, b, (1 - b * c) / a, c),
            ),
            CriticalPoint(point=(_zero,) * 4, kind=CatalogKind.SADDLE),
            CriticalStepSize(
                value=_one,
                attained_at=((_one, _zero, _one, _zero), (_zero, -_one, _zero, -_one)),
                source="mulayoff2020unique",
            ),
            ExactMeasure(
                step_sizes=sp.Interval.open(0, 1),
                value=8 * sp.pi**2 * (1 - ETA**2 / 4) / ETA**2,
                source="liang2025chaos",
            ),
            ExactMeasure(
                step_sizes=sp.Interval.open(1, sp.oo),
                value=_zero,
                source="craciun2024convergence",
            ),
        ),
        sources=("liang2025chaos",),
    )


def _two_by_two(second: sp.Expr) -> tuple[Loss, tuple[sp.Expr, ...]]:
    """Return ‖AB - diag(1, second)‖²/2 over 2 x 2 matrices, and the entries of the residual."""
    variables = sp.symbols("a1:5 b1:5")
    A, B = sp.Matrix(2, 2, variables[:4]), sp.Matrix(2, 2, variables[4:])
    residual = tuple(A * B - sp.diag(1, second))
    return Loss(sum(entry**2 for entry in residual) / 2, list(variables)), residual


def _gauge() -> tuple[tuple[sp.Symbol, ...], sp.Matrix]:
    """Return an open set of invertible 2 x 2 matrices with its four parameters."""
    p, s = sp.symbols("p s", real=True, nonzero=True)
    q, r = sp.symbols("q r", real=True)
    return (p, q, r, s), sp.Matrix([[1, q], [0, 1]]) * sp.Matrix([[p, 0], [r, s]])


def matrix_factorisation() -> CatalogEntry:
    half = sp.Rational(1, 2)
    loss, residual = _two_by_two(half)
    root = sp.sqrt(half)
    balanced = (_one, _zero, _zero, root) * 2
    parameters, A = _gauge()
    B = A.inv() * sp.diag(1, half)
    return CatalogEntry(
        name="matrix_factorisation",
        title="‖AB - diag(1, 1/2)‖²/2 over 2 x 2 matrices: a full rank target",
        loss=loss,
        region=Box([-2] * 8, [2] * 8),
        facts=(
            CriticalFamily(
                equations=residual,
                dimension=4,
                kind=CatalogKind.MINIMUM,
                parameters=parameters,
                points=(*A, *B.applyfunc(sp.cancel)),
                source="craciun2024convergence",
            ),
            CriticalPoint(point=(_zero,) * 8, kind=CatalogKind.SADDLE),
            CriticalStepSize(value=_one, attained_at=(balanced,), source="mulayoff2020unique"),
        ),
        sources=("craciun2024convergence", "mulayoff2020unique"),
    )


def rank_deficient_factorisation() -> CatalogEntry:
    loss, _ = _two_by_two(_zero)
    balanced = (_one, _zero, _zero, _zero) * 2
    return CatalogEntry(
        name="rank_deficient_factorisation",
        title="‖AB - diag(1, 0)‖²/2 over 2 x 2 matrices: the minima are not a manifold",
        loss=loss,
        region=Box([-2] * 8, [2] * 8),
        facts=(
            # The Hessian has rank 3 here and rank 4 at a generic minimum.
            CriticalPoint(
                point=balanced, kind=CatalogKind.DEGENERATE_MINIMUM, step_size_limit=_one
            ),
            CriticalPoint(point=(_zero,) * 8, kind=CatalogKind.SADDLE),
            CriticalStepSize(value=_one, attained_at=(balanced,), source="mulayoff2020unique"),
        ),
        sources=("mulayoff2020unique",),
    )


def slack_width() -> CatalogEntry:
    variables = sp.symbols("a1:3 b1:5 c1:3")
    A, B, C = sp.Matrix([variables[:2]]), sp.Matrix(2, 2, variables[2:6]), sp.Matrix(variables[6:])
    residual = (A * B * C)[0] - 1
    free = (*sp.symbols("s1:7", real=True, nonzero=True), sp.Symbol("s7", real=True))
    first, second = A.subs(dict(zip(A, free[:2], strict=True))) * B.subs(
        dict(zip(B, free[2:6], strict=True))
    )
    return CatalogEntry(
        name="slack_width",
        title="(w₃W₂w₁ - 1)²/2, widths 1-2-2-1: stable minima reach infinity",
        loss=Loss(residual**2 / 2, list(variables)),
        region=Box([-2] * 8, [2] * 8),
        facts=(
            CriticalFamily(
                equations=(residual,),
                dimension=7,
                kind=CatalogKind.MINIMUM,
                parameters=free,
                points=(*free[:6], (1 - second * free[6]) / first, free[6]),
                source="craciun2024convergence",
            ),
            CriticalStepSize(
                value=sp.Rational(2, 3),
                # Any number in the last entry of the middle layer: the sharpness stays 3.
                attained_at=tuple(
                    (_one, _zero, _one, _zero, _zero, sp.Integer(t), _one, _zero)
                    for t in (0, 1, 100)
                ),
                source="mulayoff2020unique",
            ),
        ),
        sources=("craciun2024convergence",),
    )


LOSSES = (
    vector_factorisation,
    matrix_factorisation,
    rank_deficient_factorisation,
    slack_width,
)
