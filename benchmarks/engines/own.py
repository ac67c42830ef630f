"""The engine of this package."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
import sympy as sp

from dynsys_gd import MLP, Activation, GradientDescent, LinearNetwork, Loss
from dynsys_gd.engine.starts import GivenStarts
from dynsys_gd.engine.stopping import Keep, Stop, StoppingRule, stop

from ..workloads import (
    RADIUS,
    Columns,
    Formula,
    LinearWorkload,
    MapWorkload,
    MlpWorkload,
    Workload,
)
from .base import Engine, Label, Outcome, Runner

__all__ = ["Own", "gradient_descent"]

_LABELS = {Stop.FAR: Label.FAR, Stop.STILL: Label.STILL, Stop.TIME: Label.TIME}
_CODES = np.array([_LABELS[reason] for reason in sorted(Stop)], dtype=np.int8)


class Own(Engine):
    """Machine code, one thread unless an executor is given."""

    name = "dynsys_gd"

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    def prepare(self, workload: Workload) -> Runner:
        kernel = gradient_descent(workload).kernel()
        rule = StoppingRule(steps=workload.steps, tolerance=workload.tolerance, radius=RADIUS)
        labelled = isinstance(workload, MapWorkload)
        keep = Keep.LABELS if labelled else Keep.STATES

        def run(columns: Columns) -> Outcome:
            starts = GivenStarts(columns.T)
            found = stop(kernel, starts, rule=rule, keep=keep, executor=self._executor)
            if labelled:
                return Outcome(labels=_CODES[found.stop], steps=found.steps)
            assert found.states is not None
            return Outcome(states=found.states.T)

        return run


def gradient_descent(workload: Workload) -> GradientDescent:
    """Return the map of a workload as a user of the package writes it."""
    return GradientDescent(_LOSSES[type(workload)](workload), workload.eta)


def _loss(w: MapWorkload) -> Loss:
    x = sp.symbols(f"x1:{w.d + 1}")
    if w.formula is Formula.PRODUCT:
        return Loss((sp.prod(x) - 1) ** 2 / 2, x)
    return Loss(sp.log(1 + sp.exp(-x[0] * x[1])) + (x[0] ** 2 + x[1] ** 2) / 10, x)


def _network(w: LinearWorkload) -> LinearNetwork:
    return LinearNetwork((w.width,) * (w.depth + 1), *w.data)


def _perceptron(w: MlpWorkload) -> MLP:
    return MLP((2, w.hidden, 1), Activation.TANH if w.tanh else Activation.RELU, *w.data)


_LOSSES: dict[type, Callable] = {
    MapWorkload: _loss,
    LinearWorkload: _network,
    MlpWorkload: _perceptron,
}
