"""What ``dynsys-gd orbits`` counts for each period, and the table it prints."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..maps.base import Map
from ..orbits.kinds import Kind
from ..orbits.orbit_set import OrbitSet
from ..orbits.periodic_orbits import periodic_orbits
from ..orbits.question import OrbitMethod
from ..regions import Box

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["PeriodRow", "counted", "orbit_table"]

_FAMILY = "family"
_HEADS = {
    str(Kind.SINK): "sinks",
    "flip saddle": "flip\nsaddles",
    "regular saddle": "regular\nsaddles",
    str(Kind.SADDLE): "saddles",
    str(Kind.SOURCE): "sources",
    str(Kind.NEUTRAL): "neutral",
    str(Kind.UNDECIDED): "kind\nundecided",
    _FAMILY: "families",
}
_ROOMY = 100  # columns of a terminal from which cells get space around them


@dataclass(frozen=True, eq=False)
class PeriodRow:
    """The orbits of one least period.

    Parameters
    ----------
    period : int
    found : OrbitSet
    seconds : float
        Wall time.
    """

    period: int
    found: OrbitSet
    seconds: float

    def kinds(self) -> Counter[str]:
        """Return how many orbits there are of each kind, and how many families."""
        count = Counter(orbit.kind_text() for orbit in self.found.orbits)
        count[_FAMILY] += len(self.found.families)
        return +count

    def sentence(self) -> str:
        """Return the row as one line for the log."""
        count = _several(len(self.found.orbits), "fixed point" if self.period == 1 else "orbit")
        state = "complete" if self.found.complete else "not known to be complete"
        return f"period {self.period}: {count}, {state}"


def counted(
    F: Map,
    box: Box,
    periods: Sequence[int],
    *,
    method: OrbitMethod | None,
    seconds: float,
    progress: Callable[[int, int], Any] | None = None,
) -> Iterator[PeriodRow]:
    """Yield one row for each period, as it is ready; `progress` as for `periodic_orbits`."""
    for period in periods:
        begin = time.perf_counter()
        found = periodic_orbits(
            F, box, period=period, method=method, seconds=seconds, progress=progress
        )
        yield PeriodRow(period, found, time.perf_counter() - begin)


def points_of_power(rows: Sequence[PeriodRow], period: int) -> str:
    """Return the number of points with F^n(x) = x: those of all orbits whose period divides n.

    A dash where such a period was not asked for; with "≥" where a list may not be complete.
    """
    known = {row.period: row.found for row in rows}
    divisors = [int(d) for d in sp.divisors(period)]
    if any(d not in known for d in divisors):
        return "–"
    if any(known[d].families for d in divisors):
        return "∞"
    total = sum(d * len(known[d].orbits) for d in divisors)
    return f"{'' if all(known[d].complete for d in divisors) else '≥ '}{total}"


def orbit_table(F: Map, box: Box, rows: Sequence[PeriodRow], *, width: int) -> RenderableType:
    """Return the table for a terminal of so many columns; below it what is known, and what not."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    kinds = [kind for kind in _HEADS if any(row.kinds()[kind] for row in rows)]
    table = Table(padding=(0, 1 if width >= _ROOMY else 0))
    for head in ("period", "orbits", "points of\nFⁿ = id", "boxes", "clusters"):
        table.add_column(head, justify="right")
    table.add_column("complete")
    for kind in kinds:
        table.add_column(_HEADS[kind], justify="right")
    table.add_column("seconds", justify="right")
    for row in rows:
        found, count = row.found, row.kinds()
        table.add_row(
            str(row.period),
            str(len(found.orbits)),
            points_of_power(rows, row.period),
            "–" if found.boxes is None else str(found.boxes),
            str(len(found.clusters)),
            "yes" if found.complete else Text("no", style="yellow"),
            *(str(count[kind] or "") for kind in kinds),
            f"{row.seconds:.2f}",
        )
    where = box.describe().replace("uniform in", "in")
    title = Text(f"Periodic orbits of {F.describe()} {where}", style="bold")
    return Group(title, table, Text("\n".join(_remarks(rows))))


def _remarks(rows: Sequence[PeriodRow]) -> Iterator[str]:
    if not rows:
        yield "Nothing was finished."
        return
    orbits = sum(len(row.found.orbits) for row in rows)
    seconds = sum(row.seconds for row in rows)
    missing = [row for row in rows if not row.found.complete]
    state = "every list is complete" if not missing else f"{len(missing)} not known to be complete"
    total = _several(orbits, "orbit")
    yield f"{_several(len(rows), 'period')}, {total}, {seconds:.1f} s: {state}."
    for row in missing:
        yield f"Period {row.period}: {row.found.why}."
    evidence = max((row.found.evidence for row in rows), key=lambda e: e.grade.rank)
    yield f"Evidence: {evidence}."
    if any(points_of_power(rows, row.period) == "–" for row in rows):
        yield "–: counting the points of Fⁿ = id takes all periods that divide n."


def _several(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
