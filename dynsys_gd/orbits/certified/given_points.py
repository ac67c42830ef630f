"""What points that a user wrote down stand for, and how near to them an orbit must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map, exact_coordinates
from ...maps.gradient_map import GradientMap
from ...values import is_exact
from ..kinds import Kind
from ..periodic_orbit import PeriodicOrbit

__all__ = ["Given", "Row", "given_rows", "unproved_near"]

Row = tuple[sp.Expr, ...]
Array = NDArray[np.float64]

_EXACT = 1e-12  # how far rounding may move exact coordinates, in shares of the orbit's size
_LEAST, _MOST = 1e-6, 1e-3  # and between what floats may be off: a minimiser, a print-out


def given_rows(F: Map, points: Any) -> tuple[Row, ...]:
    """Return one point or the rows of an orbit as sympy numbers, or refuse them."""
    sizes = {F.dimension} if F.loss is None else {F.loss.dimension, F.dimension}
    nested = isinstance(points, (list, tuple, np.ndarray)) and len(points) > 0
    nested = nested and all(
        isinstance(row, Iterable) and not isinstance(row, (str, bytes, sp.Basic)) for row in points
    )
    rows = tuple(exact_coordinates(row, "orbit", sizes) for row in (points if nested else [points]))
    if len({len(row) for row in rows}) > 1:
        raise InvalidInput("orbit", points, "as many coordinates in every row")
    for value in (value for row in rows for value in row):
        if not value.is_number:
            raise InvalidInput("orbit", value, "numbers", "a point has no open parameters")
    return rows


@dataclass(frozen=True, eq=False)
class Given:
    """Points as they were given, and how near to them an orbit must be.

    Parameters
    ----------
    F : Map
    rows : sequence of p rows
        Points of the loss, or states.
    """

    F: Map
    rows: Sequence[Row]

    @cached_property
    def numbers(self) -> Array:
        """The rows in doubles."""
        return np.array([[float(value) for value in row] for row in self.rows])

    @cached_property
    def size(self) -> float:
        """The scale s of the reach."""
        return max(1.0, float(np.abs(self.numbers).max()))

    @cached_property
    def reach(self) -> Array:
        """How far each coordinate of an orbit may be from what was given, shape of the rows."""
        return np.array([[self._reach(value) for value in row] for row in self.rows])

    def _reach(self, value: sp.Expr) -> float:
        if is_exact(value):
            return _EXACT * self.size
        exponent = Decimal(repr(float(value))).as_tuple().exponent
        unit = 10.0 ** int(exponent)
        return float(np.clip(unit, _LEAST * self.size, _MOST * self.size))

    @cached_property
    def start(self) -> Array:
        """The unknowns of the equations, shape (p, d)."""
        if len(self.rows) == 1 and isinstance(self.F, GradientMap):
            return self.numbers[:, : self.F.loss.dimension]
        return _states(self.F, self.rows)

    def _compared(self, bounds: Array) -> Array:
        """Return bounds (p, d) of the unknowns in the shape of the rows."""
        width = self.numbers.shape[1]
        blocks = -(-width // bounds.shape[1])
        return np.tile(bounds, (1, blocks))[:, :width]

    def distance(self, lower: Array, upper: Array) -> float:
        """Return how far from the points an orbit between bounds (p, d) can be, in reaches."""
        gaps = (self.numbers - self._compared(lower), self._compared(upper) - self.numbers)
        return float((np.maximum(*gaps) / self.reach).max())

    def gap(self, lower: Array, upper: Array) -> float:
        """Return how far from the points an orbit between bounds (p, d) can be."""
        gaps = (self.numbers - self._compared(lower), self._compared(upper) - self.numbers)
        return float(np.maximum(*gaps).max())

    @property
    def shown(self) -> list[Any]:
        """The points as short as they were given."""
        rows = self.numbers.tolist()
        return rows[0] if len(rows) == 1 else rows

    def refused(self, found: Array | None) -> InvalidInput:
        """Return the error that nothing is proved near enough; `found` was proved elsewhere."""
        many = len(self.rows) > 1
        what = f"an orbit of period {len(self.rows)}" if many else "a fixed point"
        reach = float(self.reach.max())
        texts = [f"{self._moved()}; no orbit is proved within {reach:.2g} of this"]
        if found is not None:
            away = self.gap(found, found)
            near = "(" + ", ".join(f"{value:.9g}" for value in found[0]) + ")"
            texts.append(f"Newton's method leads to one at {near}, {away:.2g} away")
        texts.append(
            "give more digits, floats where they are rounded, or find it with "
            + ("periodic_orbits(F, region, period=...)" if many else "fixed_points(F, region)")
        )
        return InvalidInput("orbit", self.shown, f"{what} of F", "; ".join(texts))

    def _moved(self) -> str:
        if self.F.parameters:
            gradient = self.F.loss.gradient_at(self.start)  # type: ignore[union-attr]
            return f"the gradient is {float(np.abs(gradient).max()):.3g} there"
        states = _states(self.F, self.rows)
        moved = np.abs(self.F(states) - np.roll(states, -1, axis=0)).max()
        return f"F(x) is {float(moved):.3g} from {'the next point' if len(states) > 1 else 'x'}"


def unproved_near(F: Map, rows: Sequence[Row]) -> PeriodicOrbit:
    """Return given points as an orbit in floating point, where nothing is proved of it."""
    if F.parameters:
        raise InvalidInput(
            "orbit",
            [[float(value) for value in row] for row in rows],
            "a point where I - DF is regular while parameters are open",
            f"write exact coordinates, or F.at({F.parameters[0]}=...)",
        )
    states = _states(F, rows)
    product = np.eye(F.dimension)
    for matrix in F.jacobian_at(states):
        product = matrix @ product
    residual = float(np.abs(F(states) - np.roll(states, -1, axis=0)).max())
    return PeriodicOrbit(
        map=F,
        points=states,
        enclosure=None,
        exact=None,
        multipliers=np.linalg.eigvals(product).astype(np.complex128),
        exact_multipliers=None,
        # Without a proof that there is an orbit, nothing is said of its kind.
        kind=Kind.UNDECIDED,
        step_sizes=None,
        parameter=None,
        residual=residual,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="floating point: the points solve the equations to rounding, but no orbit is "
            "proved there, as happens where a multiplier is 1 or close to it: on a family, at a "
            "multiple solution or at a fold",
        ),
    )


def _states(F: Map, rows: Sequence[Row]) -> Array:
    """Return rows as states (p, D); a point of the loss stands with the points before it."""
    numbers = np.array([[float(value) for value in row] for row in rows])
    if numbers.shape[1] == F.dimension:
        return numbers
    blocks = F.dimension // numbers.shape[1]
    return np.concatenate([np.roll(numbers, k, axis=0) for k in range(blocks)], axis=1)
