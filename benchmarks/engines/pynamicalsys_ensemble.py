"""pynamicalsys: a compiled loop over an ensemble; its ensembles have no stopping rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workloads import Columns, Formula, MapWorkload, Workload
from .base import Engine, Label, Outcome, Runner, Unsuited

__all__ = ["Pynamicalsys"]


class Pynamicalsys(Engine):
    """All steps for every start; labels from the last two states, no counts."""

    name = "pynamicalsys"

    def prepare(self, workload: Workload) -> Runner:
        if not isinstance(workload, MapWorkload):
            raise Unsuited("networks are not written out")
        try:
            import numba
            from pynamicalsys import DiscreteDynamicalSystem
        except ImportError as error:
            raise Unsuited(f"not installed: {error.name}") from None
        system = DiscreteDynamicalSystem(
            mapping=numba.njit(_mapping(workload)),
            system_dimension=workload.d,
            number_of_parameters=1,
        )
        return _runner(workload, system)


def _runner(w: MapWorkload, system: Any) -> Runner:
    far, still = w.squares

    def run(columns: Columns) -> Outcome:
        rows = np.ascontiguousarray(columns.T)
        path = system.trajectory(rows, w.steps, parameters=[w.eta], transient_time=w.steps - 2)
        before, x = path.reshape(-1, 2, w.d).transpose(1, 2, 0)
        with np.errstate(all="ignore"):
            square, moved = np.einsum("ij,ij->j", x, x), x - before
            rests = np.einsum("ij,ij->j", moved, moved) <= still * (1.0 + square)
        label = np.where(rests, Label.STILL, Label.TIME)
        return Outcome(labels=np.where(square <= far, label, Label.FAR).astype(np.int8))

    return run


def _mapping(w: MapWorkload) -> Any:
    if w.formula is Formula.SOFTPLUS:

        def softplus(u: Any, parameters: Any) -> Any:
            x, y = u
            push = 1.0 / (1.0 + np.exp(x * y))
            eta = parameters[0]
            return np.array([x - eta * (0.2 * x - push * y), y - eta * (0.2 * y - push * x)])

        return softplus

    def product(u: Any, parameters: Any) -> Any:
        d = len(u)
        right = np.ones(d + 1)
        for i in range(d - 1, -1, -1):
            right[i] = u[i] * right[i + 1]
        left = parameters[0] * (right[0] - 1.0)
        image = np.empty(d)
        for i in range(d):
            image[i] = u[i] - left * right[i + 1]
            left *= u[i]
        return image

    def plane(u: Any, parameters: Any) -> Any:
        x, y = u
        pull = parameters[0] * (x * y - 1.0)
        return np.array([x - pull * y, y - pull * x])

    return plane if w.d == 2 else product
