"""Averages along several orbits, taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...evidence import Outcome
from .batches import total

__all__ = ["PooledAverages", "pooled"]

Numbers = NDArray[np.float64]

_SURELY_APART, _PERHAPS_APART = 1e-6, 1e-3  # chances of so large a spread among equals
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class PooledAverages:
    """Averages along several orbits, taken together.

    Parameters
    ----------
    values, errors : ndarray, shape (k,)
        Means over the orbits, and their standard errors.
    orbits : int
        How many were pooled.
    alike : Outcome
        Whether the orbits have the same averages within their errors: NO says that there are
        several attractors, or several kinds of orbits, and the mean depends on the starts.

    Examples
    --------
    >>> from dynsys_gd import lyapunov_spectrum, textbook
    >>> found = lyapunov_spectrum(textbook.logistic("13/4"), [[0.3], [0.4]], steps=1_000)
    >>> found.pooled().orbits, found.pooled().alike
    (2, <Outcome.YES: 'yes'>)
    """

    values: Numbers
    errors: Numbers
    orbits: int
    alike: Outcome


def pooled(
    values: Numbers, errors: Numbers, *, rounding: Numbers | float = _ROUNDING
) -> PooledAverages:
    """Return averages (n, k) with their errors as one.

    What rounding makes of the values, shape (n, 1) or a number for all, is no difference.
    """
    count, k = values.shape
    if not count:
        nothing = np.full(k, np.nan)
        return PooledAverages(values=nothing, errors=nothing, orbits=0, alike=Outcome.UNDECIDED)
    with np.errstate(all="ignore"):
        mean = total(values)
        within = np.sqrt(total(errors**2) / count)
        between = np.zeros(k)
        if count > 1:
            between = np.sqrt(total((values - mean) ** 2) / (count - 1))
    between = np.where(np.isnan(between), 0.0, between)  # of values that are -inf
    return PooledAverages(
        values=mean,
        errors=np.maximum(within, between),
        orbits=count,
        alike=_alike(values, errors, rounding),
    )


def _alike(values: Numbers, errors: Numbers, rounding: Numbers | float) -> Outcome:
    """Return whether averages differ by no more than their errors, by a chi-squared test."""
    from scipy.stats import chi2

    count = len(values)
    if count == 1:
        return Outcome.YES
    with np.errstate(all="ignore"):
        floor = rounding + _ROUNDING * np.abs(values).max(axis=0)
        same = (values == values[0]).all(axis=0)
        scaled = np.where(same, 0.0, (values - total(values)) / np.maximum(errors, floor))
    if not np.isfinite(scaled).all():
        return Outcome.UNDECIDED if np.isnan(values).any() else Outcome.NO
    with np.errstate(over="ignore"):
        chances = chi2.sf((scaled**2).sum(axis=0), count - 1)
    if (chances < _SURELY_APART).any():
        return Outcome.NO
    return Outcome.UNDECIDED if (chances < _PERHAPS_APART).any() else Outcome.YES
