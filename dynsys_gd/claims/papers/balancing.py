"""Large steps balance the two factors of a matrix factorisation [wang2022tames]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd import claims
from dynsys_gd.claims import Case, Chart, Claim, Curve, Instance, Number, Observation, Origin
from dynsys_gd.claims.checks import GRADIENT_DESCENT

_Point = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    width: int = 3
    target: str = "1"
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    large: float = 2.5  # step sizes times the sharpness at the start
    medium: float = 1.9
    small: float = 0.5
    wild: float = 8.0
    left: float = 0.4  # imbalance after large steps over that after small ones, at most
    steps: int = 100_000
    arrived: float = 1e-9
    momentum: str = "9/10"
    cycling_step: str = "19/10"
    gentle_step: str = "11/10"
    periods: tuple[int, ...] = (2, 3, 4)
    half_side: float = 2.5


class _Problem:
    """(μ - xᵀy)²/2 with its starts."""

    def __init__(self, s: Settings) -> None:
        self.s, self.mu = s, sp.Rational(s.target)
        self.x, self.y = sp.symbols(f"x1:{s.width + 1}"), sp.symbols(f"y1:{s.width + 1}")
        inner = sum(a * b for a, b in zip(self.x, self.y, strict=True))
        self.form = (self.mu - inner) ** 2 / 2
        self.loss = dg.Loss(self.form, [*self.x, *self.y])

    def start(self, seed: int) -> dg.Ball:
        """Return a point as a law of starts."""
        centre = np.random.default_rng(seed).standard_normal(2 * self.s.width)
        return dg.Ball(centre.tolist(), np.finfo(float).eps)

    def step(self, start: dg.Ball, share: float) -> float:
        return share / float(self.loss.sharpness_at(np.asarray(start.center, dtype=float)))

    def limit(self, point: _Point) -> float:
        """Return min{1/|μ|, 8/(r + √(r² - 16μ(xᵀy - μ)))}, r = ‖x‖² + ‖y‖² [liang2025chaos]_."""
        r, mu = float(point @ point), float(self.mu)
        inner = float(point[: self.s.width] @ point[self.s.width :])
        return min(1 / abs(mu), 8 / (r + np.sqrt(r**2 - 16 * mu * (inner - mu))))

    def end(self, F: dg.Map, point: _Point) -> _Point:
        states = F.iterate(F.lift(point[None]), self.s.steps)
        return F.project(states)[0]

    def imbalance(self, point: _Point) -> float:
        """Return ‖x - y‖², NaN where the point is no minimum."""
        x, y = point[: self.s.width], point[self.s.width :]
        arrived = abs(x @ y - float(self.mu)) < self.s.arrived
        return float(np.sum((x - y) ** 2)) if arrived else np.nan

    def is_this(self, instance: Instance) -> tuple[dg.Outcome, str]:
        form = instance.loss.symbolic
        same = form is not None and sp.expand(form.bound - self.form) == 0
        return claims.yes_if(same), ""

    def is_inside(self, instance: Instance) -> bool:
        """Return whether h < min{1/|μ|, 8/(r + √(r² - 16μ(xᵀy - μ)))}, by rational arithmetic."""
        point, h = (
            [sp.Rational(value) for value in _point(instance)],
            sp.Rational(instance.step_size),
        )
        r, half = sum(value**2 for value in point), self.s.width
        inner = sum(a * b for a, b in zip(point[:half], point[half:], strict=True))
        under = r**2 - 16 * self.mu * (inner - self.mu)
        return bool(h * abs(self.mu) < 1 and 8 / h > r and under < (8 / h - r) ** 2)

    def hypothesis(self) -> claims.Hypothesis:
        return claims.condition(
            "factorisation",
            f"the loss is (μ - xᵀy)²/2 with μ = {self.mu}",
            self.is_this,
            grade=dg.Grade.PROVED,
            reason="by its form",
        )

    def converging(self) -> claims.Hypothesis:
        def holds(instance: Instance) -> tuple[dg.Outcome, str]:
            if not isinstance(instance.region, dg.Ball) or instance.loss != self.loss:
                return dg.Outcome.UNDECIDED, "the start is no point of the factors"
            return claims.yes_if(self.is_inside(instance)), ""

        return claims.condition(
            "converging start",
            "the start lies where almost every orbit of gradient descent on the loss converges",
            holds,
            grade=dg.Grade.PROVED,
            reason="min{1/|μ|, 8/(r + √(r² - 16μ(xᵀy - μ)))} by rational arithmetic",
        )

    def other(self) -> dg.Loss:
        """Return a loss of the same variables that does not couple the factors."""
        squares = sum((v - 1) ** 2 for v in self.x) + sum((v + 1) ** 2 for v in self.y)
        return dg.Loss(squares / 2, [*self.x, *self.y])


def _point(instance: Instance) -> _Point:
    assert isinstance(instance.region, dg.Ball)
    return np.asarray(instance.region.center, dtype=np.float64)


# Where orbits arrive, the factors are balanced


def _bound_claim(s: Settings) -> Claim:
    problem = _Problem(s)
    conclusion = "the orbit ends where ‖x - y‖² is at most 2/h - 2μ"

    def observe(instance: Instance) -> Observation:
        h = float(instance.step_size)
        bound = 2 / h - 2 * float(problem.mu)
        end = problem.end(instance.F, _point(instance))
        half = s.width
        found = float(np.sum((end[:half] - end[half:]) ** 2))
        name = f"‖x - y‖² in the end, at most 2/h - 2μ, h = {h:.5f}"
        arrived = bool(np.linalg.norm(instance.loss.gradient_at(end)) <= s.arrived)
        return claims.observed(
            conclusion,
            claims.yes_if(found <= bound) if arrived else dg.Outcome.UNDECIDED,
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.steps} steps",
            detail=f"‖x - y‖² = {found:.6g}, 2/h - 2μ = {bound:.6g}",
            numbers=(Number.between(name, found, low=0, high=bound, origin=Origin.RECALLED),)
            if arrived and found <= bound
            else (),
        )

    def case(seed: int, share: float, why: str = "") -> Case:
        start = problem.start(seed)
        F = dg.GradientDescent(problem.loss, problem.step(start, share))
        return Case(title=f"seed {seed}, h = {share}/L", F=F, region=start, why=why)

    def counterexamples() -> dict[str, Case]:
        start = problem.start(s.seeds[0])
        step = problem.step(start, s.medium)
        return {
            "factorisation": Case(
                title="two parabolas, one for each factor",
                F=dg.GradientDescent(problem.other(), s.small),
                region=start,
                why="nothing couples the factors, which stay apart",
            ),
            GRADIENT_DESCENT.name: Case(
                title=f"heavy ball with momentum {s.momentum}",
                F=dg.HeavyBall(problem.loss, step, s.momentum),
                region=start,
                why="with momentum minima are stable up to 2(1 + β)/h",
            ),
            "converging start": case(s.seeds[0], s.wild, "the orbit escapes"),
        }

    return Claim(
        name="limits_are_balanced",
        title="Where gradient descent arrives, ‖x - y‖² is at most 2/h - 2μ",
        statement=(
            "Let L = (μ - xᵀy)²/2. From almost every start at which the step size h is below "
            "min{1/|μ|, 8/(r + √(r² - 16μ(xᵀy - μ)))}, r = ‖x‖² + ‖y‖², gradient descent converges "
            "to a minimum with ‖x - y‖² ≤ 2/h - 2μ, because its sharpness ‖x‖² + ‖y‖² is at most "
            "2/h."
        ),
        sources=("wang2022tames", "liang2025chaos"),
        hypotheses=(GRADIENT_DESCENT, problem.hypothesis(), problem.converging()),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            case(seed, share) for seed in s.seeds for share in (s.small, s.medium, s.large)
        ),
        counterexamples=counterexamples,
    )


# Larger steps balance more


def _more_claim(s: Settings) -> Claim:
    problem = _Problem(s)
    conclusion = f"they end at most {s.left} times as far apart as with h = {s.small}/L"

    def is_large(instance: Instance) -> tuple[dg.Outcome, str]:
        alike = isinstance(instance.region, dg.Ball) and isinstance(instance.F, dg.GradientDescent)
        if not alike or problem.is_this(instance)[0] is not dg.Outcome.YES:
            return dg.Outcome.NO, "not gradient descent on the factorisation, from one start"
        h, point = float(instance.step_size), _point(instance)
        sharpness, limit = float(problem.loss.sharpness_at(point)), problem.limit(point)
        inside = 2 / sharpness < h < limit
        return claims.yes_if(inside), f"h = {h:.4g}, 2/L = {2 / sharpness:.4g}, η* = {limit:.4g}"

    def observe(instance: Instance) -> Observation:
        point = _point(instance)
        gentle = dg.GradientDescent(instance.loss, problem.step(instance.region, s.small))  # type: ignore[arg-type]
        ends = [problem.end(F, point) for F in (instance.F, gentle)]
        large, small = (problem.imbalance(end) for end in ends)
        return claims.observed(
            conclusion,
            claims.yes_if(large <= s.left * small),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.steps} steps of both",
            detail=f"‖x - y‖² = {large:.4g}, with small steps {small:.4g}",
            numbers=(Number.seen(f"ratio, h = {float(instance.step_size):.5f}", large / small),),
        )

    def case(seed: int, share: float, why: str = "") -> Case:
        start = problem.start(seed)
        F = dg.GradientDescent(problem.loss, problem.step(start, share))
        return Case(title=f"seed {seed}, h = {share}/L", F=F, region=start, why=why)

    return Claim(
        name="large_steps_balance",
        title="Steps beyond 2/L balance the factors far more than small ones",
        statement=(
            "In the same setting let L be the sharpness at the start. From starts like those here, "
            "step sizes between 2/L and 4/L lead orbits that converge to minima that are much more "
            "balanced than those of small steps."
        ),
        sources=("wang2022tames",),
        hypotheses=(
            claims.condition(
                "large step",
                "the map is gradient descent on that loss, 2/L < h, and h is below the limit η* up "
                "to which almost every start converges",
                is_large,
                grade=dg.Grade.NUMERICAL,
                reason="sharpness and closed form in double precision",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(seed, s.large) for seed in s.seeds),
        counterexamples=lambda: {
            "large step": case(s.seeds[0], s.medium, "below 2/L the factors stay apart longer"),
        },
        controls=lambda: tuple(
            case(seed, s.medium, "below 2/L the factors stay apart longer") for seed in s.seeds[1:3]
        ),
    )


# Stable cycles at h = 1.9?


def _cycles_claim(s: Settings) -> Claim:
    x, y = sp.symbols("x y")
    periods = ", ".join(map(str, s.periods))
    conclusion = f"cycles of the periods {periods} are among the attractors in the box"
    box = dg.Box([-s.half_side] * 2, [s.half_side] * 2)

    def is_exact(instance: Instance) -> tuple[dg.Outcome, str]:
        form = instance.loss.symbolic
        same = form is not None and sp.expand(form.bound - (1 - x * y) ** 2 / 2) == 0
        return claims.yes_if(same and instance.step_size == sp.Rational(s.cycling_step)), ""

    def observe(instance: Instance) -> Observation:
        lists = [dg.periodic_orbits(instance.F, instance.region, period=p) for p in s.periods]
        kinds = [[getattr(orbit, "kind", dg.Kind.UNDECIDED) for orbit in found] for found in lists]
        sinks = [each.count(dg.Kind.SINK) for each in kinds]
        none = [
            found.complete and set(each) <= {dg.Kind.SADDLE, dg.Kind.SOURCE}
            for found, each in zip(lists, kinds, strict=True)
        ]
        told = "; ".join(
            f"period {p}: {len(found)} orbits, {n} stable, "
            + ("all there are" if found.complete else "perhaps not all")
            for p, found, n in zip(s.periods, lists, sinks, strict=True)
        )
        outcome = dg.Outcome.YES if all(sinks) else dg.Outcome.UNDECIDED
        return claims.observed(
            conclusion,
            dg.Outcome.NO if any(none) else outcome,
            grade=dg.Grade.CERTIFIED,
            reason=f"complete lists of periodic orbits in {instance.region.describe()}",
            detail=told,
            numbers=tuple(
                Number.seen(f"orbits of period {p}", len(found), grade=dg.Grade.CERTIFIED)
                for p, found in zip(s.periods, lists, strict=True)
            ),
        )

    def descent(step_size: str) -> dg.GradientDescent:
        return dg.GradientDescent(dg.Loss((1 - x * y) ** 2 / 2, [x, y]), step_size)

    return Claim(
        name="stable_cycles_of_the_figure",
        title=f"At h = {s.cycling_step} orbits tend to cycles of the periods {periods}",
        statement=(
            f"Gradient descent on (1 - xy)²/2 with step size {s.cycling_step} has attracting "
            f"cycles of the periods {periods}."
        ),
        sources=("wang2022tames",),
        provenance=(
            "a reading of a figure of the authors' blog, which shows cycles at this step size; the "
            "paper may say less, for instance that such cycles exist"
        ),
        hypotheses=(
            claims.condition(
                "the loss and the step size",
                f"gradient descent on (1 - xy)²/2 with step size {s.cycling_step}",
                is_exact,
                grade=dg.Grade.PROVED,
                reason="by its form",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            Case(title=f"(1 - xy)²/2, h = {s.cycling_step}", F=descent(s.cycling_step), region=box),
        ),
        counterexamples=lambda: {
            "the loss and the step size": Case(
                title=f"(1 - xy)²/2, h = {s.gentle_step}",
                F=descent(s.gentle_step),
                region=box,
                why="here a cycle of period two attracts, and none of the periods three and four",
            ),
        },
        disputed=(
            "All cycles of these periods in the box are found with proof. At the step size 19/10 "
            "they are saddles and sources: none attracts. What the figure shows may be unstable "
            "cycles, or orbits over a short time."
        ),
    )


def _figure(verdicts: Sequence[claims.Verdict]) -> Chart:
    s = verdicts[0].claim.study.settings
    problem = _Problem(s)
    curves = []
    for seed in s.seeds[:4]:
        start = problem.start(seed)
        point = np.asarray(start.center, dtype=np.float64)
        shares = np.arange(s.small, 4, 1 / 8)
        steps = [problem.step(start, share) for share in shares]
        ends = [
            problem.imbalance(problem.end(dg.GradientDescent(problem.loss, h), point))
            if h < problem.limit(point)
            else np.nan
            for h in steps
        ]
        curves.append(Curve(label=f"seed {seed}", x=shares, y=ends, mark=claims.Mark.BOTH))
    panel = claims.Panel(
        x_label="step size times the sharpness at the start, hL",
        y_label="‖x - y‖² in the end",
        curves=tuple(curves),
        levels=(claims.Level(label="h = 2/L", value=2, vertical=True),),
    )
    return Chart(
        title="Steps beyond 2/L leave the factors less apart than small ones",
        panels=(panel,),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision"),
    )


STUDY = claims.Study(
    name="balancing",
    title="Large steps balance the factors",
    paper="wang2022tames",
    summary=(
        "Wang and others find that gradient descent with step sizes beyond 2/L balances the two "
        "factors of a matrix factorisation, the more so the larger the step size. The bound on the "
        "imbalance and the effect are looked at from several starts, and cycles shown at a very "
        "large step size are searched for with proof."
    ),
    settings=Settings(),
    quick={"seeds": (1, 2, 3), "steps": 20_000},
    claims=lambda s: (_bound_claim(s), _more_claim(s), _cycles_claim(s)),
    figure=_figure,
    part=claims.Part.FRONTIER,
    discussion=(
        "The bound is that of stability, ‖x‖² + ‖y‖² ≤ 2/h, with xᵀy = μ put in; which starts "
        "converge at all is known exactly, up to min{1/|μ|, 8/(r + √(r² - 16μ(xᵀy - μ)))}, which "
        "tends to 4/r for small μ. That steps beyond 2/L balance more is seen from the starts of "
        "the study, and is no theorem here; it is not monotone, for the factors end farther apart "
        "again at some step sizes above 3/L. At the step size 1.9 on (1 - xy)²/2 the claim of "
        "attracting cycles comes out as a contradiction with a figure as we read it: all cycles "
        "of the periods two to four in the box are found, with proof, and none of them attracts."
    ),
)
