"""Which of several sets a start belongs to: the labels whose common boundary is looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...ensembles.fates import Detail, Fate, Fates
from ...ensembles.simulate import simulate
from ...errors import InvalidInput
from ...maps.base import Map

__all__ = ["OPEN", "FateLabels", "GivenLabels", "Labels", "Partition"]

#: The label of a start whose set is not known.
OPEN = -1

_OTHER_LIMIT = len(Fate)
_FIRST_LIMIT = _OTHER_LIMIT + 1
_MOST_LIMITS = 64
_SAME_LIMIT = 1e-3

Points = NDArray[np.float64]
Codes = NDArray[np.int32]


class Partition(Enum):
    """Into which sets the starts of a map are divided; the boundary is that between the sets.

    FATE: one set for each `Fate`. CONVERGENCE: what converges, and all the rest. LIMIT: what
    converges is divided further by its limit; for maps whose limits are isolated. Undecided starts
    and those that drift away without blowing up belong to no set.

    Examples
    --------
    >>> Partition.LIMIT.value
    'which limit'
    """

    FATE = "which fate"
    CONVERGENCE = "converges or not"
    LIMIT = "which limit"


class Labels(ABC):
    """Tells for points which set they belong to; plain data that can travel."""

    @abstractmethod
    def of(self, points: Points) -> Codes:
        """Return one label a row, at least 0, or `OPEN` where it is not known."""

    @abstractmethod
    def name(self, label: int) -> str:
        """Return the set in words."""

    @abstractmethod
    def describe(self) -> str:
        """Return what is labelled and by what, in words."""


@dataclass(frozen=True)
class FateLabels(Labels):
    """Labels by what becomes of the orbits of a map, each limit audited.

    Parameters
    ----------
    F : Map
    by : Partition
    budget : Budget
    limits : tuple of tuple of float
        For `Partition.LIMIT`: the limits that are told apart. Any other has a label of its own.
    """

    F: Map
    by: Partition
    budget: Budget
    limits: tuple[tuple[float, ...], ...] = ()

    def of(self, points: Points) -> Codes:
        fates = simulate(self.F, points, budget=self.budget)
        codes = fates.fate.astype(np.int32)
        if self.by is Partition.CONVERGENCE:
            codes = np.where(fates.where(Fate.CONVERGED), Fate.CONVERGED, Fate.ESCAPED)
        if self.by is Partition.LIMIT:
            converged = fates.where(Fate.CONVERGED)
            codes[converged] = self._nearest(fates.limit[converged])
        # A drifting orbit may be on a long way to a minimum.
        known = ~(fates.where(Fate.UNDECIDED) | fates.where(Detail.UNBOUNDED_DRIFT))
        return np.where(known, codes, OPEN).astype(np.int32)

    def seen_from(self, points: Points) -> FateLabels:
        """Return the same labels with the limits to which these points converge."""
        if self.by is not Partition.LIMIT:
            return self
        fates = simulate(self.F, points, budget=self.budget)
        return replace(self, limits=_apart(fates))

    def name(self, label: int) -> str:
        if label >= _FIRST_LIMIT:
            coordinates = ", ".join(f"{c:.4g}" for c in self.limits[label - _FIRST_LIMIT])
            return f"converges to ({coordinates})"
        if label == _OTHER_LIMIT:
            return "converges to another limit"
        if self.by is Partition.CONVERGENCE and label == Fate.ESCAPED:
            return "does not converge"
        return Fate(label).name.lower()

    def describe(self) -> str:
        return f"{self.by.value} under {self.F.describe()}"

    def _nearest(self, limits: Points) -> Codes:
        codes = np.full(len(limits), _OTHER_LIMIT, dtype=np.int32)
        for k, known in enumerate(self.limits):
            codes[_close(limits, np.asarray(known))] = _FIRST_LIMIT + k
        return codes


@dataclass(frozen=True)
class GivenLabels(Labels):
    """Labels by a function of the user.

    Parameters
    ----------
    function : callable
        From points, shape (n, d), to n whole numbers; negative ones mean "not known".
    """

    function: Callable[[Points], Any]

    def of(self, points: Points) -> Codes:
        labels = np.asarray(self.function(points))
        whole = labels.dtype.kind in "iub"
        if not whole or labels.shape != (len(points),):
            received = f"{labels.dtype} of shape {labels.shape}"
            expected = f"whole numbers of shape ({len(points)},)"
            raise InvalidInput("F", received, expected, "one label a row, negative: not known")
        return np.maximum(labels.astype(np.int32), OPEN)

    def name(self, label: int) -> str:
        return f"label {label}"

    def describe(self) -> str:
        return f"labels by {getattr(self.function, '__name__', type(self.function).__name__)}"


def _apart(fates: Fates) -> tuple[tuple[float, ...], ...]:
    """Return the limits of the orbits that converge, each once, in the order of coordinates."""
    rest = fates.limit[fates.where(Fate.CONVERGED)]
    found: list[tuple[float, ...]] = []
    while len(rest):
        if len(found) == _MOST_LIMITS:
            raise InvalidInput(
                "by",
                Partition.LIMIT,
                f"a map with at most {_MOST_LIMITS} limits in the region",
                "its limits seem to form a family: use Partition.FATE",
            )
        near = _close(rest, rest[0])
        found.append(tuple(float(c) for c in rest[0]))
        rest = rest[~near]
    return tuple(sorted(found))


def _close(limits: Points, limit: NDArray[np.float64]) -> NDArray[np.bool_]:
    distance = np.linalg.norm(limits - limit, axis=1)
    return np.asarray(distance <= _SAME_LIMIT * (1.0 + np.linalg.norm(limit)))
