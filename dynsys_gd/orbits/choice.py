"""Which method answers a question where none was asked for."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from ..errors import InvalidInput
from ..maps.gradient_map import GradientMap
from ..regions import Ball, Box
from .certified.krawczyk import Krawczyk
from .exact.expected_cost import expected_cost
from .exact.method import Exact
from .numerical.newton_search import NewtonSearch
from .orbit_set import OrbitSet
from .question import OrbitMethod, OrbitQuestion

__all__ = ["chosen"]

_HOPELESS = 1e9  # of the units of `expected_cost`
_PATIENCE = 5.0  # seconds for a closed form of what the certified search finds in milliseconds


def chosen(question: OrbitQuestion, method: OrbitMethod | None) -> OrbitMethod:
    """Return the method to use: the given one, or the one that fits.

    Exact algebra for small polynomials, a certified search in bounded regions otherwise, and
    numbers only where the map has no symbolic form. Where the first of two methods leaves the
    list open, the second one has a try in the time that is left.
    """
    if method is not None:
        if not isinstance(method, OrbitMethod):
            raise InvalidInput("method", method, "a method such as Exact() or Krawczyk()")
        return method
    F = question.F
    if question.continued is not None and question.continued.clusters:
        return Krawczyk()
    if not _symbolic(question):
        return Exact() if question.region is None else NewtonSearch()
    if not isinstance(question.region, (Box, Ball)) or _open(question):
        return Exact()
    cost = expected_cost(question)
    if cost is not None and cost <= 1:
        return _Either(Exact(), Krawczyk())
    if F.dimension == 1 and question.period == 1:
        return _Either(Exact(), Krawczyk(), most=_PATIENCE)
    if cost is None or cost > _HOPELESS:
        return Krawczyk()
    return _Either(Krawczyk(), Exact())


@dataclass(frozen=True)
class _Either(OrbitMethod):
    """One method for a part of the time, and another for the rest where the list stays open."""

    first: OrbitMethod
    second: OrbitMethod
    most: float = math.inf  # seconds for the first

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        start = time.monotonic()
        found = self.first.answer(replace(question, seconds=min(question.seconds / 2, self.most)))
        if found.complete:
            return found
        left = max(question.seconds - (time.monotonic() - start), 0.1)
        other = self.second.answer(replace(question, seconds=left))
        worth = [self._worth(self.first, found), self._worth(self.second, other)]
        return found if worth[0] > worth[1] else other

    @staticmethod
    def _worth(method: OrbitMethod, found: OrbitSet) -> tuple[int, ...]:
        """Return what makes one answer better than another, the most important first."""
        certified = isinstance(method, Krawczyk)  # says where other orbits may be
        return int(found.complete), len(found), int(bool(found.clusters)), int(certified)


def _symbolic(question: OrbitQuestion) -> bool:
    F = question.F
    if question.period == 1 and isinstance(F, GradientMap):
        return F.loss.symbolic is not None
    return F.expression is not None


def _open(question: OrbitQuestion) -> bool:
    """Return whether a parameter is open that the equations depend on."""
    F = question.F
    if question.period == 1 and isinstance(F, GradientMap):
        return bool(F.loss.parameters)
    return bool(F.parameters)
