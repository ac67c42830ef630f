"""The rows about measures: starts per second, time to a precision, and proved bounds."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from scipy import stats

from dynsys_gd import (
    Adaptive,
    Enclosure,
    Estimate,
    MonteCarlo,
    QuasiMonteCarlo,
    Stratified,
    convergent_measure,
)

from ..engines.c_reference import Reference
from ..engines.c_scalar import Scalar
from ..engines.numpy_arrays import NumpyArrays
from ..engines.pynamicalsys_ensemble import Pynamicalsys
from ..further import Further, absent
from .plain import AUDITED, LOOKED, Sampler, own_samplers, peer, raced
from .problems import BoundedProblem, SampledProblem, bounded_problems, ellipse

__all__ = ["bound", "measure_rows", "precisions", "speeds"]

_HALF_WIDTH = 1e-4
_MOST_STARTS = 5e5
_SECONDS = (5.0, 20.0, 60.0)
_Z = float(stats.norm.ppf(0.975))
_SAFETY = 1.05
_WIDE = 1e-3  # whom the half-width would take minutes is timed on this one


def measure_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about measures."""
    problem = ellipse()
    engines = [Reference(tuned=not quick), Scalar(), NumpyArrays(), Pynamicalsys()]
    samplers = own_samplers(problem) + [peer(engine, problem) for engine in engines]
    raced(samplers, repeats=repeats, seconds=0.1 if quick else 0.6)
    yield from speeds(samplers, problem)
    yield from precisions(samplers, problem, 1e-3 if quick else _HALF_WIDTH, repeats)
    for bounded in bounded_problems()[: 1 if quick else None]:
        yield bound(bounded, (1.0,) if quick else _SECONDS)


def speeds(samplers: list[Sampler], problem: SampledProblem) -> Iterator[Further]:
    """Compare starts per second, making the starts included."""
    by_name = {sampler.name: sampler for sampler in samplers}
    audited, looked = by_name.pop(AUDITED), by_name.pop(LOOKED)
    what = problem.workload.title
    for own, remark in ((audited, "every limit audited"), (looked, "a first look")):
        yield Further(
            title=f"{own.name}, starts per second: {what}",
            value=own.rate / 1e6,
            unit="M/s",
            remark=remark + _share(own, problem),
        )
    for other in by_name.values():
        title = f"{AUDITED} / {other.name}, starts per second: {what}"
        if other.count is None:
            yield absent(title, f"{other.name}: {other.absent}")
            continue
        yield Further(
            title=title,
            value=audited.ratio(other),
            unit="×",
            remark=f"{other.name} {other.rate / 1e6:.3g} M/s, limits not audited; "
            f"{LOOKED} / {other.name} {looked.ratio(other):.3g}" + _share(other, problem),
        )


def precisions(
    samplers: list[Sampler], problem: SampledProblem, width: float, repeats: int
) -> Iterator[Further]:
    """Compare the time to a half-width of the share at 95 %."""
    even, seconds = _reached(problem, QuasiMonteCarlo, width, repeats)
    what = f"to ± {width:g}: {problem.workload.title}"
    yield Further(
        title=f"QuasiMonteCarlo, starts {what}",
        value=float(even.n),
        unit="starts",
        target=_MOST_STARTS if width == _HALF_WIDTH else None,
        at_most=True,
        remark=f"± {_half(even):.3g}",
    )
    yield Further(title=f"QuasiMonteCarlo, time {what}", value=seconds, unit="s CPU")

    def row(name: str, needed: float, own: float, remark: str) -> Further:
        return Further(
            title=f"{name} / QuasiMonteCarlo, time {what}",
            value=own / seconds,
            unit="×",
            remark=f"{needed:.2g} starts in {own:.2g} s, {remark}",
        )

    other, own = _reached(problem, Stratified, width, repeats)
    yield row("Stratified", other.n, own, f"± {_half(other):.3g}")
    wider = max(_WIDE, 3 * width)
    for method, least in (
        (MonteCarlo(n=math.ceil(_needed(problem, wider))), ""),
        (Adaptive(half_width=wider), ", at least"),
    ):
        found, own = _timed(problem, method, 1)
        factor = (_half(found) / width) ** 2
        remark = f"extrapolated from ± {_half(found):.2g}{least}"
        yield row(type(method).__name__, factor * found.n, factor * own, remark)
    starts = _needed(problem, width)
    for sampler in samplers:
        if sampler.name == AUDITED:
            continue
        name = f"plain Monte Carlo by {sampler.name}"
        if sampler.count is None:
            yield absent(f"{name} / QuasiMonteCarlo, time {what}", sampler.absent)
        else:
            remark = f"limits not audited, extrapolated from {sampler.n:.2g} starts"
            yield row(name, starts, starts / sampler.rate, remark)


def bound(problem: BoundedProblem, seconds: tuple[float, ...]) -> Further:
    """Return how close proved bounds are after some seconds by the clock."""
    widths = []
    for limit in seconds:
        begin = time.perf_counter()
        method = Enclosure(seconds=limit, apart=problem.apart)
        found = convergent_measure(problem.F, problem.box, method=method)
        widths.append((_width(problem, found), time.perf_counter() - begin))
        if widths[-1][1] < limit:
            break  # nothing was left to decide
    return Further(
        title=f"Enclosure, width of the bounds: {problem.title}",
        value=widths[-1][0],
        unit="of measure",
        target=problem.width if seconds == _SECONDS else None,
        at_most=True,
        remark=", ".join(f"{width:.3g} after {spent:.2g} s" for width, spent in widths),
    )


def _width(problem: BoundedProblem, found: Estimate) -> float:
    size = problem.box.volume
    if problem.apart and found.reading.by_outcome:
        return size * max(float(high - low) for _, low, high in found.reading.by_outcome)
    low, high = found.interval()
    return size * (high - low)


def _needed(problem: SampledProblem, width: float) -> float:
    """Return how many independent starts the normal law asks for."""
    return problem.share * (1 - problem.share) * (_Z / width) ** 2


def _reached(
    problem: SampledProblem,
    kind: type[QuasiMonteCarlo] | type[Stratified],
    width: float,
    repeats: int,
) -> tuple[Estimate, float]:
    """Return the estimate with just enough starts, and its processor time."""
    n = 16_000
    while True:
        found, _ = _timed(problem, kind(n=n), 1)
        over = _half(found) / width
        if over <= 1:
            return _timed(problem, kind(n=n), repeats)
        n = math.ceil(n * min(4.0, _SAFETY * over))


def _timed(
    problem: SampledProblem,
    method: MonteCarlo | Adaptive | QuasiMonteCarlo | Stratified,
    repeats: int,
) -> tuple[Estimate, float]:
    """Return the estimate, and the least processor time of some equal runs."""
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        found = convergent_measure(problem.F, problem.box, method=method, rng=0)
        spent.append(time.process_time() - begin)
    return found, max(min(spent), 1e-6)


def _half(found: Estimate) -> float:
    low, high = found.interval()
    return (high - low) / 2


def _share(sampler: Sampler, problem: SampledProblem) -> str:
    """Return nothing, or what it counted where that is not the share."""
    if sampler.agrees(problem.share):
        return ""
    return f"; ≠ its share is {sampler.hits / sampler.n:.6g}, not {problem.share:.6g}"
