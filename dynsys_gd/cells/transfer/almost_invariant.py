"""Almost-invariant sets: cells that exchange little mass with the others in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain
from ..cells import Cells
from ..counted import counted
from .classes import communicating_classes
from .eigenvectors import leading_left, symmetric_pairs
from .invariant_density import discretised
from .surviving import slowest_class
from .transitions import Transitions

__all__ = ["AlmostInvariantSets", "almost_invariant_sets_of"]

_SOURCES = (
    "dellnitz1999approximation",
    "froyland2005statistically",
    "huisinga2006metastability",
    "weber2002characterization",
)
_NEGLIGIBLE = 1e-9  # mass of the lightest cells, left out: their own masses are rounding
_HEAVIEST = 0.99  # share of the mass among whose cells the corners of the simplex are looked for

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AlmostInvariantSets(Result):
    """Sets of cells that an orbit seldom leaves, under the invariant density.

    Parameters
    ----------
    map : Map
    sets : tuple of Cells
        Together they are the cells that are visited again and again: those of the closed classes,
        or of the class that mass leaves most slowly; but for the lightest cells, with 1e-9 of the
        mass in all. Those whose mass lies at smaller first coordinates come first.
    masses : tuple of float
        Share of the time that is spent in each set.
    ratios : tuple of float
        Coherence ratio of each set: the share of its mass that stays in it for one step.
    eigenvalues : tuple of float
        The largest ones of the reversibilised matrix, 1 first, one more than there are sets.
    survival : float
        1, or the share λ that stays in one step where all mass leaves in the end; masses and ratios
        are then those of orbits on condition that they never leave.
    moved : float or None
        Mass of the cells that belong to another set on cells twice as wide; None where there is
        nothing to compare with.
    """

    map: Map
    sets: tuple[Cells, ...]
    masses: tuple[float, ...]
    ratios: tuple[float, ...]
    eigenvalues: tuple[float, ...]
    survival: float
    moved: float | None
    evidence: Evidence

    @property
    def cells(self) -> Cells:
        """The cells of all sets."""
        first = self.sets[0]
        codes = np.sort(np.concatenate([each.codes for each in self.sets]))
        return Cells(first.region, first.depth, codes)

    @property
    def limit(self) -> float:
        """What the mean ratio of so many sets can be at most, under this matrix: Σ λ_i / k."""
        k = len(self.sets)
        return min(1.0, sum(self.eigenvalues[:k]) / k)

    @property
    def exchange(self) -> float:
        """Share of all mass that changes its set in one step."""
        return sum(m * (1.0 - r) for m, r in zip(self.masses, self.ratios, strict=True))

    def at(self, points: Any) -> Rows:
        """Return the number of the set that each point (m, d) lies in, -1 for none."""
        rows = np.asarray(points, dtype=np.float64)
        which = np.full(len(rows), -1, dtype=np.int64)
        for k, each in enumerate(self.sets):
            which[each.at(rows) >= 0] = k
        return which

    def headline(self) -> str:
        lowest = min(self.ratios)
        return (
            f"{len(self.sets)} almost-invariant sets of {self.map.describe()}: at least "
            f"{100 * lowest:.6g} % of each stay in one step"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = [
            (
                f"set {k}",
                f"{counted(len(cells), 'cell')} with {100 * mass:.4g} % of the mass, "
                f"of which {100 * ratio:.6g} % stay",
            )
            for k, (cells, mass, ratio) in enumerate(
                zip(self.sets, self.masses, self.ratios, strict=True)
            )
        ]
        table += [
            ("mean ratio at most", f"{100 * self.limit:.6g} %"),
            ("eigenvalues", ", ".join(f"{value:.6g}" for value in self.eigenvalues)),
        ]
        if self.survival < 1.0:
            said = f"all mass leaves in the end, {1.0 - self.survival:.3g} of it a step"
            table.append(("on condition of staying", said))
        if self.moved is not None:
            table.append(("otherwise on cells twice as wide", f"{100 * self.moved:.2g} % of mass"))
        return [*table, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "region": self.sets[0].region.describe(),
            "depth": self.sets[0].depth,
            "sets": [plain(each.codes) for each in self.sets],
            "masses": plain(self.masses),
            "ratios": plain(self.ratios),
            "eigenvalues": plain(self.eigenvalues),
            "limit": self.limit,
            "survival": self.survival,
            "moved": self.moved,
        }


def almost_invariant_sets_of(
    transitions: Transitions, k: int, entries: Evidence
) -> AlmostInvariantSets:
    """Return k almost-invariant sets of the part that nothing leaves."""
    found = _found(transitions, k)
    if found is None:
        expected = "no more sets than cells that are visited again and again"
        raise InvalidInput("k", k, expected, "take a greater depth, or other cells")
    coarse = transitions.coarser()
    other = None if coarse is None else _found(coarse, k)
    moved = None
    if coarse is not None and other is not None:
        moved = _moved(found, other, coarse.parts, k)
    cells = transitions.cells
    return AlmostInvariantSets(
        map=transitions.F,
        sets=tuple(cells.take(found.rows[found.label == s]) for s in range(k)),
        masses=tuple(float(found.mass[found.label == s].sum()) for s in range(k)),
        ratios=tuple(found.ratios.tolist()),
        eigenvalues=tuple(found.values.tolist()),
        survival=found.survival,
        moved=moved,
        evidence=discretised(entries, "eigenvectors of the reversibilised matrix", also=_SOURCES),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    rows: Rows
    mass: Numbers
    label: Rows
    ratios: Numbers
    values: Numbers
    survival: float


def _found(transitions: Transitions, k: int) -> _Found | None:
    """Return the sets, or None where no cell leads back to itself or there are too few."""
    from scipy.sparse import diags

    recurrent = _recurrent(transitions)
    if recurrent is None:
        return None
    rows, flow, survival = recurrent
    mass = np.asarray(flow.sum(axis=1)).ravel()
    light = np.argsort(mass, kind="stable")
    light = light[np.cumsum(mass[light]) <= _NEGLIGIBLE]
    kept = np.setdiff1d(np.arange(len(rows)), light)
    rows, mass, flow = rows[kept], mass[kept], flow[kept][:, kept]
    if len(rows) < k:
        return None
    root = np.sqrt(mass)
    symmetric = (diags(0.5 / root) @ (flow + flow.T) @ diags(1.0 / root)).tocsr()
    values, vectors = symmetric_pairs(symmetric, k + 1)
    heights = vectors / root[:, None]
    label = _cut(heights[:, 1], mass, flow) if k == 2 else _corners(heights[:, :k], mass)
    if len(np.unique(label)) < k:
        return None
    label = _numbered(label, mass, k)
    coo = flow.tocoo()
    stays = label[coo.row] == label[coo.col]
    staying = np.bincount(label[coo.row[stays]], weights=coo.data[stays], minlength=k)
    ratios = np.minimum(staying / np.bincount(label, weights=mass, minlength=k), 1.0)
    return _Found(
        rows=rows, mass=mass, label=label, ratios=ratios, values=values, survival=survival
    )


def _recurrent(transitions: Transitions) -> tuple[Rows, Any, float] | None:
    """Return rows, the mass that flows between them in a step, and the share that survives it.

    On closed classes p_i P_ij, each class with the same mass. Where everything leaves, that of the
    class with the largest eigenvalue λ under the condition of never leaving it:
    q_i P_ij h_j / (λ Σ q h) with q P = λ q and P h = λ h.
    """
    from scipy.sparse import block_diag, diags

    closed = [each.rows for each in communicating_classes(transitions) if each.closed]
    if closed:
        blocks = [transitions.matrix[rows][:, rows] for rows in closed]
        parts = [diags(leading_left(b).vector / len(blocks)) @ b for b in blocks]
        return np.concatenate(closed), block_diag(parts, format="csr"), 1.0
    slowest = slowest_class(transitions)
    if slowest is None or slowest.value <= 0:
        return None
    block = transitions.matrix[slowest.rows][:, slowest.rows]
    before, after = leading_left(block).vector, leading_left(block.T.tocsr()).vector
    flow = (diags(before) @ block @ diags(after)).tocsr()
    return slowest.rows, flow / flow.sum(), slowest.value


def _cut(height: Numbers, mass: Numbers, flow: Any) -> Rows:
    """Return the two sides of the level of an eigenvector at which the lower ratio is largest."""
    order = np.argsort(height, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    coo = flow.tocoo()
    first, last = place[coo.row], place[coo.col]
    upwards = first < last
    # What flows from below a level to above it, for the level behind each place.
    change = np.zeros(len(order) + 1)
    np.add.at(change, first[upwards], coo.data[upwards])
    np.add.at(change, last[upwards], -coo.data[upwards])
    crossing = np.cumsum(change)[: len(order) - 1]
    below = np.cumsum(mass[order])[:-1]
    lost = crossing / np.maximum(np.minimum(below, 1.0 - below), np.finfo(float).tiny)
    at = int(np.argmin(lost))
    return (place > at).astype(np.int64)


def _corners(heights: Numbers, mass: Numbers) -> Rows:
    """Return the nearest corner of the simplex that the rows of k eigenvectors nearly fill.

    The corners are the rows farthest from the span of those chosen before, see
    [weber2002characterization].
    """
    heaviest = np.argsort(-mass, kind="stable")
    count = int(np.searchsorted(np.cumsum(mass[heaviest]), _HEAVIEST)) + 1
    candidates = heaviest[: max(count, heights.shape[1])]
    rest = heights[candidates].copy()
    chosen = []
    for turn in range(heights.shape[1]):
        at = int(np.argmax((rest**2).sum(axis=1)))
        chosen.append(int(candidates[at]))
        if turn == 0:
            rest = rest - rest[at]
            continue
        along = rest[at] / np.linalg.norm(rest[at])
        rest = rest - np.outer(rest @ along, along)
    membership = heights @ np.linalg.inv(heights[chosen])
    label: Rows = membership.argmax(axis=1)
    return label


def _numbered(label: Rows, mass: Numbers, k: int) -> Rows:
    """Return labels in the order of the mean places of their mass, along the first axis first."""
    weight = np.bincount(label, weights=mass, minlength=k)
    mean = np.bincount(label, weights=mass * np.arange(len(label)), minlength=k) / weight
    rank = np.empty(k, dtype=np.int64)
    rank[np.argsort(mean, kind="stable")] = np.arange(k)
    return rank[label]


def _moved(found: _Found, other: _Found, parts: Rows, k: int) -> float | None:
    """Return the mass whose set differs, the sets of both paired for the least difference."""
    from scipy.optimize import linear_sum_assignment

    where = {int(row): k for k, row in enumerate(other.rows)}
    theirs = np.array([where.get(int(part), -1) for part in parts[found.rows]])
    shared = np.zeros((k, k))
    known = theirs >= 0
    np.add.at(shared, (found.label[known], other.label[theirs[known]]), found.mass[known])
    return float(max(0.0, 1.0 - shared[linear_sum_assignment(-shared)].sum()))
