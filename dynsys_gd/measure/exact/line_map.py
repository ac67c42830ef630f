"""For which polynomial maps of the line does everything converge that does not escape?

Proved by exact algebra and one theorem: a continuous map of a closed interval into itself without
points of least period two sends every point to a fixed point [coppel1955solution]_.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum

import flint

from ...orbits.algebra.open_sets import OpenIntervals
from ...orbits.algebra.real_algebraic import RealAlgebraic
from .polynomial_roots import between, compared, roots, sign, sign_at

__all__ = ["NOTHING", "Basin", "converging", "kinds_of_fixed_points"]

NOTHING = OpenIntervals(())
EVERYTHING = OpenIntervals(((None, None),))

_MOST_DEGREE = 100  # of the second iterate


class _Ends(Enum):
    """What the ends of the interval of bounded orbits are; the value is said of them."""

    FIXED = "are fixed"
    CYCLE = "form a cycle of period two, the only one"
    FOLD = "are a fixed point and its other preimage"


@dataclass(frozen=True)
class Basin:
    """The starts that converge to a fixed point, up to countably many.

    Parameters
    ----------
    intervals : OpenIntervals
    checked : tuple of str
        What was found to hold.
    """

    intervals: OpenIntervals
    checked: tuple[str, ...]


def converging(F: flint.fmpq_poly) -> Basin | None:
    """Return the starts that converge to a fixed point, or None where no proof was found.

    Parameters
    ----------
    F : fmpq_poly
        The map.

    Notes
    -----
    Let [α, β] be spanned by the points that F² fixes (for even degree by the first of them, and
    the last point that F maps there). Outside of it F² leaves no point in place, so that orbits
    run off to infinity. Inside, three things are checked: F has its critical values strictly
    between α and β, no least period two except that of {α, β}, and the ends repel. The first and
    the last give closed intervals [a, b], as near to [α, β] as one likes, that F maps into
    themselves, and the theorem applies to each.

    Examples
    --------
    >>> found = converging(flint.fmpq_poly([0, 3, 0, -1], 2))
    >>> found.intervals.to_sympy()
    Interval.open(-sqrt(5), sqrt(5))
    """
    degree = F.degree()
    if degree < 1:
        return Basin(EVERYTHING, ("the map is constant",))
    if degree == 1:
        return _of_affine(F)
    if degree**2 > _MOST_DEGREE:
        return None
    if degree % 2 == 0 and F[degree] > 0:
        turned = converging(_turned(F))
        return None if turned is None else Basin(_mirrored(turned.intervals), turned.checked)
    return _of_higher_degree(F)


def _of_affine(F: flint.fmpq_poly) -> Basin | None:
    slope = F[1]
    if abs(slope) == 1:
        return None
    said = f"the map is affine with slope {slope}"
    return Basin(EVERYTHING if abs(slope) < 1 else NOTHING, (said,))


def _of_higher_degree(F: flint.fmpq_poly) -> Basin | None:
    x = flint.fmpq_poly([0, 1])
    twice = F(F) - x
    fixed, second = roots(F - x), roots(twice)
    if not second:
        return Basin(NOTHING, ("the second iterate has no fixed point",))
    others = [point for point in second if point not in fixed]
    odd = F.degree() % 2 == 1
    low, high = second[0], second[-1]
    if odd and low == high:
        return Basin(NOTHING, ("the second iterate fixes one point, and all else escapes",))
    if not odd:
        last = _last_preimage(F, low)
        ends = _Ends.FOLD
        if others or last is None or not low < last:
            return None
        high = last
    elif F[F.degree()] > 0:
        ends = _Ends.FIXED
        if others:
            return None
    else:
        ends = _Ends.CYCLE
        if others != [low, high]:
            return None
    if not _maps_inside(F, low, high, ends) or not _repel(F, low, high, second, ends):
        return None
    return Basin(
        OpenIntervals(((low, high),)),
        (
            f"the ends {_words(low, high)} {ends.value}, and repel",
            "outside of them the second iterate fixes nothing",
            "all critical values in between stay strictly in between",
            f"{len(second)} fixed points of the second iterate, by real root isolation",
        ),
    )


def _maps_inside(F: flint.fmpq_poly, low: RealAlgebraic, high: RealAlgebraic, ends: _Ends) -> bool:
    """Return whether F maps the open interval into itself, monotone at both ends."""
    slope = F.derivative()
    at_low = -1 if ends is _Ends.CYCLE else 1
    at_high = 1 if ends is _Ends.FIXED else -1
    if sign_at(slope, low) != at_low or sign_at(slope, high) != at_high:
        return False
    inner = [c for c in roots(slope) if low < c < high]
    return all(compared(F, c, low) == 1 and compared(F, c, high) == -1 for c in inner)


def _repel(
    F: flint.fmpq_poly,
    low: RealAlgebraic,
    high: RealAlgebraic,
    second: list[RealAlgebraic],
    ends: _Ends,
) -> bool:
    """Return whether orbits move inwards from the ends, by a sample up to the next fixed point."""
    following = [point for point in second if low < point < high]
    start = between(low, following[0] if following else high)
    if not F(F(start)) > start:
        return False
    if ends is not _Ends.FIXED:
        return True
    start = between(following[-1] if following else low, high)
    return bool(F(start) < start)


def _last_preimage(F: flint.fmpq_poly, image: RealAlgebraic) -> RealAlgebraic | None:
    """Return the largest x with F(x) = image: a root of m(F(x)), m the minimal polynomial."""
    minimal = flint.fmpq_poly(list(image.polynomial))
    conjugates = roots(minimal)
    for x in reversed(roots(minimal(F))):
        # F(x) is one of the conjugates: the one from which no enclosure separates it.
        apart = all(compared(F, x, other) for other in conjugates if other != image)
        if apart and compared(F, x, image) is None:
            return x
    return None


def _turned(F: flint.fmpq_poly) -> flint.fmpq_poly:
    """Return -F(-x)."""
    return flint.fmpq_poly([c * (-1) ** (k + 1) for k, c in enumerate(F.coeffs())])


def _mirrored(intervals: OpenIntervals) -> OpenIntervals:
    pairs = ((_negative(high), _negative(low)) for low, high in reversed(intervals.pairs))
    return OpenIntervals(tuple(pairs))


def _negative(number: RealAlgebraic | None) -> RealAlgebraic | None:
    if number is None:
        return None
    turned = flint.fmpq_poly([c * (-1) ** k for k, c in enumerate(number.polynomial)])
    ascending = roots(turned)
    return ascending[len(ascending) - 1 - number.place]


def _words(low: RealAlgebraic, high: RealAlgebraic) -> str:
    return f"{float(low):.6g} and {float(high):.6g}"


def kinds_of_fixed_points(F: flint.fmpq_poly) -> list[tuple[RealAlgebraic, tuple[int, int]]]:
    """Return each fixed point with the signs of F(x) - x on its two sides."""
    points = roots(F - flint.fmpq_poly([0, 1]))
    knots = [None, *points, None]
    samples = [between(a, b) for a, b in itertools.pairwise(knots)]
    signs = [sign(F(s) - s) for s in samples]
    return list(zip(points, itertools.pairwise(signs), strict=True))
