"""One orbit on a curve of bifurcations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation, Criticality
from ...orbits.periodic_orbit import PeriodicOrbit
from ..followed import FollowedOrbit

__all__ = ["FollowedBifurcation"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class FollowedBifurcation:
    """An orbit with a critical multiplier, and where in the plane of two parameters it is.

    Parameters
    ----------
    bifurcation : Bifurcation
    values : tuple of two float
    points : ndarray, shape (p, d)
    multipliers : ndarray of complex, shape (d,)
        Largest first.
    angle : float
        θ of the critical pair e^(±iθ), in [0, π]; 0 at a fold or a crossing, π at a flip.
    coefficient : float
        b of a flip, a of a fold, Re d of a Neimark-Sacker point, as in `NormalForm`; NaN where it
        is not known.
    side : tuple of two float
        Towards which parameter values a critical multiplier moves into the unit circle, or at a
        fold both orbits exist: a direction of length one in shares of the two ranges, at right
        angles to the curve there. NaN where it is not known.
    tangent : ndarray
        Direction of the curve in all unknowns: points, cos θ for a pair, both parameters.
    residual : float
        Largest entry of the equations of orbit and criticality.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import HeavyBall, Loss, follow_bifurcation
    >>> ball = HeavyBall(Loss(x**2 / 2 + x**4 / 4, [x]), eta, beta)
    >>> curve = follow_bifurcation(ball, [0], start=(2, 0), to=((0, 5), (0, "1/2")))
    >>> last = curve.steps[-1]
    >>> last.values, str(last.criticality)
    ((3.0, 0.5), 'subcritical')
    """

    bifurcation: Bifurcation
    values: tuple[float, float]
    points: Array
    multipliers: NDArray[np.complex128]
    angle: float
    coefficient: float
    side: tuple[float, float]
    tangent: Array
    residual: float

    def __post_init__(self) -> None:
        for array in (self.points, self.multipliers, self.tangent):
            array.setflags(write=False)

    @property
    def criticality(self) -> Criticality:
        """What the coefficient says; UNDECIDED where it is not known or could be zero."""
        if not np.isfinite(self.coefficient) or self.coefficient == 0:
            return Criticality.UNDECIDED
        if self.bifurcation is Bifurcation.FLIP:
            above = self.coefficient > 0
        elif self.bifurcation is Bifurcation.NEIMARK_SACKER:
            above = self.coefficient < 0
        else:
            return Criticality.REGULAR
        return Criticality.SUPERCRITICAL if above else Criticality.SUBCRITICAL

    @property
    def period(self) -> int:
        """The period of the orbit."""
        return len(self.points)

    def orbit(self, F: Map, parameters: tuple[str, str]) -> PeriodicOrbit:
        """Return the orbit as such, under the map at its parameter values."""
        first, second = parameters
        followed = FollowedOrbit(
            value=self.values[1],
            points=self.points.copy(),
            multipliers=self.multipliers.copy(),
            tangent=self.tangent.copy(),
            residual=self.residual,
        )
        return followed.orbit(F.at(**{first: self.values[0]}), second)
