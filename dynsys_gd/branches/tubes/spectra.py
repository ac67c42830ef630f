"""Multipliers of all orbits of a segment at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, enclosing, interval_function
from ...engine.intervals.enclosing import outward
from ...engine.tape import lower as lowered
from ...orbits.algebra.spectra import CircleCount
from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.planar_multipliers import (
    UNKNOWN,
    Located,
    from_trace_and_determinant,
    on_the_line,
    product_of,
    together,
    trace_along,
)
from ...orbits.kinds import Kind, kind_of
from .formulas import Formulas
from .segment import BranchSegment

__all__ = ["told_apart"]

Bounds = NDArray[np.float64]


def told_apart(
    formulas: Formulas, segments: Sequence[BranchSegment], shortest: float
) -> list[BranchSegment]:
    """Return the segments with their kinds, halved where a multiplier meets the unit circle.

    Parameters
    ----------
    formulas : Formulas
    segments : sequence of BranchSegment
    shortest : float
        Parts shorter than this share of the range of all segments stay undecided.
    """
    if not segments:
        return []
    low, high = (f(x.parameter[i] for x in segments) for i, f in ((0, min), (1, max)))
    whole = high - low
    decided: list[tuple[int, float, BranchSegment]] = []
    waiting = list(enumerate(segments))
    while waiting:
        halved: list[tuple[int, BranchSegment]] = []
        kinds = _with_kinds(formulas, [segment for _, segment in waiting])
        for (place, _), segment in zip(waiting, kinds, strict=True):
            first, last = segment.ends
            middle = 0.5 * (first + last)
            # Halves of a segment whose parameter is not known better are no narrower.
            room = max(shortest * whole, 4.0 * float(segment.tight[-1]))
            wide = np.subtract(*segment.parameter[::-1]) > room
            if segment.kind is Kind.UNDECIDED and wide and first < middle < last:
                halves = (replace(segment, ends=e) for e in ((first, middle), (middle, last)))
                halved += [(place, half) for half in halves]
            else:
                decided.append((place, first if segment.rising else -first, segment))
        waiting = halved
    return [segment for *_, segment in sorted(decided, key=lambda item: item[:2])]


def _with_kinds(formulas: Formulas, segments: Sequence[BranchSegment]) -> list[BranchSegment]:
    p, d = segments[0].points
    n = len(segments)
    hulls = [segment.hull() for segment in segments]
    bounds = []
    for side in (0, 1):
        v = np.array([hull[side] for hull in hulls])
        states = v[:, :-1].reshape(n * p, d).T
        bounds.append(np.concatenate([states, np.repeat(v[:, -1], p)[None]]))
    with np.errstate(all="ignore"):
        found = _located(formulas, bounds[0], bounds[1], p, n)
    real, imaginary = found.real, found.imaginary
    parts = [real.lower, real.upper, imaginary.lower, imaginary.upper]
    multipliers = np.stack(parts, axis=-1).transpose(1, 0, 2).reshape(n, d, 2, 2)
    answers = []
    for k, segment in enumerate(segments):
        count = CircleCount(*(int(c[k]) for c in (found.inside, found.on, found.outside)))
        known = count.inside + count.outside == d
        answers.append(
            replace(
                segment,
                kind=kind_of(count) if known else Kind.UNDECIDED,
                unstable=count.outside if known else None,
                flips=None if found.flips[k] == UNKNOWN else int(found.flips[k]),
                multipliers=multipliers[k].copy(),
            )
        )
    return answers


def _located(formulas: Formulas, lower: Bounds, upper: Bounds, p: int, n: int) -> Located:
    """Return where the multipliers of n orbits are, from boxes (d + 1, n p) along them."""
    slopes = formulas.slopes
    pattern = np.array([[not entry.is_zero for entry in row] for row in slopes.tolist()])
    from scipy.sparse.csgraph import connected_components

    # The Jacobians are block triangular with the groups of coordinates that act on each other.
    count, group = connected_components(pattern, directed=True, connection="strong")
    parts = []
    for label in range(count):
        members = tuple(np.flatnonzero(group == label).tolist())
        size = len(members)
        low, high = _block_code(formulas, members)(lower, upper)
        # (size, size, n p) to (size, size, p, n)
        shape = (size, size, n, p)
        block = Enclosed(*(np.swapaxes(b.reshape(shape), 2, 3) for b in (low, high)))
        if size == 1:
            parts.append(on_the_line(product_of(block[0, 0])[None]))
        elif size == 2:
            parts.append(_planar(slopes.extract(list(members), list(members)), block, p, n))
        else:
            parts.append(_spatial(block, p, n))
    return parts[0] if count == 1 else together(parts)


@lru_cache(maxsize=64)
def _block_code(formulas: Formulas, members: tuple[int, ...]) -> IntervalFunction:
    slopes = formulas.slopes
    block = slopes.extract(list(members), list(members))
    return interval_function(lowered(list(block), [*formulas.variables, formulas.parameter]))


def _planar(slopes: sp.Matrix, block: Enclosed, p: int, n: int) -> Located:
    factor = sp.expand(slopes.det())
    det = block[0, 0] * block[1, 1] - block[0, 1] * block[1, 0]
    if factor.is_Rational:  # area is often changed everywhere by one factor, as by momentum
        det = Enclosed(*(np.full((p, n), bound) for bound in enclosing(factor)))
    keeps_area = factor == 1 or (factor == -1 and p % 2 == 0)
    return from_trace_and_determinant(trace_along(block), product_of(det), keeps_area)


@dataclass(frozen=True, eq=False)
class _Disc:
    """A disc that holds as many eigenvalues as it is counted."""

    centre: flint.acb
    radius: flint.arb

    @property
    def sides(self) -> tuple[bool, bool]:
        """Whether it is inside and whether it is outside the unit circle."""
        size = abs(self.centre)
        return bool(size + self.radius < 1), bool(size - self.radius > 1)

    @property
    def box(self) -> list[tuple[float, float]]:
        around = flint.arb(0, self.radius.upper())
        return [outward(self.centre.real + around), outward(self.centre.imag + around)]


def _spatial(block: Enclosed, p: int, n: int) -> Located:
    """Return where eigenvalues of products of matrices are, by Gershgorin's discs.

    In the basis of the eigenvectors of the middle of the product the interval matrix is nearly
    diagonal. The discs that meet hold together as many eigenvalues as they are, and so do those
    inside and those outside the unit circle, where every disc is on one side.
    """
    size = block.lower.shape[0]
    real, imaginary = (np.empty((2, size, n)) for _ in range(2))
    inside, outside = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    flips = np.full(n, UNKNOWN)
    for j in range(n):
        product = flint.arb_mat(size, size, [int(a == b) for a in range(size) for b in range(size)])
        for k in range(p):
            product = _ball_matrix(block[:, :, k, j]) * product
        discs = _discs(product)
        sides = [disc.sides for disc in discs]
        if all(a or b for a, b in sides):
            inside[j], outside[j] = (sum(side[i] for side in sides) for i in (0, 1))
            flips[j] = _flips(discs, sides)
        boxes = _hulls(discs)
        real[:, :, j] = np.array([box[0] for box in boxes]).T
        imaginary[:, :, j] = np.array([box[1] for box in boxes]).T
    none = np.zeros(n, dtype=np.int64)
    return Located(Enclosed(*real), Enclosed(*imaginary), inside, none, outside, flips)


def _ball_matrix(block: Enclosed) -> flint.arb_mat:
    size = len(block.lower)
    pairs = zip(block.lower.ravel().tolist(), block.upper.ravel().tolist(), strict=True)
    return flint.arb_mat(size, size, [flint.arb(a).union(flint.arb(b)) for a, b in pairs])


def _discs(matrix: flint.arb_mat) -> list[_Disc]:
    size = matrix.nrows()
    unknown = [_Disc(flint.acb(0), flint.arb(float("inf")))] * size
    if not all(entry.is_finite() for entry in matrix.entries()):
        return unknown
    middle = np.array([[float(matrix[i, j].mid()) for j in range(size)] for i in range(size)])
    vectors = np.linalg.eig(middle)[1]
    basis = flint.acb_mat(
        size, size, [flint.acb(complex(z).real, complex(z).imag) for z in vectors.ravel()]
    )
    try:
        turned = basis.solve(flint.acb_mat(matrix) * basis)
    except ZeroDivisionError:
        return unknown
    return [
        _Disc(
            turned[i, i],
            sum((abs(turned[i, j]) for j in range(size) if j != i), start=flint.arb(0)),
        )
        for i in range(size)
    ]


def _groups(discs: Sequence[_Disc]) -> list[list[int]]:
    """Return which discs are connected by others."""
    label = list(range(len(discs)))
    for i, one in enumerate(discs):
        for j in range(i):
            other = discs[j]
            if not abs(one.centre - other.centre) > one.radius + other.radius:
                old, new = label[i], label[j]
                label = [new if own == old else own for own in label]
    return [[i for i, own in enumerate(label) if own == name] for name in sorted(set(label))]


def _hulls(discs: Sequence[_Disc]) -> list[list[tuple[float, float]]]:
    boxes: list[list[tuple[float, float]]] = [[]] * len(discs)
    for group in _groups(discs):
        own = [discs[i].box for i in group]
        hull = [(min(b[k][0] for b in own), max(b[k][1] for b in own)) for k in (0, 1)]
        for i in group:
            boxes[i] = hull
    return boxes


def _flips(discs: Sequence[_Disc], sides: Sequence[tuple[bool, bool]]) -> int:
    """Return how many eigenvalues are real and below -1, or UNKNOWN."""
    count = 0
    for group in _groups(discs):
        if not any(sides[i][1] for i in group):
            continue
        (low, high), (below, above) = _hulls(discs)[group[0]]
        if low > -1 or below > 0 or above < 0:
            continue
        # The matrix is real: what is alone is its own conjugate.
        mirrored = [
            i
            for i, disc in enumerate(discs)
            if i not in group
            and not abs(disc.centre.conjugate() - discs[group[0]].centre)
            > disc.radius + discs[group[0]].radius
        ]
        if len(group) > 1 or mirrored or high >= -1:
            return UNKNOWN
        count += 1
    return count
