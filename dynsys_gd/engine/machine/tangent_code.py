"""How a displacement is carried along with a state, as machine code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from ..tape import Tape
from .cpu import Processor
from .step_code import StepCode
from .tape_step import TapeStep, vectors_in_flight, write_tape
from .tiles import alignment, each, entry, squared_norm
from .writer import Function, Module

__all__ = ["OFFSET", "DifferenceTangent", "TangentCode", "TapeTangent"]

OFFSET = 1e-7  # of a difference quotient, relative to 1 + |x|


class TangentCode(ABC):
    """A map together with its derivative in one direction; equal ones share compiled code.

    Tiles are laid out as for `StepCode`.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates of the state, and of the direction."""

    @property
    @abstractmethod
    def residuals(self) -> int:
        """Number of entries of the residual."""

    @property
    @abstractmethod
    def work(self) -> int:
        """Roughly how many operations one step of one trajectory takes."""

    @abstractmethod
    def lanes(self, host: Processor) -> int:
        """Return how many trajectories should advance together on this processor."""

    @abstractmethod
    def write(self, module: Module) -> None:
        """Define the step.

        ``@tangent(ptr %state, ptr %along, ptr %image, ptr %image_along, ptr %residual,
        ptr %parameters)``: from x and v to F(x), DF(x) v and the residual at x. An image may lie
        where its state does. The images are those of the map's `StepCode` to the last bit.
        """


POINTERS = [
    ("ptr", name) for name in ("state", "along", "image", "image_along", "residual", "parameters")
]


@dataclass(frozen=True)
class TapeTangent(TangentCode):
    """The code that `tangent_tape` gives.

    Parameters
    ----------
    tape : Tape
        From state and direction to image, residual and derivative.
    """

    tape: Tape

    @property
    def dimension(self) -> int:
        return len(self.tape.inputs) // 2

    @property
    def residuals(self) -> int:
        return len(self.tape.outputs) - 2 * self.dimension

    @property
    def work(self) -> int:
        return self._pair.work

    def lanes(self, host: Processor) -> int:
        return host.width * vectors_in_flight(self.tape, self._pair.tape.outputs, host)

    @cached_property
    def _pair(self) -> TapeStep:
        """State and direction as one state."""
        d = self.dimension
        moving = (*self.tape.outputs[:d], *self.tape.outputs[-d:])
        return TapeStep(replace(self.tape, outputs=moving))

    def write(self, module: Module) -> None:
        d, align = self.dimension, min(64, 8 * module.lanes)
        f = module.function("tangent", POINTERS, inline=True)
        inputs = [
            f.load(f.offset(tile, i * module.lanes), align=align)
            for tile in ("%state", "%along")
            for i in range(d)
        ]
        outputs = self.tape.outputs
        # Each by itself, as in a step without a tangent: an image is fused alike in both.
        parts = {"%image": outputs[:d], "%residual": outputs[d:-d], "%image_along": outputs[-d:]}
        written = {
            place: write_tape(f, self.tape, wanted, inputs, "%parameters")
            for place, wanted in parts.items()
        }
        for place, values in written.items():
            for i, value in enumerate(values):
                f.store(value, f.offset(place, i * module.lanes), align=align)
        f.give()


@dataclass(frozen=True)
class DifferenceTangent(TangentCode):
    """The difference quotient (F(x + h v) - F(x)) / h with h = OFFSET (1 + |x|) / |v|."""

    step: StepCode

    @property
    def dimension(self) -> int:
        return self.step.dimension

    @property
    def residuals(self) -> int:
        return self.step.residuals

    @property
    def work(self) -> int:
        return 2 * self.step.work

    def lanes(self, host: Processor) -> int:
        return self.step.lanes(host)

    def write(self, module: Module) -> None:
        self.step.write(module)
        f, d = module.function("tangent", POINTERS), self.dimension
        tile = f"[{d * module.lanes} x double]"
        shifted, here, there = (f.room(tile) for _ in range(3))
        size = f.intrinsic("sqrt", squared_norm(f, d, _coordinate(f, "%state")))
        along = f.intrinsic("sqrt", squared_norm(f, d, _coordinate(f, "%along")))
        offset = f.div(f.mul(f.number(OFFSET), f.add(f.number(1.0), size)), along)

        def shift(i: str) -> None:
            moved = f.mul(offset, _coordinate(f, "%along")(i))
            value = f.add(_coordinate(f, "%state")(i), moved)
            f.store(value, entry(f, shifted, i), align=alignment(f))

        each(f, d, shift)
        pairs = [("ptr", p) for p in ("%state", here, "%residual", "%parameters")]
        f.call("step_with_residual", *pairs)
        f.call("step", *(("ptr", p) for p in (shifted, there, "%parameters")))

        def divide(i: str) -> None:
            image = _coordinate(f, here)(i)
            quotient = f.div(f.sub(_coordinate(f, there)(i), image), offset)
            f.store(image, entry(f, "%image", i), align=alignment(f))
            f.store(quotient, entry(f, "%image_along", i), align=alignment(f))

        each(f, d, divide)
        f.give()


def _coordinate(f: Function, tile: str) -> Callable[[str], str]:
    return lambda i: f.load(entry(f, tile, i), align=alignment(f))
