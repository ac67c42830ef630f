"""Four scalars train at the edge of stability, two do not [zhu2022understanding]_."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np
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
    Raster,
    Study,
    Verdict,
    observed,
    yes_if,
)
from dynsys_gd.claims.edge_minimum import (
    BEYOND,
    FOUR_SCALARS,
    corners,
    edge_x,
    near_minima,
    offsets,
    plane_map,
    scalar_product,
    starts_box,
)

Rows = NDArray[np.float64]
Pair = tuple[float, float]
Corners = tuple[Pair, Pair]

_SOURCE = "zhu2022understanding"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study.

    Starts are (x, y, x, y); corners (x, y) are in units of the minimum of sharpness 2/η.
    """

    steps: tuple[str, ...] = ("1/4", "1/5", "1/6", "1/20", "1/50")
    beyond: Corners = ((1.02, 0.95), (1.1, 1.08))
    short: Corners = ((0.85, 0.95), (0.92, 1.08))
    astray: Corners = ((1.15, 1.4), (1.2, 1.6))
    near: str = "1/5"  # the largest |xy - 1|
    starts: int = 12
    budget: int = 400_000
    interval: str = "20/3"
    gap_within: float = 5.0  # times η², on (2/η - λ)/η
    offset_within: float = 0.8  # times η², on a/κ³
    listed: tuple[float, ...] = (1.02, 1.05, 1.1)  # x of the table, from which y = 1.1/x
    listed_product: float = 1.1
    table: tuple[tuple[str, Pair], ...] = (  # ηλ, half a unit of the last decimal added
        ("1/4", (1.97945, 1.98115)),
        ("1/5", (1.98515, 1.98555)),
        ("1/6", (1.9888, 1.9889)),
        ("1/20", (1.9987745, 1.9987755)),
        ("1/50", (1.9998005, 1.9998015)),
    )
    parabola_steps: tuple[str, ...] = ("1/20", "1/50")
    followed: int = 40_000
    transient: int = 200
    looked_at: Pair = (1.0, 1e-2)  # b² from so many κ⁴ to so much
    aligned: float = 0.04
    fractal_step: str = "1/5"
    fractal_box: Corners = ((3.0, 0.1), (3.4, 0.5))  # x and y themselves
    smooth_box: Corners = ((4.2, 0.1), (4.6, 0.5))
    fractal_above: float = 1.5
    dimension: Pair = (1.72, 1.74)
    pairs: int = 2**19
    events: int = 500
    level: float = 0.999
    pixels: int = 300
    pictured_steps: int = 2000


def _case(scalars: int, step: str, box: Corners, why: str = "") -> Case:
    return Case(
        title=f"{scalars} scalars at step size {step}, starts {box[0]} to {box[1]} times the edge",
        F=scalar_product(scalars, step),
        region=starts_box(scalars, step, *box),
        why=why,
    )


# Where orbits end


def _claim(
    s: Settings,
    observe: Callable[[Instance], Observation],
    steps: Sequence[str],
    *,
    name: str,
    title: str,
    statement: str,
    conclusion: str,
    provenance: str,
) -> Claim:
    near = near_minima(s.near)
    short = "orbits converge before they come to the edge"
    astray = "far from the minima a large step lands where the loss is flat"
    ellipses = "orbits of two scalars go round ellipses, and end wherever those lead"
    return Claim(
        name=name,
        title=title,
        statement=statement,
        sources=(_SOURCE,),
        provenance=provenance,
        hypotheses=(FOUR_SCALARS, BEYOND, near),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_case(4, step, s.beyond) for step in steps),
        counterexamples=lambda: {
            FOUR_SCALARS.name: _case(2, steps[-1], s.beyond, ellipses),
            BEYOND.name: _case(4, steps[-1], s.short, short),
            near.name: _case(4, steps[0], s.astray, astray),
        },
    )


