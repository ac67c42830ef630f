"""The unstable curve of a saddle: images of a short piece that is known to rounding errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import iterate
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Box
from ..periodic_orbit import PeriodicOrbit
from .growing import (
    LARGEST_ANGLE,
    Growth,
    checked_growth,
    distance_to_chain,
    lengths_of,
    turning,
)
from .invariant_curve import BranchEnd, CurveSide, InvariantCurve
from .local_curve import LocalCurve, local_curve
from .saddle import Saddle, checked_saddle

__all__ = ["unstable_manifold"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_SOURCES = (
    "cabre2005parameterization",
    "hobson1993efficient",
    "krauskopf1998growing",
    "you1991calculating",
)
_FIRST_PIECES = 8  # of a stretch, before any is halved
_MOST_STRETCHES = 2048
_BISECTIONS = 60
_COMPARED = 400


def unstable_manifold(
    F: Map,
    orbit: PeriodicOrbit | Any,
    *,
    length: float = 20.0,
    tolerance: float = 1e-4,
    region: Box | None = None,
    most_points: int = 50_000,
) -> InvariantCurve:
    """Return the unstable curve of a saddle: the points whose backward orbits tend to it.

    Parameters
    ----------
    F : Map
        In two coordinates or more; it need not be invertible.
    orbit : PeriodicOrbit or array_like, shape (p, d) or (d,)
        A saddle with exactly one multiplier outside the unit circle; refined by Newton's method.
    length : float
        Length of each branch, positive.
    tolerance : float
        Distance between straight pieces and the curve that is aimed at, positive; the `error` of
        the result says what was reached.
    region : Box, optional
        A branch ends where it first leaves it.
    most_points : int
        On a branch.

    Returns
    -------
    InvariantCurve
        Two branches for each point of the orbit.

    Raises
    ------
    InvalidInput
        Where `orbit` is no saddle orbit of F, or has several unstable directions, and for open
        parameters.
    UndecidedError
        Where no local curve is found: the map is not smooth at the saddle.

    Notes
    -----
    Near the saddle the curve is a polynomial K with F^p(K(s)) = K(λ s), |s| <= 1, accurate to
    rounding errors [1]_. For every real s the point W(s) = F^(pm)(K(s / λ^m)), with m large enough,
    lies on the curve, and for λ < 0 the two branches are swapped by themselves. W is sampled: a
    piece is halved, in s, until its middle lies within the tolerance of the chord and the chain
    turns by at most 0.3 at each point [2]_ [3]_ [4]_. So every point is an image of a point of the
    polynomial, and none is interpolated.

    Errors across the curve shrink with the map along most curves, errors along it only move
    points on it. What is reported is measured: the distance of middles from chords, and how far
    points move off the curve when each is computed from one return closer to the saddle.

    References
    ----------
    .. [1] Cabré, Fontich, de la Llave [cabre2005parameterization]_.
    .. [2] You, Kostelich, Yorke [you1991calculating]_.
    .. [3] Hobson [hobson1993efficient]_.
    .. [4] Krauskopf, Osinga [krauskopf1998growing]_.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import SymbolicMap
    >>> F = SymbolicMap([x / 2 + 7 * y**2 / 2, 2 * y], [x, y])  # the curve is x = y²
    >>> curve = unstable_manifold(F, [0, 0], length=3)
    >>> [len(branch) > 20 for branch in curve.branches], [end.name for end in curve.ends]
    ([True, True], ['LENGTH', 'LENGTH'])
    >>> bool(abs(curve.branches[0][:, 0] - curve.branches[0][:, 1] ** 2).max() < 1e-12)
    True
    """
    saddle = checked_saddle(F, orbit, CurveSide.UNSTABLE)
    growth = checked_growth(F.dimension, length, tolerance, region, most_points, needs_region=False)
    local = local_curve(saddle, growth.tolerance)
    branches, ends, error = [], [], local.error
    for place in range(saddle.cycle.period):
        for sign in (1.0, -1.0):
            rows, end, own = _Branch(saddle, local, place, sign, growth).grown()
            branches.append(rows)
            ends.append(end)
            error = max(error, own)
    return InvariantCurve(
        map=F,
        orbit=saddle.cycle.points,
        which=CurveSide.UNSTABLE,
        multiplier=saddle.multiplier,
        branches=tuple(branches),
        ends=tuple(ends),
        error=error,
        local_error=local.error,
        tolerance=growth.tolerance,
        region=region,
        primary=len(branches),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="images in floating point of a polynomial that solves the equation of the curve "
            f"to {local.error:.1g}; distances to the curve were measured, not enclosed",
            sources=_SOURCES,
        ),
    )


@dataclass(frozen=True, eq=False)
class _Branch:
    """One half of W, seen from one point of the orbit."""

    saddle: Saddle
    local: LocalCurve
    place: int
    sign: float
    growth: Growth

    @property
    def stretch(self) -> float:
        """The logarithm of |λ|."""
        return math.log(abs(self.saddle.multiplier))

    def points(self, w: Numbers, *, deeper: int = 0) -> Rows:
        """Return W at the parameters `w`: s itself up to 1, then 1 + log s."""
        u = np.where(w > 1, w - 1, 0.0)
        returns = np.ceil(u / self.stretch).astype(int) + deeper
        sign = np.where(returns % 2, math.copysign(1.0, self.saddle.multiplier), 1.0)
        s = self.sign * sign * np.minimum(w, 1.0) * np.exp(u - returns * self.stretch)
        rows = self.local.points(s)
        period = self.saddle.cycle.period
        for count in np.unique(returns):
            chosen = returns == count
            steps = int(count) * period + self.place
            with np.errstate(all="ignore"):
                rows[chosen] = iterate(
                    self.saddle.cycle.kernel, rows[chosen], steps, arithmetic=Arithmetic.PLAIN
                )
        return rows

    def grown(self) -> tuple[Rows, BranchEnd, float]:
        """Return the branch, why it ends, and its estimated error."""
        w, rows = np.zeros(1), self.points(np.zeros(1))
        worst, total, quiet = 0.0, 0.0, 0
        last, end = 1.0, BranchEnd.WORK
        for stretch in range(_MOST_STRETCHES):
            # From the saddle to s = 1, then returns that stretch at least twofold.
            if stretch:
                last = w[-1] + self.stretch * max(1, math.ceil(math.log(2) / self.stretch))
            piece = _Piece(self, w[-1], rows[-1], last)
            piece.refine(self.growth.length - total, self.growth.most - len(w))
            w, rows = np.append(w, piece.w[1:]), np.concatenate([rows, piece.rows[1:]])
            worst, own = max(worst, piece.deviation), float(lengths_of(piece.rows).sum())
            total += own
            if piece.end is not None:
                end = piece.end
                break
            quiet = quiet + 1 if own < self.growth.tolerance / 8 else 0
            if quiet == 3:
                end = BranchEnd.LIMIT
                break
        return rows, end, worst + self._off_the_curve(w, rows)

    def _off_the_curve(self, w: Numbers, rows: Rows) -> float:
        """Return how far points move off the chain when computed from closer to the saddle."""
        places = np.unique(np.linspace(0, len(w) - 1, min(_COMPARED, len(w))).astype(np.intp))
        again = self.points(w[places], deeper=1)
        return float(distance_to_chain(again, rows, places, 4).max()) if len(w) > 1 else 0.0


class _Piece:
    """A stretch of a branch while its pieces are halved."""

    def __init__(self, branch: _Branch, first: float, start: Rows, last: float) -> None:
        self.branch, self.growth = branch, branch.growth
        self.w = np.linspace(first, last, _FIRST_PIECES + 1)
        self.rows = np.concatenate([start[None], branch.points(self.w[1:])])
        self.good = np.zeros(_FIRST_PIECES, dtype=bool)  # pieces whose middle lies on the chord
        self.deviation = 0.0
        self.end: BranchEnd | None = None

    def refine(self, length: float, most: int) -> None:
        """Halve pieces until all are good; stop at the border, the length or the last point."""
        while True:
            self._cut_at_the_border()
            self._cut_at_the_length(length)
            if not self._look_at_angles() or len(self.w) < 2:
                break
            if len(self.w) > most:
                self._keep(int(np.argmin(self.good)))  # what comes before the first doubt
                self.end = BranchEnd.WORK
                break
            self._halve()

    def _halve(self) -> None:
        doubtful = np.flatnonzero(~self.good)
        middles = (self.w[doubtful] + self.w[doubtful + 1]) / 2
        rows = self.branch.points(middles)
        a, b = self.rows[doubtful], self.rows[doubtful + 1]
        with np.errstate(all="ignore"):
            away = distance_to_chain(rows, self.rows, doubtful, 1)
            bent = np.array([turning(np.stack(three))[0] for three in zip(a, rows, b, strict=True)])
            chord = np.linalg.norm(rows - a, axis=1) + np.linalg.norm(b - rows, axis=1)
        tolerance = self.growth.tolerance
        good = (away <= tolerance) & ((bent <= LARGEST_ANGLE) | (chord <= tolerance))
        # Neighbours in the parameter that are the same double cannot be halved.
        good |= (middles <= self.w[doubtful]) | (middles >= self.w[doubtful + 1])
        # A middle that is on its chord leaves about a quarter of the deviation behind.
        self.deviation = max([self.deviation, *(away[good] / 4)])
        self.w = np.insert(self.w, doubtful + 1, middles)
        self.rows = np.insert(self.rows, doubtful + 1, rows, axis=0)
        flags = np.insert(self.good, doubtful + 1, good)
        flags[doubtful + np.arange(len(doubtful))] = good
        self.good = flags

    def _look_at_angles(self) -> bool:
        """Mark pieces at sharp corners; return whether any piece is doubtful."""
        if len(self.w) > 2:
            size = lengths_of(self.rows)
            sharp = turning(self.rows) > LARGEST_ANGLE
            coarse = size > self.growth.tolerance
            splittable = np.diff(self.w) > 1e-13 * self.w[1:]
            near = np.append(sharp, False) | np.append(False, sharp)
            self.good &= ~(near & coarse & splittable)
        return not bool(self.good.all())

    def _keep(self, pieces: int) -> None:
        self.w, self.rows = self.w[: pieces + 1], self.rows[: pieces + 1]
        self.good = self.good[:pieces]

    def _cut_at_the_border(self) -> None:
        outside = np.flatnonzero(~self.growth.keeps(self.rows))
        if not len(outside):
            return
        first = int(outside[0])
        if not first:
            self._keep(0)
            self.end = self.end or BranchEnd.REGION
            return
        low, high = self.w[first - 1], self.w[first]
        inside = self.rows[first - 1]
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            row = self.branch.points(np.array([middle]))
            if self.growth.keeps(row)[0]:
                low, inside = middle, row[0]
            else:
                high = middle
        beyond = self.branch.points(np.array([high]))
        known = self.growth.region is not None and np.isfinite(beyond).all()
        self.end = BranchEnd.REGION if known else BranchEnd.DIVERGED
        self._keep(first)
        self.w[first], self.rows[first] = low, inside
        self.good[first - 1] = False

    def _cut_at_the_length(self, length: float) -> None:
        total = np.append(0.0, np.cumsum(lengths_of(self.rows)))
        beyond = np.flatnonzero(total > length)
        if not len(beyond):
            return
        place = int(beyond[0])
        self._keep(place)
        self.end = BranchEnd.LENGTH
        if self.good.all():  # only now are chords as long as the curve
            share = (length - total[place - 1]) / (total[place] - total[place - 1])
            self.w[place] = self.w[place - 1] + share * (self.w[place] - self.w[place - 1])
            self.rows[place] = self.branch.points(self.w[place : place + 1])[0]
