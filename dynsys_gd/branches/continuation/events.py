"""The special points between two neighbouring orbits of a branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation
from ..bifurcation_point import BifurcationPoint, Located
from ..followed import FollowedOrbit
from .critical_direction import critical_direction
from .curve import Curve, OrbitCurve
from .locate import Place, locate
from .signs import KIND_OF, Crossing, crossings_between, signs_of
from .walk import Walked

__all__ = ["events_between"]

_ON_CIRCLE = 1e-4  # how near to the unit circle a pair must be at the point, or it was none


def events_between(
    F: Map,
    parameter: str | None,
    curve: Curve,
    pair: tuple[Walked, Walked],
    steps: tuple[FollowedOrbit, FollowedOrbit],
    after: int,
) -> Iterator[BifurcationPoint]:
    """Yield the bifurcations that the test functions show between two orbits, in order."""
    known = parameter is not None
    signs = [signs_of(step, curve.family, known) for step in steps]
    found = []
    for crossing in crossings_between(*signs):
        for place in locate(curve, *pair, crossing, known):
            point = _point(F, parameter, curve, place, after)
            if point is not None:
                found.append((curve.norm(place.u - pair[0].u), point))
    yield from (point for _, point in sorted(found, key=lambda item: item[0]))


def _point(
    F: Map, parameter: str | None, curve: Curve, place: Place, after: int
) -> BifurcationPoint | None:
    mu = place.step.transverse(curve.family)
    crossing, count = place.crossing, place.count
    critical: complex
    if crossing in (Crossing.FLIP, Crossing.SEVERAL_FLIPS):
        critical = -1.0
    elif crossing is Crossing.PAIR:
        # A product of two real multipliers may be 1 as well: nothing happens there.
        pairs = mu[mu.imag > 0]
        if not len(pairs):
            return None
        critical = complex(pairs[np.argmin(np.abs(np.abs(pairs) - 1.0))])
        if abs(abs(critical) - 1.0) > _ON_CIRCLE:
            return None
        critical /= abs(critical)
        count = 2
    else:
        critical = 1.0
    direction = critical_direction(curve.jacobians(place.u), critical)
    point = BifurcationPoint(
        map=F,
        parameter=parameter,
        bifurcation=KIND_OF.get(crossing, Bifurcation.PITCHFORK),
        located=place.located,
        interval=place.interval,
        at=place.step,
        direction=direction,
        after=after,
        count=count,
        family=curve.family,
        note=_note(place, curve, parameter),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"a test function changes its sign along the branch ({place.located}); the "
            f"orbit there has residual {place.step.residual:.1e}",
            sources=("kuznetsov2004elements", "keller1977numerical"),
        ),
    )
    if crossing in (Crossing.UNIT, Crossing.SEVERAL_UNITS) and parameter is not None:
        # Whether branches cross or fork is told by the quadratic coefficient.
        form = point._form[0]
        if form is not None and form.bifurcation is Bifurcation.TRANSCRITICAL:
            return replace(point, bifurcation=Bifurcation.TRANSCRITICAL)
    return point


def _note(place: Place, curve: Curve, parameter: str | None) -> str:
    if parameter is None:
        return "along the family the stability of its fixed points changes here"
    if place.crossing is Crossing.UNIT and place.located is Located.BRACKETED:
        return "branches may only come near each other here: take shorter steps to see"
    if place.crossing is Crossing.TURN:
        return "passed along one of the arms: the branch that they leave crosses here"
    if isinstance(curve, OrbitCurve) and curve.family:
        return f"on a family of fixed points of dimension {curve.family}"
    return ""
