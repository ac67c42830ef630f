"""What came out of a study: its verdicts, numbers beside their expectations, a figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..evidence import Evidence, Grade, Outcome, weakest
from ..results import Result, bibliography, plain
from .claim import Case, Claim
from .number import Number
from .study import Study
from .verdict import Status, Verdict

__all__ = ["Reproduction", "Role", "Trial"]


class Role(Enum):
    """What is expected of a claim in a case.

    Examples
    --------
    >>> Role.CONTROL.expectation
    'a hypothesis fails, so the claim is silent'
    """

    EXAMPLE = "example"
    DISPUTED = "disputed"
    CONTROL = "control"

    @property
    def expectation(self) -> str:
        """What must come out, in one line."""
        return _EXPECTATIONS[self]

    def __str__(self) -> str:
        return self.value


_EXPECTATIONS = {
    Role.EXAMPLE: "every hypothesis holds, and the conclusion is seen",
    Role.DISPUTED: "every hypothesis holds rigorously, and the conclusion as recalled is not seen",
    Role.CONTROL: "a hypothesis fails, so the claim is silent",
}
_AS_EXPECTED = {
    Role.EXAMPLE: (Status.VERIFIED, Status.SUPPORTED),
    Role.DISPUTED: (Status.CONTRADICTION,),
    Role.CONTROL: (Status.SILENT,),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """One claim of a study in one case.

    Parameters
    ----------
    claim : Claim
    case : Case
    role : Role
    verdict : Verdict
    seconds : float
        Wall-clock time.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study, trials
    >>> trial = next(trials(get_study("step_size_matters").small(), rng=0))
    >>> trial.case.title, trial.verdict.status
    ('⅔|x|^(3/2) at step size 1/10', <Status.VERIFIED: 'verified'>)
    """

    claim: Claim
    case: Case
    role: Role
    verdict: Verdict
    seconds: float

    @property
    def as_expected(self) -> Outcome:
        """Whether the verdict is the one that the role demands, and every number agrees."""
        if any(number.agrees is Outcome.NO for number in self.verdict.numbers):
            return Outcome.NO
        if self.verdict.status in _AS_EXPECTED[self.role]:
            return Outcome.YES
        open_ = self.verdict.status is Status.INCONCLUSIVE
        return Outcome.UNDECIDED if open_ else Outcome.NO

    @property
    def fails_as_it_must(self) -> bool:
        """Whether this is a control in which the conclusion is seen to fail."""
        return self.role is Role.CONTROL and self.verdict.observed is Outcome.NO

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as plain data, times left out and measurements told in one line."""
        verdict = {k: v for k, v in self.verdict.to_dict().items() if k != "versions"}
        verdict["results"] = [result.headline() for result in self.verdict.observation.results]
        return {
            "case": self.case.title,
            "why": self.case.why,
            "role": self.role.value,
            "as_expected": self.as_expected.value,
            "verdict": verdict,
        }


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Reproduction(Result):
    """A paper reproduced, or not.

    Parameters
    ----------
    study : Study
    trials : tuple of Trial
        The examples of each claim, then its controls.
    figure : Result
        What the picture shows.
    seed : int
    seconds : float
        Wall-clock time of all together.
    """

    study: Study
    trials: tuple[Trial, ...]
    figure: Result
    seed: int
    seconds: float = field(compare=False)

    @property
    def reproduced(self) -> Outcome:
        """Whether every trial came out as its role demands, and a control failed as it must."""
        outcome = Outcome.all_of(trial.as_expected for trial in self.trials)
        if outcome is Outcome.YES and not any(trial.fails_as_it_must for trial in self.trials):
            return Outcome.NO
        return outcome

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All numbers of all trials."""
        return tuple(number for trial in self.trials for number in trial.verdict.numbers)

    @property
    def disputes(self) -> tuple[Trial, ...]:
        """The trials that contradict a statement as recalled."""
        return tuple(trial for trial in self.trials if trial.verdict.contradiction)

    @property
    def evidence(self) -> Evidence:  # type: ignore[override]
        """The weakest grade at which the conclusion of an example is seen."""
        seen = [t.verdict for t in self.trials if t.role is not Role.CONTROL]
        grade = weakest(verdict.observation.finding.evidence.grade for verdict in seen)
        told = {Grade.STATISTICAL: "by sampling", Grade.NUMERICAL: "in floating point"}
        how = told.get(grade, f"{grade.value} by exact or interval arithmetic")
        keys = (key for verdict in seen for key in verdict.sources())
        sources = dict.fromkeys([self.study.paper, *keys])
        reason = f"the conclusions are seen {how}; each hypothesis has a grade of its own"
        return Evidence(grade=grade, reason=reason, sources=tuple(sources))

    def headline(self) -> str:
        words = {
            Outcome.YES: "REPRODUCED",
            Outcome.NO: "NOT REPRODUCED",
            Outcome.UNDECIDED: "UNDECIDED",
        }
        contested = ", with a contradiction" if self.disputes else ""
        return (
            f"{words[self.reproduced]}{contested}: {self.study.title}, {self.study.short_reference}"
        )

    def rows(self) -> list[tuple[str, str]]:
        compared = [number for number in self.numbers if number.compared]
        agree = sum(number.agrees is Outcome.YES for number in compared)
        failing = sum(trial.fails_as_it_must for trial in self.trials)
        rows = [
            ("numbers", f"{agree} of {len(compared)} as expected"),
            ("controls", f"{failing} on which the conclusion fails, as it must"),
        ]
        for trial in self.trials:
            verdict = trial.verdict
            rows.append((f"{trial.role}: {trial.case.title}", f"{verdict.status}"))
        rows += [("differs", repr(n)) for n in compared if n.agrees is Outcome.NO]
        return [*rows, ("evidence", str(self.evidence))]

    def sources(self) -> tuple[str, ...]:
        return self.evidence.sources

    def cite(self) -> str:
        """Return the BibTeX entries of the paper and of all other sources."""
        entries = bibliography() | {self.study.paper: self.study.entry}
        return "\n\n".join(entries[key] for key in self.sources())

    def to_dict(self) -> dict[str, Any]:
        """Return the reproduction as plain data; equal for equal settings, seed and versions."""
        return {
            **super().to_dict(),
            "study": self.study.name,
            "title": self.study.title,
            "paper": self.study.reference,
            "arxiv": self.study.arxiv,
            "part": self.study.part.value,
            "reproduced": self.reproduced.value,
            "disputed": bool(self.disputes),
            "settings": plain(self.study.constants()),
            "seed": self.seed,
            "trials": [trial.to_dict() for trial in self.trials],
        }