def _sharpness_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, F, starts = float(instance.step_size), plane_map(instance.F), _starts(instance, s)
        fates = dg.simulate(F, starts, budget=dg.Budget(steps=s.budget))
        ends = fates.limit[fates.where(dg.Fate.CONVERGED)]
        sharpness = instance.loss.sharpness_at(np.tile(ends, instance.loss.dimension // 2))
        low, high = 2 / step - float(Fraction(s.interval)) * step, 2 / step
        holds = len(ends) == len(fates) and bool(np.all((sharpness > low) & (sharpness < high)))
        return observed(
            conclusion,
            yes_if(holds),
            grade=dg.Grade.STATISTICAL,
            reason=f"{len(fates)} starts",
            detail=f"{len(ends)} converge, ηλ {_span(step * sharpness)}, low end {step * low:.6g}",
            numbers=tuple(_numbers(instance, ends, sharpness, s)) if holds else (),
        )

    conclusion = f"every start converges to a sharpness in (2/η - {s.interval} η, 2/η)"
    return _claim(
        s,
        observe,
        s.steps,
        name="sharpness_concentrates",
        title="The limiting sharpness lies just below 2/η, whatever the start",
        statement=(
            "Let L = ½(1 - xyzw)². From starts with z = x, w = y near the minima and beyond the "
            "minimum of sharpness 2/η, gradient descent converges to a minimum whose sharpness "
            f"lies in (2/η - {s.interval} η, 2/η)."
        ),
        conclusion=conclusion,
        provenance=(
            "the interval is that of theorem 3.1 and corollary 3.1; their conditions on the start "
            "and on η, which must be far smaller than here, are replaced by those above"
        ),
    )


def _starts(instance: Instance, s: Settings) -> Rows:
    """Return the starts of the table, where they lie in the region, and random ones."""
    low, high = corners(instance)
    along = np.array(s.listed) * edge_x(instance.loss.dimension, float(instance.step_size))
    listed = np.column_stack([along, s.listed_product / along])
    inside = np.all((listed >= low) & (listed <= high), axis=1)
    drawn = dg.Box(low, high).sample(s.starts, rng=instance.rng("starts"))
    return np.vstack([listed[inside], drawn])


def _numbers(instance: Instance, ends: Rows, sharpness: Rows, s: Settings) -> Iterator[Number]:
    step, name = float(instance.step_size), str(instance.step_size)
    listed = step * sharpness[: len(ends) - s.starts]
    if len(listed) and (known := dict(s.table).get(name)) is not None:
        for which, value in (("least", listed.min()), ("most", listed.max())):
            title = f"ηλ in the limit, {which}, η = {name}"
            yield Number.between(title, value, low=known[0], high=known[1], origin=Origin.COMPUTED)
    gap = _farthest((2 / step - sharpness) / step, 1 / 2)
    within = s.gap_within * step**2
    title = f"(2/η - λ)/η, η = {name}"
    yield Number.near(title, gap, 1 / 2, within=within, origin=Origin.DERIVED)
    offset = _farthest(offsets(instance, ends)[0] / step**1.5, -1 / 8)
    within = s.offset_within * step**2
    title = f"a/κ³ in the limit, η = {name}"
    yield Number.near(title, offset, -1 / 8, within=within, origin=Origin.PAPER)


def _span(values: Rows) -> str:
    return f"from {values.min():.7g} to {values.max():.7g}" if len(values) else "nowhere"


def _farthest(values: Rows, point: float) -> float:
    return float(values[np.argmax(np.abs(values - point))])


# How they get there


def _parabola_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, F = float(instance.step_size), plane_map(instance.F)
        charts: tuple[Chart, ...] = ()
        low, high, worst = s.looked_at[0] * step**2, s.looked_at[1], 0.0
        for start in _starts(instance, s):
            a, b = offsets(instance, F.trajectory(start, s.followed).points)
            charts = charts or _orbit(instance, a, b)
            with np.errstate(all="ignore"):  # orbits of controls escape
                squares = (b[1:] ** 2 + b[:-1] ** 2) / 2
                away = np.abs(squares - sqrt(step) * a[:-1] / 2 - step**2 / 16) / squares
            seen = (squares > low) & (squares < high) & (np.arange(len(squares)) >= s.transient)
            worst = max(worst, float(away[seen].max()) if seen.any() else np.inf)
        name, aligned = f"distance over b², η = {instance.step_size}", worst <= s.aligned
        number = Number.between(name, worst, high=s.aligned, origin=Origin.DERIVED)
        return observed(
            conclusion,
            yes_if(aligned),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} random starts and those of the table, {s.followed} steps each",
            detail=f"at most {worst:.3g} of b² away" if np.isfinite(worst) else "never there",
            numbers=(number,) if aligned else (),
            results=charts,
        )

    conclusion = (
        f"after {s.transient} steps, while b² falls from {s.looked_at[1]:g} to κ⁴, its mean over "
        f"two steps stays within {100 * s.aligned:g} % of ½aκ + κ⁴/16"
    )
    return _claim(
        s,
        observe,
        s.parabola_steps,
        name="orbits_follow_a_parabola",
        title="Every second step follows the parabola b² = ½aκ + κ⁴/16",
        statement=(
            "Let L = ½(1 - xyzw)², κ = √η, b = xy - 1, and a = √(x² - y²) less its value at the "
            "minimum of sharpness 2/η. From starts with z = x, w = y near the minima and beyond "
            "that minimum, orbits come to the parabola b² = ½aκ + κ⁴/16 and follow it, b "
            "changing its sign at each step, to their end at a ≈ -κ³/8."
        ),
        conclusion=conclusion,
        provenance="the parabola and its end are those of the paper, how closely is ours",
    )


def _orbit(instance: Instance, a: Rows, b: Rows) -> tuple[Chart, ...]:
    """Return an orbit in the plane (b, a) with the curve for it, unless it escapes."""
    if not np.isfinite(a + b).all():
        return ()
    step, scalars = float(instance.step_size), instance.loss.dimension
    height = np.linspace(-1, 1, 401) * np.abs(b).max()
    label, line = "parabola b² = ½aκ + κ⁴/16", (height**2 - step**2 / 16) * 2 / sqrt(step)
    mark = Mark.DOTS
    if scalars == 2:
        angle, size = np.linspace(0, 2 * np.pi, 201), np.hypot(a[0], b[0] * sqrt(step) / 2)
        height, line = 2 * size / sqrt(step) * np.cos(angle), size * np.sin(angle)
        label, mark = "ellipse b² = 4(C - a²)/κ²", Mark.POINTS
    orbit = Curve(label="orbit", x=b, y=a, mark=mark)
    curves = (orbit, Curve(label=label, x=height, y=line))
    title = f"{scalars} scalars, η = {instance.step_size}"
    return (_chart(Panel(title=title, x_label="b = xy - 1", y_label="a", curves=curves)),)


def _chart(*panels: Panel, title: str = "") -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title or panels[0].title, panels=panels, evidence=evidence)


