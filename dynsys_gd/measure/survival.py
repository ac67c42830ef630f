"""Does an orbit stay bounded for a while?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic
from ..engine.stopping import Keep, Stop, StoppingRule
from ..ensembles.budget import Budget
from ..ensembles.stopping_times import stopping_times
from ..maps.base import Map
from .event import Membership, Seen

__all__ = ["Survival"]


@dataclass(frozen=True, kw_only=True)
class Survival:
    """The event that an orbit has not got far out within so many steps.

    Beyond a crisis almost every orbit leaves in the end. How the share of those that are still
    there falls with the number of steps tells how long chaos lasts before.

    Parameters
    ----------
    steps : int
        Between 1 and 2^28.
    radius : float
        An orbit is far out when its distance from the origin exceeds this.

    Raises
    ------
    InvalidInput
        For numbers outside these ranges.

    Notes
    -----
    This is a statement about a finite time, so that no start is undecided. The distance is looked
    at every few steps, as in `StoppingRule`: an orbit that is far out and back before the next
    look counts as never having left, which is why the radius should lie where none comes back.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss, convergent_measure
    >>> from dynsys_gd.measure.rare.splitting import Splitting
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="11/5")
    >>> few = Splitting(n=1000, moves=10, replicates=4)
    >>> box, survival = Box([-3, -3], [3, 3]), Survival(steps=20)
    >>> convergent_measure(F, box, method=few, to=survival, rng=0)
    Share of starts that stay within 1e+08 for 20 steps: 0.000..., in [...] at 95 %
    ...
    """

    steps: int
    radius: float = 1e8

    def __post_init__(self) -> None:
        _ = self.rule  # refuses what it cannot use

    @property
    def rule(self) -> StoppingRule:
        """When an orbit is no longer followed."""
        return StoppingRule(steps=self.steps, tolerance=None, radius=self.radius)

    @property
    def said(self) -> str:
        """What the orbits of such starts do."""
        return f"stay within {self.radius:g} for {self.steps} steps"

    @property
    def key(self) -> str:
        """The event in plain data."""
        return f"survival of {self.steps} steps within {self.radius:g}"

    @property
    def ends(self) -> type[Membership]:
        """Starts survive or not."""
        return Membership

    def counts(self, end: Membership) -> bool:
        """Return whether a start survived."""
        return end is Membership.YES

    def leaves_open(self, end: Membership) -> bool:
        """Return whether that is open, which it never is."""
        return end is Membership.OPEN

    def lasted(
        self, F: Map, rows: NDArray[np.float64], arithmetic: Arithmetic = Arithmetic.FUSED
    ) -> tuple[NDArray[np.float64], int]:
        """Return for how many steps each orbit stayed, ∞ for all of them, and the steps taken.

        The fraction, 1/(1 + log(|x|/radius)), tells how near x it still was when it had left.
        """
        found = stopping_times(F, rows, rule=self.rule, keep=Keep.STATES, arithmetic=arithmetic)
        assert found.stop is not None
        assert found.steps is not None
        assert found.states is not None
        with np.errstate(all="ignore"):
            away = np.log(np.linalg.norm(found.states, axis=1) / self.radius)
            near = np.where(away >= 0.0, 1.0 / (1.0 + away), 0.0)
        lasted = np.where(found.stop == Stop.TIME, np.inf, found.steps - 1.0 + near)
        return lasted, found.total_steps

    def seen(self, F: Map, rows: NDArray[np.float64], budget: Budget) -> Seen:
        """Return which starts survive; of the budget only the arithmetic matters."""
        lasted, steps = self.lasted(F, rows, budget.arithmetic)
        yes = np.isposinf(lasted)
        return Seen(yes, np.zeros(len(yes), dtype=bool), steps)

    def __str__(self) -> str:
        return f"survival of {self.steps} steps"
