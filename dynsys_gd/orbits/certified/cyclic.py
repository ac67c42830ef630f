"""Krawczyk's operator along an orbit, at a cost that grows like its period."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, interval_function
from ...engine.tape import lower as lowered
from .enclosed import Enclosed
from .equations import Equations
from .frames import frames_along
from .outward import Bounds, middle, sum_up, up

__all__ = ["cyclic_operator"]


def cyclic_operator(
    equations: Equations, lower: Bounds, upper: Bounds
) -> tuple[Bounds, Bounds, NDArray[np.bool_], Bounds, NDArray[np.bool_]]:
    """Return bounds of the images (p, d, n), which are in the interior, and the ratio of widths.

    The last answer says for which boxes the frames close up; for others little is to be hoped.

    Notes
    -----
    With frames Q_k that flow along the orbit (about orthogonal, Dh(m_k) Q_k about Q_(k+1) T_k with
    T_k upper triangular) write x_k = m_k + Q_k u_k. The equations become
    u_(k+1) - T_k u_k = w_k(u), and w is small: for boxes X_k and U_k around them

        w_k = -Q_(k+1)' (m_(k+1) - h(m_k)) + (I - Q_(k+1)' Q_(k+1)) U_(k+1)
              + (Q_(k+1)' Dh(X_k) Q_k - T_k) U_k.

    Krawczyk's operator with the inverse of the left side as preconditioner is the solution of the
    triangular cyclic system with w on the right. It is solved from the last component to the
    first; each component is a scalar recursion around the cycle, run forwards where the product
    of its factors is below one and backwards where it is above, so that nothing grows.

    Where the image of X lies in the interior of X there is exactly one orbit in X: the affine
    maps between convex sets are those of [1]_ in other coordinates.

    References
    ----------
    .. [1] Rump (1983), Solving algebraic problems with high accuracy.
    """
    p, d, n = lower.shape
    m = middle(lower, upper)
    flat = m.transpose(1, 0, 2).reshape(d, p * n)
    _, _, slope_low, slope_high = equations.at(flat, flat)
    slopes = middle(slope_low, slope_high).reshape(d, d, p, n)
    frames, factors, settled = frames_along(slopes)  # (p, d, d, n) both
    reach = up(np.maximum(upper - m, m - lower))
    u = _coordinates(frames, reach)
    w_low, w_high = _right_sides(equations, lower, upper, m, frames, factors, u)
    low, high = np.empty_like(lower), np.empty_like(upper)
    for i in range(d - 1, -1, -1):
        right = Enclosed(w_low[:, i], w_high[:, i])
        for j in range(i + 1, d):
            right = Enclosed.of(factors[:, i, j]) * Enclosed(low[:, j], high[:, j]) + right
        solved = _around(factors[:, i, i], right)
        low[:, i], high[:, i] = solved.lower, solved.upper
    ratio = np.max((high - low) / (2 * u), axis=(0, 1))
    image = _positions(frames, m, Enclosed(low, high))
    known = np.isfinite(image.upper - image.lower).all(axis=(0, 1))
    image_low = np.where(known, image.lower, -np.inf)
    image_high = np.where(known, image.upper, np.inf)
    proved = np.all((image_low > lower) & (image_high < upper), axis=(0, 1))
    return image_low, image_high, proved, ratio, settled


def _coordinates(frames: Bounds, reach: Bounds) -> Bounds:
    """Return u with |Q_k^-1 (x_k - m_k)| <= u_k wherever |x_k - m_k| <= reach_k; NaN if unknown.

    The frames are orthogonal up to E = I - Q'Q, so that u = Q'(x - m) + E u; a row of the bound
    |Q'| reach is widened by 2 ‖E‖ times its largest, for ‖E‖ < 1/2.
    """
    d = frames.shape[1]
    u = (
        sum_up(np.abs(frames) * reach[:, :, None], axis=1)
        if d > 1
        else np.abs(frames[:, 0]) * reach
    )
    u = up(u)
    gram = np.einsum("kain,kajn->kijn", frames, frames) - np.eye(d)[None, :, :, None]
    error = np.abs(gram).sum(axis=2).max(axis=1) + 4 * d * d * 2.0**-52
    widened = up(u + up(2 * error[:, None] * u.max(axis=1, keepdims=True)))
    return np.where(error[:, None] < 1e-8, widened, np.nan)


def _right_sides(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    m: Bounds,
    frames: Bounds,
    factors: Bounds,
    u: Bounds,
) -> tuple[Bounds, Bounds]:
    p, d, n = lower.shape
    function = _right_side_function(equations)
    low, high = np.empty_like(lower), np.empty_like(upper)
    rows = 5 * d + 3 * d * d
    given = np.empty((2, rows, n))
    for k in range(p):
        after = (k + 1) % p
        thin = np.concatenate(
            [
                *(m[k], m[after]),
                *(frames[k].reshape(d * d, n), frames[after].reshape(d * d, n)),
                factors[k].reshape(d * d, n),
            ]
        )
        given[0, :d], given[1, :d] = lower[k], upper[k]
        given[:, d : d + len(thin)] = thin
        given[0, -2 * d : -d], given[1, -2 * d : -d] = -u[k], u[k]
        given[0, -d:], given[1, -d:] = -u[after], u[after]
        low[k], high[k] = function(given[0], given[1])
    return low, high


@lru_cache(maxsize=64)
def _right_side_function(equations: Equations) -> IntervalFunction:
    """From (ξ, m, m', Q, Q', T, U, U') to w, where a prime means the next time index."""
    d = equations.dimension

    def vector(name: str) -> list[sp.Symbol]:
        return [sp.Symbol(f"{name}{i}") for i in range(d)]

    def matrix(name: str) -> list[list[sp.Symbol]]:
        return [[sp.Symbol(f"{name}{i}_{j}") for j in range(d)] for i in range(d)]

    xi, m, following, u, v = (vector(name) for name in ("xi", "m", "next", "u", "v"))
    q, r, t = (matrix(name) for name in ("q", "r", "t"))
    at_xi = dict(zip(equations.variables, xi, strict=True))
    at_m = dict(zip(equations.variables, m, strict=True))
    slopes = [e.xreplace(at_xi) for e in equations.derivatives]
    defects = [h.xreplace(at_m) - x for h, x in zip(equations.functions, following, strict=True)]
    turned = [
        [sum(slopes[a * d + b] * q[b][j] for b in range(d)) for j in range(d)] for a in range(d)
    ]
    outputs = []
    for i in range(d):
        value = sum(r[a][i] * defects[a] for a in range(d))
        for j in range(d):
            skew = int(i == j) - sum(r[a][i] * r[a][j] for a in range(d))
            bend = sum(r[a][i] * turned[a][j] for a in range(d)) - t[i][j]
            value = value + skew * v[j] + bend * u[j]
        outputs.append(value)
    inputs = [*xi, *m, *following, *chain(*q), *chain(*r), *chain(*t), *u, *v]
    return interval_function(lowered(outputs, inputs))


def _around(a: Bounds, right: Enclosed) -> Enclosed:
    """Return bounds of u with u_(k+1) = a_k u_k + r_k around the cycle, all (p, n)."""
    p, n = a.shape
    factors = [Enclosed.of(row) for row in a]
    one, zero = Enclosed.of(np.ones(n)), Enclosed.of(np.zeros(n))
    product, end, back = one, zero, zero
    for k in range(p):
        product, end = product * factors[k], end * factors[k] + right[k]
    for k in range(p - 1, -1, -1):
        back = (back - right[k]) / factors[k]
    # Forwards u_0 = S / (1 - product), with S what the recursion gives from zero; backwards
    # u_k = (u_(k+1) - r_k) / a_k and u_0 = S / (1 - 1 / product).
    here = end / (1 - product)
    forwards = []
    for k in range(p):
        forwards.append(here)
        here = here * factors[k] + right[k]
    here = back / (1 - one / product)
    backwards: list[Enclosed] = []
    for k in range(p - 1, -1, -1):
        here = (here - right[k]) / factors[k]
        backwards.insert(0, here)
    return Enclosed.stack(forwards).where(product.size < 1, Enclosed.stack(backwards))


def _positions(frames: Bounds, m: Bounds, u: Enclosed) -> Enclosed:
    """Return bounds of m_k + Q_k u_k."""
    place = Enclosed.of(m)
    for j in range(m.shape[1]):
        place = place + Enclosed.of(frames[:, :, j]) * u[:, None, j]
    return place
