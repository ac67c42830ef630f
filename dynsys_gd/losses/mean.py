"""The mean of several losses of the same parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.machine.hessian_product import HessianProductCode
from ..errors import InvalidInput
from ..evidence import Outcome
from ..values import by_name, to_value, unknown_name
from .base import AbstractLoss, Points, SymbolicForm

__all__ = ["MeanLoss", "checked_losses", "checked_weights", "losses_at"]


@dataclass(frozen=True, init=False, repr=False)
class MeanLoss(AbstractLoss):
    """The mean of B losses, which share their coordinates, and their parameters by name.

    Parameters
    ----------
    losses : sequence of losses
        At least one, all of the same dimension.
    weights : sequence of numbers, optional
        Positive, with sum 1; equal ones by default.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> mean = MeanLoss([Loss((x - 1)**2, [x]), Loss((x + 1)**2, [x])])
    >>> float(mean([2.0])), mean.gradient_at([2.0])
    (5.0, array([4.]))
    """

    losses: tuple[AbstractLoss, ...]
    weights: tuple[sp.Expr, ...] | None

    def __init__(
        self, losses: Sequence[AbstractLoss], weights: Sequence[Any] | None = None
    ) -> None:
        object.__setattr__(self, "losses", checked_losses(losses))
        given = None if weights is None else checked_weights(weights, len(self.losses), "weights")
        object.__setattr__(self, "weights", given)

    @property
    def dimension(self) -> int:
        return self.losses[0].dimension

    @property
    def names(self) -> tuple[str, ...]:
        return self.losses[0].names

    @property
    def analytic(self) -> Outcome:
        outcome = Outcome.all_of(loss.analytic for loss in self.losses)
        # A sum can be smooth although its terms are not.
        return Outcome.UNDECIDED if outcome is Outcome.NO and len(self.losses) > 1 else outcome

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(sorted({name for loss in self.losses for name in loss.parameters}))

    def at(self, **values: Any) -> MeanLoss:
        return MeanLoss(losses_at(self.losses, values), self.weights)

    @property
    def symbolic(self) -> SymbolicForm | None:
        forms = [loss.symbolic for loss in self.losses]
        variables = forms[0].variables if forms[0] is not None else ()
        if any(form is None or form.variables != variables for form in forms):
            return None
        bound = [form.bound for form in forms if form is not None]
        weights = self.weights or [sp.Integer(1)] * len(bound)
        total = sum((w * form for w, form in zip(weights, bound, strict=True)), sp.Integer(0))
        by_name(total.free_symbols | set(variables), "losses")
        return SymbolicForm(total if self.weights else total / len(forms), variables)

    def __call__(self, points: Any) -> Points:
        return self._mean([loss(points) for loss in self.losses])

    def gradient_at(self, points: Any) -> Points:
        return self._mean([loss.gradient_at(points) for loss in self.losses])

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        return self._mean([loss.hessian_at(points) for loss in self.losses])

    def _mean(self, values: list[Points]) -> Points:
        if self.weights is None:
            return np.asarray(np.mean(values, axis=0))
        pairs = zip(self.weights, values, strict=True)
        return np.asarray(sum(float(weight) * value for weight, value in pairs))

    def hessian_product_code(self) -> tuple[HessianProductCode, NDArray[np.float64]] | None:
        # The formula of a sum of networks is long; their Hessians are added as numbers instead.
        networks = any(loss.gradient_code() is not None for loss in self.losses)
        return None if networks else super().hessian_product_code()

    def hessian_operator(self, points: Any) -> Callable[[Points], Points]:
        each = [loss.hessian_operator(points) for loss in self.losses]
        return lambda directions: self._mean([multiply(directions) for multiply in each])

    def describe(self) -> str:
        first, count = self.losses[0].describe(), len(self.losses)
        return first if count == 1 else f"mean of {count} losses, the first of them {first}"

    def __repr__(self) -> str:
        return f"MeanLoss({list(self.losses)})"


def checked_losses(losses: Any) -> tuple[AbstractLoss, ...]:
    """Return a non-empty tuple of losses of one dimension, or refuse it."""
    expected = "a non-empty list of losses of the same parameters"
    given = tuple(losses) if isinstance(losses, Sequence) else ()
    if not given or not all(isinstance(loss, AbstractLoss) for loss in given):
        raise InvalidInput("losses", losses, expected)
    for loss in given[1:]:
        if loss.dimension != given[0].dimension or loss.names != given[0].names:
            raise InvalidInput(
                "losses", f"coordinates {given[0].names[:6]} and {loss.names[:6]}", expected
            )
    return given


def checked_weights(weights: Any, count: int, argument: str) -> tuple[sp.Expr, ...]:
    """Return `count` positive numbers with sum 1, or refuse them."""
    expected = f"{count} positive numbers with sum 1"
    if isinstance(weights, (str, bytes)) or not isinstance(weights, (Sequence, np.ndarray)):
        raise InvalidInput(argument, weights, expected)
    found = tuple(to_value(weight, argument) for weight in weights)
    positive = all(weight.is_number and float(weight) > 0 for weight in found)
    if len(found) != count or not positive or abs(float(sum(found)) - 1.0) > _ROUNDING:
        raise InvalidInput(argument, weights, expected)
    return found


_ROUNDING = 1e-12


def losses_at(losses: Sequence[AbstractLoss], values: dict[str, Any]) -> list[AbstractLoss]:
    """Return every loss with those of the parameters it has given a value."""
    known = {name for loss in losses for name in loss.parameters}
    for name in values:
        if name not in known:
            raise unknown_name(name, known)
    return [
        loss.at(**{name: value for name, value in values.items() if name in loss.parameters})
        for loss in losses
    ]
