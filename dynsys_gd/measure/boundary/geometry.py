"""The one door to the dimension of a boundary."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Region
from .dimension import BoundaryDimension
from .labels import Partition
from .question import BoundaryMethod, asked
from .uncertainty import UncertaintyExponent

__all__ = ["boundary_dimension"]


def boundary_dimension(
    F: Map | Callable[..., Any],
    region: Region,
    *,
    method: BoundaryMethod | None = None,
    by: Partition | None = None,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> BoundaryDimension:
    """Return the dimension of the boundary between the sets of starts that meet different fates.

    Parameters
    ----------
    F : Map or callable
        A map, every parameter of which has a value; or a function from points, shape (n, d), to n
        whole-number labels, negative ones for "not known".
    region : Region
        Where the boundary is looked at; a Box for methods that count cells.
    method : BoundaryMethod, optional
        ``UncertaintyExponent()`` by default; also ``BoxCounting()`` and ``ResolutionScaling()``.
    by : Partition, optional
        What is told apart under a map: fates, by default, or limits.
    budget : Budget, optional
        Caps and tolerances of the simulation.
    rng : int, Generator or SeedSequence, optional
        From which everything random follows; the result records a number that repeats it.
    executor : concurrent.futures.Executor, optional
        Who computes; the result does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, total)``.
    checkpoint : str or path, optional
        A file that keeps what is computed, made where it does not exist; the same call with the
        same file computes only what is missing.

    Returns
    -------
    BoundaryDimension
        Graded STATISTICAL.

    Raises
    ------
    InvalidInput
        For a region of the wrong dimension, labels that are no whole numbers, limits that form a
        family where they shall be told apart, a checkpoint of another run, and wrong types.

    Notes
    -----
    All methods measure how a share falls with the scale, share ~ ε^α, and D = d - α. The fit window
    and every point left out of it are part of the result. A smooth boundary has α = 1.

    References
    ----------
    McDonald, Grebogi, Ott and Yorke (1985), ``mcdonald1985fractal``.

    Examples
    --------
    The boundary of a disc is smooth.

    >>> from dynsys_gd import Box
    >>> def in_disc(points):
    ...     return (points**2).sum(axis=1) < 0.5
    >>> smooth = boundary_dimension(in_disc, Box([-1, -1], [1, 1]), rng=0)
    >>> low, high = smooth.interval()
    >>> low < 1.0 < high and high - low < 0.1
    True
    """
    if method is not None and not isinstance(method, BoundaryMethod):
        raise InvalidInput("method", method, "a method object such as UncertaintyExponent()")
    chosen = UncertaintyExponent() if method is None else method
    settings = {"method": chosen}
    with asked(
        "boundary_dimension",
        F,
        region,
        settings,
        by=by,
        budget=budget,
        rng=rng,
        executor=executor,
        progress=progress,
        checkpoint=checkpoint,
    ) as question:
        return chosen.answer(question)
