"""Histograms of long orbits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, map_ordered
from ...engine.iteration import iterate, orbit
from ...engine.kernel import Kernel
from ...ensembles.starts import drawn, states_of
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...regions import Box, count_from_zero, positive_count
from .asked import checked_box, checked_map
from .cycles import cycles
from .density_result import OrbitDensity

__all__ = ["invariant_density"]

Rows = NDArray[np.float64]

_FEWEST_GROUPS = 8
_MOST_BINS = 10**6
_NUMBERS = 2**18  # of an orbit that are looked at together: they stay in the cache
_DRIFT_SEEN, _DRIFT_LIKELY = 1e-4, 1e-2  # chances of so large a difference without a drift


def invariant_density(
    F: Map,
    region: Box,
    *,
    coordinates: Sequence[int] | None = None,
    bins: int = 100,
    starts: int = 256,
    steps: int = 4_000,
    transient: int = 1_000,
    groups: int = 16,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> OrbitDensity:
    """Return how much of their time orbits spend where, with errors.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    region : Box
        Of the dimension of the map: starts are drawn in it, and the histogram covers it.
    coordinates : sequence of one or two int, optional
        Which are looked at; all of a map of at most two by default.
    bins : int
        Along each coordinate.
    starts : int
        Shared out among the groups, rounded up.
    steps, transient : int
        Counted, and left out beforehand, of each orbit.
    groups : int
        Of independent starts, at least 8, whose differences give the errors.
    rng : None, int, Generator, BitGenerator or SeedSequence
    executor : concurrent.futures.Executor, optional
        Computes groups; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, groups)``.

    Returns
    -------
    OrbitDensity

    Raises
    ------
    InvalidInput
        For open parameters, a region that is no box or of another dimension, more than two
        coordinates, counts out of range.

    Notes
    -----
    The averages are those of orbits from starts that are uniform in the box. Where they all tend
    to one attractor with an invariant density, it is that one; with several attractors it is
    their mixture, by the shares of the box that they attract. Each group gives a histogram of its
    own, and the standard error is that of the mean of independent groups.

    Examples
    --------
    The density of the logistic map at 4 is 1/(π √(x (1 - x))):

    >>> from dynsys_gd import Box, textbook
    >>> found = invariant_density(textbook.logistic(), Box([0], [1]), bins=10, rng=0)
    >>> share = 2 / np.pi * np.diff(np.arcsin(np.sqrt(found.edges[0])))
    >>> bool(np.all(np.abs(found.density / 10 - share) < 5 * found.errors / 10))
    True
    """
    kernel = checked_map(F).kernel()
    checked_box(F, region)
    shown = _coordinates(F, coordinates)
    count = positive_count(bins, "bins")
    if count ** len(shown) > _MOST_BINS:
        raise InvalidInput("bins", bins, f"at most {_MOST_BINS} bins in all")
    parts = positive_count(groups, "groups")
    if parts < _FEWEST_GROUPS:
        raise InvalidInput("groups", groups, f"at least {_FEWEST_GROUPS}")
    each = -(-positive_count(starts, "starts") // parts)
    length, before = positive_count(steps, "steps"), count_from_zero(transient, "transient")
    checked_executor(executor)
    checked_progress(progress)
    low = np.array([region.low[i] for i in shown])
    high = np.array([region.high[i] for i in shown])
    points = states_of(F, drawn(region, each * parts, rng=rng).rows())
    tasks = [
        (kernel, points[g * each : (g + 1) * each], before, length, shown, low, high, count)
        for g in range(parts)
    ]
    done = 0

    def tell(_: Any) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, parts)

    found = map_ordered(_histogram, tasks, executor=executor, on_answer=tell)
    edges = tuple(np.linspace(a, b, count + 1) for a, b in zip(low, high, strict=True))
    return _result(F, region, shown, edges, found, each * parts, length, before)


def _coordinates(F: Map, coordinates: Any) -> tuple[int, ...]:
    d = F.dimension
    if coordinates is None:
        if d > 2:
            remedy = "say which, for example coordinates=(0, 1)"
            raise InvalidInput("coordinates", None, f"one or two of {d}", remedy)
        return tuple(range(d))
    expected = f"one or two different whole numbers from 0 to {d - 1}"
    if isinstance(coordinates, (str, bytes)) or np.ndim(coordinates) != 1:
        raise InvalidInput("coordinates", coordinates, expected)
    chosen = list(coordinates)
    whole = all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in chosen)
    if not whole or len(set(chosen)) != len(chosen) or len(chosen) not in (1, 2):
        raise InvalidInput("coordinates", coordinates, expected)
    if not all(0 <= i < d for i in chosen):
        raise InvalidInput("coordinates", coordinates, expected)
    return tuple(int(i) for i in chosen)


_Task = tuple[Kernel, Rows, int, int, tuple[int, ...], Rows, Rows, int]
_Counts = tuple[NDArray[np.int64], int, int, int]


def _histogram(task: _Task) -> _Counts:
    """Return counts of both halves of the time, those outside, escaped starts and cycles."""
    kernel, states, transient, steps, shown, low, high, bins = task
    size = bins ** len(shown)
    counts = np.zeros((2, size), dtype=np.int64)
    begun = iterate(kernel, states, transient)
    ends = iterate(kernel, begun, steps)
    stays = np.isfinite(ends).all(axis=1) & np.isfinite(begun).all(axis=1)
    now = begun[stays]
    outside, n = 0, len(now)
    on_cycle = int((cycles(kernel, ends[stays])[0] > 0).sum()) if n else 0
    most = max(1, _NUMBERS // max(1, n * kernel.dimension))
    middle = steps // 2
    for half, whole in enumerate((middle, steps - middle)):
        for first in range(0, whole if n else 0, most):
            passed = orbit(kernel, now, min(most, whole - first))
            now = np.ascontiguousarray(passed[-1])
            place, inside = _places(passed[1:], shown, low, high, bins)
            counts[half] += np.bincount(place[inside], minlength=size)
            outside += int(inside.size - inside.sum())
    return counts, outside, len(states) - n, on_cycle


def _places(
    passed: Rows, shown: tuple[int, ...], low: Rows, high: Rows, bins: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the bin of each state and whether it is one."""
    place = np.zeros(passed.shape[:2], dtype=np.int64)
    inside = np.ones(passed.shape[:2], dtype=bool)
    for i, a, b in zip(shown, low, high, strict=True):
        x = passed[:, :, i]
        inside &= (x >= a) & (x <= b)
        with np.errstate(invalid="ignore"):
            cell = np.minimum((np.clip(x, a, b) - a) * (bins / (b - a)), bins - 1)
        place = place * bins + cell.astype(np.int64)
    return place, inside


