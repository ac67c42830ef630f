"""An update rule around a gradient that is machine code itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
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

_DATA = "%parameters"
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

    @property
    def work(self) -> int:
        """Roughly how many operations one gradient takes."""
        return 2 * self.dimension

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
    rest = [after - before for before, after in pairwise(state)]
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

    @property
    def work(self) -> int:
        update = len(self.rule.point.code) + len(self.rule.images.code)
        return self.gradient.work + update * self.gradient.dimension

    def lanes(self, host: Processor) -> int:
        return self.gradient.lanes(host)

    def write(self, module: Module) -> None:
        self.gradient.write(module)
        for name, residual in (("step", False), ("step_with_residual", True)):
            arguments = [("ptr", "state"), ("ptr", "image"), ("ptr", "parameters")]
            arguments[2:2] = [("ptr", "residual")] if residual else []
            f = module.function(name, arguments, inline=self._short)
            slopes = self._tile(f)
            data = f.offset("%parameters", self.rule.settings)
            f.call("gradient", ("ptr", self._point(f)), ("ptr", slopes), ("ptr", data))
            for i in self._coordinates(f):
                values = self._blocks(f, "%state", i)
                values.append(f.load(f.offset(slopes, i), align=_alignment(f)))
                # Each tape by itself: what the residual needs must not change the image.
                images = write_tape(f, self.rule.images, self.rule.images.outputs, values, _DATA)
                self._store(f, "%image", i, images)
                if residual:
                    tape = self.rule.residuals
                    self._store(f, "%residual", i, write_tape(f, tape, tape.outputs, values, _DATA))
            f.give()

    @property
    def _short(self) -> bool:
        return self.dimension <= _MOST_UNROLLED

    def _point(self, f: Function) -> str:
        """Return where the point is at which the gradient is taken."""
        tape = self.rule.point
        instruction = tape.code[tape.outputs[0]]
        if instruction.op is Op.INPUT:
            return self._block(f, "%state", int(instruction.payload))  # type: ignore[arg-type]
        point = self._tile(f)
        for i in self._coordinates(f):
            (value,) = write_tape(f, tape, tape.outputs, self._blocks(f, "%state", i), _DATA)
            f.store(value, f.offset(point, i), align=_alignment(f))
        return point

    def _tile(self, f: Function) -> str:
        return f.room(f"[{self.gradient.dimension * f.module.lanes} x double]")

    def _coordinates(self, f: Function) -> Iterator[str]:
        """Yield where each coordinate is in a tile; once, in a loop, where there are many."""
        lanes, d = f.module.lanes, self.gradient.dimension
        if self._short:
            yield from (str(i * lanes) for i in range(d))
        else:
            with f.loop(str(d * lanes), step=str(lanes)) as place:
                yield place

    def _block(self, f: Function, tiles: str, block: int) -> str:
        return f.offset(tiles, block * self.gradient.dimension * f.module.lanes)

    def _blocks(self, f: Function, tiles: str, place: str) -> list[str]:
        """Return the values of all blocks at one coordinate."""
        return [
            f.load(f.offset(self._block(f, tiles, k), place), align=_alignment(f))
            for k in range(self.rule.blocks)
        ]

    def _store(self, f: Function, tiles: str, place: str, values: Sequence[str]) -> None:
        for block, value in enumerate(values):
            f.store(value, f.offset(self._block(f, tiles, block), place), align=_alignment(f))


def _alignment(f: Function) -> int:
    return min(64, 8 * f.module.lanes)
