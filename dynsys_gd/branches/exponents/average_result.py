"""Time averages along orbits, with what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...results import Result, plain
from .pooled import PooledAverages, pooled

__all__ = ["BirkhoffAverage"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BirkhoffAverage(Result):
    """The time average of an observable along orbits.

    Parameters
    ----------
    map : Map
    observable : str
        What was averaged.
    averages, errors : ndarray, shape (n,)
        NaN where an orbit escaped or the observable is no number; the standard error is 0 on a
        cycle.
    converged : ndarray of Outcome, shape (n,)
        YES where the batches fluctuate about one value, NO where they drift or there is no average,
        UNDECIDED where that could not be told.
    weighted : ndarray, shape (n,)
        The average with smooth weights, for quasi-periodic orbits.
    weighted_gap : ndarray, shape (n,)
        How far the smooth averages over the two halves of the time are apart.
    periods : ndarray of int, shape (n,)
        Of cycles; 0 elsewhere.
    rounding : ndarray, shape (n,)
        By how much the last bits of the states change the averages on cycles; 0 elsewhere.
    means : ndarray, shape (batches, n)
    steps, transient : int
    evidence : Evidence
    """

    map: Map
    observable: str
    averages: Numbers
    errors: Numbers
    converged: NDArray[np.object_]
    weighted: Numbers
    weighted_gap: Numbers
    periods: NDArray[np.int64]
    rounding: Numbers
    means: Numbers
    steps: int
    transient: int
    evidence: Evidence

    def __post_init__(self) -> None:
        arrays = (self.averages, self.errors, self.converged, self.weighted, self.weighted_gap)
        for array in (*arrays, self.periods, self.rounding, self.means):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.averages)

    def pooled(self) -> PooledAverages:
        """Return the average over all orbits that have one."""
        kept = np.isfinite(self.averages)
        columns = (each[kept, None] for each in (self.averages, self.errors, self.rounding))
        values, errors, rounding = columns
        return pooled(values, errors, rounding=rounding)

    def headline(self) -> str:
        together, n = self.pooled(), len(self)
        orbits = "the orbit" if n == 1 else f"{n} orbits"
        if not together.orbits:
            return f"Time average of {self.observable}: none, no finite values along {orbits}"
        value, error = float(together.values[0]), float(together.errors[0])
        shown = f"{value:.8g} ± {error:.1e}" if error > 0 else f"{value:.12g}"
        kept = self.converged[np.isfinite(self.averages)]
        not_yet = sum(1 for outcome in kept if outcome is not Outcome.YES)
        state = f"{not_yet} of {len(kept)} not known to have converged" if not_yet else "converged"
        without = f" ({n - len(kept)} without finite values)" if len(kept) < n else ""
        return f"Time average of {self.observable} along {orbits}{without}: {shown}; {state}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [
            ("map", self.map.describe()),
            ("measured", f"{self.steps} steps after {self.transient}, {len(self.means)} batches"),
        ]
        if len(self) > 1:
            rows.append(("same average for all", str(self.pooled().alike)))
        cyclic = int((self.periods > 0).sum())
        if cyclic:
            rows.append(("on cycles", f"{cyclic}, averaged over the points of the cycle"))
        smooth = np.isfinite(self.weighted_gap) & (self.periods == 0)
        if smooth.any():
            first, gap = self.weighted[smooth][0], self.weighted_gap[smooth].max()
            text = f"{first:.12g}, halves within {gap:.1e}"
            rows.append(("smooth weights", text if len(self) == 1 else f"halves within {gap:.1e}"))
        return [*rows, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        names = ("averages", "errors", "weighted", "weighted_gap", "periods", "steps", "transient")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "observable": self.observable,
            **{name: plain(getattr(self, name)) for name in names},
            "converged": [outcome.value for outcome in self.converged],
        }
