"""Plain C, compiled with -O3: one trajectory after the other."""

from __future__ import annotations

import ctypes

import numpy as np

from ..compiler import CFunction, address, build, compiler_missing
from ..workloads import Columns, Formula, LinearWorkload, MapWorkload, MlpWorkload, Workload
from .base import Engine, Outcome, Runner, Unsuited

__all__ = ["MAP_CODES", "Scalar", "linear_call", "linear_shape", "perceptron_call"]

MAP_CODES = {Formula.PRODUCT: 1, Formula.SOFTPLUS: 2}


class Scalar(Engine):
    """What one writes first."""

    name = "C scalar"

    def prepare(self, workload: Workload) -> Runner:
        missing = compiler_missing()
        if missing:
            raise Unsuited(missing)
        if isinstance(workload, MapWorkload):
            return _map_runner(workload)
        if isinstance(workload, LinearWorkload):
            return linear_call(workload, build("linear_scalar.c", linear_shape(workload)))
        assert isinstance(workload, MlpWorkload)
        return perceptron_call(workload, build("mlp_scalar.c", perceptron_shape(workload)))


def linear_shape(w: LinearWorkload) -> tuple[str, ...]:
    """Return the definitions that make a network's size known to the C compiler."""
    return f"DEPTH={w.depth}", f"M={w.width}"


def perceptron_shape(w: MlpWorkload) -> tuple[str, ...]:
    """Return the definitions that make a perceptron's size known to the C compiler."""
    return f"H={w.hidden}", f"SAMPLES={w.samples}", "TANH=1" if w.tanh else "RELU=1"


def linear_call(w: LinearWorkload, function: CFunction) -> Runner:
    """Return the call of a compiled linear network."""
    second, cross = (np.ascontiguousarray(moment) for moment in w.moments)
    return _network_call(w, function, second, cross)


def perceptron_call(w: MlpWorkload, function: CFunction) -> Runner:
    """Return the call of a compiled perceptron."""
    inputs, targets = (np.ascontiguousarray(array) for array in w.data)
    return _network_call(w, function, inputs, targets)


def _network_call(w: Workload, function: CFunction, first: Columns, second: Columns) -> Runner:
    def run(columns: Columns) -> Outcome:
        states = columns.copy()
        n, steps = ctypes.c_long(states.shape[1]), ctypes.c_long(w.steps)
        data = address(first), address(second)
        function(n, address(states), steps, *data, ctypes.c_double(w.eta))
        return Outcome(states=states)

    return run


def _map_runner(w: MapWorkload) -> Runner:
    function = build("scalar.c", (f"MAP={MAP_CODES[w.formula]}", f"D={w.d}"))
    far, still = (ctypes.c_double(square) for square in w.squares)

    def run(columns: Columns) -> Outcome:
        n = columns.shape[1]
        labels, steps = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int32)
        arguments = ctypes.c_long(n), address(columns), ctypes.c_double(w.eta)
        found = address(labels), address(steps)
        function(*arguments, ctypes.c_long(w.steps), far, still, *found)
        return Outcome(labels=labels, steps=steps)

    return run
