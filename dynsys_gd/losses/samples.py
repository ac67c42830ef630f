"""Which data and widths a network can be built from; each refusal says how to repair the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

__all__ = ["Samples", "checked_matrix", "checked_samples", "checked_widths", "split_layers"]

Samples = NDArray[np.float64]


def checked_samples(X: Any, Y: Any) -> tuple[Samples, Samples]:
    """Return read-only float copies of X, shape (n, dx), and Y, shape (n, dy), or refuse them.

    Examples
    --------
    >>> X, Y = checked_samples([[1, 2], [3, 4]], [[0], [1]])
    >>> X.shape, Y.shape
    ((2, 2), (2, 1))
    """
    inputs = checked_matrix(X, "X", "(n_samples, n_features)")
    targets = checked_matrix(Y, "Y", "(n_samples, n_targets)")
    if len(inputs) != len(targets):
        raise InvalidInput(
            "X, Y",
            f"{len(inputs)} and {len(targets)} rows",
            "the same number of rows, one for each sample",
            "if samples are in columns, pass X.T and Y.T",
        )
    return inputs, targets


def checked_widths(widths: Any, X: Samples, Y: Samples) -> tuple[int, ...]:
    """Return the widths (dx, hidden…, dy) as a tuple of ints that fits the data, or refuse them."""
    expected = "two or more whole numbers of at least 1: inputs, hidden layers, outputs"
    if isinstance(widths, (str, bytes)) or not isinstance(widths, (Sequence, np.ndarray)):
        raise InvalidInput("widths", widths, expected, "write for example (4, 8, 3)")
    whole = all(isinstance(w, (int, np.integer)) and not isinstance(w, bool) for w in widths)
    if len(widths) < 2 or not whole or min(widths) < 1:
        raise InvalidInput("widths", widths, expected, "write for example (4, 8, 3)")
    checked = tuple(int(w) for w in widths)
    fitting = (X.shape[1], *checked[1:-1], Y.shape[1])
    if checked != fitting:
        raise InvalidInput(
            "widths",
            checked,
            f"{X.shape[1]} first, the columns of X, and {Y.shape[1]} last, the columns of Y",
            f"write {fitting}",
        )
    return checked


def split_layers(points: NDArray[np.float64], shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """Return consecutive stretches of the last axis as arrays of the given trailing shapes."""
    layers, start = [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        layers.append(points[..., start:stop].reshape(*points.shape[:-1], *shape))
        start = stop
    return layers


def checked_matrix(values: Any, argument: str, shape: str) -> Samples:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(
            argument,
            values,
            f"numbers of shape {shape}",
            "text columns must be turned into numbers first; data.read_table does it for targets",
        ) from None
    if array.ndim == 1:
        raise InvalidInput(
            argument,
            f"shape {array.shape}",
            f"shape {shape}",
            f"for one column write {argument}.reshape(-1, 1), for one sample "
            f"{argument}.reshape(1, -1)",
        )
    if array.ndim != 2 or array.size == 0:
        raise InvalidInput(argument, f"shape {array.shape}", f"shape {shape}, at least one of each")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = (int(k) for k in np.argwhere(~finite)[0])
        raise InvalidInput(
            argument,
            f"{array[row, column]} in row {row}, column {column} (counted from 0), "
            f"{int((~finite).sum())} such entries in all",
            "finite numbers",
            "leave out or fill in the incomplete samples",
        )
    given = np.asarray(values)
    if given.dtype.kind in "iuO":
        large = np.abs(array) >= 2.0**53
        pairs = zip(given[large], array[large], strict=True)
        rounded = any(int(exact) != int(double) for exact, double in pairs)
    else:
        rounded = False
    if rounded:
        raise InvalidInput(
            argument, "integers above 2^53", "numbers that double precision holds exactly"
        )
    array.setflags(write=False)
    return array
