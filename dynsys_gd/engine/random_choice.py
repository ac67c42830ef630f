"""Several kernels, one of which is chosen at random at each step: a skew product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel

__all__ = ["RandomChoiceKernel", "following", "places_of", "random_places", "uniform"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_PLACES = 2**53  # so many numbers in [0, 1) are places, each a double
_TURN = 5566755282872655  # odd, so that all places are met, and near 2^53 times the golden ratio
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def uniform(places: Numbers, seed: int) -> Numbers:
    """Return the random numbers in [0, 1) that stand at some places of the sequence of a seed.

    Parameters
    ----------
    places : ndarray of numbers in [0, 1)
    seed : int
        From 0 to 2^64 - 1.

    Notes
    -----
    The finaliser of SplitMix64 [steele2014fast]_, twice, the seed in between: a function of place
    and seed alone, so that any part of the sequence is known without the rest.

    Examples
    --------
    >>> places = np.arange(100_000) * 2.0**-53
    >>> float(uniform(places, 0).mean().round(2))
    0.5
    """
    mixed = _mixed(_mixed(_numbered(places)) ^ np.uint64(seed))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / _PLACES)


def following(places: Numbers) -> Numbers:
    """Return the places that come next: a turn of the circle, far enough to be no small step.

    Examples
    --------
    >>> following(np.array([0.0, 0.5])).round(3).tolist()
    [0.618, 0.118]
    """
    turned = (_numbered(places) + np.uint64(_TURN)) & np.uint64(_PLACES - 1)
    return np.where(np.isfinite(places), turned.astype(np.float64) / _PLACES, np.nan)


def random_places(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
    """Return places drawn at random."""
    return np.asarray(rng.integers(0, _PLACES, size=shape) / _PLACES)


def places_of(points: Rows, seed: int) -> Numbers:
    """Return a place of the sequence for each point, from its coordinates and the seed alone.

    Examples
    --------
    >>> places = places_of(np.array([[0.5], [0.5], [0.25]]), 0)
    >>> bool(places[0] == places[1]), bool(places[0] == places[2])
    (True, False)
    """
    bits = np.ascontiguousarray(points + 0.0, dtype=np.float64).view(np.uint64)  # -0 is 0
    place = np.full(len(points), np.uint64(seed))
    for column in bits.T:
        place = _mixed(place ^ column)
    return np.asarray((place >> np.uint64(11)).astype(np.float64) / _PLACES)


def _numbered(places: Numbers) -> NDArray[np.uint64]:
    with np.errstate(invalid="ignore"):
        turns = np.where(np.isfinite(places), np.mod(places, 1.0), 0.0)
    return np.asarray(np.floor(turns * _PLACES).astype(np.uint64))


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = z + np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_FIRST)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_SECOND)
        return np.asarray(z ^ (z >> np.uint64(31)))


@dataclass(frozen=True, eq=False)
class RandomChoiceKernel(Kernel):
    """(x, ω) -> (G_b(x), ω'), with b chosen by the random number at place ω, and ω' the next one.

    Its residual is that of the kernel that was chosen.

    Parameters
    ----------
    kernels : tuple of Kernel
        G_1, …, G_B, all of the same dimension and with as many residuals.
    limits : ndarray, shape (B - 1,)
        Of the random numbers: b is the number of limits that are not above it.
    seed : int
        Of the sequence.
    """

    kernels: tuple[Kernel, ...]
    limits: Numbers
    seed: int

    @property
    def dimension(self) -> int:
        return self.kernels[0].dimension + 1

    def chosen(self, states: Rows) -> NDArray[np.int64]:
        """Return which kernel each row uses."""
        return np.searchsorted(self.limits, uniform(states[:, -1], self.seed), side="right")

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        images, residuals = np.empty_like(states, order="C"), np.empty((len(states), 0))
        for rows, kernel in self._parts(states):
            image, residual = kernel.step(states[rows, :-1])
            if residual.shape[1] != residuals.shape[1]:
                residuals = np.empty((len(states), residual.shape[1]))
            images[rows, :-1], residuals[rows] = image, residual
        images[:, -1] = following(states[:, -1])
        return images, residuals

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        """Return the Jacobians; places are not moved by displacements."""
        d = self.dimension
        matrices = np.zeros((len(states), d, d))
        for rows, kernel in self._parts(states):
            matrices[rows, :-1, :-1] = kernel.jacobian(states[rows, :-1])
        return matrices

    def tangent(self, states: Rows, along: Rows) -> tuple[Rows, Rows, Rows]:
        images, residuals = self.step(states)
        moved = np.zeros_like(states, order="C")
        for rows, kernel in self._parts(states):
            moved[rows, :-1] = kernel.tangent(states[rows, :-1], along[rows, :-1])[2]
        return images, residuals, moved

    def _parts(self, states: Rows) -> Iterator[tuple[NDArray[np.int64], Kernel]]:
        chosen = self.chosen(states)
        for b, kernel in enumerate(self.kernels):
            rows = np.flatnonzero(chosen == b)
            if len(rows):
                yield rows, kernel
