"""The largest eigenvalues of a transfer operator: how fast densities forget where they began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain
from ..cells import Cells
from ..counted import counted
from .invariant_density import discretised
from .surviving import largest_eigenvalues
from .transitions import Transitions

__all__ = ["TransferSpectrum", "spectrum_of"]

_UNIT = 1e-9  # what counts as modulus 1


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TransferSpectrum(Result):
    """Eigenvalues of Ulam's matrix of largest modulus.

    Parameters
    ----------
    map : Map
    cells : Cells
    eigenvalues : tuple of complex
        By falling modulus.
    coarser : tuple of complex
        As many on cells twice as wide; empty where there are none.
    converged : bool
        Whether these are known to be the largest ones; False where the iteration did not converge,
        and found some of them.
    """

    map: Map
    cells: Cells
    eigenvalues: tuple[complex, ...]
    coarser: tuple[complex, ...]
    converged: bool
    evidence: Evidence

    @property
    def mixing_rate(self) -> float:
        """Modulus of the second eigenvalue by that of the first; NaN where one is not known.

        What a density has of it shrinks by this factor a step, compared with the leading one. 1
        for several closed classes, and where sets are visited in turn.
        """
        if len(self.eigenvalues) < 2 or self.eigenvalues[0] == 0 or not self.converged:
            return math.nan
        return min(1.0, abs(self.eigenvalues[1]) / abs(self.eigenvalues[0]))

    def headline(self) -> str:
        cells = counted(len(self.cells), "cell")
        of = f"{self.map.describe()} on {cells} (depth {self.cells.depth})"
        rate = "not known" if math.isnan(self.mixing_rate) else f"= {self.mixing_rate:.6g}"
        return f"Spectrum of the transfer operator of {of}: |λ₂/λ₁| {rate}"

    def rows(self) -> list[tuple[str, str]]:
        def shown(values: tuple[complex, ...]) -> str:
            return ", ".join(_written(value) for value in values[:6])

        table = [("eigenvalues", shown(self.eigenvalues))]
        unit = sum(abs(value) > 1.0 - _UNIT for value in self.eigenvalues)
        if unit:
            table.append(("of modulus 1", str(unit)))
        if not self.converged:
            table.append(("not converged", "there may be larger ones; ask for more, or fewer"))
        if self.coarser:
            table.append(("on cells twice as wide", shown(self.coarser)))
        return [*table, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "region": self.cells.region.describe(),
            "depth": self.cells.depth,
            "eigenvalues": plain(list(self.eigenvalues)),
            "coarser": plain(list(self.coarser)),
            "converged": self.converged,
            "mixing_rate": plain(self.mixing_rate),
        }


def spectrum_of(transitions: Transitions, k: int, entries: Evidence) -> TransferSpectrum:
    """Return the k eigenvalues of largest modulus."""
    coarse = transitions.coarser()
    values, sure = largest_eigenvalues(transitions, k)
    larger = () if coarse is None else largest_eigenvalues(coarse, k)[0].tolist()
    return TransferSpectrum(
        map=transitions.F,
        cells=transitions.cells,
        eigenvalues=tuple(values.tolist()),
        coarser=tuple(larger),
        converged=sure,
        evidence=discretised(
            entries,
            "eigenvalues of the matrix; those inside the essential spectral radius of the "
            "operator itself mean nothing",
        ),
    )


def _written(value: complex) -> str:
    if abs(value.imag) < 1e-12 * max(1.0, abs(value)):
        return f"{value.real:.4g}"
    return f"{value.real:.4g} {'+' if value.imag > 0 else '−'} {abs(value.imag):.4g}i"
