"""Crises of maps of the line: neighbours compared, jumps halved, then solved for to rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, computed
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...regions import Box, positive_count
from ..continuation.beginning import checked_range
from ..parametric import parametric
from .crises_result import Crises
from .crisis import Crisis, CrisisSide
from .jumps import Jump, difference, jumps_between
from .kinds import CrisisKind
from .landing import Landing, landing, orbit_of
from .looking import Seen
from .reading import Reading, reading
from .turning_points import turning_points
from .watching import Watch

__all__ = ["crises"]

_SOURCES = ("grebogi1982chaotic", "grebogi1983crises")
_BRACKET = 1e-6  # of the range: brackets within which landings are looked for
_OFFSETS = (3e-3, 3e-4)  # of the range: where it is asked who ends with whom
_LOSSES = (CrisisKind.MERGING, CrisisKind.BOUNDARY, CrisisKind.BLOW_UP)
_GRAPH = 401  # points of a graph
_STEPS = 24  # from a turning point to the unstable orbit, at most


def crises(
    F: Map,
    region: Box,
    *,
    parameter: str,
    to: tuple[Any, Any],
    values: int = 201,
    bands: int = 16,
    budget: Budget | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> Crises:
    """Return where attractors of a map of the line merge, burst, or are lost.

    Parameters
    ----------
    F : Map
        Of one dimension, smooth, with one parameter open. For a map with an invariant line use
        its restriction to that.
    region : Box
        An interval with all turning points of the map.
    parameter : str
        Name of the open parameter.
    to : tuple of two numbers
        Ends of the parameter range, in any order.
    values : int
        How many evenly spaced values are compared with their neighbours. What begins and ends
        between two of them, as most windows of periodic behaviour do, is passed over.
    bands : int
        Largest number of bands of an attractor that are told apart.
    budget : Budget, optional
        ``horizon``, beyond which an orbit has escaped, and ``arithmetic`` count.
    executor : concurrent.futures.Executor, optional
        Who computes; the answer does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``, first for the values and then for the jumps.

    Returns
    -------
    Crises
        Graded NUMERICAL. That a turning point lands on the orbit, in a tiny interval of parameter
        values, is proved where it is asked for: see ``Crisis.enclosure``.

    Raises
    ------
    InvalidInput
        For maps of several dimensions or without formulas, an unknown parameter or several open
        ones, a range without extent, and wrong types.

    Notes
    -----
    The edges of chaotic bands of a map of the line are images of its turning points, the zeros c
    of F' where that changes its sign. A crisis happens where such an edge lands on an unstable
    periodic orbit x*: F^n(c(λ); λ) = x*(λ) [1]_. The orbits of the turning points and of points
    next to them are watched at each value: which escape, which end together, and through how many
    disjoint bands they go. Where neighbouring values differ the bracket is halved until it is a
    millionth of the range; where orbits find a new way out only slowly, which close to a crisis
    takes a time like one over the square root of the distance, more steps are taken. Then the
    orbits of the turning points tell n and x*: the smallest n + q for which F^n(c) lies next to
    an unstable orbit of period q and F^n(c) - x* has a root by Brent's method, with c and x*
    followed to each parameter value. An orbit that is neutral at every value, such as the saddle
    at zero of a product of more than two factors, is found as a repeated factor of F(x) - x.

    A jump without such a landing is listed as undecided if orbits escape or change company on one
    side. If there is a cycle on one side, or the extent changes alone, a window opens there, see
    ``windows``.

    References
    ----------
    .. [1] Grebogi, Ott, Yorke (1983), Crises, sudden changes in chaotic attractors, and transient
       chaos, Physica D 7.

    Examples
    --------
    >>> from sympy.abc import eta, u
    >>> from dynsys_gd import Box, SymbolicMap
    >>> line = SymbolicMap([u - eta*(u**2 - 1)*u], [u])  # two equal factors
    >>> found = crises(line, Box([-2], [2]), parameter="eta", to=(1.59, 1.61), values=3)
    >>> found[0]
    Attractor merging at eta = 1.598076211353
      ...
      turning point: ..., after 2 steps at 0
      unstable: fixed point, multiplier 2.59808
      ...
    """
    watch, grid = _asked(F, region, parameter, to, values, bands, budget)
    checked_executor(executor)
    checked_progress(progress)

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total)

    seen: list[Seen] = []
    spacing = float(grid[1] - grid[0])
    for each in computed(_look, ((watch, float(v), spacing) for v in grid), executor):
        seen.append(each)
        tell(len(seen), len(grid))
    length = watch.interval[1] - watch.interval[0]
    pairs = [
        (watch, one, other)
        for one, other in pairwise(seen)
        if difference(one, other, length)[0] > 0.0
    ]
    found: list[Crisis] = []
    windows: list[tuple[float, float]] = []
    for k, answers in enumerate(computed(_crises_between, iter(pairs), executor)):
        tell(len(grid) + k + 1, len(grid) + len(pairs))
        for answer in answers:
            if isinstance(answer, Crisis):
                found.append(answer)
            else:
                windows.append(answer)
    return Crises(
        map=F,
        parameter=parameter,
        region=region,
        found=tuple(sorted(_once(found), key=lambda crisis: crisis.value)),
        windows=tuple(sorted(windows)),
        values=grid,
        low=tuple(_ends(each, 0) for each in seen),
        high=tuple(_ends(each, 1) for each in seen),
        escaping=np.array([float(each.gone.mean()) if len(each) else 0.0 for each in seen]),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"orbits of turning points at {len(grid)} values and next to jumps; what begins "
            "and ends between two values is not seen",
            sources=_SOURCES,
        ),
    )


def _asked(
    F: Any, region: Any, parameter: Any, to: Any, values: Any, bands: Any, budget: Any
) -> tuple[Watch, Any]:
    system = parametric(F, parameter)
    if F.expression is None:
        raise InvalidInput("F", F.describe(), "a map with formulas")
    if F.dimension != 1:
        remedy = "restricted(F, basis) gives the map on an invariant line, and follow_attractors "
        remedy += "with halvings brackets where attractors merge or die in any dimension"
        raise InvalidInput("F", F.describe(), "a map of one dimension", remedy)
    if not isinstance(region, Box):
        raise InvalidInput("region", region, "a Box", "Box([-2], [2])")
    if region.dimension != 1:
        raise InvalidInput("region", f"dimension {region.dimension}", "dimension 1")
    low, high = checked_range(to)
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(horizon=1e6)")
    count = positive_count(values, "values")
    if count < 2:
        raise InvalidInput("values", values, "at least 2")
    watch = Watch(
        system=system,
        to=(low, high),
        interval=(float(region.low[0]), float(region.high[0])),
        cap=positive_count(bands, "bands"),
        budget=Budget() if budget is None else budget,
    )
    return watch, np.linspace(low, high, count)


def _look(task: tuple[Watch, float, float]) -> Seen:
    watch, value, spacing = task
    return watch.at(value, spacing)


def _crises_between(
    task: tuple[Watch, Seen, Seen],
) -> list[Crisis | tuple[float, float]]:
    """Return the crises between two neighbouring values, and brackets of opening windows."""
    watch, below, above = task
    answers = _answers(watch, below, above)
    unsure = (a.confirmed is Outcome.UNDECIDED for a in answers if isinstance(a, Crisis))
    return _answers(replace(watch, patient=True), below, above) if any(unsure) else answers


def _answers(watch: Watch, below: Seen, above: Seen) -> list[Crisis | tuple[float, float]]:
    width = _BRACKET * (watch.to[1] - watch.to[0])
    jumps = jumps_between(watch, below, above, width)
    return [answer for jump in jumps for answer in _read(watch, jump)]


def _read(watch: Watch, jump: Jump) -> Iterator[Crisis | tuple[float, float]]:
    read = reading(jump)
    middle = 0.5 * (jump.below.value + jump.above.value)
    points = turning_points(watch.system, middle, watch.interval)
    landed = landing(
        watch.system, points, jump.interval, watch.interval, longest=_STEPS, cap=watch.cap
    )
    if landed is not None:
        yield _crisis(watch, jump, _farther(watch, read, landed.value), landed)
    elif read.kind in _LOSSES and jump.score > 1.0 and not read.before.settled[read.group]:
        yield _crisis(watch, jump, read, None)
    elif read.kind is not CrisisKind.BAND_MERGING and jump.score > 1.0:
        # Next to a fold orbits settle slowly, so that a cycle cannot be told from narrow bands.
        yield jump.interval


def _farther(watch: Watch, read: Reading, value: float) -> Reading:
    """Return how a change of company reads a little farther off, where less time is needed.

    Close by, orbits that pass a neutral orbit may all be near it whenever they are looked at.
    """
    if read.kind not in (CrisisKind.MERGING, CrisisKind.BOUNDARY):
        return read
    length = watch.to[1] - watch.to[0]
    for offset in _OFFSETS:
        below, above = (
            watch.at(value + side * offset * length, _BRACKET * length) for side in (-1, 1)
        )
        score, groups = difference(below, above, watch.interval[1] - watch.interval[0])
        if read.group not in groups:
            continue
        farther = reading(Jump(below=below, above=above, groups=groups, score=score))
        same_way = (farther.before.value < value) is (read.before.value < value)
        if farther.kind in _LOSSES and same_way:
            return farther
    return read


def _crisis(watch: Watch, jump: Jump, read: Reading, landed: Landing | None) -> Crisis:
    system = watch.system
    shared: dict[str, Any] = {
        "map": system.F,
        "parameter": system.parameter,
        # Where a turning point lands on an unstable orbit, the smaller set is no window's cycle.
        "kind": CrisisKind.INTERIOR if read.kind is None else read.kind,
        "before": _side(read.before, read.group),
        "after": _side(read.after, read.group),
    }
    if landed is None:
        low, high = jump.interval
        return Crisis(
            **shared,
            confirmed=Outcome.UNDECIDED,
            value=0.5 * (low + high),
            interval=(low, high),
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason="orbits differ between the ends of the interval; no turning point was found "
                f"to land on an unstable orbit within {_STEPS} steps",
                sources=_SOURCES,
            ),
        )
    path = orbit_of(system, landed.turning_point, landed.value, landed.steps)
    # Of attractors that change alike, as mirror images do, the one with this turning point.
    own = int(np.abs(read.before.starts[:, 0] - landed.turning_point).argmin())
    if own in jump.groups and _alike(read, own):
        shared |= {"before": _side(read.before, own), "after": _side(read.after, own)}
    return Crisis(
        **shared,
        confirmed=Outcome.YES,
        value=landed.value,
        interval=landed.interval,
        path=path[:, None],
        points=landed.orbit[:, None],
        multipliers=np.array([complex(landed.multiplier)]),
        residual=landed.residual,
        graph=_graph(watch, landed.value),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="F^n(c) - x* changes its sign in floating point, residual "
            f"{landed.residual:.1e}; attractors on both sides by finite orbits",
            sources=_SOURCES,
        ),
    )


def _alike(read: Reading, k: int) -> bool:
    """Return whether another group goes through as many bands as the one that was read from."""
    return all(
        len(seen) > k and seen.bands[k] == seen.bands[read.group]
        for seen in (read.before, read.after)
    )


def _graph(watch: Watch, value: float) -> NDArray[np.float64]:
    system = watch.system
    x = np.linspace(*watch.interval, _GRAPH)[:, None]
    return np.hstack([x, system.at(x, value)[0]])


def _side(seen: Seen, group: int) -> CrisisSide:
    return CrisisSide(
        value=seen.value,
        attractors=len(set(seen.attractor[~seen.gone].tolist())),
        escaping=int(seen.gone.sum()),
        boxes=seen.boxes[group].copy(),
    )


def _once(found: list[Crisis]) -> Iterator[Crisis]:
    """Yield crises, those next to a value that was looked at from both sides once only."""
    known: list[Crisis] = []
    for crisis in found:
        twice = any(
            abs(crisis.value - other.value) <= 1e-12 * max(1.0, abs(crisis.value))
            for other in known
        )
        if not twice:
            known.append(crisis)
            yield crisis


def _ends(seen: Seen, which: int) -> Any:
    """Return ends of the bands of all attractors in the first coordinate."""
    boxes = [each for each in seen.boxes if len(each)]
    return np.concatenate([each[:, which, 0] for each in boxes]) if boxes else np.empty(0)
