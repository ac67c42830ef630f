"""Does the loss settle in the mean along orbits that do not converge?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...ensembles.progress_along import ProgressAlong, progress_along
from ...evidence import Evidence, Grade, Outcome
from ...maps.gradient_descent import GradientDescent
from ..chart import Chart, Curve, Mark, Panel
from ..claim import Hypothesis, Instance, Observation
from ..declare import condition, observed, yes_if
from ..number import Number, Origin

__all__ = ["Settling", "power_law"]

Points = NDArray[np.float64]

_SPAN = 20  # factor between the first and the last time that a slope needs


@dataclass(frozen=True, kw_only=True)
class Settling:
    """How it is looked at whether the loss settles although the gradient does not vanish.

    Parameters
    ----------
    seeds : tuple of int
        One set of starts from the region of the instance for each.
    starts, steps : int
        Orbits of each set, and how long they are.
    first, times : int
        Mean changes are taken over that many times, from `first` to `steps`, evenly in log T.
    still : float
        Mean ‖∇L‖² over the second half of an orbit below which it counts as convergent.
    reach : float
        Largest size of a weight in the end; beyond, an orbit is on its way to infinity.
    within : float
        Of the slope of log |mean ΔL| over log T, which is -1; told where T has room.
    squares : tuple of (str, float, float)
        Step sizes with the mean of ‖∇L‖² that is expected, and its tolerance.
    """

    seeds: tuple[int, ...]
    starts: int
    steps: int
    first: int
    times: int
    still: float
    reach: float
    within: float
    squares: tuple[tuple[str, float, float], ...] = ()

    def bounded(self) -> Hypothesis:
        """Return the hypothesis that these orbits, and the loss along them, stay bounded."""

        def holds(instance: Instance) -> tuple[Outcome, str]:
            most = max(float(np.abs(each.losses).max()) for each in _runs(instance, self))
            ends = [instance.F.iterate(each, self.steps) for each in _starts(instance, self)]
            far = float(np.abs(ends).max())
            told = f"the loss is at most {most:.3g}, weights end within {far:.3g}"
            return yes_if(bool(np.isfinite(most)) and far <= self.reach), told

        return condition(
            "bounded",
            f"the loss is finite along orbits, whose weights end within {self.reach:g}",
            holds,
            grade=Grade.NUMERICAL,
            reason=f"orbits of {self.steps} steps",
        )

    def observing(self, conclusion: str) -> Callable[[Instance], Observation]:
        """Return what sees that |mean ΔL| ≤ 2 sup|L|/T while most gradients do not vanish."""

        def observe(instance: Instance) -> Observation:
            runs = _runs(instance, self)
            with np.errstate(all="ignore"):
                means, bounds = zip(*(self._changes(found) for found in runs), strict=True)
                halves = (found.squared_gradients[:, self.steps // 2 :] for found in runs)
                squares = [float(np.median(each.mean(axis=1))) for each in halves]
                settles = all(bool((m <= b).all()) for m, b in zip(means, bounds, strict=True))
            sees = settles and all(value > self.still for value in squares)
            return observed(
                conclusion,
                yes_if(sees),
                grade=Grade.NUMERICAL,
                reason=f"{len(runs)} times {self.starts} orbits of {self.steps} steps",
                detail=f"medians of mean ‖∇L‖²: {', '.join(f'{each:.3g}' for each in squares)}",
                numbers=self._numbers(runs, means, squares) if sees else (),
                results=(self._chart(runs[0], means[0], bounds[0]),)
                if np.isfinite([means[0].max(), bounds[0].max()]).all()
                else (),
            )

        return observe

    @property
    def _instants(self) -> NDArray[np.int64]:
        first = min(self.first, self.steps)
        return np.unique(np.geomspace(first, self.steps, self.times).astype(np.int64))

    def _changes(self, found: ProgressAlong) -> tuple[Points, Points]:
        """Return |mean ΔL| over T steps, shape (n, times), and 2 sup|L|/T."""
        t = self._instants
        most = np.abs(found.losses).max(axis=1, keepdims=True)
        return np.abs(found.losses[:, t] - found.losses[:, :1]) / t, 2 * most / t

    def _numbers(
        self, runs: Sequence[ProgressAlong], means: Sequence[Points], squares: Sequence[float]
    ) -> tuple[Number, ...]:
        step, told = str(runs[0].map.step_size), []
        known = {key: (value, within) for key, value, within in self.squares}
        instants = self._instants
        for seed, mean, square in zip(self.seeds, means, squares, strict=True):
            label = f"η = {runs[0].step_size:g}, seed {seed}"
            if self.steps >= _SPAN * self.first:
                name, slope = (
                    f"slope of |mean ΔL| over T, {label}",
                    power_law(instants, _size(mean)),
                )
                told.append(Number.near(name, slope, -1, within=self.within, origin=Origin.DERIVED))
            name = f"mean ‖∇L‖², {label}"
            if step in known:
                near, within = known[step]
                origin = Origin.COMPUTED
                told.append(Number.near(name, square, near, within=within, origin=origin))
            else:
                told.append(Number.seen(name, square))
        return tuple(told)

    def _chart(self, found: ProgressAlong, mean: Points, bound: Points) -> Chart:
        label, t = f"η = {found.step_size:g}", self._instants
        curves = (
            Curve(label=label, x=t, y=_size(mean), mark=Mark.BOTH),
            Curve(label="2 sup|L|/T", x=t, y=bound.max(axis=0)),
        )
        panel = Panel(x_label="steps T", y_label="|mean ΔL|", curves=curves)
        evidence = Evidence(grade=Grade.NUMERICAL, reason="double precision")
        return Chart(title=found.map.describe(), panels=(panel,), evidence=evidence)


def power_law(x: Sequence[float] | NDArray[np.int64], y: Points) -> float:
    """Return the exponent of a power law through positive values, by least squares in logarithms.

    Examples
    --------
    >>> round(power_law([1, 2, 4], np.array([3.0, 1.5, 0.75])), 12)
    -1.0
    """
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _size(means: Points) -> Points:
    return np.asarray(np.sqrt((means**2).mean(axis=0)))


@lru_cache(maxsize=1)
def _runs(instance: Instance, asked: Settling) -> tuple[ProgressAlong, ...]:
    """Follow the orbits once for the hypotheses and the observation of an instance."""
    assert isinstance(instance.F, GradientDescent)
    starts = _starts(instance, asked)
    return tuple(progress_along(instance.F, each, asked.steps) for each in starts)


def _starts(instance: Instance, asked: Settling) -> list[Points]:
    return [instance.region.sample(asked.starts, rng=seed) for seed in asked.seeds]
