"""What the means of successive batches tell: a standard error, and whether something drifts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...evidence import Outcome

__all__ = ["jackknife_error", "mean_error", "settled", "total"]

Numbers = NDArray[np.float64]

_MERGED = (1, 2, 4)  # batches taken together
_FEWEST = 8  # groups from which an error is computed
_DRIFT_SEEN, _DRIFT_LIKELY = 4.5, 3.5  # standard errors between the two halves
_TREND_SEEN = 5.0  # the same for the ranks of the batches
_ROUNDING = 1e-10  # relative to the unit, and to the value


def total(values: Numbers) -> Numbers:
    """Return the mean over the first axis, added up in order: numpy's depends on the shape."""
    result: Numbers = sum(values, np.zeros(values.shape[1:])) / len(values)
    return result


def mean_error(values: Numbers) -> Numbers:
    """Return the standard error of the mean of batches, shape (batches, ...).

    The largest of three: with the batches as they are, in pairs, and in fours. Were they too short
    to be independent, the longer ones would show it.
    """
    largest = np.zeros(values.shape[1:])
    for merged in _MERGED:
        groups = len(values) // merged
        if groups < _FEWEST:
            break
        means = np.stack([total(values[g * merged : (g + 1) * merged]) for g in range(groups)])
        spread = total((means - total(means)) ** 2) / (groups - 1)
        largest = np.maximum(largest, np.sqrt(spread))
    return largest


def jackknife_error(without: Numbers) -> Numbers:
    """Return the standard error of what was computed with each batch left out in turn."""
    count = len(without)
    return np.sqrt((count - 1) * total((without - total(without)) ** 2))


def settled(values: Numbers, error: Numbers, *, unit: float = 1.0) -> NDArray[np.object_]:
    """Return whether the batches fluctuate about one value: YES, NO, or UNDECIDED.

    NO where the halves differ by far more than their errors, or where the batches keep rising or
    falling (the rank test of Mann and Kendall); differences of the size of rounding do not count.
    The unit is 1 for exponents, and 0 for what may have any scale.
    """
    with np.errstate(all="ignore"):
        half = len(values) // 2
        apart = np.abs(total(values[-half:]) - total(values[:half]))
        size = _ROUNDING * (unit + np.abs(total(values)))
        drift = np.where(apart > size, apart / (2.0 * error), 0.0)
        trend = np.where(apart > size, np.abs(_ranks(values)), 0.0)
        seen = (drift > _DRIFT_SEEN) | (trend > _TREND_SEEN)
        likely = (drift > _DRIFT_LIKELY) | (trend > _DRIFT_LIKELY)
        finite = np.isfinite(values).all(axis=0)
    answer = np.full(values.shape[1:], Outcome.YES, dtype=object)
    answer[likely] = Outcome.UNDECIDED
    answer[seen | ~finite] = Outcome.NO
    return answer


def _ranks(values: Numbers) -> Numbers:
    """Return the statistic of Mann and Kendall, about standard normal without a trend."""
    count = len(values)
    score = np.zeros(values.shape[1:])
    for k in range(count - 1):
        score += np.sign(values[k + 1 :] - values[k]).sum(axis=0)
    return score / np.sqrt(count * (count - 1) * (2 * count + 5) / 18.0)
