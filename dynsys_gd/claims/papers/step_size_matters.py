"""The step size decides which minima gradient descent can find [nar2018step]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    condition,
    observed,
    yes_if,
)
from dynsys_gd.claims.checks import GRADIENT_DESCENT

_x = sp.Symbol("x")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    cusp_steps: tuple[str, ...] = ("1/10", "1/2", "1")
    cusp_starts: int = 60
    exactly: float = 1e-12
    gentle: int = 1  # where the two minima of the wells are
    steep: int = 2
    above: str = "21/100"  # f''(2) = 10, so that 2/f'' = 1/5
    below: str = "19/100"
    wells_starts: int = 2000
    wells_steps: int = 2000
    arrived: float = 1e-6
    targets: tuple[float, ...] = (3.0, 1.0, 0.2)
    depths: tuple[int, ...] = (2, 3, 4)
    over: float = 1.02
    under: float = 0.98
    network_steps: int = 20_000
    reached: float = 3e-14
    missed: float = 0.3


# A minimum with unbounded curvature


def _cusp_claim(s: Settings) -> Claim:
    def steepens(instance: Instance) -> tuple[dg.Outcome, str]:
        h = sp.Symbol("h", positive=True)
        form = instance.loss.symbolic
        assert form is not None
        curvature = sp.limit(sp.diff(form.bound.subs(_x, h), h, 2), h, 0)
        return yes_if(curvature == sp.oo), f"f''(0+) = {curvature}"

    def observe(instance: Instance) -> Observation:
        fates = dg.simulate(
            instance.F, instance.region.sample(s.cusp_starts, rng=instance.rng("starts"))
        )
        none = fates.count(dg.Fate.CONVERGED) == 0
        return observed(
            conclusion,
            yes_if(none),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.cusp_starts} random starts",
            detail=fates.headline(),
            numbers=(_where_orbits_settle(instance, fates, s),) if none else (),
        )

    def on_a_cusp(step_size: str) -> dg.GradientDescent:
        loss = dg.Loss(sp.Rational(2, 3) * sp.Abs(_x) ** sp.Rational(3, 2), [_x])
        return dg.GradientDescent(loss, step_size)

    conclusion = "no start converges to the minimum"
    region = dg.Box([-2], [2])
    return Claim(
        name="a_cusp_is_never_reached",
        title="A minimum with unbounded curvature attracts at no step size",
        statement=(
            "Let f(x) = ⅔|x|^(3/2). Its only minimum is 0, where the curvature is unbounded. At "
            "every step size δ almost every orbit settles on the cycle ±δ²/4, and none converges."
        ),
        sources=("nar2018step",),
        hypotheses=(
            condition(
                "unbounded curvature",
                "the curvature grows without bound towards the minimum",
                steepens,
                grade=dg.Grade.PROVED,
                reason="limit of the second derivative",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            Case(title=f"⅔|x|^(3/2) at step size {step}", F=on_a_cusp(step), region=region)
            for step in s.cusp_steps
        ),
        counterexamples=lambda: {
            "unbounded curvature": Case(
                title=f"a parabola x²/2 at step size {s.cusp_steps[0]}",
                F=dg.GradientDescent(dg.Loss(_x**2 / 2, [_x]), s.cusp_steps[0]),
                region=region,
                why="curvature 1 and a step size below 2: every start converges",
            ),
        },
    )


def _where_orbits_settle(instance: Instance, fates: dg.Fates, s: Settings) -> Number:
    step = float(instance.step_size)
    cycling = fates.where(dg.Fate.CYCLING)
    ends = np.abs(fates.limit[cycling]) if len(cycling) == len(fates.fate) else np.array([np.nan])
    return Number.near(
        f"|x| where orbits settle, step size {step:g}",
        float(ends.max()),
        step**2 / 4,
        within=s.exactly,
        origin=Origin.DERIVED,
    )


# Two wells, one of them too steep


def _wells_claim(s: Settings) -> Claim:
    def curvature(instance: Instance, at: int) -> sp.Expr:
        form = instance.loss.symbolic
        assert form is not None
        return sp.diff(form.bound, _x, 2).subs(_x, at)

    def is_polynomial(instance: Instance) -> tuple[dg.Outcome, str]:
        form = instance.loss.symbolic
        return yes_if(form is not None and form.bound.is_polynomial(_x)), ""

    def is_too_steep(instance: Instance) -> tuple[dg.Outcome, str]:
        found, limit = curvature(instance, s.steep), 2 / instance.step_size
        return yes_if(found > limit), f"f''({s.steep}) = {found}, 2/δ = {limit}"

    def observe(instance: Instance) -> Observation:
        starts = instance.region.sample(s.wells_starts, rng=instance.rng("starts"))
        F = instance.F
        ends = F.project(F.iterate(F.lift(starts), s.wells_steps))[:, 0]
        steep = int(np.sum(np.abs(ends - s.steep) < s.arrived))
        gentle = int(np.sum(np.abs(ends - s.gentle) < s.arrived))
        return observed(
            conclusion,
            yes_if(not steep),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.wells_starts} random starts",
            detail=f"{steep} converge to {s.steep}, {gentle} to {s.gentle}",
            numbers=(
                Number.seen(f"share of starts that find {s.steep}", steep / s.wells_starts),
                Number.seen(f"curvature at {s.gentle}", float(curvature(instance, s.gentle))),
            ),
            results=(_limits(instance, starts, ends, s.steep),),
        )

    def on_wells(step_size: str) -> dg.GradientDescent:
        wells = (_x**2 + 1) * (_x - s.gentle) ** 2 * (_x - s.steep) ** 2
        return dg.GradientDescent(dg.Loss(wells, [_x]), step_size)

    def collapsing() -> dg.GradientDescent:
        """Return a loss whose every step from beyond lands on the steep minimum."""
        edge = s.steep + sp.Rational(1, 4)
        far, near = (_x - s.steep) ** 2 / (2 * sp.Rational(s.above)), 10 * (_x - s.steep) ** 2
        return dg.GradientDescent(
            dg.Loss(sp.Piecewise((near, _x < edge), (far, True)), [_x]), s.above
        )

    conclusion = f"no start converges to the minimum at {s.steep}"
    region = dg.Box([0], [3])
    return Claim(
        name="steep_minima_are_never_found",
        title="A minimum steeper than 2/δ is found from almost no start",
        statement=(
            "Let f be a polynomial and x* a minimum with f''(x*) > 2/δ. Gradient descent with "
            "step size δ converges to x* from a null set of starts only."
        ),
        sources=("nar2018step",),
        hypotheses=(
            GRADIENT_DESCENT,
            condition(
                "polynomial",
                "the loss is a polynomial",
                is_polynomial,
                grade=dg.Grade.PROVED,
                reason="by its form",
            ),
            condition(
                "too steep",
                f"the minimum at {s.steep} has a curvature above 2/δ",
                is_too_steep,
                grade=dg.Grade.PROVED,
                reason="exact second derivative",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            Case(title=f"two wells at step size {s.above}", F=on_wells(s.above), region=region),
        ),
        counterexamples=lambda: {
            GRADIENT_DESCENT.name: Case(
                title=f"heavy ball with momentum 1/2 at step size {s.above}",
                F=dg.HeavyBall(on_wells(s.above).loss, s.above, "1/2"),
                region=region,
                why="with momentum ½ minima of curvature up to 3/δ are stable",
            ),
            "polynomial": Case(
                title=f"a collapsing loss at step size {s.above}",
                F=collapsing(),
                region=region,
                why="an interval of starts lands on the steep minimum in one step",
            ),
            "too steep": Case(
                title=f"two wells at step size {s.below}",
                F=on_wells(s.below),
                region=region,
                why="the steep minimum is stable here, and a third of the starts find it",
            ),
        },
    )


def _limits(
    instance: Instance, starts: NDArray[np.float64], ends: NDArray[np.float64], steep: int
) -> Chart:
    """Return where each start ends, those that escape left out."""
    stays = np.isfinite(ends) & (np.abs(ends) < 2 * np.abs(starts).max())
    label = f"step size {instance.step_size}"
    cloud = Curve(label=label, x=starts[stays, 0], y=ends[stays], mark=Mark.POINTS)
    level = Level(label="the steep minimum", value=steep)
    panel = Panel(x_label="start", y_label="where it ends", curves=(cloud,), levels=(level,))
    reason = "double precision"
    return Chart(
        title=f"Where starts end, {label}",
        panels=(panel,),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason=reason),
    )


# Linear networks from the identity


def _network_claim(s: Settings) -> Claim:
    d = len(s.targets)

    def limit(depth: int) -> float:
        return float(2 / (depth * max(s.targets) ** (2 - 2 / depth)))

    def network(depth: int, share: float) -> dg.GradientDescent:
        scale = np.sqrt(d)  # so that the mean over d samples is ½‖W_N…W_1 - R‖²
        net = dg.LinearNetwork((d,) * (depth + 1), scale * np.eye(d), scale * np.diag(s.targets))
        return dg.GradientDescent(net, share * limit(depth))

    def is_beyond(instance: Instance) -> tuple[dg.Outcome, str]:
        step, threshold = float(instance.step_size), instance.threshold
        detail = f"step size {step:.6g}, critical {threshold.value:.6g}"
        if threshold.lower <= step <= threshold.upper:
            return dg.Outcome.UNDECIDED, detail
        return yes_if(step > threshold.upper), detail

    def observe(instance: Instance) -> Observation:
        net, step = instance.loss, float(instance.step_size)
        assert isinstance(net, dg.LinearNetwork)
        start = np.tile(np.eye(d).ravel(), net.depth)
        end = instance.F.iterate(start, s.network_steps)
        error = max(_error(end, s), _error(instance.F.iterate(end, 1), s))  # both sides of a cycle
        share = step / limit(net.depth)
        low, high = (s.missed, np.inf) if share > 1 else (0.0, s.reached)
        return observed(
            conclusion,
            yes_if(error >= s.missed),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.network_steps} steps",
            detail=f"the largest entry of the error is {error:.3g}",
            numbers=(
                Number.near(
                    f"critical step size, depth {net.depth}",
                    instance.threshold.value,
                    limit(net.depth),
                    within=s.exactly,
                    origin=Origin.RECALLED,
                    grade=dg.Grade.CERTIFIED,
                ),
                Number.between(
                    f"error at {share:.3g} of the limit, depth {net.depth}",
                    error,
                    low=low,
                    high=high,
                    origin=Origin.COMPUTED,
                ),
            ),
        )

    def case(depth: int, share: float, why: str = "") -> Case:
        title = f"depth {depth} at {share} of the limit"
        return Case(title=title, F=network(depth, share), why=why)

    conclusion = "gradient descent from the identity does not fit the target"
    below = "below the limit the identity start fits the target"
    return Claim(
        name="identity_start_beyond_the_limit",
        title="Beyond 2/(N ρ^(2 - 2/N)) a deep linear network never fits",
        statement=(
            "Let L = ½‖W_N⋯W_1 - R‖² with R positive definite of spectral radius ρ. Gradient "
            "descent from the identity fits R at step sizes below 2/(N ρ^(2 - 2/N)), and at none "
            "above."
        ),
        sources=("nar2018step",),
        hypotheses=(
            condition(
                "beyond the limit",
                "the step size exceeds 2/(N ρ^(2 - 2/N))",
                is_beyond,
                grade=dg.Grade.CERTIFIED,
                reason="enclosed critical step size",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(depth, s.over) for depth in s.depths),
        counterexamples=lambda: {"beyond the limit": case(s.depths[0], s.under, below)},
        controls=lambda: tuple(case(depth, s.under, below) for depth in s.depths[1:]),
    )


def _error(theta: NDArray[np.float64], s: Settings) -> float:
    layers = theta.reshape(-1, len(s.targets), len(s.targets))
    error = np.linalg.multi_dot(layers[::-1]) - np.diag(s.targets)
    return float(np.abs(error).max()) if np.isfinite(error).all() else np.inf


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    settled = [
        number for verdict in verdicts for number in verdict.numbers if "settle" in number.name
    ]
    steps = [2 * np.sqrt(number.expected or np.nan) for number in settled]
    fine = np.linspace(0, max(steps))
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    shown = [charts[-1].panels[0], charts[0].panels[0]]
    return Chart(
        title="Which minima gradient descent finds depends on the step size",
        panels=(
            Panel(
                title="⅔|x|^(3/2): orbits settle beside the minimum",
                x_label="step size δ",
                y_label="|x| in the end",
                curves=(
                    Curve(label="δ²/4", x=fine, y=fine**2 / 4),
                    Curve(label="seen", x=steps, y=[n.found for n in settled], mark=Mark.POINTS),
                ),
            ),
            Panel(
                title="Two wells: beyond 2/f'' the steep one is lost",
                x_label="start",
                y_label="where it ends",
                curves=tuple(panel.curves[0] for panel in shown),
                levels=shown[0].levels,
            ),
        ),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision"),
    )


STUDY = Study(
    name="step_size_matters",
    title="The step size decides which minima can be found",
    paper="nar2018step",
    summary=(
        "Nar and Sastry point out that a step size δ leaves only minima of curvature below 2/δ to "
        "be found. Three of their examples: a minimum with unbounded curvature, which is found at "
        "no step size; a loss with two minima, of which the steeper one is lost beyond a step "
        "size; and deep linear networks started at the identity, with an explicit limit."
    ),
    settings=Settings(),
    quick={"wells_starts": 300, "depths": (2, 3), "network_steps": 4000},
    claims=lambda s: (_cusp_claim(s), _wells_claim(s), _network_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
)
