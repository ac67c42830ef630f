"""Cycles of gradient descent on logistic regression of overlapping classes [meng2024gradient]_."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Instance,
    Level,
    Mark,
    Number,
    Observation,
    Origin,
    Panel,
    Part,
    Study,
    Verdict,
)
from dynsys_gd.claims.support.margin_checks import (
    LOGISTIC_LOSS,
    NOT_SEPARABLE,
    ONE_FEATURE,
    ONE_MAGNITUDE,
)
from dynsys_gd.claims.support.observe_cycles import every_start_converges, sinks, stable_cycle
from dynsys_gd.claims.support.overlapping import crossed_lines, pulled_line
from dynsys_gd.claims.support.ratio_checks import (
    CROSSED_STEEPLY,
    PULLED_STRONGLY,
    descent_at_ratio,
    nearest_ratio,
    ratio_between,
)
from dynsys_gd.claims.support.recorded import unchanged
from dynsys_gd.claims.support.separation import Link, margin_loss
from dynsys_gd.losses.base import AbstractLoss

R = sp.Rational
Points = NDArray[np.float64]
Measured = tuple[Sequence[tuple[str, float]], Sequence[Any]]  # names and values; expected values
Measure = Callable[[Instance, dg.PeriodicOrbit, str], Measured]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study; ratios are ηλ, with λ the sharpness of the minimum."""

    above: tuple[str, ...] = ("13/10", "3/2", "9/5", "39/20")
    below: tuple[str, ...] = ("1/2", "9/10", "99/100")
    plane: tuple[str, ...] = ("1/2", "4/5", "9/10")
    equal: tuple[str, ...] = ("101/100", "3/2", "199/100")
    beyond: tuple[str, ...] = ("201/100", "9/4", "5/2", "4", "6")
    shown: tuple[float, float, int] = (1.5, 6.5, 150)  # ratios of the diagram
    kept: int = 24  # states of each orbit in it
    far: int = 400  # magnitude of the far samples
    minimiser: str = "1/10"
    pull: str = "3/2"  # of the far samples, where 1 is too little
    weak: str = "1/2"
    plane_minimiser: str = "1/20"
    plane_jump: str = "1/20"
    slope: int = 2
    gentle_slope: int = 1
    share: str = "7/10"  # of the samples +1 among those of equal magnitude
    starts: int = 61
    cycle_starts: int = 41
    equal_starts: int = 6
    side: float = 3.0
    cycle_side: float = 2.0
    plane_side: float = 1.0
    digits: int = 9  # of the step size, which is rational
    apart: float = 1e-6
    within: float = 6e-4  # the values compared with have three digits
    plane_within: float = 2e-2  # the derived values are those of a piecewise quadratic loss


CYCLES = {  # ends and multiplier of the cycle, and how many of 41 starts tend to it
    "13/10": (0.595, -0.028, 0.059, 31),
    "3/2": (0.397, -0.042, 0.224, 37),
    "9/5": (0.284, -0.045, 0.618, 38),
    "39/20": (0.248, -0.039, 0.883, 38),
}
PERIODS = {"101/100": 1, "3/2": 1, "199/100": 1, "201/100": 2, "9/4": 2, "5/2": 2, "4": 3, "6": 6}
FOUND = "as the abstract has it; the data are constructed here, and those of the paper may differ"


# Data, and step sizes in units of 1/λ


def _case(title: str, loss: dg.Loss, ratio: str, s: Settings) -> Case:
    side = s.side if loss.dimension == 1 else s.plane_side
    region = dg.Box([-side] * loss.dimension, [side] * loss.dimension)
    F = descent_at_ratio(loss, ratio, region, digits=s.digits)
    return Case(title=f"{title} at ηλ = {ratio}", F=F, region=region, why=_WHY[title])


_WHY = {
    "exponential loss": "its gradient grows without bound",
    "separable samples": "there is no minimum",
    "equal magnitude": "beyond 2/λ the minimum is not stable",
    "far samples": "far samples make a jump of the gradient, which holds a cycle, or does not",
    "two features": "jumps along two lines hold a cycle even below 1/λ, where they are steep",
}


def _line(s: Settings, ratio: str, at: str | None = None, *, pull: str | None = None) -> Case:
    loss = pulled_line(ratio, minimiser=s.minimiser, pull=pull or s.pull, far=s.far)
    return _case("far samples", loss, at or ratio, s)


