"""Hypotheses on quantised networks, their data, and maps that follow coarse gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...evidence import Grade, Outcome
from ...losses.quantized_network import QuantizedNetwork
from ...losses.straight_through import StraightThrough
from ...maps.coarse_gradient import CoarseGradient
from ...regions import Gaussian
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = [
    "COARSE_GRADIENT",
    "INDEPENDENT_SUBSPACES",
    "ONE_BIT",
    "ONE_SIDED",
    "SAMPLES_IN_PAIRS",
    "STAIRCASE",
    "TWO_BITS",
    "estimator_of",
    "moderate_starts",
    "quantized_network",
    "samples_awake",
    "samples_in_pairs",
]

Array = NDArray[np.float64]


def quantized_network(instance: Instance) -> QuantizedNetwork | None:
    """Return the loss of an instance where it is that of a quantised network."""
    return instance.F.loss if isinstance(instance.F.loss, QuantizedNetwork) else None


def estimator_of(instance: Instance) -> StraightThrough | None:
    """Return the straight-through estimator of a map that follows a coarse gradient."""
    return instance.F.estimator if isinstance(instance.F, CoarseGradient) else None


def samples_in_pairs(
    *, subspaces: int, dimension: int, pairs: int, lengths: tuple[float, float], rng: int
) -> tuple[Array, NDArray[np.intp]]:
    """Return samples x and -x in orthogonal subspaces, one for each class, with their labels.

    Directions are uniform in each subspace, lengths uniform between the two given ones.

    Examples
    --------
    >>> X, labels = samples_in_pairs(subspaces=2, dimension=1, pairs=1, lengths=(1, 1), rng=0)
    >>> abs(X).tolist(), labels.tolist()
    ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], [0, 0, 1, 1])
    """
    generator = np.random.default_rng(rng)
    X = np.zeros((subspaces, 2, pairs, subspaces, dimension))
    for k in range(subspaces):
        draws = generator.normal(size=(pairs, dimension))
        size = generator.uniform(*lengths, size=(pairs, 1))
        draws *= size / np.linalg.norm(draws, axis=1, keepdims=True)
        X[k, :, :, k] = draws, -draws
    return X.reshape(-1, subspaces * dimension), np.repeat(np.arange(subspaces), 2 * pairs)


def exact_rank(X: Array) -> int:
    """Return the rank of a matrix of doubles, by rational arithmetic.

    Examples
    --------
    >>> exact_rank(np.array([[0.1, 0.3], [0.2, 0.6], [0.3, 0.9]]))
    2
    >>> int(np.linalg.matrix_rank([[0.1, 0.3], [0.2, 0.6], [0.3, 0.9]]))
    1
    """
    import flint

    exact = [[flint.fmpq(*float(value).as_integer_ratio()) for value in row] for row in X]
    return int(flint.fmpq_mat(exact).rref()[1])


def _is_independent(net: QuantizedNetwork) -> bool:
    ranks = (exact_rank(X) for X in _classes(net))
    return bool(net.X.any(axis=1).all()) and sum(ranks) == exact_rank(net.X)


def _is_paired(net: QuantizedNetwork) -> bool:
    paired = all(
        Counter(map(tuple, X.tolist())) == Counter(map(tuple, (-X).tolist())) for X in _classes(net)
    )
    return paired and len({len(X) for X in _classes(net)}) == 1


def _classes(net: QuantizedNetwork) -> list[Array]:
    """Return the samples of each class that has any."""
    return [net.X[net.labels == k] for k in np.unique(net.labels)]


def _proved(
    name: str, statement: str, holds: Callable[[Instance], bool], reason: str = "by its form"
) -> Hypothesis:
    return condition(
        name,
        statement,
        lambda instance: (yes_if(holds(instance)), ""),
        grade=Grade.PROVED,
        reason=reason,
    )


def _of_network(
    name: str,
    statement: str,
    holds: Callable[[QuantizedNetwork], bool],
    reason: str = "by its form",
) -> Hypothesis:
    def check(instance: Instance) -> bool:
        net = quantized_network(instance)
        return net is not None and holds(net)

    return _proved(name, statement, check, reason)


COARSE_GRADIENT = _proved(
    "coarse gradient",
    "the map follows a coarse gradient",
    lambda instance: estimator_of(instance) is not None,
)
ONE_SIDED = _proved(
    "one-sided estimator",
    "the estimator vanishes on the negative side and is positive near 0 on the other",
    lambda instance: getattr(estimator_of(instance), "one_sided", False),
)
STAIRCASE = _proved(
    "staircase",
    "the map follows a coarse gradient of a network whose activations are staircases",
    lambda instance: quantized_network(instance) is not None and estimator_of(instance) is not None,
)
ONE_BIT = _of_network("one bit", "activations have one bit", lambda net: net.bits == 1)
TWO_BITS = _of_network("two bits", "activations have two bits or more", lambda net: net.bits > 1)
INDEPENDENT_SUBSPACES = _of_network(
    "independent subspaces",
    "the classes lie in linearly independent subspaces, no sample at the origin",
    _is_independent,
    "exact ranks",
)
SAMPLES_IN_PAIRS = _of_network(
    "samples in pairs",
    "classes are of equal size and contain -x as often as x",
    _is_paired,
    "comparison of all samples",
)


def samples_awake(start: Callable[[Instance], Array]) -> Hypothesis:
    """Return the hypothesis that at the start every sample excites a unit of its own class.

    Parameters
    ----------
    start : callable
        Instance -> the weights at the start, shape (1, d).
    """

    def check(instance: Instance) -> tuple[Outcome, str]:
        net = quantized_network(instance)
        if net is None:
            return Outcome.NO, "the loss is not that of a quantised network"
        if (np.count_nonzero(net.votes, axis=0) != 1).any() or (net.votes < 0).any():
            return Outcome.NO, "a unit does not vote for one class"
        u = net.X @ start(instance).reshape(net.width, -1).T
        awake = ((u > 0) & (net.votes[net.labels] > 0)).any(axis=1)
        return yes_if(bool(awake.all())), f"{awake.sum()} of {net.n_samples} samples"

    return condition(
        "samples awake",
        "every unit votes for one class, and at the start every sample excites a unit of its own",
        check,
        grade=Grade.NUMERICAL,
        reason="signs of the preactivations",
    )


def moderate_starts(largest: float) -> Hypothesis:
    """Return the hypothesis that the first weights are normal with at most this deviation."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        law = instance.region
        if not isinstance(law, Gaussian):
            return Outcome.UNDECIDED, "the first weights are not normal"
        return yes_if(float(np.max(law.scale)) <= largest), f"at most {np.max(law.scale):g}"

    return condition(
        "moderate first weights",
        f"the first weights are normal with a standard deviation of at most {largest:g}",
        check,
        grade=Grade.PROVED,
        reason="by the law of the starts",
    )
