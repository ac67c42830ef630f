"""Gradient descent with a step size of its own for each layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative
from ..engine.kernel import Kernel, RowsKernel, TapeKernel
from ..engine.machine.layer_step import LayerStep
from ..engine.map_tapes import MapTapes
from ..engine.rewrite import stable
from ..errors import InvalidInput
from ..losses.base import AbstractLoss, Points, substitute
from ..losses.linear_network import LinearNetwork
from ..losses.mlp import MLP
from ..regions import positive_count
from ..values import as_typed, to_value, unknown_name
from .base import Map
from .gradient_map import checked_loss, checked_setting, refuse_coordinates

__all__ = ["CarriedStepSizes", "LayerwiseDescent"]


@dataclass(frozen=True, init=False, repr=False)
class LayerwiseDescent(Map):
    """Gradient descent with one step size for each layer, θ_k -> θ_k - η_k ∇_k L(θ).

    Parameters
    ----------
    loss : Loss, LinearNetwork, MLP or AutodiffLoss
    step_sizes : sequence of numbers, fractions, text or sympy expressions
        One η_k > 0 for each layer, first layer first; symbols stay open until ``F.at(...)``.
    layers : sequence of int, optional
        How many coordinates each layer has, in the order of the coordinates. The layers of a
        network, its biases with its weights, and single coordinates of any other loss where not
        given.

    Raises
    ------
    InvalidInput
        For step sizes that are not positive numbers or expressions, another number of them than
        layers, and layers that do not add up to the coordinates of the loss.

    Notes
    -----
    The Jacobian is I - D ∇²L(θ) with D = diag(η_k), which is similar to the symmetric matrix
    I - D^½ ∇²L D^½: multipliers are real. With θ = D^½ u it is gradient descent with step size 1
    on u -> L(D^½ u), so that a rescaled network is the same thing seen in other coordinates.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> F = LayerwiseDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_sizes=("1/2", "1/8"))
    >>> F([2.0, 1.0])
    array([1.5 , 0.75])
    """

    loss: AbstractLoss
    step_sizes: tuple[sp.Expr, ...]
    layers: tuple[int, ...]

    def __init__(
        self, loss: AbstractLoss, step_sizes: Iterable[Any], layers: Sequence[int] | None = None
    ) -> None:
        object.__setattr__(self, "loss", checked_loss(loss))
        sizes = _own_layers(loss) if layers is None else _checked_layers(layers, loss)
        object.__setattr__(self, "layers", sizes)
        object.__setattr__(self, "step_sizes", _checked_steps(step_sizes, loss, len(sizes)))

    @property
    def dimension(self) -> int:
        return self.loss.dimension

    @property
    def names(self) -> tuple[str, ...]:
        return self.loss.names

    @property
    def parameters(self) -> tuple[str, ...]:
        own = {symbol.name for step in self.step_sizes for symbol in step.free_symbols}
        return tuple(sorted(own | set(self.loss.parameters)))

    def at(self, **values: Any) -> LayerwiseDescent:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        given = {name: to_value(value, name) for name, value in values.items()}
        loss = self.loss.at(**{n: v for n, v in given.items() if n in self.loss.parameters})
        steps = tuple(substitute(step, given) for step in self.step_sizes)
        return LayerwiseDescent(loss, steps, self.layers)

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        form = self.loss.symbolic
        return () if form is None else form.variables

    @cached_property
    def expression(self) -> sp.ImmutableMatrix | None:
        form = self.loss.symbolic
        if form is None:
            return None
        slopes = [derivative(form.bound, v) for v in form.variables]
        steps = np.repeat(np.array(self.step_sizes, dtype=object), self.layers)
        return sp.ImmutableMatrix(
            [v - step * g for v, step, g in zip(form.variables, steps, slopes, strict=True)]
        )

    @property
    def carried(self) -> CarriedStepSizes:
        """The same rule with the step sizes as coordinates, so that each start has its own."""
        return CarriedStepSizes(self.loss, self.layers)

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        form = self.loss.symbolic
        if form is not None:
            slopes = [derivative(stable(form.bound), v) for v in form.variables]
            steps = [sp.Dummy(f"step_size_{k}") for k in range(len(self.layers))]
            each = np.repeat(np.array(steps, dtype=object), self.layers)
            images = [v - s * g for v, s, g in zip(form.variables, each, slopes, strict=True)]
            return TapeKernel(MapTapes(images, slopes, form.variables, steps), self._numbers)
        return _rows_kernel(self.loss, self.layers, self._numbers)

    @property
    def _numbers(self) -> NDArray[np.float64]:
        return np.array([float(step) for step in self.step_sizes])

    def describe(self) -> str:
        steps = ", ".join(as_typed(step) for step in self.step_sizes)
        return f"layerwise descent on {self.loss.describe()}, step sizes {steps}"

    def __repr__(self) -> str:
        steps = ", ".join(as_typed(step) for step in self.step_sizes)
        return f"LayerwiseDescent({self.loss!r}, step_sizes=({steps}), layers={self.layers})"


@dataclass(frozen=True, repr=False)
class CarriedStepSizes(Map):
    """Layerwise descent on states (θ, η_1, …, η_k): the step sizes stay as they are.

    Made by ``F.carried``. One compiled map then advances starts with different step sizes side by
    side, for pictures over planes of step sizes. Its Jacobian has the multiplier 1 for each of
    them: for stability use the `LayerwiseDescent` of the step sizes in question.

    Parameters
    ----------
    on : AbstractLoss
        The loss. The map has none of its own: its starts are whole states, not points of a loss.
    layers : tuple of int

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> F = LayerwiseDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_sizes=("1/2", "1/8"))
    >>> F.carried([[2.0, 1.0, 0.5, 0.125], [2.0, 1.0, 1.0, 1.0]])
    array([[ 1.5  ,  0.75 ,  0.5  ,  0.125],
           [ 1.   , -1.   ,  1.   ,  1.   ]])
    """

    on: AbstractLoss
    layers: tuple[int, ...]

    loss: ClassVar[None] = None  # type: ignore[misc]

    @property
    def dimension(self) -> int:
        return self.on.dimension + len(self.layers)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.on.names, *(f"step_size_{k + 1}" for k in range(len(self.layers))))

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.on.parameters

    def at(self, **values: Any) -> CarriedStepSizes:
        return CarriedStepSizes(self.on.at(**values), self.layers)

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter", ", ".join(self.parameters), "every parameter to have a value"
            )
        return _rows_kernel(self.on, self.layers, None)

    def describe(self) -> str:
        return f"layerwise descent on {self.on.describe()}, step sizes of each start"

    def __repr__(self) -> str:
        return f"CarriedStepSizes({self.on!r}, layers={self.layers})"


def _rows_kernel(
    loss: AbstractLoss, layers: tuple[int, ...], fixed: NDArray[np.float64] | None
) -> Kernel:
    """Return the kernel with these step sizes, or with those that the states carry."""
    d, of_layer = loss.dimension, np.repeat(np.arange(len(layers)), layers)

    def steps(states: Points) -> Points:
        return states[:, d:][:, of_layer] if fixed is None else fixed[of_layer]

    def step(states: Points) -> tuple[Points, Points]:
        theta = states[:, :d]
        with np.errstate(all="ignore"):
            slopes = loss.gradient_at(theta)
            moved = theta - steps(states) * slopes
        return np.concatenate([moved, states[:, d:]], axis=1), slopes

    def jacobian(states: Points) -> NDArray[np.float64]:
        matrices = np.tile(np.eye(states.shape[1]), (len(states), 1, 1))
        with np.errstate(all="ignore"):
            curved = steps(states)[..., None] * loss.hessian_at(states[:, :d])
            matrices[:, :d, :d] -= curved
            if fixed is None:
                own = of_layer[:, None] == np.arange(len(layers))
                matrices[:, :d, d:] = -loss.gradient_at(states[:, :d])[:, :, None] * own
        return matrices

    known = loss.gradient_code()
    size = d + (len(layers) if fixed is None else 0)
    if known is None:
        return RowsKernel(size, step, jacobian)
    gradient, data = known
    code = LayerStep(gradient, layers, carried=fixed is None)
    told = data if fixed is None else np.concatenate([fixed, data])
    return RowsKernel(size, step, jacobian, code, told)


def _own_layers(loss: AbstractLoss) -> tuple[int, ...]:
    if isinstance(loss, LinearNetwork):
        return tuple(prod(shape) for shape in loss.shapes)
    if isinstance(loss, MLP):
        each = 2 if loss.biases else 1
        sizes = [prod(shape) for shape in loss.shapes]
        return tuple(sum(sizes[k : k + each]) for k in range(0, len(sizes), each))
    return (1,) * loss.dimension


def _checked_layers(layers: Any, loss: AbstractLoss) -> tuple[int, ...]:
    expected = f"numbers of coordinates that add up to {loss.dimension}"
    if not isinstance(layers, (tuple, list)):
        raise InvalidInput("layers", layers, expected)
    sizes = tuple(positive_count(size, "layers") for size in layers)
    if sum(sizes) != loss.dimension:
        raise InvalidInput("layers", layers, expected)
    return sizes


def _checked_steps(step_sizes: Any, loss: AbstractLoss, layers: int) -> tuple[sp.Expr, ...]:
    expected = f"one step size for each of {layers} layers"
    if isinstance(step_sizes, (str, bytes, dict, set, frozenset)) or not isinstance(
        step_sizes, Iterable
    ):
        raise InvalidInput("step_sizes", step_sizes, expected)
    given = list(step_sizes)
    if len(given) != layers:
        raise InvalidInput("step_sizes", f"{len(given)} of them", expected)
    steps = [checked_setting(one, "step_sizes", low=0, low_allowed=False) for one in given]
    for one in steps:
        refuse_coordinates(one, "step_sizes", loss)
    return tuple(steps)
