"""The rows about cells: own graphs, certified, beside those of CMGDB, sampled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

import dynsys_gd as dg

from ..engines import Unsuited
from ..further import Further, absent
from .cmgdb_morse import Evaluation, cmgdb_morse
from .problems import CellProblem, problems

__all__ = ["against_cmgdb", "cell_rows"]

_DEPTH, _QUICK = 16, 12
_START = 12  # where refinement begins; CMGDB begins at one cell


def cell_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about cells."""
    for problem in problems():
        yield from against_cmgdb(problem, _QUICK if quick else _DEPTH, repeats)


def against_cmgdb(problem: CellProblem, depth: int, repeats: int) -> Iterator[Further]:
    """Compare the whole graph of cells with its components, and the Morse graph, with CMGDB's."""
    own = {
        "cell graph and components": lambda: _components(problem, depth),
        "Morse graph with kinds": lambda: _morse(problem, depth),
    }
    for evaluation in Evaluation:
        peers = f"images {evaluation.value}"
        try:
            peer = cmgdb_morse(problem, depth, evaluation)
            bare = cmgdb_morse(problem, depth, evaluation, padding=False)
        except Unsuited as reason:
            for name in own:
                yield absent(_title(problem, name, peers), f"CMGDB: {reason}")
            continue
        theirs, unpadded = peer(), bare()
        for name, run in own.items():
            found = run()  # compiles
            turns = [(_seconds(run), _seconds(peer), _seconds(bare)) for _ in range(repeats)]
            times = np.array(turns)
            mine, other, least = np.median(times, axis=0)
            yield Further(
                title=_title(problem, name, peers),
                value=float(np.median(times[:, 1] / times[:, 0])),
                unit="×",
                target=1.0 if evaluation is Evaluation.ONE else None,
                remark=f"depth {depth}: {found}, certified, in {mine:.2g} s; CMGDB "
                f"{_sets(theirs)} from padded corners in {other:.2g} s, {_sets(unpadded)} from "
                f"bare ones in {least:.2g} s",
            )


def _title(problem: CellProblem, name: str, peers: str) -> str:
    return f"CMGDB, {peers} / dynsys_gd, {name}: {problem.title}"


def _components(problem: CellProblem, depth: int) -> str:
    graph = dg.cell_graph(problem.F, problem.box, depth)
    count, labels = connected_components(graph.matrix, directed=True, connection="strong")
    sizes = np.bincount(labels, minlength=count)
    recurrent = (sizes > 1)[labels] | (graph.matrix.diagonal() > 0)
    return f"{int(recurrent.sum())} cells recur of {len(graph)}"


def _morse(problem: CellProblem, depth: int) -> str:
    start = min(_START, depth)
    found = dg.morse_graph(problem.F, problem.box, depth, start_depth=start, longest_period=0)
    return _sets(sorted((len(each) for each in found), reverse=True))


def _sets(sizes: list[int]) -> str:
    one = "set" if len(sizes) == 1 else "sets"
    return f"{len(sizes)} {one} of {sum(sizes)} cells"


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.process_time()
    run()
    return max(time.process_time() - begin, 1e-6)
