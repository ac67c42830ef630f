"""Paths to infinity along the minima of a linear network, and the Hessian spectrum on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..losses.base import AbstractLoss
from ..losses.linear_network import LinearNetwork
from .networks import NetworkFacts

__all__ = ["EscapePath", "escape_paths", "exact_eigenvalues"]

Matrix = NDArray[np.float64]

_PARAMETERS = (1.0, 8.0, 64.0, 512.0)  # powers of 2: products of layers stay exact
_ROUNDING = 1e-9
_LARGEST_CHARACTERISTIC = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class EscapePath:
    """Minima whose norm grows, with the ends of their non-zero Hessian spectrum.

    Parameters
    ----------
    name : str
        How the path leaves.
    points : ndarray, shape (k, d)
        Minima, of growing norm.
    largest, smallest : ndarray, shape (k,)
        Largest and smallest of the dy·r eigenvalues that are not zero at a minimum of full rank.
    """

    name: str
    points: Matrix
    largest: Matrix
    smallest: Matrix

    @property
    def norms(self) -> Matrix:
        """|θ| along the path, shape (k,)."""
        return np.linalg.norm(self.points, axis=1)


def escape_paths(loss: AbstractLoss, facts: NetworkFacts, minimum: Matrix) -> Iterator[EscapePath]:
    """Yield paths along the minima that leave every ball, starting at `minimum`.

    Notes
    -----
    Changes of basis W_i -> GW_i, W_{i+1} -> W_{i+1}G⁻¹ with diagonal G; t·uvᵀ added to an inner
    layer, where nothing later reads u and v is orthogonal to what arrives; t·uvᵀ added to the
    first layer with v in the kernel of Σ. Paths along which the norm does not grow are left out.
    """
    for name, points in _candidates(loss, minimum):
        norms = np.linalg.norm(points, axis=1)
        if norms[-1] > 10 * (1 + norms[0]):
            values: Matrix = np.asarray(np.linalg.eigvalsh(loss.hessian_at(points)))
            count = max(1, facts.non_zero_eigenvalues)
            place = values.shape[1] - min(count, values.shape[1])
            yield EscapePath(
                name=name, points=points, largest=values[:, -1], smallest=values[:, place]
            )


def _candidates(loss: AbstractLoss, minimum: Matrix) -> Iterator[tuple[str, Matrix]]:
    if isinstance(loss, LinearNetwork):
        yield from _network_paths(loss, minimum)
    elif loss.dimension > 1:
        scaled = np.tile(minimum, (len(_PARAMETERS), 1))
        scaled[:, 0] *= _PARAMETERS
        scaled[:, 1] /= _PARAMETERS
        yield "one factor grows, one shrinks", scaled


def _network_paths(net: LinearNetwork, minimum: Matrix) -> Iterator[tuple[str, Matrix]]:
    layers = [np.array(layer) for layer in net.unflatten(minimum)]
    t = np.array(_PARAMETERS)
    for i, width in enumerate(net.widths[1:-1]):
        mixed = np.where(np.arange(width) % 2 == 0, 1, -1)
        for exponents in {1: np.ones(width), -1: -np.ones(width), 0: mixed}.values():
            gauge = t[:, None] ** exponents
            moved: list[Matrix] = list(layers)
            moved[i] = gauge[:, :, None] * layers[i]
            moved[i + 1] = layers[i + 1] / gauge[:, None, :]
            yield f"change of basis behind layer {i + 1}", _stacked(net, moved)
    for i in range(net.depth):
        # Behind layer i nothing reads u, and before it nothing arrives along v.
        later = _product(layers[i + 1 :], net.widths[i + 1])
        earlier = net.second_moment if i == 0 else _product(layers[:i], net.widths[0]).T
        u, v = _kernel_vector(later), _kernel_vector(earlier)
        if i == 0:
            u = np.eye(net.widths[1])[0]
        if i < net.depth - 1 and u is not None and v is not None:
            moved = list(layers)
            moved[i] = layers[i] + t[:, None, None] * np.outer(u, v)
            what = "unseen inputs" if i == 0 else "unused directions"
            yield f"{what} of layer {i + 1}", _stacked(net, moved)


def exact_eigenvalues(net: LinearNetwork, point: Matrix) -> tuple[sp.Expr, ...] | None:
    """Return the non-zero Hessian eigenvalues at an exact minimum, ascending, or None.

    The spectrum is that of Σ_i A_iA_iᵀ ⊗ B_iᵀB_iΣ, a rational matrix because every float is a
    rational number. None where W Σ = C does not hold exactly, or where the roots are not
    expressed by radicals of degree 2.

    Examples
    --------
    >>> net = LinearNetwork((1, 2, 2, 1), [[1.0]], [[1.0]])
    >>> exact_eigenvalues(net, net.flatten([[[1], [0]], [[1, 0], [0, 1000]], [[1, 0]]]))
    (3,)
    """
    second, cross = net.exact_moments()
    layers = [_exact(layer) for layer in net.unflatten(point)]
    dx, dy = net.widths[0], net.widths[-1]
    if dx * dy > _LARGEST_CHARACTERISTIC:
        return None
    above, below = [_identity(dy)], [_identity(dx)]
    for layer in reversed(layers[1:]):
        above.append(above[-1] * layer)
    for layer in layers[:-1]:
        below.append(layer * below[-1])
    if layers[-1] * below[-1] * second != cross:
        return None
    total = flint.fmpq_mat(dx * dy, dx * dy)
    for a, b in zip(reversed(above), below, strict=True):
        outer, inner = a * a.transpose(), b.transpose() * b * second
        for p in range(dy):
            for q in range(dy):
                for i in range(dx):
                    for j in range(dx):
                        total[p * dx + i, q * dx + j] += outer[p, q] * inner[i, j]
    _, factors = total.charpoly().factor()
    roots: list[sp.Expr] = []
    for factor, power in factors:
        if factor.degree() > 2:
            return None
        z = sp.Dummy("z")
        coefficients = [sp.Rational(int(c.p), int(c.q)) for c in reversed(factor.coeffs())]
        roots += [root for root in sp.roots(sp.Poly(coefficients, z)) if root != 0] * power
    return tuple(sorted(roots, key=float))


def _stacked(net: LinearNetwork, layers: list[Matrix]) -> Matrix:
    k = len(_PARAMETERS)
    return net.flatten([np.broadcast_to(layer, (k, *layer.shape[-2:])) for layer in layers])


def _product(layers: list[Matrix], start: int) -> Matrix:
    result = np.eye(start)
    for layer in layers:
        result = layer @ result
    return result


def _kernel_vector(matrix: Matrix) -> Matrix | None:
    """Return a unit vector of the kernel, or None where it is {0}."""
    _, sizes, right = np.linalg.svd(matrix)
    rank = int(np.sum(sizes > _ROUNDING * max(sizes[0], 1e-300)))
    if rank == matrix.shape[1]:
        return None
    vector = right[-1]
    # Remove rounding dust, so that exact minima stay exact.
    vector = np.where(np.abs(vector) < _ROUNDING, 0.0, vector)
    return vector / np.linalg.norm(vector)


def _exact(matrix: Matrix) -> flint.fmpq_mat:
    rows = [[float(entry).as_integer_ratio() for entry in row] for row in matrix]
    return flint.fmpq_mat([[flint.fmpq(p, q) for p, q in row] for row in rows])


def _identity(n: int) -> flint.fmpq_mat:
    return flint.fmpq_mat([[int(i == j) for j in range(n)] for i in range(n)])
