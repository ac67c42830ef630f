"""What orbits do: do all converge, is there a stable cycle, do they stay in a region?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...cells.cell_graph import cell_graph
from ...ensembles.fates import Fate
from ...ensembles.simulate import simulate
from ...evidence import Grade, Outcome
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.kinds import Kind
from ...orbits.orbit_set import OrbitSet
from ...orbits.periodic_orbit import PeriodicOrbit
from ...orbits.periodic_orbits import periodic_orbits
from ...regions import Box
from ...results import Result
from ..claim import Instance, Observation
from ..declare import observed, yes_if

__all__ = ["every_start_converges", "recurs", "region_is_kept", "sinks", "stable_cycle"]

_CLEARLY = 1e-6  # of the sides of a region, beyond which a point has left it
_LONGEST = 64  # period that an orbit is looked at for
_STARTS = 400  # that look for a cycle where the certified search leaves the question open


def every_start_converges(
    instance: Instance, conclusion: str, *, starts: NDArray[np.float64], within: float
) -> Observation:
    """Return whether all starts converge to the same minimum, to the stated distance."""
    fates = simulate(instance.F, starts)
    reached = fates.limit[fates.where(Fate.CONVERGED)]
    together = len(reached) == len(starts) and float(np.ptp(reached, axis=0).max()) <= within
    return observed(
        conclusion,
        yes_if(together),
        grade=Grade.NUMERICAL,
        reason=f"{len(starts)} starts",
        detail=fates.headline(),
        results=(fates,),
    )


def stable_cycle(instance: Instance, conclusion: str, *, period: int) -> Observation:
    """Return whether a stable cycle of this period lies in the region, by Krawczyk's test.

    Where the test neither finds one nor completes the list, random starts are asked: that none of
    them cycles is numerical evidence only. The orbits found come with the observation.
    """
    box = instance.region
    found = periodic_orbits(instance.F, box, period=period, method=Krawczyk())
    sink = next(sinks(found), None)
    detail = found.headline() if sink is None else sink.headline()
    seen = observed(
        conclusion,
        yes_if(sink is not None),
        grade=Grade.CERTIFIED,
        reason="Krawczyk's test",
        detail=detail,
        results=(found,),
    )
    if sink is not None or found.complete:
        return seen
    fates = simulate(instance.F, box.sample(_STARTS, rng=instance.rng("starts")))
    none = fates.count(Fate.CYCLING) == 0
    finding = observed(
        conclusion,
        Outcome.NO if none else Outcome.UNDECIDED,
        grade=Grade.NUMERICAL,
        reason=f"{_STARTS} random starts",
        detail=fates.headline(),
    ).finding
    return replace(seen, finding=finding)


def sinks(result: Result) -> Iterator[PeriodicOrbit]:
    """Yield the stable orbits of a list of orbits; nothing for other results."""
    orbits = result if isinstance(result, OrbitSet) else ()
    isolated = (orbit for orbit in orbits if isinstance(orbit, PeriodicOrbit))
    return (orbit for orbit in isolated if orbit.kind is Kind.SINK)


def region_is_kept(instance: Instance, *, depth: int) -> tuple[Outcome, str]:
    """Return whether the map takes the region, a box, into itself, and what was seen.

    YES by images of 2^depth cells in interval arithmetic, NO by a point that leaves, by far more
    than it is rounded.
    """
    if not isinstance(instance.region, Box):
        return Outcome.UNDECIDED, "the region is not a box"
    graph = cell_graph(instance.F, instance.region, depth=depth)
    told = f"{int(graph.escaping.sum())} of {len(graph.escaping)} cells may leave the region"
    if not graph.escaping.any():
        return Outcome.YES, told
    box = graph.box
    images = instance.F(box.sample(len(graph.escaping), rng=instance.rng("region")))
    room = _CLEARLY * (np.asarray(box.high) - np.asarray(box.low))
    leaves = bool((images < box.low - room).any() or (images > box.high + room).any())
    return (Outcome.NO if leaves else Outcome.UNDECIDED), told


def recurs(values: NDArray[np.float64], within: float) -> bool:
    """Return whether the last value of an orbit is one of those just before: a rest, or a cycle.

    An orbit that still moves, however slowly, does not recur.

    Examples
    --------
    >>> recurs(np.array([3.0, 1.0, 2.0, 1.0]), 1e-12), recurs(1 / np.arange(1.0, 1e4), 1e-12)
    (True, False)
    """
    before = values[:-1][-_LONGEST:]
    return bool(np.any(np.abs(before - values[-1]) <= within * abs(values[-1])))
