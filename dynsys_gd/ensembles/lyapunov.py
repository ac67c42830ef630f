"""How fast neighbouring orbits part: the largest finite-time Lyapunov exponent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.kernel import Kernel
from ..engine.lyapunov import stretching
from .budget import Budget

__all__ = ["Exponents", "lyapunov_exponents"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_STANDARD_ERRORS = 5.0
_FLAT = 1e-2
_TANGENT_GROWTH = 20.0  # e^20 within the measurement: more than shear, which grows like a power
_ROUNDS = 4.0
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Exponents:
    """Finite-time Lyapunov exponents and what the orbits did while they were measured, per row.

    Parameters
    ----------
    mean, error : ndarray, shape (n,)
        Exponent per step, and its standard error from the means of successive batches.
    steps : int
        Steps of the measurement.
    states : ndarray, shape (n, d)
        After it.
    largest_residual, path, extent : ndarray, shape (n,)
        Largest residual norm, length of the path, and largest distance from its first state.
    """

    mean: Numbers
    error: Numbers
    steps: int
    states: Rows
    largest_residual: Numbers
    path: Numbers
    extent: Numbers

    @property
    def chaotic(self) -> NDArray[np.bool_]:
        """Whether the exponent is positive beyond its error and beyond polynomial growth."""
        clear = self.mean > _STANDARD_ERRORS * self.error
        return clear & (self.mean * self.steps > _TANGENT_GROWTH)

    @property
    def quasi_periodic(self) -> NDArray[np.bool_]:
        """Whether the exponent is zero to within a small error, on an orbit that goes round.

        Shear lets tangents grow like a power of the time, so a small positive value is allowed; a
        value below zero by more than its error belongs to an orbit that is being attracted.
        """
        flat = np.abs(self.mean) + _STANDARD_ERRORS * self.error <= _FLAT
        zero = (self.mean * self.steps <= _TANGENT_GROWTH) & (
            self.mean >= -_STANDARD_ERRORS * self.error - _ROUNDING
        )
        return flat & zero & (self.path >= _ROUNDS * self.extent) & (self.extent > 0)


def lyapunov_exponents(
    kernel: Kernel, states: Rows, budget: Budget, *, traced: bool = True
) -> Exponents:
    """Return the largest Lyapunov exponent of each orbit.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
    budget : Budget
    traced : bool
        Whether residuals, path and extent are wanted; zeros may stand for them where not.

    Notes
    -----
    A tangent v is carried along, v <- DF(x) v; the exponent is the mean growth of log |v|
    [benettin1980lyapunov]_. For network losses the difference quotient (F(x + hv) - F(x)) / h may
    take the place of DF(x) v; its error is of the order of h |v| = 1e-7 relative to 1 + |x|. An
    orbit that is no number any more has no exponent: NaN.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> logistic = SymbolicMap([4 * x * (1 - x)], [x])
    >>> exponents = lyapunov_exponents(logistic.kernel(), np.array([[0.3]]), Budget())
    >>> bool(abs(exponents.mean[0] - np.log(2)) < 5 * exponents.error[0] + 1e-3)
    True
    """
    start = np.random.default_rng(budget.seed).standard_normal(size=(states.shape[1],))
    start /= np.linalg.norm(start)
    batches = budget.lyapunov_batches
    length = budget.lyapunov_steps // batches
    found = stretching(
        kernel,
        states,
        start,
        transient=length,
        length=length,
        batches=batches,
        arithmetic=budget.arithmetic,
        traced=traced,
    )
    with np.errstate(all="ignore"):
        # Summed one after the other: numpy's own sums depend on the number of rows in the last bit.
        mean = sum(found.rates, np.zeros(len(states))) / batches
        squares = ((rate - mean) ** 2 for rate in found.rates)
        variance = sum(squares, np.zeros(len(states))) / (batches - 1)
    return Exponents(
        mean=mean,
        error=np.sqrt(variance / batches),
        steps=batches * length,
        states=found.states,
        largest_residual=found.largest_residual,
        path=found.path,
        extent=found.extent,
    )
