"""The parts of a branch that are to be proved, cut where another coordinate names the orbits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..branch import Branch
from .cyclic_system import CyclicSystem
from .newton import corrected

__all__ = ["Run", "runs_of"]

Bounds = NDArray[np.float64]

_STEEP = 0.2  # share of the tangent from which on the parameter names the orbits
_OVERLAP = 0.05  # of the first step by which a run begins earlier than the last one ends
_ULPS = 4 * 2.0**-52  # how far beyond its ends a branch may be asked for


@dataclass(frozen=True, eq=False)
class Run:
    """Neighbouring orbits along which one coordinate rises or falls.

    Parameters
    ----------
    stretch : int
        Runs of the same number follow one another on the branch.
    coordinate : int
    nodes, tangents : ndarray, shape (m, p d + 1)
    ends : tuple of two float
        Values of the coordinate, in the order of the branch; a little more than the nodes span
        where the run overlaps with the one before.
    """

    stretch: int
    coordinate: int
    nodes: Bounds
    tangents: Bounds
    ends: tuple[float, float]

    @property
    def values(self) -> Bounds:
        """The coordinate at the nodes."""
        return self.nodes[:, self.coordinate]

    @property
    def rising(self) -> bool:
        """Whether the coordinate rises along the branch."""
        return bool(self.ends[0] < self.ends[1])

    @property
    def by_parameter(self) -> bool:
        """Whether the parameter names the orbits."""
        return self.coordinate == self.nodes.shape[1] - 1

    def guess(self, values: Bounds) -> Bounds:
        """Return points (m, p d + 1) next to the branch, by cubic interpolation."""
        s, v, t = self.values, self.nodes, self.tangents
        order = slice(None) if self.rising else slice(None, None, -1)
        s, v, t = s[order], v[order], t[order]
        place = np.clip(np.searchsorted(s, values) - 1, 0, len(s) - 2)
        width = s[place + 1] - s[place]
        share = ((values - s[place]) / width)[:, None]
        slopes = [
            t[k] / t[k][:, self.coordinate, None] * width[:, None] for k in (place, place + 1)
        ]
        chord = v[place + 1] - v[place]
        # A tangent that the nodes do not bear out is replaced by the chord.
        first, last = (
            np.where(np.isfinite(m) & (np.abs(m - chord) <= 2 * np.abs(chord).max()), m, chord)
            for m in slopes
        )
        bend = (1 - share) * (first - chord) - share * (last - chord)
        found = v[place] + share * chord + share * (1 - share) * bend
        found[:, self.coordinate] = values
        return np.asarray(found)

    def near(self, low: float, high: float) -> Bounds:
        """Return the nodes (m, p d + 1) with the coordinate between two values."""
        inside = (self.values >= low) & (self.values <= high)
        return self.nodes[inside]


def runs_of(branch: Branch, system: CyclicSystem, part: tuple[float, float] | None) -> list[Run]:
    """Return the runs of a branch, or of what of it lies in a part of the parameter range."""
    nodes = np.column_stack([branch.points.reshape(len(branch), -1), branch.values])
    tangents = np.array([step.tangent for step in branch.steps])
    size = max(1.0, float(np.sqrt(np.mean(np.sum(branch.points**2, axis=2)))))
    units = np.append(np.full(nodes.shape[1] - 1, size), np.ptp(branch.values) or 1.0)
    found: list[Run] = []
    for stretch, (v, t) in enumerate(_inside(system, nodes, tangents, part)):
        found += _cut(stretch, v, t, units, part)
    return found


def _inside(
    system: CyclicSystem, nodes: Bounds, tangents: Bounds, part: tuple[float, float] | None
) -> Iterator[tuple[Bounds, Bounds]]:
    """Yield the parts of a polygon with its last coordinate between two values."""
    if part is None:
        yield nodes, tangents
        return
    low, high = part
    v: list[Bounds] = []
    t: list[Bounds] = []
    for (a, b), (u, w) in zip(pairwise(nodes), pairwise(tangents), strict=True):
        shares = sorted((end - a[-1]) / (b[-1] - a[-1]) for end in part if b[-1] != a[-1])
        marks = [0.0, *(s for s in shares if 0 < s < 1), 1.0]
        for s, e in pairwise(marks):
            middle = a[-1] + 0.5 * (s + e) * (b[-1] - a[-1])
            if not low <= middle <= high:
                if len(v) > 1:
                    yield np.array(v), np.array(t)
                v, t = [], []
                continue
            if not v:
                v, t = [_between(system, a, b, s, part)], [u + s * (w - u)]
            v.append(_between(system, a, b, e, part))
            t.append(u + e * (w - u))
    if len(v) > 1:
        yield np.array(v), np.array(t)


def _between(
    system: CyclicSystem, a: Bounds, b: Bounds, share: float, part: tuple[float, float]
) -> Bounds:
    """Return the orbit at the end of the part that lies between two orbits."""
    if share in (0.0, 1.0):
        return a if share == 0.0 else b
    point = a + share * (b - a)
    point[-1] = min(part, key=lambda end: abs(end - point[-1]))  # to the last bit
    found, fine = corrected(system, len(point) - 1, point[None])
    return found[0] if fine[0] else point


def _cut(
    stretch: int, v: Bounds, t: Bounds, units: Bounds, part: tuple[float, float] | None
) -> Iterator[Run]:
    moved = np.append(True, np.any(v[1:] != v[:-1], axis=1))
    v, t = v[moved], t[moved]
    choice = [_coordinate(*pair, units) for pair in zip(v, v[1:], t, t[1:], strict=False)]
    first = 0
    for last in range(1, len(choice) + 1):
        if last < len(choice) and choice[last] == choice[first]:
            continue
        j = choice[first][0]
        nodes, tangents = v[first : last + 1], t[first : last + 1]
        begin, end = float(nodes[0, j]), float(nodes[-1, j])
        if first:
            begin -= _OVERLAP * float(nodes[1, j] - nodes[0, j])
        elif part is not None and j == v.shape[1] - 1:
            begin = _at_end(begin, part)
        if last == len(choice) and part is not None and j == v.shape[1] - 1:
            end = _at_end(end, part)
        yield Run(stretch, j, nodes, tangents, (begin, end))
        first = last


def _at_end(value: float, part: tuple[float, float]) -> float:
    """Return the end of the part where a branch ends at it up to rounding."""
    near = min(part, key=lambda end: abs(end - value))
    return near if abs(near - value) <= _ULPS * abs(near) else value


def _coordinate(a: Bounds, b: Bounds, u: Bounds, w: Bounds, units: Bounds) -> tuple[int, bool]:
    """Return which coordinate names the orbits between two, and whether it rises."""
    along = (b - a) / units
    sizes = [np.abs(x) / (np.abs(x).max() or 1.0) for x in (u / units, w / units, along)]
    one_way = (np.sign(u) == np.sign(along)) & (np.sign(w) == np.sign(along)) & (along != 0)
    steep = np.where(one_way, np.minimum(np.minimum(*sizes[:2]), sizes[2]), 0.0)
    j = len(a) - 1 if steep[-1] >= _STEEP or not steep.any() else int(np.argmax(steep))
    return j, bool(along[j] > 0)
