"""Test functions: numbers along a branch that change their sign at a bifurcation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.normal_forms.kinds import Bifurcation
from ..followed import FollowedOrbit

__all__ = ["Crossing", "Signs", "crossings_between", "signs_of"]

_NEUTRAL = 1e-7  # products this near to zero at both ends: neutral all along, as area-preserving
_REAL = 1e-10  # relative imaginary part below which a multiplier counts as real


class Crossing(Enum):
    """What changes between two neighbouring orbits.

    FLIP: the sign of Π(1 + μ). UNIT: that of Π(1 - μ). TURN: the direction of the parameter. FOLD:
    both of these. PAIR: the sign of Π(1 - μ_i μ_j). SEVERAL_FLIPS, SEVERAL_UNITS: how many real
    multipliers are beyond -1 or 1, by more than one.
    """

    FLIP = "flip"
    UNIT = "unit"
    TURN = "turn"
    FOLD = "fold"
    PAIR = "pair"
    SEVERAL_FLIPS = "several flips"
    SEVERAL_UNITS = "several units"


@dataclass(frozen=True)
class Signs:
    """The test functions at one orbit, each scaled to lie between -1 and 1.

    Parameters
    ----------
    flip, unit, pair : float
    turn : float
        The parameter's share of the tangent; NaN where there is none.
    flips, units : int
        Numbers of real multipliers below -1 and above 1.
    """

    flip: float
    unit: float
    pair: float
    turn: float
    flips: int
    units: int


def signs_of(step: FollowedOrbit, family: int, parametrised: bool) -> Signs:
    """Return the test functions at an orbit, the multipliers of a family left out.

    Notes
    -----
    Each factor 1 + μ is divided by 1 + |μ|, which moves no zero and keeps products of many factors
    within range.
    """
    mu = step.transverse(family)
    finite = np.where(np.isfinite(mu), mu, np.sign(mu.real) * 1e300)
    real = finite.real[np.abs(finite.imag) <= _REAL * (1.0 + np.abs(finite.real))]
    first, second = np.triu_indices(len(finite), 1)
    return Signs(
        flip=_scaled(1.0 + finite, finite),
        unit=_scaled(1.0 - finite, finite),
        pair=_scaled(1.0 - finite[first] * finite[second], finite[first] * finite[second]),
        turn=float(step.tangent[-1]) if parametrised else float("nan"),
        flips=int(np.sum(real < -1.0)),
        units=int(np.sum(real > 1.0)),
    )


def _scaled(factors: NDArray[Any], of: NDArray[Any]) -> float:
    return float(np.prod(factors / (1.0 + np.abs(of))).real)


def crossings_between(a: Signs, b: Signs) -> tuple[Crossing, ...]:
    """Return what changes between two neighbouring orbits.

    Examples
    --------
    >>> before = Signs(flip=0.5, unit=1.0, pair=1.0, turn=1.0, flips=0, units=0)
    >>> after = Signs(flip=-0.1, unit=1.0, pair=1.0, turn=1.0, flips=1, units=0)
    >>> crossings_between(before, after)
    (<Crossing.FLIP: 'flip'>,)
    """
    found = []
    unit, turn = _changes(a.unit, b.unit), _changes(a.turn, b.turn, 0.0)
    if unit and turn:
        found.append(Crossing.FOLD)
    elif turn:
        found.append(Crossing.TURN)
    elif abs(a.units - b.units) > 1:
        found.append(Crossing.SEVERAL_UNITS)
    elif unit:
        found.append(Crossing.UNIT)
    if abs(a.flips - b.flips) > 1:
        found.append(Crossing.SEVERAL_FLIPS)
    elif _changes(a.flip, b.flip):
        found.append(Crossing.FLIP)
    if _changes(a.pair, b.pair, _NEUTRAL):
        found.append(Crossing.PAIR)
    return tuple(found)


def _changes(a: float, b: float, neutral: float = 1e-14) -> bool:
    """Return whether a sign changes and is not just noise around zero; a zero counts as above."""
    if not np.isfinite(a) or not np.isfinite(b) or max(abs(a), abs(b)) <= neutral:
        return False
    return (a < 0) != (b < 0)


#: what a crossing is, where nothing has to be looked at more closely
KIND_OF = {
    Crossing.FLIP: Bifurcation.FLIP,
    Crossing.SEVERAL_FLIPS: Bifurcation.FLIP,
    Crossing.FOLD: Bifurcation.FOLD,
    Crossing.TURN: Bifurcation.PITCHFORK,
    Crossing.PAIR: Bifurcation.NEIMARK_SACKER,
}
