"""A step of gradient descent with one step size for each layer, as machine code."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from .cpu import Processor
from .gradient_step import GradientCode
from .step_code import StepCode
from .tiles import alignment, each, entry
from .writer import Function, Module

__all__ = ["LayerStep"]


@dataclass(frozen=True)
class LayerStep(StepCode):
    """The map θ -> θ - η_k ∇L(θ) on the coordinates of layer k, for each k.

    Parameters
    ----------
    gradient : GradientCode
    layers : tuple of int
        How many coordinates each layer has, in order.
    carried : bool
        Whether the step sizes are further coordinates of the state, which stay as they are: then
        every lane has its own. Otherwise they are the first parameters, before the data of the
        gradient.
    """

    gradient: GradientCode
    layers: tuple[int, ...]
    carried: bool

    @property
    def dimension(self) -> int:
        return self.gradient.dimension + (len(self.layers) if self.carried else 0)

    @property
    def residuals(self) -> int:
        return self.gradient.dimension

    @property
    def work(self) -> int:
        return self.gradient.work + 3 * self.dimension

    def lanes(self, host: Processor) -> int:
        return self.gradient.lanes(host)

    def write(self, module: Module) -> None:
        self.gradient.write(module)
        for name, residual in (("step", False), ("step_with_residual", True)):
            arguments = [("ptr", "state"), ("ptr", "image"), ("ptr", "parameters")]
            arguments[2:2] = [("ptr", "residual")] if residual else []
            f = module.function(name, arguments)
            d = self.gradient.dimension
            slopes = "%residual" if residual else f.room(f"[{d * module.lanes} x double]")
            data = f.offset("%parameters", 0 if self.carried else len(self.layers))
            f.call("gradient", ("ptr", "%state"), ("ptr", slopes), ("ptr", data))
            begins = accumulate(self.layers, initial=0)
            for k, (begin, size) in enumerate(zip(begins, self.layers, strict=False)):
                self._write_layer(f, slopes, (begin, size), self._step_size(f, k))
            f.give()

    def _step_size(self, f: Function, k: int) -> str:
        """Return the step size of layer k on all lanes; a carried one also goes to the image."""
        if not self.carried:
            return f.broadcast(f.load(f.offset("%parameters", k), kind="double"))
        place = str(self.gradient.dimension + k)
        step = f.load(entry(f, "%state", place), align=alignment(f))
        f.store(step, entry(f, "%image", place), align=alignment(f))
        return step

    def _write_layer(self, f: Function, slopes: str, span: tuple[int, int], step: str) -> None:
        begin, size = span
        downhill = f.neg(step)
        state, image, slope = (entry(f, tile, str(begin)) for tile in ("%state", "%image", slopes))

        def one(i: str) -> None:
            x, g = (f.load(entry(f, tile, i), align=alignment(f)) for tile in (state, slope))
            f.store(f.fma(downhill, g, x), entry(f, image, i), align=alignment(f))

        each(f, size, one)
