"""Exponents along an invariant subspace and across it, and what they amount to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.kernel import Kernel
from ...engine.spectrum import spectra
from ...ensembles.starts import sobol
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...maps.restriction import InvariantSubspace, invariant_subspace
from ...regions import Box
from .asked import checked_map, states_asked
from .batches import mean_error, settled, total
from .cycles import LEAST_GROWTH, cycle_exponents, each_cycle
from .spectrum_result import OrbitCourse
from .transverse_result import TransverseExponent

__all__ = ["crosswise", "proper_subspace", "starts_within", "summed_up"]

Rows = NDArray[np.float64]

_STARTS, _REACH = 32, 2.0  # where nobody gives starts
_STANDARD_ERRORS = 3.0
_POWER_GROWTH = 20.0  # e^20 within the measurement: more than a power of the time

# Exponents and errors (n, d), along first, whether they settled, and courses.
Crosswise = tuple[Rows, Rows, NDArray[np.object_], list[OrbitCourse]]


def proper_subspace(F: Any, basis: Any, offset: Any) -> InvariantSubspace:
    """Return an invariant subspace with something next to it, or refuse it."""
    subspace = invariant_subspace(checked_map(F), basis, offset=offset)
    if not subspace.normal.cols:
        raise InvalidInput("basis", basis, f"fewer than {F.dimension} vectors", "nothing is normal")
    return subspace


def starts_within(subspace: InvariantSubspace, start: Any) -> Rows:
    """Return coordinates in the subspace, those of a user or evenly spread ones."""
    m = subspace.basis.cols
    if start is None:
        return sobol(Box([-_REACH] * m, [_REACH] * m), _STARTS, rng=0).rows()
    return states_asked(subspace.restriction, start)


def crosswise(task: tuple[Kernel, int, Rows, int, int, int]) -> Crosswise:
    """Return exponents, along first, their errors, whether they settled, and courses, per start."""
    kernel, m, us, transient, length, count = task
    d = kernel.dimension
    states = np.concatenate([us, np.zeros((len(us), d - m))], axis=1)
    # The blocks of a block-diagonal Jacobian keep their tangents apart, exactly.
    found = spectra(kernel, states, np.eye(d), transient=transient, length=length, batches=count)
    with np.errstate(all="ignore"):
        values, errors = total(found.rates), mean_error(found.rates)
        state = settled(found.rates, errors)
    values[found.lost > 0] = -np.inf
    state[found.lost > 0] = Outcome.UNDECIDED
    # The first tangent of each block is lost only where it is zero.
    for first in (0, m):
        state[found.lost[:, first] == count * length, first] = Outcome.YES
    course = [OrbitCourse.APERIODIC] * len(us)
    for _, rows, points in each_cycle(kernel, found.states):
        for block in (slice(0, m), slice(m, d)):
            exact = cycle_exponents(kernel, points, block)
            if exact is not None:
                values[rows, block] = exact
        errors[rows], state[rows] = 0.0, Outcome.YES
        for i in rows:
            unstable = values[i, 0] > LEAST_GROWTH
            course[i] = OrbitCourse.UNSTABLE_CYCLE if unstable else OrbitCourse.CYCLE
    gone = ~np.isfinite(found.states).all(axis=1) | np.isnan(values).any(axis=1)
    for i in np.flatnonzero(gone):
        course[i], values[i], errors[i], state[i] = OrbitCourse.ESCAPED, np.nan, np.nan, Outcome.NO
    return values, errors, state, course


def summed_up(
    F: Map, subspace: InvariantSubspace, found: Crosswise, m: int, steps: int
) -> TransverseExponent:
    """Return what the exponents of all starts amount to."""
    values, errors, state, course = found
    top = m + np.argsort(-values[:, m:], axis=1, kind="stable")[:, 0]
    rows = np.arange(len(values))
    normal, normal_error, normal_state = values[rows, top], errors[rows, top], state[rows, top]
    first = np.argsort(-values[:, :m], axis=1, kind="stable")[:, 0]
    along, along_error = values[rows, first], errors[rows, first]
    # An unstable cycle that a start happened to hit is not what orbits in the subspace come to.
    kept = np.array([c in (OrbitCourse.APERIODIC, OrbitCourse.CYCLE) for c in course])
    if not kept.any():
        kept = np.array([c is not OrbitCourse.ESCAPED for c in course])
    value, error = _together(normal[kept], normal_error[kept])
    aperiodic = np.array([c is OrbitCourse.APERIODIC for c in course])
    grows = (along * steps > _POWER_GROWTH) & (along > _STANDARD_ERRORS * along_error)
    return TransverseExponent(
        map=F,
        restriction=subspace.restriction,
        value=value,
        error=error,
        attracts=_attracts(normal[kept], normal_error[kept], normal_state[kept]),
        along_value=float(along[kept].max()) if kept.any() else float("nan"),
        chaotic=_chaotic(aperiodic[kept], grows[kept]),
        exponents=values[:, m:],
        errors=errors[:, m:],
        along=values[:, :m],
        along_errors=errors[:, :m],
        converged=normal_state,
        course=tuple(course),
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason="invariance proved by algebra; means along orbits in double precision, standard "
            "errors (68 %) from batch means, none on cycles",
            sources=("benettin1980lyapunov", "ott1994blowout"),
        ),
    )


def _together(values: Rows, errors: Rows) -> tuple[float, float]:
    """Return one exponent for all starts: the mean where they agree, else the largest."""
    if not len(values):
        return float("nan"), float("nan")
    worst = int(values.argmax())
    if not np.isfinite(values).all():
        return float(values[worst]), float(errors[worst])
    mean = float(values.sum() / len(values))
    room = _STANDARD_ERRORS * np.sqrt(errors**2 + errors[worst] ** 2) + 1e-9
    if (np.abs(values - values[worst]) > 1.5 * room).any():
        return float(values[worst]), float(errors[worst])
    return mean, float(np.sqrt((errors**2).sum()) / len(values))


def _attracts(values: Rows, errors: Rows, state: NDArray[np.object_]) -> Outcome:
    if not len(values):
        return Outcome.UNDECIDED
    value, error = _together(values, errors)
    fine = all(outcome is Outcome.YES or v == -np.inf
               for outcome, v in zip(state, values, strict=True))  # fmt: skip
    room = _STANDARD_ERRORS * error + LEAST_GROWTH
    if value > room and fine:
        return Outcome.NO
    if value < -room and fine:
        return Outcome.YES
    return Outcome.UNDECIDED


def _chaotic(aperiodic: NDArray[np.bool_], grows: NDArray[np.bool_]) -> Outcome:
    if not len(aperiodic) or not aperiodic.any():
        return Outcome.NO if len(aperiodic) else Outcome.UNDECIDED
    return Outcome.YES if (aperiodic & grows).all() else Outcome.UNDECIDED