def _result(
    F: Map,
    region: Box,
    shown: tuple[int, ...],
    edges: tuple[Rows, ...],
    found: list[_Counts],
    starts: int,
    steps: int,
    transient: int,
) -> OrbitDensity:
    counts = np.array([each[0] for each in found], dtype=np.float64)
    counts = counts[counts.sum(axis=(1, 2)) > 0]
    outside = sum(each[1] for each in found)
    escaped, on_cycle = sum(each[2] for each in found), sum(each[3] for each in found)
    shape = tuple(len(e) - 1 for e in edges)
    cell = float(np.prod([e[1] - e[0] for e in edges]))
    density, errors = np.full(shape, np.nan), np.full(shape, np.nan)
    inside = counts.sum()
    if len(counts):
        whole = counts.sum(axis=1)
        # Every start weighs the same, those of a group with fewer survivors too.
        density = (whole.sum(axis=0) / inside / cell).reshape(shape)
    if len(counts) > 1:
        errors = _errors(whole, inside).reshape(shape) / cell
    return OrbitDensity(
        map=F,
        region=region,
        coordinates=shown,
        edges=edges,
        density=density,
        errors=errors,
        settled=_settled(counts),
        outside=float(outside / (outside + inside)) if outside + inside else 0.0,
        starts=starts,
        escaped=escaped,
        cycles=on_cycle,
        groups=len(found),
        steps=steps,
        transient=transient,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason="histogram of orbits in double precision from starts drawn at random; standard "
            "errors (68 %) from independent groups of starts",
        ),
    )


def _errors(whole: Rows, inside: float) -> Rows:
    """Return standard errors of the shares: of a ratio of sums over groups."""
    groups = len(whole)
    share = whole.sum(axis=0) / inside
    rest = whole - whole.sum(axis=1, keepdims=True) * share
    return np.asarray(np.sqrt(groups / (groups - 1) * (rest**2).sum(axis=0)) / inside)


def _settled(counts: Rows) -> Outcome:
    """Return whether both halves of the time agree, by their differences in the groups."""
    groups = len(counts)
    if groups < _FEWEST_GROUPS:
        return Outcome.UNDECIDED
    totals = counts.sum(axis=2, keepdims=True)
    if not totals.all():
        return Outcome.UNDECIDED
    first, second = np.moveaxis(counts / totals, 1, 0)
    apart = first - second
    error = apart.std(axis=0, ddof=1) / np.sqrt(groups)
    filled = counts.sum(axis=(0, 1)) >= 10 * groups
    seen = (error > 0) & filled
    if not seen.any():
        # The same in all groups, as on one cycle, or too little everywhere to tell.
        return Outcome.YES if filled.any() else Outcome.UNDECIDED
    from scipy.stats import t as student

    # Bins depend on each other: the largest difference, by Bonferroni's bound.
    largest = float((np.abs(apart.mean(axis=0)[seen]) / error[seen]).max())
    chance = 2.0 * float(student.sf(largest, groups - 1)) * int(seen.sum())
    if chance < _DRIFT_SEEN:
        return Outcome.NO
    return Outcome.UNDECIDED if chance < _DRIFT_LIKELY else Outcome.YES
