"""A second verification of orbits, in ball arithmetic at many bits, one orbit at a time.

Nothing is shared with the search but the symbolic functions: other straight-line evaluation,
other rounding, other linear algebra.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ...engine.ball_printer import ball_function
from ...engine.intervals.enclosing import outward
from .equations import Equations
from .outward import Bounds

__all__ = ["audited", "refined"]

Balls = list[list[flint.arb]]  # p rows of d numbers

_STEPS = 60  # of Newton's method; each gains about as many digits as doubles have
_SHARE = 0.1  # by which the box of the proof is wider, in shares of the width
_ULPS = 2.0**-50  # by which a box is widened, in shares of its largest coordinate
_TINY = 2.0**-70  # and in shares of the largest coordinate of the whole orbit


def audited(
    equations: Equations, lower: Bounds, upper: Bounds, precision: int = 200
) -> tuple[Bounds, Bounds, NDArray[np.bool_]]:
    """Return tight bounds of the orbits in boxes, and which boxes are proved to hold just one.

    Parameters
    ----------
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)
        Boxes are first widened by a few units of rounding: bounds as tight as doubles can be
        leave an orbit no interior to lie in.
    precision : int
        Bits of the ball arithmetic.

    Returns
    -------
    lower, upper : ndarray, shape (p, d, n)
        Bounds of the orbit at `precision`, rounded outwards to doubles; the box as it came where
        nothing was proved.
    proved : ndarray of bool, shape (n,)
        The widened box holds exactly one orbit, and the new bounds hold that one. (The proof
        is in a box a tenth larger, so that the orbit may lie close to a face.)

    Notes
    -----
    Newton's method with the inverse C of the derivative in doubles refines the midpoint to m;
    then K(X) = m - C f(m) + (I - C Df(X))(X - m) in the interior of X proves one orbit [1]_. The
    cost grows like (p d)². Equations with kinks or jumps are never proved here.

    References
    ----------
    .. [1] Krawczyk (1969), Newton-Algorithmen zur Bestimmung von Nullstellen mit
       Fehlerschranken.
    """
    low, high = lower.copy(), upper.copy()
    proved = np.zeros(lower.shape[2], dtype=bool)
    for place in range(lower.shape[2]):
        found = refined(equations, lower[..., place], upper[..., place], precision)
        if found is None:
            continue
        proved[place] = True
        for k, point in enumerate(found):
            for i, number in enumerate(point):
                low[k, i, place], high[k, i, place] = outward(number)
    return low, high, proved


def refined(
    equations: Equations, lower: Bounds, upper: Bounds, precision: int = 200
) -> Balls | None:
    """Return balls around the one orbit of a box (p, d), widened as said; None if not proved."""
    finite = np.isfinite(lower).all() and np.isfinite(upper).all() and (lower <= upper).all()
    if not finite or not equations.tape.analytic:
        return None
    with flint.ctx.workprec(precision):
        return _proof(equations, _widened(lower, upper, 0.0), _widened(lower, upper, _SHARE))


def _widened(lower: Bounds, upper: Bounds, share: float) -> Balls:
    """Return the box as balls with more room; how the room is rounded is of no consequence."""
    size = np.maximum(np.abs(lower), np.abs(upper))
    room = share * (upper - lower) + _ULPS * size + _TINY * (size.max() or 1.0)
    rows = zip((lower - room).tolist(), (upper + room).tolist(), strict=True)
    return [[flint.arb(a).union(flint.arb(b)) for a, b in zip(*row, strict=True)] for row in rows]


def _proof(equations: Equations, near: Balls, box: Balls) -> Balls | None:
    """Return balls around the only orbit in `box`, where it lies in `near`."""
    function = ball_function(equations.tape)
    p, d = len(box), len(box[0])
    start = [[flint.arb(x.mid()) for x in row] for row in box]
    inverse = _float_inverse(_slopes(function, start), p, d)
    if inverse is None:
        return None
    preconditioner = flint.arb_mat(inverse.tolist())
    m = _newton(function, start, preconditioner)
    if not _all_inside(m, box) or _holds_one(function, box, m, preconditioner) is None:
        return None
    # The same proof in a tiny box gives the bounds; its orbit is the only one of the wide box.
    bits = flint.ctx.prec
    last = _rows(preconditioner * _column(_defects(function, m)), d)
    size = max(float(abs(x).upper()) for row in m for x in row) or 1.0
    for share in (0.9, 0.7, 0.5):
        radius = flint.arb(2) ** int(-share * bits) * size
        radii = [[4 * abs(e) + radius for e in row] for row in last]
        tiny = [
            [flint.arb(x.mid(), r.upper()) for x, r in zip(row, extents, strict=True)]
            for row, extents in zip(m, radii, strict=True)
        ]
        image = _holds_one(function, tiny, m, preconditioner)
        if image is not None and _all_inside(image, near):
            return image
    return None


def _holds_one(
    function: Callable[..., list[flint.arb]], box: Balls, m: Balls, preconditioner: flint.arb_mat
) -> Balls | None:
    """Return Krawczyk's image of a box around m where it lies in the interior of the box."""
    p, d = len(box), len(box[0])
    total = _column(m) - preconditioner * _column(_defects(function, m))
    slopes = _slopes(function, box)
    for k in range(p):
        # Block k of I - C A, where the system A has the blocks J_k and -I in these columns.
        block = -(_columns(preconditioner, k, d) * slopes[k])
        if p > 1:
            block = block + _columns(preconditioner, (k - 1) % p, d)
        for i in range(d):
            block[k * d + i, i] = block[k * d + i, i] + 1
        reach = [[x - c] for x, c in zip(box[k], m[k], strict=True)]
        total = total + block * flint.arb_mat(reach)
    image = _rows(total, d)
    return image if _all_inside(image, box) else None


