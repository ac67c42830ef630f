"""The sharpness, the largest Hessian eigenvalue, of many points and along many trajectories."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lanczos import NotFinite, Operator, largest
from .machine.compiler import Program
from .machine.cpu import processor
from .machine.hessian_product import HessianProductCode
from .machine.sharpness import MOST_STEPS, sharpness_program, work_tiles
from .machine.step_code import StepCode

__all__ = [
    "Lanczos",
    "TopEigenpairs",
    "addresses",
    "aligned",
    "rows_of_tiles",
    "sharpness_along",
    "sharpness_of",
    "sharpness_of_hessians",
    "sharpness_of_products",
    "tiles_of",
]

Array = NDArray[np.float64]

_PIECE = 32  # tiles, or records, between two chances for Ctrl-C


@dataclass(frozen=True, kw_only=True)
class Lanczos:
    """How long eigenvectors are sought.

    Parameters
    ----------
    steps : int, 1 to 32
        Products of the Hessian with a vector between restarts.
    check : int
        After so many of them the residual is looked at.
    cycles : int
        At most so many restarts, the first included.
    tolerance : float
        Wanted residual ‖Hy - λy‖ relative to the size of H. The error of λ itself is about the
        square of the residual divided by the gap to the next eigenvalue.
    stir : float
        Share of a fixed random vector that is added to an eigenvector before it is used again at
        another point, so that an eigenvalue that has overtaken it is noticed.
    """

    steps: int = 32
    check: int = 4
    cycles: int = 20
    tolerance: float = 1e-7
    stir: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class TopEigenpairs:
    """Largest eigenvalues with unit vectors; NaN where the Hessian is not finite.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Rayleigh quotients λ = yᵀHy, never above the largest eigenvalue but by rounding.
    errors : ndarray, shape (n,)
        Residuals ‖Hy - λy‖: some eigenvalue is as close to λ as that.
    vectors : ndarray, shape (n, d)
        The y.
    """

    values: Array
    errors: Array
    vectors: Array


def sharpness_of(
    product: HessianProductCode,
    data: Array,
    points: Array,
    *,
    start: Array | None = None,
    search: Lanczos = Lanczos(),  # frozen
) -> TopEigenpairs:
    """Return the largest (not the largest absolute) eigenvalue at each point, on lanes.

    Parameters
    ----------
    product : HessianProductCode
    data : ndarray
        What the code reads.
    points : ndarray, shape (n, d)
    start : ndarray, shape (n, d), optional
        Guesses of the eigenvectors, for example those of nearby points. By default the same
        random vector for all.
    search : Lanczos

    Notes
    -----
    The result of a point does not depend on the other points. Lanczos' method sees only directions
    that occur in the start: a guess orthogonal to the wanted vector never finds it.
    """
    return _searched(_program(product, None), data, points, start, search)


def _searched(
    code: tuple[int, Program], data: Array, points: Array, start: Array | None, search: Lanczos
) -> TopEigenpairs:
    lanes, program = code
    n, d = points.shape
    steps = min(search.steps, d, MOST_STEPS)
    guesses = np.tile(_random(d), (n, 1)) if start is None else start
    tiles, vectors = tiles_of(points, lanes), tiles_of(guesses, lanes)
    values, errors = (_zeros(len(tiles) * lanes).reshape(-1, lanes) for _ in range(2))
    numbers, work = aligned(data), _zeros(work_tiles(d, steps) * lanes)
    options = np.array([search.tolerance, search.stir])
    run = program.function("sharpness", 11)
    for first in range(0, len(tiles), _PIECE):
        part = slice(first, first + _PIECE)
        arrays = (tiles[part], vectors[part], values[part], errors[part], numbers, work, options)
        run(*addresses(arrays), len(tiles[part]), steps, search.check, search.cycles)
    return TopEigenpairs(
        values=values.ravel()[:n], errors=errors.ravel()[:n], vectors=rows_of_tiles(vectors, n)
    )


def sharpness_along(
    step: StepCode,
    settings: Array,
    product: HessianProductCode,
    data: Array,
    states: Array,
    *,
    records: int,
    every: int = 1,
    search: Lanczos = Lanczos(check=3, cycles=1, tolerance=1e-4),  # frozen
    watch: Callable[[Array, slice, int], None] | None = None,
) -> tuple[Array, Array, Array]:
    """Return the sharpness along trajectories: at the states and after each `every` steps.

    Each search begins with the eigenvector before, so that a few products are enough.

    Parameters
    ----------
    step, product : StepCode, HessianProductCode
        The map and the Hessian of its loss. The point is the first block of the state.
    settings, data : ndarray
        Parameters of the map, and the data of the loss.
    states : ndarray, shape (n, blocks · d)
    records : int
        How many values there are for each trajectory, that at the start included.
    every : int
        Steps between two values.
    search : Lanczos
        For all but the first value, which is sought with `Lanczos()`.
    watch : callable, optional
        Told the states of some trajectories, shape (m, blocks · d), which ones, and the record.

    Returns
    -------
    values, errors : ndarray, shape (n, records)
    final : ndarray, shape (n, blocks · d)
        The states at the last record.
    """
    lanes, program = _program(product, step)
    d = product.dimension
    n = len(states)
    tiles, noise = tiles_of(states, lanes), np.repeat(_random(d, seed=1)[:, None], lanes, axis=1)
    begin = _searched((lanes, program), data, states[:, :d], None, Lanczos())
    vectors = tiles_of(begin.vectors, lanes)
    shape = len(tiles), records, lanes
    values, errors = (_zeros(math.prod(shape)).reshape(shape) for _ in range(2))
    values[:, 0], errors[:, 0] = (
        tiles_of(part[:, None], lanes)[:, 0] for part in (begin.values, begin.errors)
    )
    steps = min(search.steps, d, MOST_STEPS)
    shared = [aligned(settings), aligned(data), aligned(noise.ravel())]
    shared += [_zeros(work_tiles(d, steps) * lanes), np.array([search.tolerance, search.stir])]
    run = program.function("sharpness_along", 14)
    piece = _PIECE if watch is None else 1
    for k in range(len(tiles)):
        here = slice(k * lanes, min((k + 1) * lanes, n))
        if watch is not None:
            watch(states[here], here, 0)
        for first in range(1, records, piece):
            part = slice(first, min(first + piece, records))
            arrays = [tiles[k], vectors[k], values[k, part], errors[k, part], *shared]
            count = part.stop - part.start
            run(*addresses(arrays), every, count, steps, search.check, search.cycles)
            if watch is not None:
                watch(rows_of_tiles(tiles[k : k + 1], here.stop - here.start), here, first)
    return rows_of_tiles(values, n), rows_of_tiles(errors, n), rows_of_tiles(tiles, n)


def sharpness_of_hessians(hessian_at: Callable[[Array], Array], points: Array) -> TopEigenpairs:
    """Return the same from whole Hessians, where there is no machine code.

    Examples
    --------
    >>> top = sharpness_of_hessians(lambda x: np.stack([np.diag(row) for row in x]), np.eye(2))
    >>> top.values
    array([1., 1.])
    """
    hessians = hessian_at(points)
    finite = np.asarray(np.isfinite(hessians).all(axis=(-2, -1)))
    values, vectors = np.linalg.eigh(np.where(finite[:, None, None], hessians, 0.0))
    top, direction = values[:, -1], vectors[:, :, -1]
    moved = np.einsum("kij,kj->ki", np.where(finite[:, None, None], hessians, 0.0), direction)
    errors = np.linalg.norm(moved - top[:, None] * direction, axis=1)
    unknown = ~finite
    top[unknown], errors[unknown], direction[unknown] = np.nan, np.nan, np.nan
    return TopEigenpairs(values=top, errors=errors, vectors=direction)


def sharpness_of_products(
    operator: Callable[[Array], Operator],
    points: Array,
    *,
    start: Array | None = None,
    search: Lanczos = Lanczos(cycles=40, tolerance=1e-6),  # frozen
) -> TopEigenpairs:
    """Return the same from products without machine code, one point after the other.

    Parameters
    ----------
    operator : callable
        Points (n, d) -> (v -> H(x) v, shapes (n, d)).
    points : ndarray, shape (n, d)
    start : ndarray, shape (n, d), optional
        Guesses of the eigenvectors; where they are not finite, and by default, a random vector.
    search : Lanczos

    Examples
    --------
    >>> top = sharpness_of_products(lambda x: lambda v: x * v, np.array([[1.0, 2.0, 3.0]]))
    >>> top.values.round(9)
    array([3.])
    """
    n, d = points.shape
    values, errors, vectors = np.full(n, np.nan), np.full(n, np.nan), np.full((n, d), np.nan)
    for k, point in enumerate(points):
        noise, guess = _random(d), None if start is None else start[k]
        known = guess is not None and np.isfinite(guess).all()
        begin = guess + search.stir * noise if guess is not None and known else noise
        along = operator(point[None, :])
        with suppress(NotFinite):
            top = largest(
                lambda v, along=along: along(v[None, :])[0],  # type: ignore[misc]
                begin,
                steps=search.steps,
                cycles=search.cycles,
                tolerance=search.tolerance,
            )
            values[k], errors[k], vectors[k] = top.value, top.residual, top.vector
    return TopEigenpairs(values=values, errors=errors, vectors=vectors)


def _program(product: HessianProductCode, step: StepCode | None) -> tuple[int, Program]:
    host = processor()
    if host is None:
        raise RuntimeError("machine code is not available here; use sharpness_of_hessians")
    lanes = product.lanes(host)
    return lanes, sharpness_program(product, step, lanes=lanes, fused=host.fused)


def _random(d: int, *, seed: int = 0) -> Array:
    """Return a fixed unit vector without any symmetry."""
    vector = np.random.default_rng(seed).standard_normal(d)
    return np.asarray(vector / np.linalg.norm(vector))


def _zeros(count: int) -> Array:
    """Return zeros that begin at a multiple of 64 bytes."""
    room = np.zeros(count + 8)
    start = -(room.ctypes.data // 8) % 8
    return room[start : start + count]


def aligned(values: Array) -> Array:
    """Return a flat copy that begins at a multiple of 64 bytes."""
    room = _zeros(max(1, np.size(values)))
    room[: np.size(values)] = np.ravel(values)
    return room


def tiles_of(rows: Array, lanes: int) -> Array:
    """Return rows (n, d) as tiles (t, d, lanes); the last row fills up the last tile."""
    n, d = rows.shape
    count = -(-n // lanes)
    tiles = _zeros(count * d * lanes).reshape(count, d, lanes)
    padded = np.concatenate([rows, np.repeat(rows[-1:], count * lanes - n, axis=0)])
    tiles[:] = np.swapaxes(padded.reshape(count, lanes, d), 1, 2)
    return tiles


def rows_of_tiles(tiles: Array, n: int) -> Array:
    """Return the first n rows of tiles."""
    count, d, lanes = tiles.shape
    return np.swapaxes(tiles, 1, 2).reshape(count * lanes, d)[:n]


def addresses(arrays: Sequence[Array]) -> list[int]:
    """Return where each array begins, for machine code; the caller keeps them alive."""
    return [array.ctypes.data for array in arrays]
