"""Where a box goes in several steps: parallelepipeds that contain every image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, interval_function
from ...engine.tape import lower as lowered
from ...maps.base import Map
from .outward import Bounds, down, middle, sum_up, up

__all__ = ["Images", "Moving"]

_MOST_PIECES = 16


@dataclass(frozen=True, eq=False)
class Moving:
    """Sets {c + A u + Q v : |u_i| <= 1, |v_i| <= e_i}, one a column.

    Parameters
    ----------
    centre : ndarray, shape (d, n)
        The points c.
    linear : ndarray, shape (d, d, n)
        The matrices A: the box that was there at first, carried along by derivatives.
    frame : ndarray, shape (d, d, n)
        The matrices Q, about orthogonal.
    error : ndarray, shape (d, n)
        The half widths e of everything else.
    """

    centre: Bounds
    linear: Bounds
    frame: Bounds
    error: Bounds

    @staticmethod
    def boxes(lower: Bounds, upper: Bounds) -> Moving:
        """Return boxes (d, n) as such sets."""
        d, n = lower.shape
        centre = middle(lower, upper)
        half = 0.5 * (upper - lower)
        eye = np.repeat(np.eye(d)[:, :, None], n, axis=2)
        # What the half widths lack, with the rounding of the subtractions.
        lack = up(np.maximum(up(upper - centre), up(centre - lower)) - half)
        return Moving(centre, eye * half, eye, np.maximum(lack, 0.0))

    def take(self, which: NDArray[np.generic]) -> Moving:
        """Return some of the sets."""
        return Moving(
            self.centre[:, which],
            self.linear[:, :, which],
            self.frame[:, :, which],
            self.error[:, which],
        )

    @property
    def spread(self) -> Bounds:
        """Upper bounds of |x_i - c_i|, shape (d, n)."""
        aside = sum_up(up(np.abs(self.frame) * self.error), 1)
        return up(sum_up(np.abs(self.linear), 1) + aside)

    def box(self) -> tuple[Bounds, Bounds]:
        """Return boxes around the sets."""
        spread = self.spread
        return down(self.centre - spread), up(self.centre + spread)

    def pieces(self) -> tuple[NDArray[np.int64], Bounds, Bounds]:
        """Return smaller boxes that cover the sets together: whose each is, and its corners.

        Each set is cut across its longest column, so that the boxes are about as thick as it is.
        """
        n = self.centre.shape[1]
        length = np.abs(self.linear).max(axis=0)
        longest = length.argmax(axis=0)
        along = np.take_along_axis(self.linear, longest[None, None, :], axis=1)[:, 0]
        # The other columns and the error: what a piece keeps however short it is.
        aside = sum_up(up(np.abs(self.frame) * self.error), 1)
        others = self.linear.copy()
        np.put_along_axis(others, longest[None, None, :], 0.0, axis=1)
        kept = up(sum_up(np.abs(others), 1) + aside)
        with np.errstate(all="ignore"):
            ratio = np.abs(along).max(axis=0) / kept.max(axis=0)
            wanted = np.ceil(np.where(np.isfinite(ratio), ratio, _MOST_PIECES))
        count = np.clip(wanted, 1, _MOST_PIECES).astype(np.int64)
        owner = np.repeat(np.arange(n), count)
        first = np.repeat(np.cumsum(count) - count, count)
        place = (2 * (np.arange(len(owner)) - first) + 1) / count[owner] - 1.0
        middles = self.centre[:, owner] + along[:, owner] * place
        half = np.abs(along[:, owner]) / count[owner]
        # Roundings of the middle and of the half width are covered by a few parts in 2^50.
        slack = (np.abs(self.centre[:, owner]) + np.abs(along[:, owner])) * 2.0**-50
        radius = up(up(half + slack) + kept[:, owner])
        return owner, down(middles - radius), up(middles + radius)


@dataclass(frozen=True, eq=False)
class Images:
    """Takes such sets through a map.

    Notes
    -----
    For x in the set, x - c = A u + Q v, and F(x) = F(c) + DF(ξ)(x - c) with ξ in a box around the
    set. The products DF A and DF Q are enclosed by straight-line code; the middle of the first is
    the new A, and what it leaves out joins the errors, which are kept in a frame that follows the
    directions in which they grow (Lohner 1987; QR with sorted columns).
    """

    F: Map

    def after(self, sets: Moving) -> Moving:
        """Return sets that contain the images, with NaN where nothing is known."""
        d, n = sets.centre.shape
        step, turn = _step(self.F), _turn(d)
        low, high = sets.box()
        matrices = np.concatenate([sets.linear.reshape(d * d, n), sets.frame.reshape(d * d, n)])
        with np.errstate(all="ignore"):
            below, above = step(
                np.concatenate([low, sets.centre, matrices]),
                np.concatenate([high, sets.centre, matrices]),
            )
            value = below[:d], above[:d]
            carried = below[d : d + d * d], above[d : d + d * d]
            turned = below[d + d * d :], above[d + d * d :]
            centre = middle(*value)
            linear = middle(*carried)
            apart = np.maximum(up(carried[1] - linear), up(linear - carried[0]))
            aside = np.maximum(up(value[1] - centre), up(centre - value[0]))
            loose = up(aside + sum_up(apart.reshape(d, d, n), 1))
            frame = _orthogonal(middle(*turned).reshape(d, d, n), sets.error)
            flat = frame.reshape(d * d, n)
            down_, up_ = turn(np.concatenate([flat, turned[0]]), np.concatenate([flat, turned[1]]))
            size = np.maximum(np.abs(down_), np.abs(up_)).reshape(2, d, d, n)
            error = up(sum_up(up(size[0] * loose), 1) + sum_up(up(size[1] * sets.error), 1))
        return Moving(centre, linear.reshape(d, d, n), frame, error)


@lru_cache(maxsize=64)
def _step(F: Map) -> IntervalFunction:
    """From a box of x, c, A and Q to F(c), DF(x) A and DF(x) Q.

    Dummies: a variable of the map may have any name.
    """
    assert F.expression is not None
    x = F.variables
    d = len(x)
    c = [sp.Dummy(f"c{i}") for i in range(d)]
    A, Q = (sp.Matrix(d, d, [sp.Dummy(f"{name}{i}") for i in range(d * d)]) for name in ("A", "Q"))
    slopes = sp.Matrix(d, d, list(F.jacobian))
    at_centre = [f.xreplace(dict(zip(x, c, strict=True))) for f in F.expression]
    outputs = [*at_centre, *(slopes * A), *(slopes * Q)]
    return interval_function(lowered(outputs, [*x, *c, *A, *Q]))


@lru_cache(maxsize=8)
def _turn(d: int) -> IntervalFunction:
    """From a regular matrix Q and a matrix M to the inverse of Q, then to that times M."""
    Q, M = (sp.Matrix(d, d, [sp.Symbol(f"{name}{i}") for i in range(d * d)]) for name in ("Q", "M"))
    inverse = Q.adjugate() / Q.det(method="berkowitz")
    return interval_function(lowered([*inverse, *(inverse * M)], [*Q, *M]))


def _orthogonal(matrices: Bounds, sizes: Bounds) -> Bounds:
    """Return orthogonal frames whose first vector is the column that matters most."""
    d = len(matrices)
    scaled = matrices * sizes
    length = np.abs(scaled).max(axis=0)
    order = np.argsort(-length, axis=0, kind="stable")
    columns = np.take_along_axis(scaled, order[None], axis=1)
    frame = np.zeros_like(matrices)
    if d == 1:
        frame[:] = 1.0
        return frame
    if d == 2:
        x, y = columns[0, 0], columns[1, 0]
        size = np.hypot(x, y)
        usable = np.isfinite(size) & (size > 0)
        cos = np.where(usable, x / np.where(usable, size, 1.0), 1.0)
        sin = np.where(usable, y / np.where(usable, size, 1.0), 0.0)
        frame[0, 0], frame[1, 0], frame[0, 1], frame[1, 1] = cos, sin, -sin, cos
        return frame
    stacked = np.ascontiguousarray(columns.transpose(2, 0, 1))
    fine = np.isfinite(stacked).all(axis=(1, 2))
    stacked[~fine] = np.eye(d)
    return np.ascontiguousarray(np.linalg.qr(stacked)[0].transpose(1, 2, 0))
