"""Planes of two parameters: which cycle, if any, orbits end on at each point of a grid."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...regions import Region, count_from_zero
from .asking import asked_budget, asked_seed, asked_starts, asked_values
from .plane_result import ParameterPlane
from .running import Sweep, at_work, seen_by_numbers
from .values import many_values

__all__ = ["parameter_plane"]

Array = NDArray[np.float64]


def parameter_plane(
    F: Map,
    parameters: Sequence[str],
    values: Sequence[Iterable[Any]],
    *,
    region: Region | None = None,
    starts: Any = 1,
    transient: int = 1000,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> ParameterPlane:
    """Return periods and Lyapunov exponents on a grid of two parameters.

    Parameters
    ----------
    F : Map
        With two parameters open: step size and momentum, say, or step size and a scale of the data
        that stands in the loss.
    parameters : two texts
        Their names.
    values : two iterables of numbers or text
        At least two ascending values of each.
    region : Box, Ball, Gaussian or Distribution, optional
        Law from which starts are drawn, the same ones at each point.
    starts : int, or rows of numbers or expressions
        How many are drawn from the region, or, without a region, the starts themselves: points of
        the loss, from which a map with memory starts at rest, or states. Expressions in the two
        parameters give starts that move with them.
    transient : int
        Steps at each point before anything is looked at.
    budget : Budget, optional
        As for `bifurcation_diagram`.
    rng, executor, progress, checkpoint
        As for `bifurcation_diagram`.

    Returns
    -------
    ParameterPlane
        Graded NUMERICAL; ``regions()`` are the isoperiodic regions and the rest.

    Raises
    ------
    InvalidInput
        For parameters that are unknown or not the only open ones, values that are not ascending or
        out of the range of a setting, a region or starts of the wrong dimension, a checkpoint of
        another run, and wrong types.

    Notes
    -----
    Every orbit is judged as in `bifurcation_diagram`. One start sees one attractor: where several
    coexist, the plane shows the one whose basin the start is in, and its regions may be cut off
    where the start changes basins. A map of one coordinate with one critical point has its
    attracting cycle found by that point [singer1978stable]_, wherever its Schwarzian derivative is
    negative: give it as the start, in the parameters where it depends on them.

    References
    ----------
    Planes of periods: Gallas [gallas1993structure]_. Critical points: Singer
    [singer1978stable]_.

    Examples
    --------
    Heavy ball on x²/2 - x³/3: the minimum is stable below η = 2 (1 + β).

    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import HeavyBall, Loss
    >>> F = HeavyBall(Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta)
    >>> plane = parameter_plane(F, ["eta", "beta"], [[1, 2.1, 3.1], [0, "1/2"]], starts=[[0.1]])
    >>> plane.period[:, :, 0].tolist()
    [[1, 1], [2, 1], [0, 2]]
    >>> [region.words for region in plane.regions()]
    ['period 1', 'period 2', 'escaped', 'period 2']
    """
    names = _names(parameters)
    checked = checked_open(F, names, "parameters")
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise InvalidInput("values", values, "two lists of numbers, one for each parameter")
    axes = [_ascending(asked_values(each, "values", least=2)) for each in values]
    if len(axes) != 2:
        raise InvalidInput("values", f"{len(axes)} lists", "two, one for each parameter")
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    sweep = Sweep(
        where=many_values(checked, names, grid),
        region=region,
        starts=asked_starts(checked, region, starts),
        observable=None,
        points=0,
        transient=count_from_zero(transient, "transient"),
        carry=False,
        budget=asked_budget(budget),
        seed=asked_seed(rng, region),
    )
    _ = sweep.states  # starts that are no numbers somewhere are refused here
    shape = (len(axes[0]), len(axes[1]), sweep.states.shape[1])
    run = at_work(sweep, "parameter_plane", rng, executor, progress, checkpoint)
    with run as (same, work):
        found = same.collected(work)
        seed = same.seed
    arrays: dict[str, Any] = {
        name: array.reshape(shape) for name, array in found.items() if name != "states"
    }
    return ParameterPlane(
        map=checked,
        parameters=names,
        values=(axes[0], axes[1]),
        region=region,
        seed=seed,
        transient=sweep.transient,
        budget=sweep.budget,
        evidence=seen_by_numbers(sweep),
        **arrays,
    )


def _names(parameters: Any) -> tuple[str, str]:
    if isinstance(parameters, (str, bytes, dict)) or not isinstance(parameters, Iterable):
        raise InvalidInput("parameters", parameters, "two names", 'such as ["eta", "beta"]')
    names = tuple(parameters)
    if len(names) != 2:
        raise InvalidInput("parameters", parameters, "two names", 'such as ["eta", "beta"]')
    return names[0], names[1]


def _ascending(values: Array) -> Array:
    if not (values[1:] > values[:-1]).all():
        raise InvalidInput("values", values.tolist(), "ascending values of each parameter")
    return values
