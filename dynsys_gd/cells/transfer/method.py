"""What is asked of a way to find transition probabilities, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from ...engine.work import Work
from ...evidence import Evidence
from ...maps.base import Map
from ..cells import Cells

__all__ = ["Entries", "TransferMethod", "TransferQuestion"]


@dataclass(frozen=True, kw_only=True)
class TransferQuestion:
    """Which share of each cell lands in which cell after one step.

    Parameters
    ----------
    F : Map
    cells : Cells
    seed : int
        From which everything random follows.
    work : Work
    """

    F: Map
    cells: Cells
    seed: int
    work: Work


@dataclass(frozen=True, kw_only=True, eq=False)
class Entries:
    """Transition probabilities between n cells.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix, shape (n, n)
    lower, upper : scipy.sparse.csr_matrix or None
        Proved bounds of all entries; an entry that is stored in neither is 0.
    evidence : Evidence
        How the entries are known.
    """

    matrix: Any
    evidence: Evidence
    lower: Any = None
    upper: Any = None


class TransferMethod(ABC):
    """One way to find transition probabilities; a frozen dataclass whose fields are its settings.

    A new way gives `entries` and `describe`, and is then passed as ``method=``.

    Examples
    --------
    >>> from dynsys_gd import SampledCells
    >>> isinstance(SampledCells(), TransferMethod)
    True
    """

    @abstractmethod
    def entries(self, question: TransferQuestion) -> Entries:
        """Return the entries; `transfer_operator` has checked the arguments."""

    @abstractmethod
    def describe(self) -> str:
        """Return the method in words."""
