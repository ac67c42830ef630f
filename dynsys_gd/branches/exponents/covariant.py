"""Covariant Lyapunov vectors along a stretch of an orbit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import iterate, orbit
from ...engine.kernel import Kernel
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import count_from_zero, positive_count
from .asked import checked_map, states_asked
from .covariant_result import CovariantDirections

__all__ = ["covariant_directions"]

Rows = NDArray[np.float64]

_MOST_NUMBERS = 5 * 10**7  # of Jacobians and frames that are kept


def covariant_directions(
    F: Map,
    start: Any,
    *,
    exponents: int | None = None,
    steps: int = 2_000,
    transient: int = 1_000,
    settling: int = 500,
) -> CovariantDirections:
    """Return the covariant Lyapunov vectors along a stretch of one orbit, and their angles.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    start : array_like of shape (d,)
        A state of the map, or a point of the loss, from which a map with memory starts at rest.
    exponents : int, optional
        How many directions, from the fastest; all d by default.
    steps : int
        Of the stretch.
    transient : int
        Steps of the orbit beforehand.
    settling : int
        Steps on both sides of the stretch in which the frames turn: forwards before it, backwards
        after it.

    Returns
    -------
    CovariantDirections

    Raises
    ------
    InvalidInput
        For several starts, open parameters, more memory than a run should take, and where the
        orbit escapes or a Jacobian on it is singular.

    Notes
    -----
    Forwards, orthogonal frames: DF(x_t) Q_t = Q_(t+1) R_t. Backwards, the coefficients of the
    directions in these frames: C_t is R_t^(-1) C_(t+1) with columns of length 1; upper triangular
    C converge to those of the covariant vectors V_t = Q_t C_t, each of which DF takes to a multiple
    of the next one [ginelli2007characterizing]_. The exponents are the mean logarithms of these
    multiples. An attractor is hyperbolic only where the angle between expanding and contracting
    directions stays away from zero; a finite stretch can refute, but not prove that.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> found = covariant_directions(textbook.henon(), [0.1, 0.1], steps=500)
    >>> found.directions.shape, bool(found.residual < 1e-6)
    ((500, 2, 2), True)
    """
    kernel, states = checked_map(F).kernel(), states_asked(F, start)
    if len(states) != 1:
        raise InvalidInput("start", f"{len(states)} starts", "one start")
    d = F.dimension
    k = d if exponents is None else positive_count(exponents, "exponents")
    if k > d:
        raise InvalidInput("exponents", exponents, f"at most {d}, the number of coordinates")
    length, turning = positive_count(steps, "steps"), positive_count(settling, "settling")
    whole = length + 2 * turning
    if whole * (d * d + d * k) > _MOST_NUMBERS:
        raise InvalidInput("steps", steps, "fewer steps, or fewer exponents, for this dimension")
    begun = iterate(kernel, states, count_from_zero(transient, "transient"))
    points, frames, triangles = _forwards(kernel, begun, whole, k)
    directions, multiples = _backwards(frames, triangles)
    stretch = slice(turning, turning + length)
    jacobians = kernel.jacobian(points[stretch])
    kept = directions[turning : turning + length + 1]
    return CovariantDirections(
        map=F,
        points=points[stretch],
        directions=kept[:-1],
        growth=np.log(multiples[stretch]),
        residual=_residual(jacobians, kept),
        settling=turning,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="double precision; each direction is taken to the next one up to the residual",
            sources=("ginelli2007characterizing",),
        ),
    )


def _forwards(kernel: Kernel, states: Rows, steps: int, k: int) -> tuple[Rows, Rows, Rows]:
    """Return the orbit, its frames (steps + 1, d, k) and their triangles (steps, k, k)."""
    d = states.shape[1]
    points = orbit(kernel, states, steps)[:, 0]
    if not np.isfinite(points).all():
        raise InvalidInput("start", states[0], "a start whose orbit stays finite")
    jacobians = kernel.jacobian(points[:-1])
    frames, triangles = np.empty((steps + 1, d, k)), np.empty((steps, k, k))
    frames[0] = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0][:, :k]
    for t in range(steps):
        frame, triangle = np.linalg.qr(jacobians[t] @ frames[t])
        sign = np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
        frames[t + 1], triangles[t] = frame * sign, triangle * sign[:, None]
    if not (np.diagonal(triangles, axis1=1, axis2=2) > 0).all():
        remedy = "a direction is lost on the orbit; ask for fewer exponents"
        raise InvalidInput("exponents", k, "directions that the map does not annihilate", remedy)
    return points[:-1], frames, triangles


def _backwards(frames: Rows, triangles: Rows) -> tuple[Rows, Rows]:
    """Return the directions, unit columns (steps + 1, d, k), and their multiples (steps, k)."""
    from scipy.linalg import solve_triangular

    steps, k = triangles.shape[:2]
    directions, multiples = np.empty_like(frames), np.empty((steps, k))
    coefficients = np.triu(np.ones((k, k)))
    coefficients /= np.linalg.norm(coefficients, axis=0)
    directions[steps] = frames[steps] @ coefficients
    for t in range(steps - 1, -1, -1):
        before = solve_triangular(triangles[t], coefficients, check_finite=False)
        size = np.linalg.norm(before, axis=0)
        coefficients, multiples[t] = before / size, 1.0 / size
        directions[t] = frames[t] @ coefficients
    return directions, multiples


def _residual(jacobians: Rows, directions: Rows) -> float:
    """Return the largest sine of the angle between DF v and the next direction."""
    moved = jacobians @ directions[:-1]
    moved = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    along = (moved * directions[1:]).sum(axis=1, keepdims=True)
    apart = moved - along * directions[1:]
    return float(np.linalg.norm(apart, axis=1).max())
