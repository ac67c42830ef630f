"""What a statement about a map consists of, and what it is looked at on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any
from zlib import crc32

import numpy as np
import sympy as sp

from ..ensembles.budget import Budget
from ..errors import InvalidInput
from ..evidence import Finding
from ..losses.base import AbstractLoss
from ..maps.base import Map
from ..maps.gradient_map import GradientMap
from ..orbits.critical_points import critical_points
from ..orbits.fixed_points import fixed_points
from ..orbits.orbit_set import OrbitSet
from ..regions import Region
from ..results import Result, bibliography
from ..thresholds.critical import critical_step_size
from ..thresholds.threshold import Threshold
from .number import Number

__all__ = ["Case", "Claim", "Hypothesis", "Instance", "Observation"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """A map, the law of its initialisations and a seed: what a claim is looked at on.

    Parameters
    ----------
    F : Map
    region : Region
        Law of the initialisations, points of the loss.
    seed : int
        Every random choice made on this instance follows from it.
    starts : int
        Number of initialisations that an observation draws.
    budget : Budget
        Caps and tolerances of each simulation.
    executor : concurrent.futures.Executor, optional
    """

    F: Map
    region: Region
    seed: int
    starts: int
    budget: Budget
    executor: Executor | None = None

    @property
    def loss(self) -> AbstractLoss:
        """The loss behind the map."""
        if self.F.loss is None:
            raise InvalidInput("F", self.F.describe(), "a map made from a loss")
        return self.F.loss

    @property
    def step_size(self) -> sp.Expr:
        """The step size of the map, exact where it was given so."""
        if not isinstance(self.F, GradientMap) or "step_size" not in self.F.settings:
            raise InvalidInput("F", self.F.describe(), "a map with a step size")
        return self.F.settings["step_size"]

    @cached_property
    def threshold(self) -> Threshold:
        """The critical step size of the loss, computed once for all hypotheses."""
        return critical_step_size(self.loss, rng=self.rng("critical step size"))

    @cached_property
    def critical_points(self) -> OrbitSet:
        """The critical points of the loss, found once for all hypotheses."""
        return critical_points(self.loss)

    @cached_property
    def fixed_points(self) -> OrbitSet:
        """The fixed points of the map, found once for all hypotheses."""
        return fixed_points(self.F)

    def with_starts(self, starts: int, budget: Budget) -> Instance:
        """Return the instance with other numbers of starts and steps, and what was found kept."""
        other = replace(self, starts=starts, budget=budget)
        found = ("threshold", "critical_points", "fixed_points")
        other.__dict__.update(
            {name: self.__dict__[name] for name in found if name in self.__dict__}
        )
        return other

    def __getstate__(self) -> dict[str, Any]:
        # An executor stays in the process that made it.
        return {**self.__dict__, "executor": None}

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for `purpose`, the same at every call."""
        return np.random.default_rng([self.seed, crc32(purpose.encode())])


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """One condition of a claim, and how it is checked on an instance.

    Parameters
    ----------
    name : str
        Short, for tables.
    statement : str
        A sentence that can be true or false of an instance.
    check : callable
        Instance -> Finding. It answers undecided where it cannot tell, and does not raise for
        maps to which the condition does not apply: those do not meet it.
    """

    name: str
    statement: str
    check: Callable[[Instance], Finding]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The conclusion of a claim as seen on an instance.

    Parameters
    ----------
    finding : Finding
        Whether the conclusion is seen, and how that is known.
    notes : tuple of str
        What the reader must know to weigh it: what is not covered, what else was seen.
    results : tuple of Result
        The measurements behind it, for pictures and reports.
    numbers : tuple of Number
        What was found, beside what is expected of it.
    """

    finding: Finding
    notes: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    numbers: tuple[Number, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A map on which a claim is shown: where it applies, or where one hypothesis fails.

    Parameters
    ----------
    title : str
        What the instance is, in words.
    F : Map
    region : Region, optional
        Law of the initialisations.
    why : str
        What it shows; for a counterexample, how the conclusion may fail.
    """

    title: str
    F: Map
    region: Region | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Claim:
    """A statement with its hypotheses, its source, and instances that show what it needs.

    Parameters
    ----------
    name : str
        As an attribute of ``dynsys_gd.claims``.
    title : str
        The conclusion in a few words.
    statement : str
        Hypotheses and conclusion in full sentences.
    sources : tuple of str
        Keys into ``references.bib``, the paper that states it first.
    provenance : str
        How close the statement is to the words of its sources.
    hypotheses : tuple of Hypothesis
    conclusion : str
        A sentence that can be seen to be true or false in a simulation or an evaluation.
    observe : callable
        Instance -> Observation.
    examples : callable
        Returns the cases in which every hypothesis holds.
    counterexamples : callable
        Returns one case for the name of each hypothesis, in which that hypothesis fails.
    controls : callable
        Returns further cases in which a hypothesis fails, and the conclusion with it.
    disputed : str
        Where the statement does not hold as it stands: what is seen instead, in neutral words. Its
        examples are then contradictions. Empty where nothing is known against it.
    study : Study, optional
        The study that made it.
    """

    name: str
    title: str
    statement: str
    sources: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    conclusion: str
    observe: Callable[[Instance], Observation]
    examples: Callable[[], tuple[Case, ...]]
    counterexamples: Callable[[], Mapping[str, Case]]
    provenance: str = "as we state it; the paper's own wording and constants may differ"
    controls: Callable[[], tuple[Case, ...]] = tuple
    disputed: str = ""
    study: Any = None

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A claim of the package travels by its name: its checks may be local functions.
        if self.study is not None:
            return (_of_study, (self.study, self.name))
        known = getattr(import_module(__package__), self.name, None)
        return (_by_name, (self.name,)) if known is self else super().__reduce__()

    def cite(self) -> str:
        """Return the BibTeX entries of the sources."""
        entries = self.entries()
        return "\n\n".join(entries[key] for key in self.sources)

    def entries(self) -> dict[str, str]:
        """Return the BibTeX entries that the sources are keys of, that of its study among them."""
        own = {} if self.study is None else {self.study.paper: self.study.entry}
        return bibliography() | own

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "statement": self.statement,
            "hypotheses": {h.name: h.statement for h in self.hypotheses},
            "conclusion": self.conclusion,
            "sources": list(self.sources),
            "provenance": self.provenance,
            "disputed": self.disputed,
        }

    def __repr__(self) -> str:
        lines = [f"Claim {self.name}: {self.title}", f"  {self.statement}"]
        lines += [f"  if {h.name}: {h.statement}" for h in self.hypotheses]
        lines += [
            f"  then: {self.conclusion}",
            f"  source: {', '.join(self.sources)}, {self.provenance}",
        ]
        return "\n".join(lines)


def _of_study(study: Any, name: str) -> Claim:
    return next(claim for claim in study.made() if claim.name == name)


def _by_name(name: str) -> Claim:
    claim: Claim = getattr(import_module(__package__), name)
    return claim
