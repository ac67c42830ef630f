"""Is a candidate for convergence what it seems? Limit, multipliers, families, perturbations."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ..engine.eigen import symmetric_eigenvalues
from ..engine.kernel import Kernel, TapeKernel
from ..evidence import Outcome
from ..losses.base import AbstractLoss
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent
from .budget import Budget
from .fates import Detail
from .iterate import PStep, norms, polish
from .multipliers import GAP, Side, in_a_family, kernel_projections, spectrum
from .replay import Return, flat_nearby, returns

__all__ = ["NONE", "Verdicts", "audit_points"]

#: no verdict: the orbit has not come near a limit yet
NONE = -1

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]

_DEEP_ROUNDS = 80
_KINK_RADIUS = 1e-6
_EXCESS = 1e-6  # of the loss over its minimal value, relative to its value at zero
_ZERO_LOSS = 1e-24
_MOST_ENTRIES = 2**21  # of the Jacobians held at once


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the audit of candidates found, per row.

    Parameters
    ----------
    detail : ndarray of int, shape (n,)
        A `Detail`, or NONE.
    limit : ndarray, shape (n, d)
    period : ndarray of int, shape (n,)
    multiplier, residual : ndarray, shape (n,)
        Largest |multiplier| off the kernel, and largest residual norm at the limit.
    """

    detail: NDArray[np.int64]
    limit: Rows
    period: NDArray[np.int64]
    multiplier: NDArray[np.float64]
    residual: NDArray[np.float64]

    @staticmethod
    def blank(states: Rows) -> Verdicts:
        """Return verdicts that say nothing yet, of period 1."""
        n = len(states)
        return Verdicts(
            detail=np.full(n, NONE),
            limit=np.array(states),
            period=np.ones(n, dtype=np.int64),
            multiplier=np.full(n, np.nan),
            residual=np.full(n, np.nan),
        )

    def take(self, which: NDArray[np.generic]) -> Verdicts:
        """Return some of the verdicts."""
        return Verdicts(*(getattr(self, field.name)[which] for field in fields(self)))

    def put(self, rows: NDArray[np.int64], other: Verdicts) -> None:
        """Write `other` into the given rows."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)


def analytic(F: Map, kernel: Kernel) -> Outcome:
    """Return whether the map comes from analytic formulas."""
    if F.loss is not None:
        return F.loss.analytic
    if isinstance(kernel, TapeKernel):
        return Outcome.YES if kernel.step_tape.analytic else Outcome.NO
    return Outcome.UNDECIDED


def row_blocks(n: int, dimension: int) -> list[slice]:
    """Return slices of rows whose Jacobians fit into a fixed amount of memory."""
    size = max(1, _MOST_ENTRIES // dimension**2)
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def audit_points(
    F: Map, kernel: Kernel, states: Rows, frozen: Mask, budget: Budget, *, last: bool = True
) -> Verdicts:
    """Return what each candidate for convergence sits at.

    Parameters
    ----------
    F : Map
    kernel : Kernel
    states : ndarray, shape (n, d)
        Where the orbits are.
    frozen : ndarray of bool, shape (n,)
        Whether the last step was exactly zero in floating point.
    budget : Budget
    last : bool
        Whether time is up. Degenerate limits are approached slowly and dear to examine: before the
        end only those at which an orbit has frozen are.

    Notes
    -----
    The limit is found by Newton's method with the pseudo-inverse; the multipliers there decide:
    inside the unit circle off the kernel, with the kernel tangent to a family of limits, is a
    stable limit. A kernel of any other origin is decided by perturbed orbits.
    """
    verdicts = Verdicts.blank(states)
    for block in row_blocks(len(states), states.shape[1]):
        here = np.asfortranarray(states[block])
        one = _Audit(F, kernel, here, frozen[block], budget).run(last)
        verdicts.put(np.arange(len(states))[block], one)
    return verdicts


class _Audit:
    """One block of candidates on its way through the tests, from cheap to dear."""

    def __init__(self, F: Map, kernel: Kernel, states: Rows, frozen: Mask, budget: Budget) -> None:
        self.F, self.kernel, self.budget = F, kernel, budget
        self.states, self.frozen = states, frozen
        self.steps = PStep(F, kernel)
        self.scale = 1.0 + norms(states)
        self.out = Verdicts.blank(states)

    def run(self, last: bool) -> Verdicts:
        rows = self._flat(np.arange(len(self.states)))
        rows = self._regular(rows, cut=GAP, rounds=4)
        rows = rows[self.frozen[rows] | last]
        rows = self._regular(rows, cut=self.budget.kernel_tolerance, rounds=_DEEP_ROUNDS)
        self._degenerate(rows)
        decided = self.out.detail != NONE
        if decided.any():
            limits = np.asfortranarray(self.out.limit[decided])
            self.out.residual[decided] = norms(self.kernel.step(limits)[1])
        return self.out

    def _flat(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Decide orbits on an open set without gradient; return the others."""
        residuals = self.kernel.step(self.states)[1]
        zero = np.flatnonzero((residuals == 0).all(axis=1))
        if not zero.size:
            return rows
        flat = self._flat_about(self.states[zero]).all(axis=1)
        # An analytic function that is constant on an open set is constant: there the zero is
        # rounding. Where analyticity is not known, no claim is made either.
        real = analytic(self.F, self.kernel) is Outcome.NO
        self.out.detail[zero[flat]] = Detail.PLATEAU if real else Detail.UNDERFLOW_PLATEAU
        return rows[self.out.detail == NONE]

    def _regular(self, rows: NDArray[np.int64], *, cut: float, rounds: int) -> NDArray[np.int64]:
        """Decide limits with quadratic convergence and a clear kernel; return the hard cases."""
        if not rows.size:
            return rows
        found = polish(self.steps, self.states[rows], cut=cut, rounds=rounds)
        near = found.moved <= self.budget.capture * self.scale[rows]
        points = np.where(near[:, None], found.points, self.states[rows])
        here = spectrum(self.steps, points, self.budget)
        d = points.shape[1]
        good = found.regular & near & (here.kernel < d)
        good &= here.clear | (cut < GAP)
        inside = good & (here.side == Side.INSIDE)
        kernels = np.flatnonzero(inside & (here.kernel > 0))
        if kernels.size:
            family = in_a_family(self.steps, points[kernels], self.budget)
            good[kernels[~family]] = False
            inside &= good
        detail = np.where(
            here.side == Side.OUTSIDE,
            np.where(
                here.above_one & (self.F.loss is not None),
                Detail.SADDLE_REACHED,
                Detail.UNSTABLE_POINT_REACHED,
            ),
            Detail.MARGINAL,
        )
        unstable = np.flatnonzero(good & (here.side == Side.OUTSIDE))
        if unstable.size and analytic(self.F, self.kernel) is not Outcome.YES:
            # A multiplier belongs to one side of a kink; it is believed if perturbed orbits leave.
            came = self._perturbed(points[unstable])
            detail[unstable[came == Return.ALL]] = Detail.MARGINAL
        stable = np.flatnonzero(inside)
        if stable.size:
            detail[stable] = self._kind(points[stable], here.kernel[stable])
        done = rows[good]
        self.out.detail[done] = detail[good]
        self.out.limit[done] = points[good]
        self.out.multiplier[done] = here.largest[good]
        # Far from any limit and moving: not a hard case, only not there yet.
        lost = found.regular & ~near & ~self.frozen[rows]
        return rows[~good & ~lost]

    def _kind(self, points: Rows, kernel: NDArray[np.int64]) -> NDArray[np.int64]:
        """Name stable limits: minimum, stable point of another kind, dead coordinates."""
        loss = self.F.loss
        if loss is None:
            return np.full(len(points), int(Detail.STABLE_POINT))
        detail = np.full(len(points), int(Detail.MINIMUM))
        if not isinstance(self.F, GradientDescent):
            where = self.F.project(points)
            gradient = norms(loss.gradient_at(where))
            curvature = symmetric_eigenvalues(loss.hessian_at(where))
            size = np.maximum(1.0, np.abs(curvature).max(axis=1))
            critical = gradient <= 1e-8 * size * (1.0 + norms(where))
            detail[~(critical & (curvature[:, 0] >= -1e-8 * size))] = Detail.STABLE_POINT
        detail[~self._lowest(loss, points)] = Detail.MARGINAL
        real = analytic(self.F, self.kernel)
        dead = np.flatnonzero(kernel > 0)
        if dead.size:
            dead = dead[self._dead(points[dead])]
        if dead.size and real is Outcome.NO:
            detail[dead] = Detail.PARTIAL_PLATEAU
        elif dead.size:
            # Of an analytic loss these entries have underflowed. Only where the loss itself is zero
            # do they vanish in truth: with the factors that saturate go the others.
            value = np.abs(loss(self.F.project(points[dead])))
            detail[dead[~(value <= _ZERO_LOSS)]] = Detail.UNDERFLOW_PLATEAU
        if real is not Outcome.YES:
            came = self._perturbed(points)
            detail[came == Return.SOME_LEFT] = Detail.DEGENERATE_UNSTABLE_APPROACH
        return detail

    def _lowest(self, loss: AbstractLoss, points: Rows) -> Mask:
        """Return where the loss is as low as at its minima, or where that is not known.

        On badly scaled data the slope along some directions is below rounding: orbits come to rest
        above the minima, and what holds them looks like a family of minima.
        """
        lowest = loss.minimal_loss
        at_zero = float(loss(np.zeros(loss.dimension)))
        if lowest is None or at_zero <= lowest:
            return np.ones(len(points), dtype=bool)
        above = loss(self.F.project(points)) - lowest
        return np.asarray(above <= _EXCESS * at_zero)

    def _dead(self, points: Rows) -> Mask:
        """Return where some gradient entry vanishes all about the point, but not everywhere."""
        size = self.F.loss.dimension if self.F.loss is not None else points.shape[1]
        flat = self._flat_about(points)[:, :size]
        anywhere = np.random.default_rng(self.budget.seed).standard_normal((8, points.shape[1]))
        unused = (self.kernel.step(anywhere)[1] == 0).all(axis=0)[:size]
        return np.asarray((flat & ~unused).any(axis=1))

    def _flat_about(self, points: Rows) -> Mask:
        """Return which residual entries vanish all about each point, shape (n, r)."""
        # Most fail at the first pair of directions, which is among those of the whole budget.
        flat = flat_nearby(self.kernel, points, replace(self.budget, perturbations=1))
        rows = np.flatnonzero(flat.any(axis=1))
        if rows.size:
            flat[rows] = flat_nearby(self.kernel, points[rows], self.budget)
        return flat

    @property
    def _may_be_flat(self) -> bool:
        return analytic(self.F, self.kernel) is Outcome.NO

    def _perturbed(self, points: Rows) -> NDArray[np.int64]:
        radius = _KINK_RADIUS * (1.0 + norms(points))
        return returns(
            self.kernel, points, radius, self.budget, widen=False, flat=self._may_be_flat
        )

    def _degenerate(self, rows: NDArray[np.int64]) -> None:
        """Decide limits that Newton's method approaches slowly, or not at all."""
        if not rows.size:
            return
        budget = self.budget
        found = polish(
            self.steps, self.states[rows], cut=budget.kernel_tolerance, rounds=_DEEP_ROUNDS
        )
        near = found.moved <= budget.capture * self.scale[rows]
        points = np.where(near[:, None], found.points, self.states[rows])
        here = spectrum(self.steps, points, budget)
        came = returns(
            self.kernel,
            points,
            np.where(near, found.moved, 0.0),
            budget,
            along=kernel_projections(self.steps, points, budget),
            flat=self._may_be_flat,
        )
        nonzero = norms(self.kernel.step(points)[1]) > 0
        neither = np.where(nonzero, Detail.STAGNATED_ROUNDING, Detail.MARGINAL)
        neither = np.where(self.frozen[rows], neither, NONE)
        detail = np.select(
            [near & (came == Return.ALL), came == Return.SOME_LEFT],
            [int(Detail.DEGENERATE_MINIMUM), int(Detail.DEGENERATE_UNSTABLE_APPROACH)],
            neither,
        )
        unstable = here.side == Side.OUTSIDE
        saddle = here.above_one & (self.F.loss is not None)
        detail[unstable] = np.where(
            saddle[unstable], Detail.SADDLE_REACHED, Detail.UNSTABLE_POINT_REACHED
        )
        detail[~near & ~self.frozen[rows]] = NONE
        self.out.detail[rows] = detail
        self.out.limit[rows] = points
        self.out.multiplier[rows] = here.largest
