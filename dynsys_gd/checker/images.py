"""Where the points of a cell go in some steps: parallelepipeds that contain every image."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import hypot, isfinite

import numpy as np
from flint import arb

from .balls import Ball, Program, Rows, Vector, product, small_inverse

__all__ = ["Moved", "images"]

_ZERO, _ONE, _UNIT = arb(0), arb(1), arb(0, 1)
_FEW = 6  # steps


@dataclass(frozen=True)
class Moved:
    """The set {c + A u + Q v : |u_i| <= 1, |v_i| <= e_i}, and what is known of the way to it.

    Parameters
    ----------
    centre : list of d exact numbers
    linear, frame : d rows of d exact numbers
        The matrices A and Q; None for Q = I.
    error : list of d balls
        All numbers up to the half widths e.
    hull : list of d balls
        A box around the set.
    box : list of d balls
        A box that contains the image; it may be smaller than the one around the set.
    """

    centre: Vector
    linear: Rows
    frame: Rows | None
    error: Vector
    hull: Vector
    box: Vector

    def misses(self, box: Sequence[Ball]) -> bool:
        """Return whether a box and the set surely have no point in common."""
        for row, reach in self._slabs:
            place = _ZERO
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
        for mixed in inverse if self.frame is None else product(inverse, self.frame):
            reach = _ONE
            for m, e in zip(mixed, self.error, strict=True):
                reach += abs(m * e).abs_upper()
            reaches.append(reach)
        return list(zip(inverse, reaches, strict=True))


def images(
    values: Program,
    both: Program,
    middle: Vector,
    half: Vector,
    steps: int,
    *,
    quick: bool = False,
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
    quick : bool
        Whether to save time: formulas by their faster evaluation, and Q = I where the steps are
        few. The sets are nearly as small where the box is small.

    Notes
    -----
    For x = c + A u + Q v in the set, F(x) = F(c) + M (A u + Q v) with M in the interval matrix
    DF(hull). The middle of M A is the next A; what it leaves out, and M Q v, are bounded in an
    orthogonal frame that follows them (Lohner's method).
    """
    d = len(middle)
    centre = [m.mid() for m in middle]
    linear = [[h.abs_upper() if i == j else _ZERO for j in range(d)] for i, h in enumerate(half)]
    error = [m - c for m, c in zip(middle, centre, strict=True)]
    hull = [m + _UNIT * h for m, h in zip(middle, half, strict=True)]
    moved = Moved(centre, linear, None, error, hull, hull)
    around, straight = both.quick if quick else both, quick and steps <= _FEW
    for _ in range(steps):
        # Not on `box`: the mean value theorem needs all between the set and its centre.
        found = around(moved.hull)
        for value in found:
            if not value.is_finite():
                return
        slopes = [found[i : i + d] for i in range(d, d + d * d, d)]
        at = values.quick(moved.centre)
        carried = product(slopes, moved.linear)
        centre = [value.mid() for value in at]
        linear = [[value.mid() for value in row] for row in carried]
        # What the middles leave out: a ball about zero for each coordinate.
        rest = []
        for point, row in zip(at, carried, strict=True):
            size = point.rad()
            for value in row:
                size += value.rad()
            rest.append(_UNIT * size)
        frame, error = _followed(slopes, moved, rest, straight=straight)
        hull = []
        for i, value in enumerate(centre):
            for a in linear[i]:
                value += _UNIT * a
            if frame is None:
                value += error[i]
            else:
                for q, e in zip(frame[i], error, strict=True):
                    value += q * e
            hull.append(value)
        box = [a.intersection(b) for a, b in zip(found[:d], hull, strict=True)]
        for value in box:
            if not value.is_finite():
                return
        moved = Moved(centre, linear, frame, error, hull, box)
        yield moved


def _followed(
    slopes: Rows, moved: Moved, rest: Vector, *, straight: bool
) -> tuple[Rows | None, Vector]:
    """Return a frame Q and half widths, as balls, such that M Q v + rest lies in Q [-e, e]."""
    error = moved.error
    if all(e.is_zero() for e in error):
        return None, rest
    turned = slopes if moved.frame is None else product(slopes, moved.frame)
    frame = None if straight or len(rest) == 1 else _orthogonal(turned, error)
    inverse = None if frame is None else small_inverse(frame)
    if inverse is None:
        return None, [
            _UNIT * sum(map(operator.mul, row, error), r)
            for row, r in zip(turned, rest, strict=True)
        ]
    mixed = product(inverse, turned)
    return frame, [
        _UNIT * sum(map(operator.mul, other, error), sum(map(operator.mul, row, rest), _ZERO))
        for row, other in zip(inverse, mixed, strict=True)
    ]


def _orthogonal(turned: Rows, error: Vector) -> Rows | None:
    """Return about orthogonal columns, the first along the longest of the columns times errors."""
    sizes = [float(e.abs_upper()) for e in error]
    scaled = [[float(t.mid()) * size for t, size in zip(row, sizes, strict=True)] for row in turned]
    if not all(map(isfinite, chain(*scaled))):
        return None
    columns = sorted(zip(*scaled, strict=True), key=lambda column: -max(map(abs, column)))
    if len(error) == 2:
        x, y = columns[0]
        size = hypot(x, y)
        cos, sin = (arb(x / size), arb(y / size)) if size > 0 else (_ONE, _ZERO)
        return [[cos, -sin], [sin, cos]]
    return [[arb(v) for v in row] for row in np.linalg.qr(np.array(columns).T)[0].tolist()]
