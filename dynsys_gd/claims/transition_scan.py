"""What becomes of the same starts as the step size grows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..ensembles.budget import Budget
from ..ensembles.fates import Detail, Fate, Fates
from ..ensembles.simulate import simulate
from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..maps.gradient_descent import GradientDescent
from ..measure.binomial import interval
from ..regions import Region
from ..results import Result, plain
from ..thresholds.threshold import Threshold

__all__ = ["QUANTILES", "TransitionScan", "scan_step_sizes"]

QUANTILES = (0.1, 0.5, 0.9)
_LEVEL = 0.95
_SAME_LOSS = 1e-6


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TransitionScan(Result):
    """Fates and asymptotic gradient norms of the same starts at several step sizes.

    Parameters
    ----------
    loss : AbstractLoss
    threshold : Threshold
        The critical step size, or what bounds it.
    region : Region
        Law of the starts.
    n : int
        Number of starts, the same for every step size.
    step_sizes : ndarray, shape (k,)
        Ascending.
    gradient_norm : ndarray, shape (k, 3)
        Quantiles 0.1, 0.5, 0.9 over the starts of the asymptotic gradient norm: at the limit of a
        convergent orbit, else its largest value in the last window; infinite for escaped orbits,
        not for those that drift away without blowing up.
    converged : ndarray of int, shape (k,)
        Starts that converge to a minimum.
    plateau : ndarray of int, shape (k,)
        Starts that end where the loss does not depend on some coordinates on an open set, above
        the lowest loss that any start reached, as dead ReLU networks do.
    escaped, undecided : ndarray of int, shape (k,)
        An orbit that drifts farther and farther without blowing up may be on a long way to a
        minimum: it counts as undecided, as in `Estimate`, and not as escaped.
    budget : Budget
    """

    loss: AbstractLoss
    threshold: Threshold
    region: Region
    n: int
    step_sizes: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    converged: NDArray[np.int64]
    plateau: NDArray[np.int64]
    escaped: NDArray[np.int64]
    undecided: NDArray[np.int64]
    budget: Budget
    evidence: Evidence

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    @property
    def critical(self) -> float:
        """Where the transition is expected: the critical step size, else its upper bound."""
        return self.threshold.value if self.threshold.decided else self.threshold.upper

    @property
    def beyond(self) -> NDArray[np.bool_]:
        """For each step size, whether no minimum is stable there, shape (k,)."""
        return self.step_sizes > self.critical

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of the starts that converge to a minimum, shape (k,)."""
        return self.converged / self.n

    def interval(self, level: float = _LEVEL) -> NDArray[np.float64]:
        """Return limits of the convergent share, undecided starts at both extremes, (k, 2)."""
        pairs = zip(self.converged, self.undecided, strict=True)
        return np.array([interval(int(c), int(u), self.n, level=level) for c, u in pairs])

    def headline(self) -> str:
        below, above = self.converged[~self.beyond], self.converged[self.beyond]
        return (
            f"Starts that converge to a minimum: up to {int(max(below, default=0))} of {self.n} "
            f"below step size {self.critical:.6g}, up to {int(max(above, default=0))} beyond it"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = [("loss", self.loss.describe()), ("law", self.region.describe())]
        for k, step in enumerate(self.step_sizes):
            parts = [f"{self.converged[k]} converge"]
            for word, counts in (("plateau", self.plateau), ("escaped", self.escaped)):
                if counts[k]:
                    parts.append(f"{counts[k]} {word}")
            parts.append(f"median gradient norm {self.gradient_norm[k, 1]:.2g}")
            table.append((f"η = {step:.5g}", ", ".join(parts)))
        return table

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "loss": self.loss.describe(),
            "region": self.region.describe(),
            "n": self.n,
            "critical": plain(self.critical),
            "threshold": self.threshold.to_dict(),
            "interval": plain(self.interval()),
            **{name: plain(getattr(self, name)) for name in _ARRAYS},
        }


_ARRAYS = ("step_sizes", "gradient_norm", "converged", "plateau", "escaped", "undecided")


def scan_step_sizes(
    loss: AbstractLoss,
    region: Region,
    *,
    step_sizes: Sequence[float],
    threshold: Threshold,
    n: int,
    budget: Budget,
    rng: np.random.Generator,
    executor: Executor | None = None,
) -> TransitionScan:
    """Return the fates of `n` starts at every step size; the starts are the same for all.

    Parameters
    ----------
    loss : AbstractLoss
    region : Region
        Law from which the starts are drawn.
    step_sizes : sequence of float
    threshold : Threshold
        Where the transition is expected.
    n : int
    budget : Budget
    rng : Generator
    executor : concurrent.futures.Executor, optional
    """
    steps = np.sort(np.asarray(step_sizes, dtype=np.float64))
    starts = region.sample(n, rng=rng)
    runs = [
        simulate(
            GradientDescent(loss, step_size=sp.Float(step)),
            starts,
            budget=budget,
            executor=executor,
        )
        for step in steps
    ]
    converged, plateau = _settled(loss, runs)
    return TransitionScan(
        loss=loss,
        threshold=threshold,
        region=region,
        n=n,
        step_sizes=steps,
        gradient_norm=np.array([_norm_quantiles(fates) for fates in runs]),
        converged=converged,
        plateau=plateau,
        escaped=np.array([int(_escaped(fates).sum()) for fates in runs]),
        undecided=np.array([int(_open(fates).sum()) for fates in runs]),
        budget=budget,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason=f"{n} random starts at each of {len(steps)} step sizes, Clopper-Pearson limits",
            sources=("clopper1934use", "craciun2024convergence"),
        ),
    )


def _open(fates: Fates) -> NDArray[np.bool_]:
    return fates.where(Fate.UNDECIDED) | fates.where(Detail.UNBOUNDED_DRIFT)


def _escaped(fates: Fates) -> NDArray[np.bool_]:
    return fates.where(Fate.ESCAPED) & ~fates.where(Detail.UNBOUNDED_DRIFT)


def _norm_quantiles(fates: Fates) -> NDArray[np.float64]:
    gone = _escaped(fates) | ~np.isfinite(fates.residual)
    return np.quantile(np.where(gone, np.inf, fates.residual), QUANTILES, method="higher")


def _settled(
    loss: AbstractLoss, runs: Sequence[Fates]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many starts of each run end at a minimum, and how many on a plateau.

    A ReLU network with some dead units can still be at a minimum: its limit counts as one where
    the loss is as low as the lowest one that any start reached.
    """
    values = [np.full(len(fates), np.inf) for fates in runs]
    for value, fates in zip(values, runs, strict=True):
        arrived = fates.where(Fate.CONVERGED)
        if arrived.any():
            value[arrived] = loss(fates.limit[arrived])
    lowest = min(float(value.min()) for value in values)
    converged, plateau = [], []
    for value, fates in zip(values, runs, strict=True):
        at_minimum = fates.where(Detail.MINIMUM) | fates.where(Detail.DEGENERATE_MINIMUM)
        low = value <= lowest + _SAME_LOSS * (1 + abs(lowest))
        at_minimum |= fates.where(Detail.PARTIAL_PLATEAU) & low
        flat = fates.where(Detail.PLATEAU) | fates.where(Detail.PARTIAL_PLATEAU)
        converged.append(int(at_minimum.sum()))
        plateau.append(int((flat & ~at_minimum).sum()))
    return np.array(converged), np.array(plateau)
