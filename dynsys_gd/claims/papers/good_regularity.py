"""Losses that grow slowly let large steps do their work [wang2023good]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import sympy as sp

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
    observed,
    yes_if,
)
from dynsys_gd.claims.support.plateau import SLOW_ACTIVATION, plateaus, reaches_the_edge
from dynsys_gd.claims.support.product_profile import (
    AT_MOST_LINEAR_GROWTH,
    BOUNDED_SLOPE,
    FALLING_CURVATURE,
    gap_constant,
    product_profile,
)
from dynsys_gd.claims.support.product_regimes import goes_too_far
from dynsys_gd.engine.operations import logcosh

_SOURCE = "wang2023good"
_x, _y, _h = sp.symbols("x y h")
_s = _x * _y - 1
_LOGCOSH, _ROOT, _SQUARE, _SIXTH = "log cosh(s)", "√(1 + s²)", "s²/2", "((1 + s)³ - 1)²/18"
_RISING = "(7 + 4s²)/√(1 + s²)"
_LOSSES = {
    _LOGCOSH: dg.Loss(logcosh(_s), [_x, _y]),
    _ROOT: dg.Loss(sp.sqrt(1 + _s**2), [_x, _y]),
    _SQUARE: dg.Loss(_s**2 / 2, [_x, _y]),
    _RISING: dg.Loss((7 + 4 * _s**2) / sp.sqrt(1 + _s**2), [_x, _y]),
    _SIXTH: dg.Loss((_x**3 * _y**3 - 1) ** 2 / 18, [_x, _y]),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study; c is the step size in units of 1/(x² + y²) at the start."""

    good: tuple[str, ...] = (_LOGCOSH, _ROOT)
    starts: tuple[int, ...] = (6, 12)  # x, with y so that xy is the product
    product: str = "11/10"
    beyond: tuple[str, ...] = ("11/5", "3", "39/10", "6", "20")  # c > 2
    horizon: int = 200_000
    gap: float = 1.05  # below 2/h, in units of h/|r''(0)|, at most
    table_start: tuple[int, str] = (6, "11/10")  # x and the product
    table_horizon: int = 200_000
    table_c: tuple[str, ...] = ("11/5", "3", "39/10", "6", "20")
    table: tuple[tuple[str, float, tuple[float, ...]], ...] = (
        # loss, half a unit of the last decimal, and (x² + y²)h/2 in the end
        (_LOGCOSH, 5e-4, (0.997, 0.995, 0.991, 0.980, 0.874)),
        (_ROOT, 5e-4, (0.998, 0.997, 0.994, 0.986, 0.905)),
        (_SQUARE, 5e-4, (0.885, 0.153, 0.399)),
        (_SIXTH, 5e-3, (1.0, 1.0, 1.94)),
    )
    curve: tuple[float, float, int] = (0.5, 25.0, 60)  # c from, to, and how many
    catapults: tuple[str, ...] = ("3", "20")
    caught: str = "19/10"
    lost: str = "6"
    flight: int = 20_000
    fallen: float = 1e-3
    shown: tuple[float, float] = (1e-9, 1e6)
    balanced_steps: tuple[str, ...] = ("1/2", "5/4")
    side: float = 6.0
    orbits: int = 60
    balanced_after: int = 50
    rounding: float = 1e-12
    width: int = 20
    samples: int = 50
    wiggles: int = 4  # the targets are the Chebyshev polynomial of this degree
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    losses: tuple[dg.DataLoss, ...] = (dg.DataLoss.SQUARED, dg.DataLoss.HUBER)
    network_steps: tuple[str, ...] = ("1/5", "2/5")
    gentle_step: str = "1/50"
    trained: int = 10_000
    every: int = 20  # steps between two looks
    plateau: float = 0.03
    fitted: float = 0.1


def _start(x: int, s: Settings) -> tuple[tuple[Fraction, Fraction], Fraction]:
    start = Fraction(x), Fraction(s.product) / x
    return start, start[0] ** 2 + start[1] ** 2


def _name(instance: Instance) -> str:
    return next((n for n, loss in _LOSSES.items() if loss == instance.loss), "another loss")


