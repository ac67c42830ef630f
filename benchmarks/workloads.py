"""What is computed: losses, networks, step sizes, starts; the same arrays for every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Formula",
    "LinearWorkload",
    "MapWorkload",
    "MlpWorkload",
    "Target",
    "Workload",
    "shrunk",
    "workloads",
]

Columns = NDArray[np.float64]

RADIUS = 1e8
TOLERANCE = 1e-10


class Formula(Enum):
    """The loss of a map workload; x has d coordinates."""

    PRODUCT = "(x_1 ⋯ x_d - 1)²/2"
    SOFTPLUS = "log(1 + exp(-x_1 x_2)) + |x|²/10"


@dataclass(frozen=True, kw_only=True)
class Target:
    """How many times as fast as another engine the package means to be, at least."""

    engine: str
    ratio: float


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """Gradient descent from `n` starts.

    Parameters
    ----------
    name : str
        What ``--only`` looks for.
    title : str
    eta : float
        The step size.
    n : int
        Number of starts, a multiple of 64.
    steps : int
        Most steps.
    tolerance : float or None
        See `MapWorkload`; None for no stopping.
    targets : sequence of Target
    """

    name: str
    title: str
    eta: float
    n: int
    steps: int
    tolerance: float | None = None
    targets: tuple[Target, ...] = ()

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates d."""

    @property
    @abstractmethod
    def starts(self) -> Columns:
        """Coordinates of the starts, shape (d, n), each coordinate contiguous."""


@dataclass(frozen=True, kw_only=True)
class MapWorkload(Workload):
    """A loss in few variables; every start runs until it stops.

    FAR when not |x_t|² <= R², STILL when |x_t - x_{t-1}|² <= tol² (1 + |x_t|²), asked at the ends
    of blocks of steps; the number of steps is that of the first step in that block at which one of
    the two holds, FAR first. TIME after `steps` steps.
    """

    formula: Formula
    d: int
    box: float

    @property
    def dimension(self) -> int:
        return self.d

    @property
    def differing(self) -> float:
        """Fraction of the starts whose label may differ between engines, by rounding."""
        return 1e-6 if self.formula is Formula.PRODUCT else 1e-5

    @property
    def squares(self) -> tuple[float, float]:
        """Squared radius, and squared tolerance or -1."""
        return RADIUS**2, -1.0 if self.tolerance is None else self.tolerance**2

    @cached_property
    def starts(self) -> Columns:
        return np.random.default_rng(1).uniform(-self.box, self.box, (self.d, self.n))


@dataclass(frozen=True, kw_only=True)
class LinearWorkload(Workload):
    """A linear network of `depth` square layers of size `width` on 50 Gaussian samples."""

    depth: int
    width: int

    @property
    def dimension(self) -> int:
        return self.depth * self.width**2

    @cached_property
    def data(self) -> tuple[Columns, Columns]:
        """X and Y, shapes (50, width)."""
        rng = np.random.default_rng(2)
        return rng.normal(size=(50, self.width)), rng.normal(size=(50, self.width))

    @cached_property
    def moments(self) -> tuple[Columns, Columns]:
        """XᵀX/n and YᵀX/n."""
        X, Y = self.data
        return X.T @ X / len(X), Y.T @ X / len(X)

    @cached_property
    def starts(self) -> Columns:
        size = 0.5 / np.sqrt(self.width)
        return np.random.default_rng(3).normal(scale=size, size=(self.dimension, self.n))


@dataclass(frozen=True, kw_only=True)
class MlpWorkload(Workload):
    """A perceptron 2-20-1 with biases on squared loss, full batch."""

    tanh: bool
    samples: int
    hidden: int = 20

    @property
    def dimension(self) -> int:
        return 4 * self.hidden + 1

    @cached_property
    def data(self) -> tuple[Columns, Columns]:
        """X and Y, shapes (samples, 2) and (samples, 1)."""
        rng = np.random.default_rng(4)
        X = rng.normal(size=(self.samples, 2))
        return X, np.sin(2.0 * X[:, :1]) * X[:, 1:]

    @cached_property
    def starts(self) -> Columns:
        return np.random.default_rng(5).normal(scale=0.5, size=(self.dimension, self.n))


def _targets(
    reference: float, scalar: float | None = None, arrays: float | None = None
) -> tuple[Target, ...]:
    pairs = (("C reference", reference), ("C scalar", scalar), ("numpy", arrays))
    return tuple(Target(engine=name, ratio=ratio) for name, ratio in pairs if ratio is not None)


def workloads() -> list[Workload]:
    """Return all workloads; each takes the reference a few hundredths of a second."""
    product, softplus = Formula.PRODUCT, Formula.SOFTPLUS
    plane: list[Workload] = [
        MapWorkload(
            name="stop",
            title="(xy-1)²/2, η=0.9, to 1e-10",
            formula=product,
            d=2,
            box=3.0,
            eta=0.9,
            tolerance=TOLERANCE,
            n=2**21,
            steps=1000,
            targets=_targets(0.80, 10.0, 30.0),
        ),
        MapWorkload(
            name="run",
            title="(xy-1)²/2, η=0.5, 1000 steps",
            formula=product,
            d=2,
            box=3.0,
            eta=0.5,
            n=2**19,
            steps=1000,
            targets=_targets(0.80, 30.0, 30.0),
        ),
        MapWorkload(
            name="exp",
            title="log(1+exp(-xy))+|x|²/10, η=0.5, to 1e-10",
            formula=softplus,
            d=2,
            box=3.0,
            eta=0.5,
            tolerance=TOLERANCE,
            n=2**19,
            steps=1000,
            targets=_targets(0.70, 12.0, None),
        ),
    ]
    products: list[Workload] = [
        MapWorkload(
            name=f"product{d}",
            title=f"(x_1⋯x_{d}-1)²/2, η=0.1, 1000 steps",
            formula=product,
            d=d,
            box=1.5,
            eta=0.1,
            n=2**16,
            steps=1000,
        )
        for d in range(3, 11)
    ]
    shapes = (
        (2, 2, 2**14, 2000, 0.50),
        (3, 4, 2**12, 500, 0.65),
        (2, 10, 2**10, 300, 0.65),
        (4, 10, 2**9, 200, 0.65),
    )
    linear: list[Workload] = [
        LinearWorkload(
            name=f"linear{depth}x{width}",
            title=f"linear network, {depth} layers of width {width}",
            depth=depth,
            width=width,
            eta=0.05,
            n=n,
            steps=steps,
            targets=_targets(ratio),
        )
        for depth, width, n, steps, ratio in shapes
    ]
    perceptrons: list[Workload] = [
        MlpWorkload(
            name=f"{'tanh' if tanh else 'relu'}{samples}",
            title=f"MLP 2-20-1 {'tanh' if tanh else 'ReLU'}, {samples} samples",
            tanh=tanh,
            samples=samples,
            eta=0.1,
            n=2**8,
            steps=(200 if tanh else 800) * 50 // samples,
            targets=_targets(0.85 if tanh else 0.70),
        )
        for tanh in (True, False)
        for samples in (50, 200)
    ]
    return [*plane, *products, *linear, *perceptrons]


def shrunk(several: Sequence[Workload], factor: int, *, steps: int | None = None) -> list[Workload]:
    """Return the same workloads with fewer starts, and at most `steps` steps where given."""
    return [
        replace(
            w,
            n=max(64, w.n // factor // 64 * 64),
            steps=w.steps if steps is None else min(steps, w.steps),
        )
        for w in several
    ]
