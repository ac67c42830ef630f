"""Which class of cells mass stays in the longest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .classes import Class, communicating_classes
from .eigenvectors import leading_left
from .transitions import Transitions

__all__ = ["RESOLVED", "Slowest", "slowest_class"]

#: what 1 - λ has to exceed to be told from rounding
RESOLVED = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Slowest:
    """The class with the largest eigenvalue.

    Parameters
    ----------
    rows : ndarray of int
    value : float
        1 for a closed class.
    """

    rows: NDArray[np.int64]
    value: float


def slowest_class(transitions: Transitions) -> Slowest | None:
    """Return the class that mass leaves most slowly, or None where no cell leads back to itself."""
    classes = communicating_classes(transitions)
    if not classes:
        return None
    if classes[0].closed:
        return Slowest(rows=classes[0].rows, value=1.0)
    # An eigenvalue is at most the largest sum of a row of its block: few blocks are looked at.
    bounded = [_bounded(transitions, each) for each in classes]
    best = Slowest(rows=classes[0].rows, value=-1.0)
    for bound, block, each in sorted(bounded, key=lambda item: -item[0]):
        if bound <= best.value:
            break
        value = leading_left(block).value
        if value > best.value:
            best = Slowest(rows=each.rows, value=value)
    return best


def _bounded(transitions: Transitions, each: Class) -> tuple[float, Any, Class]:
    block = transitions.matrix[each.rows][:, each.rows]
    return float(block.sum(axis=1).max()), block, each
