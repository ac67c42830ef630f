"""A piece of a branch with a proof: exactly one orbit for every value of one coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.outward import down, up
from ...orbits.kinds import Kind
from .polynomials import bounds_between

__all__ = ["BranchSegment"]

Bounds = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class BranchSegment:
    """A tube around a curve of orbits, with exactly one orbit for every value of a coordinate.

    Unknowns are v = (x_0, ..., x_(p-1), λ): the p points one after the other, then the parameter.
    The tube is the set of all v with |v_i - P_i(σ)| <= radius_i, where P is a polynomial and
    v_j = P_j(σ) = c_j0 + c_j1 σ for one coordinate j. For every value of v_j in `ends` it holds
    exactly one v whose p points are an orbit for the parameter value λ.

    Parameters
    ----------
    coordinate : int
        The number j of the coordinate that names the orbits; p d stands for the parameter.
    ends : tuple of two float
        The values of that coordinate, ascending; doubles, meant exactly.
    rising : bool
        Whether the coordinate rises in the direction of the branch.
    points : tuple of two int
        Shape (p, d) of the orbit.
    coefficients : ndarray, shape (p d + 1, K + 1)
        Of P, by rising powers of σ.
    radius : ndarray, shape (p d + 1,)
        Half widths of the tube; the orbit is unique there.
    tight : ndarray, shape (p d + 1,)
        The orbit is as near as this to P.
    kind : Kind
        Of all orbits of the segment; UNDECIDED where they need not be alike or it is not known.
    unstable, flips : int or None
        For all orbits of the segment: how many multipliers are outside the unit circle, and how
        many of them are real and below -1; None where that is not decided.
    multipliers : ndarray, shape (d, 2, 2)
        Lower and upper bounds of the real and the imaginary parts of the multipliers of all
        orbits of the segment.
    proof : int
        Segments with the same number are parts of one tube, proved at once.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, certify, follow
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> segment = certify(follow(well, [1.0], parameter="eta", to=(0.5, 0.9))).segments[0]
    >>> segment.by_parameter, segment.kind
    (True, <Kind.SINK: 'sink'>)
    >>> low, high = segment.orbit_at(0.5)[0, 0].tolist()
    >>> low <= 1 <= high
    True
    """

    coordinate: int
    ends: tuple[float, float]
    rising: bool
    points: tuple[int, int]
    coefficients: Bounds
    radius: Bounds
    tight: Bounds
    proof: int
    kind: Kind = Kind.UNDECIDED
    unstable: int | None = None
    flips: int | None = None
    multipliers: Bounds | None = None

    def __post_init__(self) -> None:
        for array in (self.coefficients, self.radius, self.tight, self.multipliers):
            if array is not None:
                array.setflags(write=False)

    @property
    def by_parameter(self) -> bool:
        """Whether there is exactly one orbit for every parameter value between the ends."""
        return self.coordinate == len(self.radius) - 1

    @property
    def width(self) -> float:
        """The largest width, over all coordinates, within which the orbit is known."""
        return float(2 * self.tight.max())

    @property
    def parameter(self) -> tuple[float, float]:
        """Bounds of the parameter values of its orbits."""
        low, high = self.hull()
        return float(low[-1]), float(high[-1])

    @property
    def enclosure(self) -> Bounds:
        """Bounds of all its orbits, shape (p, d, 2)."""
        low, high = self.hull()
        return _as_orbit(low, high, self.points)

    @property
    def path(self) -> tuple[float, float]:
        """The ends in the direction of the branch."""
        return self.ends if self.rising else (self.ends[1], self.ends[0])

    def along(self, count: int) -> Bounds:
        """Return points (count, p d + 1) of P in the direction of the branch, in floats."""
        centre, half = self.coefficients[self.coordinate, :2]
        sigma = (np.linspace(*self.path, count) - centre) / half
        powers = sigma[:, None] ** np.arange(self.coefficients.shape[1])
        return np.asarray(powers @ self.coefficients.T)

    def hull(self, low: float | None = None, high: float | None = None) -> tuple[Bounds, Bounds]:
        """Return bounds (p d + 1,) of v for values of the coordinate from `low` to `high`."""
        low, high = self.ends[0] if low is None else low, self.ends[1] if high is None else high
        place = self.curve(low, high)
        below, above = down(place.lower - self.tight), up(place.upper + self.tight)
        below[self.coordinate], above[self.coordinate] = low, high
        return below, above

    def curve(self, low: float, high: float) -> Enclosed:
        """Return bounds (p d + 1,) of P for values of the coordinate from `low` to `high`."""
        sigma = self.sigma(low, high)
        found = bounds_between(self.coefficients[None], sigma.lower, sigma.upper)
        return found[0]

    def sigma(self, low: float, high: float) -> Enclosed:
        """Return bounds (1,) of σ for values of the coordinate from `low` to `high`."""
        centre, half = (Enclosed.of(self.coefficients[self.coordinate, k : k + 1]) for k in (0, 1))
        found = (Enclosed(np.array([low]), np.array([high])) - centre) / half
        return Enclosed(np.maximum(found.lower, -1.0), np.minimum(found.upper, 1.0))

    def holds(self, lower: Bounds, upper: Bounds) -> bool:
        """Return whether a box (p d + 1,) is proved to lie in the tube."""
        low, high = float(lower[self.coordinate]), float(upper[self.coordinate])
        if not (self.ends[0] <= low <= high <= self.ends[1]):
            return False
        place = self.curve(low, high)
        inside = (up(place.upper - self.radius) <= lower) & (
            upper <= down(place.lower + self.radius)
        )
        inside[self.coordinate] = True
        return bool(inside.all())

    def orbit_at(self, value: float) -> Bounds:
        """Return bounds (p, d, 2) of the orbit at a value of the coordinate.

        Raises
        ------
        InvalidInput
            For a value that is not between the ends.
        """
        if not self.ends[0] <= value <= self.ends[1]:
            low, high = self.ends
            raise InvalidInput("value", value, f"a number from {low!r} to {high!r}")
        low_, high_ = self.hull(float(value), float(value))
        return _as_orbit(low_, high_, self.points)

    def statement(self, parameter: str) -> str:
        """Return what is proved, in words."""
        low, high = self.ends
        if self.by_parameter:
            name = parameter
        else:
            k, i = divmod(self.coordinate, self.points[1])
            name = f"coordinate {i} of point {k}"
        return f"for every value of {name} in [{low!r}, {high!r}] exactly one orbit in the tube"

    def to_dict(self) -> dict[str, Any]:
        """Return the segment as plain data; with it the proof can be repeated."""
        return {
            "coordinate": self.coordinate,
            "ends": list(self.ends),
            "parameter": list(self.parameter),
            "coefficients": self.coefficients.tolist(),
            "radius": self.radius.tolist(),
            "tight": self.tight.tolist(),
            "kind": self.kind.value,
            "proof": self.proof,
        }


def _as_orbit(low: Bounds, high: Bounds, points: tuple[int, int]) -> Bounds:
    return np.stack([low[:-1].reshape(points), high[:-1].reshape(points)], axis=-1)
