"""Where the sharpness of networks settles while they train, and whether they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...ensembles.sharpness_along import SharpnessAlong, sharpness_along
from ...errors import InvalidInput
from ...evidence import Grade, Outcome
from ...losses.activations import Activation
from ...losses.initialisation import xavier_normal
from ...losses.mlp import MLP
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = ["GROWTH_DEGREES", "SLOW_ACTIVATION", "Plateaus", "plateaus", "reaches_the_edge"]

# lim u σ'(u)/σ(u), the larger of the two at ±∞.
GROWTH_DEGREES = {
    Activation.TANH: 0,
    Activation.SIGMOID: 0,
    Activation.RELU: 1,
    Activation.LEAKY_RELU: 1,
    Activation.GELU: 1,
    Activation.SOFTPLUS: 1,
    Activation.RELU_CUBED: 3,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Plateaus:
    """What training showed, one entry an initialisation.

    Parameters
    ----------
    along : SharpnessAlong
        Sharpness and loss along the runs.
    ratios : ndarray, shape (n, r)
        ηλ along the runs.
    medians : ndarray, shape (n,)
        The median of ηλ over the second half of a run.
    left : ndarray, shape (n,)
        The loss in the end over the loss in the beginning.
    """

    along: SharpnessAlong
    ratios: NDArray[np.float64]
    medians: NDArray[np.float64]
    left: NDArray[np.float64]


def plateaus(F: Map, seeds: Sequence[int], steps: int, *, every: int) -> Plateaus:
    """Train a network from Xavier initialisations with these seeds, and look at its sharpness.

    Raises
    ------
    InvalidInput
        For a map that is not gradient descent on a network.
    """
    if not isinstance(F, GradientDescent) or not isinstance(F.loss, MLP):
        raise InvalidInput("F", F.describe(), "gradient descent on an MLP")
    law = xavier_normal(F.loss)
    starts = np.vstack([law.sample(1, rng=seed) for seed in seeds])
    along = sharpness_along(F, starts, steps, every=every)
    ratios = float(F.step_size) * along.values
    return Plateaus(
        along=along,
        ratios=ratios,
        medians=np.median(ratios[:, ratios.shape[1] // 2 :], axis=1),
        left=along.losses[:, -1] / along.losses[:, 0],
    )


def _grows_slowly(instance: Instance) -> tuple[Outcome, str]:
    if not isinstance(instance.loss, MLP):
        return Outcome.UNDECIDED, "not a network"
    activation = instance.loss.activation
    return yes_if(GROWTH_DEGREES[activation] <= 1), f"{activation}"


SLOW_ACTIVATION = condition(
    "slow activation",
    "the activation σ has lim uσ'(u)/σ(u) at most 1 at infinity",
    _grows_slowly,
    grade=Grade.PROVED,
    reason="by its form",
)


def reaches_the_edge(seeds: Sequence[int], steps: int, *, every: int) -> Hypothesis:
    """Return the condition that ηλ exceeds 2 within so many steps, from every initialisation."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        if not isinstance(instance.F, GradientDescent) or not isinstance(instance.loss, MLP):
            return Outcome.NO, "not gradient descent on a network"
        highest = plateaus(instance.F, seeds, steps, every=every).ratios.max(axis=1)
        return yes_if(bool(np.all(highest > 2))), f"the least of the peaks is {highest.min():.4g}"

    return condition(
        "reaches the edge",
        "ηλ exceeds 2 at some time in the first half of training, for every seed",
        check,
        grade=Grade.NUMERICAL,
        reason="Lanczos' method along the run",
    )
