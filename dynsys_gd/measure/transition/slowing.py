"""How many steps it takes to decide near the critical value: measured, and expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..counted import Counted
from .looking import looked_at, pieces_of
from .point import TransitionPoint
from .points import Scan, starts_of
from .refinement import CriticalBracket

__all__ = ["BudgetLook", "budget_looks", "expected_steps", "values_to_look_at"]

_MOST_STARTS = 2_048


@dataclass(frozen=True, kw_only=True)
class BudgetLook:
    """What a budget of steps decides at one value of the parameter.

    Parameters
    ----------
    at : float
        Value of the parameter.
    steps : int
        Most steps of an orbit.
    reading : Counted
        What became of the starts, the same ones for every budget at this value.
    expected : float or None
        Steps that the slowing takes at this value; see `Transition.expected_steps`.
    """

    at: float
    steps: int
    reading: Counted
    expected: float | None

    @property
    def converged(self) -> float:
        """Share seen to converge to the target."""
        return self.reading.lower

    @property
    def undecided(self) -> float:
        """Share that may converge or not."""
        return self.reading.undecided

    def to_dict(self) -> dict[str, Any]:
        """Return one row of a table."""
        return {
            "at": self.at,
            "steps": self.steps,
            "n": self.reading.n,
            "converged": self.converged,
            "undecided": self.undecided,
            "expected_steps": self.expected,
        }


def expected_steps(at: float, critical: float, slowing: float, tolerance: float) -> float:
    """Return the steps until a deviation falls to `tolerance` next to a critical value.

    T = ln(1/tolerance) / (c |1 - q|) with q the value over the critical one and c the slowing: the
    flattest minimum has a multiplier of size 1 - c (1 - q). Infinite at the critical value itself,
    where the deviation falls like a power of the number of steps.
    """
    distance = abs(1.0 - at / critical)
    return math.log(1.0 / tolerance) / (slowing * distance) if distance else math.inf


def values_to_look_at(
    points: Sequence[TransitionPoint], bracket: CriticalBracket
) -> list[TransitionPoint]:
    """Return the ends of the bracket, and the open point nearest to its middle."""
    chosen = [point for point in points if point.value in (bracket.low, bracket.high)]
    between = [point for point in points if point.value in bracket.open_values]
    if between:
        middle = bracket.value
        chosen.append(
            between[len(between) // 2]
            if middle is None
            else min(between, key=lambda point: abs(point.at - middle))
        )
    return sorted(chosen, key=lambda point: point.at)


def budget_looks(
    run: Scan, chosen: Sequence[TransitionPoint], expected: Mapping[float, float | None]
) -> tuple[BudgetLook, ...]:
    """Return what doubling budgets decide at the chosen values, values and budgets ascending."""
    if not run.refine.halvings:
        return ()
    all_steps = run.budget.steps
    steps = sorted({max(1, all_steps >> k) for k in range(run.refine.halvings + 1)})
    n = min(starts_of(run.method), _MOST_STARTS)
    asked = [(point, count) for point in chosen for count in steps]
    lists = [
        pieces_of(
            run.F.at(**{run.parameter: point.value}),
            run.region,
            n,
            point.seed,
            replace(run.budget, steps=count),
        )
        for point, count in asked
    ]
    return tuple(
        BudgetLook(
            at=point.at,
            steps=count,
            reading=Counted(run.to, look.tally),
            expected=expected[point.at],
        )
        for (point, count), look in zip(asked, looked_at(run.work, lists), strict=True)
    )
