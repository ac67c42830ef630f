"""A loss written as a JAX function, differentiated by JAX in double precision."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput, MissingExtra
from ..evidence import Outcome
from ..regions import positive_count
from .base import AbstractLoss, Points, as_points

__all__ = ["AutodiffLoss"]

_MOST_ROWS = 4096
_PRODUCT = 3  # beside the orders 0, 1 and 2 of a derivative


@dataclass(frozen=True, init=False, repr=False)
class AutodiffLoss(AbstractLoss):
    """Any loss written with ``jax.numpy``.

    Parameters
    ----------
    function : callable
        Takes an array of shape (d,) and returns one number; built from ``jax.numpy`` operations.
        It must be pure: the same value for the same point.
    dimension : int
        The number of coordinates d.
    names : sequence of str, optional
        Names of the coordinates; theta_1, theta_2, … when left out.

    Raises
    ------
    MissingExtra
        Where JAX is not installed.
    InvalidInput
        For a function that cannot be traced or does not return one real number.

    Notes
    -----
    Evaluation is in double precision whatever JAX is set to elsewhere; no global setting changes.
    Nothing can be proved about a function that is not an expression: whether it is analytic is
    undecided. To send the loss to other processes, define the function in a module.

    References
    ----------
    JAX [bradbury2018jax]_.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> f = AutodiffLoss(lambda w: (w[0] * w[1] - 1) ** 2 / 2, 2)
    >>> f.gradient_at([2.0, 1.0])
    array([1., 2.])
    >>> f.hessian_at([1.0, 1.0])
    array([[1., 1.],
           [1., 1.]])
    """

    function: Callable[[Any], Any]
    size: int
    coordinates: tuple[str, ...]

    def __init__(
        self,
        function: Callable[[Any], Any],
        dimension: int,
        names: Sequence[str] | None = None,
    ) -> None:
        size = positive_count(dimension, "dimension")
        if not callable(function):
            raise InvalidInput("function", function, "a function of one array of shape (d,)")
        given = [f"theta_{k}" for k in range(1, size + 1)] if names is None else names
        listed = isinstance(given, Iterable) and not isinstance(given, str)
        distinct = listed and all(isinstance(n, str) and n for n in given)
        if not distinct or len(given) != size or len(set(given)) != size:
            raise InvalidInput("names", names, f"{size} different names")
        _check_returns_number(function, size)
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "coordinates", tuple(given))

    @property
    def dimension(self) -> int:
        return self.size

    @property
    def names(self) -> tuple[str, ...]:
        return self.coordinates

    @property
    def analytic(self) -> Outcome:
        return Outcome.UNDECIDED

    def __call__(self, points: Any) -> Points:
        return self._evaluate(points, 0)

    def gradient_at(self, points: Any) -> Points:
        return self._evaluate(points, 1)

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        return self._evaluate(points, 2)

    def hessian_operator(self, points: Any) -> Callable[[Points], Points]:
        """Return v -> ∇²L(x) v, the derivative of the gradient along v; no Hessian is made."""
        rows = np.atleast_2d(as_points(points, self.dimension))
        return lambda directions: self._by_blocks(_PRODUCT, (rows, directions), rows.shape)

    def _evaluate(self, points: Any, order: int) -> NDArray[np.float64]:
        array = as_points(points, self.dimension)
        rows = array.reshape(-1, self.dimension)
        results = self._by_blocks(order, (rows,), (len(rows), *(self.dimension,) * order))
        return results.reshape((*array.shape[:-1], *results.shape[1:]))

    def _by_blocks(
        self, what: int, arguments: Sequence[Points], shape: tuple[int, ...]
    ) -> NDArray[np.float64]:
        results = np.empty(shape)
        with _double_precision():
            compiled = _compiled(self.function, what)
            for start in range(0, len(results), _MOST_ROWS):
                part = slice(start, min(start + _MOST_ROWS, len(results)))
                blocks = [_padded(rows[part]) for rows in arguments]
                results[part] = np.asarray(compiled(*blocks))[: part.stop - start]
        return results

    def describe(self) -> str:
        name = getattr(self.function, "__name__", type(self.function).__name__)
        spoken = "a function" if name == "<lambda>" else name
        return f"{spoken} of {self.dimension} parameters, differentiated by JAX"

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", repr(self.function))
        return f"AutodiffLoss({name}, {self.dimension})"


def _jax() -> Any:
    try:
        return importlib.import_module("jax")
    except ImportError:
        raise MissingExtra("AutodiffLoss", extra="jax") from None


def _double_precision() -> AbstractContextManager[Any]:
    jax = _jax()
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64()


@lru_cache(maxsize=64)
def _compiled(function: Callable[[Any], Any], what: int) -> Callable[..., Any]:
    """Return the derivative of order 0, 1 or 2, or the Hessian times a direction, of many rows."""
    jax = _jax()
    gradient = jax.grad(function)

    def product(x: Any, v: Any) -> Any:
        return jax.jvp(gradient, (x,), (v,))[1]

    return jax.jit(jax.vmap((function, gradient, jax.hessian(function), product)[what]))


def _padded(block: Points) -> Points:
    """Return more rows: JAX compiles once for each batch size, so these are powers of two."""
    spare = (1 << (len(block) - 1).bit_length()) - len(block)
    return np.concatenate([block, np.repeat(block[-1:], spare, axis=0)])


def _check_returns_number(function: Callable[[Any], Any], size: int) -> None:
    jax = _jax()
    with _double_precision():
        try:
            shape = jax.eval_shape(function, jax.ShapeDtypeStruct((size,), np.float64))
        except Exception as problem:
            raise InvalidInput(
                "function",
                function,
                f"a function that JAX can trace on an array of shape ({size},)",
                f"it raised {type(problem).__name__}: {' '.join(str(problem).split())[:200]}; "
                "use jax.numpy in place of numpy and jax.lax.cond or jnp.where in place of if",
            ) from problem
    kind = getattr(shape, "dtype", None)
    if getattr(shape, "shape", None) != () or kind is None or np.dtype(kind).kind != "f":
        raise InvalidInput("function", shape, "a function that returns one real number")
