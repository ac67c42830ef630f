"""Communicating classes: parts that lead to each other, and whether anything ever leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .transitions import Transitions

__all__ = ["Class", "communicating_classes", "cyclic_pieces", "downstream"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Class:
    """A set of parts each of which leads to each other one, itself included.

    Parameters
    ----------
    rows : ndarray of int
        Rows of the matrix, ascending.
    closed : bool
        Whether nothing leaves it, neither to other parts nor out of all of them.
    """

    rows: Rows
    closed: bool


def communicating_classes(transitions: Transitions) -> tuple[Class, ...]:
    """Return the classes, the closed ones first, then by size; parts in no cycle are in none."""
    from scipy.sparse.csgraph import connected_components

    matrix = transitions.matrix
    n = matrix.shape[0]
    if not n:
        return ()
    count, label = connected_components(matrix, directed=True, connection="strong")
    source = np.repeat(np.arange(n), np.diff(matrix.indptr))
    stays = label[source] == label[matrix.indices]
    cyclic = np.bincount(label[source[stays]], minlength=count) > 0
    leaking = np.bincount(label[source[~stays]], minlength=count) > 0
    leaking |= np.bincount(label[transitions.left > 0], minlength=count) > 0
    order = np.argsort(label, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1])
    found = [Class(rows=members[k], closed=not leaking[k]) for k in np.flatnonzero(cyclic)]
    return tuple(sorted(found, key=lambda each: (not each.closed, -len(each.rows), each.rows[0])))


def downstream(transitions: Transitions, rows: Rows) -> Rows:
    """Return the parts that `rows`, one class, lead to, themselves included, ascending."""
    from scipy.sparse.csgraph import breadth_first_order

    met = breadth_first_order(transitions.matrix, int(rows[0]), return_predecessors=False)
    return np.sort(met)


def cyclic_pieces(matrix: Any) -> tuple[int, Rows]:
    """Return the period of an irreducible matrix and the cyclic piece of each row.

    The period is the greatest common divisor of the lengths of all cycles: of level(i) + 1 -
    level(j) over the arrows i -> j, with levels from any search in breadth.
    """
    from scipy.sparse.csgraph import breadth_first_order

    n = matrix.shape[0]
    _, before = breadth_first_order(matrix, 0, return_predecessors=True)
    # Steps to the first row, doubled at every turn.
    level, above = (before >= 0).astype(np.int64), np.maximum(before, 0)
    while above.any():
        level, above = level + level[above], above[above]
    source = np.repeat(np.arange(n), np.diff(matrix.indptr))
    period = int(np.gcd.reduce(level[source] + 1 - level[matrix.indices]))
    return period, level % period
