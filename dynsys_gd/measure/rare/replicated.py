"""What replicates of splitting say about a tiny share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...results import plain
from .. import binomial
from ..reading import Reading

__all__ = ["Replicated", "log_half_width", "scatter"]


@dataclass(frozen=True, kw_only=True)
class Replicated(Reading):
    """Estimates of one share from independent runs with the same fixed levels.

    Parameters
    ----------
    size : int
        Starts in the population of each run.
    levels : tuple of float
        As they are said: steps survived, or the shortest step.
    levels_said : str
        The same, for the table.
    reaching : tuple of tuple of int
        For each run: how many of the population reached each level, and at last the event.
    ends : tuple of (int, int)
        For each run: how many of its last population are in the event, and how many may be;
        empty where there is no estimate.
    different, accepted : tuple of float
        At each level: share of the population that still differs after the moves, and share of
        the moves that were accepted, on average over the runs.
    obstacle : str
        Why there is no estimate; empty where there is one.

    Notes
    -----
    The product of the shares is unbiased in every run. Its logarithm is close to normal, so that
    the mean over R runs, times e^±h, is an interval: h² = t² (s²/R + s⁴/(2(R - 1))), with s² the
    variance of the logarithms, no smaller than independent draws would give, and t of Student's
    distribution with R - 1 degrees of freedom. Undecided starts belong to the upper limit only.
    Without an estimate the share is below the upper limit for the last set that every run reached
    in good order, which contains the event.

    References
    ----------
    The interval: Olsson (2005), ``olsson2005confidence``.

    Examples
    --------
    >>> runs = ((300, 400), (310, 420), (290, 390))
    >>> seen = Replicated(size=1000, levels=(5.0,), levels_said="5 steps", reaching=runs,
    ...     ends=((400, 0), (420, 0), (390, 0)), different=(1.0,), accepted=(0.4,), obstacle="")
    >>> round(seen.lower, 5), [round(p, 3) for p in seen.interval(0.95)]
    (0.1211, [0.102, 0.144])
    """

    size: int
    levels: tuple[float, ...]
    levels_said: str
    reaching: tuple[tuple[int, ...], ...]
    ends: tuple[tuple[int, int], ...]
    different: tuple[float, ...]
    accepted: tuple[float, ...]
    obstacle: str

    @property
    def n(self) -> int:
        return self.size * len(self.reaching)

    @property
    def replicates(self) -> tuple[float, ...]:
        """The estimate of each run, undecided starts included; without one, of the last set."""
        return self._products(self.reaching)

    @property
    def lower(self) -> float:
        return 0.0 if self.obstacle else float(np.mean(self._seen))

    @property
    def upper(self) -> float:
        return float(np.mean(self.replicates)) if self.reaching[0] else 1.0

    def interval(self, level: float) -> tuple[float, float]:
        """Return the log-normal interval, from 0 where there is no estimate.

        Where no level was needed, all starts are independent: the limits of Clopper and Pearson.
        """
        each = 0.5 * (1.0 + binomial.checked_level(level))
        if not self.reaching[0]:
            return 0.0, 1.0
        if len(self.reaching[0]) == 1:
            upper = binomial.upper_limit(self._reached(0), self.n, level=each)
            hits = sum(yes for yes, _ in self.ends)
            return binomial.lower_limit(hits, self.n, level=each), upper
        upper = self.upper * math.exp(log_half_width(self.replicates, each, self._least))
        seen = () if self.obstacle else self._seen
        if not seen or min(seen) <= 0.0:
            return 0.0, min(upper, 1.0)
        lower = self.lower * math.exp(-log_half_width(seen, each, self._least))
        return lower, min(upper, 1.0)

    def upper_bound(self, level: float) -> float:
        """Return the upper end of the two-sided interval.

        A one-sided limit at the same level would be missed more often than said where the runs
        scatter, for their distribution is skewed.
        """
        return self.interval(level)[1]

    @property
    def _seen(self) -> tuple[float, ...]:
        pairs = zip(self.reaching, self.ends, strict=True)
        return self._products(tuple((*counts[:-1], yes) for counts, (yes, _) in pairs))

    def _products(self, counts: tuple[tuple[int, ...], ...]) -> tuple[float, ...]:
        return tuple(math.prod(k / self.size for k in run) for run in counts)

    def _reached(self, level: int) -> int:
        return sum(run[level] for run in self.reaching)

    @property
    def _least(self) -> float:
        """The variance of the logarithm that independent draws at every level would have."""
        shares = [self._reached(k) / self.n for k in range(len(self.reaching[0]))]
        return sum((1.0 - share) / (self.size * share) for share in shares)

    def rows(self) -> Iterable[tuple[str, str]]:
        if self.levels:
            yield "levels", self.levels_said
            shares = (self._reached(k) / self.n for k in range(len(self.reaching[0])))
            yield "share at each", ", ".join(f"{share:.3g}" for share in shares)
        runs = ", ".join(f"{estimate:.3g}" for estimate in self.replicates)
        yield "runs", f"{runs} (populations of {self.size})"

    def to_dict(self) -> dict[str, Any]:
        return {
            "population": self.size,
            "levels": plain(self.levels),
            "reaching": plain(self.reaching),
            "ends": plain(self.ends),
            "different": plain(self.different),
            "accepted": plain(self.accepted),
            "replicates": plain(self.replicates),
            "obstacle": self.obstacle,
        }


def scatter(estimates: tuple[float, ...]) -> float:
    """Return the standard deviation of the logarithms of positive numbers."""
    return float(np.std(np.log(estimates), ddof=1))


def log_half_width(estimates: tuple[float, ...], level: float, least: float = 0.0) -> float:
    """Return h: the mean of positive log-normal estimates, times e^h, bounds the true mean.

    Parameters
    ----------
    estimates : tuple of float
        Independent, at least two.
    level : float
        One-sided.
    least : float
        The variance of the logarithms is at least this.
    """
    from scipy.stats import t

    n = len(estimates)
    variance = max(scatter(estimates) ** 2, least)
    spread = variance / n + variance**2 / (2.0 * (n - 1))
    return float(t.ppf(level, n - 1)) * math.sqrt(spread)
