"""Unbounded sets that are mapped into themselves and in which nothing converges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import IntervalFunction, enclosing, interval_function
from ...engine.tape import lower as lowered
from ...orbits.certified.system import Bounds, System

__all__ = ["Escape", "Far", "Orthants", "escapes_of"]

GROWTH = Fraction(2**20 + 1, 2**20)  # q: by which coordinates grow in each step, at least

_GRID = 2**20  # radii are multiples of 1/_GRID
_LARGEST = 2**20  # radius that is tried
_MOST_TERMS = 400
_MOST_SIGNS = 64
_BOXES = 60_000  # into which directions are cut for one radius


@dataclass(frozen=True)
class Escape(ABC):
    """A set E with F(E) in E in which no orbit converges.

    Parameters
    ----------
    radius : Fraction
        R > 0.
    """

    radius: Fraction

    @abstractmethod
    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether it lies in the set."""

    @abstractmethod
    def describe(self) -> str:
        """Return the set as a formula."""


@dataclass(frozen=True)
class Orthants(Escape):
    """The set of x with |x_i| ≥ R for all i whose signs are among some patterns.

    There |F_i(x)| ≥ q |x_i| with q > 1, and F(x) has signs among the patterns again.

    Parameters
    ----------
    signs : tuple of tuples of d int
        The patterns, entries 1 and -1.
    """

    signs: tuple[tuple[int, ...], ...]

    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        radius = enclosing(self.radius)[1]
        right, left = lower >= radius, upper <= -radius
        found = np.zeros(lower.shape[1], dtype=bool)
        for pattern in self.signs:
            sides = [right[i] if sign > 0 else left[i] for i, sign in enumerate(pattern)]
            found |= np.logical_and.reduce(sides)
        return np.asarray(found & (lower <= upper).all(axis=0))

    def describe(self) -> str:
        d = len(self.signs[0])
        where = f"|x_i| >= {float(self.radius):.6g} for all i"
        if len(self.signs) == 2**d:
            return where
        texts = ["".join("+" if s > 0 else "-" for s in pattern) for pattern in self.signs]
        return f"{where}, signs {' '.join(texts)}"


@dataclass(frozen=True)
class Far(Escape):
    """The set of x with |x_i| ≥ R for some i; there the largest coordinate grows, q > 1."""

    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        radius = enclosing(self.radius)[1]
        beyond = ((lower >= radius) | (upper <= -radius)).any(axis=0)
        return np.asarray(beyond & (lower <= upper).all(axis=0))

    def describe(self) -> str:
        return f"|x_i| >= {float(self.radius):.6g} for some i"


def escapes_of(system: System) -> tuple[tuple[Escape, ...], tuple[str, ...]]:
    """Return escape sets with radii about as small as they can be, and why there are none.

    Only polynomial maps are looked at.
    """
    images = system.images
    found: list[Escape] = []
    if all(e.is_polynomial(*system.variables) for e in images):
        polynomials = [sp.Poly(sp.expand(e), *system.variables) for e in images]
        if sum(len(p.terms()) for p in polynomials) <= _MOST_TERMS:
            found += _orthants(polynomials)
            if system.dimension > 1:
                found += _far(polynomials, system.variables)
    if found:
        return tuple(found), ()
    return (), ("no escape region was found: what leaves the cells is undecided",)


def _least(holds: Callable[[Fraction], bool]) -> Fraction | None:
    """Return about the least radius of the grid from which on something holds, None for none."""
    good = Fraction(1, 64)
    while not holds(good):
        good *= 2
        if good > _LARGEST:
            return None
    low, high = int(good * _GRID) // 2, int(good * _GRID)
    while high - low > max(1, high >> 24):
        middle = (low + high) // 2
        if holds(Fraction(middle, _GRID)):
            high = middle
        else:
            low = middle
    return Fraction(high, _GRID)


