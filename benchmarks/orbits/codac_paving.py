"""codac: its own paving with the contractor of an inverse image; no proof that a box holds any."""

from __future__ import annotations

import importlib.util
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import sympy as sp

from ..engines import Unsuited
from .own import Answer
from .problems import OrbitProblem

__all__ = ["CodacPaving"]

_MOST_COMPONENTS = 10  # of a vector function in codac's Python
_FAR = 1e3


class CodacPaving:
    """A process of its own in which codac paves the box of one problem; a context manager.

    codac leaves the processor rounding upwards, which is how its intervals are made, and which
    would spoil all other arithmetic in this process.

    Parameters
    ----------
    problem : OrbitProblem
    width : float
        Of the boxes at which the paving ends.

    Raises
    ------
    Unsuited
        Where codac is not installed.

    Notes
    -----
    The equations are those of the problem, in as few unknowns as possible, with the constraint
    that x_0 is the largest where a shift makes no difference. Two contractors are tried, one
    applied once a box and one to its fixed point, and the faster is kept.
    """

    def __init__(self, problem: OrbitProblem, *, width: float = 1e-2) -> None:
        if importlib.util.find_spec("codac") is None:
            raise Unsuited("not installed")
        self._pool = ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(problem, width),
        )

    def __enter__(self) -> CodacPaving:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self) -> tuple[Answer, float]:
        """Return what came out, and the processor time."""
        return self._pool.submit(_timed).result()


_ready: list[Callable[[], Answer]] = []


def _timed() -> tuple[Answer, float]:
    begin = time.process_time()
    answer = _ready[-1]()
    return answer, time.process_time() - begin


def _prepare(problem: OrbitProblem, width: float) -> None:
    import codac

    contractor = _contractor(codac, problem)
    ends = [problem.low, problem.high]
    box = codac.IntervalVector([ends] * len(problem.unknowns))

    def answer(used: Any) -> Answer:
        paving = codac.pave(box, used, width)
        return Answer(count=len(paving.connected_subsets()), boxes=_nodes(paving.tree()))

    def seconds(used: Any) -> float:
        begin = time.process_time()
        answer(used)
        return time.process_time() - begin

    best = min([contractor, codac.CtcFixpoint(contractor)], key=seconds)
    _ready.append(lambda: answer(best))


def _contractor(codac: Any, problem: OrbitProblem) -> Any:
    x = codac.VectorVar(len(problem.unknowns))
    known = {s: x[k] for k, s in enumerate(problem.unknowns)}
    zeros = [_written(codac, e, known) for e in problem.equations]
    parts = _inverse(codac, x, zeros, [0.0, 0.0])
    if problem.cyclic and len(zeros) > 1:
        parts += _inverse(codac, x, [x[0] - x[k] for k in range(1, len(zeros))], [0.0, _FAR])
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


def _inverse(codac: Any, x: Any, rows: Sequence[Any], ends: list[float]) -> list[Any]:
    """Return contractors for "these expressions lie between the ends", ten at a time."""
    found = []
    for first in range(0, len(rows), _MOST_COMPONENTS):
        part = rows[first : first + _MOST_COMPONENTS]
        if len(part) == 1:
            function = codac.AnalyticFunction([x], part[0])
            found.append(codac.CtcInverse(function, codac.Interval(*ends)))
        else:
            function = codac.AnalyticFunction([x], codac.vec(*part))
            image = codac.IntervalVector([ends] * len(part))
            found.append(codac.CtcInverse(function, image))
    return found


def _written(codac: Any, expression: sp.Expr, known: dict[sp.Symbol, Any]) -> Any:
    """Return a polynomial in codac's own terms."""
    if expression in known:
        return known[expression]
    if expression.is_Rational:
        return codac.Interval(float(expression.p)) / codac.Interval(float(expression.q))
    parts = [_written(codac, part, known) for part in expression.args]
    if expression.is_Pow:
        power = int(expression.exp)
        return codac.sqr(parts[0]) if power == 2 else codac.pow(parts[0], power)
    total = parts[0]
    for part in parts[1:]:
        total = total + part if expression.is_Add else total * part
    return total


def _nodes(tree: Any) -> int:
    count, waiting = 0, [tree]
    while waiting:
        node = waiting.pop()
        count += 1
        if not node.is_leaf():
            waiting += [node.left(), node.right()]
    return count
