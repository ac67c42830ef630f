"""Where the coefficients of the elementary functions come from: best polynomials by exchange.

`best_polynomial` is the exchange algorithm of Remez in multiple precision; `sets` lists every
polynomial the machine code uses: what it approximates, in which variable, with which weight.
Running this file prints the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import mpmath as mp

Real = Callable[[mp.mpf], mp.mpf]
DIGITS = 70


@dataclass(frozen=True, kw_only=True)
class Approximation:
    """A polynomial p of a degree that makes max |weight (p - function)| smallest on [low, high]."""

    function: Real
    weight: Real
    low: mp.mpf
    high: mp.mpf
    degree: int


def best_polynomial(task: Approximation) -> tuple[list[mp.mpf], mp.mpf]:
    """Return the coefficients, lowest first, and the weighted error.

    The polynomial is found in a variable on [-1, 1], where the equations are well conditioned,
    and expanded in the original one at the end.
    """
    with mp.workdps(DIGITS):
        middle, half = (task.high + task.low) / 2, (task.high - task.low) / 2
        count = task.degree + 2
        points = [-mp.cos(mp.pi * k / (count - 1)) for k in range(count)]
        for _ in range(40):
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

    ends = [mp.mpf(-1), *points, mp.mpf(1)]
    grid = [a + (b - a) * k / 8 for a, b in pairwise(ends) if b > a for k in range(8)]
    grid.append(ends[-1])
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
            t, value = _peak(
                error, grid[k - 1], t, grid[k + 1], values[k - 1], value, values[k + 1]
            )
        sharper.append((t, value))
    return [t for t, _ in sharper], max(abs(value) for _, value in sharper)


def _peak(error, a, b, c, at_a, at_b, at_c):
    """Return the top of the parabola through three points, where it is higher than the middle."""
    top, bottom = (
        (b - a) ** 2 * (at_b - at_c) - (b - c) ** 2 * (at_b - at_a),
        ((b - a) * (at_b - at_c) - (b - c) * (at_b - at_a)),
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


def sets() -> dict[str, Approximation]:
    """Return every approximation in use, under the name ``file.CONSTANT``."""
    half, quarter = mp.log(2) / 2 * SLACK, mp.pi / 4 * SLACK
    step = (half * mp.mpf(7) / 5) ** 2  # 0.7 ln 2, squared
    return {
        "exponential.TAIL": _near_zero(lambda r: (mp.exp(r) - 1 - r) / r**2, 1, -half, half, 9),
        "logarithm.SERIES": _near_zero(
            _odd(lambda s: 2 * mp.atanh(s), 2), 1, 0, SLACK * S_MAX**2, 6
        ),
        "power.SERIES": _near_zero(
            lambda z: (_odd(mp.atanh, 1)(z) - ONE / 3) / z, 2, 0, SLACK * S_MAX**2, 7
        ),
        "logistic.ARTANH": _near_zero(
            _odd(lambda t: 2 * mp.atanh(t / 2), 1), 1, 0, mp.mpf(4) / 9, 9
        ),
        "logistic.NEAR_ZERO": _near_zero(
            lambda z: (mp.log(mp.cosh(mp.sqrt(z))) / z - mp.mpf(1) / 2) / z,
            1,
            0,
            mp.mpf(9) / 16,
            12,
        ),
        "hyperbolic.TANH": _near_zero(_odd(mp.tanh, 1), 1, 0, half**2 / 4, 5),
        "hyperbolic.WIDER_TANH": _near_zero(_odd(mp.tanh, 1), 1, 0, step / 4, 6),
        "hyperbolic.SINH": _near_zero(_odd(mp.sinh, 1), 1, 0, step, 5),
        "hyperbolic.COSH": _near_zero(lambda z: (mp.cosh(mp.sqrt(z)) - 1) / z, 1, 0, step, 5),
        "trigonometric.SINE": _near_zero(_odd(mp.sin, 1), 1, 0, quarter**2, 5),
        "trigonometric.COSINE": _near_zero(
            lambda z: ((mp.cos(mp.sqrt(z)) - 1) / z + mp.mpf(1) / 2) / z, 2, 0, quarter**2, 5
        ),
        "arctangent.ATAN": _near_zero(_odd(mp.atan, 1), 1, 0, 1, 20),
        "error_function.NEAR_ZERO": _near_zero(
            lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 0, 0, 1, 11
        ),
        "error_function.FAR": Approximation(
            function=lambda x: -mp.log(mp.erfc(x)), weight=mp.erfc, low=ONE, high=6 * ONE, degree=17
        ),
    }


ONE = mp.mpf(1)
SLACK = ONE + mp.mpf(2) ** -20  # reduced arguments may lie a little outside
S_MAX = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)


def _odd(function: Real, slope: int) -> Real:
    """Return (function(t)/t - slope) / t^2 as a function of t^2."""
    return lambda z: (function(mp.sqrt(z)) / mp.sqrt(z) - slope) / z


def _near_zero(function: Real, order: int, low: object, high: object, degree: int) -> Approximation:
    """Return an approximation with the weight |x|^order, whose function is 0/0 at 0."""
    tiny = mp.mpf(10) ** -20

    return Approximation(
        function=lambda x: function(x if abs(x) > tiny else tiny),
        weight=lambda x: abs(x) ** order + tiny,
        low=mp.mpf(low),
        high=mp.mpf(high),
        degree=degree,
    )


def worst_error(task: Approximation, coefficients: Sequence[float], *, points: int = 400) -> float:
    """Return the largest weighted error of a polynomial on a grid, in units of 2^-53."""
    with mp.workdps(DIGITS):
        exact = [mp.mpf(c) for c in reversed(coefficients)]
        grid = (task.low + (task.high - task.low) * k / points for k in range(points + 1))
        errors = (task.weight(x) * (mp.polyval(exact, x) - task.function(x)) for x in grid)
        return float(max(abs(error) for error in errors) * 2**53)


if __name__ == "__main__":
    for name, approximation in sets().items():
        best, error = best_polynomial(approximation)
        print(name, mp.nstr(error * 2**53, 3))
        print("".join(f"    {coefficient!r},\n" for coefficient in rounded(best)))