def _columns(matrix: flint.arb_mat, k: int, d: int) -> flint.arb_mat:
    rows = range(matrix.nrows())
    return flint.arb_mat([[matrix[row, k * d + i] for i in range(d)] for row in rows])


def _newton(
    function: Callable[..., list[flint.arb]], start: Balls, preconditioner: flint.arb_mat
) -> Balls:
    """Return numbers (balls of radius zero) close to a zero, or where Newton's method stopped."""
    here, before = start, math.inf
    for _ in range(_STEPS):
        step = _rows(preconditioner * _column(_defects(function, here)), len(start[0]))
        size = max(float(abs(x).upper()) for row in step for x in row)
        if not size < 0.5 * before:
            break
        here = [
            [flint.arb((x - s).mid()) for x, s in zip(row, steps, strict=True)]
            for row, steps in zip(here, step, strict=True)
        ]
        before = size
    return here


def _defects(function: Callable[..., list[flint.arb]], points: Balls) -> Balls:
    """Return the left sides of the system: h(x) for one point, else h(x_k) - x_(k+1)."""
    p, d = len(points), len(points[0])
    values = [function(point, [])[:d] for point in points]
    if p == 1:
        return values
    return [[a - b for a, b in zip(values[k], points[(k + 1) % p], strict=True)] for k in range(p)]


def _slopes(function: Callable[..., list[flint.arb]], points: Balls) -> list[flint.arb_mat]:
    d = len(points[0])
    return [flint.arb_mat(d, d, function(point, [])[d:]) for point in points]


def _float_inverse(slopes: Sequence[flint.arb_mat], p: int, d: int) -> NDArray[np.float64] | None:
    """Return about the inverse of the derivative of the system; its errors do no harm."""
    system = np.zeros((p * d, p * d))
    for k, slope in enumerate(slopes):
        own = slice(k * d, (k + 1) * d)
        system[own, own] = [[float(slope[i, j].mid()) for j in range(d)] for i in range(d)]
        if p > 1:
            after = (k + 1) % p
            system[own, after * d : (after + 1) * d] -= np.eye(d)
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(inverse) if np.isfinite(inverse).all() else None


def _all_inside(inner: Balls, outer: Balls) -> bool:
    """Return whether balls lie in the interior of others; not where any is unbounded."""
    pairs = ((x, y) for a, b in zip(inner, outer, strict=True) for x, y in zip(a, b, strict=True))
    return all(bool(y.contains_interior(x)) and x.is_finite() for x, y in pairs)


def _column(rows: Balls) -> flint.arb_mat:
    return flint.arb_mat([[x] for row in rows for x in row])


def _rows(column: flint.arb_mat, d: int) -> Balls:
    entries: list[Any] = column.entries()
    return [entries[k : k + d] for k in range(0, len(entries), d)]
