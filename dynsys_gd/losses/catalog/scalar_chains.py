"""Deep scalar networks: the product of N weights against a target, (x₁⋯x_N - t)²/2."""

from __future__ import annotations

from itertools import product

import sympy as sp

from ...regions import Box
from ..symbolic import Loss
from .double_wells import cubic_two_cycle
from .entry import (
    ETA,
    CatalogEntry,
    CatalogKind,
    CriticalFamily,
    CriticalPoint,
    CriticalStepSize,
    Cycle,
    ExactMeasure,
    Fact,
)

__all__ = ["LOSSES", "scalar_chain"]

_zero = sp.S.Zero


def scalar_chain(
    depth: int, target: sp.Rational, name: str, more: tuple[Fact, ...] = ()
) -> CatalogEntry:
    """Return the entry of (x₁⋯x_N - t)²/2 for N = `depth` of at least 2 and t = `target` > 0.

    Its critical step size is 2/(N t^(2 - 2/N)), attained where all weights have size t^(1/N).
    """
    weights = sp.symbols("x y z w")[:depth]
    size = sp.root(target, depth)
    flattest = tuple(
        tuple(sign * size for sign in signs)
        for signs in product((1, -1), repeat=depth)
        if sp.prod(signs) == 1
    )
    free = sp.symbols(f"s1:{depth}", real=True, nonzero=True)
    return CatalogEntry(
        name=name,
        title=f"({'·'.join(w.name for w in weights)} - {target})²/2: a scalar network of depth "
        f"{depth}",
        loss=Loss((sp.prod(weights) - target) ** 2 / 2, list(weights)),
        region=Box([-3] * depth, [3] * depth),
        facts=(
            CriticalFamily(
                equations=(sp.prod(weights) - target,),
                dimension=depth - 1,
                kind=CatalogKind.MINIMUM,
                parameters=free,
                points=(*free, target / sp.prod(free)),
                source="craciun2024convergence",
            ),
            CriticalPoint(
                point=(_zero,) * depth,
                kind=CatalogKind.SADDLE if depth == 2 else CatalogKind.DEGENERATE_SADDLE,
            ),
            CriticalStepSize(
                value=2 / (depth * target ** (2 - sp.Rational(2, depth))),
                attained_at=flattest,
                source="mulayoff2020unique",
            ),
            *more,
        ),
        sources=("craciun2024convergence", "mulayoff2020unique"),
    )


def scalar_factorisation() -> CatalogEntry:
    u, v = cubic_two_cycle()
    area = 4 * sp.pi * sp.sqrt(1 - ETA**2 / 4) / ETA
    return scalar_chain(
        2,
        sp.S.One,
        "scalar_factorisation",
        (
            ExactMeasure(step_sizes=sp.Interval.open(0, 1), value=area, source="liang2025chaos"),
            # The ellipse fits into the box as soon as its half-width 2/sqrt(eta) does.
            ExactMeasure(
                step_sizes=sp.Interval.Ropen(sp.Rational(4, 9), 1),
                value=area,
                region=Box([-3, -3], [3, 3]),
                source="liang2025chaos",
            ),
            ExactMeasure(
                step_sizes=sp.Interval.open(1, sp.oo),
                value=_zero,
                source="craciun2024convergence",
            ),
            Cycle(
                step_sizes=sp.Interval.open(1, sp.oo),
                points=((u, u), (v, v)),
                stable_for=sp.Interval.open(1, sp.sqrt(5) - 1),
                source="chen2022beyond",
            ),
        ),
    )


def scalar_factorisation_target_2() -> CatalogEntry:
    return scalar_chain(2, sp.Integer(2), "scalar_factorisation_target_2")


def chain_3() -> CatalogEntry:
    x, y, z = sp.symbols("x y z")
    s = sp.Symbol("s", real=True)
    axes = tuple(
        CriticalFamily(
            equations=tuple(w for k, w in enumerate((x, y, z)) if k != axis),
            dimension=1,
            kind=CatalogKind.SADDLE,
            parameters=(s,),
            points=tuple(s if k == axis else _zero for k in range(3)),
            exceptions=s,
        )
        for axis in range(3)
    )
    return scalar_chain(3, sp.S.One, "chain_3", axes)


def chain_3_target_8() -> CatalogEntry:
    return scalar_chain(3, sp.Integer(8), "chain_3_target_8")


def chain_4() -> CatalogEntry:
    return scalar_chain(4, sp.S.One, "chain_4")


LOSSES = (
    scalar_factorisation,
    scalar_factorisation_target_2,
    chain_3,
    chain_3_target_8,
    chain_4,
)
