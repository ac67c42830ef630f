"""Does an invariant subspace attract? The exponents normal to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, map_ordered
from ...engine.kernel import Kernel
from ...engine.spectrum import spectra
from ...ensembles.starts import sobol
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...maps.restriction import InvariantSubspace, invariant_subspace
from ...regions import Box
from ...values import to_value, unknown_name
from .asked import batch_length, checked_map, counted_steps, states_asked
from .batches import mean_error, settled, total
from .cycles import cycle_exponents, cycles
from .spectrum_result import OrbitCourse
from .transverse_result import TransverseCrossing, TransverseExponent, TransverseScan

__all__ = ["transverse_exponent", "transverse_exponents"]

Rows = NDArray[np.float64]

_STARTS, _REACH = 32, 2.0  # where nobody gives starts
_STANDARD_ERRORS = 3.0
_POWER_GROWTH = 20.0  # e^20 within the measurement: more than a power of the time
_ROUNDING = 1e-12


def transverse_exponent(
    F: Map,
    basis: Sequence[Any],
    start: Any = None,
    *,
    offset: Sequence[Any] | None = None,
    steps: int = 50_000,
    transient: int = 5_000,
    batches: int = 64,
) -> TransverseExponent:
    """Return the Lyapunov exponents normal to an invariant subspace, along orbits in it.

    Parameters
    ----------
    F : Map
        Symbolic; every parameter must have a value.
    basis, offset
        The subspace, as for `restricted`, which proves that it is invariant.
    start : array_like of shape (m,) or (n, m), optional
        Coordinates in the subspace: coefficients of the basis vectors. By default 32 points of
        [-2, 2]^m; orbits that escape are left out.
    steps, transient, batches : int
        As for `lyapunov_spectrum`.

    Returns
    -------
    TransverseExponent

    Raises
    ------
    InvalidInput
        As for `restricted`; for a subspace that is the whole space, and open parameters.

    Notes
    -----
    Next to the subspace a displacement moves by w <- C(u) w while u <- f(u), with C the block of
    the Jacobian between the orthogonal complement and itself. The orbit is computed in the
    coordinates u, so that it cannot leave the subspace by rounding, nor be held there. Where the
    largest exponent of C is negative, almost every orbit near the one in the subspace is drawn to
    it; where it passes zero on a chaotic set, a blow-out bifurcation takes place
    [ott1994blowout]_.

    Examples
    --------
    The balanced line of (xy - 1)²/2 at a step size of 19/10, where its orbits are chaotic:

    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), "19/10")
    >>> found = transverse_exponent(F, [1, 1], steps=5_000)
    >>> found.attracts, found.chaotic
    (<Outcome.YES: 'yes'>, <Outcome.YES: 'yes'>)
    """
    subspace = _subspace(F, basis, offset)
    if F.parameters:
        F.kernel()  # refuses open parameters in its own words
    us = _starts(subspace, start)
    length, count = batch_length(steps, batches)
    before = counted_steps(transient, "transient")
    m = subspace.basis.cols
    found = _measured((subspace.skew.kernel(), m, us, before, length, count))
    return _result(F, subspace, found, m, count * length)


def transverse_exponents(
    F: Map,
    basis: Sequence[Any],
    parameter: str,
    values: Sequence[Any],
    *,
    start: Any = None,
    offset: Sequence[Any] | None = None,
    steps: int = 20_000,
    transient: int = 5_000,
    batches: int = 64,
    halvings: int = 8,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> TransverseScan:
    """Return the transverse exponent of a subspace over parameter values, and its sign changes.

    Parameters
    ----------
    F : Map
        With `parameter` open and nothing else.
    basis, start, offset, steps, transient, batches
        As for `transverse_exponent`.
    parameter : str
    values : sequence of numbers
        Rising, at least 2.
    halvings : int
        How often the interval of each change of sign is cut: in the middle, and beside values
        at which the sign is not clear.
    executor : concurrent.futures.Executor, optional
        Computes the values; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``, then with None for the total.

    Returns
    -------
    TransverseScan

    Raises
    ------
    InvalidInput
        As for `transverse_exponent`, for an unknown parameter, and values that do not rise.

    Examples
    --------
    The line y = 0 below the logistic map at 4 repels where a exceeds 4:

    >>> from sympy.abc import a, x, y
    >>> from dynsys_gd import SymbolicMap
    >>> F = SymbolicMap([4*x*(1 - x), a*x*y], [x, y])
    >>> found = transverse_exponents(F, [1, 0], "a", [3, 5], start=[[0.3]], halvings=4)
    >>> [(c.low < 4 < c.high, c.blow_out.value) for c in found.crossings]
    [(True, 'yes')]
    """
    checked_executor(executor)
    checked_progress(progress)
    subspace = _subspace(F, basis, offset)
    if parameter not in F.parameters:
        raise unknown_name(str(parameter), F.parameters)
    places = _rising(values)
    others = [name for name in F.parameters if name != parameter]
    if others:
        raise InvalidInput("F", ", ".join(others), f"no open parameter other than {parameter}")
    us, m = _starts(subspace, start), subspace.basis.cols
    length, count = batch_length(steps, batches)
    before = counted_steps(transient, "transient")
    cuts = counted_steps(halvings, "halvings")
    skew, done = subspace.skew, 0
    seen: dict[float, TransverseExponent] = {}

    def look(wanted: list[float], known: int | None) -> None:
        nonlocal done
        # A parameter may have no effect on the subspace or next to it.
        at = [skew.at(**{parameter: v}) if parameter in skew.parameters else skew for v in wanted]
        tasks = [(each.kernel(), m, us, before, length, count) for each in at]

        def tell(_: Any) -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(done, known)

        answers = map_ordered(_measured, tasks, executor=executor, on_answer=tell)
        for v, answer in zip(wanted, answers, strict=True):
            seen[v] = _result(F, subspace, answer, m, count * length)

    look(places, len(places))
    for _ in range(cuts):
        middles = [v for low, high in _changes(seen) for v in _cuts(low, high, sorted(seen))]
        middles = [v for v in middles if v not in seen]
        if not middles:
            break
        look(middles, None)
    return _scan(F, subspace, parameter, seen)


def _subspace(F: Any, basis: Any, offset: Any) -> InvariantSubspace:
    subspace = invariant_subspace(checked_map(F), basis, offset=offset)
    if not subspace.normal.cols:
        raise InvalidInput("basis", basis, f"fewer than {F.dimension} vectors", "nothing is normal")
    return subspace


def _starts(subspace: InvariantSubspace, start: Any) -> Rows:
    m = subspace.basis.cols
    if start is None:
        return sobol(Box([-_REACH] * m, [_REACH] * m), _STARTS, rng=0).rows()
    return states_asked(subspace.restriction, start)


def _rising(values: Any) -> list[float]:
    expected = "at least 2 rising numbers"
    if isinstance(values, (str, bytes)) or np.ndim(values) != 1 or len(values) < 2:
        raise InvalidInput("values", values, expected)
    try:
        places = [float(to_value(value, "values")) for value in values]
    except TypeError:
        raise InvalidInput("values", values, expected) from None
    if any(a >= b for a, b in pairwise(places)):
        raise InvalidInput("values", values, expected)
    return places


_Answer = tuple[Rows, Rows, NDArray[np.object_], list[OrbitCourse]]


def _measured(task: tuple[Kernel, int, Rows, int, int, int]) -> _Answer:
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
    periods, passed = cycles(kernel, found.states)
    course = [OrbitCourse.APERIODIC] * len(us)
    for p in np.unique(periods[periods > 0]):
        rows = np.flatnonzero(periods == p)
        points = passed[:p, rows].transpose(1, 0, 2)
        for block in (slice(0, m), slice(m, d)):
            exact = cycle_exponents(kernel, points, block)
            if exact is not None:
                values[rows, block] = exact
        errors[rows], state[rows] = 0.0, Outcome.YES
        for i in rows:
            course[i] = OrbitCourse.UNSTABLE_CYCLE if values[i, 0] > 1e-8 else OrbitCourse.CYCLE
    gone = ~np.isfinite(found.states).all(axis=1) | np.isnan(values).any(axis=1)
    for i in np.flatnonzero(gone):
        course[i], values[i], errors[i], state[i] = OrbitCourse.ESCAPED, np.nan, np.nan, Outcome.NO
    return values, errors, state, course


def _result(
    F: Map, subspace: InvariantSubspace, found: _Answer, m: int, steps: int
) -> TransverseExponent:
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
    room = _STANDARD_ERRORS * error + _ROUNDING
    if value > room and fine:
        return Outcome.NO
    if value < -room and fine:
        return Outcome.YES
    return Outcome.UNDECIDED


def _chaotic(aperiodic: NDArray[np.bool_], grows: NDArray[np.bool_]) -> Outcome:
    if not len(aperiodic) or not aperiodic.any():
        return Outcome.NO if len(aperiodic) else Outcome.UNDECIDED
    return Outcome.YES if (aperiodic & grows).all() else Outcome.UNDECIDED


def _changes(seen: dict[float, TransverseExponent]) -> list[tuple[float, float]]:
    """Return neighbouring values with clear and opposite signs."""
    clear = [v for v in sorted(seen) if seen[v].attracts is not Outcome.UNDECIDED]
    return [(a, b) for a, b in pairwise(clear) if seen[a].attracts is not seen[b].attracts]


def _cuts(low: float, high: float, places: list[float]) -> list[float]:
    """Return where to look next: in the middle, or on both sides of what is not clear there."""
    inside = [v for v in places if low < v < high]
    if not inside:
        return [0.5 * (low + high)]
    return [0.5 * (low + inside[0]), 0.5 * (inside[-1] + high)]


def _scan(
    F: Map, subspace: InvariantSubspace, parameter: str, seen: dict[float, TransverseExponent]
) -> TransverseScan:
    places = sorted(seen)
    found = [seen[v] for v in places]
    crossings = tuple(
        TransverseCrossing(
            low=a,
            high=b,
            loses=seen[a].attracts is Outcome.YES,
            blow_out=_both(seen[a].chaotic, seen[b].chaotic),
        )
        for a, b in _changes(seen)
    )
    return TransverseScan(
        map=F,
        restriction=subspace.restriction,
        parameter=parameter,
        values=np.array(places),
        exponents=np.array([each.value for each in found]),
        errors=np.array([each.error for each in found]),
        along=np.array([each.along_value for each in found]),
        attracts=np.array([each.attracts for each in found], dtype=object),
        chaotic=np.array([each.chaotic for each in found], dtype=object),
        crossings=crossings,
        evidence=found[0].evidence,
    )


def _both(one: Outcome, other: Outcome) -> Outcome:
    return one if one is other else Outcome.UNDECIDED
