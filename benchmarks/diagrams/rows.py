"""The rows about diagrams: ratios to pynamicalsys, and the time of a plane of periods."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg

from ..engines import Unsuited
from ..further import Further, absent
from .problems import DiagramProblem, balanced_line, fewer_values, heavy_ball
from .pynamicalsys_diagram import peer_diagram

__all__ = ["against_pynamicalsys", "agreement", "diagram_rows", "own_diagram", "plane_of_periods"]

_RATIO = 10.0
_PLANE_SECONDS = 10.0
_SAME = 1e-6


def diagram_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about diagrams."""
    for problem, target in (
        (balanced_line(), _RATIO),
        (heavy_ball(), _RATIO),
        (balanced_line(1), None),
    ):
        yield against_pynamicalsys(fewer_values(problem) if quick else problem, repeats, target)
    yield plane_of_periods(128 if quick else 512)


def own_diagram(problem: DiagramProblem) -> dg.BifurcationDiagram:
    """Return the diagram, with period and exponent of every orbit."""
    return dg.bifurcation_diagram(
        problem.F,
        problem.parameter,
        problem.values,
        starts=problem.starts,
        points=problem.points,
        transient=problem.transient,
    )


def against_pynamicalsys(problem: DiagramProblem, repeats: int, target: float | None) -> Further:
    """Compare processor times for the same kept points of the same orbits."""
    title = f"pynamicalsys / dynsys_gd, diagram: {problem.title}"
    try:
        peer = peer_diagram(problem)
    except Unsuited as reason:
        return absent(title, f"pynamicalsys: {reason}")
    own, theirs = own_diagram(problem), peer()  # compiles
    times = np.array(
        [(_seconds(lambda: own_diagram(problem)), _seconds(peer)) for _ in range(repeats)]
    )
    seconds, peer_seconds = np.median(times, axis=0)
    cycles, same = agreement(own, theirs)
    return Further(
        title=title,
        value=float(np.median(times[:, 1] / times[:, 0])),
        unit="×",
        target=target,
        remark=f"{seconds:.2g} s with period and exponent (2048 more steps) of each orbit; "
        f"pynamicalsys {peer_seconds:.2g} s for {problem.steps:.2g} steps, points alone; "
        f"{same} of {cycles} cycles are the same",
    )


def agreement(own: dg.BifurcationDiagram, theirs: NDArray[np.float64]) -> tuple[int, int]:
    """Return on how many cycles the package found orbits, and for how many the points agree."""
    cycles = np.argwhere(own.period > 0)
    same = 0
    for k, j in cycles.tolist():
        p = int(own.period[k, j])
        mine, other = (np.sort(points[k, j, -p:]) for points in (own.points, theirs))
        same += bool(p <= theirs.shape[2] and np.abs(mine - other).max() < _SAME)
    return len(cycles), same


def plane_of_periods(n: int) -> Further:
    """Time the plane of step size and momentum of heavy ball on x²/2 - x³/3."""
    x, eta, beta = sp.symbols("x eta beta")
    F = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta)
    axes = [np.linspace(1.5, 4.6, n), np.linspace(0.0, 0.98, n)]

    def run() -> dg.ParameterPlane:
        return dg.parameter_plane(F, ["eta", "beta"], axes, starts=[[0.02]])

    run()  # compiles
    begin = time.process_time()
    plane = run()
    spent = time.process_time() - begin
    regions = [region for region in plane.regions() if region.period]
    return Further(
        title=f"plane of periods, heavy ball on x²/2 - x³/3, {n}²",
        value=spent,
        unit="s CPU",
        target=_PLANE_SECONDS if n == 512 else None,
        at_most=True,
        remark=f"{n * n / spent:.2g} points/s, {len(regions)} isoperiodic regions",
    )


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.process_time()
    run()
    return max(time.process_time() - begin, 1e-6)
