"""Proof that an orbit with a multiplier 1 or -1 is where it was computed."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import sum_up
from .orbit import BITS, CriticalOrbit

__all__ = ["LARGEST_PROOF", "proved_reach"]

LARGEST_PROOF = 1100  # unknowns up to which the inverse is formed as a dense matrix
_UNIT = 2.0**-53
_SLACK = 1.0 + 2.0**-20  # covers the rounding of a few sums and products of positive numbers


Array = NDArray[np.float64]


def proved_reach(orbit: CriticalOrbit) -> float | None:
    """Return how near to a computed orbit the true one is, None where that is not proved.

    Exactly one solution lies within that distance of the centre, in the maximum norm of points,
    directions and parameter together, and its period is the least one.

    Notes
    -----
    With an approximate inverse C of the derivative at the centre c, y ≥ |C R(c)| and
    q ≥ ‖I - C R'(x)‖ for all x within r of c, there is exactly one solution within r where
    y + q r < r and q < 1 [krawczyk1969]_; it is within y / (1 - q). R(c) is enclosed in balls of
    256 bits, R' as well, and the product C R' is formed in doubles with a bound of its rounding
    [rump1983]_. The derivative is regular there, so that the multiplier has one eigenvector
    only; where it is algebraically simple, too, it crosses the unit circle at nonzero speed.
    """
    system = orbit.system
    if system.size > LARGEST_PROOF or not system.F.exact:
        return None
    inverse = np.ascontiguousarray(orbit.inverse.solve(np.eye(system.size)))
    if not np.isfinite(inverse).all():
        return None
    with flint.ctx.workprec(BITS):
        residual = np.array(
            [float(ball.abs_upper()) for ball in system.residual_balls(orbit.unknowns)]
        )
        y = float(np.max(sum_up(np.abs(inverse) * np.nextafter(residual, np.inf), 1))) * _SLACK
        radius = 8.0 * y + 2.0**-230
        balls = [flint.arb(entry.mid(), radius) for entry in orbit.unknowns]
        q = _defect(inverse, *system.derivative_balls(balls))
        if not q <= 0.5:
            return None
        # The solution is within y / (1 - q) ≤ 2 y of the centre.
        reach = 2.0 * y * _SLACK
        return reach if _least(orbit, reach) else None


def _defect(inverse: Array, middle: Any, radii: Any) -> float:
    """Return an upper bound of ‖I - C J‖ in the maximum norm over all J between the bounds."""
    n = len(inverse)
    size = np.abs(inverse)
    product = (middle.T @ inverse.T).T
    product[np.arange(n), np.arange(n)] -= 1.0
    weight = (abs(middle).T @ size.T).T
    spread = (radii.T @ size.T).T
    rounding = (n + 3) * _UNIT / (1.0 - (n + 3) * _UNIT)
    total = np.abs(product) + rounding * (weight + 1.0) * _SLACK + spread * _SLACK
    return float(np.max(sum_up(total, 1))) * _SLACK


def _least(orbit: CriticalOrbit, reach: float) -> bool:
    """Return whether the balls around the points show that no shorter period is possible."""
    system = orbit.system
    points = system.parts(orbit.unknowns)[0]
    p = system.period
    for factor in range(2, p + 1):
        if p % factor or any(factor % k == 0 for k in range(2, factor)):
            continue
        other = points[p // factor]
        if not any(abs(a - b) > 2 * reach for a, b in zip(points[0], other, strict=True)):
            return False
    return True
