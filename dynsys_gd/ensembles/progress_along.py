"""How much does the loss change on each step, in units of the descent that is hoped for?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic
from ..engine.iteration import iterate, orbit
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..maps.gradient_descent import GradientDescent
from ..regions import count_from_zero, positive_count
from ..results import Result, plain
from .starts import points_of

__all__ = ["ProgressAlong", "progress_along"]

Rows = NDArray[np.float64]

_NUMBERS = 2**19  # of the orbits that are looked at together


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ProgressAlong(Result):
    """Relative progress and directional smoothness along orbits of gradient descent.

    Parameters
    ----------
    map : GradientDescent
    losses : ndarray, shape (n, steps + 1)
        L(θ_t).
    squared_gradients : ndarray, shape (n, steps)
        ‖∇L(θ_t)‖².
    smoothness : ndarray, shape (n, steps)
        DS_t = ⟨∇L(θ_t), ∇L(θ_t) - ∇L(θ_(t+1))⟩ / (η‖∇L(θ_t)‖²), a mean curvature along the step;
        NaN where the gradient vanishes.
    transient : int
        Steps before the first one.
    evidence : Evidence
    """

    map: GradientDescent
    losses: Rows
    squared_gradients: Rows
    smoothness: Rows
    transient: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.losses, self.squared_gradients, self.smoothness):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.losses)

    @property
    def step_size(self) -> float:
        """The step size η."""
        return float(self.map.step_size)

    @property
    def progress(self) -> Rows:
        """RP_t = (L(θ_(t+1)) - L(θ_t)) / (η‖∇L(θ_t)‖²), shape (n, steps).

        -1 for an infinitely small step, NaN where the gradient vanishes.
        """
        with np.errstate(all="ignore"):
            change = np.diff(self.losses, axis=1)
            found = np.asarray(change / (self.step_size * self.squared_gradients))
        found[self.squared_gradients == 0] = np.nan
        return found

    @property
    def mean_progress(self) -> Rows:
        """Plain mean of RP over the steps of each orbit, shape (n,)."""
        return np.asarray(self.progress.mean(axis=1))

    @property
    def weighted_progress(self) -> Rows:
        """Mean of RP with weights ‖∇L‖², shape (n,): (L_T - L_0)/(η Σ‖∇L‖²), as sums telescope."""
        return self._weighted(self.progress)

    @property
    def weighted_smoothness(self) -> Rows:
        """Mean of η·DS with weights ‖∇L‖², shape (n,)."""
        return self.step_size * self._weighted(self.smoothness)

    def _weighted(self, values: Rows) -> Rows:
        weights = self.squared_gradients
        with np.errstate(all="ignore"):
            summed = np.where(weights > 0, weights * values, 0.0).sum(axis=1)
            return np.asarray(summed / weights.sum(axis=1))

    def headline(self) -> str:
        n, steps = self.squared_gradients.shape
        orbits = f"{n} orbit{'s' if n > 1 else ''}"
        return f"Progress along {orbits} of {steps} steps: mean RP {_spread(self.mean_progress)}"

    def rows(self) -> list[tuple[str, str]]:
        weighted = f"{_spread(self.weighted_progress)}; η·DS {_spread(self.weighted_smoothness)}"
        return [
            ("map", self.map.describe()),
            ("before", f"{self.transient} steps"),
            ("mean η·DS", _spread(self.step_size * self.smoothness.mean(axis=1))),
            ("weighted with ‖∇L‖²", f"RP {weighted}"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        names = ("losses", "squared_gradients", "smoothness", "transient")
        means = ("mean_progress", "weighted_progress", "weighted_smoothness")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            **{name: plain(getattr(self, name)) for name in (*means, *names)},
        }


def progress_along(
    F: GradientDescent, starts: Any, steps: int, *, transient: int = 0
) -> ProgressAlong:
    """Return relative progress and directional smoothness along the orbits of `starts`.

    Parameters
    ----------
    F : GradientDescent
        Every parameter must have a value.
    starts : array_like of shape (n, d), Grid, or Starts
    steps : int
        How far each orbit is followed; 4 n steps numbers are kept.
    transient : int
        Steps before that.

    Returns
    -------
    ProgressAlong

    Raises
    ------
    InvalidInput
        For another update rule, open parameters, starts of another width or that are not finite.

    Notes
    -----
    With g = ∇L(θ), ĝ = g/‖g‖ and H the Hessian,
    RP = -1 + η ∫₀¹ (1 - τ) ĝᵀH(θ - τηg)ĝ dτ and DS = ∫₀¹ ĝᵀH(θ - τηg)ĝ dτ, so that
    RP = -1 + η DS/2 for quadratic losses. Σ RP_t ‖g_t‖² = (L_T - L_0)/η: along bounded orbits the
    mean with weights ‖g‖² tends to 0 wherever Σ‖g_t‖² grows without bound. On a cycle of period 2
    RP averages to 0, weighted or not, and η DS = 2. Changes of the loss are differences of values
    in double precision: where an orbit converges, rounding takes over.

    References
    ----------
    Ahn, Zhang and Sra [ahn2022understanding]_.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> found = progress_along(GradientDescent(Loss(x**2 / 2, [x]), "1/2"), [[1.0]], 20)
    >>> float(found.progress[0, 0]), float(found.smoothness[0, 0])
    (-0.75, 1.0)
    """
    if not isinstance(F, GradientDescent):
        raise InvalidInput("F", F, "gradient descent", "write GradientDescent(loss, step_size)")
    length, before = positive_count(steps, "steps"), count_from_zero(transient, "transient")
    kernel, points = F.kernel(), points_of(F, starts)
    if before:
        points = iterate(kernel, points, before, arithmetic=Arithmetic.PLAIN)
    n, d = points.shape
    losses, squares = np.empty((n, length + 1)), np.empty((n, length))
    smoothness, most = np.empty((n, length)), max(1, _NUMBERS // (n * d))
    with np.errstate(all="ignore"):
        for first in range(0, length, most):
            stretch = min(most, length - first)
            passed = orbit(kernel, points, stretch, arithmetic=Arithmetic.PLAIN)
            rows = np.ascontiguousarray(passed).reshape(-1, d)
            values, g = F.loss(rows), F.loss.gradient_at(rows).reshape(stretch + 1, n, d)
            here = slice(first, first + stretch)
            losses[:, first : first + stretch + 1] = np.reshape(values, (stretch + 1, n)).T
            squares[:, here] = (g[:-1] ** 2).sum(axis=2).T
            change = (g[:-1] * (g[:-1] - g[1:])).sum(axis=2).T
            smoothness[:, here] = change / (float(F.step_size) * squares[:, here])
            points = np.ascontiguousarray(passed[-1])
    smoothness[squares == 0] = np.nan
    return ProgressAlong(
        map=F,
        losses=losses,
        squared_gradients=squares,
        smoothness=smoothness,
        transient=before,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="losses and gradients in double precision along iterated orbits",
            sources=("ahn2022understanding",),
        ),
    )


def _spread(values: Rows) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "not defined"
    low, high = known.min(), known.max()
    shown = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    unknown = len(values) - len(known)
    return f"{shown}, not defined for {unknown}" if unknown else shown
