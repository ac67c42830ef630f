"""What else is mapped onto a stable set: pieces that do not touch the saddle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .following import Followed, follow
from .growing import Growth, distance_to_chain
from .invariant_curve import BranchEnd
from .preimages import Chain, Chains

__all__ = ["components"]

Rows = NDArray[np.float64]

_SEEDS = 12  # along each side of the region
_TARGETS = 5  # on each branch
_NEWTON_STEPS = 25
_MOST_PIECES = 60
_SAME = 1e-7


def components(
    equations: Chains, primary: list[Followed], growth: Growth, depth: int
) -> list[Followed]:
    """Return the pieces in the region that are mapped onto `primary` within `depth` steps."""
    found: list[Followed] = []
    level = primary
    for _ in range(depth):
        following: list[Followed] = []
        for branch in level:
            for chain, direction in _targets(branch):
                for z in _preimages(equations, chain.first, growth):
                    known = [*primary, *found, *following]
                    if len(known) >= _MOST_PIECES or any(_on(z, b, growth) for b in known):
                        continue
                    piece = _piece(equations, z, chain, direction, growth)
                    if piece is not None:
                        following.append(piece)
        found += following
        level = following
    return found


def _targets(branch: Followed) -> list[tuple[Chain, Rows]]:
    """Return some points of a branch with its directions; not the first, often a saddle."""
    last = len(branch.chains) - 1
    places = np.unique(np.linspace(0, last, _TARGETS + 2)[1:-1].astype(int))
    return [(branch.chains[place], branch.directions[place]) for place in places if place]


def _preimages(equations: Chains, target: Rows, growth: Growth) -> Rows:
    """Return the points of the region that Newton's method finds to be mapped to `target`."""
    assert growth.region is not None
    z = growth.region.grid(_SEEDS).points
    for _ in range(_NEWTON_STEPS):
        z = _improved(equations, z, target)
    with np.errstate(all="ignore"):
        miss = np.abs(equations.kernel.step(z)[0] - target).max(axis=1)
        size = 1 + np.abs(target).max()
        z = z[(miss < 1e-9 * size) & growth.keeps(z)]
    kept: list[Rows] = []
    for row in z:
        if all(np.abs(row - other).max() > _SAME * size for other in kept):
            kept.append(row)
    return np.array(sorted(kept, key=tuple)).reshape(-1, 2)


def _improved(equations: Chains, z: Rows, target: Rows) -> Rows:
    """Return one step of Newton's method from each row; rows without one become NaN."""
    with np.errstate(all="ignore"):
        defect = target - equations.kernel.step(z)[0]
        slopes = equations.kernel.jacobian(z)
        det = slopes[:, 0, 0] * slopes[:, 1, 1] - slopes[:, 0, 1] * slopes[:, 1, 0]
        x = (slopes[:, 1, 1] * defect[:, 0] - slopes[:, 0, 1] * defect[:, 1]) / det
        y = (slopes[:, 0, 0] * defect[:, 1] - slopes[:, 1, 0] * defect[:, 0]) / det
        return np.asarray(z + np.stack([x, y], axis=1))


def _on(z: Rows, branch: Followed, growth: Growth) -> bool:
    """Return whether a point lies on a branch that is known."""
    rows = branch.rows
    if len(rows) < 2:
        return False
    place = np.array([np.argmin(np.linalg.norm(rows - z, axis=1))])
    return bool(distance_to_chain(z[None], rows, place, 2)[0] <= 3 * growth.tolerance)


def _piece(
    equations: Chains, z: Rows, target: Chain, direction: Rows, growth: Growth
) -> Followed | None:
    """Follow the set both ways from a preimage of a point that is on it."""
    try:
        along = np.linalg.solve(equations.kernel.jacobian(z[None])[0], direction)
    except np.linalg.LinAlgError:
        return None
    along = along / np.linalg.norm(along)
    guess = Chain(np.concatenate([z[None], target.points]), target.s)
    start = equations.solved(guess, along, float(along @ z))
    if start is None:
        return None
    forward = follow(equations, start, along, growth)
    if forward.end is BranchEnd.CLOSED:
        return forward
    backward = follow(equations, start, -along, growth)
    return Followed(
        [*reversed(backward.chains[1:]), *forward.chains],
        [*(-turned for turned in reversed(backward.directions[1:])), *forward.directions],
        length=forward.length + backward.length,
        moved=max(forward.moved, backward.moved),
        end=forward.end if forward.end is not BranchEnd.REGION else backward.end,
    )