def _plane(s: Settings, ratio: str, slope: int) -> Case:
    near, jump = s.plane_minimiser, s.plane_jump
    loss = crossed_lines(minimiser=near, jump=jump, slope=slope, far=s.far)
    return _case("two features", loss, ratio, s)


def _equal(s: Settings, link: Link = Link.LOGISTIC) -> dg.Loss:
    return margin_loss([[1], [-1]], [s.share, 1 - R(s.share)], link=link)


def _others(s: Settings, ratio: str) -> dict[str, Case]:
    exponential = _equal(s, Link.EXPONENTIAL)
    return {
        LOGISTIC_LOSS.name: _case("exponential loss", exponential, ratio, s),
        NOT_SEPARABLE.name: _case("separable samples", margin_loss([[1]]), ratio, s),
    }


def _recorded(table: Mapping[str, Any], s: Settings, *names: str) -> Mapping[str, Any]:
    """Return the table where the settings that it depends on are those it was made with."""
    return table if unchanged(s, *names) else {}


EVERY_START = "every start converges to the minimum"
CYCLE = "a stable cycle of period 2 lies in the region"


# Where every start converges


def _converging(s: Settings, n: int) -> Callable[[Instance], Observation]:
    def observe(instance: Instance) -> Observation:
        starts = _starts(instance, s.side, n)
        seen = every_start_converges(instance, EVERY_START, starts=starts, within=s.apart)
        equal = instance.loss == _equal(s)
        return replace(seen, numbers=(_period(instance, starts, s),) if equal else ())

    return observe


def _starts(instance: Instance, side: float, n: int) -> Points:
    if instance.F.dimension == 1:
        return np.linspace(-side, side, n)[:, None]
    return instance.region.sample(n, rng=instance.rng("starts"))


def _period(instance: Instance, points: Points, s: Settings) -> Number:
    F = dg.GradientDescent(instance.loss, sp.Symbol("eta"))
    column = next(dg.bifurcation_columns(F, "eta", [float(instance.step_size)], starts=points))
    key, known = nearest_ratio(instance, PERIODS, within=s.apart), _recorded(PERIODS, s, "share")
    found = float(np.max(column.period))
    name, origin = f"longest period, ηλ = {key}", Origin.COMPUTED
    return Number.near(name, found, known.get(key), within=0, origin=origin)


def _below_claim(s: Settings) -> Claim:
    step = ratio_between(0, 1)
    return Claim(
        name="below_one_over_lambda_every_start_converges",
        title="With one feature, step sizes below 1/λ suffice from everywhere",
        statement=(
            "Let the classes overlap, let there be one feature, and let λ be the curvature of the "
            "logistic loss at its minimum. Gradient descent with a step size below 1/λ converges "
            "to the minimum from every start."
        ),
        sources=("meng2024gradient",),
        provenance="as the abstract has it, in our words",
        hypotheses=(LOGISTIC_LOSS, NOT_SEPARABLE, ONE_FEATURE, step),
        conclusion=EVERY_START,
        observe=_converging(s, s.starts),
        examples=lambda: tuple(_line(s, s.above[-1], ratio) for ratio in s.below),
        counterexamples=lambda: {
            **_others(s, s.below[0]),
            ONE_FEATURE.name: _plane(s, s.plane[-1], s.slope),
            step.name: _line(s, s.above[-1]),
        },
    )


def _equal_claim(s: Settings) -> Claim:
    def case(ratio: str) -> Case:
        return _case("equal magnitude", _equal(s), ratio, s)

    step, first = ratio_between(0, 2), s.equal[-1]
    return Claim(
        name="equal_magnitudes_converge_below_two_over_lambda",
        title="With one feature of equal magnitude, step sizes below 2/λ suffice",
        statement=(
            "Let the classes overlap, with one feature of the same magnitude in all samples. "
            "Gradient descent on the logistic loss with a step size below 2/λ converges to the "
            "minimum from every start."
        ),
        sources=("meng2025gradient", "meng2024gradient"),
        provenance="as the abstract of the sequel has it, in our words",
        hypotheses=(LOGISTIC_LOSS, NOT_SEPARABLE, ONE_FEATURE, ONE_MAGNITUDE, step),
        conclusion=EVERY_START,
        observe=_converging(s, s.equal_starts),
        examples=lambda: tuple(case(ratio) for ratio in s.equal),
        counterexamples=lambda: {
            **_others(s, first),
            ONE_FEATURE.name: _plane(s, s.plane[-1], s.slope),
            ONE_MAGNITUDE.name: _line(s, first),
            step.name: case(s.beyond[0]),
        },
        controls=lambda: tuple(case(ratio) for ratio in s.beyond[1:]),
    )


