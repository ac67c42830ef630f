"""Orbits at the edge of stability align with one curve [song2023trajectory]_."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import quad

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
)
from dynsys_gd.claims.support.product_profile import (
    EVEN_CONVEX_LIPSCHITZ,
    P,
    gap_constant,
    product_profile,
)
from dynsys_gd.claims.support.product_regimes import EDGE_REGIME, FLOW_REGIME

Rows = NDArray[np.float64]
Corners = tuple[tuple[float, float], tuple[float, float]]

_SOURCE = "song2023trajectory"
_FLOATING_POINT = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
_x, _y = sp.symbols("x y")
_LOGCOSH, _ROOT = "log cosh(xy)", "√(1 + x²y²)"
_QUADRATIC, _STEEP = "x²y²/2", "x²y²/2 + x⁶y⁶/6"
_LOSSES = {
    _LOGCOSH: dg.catalog.get("log_cosh_product").loss,
    _ROOT: dg.catalog.get("square_root_product").loss,
    _QUADRATIC: dg.Loss((_x * _y) ** 2 / 2, [_x, _y]),
    _STEEP: dg.Loss((_x * _y) ** 2 / 2 + (_x * _y) ** 6 / 6, [_x, _y]),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study; corners of boxes are (x, y)."""

    losses: tuple[str, ...] = (_LOGCOSH, _ROOT)
    edge_box: Corners = ((0.3, 7.5), (1.5, 9.0))
    flow_box: Corners = ((0.3, 2.5), (1.5, 3.2))
    edge_steps: tuple[str, ...] = ("1/20", "1/10", "1/5")
    flow_steps: tuple[str, ...] = ("1/40", "1/20", "1/10")
    starts: int = 12
    budget: int = 400_000
    followed: int = 8000
    transient: int = 200
    gap_within: float = 0.7  # times (η/r''(0))², on (2/η - s)/η
    aligned_within: float = 0.7  # times (η²/r''(0))², on |q - r(p)|
    edge_table: tuple[tuple[str, float], ...] = (
        (f"{_LOGCOSH}, 1/20", 39.925),
        (f"{_LOGCOSH}, 1/10", 19.850),
    )
    flow_point: tuple[float, float] = (0.5, 3.0)
    flow_table: tuple[tuple[str, float], ...] = ((f"{_LOGCOSH}, 1/20, from 0.5, 3", 8.704),)
    table_within: float = 5e-4  # three decimals are known


# What both claims beyond the edge share


def _edge_claim(
    s: Settings,
    observe: Callable[[Instance], Observation],
    *,
    name: str,
    title: str,
    statement: str,
    conclusion: str,
) -> Claim:
    steep = "the slope grows like |p|⁵: orbits escape"
    flat = "ℓ'(p)/p is constant: nothing holds an orbit at the edge"
    below = "the orbit converges before it comes to the edge"
    first = s.edge_steps[0]
    return Claim(
        name=name,
        title=title,
        statement=statement,
        sources=(_SOURCE,),
        hypotheses=(EVEN_CONVEX_LIPSCHITZ, EDGE_REGIME),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            _case(loss, step, s.edge_box) for loss in s.losses for step in s.edge_steps
        ),
        counterexamples=lambda: {
            EVEN_CONVEX_LIPSCHITZ.name: _case(_QUADRATIC, first, s.edge_box, flat),
            EDGE_REGIME.name: _case(s.losses[0], first, s.flow_box, below),
        },
        controls=lambda: (_case(_STEEP, first, s.edge_box, steep),),
    )


def _case(name: str, step: str, box: Corners, why: str = "") -> Case:
    (x_low, y_low), (x_high, y_high) = box
    where = f"x in [{x_low:g}, {x_high:g}], y in [{y_low:g}, {y_high:g}]"
    return Case(
        title=f"{name} at step size {step}, {where}",
        F=dg.GradientDescent(_LOSSES[name], step),
        region=dg.Box(*box),
        why=why,
    )


def _named(instance: Instance) -> str:
    name = next((n for n, loss in _LOSSES.items() if loss == instance.loss), "another loss")
    return f"{name}, {instance.step_size}"


