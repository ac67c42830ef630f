"""A search written down so that another program can verify it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from ...checker.content import (
    Bounded,
    CellList,
    Content,
    GivenBarrier,
    GivenBlock,
    GivenCore,
    GivenEscape,
    GivenForm,
    GivenIdentity,
    GivenMap,
    Goal,
    Rule,
    Theorem,
)
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.heavy_ball import HeavyBall
from ...maps.nesterov import Nesterov
from ...orbits.certified.system import exactly
from ...regions import Box
from ..target import Target
from .barrier import Barrier, Identity
from .cells import Cells
from .certificate import Certificate
from .escapes import Far, Orthants
from .facts import Facts
from .tree import UNKNOWN

__all__ = ["certificate_of"]

_RULES = {
    GradientDescent: Rule.GRADIENT_DESCENT,
    HeavyBall: Rule.HEAVY_BALL,
    Nesterov: Rule.NESTEROV,
}


def certificate_of(
    cells: Cells, F: Map, region: Box, target: Target, claim: Bounded | Theorem
) -> Certificate | None:
    """Return the certificate of a search, or None where the format cannot say what was used."""
    facts, tree = cells.facts, cells.tree
    written = _map(F, facts)
    if written is None:
        return None
    leaves = tree.leaves()
    leaves = leaves[tree.mask[leaves] != UNKNOWN]
    leaves = leaves[np.lexsort((leaves, tree.stage[leaves]))]
    content = Content(
        map=written,
        low=tuple(Fraction(x) for x in region.low),
        high=tuple(Fraction(x) for x in region.high),
        target=Goal.MINIMA if target is Target.MINIMA else Goal.FIXED_POINTS,
        regular_at=None if facts.regular_at is None else tuple(map(_fraction, facts.regular_at)),
        outcomes=facts.outcomes,
        cores=tuple(
            GivenCore(centre=c.centre, frame=c.frame, radius=c.radius, outcome=c.outcome)
            for c in facts.cores
        ),
        forms=tuple(
            GivenForm(
                equations=tuple(map(str, f.equations)),
                factors=tuple(tuple(map(str, row)) for row in f.factors),
                outcome=f.outcome,
            )
            for f in facts.forms
        ),
        blocks=tuple(
            GivenBlock(lower=b.lower, upper=b.upper, frame=b.frame, unstable=b.unstable)
            for b in facts.blocks
        ),
        escapes=tuple(map(_escape, facts.escapes)),
        cells=CellList(
            level=tree.level[leaves].astype(np.int8),
            place=tree.place[leaves],
            mask=tree.mask[leaves],
            why=tree.why[leaves],
            which=tree.which[leaves],
            room=tree.room[leaves],
            stage=tree.stage[leaves],
        ),
        claim=claim,
    )
    return Certificate(content)


def _map(F: Map, facts: Facts) -> GivenMap | None:
    rule = _RULES.get(type(F))
    loss = None if F.loss is None else F.loss.symbolic
    numbers: dict[str, Any] = {"step_size": None, "momentum": None}
    for name in numbers:
        if rule is not None and hasattr(F, name):
            value = exactly(getattr(F, name))
            if not value.is_Rational:
                return None
            numbers[name] = _fraction(value)
    return GivenMap(
        rule=rule or Rule.SYMBOLIC,
        variables=tuple(v.name for v in facts.system.variables),
        loss=str(exactly(loss.bound)) if rule is not None and loss is not None else None,
        images=tuple(map(str, facts.system.images)),
        **numbers,
    )


def _escape(escape: Any) -> GivenEscape:
    if isinstance(escape, Barrier):
        return GivenEscape(kind="barrier", radius=Fraction(0), barrier=_barrier(escape))
    if isinstance(escape, Orthants):
        return GivenEscape(kind="orthants", radius=escape.radius, signs=escape.signs)
    assert isinstance(escape, Far)
    return GivenEscape(kind="far", radius=escape.radius)


def _barrier(barrier: Barrier) -> GivenBarrier:
    return GivenBarrier(
        function=str(barrier.function),
        root=str(barrier.root),
        least=_fraction(barrier.least),
        form=barrier.form,
        steep=_identity(barrier.steep),
        regular=_identity(barrier.regular),
    )


def _identity(identity: Identity) -> GivenIdentity:
    return GivenIdentity(
        alpha=_fraction(identity.alpha),
        beta=tuple(map(str, identity.beta)),
        gamma=_fraction(identity.gamma),
    )


def _fraction(number: sp.Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))
