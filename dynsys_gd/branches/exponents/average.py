"""Time averages of observables."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from enum import Enum
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, map_ordered, row_slices
from ...engine.iteration import iterate, orbit
from ...engine.kernel import Kernel
from ...engine.numpy_printer import numpy_function
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...regions import count_from_zero
from ...values import by_name, unknown_name
from .asked import batch_length, checked_map, states_asked
from .average_result import BirkhoffAverage
from .batches import mean_error, settled, total
from .cycles import cycles, moved_by_rounding

__all__ = ["LossObservable", "birkhoff_average"]

Rows = NDArray[np.float64]

_CHUNK = 256
_NUMBERS = 2**19  # of an orbit that are looked at together


class LossObservable(Enum):
    """What can be averaged without a formula, for maps made of a loss.

    LOSS is the loss L(θ) and GRADIENT_SQUARED is |∇L(θ)|².

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**2 + 1, [x]), "1/3")
    >>> float(birkhoff_average(F, LossObservable.LOSS, [0.5], steps=100).averages[0])
    1.0
    """

    LOSS = "loss"
    GRADIENT_SQUARED = "squared gradient norm"


def birkhoff_average(
    F: Map,
    observable: sp.Expr | LossObservable,
    start: Any,
    *,
    steps: int = 100_000,
    transient: int = 10_000,
    batches: int = 64,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> BirkhoffAverage:
    """Return the time average of an observable along the orbits of some starts, with errors.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    observable : sympy expression, or LossObservable
        In the coordinates of the map, matched by name.
    start : array_like of shape (d,) or (n, d), Grid, or Starts
        States of the map, or points of the loss, from which a map with memory starts at rest.
    steps, transient, batches : int
        As for `lyapunov_spectrum`.
    executor : concurrent.futures.Executor, optional
        Computes groups of starts; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, n)``.

    Returns
    -------
    BirkhoffAverage

    Raises
    ------
    InvalidInput
        For open parameters, names that are no coordinates, starts of another width.

    Notes
    -----
    (1/T) Σ g(x_t), with a standard error from batch means; batches taken in pairs and in fours
    must not give larger ones, else the largest counts. On a cycle of at most 64 points the
    average over its points is exact to rounding, without a sampling error. The second average has
    the smooth weights exp(-1/(s (1 - s))) at s = t/T [das2017quantitative]_: on quasi-periodic
    orbits it converges faster than any power of T, on chaotic ones it is no better than the plain
    one. How far the smooth averages of the two halves of the time are apart tells which it is.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import textbook
    >>> found = birkhoff_average(textbook.logistic(), sp.Symbol("x"), [0.3], steps=20_000)
    >>> bool(abs(found.averages[0] - 0.5) < 4 * found.errors[0])
    True
    """
    kernel, states = checked_map(F).kernel(), states_asked(F, start)
    tape, name = _asked(F, observable)
    length, count = batch_length(steps, batches)
    before = count_from_zero(transient, "transient")
    checked_executor(executor)
    checked_progress(progress)
    chosen = observable if isinstance(observable, LossObservable) else None
    tasks = [
        (F if chosen else None, kernel, states[rows], tape, chosen, before, length, count)
        for rows in row_slices(len(states), _CHUNK)
    ]
    done = 0

    def tell(part: _Means) -> None:
        nonlocal done
        done += part[0].shape[1]
        if progress is not None:
            progress(done, len(states))

    parts = map_ordered(_averaged, tasks, executor=executor, on_answer=tell)
    joined = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    means, smooth, periods, exact, rounding = joined
    with np.errstate(all="ignore"):
        averages, errors = total(means), mean_error(means)
        state = settled(means, errors, unit=0.0)
    cyclic = periods > 0
    averages[cyclic], errors[cyclic], state[cyclic] = exact[cyclic], 0.0, Outcome.YES
    lost = ~np.isfinite(averages)
    averages[lost], errors[lost], state[lost] = np.nan, np.nan, Outcome.NO
    rounding[lost] = np.nan
    return BirkhoffAverage(
        map=F,
        observable=name,
        averages=averages,
        errors=errors,
        converged=state,
        weighted=smooth[0],
        weighted_gap=np.abs(smooth[1] - smooth[2]),
        periods=periods,
        rounding=rounding,
        means=means,
        steps=length * count,
        transient=before,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason="means along orbits in double precision, standard errors (68 %) from batch "
            "means, none on cycles",
            sources=("das2017quantitative",),
        ),
    )


def _asked(F: Map, observable: Any) -> tuple[Tape | None, str]:
    """Return the observable as straight-line code, None for one of the loss, and its name."""
    if isinstance(observable, LossObservable):
        if F.loss is None:
            raise InvalidInput("observable", observable, "a formula", "the map has no loss")
        return None, observable.value
    if not isinstance(observable, sp.Expr):
        expected = "a sympy expression in the coordinates, or a LossObservable"
        remedy = "LossObservable.LOSS averages the loss" if F.loss is not None else ""
        raise InvalidInput("observable", observable, expected, remedy)
    own = {name: sp.Dummy(name, real=True) for name in F.names}
    used = by_name(observable.free_symbols, "observable")
    for name in used:
        if name not in own:
            raise unknown_name(name, F.names)
    formula = observable.xreplace({symbol: own[name] for name, symbol in used.items()})
    return lower([stable(formula)], list(own.values())), str(observable)


_Task = tuple[Map | None, Kernel, Rows, Tape | None, LossObservable | None, int, int, int]
_Means = tuple[Rows, Rows, NDArray[np.int64], Rows, Rows]


def _averaged(task: _Task) -> _Means:
    """Return batch means (batches, n), smooth averages (3, n), periods, averages on cycles, and
    what rounding changes about those.
    """
    F, kernel, states, tape, chosen, transient, length, count = task
    n, d = states.shape
    now = iterate(kernel, states, transient)
    means, smooth = np.empty((count, n)), np.zeros((3, n))
    weights = _weights(length * count)
    most = max(1, _NUMBERS // (n * d))
    for batch in range(count):
        summed = np.zeros(n)
        for first in range(0, length, most):
            passed = orbit(kernel, now, min(most, length - first))
            now = np.ascontiguousarray(passed[-1])
            values = _values(F, tape, chosen, passed[:-1])
            place = batch * length + first
            with np.errstate(all="ignore"):
                summed += values.sum(axis=0)
                smooth += weights[:, place : place + len(values)] @ values
        means[batch] = summed / length
    periods, passed = cycles(kernel, now)
    values, others = (_values(F, tape, chosen, s) for s in (passed, moved_by_rounding(passed)))
    exact, rounding = np.full(n, np.nan), np.zeros(n)
    for i in np.flatnonzero(periods):
        here = values[: periods[i], i]
        exact[i] = here.mean()
        rounding[i] = np.abs(others[: periods[i], i] - here).max()
    return means, smooth, periods, exact, rounding


def _weights(steps: int) -> Rows:
    """Return the smooth weights over all of the time, and over each half of it."""
    half = steps // 2
    weights = np.zeros((3, steps))
    weights[0] = _bump(steps)
    weights[1, :half] = _bump(half)
    weights[2, steps - half :] = _bump(half)
    return weights


def _bump(steps: int) -> Rows:
    place = (np.arange(steps) + 1.0) / (steps + 1.0)
    weights = np.exp(-1.0 / (place * (1.0 - place)))
    return np.asarray(weights / weights.sum())


def _values(F: Map | None, tape: Tape | None, chosen: LossObservable | None, passed: Rows) -> Rows:
    """Return the observable along orbits, shape (steps, n)."""
    steps, n, d = passed.shape
    rows = passed.reshape(steps * n, d)
    if tape is not None:
        found = numpy_function(tape)(np.ascontiguousarray(rows.T), np.empty(0))[0]
        return found.reshape(steps, n)
    assert F is not None
    assert F.loss is not None
    points = F.project(rows)
    with np.errstate(all="ignore"):
        if chosen is LossObservable.LOSS:
            return np.asarray(F.loss(points)).reshape(steps, n)
        gradient = F.loss.gradient_at(points)
        return np.asarray((gradient**2).sum(axis=-1)).reshape(steps, n)
