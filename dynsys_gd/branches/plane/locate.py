"""Points of codimension two between two neighbouring points of a curve of bifurcations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..bifurcation_point import Located
from ..continuation.curve import Vector
from ..continuation.newton import corrected, tangent_of
from ..continuation.walk import Walked
from .codimension_two import CodimensionTwo
from .conditions import CONDITIONS
from .critical_curve import CriticalCurve
from .spot import Spot

__all__ = ["Found", "found_between"]

_POLE = 1e-2  # of its size at the ends: what a test function that goes through zero comes below
_ON_CIRCLE = 1e-4  # how near to the circle another pair must be, or it is a neutral saddle
_SINGLE = 1e-5  # ℓ q below which a double multiplier has one eigenvector only
_NODES = 10
_SPREAD = 0.02  # of the step: nodes this far around a point where curves cross
_AT_END = 1e-13  # test functions this small are zero at an end
_NEUTRAL = 1e-7  # test functions this small at both ends vanish all along
_COEFFICIENTS = (CodimensionTwo.CUSP, CodimensionTwo.GENERALIZED_FLIP, CodimensionTwo.CHENCINER)
_PAIRS = {
    CodimensionTwo.FOLD_NEIMARK_SACKER,
    CodimensionTwo.FLIP_NEIMARK_SACKER,
    CodimensionTwo.TWO_PAIRS,
}


@dataclass(frozen=True, eq=False)
class Found:
    """A point of codimension two.

    Parameters
    ----------
    kind : CodimensionTwo
    walked : Walked
        Where it is, with the tangent of the curve.
    located : Located
    ends : tuple of two ndarray
        Parameter values on both sides of it.
    """

    kind: CodimensionTwo
    walked: Walked
    located: Located
    ends: tuple[Vector, Vector]


def found_between(
    curve: CriticalCurve, here: Walked, there: Walked, *, last: bool = False
) -> Iterator[Found]:
    """Yield the points of codimension two between two points of the curve, in order.

    With `last` the map may not be defined beyond `there`, and a root may be there exactly.
    """
    first, final = Spot(curve, here.u), Spot(curve, there.u)
    line = _Line(curve, here, there)
    found = []
    for kind, test in CONDITIONS[curve.bifurcation].items():
        ends = test(first, first), test(final, first)
        at_end = last and abs(ends[1]) <= _AT_END < 0.1 * abs(ends[0])
        passed = _changes(*ends) and not _neutral(kind, first, final, ends)
        if not (passed or at_end):
            continue
        place = _root(line, kind, test, first, max(map(abs, ends)))
        if place is not None:
            found.append(place)
    yield from sorted(found, key=lambda each: each.walked.length)


def _neutral(kind: CodimensionTwo, first: Spot, last: Spot, ends: tuple[float, float]) -> bool:
    """Return whether a test function vanishes all along, and its signs are rounding."""
    if kind in _COEFFICIENTS:
        return first.vanishing and last.vanishing
    return max(map(abs, ends)) <= _NEUTRAL


def _changes(a: float, b: float) -> bool:
    """Return whether a sign changes; zero counts as above."""
    return bool(np.isfinite(a) and np.isfinite(b) and (a < 0) != (b < 0))


class _Line:
    """The points of the curve between two others, by the distance along the first tangent."""

    def __init__(self, curve: CriticalCurve, here: Walked, there: Walked) -> None:
        self.curve, self.here, self.there = curve, here, there
        across = there.u - here.u
        self.length = float(np.sum(curve.weights * here.tangent * across))
        self._bend = across - self.length * here.tangent

    def at(self, s: float) -> Vector | None:
        share = s / self.length
        guess = self.here.u + s * self.here.tangent + share * share * self._bend
        found = corrected(self.curve, guess, self.here.tangent)
        return None if found is None else found.u

    def walked(self, u: Vector, s: float) -> Walked:
        tangent = tangent_of(self.curve, u, self.here.tangent)
        length = self.here.length + (self.there.length - self.here.length) * s / self.length
        return Walked(u, self.here.tangent if tangent is None else tangent, length)


class _Singular(Exception):
    """The equations could not be solved on the way, as happens where curves cross."""

    def __init__(self, s: float) -> None:
        super().__init__(s)
        self.s = s


def _root(
    line: _Line,
    kind: CodimensionTwo,
    test: Callable[[Spot, Spot], float],
    reference: Spot,
    size: float,
) -> Found | None:
    """Return where a test function vanishes; None where it has a pole or means nothing."""
    from scipy.optimize import brentq

    def value(s: float) -> float:
        u = line.at(s)
        found = float("nan") if u is None else test(Spot(line.curve, u), reference)
        if not np.isfinite(found):
            raise _Singular(s)
        return found

    s: float | None
    try:
        s = _end(value, line.length)
        if s is None:
            s = float(brentq(value, 0.0, line.length, xtol=1e-300, rtol=8.9e-16, maxiter=200))
        u = line.at(s)
    except _Singular as singular:
        s = singular.s
        u = None
    if u is None:
        # Where the equations are singular a coefficient has a pole rather than a zero.
        return None if kind in _COEFFICIENTS else _interpolated(line, kind, value, s)
    spot = Spot(line.curve, u)
    if abs(test(spot, reference)) > _POLE * size or not _meant(kind, spot, reference):
        return None
    ends = _bracket(value, s, line.length)
    sides = [line.at(end) for end in ends]
    located = Located.ROOT if ends != (0.0, line.length) else Located.BRACKETED
    values = [u[-2:] if side is None else side[-2:] for side in sides]
    return Found(kind, line.walked(u, s), located, (values[0], values[1]))


def _end(value: Callable[[float], float], length: float) -> float | None:
    """Return the end at which the root is, where rounding hides the change of sign."""
    ends = [value(0.0), value(length)]
    if _changes(*ends):
        return None
    return 0.0 if abs(ends[0]) < abs(ends[1]) else length


def _meant(kind: CodimensionTwo, spot: Spot, reference: Spot) -> bool:
    """Return whether a change of sign is what it looks like."""
    if kind in _COEFFICIENTS:
        # It may also be due to the factor that takes out poles, where there was none.
        here, before = spot.raw, reference.raw
        return (
            here is not None
            and before is not None
            and (abs(here.value) <= _POLE * max(abs(before.value), here.size))
        )
    if kind is CodimensionTwo.TWO_FLIPS:
        q, left = spot.direction
        return abs(float(left @ q)) > _SINGLE
    if kind is CodimensionTwo.TWO_PAIRS or (kind in _PAIRS and not spot.curve.turning):
        # A product of two real multipliers may be 1 as well: nothing happens there.
        off = np.abs(np.abs(spot.others) - 1.0) <= _ON_CIRCLE
        return bool(np.any(off & (np.abs(spot.others.imag) > _ON_CIRCLE)))
    return True


def _bracket(value: Callable[[float], float], s: float, length: float) -> tuple[float, float]:
    """Return the closest ends around a root between which the sign is seen to change."""
    h = 4e-16 * max(s, length)
    while h < length:
        low, high = max(s - h, 0.0), min(s + h, length)
        try:
            if _changes(value(low), value(high)):
                return low, high
        except _Singular:
            pass
        h *= 4.0
    return 0.0, length


def _interpolated(
    line: _Line, kind: CodimensionTwo, value: Callable[[float], float], s: float
) -> Found | None:
    """Return a point at which the equations are singular, from the curve on both sides of it."""
    from scipy.interpolate import BarycentricInterpolator
    from scipy.optimize import brentq

    half = min(_SPREAD * line.length, s, line.length - s)
    angles = (2 * np.arange(_NODES) + 1) * np.pi / (2 * _NODES)
    nodes = s + half * np.cos(angles)
    found = [line.at(float(node)) for node in nodes]
    ends = (line.here.u[-2:], line.there.u[-2:])
    try:
        tests = [value(float(node)) for node in nodes]
        if half == 0 or any(u is None for u in found):
            raise _Singular(s)
        curve = BarycentricInterpolator(nodes, found)
        low, high = float(nodes.min()), float(nodes.max())
        test = BarycentricInterpolator(nodes, tests)
        root = float(brentq(test, low, high, xtol=1e-300, rtol=8.9e-16))
    except (_Singular, ValueError):
        near = line.here if s < line.length / 2 else line.there
        return Found(kind, near, Located.BRACKETED, ends)
    u = np.asarray(curve(root), dtype=np.float64).ravel()
    sides = sorted((node for node in nodes), key=lambda node: abs(node - root))[:2]
    around = tuple(np.asarray(curve(side), dtype=np.float64).ravel()[-2:] for side in sides)
    return Found(kind, line.walked(u, root), Located.ROOT, (around[0], around[1]))
