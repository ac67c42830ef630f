"""What every map can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic
from ..engine.derivative import jacobian
from ..engine.iteration import iterate, orbit
from ..engine.kernel import Kernel
from ..errors import InvalidInput
from ..losses.base import AbstractLoss, Points, as_points
from ..regions import positive_count
from ..values import is_exact, to_value
from .trajectory import Trajectory

__all__ = ["Map", "exact_coordinates"]


class Map(ABC):
    """A discrete dynamical system x -> F(x) on d-dimensional space.

    A concrete map gives the abstract members; iteration, Jacobians, exact evaluation and
    display follow.
    """

    loss: AbstractLoss | None  # the loss behind a gradient map

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates of the state."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates of the state."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters left open, in alphabetical order."""

    @abstractmethod
    def at(self, **values: Any) -> Map:
        """Return the map with some parameters given a value; names are matched, not symbols."""

    @abstractmethod
    def kernel(self) -> Kernel:
        """Return what the engine iterates; every parameter must have a value."""

    @property
    def expression(self) -> sp.ImmutableMatrix | None:
        """The image of a symbolic state, a column of d expressions, or None."""
        return None

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the state coordinates, in order; empty where the map is not symbolic."""
        return ()

    def lift(self, points: Points) -> Points:
        """Return states from points of the loss: the points themselves, or points at rest."""
        return points

    def project(self, states: Points) -> Points:
        """Return the points of the loss that belong to `states`."""
        return states

    @cached_property
    def jacobian(self) -> sp.ImmutableMatrix:
        """Symbolic Jacobian DF, d x d."""
        return jacobian(list(_symbolic(self)), self.variables)

    @cached_property
    def determinant(self) -> sp.Expr:
        """Determinant of the symbolic Jacobian, factored where it is a polynomial."""
        value = self.jacobian.det(method="berkowitz")
        return sp.factor(value) if value.is_polynomial() else sp.simplify(value)

    @property
    def exact(self) -> bool:
        """Whether the map is symbolic and contains no floating-point number."""
        return self.expression is not None and is_exact(self.expression)

    def __call__(self, states: Any) -> Points:
        """Return the image of each row, shape (..., d)."""
        array = as_points(states, self.dimension, "states")
        images = self.kernel().step(array.reshape(-1, self.dimension))[0]
        return np.ascontiguousarray(images).reshape(array.shape)

    def jacobian_at(self, states: Any) -> NDArray[np.float64]:
        """Return the Jacobian at each row, shape (..., d, d)."""
        array = as_points(states, self.dimension, "states")
        matrices = self.kernel().jacobian(array.reshape(-1, self.dimension))
        return matrices.reshape(*array.shape, self.dimension)

    def exact_image(self, point: Any) -> tuple[sp.Expr, ...]:
        """Return F at one exact point by rational or algebraic arithmetic.

        Parameters
        ----------
        point : sequence of d exact values
            Integers, fractions, text such as ``"1/3"``, or sympy numbers.

        Examples
        --------
        >>> from sympy.abc import x
        >>> from dynsys_gd import GradientDescent, Loss
        >>> GradientDescent(Loss(x**2 / 2, [x]), step_size="1/3").exact_image([1])
        (2/3,)
        """
        values = exact_coordinates(point, "point", (self.dimension,))
        pairs = dict(zip(self.variables, values, strict=False))
        return tuple(sp.simplify(entry.subs(pairs)) for entry in _symbolic(self))

    def iterate(self, state: Any, n: int) -> Points:
        """Return F applied `n` times to each row of `state`.

        Parameters
        ----------
        state : array_like, shape (..., d)
        n : int
            Number of steps, at least 1.

        Returns
        -------
        ndarray, shape (..., d)
            The states that ``F(F(… F(state)))`` gives: products and sums are rounded one by one.
            `stopping_times` and `simulate` round some of them together where not told otherwise,
            so that long chaotic orbits differ.

        Raises
        ------
        InvalidInput
            For rows of another width, a count below 1, or open parameters.

        Examples
        --------
        >>> from sympy.abc import x
        >>> from dynsys_gd import GradientDescent, Loss
        >>> GradientDescent(Loss(x**2 / 2, [x]), step_size="1/2").iterate([[8.0], [4.0]], 3)
        array([[1. ],
               [0.5]])
        """
        array = as_points(state, self.dimension, "state")
        rows, steps = array.reshape(-1, self.dimension), positive_count(n, "n")
        images = iterate(self.kernel(), rows, steps, arithmetic=Arithmetic.PLAIN)
        return images.reshape(array.shape)

    def trajectory(self, start: Any, n: int) -> Trajectory:
        """Return the start and its `n` images as a `Trajectory`.

        Parameters
        ----------
        start : sequence of float, shape (d,)
            A state, or a point of the loss, which starts at rest.
        n : int
            Number of steps, at least 1.

        Returns
        -------
        Trajectory
            Its rows are rounded like those of `iterate`.

        Raises
        ------
        InvalidInput
            For several starts, one of another width, a count below 1, or open parameters.

        Examples
        --------
        >>> from sympy.abc import x
        >>> from dynsys_gd import GradientDescent, Loss
        >>> F = GradientDescent(Loss(x**2 / 2, [x]), step_size="1/2")
        >>> F.trajectory([8.0], 3).points.ravel()
        array([8., 4., 2., 1.])
        """
        size = self.loss.dimension if self.loss is not None else self.dimension
        sizes = sorted({size, self.dimension})
        expected = f"{' or '.join(map(str, sizes))} finite numbers"
        try:
            array = np.array(start, dtype=np.float64)
        except (TypeError, ValueError):
            raise InvalidInput("start", start, expected) from None
        if array.ndim != 1 or len(array) not in sizes or not np.isfinite(array).all():
            remedy = "a trajectory has one start" if array.ndim == 2 else ""
            raise InvalidInput("start", start, expected, remedy)
        state = array[None, :]
        if len(array) != self.dimension:
            state = self.lift(state)
        steps = positive_count(n, "n")
        passed = orbit(self.kernel(), state, steps, arithmetic=Arithmetic.PLAIN)
        return Trajectory(map=self, points=np.ascontiguousarray(passed[:, 0]))

    def describe(self) -> str:
        """Return the map in one line, for tables and reports."""
        return f"{type(self).__name__} on {self.dimension} coordinates"

    def _repr_latex_(self) -> str | None:
        if self.expression is None or self.dimension > 8:
            return None
        state = sp.latex(sp.Matrix(self.variables))
        return f"$\\displaystyle {state} \\mapsto {sp.latex(sp.Matrix(self.expression))}$"


def _list_of(size: int) -> str:
    """Return how a point of so many coordinates is written, by an example."""
    return '["1/2"]' if size == 1 else f'[1, "1/2"{", …" if size > 2 else ""}]'


def exact_coordinates(point: Any, argument: str, sizes: Collection[int]) -> tuple[sp.Expr, ...]:
    """Return the coordinates of one point, exact where they were typed so, or refuse them."""
    counts = " or ".join(str(size) for size in sorted(sizes))
    expected = f"{counts} coordinate{'s' if counts != '1' else ''}"
    if isinstance(point, (str, bytes, Mapping)) or not isinstance(point, Iterable):
        raise InvalidInput(argument, point, expected, f"write a list: {_list_of(min(sizes))}")
    values = tuple(to_value(value, argument) for value in point)
    if len(values) not in sizes:
        raise InvalidInput(argument, point, expected)
    return values


def _symbolic(F: Map) -> sp.ImmutableMatrix:
    if F.expression is None:
        raise InvalidInput(
            "F", F.describe(), "a symbolic map", "use F.jacobian_at(states) for numbers"
        )
    return F.expression
