"""Makes the engine believe that it runs on another, lesser processor."""

import sys

from dynsys_gd.engine.machine.cpu import Processor

SSE2 = Processor(name="x86-64", features="", width=2, registers=16, fused=False)
AVX2 = Processor(name="x86-64-v3", features="", width=4, registers=16, fused=True)


def pretend(monkeypatch, made_up):
    """Let every module of the engine see the processor `made_up`; forget what was compiled."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("dynsys_gd.engine"):
            continue
        if hasattr(module, "processor"):
            monkeypatch.setattr(module, "processor", lambda: made_up)
        if hasattr(getattr(module, "_program", None), "__wrapped__"):  # those that remember
            monkeypatch.setattr(module, "_program", module._program.__wrapped__)
