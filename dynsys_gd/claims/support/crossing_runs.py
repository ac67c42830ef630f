"""Training two-layer ReLU networks of one input many times: in which runs does a kink cross?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import orbit
from ...losses.mlp import MLP
from ...maps.layerwise_descent import LayerwiseDescent
from ...measure.binomial import interval
from ...regions import Gaussian
from .half_lines import tangent_step_sizes

__all__ = [
    "CrossingRuns",
    "Schedule",
    "crossing_runs",
    "he_law_with_biases",
    "is_he_law",
    "largest_bias",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long is trained, and when kinks are looked at.

    Parameters
    ----------
    steps : int
    watched : int
        After each of so many first steps.
    stride : int
        Then after every so many.
    """

    steps: int
    watched: int
    stride: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossingRuns:
    """What became of the runs of one width.

    Parameters
    ----------
    width : int
    crossed : ndarray of bool, shape (seeds, runs)
        Whether a kink was seen at a point or beyond.
    losses : ndarray, shape (seeds, runs)
        At the end.
    typical : ndarray, shape (d,)
        Where a run of median loss ends.
    """

    width: int
    crossed: NDArray[np.bool_]
    losses: Array
    typical: Array

    @property
    def share(self) -> float:
        """The share of the runs in which a kink crosses."""
        return float(self.crossed.mean())

    def limits(self, level: float) -> tuple[float, float]:
        """Return the limits of the probability of a crossing, by Clopper and Pearson."""
        return interval(int(self.crossed.sum()), 0, self.crossed.size, level=level)

    def told(self) -> str:
        """Return the counts in words."""
        return f"{self.crossed.sum()} of {self.crossed.size} at width {self.width}"


def he_law_with_biases(width: int, bias: float) -> Gaussian:
    """Return He's law of a 1-n-1 network, with this standard deviation of the first biases."""
    spread = [np.sqrt(2.0)] * width + [bias] * width + [np.sqrt(2.0 / width)] * width + [0.0]
    return Gaussian([0.0] * len(spread), spread)


def is_he_law(law: Gaussian, width: int) -> bool:
    """Return whether a law is that of `he_law_with_biases` for some biases of mean 0."""
    he = he_law_with_biases(width, largest_bias(law, width))
    scale = np.broadcast_to(law.scale, len(law.mean))
    return bool(np.array_equal(law.mean, he.mean) and np.array_equal(scale, he.scale))


def largest_bias(law: Gaussian, width: int) -> float:
    """Return the largest mean or standard deviation of a first bias under a law."""
    spread = np.broadcast_to(np.asarray(law.scale), len(law.mean))
    sizes = np.maximum(np.abs(law.mean), spread)
    return float(sizes[width : 2 * width].max())


def crossing_runs(
    net: MLP, law: Gaussian, *, runs: int, seeds: Iterable[tuple[int, ...]], schedule: Schedule
) -> CrossingRuns:
    """Train from `runs` draws of a law for each seed, with the step size of each start.

    Steps are 1/λ with λ the largest eigenvalue of the neural tangent kernel at the start.
    """
    crossed, ends = [], []
    for seed in seeds:
        starts = law.sample(runs, rng=np.random.default_rng(seed))
        beyond, last = _trained(net, starts, schedule)
        crossed.append(beyond)
        ends.append(last)
    losses = np.array([net(last) for last in ends])
    typical = ends[0][np.argsort(losses[0])[runs // 2]]
    width = net.widths[1]
    return CrossingRuns(width=width, crossed=np.array(crossed), losses=losses, typical=typical)


def _trained(net: MLP, starts: Array, schedule: Schedule) -> tuple[NDArray[np.bool_], Array]:
    """Return which runs had a kink at a point or beyond, and where they end."""
    units, innermost = net.widths[1], float(np.abs(net.X).min())
    # All weights are one layer, whose step size the start carries.
    F = LayerwiseDescent(net, [1], [net.dimension]).carried
    states: Array = np.hstack([starts, tangent_step_sizes(net, starts)[:, None]])

    def beyond(theta: Array) -> NDArray[np.bool_]:
        a, b = theta[..., :units], theta[..., units : 2 * units]
        return np.asarray((np.abs(b) >= innermost * np.abs(a)).any(axis=-1))

    first = min(schedule.watched, schedule.steps)
    early = orbit(F.kernel(), states, first, arithmetic=Arithmetic.PLAIN)
    crossed = np.asarray(beyond(early).any(axis=0))
    states = np.ascontiguousarray(early[-1])
    for done in range(first, schedule.steps, schedule.stride):
        states = F.iterate(states, min(schedule.stride, schedule.steps - done))
        crossed = crossed | beyond(states)
    return crossed, states[:, :-1]
