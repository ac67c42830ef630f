"""Between which values of the parameter the convergent share vanishes, and where to look next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import sympy as sp

from ...errors import InvalidInput
from ...regions import positive_count
from ...values import to_value
from .point import ShareStatus, TransitionPoint

__all__ = ["BracketLimit", "CriticalBracket", "Refinement", "bracketed", "next_value"]

_WIDTHS_IN_SPAN = 1000


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """How closely the critical value is looked for.

    Parameters
    ----------
    width : number or text, optional
        Distance, in units of the parameter, below which neighbours are not bisected any more; a
        thousandth of the span of the values where none is given.
    points : int
        Most values added. Their number is part of the simultaneous level, whether they are used or
        not. 0 looks at the given values only.
    negligible : float, optional
        A convergent share whose upper limit is at most this counts as vanished. Where none is
        given: 0.01, or twice the upper limit that so many starts allow when none converges.
    halvings : int
        At the values next to the critical one the budget is halved so often, to show what it
        decides.

    Examples
    --------
    >>> Refinement(points=0)
    Refinement(width=None, points=0, negligible=None, halvings=6)
    """

    width: Any = None
    points: int = 24
    negligible: float | None = None
    halvings: int = 6

    def __post_init__(self) -> None:
        for name in ("points", "halvings"):
            if getattr(self, name) != 0 or isinstance(getattr(self, name), bool):
                object.__setattr__(self, name, positive_count(getattr(self, name), name))
        share = self.negligible
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if share is not None and not (number and 0 < share < 1):
            raise InvalidInput("negligible", share, "a share above 0 and below 1")
        if self.width is not None:
            width = to_value(self.width, "width")
            if not width.is_number or not width > 0:
                raise InvalidInput("width", self.width, "a number above 0")

    def width_in(self, first: float, last: float) -> float:
        """Return the distance below which neighbours are not bisected, for values in a span."""
        if self.width is None:
            return (last - first) / _WIDTHS_IN_SPAN
        return float(to_value(self.width, "width"))


class BracketLimit(Enum):
    """What keeps the bracket of the critical value from being narrower.

    WIDTH: the width asked for is reached. POINTS: as many values were added as allowed. BUDGET:
    between its ends so many starts are undecided that the share may have vanished or not; more
    steps would tell. STARTS: there are too few of them for so small a share. VALUES: the given
    values do not reach from where some starts converge to where none does.

    Examples
    --------
    >>> print(BracketLimit.BUDGET)
    the budget of steps: starts are undecided there
    """

    WIDTH = "the width asked for"
    POINTS = "the number of values that may be added"
    BUDGET = "the budget of steps: starts are undecided there"
    STARTS = "the number of starts"
    VALUES = "the values given, which do not enclose it"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class CriticalBracket:
    """Between which values of the parameter the convergent share vanishes.

    Parameters
    ----------
    low : sympy.Expr or None
        The largest value at which the lower limit of the share is above zero; None where there is
        no such value.
    high : sympy.Expr or None
        The smallest value above `low` from which on the upper limit of the share is negligible at
        every value looked at; None where there is no such value.
    limit : BracketLimit
        Why the bracket is not narrower.
    open_values : tuple of sympy.Expr
        Values between the two at which the share may have vanished or not.

    Examples
    --------
    >>> low, high = sp.Rational(1, 2), sp.Rational(3, 4)
    >>> bracket = CriticalBracket(low=low, high=high, limit=BracketLimit.WIDTH)
    >>> bracket.value, bracket.interval
    (0.625, (0.5, 0.75))
    """

    low: sp.Expr | None
    high: sp.Expr | None
    limit: BracketLimit
    open_values: tuple[sp.Expr, ...] = ()

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends as floats, infinite where there is none."""
        low = -math.inf if self.low is None else float(self.low)
        return low, math.inf if self.high is None else float(self.high)

    @property
    def value(self) -> float | None:
        """The middle of the bracket, or None where an end is missing."""
        low, high = self.interval
        return (low + high) / 2 if math.isfinite(high - low) else None


def bracketed(
    points: Sequence[TransitionPoint], *, negligible: float, width: float
) -> CriticalBracket:
    """Return the bracket that points, ascending, give of the critical value."""
    found = [point.found(negligible) for point in points]
    last, first = _ends(found)
    low = None if last is None else points[last].value
    high = None if first is None else points[first].value
    start = 0 if last is None else last + 1
    between = points[start : len(points) if first is None else first]
    open_points = tuple(point.value for point in between)
    if last is None or first is None:
        limit = BracketLimit.VALUES
        if open_points:
            limit = _why_open(between)
    else:
        gaps = sum(right.at - left.at for left, right in _gaps(points, found, width))
        if between and gaps <= 0.5 * (points[first].at - points[last].at):
            limit = _why_open(between)  # more values would only come closer to the open ones
        else:
            limit = BracketLimit.POINTS if gaps else BracketLimit.WIDTH
    return CriticalBracket(low=low, high=high, limit=limit, open_values=open_points)


def next_value(
    points: Sequence[TransitionPoint], *, negligible: float, width: float
) -> sp.Expr | None:
    """Return the value to look at next, or None where the ends are as close as they shall be."""
    found = [point.found(negligible) for point in points]
    gaps = _gaps(points, found, width)
    if not gaps:
        return None
    left, right = max(gaps, key=lambda gap: gap[1].at - gap[0].at)
    return (left.value + right.value) / 2


def _ends(found: Sequence[ShareStatus]) -> tuple[int | None, int | None]:
    """Return the places of the last value that converges and of the first of the vanished tail."""
    last = max((k for k, what in enumerate(found) if what is ShareStatus.CONVERGES), default=None)
    first = len(found)
    while first and found[first - 1] is ShareStatus.VANISHED:
        first -= 1
    return last, None if first == len(found) else first


def _gaps(
    points: Sequence[TransitionPoint], found: Sequence[ShareStatus], width: float
) -> list[tuple[TransitionPoint, TransitionPoint]]:
    """Return the neighbours to bisect: beside each end of the bracket, where they are far apart."""
    last, first = _ends(found)
    places = set()
    if last is not None and last + 1 < len(points):
        places.add(last)
    if first is not None and first > 0 and last is not None:
        places.add(first - 1)
    pairs = list(pairwise(points))
    return [pairs[k] for k in sorted(places) if _far(*pairs[k], width)]


def _far(left: TransitionPoint, right: TransitionPoint, width: float) -> bool:
    middle = float((left.value + right.value) / 2)
    return right.at - left.at > width and left.at < middle < right.at


def _why_open(points: Sequence[TransitionPoint]) -> BracketLimit:
    """Return what would close the open points: more starts where none is undecided, or steps."""
    few = any(point.estimate.undecided == 0 for point in points)
    return BracketLimit.STARTS if few else BracketLimit.BUDGET
