"""Steps between the two scales of a loss make chaos with a law [kong2020stochasticity]_."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.stats import norm

import dynsys_gd as dg
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Hypothesis,
    Instance,
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
from dynsys_gd.claims.checks import GRADIENT_DESCENT
from dynsys_gd.claims.support import independent_phases as phases

Array = NDArray[np.float64]
_x = sp.Symbol("x")
_PAPER = "kong2020stochasticity"
_FLOATS = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    fine: str = "1/100000"  # ε
    step_sizes: tuple[str, ...] = ("3/10", "1/10", "1/50")
    separated: int = 1000  # η/ε from which on the scales count as separated
    gentle: str = "3/10"  # the largest step size that counts as small
    large: str = "1"
    tiny: str = "1/1000000"
    seeds: tuple[int, ...] = (0, 1, 2)
    starts: int = 64
    steps: int = 320_000
    transient: int = 2000
    surely: float = 5.0  # standard errors above zero that count as chaos
    exponent_within: float = 1e-3
    variance_within: float = 0.01  # relative
    kurtosis_within: float = 0.04
    within_after: int = 160_000  # steps; after fewer these three are wider, as 1/√steps
    window: float = 5.0  # standard deviations on either side
    bins: int = 40
    density_steps: int = 40_000
    close: float = 0.05  # total variation that counts as close
    quadratic: tuple[str, ...] = ("1/10", "1/2", "9/10")  # ηL
    crossing: str = "3/2"
    momentum: str = "1/2"
    coarse: str = "1/100"  # ε where flows are integrated
    ratio: str = "1/2"  # ηL there
    flow_starts: int = 5
    flow_steps: int = 1000
    apart: float = 1e-3  # minima there are farther apart than this
    exactly: float = 1e-9
    shown: int = 60


def _loss(fine: str) -> dg.Loss:
    """Return x²/2 + ε sin(x/ε)."""
    e = sp.Rational(fine)
    return dg.Loss(_x**2 / 2 + e * sp.sin(_x / e), [_x])


def _form(instance: Instance) -> sp.Expr:
    """Return the loss as a formula in x, NaN where it is none."""
    form = instance.loss.symbolic
    return form.bound if form is not None and form.variables == (_x,) else sp.nan


def _fine_scale(instance: Instance) -> sp.Expr | None:
    """Return ε of gradient descent on x²/2 + ε sin(x/ε), None for any other map."""
    found = list(_form(instance).atoms(sp.sin))
    if len(found) != 1 or not isinstance(instance.F, dg.GradientDescent):
        return None
    e = sp.simplify(_x / found[0].args[0])
    same = sp.expand(_form(instance) - _x**2 / 2 - e * found[0]) == 0
    return e if e.is_number and same else None


def _most_curved(instance: Instance) -> sp.Expr | None:
    """Return L = sup |f''| of a quadratic with a minimum, or of x²/2 + ε sin(x/ε), ε < 1."""
    second, e = sp.diff(_form(instance), _x, 2), _fine_scale(instance)
    if e is not None:
        return 1 + 1 / e
    return second if second.is_positive else None


def _exact(name: str, statement: str, holds: Callable[[Instance], bool]) -> Hypothesis:
    return condition(
        name,
        statement,
        lambda instance: (yes_if(holds(instance)), ""),
        grade=dg.Grade.PROVED,
        reason="exact comparison",
    )


def _case(loss: dg.Loss, step: str, title: str, why: str = "") -> Case:
    return Case(title=title, F=dg.GradientDescent(loss, step), region=dg.Box([-1], [1]), why=why)


# Chaos with a law


def _chaos_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, step = instance.F, float(instance.step_size)
        numbers: list[Number] = []
        for seed in s.seeds:
            rng = np.random.default_rng([instance.seed, seed])
            starts = instance.region.sample(s.starts, rng=rng)
            found = dg.lyapunov_spectrum(F, starts, steps=s.steps, transient=s.transient).pooled()
            exponent, error = float(found.values[0]), float(found.errors[0])
            if exponent <= s.surely * error:
                return observed(
                    conclusion,
                    dg.Outcome.NO,
                    grade=dg.Grade.STATISTICAL,
                    reason=f"{s.starts} orbits",
                    detail=f"exponent {exponent:.4g}; {dg.simulate(F, starts).headline()}",
                    numbers=(Number.seen("exponent", exponent),),
                )
            second, fourth = (_moment(F, order, starts, s) for order in (2, 4))
            distance, noise, chart = _law(instance, rng, s)
            values = (exponent, second, fourth / second**2, distance)
            numbers += _beside(instance, f"seed {seed}", values, noise, s)
        far = max(number.found for number in numbers if "distance" in number.name)
        return observed(
            conclusion,
            yes_if(far <= s.close),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} orbits for each of {len(s.seeds)} seeds",
            detail=f"exponent {exponent:.6g}, distance at most {far:.3g}, η = {step:g}",
            numbers=tuple(numbers),
            results=(chart,),
        )

    def at(step: str, fine: str = s.fine, why: str = "") -> Case:
        return _case(_loss(fine), step, f"η = {step}, ε = {fine}", why)

    conclusion = f"orbits are chaotic, with a law at distance {s.close:g} or less from a Gaussian"
    two_scales = _exact(
        "two scales",
        "the map is gradient descent on x²/2 + ε sin(x/ε)",
        lambda instance: _fine_scale(instance) is not None,
    )
    large = _exact(
        "steps beyond the fine scale",
        f"the step size is at least {s.separated} ε",
        lambda instance: (
            (instance.step_size >= s.separated * (_fine_scale(instance) or 1)) is sp.true
        ),
    )
    small = _exact(
        "steps below the coarse scale",
        f"the step size is at most {s.gentle}",
        lambda instance: (instance.step_size <= sp.Rational(s.gentle)) is sp.true,
    )
    return Claim(
        name="chaos_with_a_gibbs_law",
        title="Steps between two scales: chaos with a law close to a Gibbs distribution",
        statement=(
            "Let f = f_0 + f_1 with f_0 = x²/2 and f_1 = ε sin(x/ε). For ε ≪ η ≪ 1 gradient "
            "descent is chaotic with Lyapunov exponent log(η/2ε), and its orbits have a law close "
            "to exp(-f_0/T)/Z with T = η/(2(2 - η)), which is η/4 to leading order."
        ),
        sources=(_PAPER,),
        provenance=(
            "its abstract was read: chaos for steps that resolve the large scale only, and a law "
            "close to a rescaled Gibbs distribution; exponent, temperature and ranges are ours"
        ),
        hypotheses=(two_scales, large, small),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(at(step) for step in s.step_sizes),
        counterexamples=lambda: {
            two_scales.name: _case(
                dg.Loss(_x**2 / 2, [_x]), s.gentle, f"x²/2 at η = {s.gentle}", "it converges"
            ),
            large.name: at(s.tiny, why="orbits converge to the local minima of the fine scale"),
            small.name: at(s.large, why="the memory of a step is lost, and the law is an arcsine"),
        },
    )


def _moment(F: dg.Map, order: int, starts: Array, s: Settings) -> float:
    of = _x**order
    found = dg.birkhoff_average(F, of, starts, steps=s.steps, transient=s.transient)
    return float(found.pooled().values[0])


def _beside(
    instance: Instance, of: str, found: Sequence[float], noise: float, s: Settings
) -> list[Number]:
    """Return exponent, variance, kurtosis and distance beside their formulas for small steps."""
    names = [f"{name}, {of}" for name in ("exponent", "variance", "kurtosis", "distance")]
    step, e = float(instance.step_size), float(_fine_scale(instance) or 1)
    if step > float(sp.Rational(s.gentle)):
        return [Number.seen(name, value) for name, value in zip(names, found, strict=True)]
    spread, away = phases.variance(step), _distance(step, s)
    expected = (phases.exponent(step, e), spread, phases.kurtosis(step), away)
    wider = np.sqrt(max(1, s.within_after / s.steps))
    sampled = np.array([s.exponent_within, s.variance_within * spread, s.kurtosis_within])
    within = (*sampled * wider, noise)
    return [
        Number.near(name, value, one, within=far, origin=Origin.DERIVED)
        for name, value, one, far in zip(names, found, expected, within, strict=True)
    ]


def _law(instance: Instance, rng: np.random.Generator, s: Settings) -> tuple[float, float, Chart]:
    """Return the total variation between law and Gaussian, its error, and a picture."""
    step = float(instance.step_size)
    sd = np.sqrt(phases.variance(step))
    seen = dg.invariant_density(
        instance.F,
        dg.Box([-s.window * sd], [s.window * sd]),
        bins=s.bins,
        starts=s.starts,
        steps=s.density_steps,
        transient=s.transient,
        rng=rng,
    )
    edges = seen.edges[0] / sd
    sizes = np.diff(seen.edges[0])
    shares, noise = seen.density * sizes, seen.errors * sizes
    middle, label = (edges[1:] + edges[:-1]) / 2, f"η = {instance.step_size}"
    curve = Curve(label=label, x=middle, y=seen.density * sd)
    x_label, title = "x / standard deviation", "Laws in units of their width"
    panel = Panel(title=title, x_label=x_label, y_label="density", curves=(curve,))
    distance = np.abs(shares - np.diff(norm.cdf(edges))).sum() / 2
    chart = Chart(title=panel.title, panels=(panel,), evidence=seen.evidence)
    return float(distance), float(noise.sum()), chart


@cache
def _distance(step: float, s: Settings) -> float:
    """Return the total variation between the law of independent phases and the Gaussian."""
    edges = np.linspace(-s.window, s.window, s.bins + 1)
    law = np.diff(phases.distribution(step, edges * np.sqrt(phases.variance(step))))
    return float(np.abs(law - np.diff(norm.cdf(edges))).sum() / 2)


# The modified potential


def _potential_claim(s: Settings) -> Claim:
    def below(instance: Instance) -> bool:
        most = _most_curved(instance)
        return most is not None and bool(instance.step_size * most < 1)

    def observe(instance: Instance) -> Observation:
        F, step, f = instance.F, float(instance.step_size), _form(instance)
        modified = dg.Loss(f + instance.step_size / 4 * sp.diff(f, _x) ** 2, [_x])
        starts = instance.region.sample(s.flow_starts, rng=instance.rng("starts"))
        method = dg.Integrator.RADAU if f.has(sp.sin) else dg.Integrator.DOP853
        times = [0.0, step, step * s.flow_steps]
        flows = [dg.gradient_flow(modified, one, times, integrator=method) for one in starts]
        paths = [F.project(F.trajectory(one, s.flow_steps).points)[:, 0] for one in starts]
        ends = [flow.points[-1, 0] for flow in flows]
        pairs = list(zip(paths, ends, strict=True))
        same = sum(bool(abs(path[-1] - end) < s.apart) for path, end in pairs)
        ahead = [(path - end) * np.sign(path[0] - end) for path, end in pairs]
        crossed = sum(bool((one < -s.apart).any()) for one in ahead)
        numbers = [Number.seen("share with the end of the flow", same / len(starts))]
        h = instance.step_size * sp.diff(f, _x, 2)
        if h.is_number and isinstance(F, dg.GradientDescent):
            gap = float(F([1.0])[0] - dg.gradient_flow(modified, [1.0], times[:2]).points[-1, 0])
            formula = float(1 - h - sp.exp(-h - h**2 / 2))
            name, origin = "difference after one step", Origin.DERIVED
            numbers.append(Number.near(name, gap, formula, within=s.exactly, origin=origin))
        return observed(
            conclusion,
            yes_if(same == len(starts) and not crossed),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.flow_starts} starts, flows integrated by {method.value}",
            detail=f"{same} of {len(starts)} end where the flow does, {crossed} cross that point",
            numbers=tuple(numbers),
            results=(_orbit(instance, paths[0][: s.shown]),),
        )

    def parabola(ratio: str, why: str = "") -> Case:
        return _case(dg.Loss(_x**2 / 2, [_x]), ratio, f"x²/2 at η = {ratio}", why)

    def rough(step: sp.Expr, why: str = "") -> Case:
        return _case(_loss(s.coarse), str(step), f"ε = {s.coarse}, η = {step}", why)

    conclusion = "orbits end where the flow of f + η f'²/4 does, and do not cross that point"
    resolved = _exact("steps below 1/L", "ηL < 1 with L = sup |f''|, and f has a minimum", below)
    e = sp.Rational(s.coarse)
    return Claim(
        name="modified_potential",
        title="The first modified potential tells the end of orbits for steps below 1/L",
        statement=(
            "Let f have a minimum and |f''| ≤ L. For η < 1/L the map x - η f'(x) is increasing, so "
            "that orbits are monotone and end where the flows of f and of its first modified "
            "potential f + η f'²/4 do, whose critical points are those of f. Beyond 1/L orbits may "
            "cross minima, as no flow on a line does, or be chaotic."
        ),
        sources=(_PAPER,),
        provenance=(
            "that the modified potential does not describe steps beyond 1/L is as we recall it; "
            "the statement on the line and its proof are ours"
        ),
        hypotheses=(GRADIENT_DESCENT, resolved),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            *(parabola(ratio) for ratio in s.quadratic),
            rough(sp.Rational(s.ratio) / (1 + 1 / e)),
        ),
        counterexamples=lambda: {
            GRADIENT_DESCENT.name: Case(
                title=f"heavy ball with momentum {s.momentum} on x²/2",
                F=dg.HeavyBall(dg.Loss(_x**2 / 2, [_x]), s.ratio, s.momentum),
                region=dg.Box([-1], [1]),
                why="momentum carries orbits across the minimum",
            ),
            resolved.name: parabola(s.crossing, "every step crosses the minimum"),
        },
        controls=lambda: (rough(sp.Rational(s.step_sizes[0]), "chaos beyond 1/L"),),
    )


def _orbit(instance: Instance, path: Array) -> Chart:
    curve = Curve(label=f"η = {instance.step_size}", x=np.arange(len(path)), y=path)
    title = str(_form(instance))
    panel = Panel(title=title, x_label="steps", y_label="x", curves=(curve,))
    return Chart(title=title, panels=(panel,), evidence=_FLOATS)


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    results = [result for verdict in verdicts for result in verdict.observation.results]
    panels = [chart.panels[0] for chart in results if isinstance(chart, Chart)]
    laws = [panel for panel in panels if panel.y_label == "density"]
    known = {panel.curves[0].label: panel.curves[0] for panel in laws}
    middle = np.asarray(laws[0].curves[0].x)
    gaussian = Curve(label="Gaussian", x=middle, y=norm.pdf(middle))
    rough = [panel for panel in panels if panel.y_label == "x" and "sin" in panel.title]
    orbits = tuple(panel.curves[0] for panel in rough)
    return Chart(
        title="Between two scales gradient descent is chaotic, with a law",
        panels=(
            replace(laws[0], curves=(*known.values(), gaussian)),
            replace(rough[0], title="Below and beyond 1/L", curves=orbits),
        ),
        evidence=_FLOATS,
    )


STUDY = Study(
    name="multiscale_chaos",
    title="Deterministic chaos from a loss with two scales",
    paper=_PAPER,
    summary=(
        "Kong and Tao show that gradient descent without noise can behave like a random process: "
        "where the step size resolves the large scale of a loss but not the small one, orbits are "
        "chaotic and have a law close to a Gibbs distribution. Here the small scale is a sine, for "
        "which exponent, variance, kurtosis and the law itself have formulas."
    ),
    settings=Settings(),
    quick={
        "step_sizes": ("1/10",),
        "steps": 160_000,
        "density_steps": 10_000,
        "quadratic": ("1/2",),
        "flow_starts": 2,
    },
    claims=lambda s: (_chaos_claim(s), _potential_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "The formulas take the phases x/ε of successive steps for independent and uniform, which "
        "is the limit of small ε and the random map with bounded noise of the paper. That limit "
        "has a law of its own, which is not exactly Gaussian: its distance from the Gaussian at "
        "each step size is computed from its characteristic function, and found."
    ),
)
