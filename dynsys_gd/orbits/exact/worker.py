"""The other side of `within_seconds`: one task in, one answer out, in a process of its own."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

from ..algebra.cycles import find_cycles
from ..algebra.decomposition import decompose
from .one_dimension import real_solutions

__all__ = ["TASKS", "main"]

# Hopeless systems grow in memory before they run out of time.
_MEMORY = 6 * 2**30

TASKS: dict[str, Callable[[Any], Any]] = {
    "decompose": decompose,
    "cycles": find_cycles,
    "solve": real_solutions,
}


def main() -> None:
    """Read a pickled (task, argument) from standard input, write the pickled answer."""
    try:
        import resource
    except ImportError:  # not on this platform; the time limit still holds
        pass
    else:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        cap = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (cap, hard))
    # Whatever a library prints must not end up in the answer.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    task, argument = pickle.load(sys.stdin.buffer)
    answer = TASKS[task](argument)
    pickle.dump(answer, answers)


if __name__ == "__main__":
    main()