def _edge_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        name, numbers, seen = _name(instance), [], []
        unit = gap_constant(product_profile(instance.loss), at=1)
        lines = [(within, values) for listed, within, values in s.table if listed == name]
        beyond = [
            (x, c) for x, c in product(s.starts, s.beyond) if 2 < Fraction(c) < _start(x, s)[1]
        ]
        for x, c in beyond:
            ratio, fate = _settled(instance, x, Fraction(c), s)
            least = 1 - s.gap * unit * float(Fraction(c) / _start(x, s)[1]) ** 2 / 2
            unless = dg.Outcome.UNDECIDED if fate is dg.Fate.UNDECIDED else dg.Outcome.NO
            just_below = fate is dg.Fate.CONVERGED and least <= ratio < 1
            seen.append(dg.Outcome.YES if just_below else unless)
            title = f"(x² + y²)h/2 in the end, {name}, x = {x}, c = {c}"
            numbers.append(Number.seen(title, ratio))
            told = fate is dg.Fate.CONVERGED or s.horizon == s.table_horizon
            for within, values in lines:
                known = dict(zip(s.table_c, values, strict=False))
                near = partial(Number.near, within=within, origin=Origin.COMPUTED)
                if told and c in known and (x, s.product) == s.table_start:
                    numbers[-1] = near(title, ratio, known[c])
        return observed(
            conclusion,
            dg.Outcome.all_of(seen or [dg.Outcome.UNDECIDED]),
            grade=dg.Grade.NUMERICAL,
            reason=f"at most {s.horizon} steps",
            detail=f"{len(beyond)} pairs of a start and a step size, c up to {s.beyond[-1]}",
            numbers=tuple(numbers),
            results=(_ratios(instance, s),),
        )

    def case(name: str, why: str = "") -> Case:
        F = dg.GradientDescent(_LOSSES[name], _h)
        return Case(title=f"ℓ = {name}, s = xy - 1, at many step sizes", F=F, why=why)

    conclusion = (
        "at all c > 2 with h < 1 looked at orbits converge, to x² + y² below 2/h by at most "
        f"{s.gap:g} h/|r''(0)|"
    )
    square = "orbits end where it is flatter, and escape from c = 6 on"
    rising = "the growth is linear, but orbits end far from the edge, and escape at large c"
    return Claim(
        name="good_regularity_keeps_to_the_edge",
        title="With good regularity every large step ends just below the edge of stability",
        statement=(
            "Let L = ℓ(xy - 1) with ℓ even, ℓ''(0) = 1, of growth degree at most 1 and with a "
            "curvature that falls away from 0; r(s) = ℓ'(s)/s. From a start near the minima with "
            "L₀ = x² + y², gradient descent with h = c/L₀ < 1 converges for every c > 2, up to 20, "
            "to a minimum whose sharpness lies below 2/h by h/|r''(0)| or less."
        ),
        sources=(_SOURCE,),
        hypotheses=(AT_MOST_LINEAR_GROWTH, FALLING_CURVATURE),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(name) for name in s.good),
        counterexamples=lambda: {
            AT_MOST_LINEAR_GROWTH.name: case(_SQUARE, square),
            FALLING_CURVATURE.name: case(_RISING, rising),
        },
        controls=lambda: (case(_SIXTH, "orbits hardly settle, and escape from c = 6 on"),),
    )


def _settled(instance: Instance, x: int, c: Fraction, s: Settings) -> tuple[float, dg.Fate]:
    """Return (x² + y²)h/2 in the limit, or at the horizon, and the fate of the orbit."""
    start, sharpness = _start(x, s)
    h, points = float(c / sharpness), np.array([start], dtype=float)
    F = instance.F.at(h=h)
    fates = dg.simulate(F, points, budget=dg.Budget(steps=s.horizon))
    fate = dg.Fate(int(fates.fate[0]))
    end = fates.limit if fate is dg.Fate.CONVERGED else F.iterate(points, s.horizon)
    return float((end**2).sum() * h / 2), fate


def _ratios(instance: Instance, s: Settings) -> Chart:
    low, high, n = s.curve
    across = np.geomspace(low, high, n)
    found = [_settled(instance, s.starts[0], Fraction(c), s) for c in across]
    ratios = [ratio if fate is dg.Fate.CONVERGED else np.nan for ratio, fate in found]
    curve = Curve(label=_name(instance), x=across, y=ratios, mark=Mark.BOTH)
    y_label = "(x² + y²)h/2 in the end"
    panel = Panel(x_label="c = h (x² + y²) at the start", y_label=y_label, curves=(curve,))
    return _chart(panel, title="ratio")


