"""The law of x -> (1 - η)x - η cos θ with independent uniform phases θ, for 0 < η < 2.

This is what gradient descent on x²/2 + ε sin(x/ε) becomes as ε tends to zero: the phases x/ε of
successive steps forget each other.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["distribution", "exponent", "kurtosis", "variance"]

Array = NDArray[np.float64]

_FAR = 40.0  # in units of its width the characteristic function has vanished there
_NODES = 4000
_NEGLIGIBLE = 1e-17


def exponent(step: float, fine: float) -> float:
    """Return the mean of log|1 - η + (η/ε) sin θ|, which is log(η/2ε) where η/ε ≥ |1 - η|.

    Examples
    --------
    >>> round(exponent(0.1, 1e-5), 6)
    8.517193
    """
    return math.log(step / (2 * fine))


def variance(step: float) -> float:
    """Return η/(2(2 - η)): each step adds η²/2 to (1 - η)² times what there was.

    Examples
    --------
    >>> variance(1.0)
    0.5
    """
    return step / (2 * (2 - step))


def kurtosis(step: float) -> float:
    """Return 3 - (3/8) η⁴/(1 - (1 - η)⁴)/variance²: cumulants of independent steps add up.

    The fourth cumulant of cos θ is 3/8 - 3/4 = -3/8.

    Examples
    --------
    >>> round(kurtosis(0.1), 6), kurtosis(1.0)
    (2.842541, 1.5)
    """
    fourth = -3 / 8 * step**4 / (1 - (1 - step) ** 4)
    return 3 + fourth / variance(step) ** 2


def distribution(step: float, at: Array) -> Array:
    """Return the distribution function, from the characteristic function ∏ J_0(η (1 - η)^k t).

    F(x) = 1/2 + (1/π) ∫_0^∞ sin(tx) φ(t)/t dt by the trapezoidal rule, for steps below 1/2, where
    φ decays fast enough.

    Parameters
    ----------
    step : float
    at : ndarray, shape (n,)

    Examples
    --------
    >>> distribution(0.1, np.array([-1.0, 0.0])).round(12)
    array([0. , 0.5])
    """
    from scipy.special import j0

    count = math.ceil(math.log(_NEGLIGIBLE) / math.log1p(-step))
    t = np.linspace(0, _FAR / math.sqrt(variance(step)), _NODES + 1)[1:]
    phi = np.ones_like(t)
    for power in (1 - step) ** np.arange(count):
        phi *= j0(step * power * t)
    # With the limit x of sin(tx)/t at 0, which counts half.
    waves = np.sin(np.multiply.outer(at, t)) / t @ phi + at / 2
    return np.asarray(0.5 + waves * (t[1] - t[0]) / np.pi)
