"""What became of many starts, and how each was recognised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence
from ..regions import Grid
from ..results import Result, plain
from .budget import Budget

__all__ = ["Detail", "Fate", "Fates"]


class Fate(IntEnum):
    """What became of an orbit within its budget.

    CONVERGED: to an audited, stable limit. CYCLING: to a stable cycle of period two or more.
    BOUNDED: neither, chaotic or quasi-periodic as far as it was followed. ESCAPED: out of every
    ball. UNDECIDED: none of these was established; its `Detail` says what was seen.

    Examples
    --------
    >>> Fate(0), Detail.SADDLE_REACHED.fate.name
    (<Fate.CONVERGED: 0>, 'UNDECIDED')
    """

    CONVERGED = 0
    CYCLING = 1
    BOUNDED = 2
    ESCAPED = 3
    UNDECIDED = 4


class Detail(IntEnum):
    """How a fate was recognised; each detail belongs to one `Fate`.

    A float orbit that sits at a point where it could not stay is no evidence of convergence, so
    such details belong to UNDECIDED, each under its own name.

    Examples
    --------
    >>> Detail.PLATEAU.fate is Fate.CONVERGED, Detail.SLOW_DECAY.fate is Fate.UNDECIDED
    (True, True)
    """

    #: every multiplier off the kernel inside the unit circle, at a minimum of the loss
    MINIMUM = 0
    #: the same at a fixed point of a map that is not the gradient of one loss
    STABLE_POINT = 1
    #: a multiplier 1 that belongs to no family; perturbed orbits come back from every side
    DEGENERATE_MINIMUM = 2
    #: the gradient vanishes on an open set; only for losses that are not analytic
    PLATEAU = 3
    #: a minimum in some coordinates, on an open set where the others have no effect
    PARTIAL_PLATEAU = 4
    #: period p > 1 with every multiplier of the p-step map off the kernel inside the unit circle
    STABLE_CYCLE = 5
    #: bounded so far, Lyapunov exponent above zero by five standard errors
    CHAOTIC = 6
    #: bounded so far, Lyapunov exponent zero to within a small error
    QUASI_PERIODIC = 7
    #: beyond the horizon and blowing up, or overflowed; or growing when time is up, where the map
    #: expands at every distance up to the horizon
    DIVERGED = 8
    #: leaves every ball so far, without blowing up
    UNBOUNDED_DRIFT = 9
    #: a multiplier too close to the unit circle to tell
    MARGINAL = 10
    #: a float orbit at a fixed point that repels in some direction
    UNSTABLE_POINT_REACHED = 11
    #: the same at a critical point where the Hessian has a negative eigenvalue
    SADDLE_REACHED = 12
    #: near a critical point with vanishing Hessian from which perturbed orbits move away
    DEGENERATE_UNSTABLE_APPROACH = 13
    #: x - η g rounds to x although g is not zero
    STAGNATED_ROUNDING = 14
    #: the gradient of an analytic loss, or some entries of it, underflow to zero
    UNDERFLOW_PLATEAU = 15
    #: the residual falls window by window, too slowly to have arrived
    SLOW_DECAY = 16
    #: periodic with a multiplier on the unit circle
    NEUTRAL_CYCLE = 17
    #: a float orbit on a cycle that repels in some direction
    CYCLE_ARTEFACT = 18
    #: the image is not a number: the map is undefined there, or its formula overflowed
    NOT_A_NUMBER = 19
    #: none of the above within the budget
    BUDGET_SPENT = 20

    @property
    def fate(self) -> Fate:
        """The fate this detail belongs to."""
        return _FATE_OF[self]

    @property
    def words(self) -> str:
        """The detail as words."""
        return self.name.lower().replace("_", " ")


_FATE_OF = {
    Detail.MINIMUM: Fate.CONVERGED,
    Detail.STABLE_POINT: Fate.CONVERGED,
    Detail.DEGENERATE_MINIMUM: Fate.CONVERGED,
    Detail.PLATEAU: Fate.CONVERGED,
    Detail.PARTIAL_PLATEAU: Fate.CONVERGED,
    Detail.STABLE_CYCLE: Fate.CYCLING,
    Detail.CHAOTIC: Fate.BOUNDED,
    Detail.QUASI_PERIODIC: Fate.BOUNDED,
    Detail.DIVERGED: Fate.ESCAPED,
    Detail.UNBOUNDED_DRIFT: Fate.ESCAPED,
}
_FATE_OF |= {detail: Fate.UNDECIDED for detail in Detail if detail not in _FATE_OF}
FATE_OF_DETAIL = np.array([_FATE_OF[detail] for detail in Detail], dtype=np.int8)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Fates(Result):
    """The fate of every start of an ensemble. Arrays have one entry, or one row, a start.

    Parameters
    ----------
    map : Map
    starts : ndarray, shape (n, k)
        As they were given: points of the loss, or states.
    fate, detail : ndarray of int8, shape (n,)
        Codes of `Fate` and of `Detail`.
    limit : ndarray, shape (n, d)
        For a converged orbit the limit, for a cycling one a point of the cycle, for a bounded or
        undecided one the last state or the point it was found at, each as a point of the loss; NaN
        for one that escaped or became undefined.
    steps : ndarray of int, shape (n,)
        Converged: steps after which the residual stayed below the tolerance. Escaped: steps until
        it was recognised. Otherwise: steps until the decision.
    period : ndarray of int, shape (n,)
        Least period: 1 where converged, p where cycling, 0 elsewhere.
    exponent : ndarray, shape (n,)
        Finite-time Lyapunov exponent per step; NaN where it was not computed.
    decay : ndarray, shape (n,)
        Exponent p of residual ~ t^p over the last windows, for slow decay; NaN elsewhere.
    residual : ndarray, shape (n,)
        Converged: residual norm at the limit. Otherwise: its largest value in the last window.
        The residual of a gradient map is the gradient.
    multiplier : ndarray, shape (n,)
        Largest |multiplier| off the kernel at the limit or over the cycle; NaN where not computed.
    budget : Budget
    grid : Grid or None
        The grid the starts came from.
    """

    map: Any
    starts: NDArray[np.float64]
    fate: NDArray[np.int8]
    detail: NDArray[np.int8]
    limit: NDArray[np.float64]
    steps: NDArray[np.int64]
    period: NDArray[np.int64]
    exponent: NDArray[np.float64]
    decay: NDArray[np.float64]
    residual: NDArray[np.float64]
    multiplier: NDArray[np.float64]
    budget: Budget
    evidence: Evidence
    grid: Grid | None = None

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.fate)

    def where(self, what: Fate | Detail) -> NDArray[np.bool_]:
        """Return for each start whether it met this fate, or this detail of one; shape (n,)."""
        if isinstance(what, Fate):
            return self.fate == what
        if isinstance(what, Detail):
            return self.detail == what
        raise InvalidInput("what", what, "a Fate or a Detail")

    def count(self, what: Fate | Detail) -> int:
        """Return how many starts met this fate, or this detail of one."""
        return int(np.count_nonzero(self.where(what)))

    def counts(self) -> dict[Detail, int]:
        """Return how often each detail occurred, those that did not left out."""
        found = np.bincount(self.detail, minlength=len(Detail))
        return {detail: int(found[detail]) for detail in Detail if found[detail]}

    def headline(self) -> str:
        shares = ", ".join(
            f"{100 * self.count(fate) / len(self):.4g} % {self._word(fate)}"
            for fate in Fate
            if self.count(fate)
        )
        return f"{len(self)} start{'s' if len(self) != 1 else ''}: {shares}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe())]
        for fate in Fate:
            details = [
                f"{count} {detail.words}"
                for detail, count in sorted(self.counts().items(), key=lambda pair: -pair[1])
                if detail.fate is fate
            ]
            if details:
                rows.append((fate.name.lower(), ", ".join(details)))
        exponents = self.exponent[self.where(Detail.CHAOTIC)]
        if exponents.size:
            rows.append(("Lyapunov exponent", f"median {np.median(exponents):.4g} per step"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def sources(self) -> tuple[str, ...]:
        measured = np.isfinite(self.exponent).any()
        return (*super().sources(), *(("benettin1980lyapunov",) if measured else ()))

    def _word(self, fate: Fate) -> str:
        word = fate.name.lower()
        return f"{word} up to {self.budget.steps} steps" if fate is Fate.BOUNDED else word

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "n": len(self),
            "fates": {fate.name: self.count(fate) for fate in Fate},
            "details": {detail.name: count for detail, count in self.counts().items()},
            "budget": plain(vars(self.budget)),
            "detail": [Detail(code).name for code in self.detail],
            **{name: plain(getattr(self, name)) for name in _NUMBERS},
        }


_NUMBERS = ("starts", "limit", "steps", "period", "exponent", "decay", "residual", "multiplier")
_ARRAYS = (*_NUMBERS, "fate", "detail")