# Stable cycles


def _cycling(
    s: Settings, ratios: Sequence[str], measured: Measure, within: float, origin: Origin
) -> Callable[[Instance], Observation]:
    def numbers(instance: Instance, cycle: dg.PeriodicOrbit) -> Iterator[Number]:
        key = nearest_ratio(instance, ratios, within=s.apart)
        for (name, found), expected in zip(*measured(instance, cycle, key), strict=True):
            known = None if expected is None else float(expected)
            yield Number.near(f"{name}, ηλ = {key}", found, known, within=within, origin=origin)

    def observe(instance: Instance) -> Observation:
        seen = stable_cycle(instance, CYCLE, period=2)
        cycle = next(sinks(seen.results[0]), None)
        return seen if cycle is None else replace(seen, numbers=tuple(numbers(instance, cycle)))

    return observe


def _line_claim(s: Settings) -> Claim:
    def measured(instance: Instance, cycle: dg.PeriodicOrbit, key: str) -> Measured:
        assert cycle.multipliers is not None
        known = _recorded(CYCLES, s, "far", "minimiser", "pull", "cycle_starts", "cycle_side")
        fates = dg.simulate(instance.F, _starts(instance, s.cycle_side, s.cycle_starts))
        found = (
            ("upper end", cycle.points.max()),
            ("lower end", cycle.points.min()),
            ("multiplier", cycle.multipliers.real[0]),
            (f"of {s.cycle_starts} starts that cycle", fates.count(dg.Fate.CYCLING)),
        )
        return found, known.get(key, (None,) * len(found))

    step, first = ratio_between(1, 2), s.above[0]
    return Claim(
        name="cycles_between_one_and_two_over_lambda",
        title="Between 1/λ and 2/λ overlapping classes can have a stable cycle",
        statement=(
            "For every γ between 1 and 2 there are overlapping classes with one feature for which "
            "gradient descent on the logistic loss with ηλ = γ has a stable cycle beside its "
            "stable minimum: samples ±1, and far ones that pull clearly strongly enough."
        ),
        sources=("meng2024gradient",),
        provenance=FOUND,
        hypotheses=(LOGISTIC_LOSS, NOT_SEPARABLE, step, PULLED_STRONGLY),
        conclusion=CYCLE,
        observe=_cycling(s, s.above, measured, s.within, Origin.COMPUTED),
        examples=lambda: tuple(_line(s, ratio) for ratio in s.above),
        counterexamples=lambda: {
            **_others(s, first),
            step.name: _line(s, first, s.below[-1]),
            PULLED_STRONGLY.name: _line(s, first, pull=s.weak),
        },
    )


def _plane_claim(s: Settings) -> Claim:
    def measured(instance: Instance, cycle: dg.PeriodicOrbit, key: str) -> Measured:
        gamma, jump = R(key), 8 * R(s.plane_jump)
        first, second = np.abs(cycle.points[0])
        expected = (R(s.plane_minimiser) + jump, s.slope * jump * gamma / (2 - gamma))
        return (("|w₁| on the cycle", first), ("|w₂| on the cycle", second)), expected

    step = ratio_between(0, 1)
    return Claim(
        name="cycles_below_one_over_lambda_in_the_plane",
        title="With two features a stable cycle can exist even below 1/λ",
        statement=(
            "There are overlapping classes with two features for which gradient descent on the "
            "logistic loss has a stable cycle although ηλ < 1: near samples on the axes, and far "
            "ones on lines of slopes ±r with r² clearly above (2 - ηλ)/ηλ."
        ),
        sources=("meng2024gradient",),
        provenance=FOUND,
        hypotheses=(LOGISTIC_LOSS, NOT_SEPARABLE, step, CROSSED_STEEPLY),
        conclusion=CYCLE,
        observe=_cycling(s, s.plane, measured, s.plane_within, Origin.DERIVED),
        examples=lambda: tuple(_plane(s, ratio, s.slope) for ratio in s.plane),
        counterexamples=lambda: {
            **_others(s, s.plane[-1]),
            step.name: _case("equal magnitude", _equal(s), s.above[-1], s),
            CROSSED_STEEPLY.name: _plane(s, s.plane[-1], s.gentle_slope),
        },
    )


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    cycles = [(v, o) for v in verdicts for r in v.observation.results for o in sinks(r)]
    line = [each for each in cycles if each[0].instance.F.dimension == 1]
    plane = [(v, o) for v, o in cycles if v.instance.F.dimension > 1]
    equal = next(v for v in verdicts if v.numbers and "period" in v.numbers[0].name)
    s = equal.claim.study.settings
    reason = "double precision, cycles by interval arithmetic"
    return Chart(
        title="Cycles of gradient descent on overlapping classes, beside a stable minimum",
        panels=(
            *(_step_panel(*each) for each in line[:1]),
            *(_plane_panel(each, s) for each in [plane] if each),
            _diagram_panel(equal.instance.loss, s),
        ),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason=reason),
    )


