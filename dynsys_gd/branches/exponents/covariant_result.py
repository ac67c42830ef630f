"""Covariant Lyapunov vectors and the angles between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain

__all__ = ["CovariantDirections"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CovariantDirections(Result):
    """The covariant Lyapunov vectors along a stretch of an orbit.

    Parameters
    ----------
    map : Map
    points : ndarray, shape (steps, d)
    directions : ndarray, shape (steps, d, k)
        At each point, unit columns, the fastest first.
    growth : ndarray, shape (steps, k)
        Logarithm of the factor by which the map stretches each of them, in that step.
    residual : float
        Largest sine of the angle between DF v at one point and the direction at the next.
    settling : int
        Steps on both sides of the stretch that were given to the frames to turn.
    evidence : Evidence
    """

    map: Map
    points: Numbers
    directions: Numbers
    growth: Numbers
    residual: float
    settling: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.points, self.directions, self.growth):
            array.setflags(write=False)

    @cached_property
    def exponents(self) -> Numbers:
        """Mean growth of each direction over the stretch, shape (k,)."""
        return np.asarray(self.growth.mean(axis=0))

    @property
    def expanding(self) -> int:
        """How many directions grow on average."""
        return int((self.exponents > 0).sum())

    @cached_property
    def angles(self) -> Numbers:
        """Smallest angle between the span of growing and that of shrinking directions, in radians.

        Shape (steps,); π/2 where all directions grow, or none.
        """
        steps, _, k = self.directions.shape
        split = self.expanding
        if split in (0, k):
            return np.full(steps, np.pi / 2)
        one, other = (
            np.linalg.qr(part)[0]
            for part in (self.directions[:, :, :split], self.directions[:, :, split:])
        )
        # The cosine says little near zero angles: the sine is the rest after projection.
        rest = other - one @ (one.transpose(0, 2, 1) @ other)
        sine = np.linalg.svd(rest, compute_uv=False).min(axis=1)
        cosine = np.linalg.svd(one.transpose(0, 2, 1) @ other, compute_uv=False).max(axis=1)
        return np.arctan2(sine, cosine)

    def headline(self) -> str:
        k = self.directions.shape[2]
        shown = ", ".join(f"{value:.4g}" for value in self.exponents[:4])
        more = ", …" if k > 4 else ""
        angle = f"; smallest angle {self.angles.min():.2g}" if 0 < self.expanding < k else ""
        return (
            f"Covariant directions along {len(self.points)} steps: exponents {shown}{more}{angle}"
        )

    def rows(self) -> list[tuple[str, str]]:
        k = self.directions.shape[2]
        rows = [
            ("map", self.map.describe()),
            ("growing directions", f"{self.expanding} of {k}"),
        ]
        if 0 < self.expanding < k:
            low, middle = np.quantile(self.angles, [0.01, 0.5])
            text = f"1 % below {low:.3g}, half below {middle:.3g} radians"
            rows.append(("angles to the shrinking", text))
        residual = ("residual", f"{self.residual:.1e}")
        return [*rows, residual, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "exponents": plain(self.exponents),
            "smallest_angle": float(self.angles.min()),
            "residual": self.residual,
            **{name: plain(getattr(self, name)) for name in ("points", "directions", "growth")},
        }
