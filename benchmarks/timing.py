"""How engines are timed: by processor time, in turns, and compared within each turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .agreement import Agreement, compared
from .engines import Engine, Outcome, Runner, Unsuited
from .engines.numpy_arrays import NumpyArrays
from .workloads import Columns, Workload

__all__ = ["Measurement", "Row", "measured"]


@dataclass(kw_only=True)
class Measurement:
    """One engine on one workload.

    Parameters
    ----------
    engine : str
    absent : str or None
        Why it took no part.
    n : int
        Number of starts it was given: slow engines get fewer.
    speeds : list of float
        Maps per second of processor time, one for each turn.
    agreement : Agreement or None
        With plain arrays.
    """

    engine: str
    absent: str | None = None
    n: int = 0
    speeds: list[float] = field(default_factory=list)
    agreement: Agreement | None = None

    @property
    def speed(self) -> float:
        """Median speed."""
        return float(np.median(self.speeds)) if self.speeds else float("nan")

    def ratio(self, base: Measurement) -> float:
        """Return how many times as fast as `base` it is: the median over the turns."""
        pairs = zip(self.speeds, base.speeds, strict=True)
        return float(np.median([own / other for own, other in pairs]))


@dataclass(frozen=True, kw_only=True)
class Row:
    """All engines on one workload."""

    workload: Workload
    measurements: list[Measurement]

    def of(self, engine: str) -> Measurement | None:
        """Return the measurement of an engine that took part, or None."""
        found = (m for m in self.measurements if m.engine == engine and m.speeds)
        return next(found, None)


def measured(workload: Workload, engines: Sequence[Engine], *, repeats: int, seconds: float) -> Row:
    """Return all engines on one workload.

    Parameters
    ----------
    repeats : int
        Number of turns; in each, every engine runs once.
    seconds : float
        Processor time one run may take: an engine that needs more gets the first starts only.
    """
    oracle = NumpyArrays().prepare(workload)(workload.starts)
    maps = _cumulated(workload, oracle)
    measurements, ready = [], []
    for engine in engines:
        try:
            runner = engine.prepare(workload)
            columns = _affordable(runner, workload, seconds)
        except Unsuited as reason:
            measurements.append(Measurement(engine=engine.name, absent=str(reason)))
            continue
        n = columns.shape[1]
        agreement = compared(runner(columns), oracle, workload)
        measurements.append(Measurement(engine=engine.name, n=n, agreement=agreement))
        ready.append((measurements[-1], runner, columns))
    for _ in range(repeats):
        for measurement, runner, columns in ready:
            spent = _processor_time(runner, columns)
            measurement.speeds.append(float(maps[measurement.n - 1]) / spent)
    return Row(workload=workload, measurements=measurements)


def _cumulated(workload: Workload, oracle: Outcome) -> NDArray[np.int64]:
    """Return how many maps the first k starts take, for every k."""
    if oracle.steps is None:
        return np.arange(1, workload.n + 1, dtype=np.int64) * workload.steps
    return np.cumsum(oracle.steps, dtype=np.int64)


def _processor_time(runner: Runner, columns: Columns) -> float:
    begin = time.process_time()
    runner(columns)
    return max(time.process_time() - begin, 1e-6)


def _affordable(runner: Runner, workload: Workload, seconds: float) -> Columns:
    """Return as many of the first starts as the engine can do in the given time."""
    n = 64
    while True:
        columns = np.ascontiguousarray(workload.starts[:, :n])
        runner(columns)  # the first call with a size may compile
        spent = _processor_time(runner, columns)
        if n == workload.n or 4 * spent > seconds:
            return columns
        n = int(min(workload.n, max(4 * n, n * min(seconds / spent / 2, 64)))) // 64 * 64
