"""Where gradient descent on a scalar factorisation converges, exactly [liang2025chaos]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd import claims
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
    Raster,
    condition,
    observed,
    yes_if,
)
from dynsys_gd.claims.support.factorisation import (
    UNREGULARISED,
    factorisation_loss,
    factorisation_of,
    step_at,
    step_below,
)
from dynsys_gd.claims.support.recorded import unchanged

_recalled = partial(
    Claim,
    sources=("liang2025chaos",),
    provenance="as we state it after a detailed account; wording and constants may differ",
)
_PROVED, _STATISTICAL = dg.Grade.PROVED, dg.Grade.STATISTICAL
_STEP = sp.Symbol("eta")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    dimensions: tuple[int, ...] = (1, 2, 5)
    targets: tuple[str, ...] = ("1", "-7/10", "0")
    shares: tuple[float, ...] = (0.9, 0.98, 1.02, 1.1)
    starts: int = 2000
    near_starts: int = 10_000
    seeds: tuple[int, ...] = (0, 1, 2)
    nearly_all: float = 0.99
    planes: tuple[int, ...] = (1, 2)
    points: int = 500
    rounding: float = 1e-9
    exponent_orbits: int = 64
    exponent_steps: int = 20_000
    exponent_within: float = 2e-3
    target: str = "1"  # of the boundary, and of the starts near it
    step: str = "2/5"
    unstable: str = "6/5"  # times 1/|y|: no minimum is stable
    no_ellipse: str = "5/2"  # times 1/|y|: V = 1 is no ellipse
    distances: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-4)
    small: float = 1e-2  # distances that are judged
    widest_gap: float = 0.1  # between sharpnesses found, over the interval from 2|y| to 2/η
    fractal_target: str = "1/2"
    fractal_step: str = "1"
    weight: str = "1/5"  # λ
    half_side: float = 4.0
    iterations: int = 150
    above_minimum: float = 1e-6
    resolutions: tuple[int, ...] = (128, 256, 512, 1024)
    copies: int = 6
    dimension_within: float = 0.04
    pixels: int = 2048
    fractal_from: float = 1.1
    missed_within: float = 1e-4
    shown: int = 400


_GRID, MISSED = ("iterations", "pixels"), 1.4e-4
DIMENSIONS: dict[tuple[str, ...], float] = {("1/2", "1", "1/5"): 1.249}  # by y, η and λ


def _case(
    s: Settings, target: str, *, d: int = 1, step: str = "", weight: str = "", why: str = ""
) -> Case:
    """Return a case; without a step size each start has its own."""
    words = [f"d = {d}", f"η = {step}" * bool(step), f"y = {target}", f"λ = {weight or 0}"]
    window = dg.Box([-s.half_side] * (2 * d), [s.half_side] * (2 * d))
    return Case(
        title=", ".join(word for word in words if word),
        F=dg.GradientDescent(factorisation_loss(d, target, weight or 0), step or _STEP),
        region=window if step else dg.Gaussian([0.0] * (2 * d), [1.0] * (2 * d)),
        why=why,
    )


def _critical_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, known = instance.F, factorisation_of(instance.loss)
        assert F.expression is not None
        # The step size is a coordinate that stays, so that each start has its own.
        own = dg.SymbolicMap([*F.expression, _STEP], [*F.variables, _STEP])
        draws = [instance.region.sample(s.starts, rng=instance.rng(f"{k}")) for k in s.seeds]
        worst = {}
        for share in s.shares:
            found = []
            for starts in draws:
                states = np.column_stack([starts, share * known.critical_steps(starts)])
                found.append(dg.simulate(own, states).count(dg.Fate.CONVERGED) / s.starts)
            worst[share] = min(found) if share < 1 else max(found)
        name = f"η* converge, {F.dimension} numbers, y = {known.target}"
        between = partial(Number.between, grade=_STATISTICAL)
        numbers = tuple(
            between(f"at {q:g} {name}", value, low=s.nearly_all, origin=Origin.COMPUTED)
            if q < 1
            else between(f"at {q:g} {name}", value, high=0.0, origin=Origin.DERIVED)
            for q, value in worst.items()
        )
        return observed(
            conclusion,
            yes_if(all(number.agrees is dg.Outcome.YES for number in numbers)),
            grade=_STATISTICAL,
            reason=f"{s.starts} random starts for each of {len(s.seeds)} seeds",
            detail=", ".join(f"{value:.4g} at {q:g} η*" for q, value in worst.items()),
            numbers=() if known.regulariser else numbers,
        )

    conclusion = "starts converge at step sizes below their η*, and none does above"
    return _recalled(
        name="exact_critical_step_size",
        title="Each start has its own critical step size, in closed form",
        statement=(
            "Let L = ½(uᵀv - y)², s = ‖u‖² + ‖v‖² and "
            "η* = min{1/|y|, 8/(s + √(s² - 16 y (uᵀv - y)))}. At each step size η gradient descent "
            "converges to a minimum from almost every start (u, v) with η < η*, and from almost "
            "none with η > η*."
        ),
        hypotheses=(UNREGULARISED,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_case(s, y, d=d) for d in s.dimensions for y in s.targets),
        counterexamples=lambda: {
            UNREGULARISED.name: _case(s, s.fractal_target, weight=s.weight, why="another boundary")
        },
    )


def _boundary_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, step, known = instance.F, instance.step_size, factorisation_of(instance.loss)
        assert F.expression is not None
        holds = known.keeps_sides(step, F.expression) and abs(step * known.target) < 2
        tripled = holds and F.dimension == 2 and known.triples_angles(step, F.expression)
        points = instance.region.sample(s.points, rng=instance.rng("points"))
        before, after = (known.levels(x, float(step)) - 1 for x in (points, F(points)))
        clear = np.minimum(np.abs(before), np.abs(after)) > s.rounding
        crossing = int(np.sum(clear & (before * after < 0)))
        return observed(
            conclusion,
            yes_if(holds) if holds or crossing else dg.Outcome.UNDECIDED,
            grade=_PROVED if holds else dg.Grade.NUMERICAL,
            reason="an identity of polynomials" if holds else "points on both sides",
            detail=f"ϑ goes to π - 3ϑ: {tripled}; {crossing} of {s.points} points change sides",
            numbers=_of_boundary(instance, s) if tripled else (),
        )

    ellipsoid = step_below(2)
    conclusion, why = "no step leads across V = 1", "points change sides"
    return _recalled(
        name="boundary_triples_angles",
        title="The boundary is an ellipsoid on which gradient descent triples angles",
        statement=(
            "Let L = ½(uᵀv - y)², κ = ηy/2, |κ| < 1, V = (‖u‖² + ‖v‖² - ηy uᵀv)/(4/η - ηy²) "
            "and Δ = (η/8)(‖u + v‖²/(1 + κ) - ‖u - v‖²/(1 - κ)). One step gives "
            "1 - V' = (1 - V)[1 - κ² + (2Δ - 2κ(1 - V) + κ)²], so that {V < 1}, {V = 1} and "
            "{V > 1} are invariant. For d = 1 write V = 1 as u + v ~ cos ϑ, u - v ~ sin ϑ: a step "
            "takes ϑ to π - 3ϑ, with entropy and Lyapunov exponent log 3."
        ),
        provenance="derived here; the paper states the critical step size, and entropy ≥ log 3",
        hypotheses=(UNREGULARISED, ellipsoid),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_case(s, s.target, d=d, step=s.step) for d in s.planes),
        counterexamples=lambda: {
            UNREGULARISED.name: _case(
                s, s.fractal_target, step=s.fractal_step, weight=s.weight, why=why
            ),
            ellipsoid.name: _case(s, s.target, step=step_at(s.no_ellipse, s.target), why=why),
        },
    )


def _of_boundary(instance: Instance, s: Settings) -> tuple[Number, ...]:
    area = float(factorisation_of(instance.loss).area(instance.step_size))
    proved = dg.known_measure(instance.F, instance.region)
    volume = np.nan if proved is None or proved.volume is None else float(proved.volume)
    # In floating point an orbit soon leaves the ellipse; x = cos ϑ goes to cos(π - 3ϑ).
    x = sp.Symbol("x")
    cosine = dg.SymbolicMap([-sp.chebyshevt(3, x)], [x])
    angles = instance.rng("angles").uniform(0, np.pi, (s.exponent_orbits, 1))
    found = dg.lyapunov_spectrum(cosine, np.cos(angles), steps=s.exponent_steps).pooled().values[0]
    near = partial(Number.near, origin=Origin.DERIVED)
    return (
        near("area that converges", volume, area, within=s.rounding, grade=_PROVED),
        near("Lyapunov exponent of ϑ -> π - 3ϑ", found, np.log(3), within=s.exponent_within),
    )


def _sensitivity_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, known, step = instance.F, factorisation_of(instance.loss), float(instance.step_size)
        low, high = 2 * abs(float(known.target)), 2 / step
        applies = all(h.check(instance).outcome is dg.Outcome.YES for h in (UNREGULARISED, stable))
        at_most = partial(Number.between, origin=Origin.RECALLED, grade=_STATISTICAL)
        numbers, panels = [], []
        for distance in s.distances:
            gaps = []
            for seed in s.seeds:
                angles = instance.rng(f"{distance} {seed}").uniform(0, 2 * np.pi, s.near_starts)
                rays = np.column_stack([np.cos(angles), np.sin(angles)])
                fates = dg.simulate(F, known.at_distance(rays, step, distance))
                settled = fates.where(dg.Fate.CONVERGED)
                found = instance.loss.sharpness_at(fates.limit[settled])
                gaps.append(np.diff(np.sort([low, *found, high])).max() / abs(high - low))
            name = f"widest gap between sharpnesses found from {distance:g} inside"
            if distance <= s.small:
                numbers.append(at_most(name, max(gaps), high=s.widest_gap))
            x, y = angles[settled][: s.shown], found[: s.shown]
            cloud = Curve(label="", x=x, y=y, mark=Mark.POINTS)
            panels.append(
                claims.Panel(
                    title=f"Limits of starts {distance:g} inside",
                    x_label="direction of the start",
                    y_label="sharpness of the limit",
                    curves=(cloud,),
                    levels=(Level(label="2/η", value=high),),
                )
            )
        widest = max((number.found for number in numbers), default=np.nan)
        return observed(
            conclusion,
            yes_if(widest <= s.widest_gap) if numbers else dg.Outcome.UNDECIDED,
            grade=_STATISTICAL,
            reason=f"{s.near_starts} starts for each of {len(s.seeds)} seeds and each distance",
            detail=f"gaps up to {widest:.3f} of the interval from {low:g} to {high:g}",
            numbers=tuple(numbers) if applies else (),
            results=(_chart(panels[0], panels[-1]),),
        )

    conclusion = f"sharpnesses found fill 2|y| to 2/η, up to gaps of {100 * s.widest_gap:g} %"
    why = "with a regulariser there are two minima, of one sharpness"
    stable, no_minimum = step_below(1), "no minimum is stable"
    return _recalled(
        name="every_minimum_near_the_boundary",
        title="However near to the boundary, starts lead to minima of every sharpness",
        statement=(
            "Let L = ½(uᵀv - y)² and η < 1/|y|. Starts however near to the boundary find minima "
            "whose sharpness ranges over the interval from that of the flattest, 2|y|, to 2/η."
        ),
        hypotheses=(UNREGULARISED, stable),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (_case(s, s.target, step=s.step),),
        counterexamples=lambda: {
            UNREGULARISED.name: _case(s, s.target, step=s.step, weight=s.weight, why=why),
            stable.name: _case(s, s.target, step=step_at(s.unstable, s.target), why=no_minimum),
        },
    )


def _fractal_claim(s: Settings) -> Claim:
    def is_regularised(instance: Instance) -> tuple[dg.Outcome, str]:
        known, step = factorisation_of(instance.loss), instance.step_size
        most = sp.Min(1 / step - abs(known.target), 1 / (2 * step))
        return yes_if(0 < known.regulariser <= most), f"λ = {known.regulariser}, at most {most}"

    def observe(instance: Instance) -> Observation:
        F, known, window = instance.F, factorisation_of(instance.loss), instance.region
        assert isinstance(window, dg.Box)
        level = float(known.least) + s.above_minimum

        def converges(points: NDArray[np.float64]) -> NDArray[np.bool_]:
            return np.asarray(instance.loss(F.iterate(points, s.iterations)) < level)

        method = dg.ResolutionScaling(resolutions=s.resolutions, copies=s.copies)
        found = [
            dg.boundary_dimension(converges, window, method=method, rng=instance.rng(f"{k}"))
            for k in s.seeds
        ]
        fractal = known.regulariser > 0
        made = tuple(map(str, (known.target, instance.step_size, known.regulariser)))
        recalled = DIMENSIONS.get(made) if s.iterations >= Settings.iterations else None
        centre, origin = (recalled, Origin.RECALLED) if fractal else (1, Origin.DERIVED)
        near = partial(Number.near, origin=origin, within=s.dimension_within, grade=_STATISTICAL)
        numbers = [
            near(f"dimension, seed {k}", each.dimension, centre)
            for k, each in zip(s.seeds, found, strict=True)
        ]
        if not fractal:
            grid = window.grid(s.pixels).points
            missed = np.mean(converges(grid) != (known.levels(grid, float(instance.step_size)) < 1))
            kept = unchanged(s, "fractal_target", "fractal_step", "half_side", *_GRID)
            near = partial(Number.near, within=s.missed_within, origin=Origin.COMPUTED)
            wanted = MISSED if kept else None
            numbers.append(near("pixels that differ from the ellipse", missed, wanted))
        lows, highs = np.transpose([each.interval() for each in found])
        clear = lows.min() > s.fractal_from or highs.min() <= s.fractal_from
        picture = Raster(
            values=converges(window.grid(s.shown).points).reshape(s.shown, -1).T,
            low=(-s.half_side,) * 2,
            high=(s.half_side,) * 2,
            label="",
            words=("does not converge", "converges"),
        )
        title = f"λ = {known.regulariser}"
        panel = claims.Panel(x_label="u", y_label="v", title=title, raster=picture, equal=True)
        return observed(
            conclusion,
            yes_if(lows.min() > s.fractal_from) if clear else dg.Outcome.UNDECIDED,
            grade=_STATISTICAL,
            reason=f"pixels at resolutions up to {s.resolutions[-1]}, {len(s.seeds)} seeds",
            detail=found[0].headline(),
            numbers=tuple(numbers),
            results=(_chart(panel),),
        )

    ellipse, allowed = "the boundary is an ellipse", "0 < λ ≤ min{1/η - |y|, 1/(2η)}"
    regularised = condition(
        "regularised", allowed, is_regularised, grade=_PROVED, reason="exact numbers"
    )
    conclusion = "the dimension of the boundary of the convergent set is clearly above 1"
    return _recalled(
        name="fractal_boundary",
        title="With a regulariser the boundary is a fractal",
        statement=(
            "Let L = ½(uᵀv - y)² + (λ/2)(‖u‖² + ‖v‖²) with 0 < λ ≤ min{1/η - |y|, 1/(2η)}. The "
            "boundary between starts that converge to a minimum and those that do not is "
            "self-similar; its box dimension at η = 1, y = 1/2, λ = 1/5 is about 1.249."
        ),
        hypotheses=(regularised,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (_case(s, s.fractal_target, step=s.fractal_step, weight=s.weight),),
        counterexamples=lambda: {
            regularised.name: _case(s, s.fractal_target, step=s.fractal_step, why=ellipse)
        },
    )


def _chart(*panels: claims.Panel) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title="Where gradient descent converges", panels=panels, evidence=evidence)


def _figure(verdicts: Sequence[claims.Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    return _chart(charts[-1].panels[0], charts[-2].panels[0], *charts[0].panels)


_CLAIMS = (_critical_claim, _boundary_claim, _sensitivity_claim, _fractal_claim)
STUDY = claims.Study(
    name="convergence_region",
    title="The exact convergence region of scalar factorisation",
    paper="liang2025chaos",
    summary=(
        "Liang and Montúfar determine the step sizes at which gradient descent on a scalar "
        "factorisation converges, start by start. Here: that formula, the tripling of angles on "
        "the boundary, the minima found from near it, and its fractal form with a regulariser."
    ),
    settings=Settings(),
    quick={
        "dimensions": (1, 2),
        "targets": ("1", "0"),
        "starts": 400,
        "near_starts": 4000,
        "exponent_steps": 4000,
        "distances": (1e-1, 1e-3),
        "resolutions": (64, 128, 256, 512),
        "pixels": 512,
        "copies": 4,
        "dimension_within": 0.1,
    },
    claims=lambda s: tuple(claim(s) for claim in _CLAIMS),
    figure=_figure,
    part=claims.Part.FRONTIER,
    discussion=(
        "The ellipsoid and the tripling of angles are derived here. The dimension is measured at "
        "finite scales: its interval need not hold the limit, and for smaller λ it comes out "
        "smaller. Pixels on u = -v reach the saddle."
    ),
)
