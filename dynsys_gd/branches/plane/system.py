"""A map as a function of its state and of two parameters, with its higher derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.numpy_printer import numpy_function
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...orbits.normal_forms.jets import evaluate, jet
from .floats import Floats

__all__ = ["PlaneSystem", "plane_system"]

Array = NDArray[np.float64]

_ALL = (-np.inf, np.inf)
_ROUNDING = 1e-12  # of a value: how far beyond the end of its range it counts as the end
_OFFSET = 6e-6  # of a central difference: the cube root of the rounding unit
_SECOND_OFFSET = 1e-4  # of a difference of differences: the fourth root


@dataclass(frozen=True, eq=False)
class PlaneSystem:
    """Images and derivatives of a map with two open parameters.

    Where the map has formulas, derivatives come from truncated Taylor polynomials sent through
    its straight-line code, and are exact up to rounding. Where it has none, those by the
    parameters and the second ones are differences.

    Parameters
    ----------
    F : Map
    parameters : tuple of two str
        Its only open parameters, in the order of the plane.
    ranges : tuple of two pairs of float
        What rounding adds to their ends is taken off: a map without formulas may be refused there.
    """

    F: Map
    parameters: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]] = (_ALL, _ALL)

    @property
    def dimension(self) -> int:
        """Number d of coordinates of a state."""
        return self.F.dimension

    @property
    def formulas(self) -> bool:
        """Whether derivatives of every order are known."""
        return self.F.expression is not None

    @cached_property
    def _tape(self) -> Tape:
        """From the state and both parameters to the image."""
        assert self.F.expression is not None
        return lower([stable(image) for image in self.F.expression], self._symbols)

    @cached_property
    def _symbols(self) -> list[sp.Symbol]:
        assert self.F.expression is not None
        named = {str(s): s for s in self.F.expression.free_symbols - set(self.F.variables)}
        # A parameter may cancel out of the formulas.
        return [*self.F.variables, *(named.get(name, sp.Dummy()) for name in self.parameters)]

    def images(self, states: Array, values: Array) -> Array:
        """Return F, shape (n, d); NaN where it is not defined."""
        if self.formulas:
            inputs = np.vstack([states.T, np.repeat(values[:, None], len(states), axis=1)])
            return numpy_function(self._tape)(inputs, np.empty(0)).T
        kernel = self._kernel(values)
        if kernel is None:
            return np.full_like(states, np.nan)
        with np.errstate(all="ignore"):
            return np.asarray(kernel.step(states)[0])

    def at(self, states: Array, values: Array) -> tuple[Array, Array, Array]:
        """Return F (n, d), DF (n, d, d), and the derivatives by both parameters (n, d, 2)."""
        n, d = states.shape
        if self.formulas:
            units = np.eye(d + 2)[:, None, :]
            _, slope = self.along(states[:, :, None], values, [units])
            slope = np.broadcast_to(slope, (d, n, d + 2)).transpose(1, 0, 2)
            return self.images(states, values), slope[:, :, :d].copy(), slope[:, :, d:].copy()
        return (
            self.images(states, values),
            self._slopes(states, values),
            self._rates(states, values, _OFFSET),
        )

    def bent(self, states: Array, values: Array, directions: Array) -> Array:
        """Return D²F[v, ·] by states and parameters, shape (n, d, d + 2), for v of (n, d + 2)."""
        n, d = states.shape
        if self.formulas:
            units = np.eye(d + 2)[:, None, :]
            given = directions.T[:, :, None]
            *_, second = self.along(states[:, :, None], values, [given, units])
            return np.broadcast_to(second, (d, n, d + 2)).transpose(1, 0, 2)
        h = _SECOND_OFFSET / max(1.0, float(np.max(np.abs(directions))))
        parts = []
        for k in range(n):  # each point has a direction of its own, also in the parameters
            state, v = states[k : k + 1], directions[k]
            sides = []
            for side in (h, -h):
                moved, there = state + side * v[:d], values + side * v[d:]
                slopes = self._slopes(moved, there)
                sides.append(
                    np.concatenate([slopes, self._rates(moved, there, _SECOND_OFFSET)], axis=2)
                )
            parts.append((sides[0] - sides[1])[0] / (2 * h))
        return np.array(parts)

    def along(self, states: Array, values: Array, directions: Sequence[Any]) -> list[Array]:
        """Return F and its mixed derivatives along directions, by Taylor polynomials.

        Parameters
        ----------
        states : ndarray, shape (n, d, 1)
        values : ndarray, shape (2,)
        directions : sequence of at most three arrays, shape (d + 2, n or 1, m or 1)

        Returns
        -------
        list of ndarray, each of shape (d, n, m)
            Entry k belongs to the directions in the binary digits of k; with one direction the
            second entry is the slope, with two the fourth one the second derivative.
        """
        base = [*np.moveaxis(states, 1, 0), *(np.full((1, 1), value) for value in values)]
        inputs = [jet(x, [v[i] for v in directions]) for i, x in enumerate(base)]
        with np.errstate(all="ignore"):
            out = evaluate(self._tape, inputs, [], Floats())
        n = len(states)
        m = max((v.shape[2] for v in directions), default=1)
        entries = []
        for k in range(2 ** len(directions)):
            parts = [0.0 if image[k] is None else image[k] for image in out]
            entries.append(np.array([np.broadcast_to(part, (n, m)) for part in parts]))
        return entries

    def pushed(self, x: Any, values: Array, slopes: Sequence[Any]) -> list[Any]:
        """Return the mixed derivatives of F along a state that is a Taylor polynomial itself.

        Parameters
        ----------
        x : ndarray, shape (d,)
        values : ndarray, shape (2,)
        slopes : sequence of 2^g arrays of d + 2 entries
            The coefficient of each product of generators, the first of which is not looked at.

        Returns
        -------
        list of 2^g ndarrays of shape (d,)
        """
        base = [*x, *values]
        inputs = [(c, *(part[i] for part in slopes[1:])) for i, c in enumerate(base)]
        with np.errstate(all="ignore"):
            out = evaluate(self._tape, inputs, [], Floats())
        return [
            np.array([0.0 if image[k] is None else image[k] for image in out])
            for k in range(len(slopes))
        ]

    def _kernel(self, values: Array) -> Any:
        """Return the map at both values, None where it takes no such values."""
        inside = [float(np.clip(v, *ends)) for v, ends in zip(values, self.ranges, strict=True)]
        near = np.abs(values - inside) <= _ROUNDING * np.maximum(1.0, np.abs(values))
        chosen = np.where(near, inside, values)
        named = dict(zip(self.parameters, map(float, chosen), strict=True))
        try:
            return self.F.at(**named).kernel()
        except InvalidInput:
            return None

    def _slopes(self, states: Array, values: Array) -> Array:
        kernel = self._kernel(values)
        if kernel is None:
            return np.full((*states.shape, states.shape[1]), np.nan)
        with np.errstate(all="ignore"):
            return np.asarray(kernel.jacobian(states))

    def _rates(self, states: Array, values: Array, offset: float) -> Array:
        columns = []
        for j in range(2):
            low_end, high_end = self.ranges[j]
            width = high_end - low_end
            h = offset * max(width if np.isfinite(width) else 1.0, abs(values[j]))
            step = np.eye(2)[j] * h
            high, low = self.images(states, values + step), self.images(states, values - step)
            here = self.images(states, values)
            # At the end of the range of a setting only one side is defined.
            column = np.where(np.isfinite(high), (high - low) / (2 * h), (here - low) / h)
            columns.append(np.where(np.isfinite(low), column, (high - here) / h))
        return np.stack(columns, axis=2)


def plane_system(F: Map, parameters: Any) -> PlaneSystem:
    """Return a map as a function of its state and its two open parameters.

    Raises
    ------
    InvalidInput
        Where F is no map, a parameter is unknown, others are open too, or the map has kinks.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import HeavyBall, Loss
    >>> ball = plane_system(HeavyBall(Loss(x**4 / 4, [x]), eta, beta), ("eta", "beta"))
    >>> image, slope, rate = ball.at(np.array([[2.0, 1.0]]), np.array([0.5, 0.25]))
    >>> image.tolist(), slope.tolist(), rate.tolist()
    ([[-1.75, 2.0]], [[[-4.75, -0.25], [1.0, 0.0]]], [[[-8.0, 1.0], [0.0, 0.0]]])
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write HeavyBall(loss, eta, beta)")
    pair = isinstance(parameters, (tuple, list)) and len(parameters) == 2
    if not pair or not all(isinstance(name, str) for name in parameters):
        raise InvalidInput("parameters", parameters, "two names", 'such as ("eta", "beta")')
    first, second = parameters
    checked_open(F, parameters, "parameters")
    system = PlaneSystem(F, (first, second))
    if system.formulas and not system._tape.analytic:
        raise InvalidInput("F", F.describe(), "a smooth map", "orbits end at kinks")
    return system
