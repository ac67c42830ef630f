"""Four scalars train at the edge of stability, two do not [zhu2022understanding]_."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
)
from dynsys_gd.claims.support.edge_minimum import (
    FOUR_SCALARS,
    beyond,
    corners,
    edge_x,
    follows_parabola,
    near_minima,
    offsets,
    plane_map,
    scalar_product,
    starts_case,
    starts_in,
)

Rows = NDArray[np.float64]
Pair = tuple[float, float]
Corners = tuple[Pair, Pair]

_SOURCE = "zhu2022understanding"
_FLOATS = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")


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
    farthest: str = "8/5"  # the largest x² - y² over that of the edge minimum
    starts: int = 12
    budget: int = 400_000
    interval: str = "20/3"
    gap_within: float = 5.0  # times η², on (2/η - λ)/η
    offset_within: float = 0.8  # times η², on a/κ³
    listed_for: tuple[tuple[float, ...], float] = ((1.02, 1.05, 1.1), 1.1)  # those of the table
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
    looked_at: float = 1e-2  # b² from there, or from where half the parabola is left
    aligned: float = 0.7  # times η + b², at the largest b² looked at
    fractal_step: str = "1/5"
    fractal_box: Corners = ((3.0, 0.1), (3.4, 0.5))  # x and y themselves
    near_box: Corners = ((2.5, 0.3), (2.6, 0.4))
    smooth_box: Corners = ((4.2, 0.1), (4.6, 0.5))
    fractal_above: float = 1.5
    dimension: Pair = (1.72, 1.74)
    dimension_for: tuple[str, Corners] = ("1/5", ((3.0, 0.1), (3.4, 0.5)))
    pairs: int = 2**19
    events: int = 500
    level: float = 0.999
    pixels: int = 300
    pictured_steps: int = 2000


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
    near, ahead = near_minima(s.near), beyond(s.farthest)
    short, ellipses = "orbits converge before they come to the edge", "orbits go round ellipses"
    astray = "far from the minima a large step lands where the loss is flat"
    return Claim(
        name=name,
        title=title,
        statement=statement,
        sources=(_SOURCE,),
        provenance=provenance,
        hypotheses=(FOUR_SCALARS, ahead, near),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(starts_case(4, step, s.beyond) for step in steps),
        counterexamples=lambda: {
            FOUR_SCALARS.name: starts_case(2, steps[-1], s.beyond, ellipses),
            ahead.name: starts_case(4, steps[-1], s.short, short),
            near.name: starts_case(4, steps[0], s.astray, astray),
        },
    )


def _sharpness_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, F, starts = float(instance.step_size), plane_map(instance.F), _starts(instance, s)
        fates = dg.simulate(F, starts, budget=dg.Budget(steps=s.budget))
        ends = fates.limit[fates.where(dg.Fate.CONVERGED)]
        sharpness = instance.loss.sharpness_at(np.tile(ends, instance.loss.dimension // 2))
        low, high = 2 / step - float(Fraction(s.interval)) * step, 2 / step
        inside = bool(np.all((sharpness > low) & (sharpness < high)))
        holds, late = inside and len(ends) == len(fates), fates.count(dg.Fate.UNDECIDED) > 0
        unless = dg.Outcome.UNDECIDED if inside and late else dg.Outcome.NO
        ratios = step * sharpness
        seen = f"from {ratios.min():.7g} to {ratios.max():.7g}" if len(ends) else "nowhere"
        return observed(
            conclusion,
            dg.Outcome.YES if holds else unless,
            grade=dg.Grade.STATISTICAL,
            reason=f"{len(fates)} starts",
            detail=f"{len(ends)} converge, ηλ {seen}, low end {step * low:.6g}",
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
            "Let L = ½(1 - xyzw)². From almost every start with z = x, w = y near the minima and "
            "a little beyond the minimum of sharpness 2/η, gradient descent "
            f"converges to a minimum whose sharpness lies in (2/η - {s.interval} η, 2/η)."
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
    same = len(listed) == len(s.listed) and (s.listed, s.listed_product) == s.listed_for
    if same and (known := dict(s.table).get(name)) is not None:
        for which, value in (("least", listed.min()), ("most", listed.max())):
            title = f"ηλ in the limit, {which}, η = {name}"
            yield Number.between(title, value, low=known[0], high=known[1], origin=Origin.COMPUTED)
    if not len(listed):
        return
    ends, sharpness = ends[: len(listed)], sharpness[: len(listed)]
    gap, within = _farthest((2 / step - sharpness) / step, 1 / 2), s.gap_within * step**2
    title = f"(2/η - λ)/η, η = {name}"
    yield Number.near(title, gap, 1 / 2, within=within, origin=Origin.DERIVED)
    offset, within = offsets(instance, ends)[0] / step**1.5, s.offset_within * step**2
    title, found = f"a/κ³ in the limit, η = {name}", _farthest(offset, -1 / 8)
    yield Number.near(title, found, -1 / 8, within=within, origin=Origin.PAPER)


def _farthest(values: Rows, point: float) -> float:
    return float(values[np.argmax(np.abs(values - point))])


# How they get there


def _parabola_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, F = float(instance.step_size), plane_map(instance.F)
        charts: tuple[Chart, ...] = ()
        found, within = [], s.aligned * (step + s.looked_at)
        for start in _starts(instance, s):
            a, b = offsets(instance, F.trajectory(start, s.followed).points)
            charts = charts or _orbit(instance, a, b)
            found.append(follows_parabola(a, b, step, top=s.looked_at, within=within))
        worst, outcome = max(one for one, _ in found), dg.Outcome.all_of(one for _, one in found)
        name, aligned = f"distance over b², η = {instance.step_size}", outcome is dg.Outcome.YES
        number = Number.between(name, worst, high=within, origin=Origin.DERIVED)
        return observed(
            conclusion,
            outcome,
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} random starts and those of the table, {s.followed} steps each",
            detail=f"at most {worst:.3g} of b² away",
            numbers=(number,) if aligned else (),
            results=charts,
        )

    conclusion = (
        f"while b² falls for the last time from {s.looked_at:g}, or half the height of the "
        "parabola at the start, to κ⁴, its mean over two steps differs from ½aκ + κ⁴/16 by at most "
        f"{s.aligned:g} (η + {s.looked_at:g}) b²"
    )
    return _claim(
        s,
        observe,
        s.parabola_steps,
        name="orbits_follow_a_parabola",
        title="Every second step follows the parabola b² = ½aκ + κ⁴/16",
        statement=(
            "Let L = ½(1 - xyzw)², κ = √η, b = xy - 1, and a = √(x² - y²) less its value at the "
            "minimum of sharpness 2/η. From almost every start with z = x, w = y near the minima "
            "and a little beyond that minimum, orbits come to the parabola b² = ½aκ + κ⁴/16 and "
            "follow it, b changing its sign at each step, to their end at a ≈ -κ³/8."
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
    line, mark = (height**2 - step**2 / 16) * 2 / sqrt(step), Mark.DOTS
    label = "parabola b² = ½aκ + κ⁴/16"
    if scalars == 2:
        angle, size = np.linspace(0, 2 * np.pi, 201), np.hypot(a[0], b[0] * sqrt(step) / 2)
        height, line = 2 * size / sqrt(step) * np.cos(angle), size * np.sin(angle)
        label, mark = "ellipse b² = 4(C - a²)/κ²", Mark.POINTS
    orbit = Curve(label="orbit", x=b, y=a, mark=mark)
    curves = (orbit, Curve(label=label, x=height, y=line))
    title = f"{scalars} scalars, η = {instance.step_size}"
    return (_chart(Panel(title=title, x_label="b = xy - 1", y_label="a", curves=curves)),)


def _chart(*panels: Panel, title: str = "") -> Chart:
    return Chart(title=title or panels[0].title, panels=panels, evidence=_FLOATS)


# Which starts converge


def _fractal_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, box = plane_map(instance.F), dg.Box(*corners(instance))
        method = dg.UncertaintyExponent(events=s.events, pairs=s.pairs)
        found = dg.boundary_dimension(F, box, method=method, rng=instance.rng("pairs"))
        half, (least, most) = found.interval(s.level)[1] - found.dimension, found.interval()
        fractal = least > s.fractal_above
        unless = dg.Outcome.NO if most < s.fractal_above else dg.Outcome.UNDECIDED
        title = f"dimension of the boundary, {instance.loss.dimension} scalars"
        number = Number.seen(title, found.dimension, grade=dg.Grade.STATISTICAL)
        if instance.loss.dimension == 2 and np.isfinite(half):
            number = replace(number, low=1 - half, high=1 + half, origin=Origin.DERIVED)
        elif fractal and np.isfinite(half) and (s.fractal_step, s.fractal_box) == s.dimension_for:
            low, high = s.dimension
            number = replace(number, low=low - half, high=high + half, origin=Origin.COMPUTED)
        return observed(
            conclusion,
            dg.Outcome.YES if fractal else unless,
            grade=dg.Grade.STATISTICAL,
            reason=f"uncertainty exponent from {found.starts} starts",
            detail=found.headline(),
            numbers=(number,),
            results=(_raster(instance, F, box, s),),
        )

    def case(scalars: int, box: tuple[Pair, Pair], why: str = "") -> Case:
        return Case(
            title=f"{scalars} scalars at step size {s.fractal_step}, starts {box[0]} to {box[1]}",
            F=scalar_product(scalars, s.fractal_step),
            region=dg.Box(*(corner * (scalars // 2) for corner in box)),
            why=why,
        )

    that_box = starts_in(s.fractal_step, *s.fractal_box)
    conclusion = f"the boundary has a dimension above {s.fractal_above:g}, with confidence"
    return Claim(
        name="the_boundary_is_fractal",
        title="Starts that converge and starts that diverge have a fractal boundary",
        statement=(
            f"Let L = ½(1 - xyzw)² and η = {s.fractal_step}. In the box of starts with z = x, "
            f"w = y from {s.fractal_box[0]} to {s.fractal_box[1]} the boundary between those that "
            "converge and those that diverge is fractal."
        ),
        sources=(_SOURCE,),
        provenance=(
            "the paper shows the boundary in this box and calls it fractal, without a dimension"
        ),
        hypotheses=(FOUR_SCALARS, that_box),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (case(4, s.fractal_box),),
        counterexamples=lambda: {
            FOUR_SCALARS.name: case(2, s.smooth_box, "for two scalars the boundary is an ellipse"),
            that_box.name: case(4, s.near_box, "every start converges: there is no boundary"),
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
    numbers = [number for verdict in verdicts for number in verdict.numbers]
    gaps = {n.name.rsplit(" ", 1)[1]: n.found for n in numbers if n.name.startswith("(2/η")}
    steps = [float(Fraction(step)) for step in gaps]
    seen = Curve(label="limits", x=steps, y=list(gaps.values()), mark=Mark.POINTS)
    gap = Panel(
        title="As η tends to 0 orbits end η/2 below 2/η",
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
        "parabola_steps": ("1/50",),
        "starts": 4,
        "events": 100,
        "pairs": 2**17,
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
