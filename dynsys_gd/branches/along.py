"""What every curve of orbits has: its orbits and their multipliers as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["OrbitsAlong", "frozen"]


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


def frozen(array: Any) -> Any:
    """Return an array that cannot be written to any more."""
    array.setflags(write=False)
    return array