def _catapult_claim(s: Settings) -> Claim:
    start, sharpness = _start(s.starts[0], s)

    def observe(instance: Instance) -> Observation:
        points = instance.F.trajectory([float(value) for value in start], s.flight).points
        with np.errstate(all="ignore"):  # orbits of controls escape
            loss = instance.loss(points) - instance.loss([1.0, 1.0])  # less its minimum
        rises, falls = bool(loss[1] > loss[0]), bool(loss[-1] < s.fallen * loss[0])
        later = dg.Outcome.UNDECIDED if rises and np.isfinite(loss[-1]) else dg.Outcome.NO
        c = float(instance.step_size * sp.Rational(str(sharpness)))
        curve = Curve(label=f"{_name(instance)}, c = {c:g}", x=1 + np.arange(len(loss)), y=loss)
        panel = Panel(x_label="step + 1", y_label="L - min L", curves=(curve,), y_range=s.shown)
        return observed(
            conclusion,
            dg.Outcome.YES if rises and falls else later,
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.flight} steps",
            detail=f"from {loss[0]:.3g} up to {loss.max():.3g}, in the end {loss[-1]:.3g}",
            results=(_chart(panel, title="loss"),),
        )

    def case(name: str, c: str, why: str = "") -> Case:
        F = dg.GradientDescent(_LOSSES[name], Fraction(c) / sharpness)
        return Case(title=f"ℓ = {name}, c = {c}, from x = {s.starts[0]}", F=F, why=why)

    conclusion = f"the loss rises at first, and falls below {s.fallen:g} of where it began"
    beyond = goes_too_far(start)
    return Claim(
        name="good_regularity_lets_loss_recover",
        title="Catapult: with good regularity the loss rises, and falls for good",
        statement=(
            "Let L = ℓ(xy - 1) with ℓ even, ℓ''(0) = 1, of growth degree at most 1 and with a "
            "curvature that falls away from 0. Start beyond the edge of stability, where the first "
            "step takes xy - 1 farther from 0, with h < 1. The loss rises at first, and falls for "
            "good afterwards."
        ),
        sources=(_SOURCE,),
        hypotheses=(AT_MOST_LINEAR_GROWTH, FALLING_CURVATURE, beyond),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(name, c) for name in s.good for c in s.catapults),
        counterexamples=lambda: {
            AT_MOST_LINEAR_GROWTH.name: case(_SIXTH, s.lost, "the loss rises without end"),
            FALLING_CURVATURE.name: case(_RISING, s.catapults[-1], "the loss rises without end"),
            beyond.name: case(s.good[0], s.caught, "the loss falls all the time"),
        },
    )


def _balancing_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, starts = instance.F, instance.region.sample(s.orbits, rng=instance.rng("starts"))
        with np.errstate(all="ignore"):  # orbits of controls escape
            runs = [F.trajectory(start, s.balanced_after).points for start in starts]
            squares = np.array(runs) ** 2
            gap, size = np.abs(squares[..., 0] - squares[..., 1]), squares.sum(axis=2)
            growth = (gap[:, 1:] - gap[:, :-1]) / size[:, :-1]
        worst = float(np.nanmax(growth))  # NaN after an escape
        return observed(
            conclusion,
            yes_if(worst <= s.rounding),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.orbits} random starts, {s.balanced_after} steps each",
            detail=f"in a step by at most {worst:.2g} of x² + y²",
        )

    def case(name: str, step: str, why: str = "") -> Case:
        box = dg.Box([-s.side] * 2, [s.side] * 2)
        F = dg.GradientDescent(_LOSSES[name], step)
        return Case(title=f"ℓ = {name} at step size {step}", F=F, region=box, why=why)

    conclusion = "|x² - y²| never grows, rounding apart"
    return Claim(
        name="bounded_slopes_balance",
        title="Balancing: with a bounded slope the factors approach each other at every step",
        statement=(
            "Let L = ℓ(xy). A step of gradient descent multiplies x² - y² by 1 - h²ℓ'(xy)². Where "
            "ℓ is convex and h sup|ℓ'| ≤ √2, the imbalance |x² - y²| never grows, from any start."
        ),
        sources=(_SOURCE,),
        hypotheses=(BOUNDED_SLOPE,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(name, step) for name in s.good for step in s.balanced_steps),
        counterexamples=lambda: {
            BOUNDED_SLOPE.name: case(
                _SQUARE, s.balanced_steps[0], "far out steps tear factors apart"
            ),
        },
    )


