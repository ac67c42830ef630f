"""What one value of the parameter shows: how much converges, and what the rest does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..estimate import Estimate

__all__ = ["QUANTILES", "Norms", "ShareStatus", "TransitionPoint"]

QUANTILES = (0.1, 0.5, 0.9)


class ShareStatus(Enum):
    """What is known of the convergent share at one value of the parameter.

    CONVERGES: its lower limit is above zero. VANISHED: it is not, and the upper limit is
    negligible. OPEN: neither, because starts are undecided, or few.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss, transition_points
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), eta)
    >>> points = transition_points(F, "eta", [1, 3], region=Box([-1], [1]), rng=0)
    >>> [next(points).found(0.01).name for _ in range(2)]
    ['CONVERGES', 'VANISHED']
    """

    CONVERGES = "converges"
    VANISHED = "vanished"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Norms:
    """The asymptotic gradient norm over the starts that stay bounded.

    Parameters
    ----------
    quantiles : tuple of float
        At the levels `QUANTILES`; NaN where no start stays bounded.
    bounded, n : int
        How many starts stayed bounded, of how many that were looked at.

    Notes
    -----
    The norm of a start is that at its limit where it converges, otherwise the largest in the last
    window, which is half of the budget. Under momentum the velocity is part of it.
    """

    quantiles: tuple[float, ...]
    bounded: int
    n: int

    @classmethod
    def of(cls, residuals: NDArray[np.float64], n: int) -> Norms:
        """Return the quantiles of the residual norms of the bounded starts among `n`."""
        known = residuals[np.isfinite(residuals)]
        if not known.size:
            return cls(quantiles=(float("nan"),) * len(QUANTILES), bounded=0, n=n)
        # A value that some start has, so that a jump between two kinds of orbits is not averaged.
        levels = np.quantile(known, QUANTILES, method="inverted_cdf")
        return cls(quantiles=tuple(map(float, levels)), bounded=int(known.size), n=n)

    @property
    def median(self) -> float:
        """Median over the bounded starts."""
        return self.quantiles[QUANTILES.index(0.5)]


@dataclass(frozen=True, kw_only=True, repr=False)
class TransitionPoint:
    """What one value of the parameter shows.

    Parameters
    ----------
    parameter : str
    value : sympy.Expr
        Of the parameter, exact where it was typed exactly.
    estimate : Estimate
        How much converges.
    level : float
        At which the interval of this one value is drawn, so that all intervals hold together.
    norms : Norms
    seed : int
        Of its starts; the same for all given values.
    refined : bool
        Whether the value was chosen by looking at others, with starts of its own.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss, transition_points
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), eta)
    >>> point = next(transition_points(F, "eta", [1, 3], region=Box([-1], [1]), rng=0))
    >>> point.at, point.estimate.lower, point.refined
    (1.0, 1.0, False)
    """

    parameter: str
    value: sp.Expr
    estimate: Estimate
    level: float
    norms: Norms
    seed: int
    refined: bool

    @property
    def at(self) -> float:
        """The value as a float."""
        return float(self.value)

    @property
    def interval(self) -> tuple[float, float]:
        """Limits of the convergent share that hold at all values of the scan together."""
        return self.estimate.interval(self.level)

    def found(self, negligible: float) -> ShareStatus:
        """Return what is known of the share here, `negligible` counted as nothing."""
        low, high = self.interval
        if low > 0:
            return ShareStatus.CONVERGES
        return ShareStatus.VANISHED if high <= negligible else ShareStatus.OPEN

    def __repr__(self) -> str:
        low, high = self.interval
        open_share = self.estimate.undecided
        left = f", {100 * open_share:.3g} % undecided" if open_share else ""
        norm = f", median gradient norm {self.norms.median:.2g}" if self.norms.bounded else ""
        return (
            f"{self.parameter} = {self.at:.8g}: {100 * self.estimate.lower:.4g} % converge{left}, "
            f"in [{low:.4g}, {high:.4g}]{norm}"
        )
