"""Where the stabilised searches begin: the same for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...regions import generator_of
from ..question import OrbitQuestion
from .findings import Findings
from .newton_search import known_orbits
from .return_map import check_few_coordinates
from .starts import checked_starts, drawn_and_passed
from .systems import system_of
from .task import LONGEST, Task, task_of

__all__ = ["opened", "positive_number"]

Array = NDArray[np.float64]


def opened(
    question: OrbitQuestion, starts: Any, modulo: Sequence[float | None] | None
) -> tuple[Task, Array | None, Findings]:
    """Return the task, points to begin with, and what an earlier answer has found.

    There are no points where the orbits asked for are too long.
    """
    given = checked_starts(starts, question.F, 1)[:, 0] if isinstance(starts, tuple) else None
    task = task_of(question, modulo, given)
    check_few_coordinates(task)
    findings = Findings.none(system_of(task, False))
    if task.period * task.dimension > LONGEST:
        return task, None, findings
    if given is None:
        assert question.region is not None
        given = drawn_and_passed(task, question.region, starts, generator_of(question.rng))
    if question.continued is not None:
        findings.know(known_orbits(question.continued, task))
    return task, given, findings


def positive_number(value: Any, argument: str, below: float = math.inf) -> float:
    """Return a positive number below a bound, or refuse it."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value < below:
        bound = "" if below == math.inf else f" below {below:g}"
        raise InvalidInput(argument, value, f"a positive number{bound}")
    return float(value)
