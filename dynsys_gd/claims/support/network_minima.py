"""Which minima a linear network has, and how sharp they are, by formulas apart from the search.

`critical_step_size` finds and encloses the smallest sharpness by a method of its own; what is here
is written down from the formulas anew, so that the two can be compared.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...losses.linear_network import LinearNetwork
from ...losses.mlp import MLP

__all__ = [
    "distance_from_white",
    "flattest_of_any_data",
    "flattest_of_white_data",
    "minimum_with_gains",
    "root_and_best_map",
    "split_spectrum",
    "transformed_minima",
]

Array = NDArray[np.float64]


def distance_from_white(loss: LinearNetwork | MLP) -> Fraction:
    """Return the largest entry of |Σ - I|, Σ the second moment of the inputs, without rounding.

    Examples
    --------
    >>> distance_from_white(LinearNetwork((2, 1), [[1, 1], [1, -1]], [[1], [0]]))
    Fraction(0, 1)
    """
    columns = [[Fraction(value) for value in column] for column in loss.X.T.tolist()]
    most = Fraction(0)
    for i, first in enumerate(columns):
        for j, second in enumerate(columns):
            total = sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))
            most = max(most, abs(total / loss.n_samples - (i == j)))
    return most


def root_and_best_map(loss: LinearNetwork | MLP) -> tuple[Array, Array]:
    """Return S = Σ^(1/2), shape (dx, dx), and the best linear map Ŵ, shape (dy, dx)."""
    sizes, axes = np.linalg.eigh(loss.X.T @ loss.X / loss.n_samples)
    best = np.asarray(np.linalg.lstsq(loss.X, loss.Y, rcond=None)[0].T, dtype=np.float64)
    return (axes * np.sqrt(np.maximum(sizes, 0.0))) @ axes.T, best


def flattest_of_white_data(loss: LinearNetwork | MLP) -> float:
    """Return N σ₁^(2 - 2/N), σ₁ the largest singular value of the best linear map.

    Examples
    --------
    >>> flattest_of_white_data(LinearNetwork((1, 1, 1), [[1]], [[4]]))
    8.0
    """
    power = 2 - 2 / loss.depth
    return float(loss.depth * np.linalg.norm(root_and_best_map(loss)[1], 2) ** power)


def flattest_of_any_data(loss: LinearNetwork | MLP) -> tuple[float, float]:
    """Return the smallest sharpness of a minimum as a maximum, and as the minimum it equals.

    Notes
    -----
    N max ‖Sv‖^(2/N) ‖ŴSv‖^(2 - 2/N) over unit vectors v, a bound from below at any v, equals
    min λmax(α Σ + (N - 1) α^(-1/(N - 1)) S ŴᵀŴ S) over α > 0, a bound from above at any α.

    Examples
    --------
    >>> net = LinearNetwork((2, 2, 1), [[1, 0], [1, 2]], [[1], [2]])
    >>> lower, upper = flattest_of_any_data(net)
    >>> bool(abs(upper / lower - 1) < 1e-9)
    True
    """
    from scipy.optimize import minimize, minimize_scalar

    root, best = root_and_best_map(loss)
    depth, mapped = loss.depth, best @ root

    def below(v: Array) -> float:
        lengths = [np.linalg.norm(matrix @ v) for matrix in (root, mapped)]
        return float(-depth * lengths[0] ** (2 / depth) * lengths[1] ** (2 - 2 / depth) / (v @ v))

    def above(log_alpha: float) -> float:
        share = (depth - 1) * np.exp(-log_alpha / (depth - 1))
        total = np.exp(log_alpha) * root @ root + share * mapped.T @ mapped
        return float(np.linalg.eigvalsh(total)[-1])

    searches = [minimize(below, v, tol=1e-14) for v in np.eye(len(root))]
    upper = minimize_scalar(above, bracket=(-1, 1), tol=1e-14)
    return -min(float(search.fun) for search in searches), float(upper.fun)


def split_spectrum(loss: LinearNetwork, factor: float, direction: int) -> Array:
    """Return the Hessian eigenvalues that can differ from zero at `minimum_with_gains`.

    Notes
    -----
    For white inputs and layers g_k(i) of gains, they are Σ_k Π_(l>k) g_l(i)² Π_(l<k) g_l(j)²,
    k = 1 … N, for all outputs i and inputs j, g = 0 beyond the rank; σ_i^(2(N - k)/N)
    σ_j^(2(k - 1)/N) summed where the layers are balanced. Ascending, shape (dy·dx,).
    """
    left, sizes, right = np.linalg.svd(root_and_best_map(loss)[1])
    squares = _gains(sizes, loss.depth, factor, direction) ** 2
    total = np.zeros((len(left), len(right)))
    for k in range(loss.depth):
        above, below = squares[k + 1 :].prod(axis=0), squares[:k].prod(axis=0)
        # An empty product is 1 for all outputs, or inputs; another is 0 beyond the rank.
        rows = np.pad(above, (0, len(left) - len(sizes)), constant_values=k + 1 == loss.depth)
        columns = np.pad(below, (0, len(right) - len(sizes)), constant_values=k == 0)
        total += np.outer(rows, columns)
    return np.sort(total.ravel())


def _gains(sizes: Array, depth: int, factor: float, direction: int) -> Array:
    gains = np.tile(sizes ** (1 / depth), (depth, 1))
    gains[:2, direction] *= factor, 1 / factor
    return gains


def minimum_with_gains(loss: LinearNetwork, factor: float, direction: int) -> Array:
    """Return the balanced minimum, its first two layers made unequal along one direction.

    The gain of the first layer along that singular direction is multiplied by `factor`, that of
    the second divided by it; shape (d,).
    """
    left, sizes, right = np.linalg.svd(root_and_best_map(loss)[1])
    gains = _gains(sizes, loss.depth, factor, direction)
    layers = [np.zeros(shape) for shape in loss.shapes]
    for layer, gain in zip(layers, gains, strict=True):
        np.fill_diagonal(layer[: len(sizes), : len(sizes)], gain)
    layers[0], layers[-1] = layers[0] @ right, left @ layers[-1]
    return loss.flatten(layers)


def transformed_minima(
    loss: LinearNetwork, minimum: Array, sizes: Array, rng: np.random.Generator
) -> Array:
    """Return minima W_i -> M_i W_i M_(i-1)⁻¹ of the same product, shape (n, d).

    Parameters
    ----------
    loss : LinearNetwork
    minimum : ndarray, shape (d,)
    sizes : ndarray, shape (n,)
        M_i - I has independent normal entries of this standard deviation in each of n draws.
    rng : Generator
    """
    n, layers = len(sizes), loss.unflatten(minimum)
    before = np.broadcast_to(np.eye(loss.widths[0]), (n, loss.widths[0], loss.widths[0]))
    changed: list[Array] = []
    for layer, width in zip(layers, loss.widths[1:], strict=True):
        hidden = len(changed) < loss.depth - 1
        noise = rng.normal(size=(n, width, width)) if hidden else np.zeros((n, width, width))
        after = np.eye(width) + sizes[:, None, None] * noise
        changed.append(after @ layer @ np.linalg.inv(before))
        before = after
    return loss.flatten(changed)
