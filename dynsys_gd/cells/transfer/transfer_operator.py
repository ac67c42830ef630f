"""The transfer operator of a map on cells, by Ulam's method."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np

from ...engine.chunks import checked_executor, checked_progress
from ...engine.work import Work
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Box, generator_of
from ..cells import Cells, checked_depth, refuse_narrow
from .method import TransferMethod, TransferQuestion
from .operator import TransferOperator
from .sampled_cells import SampledCells
from .transitions import Transitions

__all__ = ["transfer_operator"]

_DEEPEST = 24  # 2^24 cells of 100 points each take minutes and gigabytes

_LARGEST_VOLUME = 800  # log2: densities on cells are its inverse by up to 2^60


def transfer_operator(
    F: Map,
    region: Box | Cells,
    depth: int | None = None,
    *,
    method: TransferMethod | None = None,
    rng: np.random.Generator | int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> TransferOperator:
    """Return how one step of a map moves mass between the cells of a region.

    Parameters
    ----------
    F : Map
    region : Box or Cells
        A box, cut into 2^depth cells, or the cells themselves: those of a Morse set, or of an
        attractor.
    depth : int, optional
        Number of bisections, at most 24; only with a box.
    method : TransferMethod, optional
        How the entries are found: ``SampledCells()`` by default, ``MonotonePieces()`` with proved
        bounds in one dimension.
    rng : int, Generator, BitGenerator or SeedSequence, optional
        From which everything random follows; the result records a number that repeats it.
    executor : concurrent.futures.Executor, optional
        Who computes; the result does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, total)``, in cells.

    Returns
    -------
    TransferOperator
        Its methods give invariant densities, escape rates and almost-invariant sets.

    Raises
    ------
    InvalidInput
        For open parameters, a region of another dimension than the states of the map, no cells,
        and wrong types.

    Notes
    -----
    Ulam's matrix [1]_ is

        P_ij = m(C_i ∩ F⁻¹(C_j)) / m(C_i),

    m being volume: the share of cell i that lands in cell j. It moves a density that is constant
    on cells as the map does, and spreads the image evenly in each cell. What leaves the cells is
    missing from the sum of its row, and does not come back.

    References
    ----------
    .. [1] Ulam (1960), A collection of mathematical problems, section VI.4.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> P = transfer_operator(textbook.logistic(), Box([0], [1]), 10, rng=0)
    >>> P.invariant_density().at([[0.5]]).round(1)  # 2/π = 0.637
    array([0.6])
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "wrap a loss, for example as GradientDescent")
    F.kernel()  # refuses open parameters before any work is shared out
    cells = _cells(F, region, depth)
    if method is not None and not isinstance(method, TransferMethod):
        raise InvalidInput("method", method, "a TransferMethod", "for example SampledCells()")
    checked_executor(executor)
    checked_progress(progress)
    chosen = SampledCells() if method is None else method
    seed = _seed(rng)
    work = Work(executor=executor, progress=progress)
    entries = chosen.entries(TransferQuestion(F=F, cells=cells, seed=seed, work=work))
    return TransferOperator(
        transitions=Transitions.between(F, cells, entries.matrix),
        method=chosen,
        entries=entries,
        seed=seed,
        evidence=entries.evidence,
    )


def _cells(F: Map, region: Any, depth: Any) -> Cells:
    if isinstance(region, Cells):
        if depth is not None:
            raise InvalidInput("depth", depth, "nothing: the cells have a depth of their own")
        cells, box = region, region.region
    elif isinstance(region, Box):
        bisections, box = checked_depth(depth), region
        if bisections > _DEEPEST:
            remedy = "give some of the cells instead of the box: transfer_operator(F, cells)"
            raise InvalidInput("depth", depth, f"at most {_DEEPEST}", remedy)
        cells = Cells.all(region, bisections)
    else:
        raise InvalidInput("region", region, "a Box, with a depth, or Cells")
    if box.dimension != F.dimension:
        expected = f"dimension {F.dimension}, that of the states of the map"
        raise InvalidInput("region", f"dimension {box.dimension}", expected)
    if not len(cells):
        raise InvalidInput("region", "no cells", "at least one cell")
    if not all(math.isfinite(b - a) for a, b in zip(box.low, box.high, strict=True)):
        raise InvalidInput("region", box, "sides below 1.8e308")
    refuse_narrow(box, cells.depth)
    size = sum(math.log2(b - a) for a, b in zip(box.low, box.high, strict=True))
    if abs(size) > _LARGEST_VOLUME:
        raise InvalidInput("region", box, "a volume between 1e-240 and 1e240", "rescale the states")
    return cells


def _seed(rng: Any) -> int:
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    return int(generator_of(rng).integers(2**63))
