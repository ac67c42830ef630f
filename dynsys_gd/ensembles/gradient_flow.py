"""Where does gradient flow, the limit of small steps, lead from a start?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..regions import positive_count
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
        The last of the times that the flow came to. It is not the last one where the flow runs away
        to infinity, the integrator gave up, or too many gradients were needed.
    integrator : Integrator
    tolerance : float
        Relative and absolute tolerance of each step.
    evaluations : int
        Of the gradient.
    capped : bool
        Whether it ended early for the number of gradients: the flow may be stiff.
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
    capped: bool
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
        return self.points[np.flatnonzero(np.isfinite(self.points).all(axis=1))[-1]]

    def headline(self) -> str:
        where = f"Gradient flow on {self.loss.describe()} to time {self.times[-1]:.6g}"
        ended = "given up" if self.capped else "lost"
        return where if self.complete else f"{where}, {ended} after time {self.reached:.6g}"

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
            "capped": self.capped,
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
    max_evaluations: int = 500_000,
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
    max_evaluations : int
        Of the gradient, in each of two integrations: beyond, the flow is given up where it is.

    Returns
    -------
    GradientFlow

    Raises
    ------
    InvalidInput
        For something that is no loss, open parameters, a start of another width, that is not finite
        or at which the loss is not, times that do not ascend, or another integrator, tolerance or
        number of gradients.

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
    with np.errstate(all="ignore"):
        known = np.append(loss.gradient_at(point), loss(point))
    if not np.isfinite(known).all():
        raise InvalidInput("start", start, "a point at which loss and gradient are finite")
    instants = _numbers(times, "times", "two or more ascending times")
    if len(instants) < 2 or not (np.diff(instants) > 0).all():
        raise InvalidInput("times", times, "two or more ascending times")
    most = positive_count(max_evaluations, "max_evaluations")
    return _solved(loss, point, instants, _Method(integrator, tolerance, most))


@dataclass(frozen=True)
class _Method:
    integrator: Integrator
    tolerance: float
    most: int


def _solved(loss: AbstractLoss, start: Rows, times: Rows, method: _Method) -> GradientFlow:
    integrator, tolerance = method.integrator, method.tolerance
    fine, reached, gradients, capped = _followed(loss, start, times, method)
    looser = replace(method, tolerance=_COARSER * tolerance)
    coarse, _, more, _ = _followed(loss, start, times, looser)
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
        capped=capped,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"{integrator.meaning}, tolerance {tolerance:.0e}; a coarser integration "
            f"differs by {worst:.1e} at most",
            sources=(_SOURCES[integrator],),
        ),
    )
    return found if found.complete else replace(found, evidence=_lost(found))


def _followed(
    loss: AbstractLoss, start: Rows, times: Rows, method: _Method
) -> tuple[Rows, float, int, bool]:
    """Return the points, NaN where not reached, the time, the gradients, and if they ran out."""
    from scipy.integrate import DOP853, Radau

    made: Any = DOP853
    if method.integrator is Integrator.RADAU:
        made = partial(Radau, jac=lambda _, theta: -loss.hessian_at(theta))
    points = np.full((len(times), len(start)), np.nan)
    points[0], done = start, 1
    with np.errstate(all="ignore"):
        solver = made(
            lambda _, theta: -loss.gradient_at(theta),
            times[0],
            start,
            times[-1],
            rtol=method.tolerance,
            atol=method.tolerance,
        )
        while solver.status == "running" and solver.nfev < method.most:
            solver.step()
            passed = int(np.searchsorted(times, solver.t, side="right"))
            if solver.status != "failed" and passed > done:
                points[done:passed] = solver.dense_output()(times[done:passed]).T
                done = passed
    finite = np.isfinite(points).all(axis=1)
    last = len(times) - 1 if finite.all() else int(finite.argmin()) - 1
    points[last + 1 :] = np.nan
    return points, float(times[last]), int(solver.nfev), solver.status == "running"


def _lost(found: GradientFlow) -> Evidence:
    ended = "lost"
    if found.capped:
        advice = f"; a stiff flow may need {Integrator.RADAU}"
        stiff = advice if found.integrator is Integrator.DOP853 else ""
        ended = f"given up for the number of gradients{stiff},"
    reason = f"{ended} after time {found.reached:.6g}: {found.evidence.reason}"
    return replace(found.evidence, reason=reason)


def _numbers(value: Any, name: str, expected: str) -> Rows:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(name, value, expected) from None
    if array.ndim != 1 or not all(map(math.isfinite, array)):
        raise InvalidInput(name, value, expected)
    return array
