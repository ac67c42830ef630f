"""Is the convergent measure known exactly?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...regions import Region
from ..target import Target
from .beyond import beyond_critical
from .descent_on_line import descent_on_lines
from .known import KnownMeasure
from .squared_form import squared_form
from .theorem import Applied, has_density

__all__ = ["known_measure"]


def known_measure(F: Map, region: Region, *, to: Target = Target.MINIMA) -> KnownMeasure | None:
    """Return the share of a law that converges, exactly and proved, or None.

    Parameters
    ----------
    F : Map
        Every parameter has a value.
    region : Box, Ball or Gaussian
        Law of the initialisations. The theorems are about almost every start, so that they say
        nothing about a law that may be concentrated on a null set: a normal one with fixed
        coordinates, a discrete one, a multivariate one of scipy.
    to : Target
        Which limits count.

    Returns
    -------
    KnownMeasure or None
        None says that no theorem here applies, and nothing about the map.

    Raises
    ------
    InvalidInput
        For something that is not a map, a region or a target, and a region of another dimension.

    Notes
    -----
    Three theorems about gradient descent are tried; proofs in docs/theory/exact_measures.md.

    1. Beyond the critical step size, where that is known exactly, no minimum is stable, and almost
       no start converges to one: the share is 0.
    2. For a sum of polynomials of one coordinate each, the set is a product of intervals, where
       exact algebra finds that each map has no cycle of period two inside [coppel1955solution]_.
    3. For the square of a quadratic form minus a target, as (u·v - y)²/2 in any dimension, below
       the critical step size, it is an ellipsoid [liang2025chaos]_.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> known_measure(F, Box([-4, -4], [4, 4])).volume
    2*sqrt(15)*pi
    >>> G = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> known_measure(G, Box([-3], [3])).share
    sqrt(5)/3
    """
    _check(F, region, to)
    if not has_density(region):
        return None
    for applied in _theorems(F, to):
        part = applied.share(region)
        if part is not None:
            return KnownMeasure(
                map=F,
                region=region,
                target=to,
                share=part.share,
                volume=part.volume,
                theorem=applied.statement,
                checked=applied.checked,
                evidence=applied.evidence,
            )
    return None


def _theorems(F: Map, to: Target) -> Iterator[Applied]:
    """Yield the theorems whose hypotheses hold, quick ones first."""
    if not isinstance(F, GradientDescent):
        return
    lines = descent_on_lines(F, to)
    if lines is not None:
        yield lines
    if to is Target.MINIMA:
        ellipsoid = squared_form(F)
        if ellipsoid is not None:
            yield ellipsoid
        elif lines is None:
            beyond = beyond_critical(F)
            if beyond is not None:
                yield beyond


def _check(F: Any, region: Any, to: Any) -> None:
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "wrap the loss, for example as GradientDescent")
    if F.parameters:
        remedy = f"write F.at({F.parameters[0]}=...)"
        raise InvalidInput("F", ", ".join(F.parameters), "every parameter to have a value", remedy)
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, Ball or Gaussian")
    if not isinstance(to, Target):
        raise InvalidInput("to", to, "Target.MINIMA or Target.FIXED_POINTS")
    size = F.loss.dimension if F.loss is not None else F.dimension
    if region.dimension not in (size, F.dimension):
        raise InvalidInput("region", f"dimension {region.dimension}", f"dimension {size}")
