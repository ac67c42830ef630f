"""Where does gradient flow, the limit of small steps, lead from a start?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..results import Result, plain

__all__ = ["GradientFlow", "Integrator", "gradient_flow"]

Rows = NDArray[np.float64]

_COARSER = 100.0  # how much looser the tolerance of the second integration is
_FINEST = 1e-13  # below, rounding keeps the integrators from what is asked of them


class Integrator(Enum):
    """The method of `scipy.integrate.solve_ivp` that follows a flow.

    Examples
    --------
    >>> Integrator.RADAU.meaning
    'implicit Runge-Kutta of order 5, for stiff flows'
    """

    DOP853 = "DOP853"
    RADAU = "Radau"

    @property
    def meaning(self) -> str:
        """What the method is, in a few words."""
        return _MEANINGS[self]

    def __str__(self) -> str:
        return self.value


_MEANINGS = {
    Integrator.DOP853: "explicit Runge-Kutta of order 8",
    Integrator.RADAU: "implicit Runge-Kutta of order 5, for stiff flows",
}
_SOURCES = {
    Integrator.DOP853: "hairer1993solving",
    Integrator.RADAU: "hairer1996stiff",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GradientFlow(Result):
    """The solution of θ' = -∇L(θ) at given times.

    Parameters
    ----------
    loss : AbstractLoss
    times : ndarray, shape (m,)
        Ascending; the first is the time of the start.
    points : ndarray, shape (m, d)
        θ at each time; NaN beyond `reached`.
    losses : ndarray, shape (m,)
        The loss there.
    errors : ndarray, shape (m,)
        ‖θ - θ̃‖, where θ̃ is found with a tolerance a hundred times as large: an estimate from
        above of the error of `points`, not a bound.
    reached : float
        Time up to which the flow was followed. Less than the last time where it runs away to
        infinity, or the integrator gave up.
    integrator : Integrator
    tolerance : float
        Relative and absolute tolerance of each step.
    evaluations : int
        Of the gradient.
    """

    loss: AbstractLoss
    times: Rows
    points: Rows
    losses: Rows
    errors: Rows
    reached: float
    integrator: Integrator
    tolerance: float
    evaluations: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.times, self.points, self.losses, self.errors):
            array.setflags(write=False)

    @property
    def complete(self) -> bool:
        """Whether the last time was reached."""
        return bool(self.reached >= self.times[-1])

    @property
    def end(self) -> Rows:
        """The point at the last time that was reached, shape (d,)."""
        return self.points[np.flatnonzero(np.isfinite(self.losses))[-1]]

    def headline(self) -> str:
        where = f"Gradient flow on {self.loss.describe()} to time {self.times[-1]:.6g}"
        return where if self.complete else f"{where}, lost at time {self.reached:.6g}"

    def rows(self) -> list[tuple[str, str]]:
        kept = np.isfinite(self.losses)
        return [
            ("loss", f"from {self.losses[0]:.6g} to {self.losses[kept][-1]:.6g}"),
            ("end", np.array2string(self.end, precision=6, threshold=6)),
            ("error", f"about {np.nanmax(self.errors):.1e} at most, by a coarser integration"),
            ("integrator", f"{self.integrator}, {self.evaluations} gradients"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "loss": self.loss.describe(),
            "integrator": self.integrator.value,
            "tolerance": self.tolerance,
            "reached": self.reached,
            "evaluations": self.evaluations,
            **{name: plain(getattr(self, name)) for name in ("times", "points", "losses")},
            "errors": plain(self.errors),
        }


def gradient_flow(
    loss: AbstractLoss,
    start: Any,
    times: Any,
    *,
    integrator: Integrator = Integrator.DOP853,
    tolerance: float = 1e-11,
) -> GradientFlow:
    """Return the solution of θ' = -∇L(θ) at given times, with an estimate of its error.

    Parameters
    ----------
    loss : AbstractLoss
        Without open parameters.
    start : array_like, shape (d,)
        θ at the first time.
    times : array_like, shape (m,)
        At least two, finite and strictly ascending, in the units of the step size: k steps of
        size η correspond to the time kη.
    integrator : Integrator
        RADAU where the largest curvature times the time is in the thousands.
    tolerance : float
        Relative and absolute tolerance of a step, from 1e-13 to 1e-3.

    Returns
    -------
    GradientFlow

    Raises
    ------
    InvalidInput
        For something that is no loss, open parameters, a start of another width or that is not
        finite, times that do not ascend, or another integrator or tolerance.

    Notes
    -----
    The flow is integrated twice, the second time with a tolerance a hundred times as large. The
    distance of the two is mostly the error of the second, so that it overstates that of the first.

    References
    ----------
    The integrators: Hairer, Nørsett and Wanner [hairer1993solving]_, Hairer and Wanner
    [hairer1996stiff]_. How close gradient descent comes to the flow: Elkabetz and Cohen
    [elkabetz2021continuous]_.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> flow = gradient_flow(Loss(x**2 / 2, [x]), [1.0], [0.0, 1.0, 2.0])
    >>> flow.points.ravel().round(9)  # e^-t
    array([1.        , 0.36787944, 0.13533528])
    >>> bool(flow.errors.max() < 1e-8)
    True
    """
    if not isinstance(loss, AbstractLoss):
        raise InvalidInput("loss", loss, "a loss", "a flow belongs to a loss, not to a map")
    if loss.parameters:
        names = ", ".join(loss.parameters)
        raise InvalidInput("loss", f"open parameters {names}", "none", "loss.at(name=value)")
    if not isinstance(integrator, Integrator):
        raise InvalidInput("integrator", integrator, "an Integrator", "Integrator.DOP853")
    if not (isinstance(tolerance, float) and _FINEST <= tolerance <= 1e-3):
        raise InvalidInput("tolerance", tolerance, f"a float from {_FINEST:g} to 0.001")
    point = _numbers(start, "start", f"{loss.dimension} finite numbers")
    if len(point) != loss.dimension:
        raise InvalidInput("start", f"{len(point)} numbers", f"{loss.dimension} finite numbers")
    instants = _numbers(times, "times", "two or more ascending times")
    if len(instants) < 2 or not (np.diff(instants) > 0).all():
        raise InvalidInput("times", times, "two or more ascending times")
    return _solved(loss, point, instants, integrator, tolerance)


def _solved(
    loss: AbstractLoss, start: Rows, times: Rows, integrator: Integrator, tolerance: float
) -> GradientFlow:
    fine, reached, gradients = _followed(loss, start, times, integrator, tolerance)
    coarse, _, more = _followed(loss, start, times, integrator, _COARSER * tolerance)
    with np.errstate(all="ignore"):
        errors = np.linalg.norm(fine - coarse, axis=1)
        losses = np.asarray(loss(fine), dtype=np.float64)
    worst = np.nanmax(errors, initial=0.0)
    found = GradientFlow(
        loss=loss,
        times=times,
        points=fine,
        losses=losses,
        errors=errors,
        reached=reached,
        integrator=integrator,
        tolerance=tolerance,
        evaluations=gradients + more,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"{integrator.meaning}, tolerance {tolerance:.0e}; a coarser integration "
            f"differs by {worst:.1e} at most",
            sources=(_SOURCES[integrator],),
        ),
    )
    return found if found.complete else replace(found, evidence=_lost(found))


def _followed(
    loss: AbstractLoss, start: Rows, times: Rows, integrator: Integrator, tolerance: float
) -> tuple[Rows, float, int]:
    """Return the points, NaN where the flow is lost, the time reached, and the gradients."""
    from scipy.integrate import solve_ivp

    implicit: dict[str, Any] = {}
    if integrator is Integrator.RADAU:
        implicit["jac"] = lambda _, theta: -loss.hessian_at(theta)
    with np.errstate(all="ignore"):
        solution = solve_ivp(
            lambda _, theta: -loss.gradient_at(theta),
            (times[0], times[-1]),
            start,
            method=integrator.value,
            t_eval=times,
            rtol=tolerance,
            atol=tolerance,
            **implicit,
        )
    points = np.full((len(times), len(start)), np.nan)
    points[: len(solution.t)] = solution.y.T
    if solution.success and np.isfinite(points).all():
        return points, float(times[-1]), int(solution.nfev)
    last = np.flatnonzero(np.isfinite(points).all(axis=1))[-1] if len(solution.t) else 0
    points[0], points[last + 1 :] = start, np.nan
    return points, float(times[last]), int(solution.nfev)


def _lost(found: GradientFlow) -> Evidence:
    reason = f"lost after time {found.reached:.6g}: {found.evidence.reason}"
    return replace(found.evidence, reason=reason)


def _numbers(value: Any, name: str, expected: str) -> Rows:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(name, value, expected) from None
    if array.ndim != 1 or not all(map(math.isfinite, array)):
        raise InvalidInput(name, value, expected)
    return array
