"""What every curve of orbits has: its orbits and their multipliers as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["OrbitsAlong", "frozen", "range_shown"]


class _Step(Protocol):
    @property
    def points(self) -> NDArray[np.float64]: ...

    @property
    def multipliers(self) -> NDArray[np.complex128]: ...


class OrbitsAlong:
    """Orbits of one period along a curve; a concrete one is a frozen dataclass with `steps`."""

    steps: Sequence[_Step]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def period(self) -> int:
        """The least period of the orbits."""
        return len(self.steps[0].points)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The orbits, shape (n, p, d)."""
        return frozen(np.array([step.points for step in self.steps]))

    @cached_property
    def multipliers(self) -> NDArray[np.complex128]:
        """Multipliers of the orbits, largest first, shape (n, d)."""
        return frozen(np.array([step.multipliers for step in self.steps]))


def range_shown(low: float, high: float) -> str:
    """Return a range in as few digits as tell its ends apart.

    Examples
    --------
    >>> range_shown(0.5, 1.25), range_shown(1.0 - 1e-9, 1.0 + 1e-9)
    ('[0.5, 1.25]', '[0.999999999, 1.000000001]')
    """
    for digits in (6, 9, 12, 15):
        ends = f"{low:.{digits}g}", f"{high:.{digits}g}"
        # The width is shown to three digits.
        if abs(float(ends[1]) - float(ends[0]) - (high - low)) <= 1e-3 * (high - low):
            break
    return f"[{ends[0]}, {ends[1]}]"


def frozen(array: Any) -> Any:
    """Return an array that cannot be written to any more."""
    array.setflags(write=False)
    return array
