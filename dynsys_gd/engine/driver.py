"""How many orbits advance together: one window of steps with running statistics.

The driver knows nothing of losses. It sees a `Kernel`, iterates its rows, keeps the few numbers a
classification needs, and stops iterating rows that have left for good.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arithmetic import Arithmetic, usable
from .kernel import Kernel
from .window import Departure, EscapeRule, Window, squared_norm
from .window_oracle import window_of_rows
from .window_task import WindowTask

__all__ = ["Departure", "EscapeRule", "Window", "run_window", "squared_norm"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]


def run_window(
    kernel: Kernel,
    states: Rows,
    length: int,
    *,
    radius: Numbers,
    lags: int = 1,
    tolerance: float = 1e-6,
    escape: EscapeRule = EscapeRule(),  # noqa: B008 (frozen)
    arithmetic: Arithmetic = Arithmetic.FUSED,
) -> Window:
    """Advance every row of `states` by `length` steps.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Not changed.
    length : int
        Number of steps, at least 1.
    radius : ndarray, shape (n,)
        Radius of the ball outside of which ratios count for `escape`.
    lags : int
        How many of the last states are compared with the one before them, at most `length`.
    tolerance : float
        Residual norm below which a row counts as settled.
    escape : EscapeRule
    arithmetic : Arithmetic
        Machine code falls back to NUMPY where it cannot be made.

    Returns
    -------
    Window

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> kernel = SymbolicMap([3 * x], [x]).kernel()
    >>> window = run_window(kernel, np.array([[0.0], [1.0]]), 40, radius=np.array([10.0, 10.0]))
    >>> window.departure.tolist(), window.departed_after.tolist()  # 3^21 is the first beyond 10^10
    ([0, 1], [0, 21])
    """
    used = usable(kernel, arithmetic)
    if used is Arithmetic.NUMPY:
        return window_of_rows(
            kernel,
            states,
            length,
            radius=radius,
            lags=min(lags, length),
            tolerance=tolerance,
            escape=escape,
        )
    return WindowTask(
        kernel,
        states,
        length,
        radius=radius,
        lags=min(lags, length),
        tolerance=tolerance,
        escape=escape,
        fused=used is Arithmetic.FUSED,
    ).run()
