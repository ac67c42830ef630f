"""Which straight-line codes a symbolic map has; each is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import sympy as sp

from .derivative import jacobian
from .tangent import tangent_tape
from .tape import Tape, lower

__all__ = ["MapTapes"]


class MapTapes:
    """A map x -> F(x) and its residual, symbolic.

    Parameters
    ----------
    images, residuals : sequence of sympy.Expr
        In stable form.
    variables, parameters : sequence of Symbol
    """

    def __init__(
        self,
        images: Sequence[sp.Expr],
        residuals: Sequence[sp.Expr],
        variables: Sequence[sp.Symbol],
        parameters: Sequence[sp.Symbol],
    ) -> None:
        self.images, self.residuals = tuple(images), tuple(residuals)
        self.variables, self.parameters = tuple(variables), tuple(parameters)

    @cached_property
    def step(self) -> Tape:
        """From a state to its image, then its residual."""
        return lower(self.images, self.variables, self.parameters, rest=self.residuals)

    @cached_property
    def tangent(self) -> Tape:
        """From a state and a direction to image, residual, and the derivative along it."""
        return tangent_tape(self.step, len(self.images))

    @cached_property
    def jacobian(self) -> Tape:
        """From a state to the Jacobian, row by row."""
        return lower(jacobian(self.images, self.variables), self.variables, self.parameters)
