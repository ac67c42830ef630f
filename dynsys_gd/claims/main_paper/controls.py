"""Losses on which single hypotheses fail, shared by the counterexamples."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ...losses.linear_network import LinearNetwork
from ...losses.symbolic import Loss
from ...maps.heavy_ball import HeavyBall
from ..claim import Case

__all__ = [
    "collapsing_loss",
    "flat_valley",
    "half_line_minimum",
    "identity_network",
    "momentum_case",
    "noisy_network",
    "plane_quadratic",
    "product_loss",
    "quartic",
    "separable_logistic",
    "skewed_regression",
]

_x, _y = sp.symbols("x y")


def product_loss(depth: int = 2, target: int = 1) -> Loss:
    """Return (x_1…x_N - target)²/2, the linear network of widths 1-1-…-1 on one sample."""
    variables = sp.symbols("x y z w")[:depth]
    return Loss((sp.prod(variables) - target) ** 2 / 2, variables)


def plane_quadratic() -> Loss:
    """Return x²/2 + y²/6: step size 3 is 1/λ for λ = 1/3 and lies above 2/λmax = 2."""
    return Loss(_x**2 / 2 + _y**2 / 6, [_x, _y])


def quartic() -> Loss:
    """Return x⁴: a minimum without curvature, stable for every step size."""
    return Loss(_x**4, [_x])


def half_line_minimum() -> Loss:
    """Return (max(w, 0) - 1)²/2, one ReLU unit: a half-line of w has zero gradient."""
    return Loss((sp.Max(_x, 0) - 1) ** 2 / 2, [_x])


def collapsing_loss() -> Loss:
    """Return a smooth loss with L'(x) = x for |x| ≥ 2 and curvature 3 at its minimum 0.

    With step size 1 the minimum is unstable, and yet every start beyond ±2 lands on it in one
    step: smooth is not enough, the loss must be analytic.
    """
    bump = sp.Piecewise((_x**2 * sp.exp(1 - 4 / (4 - _x**2)), _x**2 < 4), (0, True))
    return Loss(_x**2 / 2 + bump, [_x])


def flat_valley() -> Loss:
    """Return y²/(2(1 + x²)): the curvature along its minima y = 0 has infimum 0, not attained."""
    return Loss(_y**2 / (2 * (1 + _x**2)), [_x, _y])


def separable_logistic() -> Loss:
    """Return log(1 + e^-x) + log(1 + e^-2x), logistic loss without a minimum."""
    return Loss(sp.log(1 + sp.exp(-_x)) + sp.log(1 + sp.exp(-2 * _x)), [_x])


def identity_network(*widths: int) -> LinearNetwork:
    """Return the network with Σ = I whose best map keeps the first dy of the dx coordinates.

    The inputs are ±1 with orthogonal columns, so that all numbers are exact.
    """
    signs = np.ones((1, 1))
    while signs.shape[1] < widths[0]:
        signs = np.kron(signs, np.array([[1.0, 1.0], [1.0, -1.0]]))
    return LinearNetwork(widths, signs[:, : widths[0]], signs[:, : widths[-1]])


def skewed_regression() -> LinearNetwork:
    """Return linear regression with Σ = diag(1, 1/3): its Hessian eigenvalues are 1 and 1/3."""
    X = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    return LinearNetwork((2, 1), X, X @ np.array([[1.0], [2.0]]))


def noisy_network(
    widths: tuple[int, ...], *, samples: int, noise: float, seed: int
) -> LinearNetwork:
    """Return a network on random data: correlated inputs, a linear target, and noise on it."""
    rng = np.random.default_rng(seed)
    dx, dy = widths[0], widths[-1]
    X = rng.standard_normal((samples, dx)) @ rng.standard_normal((dx, dx))
    errors = noise * rng.standard_normal((samples, dy))
    return LinearNetwork(widths, X, X @ rng.standard_normal((dx, dy)) + errors)


def momentum_case() -> Case:
    """Return heavy ball beyond 2/λ but below its own critical step size 2(1 + β)/λ."""
    return Case(
        title="heavy ball on (xy - 1)²/2 at step size 11/10",
        F=HeavyBall(product_loss(), step_size="11/10", momentum="1/2"),
        why="with momentum 1/2 minima stay stable up to step size 3/2",
    )
