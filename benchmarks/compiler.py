"""C sources become functions: compiled where they run, into a folder that goes away."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["CFunction", "address", "build", "compiler_missing"]

CFunction = Callable[..., int]

_SOURCES = Path(__file__).parent / "c"
# No -ffast-math: a library linked with it changes how the whole process treats small numbers.
_FLAGS = ("-O3", "-march=native", "-fPIC", "-shared", "-Wall", "-Wextra")


@lru_cache(maxsize=1)
def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def compiler_missing() -> str | None:
    """Return why nothing can be compiled here, or None."""
    return None if _compiler() else "no C compiler (gcc, cc) found"


@lru_cache(maxsize=256)
def build(source: str, definitions: tuple[str, ...]) -> CFunction:
    """Return the function ``run`` of a file in ``c/``, compiled with ``-D`` definitions."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "code.so"
        command = [str(_compiler()), *_FLAGS, "-o", str(place), str(_SOURCES / source)]
        command += [f"-D{definition}" for definition in definitions] + ["-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
        function: CFunction = ctypes.CDLL(str(place)).run  # once loaded, the file may go
    return function


def address(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return an array as C sees it."""
    return array.ctypes.data_as(ctypes.c_void_p)
