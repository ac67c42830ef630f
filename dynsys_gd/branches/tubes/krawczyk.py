"""Krawczyk's operator for all values of one coordinate at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.outward import product_up, sum_up, up
from .cyclic_system import CyclicSystem, Linear, Series
from .polynomials import bounds_between

__all__ = ["Proof", "proved_tubes"]

Bounds = NDArray[np.float64]

_CONTRACTION = 0.9  # spectral radius of the bound of I - C A above which nothing is tried
_POWERS = 12
_ROUNDS, _TIGHTER = 2, 8
_FLOOR = 1e-15  # of the size of the orbit: tubes are not thinner


@dataclass(frozen=True, eq=False)
class Proof:
    """What was proved of b tubes {|v - P(σ)| <= r, v_j = P_j(σ)}, σ in [-1, 1].

    Parameters
    ----------
    proved : ndarray of bool, shape (b,)
        For every σ the tube holds exactly one zero of the equations.
    radius : ndarray, shape (b, n + 1)
        The half widths r; zero in the coordinate j.
    tight : ndarray, shape (b, n + 1)
        The zero lies so close to P(σ).
    """

    proved: NDArray[np.bool_]
    radius: Bounds
    tight: Bounds


def proved_tubes(
    system: CyclicSystem, coordinate: int, coefficients: Bounds, rooms: tuple[float, ...]
) -> Proof:
    """Return what can be proved around polynomial curves.

    Parameters
    ----------
    system : CyclicSystem
    coordinate : int
        The one, j, that is a linear function of σ along every curve.
    coefficients : ndarray, shape (b, n + 1, K + 1)
        Of the curves P.
    rooms : tuple of float
        Half widths to be tried beyond what the defect of the curve needs: shares of the length
        of the curve, or of the size of the orbit where the curve is a point.

    Notes
    -----
    For each σ the equations g(z) = G(P(σ) + z) in the n coordinates without j are treated with
    one matrix C for all σ: K(Z) = -C G(P(σ)) + (I - C DG(P(Σ) + Z)) Z. Where a bound of it for
    all σ lies in the interior of Z there is, for each σ, exactly one zero in Z, the derivative is
    regular there, and the zero lies in K(Z) [1]_. G(P(σ)) is a polynomial in σ with an enclosed
    last coefficient, so that what cancels along an orbit does so here.

    References
    ----------
    .. [1] Rump (1983), Solving algebraic problems with high accuracy.
    """
    b, width, _ = coefficients.shape
    with np.errstate(all="ignore"):
        ones = np.ones(b)
        path = bounds_between(coefficients, -ones, ones)
        others = np.arange(width) != coordinate
        extent = np.abs(coefficients[..., 1:]).sum(axis=2)
        size = 1e-300 + np.abs(coefficients[..., 0]).max(axis=1)
        span = extent.max(axis=1)
        unit = np.where(span > 0, span, size)
        linear = system.linear(path.lower, path.upper)
        inverse = _inverse(linear.centre[:, :, others])
        defect = _defect_of_curve(inverse, system.series(coefficients))
        matrix = _contraction(inverse, linear, others)
        shape, needed, hopeful = _shape_of(matrix, defect)
        proved = np.zeros(b, dtype=bool)
        radius, tight = np.zeros((b, width)), np.zeros((b, width))
        for room in rooms:
            place = np.flatnonzero(hopeful & ~proved)
            if not len(place):
                break
            wide = np.maximum(room * unit, _FLOOR * size)[place, None] * shape[place]
            r = np.zeros((len(place), width))
            r[:, others] = up(1.5 * needed[place] + wide)
            low, high = path.lower[place] - up(r), path.upper[place] + up(r)
            around = system.linear(_down(low), up(high))
            bound = _contraction(inverse[place], around, others)
            image = up(defect[place] + product_up(bound, r[:, others]))
            done = np.all(image < r[:, others], axis=1)
            kept = place[done]
            proved[kept], radius[kept] = True, r[done]
            tight[np.ix_(kept, np.flatnonzero(others))] = image[done]
        _tighten(system, path, inverse, defect, others, tight)
    return Proof(proved, radius, tight)


def _tighten(
    system: CyclicSystem,
    path: Enclosed,
    inverse: Bounds,
    defect: Bounds,
    others: NDArray[np.bool_],
    tight: Bounds,
) -> None:
    """Narrow what is known of the zeros: they lie in K(Z) for every Z that holds them."""
    for _ in range(_ROUNDS):
        around = system.linear(_down(path.lower - tight), up(path.upper + tight))
        bound = _contraction(inverse, around, others)
        image = tight[:, others]
        for _ in range(_TIGHTER):
            image = np.fmin(image, up(defect + product_up(bound, image)))
        tight[:, others] = image


def _down(values: Bounds) -> Bounds:
    return -up(-values)


def _inverse(matrices: Bounds) -> Bounds:
    """Return approximate inverses; what cannot be inverted gets NaN, which proves nothing."""
    fine = np.all(np.isfinite(matrices), axis=(1, 2))
    found = np.full_like(matrices, np.nan)
    for place in np.flatnonzero(fine):
        try:
            found[place] = np.linalg.inv(matrices[place])
        except np.linalg.LinAlgError:
            continue
    return found


def _defect_of_curve(inverse: Bounds, series: Series) -> Bounds:
    """Return upper bounds of |C G(P(σ))| for all σ, shape (b, n)."""
    n = inverse.shape[1]
    gamma = (n + 2) * 2.0**-52
    size = np.abs(inverse)
    value = np.abs(inverse @ series.centre)
    spread = size @ (series.radius * (1 + 4 * gamma)) * (1 + 4 * gamma)
    rounding = 4 * gamma * (size @ np.abs(series.centre)) + n * 2.0**-1070
    return sum_up(up(up(value + up(spread)) + rounding), 2)


def _contraction(inverse: Bounds, linear: Linear, others: NDArray[np.bool_]) -> Bounds:
    """Return upper bounds of |I - C A| for all matrices A of an interval matrix."""
    n = inverse.shape[1]
    gamma = (n + 2) * 2.0**-52
    size = np.abs(inverse)
    centre, radius = linear.centre[:, :, others], linear.radius[:, :, others]
    defect = np.abs(np.eye(n) - inverse @ centre)
    defect = up(defect + 4 * gamma * (size @ np.abs(centre)) + 4 * gamma)
    bound = up(defect + up(size @ radius * (1 + 4 * gamma) + n * 2.0**-1070))
    return np.where(np.isfinite(bound), bound, np.inf)


def _shape_of(matrix: Bounds, defect: Bounds) -> tuple[Bounds, Bounds, NDArray[np.bool_]]:
    """Return relative half widths that suit a contraction, the least ones, and where to try.

    Only guesses: the test that follows proves.
    """
    b, n, _ = matrix.shape
    finite = np.all(np.isfinite(matrix), axis=(1, 2)) & np.all(np.isfinite(defect), axis=1)
    safe = np.where(finite[:, None, None], matrix, 0.0)
    shape = np.ones((b, n))
    for _ in range(_POWERS):
        moved = np.einsum("bij,bj->bi", safe, shape) + 1e-3
        shape = moved / moved.max(axis=1, keepdims=True)
    # Collatz and Wielandt: the largest quotient bounds the spectral radius.
    quotient = (np.einsum("bij,bj->bi", safe, shape) / shape).max(axis=1)
    hopeful = finite & (quotient < _CONTRACTION)
    needed = np.where(finite[:, None], defect, 0.0)
    system = np.eye(n) - np.where(hopeful[:, None, None], safe, 0.0)
    needed = np.abs(np.linalg.solve(system, needed[..., None])[..., 0])
    return shape, needed, hopeful
