"""Gradient descent that takes its batches in a fixed order, one pass as one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from ..engine.cycle import CycleKernel
from ..engine.kernel import Kernel
from ..errors import InvalidInput
from ..losses.base import AbstractLoss, substitute
from ..losses.linear_network import LinearNetwork
from ..losses.mean import MeanLoss, checked_losses, losses_at
from ..losses.mlp import MLP
from ..regions import positive_count
from ..values import as_typed, to_value, unknown_name
from .base import Map
from .gradient_descent import GradientDescent
from .gradient_map import checked_setting, refuse_coordinates

__all__ = ["MinibatchCycle", "minibatches"]

_MOST_OPERATIONS = 5_000


@dataclass(frozen=True, init=False, repr=False)
class MinibatchCycle(Map):
    """One pass over B batches in a fixed order, F = G_B ∘ … ∘ G_1 with G_b(θ) = θ - η ∇L_b(θ).

    Parameters
    ----------
    losses : sequence of losses
        L_1, …, L_B, used in this order. `minibatches` makes them from the data of a network.
    step_size : number, fraction, text or sympy expression
        The step size η > 0 of every step.

    Notes
    -----
    By the chain rule DF(θ) = DG_B(θ_{B-1}) … DG_1(θ_0), which is not symmetric: multipliers may be
    complex. `loss` is the mean of the batch losses. Its minima are fixed points of F only where
    all batches share them (interpolation); otherwise the fixed points move with η.

    Composition makes long formulas: `expression` is None beyond a stated size, and numbers are
    always computed step by step.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> F = MinibatchCycle([Loss((x - 1)**2 / 2, [x]), Loss((x + 1)**2 / 2, [x])], step_size="1/2")
    >>> F.expression[0].expand()
    x/4 - 1/4
    >>> F([3.0])
    array([0.5])
    """

    losses: tuple[AbstractLoss, ...]
    step_size: sp.Expr

    def __init__(self, losses: Sequence[AbstractLoss], step_size: Any) -> None:
        object.__setattr__(self, "losses", checked_losses(losses))
        step = checked_setting(step_size, "step_size", low=0, low_allowed=False)
        refuse_coordinates(step, "step_size", self.losses[0])
        object.__setattr__(self, "step_size", step)

    @cached_property
    def loss(self) -> AbstractLoss:  # type: ignore[override]
        """The mean of the batch losses."""
        return MeanLoss(self.losses)

    @property
    def dimension(self) -> int:
        return self.losses[0].dimension

    @property
    def names(self) -> tuple[str, ...]:
        return self.losses[0].names

    @property
    def parameters(self) -> tuple[str, ...]:
        own = {symbol.name for symbol in self.step_size.free_symbols}
        return tuple(sorted(own.union(*(loss.parameters for loss in self.losses))))

    def at(self, **values: Any) -> MinibatchCycle:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        given = {name: to_value(value, name) for name, value in values.items()}
        inner = {n: v for n, v in given.items() if any(n in f.parameters for f in self.losses)}
        return MinibatchCycle(losses_at(self.losses, inner), substitute(self.step_size, given))

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        form = self.losses[0].symbolic
        return () if form is None or self.expression is None else form.variables

    @cached_property
    def expression(self) -> sp.ImmutableMatrix | None:
        state: sp.ImmutableMatrix | None = None
        for loss in self.losses:
            step = GradientDescent(loss, self.step_size)
            image = step.expression
            if image is None:
                return None
            inserted = 1 + (sp.count_ops(state) / self.dimension if state is not None else 0)
            if sp.count_ops(image) * inserted > _MOST_OPERATIONS:
                return None
            if state is not None:
                image = image.subs(dict(zip(step.variables, state, strict=True)), simultaneous=True)
            state = image
        return state

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        # F(θ) - θ = -η · (sum of the gradients), without the rounding of the difference: the
        # mean of the gradients is the residual.
        steps = (GradientDescent(loss, self.step_size) for loss in self.losses)
        return CycleKernel(tuple(step.kernel() for step in steps))

    def describe(self) -> str:
        count = len(self.losses)
        return (
            f"cycle of {count} minibatch step{'s' if count > 1 else ''}, first on "
            f"{self.losses[0].describe()}, step size {as_typed(self.step_size)}"
        )

    def __repr__(self) -> str:
        return f"MinibatchCycle({list(self.losses)}, step_size={as_typed(self.step_size)})"


def minibatches(network: LinearNetwork | MLP, n_batches: int) -> tuple[LinearNetwork | MLP, ...]:
    """Return the same network on consecutive stretches of its samples.

    Parameters
    ----------
    network : LinearNetwork or MLP
    n_batches : int
        At most the number of samples. Sizes differ by one sample at most; where they are equal,
        the mean of the batch losses is the loss of the network. Shuffle the rows beforehand where
        their order means something.

    Returns
    -------
    tuple of LinearNetwork or of MLP
        One network a batch, all with the same parameters.

    Raises
    ------
    InvalidInput
        For something else than a network, or more batches than samples.

    Examples
    --------
    >>> from dynsys_gd import data
    >>> net = LinearNetwork((4, 8, 3), *data.iris())
    >>> [batch.n_samples for batch in minibatches(net, 4)]
    [38, 38, 37, 37]
    """
    if not isinstance(network, (LinearNetwork, MLP)):
        raise InvalidInput("network", network, "a LinearNetwork or an MLP")
    if positive_count(n_batches, "n_batches") > network.n_samples:
        raise InvalidInput("n_batches", n_batches, f"at most {network.n_samples}, the samples")
    parts = zip(
        np.array_split(network.X, n_batches), np.array_split(network.Y, n_batches), strict=True
    )
    if isinstance(network, LinearNetwork):
        return tuple(LinearNetwork(network.widths, X, Y) for X, Y in parts)
    return tuple(
        MLP(network.widths, network.activation, X, Y, network.loss, biases=network.biases)
        for X, Y in parts
    )
