"""Do the engines find the same? Compared with plain arrays, start by start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engines import Outcome
from .workloads import MapWorkload, Workload

__all__ = ["Agreement", "compared"]

_SPARE = 3  # differences that are no news however few the starts are
_STATES_APART = 1e-6


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How much an engine differs from plain arrays.

    Parameters
    ----------
    n : int
        Number of starts compared.
    labels, counts : int or None
        Starts with another label; starts with the same label after another number of steps.
    apart : float or None
        For networks: the largest distance of a final coordinate, relative to 1 + its size.
    allowed : float
        Labels that may differ by rounding, or the largest distance.
    """

    n: int
    labels: int | None = None
    counts: int | None = None
    apart: float | None = None
    allowed: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the differences are within what rounding explains."""
        value = self.labels if self.labels is not None else self.apart
        return value is not None and value <= self.allowed

    def __str__(self) -> str:
        if self.apart is not None:
            return f"{self.apart:.0e}"
        counts = "" if self.counts is None else f"+{self.counts}"
        return f"{self.labels}{counts} of {self.n}"


def compared(outcome: Outcome, oracle: Outcome, workload: Workload) -> Agreement:
    """Return how an engine's outcome for the first starts differs from the oracle's."""
    if isinstance(workload, MapWorkload):
        assert outcome.labels is not None
        assert oracle.labels is not None
        n = len(outcome.labels)
        other = outcome.labels != oracle.labels[:n]
        counts = None
        if outcome.steps is not None and oracle.steps is not None:
            counts = int(np.count_nonzero((outcome.steps != oracle.steps[:n]) & ~other))
        return Agreement(
            n=n,
            labels=int(np.count_nonzero(other)),
            counts=counts,
            allowed=max(workload.differing * n, _SPARE),
        )
    assert outcome.states is not None
    assert oracle.states is not None
    n = outcome.states.shape[1]
    expected = oracle.states[:, :n]
    apart = np.abs(outcome.states - expected) / (1.0 + np.abs(expected))
    return Agreement(n=n, apart=float(np.max(apart)), allowed=_STATES_APART)
