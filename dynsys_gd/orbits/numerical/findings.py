"""What a numerical search has found so far, and what it has to say about what it has not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Grade
from ..orbit_set import OrbitSet
from ..question import OrbitQuestion
from .distinct import RESOLUTION, labels, least_period_is
from .newton import Converged
from .periodic_points import numerical_orbits
from .systems import NEXT, System

__all__ = ["Findings", "chao"]

Array = NDArray[np.float64]


@dataclass(eq=False)
class Findings:
    """Different orbits and how often each was met; grows batch by batch.

    Parameters
    ----------
    system : System
    orbits : ndarray, shape (m, p, d)
        States of the map.
    counts : ndarray of int, shape (m,)
    """

    system: System
    orbits: Array
    counts: NDArray[np.int64]
    tried: int = 0
    converged: int = 0
    singular: int = 0
    shorter: int = 0
    outside: int = 0
    finished: bool = True
    lowest: Array | None = None
    highest: Array | None = None
    notes: list[str] = field(default_factory=list)

    @staticmethod
    def none(system: System) -> Findings:
        """Return findings without any orbit."""
        shape = (0, system.task.period, system.task.dimension)
        return Findings(system, np.empty(shape), np.empty(0, dtype=np.int64))

    def know(self, orbits: Array) -> None:
        """Take over orbits, shape (m, p, d), from an earlier search, not counted as met here."""
        self.orbits = np.concatenate([self.orbits, orbits])
        self.counts = np.concatenate([self.counts, np.zeros(len(orbits), dtype=np.int64)])

    def lost(self, starts: int) -> None:
        """Count starts that led nowhere."""
        self.tried += starts

    def add(self, found: Converged, tried: int) -> None:
        """Take in where `tried` starts have led."""
        task = self.system.task
        self.tried += tried
        self.finished &= found.finished
        self.converged += len(found.orbits)
        if not len(found.orbits):
            return
        states = task.reduced(self.system.states(found.orbits))
        inside = task.inside(states).all(axis=1)
        self.outside += int((~inside).sum())
        states, unknowns = states[inside], found.orbits[inside]
        long = least_period_is(task, states)
        self.shorter += int((~long).sum())
        states, unknowns = states[long], unknowns[long]
        if not len(states):
            return
        regular = self.system.isolated(unknowns)
        if not regular.all():
            self._note_singular(states[~regular].reshape(-1, task.dimension))
            self.singular += int((~regular).sum())
        self._count(states[regular])

    def _note_singular(self, points: Array) -> None:
        """Remember the bounds of points that are not isolated."""
        low, high = points.min(axis=0), points.max(axis=0)
        self.lowest = low if self.lowest is None else np.minimum(low, self.lowest)
        self.highest = high if self.highest is None else np.maximum(high, self.highest)

    def _count(self, states: Array) -> None:
        known = len(self.orbits)
        every = np.concatenate([self.orbits, states])
        names = labels(self.system.task, every)
        _, first, name = np.unique(names, return_index=True, return_inverse=True)
        new = np.bincount(name.ravel()[known:], minlength=len(first))
        old = np.zeros(len(first), dtype=np.int64)
        old[name.ravel()[:known]] = self.counts
        order = np.argsort(first, kind="stable")
        self.orbits, self.counts = every[first[order]], (old + new)[order]

    @property
    def once(self) -> int:
        """How many orbits were met a single time."""
        return int((self.counts == 1).sum())

    def answer(self, question: OrbitQuestion, how: str, sources: tuple[str, ...]) -> OrbitSet:
        """Return what was found, told how it was looked for."""
        orbits = numerical_orbits(self.system, self.orbits, how, sources)
        before = 0 if question.continued is None else question.continued.boxes or 0
        return OrbitSet(
            title=question.title,
            orbits=orbits,
            complete=False,
            why=self._why(),
            region=question.region,
            boxes=before + self.tried,
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason=f"{how} in floating point; orbits that agree to {RESOLUTION:g} of the "
                "scale are taken as one, and that true orbits are near is not proved",
                sources=sources,
            ),
        )

    def _why(self) -> str:
        parts = [f"{self.converged} of {self.tried} starts converged"]
        left_out = [
            f"{count} {text}"
            for count, text in (
                (self.shorter, "to orbits of a shorter period"),
                (self.outside, "to orbits outside of the region"),
            )
            if count
        ]
        if left_out:
            parts.append("of these " + " and ".join(left_out))
        if self.singular:
            parts.append(self._singular_note())
        parts.append(self._abundance())
        parts += self.notes
        if not self.finished:
            parts.append("the time limit ended the search")
        what = "; ".join(part for part in parts if part)
        return f"NOT known to be complete: {what}; {self._advice()}"

    def _singular_note(self) -> str:
        assert self.lowest is not None
        assert self.highest is not None
        sides = zip(self.lowest, self.highest, strict=True)
        if np.max(self.highest - self.lowest) <= 1e-2 * self.system.task.scale:
            where, what = "near", "one multiple solution, or a small family"
            shown = [f"{(low + high) / 2:.5g}" for low, high in sides]
        else:
            where, what = "spread over", "families, or multiple solutions"
            shown = [f"[{low:.4g}, {high:.4g}]" for low, high in sides]
        if len(shown) > 4:
            shown = [*shown[:3], "…"]
        joined = " × ".join(shown) if "spread" in where else f"({', '.join(shown)})"
        return (
            f"{self.singular} led to solutions that are not isolated to {NEXT:g} or not simple, "
            f"{where} {joined}: {what}, not listed"
        )

    def _abundance(self) -> str:
        met = self.counts[self.counts > 0]
        if not len(met):
            return ""
        least, most = int(met.min()), int(met.max())
        text = (
            f"each orbit was met {least} to {most} times"
            if most > least
            else (f"each orbit was met {most} times" if most > 1 else "each orbit was met once")
        )
        if not self.once:
            return f"{text}, none only once"
        return (
            f"{text}, {self.once} only once: by Chao's estimate at least about {chao(self.counts)} "
            "more would be met by starts like these"
        )

    def _advice(self) -> str:
        more = "more starts or time may find others"
        if self.system.task.F.expression is None:
            return more + "; a map without a symbolic form cannot be searched with proof"
        return more + ", Krawczyk() on a box proves what it finds and that nothing is missing"


def chao(counts: NDArray[np.int64]) -> int:
    """Return how many kinds were missed at least, estimated from how often each was met.

    Notes
    -----
    f₁ (f₁ - 1) / (2 (f₂ + 1)) with f_k the number of kinds met k times [chao1984nonparametric]_:
    a lower bound in expectation, supposing independent draws.

    Examples
    --------
    >>> chao(np.array([1, 1, 1, 2, 7]))
    2
    """
    once, twice = (int((counts == k).sum()) for k in (1, 2))
    return -(-once * (once - 1) // (2 * (twice + 1))) if once > 1 else once
