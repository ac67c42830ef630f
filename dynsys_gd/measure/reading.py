"""What the runs of a method say about the share: its two values and how far to trust them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

__all__ = ["Reading"]


class Reading(ABC):
    """The part of an `Estimate` that differs from method to method; a frozen dataclass.

    A share lies between 0 and 1. What is undecided counts as not converging in `lower` and as
    converging in `upper`.
    """

    #: why there is no estimate; empty where there is one
    obstacle: str = ""

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of starts, or of cells, that were looked at."""

    @property
    @abstractmethod
    def lower(self) -> float:
        """The share that converges to the target, what is undecided not counted."""

    @property
    @abstractmethod
    def upper(self) -> float:
        """The share that may converge to the target: `lower` and what is undecided."""

    @property
    def undecided(self) -> float:
        """The share that may converge or not."""
        return self.upper - self.lower

    @abstractmethod
    def interval(self, level: float) -> tuple[float, float]:
        """Return an interval that contains the true share at least so often (always, if proved)."""

    def upper_bound(self, level: float) -> float:
        """Return the one-sided upper limit at this level; by default that of a wider interval."""
        return self.interval(2.0 * level - 1.0 if level > 0.5 else level)[1]

    def rows(self) -> Iterable[tuple[str, str]]:
        """Return label and text pairs for the table: what is special about this method."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return what is special about this method as plain data."""
        return {}
