"""The instances on which the claims are checked; the report prints this code with each verdict."""

from __future__ import annotations

from collections.abc import Sequence

from sympy.abc import x, y, z

import dynsys_gd as dg
from dynsys_gd.maps.base import Map
from dynsys_gd.regions import Region

__all__ = [
    "cube_chain",
    "double_well",
    "iris_network",
    "matrix_factorisation",
    "quartic",
    "small_network",
    "table_network",
]

Setting = tuple[Map, Region]


def matrix_factorisation(step_size: str) -> Setting:
    """Factorise the number 1 as x·y: the smallest linear network."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=step_size)
    return F, dg.Box([-3, -3], [3, 3])


def cube_chain(step_size: str) -> Setting:
    """Factorise the number 1 as x·y·z: a linear network with three layers of width one."""
    F = dg.GradientDescent(dg.Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), step_size=step_size)
    return F, dg.Box([-2, -2, -2], [2, 2, 2])


def double_well(step_size: str) -> Setting:
    """Two minima at ±1 in one dimension, both of curvature 2."""
    F = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size=step_size)
    return F, dg.Box([-2], [2])


def quartic(step_size: str) -> Setting:
    """A minimum without curvature, which no step size makes unstable."""
    return dg.GradientDescent(dg.Loss(x**4, [x]), step_size=step_size), dg.Box([-2], [2])


def iris_network(widths: Sequence[int], share: float) -> Setting:
    """Linear network on Fisher's iris measurements, at a share of its critical step size."""
    X, Y = dg.data.iris()
    net = dg.LinearNetwork(widths=widths, X=X, Y=Y)
    step_size = f"{share * dg.critical_step_size(net).value:.6g}"
    return dg.GradientDescent(net, step_size=step_size), dg.he_normal(net)


def table_network(
    path: str,
    target: Sequence[str],
    features: Sequence[str] | None,
    widths: Sequence[int],
    step_size: str,
) -> Setting:
    """Linear network on the columns of a CSV file."""
    table = dg.data.read_table(path, target=target, features=features)
    net = dg.LinearNetwork(widths=widths, X=table.X, Y=table.Y)
    return dg.GradientDescent(net, step_size=step_size), dg.he_normal(net)
