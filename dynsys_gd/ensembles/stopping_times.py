"""When many orbits stop: a fast first look, which claims nothing about convergence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic
from ..engine.stopping import Keep, Stop, StoppingRule, stop
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..regions import Grid
from ..results import Result, plain
from .starts import ensemble_of, grid_of

__all__ = ["StoppingTimes", "stopping_times"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StoppingTimes(Result):
    """When and why the orbits of an ensemble stopped.

    Parameters
    ----------
    map : Map
    n : int
        Number of starts.
    counts : dict of Stop to int
    total_steps : int
        Steps of all orbits together.
    stop : ndarray of int8, shape (n,), or None
        `Stop` code of each start; None where only counts were kept.
    steps : ndarray of int, shape (n,), or None
        Steps after which each stopped.
    states : ndarray, shape (n, d), or None
        Where each stopped; None where not kept.
    rule : StoppingRule
    arithmetic : Arithmetic
        In which it was computed.
    grid : Grid or None
        The grid with one start in each cell, for a picture.
    """

    map: Map
    n: int
    counts: dict[Stop, int]
    total_steps: int
    stop: NDArray[np.int8] | None
    steps: NDArray[np.int32] | None
    states: NDArray[np.float64] | None
    rule: StoppingRule
    arithmetic: Arithmetic
    evidence: Evidence
    grid: Grid | None = None

    def __post_init__(self) -> None:
        for array in (self.stop, self.steps, self.states):
            if array is not None:
                array.setflags(write=False)

    def __len__(self) -> int:
        return self.n

    def where(self, reason: Stop) -> NDArray[np.bool_]:
        """Return for each start whether it stopped for this reason, shape (n,)."""
        if not isinstance(reason, Stop):
            raise InvalidInput("reason", reason, "a Stop, for example Stop.FAR")
        if self.stop is None:
            remedy = "call stopping_times with keep=Keep.LABELS"
            raise InvalidInput("keep", "counts only", "labels of the starts", remedy)
        return self.stop == reason

    def count(self, reason: Stop) -> int:
        """Return how many starts stopped for this reason."""
        if not isinstance(reason, Stop):
            raise InvalidInput("reason", reason, "a Stop, for example Stop.FAR")
        return self.counts[reason]

    def headline(self) -> str:
        shares = ", ".join(
            f"{100 * count / self.n:.4g} % {_WORDS[reason]}"
            for reason, count in self.counts.items()
            if count
        )
        stopped = f": {shares}" if shares else ", none of which stopped"
        return f"{self.n} start{'s' if self.n != 1 else ''}{stopped}"

    def rows(self) -> list[tuple[str, str]]:
        rule = self.rule
        still = f"last step below {rule.tolerance or 0:g} (1 + |x|)"
        return [
            ("map", self.map.describe()),
            ("still", "never" if rule.tolerance is None else still),
            ("far", f"|x| above {rule.radius:g}"),
            ("steps", f"{self.total_steps} in all, at most {rule.steps} each"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        arrays = {"stop": self.stop, "steps": self.steps, "states": self.states}
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "n": self.n,
            "counts": {reason.name: count for reason, count in self.counts.items()},
            "total_steps": self.total_steps,
            "rule": plain(vars(self.rule)),
            "arithmetic": self.arithmetic.value,
            **{name: plain(array) for name, array in arrays.items() if array is not None},
        }


_WORDS = {Stop.STILL: "stood still", Stop.FAR: "got far", Stop.TIME: "ran out of time"}


def stopping_times(
    F: Map,
    starts: Any,
    *,
    rule: StoppingRule = StoppingRule(),  # noqa: B008 (frozen)
    keep: Keep = Keep.LABELS,
    arithmetic: Arithmetic = Arithmetic.FUSED,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> StoppingTimes:
    """Iterate `F` from every start until the orbit stands still, is far out, or time is up.

    For exploring: billions of steps a second for a small loss. An orbit that stands still need not
    converge (it may sit at a saddle), one that got far may come back; `simulate` audits such
    claims, and takes longer.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    starts : array_like of shape (n, k), Grid, or Starts
        Points of the loss, from which a map with memory starts at rest, or states of the map. The
        sets of `dynsys_gd.starts` are made in place and never stored.
    rule : StoppingRule
    keep : Keep
        `Keep.COUNTS` needs memory that does not depend on the number of starts.
    arithmetic : Arithmetic
        FUSED is the fastest, PLAIN agrees with numpy to the last bit for polynomial losses.
    executor : concurrent.futures.Executor, optional
        Computes chunks of starts; threads are enough. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, n)``.

    Returns
    -------
    StoppingTimes

    Raises
    ------
    InvalidInput
        For starts of another width, more starts than fit into memory, or open parameters.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss, starts
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> stopping_times(F, starts.grid(Box([-3, -3], [3, 3]), 200))
    40000 starts: 67.5... % stood still, 32.4... % got far, 0.0... % ran out of time
      map: gradient descent on (x*y - 1)**2/2, step size 1/2
      still: last step below 1e-10 (1 + |x|)
      far: |x| above 1e+08
      steps: ... in all, at most 1000 each
      evidence: NUMERICAL: double precision (fused); standing still is not convergence ...
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if not isinstance(rule, StoppingRule):
        raise InvalidInput("rule", rule, "a StoppingRule", "for example StoppingRule(steps=100)")
    if not isinstance(keep, Keep):
        raise InvalidInput("keep", keep, "a Keep", "for example Keep.COUNTS")
    if not isinstance(arithmetic, Arithmetic):
        raise InvalidInput("arithmetic", arithmetic, "an Arithmetic")
    ensemble = ensemble_of(F, starts)
    try:
        found = stop(
            F.kernel(),
            ensemble,
            rule=rule,
            keep=keep,
            arithmetic=arithmetic,
            executor=executor,
            progress=progress,
        )
    except MemoryError:
        expected = "as many as there is memory for their answers"
        remedy = "keep=Keep.COUNTS needs the same memory for any number"
        raise InvalidInput("starts", f"{ensemble.n} starts", expected, remedy) from None
    reason = (
        f"double precision ({found.arithmetic.value}); standing still is not convergence and being "
        "far out is not divergence"
    )
    return StoppingTimes(
        map=F,
        n=found.n,
        counts=found.counts,
        total_steps=found.total_steps,
        stop=found.stop,
        steps=found.steps,
        states=found.states,
        rule=rule,
        arithmetic=found.arithmetic,
        evidence=Evidence(grade=Grade.NUMERICAL, reason=reason),
        grid=grid_of(starts) if keep is not Keep.COUNTS else None,
    )