def _starts(instance: Instance, s: Settings) -> Rows:
    return instance.region.sample(s.starts, rng=instance.rng("starts"))


def _limiting_sharpness(instance: Instance, starts: Rows, s: Settings) -> tuple[Rows, dg.Outcome]:
    """Return x² + y² where each orbit converges to, and what it says that some do not.

    NaN for those; xy = 0 in a limit. Orbits that neither converge nor escape leave it open.
    """
    fates = dg.simulate(instance.F, starts, budget=dg.Budget(steps=s.budget))
    converged = fates.where(dg.Fate.CONVERGED)
    told = bool((converged | fates.where(dg.Fate.ESCAPED)).all())
    sharpness = np.full(len(starts), np.nan)
    sharpness[converged] = (fates.limit[converged] ** 2).sum(axis=1)
    return sharpness, dg.Outcome.NO if told else dg.Outcome.UNDECIDED


def _gap_constant(instance: Instance) -> float:
    return gap_constant(product_profile(instance.loss))


def _number(name: str, found: float, expected: float, within: float) -> Number:
    """Return the number beside its expectation; in a control, where it is far off, alone."""
    if not abs(found - expected) <= within:
        return Number.seen(name, found)
    return Number.near(name, found, expected, within=within, origin=Origin.DERIVED)


@np.errstate(all="ignore")  # orbits of controls escape
def _ratio(instance: Instance, p: Rows) -> Rows:
    """Return r(p) = ℓ'(p)/p, and its limit ℓ''(0) = 1 at p = 0."""
    slope = sp.lambdify(P, sp.diff(product_profile(instance.loss), P), "numpy")
    return np.divide(slope(p), p, out=np.ones_like(p), where=p != 0)


# Alignment


def _alignment_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, constant = float(instance.step_size), _gap_constant(instance)
        with np.errstate(all="ignore"):  # orbits of controls escape
            orbits = [instance.F.trajectory(t, s.followed).points for t in _starts(instance, s)]
            p = np.array([orbit.prod(axis=1) for orbit in orbits])
            q = np.array([2 / (step * (orbit**2).sum(axis=1)) for orbit in orbits])
            away = np.abs(q - _ratio(instance, p))[:, s.transient :]
        worst, last = (
            float(part.max()) if np.isfinite(part).all() else np.inf for part in (away, away[:, -1])
        )
        expected, within = constant * step**2 / 2, s.aligned_within * (constant * step**2) ** 2
        name = f"max |q - r(p)| after {s.transient} steps, {_named(instance)}"
        aligned = worst <= expected + within
        arrived = abs(last - expected) <= within
        later = last <= expected + within  # come to the curve, or not yet to the end
        unless = dg.Outcome.UNDECIDED if later else dg.Outcome.NO
        return observed(
            conclusion,
            dg.Outcome.YES if aligned and arrived else unless,
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} random starts, {s.followed} steps each",
            detail=f"at most {worst:.3g} away",
            numbers=(_number(name, worst, expected, within),),
            results=(_cloud(instance, p, q, s),),
        )

    conclusion = (
        f"after {s.transient} steps |q - r(p)| stays below η²/(2|r''(0)|), where it ends, up to "
        f"{s.aligned_within:g} (η²/r''(0))²"
    )
    return _edge_claim(
        s,
        observe,
        name="orbits_align",
        title="Orbits beyond the edge come to the curve q = r(p)",
        statement=(
            "Let L = ℓ(xy) with ℓ even, convex and Lipschitz, ℓ''(0) = 1, ℓ'' falling away from 0, "
            "and r(p) = ℓ'(p)/p. In the coordinates p = xy, q = 2/(η(x² + y²)) orbits that begin "
            "beyond the edge of stability, y² - x² > 2/η, come to the curve q = r(p), whatever "
            "their start, up to O(η²)."
        ),
        conclusion=conclusion,
    )


# Where orbits end


