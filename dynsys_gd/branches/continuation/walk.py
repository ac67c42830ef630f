"""Walking along a curve: predictor, corrector, and the length of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..branch import BranchLimit
from .curve import Curve, OrbitCurve, Vector
from .method import PseudoArclength
from .newton import corrected, side_of, tangent_of

__all__ = ["Stop", "Walked", "walk"]

_EASY = 3  # corrections that are no reason to shorten steps
_PARTS, _LEVELS = 8, 4  # of a step that leads over a crossing: whether shorter ones do, too
_NEARER = 1.1  # of a step that leads out: how far the last point may be
_FIRST_CORRECTION = 0.3  # of the step: longer ones may lead to another branch


@dataclass(frozen=True, eq=False)
class Walked:
    """A point of the curve: unknowns, unit tangent, and the length walked so far."""

    u: Vector
    tangent: Vector
    length: float


@dataclass(frozen=True)
class Stop:
    """Why the walk ended."""

    limit: BranchLimit


def walk(
    curve: Curve,
    start: Vector,
    tangent: Vector,
    method: PseudoArclength,
    limits: tuple[float, float] | None,
) -> Iterator[Walked | Stop]:
    """Yield points of the curve from `start` on along `tangent`, then why there are no more.

    Parameters
    ----------
    curve : Curve
    start, tangent : ndarray, shape (n,)
        A point of the curve, and its unit tangent.
    method : PseudoArclength
    limits : tuple of two float, or None
        The last unknown, the parameter, stays between them.
    """
    here = Walked(start, tangent, 0.0)
    side, doubts = side_of(curve, start, tangent), 0
    far = method.far * (curve.extent(start) + 1.0)
    h = method.first
    yield here
    for count in range(method.steps):
        there, iterations = None, 0
        while there is None:
            there, iterations = _step(curve, here, h, method.turn)
            ahead = here.u + h * here.tangent if there is None else there.u
            if limits is not None and not _inside(ahead, limits):
                last = (
                    _to_edge(curve, here, h, method.turn, limits)
                    if there is None
                    else _at_edge(curve, here, there, limits)
                )
                if last is not None:
                    yield last
                if last is not None or here.u[-1] in limits:
                    yield Stop(BranchLimit.RANGE)
                    return
                there = None  # the end itself may be singular, as step size zero is
            if there is None:
                h /= 2
                if h < method.shortest:
                    yield Stop(BranchLimit.STUCK)
                    return
        new_side = side_of(curve, there.u, there.tangent)
        if new_side * side < 0 and doubts < _LEVELS and not _crosses(curve, here, there, method):
            # It came near to another branch, and the step led over to that.
            h, doubts = h / _PARTS, doubts + 1
            continue
        side, doubts = new_side, 0
        if _halved(curve, here, there):
            yield Stop(BranchLimit.DOUBLING)
            return
        if count > 2 and _back(curve, start, tangent, here, there):
            # The first orbit again, so that no part is counted twice.
            yield Walked(start, tangent, here.length + curve.norm(start - here.u))
            yield Stop(BranchLimit.CLOSED)
            return
        yield there
        if curve.extent(there.u) > far:
            yield Stop(BranchLimit.FAR)
            return
        here = there
        if iterations <= _EASY:
            h = min(1.5 * h, method.longest)
        elif iterations > _EASY + 2:
            h = max(0.5 * h, method.shortest)
    yield Stop(BranchLimit.STEPS)


def _step(curve: Curve, here: Walked, h: float, turn: float) -> tuple[Walked | None, int]:
    found = corrected(curve, here.u + h * here.tangent, here.tangent)
    if found is None or found.first > _FIRST_CORRECTION * h:
        return None, 0
    tangent = tangent_of(curve, found.u, here.tangent)
    if tangent is None:
        return None, 0
    cosine = float(np.sum(curve.weights * tangent * here.tangent))
    if cosine < np.cos(turn):
        return None, 0
    moved = curve.norm(found.u - here.u)
    return Walked(found.u, tangent, here.length + moved), found.iterations


def _crosses(
    curve: Curve, here: Walked, there: Walked, method: PseudoArclength, levels: int = _LEVELS
) -> bool:
    """Return whether shorter steps from one point to another lead over a crossing, too."""
    length = curve.norm(there.u - here.u)
    side = side_of(curve, here.u, here.tangent)
    now = here
    while curve.norm(now.u - here.u) <= length:
        after, _ = _step(curve, now, length / _PARTS, method.turn)
        if after is None or curve.norm(after.u - now.u) < length / (2 * _PARTS):
            return False
        if side_of(curve, after.u, after.tangent) * side < 0:
            return levels == 0 or _crosses(curve, now, after, method, levels - 1)
        now = after
    return False


def _to_edge(
    curve: Curve, here: Walked, h: float, turn: float, limits: tuple[float, float]
) -> Walked | None:
    """Return the last point where the map may not be defined beyond it."""
    ahead = Walked(here.u + h * here.tangent, here.tangent, here.length + h)
    last = _at_edge(curve, here, ahead, limits)
    if last is None or last.length - here.length > _NEARER * h:
        return None
    cosine = float(np.sum(curve.weights * last.tangent * here.tangent))
    return last if cosine >= np.cos(turn) else None


def _inside(u: Vector, limits: tuple[float, float]) -> bool:
    return bool(limits[0] <= u[-1] <= limits[1])


def _at_edge(
    curve: Curve, here: Walked, there: Walked, limits: tuple[float, float]
) -> Walked | None:
    """Return the point between two others at which the parameter has its last value."""
    edge = limits[0] if there.u[-1] < limits[0] else limits[1]
    across = there.u[-1] - here.u[-1]
    share = (edge - here.u[-1]) / across
    if share <= 0:
        return None
    guess = here.u + share * (there.u - here.u)
    guess[-1] = edge
    normal = np.zeros_like(guess)
    normal[-1] = 1.0
    found = corrected(curve, guess, normal)
    if found is None:
        return None
    tangent = tangent_of(curve, found.u, here.tangent)
    if tangent is None:
        return None
    u = found.u.copy()
    u[-1] = edge  # to the last bit
    return Walked(u, tangent, here.length + curve.norm(u - here.u))


def _halved(curve: Curve, here: Walked, there: Walked) -> bool:
    """Return whether the halves of the orbit have changed places: it shrank to half its period."""
    if not isinstance(curve, OrbitCurve) or curve.period % 2:
        return False
    gaps = []
    for point in (here, there):
        x = curve.orbit(point.u)
        gaps.append(x - np.roll(x, curve.period // 2, axis=0))
    return bool(np.sum(gaps[0] * gaps[1]) < 0)


def _back(curve: Curve, start: Vector, tangent: Vector, here: Walked, there: Walked) -> bool:
    """Return whether the last step passed the point where the walk began."""
    before = float(np.sum(curve.weights * tangent * (here.u - start)))
    after = float(np.sum(curve.weights * tangent * (there.u - start)))
    step = there.length - here.length
    near = curve.norm(there.u - start) <= 1.5 * step
    return near and before < 0 <= after
