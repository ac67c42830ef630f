"""Multipliers of orbits of three and more dimensions, in ball arithmetic at rising precision."""

from __future__ import annotations

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
    """An enclosure; `alone` where no other eigenvalue shares it, so that its conjugate does."""

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
    """Return where the D eigenvalues of the product of Jacobians are.

    Parameters
    ----------
    slopes : Tape
        From a state to the D x D entries of the Jacobian of the map.
    equations : Equations
        Of the orbits, on D / blocks coordinates.
    lower, upper : ndarray, shape (p, d, n)
        Bounds of orbits.
    blocks : int
        How often the coordinates of a point are repeated in a state.

    Notes
    -----
    Orbits are first enclosed to many bits, so that neither the product nor its small eigenvalues
    lose their digits; eigenvalues are enclosed by [1]_ as implemented in FLINT.

    References
    ----------
    .. [1] Rump (2010), Verification methods: rigorous results using floating-point arithmetic.
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
    d = len(slopes.inputs)
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
    size = matrix.nrows()
    try:
        balls = flint.acb_mat(matrix).eig(multiple=True)
    except ValueError:
        unknown = flint.arb(0, float("inf"))
        return [_Eigenvalue(flint.acb(unknown, unknown), False)] * size
    found = []
    for place, ball in enumerate(balls):
        # The matrix is real: the conjugate of an eigenvalue is one too, and where it can be in
        # no other ball, it is the same one.
        mirrored = ball.conjugate()
        others = [other for k, other in enumerate(balls) if k != place]
        real = not any(mirrored.overlaps(other) for other in others)
        found.append(_Eigenvalue(flint.acb(ball.real) if real else ball, real))
    return sorted(found, key=lambda z: -float(abs(z.ball).mid()))
