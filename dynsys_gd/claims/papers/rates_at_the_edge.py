"""How fast gradient descent converges below, at and beyond the edge [macdonald2025rates]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd import claims
from dynsys_gd.claims import Case, Chart, Claim, Curve, Instance, Number, Observation, Origin
from dynsys_gd.claims.support.critical_regimes import REGULAR, regime

_ETA = sp.Symbol("eta")
_POINTS = 400  # of a curve

# By seed: slopes over the window, seen with other programs for the spread and window below.
_SEEN_SLOPES = {0: -0.43, 1: -0.47, 2: -0.497}
_SEEN_WITHIN = 0.005

_PROVENANCE = (
    "the three regimes are those of the paper's abstract, for its codimension one setting; as we "
    "state it; the paper's own wording and constants may differ"
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    depth: int = 5
    seeds: tuple[int, ...] = (0, 1, 2)
    spread: float = 0.05  # of starts about the flattest minimum, beside each coordinate
    window: tuple[int, int] = (20_000, 200_000)  # even steps, between which slopes are taken
    late: tuple[int, int] = (2_000_000, 20_000_000)
    slope_error: float = 0.01
    below: str = "39/40"  # of the critical step size
    far: float = 0.2
    offset: float = 1.01
    rate_error: float = 1e-5
    settled: float = 1e-11
    settling: float = 1e-6
    steps: int = 40_000
    excesses: tuple[str, ...] = ("1/1000", "1/250", "2/125")  # ηλ* - 2
    most: str = "1/20"  # the largest ηλ* - 2 that counts as just beyond
    cycle_steps: int = 1_000_000  # even
    amplitude_error: float = 0.3  # relative, times ηλ* - 2: the next term of the amplitude
    closing: float = 1e-4  # an orbit that misses itself by less may still come to a cycle
    cycle_rate_error: float = 0.02  # of the exponent, relative


def _case(s: Settings, share: str | sp.Expr, why: str = "", target: int = 1) -> Case:
    """Return the product at this share of its critical step size 2/λ*."""
    limit = dg.critical_step_size(_chain(s, 1).loss).exact
    assert limit is not None
    title = f"{s.depth} factors at {share} of 2/λ*, target {target}"
    return Case(title=title, F=_chain(s, sp.Rational(share) * limit, target), why=why)


def _chain(s: Settings, step_size: int | sp.Expr, target: int = 1) -> dg.GradientDescent:
    return dg.GradientDescent(dg.Loss((sp.prod(_x(s)) - target) ** 2 / 2, _x(s)), step_size)


def _x(s: Settings) -> tuple[sp.Symbol, ...]:
    return tuple(sp.symbols(f"x1:{s.depth + 1}"))


def _residual(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.prod(points, axis=-1) - 1


def _draw(instance: Instance, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(instance.F.dimension)


# The critical step size: a power law


def _critical_claim(s: Settings) -> Claim:
    conclusion = "the residual decays like t^(-1/2)"

    def slopes(instance: Instance, seed: int) -> tuple[float, float, NDArray[np.float64]]:
        start = 1 + s.spread * _draw(instance, seed)
        times = np.unique(np.geomspace(2, s.late[1], 60).astype(int) // 2 * 2)
        times = np.union1d(times, [*s.window, *s.late])
        points, now = [start], 0
        for time in times:
            points.append(instance.F.iterate(points[-1], int(time) - now))
            now = int(time)
        sizes = np.maximum(np.abs(_residual(np.array(points[1:]))), np.finfo(float).tiny)
        log = dict(zip(times.tolist(), np.log(sizes), strict=True))
        early, late = ((log[b] - log[a]) / np.log(b / a) for a, b in (s.window, s.late))
        return float(early), float(late), np.array([times, sizes])

    def observe(instance: Instance) -> Observation:
        numbers, curves, ends = [], [], []
        for seed in s.seeds:
            early, late, path = slopes(instance, seed)
            ends.append(late)
            curves.append(Curve(label=f"seed {seed}", x=path[0], y=path[1]))
            numbers += _slope_numbers(s, instance, seed, early, late)
        return claims.observed(
            conclusion,
            claims.yes_if(all(abs(slope + 1 / 2) <= s.slope_error for slope in ends)),
            grade=dg.Grade.NUMERICAL,
            reason=f"slopes on logarithmic axes between {s.late[0]} and {s.late[1]} steps",
            detail=", ".join(f"{slope:.4f}" for slope in ends),
            numbers=tuple(numbers),
            results=(_chart("At 2/λ*: a power law", curves, log_x=True),),
        )

    return Claim(
        name="power_law_at_the_edge",
        title="At the critical step size the residual decays like t^(-1/2)",
        statement=(
            "Let L = (f - y)²/2 with f analytic and y a regular value, here a product and 1. Let "
            "η = 2/λ* for the smallest sharpness λ* of a minimum. Near the flattest minimum "
            "gradient descent converges to it, distance and residual like t^(-1/2)."
        ),
        sources=("macdonald2025rates",),
        provenance=_PROVENANCE,
        hypotheses=(REGULAR, regime("critical", "η = 2/λ*", lambda excess: excess == 0)),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (_case(s, "1"),),
        counterexamples=lambda: {
            "regular value": _case(s, "1", "the minima cross, and orbits settle at once", target=0),
            "critical": _case(s, s.below, "below the edge the decay is exponential"),
        },
        controls=lambda: (
            _case(s, _beyond(s)[-1], "beyond the edge a cycle is left, and no decay"),
        ),
    )


def _beyond(s: Settings) -> list[sp.Expr]:
    return [1 + sp.Rational(excess) / 2 for excess in s.excesses]


def _slope_numbers(
    s: Settings, instance: Instance, seed: int, early: float, late: float
) -> list[Number]:
    if instance.step_size != instance.threshold.exact:
        return []
    early_name, late_name = (
        f"slope from {a} to {b} steps, seed {seed}" for a, b in (s.window, s.late)
    )
    same = (s.depth, s.spread, s.window) == (Settings.depth, Settings.spread, Settings.window)
    known = _SEEN_SLOPES.get(seed) if same else None
    first = Number.seen(early_name, early)
    if known is not None:
        first = Number.near(early_name, early, known, within=_SEEN_WITHIN, origin=Origin.COMPUTED)
    origin = Origin.PAPER
    return [first, Number.near(late_name, late, -1 / 2, within=s.slope_error, origin=origin)]


# Below: a flat enough minimum, in finite time, then exponentially


def _subcritical_claim(s: Settings) -> Claim:
    conclusion = "orbits settle exponentially on a minimum that is stable but not the flattest"

    def observe(instance: Instance) -> Observation:
        eta, numbers, settled, curves = float(instance.step_size), [], [], []
        flattest, told = 2 / float(instance.threshold.value), False
        for seed in s.seeds:
            start = 1 + s.far * _draw(instance, seed)
            start *= s.offset * np.abs(np.prod(start)) ** (-1 / len(start))
            path = instance.F.trajectory(start, s.steps).points
            size = np.abs(_residual(path))
            sharpness = float(instance.loss.sharpness_at(path[-1]))
            rate = float(np.exp(_exponent(np.arange(len(size)), size, s)))
            expected = abs(1 - eta * sharpness)
            flatter = sharpness < flattest * (1 + s.settling)
            arrived = size[-1] < s.settling
            settled.append(bool(arrived and rate < 1 and not flatter))
            told = told or bool(arrived and flatter) or not np.isfinite(size[-1])
            shown = np.arange(0, s.steps, max(1, s.steps // _POINTS))
            curves.append(Curve(label=f"seed {seed}", x=shown, y=size[shown]))
            if settled[-1]:
                name = f"sharpness at the end, seed {seed}"
                low, high, origin = flattest, 2 / eta, Origin.PAPER
                numbers.append(Number.between(name, sharpness, low=low, high=high, origin=origin))
                name, within, origin = f"rate per step, seed {seed}", s.rate_error, Origin.DERIVED
                numbers.append(Number.near(name, rate, expected, within=within, origin=origin))
        slow = dg.Outcome.NO if told else dg.Outcome.UNDECIDED
        return claims.observed(
            conclusion,
            dg.Outcome.YES if all(settled) else slow,
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.steps} steps, beginning where most minima nearby are unstable",
            detail=f"{sum(settled)} of {len(settled)} orbits",
            numbers=tuple(numbers) if all(settled) else (),
            results=(_chart("Below: exponential after a transient", curves),),
        )

    return Claim(
        name="exponential_below_the_edge",
        title="Below the critical step size a transient ends and convergence is exponential",
        statement=(
            "In the same setting let η < 2/λ*. Orbits that begin near minima sharper than 2/η are "
            "unstable for a finite time, and converge then like |1 - ηλ|^t to a minimum of "
            "sharpness λ below 2/η, which is not the flattest one."
        ),
        sources=("macdonald2025rates",),
        provenance=_PROVENANCE,
        hypotheses=(REGULAR, regime("subcritical", "η < 2/λ*", lambda excess: excess < 0)),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (_case(s, s.below),),
        counterexamples=lambda: {
            "regular value": Case(
                title="a sum of squares",
                F=dg.GradientDescent(dg.Loss(sum((z - 1) ** 2 for z in _x(s)) / 2, _x(s)), s.below),
                why="several residuals: the minimum is a point, and no other one is near",
            ),
            "subcritical": _case(s, "1", "at the edge convergence is no longer exponential"),
        },
    )


def _exponent(times: NDArray[np.int64], sizes: NDArray[np.float64], s: Settings) -> float:
    """Return the slope of the logarithm between two small sizes, NaN where they are not passed."""
    late = (sizes < s.settling) & (sizes > s.settled)
    if np.count_nonzero(late) < 5:
        return float("nan")
    return float(np.polyfit(times[late], np.log(sizes[late]), 1)[0])


# Beyond: a cycle of period two about the flattest minimum


def _supercritical_claim(s: Settings) -> Claim:
    conclusion = "orbits tend exponentially to a cycle of period two about the flattest minimum"
    most = sp.Rational(s.most)
    beyond = regime(
        "supercritical", f"0 < ηλ* - 2 ≤ {s.most}", lambda excess: bool(0 < excess <= most)
    )

    def observe(instance: Instance) -> Observation:
        numbers, cycling, sizes, curves, slow = [], [], [], [], False
        for seed in s.seeds:
            start = 1 + s.spread * _draw(instance, seed)
            end = instance.F.iterate(start, s.cycle_steps)
            pair = np.array([end, instance.F.iterate(end, 1)])
            again = instance.F.iterate(pair[1], 1)
            sizes.append(float(np.linalg.norm(pair[1] - pair[0])) / 2)
            gap = float(np.abs(again - end).max())
            cycling.append(bool(sizes[-1] > s.settling and gap <= s.settled))
            slow = slow or (sizes[-1] > s.settling and s.settled < gap < s.closing)
            if cycling[-1]:
                curve, number = _approach(s, instance, start, pair)
                curves.append(replace(curve, label=f"seed {seed}"))
                numbers += [replace(number, name=f"{number.name}, seed {seed}")]
                numbers += [_amplitude(s, instance, sizes[-1], seed)]
        return claims.observed(
            conclusion,
            dg.Outcome.UNDECIDED if slow else claims.yes_if(all(cycling)),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.cycle_steps} steps",
            detail="half distance of the two points: " + ", ".join(f"{v:.6g}" for v in sizes),
            numbers=tuple(numbers) if all(cycling) else (),
            results=(_chart("Beyond: towards a cycle", curves, y="distance to the cycle"),),
        )

    return Claim(
        name="cycle_beyond_the_edge",
        title="Just beyond the critical step size orbits tend to a cycle of period two",
        statement=(
            "In the same setting let η exceed 2/λ* a little. Gradient descent near the flattest "
            "minimum converges exponentially to a cycle of period two centred there, of amplitude "
            "√((ηλ* - 2)/c) to leading order, where c is the coefficient of the flip."
        ),
        sources=("macdonald2025rates",),
        provenance=_PROVENANCE,
        hypotheses=(REGULAR, beyond),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_case(s, share) for share in _beyond(s)),
        counterexamples=lambda: {
            "regular value": _case(
                s, _beyond(s)[0], "orbits settle on crossing families", target=0
            ),
            "supercritical": _case(s, s.below, "below the edge the orbit converges to a point"),
        },
    )


def _amplitude(s: Settings, instance: Instance, size: float, seed: int) -> Number:
    """Return the amplitude beside the leading term of the normal form of the flip."""
    flip = dg.normal_form(dg.GradientDescent(instance.loss, _ETA), [1] * instance.F.dimension)
    excess = float(2 * instance.step_size / instance.threshold.exact - 2)
    name = f"amplitude/√(ηλ* - 2), ηλ* - 2 = {excess:.3g}, seed {seed}"
    expected = float(flip.coefficient) ** (-1 / 2)
    within = s.amplitude_error * excess * expected
    found = size / np.sqrt(excess)
    return Number.near(name, found, expected, within=within, origin=Origin.DERIVED)


def _approach(
    s: Settings, instance: Instance, start: NDArray[np.float64], pair: NDArray[np.float64]
) -> tuple[Curve, Number]:
    """Return the distance to one point of the cycle at even times, and its exponent."""
    stride = 2 * (s.cycle_steps // (2 * _POINTS))
    points = [start]
    while len(points) <= _POINTS:
        points.append(instance.F.iterate(points[-1], stride))
    times = stride * np.arange(len(points))
    sizes = np.linalg.norm(np.array(points) - pair[0], axis=1)
    first, second = instance.F.jacobian_at(pair)
    slowest = float(np.log(np.abs(np.linalg.eigvals(second @ first)).max())) / 2
    number = Number.near(
        f"exponent of the approach, η = {float(instance.step_size):g}",
        _exponent(times, sizes, s),
        slowest,
        within=s.cycle_rate_error * abs(slowest),
        origin=Origin.DERIVED,
    )
    seen = sizes > s.settled
    return Curve(label="", x=times[seen], y=sizes[seen]), number


# Pictures


def _chart(
    title: str, curves: Sequence[Curve], *, log_x: bool = False, y: str = "residual |f - 1|"
) -> Chart:
    panel = claims.Panel(
        title=title, x_label="steps", y_label=y, curves=tuple(curves), log_x=log_x, log_y=True
    )
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title, panels=(panel,), evidence=evidence)


def _figure(verdicts: Sequence[claims.Verdict]) -> Chart:
    panels, depth = {}, verdicts[0].claim.study.settings.depth
    for verdict in verdicts:
        for chart in verdict.observation.results:
            if isinstance(chart, Chart) and verdict.applies is dg.Outcome.YES:
                panels[verdict.claim.name] = chart.panels[0]  # the last: the largest step size
    return Chart(
        title=f"How fast gradient descent converges on a product of {depth} numbers",
        panels=tuple(panels.values()),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision"),
    )


STUDY = claims.Study(
    name="rates_at_the_edge",
    title="Three rates: exponential, t^(-1/2), a cycle",
    paper="macdonald2025rates",
    summary=(
        "MacDonald and others find three regimes of gradient descent on overparametrised least "
        "squares: below the critical step size convergence is exponential after a transient, at "
        "it distances decay like t^(-1/2), and just beyond it orbits tend to a cycle of period "
        "two. All three are looked at on a product of numbers, with exponential rates "
        "compared to multipliers and the amplitude to the normal form of the flip."
    ),
    settings=Settings(),
    quick={
        "late": (200_000, 2_000_000),
        "slope_error": 0.03,
        "excesses": ("2/125",),
        "cycle_steps": 100_000,
    },
    claims=lambda s: (_critical_claim(s), _subcritical_claim(s), _supercritical_claim(s)),
    figure=_figure,
    part=claims.Part.FRONTIER,
)
