"""Logistic regression at the edge of stability [wu2023implicit]_."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from dynsys_gd.claims.support.margin_checks import (
    EXPONENTIAL_LOSS,
    LOGISTIC_LOSS,
    SEPARABLE,
    SUPPORT_IS_A_BASIS,
    margin_of,
    pair_of,
    step_size_from,
    terms_of,
)
from dynsys_gd.claims.support.observe_cycles import recurs
from dynsys_gd.claims.support.recorded import unchanged
from dynsys_gd.claims.support.separation import HardMargin, Link, margin_loss

Points = NDArray[np.float64]
Rows = Sequence[Sequence[str | sp.Rational]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    toy: tuple[tuple[str, str], ...] = (("1", "1/5"), ("-2", "1/5"))  # y x; γ = 1/5
    overlapping: tuple[tuple[str, str], ...] = (("1", "1/5"), ("-2", "1/5"), ("1", "-1/5"))
    one_support: tuple[tuple[str, str], ...] = (("0", "1/5"), ("1", "2/5"))
    gentle: tuple[str, ...] = ("1/2", "4", "16")
    patient: str = "64"  # arrives as well, a hundred times later
    wild: tuple[str, ...] = ("64", "1024")
    rising: str = "16"  # from here on the loss rises at first
    steps: int = 100_000
    patience: int = 10_000_000
    vanishing: float = 2e-3  # a loss that was ln 2 at the start
    rounding: float = 1e-12  # relative: a larger change is one
    seeds: tuple[int, ...] = (0, 1, 2, 3)
    samples: int = 20
    features: int = 3
    spread: float = 2.0  # of the features beside the margin
    margin: float = 0.1
    depth: float = 0.2  # of the sample behind the margin
    denominator: int = 256  # data are rounded to it, so that they are exact
    random_step: str = "64"
    limit_within: float = 2e-3
    rate_within: float = 1e-2
    rate_from: int = 50_000  # steps after which the rate is as near as that
    exponential_gammas: tuple[str, ...] = ("1/20", "1/10", "1/5")
    exponential_sides: tuple[str, str] = ("9/10", "-1/2")
    exponential_widest: str = "1/5"  # of γ: for wider margins a larger step size is needed
    exponential_step: str = "12"
    exponential_small: str = "4"
    large: int = 3  # times 2/λmax at the start
    search: tuple[float, float] = (2.0, 16.0)  # for the threshold
    narrow: float = 1e-6
    threshold_steps: int = 2000
    threshold_within: float = 1e-2
    lost: float = 1e6  # a loss of this size does not come back here


THRESHOLDS = {"1/20": 5.040, "1/10": 5.766, "1/5": 8.545}
FOUND = (
    "as we state it: the abstract has the conclusion for separable data and any constant step "
    "size, and the contrast to the exponential loss; conditions and constants are recalled"
)


def _case(title: str, rows: Rows, step: str, *, link: Link = Link.LOGISTIC) -> Case:
    F = dg.GradientDescent(margin_loss(rows, link=link), step)
    return Case(title=f"{title} at step size {step}", F=F, why=_WHY.get(title, ""))


_WHY = {
    "overlapping classes": "the loss has a minimum, above 0 and at finite weights",
    "one support vector": "the potential is constant across the margin",
    "exponential loss": "whether it diverges depends on the step size",
}


def _random_rows(s: Settings, seed: int) -> Rows:
    """Return samples that the last feature separates, with at least the least margin."""
    rng = np.random.default_rng(seed)
    side = rng.uniform(-s.spread, s.spread, (s.samples, s.features - 1))
    rows = np.column_stack([side, s.margin + s.depth * rng.random(s.samples)])
    return [[sp.Rational(round(s.denominator * v), s.denominator) for v in row] for row in rows]


# Any step size minimises the loss


def _minimised_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        points = instance.F.trajectory(np.zeros(instance.F.dimension), s.steps).points
        with np.errstate(all="ignore"):
            losses = instance.loss(points)
        end, rises = float(losses[-1]), int(np.sum(np.diff(losses) > s.rounding * losses[:-1]))
        outcome = yes_if(end <= s.vanishing)
        if s.vanishing < end < np.inf and not recurs(losses, s.rounding):
            outcome = dg.Outcome.UNDECIDED  # more steps would tell
        least = int(bool(instance.step_size >= sp.Rational(s.rising)) and unchanged(s, "samples"))
        name = f"steps on which the loss rises, η = {instance.step_size}"
        rising = Number.between(name, rises, low=least, origin=Origin.COMPUTED)
        arrives = outcome is dg.Outcome.YES
        return observed(
            conclusion,
            outcome,
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.steps} steps from 0",
            detail=f"loss {end:.3g} in the end, it rises on {rises} steps before",
            numbers=(rising, *_growth_beside(instance, points)) if arrives else (),
            results=(_course(instance, points, losses),) if arrives else (),
        )

    conclusion = "the loss tends to 0"
    return Claim(
        name="any_step_size_minimises_the_logistic_loss",
        title="Every constant step size minimises the logistic loss of separable data",
        statement=(
            "Let the data be linearly separable. Gradient descent with any constant step size "
            "brings the logistic loss to 0, not always monotonically."
        ),
        sources=("wu2023implicit",),
        provenance=FOUND,
        hypotheses=(LOGISTIC_LOSS, SEPARABLE),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            *(_case("two samples", s.toy, step) for step in (*s.gentle, *s.wild)),
            *(
                _case(f"{s.samples} random samples, seed {k}", _random_rows(s, k), s.random_step)
                for k in s.seeds
            ),
        ),
        counterexamples=lambda: _other_losses(s),
    )


def _other_losses(s: Settings) -> dict[str, Case]:
    return {
        LOGISTIC_LOSS.name: _exponential(s, s.exponential_gammas[0], s.exponential_step),
        SEPARABLE.name: _case("overlapping classes", s.overlapping, s.gentle[1]),
    }


def _growth_beside(instance: Instance, points: Points) -> tuple[Number, ...]:
    """Return how much farther from the axis an orbit is in the end than halfway."""
    if (margin := margin_of(instance)) is None or not margin.separable:
        return ()
    half, end = np.linalg.norm(margin.across(points[[len(points) // 2, -1]]), axis=1)
    name = f"distance across the margin over that halfway, η = {instance.step_size}"
    return (Number.seen(name, float(end / half)),) if half else ()


# Where the weights go beside the margin


def _bias_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        steps = s.patience if instance.step_size == sp.Rational(s.patient) else s.steps
        half = instance.F.iterate(np.zeros(instance.F.dimension), steps // 2)
        end = instance.F.iterate(half, steps - steps // 2)
        terms, margin = terms_of(instance), margin_of(instance)
        near = partial(Number.near, origin=Origin.DERIVED)
        arrives, detail = False, "no single minimiser to tend to"
        outcome = dg.Outcome.NO
        numbers: tuple[Number, ...] = ()
        if terms is not None and margin is not None and margin.support_is_a_basis:
            limit = margin.transverse_limit(terms.weights)
            beside = margin.across(end[None])[0]
            before, away = np.abs(margin.across(np.stack([half, end])) - limit).max(axis=1)
            arrives = bool(away <= s.limit_within)
            rate = float(instance.loss(end)) * float(instance.step_size * steps * margin.squared)
            moves = abs(away - before) > s.limit_within * away or abs(rate - 1) > s.rate_within
            outcome = dg.Outcome.UNDECIDED if moves and not arrives else yes_if(arrives)
            detail = f"{away:.2g} from the minimiser, halfway {before:.2g}"
            if arrives:
                name = f"weight across the margin, η = {instance.step_size}, {steps} steps"
                numbers = (near(name, beside[0], limit[0], within=s.limit_within),)
            # Where patience is needed, the fast fall of the beginning still counts.
            if arrives and steps == s.steps >= s.rate_from:
                name = f"L η t γ², η = {instance.step_size}"
                numbers += (near(name, rate, 1, within=s.rate_within),)
        return observed(
            conclusion,
            outcome,
            grade=dg.Grade.NUMERICAL,
            reason=f"{steps} steps from 0",
            detail=detail,
            numbers=numbers,
        )

    conclusion = "across the margin the weights tend to the minimiser of Σ exp(-⟨z_i, v⟩)"
    return Claim(
        name="weights_tend_to_the_minimiser_of_a_potential",
        title="Beside the largest margin the weights converge, whatever the step size",
        statement=(
            "Let the data be separable, with support vectors z_i that span them and have positive "
            "dual weights. At any constant step size the part of the weights orthogonal to the "
            "direction of the largest margin γ converges to the minimiser of Σ c_i exp(-⟨z_i, v⟩) "
            "over the support, while L η t γ² tends to 1."
        ),
        sources=("wu2023implicit",),
        provenance=f"{FOUND}; the constant 1 of the rate is derived here",
        hypotheses=(LOGISTIC_LOSS, SEPARABLE, SUPPORT_IS_A_BASIS),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            _case("two samples", s.toy, step) for step in dict.fromkeys((*s.gentle, s.patient))
        ),
        counterexamples=lambda: {
            **_other_losses(s),
            SUPPORT_IS_A_BASIS.name: _case("one support vector", s.one_support, s.gentle[1]),
        },
    )


# The exponential loss


def _exponential(
    s: Settings, gamma: str, step: str, *, link: Link = Link.EXPONENTIAL, samples: int = 2
) -> Case:
    rows = [[gamma, side] for side in s.exponential_sides[:samples]]
    case, told = _case(f"{link.value} loss", rows, step, link=link), ", one sample" * (samples == 1)
    return replace(case, title=f"{case.title}, γ = {gamma}{told}")


def _exponential_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        points = instance.F.trajectory(np.zeros(2), s.threshold_steps).points
        out = np.flatnonzero(_is_lost(instance.loss, points, s))
        course = np.sign(points[1 : out[0] + 1 if len(out) else None, 1])
        margin, flips = margin_of(instance), bool(np.all(course[1:] == -course[:-1]))
        diverges = len(out) > 0 and flips and margin is not None and margin.separable
        more = len(out) == 0 and flips and not recurs(instance.loss(points), s.rounding)
        return observed(
            conclusion,
            dg.Outcome.UNDECIDED if more else yes_if(diverges),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.threshold_steps} steps from 0",
            detail=f"after {out[0]} steps" if len(out) else f"the weights end at {points[-1]}",
            numbers=_thresholds(instance, margin, s) if diverges and margin is not None else (),
        )

    conclusion = f"the loss exceeds {s.lost:g}, and w₂ changes its sign on each step until then"
    first, step = s.exponential_gammas[0], s.exponential_step
    pair = pair_of(s.exponential_sides, s.exponential_widest)
    return Claim(
        name="exponential_loss_diverges",
        title="The exponential loss of separable data diverges at a large step size",
        statement=(
            "Let there be two samples as below, and let the step size be large. Gradient descent "
            "on the exponential loss from 0 diverges: the weight across the margin changes its "
            "sign on each step and grows."
        ),
        sources=("wu2023implicit",),
        provenance=f"{FOUND}; how large γ may be and the step size must be is found here",
        hypotheses=(
            EXPONENTIAL_LOSS,
            SEPARABLE,
            pair,
            step_size_from(s.large),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_exponential(s, gamma, step) for gamma in s.exponential_gammas),
        counterexamples=lambda: {
            EXPONENTIAL_LOSS.name: _exponential(s, first, step, link=Link.LOGISTIC),
            SEPARABLE.name: _case(
                "overlapping classes", s.overlapping, step, link=Link.EXPONENTIAL
            ),
            pair.name: _exponential(s, first, step, samples=1),
            step_size_from(s.large).name: _exponential(s, first, s.exponential_small),
        },
    )


def _is_lost(loss: Callable[[Points], Points], points: Points, s: Settings) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        return ~(loss(points) <= s.lost)


def _thresholds(instance: Instance, margin: HardMargin, s: Settings) -> tuple[Number, ...]:
    """Return the step size beyond which orbits from 0 are lost, and 2/λmax there."""
    F = dg.GradientDescent(instance.loss, sp.Symbol("eta"))
    low, high = s.search
    while high - low > s.narrow:
        middle = (low + high) / 2
        end = F.at(eta=middle).iterate(np.zeros((1, 2)), s.threshold_steps)
        low, high = (low, middle) if _is_lost(instance.loss, end, s)[0] else (middle, high)
    gamma, found = str(sp.sqrt(margin.squared)), (low + high) / 2
    name, within = f"divergence threshold, γ = {gamma}", s.threshold_within
    threshold = Number.seen(name, found)
    if gamma in THRESHOLDS and unchanged(s, "exponential_sides"):
        expected = THRESHOLDS[gamma]
        threshold = Number.near(name, found, expected, within=within, origin=Origin.COMPUTED)
    stable = 2 / np.linalg.eigvalsh(instance.loss.hessian_at(np.zeros(2))).max()
    return threshold, Number.seen(f"2/λmax at the start, γ = {gamma}", stable)


# The picture


def _course(instance: Instance, points: Points, losses: Points) -> Chart:
    """Return the loss, and how far the weights are from where they tend beside the margin."""
    times = np.unique(np.geomspace(1, len(points) - 1, 300).astype(int))
    label, terms, margin = f"η = {instance.step_size}", terms_of(instance), margin_of(instance)
    curves = [Curve(label=label, x=times, y=losses[times])]
    if terms is not None and margin is not None and margin.support_is_a_basis:
        away = margin.across(points[times]) - margin.transverse_limit(terms.weights)
        curves.append(Curve(label=label, x=times, y=np.linalg.norm(away, axis=1)))
    panel = Panel(x_label="steps", y_label="loss, and distance", curves=tuple(curves))
    return Chart(title=instance.F.describe(), panels=(panel,), evidence=NUMERICAL)


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    small = [v.observation for v in verdicts if v.instance.F.dimension == 2]
    charts = [result for seen in small for result in seen.results if isinstance(result, Chart)]
    curves = [chart.panels[0].curves for chart in charts]
    thresholds = []
    for name in ("divergence threshold", "2/λmax at the start"):
        seen = [n for v in verdicts for n in v.numbers if n.name.startswith(name)]
        x = [float(sp.Rational(n.name.rpartition("= ")[2])) for n in seen]
        thresholds.append(Curve(label=name, x=x, y=[n.found for n in seen], mark=Mark.BOTH))
    course = partial(Panel, x_label="steps", log_x=True, log_y=True)
    return Chart(
        title="Logistic regression on separable data: any step size arrives",
        panels=(
            course(
                title="The loss falls, perhaps after it has risen",
                y_label="logistic loss",
                curves=tuple(loss for loss, *_ in curves),
            ),
            course(
                title="Beside the margin the weights converge",
                y_label="distance from the minimiser",
                curves=tuple(away for _, *others in curves for away in others),
            ),
            Panel(
                title="The exponential loss diverges beyond a step size",
                x_label="margin γ",
                y_label="step size",
                curves=tuple(thresholds),
            ),
        ),
        evidence=NUMERICAL,
    )


NUMERICAL = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")

STUDY = Study(
    name="logistic_edge",
    title="Logistic regression at any step size, the exponential loss not",
    paper="wu2023implicit",
    summary=(
        "On separable data the logistic loss has no minimum, and Wu, Braverman and Lee show that "
        "gradient descent with any constant step size brings it to 0 all the same, perhaps after "
        "it has risen. Across the margin the weights settle where a convex potential is least. "
        "The exponential loss, with the same gradient far out, diverges beyond a step size."
    ),
    settings=Settings(),
    quick={"steps": 50_000, "exponential_gammas": ("1/20", "1/10")},
    claims=lambda s: (_minimised_claim(s), _bias_claim(s), _exponential_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "The limit across the margin is approached as slowly as 1/log t with a factor that grows "
        "with the step size. At step size 64 it is reached within 10 million steps; at 1024 the "
        "weight is still far away after 100 million, and only its growth is looked at. Where a "
        "support vector has the dual weight 0, the weight across the margin need not be bounded."
    ),
)