# Which starts converge


def _fractal_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, box = plane_map(instance.F), dg.Box(*corners(instance))
        method = dg.UncertaintyExponent(events=s.events, pairs=s.pairs)
        found = dg.boundary_dimension(F, box, method=method, rng=instance.rng("pairs"))
        half = found.interval(s.level)[1] - found.dimension
        fractal = found.interval()[0] > s.fractal_above
        low, high = s.dimension if fractal else (1.0, 1.0)
        return observed(
            conclusion,
            yes_if(fractal),
            grade=dg.Grade.STATISTICAL,
            reason=f"uncertainty exponent from {found.starts} starts",
            detail=found.headline(),
            numbers=(
                Number.between(
                    f"dimension of the boundary, {instance.loss.dimension} scalars",
                    found.dimension,
                    low=low - half,
                    high=high + half,
                    origin=Origin.COMPUTED if fractal else Origin.DERIVED,
                    grade=dg.Grade.STATISTICAL,
                ),
            ),
            results=(_raster(instance, F, box, s),),
        )

    def case(scalars: int, box: tuple[Pair, Pair], why: str = "") -> Case:
        return Case(
            title=f"{scalars} scalars at step size {s.fractal_step}, starts {box[0]} to {box[1]}",
            F=scalar_product(scalars, s.fractal_step),
            region=dg.Box(*(corner * (scalars // 2) for corner in box)),
            why=why,
        )

    conclusion = f"the boundary has a dimension above {s.fractal_above:g}, with confidence"
    return Claim(
        name="the_boundary_is_fractal",
        title="Starts that converge and starts that diverge have a fractal boundary",
        statement=(
            "Let L = ½(1 - xyzw)², η = 1/5. In a box of starts with z = x, w = y the boundary "
            "between those that converge and those that diverge is fractal."
        ),
        sources=(_SOURCE,),
        provenance=(
            "the paper shows the boundary in this box and calls it fractal, without a dimension"
        ),
        hypotheses=(FOUR_SCALARS,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (case(4, s.fractal_box),),
        counterexamples=lambda: {
            FOUR_SCALARS.name: case(2, s.smooth_box, "for two scalars the boundary is an ellipse")
        },
    )


def _raster(instance: Instance, F: dg.SymbolicMap, box: dg.Box, s: Settings) -> Chart:
    rule = dg.StoppingRule(steps=s.pictured_steps)
    stops = dg.stopping_times(F, box.grid(s.pixels), rule=rule)
    far = stops.where(dg.Stop.FAR).reshape(s.pixels, s.pixels).T
    words, (low, high) = ("stays", "diverges"), corners(instance)
    raster = Raster(values=far, low=low, high=high, label="orbit", words=words)
    title = f"{instance.loss.dimension} scalars, η = {instance.step_size}"
    return _chart(Panel(title=title, x_label="x", y_label="y", raster=raster))


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts = [r.panels[0] for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    gaps = [n for v in verdicts for n in v.numbers if n.compared and n.name.startswith("(2/η")]
    steps = [float(Fraction(gap.name.rsplit(" ", 1)[1])) for gap in gaps]
    seen = Curve(label="limits", x=steps, y=[n.found for n in gaps], mark=Mark.POINTS)
    gap = Panel(
        title="Orbits end η/2 below 2/η",
        x_label="step size η",
        y_label="(2/η - λ)/η",
        curves=(seen,),
        levels=(Level(label="½", value=0.5),),
        y_range=(0.0, 0.6),
    )
    orbits, boundary = [c for c in charts if c.curves], next(c for c in charts if c.raster)
    four, two = (next(c for c in orbits if c.title.startswith(n)) for n in ("4", "2"))
    title = "Four scalars: orbits follow a parabola to just below 2/η, from a fractal set"
    return _chart(four, two, gap, boundary, title=title)


STUDY = Study(
    name="minimalist_model",
    title="Four scalars train at the edge of stability, two do not",
    paper=_SOURCE,
    summary=(
        "Zhu, Wang, Wang, Zhou and Ge take ½(1 - xyzw)², on which orbits that begin beyond the "
        "edge of stability end with a sharpness just below 2/η, whatever their start: they "
        "follow a parabola of two-step dynamics. For two scalars there is no such thing. Which "
        "starts converge at all is told by a fractal boundary."
    ),
    settings=Settings(),
    quick={
        "steps": ("1/4", "1/20"),
        "parabola_steps": ("1/20",),
        "starts": 4,
        "events": 100,
        "pairs": 2**15,
        "pixels": 100,
    },
    claims=lambda s: (_sharpness_claim(s), _parabola_claim(s), _fractal_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "Theorem 3.1 asks for η below about 10⁻⁷; the interval is seen here at step sizes from "
        "1/4 to 1/50, where it is far from tight: the gap below 2/η tends to η/2, which is worked "
        "out here from the end of the parabola."
    ),
)
