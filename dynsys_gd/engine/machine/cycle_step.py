"""Several maps, one after the other, as one map in machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .cpu import Processor
from .step_code import StepCode
from .tangent_code import POINTERS, TangentCode
from .tiles import alignment, each, entry
from .writer import Function, Module

__all__ = ["CycleStep", "CycleTangent"]


@dataclass(frozen=True)
class CycleStep(StepCode):
    """F = G_B ∘ … ∘ G_1, whose residual is the mean of the residuals on the way.

    Parameters
    ----------
    steps : tuple of StepCode
        G_1, …, G_B; equal ones are written once.
    offsets : tuple of int
        Where the parameters of each begin among those of the cycle.
    """

    steps: tuple[StepCode, ...]
    offsets: tuple[int, ...]

    @property
    def dimension(self) -> int:
        return self.steps[0].dimension

    @property
    def residuals(self) -> int:
        return self.steps[0].residuals

    @property
    def work(self) -> int:
        return sum(step.work for step in self.steps)

    def lanes(self, host: Processor) -> int:
        return min(step.lanes(host) for step in self.steps)

    def write(self, module: Module) -> None:
        names = _written(module, self.steps)
        for name, residual in (("step", False), ("step_with_residual", True)):
            arguments = [("ptr", "state"), ("ptr", "image"), ("ptr", "parameters")]
            arguments[2:2] = [("ptr", "residual")] if residual else []
            f = module.function(name, arguments)
            own = f.room(f"[{self.residuals * module.lanes} x double]") if residual else ""
            source = "%state"
            for k, (prefix, offset) in enumerate(zip(names, self.offsets, strict=True)):
                places = [source, "%image", f.offset("%parameters", offset)]
                if residual:
                    places[2:2] = [own if k else "%residual"]
                f.call(f"{prefix}{name}", *(("ptr", place) for place in places))
                if residual and k:
                    _accumulate(f, own, "%residual", self.residuals)
                source = "%image"
            if residual:
                _divide(f, "%residual", self.residuals, len(self.steps))
            f.give()


@dataclass(frozen=True)
class CycleTangent(TangentCode):
    """A cycle with its derivative in one direction, by the chain rule.

    Parameters
    ----------
    tangents : tuple of TangentCode
    offsets : tuple of int
        As for `CycleStep`.
    """

    tangents: tuple[TangentCode, ...]
    offsets: tuple[int, ...]

    @property
    def dimension(self) -> int:
        return self.tangents[0].dimension

    @property
    def residuals(self) -> int:
        return self.tangents[0].residuals

    @property
    def work(self) -> int:
        return sum(tangent.work for tangent in self.tangents)

    def lanes(self, host: Processor) -> int:
        return min(tangent.lanes(host) for tangent in self.tangents)

    def write(self, module: Module) -> None:
        names = _written(module, self.tangents)
        f = module.function("tangent", POINTERS)
        own = f.room(f"[{self.residuals * module.lanes} x double]")
        state, along = "%state", "%along"
        for k, (prefix, offset) in enumerate(zip(names, self.offsets, strict=True)):
            residual = own if k else "%residual"
            here = f.offset("%parameters", offset)
            places = (state, along, "%image", "%image_along", residual, here)
            f.call(f"{prefix}tangent", *(("ptr", place) for place in places))
            if k:
                _accumulate(f, own, "%residual", self.residuals)
            state, along = "%image", "%image_along"
        _divide(f, "%residual", self.residuals, len(self.tangents))
        f.give()


def _written(module: Module, codes: Sequence[StepCode] | Sequence[TangentCode]) -> list[str]:
    """Write each different code once; return the prefixes of the names of all."""
    prefixes: dict[StepCode | TangentCode, str] = {}
    for code in codes:
        if code not in prefixes:
            prefixes[code] = f"part{len(prefixes)}."
            code.write(module.named(prefixes[code]))
    return [prefixes[code] for code in codes]


def _accumulate(f: Function, tile: str, total: str, count: int) -> None:
    _changed(f, total, count, lambda value, i: f.add(value, _load(f, tile, i)))


def _divide(f: Function, total: str, count: int, divisor: int) -> None:
    _changed(f, total, count, lambda value, i: f.div(value, f.number(float(divisor))))


def _changed(f: Function, tile: str, count: int, change: Callable[[str, str], str]) -> None:
    def one(i: str) -> None:
        f.store(change(_load(f, tile, i), i), entry(f, tile, i), align=alignment(f))

    each(f, count, one)


def _load(f: Function, tile: str, i: str) -> str:
    return f.load(entry(f, tile, i), align=alignment(f))
