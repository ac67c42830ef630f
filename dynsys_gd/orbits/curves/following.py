"""How does a stable set go on from one of its points?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .growing import LARGEST_ANGLE, Growth
from .invariant_curve import BranchEnd
from .preimages import Chain, Chains

__all__ = ["Followed", "follow"]

Rows = NDArray[np.float64]

_STEPS_ACROSS = 40  # the longest step is this part of the region
_SHORTEST = 1e-4  # of the tolerance
_GROWS = 1.6
_PREDICTED = 0.3  # how much of a step may be left to Newton's method
_BISECTIONS = 24
_SHARE = 0.7  # of the tolerance for the estimate of an arc's height, which is no bound
_LONGEST_CHAIN = 20_000
_COMPARED = 60


@dataclass
class Followed:
    """A branch while it grows: its points, and each with the one before for what hangs on it."""

    chains: list[tuple[Chain, Chain]]
    length: float = 0.0
    moved: float = 0.0
    end: BranchEnd = BranchEnd.WORK
    steps: list[float] = field(default_factory=list)

    @property
    def rows(self) -> Rows:
        """The points in order, shape (m, 2)."""
        return np.array([chain.first for _, chain in self.chains])

    def deviation(self, equations: Chains) -> float:
        """Return how far middles of pieces, solved for, lie from the chords: a sample of them."""
        places = np.unique(np.linspace(1, len(self.chains) - 1, _COMPARED).astype(int))
        worst = 0.0
        for place in places if len(self.chains) > 1 else ():
            before, chain = self.chains[place]
            chord = chain.first - before.first
            size = float(np.linalg.norm(chord))
            if not size:
                continue
            unit = chord / size
            target = float(unit @ (before.first + chain.first)) / 2
            middle = equations.solved(before.towards(chain, 0.5), unit, target)
            if middle is not None:
                away = middle.first - (before.first + chain.first) / 2
                worst = max(worst, float(np.linalg.norm(away)))
        return worst


def follow(equations: Chains, before: Chain, start: Chain, growth: Growth) -> Followed:
    """Return the set from `start` on, away from `before`.

    Steps are of equal length along the direction of the last one; a step is halved where the chain
    does not move as predicted, where it turns by more than 0.3, and where length times angle over
    8, the height of an arc over its chord, exceeds the tolerance.
    """
    assert growth.region is not None
    sides = np.subtract(growth.region.high, growth.region.low)
    longest = min(float(sides.max()) / _STEPS_ACROSS, growth.length / 4)
    followed = Followed([(before, start)])
    step = min(longest, float(np.linalg.norm(start.first - before.first)))
    while len(followed.chains) < growth.most:
        new = _next(equations, before, start, step, growth.tolerance)
        if new is None:
            step /= 2
            if step < _SHORTEST * growth.tolerance or len(start.points) > _LONGEST_CHAIN:
                followed.end = BranchEnd.LIMIT
                break
            continue
        before, start, chain, bend = new
        limit = growth.length - followed.length
        if np.linalg.norm(chain.first - start.first) > limit:
            final = _at(equations, before, start, limit)
            _take(followed, start, final)
            followed.end = BranchEnd.LENGTH
            break
        if not growth.keeps(chain.first[None])[0]:
            _take(followed, start, _at_the_border(equations, before, start, step, growth))
            followed.end = BranchEnd.REGION
            break
        _take(followed, start, chain)
        before, start = start, chain
        if _returned(followed, step):
            followed.end = BranchEnd.CLOSED
            break
        if bend < 0.5 * LARGEST_ANGLE and step * bend / 8 < 0.3 * growth.tolerance:
            step = min(longest, _GROWS * step)
    return followed


def _next(
    equations: Chains, before: Chain, start: Chain, step: float, tolerance: float
) -> tuple[Chain, Chain, Chain, float] | None:
    """Return the two last chains, as long as the new one, the new one, and how far it turns."""
    share = 1 + step / float(np.linalg.norm(start.first - before.first))
    guess = before.towards(start, share)
    while abs(guess.s) > 1 and len(guess.points) <= _LONGEST_CHAIN:
        before, start = equations.lengthened(before), equations.lengthened(start)
        guess = before.towards(start, share)
    unit = _unit(start.first - before.first)
    chain = equations.solved(guess, unit, float(unit @ start.first) + step)
    if chain is None:
        return None
    if abs(chain.s) > 1:  # beyond the end of the local curve: one return more
        before, start = equations.lengthened(before), equations.lengthened(start)
        guess = before.towards(start, share)
        chain = equations.solved(guess, unit, float(unit @ start.first) + step)
        if chain is None or abs(chain.s) > 1:
            return None
    # A correction comparable with the step may have led to another piece of the set.
    surprise = np.abs(chain.points - guess.points).max()
    if surprise > _PREDICTED * np.abs(chain.points - start.points).max():
        return None
    if np.linalg.norm(chain.first - guess.first) > _PREDICTED * step:
        return None
    turned = float(np.linalg.norm(_unit(chain.first - start.first) - unit))
    bend = 2 * math.asin(min(1.0, turned / 2))
    if step > tolerance and (bend > LARGEST_ANGLE or step * bend / 8 > _SHARE * tolerance):
        return None
    return before, start, chain, bend


def _at(equations: Chains, before: Chain, start: Chain, step: float) -> Chain | None:
    """Return the point a given step farther, where it can be reached."""
    unit = _unit(start.first - before.first)
    share = 1 + step / float(np.linalg.norm(start.first - before.first))
    guess = before.towards(start, share)
    return equations.solved(guess, unit, float(unit @ start.first) + step)


def _at_the_border(
    equations: Chains, before: Chain, start: Chain, step: float, growth: Growth
) -> Chain | None:
    """Return the last point inside the region."""
    low, high, inside = 0.0, step, None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        chain = _at(equations, before, start, middle)
        if chain is not None and growth.keeps(chain.first[None])[0]:
            low, inside = middle, chain
        else:
            high = middle
    return inside


def _take(followed: Followed, before: Chain, chain: Chain | None) -> None:
    if chain is not None:
        size = float(np.linalg.norm(chain.first - before.first))
        followed.chains.append((before, chain))
        followed.steps.append(size)
        followed.length += size
        followed.moved = max(followed.moved, chain.moved)


def _returned(followed: Followed, step: float) -> bool:
    """Return whether the set closes: near the beginning again, in the same direction."""
    if followed.length < 6 * step or len(followed.chains) < 8:
        return False
    before, start = followed.chains[0]
    last, chain = followed.chains[-1]
    near = np.linalg.norm(chain.first - start.first) <= step
    alike = _unit(chain.first - last.first) @ _unit(start.first - before.first) > 0.9
    return bool(near and alike)


def _unit(vector: Rows) -> Rows:
    return np.asarray(vector / np.linalg.norm(vector))
