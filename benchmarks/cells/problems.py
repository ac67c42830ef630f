"""Maps of the plane whose Morse graphs are compared, as formulas and for CMGDB."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg

__all__ = ["CellProblem", "henon", "leslie", "problems", "wells"]

Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CellProblem:
    """One map on one box.

    Parameters
    ----------
    title : str
    F : Map
    box : Box
    point : callable
        The image of one point, in plain Python.
    points : callable
        The images of rows of points, with numpy.
    """

    title: str
    F: dg.Map
    box: dg.Box
    point: Callable[[Sequence[float]], list[float]]
    points: Callable[[Points], Any]


def leslie() -> CellProblem:
    """Return the Leslie population model of CMGDB's own examples."""
    x, y = sp.symbols("x y", real=True)
    a, b = sp.Rational(98, 5), sp.Rational(592, 25)
    images = [(a * x + b * y) * sp.exp(-(x + y) / 10), sp.Rational(7, 10) * x]

    def point(p: Sequence[float]) -> list[float]:
        return [(19.6 * p[0] + 23.68 * p[1]) * math.exp(-0.1 * (p[0] + p[1])), 0.7 * p[0]]

    def points(p: Points) -> Points:
        u, v = p[:, 0], p[:, 1]
        return np.stack([(19.6 * u + 23.68 * v) * np.exp(-0.1 * (u + v)), 0.7 * u], axis=1)

    return CellProblem(
        title="Leslie model",
        F=dg.SymbolicMap(images, [x, y]),
        box=dg.Box([-0.001, -0.001], [90.0, 70.0]),
        point=point,
        points=points,
    )


def henon() -> CellProblem:
    """Return Hénon's map on a box around its attractor."""
    x, y = sp.symbols("x y", real=True)

    def point(p: Sequence[float]) -> list[float]:
        return [1 - 1.4 * p[0] ** 2 + p[1], 0.3 * p[0]]

    def points(p: Points) -> Points:
        return np.stack([1 - 1.4 * p[:, 0] ** 2 + p[:, 1], 0.3 * p[:, 0]], axis=1)

    return CellProblem(
        title="Hénon",
        F=dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y]),
        box=dg.Box([-1.5, -0.5], [1.5, 0.5]),
        point=point,
        points=points,
    )


def wells() -> CellProblem:
    """Return gradient descent on the sum of two double wells, where one band is left of each."""
    x, y = sp.symbols("x y", real=True)
    loss = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])

    def point(p: Sequence[float]) -> list[float]:
        return [2.7 * p[0] - 1.7 * p[0] ** 3, 2.7 * p[1] - 1.7 * p[1] ** 3]

    def points(p: Points) -> Points:
        return np.asarray(2.7 * p - 1.7 * p**3)

    return CellProblem(
        title="two double wells, η = 17/10",
        F=dg.GradientDescent(loss, "17/10"),
        box=dg.Box([-2.4, -2.4], [2.4, 2.4]),
        point=point,
        points=points,
    )


def problems() -> list[CellProblem]:
    """Return the three."""
    return [leslie(), henon(), wells()]
