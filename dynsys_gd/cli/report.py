"""The report: one self-contained page, the figures, and the verdicts as plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..claims.literature import reference, short_reference
from ..results import bibliography
from .checking import Checked
from .folder import MADE_BY, ReportFolder
from .job import Job
from .pictures import embedded
from .template import now_in_words, rendered
from .terminal import status_of, summary

__all__ = ["Report"]

_TITLE = "Gradient descent beyond the critical step size"
_FORMAT = 1

LIMITS = (
    "A simulation alone never gives “verified”: a set of positive measure may be smaller than any "
    "number of starts can find. Verified means that every hypothesis is proved or certified.",
    "Above the critical step size the theorems exclude convergence to a minimum from all but a "
    "null set of initialisations. They do not say that orbits diverge, and they are silent at the "
    "critical step size itself.",
    "Orbits that pass slowly by a degenerate saddle are reported as undecided, never as converged.",
    "Everything is said of the law of initialisations and the number of steps that are named; "
    "another law may show the transition at a smaller step size.",
)


@dataclass(kw_only=True)
class Report:
    """A report that grows with each verdict and is whole on disk after each.

    Parameters
    ----------
    folder : ReportFolder
    jobs : sequence of Job
        All that was planned, in the order in which they are shown.
    seed : int
    command : str
        The command line that makes this report.
    used : sequence of (label, text)
        How the columns of a user's table were used; empty for the shipped instances.
    """

    folder: ReportFolder
    jobs: Sequence[Job]
    seed: int
    command: str
    used: Sequence[tuple[str, str]] = ()
    checked: list[Checked] = field(default_factory=list)

    def add(self, item: Checked) -> None:
        """Take in one verdict, and write it with its figures."""
        order = [job.name for job in self.jobs]
        self.checked = sorted([*self.checked, item], key=lambda one: order.index(one.job.name))
        self._write([item])

    def finish(self) -> None:
        """Write the page, and what an interrupt may have left out."""
        self._write(self.checked)
        self.folder.write("index.html", self.page())

    def _write(self, items: Sequence[Checked]) -> None:
        # The list of files first: a run that is killed here is still known as a report.
        self.folder.write("verdicts.json", self.data())
        for picture in (picture for item in items for picture in item.pictures):
            self.folder.write(f"figures/{picture.name}.png", picture.png)
            self.folder.write(f"figures/{picture.name}.svg", picture.svg)

    def data(self) -> str:
        """Return ``verdicts.json``: the same for the same seed and versions, times left out."""
        from ..claims.verdict import versions

        verdicts = [
            {
                "name": item.job.name,
                "instance": item.job.instance,
                "control": item.job.control,
                "as_the_theorems_say": item.as_the_theorems_say,
                "figures": [picture.name for picture in item.pictures],
                "verdict": _without_versions(item.verdict),
            }
            for item in self.checked
        ]
        figures = [picture.name for item in self.checked for picture in item.pictures]
        files = [f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")]
        data = {
            "made_by": MADE_BY,
            "format": _FORMAT,
            "complete": len(self.checked) == len(self.jobs),
            "seed": self.seed,
            "versions": versions(),
            "data": [list(pair) for pair in self.used],
            "verdicts": verdicts,
            "files": ["index.html", "verdicts.json", *files],
        }
        return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=False) + "\n"

    def page(self) -> str:
        """Return the page as HTML, with every figure inside it."""
        from ..claims.verdict import Status, versions

        values = {
            "title": _TITLE,
            "summary": summary(self.checked),
            "seed": self.seed,
            "date": now_in_words(),
            "complete": len(self.checked) == len(self.jobs),
            "planned": len(self.jobs),
            "used": self.used,
            "checked": self.checked,
            "highlights": [(i, p) for i in self.checked for p in i.pictures if p.at_top],
            "groups": _by_claim(self.checked),
            "status": status_of,
            "meanings": [(status.value, status.meaning) for status in Status],
            "limits": LIMITS,
            "command": self.command,
            "versions": versions(),
            "literature": _literature(self.checked),
            "citations": _citations,
            "embedded": embedded,
            "told": lambda finding: finding["detail"] or finding["reason"],
        }
        return rendered("report.html", values)


def _by_claim(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """Return the verdicts grouped by claim, in the order in which the claims first appear."""
    groups: dict[str, dict[str, Any]] = {}
    for item in checked:
        name = item.job.claim
        group = groups.setdefault(name, {"title": name, "claim": None, "checked": []})
        group["checked"].append(item)
        if item.verdict is not None:
            group["claim"] = item.verdict["claim"]
            group["title"] = item.verdict["claim"]["title"]
    return list(groups.values())


def _without_versions(verdict: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the verdict without the versions, which the file states once for all."""
    if verdict is None:
        return None
    return {key: value for key, value in verdict.items() if key != "versions"}


def _citations(keys: Sequence[str]) -> str:
    entries = bibliography()
    return "; ".join(short_reference(entries[key]) for key in keys)


def _literature(checked: Sequence[Checked]) -> list[str]:
    keys = {key for item in checked if item.verdict for key in item.verdict["sources"]}
    entries = bibliography()
    return sorted(reference(entries[key]) for key in keys)
