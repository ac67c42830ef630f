"""Balls around fixed points that the map contracts into themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import down, up
from ...orbits.certified.system import Bounds, System
from .fixed import real_frame
from .frames import Frame, frame_of, row_sum

__all__ = ["Core", "cores_at"]

_MARGIN = 1e-9  # by which q stays below 1
_FINEST, _FINE = 1e-6, 1e-3  # share of a radius up to which it is sought, on the line and beyond
_MOST = 64  # points around which cores are tried
_STRETCHES = (0.0, -0.5, 0.5, 1.0)
_SHARES = (0.5, 0.25, 0.0625)
_MOST_NAMED = 8  # limits that are told apart; a cell keeps one bit for each
_FEW_PIECES, _PIECES = 36, 1024  # into which a ball is cut where its Jacobian is bounded


@dataclass(frozen=True)
class Core:
    """The ball |P⁻¹(z - c)| ≤ ρ, largest coordinate: every point of it converges to one point.

    Parameters
    ----------
    centre : tuple of d float
    frame : tuple of d rows of d float
        The columns of P.
    radius : float
        ρ.
    outcome : int
        Number of the limit.
    corners : two tuples of d float
        Of a small box in which the limit lies.
    """

    centre: tuple[float, ...]
    frame: tuple[tuple[float, ...], ...]
    radius: float
    outcome: int
    corners: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def pin(self) -> tuple[Bounds, Bounds]:
        """A small box in which the limit lies, two arrays of shape (d,)."""
        return np.array(self.corners[0]), np.array(self.corners[1])

    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether it lies in the ball."""
        centre = np.array(self.centre)[:, None]
        # A box around the ball, by floats with some air, leaves few boxes to look at.
        reach = (1 + 1e-9) * self.radius * np.abs(np.array(self.frame)).sum(axis=1)[:, None]
        found = ((lower >= centre - reach) & (upper <= centre + reach)).all(axis=0)
        rest = np.flatnonzero(found)
        low, high = down(lower[:, rest] - centre), up(upper[:, rest] - centre)
        found[rest] = self._frame.of_vectors(low, high) <= self.radius
        return np.asarray(found)

    @cached_property
    def _frame(self) -> Frame:
        frame = frame_of(np.array(self.frame))
        assert frame is not None
        return frame


def cores_at(system: System, points: Bounds, named: str, outcomes: list[str]) -> tuple[Core, ...]:
    """Return the largest core around each attracting one of some points (n, d).

    Their outcomes are appended to `outcomes`.

    Notes
    -----
    Where |P⁻¹ DF(z) P| ≤ q < 1 on the ball and |P⁻¹(F(c) - c)| ≤ (1 - q) ρ, the ball is mapped
    into itself by a contraction. Its fixed point attracts all of it; under gradient descent it is
    a strict minimum, as |1 - η λ| < 1 for every eigenvalue λ of the Hessian there.
    """
    found: list[Core] = []
    for point in points[:_MOST]:
        best = _best(system, point)
        if best is None:
            continue
        frame, radius = best
        if len(found) < _MOST_NAMED:
            place = ", ".join(f"{round(float(x), 9) + 0.0:.6g}" for x in point)
            where = place if len(point) == 1 else f"({place})"
            outcomes.append(f"the {named} near {where}")
        elif len(found) == _MOST_NAMED:
            outcomes.append(f"another {named}")
        pin = _pin(system, point, frame, radius)
        found.append(
            Core(
                tuple(map(float, point)),
                tuple(tuple(map(float, row)) for row in frame.columns),
                radius,
                len(outcomes) - 1,
                (tuple(map(float, pin[0])), tuple(map(float, pin[1]))),
            )
        )
    return tuple(found)


def _best(system: System, point: Bounds) -> tuple[Frame, float] | None:
    """Return the frame and radius of a large core around a point, None where there is none."""
    matrix = system.slopes_at(point[:, None])[:, :, 0]
    if not np.isfinite(matrix).all():
        return None
    columns, unstable = real_frame(matrix)
    if unstable:
        return None
    best: tuple[float, Frame, float] | None = None
    for frame in [*_along_eigenvectors(matrix, columns), *_triangular(matrix)]:
        radius = _largest(system, point, frame, _FEW_PIECES)
        if radius is not None:
            volume = radius ** len(point) * abs(float(np.linalg.det(frame.columns)))
            if best is None or volume > best[0]:
                best = volume, frame, radius
    if best is None:
        return None
    frame = best[1]
    return frame, _largest(system, point, frame, _PIECES) or best[2]


