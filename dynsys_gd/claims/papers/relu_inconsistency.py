"""Kinks of wide ReLU networks do not move far enough to learn [holzmuller2022training]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.stats import fisher_exact

import dynsys_gd as dg
from dynsys_gd.claims import (
    Band,
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
from dynsys_gd.claims.support.crossing_runs import (
    CrossingRuns,
    Schedule,
    crossing_runs,
    he_law_with_biases,
    is_he_law,
    largest_bias,
)
from dynsys_gd.claims.support.half_lines import (
    affine_fits,
    best_pair_loss,
    exact_loss,
    interpolating,
    kinks_stay_between,
    least_squares_loss,
    relu_units,
    without_fits,
)
from dynsys_gd.claims.support.recorded import unchanged
from dynsys_gd.measure.binomial import CLOPPER_PEARSON

Array = NDArray[np.float64]
_OTHER = "no two-layer ReLU network of one input"
_ETA = sp.Symbol("eta", positive=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    x: tuple[int, ...] = (-3, -2, -1, 1, 2, 3)
    y: tuple[int, ...] = (-1, 2, -1, 1, -2, 1)
    # Kinks between the points
    small_widths: tuple[int, ...] = (2, 8)
    least_slope: str = "1"  # of |a|; biases up to `largest_bias` keep the kinks between the points
    largest_slope: str = "2"
    largest_bias: str = "3/4"
    near: str = "1/1024"  # half a side of the box about a network that fits the data
    points: int = 200
    rounding: float = 1e-12
    # Training
    widths: tuple[int, ...] = (16, 64, 256)
    runs: tuple[int, ...] = (2000, 1000, 300)  # of each width and seed
    steps: int = 3000
    watched: int = 50  # first steps, after each of which kinks are looked at
    stride: int = 50  # afterwards
    level: float = 0.95
    stuck_within: float = 1e-5
    stuck_from: int = 1000  # steps after which the median run is as near as that
    earlier: tuple[tuple[int, int, int], ...] = ((16, 6, 100), (64, 4, 100), (256, 1, 40))
    earlier_level: float = 0.99
    bias: float = 1.5  # standard deviation of first biases in a control
    biased: tuple[int, int, float] = (64, 3000, 0.042)  # width, steps, median loss
    biased_within: float = 0.02
    shifts: tuple[str, ...] = ("3/10", "1/10")  # added to all targets in controls
    drawn: int = 301
    seeds: tuple[int, ...] = (0, 1, 2)


def _network(width: int, s: Settings, shift: str = "0") -> dg.MLP:
    targets = [float(y + Fraction(shift)) for y in s.y]
    return dg.MLP((1, width, 1), dg.Activation.RELU, np.c_[np.array(s.x, float)], np.c_[targets])


def _mlp(instance: Instance) -> dg.MLP:
    assert isinstance(instance.loss, dg.MLP)
    return instance.loss


def _undecided(conclusion: str) -> Observation:
    return observed(conclusion, dg.Outcome.UNDECIDED, grade=dg.Grade.NUMERICAL, reason=_OTHER)


# A bound that holds as long as no kink crosses a point


def _bound_claim(s: Settings) -> Claim:
    def between(instance: Instance) -> tuple[dg.Outcome, str]:
        units, box = relu_units(instance.F.loss), instance.region
        if units is None or not isinstance(box, dg.Box):
            return dg.Outcome.NO, "no box of two-layer ReLU networks of one input"
        kept = kinks_stay_between(_mlp(instance), box)
        return yes_if(kept), "|b| against |a| times the innermost point, in rational numbers"

    def observe(instance: Instance) -> Observation:
        if relu_units(instance.F.loss) is None:
            return _undecided(conclusion)
        net, proved = _mlp(instance), dg.Grade.PROVED
        draws = instance.region.sample(s.points, rng=instance.rng("points"))
        least, bound = min(exact_loss(net, theta) for theta in draws), best_pair_loss(net)
        value = Number.seen("loss of the best pair of affine functions", float(bound), grade=proved)
        return observed(
            conclusion,
            yes_if(least >= bound),
            grade=proved if least < bound else dg.Grade.STATISTICAL,
            reason=f"rational arithmetic at {s.points} random points",
            detail=f"bound {bound}, smallest loss {float(least):.6g}",
            numbers=(_near(value, least_squares_loss(net), s.rounding, Origin.DERIVED),),
        )

    def case(title: str, point: Sequence[Fraction], halves: Sequence[Fraction], why: str) -> Case:
        """Return the networks of a box about a point."""
        low, high = (
            [float(p + k * h) for p, h in zip(point, halves, strict=True)] for k in (-1, 1)
        )
        F = dg.GradientDescent(_network(len(point) // 3, s), _ETA)
        return Case(title=title, F=F, region=dg.Box(low, high), why=why)

    def centred(width: int) -> Case:
        """Return units of both orientations whose kinks lie between the innermost points."""
        least, largest, bias = map(Fraction, (s.least_slope, s.largest_slope, s.largest_bias))
        slopes = [(-1) ** i * (least + largest) / 2 for i in range(width)]
        halves = [(largest - least) / 2] * width + [bias] * width + [largest] * (width + 1)
        point = [*slopes, *[Fraction(0)] * (2 * width + 1)]
        return case(f"{width} units with kinks near 0", point, halves, "")

    def fitting() -> Case:
        point = interpolating(list(zip(map(Fraction, s.x), map(Fraction, s.y), strict=True)))
        why = "each inner point has a kink: the data are fitted"
        return case("kinks at the points", point, [Fraction(s.near)] * len(point), why)

    conclusion = "the loss is at least that of the best pair of affine functions"
    return Claim(
        name="kinks_between_the_points_learn_lines",
        title="With its kinks between the points a network fits two lines at best",
        statement=(
            "Let the kinks -b/a of a two-layer ReLU network of one input lie strictly between the "
            "innermost points on either side of 0. Then it is affine on the points of each side, "
            "and its loss is at least that of the best affine function on each side."
        ),
        sources=("holzmuller2022training",),
        provenance="as we state it; an elementary step of the paper's argument",
        hypotheses=(
            condition(
                "kinks between",
                "every network of the region has all kinks between the innermost points",
                between,
                grade=dg.Grade.PROVED,
                reason="rational corners of the box",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(map(centred, s.small_widths)),
        counterexamples=lambda: {"kinks between": fitting()},
    )


# Training from He's law with biases at zero


def _runs(instance: Instance, width: int, targets: Array, s: Settings) -> CrossingRuns:
    return crossing_runs(
        dg.MLP((1, width, 1), dg.Activation.RELU, _mlp(instance).X, targets),
        he_law_with_biases(width, _bias(instance)),
        runs=s.runs[s.widths.index(width)],
        seeds=[(instance.seed, width, seed) for seed in s.seeds],
        schedule=Schedule(steps=s.steps, watched=s.watched, stride=s.stride),
    )


def _bias(instance: Instance) -> float:
    assert isinstance(instance.region, dg.Gaussian)
    return largest_bias(instance.region, _mlp(instance).widths[1])


def _crossing_claim(s: Settings) -> Claim:
    def is_known(instance: Instance) -> bool:
        units, law = relu_units(instance.F.loss), instance.region
        return units in s.widths and isinstance(law, dg.Gaussian) and is_he_law(law, units)

    def no_bias(instance: Instance) -> tuple[dg.Outcome, str]:
        if not is_known(instance):
            return dg.Outcome.NO, "not He's law of two-layer ReLU networks of one input"
        return yes_if(_bias(instance) == 0), f"largest first bias {_bias(instance)}, in deviations"

    def flat(instance: Instance) -> tuple[dg.Outcome, str]:
        if relu_units(instance.F.loss) is None:
            return dg.Outcome.NO, _OTHER
        lines = [fit[:2] for fit in affine_fits(_mlp(instance))]
        told = ", ".join(f"{float(slope):g} x + {float(level):g}" for slope, level in lines)
        return yes_if(all(line == (0, 0) for line in lines)), f"best affine functions {told}"

    def observe(instance: Instance) -> Observation:
        if not is_known(instance):
            return _undecided(conclusion)
        net = _mlp(instance)
        wide = [_runs(instance, n, net.Y, s) for n in s.widths if n <= net.widths[1]]
        narrow, widest = wide[0], wide[-1]
        table = [[int((~r.crossed).sum()), int(r.crossed.sum())] for r in (narrow, widest)]
        rarer = float(fisher_exact(table, alternative="less").pvalue)
        outcome = dg.Outcome.UNDECIDED
        if rarer < 1 - s.level or widest.share >= narrow.share:
            outcome = yes_if(rarer < 1 - s.level)
        return observed(
            conclusion,
            outcome,
            grade=dg.Grade.STATISTICAL,
            reason=f"Fisher's exact test at {100 * s.level:g} %",
            detail="runs with a crossing: " + ", ".join(r.told() for r in wide),
            numbers=tuple(number for r in wide for number in _numbers(instance, r, s)),
            results=(_chart(instance, wide, s),),
        )

    def case(width: int, title: str, *, shift: str = "0", bias: float = 0.0, why: str = "") -> Case:
        F, law = (
            dg.GradientDescent(_network(width, s, shift), _ETA),
            he_law_with_biases(width, bias),
        )
        return Case(title=f"{title}, up to width {width}", F=F, region=law, why=why)

    def moved(shift: str) -> Case:
        return case(s.widths[1], f"targets moved by {shift}", shift=shift, why=drift)

    conclusion = "kinks cross a point in a smaller share of the runs at the largest width"
    drift = "the fit on each side is not zero: biases drift, and crossings become no rarer"
    learns = "kinks begin among the points and beyond: training learns"
    first, *others = s.shifts
    return Claim(
        name="wide_networks_get_stuck",
        title="The wider the network, the rarer a kink reaches a point",
        statement=(
            "Let the best affine function on either side of 0 be zero. Gradient descent with step "
            "size 1/λ, λ the largest eigenvalue of the neural tangent kernel at the start, from "
            "He's law with zero biases moves no kink as far as a point, with a probability that "
            "tends to one as the width of the two-layer ReLU network grows; its loss then tends "
            "to that of the two affine functions."
        ),
        sources=("holzmuller2022training",),
        provenance=(
            "that two-layer ReLU networks from He's law get stuck in essentially linear regression "
            "is in the abstract; data, law, step size and what counts as a crossing are those of "
            "the authors' public program; assumptions and rate of the theorem as we state them"
        ),
        hypotheses=(
            condition(
                "no bias at the start",
                "the starts have He's law, with first biases of zero",
                no_bias,
                grade=dg.Grade.PROVED,
                reason="mean and standard deviation of the law",
            ),
            condition(
                "flat on each side",
                "the best affine function on the points of each side is zero",
                flat,
                grade=dg.Grade.PROVED,
                reason="normal equations in rational numbers",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (case(s.widths[-1], "no biases at the start"),),
        counterexamples=lambda: {
            "no bias at the start": case(
                s.widths[1], f"biases of deviation {s.bias}", bias=s.bias, why=learns
            ),
            "flat on each side": moved(first),
        },
        controls=lambda: tuple(map(moved, others)),
    )


def _numbers(instance: Instance, runs: CrossingRuns, s: Settings) -> list[Number]:
    """Return the share of runs with a crossing, and what the kind of instance lets expect."""
    net, n, grade = _mlp(instance), runs.width, dg.Grade.STATISTICAL
    share = Number.seen(f"share of runs with a crossing, width {n}", runs.share, grade=grade)
    if _bias(instance):
        middle = float(np.median(runs.losses))
        loss = Number.seen(f"median loss with biases, width {n}", middle)
        if (n, s.steps) == s.biased[:2] and unchanged(s, "x", "y", "bias"):
            loss = _near(loss, s.biased[2], s.biased_within, Origin.COMPUTED)
        return [_near(share, 1.0, 0.0, Origin.COMPUTED), loss]
    if any(fit[:2] != (0, 0) for fit in affine_fits(net)):
        excess = runs.share - _runs(instance, n, without_fits(net), s).share
        more = Number.seen(f"more than without the fits, width {n}", excess, grade=grade)
        return [share, replace(more, low=0.0, origin=Origin.RECALLED)]
    for width, hits, count in s.earlier:
        if width == n and unchanged(s, "x", "y"):
            low, high = CLOPPER_PEARSON.interval(hits, 0, count, level=s.earlier_level)
            share = replace(share, low=low, high=high, origin=Origin.COMPUTED)
    value, medians = float(best_pair_loss(net)), np.median(runs.losses, axis=1)
    label = f"median loss, width {n}, seed"
    seen = [Number.seen(f"{label} {k}", m) for k, m in zip(s.seeds, medians, strict=True)]
    if s.steps >= s.stuck_from:
        seen = [_near(one, value, s.stuck_within, Origin.DERIVED) for one in seen]
    return [share, *seen]


def _near(number: Number, value: float, within: float, origin: Origin) -> Number:
    made = Number.near(number.name, number.found, value, within=within, origin=origin)
    return replace(made, grade=number.grade)


# The picture


def _chart(instance: Instance, wide: Sequence[CrossingRuns], s: Settings) -> Chart:
    """Return shares by width, sorted losses, and a network in the middle of them."""
    net, widest = _mlp(instance), wide[-1]
    moved = float(max(abs(level) for _, level, _ in affine_fits(net)))
    label = "biases at the start" if _bias(instance) else "no biases at the start"
    label = f"targets + {moved:g}" if moved else label
    widths, limits = np.log2([r.width for r in wide]), np.array([r.limits(s.level) for r in wide])
    losses = np.sort(widest.losses.ravel())
    fine = np.linspace(net.X.min(), net.X.max(), s.drawn)
    shown = dg.MLP((1, widest.width, 1), net.activation, fine[:, None], fine[:, None])
    function = shown.outputs_at(widest.typical)[:, 0]
    shares = Panel(
        title=f"Runs in which a kink crosses ({100 * s.level:g} %)",
        x_label="log₂ of the width",
        y_label="share of the runs",
        curves=(Curve(label=label, x=widths, y=[r.share for r in wide], mark=Mark.BOTH),),
        bands=(Band(label="", x=widths, low=limits[:, 0], high=limits[:, 1]),),
    )
    ends = Panel(
        title=f"After {s.steps} steps",
        x_label="share of the runs",
        y_label="loss",
        curves=(Curve(label=label, x=np.linspace(0, 1, len(losses)), y=losses),),
        levels=(Level(label="two affine functions", value=float(best_pair_loss(net))),),
    )
    data = Curve(label="data", x=net.X[:, 0], y=net.Y[:, 0], mark=Mark.POINTS)
    curves = (Curve(label=label, x=fine, y=function), data)
    typical = Panel(title="A run of median loss", x_label="x", y_label="network", curves=curves)
    evidence = dg.Evidence(grade=dg.Grade.STATISTICAL, reason=f"limits at {100 * s.level:g} %")
    title = "What training from He's law learns"
    return Chart(title=title, panels=(shares, ends, typical), evidence=evidence)


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    panels = []
    for place, first in enumerate(charts[0].panels):
        of_all = [chart.panels[place] for chart in charts[: len(charts) if place == 0 else 2]]
        curves = [panel.curves[0] for panel in of_all] + list(first.curves[1:])
        bands = tuple(band for panel in of_all for band in panel.bands)
        panels.append(replace(first, curves=tuple(curves), bands=bands))
    return replace(charts[0], panels=tuple(panels))


STUDY = Study(
    name="relu_inconsistency",
    title="Two-layer ReLU networks started without biases get stuck in linear regression",
    paper="holzmuller2022training",
    summary=(
        "Holzmüller and Steinwart train two-layer ReLU networks from He's law on one-dimensional "
        "data. All kinks start at 0 and, the wider the network, the less likely one of them gets "
        "as far as the nearest point; as long as none does, the network is affine on each side of "
        "0 and fits no better than two lines. Six points whose best lines are zero show it, "
        "thousands of runs side by side."
    ),
    settings=Settings(),
    quick={"widths": (16, 64), "runs": (400, 200), "steps": 1000, "points": 20},
    claims=lambda s: (_bound_claim(s), _crossing_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "The authors draw the weight of each point from a multinomial law of n² samples for each "
        "run; here all points have the same weight, the limit of that law, so that shares are not "
        "those of their plots. They stop a run when an estimate shows that no kink can cross any "
        "more; here every run takes the same number of steps, so that later crossings are missed: "
        "nearly all happen within the first few steps. Kinks are looked at after each of the first "
        "steps and then at intervals; one that crosses and returns in between is not counted."
    ),
)
