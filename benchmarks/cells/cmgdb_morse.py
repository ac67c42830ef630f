"""CMGDB: its Morse graph with images sampled at corners, one rectangle at a time or all at once."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ..engines import Unsuited
from .problems import CellProblem

__all__ = ["Evaluation", "cmgdb_morse"]


class Evaluation(Enum):
    """How CMGDB gets images: ONE rectangle at a time from plain Python, or ALL from numpy."""

    ONE = "one by one"
    ALL = "all at once"


def cmgdb_morse(
    problem: CellProblem, depth: int, evaluation: Evaluation, *, padding: bool = True
) -> Callable[[], list[int]]:
    """Return what is timed: the Morse graph, giving the number of cells of each set.

    Raises
    ------
    Unsuited
        Where CMGDB is not installed.

    Notes
    -----
    The image of a rectangle is the box around the images of its corners, with `padding` enlarged
    by the size of the rectangle on each side, as in most examples of CMGDB. Without it images are
    not outer bounds, and recurrence is missed.
    """
    try:
        import CMGDB
    except ImportError as error:
        raise Unsuited(f"not installed: {error.name}") from None
    low, high = list(problem.box.low), list(problem.box.high)

    def one(rectangle: list[float]) -> list[float]:
        return CMGDB.BoxMap(problem.point, rectangle, padding=padding)

    model = CMGDB.Model(depth, depth, low, high, one)
    if evaluation is Evaluation.ALL:
        model.set_batch_map(lambda rows: CMGDB.BoxMapBatch(problem.points, rows, padding=padding))

    def run() -> list[int]:
        graph, _ = CMGDB.ComputeMorseGraph(model)
        return sorted((len(graph.morse_set(k)) for k in range(graph.num_vertices())), reverse=True)

    return run
