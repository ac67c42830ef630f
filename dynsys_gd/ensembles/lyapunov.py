"""How fast neighbouring orbits part: the largest finite-time Lyapunov exponent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.kernel import Kernel
from .budget import Budget
from .iterate import applied, norms

__all__ = ["Exponents", "lyapunov_exponents"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Tangent = Callable[[Kernel, Rows, Rows, Rows], Rows]

_LARGEST_JACOBIAN = 8
_OFFSET = 1e-7
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


def lyapunov_exponents(kernel: Kernel, states: Rows, budget: Budget) -> Exponents:
    """Return the largest Lyapunov exponent of each orbit.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
    budget : Budget

    Notes
    -----
    A tangent v is carried along, v <- DF(x) v, and scaled to length 1 after each step; the mean of
    log |v| is the exponent [benettin1980lyapunov]_. Above 8 coordinates, where a Jacobian costs
    many steps, the difference quotient (F(x + εv) - F(x)) / ε takes its place; its error is of the
    order of ε = 1e-7 relative to 1 + |x|.

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
    n, d = states.shape
    start = np.random.default_rng(budget.seed).standard_normal(d)
    run = _Run(
        kernel,
        _by_jacobian if d <= _LARGEST_JACOBIAN else _by_difference,
        np.asfortranarray(states),
        np.tile(start / np.linalg.norm(start), (n, 1)),
    )
    batches = budget.lyapunov_batches
    length = budget.lyapunov_steps // batches
    with np.errstate(all="ignore"):
        run.batch(length)  # turns the tangent into the fastest direction
        run.watch_from_here()
        means = [run.batch(length) for _ in range(batches)]
        # Summed one after the other: numpy's own sums depend on the number of rows in the last bit.
        mean = sum(means, np.zeros(n)) / batches
        variance = sum(((m - mean) ** 2 for m in means), np.zeros(n)) / (batches - 1)
    return Exponents(
        mean=mean,
        error=np.sqrt(variance / batches),
        steps=batches * length,
        states=run.states,
        largest_residual=run.largest_residual,
        path=run.path,
        extent=run.extent,
    )


class _Run:
    """Orbits with their tangents, and running statistics."""

    def __init__(self, kernel: Kernel, tangent: Tangent, states: Rows, tangents: Rows) -> None:
        self.kernel, self.tangent = kernel, tangent
        self.states, self.tangents = states, tangents
        self.watch_from_here()

    def watch_from_here(self) -> None:
        n = len(self.states)
        self.origin = self.states
        self.largest_residual, self.path, self.extent = np.zeros(n), np.zeros(n), np.zeros(n)

    def batch(self, length: int) -> Numbers:
        """Take `length` steps; return the mean logarithm of the stretching."""
        total = np.zeros(len(self.states))
        for _ in range(length):
            images, residuals = self.kernel.step(self.states)
            moved = self.tangent(self.kernel, self.states, images, self.tangents)
            size = norms(moved)
            # A tangent that is annihilated has exponent -inf; it is kept finite and restarted.
            alive = size > 0
            total += np.log(np.where(alive, size, 1e-300))
            self.tangents = np.where(
                alive[:, None], moved / np.where(alive, size, 1.0)[:, None], 1.0
            )
            np.maximum(self.largest_residual, norms(residuals), out=self.largest_residual)
            self.path += norms(images - self.states)
            np.maximum(self.extent, norms(images - self.origin), out=self.extent)
            self.states = images
        return total / length


def _by_jacobian(kernel: Kernel, states: Rows, images: Rows, tangents: Rows) -> Rows:
    return applied(kernel.jacobian(states), np.ascontiguousarray(tangents))


def _by_difference(kernel: Kernel, states: Rows, images: Rows, tangents: Rows) -> Rows:
    offset = (_OFFSET * (1.0 + norms(states)))[:, None]
    return (kernel.step(states + offset * tangents)[0] - images) / offset
