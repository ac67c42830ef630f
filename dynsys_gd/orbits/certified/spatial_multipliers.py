"""Multipliers of orbits of three and more dimensions, in ball arithmetic at rising precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import flint
import numpy as np

from ...engine.ball_printer import ball_function
from ...engine.intervals.enclosing import outward
from ...engine.tape import Tape
from .audit import refined
from .enclosed import Enclosed
from .equations import Equations
from .outward import Bounds
from .planar_multipliers import UNKNOWN, Located

__all__ = ["spatial_multipliers"]

_BITS = (128, 512, 2048)
_RELATIVE = 2.0**-40  # wider eigenvalues are tried again at the next precision


@dataclass(frozen=True, eq=False)
class _Eigenvalue:
    """An enclosure, and whether the eigenvalue is proved to be real."""

    ball: flint.acb
    real: bool

    @property
    def inside(self) -> bool:
        return bool(abs(self.ball) < 1)

    @property
    def outside(self) -> bool:
        return bool(abs(self.ball) > 1)

    @property
    def flip(self) -> bool | None:
        """Whether it is real and below -1, None where that is open."""
        if self.real and self.ball.real < -1:
            return True
        never = self.inside or self.ball.real > -1 or not self.ball.imag.contains(0)
        return False if never else None

    @property
    def sharp(self) -> bool:
        """Whether it decides all there is to decide and is known to many digits."""
        spread = max(float(self.ball.real.rad()), float(self.ball.imag.rad()))
        narrow = spread <= _RELATIVE * float(abs(self.ball).mid())
        # What is far below one need not have many digits.
        return (narrow or float(abs(self.ball).upper()) < 2.0**-60) and (
            self.inside or self.outside
        )


def spatial_multipliers(
    slopes: Tape, equations: Equations, lower: Bounds, upper: Bounds, blocks: int = 1
) -> Located:
    """Return where the eigenvalues of the product of Jacobians are.

    Parameters
    ----------
    slopes : Tape
        From a state to the entries of the Jacobian of the map, or of a square block of it.
    equations : Equations
        Of the orbits, on d coordinates.
    lower, upper : ndarray, shape (p, d, n)
        Bounds of orbits.
    blocks : int
        How often the coordinates of a point are repeated in a state.

    Notes
    -----
    Orbits are first enclosed to many bits, so that neither the product nor its small eigenvalues
    lose their digits. Simple eigenvalues are enclosed as FLINT does it, others by the discs of
    [1]_.

    References
    ----------
    .. [1] Smith (1970), Error bounds for zeros of a polynomial based upon Gerschgorin's theorems.
    """
    found = [
        _eigenvalues(slopes, equations, lower[..., j], upper[..., j], blocks)
        for j in range(lower.shape[2])
    ]
    real = np.array([[outward(z.ball.real) for z in one] for one in found])
    imaginary = np.array(
        [[(0.0, 0.0) if z.real else outward(z.ball.imag) for z in one] for one in found]
    )
    flips = [[z.flip for z in one] for one in found]
    return Located(
        Enclosed(real[..., 0].T, real[..., 1].T),
        Enclosed(imaginary[..., 0].T, imaginary[..., 1].T),
        np.array([sum(z.inside for z in one) for one in found]),
        np.zeros(len(found), dtype=np.int64),
        np.array([sum(z.outside for z in one) for one in found]),
        np.array([UNKNOWN if None in one else sum(map(bool, one)) for one in flips]),
    )


def _eigenvalues(
    slopes: Tape, equations: Equations, lower: Bounds, upper: Bounds, blocks: int
) -> Sequence[_Eigenvalue]:
    function = ball_function(slopes)
    d = math.isqrt(len(slopes.outputs))
    found: Sequence[_Eigenvalue] = []
    for bits in _BITS:
        orbit = refined(equations, lower, upper, bits)
        with flint.ctx.workprec(bits):
            points = orbit or [
                [flint.arb(a).union(flint.arb(b)) for a, b in zip(*row, strict=True)]
                for row in zip(lower, upper, strict=True)
            ]
            product = flint.arb_mat(d, d, function(points[0] * blocks, []))
            for point in points[1:]:
                product = flint.arb_mat(d, d, function(point * blocks, [])) * product
            found = _spectrum(product)
        if orbit is None or all(z.sharp for z in found):
            break
    return found


def _spectrum(matrix: flint.arb_mat) -> list[_Eigenvalue]:
    if not all(entry.is_finite() for entry in matrix.entries()):
        unknown = flint.arb(0, float("inf"))
        return [_Eigenvalue(flint.acb(unknown, unknown), False)] * matrix.nrows()
    try:
        balls = flint.acb_mat(matrix).eig()
        alone = [True] * len(balls)
    except ValueError:
        balls, alone = _clusters(matrix)
    found = []
    for place, ball in enumerate(balls):
        # The matrix is real: the conjugate of an eigenvalue is one too, and where it can be in
        # no other ball, it is the same one.
        mirrored = ball.conjugate()
        others = (other for k, other in enumerate(balls) if k != place)
        real = alone[place] and not any(mirrored.overlaps(other) for other in others)
        found.append(_Eigenvalue(flint.acb(ball.real) if real else ball, real))
    return sorted(found, key=lambda z: -float(abs(z.ball).mid()))


def _clusters(matrix: flint.arb_mat) -> tuple[list[flint.acb], list[bool]]:
    """Return enclosures of eigenvalues that may be multiple, and which are alone in theirs.

    For distinct numbers z_1, ..., z_n all zeros of a monic polynomial q lie in the discs around
    z_i of radius n |q(z_i)| / ∏ |z_i - z_j|, and a connected union of k discs holds k of them
    (Smith 1970). A double zero needs two numbers a little apart.
    """
    size = matrix.nrows()
    polynomial = flint.acb_poly(matrix.charpoly())
    try:
        points = _apart(flint.acb_mat(matrix.mid()).eig(algorithm="approx"))
    except ValueError:
        points = []
    radii = [_radius(polynomial, points, i) for i in range(len(points))]
    if not points or not all(r.is_finite() for r in radii):
        unknown = flint.arb(0, float("inf"))
        return [flint.acb(unknown, unknown)] * size, [False] * size
    label = list(range(size))
    for i in range(size):
        for j in range(i):
            if not abs(points[i] - points[j]) > radii[i] + radii[j]:
                old, new = label[i], label[j]
                label = [new if own == old else own for own in label]
    discs = [
        flint.acb(flint.arb(z.real, r.upper()), flint.arb(z.imag, r.upper()))
        for z, r in zip(points, radii, strict=True)
    ]
    balls = []
    for i in range(size):
        hull = discs[i]
        for j in range(size):
            if label[j] == label[i]:
                hull = hull.union(discs[j])
        balls.append(hull)
    return balls, [label.count(own) == 1 for own in label]


def _apart(points: Sequence[flint.acb]) -> list[flint.acb]:
    """Return the numbers, those close together replaced by corners of a small polygon."""
    size = len(points)
    largest = max(float(abs(z).upper()) for z in points) or 1.0
    step = flint.arb(2) ** (-flint.ctx.prec // (2 * size)) * flint.arb(largest)
    found: list[flint.acb] = []
    left = [flint.acb(z.real.mid(), z.imag.mid()) for z in points]
    while left:
        near = [z for z in left if abs(z - left[0]) < 4 * step]
        left = [z for z in left if not abs(z - left[0]) < 4 * step]
        if len(near) > 1:
            centre = sum(near[1:], near[0]) / len(near)
            turns = (flint.acb(2 * k) / len(near) for k in range(len(near)))
            near = [centre + step * turn.exp_pi_i() for turn in turns]
        found += [flint.acb(z.real.mid(), z.imag.mid()) for z in near]
    return found


def _radius(polynomial: flint.acb_poly, points: Sequence[flint.acb], i: int) -> flint.arb:
    distance = flint.arb(1)
    for j, other in enumerate(points):
        if j != i:
            distance = distance * abs(points[i] - other)
    return len(points) * abs(polynomial(points[i])) / distance
