"""Beyond the edge gradient descent settles on cycles of period two [chen2022beyond]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd import claims
from dynsys_gd.claims import Case, Chart, Claim, Curve, Instance, Number, Observation, Origin
from dynsys_gd.claims.checks import GRADIENT_DESCENT
from dynsys_gd.claims.support import two_cycles
from dynsys_gd.claims.support.two_cycles import (
    CRITERION,
    ONE_DIRECTION,
    PRODUCT,
    SECOND_FLIP,
    TWO_FACTORS,
)

Array = NDArray[np.float64]
_x, _y, _eta = sp.symbols("x y eta")
_PAPER = "chen2022beyond"
_LINE, _MATRIX = "½(xy - 1)² on the line x = y", "Matrix factorisation"
_FLOATS = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
# Cycles that an earlier computation found, by step size, third and fourth derivative.
_CYCLES = {("501/250", "1", "2"): (-0.1183, 0.1059)}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    step_size: str = "501/250"
    below: str = "499/250"
    just: str = "1/100"  # the largest ηf'' - 2 that counts as just beyond the edge
    momentum: str = "1/2"
    stable: tuple[tuple[str, str], ...] = (("1", "2"), ("0", "-1"))  # f''' and f''''
    unstable: tuple[tuple[str, str], ...] = (("1", "4"), ("0", "1"))
    near: float = 0.3  # how far from the minimum starts and cycles may be
    starts: int = 100
    beyond_leading: float = 10.0  # relative error of the leading order, in units of ηf'' - 2
    rounded: float = 5e-5  # digits of cycles that an earlier computation gave
    plane: int = 41
    thirds: tuple[float, float] = (-2.0, 2.0)
    fourths: tuple[float, float] = (-4.0, 8.0)
    balanced: tuple[str, ...] = ("11/10", "6/5", "309/250")
    gentle: str = "9/10"
    doubled: str = "5/4"
    side: float = 1.5  # half the side of the square of starts
    flip_digits: float = 1e-10
    exactly: float = 1e-12
    size: int = 4
    hidden: int = 3
    singular_values: tuple[float, ...] = (2.0, 1.2, 0.6)
    alike: tuple[float, ...] = (2.0, 1.95, 0.6)  # two of them beyond the edge
    ratios: tuple[str, ...] = ("11/10", "6/5")  # ησ_1
    spread: float = 0.1  # standard deviation of the first weights
    small: float = 0.15  # the largest deviation over √σ that counts as small
    large: float = 1.0
    networks: int = 20
    steps: int = 40_000
    settled: float = 1e-9
    near_a_cycle: float = 1e-3  # orbits this near to a cycle may still come to it
    seeds: tuple[int, ...] = (0, 1, 2)
    shown: int = 60


# The sign that decides


def _quartic_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, d = instance.F, instance.F.dimension
        cycles = dg.periodic_orbits(F, dg.Box([-s.near] * d, [s.near] * d), period=2)
        sinks = [cycle for cycle in cycles.orbits if cycle.kind is dg.Kind.SINK]
        starts = instance.region.sample(s.starts, rng=instance.rng("starts"))
        fates = dg.simulate(F, starts)
        cycling = fates.count(dg.Fate.CYCLING)
        numbers = [Number.seen("share of starts that cycle", cycling / s.starts)]
        if len(sinks) == 1:
            numbers += _amplitudes(instance, np.sort(sinks[0].points[:, 0]), s)
        return claims.observed(
            conclusion,
            claims.yes_if(len(sinks) == 1),
            grade=cycles.evidence.grade,
            reason=cycles.why,
            detail=f"{len(sinks)} such cycles; {fates.headline()}",
            numbers=tuple(numbers),
            results=(_plane(s),) if instance.F == case(*s.stable[0]).F else (),
        )

    def case(third: str, fourth: str, step: str = s.step_size, why: str = "") -> Case:
        title = f"f''' = {third}, f'''' = {fourth} at step size {step}"
        F = dg.GradientDescent(two_cycles.quartic(third, fourth), step)
        return Case(title=title, F=F, region=dg.Box([-s.near], [s.near]), why=why)

    def pushed() -> Case:
        F = dg.HeavyBall(two_cycles.quartic(*s.stable[0]), s.step_size, s.momentum)
        why, title = "momentum raises the edge", f"heavy ball with momentum {s.momentum}"
        return Case(title=title, F=F, region=dg.Box([-s.near], [s.near]), why=why)

    escapes = "the flip is subcritical, and starts escape"
    conclusion = f"exactly one 2-cycle within {s.near:g} of the minimum attracts"
    beyond = two_cycles.just_beyond(s.just, s.near)
    return Claim(
        name="flip_criterion",
        title="Where 3f'''² > f''f'''' a 2-cycle attracts just beyond the edge",
        statement=(
            "Let f be a quartic with a minimum at 0, f'' > 0 and 3f'''² > f''f''''. For step sizes "
            "just above 2/f'', the nearer the closer the two sides are, gradient descent has an "
            "attracting cycle of period 2 about the minimum, to leading order at distance "
            "√((ηf'' - 2)/c) with c = η(f'''²/(2f'') - f''''/6)."
        ),
        sources=(_PAPER, "kuznetsov2004elements"),
        provenance=(
            "its abstract was read: a local condition on third derivatives leads to fixed points "
            "of the two-step update and to convergence to them; the condition is as we state it"
        ),
        hypotheses=(GRADIENT_DESCENT, beyond, CRITERION),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(*pair) for pair in s.stable),
        counterexamples=lambda: {
            GRADIENT_DESCENT.name: pushed(),
            beyond.name: case(*s.stable[0], s.below, "the minimum attracts"),
            CRITERION.name: case(*s.unstable[0], why=escapes),
        },
        controls=lambda: tuple(case(*pair, why=escapes) for pair in s.unstable[1:]),
    )


def _amplitudes(instance: Instance, found: Array, s: Settings) -> list[Number]:
    """Return the numbers of an attracting cycle, given its two points in order."""
    jet, step = two_cycles.derivatives_at_zero(instance.loss), instance.step_size
    assert jet is not None
    (_, second, third, fourth), c = jet, float(two_cycles.flip_coefficient(instance.loss))
    form = dg.normal_form(dg.GradientDescent(instance.loss, _eta), [0])
    excess = float(step * second - 2)
    leading = np.sqrt(excess / c)
    slack = s.beyond_leading * excess * leading
    width = (found[1] - found[0]) / 2
    origin, known = Origin.DERIVED, form.evidence.grade
    numbers = [
        Number.near("coefficient", form.coefficient, c, within=0, origin=origin, grade=known),
        Number.near("half width of the cycle", width, leading, within=slack, origin=origin),
    ]
    name, within = "point of the cycle", s.exactly
    expected: tuple[float, ...] = ()
    if third == 0:  # symmetric, hence f'(x) = 2x/η on the cycle
        point = np.sqrt(float(6 * (2 / step - second) / fourth))
        expected = (-point, point)
    elif (key := (str(step), str(third), str(fourth))) in _CYCLES:
        expected, within, origin = _CYCLES[key], s.rounded, Origin.COMPUTED
    return numbers + [
        Number.near(name, side, one, within=within, origin=origin)
        for side, one in zip(found, expected, strict=False)
    ]


def _plane(s: Settings) -> Chart:
    values = [np.linspace(*ends, s.plane).tolist() for ends in (s.thirds, s.fourths)]
    F = dg.GradientDescent(two_cycles.quartic("a", "b"), s.step_size)
    seen = dg.parameter_plane(F, ["a", "b"], values, starts=[[s.near / s.plane]])
    raster = claims.Raster(
        values=(seen.period[:, :, 0] == 2).T,
        low=(s.thirds[0], s.fourths[0]),
        high=(s.thirds[1], s.fourths[1]),
        label="outcome",
        words=("escapes", "cycles"),
    )
    thirds = np.linspace(*s.thirds, 200)
    edge = np.where(3 * thirds**2 <= s.fourths[1], 3 * thirds**2, np.nan)
    panel = claims.Panel(
        title=f"Quartics at step size {s.step_size}",
        x_label="third derivative",
        y_label="fourth derivative",
        curves=(Curve(label="f'''' = 3f'''²", x=thirds, y=edge),),
        raster=raster,
    )
    return Chart(title="The criterion", panels=(panel,), evidence=seen.evidence)


# The balanced line


def _balanced_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, step = instance.F, float(instance.step_size)
        window = dg.Box([-s.side] * F.dimension, [s.side] * F.dimension)
        cycles = dg.periodic_orbits(F, window, period=2)
        level = [one for one in cycles.orbits if (one.points[:, 0] == one.points[:, 1]).all()]
        sinks = [cycle for cycle in level if cycle.kind is dg.Kind.SINK]
        numbers: list[Number] = []
        for cycle in sinks[:1]:
            origin, expected = Origin.DERIVED, sorted((9 - 2 * (1 + step) ** 2, 3 - 2 * step))
            for found, one in zip(np.sort(np.real(cycle.multipliers)), expected, strict=True):  # type: ignore[arg-type]
                numbers.append(
                    Number.near("multiplier", found, one, within=s.exactly, origin=origin)
                )
            numbers.append(_second_doubling(s))
        fates = dg.simulate(F, instance.region.sample(s.starts, rng=instance.rng("starts")))
        return claims.observed(
            conclusion,
            claims.yes_if(bool(sinks)),
            grade=cycles.evidence.grade,
            reason=cycles.why,
            detail=f"{len(sinks)} such cycles; {fates.headline()}",
            numbers=tuple(numbers),
            results=(_points(step, sinks),) if sinks else (),
        )

    def case(step: str, *, factor: int = 1, why: str = "") -> Case:
        F = dg.GradientDescent(dg.Loss(factor * (_x * _y - 1) ** 2 / 2, [_x, _y]), step)
        title = f"½(xy - 1)² at step size {step}" if factor == 1 else f"{factor} times ½(xy - 1)²"
        return Case(title=title, F=F, region=dg.Box([-s.side] * 2, [s.side] * 2), why=why)

    conclusion = "a cycle of period 2 on the line x = y attracts in the plane"
    between = two_cycles.BETWEEN_THE_FLIPS
    return Claim(
        name="balanced_two_cycle",
        title="Between 1 and √5 - 1 a balanced 2-cycle attracts",
        statement=(
            "Let L = ½(xy - 1)². For step sizes between 1 and √5 - 1 gradient descent has an "
            "attracting cycle of period 2 with x = y, whose multipliers are 9 - 2(1 + η)² and "
            "3 - 2η. At √5 - 1 it doubles."
        ),
        sources=(_PAPER, "kuznetsov2004elements"),
        provenance="derived here for the smallest case of the paper's matrix factorisation",
        hypotheses=(PRODUCT, between),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(step) for step in s.balanced),
        counterexamples=lambda: {
            PRODUCT.name: case(s.balanced[0], factor=4, why="its minima are too sharp"),
            between.name: case(s.gentle, why="the flattest minima attract"),
        },
        controls=lambda: (case(s.doubled, why="the cycle has doubled"),),
    )


def _second_doubling(s: Settings) -> Number:
    line = dg.SymbolicMap([(1 + _eta) * _x - _eta * _x**3], [_x])
    to = (s.gentle, s.doubled)
    flip = dg.cascade(line, [1.0], "eta", to=to, doublings=2).doublings[1]
    within, origin, expected = s.flip_digits, Origin.DERIVED, float(SECOND_FLIP)
    return Number.near("second doubling", flip.value, expected, within=within, origin=origin)


def _points(step: float, sinks: Sequence[dg.PeriodicOrbit]) -> Chart:
    heights = np.concatenate([abs(cycle.points[:, 0]) for cycle in sinks])
    curve = Curve(label="proved", x=np.full(len(heights), step), y=heights, mark=claims.Mark.POINTS)
    return _chart(claims.Panel(x_label="step size η", y_label="x", title=_LINE, curves=(curve,)))


# Matrix factorisation


def _matrix_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, net = instance.F, instance.loss
        starts = instance.region.sample(s.networks, rng=instance.rng("starts"))
        ends = F.iterate(starts, s.steps)
        back, moved = (np.abs(F.iterate(ends, k) - ends).max(axis=1) for k in (2, 1))
        two = (back <= s.settled) & (moved > s.settled)
        never = ~(back <= s.near_a_cycle) | (moved <= s.settled)
        slow = dg.Outcome.UNDECIDED if not never.any() else dg.Outcome.NO
        numbers = [Number.seen("share of starts that come to a 2-cycle", two.mean())]
        results = []
        if two.all() and isinstance(net, dg.LinearNetwork) and net.depth == 2:
            numbers += _swings(instance, ends, s)
            path = F.trajectory(starts[0], s.shown).points
            values = two_cycles.leading_imbalance(net, path)[0] / s.singular_values[0]
            results.append(_course(instance, values))
        return claims.observed(
            conclusion,
            dg.Outcome.YES if two.all() else slow,
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.networks} random starts",
            detail=dg.simulate(F, starts).headline(),
            numbers=tuple(numbers),
            results=tuple(results),
        )

    def case(seed: int, ratio: str, why: str, *, layers: int = 1, wide: bool = False) -> Case:
        sizes = s.size, (s.hidden,) * layers
        net = two_cycles.random_factorisation(*sizes, s.singular_values, rng=seed)
        F = dg.GradientDescent(net, float(sp.Rational(ratio)) / s.singular_values[0])
        law = dg.Gaussian([0.0] * F.dimension, s.large if wide else s.spread)
        title = f"{layers + 1} factors of matrix {seed}, ησ = {ratio}"
        return Case(title=title, F=F, region=law, why=why)

    conclusion = "all starts come to cycles of period 2"
    between, small = two_cycles.ratio_between(), two_cycles.small_weights(s.small)
    return Claim(
        name="factorisation_two_cycles",
        title="Beyond the edge matrix factorisation settles on balanced 2-cycles",
        statement=(
            "Let L = ½‖W_2 W_1 - M‖², and let the two largest singular values σ and σ' of M have "
            "a sum below 2/η. For ησ between 1 and √5 - 1 gradient descent from "
            "small weights comes to a cycle of period 2 about a minimum that is balanced in the "
            "leading direction. There the product alternates between the values σz with "
            "z² - (1 + 1/(ησ))z + 1/(ησ)² = 0."
        ),
        sources=(_PAPER,),
        provenance=(
            "its abstract was read: 2-cycles are observed in matrix factorisation; the range of "
            "step sizes and the values are derived here, and that starts come there is observed"
        ),
        hypotheses=(TWO_FACTORS, between, ONE_DIRECTION, small),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(seed, ratio, "") for ratio in s.ratios for seed in s.seeds),
        counterexamples=lambda: {
            TWO_FACTORS.name: case(s.seeds[0], s.ratios[0], "another critical step", layers=2),
            between.name: case(s.seeds[0], s.gentle, "minima attract"),
            ONE_DIRECTION.name: _matrix_claim(replace(s, singular_values=s.alike)).examples()[0],
            small.name: case(s.seeds[0], s.ratios[0], "most starts escape", wide=True),
        },
        controls=lambda: (case(s.seeds[0], s.doubled, "the cycle has doubled"),),
    )


def _swings(instance: Instance, ends: Array, s: Settings) -> list[Number]:
    net = instance.loss
    assert isinstance(net, dg.LinearNetwork)
    F, top = instance.F, s.singular_values[0]
    one, gap = two_cycles.leading_imbalance(net, ends)
    other, _ = two_cycles.leading_imbalance(net, F(ends))
    found = np.sort([one, other], axis=0) / top
    numbers = [Number.near("imbalance", gap.max(), 0, within=s.settled, origin=Origin.DERIVED)]
    expected = two_cycles.alternating_values(float(instance.step_size) * top)
    for side, values, value in zip(("lower", "upper"), found, expected, strict=True):
        worst = values[np.abs(values - value).argmax()]
        name = f"{side} value of the product, in σ"
        numbers.append(Number.near(name, worst, value, within=s.settled, origin=Origin.DERIVED))
    return numbers


def _course(instance: Instance, values: Array) -> Chart:
    label = f"step size {float(instance.step_size):.3g}"
    curve = Curve(label=label, x=np.arange(len(values)), y=values, mark=claims.Mark.BOTH)
    y_label = "leading value of the product, in σ"
    return _chart(claims.Panel(x_label="steps", y_label=y_label, title=_MATRIX, curves=(curve,)))


def _chart(panel: claims.Panel) -> Chart:
    return Chart(title=panel.title, panels=(panel,), evidence=_FLOATS)


# The picture


def _figure(verdicts: Sequence[claims.Verdict]) -> Chart:
    panels = [r.panels[0] for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    of_line = [p for p in panels if p.title == _LINE]
    courses = {p.curves[0].label: p for p in panels if p.title == _MATRIX}
    course = replace(panels[-1], curves=tuple(p.curves[0] for p in courses.values()))
    steps = np.linspace(1, float(SECOND_FLIP), 100)
    lower, upper = np.sqrt([two_cycles.alternating_values(step) for step in steps]).T
    formula = Curve(label="formula", x=steps, y=upper), Curve(label="", x=steps, y=lower, like=0)
    x, y = (np.concatenate([getattr(p.curves[0], k) for p in of_line]) for k in "xy")
    seen = Curve(label="proved cycles", x=x, y=y, mark=claims.Mark.POINTS)
    return Chart(
        title="Beyond the edge: cycles of period two",
        panels=(panels[0], replace(of_line[0], curves=(*formula, seen)), course),
        evidence=_FLOATS,
    )


STUDY = claims.Study(
    name="two_step_dynamics",
    title="Cycles of period two beyond the edge of stability",
    paper=_PAPER,
    summary=(
        "Chen and Bruna look at two steps of gradient descent as one map. Just beyond 2/f'' a "
        "condition on third derivatives makes its fixed points attract: the flip is supercritical. "
        "The smallest factorisation has an exact range of step sizes with an attracting cycle, "
        "and larger ones follow it in their leading direction."
    ),
    settings=Settings(),
    quick={"plane": 15, "starts": 30, "balanced": ("11/10",), "ratios": ("11/10",), "networks": 4},
    claims=lambda s: (_quartic_claim(s), _balanced_claim(s), _matrix_claim(s)),
    figure=_figure,
    part=claims.Part.FRONTIER,
    discussion=(
        "How far beyond 2/f'' the criterion decides depends on f: in the plane of quartics some "
        "with the criterion, close to the curve, escape at this step size, so that the claim asks "
        "for a step size close enough. The bound is ours, from a search. The range up to √5 - 1 "
        "and the values on the cycle are derived here, not taken from the paper."
    ),
)
