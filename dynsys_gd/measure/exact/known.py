"""A share that is known exactly, with the theorem behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from ..target import Target

__all__ = ["KnownMeasure"]


_LONGEST = 60  # characters of an exact number that people read


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class KnownMeasure(Result):
    """The exact share of a law of initialisations that converges to a target.

    Parameters
    ----------
    map : Map
        What is iterated.
    region : Region
        The law. The corners of a box are taken as the doubles they are.
    target : Target
        Which limits count.
    share : sympy expression
        A number between 0 and 1.
    volume : sympy expression or None
        Lebesgue measure of the convergent set in the region; None for a law on the whole space.
    theorem : str
        Which set converges, up to a null set.
    checked : tuple of str
        The hypotheses, each as it was found to hold here.
    evidence : Evidence
        PROVED, or NUMERICAL where a floating-point number was given.
    """

    map: Map
    region: Region
    target: Target
    share: sp.Expr
    volume: sp.Expr | None
    theorem: str
    checked: tuple[str, ...]
    evidence: Evidence

    def __float__(self) -> float:
        return float(self.share)

    def headline(self) -> str:
        return f"Share of starts that {self.target.said}: {_written(self.share)}"

    def rows(self) -> list[tuple[str, str]]:
        table = [("map", self.map.describe()), ("law", self.region.describe())]
        if self.volume is not None:
            table.append(("volume", _written(self.volume)))
        table.append(("theorem", self.theorem))
        table += [("checked", text) for text in self.checked]
        table.append(("evidence", str(self.evidence)))
        return table

    def latex(self) -> str | None:
        return str(sp.latex(self.share))

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "region": self.region.describe(),
            "target": self.target.key,
            "share": float(self.share),
            "exact_share": plain(self.share),
            "exact_volume": plain(self.volume),
            "theorem": self.theorem,
            "checked": list(self.checked),
        }


def _written(number: sp.Expr) -> str:
    """Return a number exactly where that is short, and in digits."""
    exact = sp.sstr(number)
    if number.is_Integer:
        return exact
    digits = f"{float(number):.12g}"
    return f"{exact} = {digits}" if len(exact) <= _LONGEST else f"{digits} (a long exact number)"
