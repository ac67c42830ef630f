"""What is asked of a search for orbits, and what every way to answer it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..regions import Region
from .orbit_set import OrbitSet

__all__ = ["OrbitMethod", "OrbitQuestion", "undecided"]


@dataclass(frozen=True, kw_only=True)
class OrbitQuestion:
    """All orbits of one least period of a map that lie in a region.

    Parameters
    ----------
    F : Map
    period : int
        The least period; 1 asks for fixed points.
    region : Region or None
        None for the whole space.
    seconds : float
        Time limit.
    rng : Generator, int or None
        For methods that draw starts.
    progress : callable or None
        Called as ``progress(done, known)``, both counts growing.
    continued : OrbitSet or None
        An unfinished answer to the same question, to go on from.
    """

    F: Map
    period: int
    region: Region | None = None
    seconds: float = 20
    rng: np.random.Generator | int | None = 0
    progress: Callable[[int, int], Any] | None = None
    continued: OrbitSet | None = None

    @property
    def title(self) -> str:
        """What is looked for, in words."""
        if self.period == 1:
            return f"Fixed points of {self.F.describe()}"
        return f"Orbits of period {self.period} of {self.F.describe()}"


class OrbitMethod(ABC):
    """One way to find orbits; a frozen dataclass whose fields are its settings.

    A new way gives `answer` and is then passed as ``method=``.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import OrbitMethod, SymbolicMap, fixed_points
    >>> from dynsys_gd.orbits.question import undecided
    >>> class Lazy(OrbitMethod):
    ...     def answer(self, question):
    ...         return undecided(question, "nobody looked")
    >>> fixed_points(SymbolicMap([x / 2], [x]), method=Lazy()).why
    'undecided: nobody looked'
    """

    @abstractmethod
    def answer(self, question: OrbitQuestion) -> OrbitSet:
        """Return the orbits, and whether these are all."""


def undecided(question: OrbitQuestion, reason: str) -> OrbitSet:
    """Return an empty list that claims nothing."""
    return OrbitSet(
        title=question.title,
        orbits=(),
        complete=False,
        why=f"undecided: {reason}",
        region=question.region,
        evidence=Evidence(grade=Grade.NUMERICAL, reason=f"nothing was decided: {reason}"),
    )
