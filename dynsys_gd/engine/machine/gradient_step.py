"""An update rule around a gradient that is machine code itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from ..operations import Op
from ..tape import Tape, lower
from .cpu import Processor
from .step_code import StepCode
from .tape_step import write_tape
from .writer import Function, Module

__all__ = ["GradientCode", "GradientStep", "UpdateCode", "update_code"]

Update = Callable[..., tuple[list[Any], Any]]

_MOST_UNROLLED = 18  # coordinates that are updated one after the other; beyond, in a loop


class GradientCode(ABC):
    """A gradient that is written as machine code; equal ones (by value) share compiled code.

    Tiles are laid out as for `StepCode`: entry (i, k) of ``[dimension][lanes]`` is coordinate i of
    lane k.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates of the point, and of the gradient."""

    @abstractmethod
    def lanes(self, host: Processor) -> int:
        """Return how many trajectories should advance together on this processor."""

    @abstractmethod
    def write(self, module: Module) -> None:
        """Define ``@gradient(ptr %point, ptr %gradient, ptr %parameters)``.

        Both tiles are aligned to 64 bytes and do not overlap; `%parameters` points to the data of
        the loss only, doubles. The function is marked for inlining where it is short.
        """


@dataclass(frozen=True, kw_only=True)
class UpdateCode:
    """An update rule for one coordinate, the same for all.

    Parameters
    ----------
    point : Tape
        From the blocks of the state to where the gradient is taken.
    images : Tape
        From the blocks and the gradient to the new blocks.
    residuals : Tape
        From the blocks and the gradient to the gradient that was used and the differences of
        successive blocks.
    """

    point: Tape
    images: Tape
    residuals: Tape

    @property
    def blocks(self) -> int:
        """Number of blocks of the state."""
        return len(self.point.inputs)

    @property
    def settings(self) -> int:
        """Number of settings."""
        return len(self.point.parameters)


@lru_cache(maxsize=64)
def update_code(update: Update, blocks: int, settings: tuple[str, ...]) -> UpdateCode:
    """Return an update rule as straight-line code.

    Parameters
    ----------
    update : callable (state, gradient, settings) -> (images, gradient used)
        Written for arrays and for symbols alike, and for each coordinate by itself; it takes the
        gradient once.
    blocks : int
        Number of blocks of the state.
    settings : tuple of str
        Their names, in the order in which their values are passed.

    Examples
    --------
    >>> def descent(state, gradient, settings):
    ...     g = gradient(state[0])
    ...     return [state[0] - settings["step_size"] * g], g
    >>> code = update_code(descent, 1, ("step_size",))
    >>> [instruction.op.value for instruction in code.images.code]
    ['input', 'input', 'parameter', 'mul', 'neg', 'add']
    """
    state = [sp.Dummy(f"block_{k}") for k in range(blocks)]
    values = {name: sp.Dummy(name) for name in settings}
    slope = sp.Dummy("gradient")
    points: list[sp.Expr] = []

    def gradient(point: sp.Expr) -> sp.Expr:
        points.append(point)
        return slope

    images, used = update(state, gradient, values)
    (point,) = points
    rest = [after - before for before, after in zip(state, state[1:], strict=False)]
    parameters = list(values.values())
    return UpdateCode(
        point=lower([point], state, parameters),
        images=lower(images, [*state, slope], parameters),
        residuals=lower([used, *rest], [*state, slope], parameters),
    )


@dataclass(frozen=True)
class GradientStep(StepCode):
    """The map of an update rule; parameters are its settings, then the data of the gradient."""

    gradient: GradientCode
    rule: UpdateCode

    @property
    def dimension(self) -> int:
        return self.rule.blocks * self.gradient.dimension

    @property
    def residuals(self) -> int:
        return len(self.rule.residuals.outputs) * self.gradient.dimension

    def lanes(self, host: Processor) -> int:
        return self.gradient.lanes(host)

    def write(self, module: Module) -> None:
        self.gradient.write(module)
        for name, residual in (("step", False), ("step_with_residual", True)):
            arguments = [("ptr", "state"), ("ptr", "image"), ("ptr", "parameters")]
            arguments[2:2] = [("ptr", "residual")] if residual else []
            f = module.function(name, arguments, inline=self._short)
            # The gradient that was used is the first part of the residual.
            used = "%residual" if residual and self._keeps_gradient else self._room(f)
            data = f.offset("%parameters", self.rule.settings)
            f.call("gradient", ("ptr", self._point(f)), ("ptr", used), ("ptr", data))
            self._each(f, lambda f, i, used=used, residual=residual: self._finish(f, i, used, residual))
            f.give()
