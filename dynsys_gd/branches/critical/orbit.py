"""An orbit with a multiplier 1 or -1, to many more digits than doubles have."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...maps.base import Map
from .system import LARGEST_STATE, CriticalSystem

__all__ = ["BITS", "CriticalOrbit", "critical_orbit"]

Array = NDArray[np.float64]

BITS = 256  # of the balls in which residuals are evaluated
_DIGITS = 45  # of the parameter value that are written down
_NEWTON = 14
_CLOSE = 1e-6  # corrections this short that no longer shrink are rounding
_ROUNDS = 14
_SHORTEST = 2.0**-133  # correction, relative, after which digits suffice: forty of them
_SHRINK = 1e-3  # by which each correction has to shorten the next one
_MOVED = 1e-3  # of the size of the orbit: how far it may move from what was given


@dataclass(frozen=True, kw_only=True, eq=False)
class CriticalOrbit:
    """An orbit, the parameter value and the critical direction, as centres of balls.

    Parameters
    ----------
    system : CriticalSystem
    unknowns : list of arb
        Points, directions, and the parameter value; no radii.
    error : float
        Ten times the last correction of the parameter value: an estimate.
    spread : float
        The same of all unknowns.
    inverse : object
        Solves the equations linearised at the rounded unknowns: `solve(right)`.
    """

    system: CriticalSystem
    unknowns: list[flint.arb]
    error: float
    spread: float
    inverse: Any

    @property
    def rounded(self) -> Array:
        """The unknowns as doubles."""
        return np.array([float(entry) for entry in self.unknowns])

    @property
    def points(self) -> Array:
        """The orbit, shape (p, d)."""
        return np.array(self.system.parts(self.rounded)[0])

    @property
    def direction(self) -> Array:
        """The critical direction carried along the orbit, the largest entry 1, shape (p, d)."""
        v = np.array(self.system.parts(self.rounded)[1])
        return np.asarray(v / v.ravel()[np.argmax(np.abs(v))])

    @property
    def value(self) -> float:
        """The parameter value."""
        return float(self.unknowns[-1])

    @property
    def decimal(self) -> Decimal:
        """The parameter value to 45 digits."""
        with flint.ctx.workprec(BITS):
            return Decimal(self.unknowns[-1].str(_DIGITS, radius=False))

    @property
    def start(self) -> list[sp.Float]:
        """The first point, with all its digits."""
        return [_float(entry) for entry in self.unknowns[: self.system.F.dimension]]

    @property
    def parameter(self) -> sp.Float:
        """The parameter value, with all its digits."""
        return _float(self.unknowns[-1])


def _float(number: flint.arb) -> sp.Float:
    mantissa, exponent = number.man_exp()
    return sp.Float(sp.Integer(int(mantissa)) * sp.Integer(2) ** int(exponent), precision=BITS)


def critical_orbit(
    F: Map,
    points: Array,
    direction: Array,
    value: float,
    multiplier: int,
    *,
    reach: float | None = None,
) -> CriticalOrbit | None:
    """Return the orbit with a multiplier 1 or -1 next to a rounded one, None where there is none.

    Parameters
    ----------
    F : Map
        With one open parameter.
    points, direction : ndarray, shape (p, d)
    value : float
    multiplier : int
        1 or -1.
    reach : float, optional
        How far each coordinate may move; a thousandth of the size of the orbit by default.

    Notes
    -----
    Newton's method in doubles, then iterative refinement: residuals in balls of 256 bits, solved
    for with the factors of the last matrix in doubles [moler1967iterative]_. Maps without formulas,
    families, and points where branches cross have no regular equations: None.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> found = critical_orbit(well, np.array([[1.001]]), np.ones((1, 1)), 0.999, -1)
    >>> float(found.decimal), found.points.tolist()
    (1.0, [[1.0]])
    """
    if F.expression is None or F.dimension > LARGEST_STATE:
        return None
    largest = int(np.argmax(np.abs(direction)))
    system = CriticalSystem(F, len(points), multiplier, largest)
    scaled = direction / direction.ravel()[largest]
    start = np.concatenate([points.ravel(), scaled.ravel(), [value]])
    with np.errstate(all="ignore"):
        found = _newton(system, start)
    if found is None:
        return None
    z, inverse = found
    furthest = _MOVED * (1.0 + float(np.max(np.abs(points)))) if reach is None else reach
    if np.max(np.abs(z - start)[: points.size]) > furthest:
        return None
    return _refined(system, z, inverse)


def _newton(system: CriticalSystem, start: Array) -> tuple[Array, Any] | None:
    from scipy.sparse.linalg import splu

    z, before = start, np.inf
    for _ in range(_NEWTON):
        residual, matrix = system.linear(z)
        if not (np.isfinite(residual).all() and np.isfinite(matrix.data).all()):
            return None
        try:
            inverse = splu(matrix)
        except RuntimeError:  # a singular matrix
            return None
        step = inverse.solve(residual)
        if not np.isfinite(step).all():
            return None
        z = z - step
        size, scale = float(np.max(np.abs(step))), 1.0 + float(np.max(np.abs(z)))
        if size <= 1e-15 * scale or (before <= _CLOSE * scale and size > 0.2 * before):
            return z, inverse
        before = size
    return (z, inverse) if before <= _CLOSE * (1.0 + float(np.max(np.abs(z)))) else None


def _refined(system: CriticalSystem, z: Array, inverse: Any) -> CriticalOrbit | None:
    scale = 1.0 + float(np.max(np.abs(z)))
    with flint.ctx.workprec(BITS):
        unknowns = [flint.arb(float(entry)) for entry in z]
        before = np.inf
        for _ in range(_ROUNDS):
            balls = system.residual_balls(unknowns)
            residual = np.array([float(ball.mid()) for ball in balls])
            if not np.isfinite(residual).all():
                return None
            step = inverse.solve(residual)
            size = float(np.max(np.abs(step)))
            if not np.isfinite(size) or size > _SHRINK * before:
                return None
            unknowns = [
                (entry - flint.arb(float(part))).mid()
                for entry, part in zip(unknowns, step, strict=True)
            ]
            if size <= _SHORTEST * scale:
                error = 10.0 * abs(float(step[-1])) + 10.0**-_DIGITS * abs(float(unknowns[-1]))
                return CriticalOrbit(
                    system=system,
                    unknowns=unknowns,
                    error=error,
                    spread=10.0 * size,
                    inverse=inverse,
                )
            before = size
    return None
