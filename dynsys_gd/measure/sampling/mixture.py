"""Confidence limits that hold at every moment at once, so that one may look and stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..binomial import Limits, checked_level

__all__ = ["Mixture", "suited_mixture"]

_STEP = 8.0  # between the precisions of a mixture
_SMALLEST = math.log(1e-300)


@dataclass(frozen=True)
class Mixture(Limits):
    """A confidence sequence for a probability, by mixtures of likelihood ratios.

    Parameters
    ----------
    precisions : tuple of float
        The k below; a large one is sharp for many draws, a small one for few draws and for
        probabilities near 0 and 1.
    weights : tuple of float
        Of the parts; positive, sum 1.

    Notes
    -----
    With S hits among n draws, and for a candidate p, let

        M_n(p) = Σ_k w_k B(kp + S, k(1-p) + n - S) / (B(kp, k(1-p)) p^S (1-p)^(n-S)),

    the average over q, distributed as Beta(kp, k(1-p)), of the likelihood of q relative to that of
    p. Where p is the true probability, M_0 = 1 and M_n(p) is a non-negative martingale, so that
    by Ville's inequality it exceeds 1/α at any time at all with probability at most α. The p with
    M_n(p) < 1/α therefore contain the true one for all n at once with probability 1 - α, also at
    a time that was chosen after looking.

    log M_n(p) is convex in p, so they form an interval. It is convex in S with its minimum, which
    is at most 0, at ⌈(n-1)p⌉ for every k; hence both ends grow with S. The count of an observer
    who knows every undecided draw lies between the hits, and hits and undecided draws together:
    the lower end of the one and the upper end of the other hold together at level 1 - α, whatever
    the undecided ones are.

    References
    ----------
    Ville (1939), ``ville1939etude``; Robbins (1970), ``robbins1970statistical``; the mixture:
    Howard et al. (2021), ``howard2021timeuniform``, proposition 7.

    Examples
    --------
    >>> mixture = Mixture(precisions=(1.0,), weights=(1.0,))
    >>> [round(p, 4) for p in mixture.interval(50, 0, 100, level=0.95)]
    [0.3364, 0.6636]
    """

    precisions: tuple[float, ...]
    weights: tuple[float, ...]

    def interval(self, hits: int, undecided: int, n: int, *, level: float) -> tuple[float, float]:
        error = 1.0 - checked_level(level)
        upper = 1.0 - self._lower(n - hits - undecided, n, error)
        return self._lower(hits, n, error), upper

    def upper_limit(self, hits: int, n: int, *, level: float) -> float:
        return 1.0 - self._lower(n - hits, n, 1.0 - checked_level(level))

    def _lower(self, hits: int, n: int, error: float) -> float:
        if hits == 0:
            return 0.0
        from scipy.optimize import brentq

        def excess(log_p: float) -> float:
            return self.log_ratio(math.exp(log_p), hits, n) + math.log(error)

        # Where everything was hit the ratio is smallest at p = 1, which is no argument of it.
        highest = math.log(hits / n) if hits < n else math.log1p(-min(1e-9, error / n))
        if excess(highest) >= 0:
            return math.exp(highest) if hits == n else 0.0
        lowest, step = highest - 1.0 / math.sqrt(n), 1.0 / math.sqrt(n)
        while excess(lowest) <= 0:
            step *= 2.0
            lowest -= step
            if lowest < _SMALLEST:  # one hit alone excludes no p: the ratio stays bounded
                return 0.0
        root = brentq(excess, lowest, highest, xtol=1e-12, rtol=1e-12)
        return math.exp(root - 1e-11)

    def log_ratio(self, p: float, hits: int, n: int) -> float:
        """Return log M_n(p), for 0 < p < 1."""
        from scipy.special import betaln

        k = np.asarray(self.precisions)
        a, b = k * p, k * (1.0 - p)
        parts = betaln(a + hits, b + (n - hits)) - betaln(a, b)
        largest = float(parts.max())
        average = float(np.dot(self.weights, np.exp(parts - largest)))
        likelihood = hits * math.log(p) + (n - hits) * math.log1p(-p)
        return largest + math.log(average) - likelihood


def suited_mixture(half_width: float, level: float) -> Mixture:
    """Return the mixture that reaches a half-width at a level with few draws, whatever p is.

    In the normal limit M(p) with precision k has half-width
    √((1 + 1/r)(log(1 + r) + 2 log(1/α)) p(1-p)/n) for r = n/k, smallest near
    r = 2 log(1/α) + log(1 + 2 log(1/α)). The largest precision is best at p = 1/2, where most
    draws are needed, and has half of the weight; each smaller one has half of what is left.
    """
    twice = -2.0 * math.log1p(-level)
    best = twice + math.log1p(twice)
    draws = (1.0 + 1.0 / best) * (math.log1p(best) + twice) * 0.25 / half_width**2
    largest = max(1.0, draws / best)
    count = 1 + int(math.log(largest) / math.log(_STEP))
    weights = [0.5 ** (i + 1) for i in range(count)]
    weights[-1] *= 2.0
    return Mixture(tuple(largest / _STEP**i for i in range(count)), tuple(weights))
