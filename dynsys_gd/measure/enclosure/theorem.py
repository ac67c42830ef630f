"""Boxes from which almost every point converges to a minimum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from time import perf_counter
from typing import Any

import numpy as np

from ...checker.content import Theorem
from ...engine.chunks import checked_executor, checked_progress
from ...engine.journal.checkpoint import Run, opened
from ...engine.work import Work
from ...errors import InvalidInput
from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...regions import Box
from ...results import Result
from ..question import MeasureQuestion
from ..target import Target
from .certificate import Certificate
from .enclosure import Enclosure, certified, checked_region, searched
from .facts import facts_of
from .tree import UNKNOWN, Tree
from .written import certificate_of

__all__ = ["BasinTheorem", "basin_theorem"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BasinTheorem(Result):
    """The largest box about a centre of which almost every point is proved to converge.

    Parameters
    ----------
    map : Map
    asked : Box
        The box that was asked about.
    target : Target
    scale : Fraction
        What holds for the box `asked`, shrunk about its centre by this factor; 0 where nothing
        was proved.
    holds : Outcome
        Whether almost every point of `asked` converges; NO where a part of it is proved not to.
    blocked : Outcome
        NO where a cell next to the proved box is proved to hold points that do not converge,
        UNDECIDED where nothing is known of it, YES where `asked` itself is proved.
    certificate : Certificate or None
    cells : int
        Number of cells in the proof.
    seconds : float
    """

    map: Map
    asked: Box
    target: Target
    scale: Fraction
    holds: Outcome
    blocked: Outcome
    evidence: Evidence
    certificate: Certificate | None
    cells: int
    seconds: float

    @property
    def corners(self) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        """Exact corners of the box of the theorem."""
        low, high = (tuple(map(Fraction, c)) for c in (self.asked.low, self.asked.high))
        middle = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
        half = tuple(self.scale * (b - a) / 2 for a, b in zip(low, high, strict=True))
        return (
            tuple(m - h for m, h in zip(middle, half, strict=True)),
            tuple(m + h for m, h in zip(middle, half, strict=True)),
        )

    @property
    def box(self) -> Box | None:
        """The box of the theorem, None where nothing was proved; see `corners` for exact ones."""
        if not self.scale:
            return None
        low, high = self.corners
        return Box([float(x) for x in low], [float(x) for x in high])

    def headline(self) -> str:
        if not self.scale:
            return f"No box about the centre was proved to converge to {self.target}"
        low, high = self.corners
        sides = " × ".join(
            f"[{float(a):.9g}, {float(b):.9g}]" for a, b in zip(low, high, strict=True)
        )
        return f"Almost every point of {sides} converges to {self.target}"

    def rows(self) -> list[tuple[str, str]]:
        whole = {Outcome.YES: "proved", Outcome.NO: "refuted", Outcome.UNDECIDED: "undecided"}
        beyond = {
            Outcome.YES: "",
            Outcome.NO: "; points next to the proved box are proved not to converge",
            Outcome.UNDECIDED: "; next to the proved box nothing was decided",
        }
        return [
            ("map", self.map.describe()),
            ("asked", self.asked.describe()),
            ("whole box", whole[self.holds] + beyond[self.blocked]),
            ("evidence", str(self.evidence)),
            ("cost", f"{self.cells} cells, {self.seconds:.2g} s"),
        ]

    def to_dict(self) -> dict[str, Any]:
        low, high = self.corners
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "asked": self.asked.describe(),
            "target": self.target.name.lower(),
            "scale": str(self.scale),
            "low": [str(x) for x in low],
            "high": [str(x) for x in high],
            "holds": self.holds.value,
            "cells": self.cells,
        }


def basin_theorem(
    F: Map,
    box: Box,
    *,
    to: Target = Target.MINIMA,
    scale: float = 1.0,
    seconds: float = 5.0,
    executor: Any = None,
    progress: Any = None,
    checkpoint: Any = None,
) -> BasinTheorem:
    """Prove that almost every point of a box, or of a smaller one about its centre, converges.

    Parameters
    ----------
    F : Map
        Given by formulas without kinks, in at most three dimensions.
    box : Box
        Of states. Its centre should be inside the basin.
    to : Target
    scale : float
        Above 0, at most 1: the search ends as soon as the box is proved that is shrunk about its
        centre by this factor. The answer may be a larger one.
    seconds : float
        Time limit; the answer is what is proved by then.
    executor : concurrent.futures.Executor, optional
    progress : callable, optional
        Called as ``progress(done, total)``.
    checkpoint : path, optional
        A file in which the search is kept as it comes: where it was stopped, the same call goes
        on.

    Returns
    -------
    BasinTheorem
        CERTIFIED; its certificate can be saved and verified by ``dynsys-gd check FILE``.

    Raises
    ------
    InvalidInput
        For a box of the wrong dimension, and maps without formulas or with kinks.

    Notes
    -----
    The cells of `Enclosure` decide parts of the box; the answer is the largest box about the same
    centre without a cell that is open or does not converge. Its corners are dyadic multiples of
    those of `box`, exact rational numbers.

    Examples
    --------
    Under (xy - 1)²/2 with step size 1/2, squares about the origin are proved as long as they do
    not reach the 2-cycle (√3, -√3).

    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x * y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> theorem = basin_theorem(F, Box([-1.5, -1.5], [1.5, 1.5]), seconds=60)
    >>> print(theorem.holds, theorem.scale)
    yes 1
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "wrap the loss, for example as GradientDescent")
    if not isinstance(to, Target):
        raise InvalidInput("to", to, "Target.MINIMA or Target.FIXED_POINTS")
    began = perf_counter()
    checked_executor(executor)
    checked_progress(progress)
    region = checked_region(MeasureQuestion(F=F, region=box, to=to))
    method, wanted = Enclosure(seconds=seconds), _checked_scale(scale)
    arguments = {"F": F, "box": region, "to": to, "method": method, "scale": wanted}
    run = Run(name="basin_theorem", arguments=arguments, seed=0, seed_given=True)
    facts = facts_of(F, region, target=to)
    with opened(checkpoint, run) as journal:
        work = Work(executor=executor, progress=progress, journal=journal)
        question = MeasureQuestion(F=F, region=region, to=to, work=work)
        search = searched(
            method,
            question,
            facts,
            region,
            enough=lambda search: _largest(search.cells.tree)[0] >= wanted,
        )
    tree = search.cells.tree
    proved, holds, blocked = _largest(tree)
    theorem = BasinTheorem(
        map=F,
        asked=region,
        target=to,
        scale=proved,
        holds=holds,
        blocked=blocked,
        evidence=certified(F),
        certificate=None,
        cells=int(np.count_nonzero(tree.mask[tree.leaves()] != UNKNOWN)),
        seconds=perf_counter() - began,
    )
    if not proved:
        return theorem
    low, high = theorem.corners
    claim = Theorem(low=low, high=high, statement=f"almost every point converges to {to}")
    return replace(theorem, certificate=certificate_of(search.cells, F, region, to, claim))


def _checked_scale(scale: Any) -> float:
    number = isinstance(scale, (int, float, Fraction)) and not isinstance(scale, bool)
    if not number or not 0 < scale <= 1:
        raise InvalidInput("scale", scale, "a number above 0, at most 1")
    return float(scale)


def _largest(tree: Tree) -> tuple[Fraction, Outcome, Outcome]:
    """Return the scale at which the box is proved, whether it all is, and what stops it there."""
    leaves = tree.leaves()
    leaves = leaves[tree.inside(leaves) & ((tree.mask[leaves] & 1) != 0)]
    if not len(leaves):
        return Fraction(1), Outcome.YES, Outcome.YES
    lower, upper = tree.bounds(leaves)
    # Corners of cells are dyadic numbers of at most 53 bits: nothing is rounded here.
    away = np.maximum(np.maximum(2.0 * lower - 1.0, 1.0 - 2.0 * upper), 0.0).max(axis=0)
    nearest = away.min()
    refuted = tree.mask[leaves] == 1
    holds, blocked = (
        Outcome.NO if no.any() else Outcome.UNDECIDED for no in (refuted, refuted[away == nearest])
    )
    return Fraction(nearest), holds, blocked
