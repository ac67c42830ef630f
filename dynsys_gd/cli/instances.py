"""The instances on which the claims are checked; the report prints this code with each verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sympy.abc import x, y, z

import dynsys_gd as dg
from dynsys_gd.maps.base import Map
from dynsys_gd.regions import Region

__all__ = [
    "Setting",
    "double_well",
    "iris_network",
    "number_as_product",
    "number_as_triple_product",
    "quartic",
    "small_network",
    "spare_width",
    "table_network",
    "two_curvatures",
    "zero_as_product",
]

Setting = tuple[Map, Region]  # what is iterated, and the law of the initialisations


def iris_network(widths: Sequence[int], share: float) -> Setting:
    """Linear network on Fisher's iris measurements, at a share of its critical step size."""
    X, Y = dg.data.iris()
    net = dg.LinearNetwork(widths=widths, X=X, Y=Y)
    step_size = f"{share * dg.critical_step_size(net).value:.4g}"
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


def number_as_product(step_size: str) -> Setting:
    """Write 1 as x·y: the smallest matrix factorisation. Critical step size 1."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=step_size)
    return F, dg.Box([-3, -3], [3, 3])


def number_as_triple_product(step_size: str) -> Setting:
    """Write 1 as x·y·z: a chain of three scalars. Critical step size 2/3."""
    F = dg.GradientDescent(dg.Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), step_size=step_size)
    return F, dg.Box([-2, -2, -2], [2, 2, 2])


def matrix_factorisation(step_size: str) -> Setting:
    """Write diag(2, 1) as a product of two 2 × 2 matrices. Critical step size 1."""
    net = dg.LinearNetwork(widths=(2, 2, 2), X=[[1, 0], [0, 1]], Y=[[2, 0], [0, 1]])
    return dg.GradientDescent(net, step_size=step_size), dg.Gaussian([0] * 8, 0.5)


def zero_as_product(step_size: str) -> Setting:
    """Write 0 as x·y: the minima are two lines that cross, which is no manifold."""
    F = dg.GradientDescent(dg.Loss((x * y) ** 2 / 2, [x, y]), step_size=step_size)
    return F, dg.Box([-3, -3], [3, 3])


def spare_width(step_size: str) -> Setting:
    """A network 1-2-2-1 on one datum: a hidden unit to spare, along which minima run off."""
    net = dg.LinearNetwork(widths=(1, 2, 2, 1), X=[[1.0]], Y=[[1.0]])
    return dg.GradientDescent(net, step_size=step_size), dg.he_normal(net)


def double_well(step_size: str) -> Setting:
    """Minima at 1 and -1, both of curvature 2. Critical step size 1."""
    F = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size=step_size)
    return F, dg.Box([-2], [2])


def quartic(step_size: str) -> Setting:
    """A minimum without curvature, which no step size makes unstable."""
    return dg.GradientDescent(dg.Loss(x**4, [x]), step_size=step_size), dg.Box([-2], [2])


def two_curvatures(step_size: str) -> Setting:
    """A bowl of curvatures 1 and 1/3: step size 3 sends the plane into a line."""
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + y**2 / 6, [x, y]), step_size=step_size)
    return F, dg.Box([-3, -3], [3, 3])


def small_network(widths: Sequence[int], activation: str, step_size: str) -> Setting:
    """Network with biases on four random samples, from He's law."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((4, widths[0])), rng.standard_normal((4, widths[-1]))
    net = dg.MLP(widths, dg.Activation[activation], X, Y)
    return dg.GradientDescent(net, step_size=step_size), dg.he_normal(net)
