"""The points that cut a line into intervals: those of orbits, and images of turning points."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from ...engine.intervals import enclosing, interval_function
from ...engine.rewrite import stable
from ...engine.tape import lower
from ...evidence import Grade
from ...maps.base import Map
from .covering import MarkedPoint

__all__ = ["MarkedPoints"]

_GRID = 2000  # cells in which the slope is asked for its sign
_FOLLOWED = 12  # images of a turning point
_MOST_OPERATIONS, _LONGEST = 20, 40  # in numbers that are handled exactly


class MarkedPoints:
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