def _network_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        name = f"{instance.loss.describe()}, η = {instance.step_size}"
        seen = plateaus(instance.F, s.seeds, s.trained, every=s.every)
        near = np.abs(seen.medians - 2) <= s.plateau
        label = f"{name.split()[0]}, η = {instance.step_size}"
        curve = Curve(label=label, x=seen.along.steps, y=seen.ratios[0])
        panel = Panel(x_label="step", y_label="ηλ", curves=(curve,), y_range=(0.0, 4.0))
        settled = partial(Number.near, expected=2.0, within=s.plateau, origin=Origin.RECALLED)
        names = [f"plateau of ηλ, {name}, seed {seed}" for seed in s.seeds]
        return observed(
            conclusion,
            yes_if(bool(near.all() and np.all(seen.left <= s.fitted))),
            grade=dg.Grade.STATISTICAL,
            reason=f"{len(s.seeds)} random initialisations, {s.trained} steps each",
            detail=f"ηλ from {seen.medians.min():.4g} to {seen.medians.max():.4g}, at most "
            f"{seen.left.max():.2g} of the loss is left",
            numbers=tuple(map(settled, names, seen.medians)) if near.all() else (),
            results=(_chart(panel, title="network"),),
        )

    def case(activation: dg.Activation, loss: dg.DataLoss, step: str, why: str = "") -> Case:
        X = np.linspace(-1, 1, s.samples)[:, None]
        Y = np.cos(s.wiggles * np.arccos(X))
        F = dg.GradientDescent(dg.MLP((1, s.width, 1), activation, X, Y, loss), step)
        return Case(title=f"{activation} network with {loss} at step size {step}", F=F, why=why)

    conclusion = (
        f"the median of ηλ over the second half is within {s.plateau:g} of 2, and the loss falls "
        f"below {s.fitted:g} of where it began, for every seed"
    )
    at_edge = reaches_the_edge(s.seeds, s.trained // 2, every=s.every)
    tanh, cubed = dg.Activation.TANH, dg.Activation.RELU_CUBED
    swings = "the swings do not get smaller, and the loss stays high"
    return Claim(
        name="networks_of_good_regularity",
        title="A tanh network hovers at the edge and fits, one with ReLU³ does neither",
        statement=(
            "Train a small network whose activation has growth degree at most 1 with a step size "
            "at which its sharpness reaches 2/η. Then it settles there, and the network fits."
        ),
        sources=(_SOURCE,),
        hypotheses=(SLOW_ACTIVATION, at_edge),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(tanh, loss, h) for loss in s.losses for h in s.network_steps),
        counterexamples=lambda: {
            SLOW_ACTIVATION.name: case(cubed, s.losses[0], s.network_steps[0], swings),
            at_edge.name: case(tanh, s.losses[0], s.gentle_step, "ηλ stays small"),
        },
        controls=lambda: tuple(
            case(cubed, loss, h, swings) for loss in s.losses[1:] for h in s.network_steps
        ),
    )


def _chart(*panels: Panel, title: str) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title, panels=panels, evidence=evidence)


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    joined = {}
    for kind in ("ratio", "loss", "network"):
        panels = [panel for chart in charts if chart.title == kind for panel in chart.panels]
        curves = {panel.curves[0].label: panel.curves[0] for panel in reversed(panels)}
        joined[kind] = replace(panels[0], curves=tuple(reversed(curves.values())))
    edge, hover = (Level(label="edge of stability", value=value) for value in (1.0, 2.0))
    return _chart(
        replace(joined["ratio"], title="Where orbits end", levels=(edge,), log_x=True),
        replace(joined["loss"], title="Rise and fall of the loss", log_x=True, log_y=True),
        replace(joined["network"], title="Networks", levels=(hover,)),
        title="Slow growth and falling curvature let large steps end just below the edge",
    )


STUDY = Study(
    name="good_regularity",
    title="Good regularity: edge of stability, catapult and balancing",
    paper=_SOURCE,
    summary=(
        "Wang, Xu, Zhao and Tao relate what large steps do to how fast a loss grows: with good "
        "regularity orbits end just below the edge of stability, after a catapult, with balanced "
        "factors. Losses ℓ(xy - 1) of degree 1, 2 and 6, and networks with tanh or ReLU³."
    ),
    settings=Settings(),
    quick={
        "beyond": ("11/5", "6", "20"),
        "curve": (0.5, 25.0, 12),
        "seeds": (0, 1, 2),
        "losses": (dg.DataLoss.SQUARED,),
        "network_steps": ("2/5",),
        "trained": 6000,
    },
    claims=lambda s: (_edge_claim(s), _catapult_claim(s), _balancing_claim(s), _network_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "The family and the degree of regularity are ours, and so is the condition that ℓ'' falls: "
        "with a curvature that rises first, a loss of linear growth ends far from the edge. From "
        "x = 6 the loss of degree 6 settles at c = 2.2 and 3 too, just below the edge, but takes "
        "some 10⁵ steps; from x = 12 it does not within the horizon. In these networks "
        "the activation decides, not the loss: with tanh the squared loss hovers at the edge like "
        "the Huber loss."
    ),
)
