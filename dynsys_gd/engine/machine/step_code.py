"""What a map must give so that every driver can iterate it on lanes."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .cpu import Processor
from .writer import Module

__all__ = ["StepCode"]


class StepCode(ABC):
    """A map that is written as machine code; equal ones (by value) share their compiled code.

    A tile is `Module.lanes` states next to each other, coordinate by coordinate: entry (i, k) of
    the array ``[dimension][lanes]`` of doubles is coordinate i of lane k. Tiles are aligned to 64
    bytes.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates of the state."""

    @property
    @abstractmethod
    def residuals(self) -> int:
        """Number of entries of the residual."""

    @property
    def work(self) -> int:
        """Roughly how many operations one step of one trajectory takes."""
        return 10 * self.dimension

    @abstractmethod
    def lanes(self, host: Processor) -> int:
        """Return how many trajectories should advance together on this processor."""

    @abstractmethod
    def write(self, module: Module) -> None:
        """Define the two functions that drivers call.

        ``@step(ptr %state, ptr %image, ptr %parameters)`` and
        ``@step_with_residual(ptr %state, ptr %image, ptr %residual, ptr %parameters)``: tiles in,
        tiles out; the image may be the state itself; `%parameters` points to the kernel's
        parameters, doubles. Both give the same images to the last bit. The function is marked for
        inlining where its tiles fit in registers.
        """
