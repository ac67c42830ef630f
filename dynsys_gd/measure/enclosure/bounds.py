"""What cells prove of a share: exact bounds, and who is responsible for what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...engine.intervals import enclosing
from ..reading import Reading
from .certificate import Certificate
from .tree import Tree

__all__ = ["ProvedShare", "area"]


@dataclass(frozen=True, eq=False)
class ProvedShare(Reading):
    """Bounds of a share that hold for sure; exact rational numbers.

    Parameters
    ----------
    bounds : tuple of two Fraction
        The share lies between them.
    by_outcome : tuple of (str, Fraction, Fraction)
        The same for the single limits that were told apart.
    cells : int
        Number of cells that were decided.
    certificate : Certificate or None
        What another program needs to verify it; None where the bounds come from a theorem.
    notes : tuple of str
        What was looked for and not found.
    """

    bounds: tuple[Fraction, Fraction]
    by_outcome: tuple[tuple[str, Fraction, Fraction], ...]
    cells: int
    certificate: Certificate | None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return self.cells

    @property
    def lower(self) -> float:
        return enclosing(self.bounds[0])[0]

    @property
    def upper(self) -> float:
        return enclosing(self.bounds[1])[1]

    @property
    def undecided(self) -> float:
        return float(self.bounds[1] - self.bounds[0])

    def interval(self, level: float) -> tuple[float, float]:
        """Return the bounds, whatever the level."""
        return self.lower, self.upper

    def upper_bound(self, level: float) -> float:
        return self.upper

    def rows(self) -> Iterable[tuple[str, str]]:
        for name, low, high in self.by_outcome:
            yield name, f"share in [{enclosing(low)[0]:.9g}, {enclosing(high)[1]:.9g}]"
        if self.cells:
            yield "undecided", f"{self.undecided:.3g} of the region; {self.cells} cells decided"
        for note in self.notes:
            yield "note", note

    def to_dict(self) -> dict[str, Any]:
        return {
            "bounds": [str(bound) for bound in self.bounds],
            "by_outcome": {name: [str(low), str(high)] for name, low, high in self.by_outcome},
            "cells": self.cells,
            "notes": list(self.notes),
        }


def area(tree: Tree, *, of: int, sure: bool) -> Fraction:
    """Return the share of the region whose cells surely, or possibly, meet outcomes in a mask."""
    leaves = tree.leaves()
    leaves = leaves[tree.inside(leaves)]
    mask = tree.mask[leaves]
    chosen = (mask & np.uint16(~of & 0xFFFF)) == 0 if sure else (mask & np.uint16(of)) != 0
    counts = np.bincount(tree.level[leaves[chosen]])
    d = tree.dimension
    return sum((Fraction(int(k), 2 ** (d * at)) for at, k in enumerate(counts)), Fraction(0))
