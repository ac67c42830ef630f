"""What a count says about a probability: exact binomial limits, also with undecided draws."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from ..errors import InvalidInput
from ..regions import positive_count

__all__ = [
    "CLOPPER_PEARSON",
    "Limits",
    "checked_level",
    "interval",
    "lower_limit",
    "rounded_up",
    "upper_limit",
]


class Limits(ABC):
    """A way to make confidence limits of a probability from counts; a frozen dataclass."""

    @abstractmethod
    def interval(self, hits: int, undecided: int, n: int, *, level: float) -> tuple[float, float]:
        """Return limits between which the probability lies at least so often."""

    @abstractmethod
    def upper_limit(self, hits: int, n: int, *, level: float) -> float:
        """Return a limit below which the probability lies at least so often."""


@dataclass(frozen=True)
class _ClopperPearson(Limits):
    def interval(self, hits: int, undecided: int, n: int, *, level: float) -> tuple[float, float]:
        return interval(hits, undecided, n, level=level)

    def upper_limit(self, hits: int, n: int, *, level: float) -> float:
        return upper_limit(hits, n, level=level)


#: For a number of draws that was settled beforehand.
CLOPPER_PEARSON = _ClopperPearson()


def lower_limit(hits: int, n: int, *, level: float) -> float:
    """Return the one-sided lower confidence limit of a probability.

    Parameters
    ----------
    hits : int
        How many of the draws had the property, from 0 to `n`.
    n : int
        Number of independent draws.
    level : float
        Between 0 and 1: the limit lies below the true probability at least this often.

    Returns
    -------
    float
        The p with P(K ≥ hits) = 1 - level for K binomial in n and p; 0 where nothing was hit.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    >>> lower_limit(0, 100, level=0.95), round(lower_limit(100, 100, level=0.95), 6)
    (0.0, 0.970487)
    """
    hits, n = _checked_count(hits, n)
    error = 1.0 - checked_level(level)
    if hits == 0:
        return 0.0
    if hits == n:
        return math.exp(math.log(error) / n)
    from scipy.special import betaincinv

    return float(betaincinv(hits, n - hits + 1, error))


def upper_limit(hits: int, n: int, *, level: float) -> float:
    """Return the one-sided upper confidence limit of a probability.

    Parameters
    ----------
    hits, n : int
        How many of the `n` independent draws had the property.
    level : float
        Between 0 and 1: the limit lies above the true probability at least this often.

    Returns
    -------
    float
        The p with P(K ≤ hits) = 1 - level for K binomial in n and p; 1 where everything was hit.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    Nothing seen in a million draws still leaves room for three in a million.

    >>> round(1e6 * upper_limit(0, 10**6, level=0.95), 4)
    2.9957
    """
    hits, n = _checked_count(hits, n)
    error = 1.0 - checked_level(level)
    if hits == n:
        return 1.0
    if hits == 0:
        return -math.expm1(math.log(error) / n)
    from scipy.special import betainccinv

    return float(betainccinv(hits + 1, n - hits, error))


def interval(hits: int, undecided: int, n: int, *, level: float) -> tuple[float, float]:
    """Return a two-sided confidence interval of a probability when some draws are undecided.

    Parameters
    ----------
    hits : int
        Draws that had the property.
    undecided : int
        Draws of which nobody knows whether they had it.
    n : int
        All independent draws.
    level : float
        Between 0 and 1: how often, at least, the interval contains the probability.

    Returns
    -------
    tuple of float
        The lower limit of `hits` and the upper limit of ``hits + undecided``, each at error
        (1 - level)/2. Both limits grow with the count, and the count that an omniscient observer
        would have found lies between the two, so the level holds whatever the undecided draws are.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    >>> [round(p, 4) for p in interval(50, 0, 100, level=0.95)]
    [0.3983, 0.6017]
    >>> [round(p, 4) for p in interval(50, 10, 100, level=0.95)]
    [0.3983, 0.6967]
    """
    if undecided < 0 or hits + undecided > n:
        raise InvalidInput("undecided", undecided, f"a count from 0 to n - hits ({n - hits})")
    each = 0.5 * (1.0 + checked_level(level))
    return lower_limit(hits, n, level=each), upper_limit(hits + undecided, n, level=each)


def checked_level(level: Any) -> float:
    """Return a confidence level as a float strictly between 0 and 1, or refuse it.

    Examples
    --------
    >>> checked_level("0.95")
    0.95
    """
    expected = "a confidence level strictly between 0 and 1, such as 0.95"
    try:
        number = float(level)
    except (TypeError, ValueError):
        raise InvalidInput("level", level, expected) from None
    if isinstance(level, bool) or not 0.0 < number < 1.0:
        raise InvalidInput("level", level, expected)
    return number


def rounded_up(limit: float) -> str:
    """Return a positive number in two digits, never smaller, so that "below" stays true.

    Examples
    --------
    >>> rounded_up(0.002912), rounded_up(2.9957e-06)
    ('0.003', '3e-06')
    """
    exact = Decimal(limit)
    raised = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_CEILING)
    return f"{float(raised):.2g}"


def _checked_count(hits: Any, n: Any) -> tuple[int, int]:
    total = positive_count(n, "n")
    if isinstance(hits, bool) or int(hits) != hits or not 0 <= hits <= total:
        raise InvalidInput("hits", hits, f"a whole number from 0 to n ({total})")
    return int(hits), total
