"""The equations of an orbit with a multiplier 1 or -1: its points, its parameter, its direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.ball_printer import ball_function
from ...engine.derivative import derivative, jacobian
from ...engine.numpy_printer import numpy_function
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...maps.base import Map

__all__ = ["LARGEST_STATE", "CriticalSystem"]

Array = NDArray[np.float64]
Balls = list[flint.arb]

LARGEST_STATE = 12  # coordinates up to which second derivatives are written down as formulas


@dataclass(frozen=True, eq=False)
class CriticalSystem:
    """x_(k+1) = F(x_k, λ), v_(k+1) = DF(x_k, λ) v_k, v_p = μ v_0, one entry of v equal to 1.

    As many equations as unknowns z = (x_0, …, x_(p-1), v_0, …, v_(p-1), λ); at a flip (μ = -1) or
    a fold (μ = 1) that is not degenerate their derivative is regular.

    Parameters
    ----------
    F : Map
        With formulas, and one open parameter.
    period : int
    multiplier : int
        1 or -1.
    entry : int
        Which entry of v, counted along the orbit, is held at 1.

    References
    ----------
    Kuznetsov (2004) [kuznetsov2004elements]_, section 10.2: the extended systems.
    """

    F: Map
    period: int
    multiplier: int
    entry: int

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return 2 * self.period * self.F.dimension + 1

    @property
    def _code(self) -> tuple[Tape, Tape]:
        assert self.F.expression is not None
        return _tapes(tuple(self.F.expression), self.F.variables)

    @cached_property
    def _balls(self) -> tuple[Callable[..., Balls], Callable[..., Balls]]:
        short, whole = self._code
        return ball_function(short), ball_function(whole)

    @cached_property
    def _signs(self) -> Array:
        """What v_(k+1) is multiplied by, shape (p, 1)."""
        signs = np.ones((self.period, 1))
        signs[-1] = self.multiplier
        return signs

    def parts(self, z: Sequence[Any] | Array) -> tuple[Any, Any, Any]:
        """Return points (p, d), directions (p, d) and the parameter of a vector of unknowns."""
        n, d = (len(z) - 1) // 2, self.F.dimension
        if isinstance(z, np.ndarray):
            return z[:n].reshape(-1, d), z[n:-1].reshape(-1, d), z[-1]
        rows = [list(z[k : k + d]) for k in range(0, 2 * n, d)]
        return rows[: self.period], rows[self.period :], z[-1]

    def linear(self, z: Array) -> tuple[Array, Any]:
        """Return the residual, and its derivative as a sparse matrix in columns."""
        d = self.F.dimension
        x, v, value = self.parts(z)
        out = numpy_function(self._code[1])(
            np.ascontiguousarray(np.hstack([x, v]).T), np.array([value])
        )
        blocks = np.split(out, np.cumsum([d, d, d * d, d * d, d]))
        image, pushed, rate, bent = blocks[0].T, blocks[1].T, blocks[4].T, blocks[5].T
        slopes, second = (block.T.reshape(-1, d, d) for block in blocks[2:4])
        residual = np.concatenate(
            [
                (np.roll(x, -1, axis=0) - image).ravel(),
                (self._signs * np.roll(v, -1, axis=0) - pushed).ravel(),
                [v.ravel()[self.entry] - 1.0],
            ]
        )
        entries = np.concatenate([block.ravel() for block in (slopes, slopes, second, rate, bent)])
        return residual, self._matrix(-entries)

    def _matrix(self, entries: Array) -> Any:
        """Return the derivative from minus DF, DF, D²F v, F_λ and D F_λ v along the orbit."""
        from scipy.sparse import csc_array

        rows, columns, constant = self._places
        return csc_array((np.concatenate([entries, constant]), (rows, columns)), (self.size,) * 2)

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        p, d = self.period, self.F.dimension
        n = p * d
        block_row = np.broadcast_to(np.arange(n).reshape(p, d, 1), (p, d, d)).ravel()
        block_column = np.broadcast_to(np.arange(n).reshape(p, 1, d), (p, d, d)).ravel()
        line = np.arange(n)
        after = (line + d) % n
        last = np.full(n, 2 * n)
        rows: list[Any] = [
            block_row,
            block_row + n,
            block_row + n,
            line,
            line + n,
            line,
            line + n,
            [2 * n],
        ]
        columns: list[Any] = [
            block_column,
            block_column + n,
            block_column,
            last,
            last,
            after,
            after + n,
        ]
        signs = np.repeat(self._signs.ravel(), d)
        constant = np.concatenate([np.ones(n), signs, [1.0]])
        return np.concatenate(rows), np.concatenate([*columns, [n + self.entry]]), constant

    def residual_balls(self, z: Balls) -> Balls:
        """Return enclosures of the residual at a vector of balls, at the current precision."""
        d, p = self.F.dimension, self.period
        x, v, value = self.parts(z)
        first: Balls = []
        second: Balls = []
        for k in range(p):
            out = self._balls[0]([*x[k], *v[k]], [value])
            ahead = (k + 1) % p
            sign = self.multiplier if ahead == 0 else 1
            first += [x[ahead][i] - out[i] for i in range(d)]
            second += [sign * v[ahead][i] - out[d + i] for i in range(d)]
        return [*first, *second, v[self.entry // d][self.entry % d] - 1]

    def parts_of_derivative(self, z: Balls) -> Iterator[tuple[Balls, Balls, Balls, Balls]]:
        """Yield enclosures of DF, D²F v (row by row), F_λ and D F_λ v at each point in turn."""
        d = self.F.dimension
        x, v, value = self.parts(z)
        for k in range(self.period):
            out = self._balls[1]([*x[k], *v[k]], [value])[2 * d :]
            square = d * d
            yield (
                out[:square],
                out[square : 2 * square],
                out[2 * square : 2 * square + d],
                out[2 * square + d :],
            )

    def derivative_balls(self, z: Balls) -> tuple[Any, Any]:
        """Return midpoints and radii of enclosures of the derivative, as sparse matrices."""
        from scipy.sparse import csc_array

        d, p = self.F.dimension, self.period
        middles, radii = np.empty((2, p, 2 * d * d + 2 * d))
        for k, parts in enumerate(self.parts_of_derivative(z)):
            for place, entry in enumerate(chain.from_iterable(parts)):
                middles[k, place] = float(entry.mid())
                # The radius covers what the midpoint was rounded by.
                radii[k, place] = float((entry - flint.arb(middles[k, place])).abs_upper())
        cuts = np.cumsum([d * d, d * d, d])
        rows, columns, constant = self._places
        made = []
        for part, signed in ((middles, -1.0), (np.nextafter(radii, np.inf), 1.0)):
            slopes, second, rate, bent = np.split(part, cuts, axis=1)
            entries = [slopes, slopes, second, rate, bent]
            flat = np.concatenate([signed * block.ravel() for block in entries])
            rest = constant if signed < 0 else np.zeros_like(constant)
            values = np.concatenate([flat, rest])
            made.append(csc_array((values, (rows, columns)), (self.size,) * 2))
        return made[0], made[1]


@lru_cache(maxsize=64)
def _tapes(expression: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]) -> tuple[Tape, Tape]:
    """Return code from (x, v) and the parameter to F and DF v, and to all derivatives as well."""
    symbols = set().union(*(image.free_symbols for image in expression)) - set(variables)
    symbol = next(iter(symbols), sp.Dummy())
    images = [stable(image) for image in expression]
    along = [sp.Dummy(f"v{k}") for k in range(len(variables))]
    slopes = jacobian(images, variables)
    d = len(variables)
    pushed = [sp.Add(*(slopes[i * d + j] * along[j] for j in range(d))) for i in range(d)]
    second = jacobian(pushed, variables)
    rates = [derivative(image, symbol) for image in images]
    bent = [derivative(image, symbol) for image in pushed]
    inputs = [*variables, *along]
    short = lower([*images, *pushed], inputs, [symbol])
    whole = lower([*images, *pushed, *slopes, *second, *rates, *bent], inputs, [symbol])
    return short, whole
