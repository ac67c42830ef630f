"""Where the coefficients of the elementary functions come from: best polynomials by exchange.

`best_polynomial` is the exchange algorithm of Remez in multiple precision; `SETS` lists every
polynomial the machine code uses: what it approximates, in which variable, with which weight.
Running this file prints the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mpmath as mp

Real = Callable[[mp.mpf], mp.mpf]


@dataclass(frozen=True, kw_only=True)
class Approximation:
    """A polynomial p of a degree that makes max |weight (p - function)| smallest on [low, high]."""

    function: Real
    weight: Real
    low: mp.mpf
    high: mp.mpf
    degree: int


def best_polynomial(task: Approximation, *, digits: int = 50) -> tuple[list[mp.mpf], mp.mpf]:
    """Return the coefficients, lowest first, and the weighted error.

    The polynomial is found in a variable on [-1, 1], where the equations are well conditioned,
    and expanded in the original one at the end.
    """
    with mp.workdps(digits):
        middle, half = (task.high + task.low) / 2, (task.high - task.low) / 2
        count = task.degree + 2
        points = [-mp.cos(mp.pi * k / (count - 1)) for k in range(count)]
        for _ in range(12):
            coefficients, level = _levelled(task, points, middle, half)
            points, worst = _extrema(task, coefficients, points, middle, half)
            if worst <= abs(level) * (1 + mp.mpf(10) ** -8):
                break
        return _expanded(coefficients, middle, half), worst


def rounded(coefficients: list[mp.mpf]) -> list[float]:
    """Return the coefficients as the doubles nearest to them."""
    return [float(c) for c in coefficients]


def _levelled(task, points, middle, half):
    rows, right = [], []
    for k, t in enumerate(points):
        x = middle + half * t
        rows.append([*_chebyshev(t, task.degree), (-1) ** k / task.weight(x)])
        right.append(task.function(x))
    solution = mp.lu_solve(mp.matrix(rows), mp.matrix(right))
    *coefficients, level = list(solution)
    return coefficients, level


def _chebyshev(t, degree):
    values = [mp.mpf(1), t]
    while len(values) <= degree:
        values.append(2 * t * values[-1] - values[-2])
    return values[: degree + 1]


def _extrema(task, coefficients, points, middle, half):
    """Return the alternating extrema of the weighted error, one near each present point."""

    def error(t):
        x = middle + half * t
        basis = _chebyshev(t, task.degree)
        return task.weight(x) * (mp.fdot(coefficients, basis) - task.function(x))

    grid = []
    for a, b in zip(points, points[1:], strict=False):
        grid += [a + (b - a) * k / 8 for k in range(8)]
    grid.append(points[-1])
    values = [error(t) for t in grid]
    found: list[tuple[mp.mpf, mp.mpf]] = []
    for k, value in enumerate(values):
        if found and (found[-1][1] > 0) == (value > 0):
            if abs(value) > abs(found[-1][1]):
                found[-1] = (k, value)
        else:
            found.append((k, value))
    while len(found) > len(points):
        found.pop(0 if abs(found[0][1]) < abs(found[-1][1]) else -1)
    if len(found) < len(points):
        raise ArithmeticError("the error does not alternate often enough")
    sharper = []
    for k, value in found:
        t = grid[k]
        if 0 < k < len(grid) - 1:
            t, value = _peak(error, grid[k - 1], t, grid[k + 1], values[k - 1], value, values[k + 1])
        sharper.append((t, value))
    return [t for t, _ in sharper], max(abs(value) for _, value in sharper)


def _peak(error, a, b, c, at_a, at_b, at_c):
    """Return the top of the parabola through three points, where it is higher than the middle."""
    top, bottom = (b - a) ** 2 * (at_b - at_c) - (b - c) ** 2 * (at_b - at_a), (
        (b - a) * (at_b - at_c) - (b - c) * (at_b - at_a)
    )
    if bottom == 0:
        return b, at_b
    t = b - top / bottom / 2
    if not a < t < c:
        return b, at_b
    value = error(t)
    return (t, value) if abs(value) > abs(at_b) else (b, at_b)


def _expanded(coefficients, middle, half):
    """Return the monomial coefficients in x of sum c_k T_k((x - middle) / half)."""
    line = [-middle / half, 1 / half]
    before, here = [mp.mpf(1)], line
    total = [mp.mpf(0)] * len(coefficients)
    for k, c in enumerate(coefficients):
        if k == 0:
            current = before
        elif k == 1:
            current = here
        else:
            current = [2 * v for v in _product(line, here)]
            for i, v in enumerate(before):
                current[i] -= v
            before, here = here, current
        for i, v in enumerate(current):
            total[i] += c * v
    return total


def _product(a, b):
    out = [mp.mpf(0)] * (len(a) + len(b) - 1)
    for i, u in enumerate(a):
        for j, v in enumerate(b):
            out[i + j] += u * v
    return out