def _step_panel(verdict: Verdict, cycle: dg.PeriodicOrbit) -> Panel:
    x = cycle.points[:, 0]
    wide = np.linspace(x.min() - np.ptp(x), x.max() + np.ptp(x), 501)
    after = verdict.instance.F(wide[:, None])[:, 0]
    curves = (
        Curve(label="a step", x=wide, y=after),
        Curve(label="no change", x=wide, y=wide),
        Curve(label="stable cycle", x=x, y=x[::-1], mark=Mark.POINTS),
    )
    title = "One feature, 1/λ < η < 2/λ: a jump holds a cycle"
    return Panel(title=title, x_label="w", y_label="w after a step", curves=curves)


def _plane_panel(cycles: Sequence[tuple[Verdict, dg.PeriodicOrbit]], s: Settings) -> Panel:
    end = max(cycles[0][1].points[:, 0])
    side = end / s.slope
    curves = [Curve(label="the gradient jumps", x=[end, 0, end], y=[side, 0, -side])]
    for verdict, orbit in cycles:
        label, (x, y) = verdict.numbers[0].name.rpartition(", ")[2], orbit.points.T
        curves.append(Curve(label=label, x=x, y=y, mark=Mark.BOTH))
    title = "Two features, η < 1/λ: stable cycles"
    return Panel(title=title, x_label="w₁", y_label="w₂", curves=tuple(curves))


def _diagram_panel(loss: AbstractLoss, s: Settings) -> Panel:
    F, ratios = dg.GradientDescent(loss, sp.Symbol("eta")), np.linspace(*s.shown)
    steps = ratios / float(R(s.share) * (1 - R(s.share)))
    found = dg.bifurcation_diagram(F, "eta", steps, starts=[[s.side]], points=s.kept)
    cloud = Curve(label="", x=np.repeat(ratios, s.kept), y=np.ravel(found.points), mark=Mark.DOTS)
    return Panel(
        title="Equal magnitudes: cycles begin at 2/λ",
        x_label="ηλ",
        y_label="where an orbit ends",
        curves=(cloud,),
        levels=(Level(label="ηλ = 2", value=2.0, vertical=True),),
    )


STUDY = Study(
    name="nonseparable_cycles",
    title="Overlapping classes: cycles beside a stable minimum",
    paper="meng2024gradient",
    summary=(
        "Where classes overlap the logistic loss has a minimum, and step sizes below 2/λ keep it "
        "stable. Meng, Orvieto, Cao and De Sa ask whether they also reach it from everywhere: with "
        "one feature below 1/λ they do, between 1/λ and 2/λ there are data with a stable cycle, "
        "and with more features even below 1/λ. Such cycles are constructed here and proved."
    ),
    settings=Settings(),
    quick={"above": ("3/2",), "below": ("1/2",), "plane": ("4/5",), "beyond": ("201/100", "4")},
    claims=lambda s: (_below_claim(s), _equal_claim(s), _line_claim(s), _plane_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "The data are ours; those of the paper were not at hand. Close to ηλ = 1 a cycle needs "
        "farther samples and a minimum closer to 0 than these have. In the plane the construction "
        "works for every ηλ above 0 where the lines are steep enough."
    ),
)
