"""The columns of the table."""

from __future__ import annotations

from .base import Engine
from .c_reference import Reference
from .c_scalar import Scalar
from .heyoka_functions import Heyoka
from .jax_vmap import Jax
from .numpy_arrays import NumpyArrays
from .own import Own
from .pynamicalsys_ensemble import Pynamicalsys

__all__ = ["every_engine"]


def every_engine() -> list[Engine]:
    """Return all engines; the first is what the others are compared with."""
    return [Reference(), Own(), Scalar(), NumpyArrays(), Jax(), Heyoka(), Pynamicalsys()]
