"""Where the points of a cell go in some steps: parallelepipeds that contain every image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np
from flint import arb

from .balls import Ball, Program, Rows, Vector, product, small_inverse, symmetric

__all__ = ["Moved", "images"]

_UNIT = arb(0, 1)


@dataclass(frozen=True)
class Moved:
    """The set {c + A u + Q v : |u_i| <= 1, |v_i| <= e_i}, and what is known of the way to it.

    Parameters
    ----------
    centre : list of d exact numbers
    linear, frame : d rows of d exact numbers
        The matrices A and Q.
    error : list of d balls
        The half widths e.
    hull : list of d balls
        A box around the set.
    box : list of d balls
        A box that contains the image; it may be smaller than the one around the set.
    slopes : d rows of d balls or None
        DF on the box from which the last step began.
    """

    centre: Vector
    linear: Rows
    frame: Rows
    error: Vector
    hull: Vector
    box: Vector
    slopes: Rows | None = None

    def misses(self, box: Sequence[arb]) -> bool:
        """Return whether a box and the set surely have no point in common."""
        for row, reach in self._slabs:
            place = arb(0)
            for m, x, c in zip(row, box, self.centre, strict=True):
                place += m * (x - c)
            if abs(place) > reach:
                return True
        return False

    @cached_property
    def _slabs(self) -> list[tuple[Vector, Ball]]:
        """Rows g and bounds b with |g (x - c)| <= b on the set: from u = A^-1 (x - c - Q v)."""
        inverse = small_inverse(self.linear)
        if inverse is None:
            return []
        reaches = []
        for mixed in product(inverse, self.frame):
            reaches.append(arb(1))
            for m, e in zip(mixed, self.error, strict=True):
                reaches[-1] += abs(m) * e
        return list(zip(inverse, reaches, strict=True))


def images(
    values: Program, both: Program, middle: Vector, half: Vector, steps: int
) -> Iterator[Moved]:
    """Yield sets that contain the images of a box after 1, 2, … steps, as long as they are known.

    Parameters
    ----------
    values : Program
        F(x).
    both : Program
        F(x) and then DF(x), row by row.
    middle, half : lists of d balls
        The box.
    steps : int

    Notes
    -----
    For x = c + A u + Q v in the set, F(x) = F(c) + M (A u + Q v) with M in the interval matrix
    DF(hull). The middle of M A is the next A; what it leaves out, and M Q v, are bounded in an
    orthogonal frame that follows them (Lohner's method).
    """
    d = len(middle)
    axes = range(d)
    eye: Rows = [[arb(int(i == j)) for j in axes] for i in axes]
    centre = [m.mid() for m in middle]
    linear = [[half[i].abs_upper() if i == j else arb(0) for j in axes] for i in axes]
    error = [m.rad() for m in middle]
    hull = _around(centre, linear, eye, error)
    moved = Moved(centre, linear, eye, error, hull, hull)
    for _ in range(steps):
        # Not on `box`: the mean value theorem needs all between the set and its centre.
        found = both(moved.hull)
        if not all(value.is_finite() for value in found):
            return
        natural, flat = found[:d], found[d:]
        slopes = [flat[i * d : (i + 1) * d] for i in axes]
        at = values(moved.centre)
        carried = product(slopes, moved.linear)
        centre = [value.mid() for value in at]
        linear = [[value.mid() for value in row] for row in carried]
        # What the middles leave out: a ball about zero for each coordinate.
        rest = [
            symmetric(sum((value.rad() for value in row), point.rad()))
            for point, row in zip(at, carried, strict=True)
        ]
        frame, error = _followed(product(slopes, moved.frame), moved.error, rest, eye)
        hull = _around(centre, linear, frame, error)
        box = [a.intersection(b) for a, b in zip(natural, hull, strict=True)]
        moved = Moved(centre, linear, frame, error, hull, box, slopes)
        if not all(value.is_finite() for value in box):
            return
        yield moved


def _around(centre: Vector, linear: Rows, frame: Rows, error: Vector) -> Vector:
    box = []
    for c, row, aside in zip(centre, linear, frame, strict=True):
        reach = sum((abs(a) for a in row), arb(0))
        for q, e in zip(aside, error, strict=True):
            reach += abs(q) * e
        box.append(c + symmetric(reach))
    return box


def _followed(turned: Rows, error: Vector, rest: Vector, eye: Rows) -> tuple[Rows, Vector]:
    """Return a frame Q and half widths such that turned v + rest lies in Q [-e, e]."""
    d = len(rest)
    aside = [symmetric(e) for e in error]
    none = d == 1 or all(e.is_zero() for e in error)
    frame = eye if none else _orthogonal(turned, error)
    inverse = None if none else small_inverse(frame)
    if inverse is None:
        total = [
            r + sum((t * v for t, v in zip(row, aside, strict=True)), arb(0))
            for r, row in zip(rest, turned, strict=True)
        ]
        return eye, [t.abs_upper() for t in total]
    mixed = product(inverse, turned)
    total = [
        sum((m * r for m, r in zip(row, rest, strict=True)), arb(0))
        + sum((t * v for t, v in zip(other, aside, strict=True)), arb(0))
        for row, other in zip(inverse, mixed, strict=True)
    ]
    return frame, [t.abs_upper() for t in total]


def _orthogonal(turned: Rows, error: Vector) -> Rows:
    """Return about orthogonal columns, the first along the longest of the columns times errors."""
    d = len(error)
    scaled = np.array(
        [[float(t.mid()) * float(e) for t, e in zip(row, error, strict=True)] for row in turned]
    )
    if not np.isfinite(scaled).all():
        return [[arb(int(i == j)) for j in range(d)] for i in range(d)]
    scaled = scaled[:, np.argsort(-np.abs(scaled).max(axis=0), kind="stable")]
    if d == 2:
        x, y = float(scaled[0, 0]), float(scaled[1, 0])
        size = hypot(x, y)
        cos, sin = (x / size, y / size) if size > 0 else (1.0, 0.0)
        return [[arb(cos), arb(-sin)], [arb(sin), arb(cos)]]
    return [[arb(float(v)) for v in row] for row in np.linalg.qr(scaled)[0]]
