"""How the convergent share changes with a parameter, and where it vanishes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...evidence import Evidence, Finding
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from ...values import as_typed
from ..binomial import rounded_up
from ..target import Target
from .point import QUANTILES, ShareStatus, TransitionPoint
from .refinement import CriticalBracket, Refinement
from .slowing import BudgetLook, expected_steps
from .theory import TheoryLine

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Transition"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Transition(Result):
    """How the convergent share of a law changes with a parameter, and where it vanishes.

    Parameters
    ----------
    map : Map
        With the one parameter open.
    parameter : str
    region : Region
        The law of the initialisations.
    target : Target
        Which limits count.
    points : tuple of TransitionPoint
        One for each value, ascending, those added between included.
    level : float
        At which all intervals hold together.
    refine : Refinement
    negligible : float
        A share whose upper limit is at most this counts as vanished.
    width : float
        Distance below which neighbours were not bisected any more, in units of the parameter.
    critical : CriticalBracket
        Between which values the share vanishes.
    theory : TheoryLine or None
        The critical step size, where the parameter is the step size of a map that has one.
    no_theory : str
        Why there is no such line.
    comparison : Finding or None
        Whether the line lies in the bracket.
    budgets : tuple of BudgetLook
        What doubling budgets decide at the values next to the critical one.
    seed : int
        ``rng=transition.seed`` repeats it.
    budget : Budget
    map_steps : int
        Steps of all orbits together, those of `budgets` not counted.
    seconds : float
        Wall time; no part of `to_dict`.

    Notes
    -----
    Undecided starts count neither as converged nor as diverged: they widen the intervals.
    """

    map: Map
    parameter: str
    region: Region
    target: Target
    points: tuple[TransitionPoint, ...]
    level: float
    refine: Refinement
    negligible: float
    width: float
    critical: CriticalBracket
    theory: TheoryLine | None
    no_theory: str
    comparison: Finding | None
    budgets: tuple[BudgetLook, ...]
    seed: int
    budget: Budget
    map_steps: int
    evidence: Evidence
    seconds: float

    @property
    def values(self) -> NDArray[np.float64]:
        """The values of the parameter, ascending, shape (k,)."""
        return np.array([point.at for point in self.points])

    @property
    def intervals(self) -> NDArray[np.float64]:
        """Limits of the convergent share that hold at all values together, shape (k, 2)."""
        return np.array([point.interval for point in self.points])

    def expected_steps(self, at: float) -> float | None:
        """Return how many steps the slowing next to the critical step size takes by itself.

        Parameters
        ----------
        at : float
            A value of the parameter.

        Returns
        -------
        float or None
            ln(1/tolerance)/(c |1 - at/η*|) with η* the critical step size of theory, c = 2 under
            gradient descent, and the tolerance of the budget: the steps in which the flattest
            minimum shrinks a deviation of order one to the tolerance. Directions in which the loss
            is flat can take longer, minima that are not the flattest less. Infinite at η* itself;
            None where theory has no value.
        """
        line = self.theory
        if line is None or not math.isfinite(line.value):
            return None
        return expected_steps(at, line.value, line.slowing, self.budget.tolerance)

    def table(self) -> pd.DataFrame:
        """Return one row for each value of the parameter, as a table of pandas.

        Its columns: the value, shares (converged, the two limits, undecided, bounded, all as
        fractions of the starts), quantiles of the asymptotic gradient norm over the bounded starts,
        the expected number of steps, what is known of the share, and whether the value was added.
        """
        import pandas as pd  # slow to import, and rarely needed

        return pd.DataFrame([self._row(point) for point in self.points])

    def budget_table(self) -> pd.DataFrame:
        """Return what doubling budgets decide next to the critical value, as a table of pandas."""
        import pandas as pd  # slow to import, and rarely needed

        rows = [look.to_dict() for look in self.budgets]
        columns = ["at", "steps", "n", "converged", "undecided", "expected_steps"]
        return pd.DataFrame(rows, columns=columns).rename(columns={"at": self.parameter})

    def headline(self) -> str:
        low, high = self.critical.interval
        what = f"Starts that converge to {self.target}"
        small = f"at most {100 * self.negligible:.3g} % do"
        if self.critical.value is not None:
            return (
                f"{what} vanish between {self.parameter} = {low:.8g}, where some do, "
                f"and {high:.8g}, from where on {small}"
            )
        if math.isfinite(low):
            return f"{what} occur up to {self.parameter} = {low:.8g}, and may beyond"
        if math.isfinite(high):
            return f"{what} were not seen; {small} from {self.parameter} = {high:.8g} on"
        return f"{what} were not seen, and may exist at every value looked at"

    def rows(self) -> list[tuple[str, str]]:
        added = sum(point.refined for point in self.points)
        first, last = self.points[0], self.points[-1]
        between = f", {added} of them added next to the critical one" if added else ""
        rows = [
            ("map", self.map.describe()),
            ("law", self.region.describe()),
            ("values", f"{len(self.points)} in [{first.at:.6g}, {last.at:.6g}]{between}"),
            ("share", f"{_share(first)} at {first.at:.6g}, {_share(last)} at {last.at:.6g}"),
            ("limited by", str(self.critical.limit)),
        ]
        if self.critical.open_values:
            count = len(self.critical.open_values)
            ends = [f"{float(value):.8g}" for value in self.critical.open_values]
            where = ends[0] if count == 1 else f"{ends[0]} to {ends[-1]}"
            rows.append(("open", f"{count} value{'s' if count > 1 else ''}, {where}"))
        if self.budgets:
            rows.append(("more steps", self._slowing_in_words()))
        if self.theory is None:
            rows.append(("theory", f"none: {self.no_theory}"))
        else:
            compared = self.comparison.detail if self.comparison is not None else ""
            rows.append(("theory", f"{self.theory.words}: {compared}"))
        rows.append(("evidence", str(self.evidence)))
        rows.append(("repeat with", f"rng={self.seed}"))
        rows.append(("cost", f"{self.map_steps:.3g} steps in {self.seconds:.2g} s"))
        return rows

    def sources(self) -> tuple[str, ...]:
        line = () if self.theory is None else self.theory.threshold.sources()
        return tuple(dict.fromkeys([*self.evidence.sources, *line]))

    def to_dict(self) -> dict[str, Any]:
        """Return the scan as plain data, wall time left out: equal seeds give equal data."""
        compared = self.comparison
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameter": self.parameter,
            "region": self.region.describe(),
            "target": self.target.name.lower(),
            "level": self.level,
            "critical": {
                "low": _typed(self.critical.low),
                "high": _typed(self.critical.high),
                "value": plain(self.critical.value),
                "limited_by": self.critical.limit.name.lower(),
                "open_values": [_typed(value) for value in self.critical.open_values],
                "negligible": self.negligible,
                "width": plain(self.width),
            },
            "theory": None if self.theory is None else self.theory.to_dict(),
            "comparison": None
            if compared is None
            else {"outcome": compared.outcome.value, "detail": compared.detail},
            "points": [plain(self._row(point)) for point in self.points],
            "budgets": [plain(look.to_dict()) for look in self.budgets],
            "seed": self.seed,
            "map_steps": self.map_steps,
        }

    def _row(self, point: TransitionPoint) -> dict[str, Any]:
        low, high = point.interval
        norms = dict(zip(QUANTILES, point.norms.quantiles, strict=True))
        return {
            self.parameter: point.at,
            "converged": point.estimate.lower,
            "low": low,
            "high": high,
            "undecided": point.estimate.undecided,
            "bounded": point.norms.bounded / point.norms.n,
            **{f"gradient_norm_{100 * q:g}": norm for q, norm in norms.items()},
            "expected_steps": self.expected_steps(point.at),
            "found": point.found(self.negligible).value,
            "added": point.refined,
        }

    def _slowing_in_words(self) -> str:
        """Return how the undecided share falls at the value where it falls most."""
        series = [
            [look for look in self.budgets if look.at == at]
            for at in sorted({look.at for look in self.budgets})
        ]
        looks = max(series, key=lambda looks: looks[0].undecided - looks[-1].undecided)
        first, last = looks[0], looks[-1]
        words = (
            f"at {first.at:.8g} undecided {100 * first.undecided:.3g} % after {first.steps} "
            f"steps, {100 * last.undecided:.3g} % after {last.steps}"
        )
        if last.expected is not None and math.isfinite(last.expected):
            words += f"; the slowing takes {last.expected:.2g}"
        return words


def _share(point: TransitionPoint) -> str:
    low, high = point.interval
    if point.found(high) is ShareStatus.VANISHED:
        return f"below {rounded_up(high)}" if high < 1 else "unknown"
    return f"{point.estimate.lower:.4g} in [{low:.4g}, {high:.4g}]"


def _typed(value: Any) -> str | None:
    return None if value is None else as_typed(value)
