"""What a search found: orbits and families, and whether the list is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..errors import UndecidedError
from ..evidence import Evidence, Outcome
from ..maps.base import Map
from ..regions import Region
from ..results import Result
from .cluster import Cluster
from .critical_manifold import CriticalManifold, where_text
from .display import bounds_text, interval_text, region_text
from .kinds import CriticalKind, Kind
from .periodic_orbit import PeriodicOrbit

if TYPE_CHECKING:
    import networkx

__all__ = ["Minima", "OrbitSet"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrbitSet(Result):
    """The fixed points or periodic orbits of a map; iterates over orbits, then families.

    Parameters
    ----------
    title : str
        What was looked for.
    orbits : tuple of PeriodicOrbit
        Isolated ones, sorted by their first point.
    families : tuple of CriticalManifold
    complete : bool
        Whether there are no others (in the region).
    why : str
        The argument for completeness, or what is missing and what to try.
    region : Region or None
        None for the whole space.
    meetings : dict
        For pairs of families (their places), whether they have a real point in common.
    clusters : tuple of Cluster
        Connected sets of boxes that a certified search left undecided.
    boxes : int or None
        How many boxes a certified search examined, or starts a numerical one.
    map : Map or None
        The map a certified search was for: what it left can be taken up for this map only.
    evidence : Evidence
    """

    title: str
    orbits: tuple[PeriodicOrbit, ...]
    families: tuple[CriticalManifold, ...] = ()
    complete: bool
    why: str
    evidence: Evidence
    region: Region | None = None
    meetings: dict[tuple[int, int], Outcome] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()
    boxes: int | None = None
    map: Map | None = None

    def __iter__(self) -> Iterator[PeriodicOrbit | CriticalManifold]:
        return iter((*self.orbits, *self.families))

    def __len__(self) -> int:
        return len(self.orbits) + len(self.families)

    def __getitem__(self, place: int) -> PeriodicOrbit | CriticalManifold:
        return list(self)[place]

    def __bool__(self) -> bool:
        if not len(self) and not self.complete:
            raise UndecidedError(f"nothing was found, but the list is not complete: {self.why}")
        return len(self) > 0

    def headline(self) -> str:
        counts = []
        if self.families:
            counts.append(_count(len(self.families), "family", "families"))
        if self.orbits or not self.families:
            one = "point" if all(o.period == 1 for o in self.orbits) else "orbit"
            if not self.orbits and "period" in self.title:
                one = "orbit"
            counts.append(_count(len(self.orbits), one, one + "s"))
        if self.clusters:
            counts.append(_count(len(self.clusters), "unresolved cluster", "unresolved clusters"))
        state = "complete" if self.complete else "not known to be complete"
        where = "" if self.region is None else f" {region_text(self.region)}"
        return f"{self.title}{where}: {_joined(counts)}; {state}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("family", _family_line(family)) for family in self.families]
        rows += [(_label(orbit), _orbit_line(orbit)) for orbit in self.orbits]
        rows += [("unresolved", _cluster_line(cluster)) for cluster in self.clusters]
        hidden = len(rows) - 8
        if hidden > 0:
            rows = [*rows[:8], ("…", f"{hidden} more, by index or in a loop")]
        rows.append(("complete" if self.complete else "open", self.why))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def _repr_html_(self) -> str:
        import html

        lines = [(f"<td>{_label(o)}</td>", _orbit_line(o)) for o in self.orbits]
        lines = [("<td>family</td>", _family_line(f)) for f in self.families] + lines
        lines += [("<td>unresolved</td>", _cluster_line(c)) for c in self.clusters]
        body = "".join(
            f"<tr><td style='text-align:right'>{k}</td>{label}"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for k, (label, text) in enumerate(lines)
        )
        state = html.escape(f"{'Complete' if self.complete else 'Open'}: {self.why}")
        return (
            f"<p><b>{html.escape(self.headline())}</b></p><table>{body}</table>"
            f"<p>{state}</p><p>{html.escape(str(self.evidence))}</p>"
        )

    def latex(self) -> str | None:
        """Return one line for each orbit and family."""
        lines = [part for item in (*self.families, *self.orbits) if (part := item.latex())]
        if not lines:
            return None
        return r"\begin{aligned}" + r" \\ ".join(f"& {line}" for line in lines) + r"\end{aligned}"

    def meeting_graph(self) -> networkx.Graph:
        """Return the graph of families (nodes 0, 1, …) with an edge where two of them meet.

        Edges carry ``outcome``: YES where they share a real point, UNDECIDED where that is not
        known; proved disjoint families have no edge. Nodes carry the family.
        """
        import networkx

        graph = networkx.Graph()
        for place, family in enumerate(self.families):
            graph.add_node(place, family=family)
        for (i, j), outcome in self.meetings.items():
            if outcome is not Outcome.NO:
                graph.add_edge(i, j, outcome=outcome)
        return graph

    def minima(self) -> Minima:
        """Return the points and families where the loss has a minimum, undecided ones apart."""
        everything: tuple[PeriodicOrbit | CriticalManifold, ...] = (*self.orbits, *self.families)
        found = tuple(item for item in everything if item.critical is CriticalKind.MINIMUM)
        open_ones = tuple(item for item in everything if _may_be_minimum(item))
        return Minima(
            orbits=tuple(item for item in found if isinstance(item, PeriodicOrbit)),
            families=tuple(item for item in found if isinstance(item, CriticalManifold)),
            undecided=open_ones,
            complete=self.complete and not open_ones,
            why=self.why
            if not open_ones
            else f"{len(open_ones)} critical sets are neither proved minima nor proved not to be",
            evidence=self.evidence,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "orbits": [orbit.to_dict() for orbit in self.orbits],
            "families": [family.to_dict() for family in self.families],
            "clusters": [cluster.to_dict() for cluster in self.clusters],
            "boxes": self.boxes,
            "complete": self.complete,
            "why": self.why,
            "region": None if self.region is None else self.region.describe(),
            "meetings": [[i, j, outcome.value] for (i, j), outcome in self.meetings.items()],
        }


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Minima(Result):
    """The minima among the critical points of a loss, local or global.

    Parameters
    ----------
    orbits : tuple of PeriodicOrbit
        Isolated minima.
    families : tuple of CriticalManifold
        Families of minima.
    undecided : tuple
        Critical points and families that may or may not be minima.
    complete : bool
        Whether `orbits` and `families` are all local minima of the loss.
    why : str
    evidence : Evidence
    """

    orbits: tuple[PeriodicOrbit, ...]
    families: tuple[CriticalManifold, ...]
    undecided: tuple[PeriodicOrbit | CriticalManifold, ...]
    complete: bool
    why: str
    evidence: Evidence

    def headline(self) -> str:
        families = [_count(len(self.families), "family", "families")] if self.families else []
        points = _count(len(self.orbits), "isolated point", "isolated points")
        state = "complete" if self.complete else "not known to be complete"
        return f"Minima: {' and '.join([*families, points])}; {state}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("family", _family_line(family)) for family in self.families]
        rows += [("point", _orbit_line(orbit)) for orbit in self.orbits]
        rows += [("undecided", item.where()) for item in self.undecided]
        hidden = len(rows) - 8
        if hidden > 0:
            rows = [*rows[:8], ("…", f"{hidden} more in .families, .orbits and .undecided")]
        return [*rows, ("evidence", str(self.evidence))]


def _may_be_minimum(item: PeriodicOrbit | CriticalManifold) -> bool:
    """Return whether neither "minimum" nor "no minimum" is proved."""
    if isinstance(item, CriticalManifold):
        return item.critical is not CriticalKind.MINIMUM and not item.no_minimum
    return item.critical is CriticalKind.UNDECIDED


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _cluster_line(cluster: Cluster) -> str:
    return f"{cluster.where()}: {cluster.obstacle}, {_count(len(cluster.boxes), 'box', 'boxes')}"


def _label(orbit: PeriodicOrbit) -> str:
    if orbit.critical is not None and orbit.critical is not CriticalKind.UNDECIDED:
        return str(orbit.critical)
    return "point" if orbit.period == 1 else f"period {orbit.period}"


def _orbit_line(orbit: PeriodicOrbit) -> str:
    kind = "" if orbit.kind is Kind.UNDECIDED else f"{orbit.kind_text()}, "
    text = f"{orbit.where()}: {kind}{' '.join(orbit.spectrum())}"
    if orbit.step_sizes is not None:
        text += f"; stable for {interval_text(orbit.step_sizes, orbit.parameter or '')}"
    elif orbit.critical_step is not None:
        text += f"; critical step size {bounds_text(*orbit.critical_step)}"
    return text


def _family_line(family: CriticalManifold) -> str:
    text = f"{family.where()}, dimension {family.dimension}"
    if family.critical is not None and family.critical is not CriticalKind.UNDECIDED:
        text += f", {family.critical}"
    if family.stable_part is sp.false and family.unstable_part is sp.false:
        text += "; neutral everywhere"
    elif family.stable_part is not None:
        stable = where_text(family.stable_part)
        text += f"; stable {stable}" if len(stable) <= 90 else "; stable part in .stable_part"
    return text
