"""Which orbits are watched at a parameter value? Those of the turning points, each with company."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ..parametric import Parametric
from .looking import Seen, look
from .turning_points import turning_points, unit_of

__all__ = ["Watch"]

Array = NDArray[np.float64]

_MEMBERS = 16  # orbits of a group
_FEWEST = 2**12  # steps before orbits are looked at
_MOST, _MOST_PATIENT = 2**14, 2**16
_FACTOR, _FACTOR_PATIENT = 30.0, 200.0
_NEXT = 0.01  # of the spread
_SPREAD = 0.02  # of the interval: where a group starts about a turning point


@dataclass(frozen=True, kw_only=True, eq=False)
class Watch:
    """A map of the line with what is watched; plain data, for any executor.

    Parameters
    ----------
    system : Parametric
    to : tuple of two float
        Ends of the parameter range.
    interval : tuple of two float
        In which turning points are.
    cap : int
        Largest number of bands.
    budget : Budget
    patient : bool
        Whether to take more steps, as orbits that pass neutral ones on their way need.
    """

    system: Parametric
    to: tuple[float, float]
    interval: tuple[float, float]
    cap: int
    budget: Budget
    patient: bool = False

    def at(self, value: float, width: float) -> Seen:
        """Return what is seen at a value, told apart from values `width` away.

        Past a crisis orbits find the way out after a time that grows like one over the square root
        of the distance, for the gap lies next to the image of a quadratic maximum.
        """
        share = width / (self.to[1] - self.to[0])
        factor, most = (_FACTOR_PATIENT, _MOST_PATIENT) if self.patient else (_FACTOR, _MOST)
        steps = int(np.clip(factor / np.sqrt(share), _FEWEST, most))
        F = self.system.F.at(**{self.system.parameter: value})
        points = turning_points(self.system, value, self.interval)
        if not len(points):
            return look(F, value, np.empty((0, 1, 1)), steps, self.cap, self.budget)
        unit = unit_of(self.interval)
        alone = look(F, value, points[:, None, None], _FEWEST, self.cap, self.budget, unit=unit)
        return look(F, value, self._groups(alone), steps, self.cap, self.budget, unit=unit)

    def _groups(self, alone: Seen) -> Array:
        """Return each turning point with others of its band, shape (m, s, 1)."""
        # The turning point stands first; where it lands on an orbit the others do not.
        shares = np.concatenate([[0.0], np.linspace(-1.0, 1.0, _MEMBERS)[1:]])
        groups = []
        for k, point in enumerate(alone.starts[:, 0]):
            reach = _SPREAD * (self.interval[1] - self.interval[0])
            if len(alone.boxes[k]) > 1:
                low, high = alone.boxes[k][:, 0, 0], alone.boxes[k][:, 1, 0]
                band = int(np.maximum(low - point, point - high).argmin())
                # The points of a cycle are bands without width: there it keeps next to itself.
                room = max(_NEXT * reach, 0.9 * min(point - low[band], high[band] - point))
                reach = min(reach, room)
            groups.append(point + reach * shares)
        return np.array(groups)[:, :, None]
