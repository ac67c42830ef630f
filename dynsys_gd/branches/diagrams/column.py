"""What the orbits do at one value of a parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .behaviour import Behaviour

__all__ = ["DiagramColumn"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class DiagramColumn:
    """What the orbits of s starts do at one value of a parameter.

    Parameters
    ----------
    value : float
    points : ndarray, shape (s, points)
        The observable on the last states of each orbit, in order; NaN where it escaped.
    behaviour : ndarray of int8, shape (s,)
        `Behaviour` codes.
    period : ndarray of int, shape (s,)
        Least period; 0 where the orbit is not periodic.
    exponent, error : ndarray, shape (s,)
        Largest Lyapunov exponent per step and its standard error; NaN where the orbit escaped.
    states : ndarray, shape (s, d)
        The last states.

    Examples
    --------
    >>> from sympy.abc import a, x
    >>> from dynsys_gd import SymbolicMap, bifurcation_columns
    >>> F = SymbolicMap([a * x * (1 - x)], [x])
    >>> column = next(bifurcation_columns(F, "a", [3.2], starts=[[0.3]], points=2))
    >>> column.periods, sorted(column.points[0].round(6).tolist())
    ((2,), [0.513045, 0.799455])
    """

    value: float
    points: Array
    behaviour: NDArray[np.int8]
    period: NDArray[np.int64]
    exponent: Array
    error: Array
    states: Array

    def __post_init__(self) -> None:
        for array in (self.points, self.behaviour, self.period, self.exponent, self.error):
            array.setflags(write=False)
        self.states.setflags(write=False)

    @property
    def periods(self) -> tuple[int, ...]:
        """The periods of the cycles that were reached, ascending."""
        return tuple(np.unique(self.period[self.period > 0]).tolist())

    def count(self, behaviour: Behaviour) -> int:
        """Return how many orbits behave so."""
        return int(np.count_nonzero(self.behaviour == behaviour))

    def __repr__(self) -> str:
        seen = [f"{self.count(b)} {b.words}" for b in Behaviour if self.count(b)]
        periods = f" (periods {', '.join(map(str, self.periods))})" if self.periods else ""
        return f"{self.value:.6g}: {', '.join(seen)}{periods}"
