"""Stochastic gradient descent: one batch after the other, each chosen at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from ..engine.kernel import Kernel
from ..engine.random_choice import RandomChoiceKernel, places_of, random_places
from ..errors import InvalidInput
from ..losses.base import AbstractLoss, Points, as_points, substitute
from ..losses.mean import MeanLoss, checked_losses, checked_weights, losses_at
from ..regions import generator_of, seed_of
from ..values import as_typed, to_value, unknown_name
from .base import Map
from .gradient_descent import GradientDescent
from .gradient_map import checked_setting, refuse_coordinates

__all__ = ["RandomMinibatch"]


@dataclass(frozen=True, init=False, repr=False)
class RandomMinibatch(Map):
    """Stochastic gradient descent, θ -> θ - η ∇L_b(θ) with b drawn anew at each step.

    Parameters
    ----------
    losses : sequence of losses
        L_1, …, L_B. `minibatches` makes them from the data of a network.
    step_size : number, fraction, text or sympy expression
        The step size η > 0 of every step.
    probabilities : sequence of numbers, optional
        Of the batches, positive, with sum 1; equal ones by default.
    rng : int, Generator or SeedSequence, optional
        From which the random sequence follows; `seed` records a number that repeats it.

    Notes
    -----
    A random dynamical system as a skew product over a rotation: the state is (θ, ω) with a place ω
    in [0, 1) of a random sequence that belongs to the seed, and a step is (θ, ω) -> (θ - η ∇L_b(θ),
    ω + φ mod 1) with b read off at place ω. So an orbit is a function of its start and the seed, to
    the last bit, whatever it is computed together with. A point of the loss alone gets a place that
    follows from its coordinates; `states` gives random ones, as for many runs from one point.

    `loss` is the mean of the batch losses under the probabilities. Only where all batches have a
    minimum in common does a point stay where it is. Whether it is stable there is told by the
    Lyapunov exponent of the random products Π (I - η ∇²L_b), as `lyapunov_spectrum` measures it
    with ``exponents=1``; the place has no tangent. Since places go on, no orbit is periodic, and
    `simulate` tells only which orbits escape.

    References
    ----------
    Chemnitz and Engel (2024), ``chemnitz2024stability``.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> losses = [Loss((x - 1)**2 / 2, [x]), Loss((x + 1)**2 / 2, [x])]
    >>> F = RandomMinibatch(losses, step_size="1/2", rng=0)
    >>> ends = F.project(F.iterate(F.states([[0.0]] * 1000, rng=1), 60))
    >>> bool(abs(ends).max() < 1), float(ends.std().round(1))  # uniform in [-1, 1]
    (True, 0.6)
    """

    losses: tuple[AbstractLoss, ...]
    step_size: sp.Expr
    probabilities: tuple[sp.Expr, ...]
    seed: int

    def __init__(
        self,
        losses: Sequence[AbstractLoss],
        step_size: Any,
        probabilities: Sequence[Any] | None = None,
        *,
        rng: Any = None,
    ) -> None:
        object.__setattr__(self, "losses", checked_losses(losses))
        step = checked_setting(step_size, "step_size", low=0, low_allowed=False)
        refuse_coordinates(step, "step_size", self.losses[0])
        object.__setattr__(self, "step_size", step)
        count = len(self.losses)
        given = [sp.Rational(1, count)] * count if probabilities is None else probabilities
        object.__setattr__(self, "probabilities", checked_weights(given, count, "probabilities"))
        object.__setattr__(self, "seed", seed_of(rng) % 2**64)

    @cached_property
    def loss(self) -> AbstractLoss:  # type: ignore[override]
        """The mean of the batch losses under the probabilities."""
        return MeanLoss(self.losses, self.probabilities)

    @property
    def dimension(self) -> int:
        return self.losses[0].dimension + 1

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.losses[0].names, "place")

    @property
    def parameters(self) -> tuple[str, ...]:
        own = {symbol.name for symbol in self.step_size.free_symbols}
        return tuple(sorted(own.union(*(loss.parameters for loss in self.losses))))

    def at(self, **values: Any) -> RandomMinibatch:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        given = {name: to_value(value, name) for name, value in values.items()}
        inner = {n: v for n, v in given.items() if any(n in f.parameters for f in self.losses)}
        step = substitute(self.step_size, given)
        losses = losses_at(self.losses, inner)
        return RandomMinibatch(losses, step, self.probabilities, rng=self.seed)

    def lift(self, points: Points) -> Points:
        """Return states from points of the loss, at places that follow from the points."""
        rows = np.asarray(points, dtype=np.float64)
        places = places_of(rows.reshape(-1, rows.shape[-1]), self.seed)
        return np.concatenate([rows, places.reshape(*rows.shape[:-1], 1)], axis=-1)

    def states(self, points: Any, *, rng: Any = None) -> Points:
        """Return states from points of the loss, at random places.

        Parameters
        ----------
        points : array_like, shape (..., d)
        rng : int, Generator or SeedSequence, optional

        Returns
        -------
        ndarray, shape (..., d + 1)

        Examples
        --------
        >>> from sympy.abc import x
        >>> from dynsys_gd import Loss
        >>> F = RandomMinibatch([Loss(x**2, [x])], "1/4", rng=0)
        >>> F.states([[1.0], [1.0]], rng=0).shape
        (2, 2)
        """
        rows = as_points(points, self.dimension - 1, "points")
        places = random_places(generator_of(rng), rows.shape[:-1])
        return np.concatenate([rows, places[..., None]], axis=-1)

    def project(self, states: Points) -> Points:
        return np.asarray(states)[..., :-1]

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        steps = tuple(GradientDescent(loss, self.step_size).kernel() for loss in self.losses)
        limits = np.cumsum([float(p) for p in self.probabilities])[:-1]
        return RandomChoiceKernel(steps, limits, self.seed)

    def describe(self) -> str:
        shown = ", ".join(as_typed(p) for p in self.probabilities[:4])
        more = ", …" if len(self.probabilities) > 4 else ""
        return (
            f"stochastic gradient descent on {len(self.losses)} batches, probabilities {shown}"
            f"{more}, first {self.losses[0].describe()}, step size {as_typed(self.step_size)}"
        )

    def __repr__(self) -> str:
        chances = ", ".join(as_typed(p) for p in self.probabilities)
        step = as_typed(self.step_size)
        return f"RandomMinibatch({list(self.losses)}, {step}, [{chances}], rng={self.seed})"
