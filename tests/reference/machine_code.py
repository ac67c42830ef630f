"""Machine code under test, called from numpy: tiles are filled, and read, one row a trajectory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dynsys_gd.engine.machine.compiler import Program
from dynsys_gd.engine.machine.step_code import StepCode
from dynsys_gd.engine.machine.writer import Module


def aligned(count: int) -> np.ndarray:
    """Return zeros that begin at a multiple of 64 bytes."""
    room = np.zeros(count + 8)
    first = -(room.ctypes.data // 8) % 8
    return room[first : first + count]


def exported(module: Module, name: str, pointers: int) -> Callable[..., None]:
    """Return a function of arrays for the internal function `name` of a finished module."""
    listed = [f"p{k}" for k in range(pointers)]
    f = module.function(f"call_{name}", [("ptr", p) for p in listed], exported=True)
    f.call(name, *(("ptr", f"%{p}") for p in listed))
    f.give()
    function = Program(module).function(f"call_{name}", pointers)
    return lambda *arrays: function(*(a.ctypes.data for a in arrays))


class CompiledStep:
    """A map on rows whose steps are machine code."""

    def __init__(self, code: StepCode, *, lanes: int, fused: bool) -> None:
        self.code, self.lanes = code, lanes
        modules = [Module(lanes=lanes, fused=fused) for _ in range(2)]
        for module in modules:
            code.write(module)
        self._step = exported(modules[0], "step", 3)
        self._with_residual = exported(modules[1], "step_with_residual", 4)

    def step(self, rows: np.ndarray, parameters: np.ndarray, *, in_place: bool) -> np.ndarray:
        """Return the images of as many rows as there are lanes."""
        state = self._tile(rows)
        image = state if in_place else aligned(state.size)
        self._step(state, image, parameters)
        return self._rows(image)

    def step_with_residual(
        self, rows: np.ndarray, parameters: np.ndarray, *, in_place: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the images and the residuals."""
        state = self._tile(rows)
        image = state if in_place else aligned(state.size)
        residual = aligned(self.code.residuals * self.lanes)
        self._with_residual(state, image, residual, parameters)
        return self._rows(image), self._rows(residual)

    def _tile(self, rows: np.ndarray) -> np.ndarray:
        tile = aligned(rows.size)
        tile[:] = rows.T.ravel()
        return tile

    def _rows(self, tile: np.ndarray) -> np.ndarray:
        return tile.reshape(-1, self.lanes).T.copy()
