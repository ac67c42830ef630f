"""What is drawn: two maps, each with a range of one parameter, starts, steps and kept points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg

__all__ = ["DiagramProblem", "balanced_line", "fewer_values", "heavy_ball"]


@dataclass(frozen=True, kw_only=True)
class DiagramProblem:
    """A diagram: for each value, `starts` orbits of `transient` + `points` steps.

    Parameters
    ----------
    title : str
    F : Map
        With `parameter` open.
    parameter : str
    values : ndarray, shape (m,)
    starts : ndarray, shape (s, d)
        States, the same ones at each value.
    transient, points : int
    mapping : callable
        The same map for pynamicalsys: from the state and one parameter, to be compiled by numba.
    """

    title: str
    F: dg.Map
    parameter: str
    values: NDArray[np.float64]
    starts: NDArray[np.float64]
    transient: int
    points: int
    mapping: Callable[[Any, Any], Any]

    @property
    def steps(self) -> int:
        """Steps of the map that the diagram itself takes."""
        return len(self.values) * len(self.starts) * (self.transient + self.points)


def balanced_line(starts: int = 100) -> DiagramProblem:
    """Return (xy - 1)²/2 on its balanced line, u -> (1 + η) u - η u³, up to its last crisis."""
    u, eta = sp.symbols("u eta")

    def mapping(state: Any, parameters: Any) -> Any:
        x, step = state[0], parameters[0]
        return np.array([(1.0 + step) * x - step * x * x * x])

    return DiagramProblem(
        title=f"u -> (1+η)u - ηu³, {starts} start{'s' * (starts > 1)}",
        F=dg.SymbolicMap([(1 + eta) * u - eta * u**3], [u]),
        parameter="eta",
        values=np.linspace(0.9, 2.0, 1000),
        starts=np.random.default_rng(0).uniform(0.1, 1.2, (starts, 1)),
        transient=1000,
        points=100,
        mapping=mapping,
    )


def heavy_ball(starts: int = 100) -> DiagramProblem:
    """Return heavy ball with β = 1/5 on x²/2 - x³/3, up to where its attractor ends."""
    x, eta = sp.symbols("x eta")

    def mapping(state: Any, parameters: Any) -> Any:
        now, before, step = state[0], state[1], parameters[0]
        return np.array([now - step * (now - now * now) + 0.2 * (now - before), now])

    points = np.random.default_rng(0).uniform(0.0, 0.2, (starts, 1))
    return DiagramProblem(
        title=f"heavy ball on x²/2 - x³/3, {starts} start{'s' * (starts > 1)}",
        F=dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, 0.2),
        parameter="eta",
        values=np.linspace(2.0, 3.0, 1000),
        starts=np.repeat(points, 2, axis=1),
        transient=1000,
        points=100,
        mapping=mapping,
    )


def fewer_values(problem: DiagramProblem) -> DiagramProblem:
    """Return the same with a tenth of the values."""
    return replace(problem, values=problem.values[::10])
