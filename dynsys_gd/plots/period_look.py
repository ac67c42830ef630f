"""How behaviours, periods and exponents are drawn: alike in diagrams and in planes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from numpy.typing import NDArray

from ..branches.diagrams.behaviour import Behaviour
from ..branches.diagrams.colour import ColourBy
from ..errors import InvalidInput
from .style import FATES, Look

__all__ = [
    "EXPONENTS",
    "checked_colour",
    "exponent_norm",
    "kinds_in_order",
    "kinds_of",
    "look_of_code",
]

#: Dark where orbits contract, light next to zero, then towards red: told apart in grey by side.
EXPONENTS = LinearSegmentedColormap.from_list(
    "exponents", ["#081F33", "#14507F", "#6F9CC4", "#C4C4C4", "#F5B26B", "#D55E00", "#7A1F00"]
)

_PERIODS = (
    FATES["CONVERGED"].colour,
    FATES["CYCLING"].colour,
    "#CC79A7",
    "#56B4E9",
    "#8C510A",
    "#B2182B",
    "#7B5EA7",
    "#A6DBA0",
)
_MORE = "#8F8F8F"
_MORE_THAN = len(_PERIODS)
_OTHERS = {
    Behaviour.CHAOTIC: Look(label="chaotic", colour=FATES["BOUNDED"].colour, hatch=".."),
    Behaviour.QUASI_PERIODIC: Look(label="quasi-periodic", colour="#F0E442", hatch="--"),
    Behaviour.ESCAPED: Look(label="escaped", colour=FATES["ESCAPED"].colour),
    Behaviour.UNDECIDED: Look(label="undecided", colour=FATES["UNDECIDED"].colour, hatch="xx"),
}


def kinds_of(behaviour: NDArray[Any], period: NDArray[Any]) -> NDArray[np.int64]:
    """Return one number for each way of being drawn: the period up to 9, and the others below 0.

    All periods above 8 look alike.
    """
    codes = np.minimum(period, _MORE_THAN + 1)
    return np.where(behaviour == Behaviour.PERIODIC, codes, -np.asarray(behaviour, dtype=np.int64))


def kinds_in_order(kinds: NDArray[Any]) -> list[int]:
    """Return the kinds that occur: periods ascending, then the others."""
    codes = np.unique(kinds).tolist()
    return [*(c for c in codes if c > 0), *sorted((c for c in codes if c <= 0), reverse=True)]


def look_of_code(code: int) -> Look:
    """Return how a number of `kinds_of` is drawn."""
    if code <= 0:
        return _OTHERS[Behaviour(-code)]
    if code > _MORE_THAN:
        return Look(label=f"period above {_MORE_THAN}", colour=_MORE)
    return Look(label=f"period {code}", colour=_PERIODS[code - 1])


def exponent_norm(exponents: NDArray[np.float64]) -> TwoSlopeNorm:
    """Return the scale of colours: zero in the middle, unusually strong contraction cut off."""
    known = exponents[np.isfinite(exponents)]
    top = max(0.05, float(np.max(known, initial=0.0)))
    below, room = known[known < 0.0], -2.0 * top
    if below.size == known.size > 0:
        room = min(room, 2.0 * float(np.median(below)))
    bottom = min(-0.05, max(room, float(np.min(known, initial=0.0))))
    return TwoSlopeNorm(0.0, bottom, top)


def checked_colour(colour: Any) -> ColourBy:
    """Return what colours shall show, or refuse it."""
    if not isinstance(colour, ColourBy):
        raise InvalidInput("colour", colour, "a ColourBy", "for example ColourBy.EXPONENT")
    return colour