def _along_eigenvectors(matrix: Bounds, columns: Bounds) -> list[Frame]:
    """Return frames of eigenvectors that are longer in quick or in slow directions."""
    if frame_of(columns) is None:
        return []
    moved = np.linalg.solve(columns, matrix @ columns)
    slack = np.clip(1 - np.abs(moved).sum(axis=1), 2.0**-20, 1.0)
    exponents = _STRETCHES if len(matrix) > 1 else (0.0,)
    frames = [frame_of(columns * slack**exponent) for exponent in exponents]
    return [frame for frame in frames if frame is not None]


def _triangular(matrix: Bounds) -> list[Frame]:
    """Return frames for a matrix that is far from normal, where eigenvectors are close together.

    In a Schur basis it is triangular; the shorter the later columns are, the less they add.
    """
    if np.allclose(matrix @ matrix.T, matrix.T @ matrix):
        return []
    from scipy.linalg import schur

    _, basis = schur(matrix)
    powers = np.arange(len(matrix))
    frames = [frame_of(basis * share**powers) for share in _SHARES]
    return [frame for frame in frames if frame is not None]


def _contracts(system: System, centre: Bounds, frame: Frame, radius: float, pieces: int) -> float:
    """Return the (1 - q) ρ that a ball leaves, less how far its centre moves; negative: no core."""
    d = len(centre)
    cuts = max(1, int(pieces ** (1 / d)))
    edges = np.linspace(-radius, radius, cuts + 1)
    grid = np.indices((cuts,) * d).reshape(d, -1)
    low, high = edges[grid], edges[grid + 1]
    middle, half = 0.5 * (low + high), 0.5 * (high - low) * (1 + 1e-12)
    at = centre[:, None] + frame.columns @ middle
    reach = np.abs(frame.columns) @ half * (1 + 1e-12) + 1e-15 * (np.abs(at) + radius)
    with np.errstate(all="ignore"):
        matrices = frame.of_matrices(
            *system.slope_bounds(at - reach, at + reach), symmetric=system.symmetric
        )
        q = float(np.max(row_sum(matrices)))
        if not q < 1 - _MARGIN:
            return -np.inf
        return float(
            down(np.array((1 - q) * radius * (1 - 2.0**-50))) - _moved(system, centre, frame)
        )


def _moved(system: System, centre: Bounds, frame: Frame) -> float:
    """Return an upper bound of |P⁻¹(F(c) - c)|."""
    point = centre[:, None]
    low, high = system.image_bounds(point, point)
    return float(frame.of_vectors(down(low - point), up(high - point))[0])


def _largest(system: System, centre: Bounds, frame: Frame, pieces: int) -> float | None:
    """Return the largest radius found by doubling and bisection, None where there is none."""
    scale = max(1.0, float(np.abs(centre).max()))
    good = None
    for exponent in range(-30, 12):
        radius = scale * 2.0**exponent
        if _contracts(system, centre, frame, radius, 1 if exponent < -6 else pieces) >= 0:
            good = radius
        elif good is not None:
            break
    if good is None:
        return None
    bad = 2 * good
    while bad - good > (_FINEST if len(centre) == 1 else _FINE) * good:
        middle = 0.5 * (good + bad)
        if _contracts(system, centre, frame, middle, pieces) >= 0:
            good = middle
        else:
            bad = middle
    return good


def _pin(system: System, centre: Bounds, frame: Frame, radius: float) -> tuple[Bounds, Bounds]:
    """Return a box around the smallest core with this centre that is found quickly."""
    small = radius
    for exponent in range(-46, 0):
        trial = radius * 2.0**exponent
        if _contracts(system, centre, frame, trial, 1) >= 0:
            small = trial
            break
    reach = np.abs(frame.columns).sum(axis=1) * small * (1 + 1e-9)
    return down(centre - reach), up(centre + reach)
