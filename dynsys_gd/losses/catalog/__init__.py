"""Named losses with known facts: critical points, thresholds, exact measures.

Examples
--------
>>> from dynsys_gd.losses import catalog
>>> entry = catalog.get("double_well")
>>> entry.loss
Loss(x**4/4 - x**2/2, [x])
>>> [fact.value for fact in entry.facts_of(catalog.CriticalStepSize)]
[1]
"""

from __future__ import annotations

from .entry import (
    DERIVED,
    ETA,
    CatalogEntry,
    CatalogKind,
    Collapse,
    CriticalFamily,
    CriticalPoint,
    CriticalStepSize,
    Cycle,
    ExactMeasure,
    Fact,
    NoCriticalPoint,
    Plateau,
)
from .measures import factorisation_area
from .registry import entries, get, names

__all__ = [
    "DERIVED",
    "ETA",
    "CatalogEntry",
    "CatalogKind",
    "Collapse",
    "CriticalFamily",
    "CriticalPoint",
    "CriticalStepSize",
    "Cycle",
    "ExactMeasure",
    "Fact",
    "NoCriticalPoint",
    "Plateau",
    "entries",
    "factorisation_area",
    "get",
    "names",
]
