"""What an engine is to the benchmark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..workloads import Columns, Workload

__all__ = ["Engine", "Label", "Outcome", "Runner", "Unsuited"]


class Label(IntEnum):
    """Why a trajectory stopped."""

    FAR = 1
    STILL = 2
    TIME = 3


class Unsuited(Exception):
    """Why an engine does not take part, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an engine found; what it does not tell is None.

    Parameters
    ----------
    labels, steps : ndarray, shape (n,), or None
        For maps that stop.
    states : ndarray, shape (d, n), or None
        For networks.
    """

    labels: NDArray[np.int8] | None = None
    steps: NDArray[np.int32] | None = None
    states: Columns | None = None


Runner = Callable[[Columns], Outcome]
"""Iterates the starts in the columns of an array."""


class Engine(ABC):
    """One way to iterate a map from many starts."""

    name: str

    @abstractmethod
    def prepare(self, workload: Workload) -> Runner:
        """Return what is timed. Compiling and choosing happen here, or in the first call.

        Raises
        ------
        Unsuited
            Where the engine is not installed or has no way to do this.
        """
