"""Between states and the coordinates in which the region is the unit box, rounded outwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...regions import Box
from .outward import Bounds, down, up

__all__ = ["Scale"]


@dataclass(frozen=True)
class Scale:
    """The affine change of coordinates from a region to the unit box.

    Parameters
    ----------
    region : Box
        Its corners are taken as the doubles they are.
    """

    region: Box

    @cached_property
    def _low(self) -> Bounds:
        return np.array(self.region.low)[:, None]

    @cached_property
    def _sides(self) -> tuple[Bounds, Bounds]:
        side = np.array(self.region.high)[:, None] - self._low
        return down(side), up(side)

    @property
    def side(self) -> float:
        """About the longest side of the region."""
        return float(self._sides[1].max())

    def states(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return boxes of states that contain boxes (d, n) of the other coordinates."""
        least, most = self._sides
        below = down(self._low + down(lower * np.where(lower < 0, most, least)))
        above = up(self._low + up(upper * np.where(upper < 0, least, most)))
        return below, above

    def units(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return boxes of the other coordinates that contain boxes (d, n) of states."""
        least, most = self._sides
        below, above = down(lower - self._low), up(upper - self._low)
        return (
            down(below / np.where(below < 0, least, most)),
            up(above / np.where(above < 0, most, least)),
        )
