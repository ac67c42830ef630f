"""A map at many values of some parameters: kernels, and the rows they are told apart by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.kernel import Kernel, TapeKernel
from ...engine.numpy_printer import numpy_function
from ...engine.sweep import SweepKernel
from ...engine.tape import lower
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...values import by_name

__all__ = ["ManyValues", "evaluated", "many_values"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ManyValues:
    """A map at m points of the space of its open parameters.

    Parameters
    ----------
    F : Map
    names : tuple of str
        Its open parameters.
    grid : ndarray, shape (m, k)
        Their values.
    kernel : SweepKernel or None
        One kernel for all points, where the map is symbolic.
    columns : ndarray, shape (m, q)
        What the rows of that kernel carry besides the state.
    """

    F: Map
    names: tuple[str, ...]
    grid: Array
    kernel: SweepKernel | None
    columns: Array

    def kernels(self, states: Array) -> Iterator[tuple[Kernel, Array]]:
        """Yield kernels with their rows, in order, for states of shape (m, s, d)."""
        m, s, d = states.shape
        if self.kernel is not None:
            carried = np.repeat(self.columns, s, axis=0)
            yield self.kernel, np.concatenate([states.reshape(m * s, d), carried], axis=1)
            return
        for values, rows in zip(self.grid, states, strict=True):
            yield self.F.at(**dict(zip(self.names, values.tolist(), strict=True))).kernel(), rows

    def part(self, rows: slice) -> ManyValues:
        """Return the same for some of the points."""
        return ManyValues(
            F=self.F,
            names=self.names,
            grid=self.grid[rows],
            kernel=self.kernel,
            columns=self.columns[rows],
        )


def many_values(F: Map, names: Sequence[str], grid: Array) -> ManyValues:
    """Return a map at the rows of `grid`, which hold values of its open parameters `names`.

    Raises
    ------
    InvalidInput
        Where a setting of the map is out of its range somewhere on the grid.
    """

    def bound(row: int) -> Map:
        return F.at(**dict(zip(names, grid[row].tolist(), strict=True)))

    kernel = bound(0).kernel()
    columns = np.empty((len(grid), 0))
    if not isinstance(kernel, TapeKernel):
        for row in _extremes(grid):
            bound(row)
        return ManyValues(F=F, names=tuple(names), grid=grid, kernel=None, columns=columns)
    tapes = kernel.tapes
    formulas = [_formula(F, symbol) for symbol in tapes.parameters]
    numbers = evaluated(formulas, names, grid)
    for row in _extremes(numbers):
        bound(row)
    swept = tuple(np.flatnonzero((numbers != numbers[0]).any(axis=0)).tolist())
    sweep = SweepKernel(tapes, swept, np.array(numbers[0]))
    return ManyValues(
        F=F, names=tuple(names), grid=grid, kernel=sweep, columns=numbers[:, list(swept)]
    )


def _extremes(numbers: Array) -> set[int]:
    """Return rows with the smallest and the largest entry of each column.

    A map refuses settings out of their range, and speaks with these for all between them.
    """
    return {int(place(column)) for column in numbers.T for place in (np.argmin, np.argmax)}


def _formula(F: Map, symbol: sp.Symbol) -> sp.Expr:
    """Return the value of a parameter of the code, in the open parameters of the map."""
    if isinstance(symbol, sp.Dummy) and isinstance(F, GradientMap):
        return F.settings[symbol.name]
    if isinstance(F, GradientMap):
        form = F.loss.symbolic
        closed = {} if form is None else form.values
    else:
        closed = dict(getattr(F, "values", ()))
    return sp.sympify(closed.get(symbol.name, symbol))


def evaluated(formulas: Sequence[sp.Expr], names: Sequence[str], grid: Array) -> Array:
    """Return formulas in named symbols at the rows of a grid, shape (m, formulas)."""
    free = set().union(*(formula.free_symbols for formula in formulas))
    known = by_name(free, "parameter")
    symbols = [known.get(name, sp.Symbol(name)) for name in names]
    function = numpy_function(lower(list(formulas), symbols))
    if not formulas:
        return np.empty((len(grid), 0))
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(function(np.ascontiguousarray(grid.T), np.empty(0)).T)
