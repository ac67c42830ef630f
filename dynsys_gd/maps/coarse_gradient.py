"""Steps along a coarse gradient, which is not the gradient of the loss: θ - η g(θ)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.kernel import Kernel, RowsKernel
from ..errors import InvalidInput
from ..losses.base import Points, substitute
from ..losses.straight_through import QuantizedLoss, StraightThrough
from ..values import as_typed, to_value, unknown_name
from .base import Map
from .gradient_map import checked_setting, refuse_coordinates

__all__ = ["CoarseGradient"]


@dataclass(frozen=True, repr=False)
class CoarseGradient(Map):
    """Coarse gradient method F(θ) = θ - η g(θ) on a loss whose gradient is zero almost everywhere.

    Parameters
    ----------
    loss : QuantizedNetwork, or another QuantizedLoss
    step_size : number, fraction, text or sympy expression
        The step size η > 0; a symbol stays open until ``F.at(eta=...)`` gives it a value.
    estimator : StraightThrough
        What replaces the slope of the staircase in the chain rule.

    Raises
    ------
    InvalidInput
        For another loss, a step size that is not a positive number or an expression in symbols,
        and something that is no estimator.

    Notes
    -----
    F is piecewise smooth and jumps where the loss does; it is no gradient map, and its fixed points
    are the zeros of g, not the critical points of the loss. Where the loss is zero F is the
    identity. The Jacobian is that of the piece on which a point lies: the identity, where the
    estimator is piecewise constant. There is no formula: searches that need one refuse the map.

    References
    ----------
    Long, Yin and Xin [long2020learning]_.

    Examples
    --------
    >>> from dynsys_gd import QuantizedNetwork, class_votes
    >>> net = QuantizedNetwork([[1.0, 0.0], [0.0, 1.0]], [0, 1], class_votes(2, 1), bits=2)
    >>> F = CoarseGradient(net, "1/2", StraightThrough.RELU)
    >>> F([0.5, 0.2, -1.0, 0.1])
    array([ 0.5 , -0.05, -1.  ,  0.35])
    >>> F(F([0.5, 0.2, -1.0, 0.1]))
    array([ 0.5 , -0.05, -1.  ,  0.35])
    """

    loss: QuantizedLoss
    step_size: sp.Expr
    estimator: StraightThrough

    def __post_init__(self) -> None:
        if not isinstance(self.loss, QuantizedLoss):
            raise InvalidInput(
                "loss",
                self.loss,
                "a loss with a coarse gradient, such as QuantizedNetwork",
                "for the gradient itself write GradientDescent(loss, step_size)",
            )
        step = checked_setting(self.step_size, "step_size", low=0, low_allowed=False)
        refuse_coordinates(step, "step_size", self.loss)
        object.__setattr__(self, "step_size", step)
        if not isinstance(self.estimator, StraightThrough):
            members = ", ".join(member.name for member in StraightThrough)
            expected = "a member of StraightThrough"
            raise InvalidInput("estimator", self.estimator, expected, f"one of {members}")

    @property
    def dimension(self) -> int:
        return self.loss.dimension

    @property
    def names(self) -> tuple[str, ...]:
        return self.loss.names

    @property
    def parameters(self) -> tuple[str, ...]:
        own = {symbol.name for symbol in self.step_size.free_symbols}
        return tuple(sorted(own | set(self.loss.parameters)))

    def at(self, **values: Any) -> CoarseGradient:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        given = {name: to_value(value, name) for name, value in values.items()}
        loss = self.loss.at(**{n: v for n, v in given.items() if n in self.loss.parameters})
        assert isinstance(loss, QuantizedLoss)
        return replace(self, loss=loss, step_size=substitute(self.step_size, given))

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        eta, loss, estimator = float(self.step_size), self.loss, self.estimator

        def step(states: Points) -> tuple[Points, Points]:
            with np.errstate(all="ignore"):
                g = loss.coarse_gradient_at(states, estimator)
                return states - eta * g, g

        def jacobian(states: Points) -> NDArray[np.float64]:
            with np.errstate(all="ignore"):
                return np.eye(self.dimension) - eta * loss.coarse_hessian_at(states, estimator)

        return RowsKernel(self.dimension, step, jacobian)

    def describe(self) -> str:
        return (
            f"coarse gradient method on {self.loss.describe()}, "
            f"estimator {self.estimator}, step size {as_typed(self.step_size)}"
        )

    def __repr__(self) -> str:
        return (
            f"CoarseGradient({self.loss!r}, step_size={as_typed(self.step_size)}, "
            f"estimator={self.estimator.name})"
        )