def _limit_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, constant, name = float(instance.step_size), _gap_constant(instance), _named(instance)
        sharpness, unless = _limiting_sharpness(instance, _starts(instance, s), s)
        gaps, within = (2 / step - sharpness) / step, s.gap_within * (constant * step) ** 2
        close = bool(np.all(np.abs(gaps - constant) <= within))
        known = dict(s.edge_table).get(name) if close else None
        worst = int(np.argmax(np.abs(gaps - constant)))
        numbers = [_number(f"(2/η - s)/η, {name}", gaps[worst], constant, within)]
        if known is not None:
            numbers.append(_table_line(name, sharpness[worst], known, s))
        return observed(
            conclusion,
            dg.Outcome.YES if close else unless,
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} random starts",
            detail=f"2/η = {2 / step:g}, s from {sharpness.min():.6g} to {sharpness.max():.6g}",
            numbers=tuple(numbers),
        )

    conclusion = f"(2/η - s)/η is 1/|r''(0)| up to {s.gap_within:g} (η/r''(0))²"
    return _edge_claim(
        s,
        observe,
        name="limit_below_the_edge",
        title="The limiting sharpness lies η/|r''(0)| below 2/η",
        statement=(
            "Let L = ℓ(xy) with ℓ even, convex and Lipschitz, ℓ''(0) = 1, ℓ'' falling away from 0, "
            "and r(p) = ℓ'(p)/p. From starts beyond the edge of stability, y² - x² > 2/η, gradient "
            "descent converges to a minimum of sharpness s = 2/η - η/|r''(0)| + O(η³), whatever "
            "the start."
        ),
        conclusion=conclusion,
    )


def _table_line(name: str, found: float, known: float, s: Settings) -> Number:
    title = f"sharpness in the limit, {name}"
    return Number.near(title, found, known, within=s.table_within, origin=Origin.COMPUTED)


def _flow_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        step, name, starts = float(instance.step_size), _named(instance), _starts(instance, s)
        if isinstance(box := instance.region, dg.Box) and box.contains([s.flow_point])[0]:
            starts = np.vstack([s.flow_point, starts])
        kept = starts[:, 1] ** 2 - starts[:, 0] ** 2  # gradient flow does not change it
        sharpness, unless = _limiting_sharpness(instance, starts, s)
        share = (1 - sharpness / kept) / _first_order_loss(instance, starts, kept)
        reach = step * (starts**2).sum(axis=1) / 2
        holds = bool(np.all((reach < 1) & (share >= 1) & (share * (1 - reach) <= 1)))
        numbers = []
        if holds:
            k = int(np.argmax(share * (1 - reach)))
            title = f"lost sharpness over its first order, {name}"
            high = 1 / (1 - reach[k])
            numbers = [Number.between(title, share[k], low=1.0, high=high, origin=Origin.DERIVED)]
        first = "{}, from {:g}, {:g}".format(name, *starts[0])
        if (known := dict(s.flow_table).get(first)) is not None:
            numbers.append(_table_line(first, sharpness[0], known, s))
        ends = sharpness / kept
        return observed(
            conclusion,
            dg.Outcome.YES if holds else unless,
            grade=dg.Grade.STATISTICAL,
            reason=f"{len(starts)} starts",
            detail=f"{ends.min():.4g} to {ends.max():.4g} of y² - x²",
            numbers=tuple(numbers),
        )

    conclusion = (
        "the limiting sharpness is y² - x², as under gradient flow, less a share between I and "
        "I/(1 - ηS/2), where I = η∫ℓ'(p)/√((y² - x²)² + 4p²) dp from 0 to xy and S = x² + y²"
    )
    below = "orbits come to the edge, and end near 2/η"
    steep = "steps overshoot where the slope grows like |p|⁵"
    return Claim(
        name="limit_of_gradient_flow",
        title="Below the edge the limit is that of gradient flow, up to O(η)",
        statement=(
            "Let L = ℓ(xy) with ℓ even, convex and Lipschitz, ℓ''(0) = 1, ℓ'' falling away from "
            "0. From starts with y² > x² and x² + y² < 2/η gradient descent converges to a minimum "
            "of the sharpness to which gradient flow leads, y² - x², less a share of order η."
        ),
        sources=(_SOURCE,),
        hypotheses=(EVEN_CONVEX_LIPSCHITZ, FLOW_REGIME),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            _case(name, step, s.flow_box) for name in s.losses for step in s.flow_steps
        ),
        counterexamples=lambda: {
            EVEN_CONVEX_LIPSCHITZ.name: _case(_STEEP, s.flow_steps[-1], s.flow_box, steep),
            FLOW_REGIME.name: _case(s.losses[0], s.edge_steps[0], s.edge_box, below),
        },
    )


