"""What came out when a claim was looked at on an instance: applies × observed."""

from __future__ import annotations

import html
import platform
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from typing import Any

from .._version import __version__
from ..errors import UndecidedError
from ..evidence import Evidence, Finding, Grade, Outcome, weakest
from ..results import Result, plain
from .claim import Claim, Instance, Observation
from .number import Number

__all__ = ["Status", "Verdict", "versions"]

_CLOCK_FIELDS = frozenset({"seconds", "elapsed", "time"})


class Status(Enum):
    """The two axes of a verdict in one word.

    Examples
    --------
    >>> Status.SILENT.meaning
    'a hypothesis does not hold here, so the claim says nothing'
    """

    VERIFIED = "verified"
    SUPPORTED = "supported"
    SILENT = "silent"
    INCONCLUSIVE = "inconclusive"
    CONTRADICTION = "contradiction"

    @property
    def meaning(self) -> str:
        """What the word says, in one line."""
        return _MEANINGS[self]

    def __str__(self) -> str:
        return self.name


_MEANINGS = {
    Status.VERIFIED: "every hypothesis is proved or certified, and the conclusion is seen",
    Status.SUPPORTED: "the hypotheses hold in floating point only, and the conclusion is seen",
    Status.SILENT: "a hypothesis does not hold here, so the claim says nothing",
    Status.INCONCLUSIVE: "a hypothesis or the conclusion could not be decided",
    Status.CONTRADICTION: "every hypothesis is proved or certified, and the conclusion fails",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Verdict(Result):
    """A claim looked at on an instance.

    Parameters
    ----------
    claim : Claim
    instance : Instance
        The map, the law of the initialisations, the seed and the budget.
    findings : tuple of Finding
        One for each hypothesis, in the order of ``claim.hypotheses``.
    observation : Observation
        The conclusion as seen, with its notes and measurements.

    Notes
    -----
    A verdict has no truth value: it lies on two axes, `applies` and `observed`. A simulation alone
    never gives VERIFIED, because a set of small positive measure is missed by any number of
    starts; VERIFIED needs every hypothesis proved or certified.
    """

    claim: Claim
    instance: Instance
    findings: tuple[Finding, ...]
    observation: Observation

    @property
    def applies(self) -> Outcome:
        """Whether every hypothesis holds on this instance."""
        return Outcome.all_of(finding.outcome for finding in self.findings)

    @property
    def observed(self) -> Outcome:
        """Whether the conclusion is seen on this instance."""
        return self.observation.finding.outcome

    @property
    def grade(self) -> Grade:
        """How `applies` is known: a no by its best refutation, else by the weakest finding."""
        refuted = [f.evidence.grade for f in self.findings if f.outcome is Outcome.NO]
        if refuted:
            return min(refuted, key=lambda grade: grade.rank)
        return weakest(finding.evidence.grade for finding in self.findings)

    @property
    def contradiction(self) -> bool:
        """Whether every hypothesis is rigorous and the conclusion fails all the same."""
        return self.status is Status.CONTRADICTION

    @property
    def status(self) -> Status:
        """The two axes in one word."""
        if self.applies is Outcome.NO:
            return Status.SILENT
        if self.applies is Outcome.UNDECIDED or self.observed is Outcome.UNDECIDED:
            return Status.INCONCLUSIVE
        rigorous = self.grade.rigorous
        if self.observed is Outcome.YES:
            return Status.VERIFIED if rigorous else Status.SUPPORTED
        # A conclusion that fails under hypotheses that are themselves only numerical says
        # nothing against the claim: the hypotheses may be what is wrong.
        return Status.CONTRADICTION if rigorous else Status.INCONCLUSIVE

    @property
    def evidence(self) -> Evidence:  # type: ignore[override]
        """The grade at which the hypotheses are known, with the reason of the decisive one."""
        decisive = [f for f in self.findings if f.outcome is self.applies]
        finding = next(
            (f for f in decisive if f.evidence.grade is self.grade),
            (decisive or list(self.findings))[0],
        )
        return Evidence(
            grade=self.grade, reason=finding.evidence.reason, sources=self.claim.sources
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not covered, and what else was seen."""
        return self.observation.notes

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What was found, beside what is expected of it."""
        return self.observation.numbers

    def headline(self) -> str:
        where = self.instance.F.describe()
        if self.contradiction:
            return f"CONTRADICTION: {self.claim.title} is refuted on {where}"
        return f"{self.status}: {self.claim.title}, on {where}"

    def rows(self) -> list[tuple[str, str]]:
        applies = f"{self.applies} ({self.grade})"
        rows = [("meaning", self.status.meaning), ("applies", applies)]
        for hypothesis, finding in zip(self.claim.hypotheses, self.findings, strict=True):
            rows.append((f"  {hypothesis.name}", f"{finding.label}; {_told(finding)}"))
        seen = self.observation.finding
        rows.append(("observed", f"{seen.outcome} ({seen.evidence.grade}); {_told(seen)}"))
        rows += [(f"  {number.name}", _beside(number)) for number in self.numbers]
        rows += [("note", note) for note in self.notes]
        return rows

    def sources(self) -> tuple[str, ...]:
        keys = [*self.claim.sources]
        for finding in (*self.findings, self.observation.finding):
            keys += finding.evidence.sources
        for result in self.observation.results:
            keys += result.sources()
        return tuple(dict.fromkeys(keys))

    def cite(self) -> str:
        """Return the BibTeX entries of the sources behind this verdict."""
        entries = self.claim.entries()
        return "\n\n".join(entries[key] for key in self.sources())

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data; equal for equal instance, seed and versions.

        Wall-clock times are left out, so that two runs can be compared byte by byte.
        """
        hypotheses = [
            {"name": hypothesis.name, **_finding_data(finding)}
            for hypothesis, finding in zip(self.claim.hypotheses, self.findings, strict=True)
        ]
        return {
            **super().to_dict(),
            "status": self.status.value,
            "applies": self.applies.value,
            "observed": self.observed.value,
            "contradiction": self.contradiction,
            "claim": self.claim.to_dict(),
            "instance": {
                "map": self.instance.F.describe(),
                "region": self.instance.region.describe(),
                "starts": self.instance.starts,
                "seed": self.instance.seed,
                "budget": plain(vars(self.instance.budget)),
            },
            "hypotheses": hypotheses,
            "observation": _finding_data(self.observation.finding),
            "numbers": [number.to_dict() for number in self.numbers],
            "notes": list(self.notes),
            "results": [
                _without_clock(plain(result.to_dict())) for result in self.observation.results
            ],
            "sources": list(self.sources()),
            "versions": versions(),
        }

    def __bool__(self) -> bool:
        raise UndecidedError(
            "a Verdict lies on two axes and has no truth value; "
            "compare its status, for example `verdict.status is Status.VERIFIED`"
        )

    def _repr_html_(self) -> str:
        colour = _COLOURS[self.status]
        lines = [
            (hypothesis.statement, finding)
            for hypothesis, finding in zip(self.claim.hypotheses, self.findings, strict=True)
        ]
        body = "".join(_html_row("if", text, finding) for text, finding in lines)
        body += _html_row("then", self.claim.conclusion, self.observation.finding)
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<p><b style='color:{colour}'>{self.status}</b> "
            f"<b>{html.escape(self.claim.title)}</b><br>"
            f"{html.escape(self.instance.F.describe())}: {html.escape(self.status.meaning)}.</p>"
            f"<table>{body}</table>" + (f"<ul>{notes}</ul>" if notes else "")
        )


_COLOURS = {
    Status.VERIFIED: "#1b7837",
    Status.SUPPORTED: "#5aae61",
    Status.SILENT: "#666666",
    Status.INCONCLUSIVE: "#b8860b",
    Status.CONTRADICTION: "#b2182b",
}


def versions() -> dict[str, str]:
    """Return the versions on which a numerical result may depend."""
    packages = ("numpy", "scipy", "sympy", "python-flint")
    found = {name: metadata.version(name) for name in packages}
    return {"dynsys_gd": __version__, "python": platform.python_version(), **found}


def _told(finding: Finding) -> str:
    return finding.detail or finding.evidence.reason


def _beside(number: Number) -> str:
    if not number.compared:
        return f"{number.found:.7g}"
    return f"{number.found:.7g}, expected {number.expectation} ({number.origin})"


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "statement": finding.statement,
        "outcome": finding.outcome.value,
        "grade": finding.evidence.grade.value,
        "label": finding.label,
        "reason": finding.evidence.reason,
        "detail": finding.detail,
    }


def _html_row(kind: str, text: str, finding: Finding) -> str:
    cells = (kind, text, finding.label if kind == "if" else str(finding.outcome), _told(finding))
    return (
        "<tr>"
        + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _without_clock(data: Any) -> Any:
    if isinstance(data, dict):
        kept = {key: value for key, value in data.items() if key not in _CLOCK_FIELDS}
        return {key: _without_clock(value) for key, value in kept.items()}
    return [_without_clock(item) for item in data] if isinstance(data, list) else data
