"""The question in numbers: the map on rows, the region, and coordinates that are periodic."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.kernel import Kernel
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Ball, Box, Gaussian, Region
from ..question import OrbitQuestion

__all__ = ["LONGEST", "Task", "task_of"]

Array = NDArray[np.float64]

LONGEST = 200_000  # numbers in one orbit that a search still takes
_SLACK = 1e-9  # of the size of a region: points this far outside of it count as on its edge
_FAR = 100.0  # sizes of the region after which a start is given up


@dataclass(frozen=True, eq=False)
class Task:
    """A question, checked and ready for arrays.

    Parameters
    ----------
    F : Map
    kernel : Kernel
    period : int
    region : Region or None
    periods : ndarray, shape (d,), or None
        Period of each coordinate, infinite for one that is not periodic.
    centre : ndarray, shape (d,)
    size : float
        Half the longest side of where orbits are looked for.
    deadline : float
        On the monotonic clock.
    """

    F: Map
    kernel: Kernel
    period: int
    region: Region | None
    periods: Array | None
    centre: Array
    size: float
    deadline: float

    @property
    def dimension(self) -> int:
        """Number of coordinates of a state."""
        return self.kernel.dimension

    @property
    def scale(self) -> float:
        """The length against which a distance between orbits is small."""
        return min(1.0, self.size)

    def out_of_time(self) -> bool:
        """Return whether the time limit has passed."""
        return time.monotonic() > self.deadline

    def wrapped(self, differences: Array) -> Array:
        """Return differences of states, each periodic coordinate by its shortest way round."""
        if self.periods is None:
            return differences
        turns = np.round(differences / self.periods)
        return np.where(turns == 0, differences, differences - turns * self._finite_periods)

    def reduced(self, states: Array) -> Array:
        """Return states with each periodic coordinate moved into one period from its low end."""
        if self.periods is None:
            return states
        turns = np.floor((states - self._low) / self.periods + _SLACK)
        return np.where(turns == 0, states, states - turns * self._finite_periods)

    def near(self, states: Array) -> NDArray[np.bool_]:
        """Return for each state, shape (..., d), whether it is not hopelessly far away."""
        with np.errstate(invalid="ignore"):
            off = np.abs(self.wrapped(states - self.centre)).max(axis=-1)
            return np.asarray(off <= _FAR * self.size)

    def inside(self, states: Array) -> NDArray[np.bool_]:
        """Return for each state, shape (..., d), whether it lies in the closed region."""
        if self.region is None or isinstance(self.region, Gaussian):
            return np.asarray(np.isfinite(states).all(axis=-1))
        seen = states[..., : self.region.dimension]
        slack = _SLACK * self.size
        if isinstance(self.region, Box):
            low, high = np.asarray(self.region.low), np.asarray(self.region.high)
            return np.asarray(((seen >= low - slack) & (seen <= high + slack)).all(axis=-1))
        assert isinstance(self.region, Ball)
        off = np.linalg.norm(seen - np.asarray(self.region.center), axis=-1)
        return np.asarray(off <= self.region.radius + slack)

    @cached_property
    def _low(self) -> Array:
        """Where one period of each coordinate begins."""
        if isinstance(self.region, Box):
            low = np.asarray(self.region.low)
            return self._whole(low)
        return np.where(np.isfinite(self._periods), self.centre - self._finite_periods / 2, 0.0)

    @cached_property
    def _periods(self) -> Array:
        assert self.periods is not None
        return self.periods

    @cached_property
    def _finite_periods(self) -> Array:
        return np.where(np.isfinite(self._periods), self._periods, 0.0)

    def _whole(self, seen: Array) -> Array:
        return _repeated(seen, self.dimension)


def task_of(
    question: OrbitQuestion, modulo: Sequence[float | None] | None, starts: Array | None
) -> Task:
    """Return the task of a question; `starts`, shape (..., d), stand in for a region."""
    F, region, began = question.F, question.region, time.monotonic()
    kernel = F.kernel()
    d = kernel.dimension
    if region is None and starts is None:
        raise InvalidInput(
            "region",
            None,
            "a Box, a Ball or a Gaussian to draw starts from",
            "or give starts to the method",
        )
    if not isinstance(region, (Box, Ball, Gaussian, type(None))):
        raise InvalidInput("region", region, "a Box, a Ball, a Gaussian, or None")
    if region is None:
        assert starts is not None
        rows = starts.reshape(-1, d)
        centre = rows.mean(axis=0)
        size = max(1.0, float(np.abs(rows - centre).max()))
    else:
        seen, size = _middle(region)
        centre = _repeated(seen, d)
    task = Task(
        F=F,
        kernel=kernel,
        period=question.period,
        region=region,
        periods=_checked_periods(modulo, d),
        centre=centre,
        size=size,
        deadline=began + question.seconds,
    )
    if modulo is not None:
        _check_periodic(task, modulo)
    return task


def _middle(region: Box | Ball | Gaussian) -> tuple[Array, float]:
    if isinstance(region, Box):
        low, high = np.asarray(region.low), np.asarray(region.high)
        return low / 2 + high / 2, float((high / 2 - low / 2).max())
    if isinstance(region, Ball):
        return np.asarray(region.center), region.radius
    return np.asarray(region.mean), 4 * max(region.scale)


def _repeated(seen: Array, dimension: int) -> Array:
    """Return a point of the loss as a state at rest."""
    return np.resize(seen, dimension) if len(seen) < dimension else seen[:dimension]


def _checked_periods(modulo: Sequence[float | None] | None, d: int) -> Array | None:
    if modulo is None:
        return None
    expected = f"a tuple of {d} positive periods, None for a coordinate that is not periodic"
    if isinstance(modulo, (str, bytes)) or not isinstance(modulo, (tuple, list)):
        raise InvalidInput("modulo", modulo, expected)
    for period in modulo:
        number = isinstance(period, (int, float)) and not isinstance(period, bool)
        if period is not None and not (number and math.isfinite(period) and period > 0):
            raise InvalidInput("modulo", modulo, expected)
    if len(modulo) != d:
        raise InvalidInput("modulo", modulo, expected)
    periods = np.array([math.inf if period is None else period for period in modulo])
    return periods if np.isfinite(periods).any() else None


def _check_periodic(task: Task, modulo: Any) -> None:
    """Refuse periods that the map does not respect at a few points."""
    if task.periods is None:
        return
    draws = np.random.default_rng(0).uniform(-1.0, 1.0, (8, task.dimension))
    points = task.centre + task.size * draws
    for k in np.flatnonzero(np.isfinite(task.periods)):
        moved = points.copy()
        moved[:, k] += task.periods[k]
        with np.errstate(all="ignore"):
            images = np.stack([task.kernel.step(rows)[0] for rows in (points, moved)])
            gap = np.abs(task.wrapped(images[1] - images[0]))
            known = np.isfinite(images).all(axis=(0, 2))
        if np.any(gap[known] > 1e-6 * (1.0 + np.abs(images[:, known]).max(initial=0.0))):
            raise InvalidInput(
                "modulo",
                modulo,
                "periods of the map: F(x) modulo the periods unchanged where x moves by one",
                f"coordinate {k} has not the period {task.periods[k]:g}",
            )
