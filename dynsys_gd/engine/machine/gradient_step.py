"""An update rule around a gradient that is machine code itself."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .cpu import Processor
from .writer import Module

__all__ = ["GradientCode"]


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
