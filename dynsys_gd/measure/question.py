"""What is asked of a measurement, and what every way to answer it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from ..engine.work import Work
from ..ensembles.budget import Budget
from ..maps.base import Map
from ..regions import Region
from .estimate import Estimate
from .event import Event
from .target import Target

__all__ = ["MeasureMethod", "MeasureQuestion"]


@dataclass(frozen=True, kw_only=True)
class MeasureQuestion:
    """How much of a law of initialisations converges to a target.

    Parameters
    ----------
    F : Map
        Every parameter has a value.
    region : Region
        The law. It lives on points of the loss, from which a map with memory starts at rest, or
        on states of the map.
    to : Target or Survival
    budget : Budget
        Of the simulation, for methods that simulate.
    seed : int
        From which everything random follows.
    work : Work
        Who computes, who is told, and what is remembered.
    """

    F: Map
    region: Region
    to: Event = Target.MINIMA
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    work: Work = field(default_factory=Work)

    @property
    def target(self) -> Target:
        """Which limits count, for methods that measure no other events."""
        assert isinstance(self.to, Target)
        return self.to


class MeasureMethod(ABC):
    """One way to measure; a frozen dataclass whose fields are its settings.

    A new way gives `answer` and is then passed as ``method=``.
    """

    #: the kinds of events it can measure
    events: ClassVar[tuple[type, ...]] = (Target,)

    @abstractmethod
    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate; `convergent_measure` has checked the arguments."""
