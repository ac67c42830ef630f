"""The step size decides which minima gradient descent can find [nar2018step]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

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
from dynsys_gd.claims.support import identity_start
from dynsys_gd.claims.support.identity_start import BEYOND_THE_LIMIT, POSITIVE_TARGET

_x = sp.Symbol("x")
_FLOATS = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    cusp_steps: tuple[str, ...] = ("1/10", "1/2", "1")
    cusp_starts: int = 60
    cusp_side: float = 2.0  # starts are drawn from -2 to 2
    exactly: float = 1e-12
    gentle: int = 1  # where the two minima of the wells are
    steep: int = 2
    above: str = "21/20"  # step sizes of the wells, times 2/f'' at the steep one
    below: str = "19/20"
    momentum: str = "1/2"
    wells_box: tuple[float, float] = (0.0, 3.0)
    wells_starts: int = 2000
    wells_steps: int = 2000
    arrived: float = 1e-6
    targets: tuple[float, ...] = (3.0, 1.0, 0.2)
    depths: tuple[int, ...] = (2, 3, 4)
    over: float = 1.02
    under: float = 0.98
    network_steps: int = 20_000
    reached: float = 3e-14  # at most seen below the limit
    missed: float = 1e-6
    beside: float = 1e-6  # relative distance of another step size
    seen_error: float = 0.3  # at least, with the step size and the targets below
    seen_for: tuple[float, float, tuple[float, ...]] = (1.02, 0.98, (3.0, 1.0, 0.2))
    seen_depths: tuple[int, ...] = (2, 3, 4)


# A minimum with unbounded curvature


def _cusp_claim(s: Settings) -> Claim:
    cusp = sp.Rational(2, 3) * sp.Abs(_x) ** sp.Rational(3, 2)

    def steepens(instance: Instance) -> tuple[dg.Outcome, str]:
        form, h = instance.loss.symbolic, sp.Symbol("h", positive=True)
        descent = isinstance(instance.F, dg.GradientDescent)
        if not descent or form is None or form.variables != (_x,):
            return dg.Outcome.NO, "not gradient descent on it"
        curvature = sp.limit(sp.diff(form.bound.subs(_x, h), h, 2), h, 0)
        same = sp.simplify(form.bound - cusp) == 0
        return yes_if(same and curvature == sp.oo), f"f''(0+) = {curvature}"

    def observe(instance: Instance) -> Observation:
        starts = instance.region.sample(s.cusp_starts, rng=instance.rng("starts"))
        fates = dg.simulate(instance.F, starts)
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
        return dg.GradientDescent(dg.Loss(cusp, [_x]), step_size)

    conclusion = "no start that is drawn converges to the minimum"
    region = dg.Box([-s.cusp_side], [s.cusp_side])
    return Claim(
        name="a_cusp_is_never_reached",
        title="A minimum with unbounded curvature attracts at no step size",
        statement=(
            "Let f(x) = ⅔|x|^(3/2). Its only minimum is 0, where the curvature is unbounded. At "
            "every step size δ almost every orbit settles on the cycle ±δ²/4 and does not converge."
        ),
        sources=("nar2018step",),
        hypotheses=(
            condition(
                "unbounded curvature",
                "the map is gradient descent on ⅔|x|^(3/2), whose curvature at 0 is unbounded",
                steepens,
                grade=dg.Grade.PROVED,
                reason="by its form, and the limit of the second derivative",
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
    ends = np.abs(fates.limit[:, 0])
    farthest = ends[np.argmax(np.abs(ends - step**2 / 4))] if cycling.all() else np.nan
    return Number.near(
        f"|x| where orbits settle, step size {step:g}",
        float(farthest),
        step**2 / 4,
        within=s.exactly,
        origin=Origin.DERIVED,
    )


# Two wells, one of them too steep


def _wells_claim(s: Settings) -> Claim:
    f = (_x**2 + 1) * (_x - s.gentle) ** 2 * (_x - s.steep) ** 2
    edge = 2 / sp.diff(f, _x, 2).subs(_x, s.steep)
    above, below = (sp.Rational(share) * edge for share in (s.above, s.below))

    def derivative(instance: Instance, at: int, order: int = 2) -> sp.Expr:
        form = instance.loss.symbolic
        assert form is not None
        return sp.diff(form.bound, _x, order).subs(_x, at)

    def is_polynomial(instance: Instance) -> tuple[dg.Outcome, str]:
        form = instance.loss.symbolic
        if form is None or form.variables != (_x,) or instance.loss.parameters:
            return dg.Outcome.NO, ""
        return yes_if(form.bound.is_polynomial(_x)), ""

    def is_too_steep(instance: Instance) -> tuple[dg.Outcome, str]:
        form = instance.loss.symbolic
        if form is None or form.variables != (_x,):
            return dg.Outcome.NO, "not a formula in x"
        found, limit = derivative(instance, s.steep), 2 / instance.step_size
        critical = derivative(instance, s.steep, order=1) == 0
        return yes_if(critical and found > limit), f"f''({s.steep}) = {found}, 2/δ = {limit}"

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
                Number.seen(f"curvature at {s.gentle}", float(derivative(instance, s.gentle))),
            ),
            results=(_limits(instance, starts, ends, s.steep),),
        )

    def on_wells(step_size: sp.Expr) -> dg.GradientDescent:
        return dg.GradientDescent(dg.Loss(f, [_x]), step_size)

    def collapsing() -> dg.GradientDescent:
        """Return a loss whose every step from beyond lands on the steep minimum."""
        beside = s.steep + sp.Rational(1, 4)
        far, near = (_x - s.steep) ** 2 / (2 * above), 2 * (_x - s.steep) ** 2 / above
        loss = dg.Loss(sp.Piecewise((near, _x < beside), (far, True)), [_x])
        return dg.GradientDescent(loss, above)

    conclusion = f"no start converges to the minimum at {s.steep}"
    low, high = s.wells_box
    region = dg.Box([low], [high])
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
                f"{s.steep} is a minimum whose curvature exceeds 2/δ",
                is_too_steep,
                grade=dg.Grade.PROVED,
                reason="exact second derivative",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            Case(title=f"two wells at step size {above}", F=on_wells(above), region=region),
        ),
        counterexamples=lambda: {
            GRADIENT_DESCENT.name: Case(
                title=f"heavy ball with momentum {s.momentum} at step size {above}",
                F=dg.HeavyBall(on_wells(above).loss, above, s.momentum),
                region=region,
                why="with momentum β minima of curvature up to 2(1 + β)/δ are stable",
            ),
            "polynomial": Case(
                title=f"a collapsing loss at step size {above}",
                F=collapsing(),
                region=region,
                why="an interval of starts lands on the steep minimum in one step",
            ),
            "too steep": Case(
                title=f"two wells at step size {below}",
                F=on_wells(below),
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
    return Chart(title=f"Where starts end, {label}", panels=(panel,), evidence=_FLOATS)


# Linear networks from the identity


def _network_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, numerical = identity_start.square_network(instance), dg.Grade.NUMERICAL
        if net is None:
            why = "not a linear network of one width"
            return observed(conclusion, dg.Outcome.UNDECIDED, grade=numerical, reason=why)
        steps = [float(instance.step_size) * share for share in (1, 1 + s.beside)]
        maps = [dg.GradientDescent(net, step) for step in steps]
        error = max(identity_start.error_after(F, s.network_steps) for F in maps)
        applies = POSITIVE_TARGET.check(instance).outcome is dg.Outcome.YES
        return observed(
            conclusion,
            yes_if(error >= s.missed),
            grade=numerical,
            reason=f"{s.network_steps} steps, at this step size and one beside it",
            detail=f"the largest entry of the error is {error:.3g}",
            numbers=numbers(instance, net, error) if applies else (),
        )

    def numbers(instance: Instance, net: dg.LinearNetwork, error: float) -> tuple[Number, ...]:
        found, limit = instance.threshold.value, identity_start.limit(net.depth, s.targets)
        share = float(instance.step_size) / limit
        title = f"error at {share:.3g} of the limit, depth {net.depth}"
        seen = Number.seen(title, error)
        if (s.over, s.under, s.targets) == s.seen_for and net.depth in s.seen_depths:
            low, high = (0.0, s.reached) if share < 1 else (s.seen_error, np.inf)
            seen = Number.between(title, error, low=low, high=high, origin=Origin.COMPUTED)
        title, known = f"critical step size, depth {net.depth}", dg.Grade.CERTIFIED
        near = partial(Number.near, within=s.exactly, origin=Origin.RECALLED, grade=known)
        return near(title, found, limit), seen

    def case(depth: int, share: float, why: str = "") -> Case:
        step = share * identity_start.limit(depth, s.targets)
        F = dg.GradientDescent(identity_start.diagonal_network(depth, s.targets), step)
        return Case(title=f"depth {depth} at {share} of the limit", F=F, why=why)

    def identical() -> Case:
        net = identity_start.diagonal_network(depth := s.depths[0], (1.0,) * len(s.targets))
        F = dg.GradientDescent(net, s.over * 2 / depth)
        return Case(title="the identity as the target", F=F, why="the start fits it already")

    conclusion = "gradient descent from the identity does not fit the target"
    below = "below the limit the identity start fits this target"
    return Claim(
        name="identity_start_beyond_the_limit",
        title="Beyond 2/(N ρ^(2 - 2/N)) a deep linear network does not fit",
        statement=(
            "Let L = ½‖W_N⋯W_1 - R‖² with R diagonal and positive, of spectral radius ρ ≠ 1. At "
            "step sizes above 2/(N ρ^(2 - 2/N)) every minimum is unstable, and gradient descent "
            "from the identity does not fit R, but for countably many step sizes at which a step "
            "lands on a minimum exactly."
        ),
        sources=("nar2018step",),
        hypotheses=(POSITIVE_TARGET, BEYOND_THE_LIMIT),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(depth, s.over) for depth in s.depths),
        counterexamples=lambda: {
            POSITIVE_TARGET.name: identical(),
            BEYOND_THE_LIMIT.name: case(s.depths[0], s.under, below),
        },
        controls=lambda: tuple(case(depth, s.under, below) for depth in s.depths[1:]),
    )


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
        evidence=_FLOATS,
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
    discussion=(
        "That no step size beyond the limit fits is too much to say: for R = 9 and two layers the "
        "step size 1/4, more than twice the limit, takes the identity to the minimum in one step. "
        "The paper's own wording may exclude such step sizes."
    ),
)
