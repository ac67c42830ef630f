"""Go over to the branch that begins at, or crosses at, a bifurcation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import DynsysError, InvalidInput
from ...orbits.normal_forms.kinds import Bifurcation
from ..bifurcation_point import BifurcationPoint
from ..branch import Branch
from ..parametric import parametric
from .beginning import checked_range
from .curve import Curve, OrbitCurve, Vector
from .follow import Course, branch_of
from .method import PseudoArclength
from .newton import corrected, tangent_of
from .unit import unit_of_states

__all__ = ["courses_from", "switch"]

_AMPLITUDES = (
    3e-3,
    1e-2,
    1e-3,
    3e-2,
    3e-4,
    1e-4,
    1e-5,
    1e-6,
    1e-7,
)  # of the size of the orbit; tried in turn
_APART = 0.3  # of the amplitude: how much of it must be left after the correction
_NULL = 1e-4  # singular values below this, relative, belong to directions of branches


def switch(
    branch: Branch,
    point: BifurcationPoint | int,
    *,
    to: tuple[Any, Any] | None = None,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
    progress: Callable[[int, int | None], Any] | None = None,
) -> Branch:
    """Return the other branch through a special point: the doubled orbit, or the other arms.

    Parameters
    ----------
    branch : Branch
        Followed along a parameter.
    point : BifurcationPoint or int
        One of ``branch.special``, or its place in that list. A flip leads to the orbit of twice
        the period; a pitchfork to both of its arms, or from an arm to the branch they leave; a
        transcritical point to the branch that crosses.
    to : tuple of two numbers, optional
        Ends of the parameter range; those that `branch` covers by default.
    method : PseudoArclength
    progress : callable, optional
        Called as ``progress(steps, None)``.

    Returns
    -------
    Branch
        From a flip on, beginning next to it; otherwise to both sides of the point.

    Raises
    ------
    InvalidInput
        For a fold, through which the same branch goes on; for a Neimark-Sacker point, where a
        closed curve begins and no orbit; where several multipliers cross together; and for points
        of another branch.
    DynsysError
        Where no orbit was found next to the point, for example at a flip on a family of minima
        that is not its flattest point.

    Notes
    -----
    The first orbit of the new branch is looked for on the hyperplane on which the critical
    direction has a given amplitude; the parameter value is found with it, so that it does not
    matter to which side the branch goes.

    References
    ----------
    Keller (1977) [keller1977numerical]_; Kuznetsov (2004) [kuznetsov2004elements]_, chapter 10.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, follow
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> branch = follow(well, [1.0], parameter="eta", to=(0.5, 1.25))
    >>> doubled = switch(branch, 0)
    >>> doubled.period, doubled.special[0].bifurcation, round(doubled.special[0].value, 10)
    (2, <Bifurcation.FLIP: 'flip'>, 1.2360679775)
    """
    if not isinstance(branch, Branch):
        raise InvalidInput("branch", branch, "a Branch", "make one with follow(F, orbit, ...)")
    chosen = _chosen(branch, point)
    if branch.parameter is None:
        raise InvalidInput(
            "branch",
            branch.headline(),
            "a branch along a parameter",
            "follow one of the fixed points along the step size, and switch there",
        )
    if not isinstance(method, PseudoArclength):
        raise InvalidInput("method", method, "a PseudoArclength", "PseudoArclength(longest=0.01)")
    ends = (float(branch.values.min()), float(branch.values.max()))
    limits = ends if to is None else checked_range(to)
    courses = list(courses_from(chosen, limits))
    if not courses:
        raise DynsysError(
            f"no other orbit was found next to the {chosen.bifurcation} at "
            f"{chosen.parameter} = {chosen.value:.9g}"
        )
    found = [branch_of(course, method, progress, both=False) for course in courses]
    return _joined(found, chosen)


def _chosen(branch: Branch, point: Any) -> BifurcationPoint:
    if isinstance(point, (int, np.integer)) and not isinstance(point, bool):
        if not -len(branch.special) <= point < len(branch.special):
            raise InvalidInput(
                "point", point, f"a place among the {len(branch.special)} special points"
            )
        chosen = branch.special[point]
    elif isinstance(point, BifurcationPoint):
        chosen = point
        if chosen.map != branch.map or chosen.parameter != branch.parameter:
            raise InvalidInput("point", point.headline(), "a special point of this branch")
    else:
        raise InvalidInput("point", point, "a BifurcationPoint or its place in branch.special")
    if chosen.bifurcation is Bifurcation.FOLD:
        raise InvalidInput(
            "point", chosen.headline(), "a point where branches cross", "the branch itself turns"
        )
    if chosen.bifurcation is Bifurcation.NEIMARK_SACKER:
        raise InvalidInput(
            "point", chosen.headline(), "a flip or a crossing", "a closed curve begins there"
        )
    if chosen.count > 1:
        raise InvalidInput(
            "point",
            chosen.headline(),
            "a point where one multiplier crosses",
            "restrict the map to one of the directions",
        )
    return chosen


def courses_from(point: BifurcationPoint, limits: tuple[float, float]) -> Iterator[Course]:
    """Yield where to begin to walk: one way from a flip, two ways from a crossing."""
    assert point.parameter is not None
    system = parametric(point.map, point.parameter, limits)
    x = point.at.points
    units = (unit_of_states(system, x, point.value), limits[1] - limits[0])
    if point.bifurcation is Bifurcation.FLIP:
        curve = OrbitCurve(system, 2 * len(x), 0, units)
        origin = np.append(np.concatenate([x, x]).ravel(), point.value)
        away = np.concatenate([point.direction, -point.direction]).ravel()
        directions = [np.append(away, 0.0)]
    else:
        curve = OrbitCurve(system, len(x), point.family, units)
        origin = np.append(x.ravel(), point.value)
        across = _across(curve, origin, point.at.tangent)
        directions = [] if across is None else [across, -across]
    for direction in directions:
        found = _first(curve, origin, direction / curve.norm(direction), limits)
        if found is not None:
            yield Course(point.map, point.parameter, curve, *found, limits)


def _across(curve: Curve, origin: Vector, tangent: Vector) -> Vector | None:
    """Return the direction of branches at right angles to the one that was followed."""
    _, matrix = curve.linear(origin)
    root = np.sqrt(curve.weights)
    dense = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    dense = curve.scaled(origin, dense) / root
    _, sizes, rows = np.linalg.svd(dense)
    full = np.concatenate([sizes, np.zeros(len(rows) - len(sizes))])
    null = rows[full <= _NULL * max(1.0, sizes[0])]
    along = root * tangent
    along = null.T @ (null @ along)
    length = np.linalg.norm(along)
    if len(null) < 2 + curve.family or length == 0:
        return None
    rest = null - np.outer(null @ along, along) / length**2
    # Of what is left the direction with the smallest stretch: the others belong to a family.
    vector = np.linalg.svd(rest)[2][0]
    return np.asarray(vector / root)


def _first(
    curve: Curve, origin: Vector, direction: Vector, limits: tuple[float, float]
) -> tuple[Vector, Vector] | None:
    """Return an orbit of the new branch next to the point, and the tangent that leads away."""
    for amplitude in _AMPLITUDES:
        guess = origin + amplitude * direction
        found = corrected(curve, guess, direction)
        if found is None:
            continue
        moved = found.u - origin
        along = float(np.sum(curve.weights * direction * moved))
        # The branch that we come from must not have been found again. The parameter may go far:
        # over a narrow range a small amplitude is many of its units.
        aside = curve.extent(moved - along * direction)
        if along < _APART * amplitude or aside > amplitude:
            continue
        tangent = tangent_of(curve, found.u, direction)
        if tangent is None or not limits[0] <= found.u[-1] <= limits[1]:
            continue
        return found.u, tangent
    return None


def _joined(found: list[Branch], point: BifurcationPoint) -> Branch:
    if len(found) == 1:
        return replace(found[0], origin=point)
    ahead, back = found
    turned = tuple(replace(step, tangent=-step.tangent) for step in reversed(back.steps))
    shift = len(turned)
    special = [
        *(replace(p, after=shift - 2 - p.after) for p in reversed(back.special)),
        *(replace(p, after=shift + p.after) for p in ahead.special),
    ]
    return replace(
        ahead,
        steps=(*turned, *ahead.steps),
        special=tuple(special),
        limits=(back.limits[1], ahead.limits[1]),
        origin=point,
    )
