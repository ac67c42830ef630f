"""The multipliers of many orbits side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence
from ..results import Result, plain
from .critical_manifold import CriticalManifold
from .orbit_set import OrbitSet
from .periodic_orbit import PeriodicOrbit
from .skeleton import Skeleton

__all__ = ["Multipliers", "multipliers"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Multipliers(Result):
    """Where the multipliers of some orbits lie with respect to the unit circle.

    Parameters
    ----------
    orbits : tuple of PeriodicOrbit
        Those whose multipliers are known numbers.
    families : tuple of CriticalManifold
    without : int
        How many orbits were left out: their multipliers depend on open parameters or are unknown.
    evidence : Evidence
    """

    orbits: tuple[PeriodicOrbit, ...]
    families: tuple[CriticalManifold, ...]
    without: int
    evidence: Evidence

    @property
    def values(self) -> NDArray[np.complex128]:
        """All multipliers in the order of the orbits, shape (n, d); (0, 0) for no orbits."""
        if not self.orbits:
            return np.empty((0, 0), dtype=np.complex128)
        return np.array([orbit.multipliers for orbit in self.orbits], dtype=np.complex128)

    @property
    def growth(self) -> NDArray[np.float64]:
        """log|μ| / p for the largest multiplier of each orbit, shape (n,).

        The largest Lyapunov exponent of the orbit, per step.
        """
        periods = np.array([orbit.period for orbit in self.orbits])
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.abs(self.values).max(axis=1, initial=0.0)) / periods)

    def headline(self) -> str:
        n = len(self.orbits)
        kinds = Counter(orbit.kind_text() for orbit in self.orbits)
        told = ", ".join(f"{kind} ×{count}" for kind, count in sorted(kinds.items()))
        tail = f": {told}" if told else ""
        return f"Multipliers of {n} orbit{'' if n == 1 else 's'}{tail}"

    def rows(self) -> list[tuple[str, str]]:
        rows = []
        if self.orbits and self.values.size:
            sizes = np.abs(self.values)
            nearest = int(np.argmin(np.abs(sizes - 1).min(axis=1)))
            at = int(np.argmin(np.abs(sizes[nearest] - 1)))
            where = self.orbits[nearest].where()
            rows.append(("largest", f"{sizes.max():.6g} in size"))
            size = f"{sizes[nearest, at]:.6g} in size, at {where}"
            rows.append(("nearest to the unit circle", size))
            low, high = self.growth.min(), self.growth.max()
            span = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
            rows.append(("log|μ|/period of the largest", span))
        if self.families:
            rows.append(("families", f"{len(self.families)}, with the multiplier 1 along them"))
        if self.without:
            rows.append(("left out", f"{self.without}, whose multipliers are not known numbers"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "values": plain(self.values),
            "periods": [orbit.period for orbit in self.orbits],
            "kinds": [orbit.kind.value for orbit in self.orbits],
            "bounds": [plain(orbit.multiplier_bounds) for orbit in self.orbits],
            "families": len(self.families),
            "without": self.without,
        }


def multipliers(found: OrbitSet | Skeleton | PeriodicOrbit) -> Multipliers:
    """Return the multipliers of all orbits of a list, to be looked at side by side.

    Parameters
    ----------
    found : OrbitSet, Skeleton or PeriodicOrbit

    Returns
    -------
    Multipliers
        Its picture shows them in the complex plane.

    Raises
    ------
    InvalidInput
        For anything else.

    Notes
    -----
    The multipliers of an orbit of period p are the eigenvalues of DF(x_(p-1)) ⋯ DF(x_0). One leaves
    the unit circle at −1 where the period doubles (flip), at +1 at a fold or a pitchfork, and a
    complex pair elsewhere (Neimark–Sacker) [1]_.

    References
    ----------
    .. [1] Kuznetsov (2004), Elements of applied bifurcation theory, chapter 4.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss, fixed_points
    >>> well = Loss(x**4/4 - x**2/2, [x])
    >>> found = multipliers(fixed_points(GradientDescent(well, "1/4")))
    >>> found.values[:, 0].real.tolist()
    [0.5, 1.25, 0.5]
    """
    if isinstance(found, PeriodicOrbit):
        orbits: tuple[PeriodicOrbit, ...] = (found,)
    elif isinstance(found, OrbitSet):
        orbits = found.orbits
    elif isinstance(found, Skeleton):
        orbits = tuple(found)
    else:
        raise InvalidInput("found", found, "an OrbitSet, a Skeleton or a PeriodicOrbit")
    known = tuple(orbit for orbit in orbits if orbit.multipliers is not None)
    return Multipliers(
        orbits=known,
        families=found.families if isinstance(found, OrbitSet) else (),
        without=len(orbits) - len(known),
        evidence=found.evidence,
    )
