"""Arrays, written with care: the oracle for labels and counts, and what most people would use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..workloads import Columns, Formula, LinearWorkload, MapWorkload, MlpWorkload, Workload
from .array_driver import Block, iterated
from .base import Engine, Outcome, Runner

__all__ = ["NumpyArrays"]

_BLOCK = 8  # steps between two looks
_NUMBERS = 2**15  # in the states in work at a time
_NETWORK_NUMBERS = 2**15


class NumpyArrays(Engine):
    """Work that fits in the cache; every eight steps, finished trajectories are replaced."""

    name = "numpy"

    def prepare(self, workload: Workload) -> Runner:
        if isinstance(workload, MapWorkload):
            return _map_runner(workload)
        linear = isinstance(workload, LinearWorkload)
        step: Callable[[Any, Columns], None] = _linear_step if linear else _perceptron_step
        width = workload.dimension
        if isinstance(workload, MlpWorkload):
            width = max(width, workload.samples * workload.hidden)
        return _network_runner(workload, step, max(1, _NETWORK_NUMBERS // width))


def _map_runner(w: MapWorkload) -> Runner:
    def advance(x: Columns) -> tuple[Columns, Columns]:
        for _ in range(_BLOCK - 1):
            x = map_step(w, x)
        return x, map_step(w, x)

    block = Block(_BLOCK, advance, lambda x: map_step(w, x))

    def run(columns: Columns) -> Outcome:
        return iterated(w, columns, block, _NUMBERS // w.d)

    return run


def map_step(w: MapWorkload, x: Columns) -> Columns:
    """Return the images of the columns."""
    if w.formula is Formula.SOFTPLUS:
        push = 1.0 / (1.0 + np.exp(x[0] * x[1]))
        return x - w.eta * (0.2 * x - push * x[::-1])
    if w.d == 2:
        return x - (w.eta * (x[0] * x[1] - 1.0)) * x[::-1]
    image = np.empty_like(x)
    right = [x[-1]]
    for row in x[-2::-1]:
        right.append(row * right[-1])
    left = w.eta * (right.pop() - 1.0)
    for i in range(w.d - 1):
        image[i] = x[i] - left * right.pop()
        left = left * x[i]
    image[-1] = x[-1] - left
    return image


def _network_runner(w: Workload, step: Callable[[Any, Columns], None], size: int) -> Runner:
    def run(columns: Columns) -> Outcome:
        states = np.empty_like(columns)
        for first in range(0, columns.shape[1], size):
            rows = np.ascontiguousarray(columns[:, first : first + size].T)
            for _ in range(w.steps):
                step(w, rows)
            states[:, first : first + size] = rows.T
        return Outcome(states=states)

    return run


def _linear_step(w: LinearWorkload, rows: Columns) -> None:
    layers = rows.reshape(-1, w.depth, w.width, w.width)
    second, cross = w.moments
    partial = [layers[:, 0]]
    for i in range(1, w.depth):
        partial.append(layers[:, i] @ partial[-1])
    back = w.eta * (partial.pop() @ second - cross)
    for i in range(w.depth - 1, 0, -1):
        below = back @ partial.pop().transpose(0, 2, 1)
        back = layers[:, i].transpose(0, 2, 1) @ back
        layers[:, i] -= below
    layers[:, 0] -= back


def _perceptron_step(w: MlpWorkload, rows: Columns) -> None:
    h = w.hidden
    X, Y = w.data
    weights, bias = rows[:, : 2 * h].reshape(-1, h, 2), rows[:, 2 * h : 3 * h]
    out, last = rows[:, 3 * h : 4 * h], rows[:, 4 * h :]
    hidden = weights @ X.T + bias[:, :, None]  # (rows, h, samples)
    hidden = np.tanh(hidden) if w.tanh else np.maximum(hidden, 0.0)
    error = (out[:, None, :] @ hidden)[:, 0] + last - Y[:, 0]
    error *= w.eta / w.samples
    slope = 1.0 - hidden * hidden if w.tanh else (hidden > 0.0).astype(float)
    inner = slope * error[:, None, :] * out[:, :, None]
    out -= (hidden @ error[:, :, None])[:, :, 0]
    last -= error.sum(axis=1, keepdims=True)
    weights -= inner @ X
    bias -= inner.sum(axis=2)
