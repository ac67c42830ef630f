"""Which learning rates train: a wrinkled boundary [sohldickstein2024boundary]_."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

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
    Raster,
    Study,
    Verdict,
    condition,
    observed,
    yes_if,
)
from dynsys_gd.engine.iteration import orbit
from dynsys_gd.results import Result

Array = NDArray[np.float64]
Labels = NDArray[np.int32]
Labelling = Callable[[Array], Labels]
_SHOWN = ("tanh", "linear network")
_RATES = sp.symbols("rate_1 rate_2", positive=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    width: int = 4  # inputs and hidden units
    samples: int = 20  # as many as parameters
    steps: int = 80  # and then those that are averaged
    averaged: int = 20  # losses at the end
    cap: float = 1e6  # of losses over the first one
    lowest: float = -1.0  # decimal logarithms of the rates
    highest: float = 4.0
    resolutions: tuple[int, ...] = (64, 128, 256, 512)
    shrunk: int = 16  # the square that is looked into is smaller by this factor
    close_up: int = 128  # pixels along its sides
    events: int = 150
    pairs: int = 2**15  # at most; none are drawn where 0
    finest: int = 11  # distances down to 2^-11 of the small square
    rough: float = 1.2  # least exponent of the number of pixels on a boundary that counts as rough
    smooth: float = 0.2  # how far the exponent of a smooth one may be from 1
    rough_magnified: float = 1.5
    smooth_magnified: float = 0.3
    tiny: str = "1/1000000"
    rows: int = 8192  # trained side by side
    seeds: tuple[int, ...] = (0, 1, 2)


# Networks in the paper's scaling, as layerwise descent on plain weights


def _data(seed: int, s: Settings, samples: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, s.width)), rng.normal(size=(samples, 1))


def _tanh_network(seed: int, s: Settings, scale: str = "1") -> dg.LayerwiseDescent:
    """Return training of V_2 tanh(V_1 x) with V_1 = √(2/w) W_1, V_2 = W_2/w and rates of W.

    The paper's loss is mean (f - y)², twice ours, and dL/dW = c dL/dV for V = c W.
    """
    w, unit, data = sp.Integer(s.width), sp.Rational(scale), _data(seed, s, s.samples)
    net = dg.MLP((s.width, s.width, 1), dg.Activation.TANH, *data, biases=False)
    return dg.LayerwiseDescent(net, (unit * 4 / w * _RATES[0], unit * 2 / w**2 * _RATES[1]))


def _linear_network(seed: int, s: Settings, samples: int) -> dg.LayerwiseDescent:
    """Return training of V_2 V_1 x with V_1 = W_1/√w, V_2 = W_2/w and rates of W."""
    w = sp.Integer(s.width)
    net = dg.LinearNetwork((s.width, s.width, 1), *_data(seed, s, samples))
    return dg.LayerwiseDescent(net, (2 / w * _RATES[0], 2 / w**2 * _RATES[1]))


def _linear_model(seed: int, s: Settings) -> dg.LayerwiseDescent:
    """Return training of V x with one rate for each half of the inputs: a quadratic loss."""
    model = dg.LinearNetwork((s.width, 1), *_data(seed, s, s.samples))
    half = s.width // 2
    return dg.LayerwiseDescent(model, (2 * _RATES[0], 2 * _RATES[1]), (half, s.width - half))


def _law(F: dg.LayerwiseDescent, s: Settings) -> dg.Gaussian:
    """Return the law of V for standard normal W; of x -> V x, that of a last layer."""
    gain = 2 if isinstance(F.loss, dg.MLP) else 1
    first = np.sqrt(gain / s.width) if F.layers[0] == s.width**2 else 1 / s.width
    return dg.Gaussian([0.0] * F.dimension, list(np.repeat([first, 1 / s.width], F.layers)))


# Which rates train


def _rates_that_train(instance: Instance, s: Settings) -> Labelling:
    """Return the function from decimal logarithms of rates, (n, 2), to 1 where training converges.

    It converges where the mean of the last losses, over the first and capped, is below 1.
    """
    F = instance.F
    assert isinstance(F, dg.LayerwiseDescent)
    start = instance.region.sample(1, rng=instance.rng("start"))
    per_rate = [float(step) for step in F.at(**{rate.name: 1 for rate in _RATES}).step_sizes]
    carried, first = F.carried, F.loss(start)

    def capped(states: Array) -> Array:
        with np.errstate(all="ignore"):
            losses = F.loss(states[..., : F.dimension]) / first
        return np.asarray(np.where(losses < s.cap, losses, s.cap))

    def some(logarithms: Array) -> Array:
        n = len(logarithms)
        states = np.hstack([np.repeat(start, n, axis=0), per_rate * 10.0**logarithms])
        states = carried.iterate(states, s.steps)
        last = orbit(carried.kernel(), states, s.averaged - 1, arithmetic=dg.Arithmetic.PLAIN)
        means = capped(last[-1]) / s.averaged
        open_ = means < 1  # the others are lost by their last loss alone
        means[open_] += capped(last[:-1, open_]).sum(axis=0) / s.averaged
        return means

    def trains(logarithms: Array) -> Labels:
        parts = [some(logarithms[k : k + s.rows]) for k in range(0, len(logarithms), s.rows)]
        return (np.concatenate(parts) < 1).astype(np.int32)

    return trains


def _picture(trains: Labelling, box: dg.Box, n: int) -> Labels:
    """Return the labels of n x n pixels, the first rate along columns."""
    axes = [np.linspace(low, high, n) for low, high in zip(box.low, box.high, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    return trains(grid.reshape(-1, 2)).reshape(n, n)


def _edges(labels: Labels) -> NDArray[np.bool_]:
    """Return which squares of four neighbouring pixels have both labels, as the paper counts."""
    four = np.stack([labels[1:, 1:], labels[1:, :-1], labels[:-1, 1:], labels[:-1, :-1]])
    return np.asarray(four.max(axis=0) != four.min(axis=0))


def _square(s: Settings) -> dg.Box:
    return dg.Box([s.lowest] * 2, [s.highest] * 2)


def _smaller_square(edges: NDArray[np.bool_], s: Settings) -> dg.Box:
    """Return a square about the edge that is nearest to the middle of all edges."""
    places = (np.argwhere(edges)[:, ::-1] + 0.5) / edges.shape[0]  # (first, second) rate
    middle = places[np.argmin(np.sum((places - places.mean(axis=0)) ** 2, axis=1))]
    side = s.highest - s.lowest
    centre, half = s.lowest + side * middle, side / s.shrunk / 2
    return dg.Box(list(centre - half), list(centre + half))


# The claim


def _claim(s: Settings) -> Claim:
    def two_rates(F: dg.Map) -> bool:
        names = tuple(rate.name for rate in _RATES)
        return isinstance(F, dg.LayerwiseDescent) and F.parameters == names

    def is_tanh(instance: Instance) -> tuple[dg.Outcome, str]:
        net = instance.F.loss
        tanh = isinstance(net, dg.MLP) and net.activation is dg.Activation.TANH and net.depth == 2
        return yes_if(tanh and two_rates(instance.F)), instance.F.describe()

    def has_both(instance: Instance) -> tuple[dg.Outcome, str]:
        if not two_rates(instance.F):
            return dg.Outcome.UNDECIDED, "no rate for each of two layers is open"
        labels = _picture(_rates_that_train(instance, s), _square(s), s.resolutions[0])
        return yes_if(0 < labels.mean() < 1), f"{100 * labels.mean():.3g} % of the pixels train"

    def observe(instance: Instance) -> Observation:
        if two_rates(instance.F):
            return _observe(instance, conclusion, s)
        reason = "no rate for each of two layers is open"
        unseen, grade = dg.Outcome.UNDECIDED, dg.Grade.NUMERICAL
        return observed(conclusion, unseen, grade=grade, reason=reason)

    def case(F: dg.LayerwiseDescent, title: str, why: str = "") -> Case:
        return Case(title=title, F=F, region=_law(F, s), why=why)

    def linear(samples: int, seeds: Sequence[int], why: str) -> tuple[Case, ...]:
        title = f"linear network on {samples} samples, data"
        nets = [(_linear_network(seed, s, samples), f"{title} {seed}") for seed in seeds]
        return tuple(case(net, told, why) for net, told in nets)

    conclusion = f"the pixels on the boundary grow in number faster than R^{s.rough}"
    smooth = "more samples than inputs: the boundary looks like a curve"
    quadratic = "a quadratic loss: the boundary is part of an algebraic curve"
    return Claim(
        name="border_of_trainability_is_rough",
        title="The boundary of trainability is rough over the scales that are looked at",
        statement=(
            "Train a network of two layers with tanh by full-batch gradient descent with one "
            "learning rate for each layer. In the plane of the logarithms of both rates the "
            "boundary between training that converges and training that does not has a dimension "
            "above that of a smooth curve, over the scales that are looked at."
        ),
        sources=("sohldickstein2024boundary",),
        provenance=(
            "that the boundary is fractal in all tested configurations is in its abstract; "
            "scaling, loss, convergence and edges are defined as in its author's public program; "
            "width, resolutions and the least exponent are ours"
        ),
        hypotheses=(
            condition(
                "tanh",
                "layerwise descent with two open rates on a network of two layers with tanh",
                is_tanh,
                grade=dg.Grade.PROVED,
                reason="by its form",
            ),
            condition(
                "both outcomes",
                "some rates of the square train, and some do not",
                has_both,
                grade=dg.Grade.NUMERICAL,
                reason="labels of a coarse grid",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            case(_tanh_network(seed, s), f"tanh network, data {seed}") for seed in s.seeds
        ),
        counterexamples=lambda: {
            "tanh": linear(s.samples, s.seeds[:1], smooth)[0],
            "both outcomes": case(
                _tanh_network(s.seeds[0], s, s.tiny),
                f"tanh network, rates times {s.tiny}",
                "all rates of the square train: there is no boundary",
            ),
        },
        controls=lambda: (
            *linear(s.samples, s.seeds[1:], smooth),
            case(_linear_model(s.seeds[0], s), "linear model with two rates", quadratic),
            *linear(s.width, s.seeds, "some data give a rough boundary without any tanh"),
        ),
    )


def _observe(instance: Instance, conclusion: str, s: Settings) -> Observation:
    trains, pictures = _rates_that_train(instance, s), []
    for n in s.resolutions:
        pictures.append(_picture(trains, _square(s), n))
        if not _edges(pictures[-1]).any():
            reason = f"there is no boundary in {n}² pixels"
            grade = dg.Grade.NUMERICAL
            return observed(conclusion, dg.Outcome.NO, grade=grade, reason=reason)
    counts = [int(_edges(labels).sum()) for labels in pictures]
    pairs = list(zip(s.resolutions, counts, strict=True))
    numbers = [Number.seen(f"pixels on the boundary, {n}²", count) for n, count in pairs]
    numbers += [
        Number.seen(f"local exponent, {n}² to {m}²", _exponent(after / before, m / n))
        for (n, before), (m, after) in pairwise(pairs)
    ]
    overall = _exponent(counts[-1] / counts[0], s.resolutions[-1] / s.resolutions[0])
    name = f"exponent, {s.resolutions[0]}² to {s.resolutions[-1]}²"
    numbers.append(_judged(instance, name, overall, rough=s.rough, smooth=s.smooth))
    small = _smaller_square(_edges(pictures[-1]), s)
    results: list[Result] = [_chart(instance, pictures[-1], counts, (trains, small), s)]
    if s.pairs:
        scales = tuple(2.0**-k for k in range(3, s.finest + 1))
        method = dg.UncertaintyExponent(scales=scales, events=s.events, pairs=s.pairs)
        found = dg.boundary_dimension(trains, small, method=method, rng=instance.rng("pairs"))
        limits = {"rough": s.rough_magnified, "smooth": s.smooth_magnified}
        numbers.append(_judged(instance, "dimension magnified", found.dimension, **limits))
        results.append(found)
    return observed(
        conclusion,
        yes_if(overall > s.rough),
        grade=dg.Grade.NUMERICAL,
        reason=f"up to {s.resolutions[-1]}² pixels",
        detail=f"{counts[0]} pixels on the boundary grow to {counts[-1]}, exponent {overall:.3g}",
        numbers=tuple(numbers),
        results=tuple(results),
    )


def _exponent(growth: float, refinement: float) -> float:
    return float(np.log(growth) / np.log(refinement))


def _judged(instance: Instance, name: str, value: float, *, rough: float, smooth: float) -> Number:
    """Return an exponent; at least `rough`, or 1 ± `smooth`, is expected, or nothing."""
    net = instance.loss
    if isinstance(net, dg.MLP):
        return Number.between(name, value, low=rough, origin=Origin.COMPUTED)
    if isinstance(net, dg.LinearNetwork) and net.n_samples > net.widths[0]:
        # A quadratic loss has an algebraic curve; of two layers that is only seen.
        origin = Origin.DERIVED if net.depth == 1 else Origin.COMPUTED
        return Number.near(name, value, 1.0, within=smooth, origin=origin)
    return Number.seen(name, value)


# The picture


def _kind(F: dg.Map) -> str:
    net = F.loss
    if isinstance(net, dg.MLP):
        return "tanh network"
    assert isinstance(net, dg.LinearNetwork)
    return f"linear network, {net.n_samples} samples" if net.depth > 1 else "linear model"


def _chart(
    instance: Instance,
    labels: Labels,
    counts: Sequence[int],
    part: tuple[Labelling, dg.Box],
    s: Settings,
) -> Chart:
    def panel(title: str, values: Labels, box: dg.Box) -> Panel:
        (x, y), (right, top) = (map(float, corner) for corner in (box.low, box.high))
        words = ("diverges", "converges")
        raster = Raster(values=values, low=(x, y), high=(right, top), label="training", words=words)
        names = [f"log₁₀ rate of layer {layer}" for layer in (1, 2)]
        return Panel(title=title, x_label=names[0], y_label=names[1], raster=raster)

    kind = _kind(instance.F)
    growth = Panel(
        title="How the boundary grows",
        x_label="log₂ of pixels along a side",
        y_label="log₂ of pixels on the boundary",
        curves=(Curve(label=kind, x=np.log2(s.resolutions), y=np.log2(counts), mark=Mark.BOTH),),
    )
    whole = panel(kind[0].upper() + kind[1:], labels, _square(s))
    magnified = panel(f"A part, magnified {s.shrunk} times", _picture(*part, s.close_up), part[1])
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title="Which rates train", panels=(growth, whole, magnified), evidence=evidence)


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts: dict[str, list[Chart]] = {}
    for verdict in verdicts:
        of_kind = charts.setdefault(_kind(verdict.instance.F), [])
        of_kind += [r for r in verdict.observation.results if isinstance(r, Chart)]
    tanh, linear = (next(of for kind, of in charts.items() if word in kind) for word in _SHOWN)
    growth = [[chart.panels[0].curves[0] for chart in of_kind] for of_kind in charts.values()]
    curves = [first for first, *_ in growth]
    curves += [
        replace(curve, label="", like=k) for k, (_, *rest) in enumerate(growth) for curve in rest
    ]
    return Chart(
        title="Rates that train, and how fast their boundary grows with the resolution",
        panels=(
            *tanh[0].panels[1:],
            linear[0].panels[1],
            replace(tanh[0].panels[0], curves=tuple(curves)),
        ),
        evidence=tanh[0].evidence,
    )


STUDY = Study(
    name="fractal_trainability",
    title="The boundary of trainability is fractal",
    paper="sohldickstein2024boundary",
    summary=(
        "Sohl-Dickstein trains small networks with one learning rate for each of two layers and "
        "paints every pair of rates by whether training converges. The border between the colours "
        "is wrinkled at every scale that is looked at. Here a tanh network of width 4 is trained "
        "with some hundred thousand pairs of rates at growing resolution, and a part of the border "
        "is magnified; models whose border is a plain curve are the controls."
    ),
    settings=Settings(),
    quick={"resolutions": (32, 64, 128), "close_up": 48, "pairs": 0},
    claims=lambda s: (_claim(s),),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "The paper calls the boundary fractal for linear networks too (as we recall, a median "
        "dimension of 1.17, against 1.66 for tanh, along sequences of magnifications). Here it "
        "depends on the data. With more samples than inputs the boundary of a linear network is "
        "not told from a smooth curve at these scales; with as many samples as inputs, as in the "
        "paper's program, some draws of the data give a smooth boundary and some a rough one, so "
        "that an activation is not what it takes. A quadratic loss is sure to have a piecewise "
        "smooth boundary: its losses are polynomials in the two rates. A dimension is a limit at "
        "scale zero; what is measured is an exponent over a few decades."
    ),
)
