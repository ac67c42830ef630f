"""Two linear layers with a staircase in between: a classifier with quantised activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Outcome
from .base import Points, as_points
from .samples import Samples, checked_matrix
from .straight_through import QuantizedLoss, StraightThrough

__all__ = ["QuantizedNetwork", "class_votes"]

Array = NDArray[np.float64]

_MOST_BITS = 16
_BLOCK_ENTRIES = 2**21  # numbers of the hidden layer at a time, 16 MB


class _Pass(NamedTuple):
    """Preactivations, outputs, and per sample the loss and the strongest wrong class."""

    preactivations: Array
    outputs: Array
    losses: Array
    rivals: NDArray[np.intp]


@dataclass(frozen=True, init=False, repr=False, eq=False)
class QuantizedNetwork(QuantizedLoss):
    """Multiclass hinge loss of o = V σ(W x), where σ is a staircase and only W is trained.

    Parameters
    ----------
    X : array, shape (n_samples, dx)
    labels : sequence of int, shape (n_samples,)
        Classes, counted from 0.
    votes : array, shape (n_classes, width)
        The fixed second layer V; `class_votes` makes the usual one.
    bits : int
        σ rises by 1 at 0, 1, …, q - 1 with q = 2^bits - 1; from 1 to 16.

    Raises
    ------
    InvalidInput
        For samples, labels and votes that do not fit together, and bits out of range.

    Notes
    -----
    L(W) = (1/n) Σ_i max(0, 1 - o_y + max_{k≠y} o_k), with y the label of sample i and
    σ(u) = min(max(⌈u⌉, 0), q). A point holds W row by row, one row for each hidden unit.

    L is constant on the pieces into which the hyperplanes ⟨w_j, x_i⟩ ∈ {0, …, q - 1} cut the space
    of weights: gradient and Hessian are zero there, and are given as zero on the jumps as well.
    The coarse gradient of w_j is

        (1/n) Σ_{i : L_i > 0} (V_kj - V_yj) g(⟨w_j, x_i⟩) x_i,   k the strongest wrong class,

    with an estimator g in place of σ'. Among equally strong wrong classes the first is taken. Where
    the loss is zero so is the coarse gradient, whatever the estimator.

    References
    ----------
    Long, Yin and Xin [long2020learning]_.

    Examples
    --------
    >>> net = QuantizedNetwork([[1.0, 0.0], [0.0, 1.0]], [0, 1], class_votes(2, 1), bits=2)
    >>> float(net([0.0, 0.0, 0.0, 0.0])), float(net([0.5, -1.0, -1.0, 2.5]))
    (1.0, 0.0)
    >>> net.gradient_at([0.5, 0.2, -1.0, 0.1])
    array([0., 0., 0., 0.])
    >>> net.coarse_gradient_at([0.5, 0.2, -1.0, 0.1], StraightThrough.RELU)
    array([ 0. ,  0.5,  0. , -0.5])
    """

    X: Samples
    labels: NDArray[np.intp]
    votes: Array
    bits: int

    def __init__(self, X: Any, labels: Any, votes: Any, *, bits: int) -> None:
        whole = isinstance(bits, (int, np.integer)) and not isinstance(bits, bool)
        if not whole or not 1 <= bits <= _MOST_BITS:
            raise InvalidInput("bits", bits, f"a whole number from 1 to {_MOST_BITS}")
        object.__setattr__(self, "X", checked_matrix(X, "X", "(n_samples, n_features)"))
        second = checked_matrix(votes, "votes", "(n_classes, width)")
        if len(second) < 2:
            raise InvalidInput("votes", f"shape {second.shape}", "rows for two classes or more")
        object.__setattr__(self, "votes", second)
        object.__setattr__(self, "labels", _checked_labels(labels, len(self.X), len(second)))
        object.__setattr__(self, "bits", int(bits))

    @property
    def n_samples(self) -> int:
        """Number of samples n."""
        return len(self.X)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.votes)

    @property
    def width(self) -> int:
        """Number of hidden units m."""
        return self.votes.shape[1]

    @property
    def levels(self) -> int:
        """The largest value q = 2^bits - 1 of an activation."""
        return 2**self.bits - 1

    @property
    def dimension(self) -> int:
        return self.width * self.X.shape[1]

    @property
    def names(self) -> tuple[str, ...]:
        rows, columns = range(1, self.width + 1), range(1, self.X.shape[1] + 1)
        return tuple(f"W_{i}_{j}" for i in rows for j in columns)

    @property
    def analytic(self) -> Outcome:
        return Outcome.NO

    def outputs_at(self, points: Any) -> Array:
        """Return the outputs on the samples, shape (..., n_samples, n_classes)."""
        array = as_points(points, self.dimension)
        return self._by_blocks(
            lambda rows: self._forward(rows).outputs, array, (self.n_samples, self.n_classes)
        )

    def accuracy_at(self, points: Any) -> Points:
        """Return the share of samples whose own class has the largest output, shape (...,).

        A sample on which several classes have the largest output counts as wrong.
        """
        outputs = self.outputs_at(points)
        own, best_other = self._own_and_best_other(outputs)[:2]
        return np.asarray(np.mean(own > best_other, axis=-1))

    def __call__(self, points: Any) -> Points:
        array = as_points(points, self.dimension)
        return self._by_blocks(lambda rows: self._forward(rows).losses.mean(axis=-1), array, ())

    def gradient_at(self, points: Any) -> Points:
        return np.zeros_like(as_points(points, self.dimension))

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        array = as_points(points, self.dimension)
        return np.zeros((*array.shape, self.dimension))

    def coarse_gradient_at(self, points: Any, estimator: StraightThrough) -> Points:
        """Return the coarse gradient at each row, shape (..., d)."""

        def gradient(rows: Points) -> Points:
            run = self._forward(rows)
            back = self._back(run) * estimator.slope(run.preactivations, levels=self.levels)
            return (np.swapaxes(back, -1, -2) @ self.X).reshape(len(rows), -1)

        array = as_points(points, self.dimension)
        return self._by_blocks(gradient, array, (self.dimension,))

    def coarse_hessian_at(self, points: Any, estimator: StraightThrough) -> NDArray[np.float64]:
        """Return the Jacobian of the coarse gradient at each row, shape (..., d, d).

        It is that of the piece on which the point lies, made of one block for each hidden unit.
        """

        def hessian(rows: Points) -> Array:
            run = self._forward(rows)
            weights = self._back(run) * estimator.bend(run.preactivations, levels=self.levels)
            blocks = np.einsum("rij,ia,ib->rjab", weights, self.X, self.X, optimize=True)
            m, dx = self.width, self.X.shape[1]
            whole = np.zeros((len(rows), m, dx, m, dx))
            units = np.arange(m)
            whole[:, units, :, units, :] = np.swapaxes(blocks, 0, 1)
            return whole.reshape(len(rows), m * dx, m * dx)

        array = as_points(points, self.dimension)
        return self._by_blocks(hessian, array, (self.dimension, self.dimension))

    def flat_radius_at(self, points: Any) -> Points:
        """Return the distance of each row to the nearest jump of an activation, shape (...,).

        Within it the loss is constant. At a jump it is 0.
        """
        lengths = np.linalg.norm(self.X, axis=1)[:, None]

        def radius(rows: Points) -> Points:
            u = self._preactivations(rows)
            gaps = np.abs(u - np.clip(np.rint(u), 0, self.levels - 1))
            away = np.divide(gaps, lengths, out=np.full_like(gaps, np.inf), where=lengths > 0)
            return away.min(axis=(-2, -1))

        return self._by_blocks(radius, as_points(points, self.dimension), ())

    def _preactivations(self, rows: Points) -> Array:
        weights = rows.reshape(len(rows), self.width, -1)
        with np.errstate(all="ignore"):
            return np.asarray(self.X @ np.swapaxes(weights, -1, -2))

    def _forward(self, rows: Points) -> _Pass:
        u = self._preactivations(rows)
        outputs = np.clip(np.ceil(u), 0, self.levels) @ self.votes.T
        own, other, rivals = self._own_and_best_other(outputs)
        return _Pass(u, outputs, np.maximum(0.0, 1.0 - own + other), rivals)

    def _own_and_best_other(self, outputs: Array) -> tuple[Array, Array, NDArray[np.intp]]:
        """Return the output of the own class, that of the strongest other one, and which it is."""
        samples = np.arange(self.n_samples)
        others = outputs.copy()
        others[..., samples, self.labels] = -np.inf
        return outputs[..., samples, self.labels], others.max(axis=-1), others.argmax(axis=-1)

    def _back(self, run: _Pass) -> Array:
        """Return the derivative of the loss in each activation, shape (rows, n_samples, width)."""
        active = (run.losses > 0) / self.n_samples
        pulls = np.zeros_like(run.outputs)
        pulls[..., np.arange(self.n_samples), self.labels] = -active
        np.put_along_axis(pulls, run.rivals[..., None], active[..., None], axis=-1)
        return np.asarray(pulls @ self.votes)

    def _by_blocks(self, function: Any, points: Points, shape: tuple[int, ...]) -> Array:
        """Return `function` of all rows, a block of rows at a time to bound the memory."""
        rows = points.reshape(-1, self.dimension)
        results = np.empty((len(rows), *shape))
        size = max(1, _BLOCK_ENTRIES // (self.n_samples * self.width))
        for start in range(0, len(rows), size):
            results[start : start + size] = function(rows[start : start + size])
        return results.reshape((*points.shape[:-1], *shape))

    def describe(self) -> str:
        shape = f"{self.X.shape[1]}-{self.width}-{self.n_classes}"
        bits = "1 bit" if self.bits == 1 else f"{self.bits} bits"
        return f"hinge loss of a quantised network {shape} ({bits}) on {self.n_samples} samples"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, QuantizedNetwork)
            and self.bits == other.bits
            and np.array_equal(self.X, other.X)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self.votes, other.votes)
        )

    def __hash__(self) -> int:
        return hash((self.bits, self.X.shape, self.votes.shape, float(self.X.sum())))

    def __repr__(self) -> str:
        return (
            f"QuantizedNetwork(n_samples={self.n_samples}, n_features={self.X.shape[1]}, "
            f"width={self.width}, n_classes={self.n_classes}, bits={self.bits})"
        )


def class_votes(n_classes: int, units: int) -> Array:
    """Return a second layer in which each class has so many hidden units of its own.

    Parameters
    ----------
    n_classes : int
        At least 2.
    units : int
        Hidden units for each class, at least 1.

    Returns
    -------
    ndarray, shape (n_classes, n_classes * units)
        1 where the unit belongs to the class, 0 elsewhere.

    Raises
    ------
    InvalidInput
        For counts below these.

    Examples
    --------
    >>> class_votes(2, 2)
    array([[1., 1., 0., 0.],
           [0., 0., 1., 1.]])
    """
    for name, value, least in (("n_classes", n_classes, 2), ("units", units, 1)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise InvalidInput(name, value, f"a whole number of at least {least}")
    return np.repeat(np.eye(n_classes), units, axis=1)


def _checked_labels(labels: Any, n_samples: int, n_classes: int) -> NDArray[np.intp]:
    expected = f"{n_samples} whole numbers from 0 to {n_classes - 1}, one for each sample"
    remedy = "one-hot rows become labels by Y.argmax(axis=1)"
    try:
        given = np.array(labels, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput("labels", labels, expected, remedy) from None
    if given.shape != (n_samples,) or not np.isin(given, np.arange(n_classes)).all():
        shown = labels if given.shape == (n_samples,) else f"shape {given.shape}"
        raise InvalidInput("labels", shown, expected, remedy)
    array = given.astype(np.intp)
    array.setflags(write=False)
    return array
