"""Short ways to write hypotheses and observations down, for studies."""

from __future__ import annotations

from collections.abc import Callable

from ..evidence import Finding, Grade, Outcome
from ..results import Result
from .checks import decided
from .claim import Hypothesis, Instance, Observation
from .number import Number

__all__ = ["condition", "observed", "yes_if"]


def yes_if(holds: bool) -> Outcome:
    """Return YES or NO, for a question that is decided.

    Parameters
    ----------
    holds : bool

    Examples
    --------
    >>> yes_if(2 > 1)
    <Outcome.YES: 'yes'>
    """
    return Outcome.YES if holds else Outcome.NO


def condition(
    name: str,
    statement: str,
    holds: Callable[[Instance], tuple[Outcome, str]],
    *,
    grade: Grade,
    reason: str,
) -> Hypothesis:
    """Return a hypothesis that one function decides, at one grade.

    Parameters
    ----------
    name, statement : str
    holds : callable
        Instance -> (outcome, detail). It need not think of maps without a loss: those do not
        meet the condition.
    grade : Grade
        How the answer is known, whichever it is; an undecided one is NUMERICAL.
    reason : str
        By which argument.

    Returns
    -------
    Hypothesis

    Examples
    --------
    >>> from dynsys_gd import Grade
    >>> small = condition("small", "two parameters", grade=Grade.PROVED, reason="by counting",
    ...     holds=lambda instance: (yes_if(instance.F.dimension <= 2), f"{instance.F.dimension}"))
    >>> small.name
    'small'
    """

    def check(instance: Instance) -> Finding:
        if instance.F.loss is None:
            return decided(statement, Outcome.NO, Grade.PROVED, "the map has no loss")
        outcome, detail = holds(instance)
        known = Grade.NUMERICAL if outcome is Outcome.UNDECIDED else grade
        return decided(statement, outcome, known, reason, detail)

    return Hypothesis(name=name, statement=statement, check=check)


def observed(
    conclusion: str,
    outcome: Outcome,
    *,
    grade: Grade,
    reason: str,
    detail: str = "",
    numbers: tuple[Number, ...] = (),
    results: tuple[Result, ...] = (),
    notes: tuple[str, ...] = (),
) -> Observation:
    """Return what was seen of a conclusion, with the numbers and measurements behind it.

    Parameters
    ----------
    conclusion : str
        The statement that is seen to hold, or not.
    outcome : Outcome
    grade : Grade
    reason, detail : str
        By which argument; what was seen in this instance.
    numbers : tuple of Number
    results : tuple of Result
    notes : tuple of str

    Returns
    -------
    Observation

    Examples
    --------
    >>> from dynsys_gd import Grade
    >>> seen = observed("it falls", yes_if(True), grade=Grade.NUMERICAL, reason="ten steps")
    >>> seen.finding.outcome
    <Outcome.YES: 'yes'>
    """
    finding = decided(conclusion, outcome, grade, reason, detail)
    return Observation(finding=finding, notes=notes, results=results, numbers=numbers)
