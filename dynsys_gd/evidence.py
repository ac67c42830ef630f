"""How an answer is known: grades of evidence, three-valued outcomes, findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .errors import UndecidedError

__all__ = ["Evidence", "Finding", "Grade", "Outcome", "weakest"]


class Grade(Enum):
    """How an answer is known, from the strongest to the weakest.

    PROVED is exact algebra on rational or algebraic input, CERTIFIED is interval arithmetic with
    outward rounding, STATISTICAL is sampling at a stated level, NUMERICAL is floating point.

    Examples
    --------
    >>> Grade.PROVED.at_least(Grade.CERTIFIED)
    True
    >>> weakest([Grade.PROVED, Grade.NUMERICAL, Grade.CERTIFIED])
    <Grade.NUMERICAL: 'numerical'>
    """

    PROVED = "proved"
    CERTIFIED = "certified"
    STATISTICAL = "statistical"
    NUMERICAL = "numerical"

    @property
    def rank(self) -> int:
        """0 for the strongest grade, growing as the grade weakens."""
        return list(Grade).index(self)

    def at_least(self, other: Grade) -> bool:
        """Return whether this grade is as strong as `other` or stronger."""
        return self.rank <= other.rank

    @property
    def rigorous(self) -> bool:
        """Whether the answer holds without trust in floating point or in chance."""
        return self.at_least(Grade.CERTIFIED)

    def __str__(self) -> str:
        return self.name


def weakest(grades: Iterable[Grade]) -> Grade:
    """Return the weakest of `grades`: a chain of steps is known no better than its worst step."""
    return max(grades, key=lambda grade: grade.rank)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The grade of an answer, with the reason for it.

    Parameters
    ----------
    grade : Grade
        How the answer is known.
    reason : str
        One sentence: by which argument, or why no stronger grade was reached.
    sources : tuple of str
        Keys into ``references.bib``.
    """

    grade: Grade
    reason: str
    sources: tuple[str, ...] = ()

    def weakened_to(self, grade: Grade, reason: str) -> Evidence:
        """Return this evidence at `grade`, or unchanged where it is already that weak.

        Examples
        --------
        >>> exact = Evidence(grade=Grade.PROVED, reason="closed form")
        >>> print(exact.weakened_to(Grade.NUMERICAL, "0.1 is a float"))
        NUMERICAL: closed form; 0.1 is a float
        """
        if not self.grade.at_least(grade) or self.grade is grade:
            return self
        return Evidence(grade=grade, reason=f"{self.reason}; {reason}", sources=self.sources)

    def __str__(self) -> str:
        return f"{self.grade}: {self.reason}"


class Outcome(Enum):
    """Yes, no, or undecided. It has no truth value: compare it with ``is``.

    Examples
    --------
    >>> Outcome.YES is Outcome.YES
    True
    >>> bool(Outcome.UNDECIDED)
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.UndecidedError: an Outcome is three-valued; compare with `is Outcome.YES`
    """

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"

    def __bool__(self) -> bool:
        raise UndecidedError("an Outcome is three-valued; compare with `is Outcome.YES`")

    def __str__(self) -> str:
        return self.value

    @staticmethod
    def all_of(outcomes: Iterable[Outcome]) -> Outcome:
        """Return the three-valued conjunction: one NO decides, else one UNDECIDED leaves it open.

        Examples
        --------
        >>> Outcome.all_of([Outcome.YES, Outcome.UNDECIDED])
        <Outcome.UNDECIDED: 'undecided'>
        >>> Outcome.all_of([Outcome.UNDECIDED, Outcome.NO])
        <Outcome.NO: 'no'>
        """
        seen = list(outcomes)
        if any(outcome is Outcome.NO for outcome in seen):
            return Outcome.NO
        if any(outcome is Outcome.UNDECIDED for outcome in seen):
            return Outcome.UNDECIDED
        return Outcome.YES


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement looked at on one instance: what came out, and how that is known.

    Parameters
    ----------
    statement : str
        What was asked, as a sentence that can be true or false.
    outcome : Outcome
        Yes, no or undecided.
    evidence : Evidence
        How the outcome is known. For an undecided one: what was tried.
    detail : str
        The numbers behind it, in one line.
    """

    statement: str
    outcome: Outcome
    evidence: Evidence
    detail: str = ""

    @property
    def label(self) -> str:
        """The word for a table: the grade of a rigorous yes, or supported, undecided, refuted."""
        if self.outcome is Outcome.NO:
            return "refuted" if self.evidence.grade.rigorous else "refuted (not proved)"
        if self.outcome is Outcome.UNDECIDED:
            return "undecided"
        return str(self.evidence.grade) if self.evidence.grade.rigorous else "supported"

    def __str__(self) -> str:
        line = f"{self.statement}: {self.outcome} ({self.evidence})"
        return f"{line} [{self.detail}]" if self.detail else line
