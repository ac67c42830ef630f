"""Deep linear networks on a diagonal target, started at the identity: do they fit it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...evidence import Finding, Grade, Outcome
from ...losses.linear_network import LinearNetwork
from ...maps.gradient_descent import GradientDescent
from ..checks import compared_with_threshold, decided
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = [
    "BEYOND_THE_LIMIT",
    "POSITIVE_TARGET",
    "diagonal_network",
    "error_after",
    "limit",
    "square_network",
]


def diagonal_network(depth: int, targets: Sequence[float]) -> LinearNetwork:
    """Return ½‖W_N⋯W_1 - R‖² for R = diag(targets).

    Examples
    --------
    >>> diagonal_network(2, (3.0, 1.0)).widths
    (2, 2, 2)
    """
    d = len(targets)
    scale = np.sqrt(d)  # so that the mean over the samples is the loss above
    return LinearNetwork((d,) * (depth + 1), scale * np.eye(d), scale * np.diag(targets))


def square_network(instance: Instance) -> LinearNetwork | None:
    """Return the loss of an instance where it is a linear network with layers of one width."""
    net = instance.F.loss
    return net if isinstance(net, LinearNetwork) and len(set(net.widths)) == 1 else None


def limit(depth: int, targets: Sequence[float]) -> float:
    """Return 2/(N ρ^(2 - 2/N)) for the largest target ρ.

    Examples
    --------
    >>> limit(2, (3.0, 1.0))
    0.3333333333333333
    """
    return float(2 / (depth * max(targets) ** (2 - 2 / depth)))


def error_after(F: GradientDescent, steps: int) -> float:
    """Return the largest entry of |W_N⋯W_1 - R| after so many steps from the identity, or one more.

    Infinite after an escape; a step more, because the product may alternate between two values.
    """
    net = F.loss
    assert isinstance(net, LinearNetwork)
    d = net.widths[0]
    target = np.linalg.lstsq(net.X, net.Y, rcond=None)[0].T
    end = F.iterate(np.tile(np.eye(d).ravel(), net.depth), steps)
    both = np.array([end, F.iterate(end, 1)])
    if not np.isfinite(both).all():
        return np.inf
    layers = both.reshape(2, net.depth, d, d)
    return max(float(np.abs(np.linalg.multi_dot(W[::-1]) - target).max()) for W in layers)


def _is_positive(instance: Instance) -> tuple[Outcome, str]:
    net = square_network(instance)
    if net is None or net.depth < 2 or not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent on a linear network with layers of one width"
    X, Y = np.asarray(net.X), np.asarray(net.Y)
    one = X[0, 0]  # X is this multiple of the identity, R = Y/X
    if X.shape != Y.shape or one <= 0 or (one * np.eye(len(X)) != X).any():
        return Outcome.NO, "the samples are no multiple of the identity"
    values = np.diag(Y)
    diagonal = np.array_equal(Y, np.diag(values)) and bool(values.min() > 0)
    return yes_if(diagonal and values.max() != one), f"ρ = {values.max() / one:.6g}"


POSITIVE_TARGET = condition(
    "positive target",
    "the map is gradient descent on ½‖W_N⋯W_1 - R‖² up to a factor, R diagonal and positive, ρ ≠ 1",
    _is_positive,
    grade=Grade.PROVED,
    reason="comparison of all entries of the data",
)


def _is_beyond(instance: Instance) -> Finding:
    if square_network(instance) is None or not isinstance(instance.F, GradientDescent):
        reason = "not gradient descent on a linear network with layers of one width"
        return decided(_BEYOND, Outcome.NO, Grade.PROVED, reason)
    return compared_with_threshold(instance, _BEYOND)


_BEYOND = "the step size exceeds the critical one, 2/(N ρ^(2 - 2/N))"
BEYOND_THE_LIMIT = Hypothesis(name="beyond the limit", statement=_BEYOND, check=_is_beyond)
