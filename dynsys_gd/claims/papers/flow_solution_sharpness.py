"""Gradient descent lowers the sharpness of gradient-flow solutions [kreisler2023gradient]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

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
from dynsys_gd.claims.support.scalar_networks import (
    flow_limit,
    is_scalar_network,
    minimum_of_sharpness,
    scalar_network,
)

Array = NDArray[np.float64]
_x = sp.Symbol("x")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    depths: tuple[int, ...] = (2, 3, 4)
    # step size relative to the critical 2/N, and half the width of the box of starts about 1
    laws: tuple[tuple[str, str], ...] = (
        ("1/2", "3/10"),
        ("9/10", "1/5"),
        ("11/10", "1/5"),
        ("13/10", "1/10"),
        ("7/5", "1/20"),
    )
    starts: int = 14  # for each seed
    steps: int = 100
    edge: float = 2 * np.sqrt(2)  # the largest ηφ of which the paper speaks, as recalled
    monotone: float = 1e-9  # relative
    exactly: float = 1e-12
    flow_time: float = 10.0
    flow_steps: int = 2
    flow_starts: int = 2
    flow_agrees: float = 1e-7
    bounded: float = 10.0  # beyond, an orbit has escaped
    beyond: tuple[float, ...] = (0.165, 0.629, 2.855)  # ηφ = 6 at the step size 9/10
    beyond_step: str = "9/10"
    crossing: tuple[float, ...] = (1.82, 2.39)  # both signs change at the step size 3/5
    crossing_step: str = "3/5"
    tiny: float = 0.01  # half the width of boxes about single points
    wells_start: float = 0.3  # from where one step leads to the other, steeper well
    wells_step: str = "28/100"
    edge_step: str = "1/5"
    delta: float = 0.05  # how far above 2/η the sharpness begins, relative
    near: float = 0.002  # radius of the ball of starts about a minimum
    below_edge: float = 0.7
    above_edge: float = 1.35
    far_product: float = 0.1  # a start with this product instead of 1
    edge_starts: int = 20
    edge_steps: int = 200_000
    reached: float = 1e-16
    shown: int = 400


# Where gradient flow leads


def _flow_sharpness(instance: Instance, points: Array, s: Settings) -> Array:
    """Return φ, the sharpness at the limit of gradient flow from each row."""
    if is_scalar_network(instance.loss):
        return np.asarray((1 / flow_limit(points)).sum(axis=1))
    flows = [dg.gradient_flow(instance.loss, point, [0, s.flow_time]) for point in points]
    ends = [flow.end if flow.complete else np.full_like(flow.end, np.nan) for flow in flows]
    return instance.loss.sharpness_at(ends)


_SCALAR_NETWORK = condition(
    "scalar network",
    "the loss is ½(w_1⋯w_N - 1)²",
    lambda instance: (yes_if(is_scalar_network(instance.loss)), instance.loss.describe()),
    grade=dg.Grade.PROVED,
    reason="by its form",
)


def _orbits(instance: Instance, s: Settings) -> list[Array]:
    """Return the orbits of the drawn starts, as far as they stay bounded."""
    scalar = is_scalar_network(instance.loss)
    # Elsewhere each limit takes an integration.
    length, starts = (s.steps, s.starts) if scalar else (s.flow_steps, s.flow_starts)
    orbits = []
    for seed in s.seeds:
        for start in instance.region.sample(starts, rng=np.random.default_rng(seed)):
            points = instance.F.trajectory(start, length).points
            inside = np.abs(points).max(axis=1) < s.bounded
            orbits.append(points[: len(points) if inside.all() else int(inside.argmin())])
    return orbits


def _monotone_claim(s: Settings) -> Claim:
    def in_region(instance: Instance) -> tuple[dg.Outcome, str]:
        starts = np.array([orbit[0] for orbit in _orbits(instance, s)])
        largest = float(instance.step_size * _flow_sharpness(instance, starts, s).max())
        return yes_if(largest <= s.edge), f"ηφ is at most {largest:.4g} at {len(starts)} starts"

    def keeps_signs(instance: Instance) -> tuple[dg.Outcome, str]:
        changes = sum((np.sign(orbit) != np.sign(orbit[0])).any() for orbit in _orbits(instance, s))
        return yes_if(changes == 0), f"{changes} orbits change signs"

    def observe(instance: Instance) -> Observation:
        orbits = _orbits(instance, s)
        values = [_flow_sharpness(instance, orbit, s) for orbit in orbits]
        rises = [float((phi[1:] / phi[:-1] - 1).max()) for phi in values]
        rising = sum(rise > s.monotone for rise in rises)
        steps = sum(map(len, values)) - len(values)
        return observed(
            conclusion,
            yes_if(rising == 0),
            grade=dg.Grade.NUMERICAL,
            reason=f"{len(orbits)} orbits, {steps} steps",
            detail=f"φ rises along {rising}, by {max(rises):.2g} relative at most",
            numbers=() if rising else _numbers(instance, orbits, max(rises), s),
        )

    conclusion = "φ rises at no step of any orbit"
    return Claim(
        name="flow_sharpness_never_rises",
        title="The sharpness of the gradient-flow solution falls at every step",
        statement=(
            "Let L = ½(w_1⋯w_N - 1)² and φ(w) the sharpness of the minimum to which gradient flow "
            "leads from w. Along gradient descent with step size η, from a start with "
            "ηφ ≤ 2√2 and as long as no weight changes its sign, φ never rises."
        ),
        sources=("kreisler2023gradient",),
        provenance=(
            "that the sharpness of the gradient-flow solution decreases monotonically for scalar "
            "networks with squared loss stands in the abstract, which we read; the region is as we "
            "recall it, and the paper's may be written differently"
        ),
        hypotheses=(
            _SCALAR_NETWORK,
            condition("region", "ηφ ≤ 2√2 at every start drawn", in_region,
                      grade=dg.Grade.STATISTICAL, reason="starts drawn with each seed"),
            condition("signs", "no weight changes its sign along the orbits", keeps_signs,
                      grade=dg.Grade.NUMERICAL, reason=f"{s.steps} steps of each orbit"),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            _about(np.ones(depth), sp.Rational(width), sp.Rational(share) * 2 / depth,
                   title=f"{depth} weights, {share} of the critical step size")
            for depth in s.depths
            for share, width in s.laws
        ),
        counterexamples=lambda: {
            _SCALAR_NETWORK.name: _wells_case(s),
            "region": _about(np.array(s.beyond), s.tiny, s.beyond_step,
                             title=f"beyond the region, step size {s.beyond_step}",
                             why="the first step keeps all signs, and raises φ by a third"),
            "signs": _about(np.array(s.crossing), s.tiny, s.crossing_step,
                            title=f"signs change, step size {s.crossing_step}",
                            why="ηφ < 2, yet one step leads far to the other side"),
        },
    )  # fmt: skip


def _about(center: Array, width: object, step: object, *, title: str, why: str = "") -> Case:
    half = float(width)  # type: ignore[arg-type]
    region = dg.Box((center - half).tolist(), (center + half).tolist())
    F = dg.GradientDescent(scalar_network(len(center)), step)
    return Case(title=title, F=F, region=region, why=why)


def _wells_case(s: Settings) -> Case:
    loss = dg.Loss((_x**2 + 1) * (_x - 1) ** 2 * (_x - 2) ** 2, [_x])
    return Case(
        title="two wells of different curvature",
        F=dg.GradientDescent(loss, s.wells_step),
        region=dg.Box([s.wells_start - s.tiny], [s.wells_start + s.tiny]),
        why="one step leads from the basin of the gentle well into that of the steep one",
    )


def _numbers(
    instance: Instance, orbits: list[Array], rise: float, s: Settings
) -> tuple[Number, ...]:
    """Return how exactly the formulas hold on these orbits."""
    points = np.concatenate([orbit[:-1] for orbit in orbits])
    images = np.concatenate([orbit[1:] for orbit in orbits])
    product, eta = points.prod(axis=1), float(instance.step_size)
    pulls = (product - 1) * product
    pairs = (points[:, 0] * points[:, 1]) ** 2
    factor = 1 - eta**2 * pulls**2 / pairs
    before, after = (rows[:, 0] ** 2 - rows[:, 1] ** 2 for rows in (points, images))
    flow = dg.gradient_flow(instance.loss, points[0], [0, s.flow_time])
    found = np.sort(flow.end**2), np.sort(flow_limit(points[:1])[0])
    return (
        Number.between("largest relative rise of φ", rise, high=s.monotone, origin=Origin.RECALLED),
        Number.near("error of the factor 1 - η²r²P²/(w_i²w_j²)",
                    float(np.abs(after - factor * before).max()), 0.0,
                    within=s.exactly, origin=Origin.DERIVED),
        Number.near("limit by one root, against the integrated flow",
                    float(np.abs(found[0] - found[1]).max()), 0.0,
                    within=s.flow_agrees, origin=Origin.DERIVED),
    )  # fmt: skip


# Where descent settles


def _edge_claim(s: Settings) -> Claim:
    def starts_of(instance: Instance) -> Array:
        return instance.region.sample(s.edge_starts, rng=instance.rng("starts at the edge"))

    def at_edge(instance: Instance) -> tuple[dg.Outcome, str]:
        values = float(instance.step_size) * _flow_sharpness(instance, starts_of(instance), s)
        inside = (values >= 2).all() and (values <= 2 * (1 + s.delta)).all()
        return yes_if(bool(inside)), f"ηφ from {values.min():.5g} to {values.max():.5g}"

    def is_near(instance: Instance) -> tuple[dg.Outcome, str]:
        off = float(np.abs(starts_of(instance).prod(axis=1) - 1).max())
        return yes_if(off <= s.delta), f"|P - 1| is at most {off:.3g}"

    def observe(instance: Instance) -> Observation:
        starts, eta = starts_of(instance), float(instance.step_size)
        ends = instance.F.iterate(starts, s.edge_steps)
        values = eta * instance.loss.sharpness_at(ends)
        converged = bool((instance.loss(ends) <= s.reached).all())
        low, high = float(values.min()), float(values.max())
        least = 2 * (1 - 2 * s.delta)
        inside = low >= least and high <= 2
        slow = inside and not converged  # tells nothing yet
        numbers = (
            Number.between("largest ηλ in the end", high, high=2.0, origin=Origin.RECALLED),
            Number.between("smallest ηλ in the end", low, low=least, origin=Origin.COMPUTED),
        )
        begun = eta * _flow_sharpness(instance, starts, s)
        return observed(
            conclusion,
            dg.Outcome.UNDECIDED if slow else yes_if(inside),
            grade=dg.Grade.NUMERICAL,
            reason=f"{s.edge_starts} starts, {s.edge_steps} steps",
            detail=f"ηλ ends from {low:.6g} to {high:.6g}",
            numbers=numbers if inside and converged else (),
            results=(_settling(instance, starts[0], begun, values, s),),
        )

    def case(depth: int, seed: int, factor: float, product: float = 1.0, why: str = "") -> Case:
        rng, eta = np.random.default_rng(seed), float(sp.Rational(s.edge_step))
        direction = rng.normal(size=depth)
        direction -= direction.mean()
        minimum = minimum_of_sharpness(direction / np.abs(direction).max(), factor * 2 / eta)
        if product != 1:  # another point of the same flow line
            shift = brentq(lambda v: (minimum**2 - v).prod() - product**2, 0, minimum.min() ** 2)
            minimum = np.sqrt(minimum**2 - shift)
        title = f"{depth} weights, start {seed} at {factor:g} of 2/η"
        return Case(
            title=title if product == 1 else f"{title}, product {product}",
            F=dg.GradientDescent(scalar_network(depth), s.edge_step),
            region=dg.Ball(minimum.tolist(), s.near),
            why=why,
        )

    begin = 1 + s.delta / 2
    conclusion = "every orbit converges, to a sharpness between (1 - 2δ)·2/η and 2/η"
    higher = "it settles as far below as it began above"
    lower = "below the edge the sharpness stays where gradient flow leaves it"
    return Claim(
        name="settles_slightly_below_the_edge",
        title="From slightly above 2/η the sharpness settles slightly below",
        statement=(
            "Let L = ½(w_1⋯w_N - 1)². From a start near a minimum whose sharpness exceeds 2/η by a "
            "share of at most δ, gradient descent converges to a minimum whose sharpness lies "
            "below 2/η by a share of at most 2δ."
        ),
        sources=("kreisler2023gradient",),
        provenance=(
            "that descent provably converges to the edge of stability in some settings stands in "
            "the abstract, which we read; the share 2δ is ours, about twice what was seen on "
            "other starts"
        ),
        hypotheses=(
            _SCALAR_NETWORK,
            condition("edge", "2 ≤ ηφ ≤ 2(1 + δ) at the starts drawn", at_edge,
                      grade=dg.Grade.STATISTICAL, reason="starts drawn in a ball"),
            condition("near", "|w_1⋯w_N - 1| ≤ δ at the starts drawn", is_near,
                      grade=dg.Grade.STATISTICAL, reason="starts drawn in a ball"),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            case(depth, seed, begin) for depth in s.depths for seed in s.seeds
        ),
        counterexamples=lambda: {
            _SCALAR_NETWORK.name: _wells_case(s),
            "edge": case(s.depths[0], s.seeds[0], s.below_edge, why=lower),
            "near": case(s.depths[-1], s.seeds[0], begin, s.far_product,
                         "far from a minimum oscillations are wide, and φ may fall far"),
        },
        controls=lambda: (case(s.depths[0], s.seeds[0], s.above_edge, why=higher),),
    )  # fmt: skip


def _chart(title: str, *panels: Panel) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title, panels=panels, evidence=evidence)


def _settling(instance: Instance, start: Array, begun: Array, ended: Array, s: Settings) -> Chart:
    """Return ηφ and ηλ along one orbit, and where the sharpness of all begins and ends."""
    eta, points = float(instance.step_size), instance.F.trajectory(start, s.shown).points
    inside = points[np.abs(points).max(axis=1) < s.bounded]
    if not is_scalar_network(instance.loss):  # each limit takes an integration
        inside = inside[: s.flow_steps]
    edge = Level(label="2, the edge", value=2.0)
    steps = np.arange(len(inside))
    label = f"{len(start)} weights"
    return _chart(
        "From above the edge to below",
        Panel(
            title=f"One orbit, {label}", x_label="steps", y_label="η times sharpness",
            curves=(
                Curve(label="where the orbit is", x=steps,
                      y=eta * instance.loss.sharpness_at(inside)),
                Curve(label="at the limit of the flow", x=steps,
                      y=eta * _flow_sharpness(instance, inside, s)),
            ),
            levels=(edge,),
        ),
        Panel(
            title="All starts", x_label="ηφ at the start", y_label="ηλ in the end",
            curves=(Curve(label=label, x=begun, y=ended, mark=Mark.POINTS),),
            levels=(edge,),
        ),
    )  # fmt: skip


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    drawn = [v for v in verdicts if v.observation.results]
    shown = [v for v in drawn if v.applies is dg.Outcome.YES] or drawn
    charts = [r for v in shown for r in v.observation.results if isinstance(r, Chart)]
    clouds = [chart.panels[1].curves[0] for chart in charts]
    labels = list(dict.fromkeys(cloud.label for cloud in clouds))
    merged = tuple(
        Curve(label=label, mark=Mark.POINTS,
              x=np.concatenate([c.x for c in clouds if c.label == label]),
              y=np.concatenate([c.y for c in clouds if c.label == label]))
        for label in labels
    )  # fmt: skip
    ends = np.array([min(np.min(c.x) for c in merged), max(np.max(c.x) for c in merged)])
    mirror = Curve(label="as far below as above", x=ends, y=4 - ends)
    return _chart(
        "The sharpness of the gradient-flow solution falls below 2/η and stays there",
        charts[-1].panels[0],
        replace(charts[0].panels[1], curves=(*merged, mirror)),
    )


STUDY = Study(
    name="flow_solution_sharpness",
    title="The sharpness that gradient flow would reach falls along gradient descent",
    paper="kreisler2023gradient",
    summary=(
        "Kreisler, Nacson, Soudry and Carmon look at the sharpness φ of the minimum to which "
        "gradient flow would lead from where gradient descent is. For products of scalars it "
        "falls at every step, however the loss oscillates, and settles slightly below 2/η. Here φ "
        "comes from one scalar equation, compared with an integration of the flow."
    ),
    settings=Settings(),
    quick={"depths": (2, 3), "starts": 4, "edge_steps": 20_000, "edge_starts": 3, "flow_starts": 1},
    claims=lambda s: (_monotone_claim(s), _edge_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "Without the condition on signs φ may rise inside ηφ ≤ 2√2, and beyond it in a step that "
        "keeps all signs: both are shown. The paper's own words on the region are not known to us."
    ),
)
