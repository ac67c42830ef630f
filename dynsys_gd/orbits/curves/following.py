"""How does a stable set go on from one of its points?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .growing import LARGEST_ANGLE, Growth
from .invariant_curve import BranchEnd
from .preimages import Chain, Chains

__all__ = ["Followed", "follow"]

Rows = NDArray[np.float64]

_STEPS_ACROSS = 40  # the longest step is this part of the region
_FIRST_STEP = 1e-3  # relative to the size of the point
_SHORTEST = 1e-4  # of the tolerance
_GROWS = 1.6
_PREDICTED = 0.3  # how much of a step may be left to Newton's method
_BISECTIONS = 24
_LONGEST_CHAIN = 20_000
_SHARE = 0.7  # of the tolerance for the estimate of an arc's height, which is no bound
_COMPARED = 60


@dataclass
class Followed:
    """A branch while it grows: the chain of each point, and the direction of the set there."""

    chains: list[Chain]
    directions: list[Rows]
    length: float = 0.0
    moved: float = 0.0
    end: BranchEnd = BranchEnd.WORK

    @property
    def rows(self) -> Rows:
        """The points in order, shape (m, 2)."""
        return np.array([chain.first for chain in self.chains])

    def take(self, chain: Chain | None, direction: Rows) -> None:
        """Append a point, where there is one."""
        if chain is not None:
            self.length += float(np.linalg.norm(chain.first - self.chains[-1].first))
            self.moved = max(self.moved, chain.moved)
            self.chains.append(chain)
            self.directions.append(direction)

    def deviation(self, equations: Chains) -> float:
        """Return how far middles of pieces, solved for, lie from the chords: a sample of them."""
        last = len(self.chains) - 1
        worst = 0.0
        for place in np.unique(np.linspace(0, last, _COMPARED).astype(int))[:-1]:
            chain, direction = self.chains[place], self.directions[place]
            chord = self.chains[place + 1].first - chain.first
            middle = _at(equations, chain, direction, float(direction @ chord) / 2)
            if middle is not None:
                across = np.array([-chord[1], chord[0]]) / np.linalg.norm(chord)
                worst = max(worst, abs(float(across @ (middle.first - chain.first))))
        return worst


def follow(equations: Chains, start: Chain, direction: Rows, growth: Growth) -> Followed:
    """Return the set from `start` on, in a direction.

    Each step is of a given length along the tangent. It is halved where the chain does not move as
    predicted, where the chord leaves the tangent by more than half of the largest angle, and where
    the height of the arc over its chord, length times angle over 4, exceeds the tolerance.
    """
    assert growth.region is not None
    sides = np.subtract(growth.region.high, growth.region.low)
    longest = min(float(sides.max()) / _STEPS_ACROSS, growth.length / 4)
    followed = Followed([start], [direction / np.linalg.norm(direction)])
    step = min(longest, _FIRST_STEP * (1 + float(np.abs(start.first).max())))
    while len(followed.chains) < growth.most:
        chain, along = followed.chains[-1], followed.directions[-1]
        new = _next(equations, chain, along, step, growth.tolerance)
        if new is None:
            step /= 2
            if step < _SHORTEST * growth.tolerance or len(chain.points) > _LONGEST_CHAIN:
                followed.end = BranchEnd.LIMIT
                break
            continue
        limit = growth.length - followed.length
        if np.linalg.norm(new.chain.first - chain.first) > limit:
            followed.take(_at(equations, new.before, new.tangent, limit), new.direction)
            followed.end = BranchEnd.LENGTH
            break
        if not growth.keeps(new.chain.first[None])[0]:
            followed.take(_at_the_border(equations, new, step, growth), new.direction)
            followed.end = BranchEnd.REGION
            break
        followed.take(new.chain, new.direction)
        if _returned(followed, growth.tolerance):
            followed.end = BranchEnd.CLOSED
            break
        if new.bend < 0.25 * LARGEST_ANGLE and step * new.bend / 4 < 0.3 * growth.tolerance:
            step = min(longest, _GROWS * step)
    return followed


@dataclass(frozen=True, eq=False)
class _Step:
    """A step: from which chain, along which tangent, to which chain, and the direction there."""

    before: Chain
    tangent: Rows
    chain: Chain
    direction: Rows
    bend: float


def _next(
    equations: Chains, chain: Chain, along: Rows, step: float, tolerance: float
) -> _Step | None:
    """Return the next point where the step is small enough for the set to be followed."""
    tangent = equations.tangent(chain, along)
    if tangent is None:
        return None
    while abs(chain.s + step * tangent.s) > 1:  # beyond the end of the local curve
        chain = equations.lengthened(chain)
        tangent = equations.tangent(chain, along)
        if tangent is None or len(chain.points) > _LONGEST_CHAIN:
            return None
    unit, guess = tangent.points[0], chain.plus(tangent, step)
    new = equations.solved(guess, unit, float(unit @ chain.first) + step)
    if new is None or abs(new.s) > 1.1:
        return None
    # A correction comparable with the step may have led to another piece of the set.
    surprise = np.abs(new.points - guess.points).max()
    if surprise > _PREDICTED * np.abs(new.points - chain.points).max():
        return None
    bend = _angle(new.first - chain.first, unit)
    if step > tolerance and (bend > LARGEST_ANGLE / 2 or step * bend / 4 > _SHARE * tolerance):
        return None
    ahead = equations.tangent(new, unit)
    if ahead is None or _angle(ahead.points[0], unit) > 1:
        return None
    return _Step(chain, unit, new, ahead.points[0], bend)


def _at(equations: Chains, chain: Chain, along: Rows, step: float) -> Chain | None:
    """Return the point a given step farther along a direction, where it can be reached."""
    tangent = equations.tangent(chain, along)
    if tangent is None:
        return None
    guess = chain.plus(tangent, step)
    return equations.solved(guess, along, float(along @ chain.first) + step)


def _at_the_border(equations: Chains, new: _Step, step: float, growth: Growth) -> Chain | None:
    """Return the last point inside the region."""
    low, high, inside = 0.0, step, None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        chain = _at(equations, new.before, new.tangent, middle)
        if chain is not None and growth.keeps(chain.first[None])[0]:
            low, inside = middle, chain
        else:
            high = middle
    return inside


def _returned(followed: Followed, tolerance: float) -> bool:
    """Return whether the set closes: its last piece runs over the beginning, the same way."""
    if len(followed.chains) < 8:
        return False
    last, end, start = (followed.chains[k].first for k in (-2, -1, 0))
    chord = end - last
    size = float(np.linalg.norm(chord))
    share = float((start - last) @ chord) / size**2
    across = abs(float((start - last) @ np.array([-chord[1], chord[0]]))) / size
    alike = followed.directions[-1] @ followed.directions[0] > 0.9
    return bool(0 < share <= 1 and across <= 4 * tolerance and alike)


def _angle(one: Rows, unit: Rows) -> float:
    """Return the angle between a vector and a unit vector, accurate for small ones."""
    apart = float(np.linalg.norm(one / np.linalg.norm(one) - unit))
    return 2 * math.asin(min(1.0, apart / 2))
