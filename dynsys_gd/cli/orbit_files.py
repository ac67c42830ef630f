"""The folder of ``dynsys-gd orbits --save``: all orbits with their enclosures, as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import InvalidInput
from ..maps.base import Map
from ..orbits.periodic_orbit import PeriodicOrbit
from ..regions import Box
from ..results import plain
from .folder import refused_folder, write_file
from .orbit_table import PeriodRow

__all__ = ["OrbitFolder"]

_FLAG = "--save"
_MADE_BY = "dynsys-gd orbits"
_JSON, _CSV = "orbits.json", "orbits.csv"
_OF_AN_ORBIT = (
    "points",
    "enclosure",
    "unique_in",
    "exact",
    "multipliers",
    "multiplier_bounds",
    "unstable",
    "flips",
)


@dataclass(frozen=True)
class OrbitFolder:
    """A folder with ``orbits.csv`` and ``orbits.json``; files of another origin are not replaced.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def prepare(self) -> None:
        """Make the folder, or raise `InvalidInput` before anything takes time."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            there = [name for name in (_JSON, _CSV) if (self.path / name).exists()]
        except OSError as error:
            raise refused_folder(_FLAG, self.path, error) from None
        if there and not self._ours():
            raise InvalidInput(
                _FLAG,
                str(self.path / there[0]),
                "no file of another origin at this place",
                "move it away, or name another folder",
            )
        self._write(_JSON, json.dumps({"made_by": _MADE_BY}))

    def save(self, F: Map, box: Box, rows: Sequence[PeriodRow]) -> None:
        """Write what was found."""
        self._write(_CSV, "".join(_csv_lines(F, rows)))
        self._write(_JSON, json.dumps(_content(F, box, rows), indent=1, ensure_ascii=False))

    def _ours(self) -> bool:
        try:
            found = json.loads((self.path / _JSON).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("made_by") == _MADE_BY

    def _write(self, name: str, content: str) -> None:
        write_file(self.path / name, content, folder=self.path, flag=_FLAG)


def _csv_lines(F: Map, rows: Sequence[PeriodRow]) -> Iterator[str]:
    """Yield one line for each point of each orbit; numbers are written so that none is rounded."""
    bounds = [f"{name}_{end}" for name in F.names for end in ("lower", "upper")]
    yield _line(["period", "orbit", "step", *F.names, *bounds, "kind"])
    for row in rows:
        for number, orbit in enumerate(row.found.orbits):
            for step in range(orbit.period):
                ends = [""] * len(bounds)
                if orbit.enclosure is not None:
                    ends = [repr(float(end)) for end in orbit.enclosure[step].ravel()]
                point = [repr(float(value)) for value in orbit.points[step]]
                yield _line([row.period, number, step, *point, *ends, orbit.kind_text()])


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _content(F: Map, box: Box, rows: Sequence[PeriodRow]) -> dict[str, Any]:
    return {
        "made_by": _MADE_BY,
        "version": __version__,
        "map": F.describe(),
        "coordinates": list(F.names),
        "box": {"low": list(box.low), "high": list(box.high)},
        "periods": [_period(row) for row in rows],
    }


def _period(row: PeriodRow) -> dict[str, Any]:
    found = row.found
    return {
        "period": row.period,
        "complete": found.complete,
        "why": found.why,
        "evidence": str(found.evidence),
        "boxes": found.boxes,
        "seconds": round(row.seconds, 3),
        "orbits": [_orbit(orbit) for orbit in found.orbits],
        "families": [family.to_dict() for family in found.families],
        "clusters": [cluster.to_dict() for cluster in found.clusters],
    }


def _orbit(orbit: PeriodicOrbit) -> dict[str, Any]:
    return {"kind": orbit.kind_text(), **{n: plain(getattr(orbit, n)) for n in _OF_AN_ORBIT}}