def _orthants(polynomials: list[sp.Poly]) -> list[Escape]:
    """Return unions of orthants, those with fewer patterns and smaller radii first.

    With x_i = s_i (R + z_i), one of ±F_i - q (R + z_i) has only coefficients that are not
    negative: then |F_i| ≥ q |x_i| wherever all z_i ≥ 0.
    """
    d = len(polynomials)
    if 2**d > _MOST_SIGNS or any(not p.domain.is_QQ and not p.domain.is_ZZ for p in polynomials):
        return []
    context = flint.fmpq_mpoly_ctx.get(tuple(f"z{i}" for i in range(d)), "degrevlex")
    functions = [
        context.from_dict({e: flint.fmpq(int(c.p), int(c.q)) for e, c in p.as_dict().items()})
        for p in polynomials
    ]
    q = flint.fmpq(GROWTH.numerator, GROWTH.denominator)

    def image(pattern: tuple[int, ...], radius: Fraction) -> tuple[int, ...] | None:
        """Return the signs of F on an orthant where it grows, None where that is not seen."""
        r = flint.fmpq(radius.numerator, radius.denominator)
        sizes = [z + r for z in context.gens()]
        places = [s * size for s, size in zip(pattern, sizes, strict=True)]
        signs = []
        for function, size in zip(functions, sizes, strict=True):
            value = function.compose(*places)
            least = q * size
            for sign in (1, -1):
                if all(c >= 0 for c in (sign * value - least).coeffs()):
                    signs.append(sign)
                    break
            else:
                return None
        return tuple(signs)

    patterns = list(product((1, -1), repeat=d))
    radii, after = {}, {}
    for pattern in patterns:
        radius = _least(lambda r, p=pattern: image(p, r) is not None)  # type: ignore[misc]
        if radius is not None:
            to = image(pattern, radius)
            assert to is not None
            radii[pattern], after[pattern] = radius, to
    for _ in patterns:  # a pattern needs what its successors need
        radii = {p: max(r, radii[after[p]]) for p, r in radii.items() if after[p] in radii}
    return [
        Orthants(radius, tuple(p for p in patterns if p in radii and radii[p] <= radius))
        for radius in sorted(set(radii.values()))
    ]


def _far(polynomials: list[sp.Poly], variables: tuple[sp.Symbol, ...]) -> list[Escape]:
    """Return the outside of a cube.

    With x_i = 1/w the coordinate of largest size and x_j = t_j x_i, F_i is a polynomial
    w^(1-D) G(w, t), and |F_i| ≥ q |x_i| where |G| ≥ q |w|^D. That is shown for |w| ≤ 1/R and
    t in [-1, 1]^(d-1) by interval arithmetic on boxes that are cut until it holds.
    """
    functions = [_directions(p, i, variables) for i, p in enumerate(polynomials)]
    if any(f is None for f in functions):
        return []
    radius = _least(lambda r: all(_grows(f, len(variables), r) for f in functions if f))
    return [] if radius is None else [Far(radius)]


def _directions(
    polynomial: sp.Poly, i: int, variables: tuple[sp.Symbol, ...]
) -> IntervalFunction | None:
    """From (w, t) to G - q w^D and G + q w^D; None where the largest coordinate cannot grow."""
    degree = max((sum(e) for e, _ in polynomial.terms()), default=0) - 1
    if degree < 0:
        return None
    w = sp.Dummy("w")
    t = [sp.Dummy(f"t{j}") for j in range(len(variables)) if j != i]
    total = sp.S.Zero
    for exponents, coefficient in polynomial.terms():
        rest = [e for j, e in enumerate(exponents) if j != i]
        term = sp.Mul(*(s**e for s, e in zip(t, rest, strict=True)))
        total += coefficient * w ** (degree + 1 - sum(exponents)) * term
    ground = sp.collect(sp.expand(total), w)
    if ground.subs(w, 0) == 0:
        return None
    q = sp.Rational(GROWTH.numerator, GROWTH.denominator)
    return interval_function(lowered([ground - q * w**degree, ground + q * w**degree], [w, *t]))


def _grows(function: IntervalFunction, d: int, radius: Fraction) -> bool:
    """Return whether |G| ≥ q |w|^D is shown for |w| ≤ 1/R and all t."""
    reach = enclosing(1 / radius)[1]
    low = np.full((d, 1), -1.0)
    high = np.full((d, 1), 1.0)
    low[0], high[0] = -reach, reach
    seen, sign = 0, 0
    while low.shape[1]:
        seen += low.shape[1]
        if seen > _BOXES:
            return False
        below, above = function(low, high)
        up, down = (below > 0).all(axis=0), (above < 0).all(axis=0)
        # G keeps one sign on the whole set, which is connected.
        if (up.any() and sign < 0) or (down.any() and sign > 0) or (up.any() and down.any()):
            return False
        sign = 1 if up.any() else -1 if down.any() else sign
        rest = ~(up | down)
        low, high = low[:, rest], high[:, rest]
        if not low.shape[1]:
            break
        if _fails_at_middle(function, low, high):
            return False
        k = np.argmax((high - low) / np.array([reach, *[1.0] * (d - 1)])[:, None], axis=0)
        places = np.arange(low.shape[1])
        middle = 0.5 * (low[k, places] + high[k, places])
        first, second = high.copy(), low.copy()
        first[k, places] = second[k, places] = middle
        low, high = np.concatenate([low, second], axis=1), np.concatenate([first, high], axis=1)
    return True


def _fails_at_middle(function: IntervalFunction, low: Bounds, high: Bounds) -> bool:
    """Return whether the claim is surely wrong somewhere, so that cutting on is of no use."""
    centre = 0.5 * (low + high)
    below, above = function(centre, centre)
    with np.errstate(invalid="ignore"):
        return bool(
            (
                (below.min(axis=0) <= 0)
                & (above.max(axis=0) >= 0)
                & (np.sign(below[0]) != np.sign(above[1]))
            ).any()
        )
