"""All periodic orbits up to some period, with a cloud of the states they carry."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.iteration import iterate, orbit
from ..errors import InvalidInput
from ..evidence import Evidence
from ..maps.base import Map
from ..regions import Region, positive_count
from ..results import Result, plain
from .choice import chosen
from .display import region_text
from .exact.time_limit import checked_seconds
from .fixed_points import asked
from .orbit_set import OrbitSet
from .periodic_orbit import PeriodicOrbit
from .question import OrbitMethod, undecided

__all__ = ["PeriodCount", "Skeleton", "skeleton"]

_STARTS, _BEFORE, _STEPS = 64, 1000, 400  # of the cloud


@dataclass(frozen=True, kw_only=True)
class PeriodCount:
    """How many orbits a search found for one period: a line of a table.

    Parameters
    ----------
    period : int
    orbits : int
        Orbits of this least period.
    points : int or None
        Solutions of F^p(x) = x among the orbits found, those of shorter periods included. None
        where a divisor of the period was not searched, or where there are families.
    growth : float or None
        log(points) / period.
    complete : bool
        Whether these are all in the region.
    unresolved : int
        Clusters that stayed undecided.
    boxes : int or None
        Boxes examined.
    """

    period: int
    orbits: int
    points: int | None
    growth: float | None
    complete: bool
    unresolved: int
    boxes: int | None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Skeleton(Result):
    """The periodic orbits of a map, period by period; iterates over all of them.

    ``skeleton[p]`` is the `OrbitSet` of period p.

    Parameters
    ----------
    map : Map
    region : Region or None
    periods : tuple of int
        Growing.
    sets : tuple of OrbitSet
        One for each period.
    cloud : ndarray, shape (n, d)
        States that starts in the region come to in the long run, for the picture; empty where all
        of them escape. Numerical, read-only.
    evidence : Evidence
        Of the weakest of the sets; it does not speak of the cloud.
    """

    map: Map
    region: Region | None
    periods: tuple[int, ...]
    sets: tuple[OrbitSet, ...]
    cloud: NDArray[np.float64]
    evidence: Evidence

    def __post_init__(self) -> None:
        self.cloud.setflags(write=False)

    def __iter__(self) -> Iterator[PeriodicOrbit]:
        return (orbit for found in self.sets for orbit in found.orbits)

    def __len__(self) -> int:
        return sum(len(found.orbits) for found in self.sets)

    def __getitem__(self, period: int) -> OrbitSet:
        if period not in self.periods:
            known = ", ".join(map(str, self.periods))
            raise InvalidInput("period", period, f"a period that was searched ({known})")
        return self.sets[self.periods.index(period)]

    @property
    def complete(self) -> bool:
        """Whether there are no other orbits of these periods in the region."""
        return all(found.complete for found in self.sets)

    @property
    def counts(self) -> tuple[PeriodCount, ...]:
        """One line for each period."""
        return tuple(self._line(period) for period in self.periods)

    def _line(self, period: int) -> PeriodCount:
        found = self[period]
        divisors = [q for q in range(1, period + 1) if period % q == 0]
        points = None
        if set(divisors) <= set(self.periods) and not any(self[q].families for q in divisors):
            points = sum(q * len(self[q].orbits) for q in divisors)
        return PeriodCount(
            period=period,
            orbits=len(found.orbits),
            points=points,
            growth=math.log(points) / period if points else None,
            complete=found.complete,
            unresolved=len(found.clusters),
            boxes=found.boxes,
        )

    def headline(self) -> str:
        where = self.map.describe()
        if self.region is not None:
            where += f" {region_text(self.region)}"
        return f"{self._total()} of {where}; {self._state()}"

    def summary(self) -> str:
        """Return the headline without the map and the region."""
        return f"{self._total()}; {self._state()}"

    def _total(self) -> str:
        return f"{len(self)} orbit{'' if len(self) == 1 else 's'} of {_span(self.periods)}"

    def _state(self) -> str:
        return "complete" if self.complete else "not known to be complete"

    def rows(self) -> list[tuple[str, str]]:
        lines = self.counts
        rows = [
            ("periods", _listed(line.period for line in lines)),
            ("orbits", _listed(line.orbits for line in lines)),
            ("points", _listed("?" if line.points is None else line.points for line in lines)),
        ]
        if lines[-1].growth is not None:
            rows.append(("log(points)/period", f"{lines[-1].growth:.6g} at the last period"))
        open_ones = [line.period for line in lines if not line.complete]
        if open_ones:
            many = "period" if len(open_ones) == 1 else "periods"
            rows.append(("open", f"{many} {_listed(open_ones)}: {self[open_ones[0]].why}"))
        else:
            boxes = [line.boxes for line in lines]
            why = "the list of every period is complete"
            if None not in boxes:
                why += f"; {sum(filter(None, boxes))} boxes examined, none undecided"
            rows.append(("complete", why))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def _repr_html_(self) -> str:
        names = ("period", "orbits", "points", "log(points)/period", "complete", "unresolved")
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(line))}</tr>"
            for line in self.counts
        )
        return (
            f"<p><b>{html.escape(self.headline())}</b></p><table><tr>{head}</tr>{body}</table>"
            f"<p>{html.escape(str(self.evidence))}</p>"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "region": None if self.region is None else self.region.describe(),
            "counts": [plain(vars(line)) for line in self.counts],
            "sets": [found.to_dict() for found in self.sets],
            "cloud": len(self.cloud),
        }


def skeleton(
    F: Map,
    region: Region | None = None,
    *,
    periods: Iterable[int] = range(1, 9),
    method: OrbitMethod | None = None,
    seconds: float = 60,
    rng: np.random.Generator | int | None = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> Skeleton:
    """Return the orbits of several periods: the skeleton of a chaotic attractor.

    Parameters
    ----------
    F : Map
        With values for all parameters.
    region : Region, optional
        As for `periodic_orbits`.
    periods : iterable of int
        Least periods, each at least 1. Repeated ones count once.
    method : OrbitMethod, optional
        As for `periodic_orbits`, chosen anew for each period where none is given.
    seconds : float
        Time limit for all periods together; they are searched in growing order.
    rng : Generator or int, optional
        For the cloud, and for methods that draw starts.
    progress : callable, optional
        Called as ``progress(done, known)``, anew for each period.

    Returns
    -------
    Skeleton

    Raises
    ------
    InvalidInput
        As for `periodic_orbits`; for parameters without a value, and for periods that are none.

    Notes
    -----
    With n_q orbits of least period q, F^p has P_p = Σ_{q | p} q n_q isolated fixed points. For
    hyperbolic sets log(P_p)/p tends to the topological entropy; at a finite p it is an estimate of
    it, not a bound [1]_.

    References
    ----------
    .. [1] Galias (2001), Interval methods for rigorous investigations of periodic orbits.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, SymbolicMap
    >>> found = skeleton(SymbolicMap([4*x*(1 - x)], [x]), Box([0], [1]), periods=range(1, 7))
    >>> [line.orbits for line in found.counts], [line.points for line in found.counts]
    ([2, 1, 2, 3, 6, 9], [2, 4, 8, 16, 32, 64])
    """
    wanted = _checked(periods)
    ends = time.monotonic() + checked_seconds(seconds)
    rng = np.random.default_rng(rng)
    questions = [asked(F, region, p, seconds, rng, progress, None) for p in wanted]
    if F.parameters:
        remedy = f"write F.at({F.parameters[0]}=...)"
        raise InvalidInput("F", F.describe(), "values for all parameters", remedy)
    cloud = _cloud(F, region, rng)
    sets = []
    for question in questions:
        left = ends - time.monotonic()
        if left <= 0:
            late = f"{seconds:g} s had passed before this period's turn; allow more seconds"
            sets.append(undecided(question, late))
            continue
        question = replace(question, seconds=left)
        sets.append(chosen(question, method).answer(question))
    worst = max(sets, key=lambda found: found.evidence.grade.rank)
    sources = dict.fromkeys(key for found in sets for key in found.evidence.sources)
    return Skeleton(
        map=F,
        region=region,
        periods=wanted,
        sets=tuple(sets),
        cloud=cloud,
        evidence=replace(worst.evidence, sources=tuple(sources)),
    )


def _checked(periods: Iterable[int]) -> tuple[int, ...]:
    try:
        wanted = tuple(sorted({positive_count(p, "periods") for p in periods}))
    except TypeError:
        expected = "whole numbers of at least 1"
        raise InvalidInput("periods", periods, expected, "for example range(1, 9)") from None
    if not wanted:
        raise InvalidInput("periods", "none", "at least one period")
    return wanted


def _cloud(F: Map, region: Region | None, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return states on what attracts the starts of a region."""
    if region is None:
        return np.empty((0, F.dimension))
    points = region.sample(_STARTS, rng=rng)
    states = points if points.shape[1] == F.dimension else F.lift(points)
    with np.errstate(all="ignore"):
        late = iterate(F.kernel(), states, _BEFORE)
        path = orbit(F.kernel(), late, _STEPS).reshape(-1, F.dimension)
    return np.ascontiguousarray(path[np.isfinite(path).all(axis=1)])


def _span(periods: tuple[int, ...]) -> str:
    if len(periods) == 1:
        return f"period {periods[0]}"
    if periods == tuple(range(periods[0], periods[-1] + 1)):
        return f"periods {periods[0]} to {periods[-1]}"
    return f"{len(periods)} periods up to {periods[-1]}"


def _listed(values: Iterable[Any]) -> str:
    texts = [str(value) for value in values]
    if len(texts) <= 24:
        return ", ".join(texts)
    return ", ".join([*texts[:20], "…", *texts[-3:]])


def _cells(line: PeriodCount) -> tuple[str, ...]:
    return (
        str(line.period),
        str(line.orbits),
        "?" if line.points is None else str(line.points),
        "" if line.growth is None else f"{line.growth:.6f}",
        "yes" if line.complete else "not known",
        str(line.unresolved),
    )
