"""From LLVM assembly to functions that Python can call."""

from __future__ import annotations

import ctypes
from threading import Lock
from typing import Any

from .cpu import llvm, processor
from .writer import Module

__all__ = ["Program"]

_compiling = Lock()  # LLVM's global context is not safe for concurrent use


class Program:
    """A compiled module. Its code lives as long as this object does.

    Functions take pointers and 64-bit integers and release the interpreter lock while they run.
    """

    def __init__(self, module: Module) -> None:
        self._engine = _compiled(module)

    def function(self, name: str, arguments: int, *, returns: bool = False) -> Any:
        """Return a callable for an exported function with `arguments` 64-bit arguments.

        Addresses are passed as whole numbers.
        """
        answer = ctypes.c_int64 if returns else None
        prototype = ctypes.CFUNCTYPE(answer, *[ctypes.c_int64] * arguments)
        callable_ = prototype(self.address(name))
        callable_.program = self  # type: ignore[attr-defined]  # keeps the code alive
        return callable_

    def address(self, name: str) -> int:
        """Return where the code of an exported function begins."""
        return int(self._engine.get_function_address(name))


def _compiled(module: Module) -> Any:
    binding: Any = llvm()
    host = processor()
    if binding is None or host is None:
        raise RuntimeError("machine code is not available here; ask processor() first")
    with _compiling:
        target = binding.Target.from_triple(binding.get_process_triple())
        machine = target.create_target_machine(
            cpu=host.name, features=host.features, opt=2, jit=True
        )
        parsed = binding.parse_assembly(module.text())
        parsed.triple = binding.get_process_triple()
        parsed.data_layout = str(machine.target_data)
        _optimise(binding, machine, parsed)
        engine = binding.create_mcjit_compiler(parsed, machine)
        engine.finalize_object()
    return engine


def _optimise(binding: Any, machine: Any, parsed: Any) -> None:
    """Run the few passes that matter for code already written in vectors.

    The full pipeline takes three times as long and gives the same loops.
    """
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options())
    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    passes.add_aggressive_dce_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(parsed, builder)
