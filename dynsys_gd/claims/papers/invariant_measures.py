"""The loss settles, the weights do not: an invariant measure [zhang2022neural]_."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Instance,
    Mark,
    Number,
    Observation,
    Origin,
    Panel,
    Part,
    Study,
    Verdict,
    condition,
    observed,
    yes_if,
)
from dynsys_gd.claims.checks import ANALYTIC, BEYOND_CRITICAL_STEP
from dynsys_gd.claims.support.parabola_noise import BELOW_TWO, PARABOLAS, UNIT_NOISE, mean_minimum
from dynsys_gd.claims.support.scalar_networks import scalar_network
from dynsys_gd.claims.support.settling import Settling, power_law

_x, _ZERO = sp.Symbol("x", real=True), sp.Integer(0)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    moving: tuple[str, ...] = ("3/5", "3/4", "17/20", "9/10")
    chaotic: tuple[str, ...] = ("17/20", "9/10")
    cycle: str = "3/5"  # of period 2
    stable: str = "2/5"
    lost: str = "3/2"
    kink: str = "11/5"
    box: tuple[float, float] = (0.5, 1.2)  # of the four factors
    seeds: tuple[int, ...] = (0, 1, 2)
    starts: int = 40
    steps: int = 50_000
    first: int = 100  # of the times at which changes are averaged
    times: int = 25
    still: float = 1e-4  # mean ‖∇L‖² of an orbit that converges
    reach: float = 20.0  # beyond, a weight is on its way to infinity
    slope_within: float = 0.05
    squares_within: float = 3e-3
    squares_from: int = 20_000  # steps after which mean squares are as near as that
    many: int = 60  # starts whose time averages are compared
    spans: tuple[int, ...] = (1000, 10_000, 100_000)
    transient: int = 2000
    spread_within: float = 0.15  # of the slope -1/2
    wells_step: str = "29/20"  # two wells, with a chaotic attractor in each
    wells_tilt: str = "1/20"
    wells_box: float = 1.2
    hidden: int = 8
    samples: int = 12
    noise: float = 0.1  # of the targets sin 3x
    relu_step: float = 0.8
    relu_small: float = 0.1
    relu_steps: int = 4000
    relu_lost: float = 20.0
    shrink: float = 0.125  # of the step size that finds minima
    shrunk_steps: int = 1500
    sgd_steps: tuple[str, ...] = ("1/2", "1", "3/2")
    sgd_lost: str = "5/2"
    sgd_starts: int = 2000
    sgd_span: int = 1024
    sgd_transient: int = 64
    sgd_within: float = 1e-2  # relative
    sgd_surely: float = 5.0  # standard errors beyond which a mean differs
    quartic: int = 4  # xᵏ/k is added for this even k, where the loss is not quadratic


SQUARES = {"3/5": 0.253, "3/4": 0.532, "9/10": 0.456}
FOUND = (
    "as we state it: the abstract has the loss that settles without stationary weights, and the "
    "approximate invariant measure; the inequality is recalled"
)
CONCLUSION = "the mean change of the loss is at most 2 sup|L|/T, and most orbits keep moving"


def _looking(s: Settings, steps: int, known: Mapping[str, float]) -> Settling:
    known = known if steps >= s.squares_from else {}
    squares = tuple((step, value, s.squares_within) for step, value in known.items())
    return Settling(seeds=s.seeds, starts=s.starts, steps=steps, first=s.first, times=s.times,
                    still=s.still, reach=s.reach, within=s.slope_within,
                    squares=squares)  # fmt: skip


def _near(name: str, found: float, expected: float, within: float) -> Number:
    return Number.near(name, found, expected, within=within, origin=Origin.DERIVED)


def _chart(title: str, *panels: Panel) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title, panels=panels, evidence=evidence)


# A smooth loss


def _product(step_size: str, s: Settings) -> Case:
    F = dg.GradientDescent(scalar_network(4), step_size)
    region = dg.Box([s.box[0]] * 4, [s.box[1]] * 4)
    return Case(title=f"½(w₁w₂w₃w₄ - 1)² at step size {step_size}", F=F, region=region)


def _kink(s: Settings) -> Case:
    F = dg.GradientDescent(dg.Loss((sp.Abs(_x) - 1) ** 2 / 2, [_x]), s.kink)
    region, why = dg.Box([s.box[0]], [s.box[1]]), "orbits move on here as well"
    return Case(title=f"(|x| - 1)²/2 at step size {s.kink}", F=F, region=region, why=why)


def _smooth_claim(s: Settings) -> Claim:
    bounded = (looking := _looking(s, s.steps, SQUARES)).bounded()
    return Claim(
        name="the_loss_settles_without_convergence",
        title="The loss settles in the mean although the weights do not converge",
        statement=(
            "Let the update be analytic, let orbits stay bounded, and let every minimum be too "
            "sharp for the step size. Along T steps the mean change of the loss is at most "
            "2 sup|L|/T, while from most starts the gradient does not vanish."
        ),
        sources=("zhang2022neural",),
        provenance=FOUND,
        hypotheses=(ANALYTIC, BEYOND_CRITICAL_STEP, bounded),
        conclusion=CONCLUSION,
        observe=looking.observing(CONCLUSION),
        examples=lambda: tuple(_product(step, s) for step in s.moving),
        counterexamples=lambda: {
            ANALYTIC.name: _kink(s),
            BEYOND_CRITICAL_STEP.name: _product(s.stable, s),
            bounded.name: _product(s.lost, s),
        },
    )


# A network with kinks


def _relu(step: float, s: Settings, seed: int) -> Case:
    x = np.linspace(-1, 1, s.samples)[:, None]
    y = np.sin(3 * x) + s.noise * np.random.default_rng(seed).standard_normal(x.shape)
    net = dg.MLP((1, s.hidden, 1), dg.Activation.RELU, x, y)
    return Case(
        title=f"a ReLU network at step size {step:g}, seed {seed}",
        F=dg.GradientDescent(net, step),
        region=dg.he_normal(net),
        why="whether orbits move on depends on the step size, not on kinks",
    )


def _kinks_claim(s: Settings) -> Claim:
    def has_kinks(instance: Instance) -> tuple[dg.Outcome, str]:
        net = instance.F.loss
        found = isinstance(net, dg.MLP) and net.activation is dg.Activation.RELU
        return yes_if(found), instance.F.describe()

    def is_sharp(instance: Instance) -> tuple[dg.Outcome, str]:
        assert isinstance(instance.F, dg.GradientDescent)
        step = float(instance.F.step_size)
        slow = dg.GradientDescent(instance.loss, s.shrink * step)
        starts = instance.region.sample(s.starts, rng=instance.rng("minima"))
        ends = dg.sharpness_along(slow, starts, s.shrunk_steps, every=s.shrunk_steps).values[:, -1]
        told = f"median sharpness {np.median(ends):.3g}, 2/η = {2 / step:.3g}"
        return yes_if(bool(np.median(ends) > 2 / step)), told

    bounded = (looking := _looking(s, s.relu_steps, {})).bounded()
    jumps, form = "the gradient jumps where a unit turns on", "by its form"
    kinks = condition("kinks", jumps, has_kinks, grade=dg.Grade.PROVED, reason=form)
    steep = "where smaller steps lead, most Hessians have an eigenvalue above 2/η"
    reason = "Lanczos' method at the ends of slower orbits"
    sharp = condition("sharp minima", steep, is_sharp, grade=dg.Grade.NUMERICAL, reason=reason)
    return Claim(
        name="the_loss_settles_with_kinks_too",
        title="With ReLU units the loss settles as well, and most orbits keep moving",
        statement=(
            "Let the network have ReLU units, so that the update is not continuous, let orbits "
            "stay bounded, and let the minima that smaller steps find be too sharp. The mean "
            "change of the loss is at most 2 sup|L|/T, while most gradients do not vanish."
        ),
        sources=("zhang2022neural",),
        provenance=f"{FOUND}; the paper treats such updates by approximate invariance, as recalled",
        hypotheses=(kinks, bounded, sharp),
        conclusion=CONCLUSION,
        observe=looking.observing(CONCLUSION),
        examples=lambda: tuple(_relu(s.relu_step, s, seed) for seed in s.seeds),
        counterexamples=lambda: {
            kinks.name: _product(s.stable, s),
            bounded.name: _relu(s.relu_lost, s, s.seeds[0]),
            sharp.name: _relu(s.relu_small, s, s.seeds[0]),
        },
    )


# Time averages


def _averages_claim(s: Settings) -> Claim:
    def is_chaotic(instance: Instance) -> tuple[dg.Outcome, str]:
        starts = instance.region.sample(s.starts, rng=instance.rng("exponents"))
        found = dg.lyapunov_spectrum(instance.F, starts, exponents=1, steps=s.spans[0])
        least = float(np.nanmin(found.exponents[:, 0], initial=np.inf))
        return yes_if(bool(0 < least < np.inf)), f"largest exponents at least {least:.3g}"

    def mean(instance: Instance, of: dg.LossObservable, rng: np.random.Generator | int,
             steps: int) -> dg.BirkhoffAverage:  # fmt: skip
        starts = instance.region.sample(s.many, rng=rng)
        return dg.birkhoff_average(instance.F, of, starts, transient=s.transient, steps=steps)

    def is_one(instance: Instance) -> tuple[dg.Outcome, str]:
        rng, square = instance.rng("one measure"), dg.LossObservable.GRADIENT_SQUARED
        found = mean(instance, square, rng, s.spans[-1])
        low, high = np.min(found.averages), np.max(found.averages)
        return found.pooled().alike, f"they lie between {low:.5g} and {high:.5g}"

    def observe(instance: Instance) -> Observation:
        spreads, numbers, alike, loss = [], [], [], dg.LossObservable.LOSS
        for seed in s.seeds:
            found = [mean(instance, loss, seed, steps) for steps in s.spans]
            spreads.append(spread := np.array([each.averages.std() for each in found]))
            alike.append(found[-1].pooled().alike is dg.Outcome.YES)
            slope = power_law(s.spans, spread) if (spread > 0).all() else 0.0
            name = f"slope of the spread over T, η = {float(instance.step_size):g}, seed {seed}"
            numbers.append(_near(name, slope, -1 / 2, s.spread_within))
        agree = all(alike) and all(number.agrees is dg.Outcome.YES for number in numbers)
        label = f"η = {float(instance.step_size):g}"
        curve = Curve(label=label, x=s.spans, y=np.mean(spreads, axis=0), mark=Mark.BOTH)
        panel = Panel(x_label="steps T", y_label="spread of mean losses", curves=(curve,))
        last = ", ".join(f"{each[-1]:.2g}" for each in spreads)
        slopes = ", ".join(f"{number.found:.3g}" for number in numbers)
        return observed(
            conclusion, yes_if(agree), grade=dg.Grade.STATISTICAL,
            reason=f"{s.many} orbits, {len(s.seeds)} times",
            detail=f"spreads {last}, slopes {slopes}", numbers=tuple(numbers) if agree else (),
            results=(_chart(f"spread, {label}", panel),),
        )  # fmt: skip

    x, tilt, wide = _x, sp.Rational(s.wells_tilt), s.wells_box
    wells = Case(
        title=f"two tilted wells at step size {s.wells_step}",
        F=dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2 + tilt * x, [x]), s.wells_step),
        region=dg.Box([-wide], [wide]), why="each well has a mean loss of its own",
    )  # fmt: skip
    conclusion = "time averages of the loss agree among starts, with a spread of order T^(-1/2)"
    statement, reason = "the largest Lyapunov exponent is positive", "exponents along orbits"
    chaos = condition("chaos", statement, is_chaotic, grade=dg.Grade.STATISTICAL, reason=reason)
    one = condition("one measure", "time averages of ‖∇L‖² agree among starts", is_one,
                    grade=dg.Grade.STATISTICAL, reason=f"{s.many} orbits")  # fmt: skip
    return Claim(
        name="time_averages_agree",
        title="Time averages of the loss belong to one invariant measure",
        statement=(
            "Let orbits be chaotic and attracted to one invariant measure, so that other averages "
            "agree. Time averages of the loss then agree from almost every start, and where "
            "correlations decay fast they differ by order T^(-1/2) over T steps."
        ),
        sources=("zhang2022neural",),
        provenance="derived from the picture of the paper; the rate is that of the central limit",
        hypotheses=(chaos, one),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_product(step, s) for step in s.chaotic),
        counterexamples=lambda: {chaos.name: _product(s.cycle, s), one.name: wells},
        controls=lambda: (_product(s.stable, s),),
    )


# Stochastic gradient descent


def _noise_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, found = instance.F, []
        assert isinstance(F, dg.RandomMinibatch)
        eta, square = float(F.step_size), dg.LossObservable.GRADIENT_SQUARED
        mean = partial(dg.birkhoff_average, F, square, transient=s.sgd_transient)
        begin = np.full((s.sgd_starts, 1), mean_minimum(F))
        for seed in s.seeds:
            all_starts = mean(F.states(begin, rng=seed), steps=s.sgd_span).pooled()
            found.append((float(all_starts.values[0]), float(all_starts.errors[0])))
        expected = eta / (2 - eta) if eta < 2 else np.nan  # no stationary law
        within, left = s.sgd_within * expected, (1 - eta) ** (2 * s.sgd_transient)
        off = [(abs(value - expected), s.sgd_surely * error) for value, error in found]
        near = all(gap <= within for gap, _ in off)
        # A mean that is not finite, or far off in its standard errors, differs. One that is off
        # because orbits are few, or have not forgotten where they began, tells nothing.
        apart = any(not gap <= max(within, surely) for gap, surely in off) and not (
            s.sgd_within < left < 1
        )
        numbers = tuple(
            _near(f"mean ‖∇L‖², η = {eta:g}, seed {seed}", value, expected, within)
            for seed, (value, _) in zip(s.seeds, found, strict=True)
            if near
        )
        told = ", ".join(f"{value:.4g}" for value, _ in found)
        return observed(
            conclusion, yes_if(near) if near or apart else dg.Outcome.UNDECIDED,
            grade=dg.Grade.STATISTICAL, numbers=numbers,
            reason=f"{len(found)} times {s.sgd_starts} orbits of {s.sgd_span} steps",
            detail=f"{told}, η/(2 - η) = {expected:.4g}",
        )  # fmt: skip

    def sgd(title: str, step: str, *minima: int, extra: sp.Expr = _ZERO) -> Case:
        losses = [dg.Loss((_x - minimum) ** 2 / 2 + extra, [_x]) for minimum in minima]
        F = dg.RandomMinibatch(losses, step, rng=s.seeds[0])
        return Case(title=f"{title}, step size {step}", F=F)

    conclusion = "the mean of ‖∇L‖² is η/(2 - η)"
    first, two = s.sgd_steps[0], "batches (x ± 1)²/2"
    return Claim(
        name="noise_keeps_the_weights_moving",
        title="On a parabola, noise holds a stationary law in which the gradient does not vanish",
        statement=(
            "Let stochastic gradient descent draw parabolas in one variable with L'' = 1, whose "
            "gradients have variance 1, such as (x ± 1)²/2 with equal chances. At step sizes below "
            "2 its law tends to a stationary one, in which the mean of ‖∇L‖² is η/(2 - η)."
        ),
        sources=("zhang2022neural",),
        provenance="derived: the step is an autoregression with independent noise of variance η²",
        hypotheses=(PARABOLAS, UNIT_NOISE, BELOW_TWO),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(sgd(two, step, -1, 1) for step in s.sgd_steps),
        counterexamples=lambda: {
            PARABOLAS.name: sgd(
                f"{two} + x^{s.quartic}/{s.quartic}", first, -1, 1, extra=_x**s.quartic / s.quartic
            ),
            UNIT_NOISE.name: sgd("one minimum in common", first, 0, 0),
            BELOW_TWO.name: sgd(two, s.sgd_lost, -1, 1),
        },
    )


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    shown = [v for v in verdicts if v.applies is dg.Outcome.YES]
    charts = [r for v in shown for r in v.observation.results if isinstance(r, Chart)]
    spreads = [c.panels[0].curves[0] for c in charts if c.title.startswith("spread")]
    smooth = [c.panels[0].curves for c in charts if "w1*w2" in c.title]
    changes = [mean for mean, _ in smooth] + [bound for _, bound in smooth[-1:]]
    pairs = [(v.instance.F, n.found) for v in shown for n in v.numbers]
    noise = [(float(F.step_size), v) for F, v in pairs if isinstance(F, dg.RandomMinibatch)]
    fine = np.linspace(0.005, max([1.8, *(step for step, _ in noise)]), 250)
    for one in spreads[:1]:
        x, y = np.asarray(one.x), np.asarray(one.y)
        spreads.append(Curve(label="T^(-1/2)", x=x, y=y[0] * np.sqrt(x[0] / x)))
    steps, seen = [step for step, _ in noise], [value for _, value in noise]
    return _chart(
        "The loss settles in the mean, the weights do not",
        Panel(title="The mean change of the loss falls as 1/T", x_label="steps T",
              y_label="|mean ΔL|", curves=tuple(changes), log_x=True, log_y=True),
        Panel(title="Time averages of the loss agree among starts", x_label="steps T",
              y_label="spread of the averages", curves=tuple(spreads), log_x=True, log_y=True),
        Panel(title="Noise on a parabola: a stationary law", x_label="step size η",
              y_label="mean ‖∇L‖²",
              curves=(Curve(label="η/(2 - η)", x=fine, y=fine / (2 - fine)),
                      Curve(label="seen", x=steps, y=seen, mark=Mark.POINTS))),
    )  # fmt: skip


STUDY = Study(
    name="invariant_measures",
    title="The loss settles, the weights do not converge",
    paper="zhang2022neural",
    summary=(
        "Zhang, Li, Sra and Jadbabaie report networks whose loss settles while gradients do not "
        "vanish, and explain it by measures that the update leaves nearly invariant. Here the "
        "same is seen on a smooth loss beyond its critical step size, on networks with ReLU units, "
        "and with noise on a parabola, where the stationary law is known exactly."
    ),
    settings=Settings(),
    quick={"seeds": (0,), "steps": 20_000, "spans": (500, 2000, 8000), "relu_steps": 2500}
    | {"sgd_starts": 1000, "sgd_span": 128},
    claims=lambda s: (_smooth_claim(s), _kinks_claim(s), _averages_claim(s), _noise_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "The inequality |mean ΔL| ≤ 2 sup|L|/T is a telescoping sum and holds for every bounded "
        "orbit, stationary or not. What makes it interesting is that gradients do not vanish, "
        "which needs minima that are too sharp, or noise. Some orbits of ReLU networks do stop: "
        "where all units are silent the gradient is 0."
    ),
)
