"""Unstable convergence: what progress and smoothness do [ahn2022understanding]_."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

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
from dynsys_gd.claims.checks import ANALYTIC, NON_SINGULAR
from dynsys_gd.claims.main_paper import controls
from dynsys_gd.claims.main_paper.general_losses import ALL_UNSTABLE
from dynsys_gd.claims.observe import none_converges
from dynsys_gd.claims.support import orbit_checks as on

Points = NDArray[np.float64]
_x = sp.Symbol("x", real=True)
_ALIKE = dg.Loss((_x**4 - 1) ** 2 / 8, [_x])  # (xyzw - 1)²/2 where all factors are alike


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    cycle: str = "3/5"  # of period 2
    others: tuple[str, ...] = ("3/4", "17/20", "9/10")  # period 3, then chaos
    stable: str = "2/5"
    lost: str = "3/2"
    seeds: tuple[int, ...] = (0, 1, 2)
    starts: int = 5
    box: tuple[float, float] = (0.5, 1.2)  # of the four factors
    steps: int = 100_000
    late: int = 2000  # last steps of an orbit, or first ones that are left out
    vanished: float = 1e-4  # of the weighted mean of RP
    exactly: float = 1e-12
    near: float = 5e-3  # of means along chaotic orbits
    plain_near: float = 2e-2
    hovers: float = 0.1  # as a reading of "about 0" and "about 2"
    room: float = 0.01  # around the interval in which orbits stay
    well_beyond: str = "11/10"
    well_below: str = "9/10"
    trapped: tuple[str, ...] = ("3", "20")
    too_long: str = "21/10"  # for a parabola
    trap_side: float = 25.0
    larger: tuple[int, ...] = (1, 4, 16)  # regions that are tried, until one is kept
    shown: tuple[float, float, int] = (0.42, 1.15, 147)
    shown_steps: int = 4000


PROGRESS = {"3/5": 0.0, "3/4": -0.25, "9/10": -0.47}  # plain means
SMOOTHNESS = {"3/5": 2.0, "3/4": 1.5, "9/10": 1.296}  # weighted means of η DS
RECALLED = "as we state it, from memory of the paper and the names in its code"


# Flat minima are needed


def _null_claim(s: Settings) -> Claim:
    def well(step_size: str) -> Case:
        loss = dg.Loss(_x**4 / 4 - _x**2 / 2, [_x])
        F = dg.GradientDescent(loss, step_size)
        return Case(title=f"two wells at step size {step_size}", F=F, why="f'' = 2 at the minima")

    u, v = sp.symbols("u v")
    valley = dg.GradientDescent(dg.Loss(u**2 / 2 + v**2 / 6, [u, v]), 3)
    forgetful = dg.GradientDescent(controls.collapsing_loss(), 1)  # all x beyond ±2 go to 0
    conclusion = "starts from which gradient descent converges to a critical point are null"
    return Claim(
        name="convergence_needs_flat_critical_points",
        title="Without critical points flat enough, convergence has probability 0",
        statement=(
            "Let every critical point have a Hessian eigenvalue below 0 or above 2/η, and "
            "preimages of null sets under the step be null, as for analytic maps not singular "
            "everywhere. Then gradient descent converges to a critical point from a null set only."
        ),
        sources=("ahn2022understanding",),
        provenance=RECALLED,
        hypotheses=(ANALYTIC, ALL_UNSTABLE, NON_SINGULAR),
        conclusion=conclusion,
        observe=partial(none_converges, conclusion=conclusion, to=dg.Target.FIXED_POINTS),
        examples=lambda: (well(s.well_beyond),),
        counterexamples=lambda: {
            ANALYTIC.name: Case(title="a smooth loss that forgets, step size 1", F=forgetful),
            ALL_UNSTABLE.name: well(s.well_below),
            NON_SINGULAR.name: Case(title="u²/2 + v²/6 at step size 3", F=valley),
        },
    )


# Losses of slow growth hold orbits


def _trap_claim(s: Settings) -> Claim:
    def line(name: str, loss: sp.Expr, step_size: str) -> Case:
        F = dg.GradientDescent(dg.Loss(loss, [_x]), step_size)
        region = dg.Box([-s.trap_side], [s.trap_side])
        return Case(title=f"{name} at step size {step_size}", F=F, region=region)

    losses = {"log cosh x": sp.log(sp.cosh(_x)), "√(1 + x²)": sp.sqrt(1 + _x**2)}
    return Claim(
        name="slow_growth_holds_orbits",
        title="A loss of sub-quadratic growth holds orbits at every step size",
        statement=(
            "Let the gradient far out point away from 0, clearly so, and grow more slowly than the "
            "distance from 0. At every step size large enough regions are mapped into themselves, "
            "so that gradient descent stays bounded even where it cannot converge."
        ),
        sources=("ahn2022understanding",),
        provenance=RECALLED,
        hypotheses=(on.SLOW_GROWTH, on.POINTS_OUTWARD),
        conclusion="the map takes a large region into itself",
        observe=lambda instance: Observation(finding=on.larger_is_kept(instance, s.larger)),
        examples=lambda: tuple(
            line(name, loss, step) for name, loss in losses.items() for step in s.trapped
        ),
        counterexamples=lambda: {
            on.SLOW_GROWTH.name: line("x²/2", _x**2 / 2, s.too_long),
            on.POINTS_OUTWARD.name: line("-√(1 + x²)", -losses["√(1 + x²)"], s.trapped[0]),
        },
    )


# What is exact


def _product(step_size: str, s: Settings) -> Case:
    names = sp.symbols("x y z w")
    F = dg.GradientDescent(dg.Loss((sp.prod(names) - 1) ** 2 / 2, names), step_size)
    region = dg.Box([s.box[0]] * 4, [s.box[1]] * 4)
    return Case(title=f"(xyzw - 1)²/2 at step size {step_size}", F=F, region=region)


def _identity_claim(s: Settings) -> Claim:
    @lru_cache(maxsize=1)
    def runs(instance: Instance) -> list[dg.ProgressAlong]:
        assert isinstance(instance.F, dg.GradientDescent)
        starts = (instance.region.sample(s.starts, rng=seed) for seed in s.seeds)
        return [dg.progress_along(instance.F, each, s.steps) for each in starts]

    def is_bounded(instance: Instance) -> tuple[dg.Outcome, str]:
        most = max(float(np.abs(found.losses).max()) for found in runs(instance))
        return yes_if(bool(np.isfinite(most))), f"the loss is at most {most:.3g}"

    def keeps_moving(instance: Instance) -> tuple[dg.Outcome, str]:
        least = min(float(found.squared_gradients[:, -s.late :].mean()) for found in runs(instance))
        return yes_if(least > s.vanished), f"mean ‖∇L‖² on the last {s.late} steps: {least:.3g}"

    def observe(instance: Instance) -> Observation:
        found = runs(instance)
        most = max(float(np.abs(each.weighted_progress).max()) for each in found)
        small = most <= s.vanished
        numbers = (
            number
            for seed, each in zip(s.seeds, found, strict=True)
            for number in _means(each, f"η = {instance.step_size}, seed {seed}", s)
        )
        return observed(
            conclusion,
            yes_if(small),
            grade=dg.Grade.NUMERICAL,
            reason=f"{len(s.seeds) * s.starts} orbits of {s.steps} steps",
            detail=f"at most {most:.2g}",
            numbers=tuple(numbers) if small else (),
            results=(found[0],) if small else (),
        )

    conclusion = "the mean of RP with weights ‖∇L‖² tends to 0"
    known = partial(condition, grade=dg.Grade.NUMERICAL, reason=f"orbits of {s.steps} steps")
    bounded = known("bounded", "the loss stays bounded along orbits", is_bounded)
    moving = known("no convergence", "the gradient does not vanish", keeps_moving)
    return Claim(
        name="weighted_progress_vanishes",
        title="Weighted with ‖∇L‖², relative progress averages to 0",
        statement=(
            "Let the loss stay bounded along an orbit of gradient descent on which Σ‖∇L‖² grows "
            "without bound. Then Σ RP ‖∇L‖² / Σ‖∇L‖² = (L_T - L_0)/(η Σ‖∇L‖²), which tends to 0."
        ),
        sources=("ahn2022understanding",),
        provenance="derived here for the paper's relative progress, by telescoping",
        hypotheses=(bounded, moving),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_product(step, s) for step in (s.cycle, *s.others)),
        counterexamples=lambda: {
            bounded.name: _product(s.lost, s),
            moving.name: _product(s.stable, s),
        },
    )


def _means(found: dg.ProgressAlong, label: str, s: Settings) -> Iterator[Number]:
    step, change = str(found.map.step_size), found.losses[:, -1] - found.losses[:, 0]
    derived, computed = Origin.DERIVED, Origin.COMPUTED
    exact = change / (found.step_size * found.squared_gradients.sum(axis=1))
    apart = found.weighted_progress - exact
    yield _worst(
        f"weighted mean of RP less the telescoped one, {label}", apart, 0, s.exactly, derived
    )
    if step in PROGRESS:
        name, mean = f"plain mean of RP, {label}", found.mean_progress
        yield _worst(name, mean, PROGRESS[step], s.plain_near, computed)
    if step in SMOOTHNESS:
        origin = derived if step in (s.cycle, s.others[0]) else computed
        name, mean = f"weighted mean of ηDS, {label}", found.weighted_smoothness
        yield _worst(name, mean, SMOOTHNESS[step], s.near, origin)


def _worst(name: str, values: Points, expected: float, within: float, origin: Origin) -> Number:
    """Return the value of the orbit that is farthest from what is expected."""
    worst = float(values[np.argmax(np.abs(values - expected))])
    return Number.near(name, worst, expected, within=within, origin=origin)


# Hovering: true of cycles of period 2, not of bounded orbits in general


def _hover_claims(s: Settings) -> tuple[Claim, Claim]:
    def observe(instance: Instance) -> Observation:
        starts = instance.region.sample(s.starts, rng=instance.rng("starts"))
        assert isinstance(instance.F, dg.GradientDescent)
        found = dg.progress_along(instance.F, starts, s.steps, transient=s.late)
        progress = found.mean_progress
        smooth = found.step_size * found.smoothness.mean(axis=1)
        hovers = np.abs(progress).max() <= s.hovers and np.abs(smooth - 2).max() <= s.hovers
        numbers: tuple[Number, ...] = ()
        if hovers:
            numbers = (
                _worst("plain mean of RP on the cycle", progress, 0, s.exactly, Origin.DERIVED),
                _worst("plain mean of ηDS on the cycle", smooth, 2, s.exactly, Origin.DERIVED),
            )
        return observed(
            conclusion,
            yes_if(bool(hovers)),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.starts} orbits of {s.steps} steps",
            detail=f"RP {progress.mean():.3g}, ηDS {smooth.mean():.3g}",
            numbers=numbers,
        )

    conclusion = f"plain means: RP within {s.hovers} of 0, ηDS within {s.hovers} of 2"
    make = partial(Claim, sources=("ahn2022understanding",), conclusion=conclusion, observe=observe)
    refuted = {on.KEPT.name: _alike(s.lost, s), on.NO_STABLE_POINT.name: _alike(s.stable, s)}
    return (
        make(
            name="progress_hovers_on_cycles_of_period_two",
            title="On a cycle of period 2, RP averages to 0 and η DS to 2",
            statement=(
                "Let orbits stay in a region without a stable fixed point, with a stable cycle of "
                "period 2. On it ∇L takes opposite values, so that η DS = 2 and RP averages to 0."
            ),
            provenance="derived here; the paper reports RP near 0 and DS near 2/η, as recalled",
            hypotheses=(on.KEPT, on.NO_STABLE_POINT, on.STABLE_TWO_CYCLE),
            examples=lambda: (_alike(s.cycle, s),),
            counterexamples=lambda: {**refuted, on.STABLE_TWO_CYCLE.name: _alike(s.others[0], s)},
            controls=lambda: tuple(_alike(step, s) for step in s.others[1:]),
        ),
        make(
            name="progress_hovers_on_bounded_orbits",
            title="Wherever descent neither converges nor escapes, RP averages to 0 and η DS to 2",
            statement=(
                "Let orbits of gradient descent stay in a region without a stable fixed point. "
                "Along them RP averages to about 0 and η DS to about 2."
            ),
            provenance=(
                "our reading of what the paper reports of networks in training, as recalled; it "
                "need not be meant for all bounded orbits, nor for plain means over long times"
            ),
            hypotheses=(on.KEPT, on.NO_STABLE_POINT),
            examples=lambda: tuple(_alike(step, s) for step in (s.others[0], s.others[-1])),
            counterexamples=lambda: refuted,
            disputed=(
                "Read as plain means, this does not hold for cycles of period 3 and chaotic "
                "on. There RP averages to 0 with weights ‖∇L‖² only, and η DS stays below 2; "
                "on a cycle of period 3 its weighted mean is 3/2."
            ),
        ),
    )


def _alike(step_size: str, s: Settings) -> Case:
    """Return the product of four equal factors, as a loss of one of them, with its interval.

    The interval goes from the image of its right end to the largest image of points near 1.
    """
    F = dg.GradientDescent(_ALIKE, step_size)
    near = np.linspace(0, s.box[1], s.shown_steps)[:, None]
    high = float(F(near).max()) + s.room
    low = float(F([high])[0]) - s.room
    region, title = dg.Box([min(low, 0.5)], [high]), f"(x⁴ - 1)²/8 at step size {step_size}"
    return Case(title=title, F=F, region=region, why="four equal factors of a product")


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    s = verdicts[0].claim.study.settings
    found = [r for v in verdicts for r in v.observation.results if isinstance(r, dg.ProgressAlong)]
    steps, start = np.linspace(*s.shown), [[s.box[1] - s.room]]
    maps = (dg.GradientDescent(_ALIKE, float(step)) for step in steps)
    swept = [dg.progress_along(F, start, s.shown_steps, transient=s.late) for F in maps]
    moving = np.array([each.squared_gradients.mean() > s.vanished for each in swept])
    plain, weighted = (
        np.where(moving, np.ravel(values), np.nan)
        for values in ([e.mean_progress for e in swept], [e.weighted_smoothness for e in swept])
    )
    times = np.unique(np.geomspace(1, s.steps, 300).astype(int))
    means = [Curve(label="", x=steps, y=y, mark=Mark.BOTH) for y in (plain, weighted)]
    zero, two, three = (Level(label=f"{value:g}", value=value) for value in (0, 2, 3 / 2))
    return Chart(
        title="Relative progress and directional smoothness where descent does not converge",
        panels=(
            Panel(
                title="RP averages to 0 with weights ‖∇L‖²",
                x_label="steps",
                y_label="|mean of RP|, with weights ‖∇L‖²",
                curves=tuple(_running(each, times) for each in found),
                log_x=True,
                log_y=True,
            ),
            Panel(
                title="Its plain mean is 0 on cycles of period 2",
                x_label="step size η",
                y_label="plain mean of RP",
                curves=(means[0],),
                levels=(zero,),
            ),
            Panel(
                title="η DS: 2 on period 2, 3/2 on period 3",
                x_label="step size η",
                y_label="mean of η DS, with weights ‖∇L‖²",
                curves=(means[1],),
                levels=(two, three),
            ),
        ),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision"),
    )


def _running(found: dg.ProgressAlong, times: NDArray[np.int64]) -> Curve:
    times = times[times < found.losses.shape[1]]
    total = np.cumsum(found.squared_gradients[0])[times - 1]
    change = np.abs(found.losses[0, times] - found.losses[0, 0]) / found.step_size / total
    return Curve(label=f"η = {found.map.step_size}", x=times, y=change)


STUDY = Study(
    name="unstable_convergence",
    title="Unstable convergence: what relative progress does",
    paper="ahn2022understanding",
    summary=(
        "Ahn, Zhang and Sra study gradient descent with step sizes beyond 2/λ that goes on without "
        "converging or escaping: it cannot converge where no critical point is flat enough, losses "
        "of slow growth hold it, and two quantities tell what it does, relative progress RP and "
        "directional smoothness DS. One mean of RP vanishes exactly; which one, is shown here."
    ),
    settings=Settings(),
    quick={
        "others": ("3/4", "9/10"),
        "steps": 20_000,
        "starts": 3,
        "trapped": ("20",),
        "vanished": 1e-3,
        "near": 2e-2,
        "shown": (0.42, 1.15, 40),
    },
    claims=lambda s: (_null_claim(s), _trap_claim(s), _identity_claim(s), *_hover_claims(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "RP near 0 and DS near 2/η are observations about networks in training, as recalled. On "
        "cycles of period 2 they are exact. On other bounded orbits the exact statement is that "
        "RP averages to 0 with weights ‖∇L‖². At step size 3/4 the product of four factors has a "
        "stable cycle of period 3, in a window of the chaotic range; a weighted mean of η DS of "
        "3/2 follows from the gradients of a cycle having sum 0."
    ),
)
