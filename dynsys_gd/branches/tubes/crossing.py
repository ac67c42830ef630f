"""How fast a multiplier crosses the unit circle, enclosed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import down, up
from .cyclic_system import CyclicSystem

__all__ = ["crossing_speed"]

Bounds = NDArray[np.float64]

_POWERS = 30


def crossing_speed(
    system: CyclicSystem, held: int, lower: Bounds, upper: Bounds
) -> tuple[float, float] | None:
    """Return bounds of dμ/dλ where a multiplier μ is 1 or -1, None where it is not known.

    Parameters
    ----------
    system : CyclicSystem
        Of an orbit and of a vector q along it that comes back as μ q, |μ| = 1.
    held : int
        The coordinate, an entry of some q_k, that is held at one.
    lower, upper : ndarray, shape (2 p d + 1,)
        Bounds of orbit, vectors, and parameter.

    Notes
    -----
    As functions of λ the orbit, the vectors and μ solve the same equations with DF q_(p-1) = μ q_0
    at the end. Their derivatives solve A y = -b with the matrix A of partial derivatives by x, q
    (one entry is held) and μ, and b those by λ. Where A is regular, 1 is no multiplier beside μ
    and μ is simple: from A (ξ, ω, m) = 0 follows ξ = 0, and then (DF^p - μ) ω = m q.
    """
    linear = system.linear(lower[None], upper[None])
    n, d = system.size, system.formulas.dimension // 2
    others = np.arange(n + 1) != held
    others[n] = False
    vectors = slice(d, 2 * d)
    low, high = lower[:-1][vectors], upper[:-1][vectors]
    middle = 0.5 * (low + high)
    last = n - d
    centre, radius = np.zeros((n, n)), np.zeros((n, n))
    centre[:, :-1], radius[:, :-1] = linear.centre[0][:, others], linear.radius[0][:, others]
    # q_0 comes back as μ q_0, the derivative by μ of what must vanish is -q_0.
    centre[last:, -1] = -middle
    radius[last:, -1] = up(np.maximum(high - middle, middle - low))
    right, spread = -linear.centre[0][:, n], linear.radius[0][:, n]
    return _last_of_solution(centre, radius, right, spread)


def _last_of_solution(
    centre: Bounds, radius: Bounds, right: Bounds, spread: Bounds
) -> tuple[float, float] | None:
    """Return bounds of y_n over all A y = b with A and b known up to a radius.

    With C about the inverse, y = C b + (I - C A) y. Where |I - C A| u <= θ u with θ < 1 for some
    u > 0, every A is regular and |y| <= u max(|C b| / u) / (1 - θ).
    """
    n = len(centre)
    finite = np.isfinite(centre).all() and np.isfinite(radius).all() and np.isfinite(right).all()
    if not finite:
        return None
    try:
        inverse = np.linalg.inv(centre)
    except np.linalg.LinAlgError:
        return None
    gamma = (n + 2) * 2.0**-52
    size = np.abs(inverse)
    defect = np.abs(np.eye(n) - inverse @ centre) + 4 * gamma * (size @ np.abs(centre) + 1)
    defect = up(up(defect) + up(size @ radius * (1 + 4 * gamma)))
    u = np.ones(n)
    for _ in range(_POWERS):
        u = defect @ u + 1e-3 * np.abs(u).max()
        u /= u.max()
    share = float(np.max(up(up(defect @ u * (1 + 4 * gamma)) / u)))
    if not share < 1:
        return None
    value = inverse @ right
    error = up(size @ spread * (1 + 4 * gamma)) + 4 * gamma * (size @ np.abs(right))
    error = up(up(error) + n * 2.0**-1070)
    norm = up(up(np.abs(value) + error) / u).max(keepdims=True)
    reach = up(up(norm / down(np.array([1 - share]))) * u)
    error = up(error + up(defect @ reach * (1 + 4 * gamma)))
    return float(down(value[-1] - error[-1])), float(up(value[-1] + error[-1]))
