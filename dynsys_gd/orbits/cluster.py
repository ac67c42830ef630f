"""What a certified search could not decide: a connected set of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence
from ..results import Result, plain

__all__ = ["Cluster", "Obstacle"]


_MANY = 1000  # boxes; an isolated point keeps fewer


class Obstacle(Enum):
    """Why a set of boxes stayed undecided.

    SINGULAR: the derivative of the equations may be singular there, as at a multiple solution or
    along a family. UNDEFINED: the map or its derivative is not defined everywhere in it, as at a
    pole. EDGE: an orbit is there, but it cannot be told from one just outside of the region.
    TIME: the search was stopped before it came there.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, Krawczyk, SymbolicMap, fixed_points
    >>> tangent = SymbolicMap([x + x**2], [x])  # the diagonal is only touched, at 0
    >>> found = fixed_points(tangent, Box([-1], [2]), method=Krawczyk())
    >>> [cluster.obstacle for cluster in found.clusters], len(found.orbits)
    ([<Obstacle.SINGULAR: 'singular'>], 0)
    """

    SINGULAR = "singular"
    UNDEFINED = "undefined"
    EDGE = "edge"
    TIME = "time"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Cluster(Result):
    """A connected set of boxes that may hold any number of orbits, none included.

    Parameters
    ----------
    boxes : ndarray, shape (m, p, d, 2)
        Bounds of the p points of an orbit, first time index first; read-only.
    obstacle : Obstacle
    evidence : Evidence
        What is known is that no other undecided orbit lies outside of the clusters of a set.
    """

    boxes: NDArray[np.float64]
    obstacle: Obstacle
    evidence: Evidence

    def __post_init__(self) -> None:
        self.boxes.setflags(write=False)

    @property
    def hull(self) -> NDArray[np.float64]:
        """Bounds of the union of all boxes, shape (p, d, 2)."""
        low, high = self.boxes[..., 0].min(axis=0), self.boxes[..., 1].max(axis=0)
        return np.stack([low, high], axis=-1)

    @property
    def width(self) -> float:
        """The largest width of the hull."""
        return float(np.max(self.hull[..., 1] - self.hull[..., 0]))

    def where(self) -> str:
        """Return the hull of the first point in words."""
        return " × ".join(f"[{low:.9g}, {high:.9g}]" for low, high in self.hull[0])

    def headline(self) -> str:
        family = self.obstacle is Obstacle.SINGULAR and len(self.boxes) >= _MANY
        hint = ", perhaps a family" if family else ""
        return f"Unresolved cluster in {self.where()}: {self.obstacle}{hint}"

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("boxes", str(len(self.boxes))),
            ("width", f"{self.width:.3g}"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "hull": plain(self.hull),
            "boxes": len(self.boxes),
            "obstacle": self.obstacle.value,
        }