def _first_order_loss(instance: Instance, starts: Rows, kept: Rows) -> Rows:
    """Return η∫ℓ'(p)/√(D² + 4p²) dp from 0 to xy for each start, with D = y² - x².

    A step multiplies D by 1 - η²ℓ'(p)², and moves p by -ηℓ'(p)√(D² + 4p²) to first order.
    """
    slope = sp.lambdify(P, sp.diff(product_profile(instance.loss), P), "numpy")
    pairs = zip(kept, starts.prod(axis=1), strict=True)
    integrals = [quad(lambda p, d=d: slope(p) / np.hypot(d, 2 * p), 0, end)[0] for d, end in pairs]
    return float(instance.step_size) * np.array(integrals)


# The picture


def _cloud(instance: Instance, p: Rows, q: Rows, s: Settings) -> Chart:
    line = np.linspace(-1, 1, 201) * np.max(np.abs(p), initial=0.0, where=np.isfinite(p))
    early = (f"first {s.transient} steps", slice(0, s.transient), Mark.POINTS)
    late = ("later", slice(s.transient, None), Mark.DOTS)
    curves = [
        Curve(label=label, x=p[:, part].ravel(), y=q[:, part].ravel(), mark=mark)
        for label, part, mark in (early, late)
    ]
    panel = Panel(
        title=_named(instance),
        x_label="p = xy",
        y_label="q = 2/(η(x² + y²))",
        curves=(*curves, Curve(label="r(p) = ℓ'(p)/p", x=line, y=_ratio(instance, line))),
    )
    return Chart(title=panel.title, panels=(panel,), evidence=_FLOATING_POINT)


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    gaps = [n for v in verdicts for n in v.numbers if n.compared and n.name.startswith("(2/η")]
    curves = []
    for name in dict.fromkeys(gap.name.split(", ")[1] for gap in gaps):
        own = [gap for gap in gaps if gap.name.split(", ")[1] == name]
        steps = np.array([float(Fraction(gap.name.split(", ")[2])) for gap in own])
        found, ends = steps * [gap.found for gap in own], np.array([0.0, steps.max()])
        expected = ends * (own[0].expected or np.nan)
        curves.append(Curve(label=name, x=steps, y=found, mark=Mark.POINTS))
        curves.append(Curve(label=f"η/|r''(0)|, {name}", x=ends, y=expected))
    below = Panel(
        title="How far below 2/η orbits end",
        x_label="step size η",
        y_label="2/η - sharpness",
        curves=tuple(curves),
    )
    title = "Orbits beyond the edge of stability come to one curve, and end just below 2/η"
    return Chart(title=title, panels=(*charts[0].panels, below), evidence=_FLOATING_POINT)


STUDY = Study(
    name="trajectory_alignment",
    title="At the edge of stability orbits align with a bifurcation curve",
    paper=_SOURCE,
    summary=(
        "Song and Yun look at losses ℓ(xy) in coordinates p = xy, q = 2/(η(x² + y²)), in which "
        "orbits from different starts come to one curve, q = ℓ'(p)/p, and creep along it to a "
        "minimum just below the edge of stability. The distance from the curve, the gap below "
        "2/η, and the other regime, in which gradient descent ends where gradient flow does."
    ),
    settings=Settings(),
    quick={"starts": 3, "edge_steps": ("1/20", "1/10"), "flow_steps": ("1/20",)},
    claims=lambda s: (_alignment_claim(s), _limit_claim(s), _flow_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "As we recall it the paper states the limit up to O(η²), and the regimes by y² - x² and "
        "with constants. That ℓ'' falls, and the condition on x² + y², are ours; so are the "
        "constants 1/|r''(0)| and the first-order loss of sharpness below the edge."
    ),
)
