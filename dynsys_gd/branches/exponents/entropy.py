"""How complicated is a map of the line, provably? Intervals that cover each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, enclosing, interval_function
from ...engine.operations import Op
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.orbit_set import OrbitSet
from ...orbits.periodic_orbits import periodic_orbits
from ...regions import Box, positive_count
from .asked import checked_map
from .covering import MarkedPoint, coverings, growth, ordered
from .entropy_result import EntropyBound, OrbitGrowth

__all__ = ["orbit_growth", "topological_entropy_bound"]

_GRID = 2000  # cells in which the slope is asked for its sign
_PIECES = 64  # in which continuity is proved
_FOLLOWED = 12  # images of a turning point
_MOST_OPERATIONS, _LONGEST = 20, 40  # in numbers that are handled exactly
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
    _check_box(F, region)
    wanted = _periods(periods)
    builder = _Points(F)
    _check_continuity(F, builder.function, region.low[0], region.high[0])
    orbits: dict[int, int] = {}
    for p in wanted:
        found = _orbits(F, region, p, seconds)
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


def orbit_growth(F: Map, region: Box, *, periods: int = 8, seconds: float = 20) -> OrbitGrowth:
    """Return how the number of periodic points in a box grows with the period.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    region : Box
    periods : int
        Counts are made for n = 1, …, periods.
    seconds : float
        Time limit for the orbits of one least period.

    Returns
    -------
    OrbitGrowth

    Raises
    ------
    InvalidInput
        As for `periodic_orbits`.

    Notes
    -----
    For hyperbolic sets log #{F^n(x) = x} / n tends to the topological entropy [bowen1971entropy]_.
    For a given n, and for other maps, it bounds nothing: it is an estimate, although each count is
    certified.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> found = orbit_growth(textbook.logistic(), textbook.logistic_box(), periods=4)
    >>> found.counts.tolist(), bool(abs(found.estimate - np.log(2)) < 1e-12)
    ([2, 4, 8, 16], True)
    """
    checked_map(F)
    _check_box(F, region)
    count = positive_count(periods, "periods")
    sets = [_orbits(F, region, p, seconds) for p in range(1, count + 1)]
    certified = [_certified(found) for found in sets]
    numbers, complete = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    for n in range(1, count + 1):
        divisors = [p for p in range(1, n + 1) if n % p == 0]
        numbers[n - 1] = sum(p * certified[p - 1] for p in divisors)
        complete[n - 1] = all(sets[p - 1].complete and not sets[p - 1].families for p in divisors)
    places = np.arange(1, count + 1)
    rates = np.log(np.maximum(numbers, 1)) / places
    known = np.flatnonzero(complete)
    return OrbitGrowth(
        map=F,
        region=region,
        counts=numbers,
        complete=complete,
        rates=rates,
        estimate=float(rates[known[-1]]) if len(known) else float("nan"),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="counts of certified orbits, whose growth rate at a finite period is an "
            "estimate of the entropy and no bound of it",
            sources=("bowen1971entropy",),
        ),
    )


def _orbits(F: Map, region: Box, period: int, seconds: float) -> OrbitSet:
    """Return orbits, certified ones where floats keep exact algebra from proving anything."""
    method = Krawczyk() if F.expression is not None and not F.exact else None
    return periodic_orbits(F, region, period=period, method=method, seconds=seconds)


def _certified(found: OrbitSet) -> int:
    return sum(1 for orbit in found.orbits if orbit.enclosure is not None)


def _check_box(F: Map, region: Any) -> None:
    if not isinstance(region, Box) or region.dimension != F.dimension:
        raise InvalidInput("region", region, f"a Box of dimension {F.dimension}")


def _periods(periods: Any) -> list[int]:
    expected = "a list of whole numbers of at least 1"
    if isinstance(periods, (str, bytes)) or not isinstance(periods, Iterable):
        raise InvalidInput("periods", periods, expected)
    wanted = sorted({positive_count(p, "periods") for p in periods})
    if not wanted:
        raise InvalidInput("periods", periods, expected)
    return wanted


class _Points:
    """Collects points with bounds and images: those of orbits, then chains from turning points."""

    def __init__(self, F: Map) -> None:
        assert F.expression is not None
        self.F, self.points = F, list[MarkedPoint]()
        self.chains: list[list[MarkedPoint]] = []
        self.named = 0
        (self.formula,), (self.variable,) = F.expression, F.variables
        self.tape = lower([stable(self.formula)], F.variables)
        self.function = interval_function(self.tape)
        self.exact: dict[sp.Expr, int] = {}
        self.proved = True

    def add_orbit(self, orbit: Any) -> bool:
        """Add the points of an orbit, or return False where it is not certified."""
        bounds = orbit.enclosure
        if not orbit.evidence.grade.rigorous or bounds is None:
            return False
        self.proved &= orbit.evidence.grade is Grade.PROVED
        first, p = self.named, orbit.period
        for k in range(p):
            after = bounds[(k + 1) % p, 0]
            self.points.append(self._point(bounds[k, 0], after, first + (k + 1) % p))
            if orbit.exact is not None:
                self.exact[_canonical(orbit.exact[k][0])] = first + k
        return True

    def _point(self, bounds: Any, image: Any, target: int | None) -> MarkedPoint:
        self.named += 1
        (low, high), (below, above) = (tuple(map(float, pair)) for pair in (bounds, image))
        return MarkedPoint(low, high, below, above, self.named - 1, target)

    def add_turning_points(self, jacobian: Any, low: float, high: float) -> None:
        """Add the points where the map turns, each with a chain of images."""
        known = [number for number in self._exact_turning() if low <= float(number) <= high]
        for number in known:
            self.chains.append(self._exact_chain(number))
        for place in _turning_points(jacobian, low, high):
            if all(abs(place - float(number)) > 1e-6 * (high - low) for number in known):
                self.chains.append(self._chain(place))

    def _exact_turning(self) -> list[sp.Expr]:
        """Return critical points that are rational or of degree two, of a rational map."""
        if not self.formula.is_rational_function(self.variable):
            return []
        above = sp.fraction(sp.together(sp.diff(self.formula, self.variable)))[0]
        factors = sp.factor_list(above, self.variable)[1]
        small = (part for part, _ in factors if sp.degree(part, self.variable) in (1, 2))
        roots = (root for part in small for root in sp.roots(part, self.variable))
        return sorted((_canonical(root) for root in roots if root.is_real), key=float)

    def _exact_chain(self, number: sp.Expr) -> list[MarkedPoint]:
        """Return a point and its images, up to one that is known, by exact algebra."""
        chain: list[MarkedPoint] = []
        while number not in self.exact:
            image = _canonical(self.formula.xreplace({self.variable: number}))
            name = self.exact[number] = self.named
            simple = sp.count_ops(image) <= _MOST_OPERATIONS and len(str(image)) <= _LONGEST
            follows = simple and len(chain) + 1 < _FOLLOWED
            # An image that is not known yet comes next, or stays between its bounds.
            target = self.exact.get(image, name + 1 if follows else None)
            chain.append(self._point(enclosing(number), enclosing(image), target))
            if not follows:
                break
            number = image
        return chain

    def _chain(self, place: float) -> list[MarkedPoint]:
        """Return a double near a turning point, and doubles that its images surely reach."""
        chain: list[MarkedPoint] = []
        top = self._rises(place)
        while len(chain) < _FOLLOWED:
            low, high = self._image(place, place)
            if not np.isfinite([low, high]).all():
                break
            chain.append(self._point((place, place), (low, high), None))
            # At a maximum the interval beside it reaches up to the lower bound of the image.
            place = low if top else high
            top = top == self._rises(place)
        return chain

    def _rises(self, place: float) -> bool:
        """Return whether the map rises on the way to a point from below."""
        step = 1e-7 * (1.0 + abs(place))
        return self._image(place - step, place - step)[0] < self._image(place, place)[0]

    def _image(self, low: float, high: float) -> tuple[float, float]:
        below, above = self.function([[low]], [[high]])
        return float(below[0, 0]), float(above[0, 0])


def _best(builder: _Points) -> tuple[list[MarkedPoint], NDArray[np.int8], Fraction]:
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


def _canonical(number: sp.Expr) -> sp.Expr:
    """Return a number in a form in which equal ones of degree two are written alike."""
    return number if number.has(sp.CRootOf) else sp.expand(sp.radsimp(sp.sqrtdenest(number)))


def _turning_points(jacobian: Any, low: float, high: float) -> Iterator[float]:
    """Yield doubles near which the slope changes its sign."""
    from scipy.optimize import brentq

    def slope(x: float) -> float:
        return float(jacobian(np.array([[x]]))[0, 0, 0])

    grid = np.linspace(low, high, _GRID + 1)
    # Not where symmetric maps turn: a slope of exactly zero has no sign.
    grid[1:-1] += (high - low) / _GRID * 1e-3 * np.sqrt(2)
    with np.errstate(all="ignore"):
        slopes = jacobian(grid[:, None])[:, 0, 0]
    for (a, b), (first, second) in zip(pairwise(grid), pairwise(slopes), strict=True):
        if np.isfinite([first, second]).all() and first * second < 0:
            yield float(brentq(slope, a, b, xtol=1e-15, rtol=1e-15))


def _check_continuity(F: Map, function: IntervalFunction, start: float, end: float) -> None:
    """Refuse a map that may jump or be undefined somewhere in an interval."""
    tape: Tape = function.tape
    smooth = all(step.op.analytic or step.op in _CONTINUOUS for step in tape.code)
    edges: NDArray[np.float64] = np.linspace(start, end, _PIECES + 1)
    low, high = function([edges[:-1]], [edges[1:]])
    if not smooth or not (np.isfinite(low).all() and np.isfinite(high).all()):
        between = f"between {start:.6g} and {end:.6g}"
        raise InvalidInput("F", F.describe(), f"a map proved to be continuous {between}")
