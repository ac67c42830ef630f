"""How long and how carefully orbits are looked at: every cap and tolerance by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from ..engine.arithmetic import Arithmetic
from ..errors import InvalidInput
from ..regions import positive_count

__all__ = ["Budget"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Caps and tolerances of `simulate`. They are written into its result.

    Parameters
    ----------
    steps : int
        Most steps of an orbit before its fate is left to what was seen so far.
    first_window : int
        Length of the first two windows; every later one is as long as all before it together.
    tolerance : float
        An orbit is looked at as a candidate for convergence when its last step is shorter than
        this, relative to 1 + |x|. Meeting it decides nothing.
    capture : float
        Farthest a candidate may be from the limit that Newton's method gives it, relative to
        1 + |x|.
    margin : float
        A multiplier this close to the unit circle is neither stable nor unstable. One close to 1
        itself, at distance r, is judged with ``min(margin, r/100)``.
    kernel_tolerance : float
        Eigenvalues of DF - I below this, relative to the largest, are zero: directions along a
        family of limits.
    radius : float
        Outside of `radius` times 1 + |x_0| + |x_1 - x_0|, growth makes an orbit a candidate for
        escape.
    horizon : float
        A candidate escapes when it is outside of `horizon` times the same, and still grows; until
        then it is iterated, for its limit may be far away. At least `radius`.
    growth_steps : int
        Ratios |x_{t+1}|/|x_t| in a row that must not fall before an orbit has escaped.
    max_period : int
        Longest period that is looked for.
    recurrence : float
        An orbit that returns to within this, relative to its size, is a candidate for a cycle.
    persistence : float
        A cycle must keep at least this share of its size while the time doubles.
    perturbations : int
        Pairs ±u of directions in which a degenerate limit is perturbed.
    replay_steps : int
        Steps for which a perturbed limit is followed.
    lyapunov_steps, lyapunov_batches : int
        Steps after the last window on which the exponent is measured, and batches they are cut
        into for its standard error.
    seed : int
        Determines the directions of perturbations and tangents, the same ones for every start, so
        that a start meets the same fate in whatever company it is simulated.
    arithmetic : Arithmetic
        In which orbits are iterated. PLAIN and NUMPY agree to the last bit for polynomials; FUSED
        is faster and moves what lies within rounding of a basin boundary.

    Examples
    --------
    >>> Budget(steps=1000).windows()
    [32, 32, 64, 128, 256, 488]
    >>> Budget(steps=0)
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.InvalidInput: steps: got 0, expected a whole number of at least 1
    """

    steps: int = 2**14
    first_window: int = 32
    tolerance: float = 1e-6
    capture: float = 1e-2
    margin: float = 1e-4
    kernel_tolerance: float = 1e-9
    radius: float = 1e3
    horizon: float = 1e12
    growth_steps: int = 6
    max_period: int = 64
    recurrence: float = 1e-6
    persistence: float = 0.99
    perturbations: int = 8
    replay_steps: int = 512
    lyapunov_steps: int = 2048
    lyapunov_batches: int = 32
    seed: int = 0
    arithmetic: Arithmetic = Arithmetic.FUSED

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "seed":
                _checked_seed(value)
            elif field.name == "arithmetic":
                _checked_arithmetic(value)
            elif field.type == "int":
                positive_count(value, field.name)
            else:
                _checked_size(value, field.name)
        if self.horizon < self.radius:
            raise InvalidInput(
                "horizon, radius", (self.horizon, self.radius), "a horizon of at least the radius"
            )
        if self.lyapunov_batches < 2 or self.lyapunov_steps < self.lyapunov_batches:
            raise InvalidInput(
                "lyapunov_steps, lyapunov_batches",
                (self.lyapunov_steps, self.lyapunov_batches),
                "at least two batches of at least one step",
            )

    def windows(self) -> list[int]:
        """Return the lengths of the windows: doubling, `steps` in all."""
        lengths, done = [], 0
        while done < self.steps:
            length = min(max(self.first_window, done), self.steps - done)
            lengths.append(length)
            done += length
        return lengths


def _checked_seed(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInput("seed", value, "a whole number of at least 0")


def _checked_arithmetic(value: Any) -> None:
    if not isinstance(value, Arithmetic):
        raise InvalidInput("arithmetic", value, "a member of Arithmetic", "e.g. Arithmetic.PLAIN")


def _checked_size(value: Any, name: str) -> None:
    above_one = name in ("radius", "horizon")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0 or (value < 1) is above_one:
        expected = "a finite number of at least 1" if above_one else "a number between 0 and 1"
        raise InvalidInput(name, value, expected)
