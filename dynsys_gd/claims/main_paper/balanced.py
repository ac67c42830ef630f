"""Linear networks on white data with a diagonal target: the spectrum where layers are balanced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...losses.linear_network import LinearNetwork

__all__ = ["balanced_spectra", "diagonal_network"]


def diagonal_network(singular_values: Sequence[float], depth: int) -> LinearNetwork:
    """Return the network of square layers with Σ = I and the target diag(σ).

    Examples
    --------
    >>> diagonal_network((2.0, 1.0), 3).widths
    (2, 2, 2, 2)
    """
    d = len(singular_values)
    X = np.sqrt(d) * np.eye(d)
    return LinearNetwork((d,) * (depth + 1), X, X @ np.diag(singular_values))


def balanced_spectra(
    singular_values: Sequence[float], depth: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the non-zero Hessian eigenvalues at W_1 = … = W_N = diag(σ^(1/N)).

    Returns
    -------
    pair of ndarray, shape (d²,)
        Ascending: of the Hessian as it is evaluated, and by the formula
        Σ_k σ_i^(2(N-k)/N) σ_j^(2(k-1)/N) for all i and j.

    Examples
    --------
    >>> seen, formula = balanced_spectra((2.0, 1.0), 2)
    >>> np.allclose(seen, formula, rtol=1e-14), formula.tolist()
    (True, [2.0, 3.0, 3.0, 4.0])
    """
    sigma = np.array(singular_values, dtype=np.float64)
    point = np.tile(np.diag(sigma ** (1 / depth)).ravel(), depth)
    hessian = diagonal_network(singular_values, depth).hessian_at([point])[0]
    left, right = sigma[:, None] ** (2 / depth), sigma[None, :] ** (2 / depth)
    formula = sum(left ** (depth - k) * right ** (k - 1) for k in range(1, depth + 1))
    return np.linalg.eigvalsh(hessian)[-(len(sigma) ** 2) :], np.sort(np.ravel(formula))
