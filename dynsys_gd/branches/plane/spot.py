"""What is known at one point of a curve of bifurcations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.numerical.cyclic import multipliers as cyclic_multipliers
from ..continuation.curve import Vector
from .coefficients import Coefficient, Forms, flip, fold, pair
from .critical_curve import CriticalCurve, Frame
from .followed_bifurcation import FollowedBifurcation

__all__ = ["Spot"]

Array = NDArray[Any]

_NOISE = 1e-9  # of the summands: coefficients below it are rounding
_DOUBLE = 1e-8  # ℓ q of vectors of length one
_MISSING = (float("nan"), float("nan"))


@dataclass(frozen=True, eq=False)
class Spot:
    """A point of a curve of bifurcations.

    Parameters
    ----------
    curve : CriticalCurve
    u : ndarray
    """

    curve: CriticalCurve
    u: Vector

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Both parameter values."""
        return self.curve.values(self.u)

    @cached_property
    def frame(self) -> Frame:
        """The critical vectors around the orbit."""
        return self.curve.around(self.u)

    @cached_property
    def multipliers(self) -> NDArray[np.complex128]:
        """All multipliers, largest first; those beyond the range of floats as large numbers."""
        mu = cyclic_multipliers(self.curve.jacobians(self.u)[None])[0]
        return np.where(np.isfinite(mu), mu, np.sign(mu.real) * 1e300)

    @cached_property
    def critical(self) -> complex:
        """The critical multiplier; NaN where the pair has become real."""
        if self.curve.turning:
            cosine = self.curve.cosine(self.u)
            inside = -1.0 < cosine < 1.0
            return complex(cosine, np.sqrt(1.0 - cosine**2)) if inside else complex("nan")
        return -1.0 + 0j if self.curve.bifurcation is Bifurcation.FLIP else 1.0 + 0j

    @cached_property
    def others(self) -> NDArray[np.complex128]:
        """The multipliers without the critical ones."""
        mu = list(self.multipliers)
        critical = [self.critical]
        if self.curve.turning:
            cosine = complex(self.curve.cosine(self.u))
            root = np.sqrt(cosine**2 - 1.0)
            critical = [cosine + root, cosine - root]
        for each in critical:
            mu.pop(int(np.argmin(np.abs(np.array(mu) - each))))
        return np.array(mu, dtype=np.complex128)

    @cached_property
    def forms(self) -> Forms | None:
        """The derivatives of F^p, None where the map has no formulas."""
        system = self.curve.system
        if not system.formulas:
            return None
        return Forms(system, self.curve.orbit(self.u), self.values)

    @cached_property
    def direction(self) -> tuple[Array, Array]:
        """The right and the left critical vector of F^p at a real multiplier, of length one."""
        d = self.curve.system.dimension
        right, left = self.frame.right[:d, -1], self.frame.left[-d:, -1]
        return right / np.linalg.norm(right), left / np.linalg.norm(left)

    @cached_property
    def raw(self) -> Coefficient | None:
        """The coefficient; before its division by ℓ q at a real multiplier."""
        if self.forms is None or self.curve.crossing or not np.isfinite(self.critical):
            return None
        with np.errstate(all="ignore"):
            if self.curve.turning:
                return pair(self.forms, self.critical)
            form = flip if self.curve.bifurcation is Bifurcation.FLIP else fold
            return form(self.forms, *self.direction)

    @property
    def vanishing(self) -> bool:
        """Whether the coefficient is known and cannot be told from zero."""
        return self.raw is not None and abs(self.raw.value) <= _NOISE * self.raw.size

    @property
    def coefficient(self) -> float:
        """The coefficient as in `NormalForm`; NaN where it is not known."""
        if self.raw is None:
            return float("nan")
        if self.vanishing:
            return 0.0
        if self.curve.turning:
            return self.raw.value
        q, left = self.direction
        overlap = float(left @ q)
        # At a double multiplier it has a pole.
        value = self.raw.value / overlap if abs(overlap) > _DOUBLE else float("nan")
        # The sign of a belongs to the direction whose largest entry is positive.
        fold_here = self.curve.bifurcation is Bifurcation.FOLD
        return value * (np.sign(q[np.argmax(np.abs(q))]) if fold_here else 1.0)

    @cached_property
    def side(self) -> tuple[float, float]:
        """See `FollowedBifurcation`."""
        forms, raw = self.forms, self.raw
        if forms is None or raw is None:
            return _MISSING
        if self.curve.bifurcation is Bifurcation.FLIP:
            q, left = self.direction
            if abs(float(left @ q)) <= _DOUBLE:
                return _MISSING  # a double multiplier has no derivative
        with np.errstate(all="ignore"):
            if self.curve.bifurcation is Bifurcation.FOLD:
                # s δ + a w² = 0 has two solutions where s δ and a differ in sign.
                gradient = -(self.direction[1] @ forms.rates) * np.sign(raw.value)
            else:
                # |μ| falls along the negative gradient of Re(log μ).
                gradient = -(forms.drift(self.critical) / self.critical).real
            gradient = gradient * np.array(self.curve.units[1:])
            length = float(np.linalg.norm(gradient))
        if not np.isfinite(length) or length == 0:
            return _MISSING
        return float(gradient[0] / length), float(gradient[1] / length)

    def followed(self, tangent: Vector) -> FollowedBifurcation:
        """Return the orbit for those who asked."""
        curve = self.curve
        cosine = float(np.clip(curve.cosine(self.u), -1.0, 1.0))
        angle = np.arccos(cosine) if curve.turning else np.angle(self.critical)
        first, second = self.values
        return FollowedBifurcation(
            bifurcation=curve.bifurcation,
            values=(float(first), float(second)),
            points=curve.orbit(self.u).copy(),
            multipliers=self.multipliers.copy(),
            angle=float(angle),
            coefficient=float(self.coefficient),
            side=self.side,
            tangent=tangent.copy(),
            residual=float(np.max(np.abs(curve.residual(self.u)))),
        )
