"""How complicated is a map of the line, provably? Intervals that cover each other."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, enclosing
from ...engine.operations import Op
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.periodic_orbits import periodic_orbits
from ...regions import Box, positive_count
from .asked import checked_box, checked_map
from .covering import MarkedPoint, coverings, growth, ordered
from .entropy_points import MarkedPoints
from .entropy_result import EntropyBound

__all__ = ["topological_entropy_bound"]

_PIECES = 64  # in which continuity is proved
_CONTINUOUS = {Op.ABS, Op.MAX, Op.MIN}


def topological_entropy_bound(
    F: Map,
    region: Box,
    *,
    periods: Iterable[int] = range(1, 7),
    seconds: float = 20,
) -> EntropyBound:
    """Return a lower bound of the topological entropy of a map of the line, proved.

    Parameters
    ----------
    F : Map
        In one dimension, symbolic, every parameter with a value. For an invariant line of a map
        in more dimensions see `restricted`: a bound for the line holds for the whole map.
    region : Box
        An interval in which periodic orbits are looked for.
    periods : iterable of int
        Which least periods.
    seconds : float
        Time limit for the orbits of one period.

    Returns
    -------
    EntropyBound

    Raises
    ------
    InvalidInput
        For a map in more dimensions, without formulas, with floating-point numbers, or not
        continuous in the region and between the orbits found; for a region that is no box.

    Notes
    -----
    The points of certified orbits, the points where the map turns, and some images of these cut
    an interval into pieces J_1, …, J_m. By the intermediate value theorem J_i covers J_j where the
    images of the ends of J_i lie on both sides of J_j; the order of all points is certified by
    disjoint enclosures. With M the matrix of these coverings, F has at least as many orbits of
    length n, told apart by the pieces they visit, as M has paths, and

        h(F) ≥ log ρ(M)

    [block1980periodic]_ [alseda2000combinatorial]_. The spectral radius ρ(M) is bounded from below
    in whole numbers. A bound of 0 says that nothing was proved, not that the entropy vanishes.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> bound = topological_entropy_bound(textbook.logistic(), Box([0], [1]), periods=[1])
    >>> bound.growth, bound.evidence.grade
    (Fraction(2, 1), <Grade.PROVED: 'proved'>)
    """
    checked_map(F)
    if F.dimension != 1:
        remedy = "restricted(F, basis) gives invariant lines, orbit_growth an estimate"
        raise InvalidInput("F", F.describe(), "a map in one dimension", remedy)
    if F.expression is None:
        raise InvalidInput("F", F.describe(), "a map with formulas")
    if not F.exact:
        remedy = 'a bound holds for exact numbers only: write "1/10" for one tenth'
        raise InvalidInput("F", F.describe(), "a map without floating-point numbers", remedy)
    kernel = F.kernel()  # refuses open parameters
    checked_box(F, region)
    wanted = _periods(periods)
    builder = MarkedPoints(F)
    _check_continuity(F, builder.function, region.low[0], region.high[0])
    orbits: dict[int, int] = {}
    for p in wanted:
        found = periodic_orbits(F, region, period=p, seconds=seconds)
        orbits[p] = sum(builder.add_orbit(orbit) for orbit in found.orbits)
    low = min([region.low[0], *(point.low for point in builder.points)])
    high = max([region.high[0], *(point.high for point in builder.points)])
    builder.add_turning_points(kernel.jacobian, low, high)
    points, matrix, rate = _best(builder)
    used = {point.name for point in points}
    if len(points) > 1:
        _check_continuity(F, builder.function, points[0].low, points[-1].high)
    bound = max(0.0, enclosing(sp.log(sp.Rational(rate)))[0]) if rate > 1 else 0.0
    whole = all(point.image_name in used for point in points) and builder.proved
    return EntropyBound(
        map=F,
        region=region,
        lower=bound,
        growth=rate,
        points=np.array([0.5 * (point.low + point.high) for point in points]),
        matrix=matrix,
        orbits=orbits,
        turning_points=sum(point.name >= len(builder.points) for point in points),
        evidence=Evidence(
            grade=Grade.PROVED if whole else Grade.CERTIFIED,
            reason="intervals between points of certified order cover each other, by the "
            "intermediate value theorem; the growth of paths is bounded in whole numbers",
            sources=("block1980periodic", "alseda2000combinatorial"),
        ),
    )


def _periods(periods: Any) -> list[int]:
    expected = "a list of whole numbers of at least 1"
    if isinstance(periods, (str, bytes)) or not isinstance(periods, Iterable):
        raise InvalidInput("periods", periods, expected)
    wanted = sorted({positive_count(p, "periods") for p in periods})
    if not wanted:
        raise InvalidInput("periods", periods, expected)
    return wanted


def _best(builder: MarkedPoints) -> tuple[list[MarkedPoint], NDArray[np.int8], Fraction]:
    """Return the points that prove most: those of orbits, with parts of the chains or without.

    A point whose image is none of the points may cost coverings as well as give new ones.
    """
    best: tuple[list[MarkedPoint], NDArray[np.int8], Fraction] | None = None
    longest = max(map(len, builder.chains), default=0)
    for length in range(longest + 1):
        more = [point for chain in builder.chains for point in chain[:length]]
        points = ordered([*builder.points, *more])
        matrix = coverings(points) if len(points) > 1 else np.zeros((0, 0), dtype=np.int8)
        rate = growth(matrix)
        if best is None or rate > best[2]:
            best = points, matrix, rate
    assert best is not None
    return best


def _check_continuity(F: Map, function: IntervalFunction, start: float, end: float) -> None:
    """Refuse a map that may jump or be undefined somewhere in an interval."""
    smooth = all(step.op.analytic or step.op in _CONTINUOUS for step in function.tape.code)
    edges: NDArray[np.float64] = np.linspace(start, end, _PIECES + 1)
    low, high = function([edges[:-1]], [edges[1:]])
    if not smooth or not (np.isfinite(low).all() and np.isfinite(high).all()):
        between = f"between {start:.6g} and {end:.6g}"
        raise InvalidInput("F", F.describe(), f"a map proved to be continuous {between}")
