"""Networks with staircase activations learn by coarse gradients [long2020learning]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

import dynsys_gd as dg
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Instance,
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
from dynsys_gd.claims.support import quantized
from dynsys_gd.claims.support.quantized import estimator_of, quantized_network

Array = NDArray[np.float64]
Data = tuple[Array, NDArray[np.intp]]
Through = dg.StraightThrough
_PAPER = "long2020learning"
_FLOATS = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
_ONE_SIDED = tuple(estimator for estimator in Through if estimator.one_sided)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    classes: int = 4
    plane: int = 2  # dimension of the subspace of a class
    pairs: int = 30  # x and -x of each class
    lengths: tuple[float, float] = (1.0, 2.0)  # of the samples, from and to
    units: int = 12  # hidden units of each class
    bits: tuple[int, ...] = (2, 4)
    estimators: tuple[Through, ...] = _ONE_SIDED
    step_size: str = "1/2"
    slow_step_size: str = "1/20"
    spread: float = 1.0  # standard deviation of the first weights
    moderate: float = 1.0  # the largest that counts as moderate
    wide: float = 3.0
    seeds: tuple[int, ...] = (0, 1, 2)
    time: float = 1000.0  # steps times step size until it is given up
    two_sided_steps: int = 15_000  # until a two-sided estimator is given up
    guessing: float = 0.5  # an accuracy that it stays below
    digits: int = 200
    digit_units: int = 10
    points: int = 200
    inside: float = 0.999  # share of the radius in which the loss is constant
    bound: float = 1.0  # of the loss with one bit
    shown: int = 300  # steps in the picture


# Networks and data


def _data(seed: int, s: Settings) -> Data:
    sizes = {"subspaces": s.classes, "dimension": s.plane, "pairs": s.pairs}
    return quantized.samples_in_pairs(**sizes, lengths=s.lengths, rng=seed)


def _network(data: Data, bits: int, units: int) -> dg.QuantizedNetwork:
    votes = dg.class_votes(int(data[1].max()) + 1, units)
    return dg.QuantizedNetwork(*data, votes, bits=bits)


def _case(title: str, F: dg.Map, s: Settings, why: str = "") -> Case:
    return Case(title=title, F=F, region=dg.Gaussian([0.0] * F.dimension, s.spread), why=why)


def _relu(net: dg.QuantizedNetwork, s: Settings) -> dg.CoarseGradient:
    return dg.CoarseGradient(net, s.step_size, Through.RELU)


def _coarse(
    seed: int, s: Settings, bits: int, *, estimator: Through = Through.RELU, why: str = ""
) -> Case:
    F = dg.CoarseGradient(_network(_data(seed, s), bits, s.units), s.step_size, estimator)
    return _case(f"{estimator}, bits: {bits}, step size {s.step_size}, data {seed}", F, s, why)


# What an instance does


def _start(instance: Instance) -> Array:
    return np.asarray(instance.region.sample(1, rng=instance.rng("start")))


def _end(instance: Instance, s: Settings) -> tuple[int, Array]:
    """Return where the orbit of the start stands still, and after how many steps."""
    steps = round(s.time / float(instance.F.step_size))  # type: ignore[attr-defined]
    if estimator_of(instance) is Through.IDENTITY:
        steps = s.two_sided_steps
    rule = dg.StoppingRule(steps=steps, tolerance=0)
    run = dg.stopping_times(instance.F, _start(instance), rule=rule, keep=dg.Keep.STATES)
    assert run.steps is not None
    assert run.states is not None
    return int(run.steps[0]), run.states


def _curve(title: str, x_label: str, curve: Curve) -> Chart:
    panel = Panel(title=title, x_label=x_label, y_label="loss", curves=(curve,))
    return Chart(title=title, panels=(panel,), evidence=_FLOATS)


# Perfect classification


def _learning_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, (steps, end) = quantized_network(instance), _end(instance, s)
        assert net is not None
        loss, accuracy = float(net(end)[0]), float(net.accuracy_at(end)[0])
        fixed = np.array_equal(instance.F(end), end)
        perfect = loss == 0 and accuracy == 1 and fixed
        told = Number.seen("accuracy", accuracy)
        if estimator_of(instance) is two_sided:
            name, origin = "accuracy of the two-sided estimator", Origin.COMPUTED
            told = Number.between(name, accuracy, high=s.guessing, origin=origin)
        elif fixed and all(one.check(instance).outcome is dg.Outcome.YES for one in hypotheses):
            told = Number.near("accuracy", accuracy, 1, within=0, origin=Origin.RECALLED)
        taken = "steps to zero loss" if perfect else "steps"
        return observed(
            conclusion,
            yes_if(perfect),
            grade=dg.Grade.NUMERICAL,
            reason=f"{steps} steps from a random start",
            detail=f"loss {loss:.4g}, accuracy {accuracy:.3g}",
            numbers=(Number.seen("loss in the end", loss), told, Number.seen(taken, steps)),
            results=(_descent(instance, s),),
        )

    def confused() -> dg.CoarseGradient:
        X, labels = _data(s.seeds[0], s)
        X[labels == 1] = X[labels == 0]
        return _relu(_network((X, labels), s.bits[0], s.units), s)

    def opposed(seed: int) -> Case:
        why = "x and -x pull every weight in opposite directions, on both sides of it"
        return _coarse(seed, s, s.bits[0], estimator=two_sided, why=why)

    def lonely() -> dg.CoarseGradient:
        return _relu(_network(_data(s.seeds[0], s), s.bits[0], 1), s)

    def handwritten() -> dg.CoarseGradient:
        X, Y = dg.data.digits(s.digits)
        return _relu(_network((X, Y.argmax(axis=1)), s.bits[0], s.digit_units), s)

    awake, moderate = quantized.samples_awake(_start), quantized.moderate_starts(s.moderate)
    by_form = (quantized.COARSE_GRADIENT, quantized.ONE_SIDED, quantized.TWO_BITS)
    hypotheses = (*by_form, quantized.INDEPENDENT_SUBSPACES, awake, moderate)
    wide, clipped = replace(s, spread=s.wide), Through.CLIPPED_RELU
    far = "beyond the top step the estimator is zero, and units there stay"
    conclusion = "coarse gradients arrive at a fixed point with zero loss and perfect accuracy"
    two_sided, slowly = Through.IDENTITY, replace(s, step_size=s.slow_step_size)
    return Claim(
        name="coarse_gradients_classify_perfectly",
        title="Coarse gradients reach zero loss",
        statement=(
            "Let the classes lie in linearly independent subspaces, no sample at the origin, let "
            "each unit vote for one class, and let σ be a staircase with two bits or more. From "
            "moderate first weights at which every sample excites a unit of its own class, the "
            "coarse gradient method with an estimator that vanishes on the negative side reaches "
            "zero loss, where every sample is classified correctly."
        ),
        sources=(_PAPER,),
        provenance=(
            "the abstract was read: estimators with a monotonicity property lead to a global "
            "minimum and perfect classification; hypotheses on data, width and bits are as we "
            "state them"
        ),
        hypotheses=hypotheses,
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            *(
                _coarse(seed, s, bits, estimator=estimator)
                for bits in s.bits
                for estimator in s.estimators
                for seed in s.seeds
            ),
            *(_coarse(seed, slowly, s.bits[0]) for seed in s.seeds),
        ),
        counterexamples=lambda: {
            quantized.COARSE_GRADIENT.name: _case(
                f"the gradient itself, {s.bits[0]} bits",
                dg.GradientDescent(_network(_data(s.seeds[0], s), s.bits[0], s.units), s.step_size),
                s,
                "the gradient is zero, so that nothing moves",
            ),
            quantized.INDEPENDENT_SUBSPACES.name: _case(
                "two classes with the same samples", confused(), s, "losses of both add up to 2"
            ),
            quantized.ONE_SIDED.name: opposed(s.seeds[0]),
            awake.name: _case("one unit for each class", lonely(), s, "silent on x or on -x"),
            moderate.name: _coarse(s.seeds[0], wide, s.bits[0], estimator=clipped, why=far),
            quantized.TWO_BITS.name: _coarse(s.seeds[0], s, 1, why="a unit fires on x or on -x"),
        },
        controls=lambda: (
            *(opposed(seed) for seed in s.seeds[1:]),
            _case(f"{s.digits} handwritten digits", handwritten(), s, "classes overlap"),
        ),
    )


def _descent(instance: Instance, s: Settings) -> Chart:
    path = instance.F.trajectory(_start(instance)[0], s.shown).points
    label = f"{estimator_of(instance) or 'gradient'}"
    curve = Curve(label=label, x=np.arange(len(path)), y=instance.loss(path))
    return _curve("The loss along the way", "steps", curve)


# A map that is no gradient map


def _plateau_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, loss, net = instance.F, instance.loss, quantized_network(instance)
        starts = instance.region.sample(s.points, rng=instance.rng("starts"))
        shares = {
            "share of points with gradient zero": (loss.gradient_at(starts) == 0).all(axis=1),
            "share of points that the map moves": (F(starts) != starts).any(axis=1),
        }
        radius, arrived = 0.0, True
        if net is not None:
            _, end = _end(instance, s)
            arrived = float(loss(end)[0]) == 0
            arrows = instance.rng("directions").normal(size=starts.shape)
            arrows *= s.inside / np.linalg.norm(arrows, axis=1, keepdims=True)
            beside = starts + net.flat_radius_at(starts)[:, None] * arrows
            plateau, radius = end + net.flat_radius_at(end) * arrows, net.flat_radius_at(end)[0]
            shares["share of points with a constant loss about them"] = loss(starts) == loss(beside)
            if arrived:
                shares["share of fixed points about the end"] = (F(plateau) == plateau).all(axis=1)
        sees = yes_if(all(share.all() for share in shares.values()))
        late = sees is dg.Outcome.YES and not arrived
        near = partial(Number.near, expected=1, within=0, origin=Origin.DERIVED)
        numbers = [
            (near if net and "moves" not in name else Number.seen)(name, share.mean())
            for name, share in shares.items()
        ]
        return observed(
            conclusion,
            dg.Outcome.UNDECIDED if late else sees,
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.points} random points",
            numbers=(*numbers, Number.seen("radius of fixed points about the end", radius)),
            results=(_slice(instance, s), dg.simulate(F, _start(instance))) if net else (),
        )

    def smooth() -> dg.GradientDescent:
        X, labels = _data(s.seeds[0], s)
        widths, Y = (X.shape[1], s.classes * s.units, s.classes), np.eye(s.classes)[labels]
        net = dg.MLP(widths, dg.Activation.RELU, X, Y, biases=False)
        return dg.GradientDescent(net, s.slow_step_size)

    conclusion = (
        "the loss is constant about every point drawn, the coarse gradient moves it all the same, "
        "and the end of an orbit, of zero loss, lies in a ball of fixed points"
    )
    return Claim(
        name="flat_almost_everywhere",
        title="The gradient vanishes almost everywhere, the coarse gradient moves random points",
        statement=(
            "The hinge loss of a network with staircase activations is constant about every point "
            "off finitely many hyperplanes. The coarse gradient is therefore not its gradient. Off "
            "these hyperplanes a point of zero loss has a ball of fixed points about it: an "
            "absorbing set."
        ),
        sources=(_PAPER,),
        provenance=(
            "that the gradient is zero almost everywhere, and the coarse gradient a biased "
            "replacement, is in the abstract, which was read; the absorbing set is ours"
        ),
        hypotheses=(quantized.STAIRCASE,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(
            _coarse(seed, s, s.bits[0], estimator=s.estimators[-1]) for seed in s.seeds
        ),
        counterexamples=lambda: {
            quantized.STAIRCASE.name: _case(
                "ReLU network with squared loss", smooth(), s, "its gradient is not zero"
            )
        },
    )


def _slice(instance: Instance, s: Settings) -> Chart:
    (start,) = _start(instance)
    share = np.linspace(0, 1, s.shown)
    y = instance.loss(start + share[:, None] * (instance.F(start) - start))
    curve = Curve(label="", x=share, y=y)
    return _curve("The loss along one step is a staircase", "share of the first step", curve)


# One bit is not enough


def _one_bit_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        starts = instance.region.sample(s.points, rng=instance.rng("starts"))
        _, end = _end(instance, s)
        least = min(float(instance.loss(starts).min()), float(instance.loss(end).min()))
        bound = Number.between("least loss", least, low=s.bound, origin=Origin.DERIVED)
        stays = least >= s.bound
        return observed(
            conclusion,
            yes_if(stays),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.points} random points, and where an orbit ends",
            numbers=(bound if stays else Number.seen("least loss", least),),
        )

    def halved() -> dg.CoarseGradient:
        X, labels = _data(s.seeds[0], s)
        ahead = X[:, :: s.plane].sum(axis=1) > 0
        return _relu(_network((X[ahead], labels[ahead]), 1, s.units), s)

    conclusion = f"the loss is at least {s.bound:g}, and stays so"
    return Claim(
        name="one_bit_is_not_enough",
        title="With one bit and samples x and -x the loss stays above 1",
        statement=(
            "Let σ(u) be 1 for u > 0 and 0 otherwise, let each class contain -x as often as x, and "
            "let all classes be of equal size. Then the hinge loss is at least 1 at almost every "
            "point: every unit fires on x or on -x, so that the outputs of a class on both add up "
            "to its votes, and the two losses to at least 2 less its lead in votes."
        ),
        sources=(_PAPER,),
        provenance="ours, with a proof in the statement; it bounds what the theorem can cover",
        hypotheses=(quantized.ONE_BIT, quantized.SAMPLES_IN_PAIRS),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(_coarse(seed, s, 1) for seed in s.seeds),
        counterexamples=lambda: {
            quantized.ONE_BIT.name: _coarse(s.seeds[0], s, s.bits[0], why="zero loss is reached"),
            quantized.SAMPLES_IN_PAIRS.name: _case(
                "one bit, classes in half-planes", halved(), s, "one bit tells half-planes apart"
            ),
        },
    )


# The picture


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    panels = {chart.panels[0].curves[0].label: chart.panels[0] for chart in reversed(charts)}
    descents = [panels[one.value] for one in Through if one.value in panels]
    curves = tuple(panel.curves[0] for panel in descents)
    return Chart(
        title="A loss without a gradient descends along coarse ones",
        panels=(replace(descents[0], curves=curves), panels[""]),
        evidence=_FLOATS,
    )


STUDY = Study(
    name="coarse_gradients",
    title="Staircase activations learn by coarse gradients",
    paper=_PAPER,
    summary=(
        "Long, Yin and Xin train a network o = Vσ(Wx) with V fixed, a staircase σ and a multiclass "
        "hinge loss. Its gradient is zero almost everywhere; a coarse gradient, in which an "
        "estimator stands in for the slope of the staircase, reaches a global minimum all the "
        "same. As a dynamical system the method is a discontinuous map with an absorbing set of "
        "fixed points, and no gradient map."
    ),
    settings=Settings(),
    quick={"pairs": 12, "bits": (2,), "time": 500.0, "two_sided_steps": 1000, "digits": 80},
    claims=lambda s: (_learning_claim(s), _plateau_claim(s), _one_bit_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "Width, lengths of the samples and the law of the first weights are our choice, so that "
        "numbers of steps differ from those of other data: they are told and not compared. Three "
        "of the hypotheses are ours, and whether the paper has them is not known to us. From wide "
        "first weights the clipped ReLU stops where the loss is positive. With one bit "
        "no method reaches zero loss on data that contain -x with each x. And a sample that "
        "excites no unit of its own class may keep its loss: its coarse gradient is zero. For the "
        "handwritten digits the theorem is silent, since their classes do not lie in independent "
        "subspaces; the method may reach zero loss there all the same."
    ),
)
