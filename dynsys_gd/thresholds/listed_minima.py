"""The thresholds that follow from a list of all minima with their eigenvalues."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import flint
import numpy as np
import sympy as sp

from ..evidence import Evidence, Grade
from ..orbits.algebra.number_field import AlgebraicPoint
from ..orbits.algebra.real_algebraic import RealAlgebraic
from .rounding import enclosing_floats, rounded_down, rounded_up
from .threshold import Threshold, ThresholdStatus

__all__ = ["ExactMinima", "Level", "Piece"]

Level: TypeAlias = "RealAlgebraic | flint.arb"  # an eigenvalue, exactly or in a ball

_BITS = 128
_LARGEST_FIELD = 12  # degree up to which coordinates are written out
_MOST_POINTS = 64
_ZERO = RealAlgebraic.rational(0)


@dataclass(frozen=True)
class Piece:
    """An isolated minimum, or the minima on a surface.

    Attributes
    ----------
    largest : Level
        The infimum of the largest Hessian eigenvalue.
    smallest : Level
        The infimum of the smallest non-zero one; zero where all are zero.
    points : tuple of AlgebraicPoint
        Where both infima are attained, as far as known.
    """

    largest: Level
    smallest: Level
    points: tuple[AlgebraicPoint, ...]


@dataclass(frozen=True)
class ExactMinima:
    """What is known of the minima of a loss, local ones included.

    Attributes
    ----------
    known : bool
        Whether `pieces` and `doubtful` together hold all minima.
    why : str
        The argument, or what is missing.
    pieces : tuple of Piece
    doubtful : tuple of Piece
        Degenerate critical points neither shown to be minima nor shown not to be.
    exact : bool
        Whether the loss contained no float.
    """

    known: bool
    why: str
    pieces: tuple[Piece, ...] = ()
    doubtful: tuple[Piece, ...] = ()
    exact: bool = True

    @property
    def gap(self) -> str:
        """What is missing, where a threshold is not known."""
        if self.known:
            return (
                "a degenerate critical point is neither shown to be a minimum nor shown not to be"
            )
        return self.why

    def critical_threshold(self) -> Threshold | None:
        """Return η_c = 2 / (smallest of the largest eigenvalues), or None where it is not known."""
        return self._threshold("critical step size", weak=False)

    def weak_threshold(self) -> Threshold | None:
        """Return η_E = 2 / (smallest non-zero eigenvalue), or None where it is not known."""
        return self._threshold("weak critical step size", weak=True)

    def _threshold(self, name: str, *, weak: bool) -> Threshold | None:
        if not self.known:
            return None
        levels, doubts = (
            [piece.smallest if weak else piece.largest for piece in pieces]
            for pieces in (self.pieces, self.doubtful)
        )
        if any(all(_may_be_below(doubt, level) for level in levels) for doubt in doubts):
            return None
        evidence = Evidence(
            grade=Grade.PROVED, reason=self.why, sources=("craciun2024convergence",)
        )
        if not self.exact:
            evidence = evidence.weakened_to(
                Grade.CERTIFIED, "floats in the loss are taken as the binary numbers they are"
            )
        if not levels:
            return Threshold(
                name=name,
                status=ThresholdStatus.NO_MINIMUM,
                value=math.nan,
                upper=0.0,
                evidence=evidence,
            )
        least = _least(levels)
        if least is None:
            return _enclosed(name, self.pieces, levels, evidence)
        points = [
            point
            for piece, level in zip(self.pieces, levels, strict=True)
            if level == least
            for point in piece.points
        ]
        return _exactly(name, least, points[:_MOST_POINTS], evidence)


def _least(levels: list[Level]) -> RealAlgebraic | None:
    """Return the smallest level where all are exact."""
    least = levels[0]
    for level in levels:
        if not isinstance(level, RealAlgebraic) or not isinstance(least, RealAlgebraic):
            return None
        least = level if level < least else least
    return least if isinstance(least, RealAlgebraic) else None


def _may_be_below(a: Level, b: Level) -> bool:
    if isinstance(a, RealAlgebraic) and isinstance(b, RealAlgebraic):
        return a < b
    return not _ball(a) >= _ball(b)


def _ball(level: Level) -> flint.arb:
    return level.ball(_BITS) if isinstance(level, RealAlgebraic) else level


def _exactly(
    name: str, least: RealAlgebraic, points: list[AlgebraicPoint], evidence: Evidence
) -> Threshold:
    exact = sp.oo if least == _ZERO else sp.radsimp(2 / least.to_sympy())
    lower, upper = enclosing_floats(exact)
    written = all(point.degree <= _LARGEST_FIELD for point in points)
    return Threshold(
        name=name,
        status=ThresholdStatus.VALUE,
        value=float(sp.N(exact, 20)),
        lower=lower,
        upper=upper,
        exact=exact,
        attained_at=np.array([point.approximate for point in points]) if points else None,
        exact_points=tuple(
            tuple(point.number(c).to_sympy() for c in point.coordinates) for point in points
        )
        if written
        else (),
        evidence=evidence,
    )


def _enclosed(
    name: str, pieces: tuple[Piece, ...], levels: list[Level], evidence: Evidence
) -> Threshold:
    balls = [_ball(level) for level in levels]
    with flint.ctx.workprec(_BITS):
        low = min((ball.lower() for ball in balls), key=float)
        high = min((ball.upper() for ball in balls), key=float)
        lower = rounded_down(2 / high)
        upper = rounded_up(2 / low) if low > 0 else math.inf
    place = min(range(len(balls)), key=lambda k: float(balls[k].mid()))
    points = pieces[place].points
    return Threshold(
        name=name,
        status=ThresholdStatus.VALUE,
        value=lower + (upper - lower) / 2,
        lower=lower,
        upper=upper,
        attained_at=np.array([point.approximate for point in points]) if points else None,
        evidence=evidence.weakened_to(
            Grade.CERTIFIED, "the exact eigenvalue is out of hand and was enclosed in a ball"
        ),
    )
