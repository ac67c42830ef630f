"""Branch and bound: which boxes hold an orbit, which hold none, and which stay open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .contract import contracted
from .equations import Equations
from .operator import attempt, inflated
from .outward import Bounds

__all__ = ["Found", "search"]

_BATCH = 4096  # boxes examined together
_TRY = 0.25  # widest box, in shares of the region, on which a proof is attempted
_INFLATION = 0.1
_LATE = 0.1  # a time index may be split once its width is this share of the largest


@dataclass(frozen=True, eq=False)
class Found:
    """What became of a region.

    Parameters
    ----------
    lower, upper : ndarray, shape (p, d, n)
        Boxes that hold exactly one orbit each; some may be the same one.
    image_lower, image_upper : ndarray, shape (p, d, n)
        Bounds of these orbits; they may reach out of the box.
    open_lower, open_upper : ndarray, shape (p, d, m)
        Boxes too narrow to go on, undecided.
    left_lower, left_upper : ndarray, shape (p, d, l)
        Boxes not examined when the time was over.
    boxes : int
        How many were examined.
    """

    lower: Bounds
    upper: Bounds
    image_lower: Bounds
    image_upper: Bounds
    open_lower: Bounds
    open_upper: Bounds
    left_lower: Bounds
    left_upper: Bounds
    boxes: int


@dataclass(eq=False)
class _Pile:
    """Boxes by columns; the last ones come off first."""

    parts: list[tuple[Bounds, Bounds]] = field(default_factory=list)
    count: int = 0

    def add(self, lower: Bounds, upper: Bounds) -> None:
        if lower.shape[2]:
            self.parts.append((lower, upper))
            self.count += lower.shape[2]

    def take(self, most: int) -> tuple[Bounds, Bounds]:
        taken: list[tuple[Bounds, Bounds]] = []
        room = most
        while self.parts and room:
            lower, upper = self.parts.pop()
            size = lower.shape[2]
            if size > room:
                self.parts.append((lower[..., : size - room], upper[..., : size - room]))
                lower, upper = lower[..., size - room :], upper[..., size - room :]
            room -= lower.shape[2]
            taken.append((lower, upper))
        self.count -= most - room
        lows, highs = zip(*taken, strict=True)
        return np.concatenate(lows, axis=2), np.concatenate(highs, axis=2)

    def all(self, shape: tuple[int, int]) -> tuple[Bounds, Bounds]:
        if not self.parts:
            return np.empty((*shape, 0)), np.empty((*shape, 0))
        return self.take(self.count)


def search(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    *,
    scale: Bounds,
    least: float,
    seconds: float,
    most: int,
    progress: Callable[[int, int], Any] | None = None,
) -> Found:
    """Return where the orbits of a system can be.

    Parameters
    ----------
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)
        The boxes to search.
    scale : ndarray, shape (d,)
        Width of the region, by which widths are measured.
    least : float
        Boxes narrower than this share of the region in every coordinate are not split any more.
    seconds : float
        Time limit.
    most : int
        How many boxes to examine at most.
    progress : callable, optional
        Called as ``progress(examined, known)``.
    """
    ends = time.monotonic() + seconds
    shape = (equations.period, equations.dimension)
    waiting, proved, images, narrow = _Pile(), _Pile(), _Pile(), _Pile()
    waiting.add(lower, upper)
    measure = scale[None, :, None]
    examined = 0
    while waiting.count and examined < most and time.monotonic() < ends:
        low, high = waiting.take(_BATCH)
        examined += low.shape[2]
        low, high, _ = contracted(equations, low, high)
        width = np.max((high - low) / measure, axis=(0, 1))
        small = width <= _TRY
        rest = [(low[..., ~small], high[..., ~small])]
        low, high = low[..., small], high[..., small]
        wide_low, wide_high = inflated(low, high, _INFLATION, 1e-3 * least * measure)
        tried = attempt(equations, wide_low, wide_high)
        met_low, met_high = np.maximum(low, tried.lower), np.minimum(high, tried.upper)
        alive = (met_low <= met_high).all(axis=(0, 1))
        sure, more = alive & tried.proved, alive & ~tried.proved
        proved.add(wide_low[..., sure], wide_high[..., sure])
        images.add(tried.lower[..., sure], tried.upper[..., sure])
        low, high = met_low[..., more], met_high[..., more]
        width = np.max((high - low) / measure, axis=(0, 1))
        done = width <= least
        narrow.add(low[..., done], high[..., done])
        rest.append((low[..., ~done], high[..., ~done]))
        for part_low, part_high in rest:
            waiting.add(*_halves(part_low, part_high, measure))
        if progress is not None:
            progress(examined, examined + waiting.count)
    return Found(
        *proved.all(shape), *images.all(shape), *narrow.all(shape), *waiting.all(shape), examined
    )


def _halves(lower: Bounds, upper: Bounds, measure: Bounds) -> tuple[Bounds, Bounds]:
    """Split every box at the first time index that is wide enough, in its widest coordinate.

    What happens at early times decides the later ones, as far as the map is expanding.
    """
    n = lower.shape[2]
    widths = (upper - lower) / measure
    largest = widths.max(axis=1)
    k = np.argmax(largest >= _LATE * largest.max(axis=0), axis=0)
    every = np.arange(n)
    i = np.argmax(widths[k, :, every], axis=1)
    low, high = lower[k, i, every], upper[k, i, every]
    cut = low + 0.5 * (high - low)
    left_high, right_low = upper.copy(), lower.copy()
    left_high[k, i, every] = cut
    right_low[k, i, every] = cut
    return np.concatenate([lower, right_low], axis=2), np.concatenate([left_high, upper], axis=2)
