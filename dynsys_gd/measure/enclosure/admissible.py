"""Boxes that hold no limit to which a set of positive measure converges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.numpy_printer import numpy_function
from ...engine.tape import Tape
from ...engine.tape import lower as lowered
from ...orbits.certified.outward import middle
from ...orbits.certified.system import Bounds, System

__all__ = ["admissible"]


def admissible(system: System, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
    """Return for each box (d, n) whether only a null set can converge to points of it.

    Notes
    -----
    One of these holds on the whole box: a component of F(x) - x, or of the gradient, has a sign;
    or, under gradient descent, vᵀ∇²L v > (2/η) vᵀv or vᵀ∇²L v < 0 for some vector v, taken as an
    eigenvector at the middle. Then every critical point in the box has a multiplier below -1 or
    above 1, and what converges to it lies in the preimages of a centre-stable graph.
    """
    lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
    finite = np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
    low, high = _gap_code(system)(lower, upper)
    shown = np.asarray(finite & ((low > 0) | (high < 0)).any(axis=0))
    if system.gradient is None:
        return np.asarray(shown)
    rest = np.flatnonzero(finite & ~shown)
    if len(rest):
        values, vectors = _eigenvectors(system, middle(lower[:, rest], upper[:, rest]))
        # The eigenvalue that is further beyond its bound, measured by float numbers.
        bound = 2 / float(system.step_size)  # type: ignore[arg-type]
        for k, excess in ((-1, values[:, -1] - bound), (0, -values[:, 0])):
            chosen = (excess > 0) & ~shown[rest]
            places = rest[chosen]
            if not len(places):
                continue
            v = np.ascontiguousarray(vectors[chosen, :, k].T)
            low, high = _form_code(system)(
                np.concatenate([lower[:, places], v]), np.concatenate([upper[:, places], v])
            )
            shown[places] |= (low[0] > 0) | (high[1] < 0)
    return np.asarray(shown)


def _eigenvectors(system: System, points: Bounds) -> tuple[Bounds, Bounds]:
    """Return eigenvalues (n, d), ascending, and eigenvectors (n, d, d) of Hessians, in floats."""
    d, n = points.shape
    with np.errstate(all="ignore"):
        entries = numpy_function(_hessian_tape(system))(points, np.empty(0))
    matrices = np.nan_to_num(entries.T.reshape(n, d, d), posinf=0.0, neginf=0.0)
    if d == 1:
        return matrices[:, 0], np.ones((n, 1, 1))
    values, vectors = np.linalg.eigh(matrices)
    return values, vectors


@lru_cache(maxsize=64)
def _gap_code(system: System) -> IntervalFunction:
    if system.gradient is not None:
        return interval_function(lowered(system.gradient, system.variables))
    gaps = [image - v for image, v in zip(system.images, system.variables, strict=True)]
    return interval_function(lowered(gaps, system.variables))


@lru_cache(maxsize=64)
def _form_code(system: System) -> IntervalFunction:
    """From (x, v) to vᵀ∇²L v - (2/η) vᵀv, then vᵀ∇²L v."""
    assert system.gradient is not None
    assert system.step_size is not None
    d = system.dimension
    v = sp.Matrix([sp.Dummy(f"v{i}") for i in range(d)])
    matrix = _hessian(system)
    squares = sp.Add(
        *((matrix[i, i] - 2 / system.step_size) * v[i] ** 2 for i in range(d)), evaluate=False
    )
    mixed = sp.Add(*(2 * matrix[i, j] * v[i] * v[j] for i in range(d) for j in range(i)))
    plain = sum(matrix[i, i] * v[i] ** 2 for i in range(d))
    return interval_function(lowered([squares + mixed, plain + mixed], [*system.variables, *v]))


@lru_cache(maxsize=64)
def _hessian_tape(system: System) -> Tape:
    return lowered(list(_hessian(system)), system.variables)


@lru_cache(maxsize=64)
def _hessian(system: System) -> sp.ImmutableMatrix:
    assert system.gradient is not None
    slopes = jacobian(system.gradient, system.variables)
    d = system.dimension
    return sp.ImmutableMatrix(d, d, lambda i, j: slopes[max(i, j), min(i, j)])
