"""What a scan can be asked: everything else is refused at the door, by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import sympy as sp

from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...regions import Region, seed_of
from ...values import to_value
from ..binomial import checked_level
from ..question import MeasureMethod
from ..sampling.monte_carlo import MonteCarlo
from ..target import Target
from .points import Scan, starts_of
from .refinement import Refinement

__all__ = ["checked_scan"]

_STARTS = 10_000


def checked_scan(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region,
    method: MeasureMethod | None,
    to: Target,
    budget: Budget | None,
    refine: Refinement | None,
    level: float,
    rng: Any,
) -> Scan:
    """Return the scan that the arguments of `transition` ask for, or refuse it."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "wrap the loss, for example as GradientDescent")
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a law such as a Box, Ball or Gaussian")
    if not isinstance(to, Target):
        raise InvalidInput("to", to, "Target.MINIMA or Target.FIXED_POINTS")
    if method is not None and not isinstance(method, MeasureMethod):
        raise InvalidInput("method", method, "a method object such as MonteCarlo()")
    if method is not None and not isinstance(to, method.events):
        raise InvalidInput("method", method, f"a method that measures how much converges to {to}")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=1000)")
    if refine is not None and not isinstance(refine, Refinement):
        raise InvalidInput("refine", refine, "a Refinement", "for example Refinement(width=1e-3)")
    sizes = {F.dimension, F.loss.dimension if F.loss is not None else F.dimension}
    if region.dimension not in sizes:
        expected = f"dimension {' or '.join(map(str, sorted(sizes)))}, that of the map"
        raise InvalidInput("region", f"dimension {region.dimension}", expected)
    if to is Target.MINIMA and F.loss is None:
        expected = "Target.FIXED_POINTS for a map without a loss"
        raise InvalidInput("to", to, expected, "it has no minima")
    checked_open(F, [parameter])
    scan = Scan(
        F=F,
        parameter=parameter,
        values=_checked_values(F, parameter, values),
        region=region,
        method=MonteCarlo(n=_STARTS) if method is None else method,
        to=to,
        budget=Budget() if budget is None else budget,
        refine=Refinement() if refine is None else refine,
        level=checked_level(level),
        seed=seed_of(rng),
    )
    if scan.least_upper > scan.negligible:
        received = f"n = {starts_of(scan.method)} and a negligible share of {scan.negligible:g}"
        expected = (
            f"a negligible share of at least {scan.least_upper:.3g}: so much cannot be excluded "
            "where no start converges"
        )
        raise InvalidInput("method, refine", received, expected, "or take more starts")
    return scan


def _checked_values(F: Map, parameter: str, values: Any) -> tuple[sp.Expr, ...]:
    expected = "at least two numbers, ascending"
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise InvalidInput("values", values, expected, 'for example ["1/2", 1, "3/2"]')
    numbers = tuple(to_value(value, "values") for value in values)
    if len(numbers) < 2 or not all(number.is_number for number in numbers):
        raise InvalidInput("values", values, expected)
    for left, right in pairwise(numbers):
        if not float(left) < float(right):
            remedy = f"{right} comes after {left}"
            raise InvalidInput("values", values, expected, remedy)
    for number in numbers:
        F.at(**{parameter: number})  # a setting out of its range is refused by its own name
    return numbers
