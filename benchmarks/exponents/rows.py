"""The rows about exponents: ratios to pynamicalsys on the same work, and time to a precision."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dynsys_gd as dg

from ..engines import Unsuited
from ..further import Further, absent
from .problems import SpectrumProblem, henon, logistic
from .pynamicalsys_lyapunov import peer_exponents

__all__ = ["against_pynamicalsys", "exponent_rows", "own_exponents", "own_precision"]

_TARGET = 10.0
_LITERATURE = 0.4192  # of Hénon's map


def exponent_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about exponents."""
    n, steps = (64 if quick else 256), 20_000
    for problem in (henon(n, steps), logistic(n, steps)):
        yield against_pynamicalsys(problem, repeats, target=_TARGET)
    yield against_pynamicalsys(henon(1, (5 if quick else 20) * steps), repeats)
    yield own_precision(64, 10_000 if quick else 1_000_000)


def own_exponents(problem: SpectrumProblem) -> NDArray[np.float64]:
    """Return the exponents of every orbit, shape (n, d), with errors and checks left out."""
    found = dg.lyapunov_spectrum(
        problem.F, problem.starts, steps=problem.steps, transient=problem.transient, batches=16
    )
    return found.exponents


def against_pynamicalsys(
    problem: SpectrumProblem, repeats: int, *, target: float | None = None
) -> Further:
    """Compare with pynamicalsys: time for the same exponents of the same orbits."""
    title = f"pynamicalsys / dynsys_gd, time: {problem.title}"
    try:
        peer = peer_exponents(problem)
    except Unsuited as reason:
        return absent(title, f"pynamicalsys: {reason}")
    off = [
        name
        for name, values in (("dynsys_gd", own_exponents(problem)), ("pynamicalsys", peer()))
        if np.abs(values.mean(axis=0) - problem.exponents).max() > problem.tolerance
    ]
    times = np.array(
        [(_seconds(lambda: own_exponents(problem)), _seconds(peer)) for _ in range(repeats)]
    )
    own_seconds, seconds = np.median(times, axis=0)
    each = 1e9 / (len(problem.starts) * (problem.steps + problem.transient))
    remark = f"{own_seconds * each:.2g} and {seconds * each:.2g} ns a step"
    return Further(
        title=title,
        value=float(np.median(times[:, 1] / times[:, 0])),
        unit="×",
        target=target,
        remark=remark + (f"; ≠ {', '.join(off)}" if off else ""),
    )


def own_precision(n: int, steps: int) -> Further:
    """Time the first exponent of Hénon's map to its stated error."""
    starts = dg.Box([-0.1, -0.1], [0.1, 0.1]).sample(n, rng=0)
    begin = time.process_time()
    found = dg.lyapunov_spectrum(dg.textbook.henon(), starts, steps=steps).pooled()
    seconds = time.process_time() - begin
    value, error = found.values[0], found.errors[0]
    return Further(
        title="Hénon, first exponent with its error",
        value=seconds,
        unit="s CPU",
        remark=f"{value:.6f} ± {error:.1e}; {abs(value - _LITERATURE):.1e} from {_LITERATURE}",
    )


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.process_time()
    run()
    return max(time.process_time() - begin, 1e-6)
