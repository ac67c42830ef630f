"""The command ``python -m benchmarks``."""

import os


def run() -> None:
    """Ask every library for one thread, which it hears only before it is loaded, and begin."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")
    from .command import main

    main(prog_name="python -m benchmarks")


if __name__ == "__main__":
    run()
