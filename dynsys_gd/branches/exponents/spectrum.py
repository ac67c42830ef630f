"""Lyapunov spectra by carrying orthogonal tangents along."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, map_ordered, row_slices
from ...engine.iteration import orbit
from ...engine.kernel import Kernel
from ...engine.spectrum import Spectra, spectra
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...regions import count_from_zero, positive_count
from .asked import batch_length, checked_map, states_asked
from .batches import jackknife_error, mean_error, settled, total
from .cycles import LEAST_GROWTH, cycle_exponents, each_cycle
from .spectrum_result import LyapunovSpectrum, OrbitCourse

__all__ = ["kaplan_yorke", "lyapunov_spectrum"]

Rows = NDArray[np.float64]

_CHUNK = 256  # rows computed together
_ZERO = 1e-11  # of a sum of exponents
_STRETCH, _CHECKED = 64, 16  # steps and orbits on which log|det DF| is looked at
_LARGEST_DETERMINANT = 16


def lyapunov_spectrum(
    F: Map,
    start: Any,
    *,
    exponents: int | None = None,
    steps: int = 100_000,
    transient: int = 10_000,
    batches: int = 64,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> LyapunovSpectrum:
    """Return the Lyapunov exponents of the orbits of some starts, with errors.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    start : array_like of shape (d,) or (n, d), Grid, or Starts
        States of the map, or points of the loss, from which a map with memory starts at rest.
    exponents : int, optional
        How many, from the largest; all d by default.
    steps : int
        Over which the exponents are measured; rounded up to whole batches.
    transient : int
        Steps beforehand, in which orbits come to an attractor and tangents turn.
    batches : int
        Whose means give the standard errors, at least 16.
    executor : concurrent.futures.Executor, optional
        Computes groups of starts; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, n)``.

    Returns
    -------
    LyapunovSpectrum

    Raises
    ------
    InvalidInput
        For open parameters, starts of another width or not finite, counts out of range.

    Notes
    -----
    k tangents are carried along, v <- DF(x) v, and made orthogonal [benettin1980lyapunov]_
    [shimada1979numerical]_: the mean growth of the part of tangent j that is orthogonal to those
    before it is λ_j. Its standard error comes from batch means; batches taken in pairs and in
    fours must not give larger ones, else the largest counts. An orbit that has come to a cycle of
    at most 64 points has λ = log|multiplier| / p instead. The dimension of Kaplan and Yorke is
    D = j + (λ_1 + … + λ_j) / |λ_(j+1)| for the largest j with a sum that is not negative
    [kaplan1979chaotic]_; its error comes from leaving out one batch after the other.

    An ensemble runs in the lanes of the processor; a single long orbit takes about eight times as
    long per step, so that 64 starts cost little more than one start eight times as long.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> found = lyapunov_spectrum(textbook.henon(), [[0.1, 0.1]] * 1, steps=20_000)
    >>> bool(abs(found.exponents.sum() - np.log(0.3)) < 1e-12)
    True
    >>> bool(abs(found.exponents[0, 0] - 0.4192) < 4 * found.errors[0, 0])
    True
    >>> found.converged[0, 0]
    <Outcome.YES: 'yes'>
    """
    checked_map(F)
    kernel, states = F.kernel(), states_asked(F, start)
    d = F.dimension
    k = d if exponents is None else positive_count(exponents, "exponents")
    if k > d:
        raise InvalidInput("exponents", exponents, f"at most {d}, the number of coordinates")
    length, count = batch_length(steps, batches)
    before = count_from_zero(transient, "transient")
    checked_executor(executor)
    checked_progress(progress)
    frame = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0][:, :k]
    found = measured(
        kernel, states, frame, before, length, count, executor=executor, progress=progress
    )
    return spectrum_of(F, kernel, states, found, before, length)


def measured(
    kernel: Kernel,
    states: Rows,
    frame: Rows,
    transient: int,
    length: int,
    batches: int,
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Spectra:
    """Return the rates of all rows, computed in groups of a fixed size."""
    slices = row_slices(len(states), _CHUNK)
    tasks = [(kernel, states[rows], frame, transient, length, batches) for rows in slices]
    done = 0

    def tell(part: Spectra) -> None:
        nonlocal done
        done += len(part.states)
        if progress is not None:
            progress(done, len(states))

    parts = map_ordered(_measure, tasks, executor=executor, on_answer=tell)
    return Spectra(
        rates=np.concatenate([part.rates for part in parts], axis=1),
        lost=np.concatenate([part.lost for part in parts]),
        states=np.concatenate([part.states for part in parts]),
    )


def _measure(task: tuple[Kernel, Rows, Rows, int, int, int]) -> Spectra:
    kernel, states, frame, transient, length, batches = task
    return spectra(kernel, states, frame, transient=transient, length=length, batches=batches)


def spectrum_of(
    F: Map, kernel: Kernel, starts: Rows, found: Spectra, transient: int, length: int
) -> LyapunovSpectrum:
    """Return what the rates of batches amount to."""
    rates = found.rates
    batches, n, k = rates.shape
    with np.errstate(all="ignore"):
        values, errors = total(rates), mean_error(rates)
        state = settled(rates, errors)
    values[found.lost > 0] = -np.inf
    # The first tangent is lost where it is zero; later ones also where rounding hides the rest.
    state[found.lost > 0] = Outcome.UNDECIDED
    state[found.lost[:, 0] == batches * length, 0] = Outcome.YES
    periods = np.zeros(n, dtype=np.int64)
    course = [OrbitCourse.APERIODIC] * n
    gone = ~np.isfinite(found.states).all(axis=1) | np.isnan(values).any(axis=1)
    for row in np.flatnonzero(gone):
        course[row] = OrbitCourse.ESCAPED
    for p, rows, points in each_cycle(kernel, found.states):
        every = cycle_exponents(kernel, points, slice(None))
        exact = values[rows] if every is None else every[:, :k]
        values[rows], errors[rows], state[rows], periods[rows] = exact, 0.0, Outcome.YES, p
        for i, top in zip(rows, exact[:, 0], strict=True):
            course[i] = OrbitCourse.UNSTABLE_CYCLE if top > LEAST_GROWTH else OrbitCourse.CYCLE
    values[gone], errors[gone], state[gone] = np.nan, np.nan, Outcome.NO
    dimension, dimension_error = _dimensions(F.dimension, values, rates, course)
    return LyapunovSpectrum(
        map=F,
        exponents=values,
        errors=errors,
        converged=state,
        course=tuple(course),
        periods=periods,
        collapsed=_collapsed(starts, found.states),
        dimension=dimension,
        dimension_error=dimension_error,
        rates=rates,
        steps=batches * length,
        transient=transient,
        volume_gap=_volume_gap(kernel, found.states, k),
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason="means along orbits in double precision, standard errors (68 %) from batch "
            "means; orbits stand for their attractor where rounding does not change averages",
            sources=("benettin1980lyapunov", "shimada1979numerical", "kaplan1979chaotic"),
        ),
    )


def kaplan_yorke(exponents: Rows, d: int) -> NDArray[np.float64]:
    """Return the dimension of Kaplan and Yorke of each row, NaN where k < d leave it open.

    Examples
    --------
    >>> kaplan_yorke(np.array([[0.5, -1.0], [-0.5, -1.0]]), 2).tolist()
    [1.5, 0.0]
    """
    n, k = exponents.shape
    ordered = -np.sort(-exponents, axis=1)
    sums = np.cumsum(ordered, axis=1)
    # Zero to rounding is zero: of a rotation, or of a map that keeps volumes.
    below = sums < -_ZERO
    j, rows = below.argmax(axis=1), np.arange(n)
    before = np.maximum(np.where(j > 0, sums[rows, j - 1], 0.0), 0.0)
    with np.errstate(all="ignore"):
        found = j + before / np.abs(ordered[rows, j])
    found = np.where(below.any(axis=1), found, float(d) if k == d else np.nan)
    return np.where(np.isnan(ordered).any(axis=1), np.nan, found)


def _dimensions(
    d: int, values: Rows, rates: Rows, course: list[OrbitCourse]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    batches = len(rates)
    dimension = kaplan_yorke(values, d)
    # Fours of batches: as for the exponents, longer ones give the honest error.
    whole = rates.sum(axis=0)
    without = [
        kaplan_yorke((whole - rates[first : first + 4].sum(axis=0)) / (batches - 4), d)
        for first in range(0, batches // 4 * 4, 4)
    ]
    error = np.where(np.isnan(dimension), np.nan, jackknife_error(np.array(without)))
    on_cycle = [c in (OrbitCourse.CYCLE, OrbitCourse.UNSTABLE_CYCLE) for c in course]
    for known in (dimension, error):
        known[on_cycle] = 0.0  # a finite set
    return dimension, error


def _collapsed(starts: Rows, states: Rows) -> NDArray[np.bool_]:
    """Return where coordinates have become equal or opposite, not zero, to the last bit."""
    d = states.shape[1]
    found = np.zeros(len(states), dtype=bool)
    for i in range(min(d, 16)):
        for j in range(i):
            same = (np.abs(states[:, i]) == np.abs(states[:, j])) & (states[:, i] != 0)
            found |= same & (np.abs(starts[:, i]) != np.abs(starts[:, j]))
    return found & np.isfinite(states).all(axis=1)


def _volume_gap(kernel: Kernel, states: Rows, k: int) -> float:
    """Return how far the sum of all exponents is from the mean of log|det DF|, on one stretch."""
    d = states.shape[1]
    rows = states[np.isfinite(states).all(axis=1)][:_CHECKED]
    if k < d or d > _LARGEST_DETERMINANT or not len(rows):
        return float("nan")
    eye = np.eye(d)
    found = spectra(kernel, rows, eye, transient=0, length=_STRETCH, batches=1)
    passed = orbit(kernel, rows, _STRETCH - 1)
    with np.errstate(all="ignore"):
        jacobians = kernel.jacobian(passed.reshape(-1, d))
        logs = np.linalg.slogdet(jacobians)[1].reshape(_STRETCH, len(rows))
        gaps = np.abs(found.rates[0].sum(axis=1) - total(logs))
    gaps = gaps[np.isfinite(gaps) & ~(found.lost > 0).any(axis=1)]
    return float(gaps.max()) if len(gaps) else float("nan")
