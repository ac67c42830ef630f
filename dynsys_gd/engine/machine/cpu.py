"""What the processor found here can do, and whether machine code can be made at all."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from .writer import ALLOCATE, FREE

__all__ = ["Processor", "llvm", "processor"]


@dataclass(frozen=True, kw_only=True)
class Processor:
    """The processor code is made for.

    Parameters
    ----------
    name : str
        As LLVM calls it.
    features : str
        Feature flags for LLVM.
    width : int
        Doubles in one vector register: 8 with AVX-512, 4 with AVX, 2 otherwise (SSE2, NEON).
    registers : int
        Number of vector registers.
    fused : bool
        Whether it multiplies and adds with one rounding.
    """

    name: str
    features: str
    width: int
    registers: int
    fused: bool

    @staticmethod
    def of(name: str, architecture: str, features: dict[str, bool]) -> Processor:
        """Return the processor with the given feature flags.

        Examples
        --------
        >>> Processor.of("old", "x86_64", {"sse2": True}).width
        2
        >>> Processor.of("m1", "arm64", {"neon": True}).fused
        True
        """
        arm = architecture.startswith(("aarch64", "arm64"))
        wide = features.get("avx512f", False) and features.get("avx512dq", False)
        width = 8 if wide else 4 if features.get("avx", False) else 2
        # LLVM prefers half-width registers on some processors; measured, the full width is faster.
        unwanted = {"prefer-256-bit": False} if wide else {}
        flags = {**features, **unwanted}
        text = ",".join(f"{'+' if on else '-'}{flag}" for flag, on in sorted(flags.items()))
        return Processor(
            name=name,
            features=text,
            width=width,
            registers=32 if wide or arm else 16,
            fused=arm or features.get("fma", False),
        )


@lru_cache(maxsize=1)
def llvm() -> ModuleType | None:
    """Return llvmlite's binding, ready for this processor, or None where there is none."""
    try:
        import llvmlite.binding as binding
    except (ImportError, OSError):  # no wheel for this platform, or one that does not load
        return None
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for name, function in (
        (ALLOCATE, ctypes.pythonapi.PyMem_RawMalloc),
        (FREE, ctypes.pythonapi.PyMem_RawFree),
    ):
        binding.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    return binding


@lru_cache(maxsize=1)
def processor() -> Processor | None:
    """Return the processor found here, or None where machine code cannot be made."""
    binding: Any = llvm()
    if binding is None:
        return None
    triple = binding.get_process_triple()
    features = dict(binding.get_host_cpu_features())
    return Processor.of(binding.get_host_cpu_name(), triple.split("-")[0], features)
