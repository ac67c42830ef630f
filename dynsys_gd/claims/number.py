"""A number that a study expects, beside the one that it finds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import InvalidInput
from ..evidence import Grade, Outcome

__all__ = ["Number", "Origin"]


class Origin(Enum):
    """Where an expected number comes from.

    Examples
    --------
    >>> Origin.DERIVED.meaning
    'from a formula that is derived or exact'
    """

    PAPER = "paper"
    RECALLED = "recalled"
    DERIVED = "derived"
    COMPUTED = "computed"

    @property
    def meaning(self) -> str:
        """What the word says, in one line."""
        return _MEANINGS[self]

    def __str__(self) -> str:
        return self.value


_MEANINGS = {
    Origin.PAPER: "printed in the paper",
    Origin.RECALLED: "of the paper, as we state it",
    Origin.DERIVED: "from a formula that is derived or exact",
    Origin.COMPUTED: "from an earlier computation with other programs",
}


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number that a study finds, and the range in which it is expected.

    Parameters
    ----------
    name : str
        What is counted or measured, with the setting, in a few words.
    found : float
    expected : float, optional
        The value that is expected, where it is one value.
    low, high : float
        Ends of the range in which it is expected, both included.
    origin : Origin, optional
        Where the expectation comes from; None where nothing is expected.
    grade : Grade
        How the number that is found is known.

    Examples
    --------
    >>> Number.near("threshold", 1.0004, 1.0, within=1e-3, origin=Origin.DERIVED)
    threshold: 1.0004, expected 1 ± 0.001 (derived); agrees
    >>> Number.between("share", 0.3, low=0.4, high=1.0, origin=Origin.COMPUTED).agrees
    <Outcome.NO: 'no'>
    """

    name: str
    found: float
    expected: float | None = None
    low: float = -math.inf
    high: float = math.inf
    origin: Origin | None = None
    grade: Grade = Grade.NUMERICAL

    def __post_init__(self) -> None:
        for name in ("found", "low", "high"):
            try:
                object.__setattr__(self, name, float(getattr(self, name)))
            except (TypeError, ValueError):
                raise InvalidInput(name, getattr(self, name), "a number") from None
        if self.expected is not None:
            object.__setattr__(self, "expected", float(self.expected))
        if not self.low <= self.high:
            raise InvalidInput("low", (self.low, self.high), "the lower end of a range, not NaN")

    @classmethod
    def near(
        cls,
        name: str,
        found: float,
        expected: float | None,
        *,
        within: float,
        origin: Origin,
        grade: Grade = Grade.NUMERICAL,
    ) -> Number:
        """Return a number that is expected to differ from `expected` by at most `within`.

        With None, as a table gives where a setting is not in it, the number is told alone.
        """
        if expected is None:
            return cls.seen(name, found, grade=grade)
        return cls(
            name=name,
            found=found,
            expected=expected,
            low=expected - within,
            high=expected + within,
            origin=origin,
            grade=grade,
        )

    @classmethod
    def between(
        cls,
        name: str,
        found: float,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        origin: Origin,
        grade: Grade = Grade.NUMERICAL,
    ) -> Number:
        """Return a number that is expected from `low` to `high`, both included."""
        return cls(name=name, found=found, low=low, high=high, origin=origin, grade=grade)

    @classmethod
    def seen(cls, name: str, found: float, *, grade: Grade = Grade.NUMERICAL) -> Number:
        """Return a number that is told without an expectation."""
        return cls(name=name, found=found, grade=grade)

    @property
    def compared(self) -> bool:
        """Whether anything is expected of the number."""
        return self.origin is not None

    @property
    def agrees(self) -> Outcome:
        """Whether the number lies where it is expected; undecided where nothing is expected.

        NaN lies nowhere.
        """
        if not self.compared:
            return Outcome.UNDECIDED
        return Outcome.YES if self.low <= self.found <= self.high else Outcome.NO

    @property
    def expectation(self) -> str:
        """The expected value or range in words, empty where there is none."""
        if not self.compared:
            return ""
        if self.expected is not None:
            within = max(self.high - self.expected, self.expected - self.low)
            return f"{self.expected:.7g} ± {within:.2g}" if within else f"{self.expected:.7g}"
        if self.low == -math.inf:
            return f"at most {self.high:.6g}"
        if self.high == math.inf:
            return f"at least {self.low:.6g}"
        return f"{self.low:.6g} to {self.high:.6g}"

    def to_dict(self) -> dict[str, Any]:
        """Return the number as plain data; what is not finite as text."""
        return {
            "name": self.name,
            "found": self.found if math.isfinite(self.found) else str(self.found),
            "expected": self.expectation,
            "origin": None if self.origin is None else self.origin.value,
            "agrees": self.agrees.value,
            "grade": self.grade.value,
        }

    def __repr__(self) -> str:
        if not self.compared:
            return f"{self.name}: {self.found:.7g}"
        judged = "agrees" if self.agrees is Outcome.YES else "DIFFERS"
        return (
            f"{self.name}: {self.found:.7g}, expected {self.expectation} ({self.origin}); {judged}"
        )
