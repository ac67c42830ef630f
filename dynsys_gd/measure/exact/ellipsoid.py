"""How much of a law an ellipsoid about the origin is, in closed form."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import sympy as sp

from ...regions import Ball, Box, Region
from .ellipse import area_in_box
from .theorem import Share, exactly, volume_of

__all__ = ["Ellipsoid"]

_MOST_CORNERS = 2**14


@dataclass(frozen=True)
class Ellipsoid:
    """The points with xᵀ Q⁻¹ x < 1.

    Parameters
    ----------
    Q : Matrix
        Rational and positive definite.

    Examples
    --------
    >>> disc = Ellipsoid(sp.ImmutableMatrix([[4, 0], [0, 4]]))
    >>> disc.volume, disc.share(Box([-4, -4], [4, 4])).share
    (4*pi, pi/16)
    """

    Q: sp.ImmutableMatrix

    @property
    def volume(self) -> sp.Expr:
        """Its Lebesgue measure."""
        d = sp.Rational(self.Q.rows)
        return sp.pi ** (d / 2) / sp.gamma(d / 2 + 1) * sp.sqrt(self.Q.det())

    def share(self, region: Region) -> Share | None:
        """Return how much of a box or a ball it is; None where no closed form is at hand.

        Those are a box or a ball that holds all of it or lies in it, boxes in the plane and on the
        line, and balls about the origin where it is one itself.
        """
        size = volume_of(region)
        if size is None:
            return None
        inside = self._volume_in(region, size)
        return None if inside is None else Share(sp.simplify(inside / size), inside)

    def _volume_in(self, region: Region, size: sp.Expr) -> sp.Expr | None:
        if isinstance(region, Box):
            if self._in_box(region):
                return self.volume
            if self._holds_box(region):
                return size
            return self._in_low_dimension(region)
        assert isinstance(region, Ball)
        if region.dimension == 1:
            centre, radius = exactly(region.center[0]), exactly(region.radius)
            return self._on_line(centre - radius, centre + radius)
        if self._in_ball(region):
            return self.volume
        return size if self._holds_ball(region) else None

    def _in_low_dimension(self, box: Box) -> sp.Expr | None:
        if box.dimension == 1:
            return self._on_line(exactly(box.low[0]), exactly(box.high[0]))
        return area_in_box(self.Q, box) if box.dimension == 2 else None

    def _on_line(self, low: sp.Expr, high: sp.Expr) -> sp.Expr:
        half = sp.sqrt(self.Q[0, 0])
        return sp.Max(sp.Min(high, half) - sp.Max(low, -half), 0)

    def _in_box(self, box: Box) -> bool:
        """Return whether the half-widths √Q_ii fit in on both sides."""
        return all(
            low < 0 < high and min(exactly(low) ** 2, exactly(high) ** 2) >= self.Q[i, i]
            for i, (low, high) in enumerate(zip(box.low, box.high, strict=True))
        )

    def _holds_box(self, box: Box) -> bool:
        """Return whether all corners, and so the convex box, lie in the closed ellipsoid."""
        if 2**box.dimension > _MOST_CORNERS:
            return False
        inverse = self.Q.inv()
        sides = [(exactly(a), exactly(b)) for a, b in zip(box.low, box.high, strict=True)]
        corners = (sp.Matrix(corner) for corner in itertools.product(*sides))
        return all((corner.T * inverse * corner)[0] <= 1 for corner in corners)

    def _in_ball(self, ball: Ball) -> bool:
        """Return whether |c| and the longest half-axis together do not exceed the radius."""
        left = exactly(ball.radius) - _norm(ball)
        if not left > 0:
            return False
        return bool((left**2 * sp.eye(self.Q.rows) - self.Q).is_positive_semidefinite)

    def _holds_ball(self, ball: Ball) -> bool:
        """Return whether |c|_Q⁻¹ + r/(shortest half-axis) does not exceed 1."""
        centre = sp.Matrix([exactly(c) for c in ball.center])
        left = 1 - sp.sqrt((centre.T * self.Q.inv() * centre)[0])
        if not left > 0:
            return False
        rest = left**2 * self.Q - exactly(ball.radius) ** 2 * sp.eye(self.Q.rows)
        return bool(rest.is_positive_semidefinite)


def _norm(ball: Ball) -> sp.Expr:
    return sp.sqrt(sp.Add(*(exactly(c) ** 2 for c in ball.center)))
