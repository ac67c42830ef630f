"""One orbit of a branch: where it is, its multipliers, and the direction of the branch there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..orbits.kinds import Kind
from ..orbits.periodic_orbit import PeriodicOrbit

__all__ = ["MARGIN", "FollowedOrbit", "kind_of_multipliers"]

Array = NDArray[np.float64]

MARGIN = 1e-6  # distance from the unit circle below which a multiplier decides nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class FollowedOrbit:
    """One orbit on a branch.

    Parameters
    ----------
    value : float
        Of the parameter; arc length along a family at one parameter value.
    points : ndarray, shape (p, d)
    multipliers : ndarray of complex, shape (d,)
        Largest first.
    tangent : ndarray, shape (p d + 1,) or (d,)
        Direction of the branch: the p points one after the other, then the parameter; of length
        one in the units of the method.
    residual : float
        Largest ‖x_(k+1) - F(x_k)‖ in the maximum norm.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, follow
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> step = follow(well, [1.0], parameter="eta", to=(0.5, 1.5)).steps[0]
    >>> step.value, step.points.tolist(), step.multipliers.real.tolist()
    (0.5, [[1.0]], [0.0])
    """

    value: float
    points: Array
    multipliers: NDArray[np.complex128]
    tangent: Array
    residual: float

    def __post_init__(self) -> None:
        for array in (self.points, self.multipliers, self.tangent):
            array.setflags(write=False)

    @property
    def period(self) -> int:
        """The period of the orbit."""
        return len(self.points)

    def transverse(self, family: int) -> NDArray[np.complex128]:
        """Return the multipliers without the `family` ones nearest to 1."""
        if not family:
            return self.multipliers
        order = np.argsort(np.abs(self.multipliers - 1.0), kind="stable")
        return self.multipliers[np.sort(order[family:])]

    def orbit(self, F: Map, parameter: str | None) -> PeriodicOrbit:
        """Return the orbit as such, under the map at its parameter value."""
        outside = np.abs(self.multipliers) > 1.0 + MARGIN
        kind = kind_of_multipliers(self.multipliers)
        decided = kind in (Kind.SINK, Kind.SADDLE, Kind.SOURCE)
        flips = outside & (self.multipliers.imag == 0) & (self.multipliers.real < 0)
        return PeriodicOrbit(
            map=F if parameter is None else F.at(**{parameter: float(self.value)}),
            points=self.points.copy(),
            enclosure=None,
            exact=None,
            multipliers=self.multipliers.copy(),
            exact_multipliers=None,
            kind=kind,
            step_sizes=None,
            parameter=None,
            unstable=int(outside.sum()) if decided else None,
            flips=int(flips.sum()) if decided else None,
            residual=self.residual,
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason="Newton's method along a branch in floating point: residual "
                f"{self.residual:.1e}; kinds count multipliers further than {MARGIN:g} from the "
                "unit circle",
                sources=("kuznetsov2004elements",),
            ),
        )


def kind_of_multipliers(multipliers: NDArray[np.complex128]) -> Kind:
    """Return what multipliers in floating point say; UNDECIDED next to the unit circle.

    Examples
    --------
    >>> kind_of_multipliers(np.array([-1.5, 0.5]))
    <Kind.SADDLE: 'saddle'>
    >>> kind_of_multipliers(np.array([-1.0 + 1e-9]))
    <Kind.UNDECIDED: 'undecided'>
    """
    size = np.abs(multipliers)
    outside, inside = size > 1.0 + MARGIN, size < 1.0 - MARGIN
    if not np.all(outside | inside):
        return Kind.UNDECIDED
    if outside.any() and inside.any():
        return Kind.SADDLE
    return Kind.SOURCE if outside.any() else Kind.SINK
