"""Which box a region gives to search, and which orbits lie in the region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Ball, Box, Region
from .outward import Bounds, down, sum_up, up

__all__ = ["Domain", "domain_of"]

_FARTHEST = 1e300  # widths and their sums stay finite
_MARGIN = 2.0**-30  # orbits on a face of the region are found from both sides


@dataclass(frozen=True, eq=False)
class Domain:
    """A bounded region in the coordinates of the equations.

    Parameters
    ----------
    lower, upper : ndarray, shape (d,)
        The box to search, slightly larger than the region.
    inner_lower, inner_upper : ndarray, shape (d,)
        The smallest box around the region.
    ball : Ball or None
        The region, where it is a ball: one for each of `blocks` groups of coordinates.
    blocks : int
    """

    lower: Bounds
    upper: Bounds
    inner_lower: Bounds
    inner_upper: Bounds
    ball: Ball | None
    blocks: int

    @property
    def empty(self) -> bool:
        """Whether no point can satisfy all constraints."""
        return bool((self.inner_lower > self.inner_upper).any())

    @property
    def scale(self) -> Bounds:
        """Widths by which boxes are measured, shape (d,)."""
        # Far from the origin, shares of a tiny region would be finer than doubles are.
        size = np.maximum(np.abs(self.lower), np.abs(self.upper))
        return np.maximum(self.upper - self.lower, np.maximum(1e-9 * size, np.finfo(float).tiny))

    def holds(self, lower: Bounds, upper: Bounds) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which orbits with bounds (p, d, n) surely lie in the closed region, and outside.

        An orbit lies in a region where all its points do.
        """
        low, high = self.inner_lower[None, :, None], self.inner_upper[None, :, None]
        inside = np.all((lower >= low) & (upper <= high), axis=(0, 1))
        outside = np.any((upper < low) | (lower > high), axis=(0, 1))
        if self.ball is None:
            return inside, outside
        centre = np.asarray(self.ball.center)[None, None, :, None]
        p, d, n = lower.shape
        shape = (p, self.blocks, d // self.blocks, n)
        first, second = (bound.reshape(shape) - centre for bound in (lower, upper))
        far = up(np.maximum(np.abs(first), np.abs(second)))
        near = np.where(
            (first <= 0) & (second >= 0), 0.0, np.minimum(np.abs(first), np.abs(second))
        )
        near = np.maximum(down(near), 0.0)
        square = self.ball.radius**2
        inside &= np.all(sum_up(up(far**2), axis=2) <= down(np.array(square)), axis=(0, 1))
        shrunk = np.sum(down(near**2), axis=2) * (1 - (d + 2) * 2.0**-52)
        outside |= np.any(shrunk > up(np.array(square)), axis=(0, 1))
        return inside, outside & ~inside

    def holds_exactly(self, points: Sequence[Sequence[sp.Rational]]) -> bool:
        """Return whether rational points all lie in the closed region."""
        ends = (self.inner_lower, self.inner_upper)
        low, high = ([sp.Rational(float(bound)) for bound in bounds] for bounds in ends)
        for point in points:
            if not all(a <= x <= b for a, x, b in zip(low, point, high, strict=True)):
                return False
            if self.ball is not None:
                centre = [sp.Rational(c) for c in self.ball.center]
                size = len(centre)
                for start in range(0, len(point), size):
                    block = point[start : start + size]
                    square = sum((x - c) ** 2 for x, c in zip(block, centre, strict=True))
                    if square > sp.Rational(self.ball.radius) ** 2:
                        return False
        return True


def domain_of(F: Map, region: Region | None, period: int) -> Domain:
    """Return the box in which the equations of F are solved.

    Fixed points of gradient maps are sought in the coordinates of the loss; longer orbits in
    those of the state, where a region of the loss holds for every block.
    """
    if not isinstance(region, (Box, Ball)):
        raise InvalidInput(
            "region", region, "a Box or a Ball", "a certified search needs a bounded region"
        )
    ball = region if isinstance(region, Ball) else None
    if isinstance(region, Ball):
        centre, radius = np.asarray(region.center), region.radius
        low, high = down(centre - radius), up(centre + radius)
    else:
        low, high = np.asarray(region.low), np.asarray(region.high)
    if not (np.abs([low, high]) < _FARTHEST).all():
        raise InvalidInput("region", region, f"coordinates below {_FARTHEST:g} in size")
    blocks = 1
    if F.loss is not None and isinstance(F, GradientMap):
        size = F.loss.dimension
        if period == 1 and len(low) != size:
            if ball is not None:
                raise InvalidInput(
                    "region", region, f"a ball of dimension {size}", "momentum starts at rest"
                )
            low = low.reshape(F.blocks, size).max(axis=0)
            high = high.reshape(F.blocks, size).min(axis=0)
        elif period > 1 and len(low) != F.dimension:
            blocks = F.blocks
            low, high = np.tile(low, blocks), np.tile(high, blocks)
    room = _MARGIN * np.maximum(high - low, 0)
    return Domain(down(low - room), up(high + room), low, high, ball, blocks)
