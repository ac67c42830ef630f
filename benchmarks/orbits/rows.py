"""The rows about orbits: own times with their targets, and ratios to codac and pynamicalsys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..engines import Unsuited
from ..further import Further, absent
from .codac_paving import CodacPaving
from .own import own_answer, search
from .problems import OrbitProblem, henon, himmelblau
from .pynamicalsys_newton import newton_points, orbits_among

__all__ = ["against_codac", "against_pynamicalsys", "orbit_rows", "own_times"]


def orbit_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about orbits."""
    yield from own_times(quick=quick)
    for problem in [himmelblau(), henon(8), henon(12), *([] if quick else [henon(16)])]:
        yield from against_codac(problem, repeats)
    for period in (6, 10):
        yield from against_pynamicalsys(henon(period), 200 if quick else 1000, repeats)


def own_times(*, quick: bool) -> Iterator[Further]:
    """Time Hénon's map: all periods up to 20, and period 28 alone."""
    problem = henon(20)
    search(problem, 4)  # compiles
    begin = time.process_time()
    found = [search(problem, period) for period in range(1, 21)]
    yield _own("Hénon, all periods up to 20", found, time.process_time() - begin, 30.0)
    if not quick:
        begin = time.process_time()
        found = [search(problem, 28)]
        yield _own("Hénon, period 28", found, time.process_time() - begin, 60.0)


def _own(title: str, found: list[Any], seconds: float, target: float) -> Further:
    orbits, boxes = sum(map(len, found)), sum(each.boxes for each in found)
    return Further(
        title=title,
        value=seconds,
        unit="s CPU",
        target=target,
        at_most=True,
        remark=f"{orbits} orbits, {boxes} boxes, {boxes / seconds:.3g} boxes/s",
    )


def against_codac(problem: OrbitProblem, repeats: int) -> Iterator[Further]:
    """Compare with codac: time for all of it, and boxes per second."""
    title = f"codac / dynsys_gd, time: {problem.title}"
    try:
        peer = CodacPaving(problem)
    except Unsuited as reason:
        yield absent(title, f"codac: {reason}")
        return
    own = own_answer(problem)
    with peer:
        theirs, _ = peer.run()
        times = np.array(
            [(_seconds(lambda: own_answer(problem)), peer.run()[1]) for _ in range(repeats)]
        )
    seconds, peer_seconds = np.median(times, axis=0)
    ratio = float(np.median(times[:, 1] / times[:, 0]))
    yield Further(
        title=title,
        value=ratio,
        unit="×",
        remark=f"{own.count} orbits proved in {seconds:.2g} s; codac {theirs.count} sets of boxes, "
        f"nothing proved to exist, in {peer_seconds:.2g} s",
    )
    yield Further(
        title=f"dynsys_gd / codac, boxes per second: {problem.title}",
        value=own.boxes / theirs.boxes * ratio,
        unit="×",
        remark=f"{own.boxes} boxes at {own.boxes / seconds:.2g}/s; codac {theirs.boxes} at "
        f"{theirs.boxes / peer_seconds:.2g}/s",
    )


def against_pynamicalsys(problem: OrbitProblem, starts: int, repeats: int) -> Iterator[Further]:
    """Compare with Newton's method of pynamicalsys: time, and how many of the orbits it finds."""
    title = f"pynamicalsys / dynsys_gd, time: Hénon, least period {problem.period}"
    try:
        peer = newton_points(problem, starts)
    except Unsuited as reason:
        yield absent(title, f"pynamicalsys: {reason}")
        return
    orbits = [orbit.points for orbit in search(problem, problem.period).orbits]
    found = orbits_among(peer(), orbits)
    times = np.array(
        [
            (_seconds(lambda: search(problem, problem.period)), _seconds(peer))
            for _ in range(repeats)
        ]
    )
    own_seconds, seconds = np.median(times, axis=0)
    yield Further(
        title=title,
        value=float(np.median(times[:, 1] / times[:, 0])),
        unit="×",
        remark=f"all {len(orbits)} orbits, proved, in {own_seconds:.2g} s; Newton's method from "
        f"{starts} starts finds {found} of them in {seconds:.2g} s",
    )


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.process_time()
    run()
    return max(time.process_time() - begin, 1e-6)
