"""The flattest minima of deep linear networks [mulayoff2020unique]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.linalg import hadamard

import dynsys_gd as dg
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Instance,
    Level,
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
from dynsys_gd.claims.checks import BEYOND_CRITICAL_STEP, LINEAR_NETWORK
from dynsys_gd.claims.support.network_minima import (
    distance_from_white,
    flattest_of_any_data,
    flattest_of_white_data,
    minimum_with_gains,
    split_spectrum,
    transformed_minima,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    seeds: tuple[int, ...] = (0, 1, 2)  # of the data
    shapes: tuple[tuple[int, ...], ...] = ((3, 3, 3), (3, 4, 3, 2), (3, 3, 3, 3, 3))
    narrow: tuple[int, ...] = (3, 1, 3)
    samples: int = 8  # a power of two, for inputs that are white without rounding
    quarters: int = 8  # entries of the best map are whole quarters, at most 8 of them
    noise: int = 1  # largest entry of what no linear map fits
    transforms: int = 2000  # minima W_i -> M_i W_i M_(i-1)⁻¹ that are looked at
    farther: tuple[float, float] = (0.02, 0.4)  # size of M_i - I
    unequal: float = 1.2  # factor by which one layer is made larger, the next smaller
    exactly: float = 1e-12
    closely: float = 1e-9
    under: float = 0.99  # of the critical step size
    over: float = 1.01
    nearby: str = "1/100"  # distance of starts from the flattest minimum, relative
    starts: int = 8
    steps: int = 60_000
    reached: float = 1e-12  # loss above its minimum


def _network(s: Settings, widths: tuple[int, ...], seed: int, *, white: bool) -> dg.LinearNetwork:
    """Return a network on data without rounding: exact inputs, targets off any linear map."""
    rng = np.random.default_rng(seed)
    columns = hadamard(s.samples).astype(float)
    best = rng.integers(-s.quarters, s.quarters + 1, (widths[-1], widths[0])) / 4
    inputs = columns[:, : widths[0]]
    off = columns[:, widths[0] :]  # at right angles to the inputs
    noise = off @ rng.integers(-s.noise, s.noise + 1, (off.shape[1], widths[-1]))
    if not white:
        mixing = rng.integers(-s.quarters, s.quarters + 1, (widths[0], widths[0])) / 4
        inputs = inputs @ (np.eye(widths[0]) + np.triu(mixing, 1))
    return dg.LinearNetwork(widths, inputs, inputs @ best.T + noise)


# Which minima are looked at


def _other_minima(instance: Instance, s: Settings) -> Array:
    """Return the sharpness of many minima: transformed ones, or limits of gradient descent."""
    loss, rng = _of_layers(instance), instance.rng("other minima")
    if isinstance(loss, dg.MLP):
        starts = instance.region.sample(s.transforms, rng=rng)
        ends = instance.F.iterate(starts, s.steps)
        return np.sort(loss.sharpness_at(ends[loss(ends) < s.reached]))
    sizes = rng.uniform(*s.farther, size=s.transforms)
    minima = transformed_minima(loss, dg.flattest_minimum(loss)[0], sizes, rng)
    return np.sort(loss.gauss_newton_spectrum_at(minima)[:, -1])


def _of_layers(instance: Instance) -> dg.LinearNetwork | dg.MLP:
    if not isinstance(instance.loss, (dg.LinearNetwork, dg.MLP)):
        raise dg.errors.InvalidInput("F", instance.F.describe(), "a LinearNetwork or an MLP")
    return instance.loss


# White inputs: the paper


def _white_claim(s: Settings) -> Claim:
    def is_white(instance: Instance) -> tuple[dg.Outcome, str]:
        off = distance_from_white(_of_layers(instance))
        return yes_if(off == 0), f"Σ differs from I by {float(off):.3g}"

    def observe(instance: Instance) -> Observation:
        others, formula = _other_minima(instance, s), flattest_of_white_data(_of_layers(instance))
        return _compared(instance, others, formula, conclusion, s)

    conclusion = "the smallest sharpness among all minima is N σ₁^(2 - 2/N)"
    return Claim(
        name="flattest_minima_of_white_data",
        title="The flattest minima split the largest gain equally among the layers",
        statement=(
            "Let L be the mean of ½‖W_N⋯W_1 x - y‖² over white inputs, and σ₁ the largest singular "
            "value of the best linear map. The smallest sharpness among all minima is "
            "N σ₁^(2 - 2/N). It is attained where each layer amplifies the top direction by "
            "σ₁^(1/N); other directions need not be split equally."
        ),
        sources=("mulayoff2020unique",),
        provenance=(
            "as we state it, with ½ in the loss. The abstract, which we read, says that the gain "
            "changes little from layer to layer and neighbours share a singular vector; the "
            "formula is recalled"
        ),
        hypotheses=(
            LINEAR_NETWORK,
            condition(
                "white",
                "the second moment of the inputs is the identity",
                is_white,
                grade=dg.Grade.PROVED,
                reason="rational arithmetic",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: _cases(s, s.shapes, white=True),
        counterexamples=lambda: {
            LINEAR_NETWORK.name: _tanh_case(),
            "white": _cases(s, s.shapes, white=False)[0],
        },
        controls=lambda: _cases(s, s.shapes, white=False)[1:],
    )


# Any inputs: a closed form of our own


def _any_data_claim(s: Settings) -> Claim:
    def is_wide(instance: Instance) -> tuple[dg.Outcome, str]:
        loss = _of_layers(instance)
        rank = sp.Matrix((loss.Y.T @ loss.X).tolist()).applyfunc(sp.Rational).rank()
        return yes_if(min(loss.widths[1:-1]) >= rank), f"widths {loss.widths}, rank {rank}"

    def observe(instance: Instance) -> Observation:
        others, formula = _other_minima(instance, s), flattest_of_any_data(_of_layers(instance))
        return _compared(instance, others, formula[0], conclusion, s)

    conclusion = "the smallest sharpness among all minima is N max ‖Sv‖^(2/N) ‖ŴSv‖^(2 - 2/N)"
    return Claim(
        name="flattest_minima_of_any_data",
        title="The flattest minima in closed form, for inputs of any covariance",
        statement=(
            "Let L be the mean of ½‖W_N⋯W_1 x - y‖², Σ = S² the second moment of the inputs, Ŵ "
            "the best linear map, and no hidden layer narrower than its rank. The smallest "
            "sharpness among all minima is N max ‖Sv‖^(2/N) ‖ŴSv‖^(2 - 2/N) over unit vectors v, "
            "which equals the minimum over α > 0 of λmax(α Σ + (N-1) α^(-1/(N-1)) S ŴᵀŴ S)."
        ),
        sources=("mulayoff2020unique",),
        provenance="derived for this package; the paper treats white inputs, where both agree",
        hypotheses=(
            LINEAR_NETWORK,
            condition(
                "wide",
                "no hidden layer is narrower than the rank of the best map",
                is_wide,
                grade=dg.Grade.PROVED,
                reason="rank by rational arithmetic",
            ),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: _cases(s, s.shapes, white=False),
        counterexamples=lambda: {
            LINEAR_NETWORK.name: _tanh_case(),
            "wide": _cases(s, (s.narrow,), white=False)[0],
        },
    )


def _compared(
    instance: Instance, others: Array, formula: float, conclusion: str, s: Settings
) -> Observation:
    """Return whether the flattest minimum known is as flat as a formula says."""
    lowest = min([2 / instance.threshold.value, *others[:1]])
    agrees = abs(lowest / formula - 1) <= s.closely
    net = instance.loss if agrees else None
    numbers = _numbers(net, others, s) if isinstance(net, dg.LinearNetwork) else ()
    return observed(
        conclusion,
        yes_if(agrees),
        grade=dg.Grade.NUMERICAL,
        reason=f"the flattest minimum that is known, and {len(others)} others",
        detail=f"smallest sharpness {lowest:.8g}, formula {formula:.8g}",
        numbers=numbers,
        results=(_chart("Sharpness of minima", _shares(others / formula)),) * bool(len(others)),
    )


def _numbers(loss: dg.LinearNetwork, others: Array, s: Settings) -> tuple[Number, ...]:
    lower, upper = flattest_of_any_data(loss)
    flattest, white = dg.flattest_minimum(loss)[1], distance_from_white(loss) == 0
    numbers = (
        Number.near("flattest minimum / formula", flattest / lower, 1.0, within=s.exactly,
                    origin=Origin.RECALLED if white else Origin.DERIVED),
        Number.near("minimum over α / maximum over v", upper / lower, 1.0, within=s.closely,
                    origin=Origin.DERIVED),
        Number.between("flattest of the transformed minima / formula", others[0] / lower,
                       low=1 - s.exactly, origin=Origin.DERIVED),
    )  # fmt: skip
    if not white:
        wrong = flattest_of_white_data(loss) / lower
        return (*numbers, Number.seen("formula for white inputs / flattest minimum", wrong))
    if min(loss.widths) < min(loss.widths[0], loss.widths[-1]):
        return numbers  # what is said below is of layers that lose no direction
    spectrum = np.linalg.eigvalsh(loss.hessian_at(minimum_with_gains(loss, 1.0, 0)))
    predicted = split_spectrum(loss, 1.0, 0)
    split = [minimum_with_gains(loss, s.unequal, which) for which in (0, -1)]
    unequal = (loss.sharpness_at(split) / lower).tolist()
    steeper = (s.unequal**2 + s.unequal**-2 + loss.depth - 2) / loss.depth
    last = split_spectrum(loss, s.unequal, -1)[-1] / lower  # 1 unless the split is far too large
    return (
        *numbers,
        Number.near("error of the spectrum at the balanced minimum",
                    np.abs(spectrum[-len(predicted):] - predicted).max() / lower, 0.0,
                    within=s.closely, origin=Origin.DERIVED),
        Number.between(f"top direction split {s.unequal}:1, sharpness / formula", unequal[0],
                       low=steeper - s.exactly, origin=Origin.DERIVED),
        Number.near(f"last direction split {s.unequal}:1, sharpness / formula", unequal[1], last,
                    within=s.exactly, origin=Origin.DERIVED),
    )  # fmt: skip


def _cases(s: Settings, shapes: tuple[tuple[int, ...], ...], *, white: bool) -> tuple[Case, ...]:
    kind = "white" if white else "correlated"
    # The step size plays no part: minima are looked at, not how they are reached.
    return tuple(
        Case(
            title=f"{'-'.join(map(str, widths))}, {kind} inputs, data {seed}",
            F=dg.GradientDescent(_network(s, widths, seed, white=white), "1/10"),
            why="" if white else "inputs are correlated: the formula for white ones is wrong",
        )
        for widths in shapes
        for seed in s.seeds
    )


def _tanh_case() -> Case:
    net = dg.MLP((1, 1, 1), dg.Activation.TANH, [[1.0]], [[1.0]], biases=False)
    return Case(
        title="a tanh network of two weights",
        F=dg.GradientDescent(net, "1/10"),
        region=dg.Box([1, 0], [3, 1]),
        why="where the activation saturates, minima are flatter than any of a linear network",
    )


# What gradient descent makes of it


def _descent_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, rng = _of_layers(instance), instance.rng("near the flattest minimum")
        near = instance.region if isinstance(net, dg.MLP) else dg.near_flattest(net, s.nearby)
        ends = instance.F.iterate(near.sample(s.starts, rng=rng), s.steps)
        converged = int(np.sum(net(ends) - (net.minimal_loss or 0) <= s.reached))
        share = float(instance.step_size) / instance.threshold.value
        return observed(
            conclusion,
            yes_if(converged == 0),
            grade=dg.Grade.STATISTICAL,
            reason=f"{s.starts} starts near the flattest minimum, {s.steps} steps",
            detail=f"{converged} converge",
            numbers=(
                Number.near(f"share that converges at {share:.3g} of 2/λ*", converged / s.starts,
                            float(share < 1), within=0.0, origin=Origin.COMPUTED),
            ),
        )  # fmt: skip

    def cases(share: float, why: str = "") -> tuple[Case, ...]:
        def faster(case: Case) -> Case:
            assert case.F.loss is not None
            F = dg.GradientDescent(case.F.loss, share * dg.critical_step_size(case.F.loss).value)
            return Case(title=f"{case.title}, at {share} of 2/λ*", F=F, why=why)

        return tuple(faster(case) for case in _cases(s, s.shapes, white=False))

    conclusion = "no start near the flattest minimum converges to a minimum"
    below = "below 2/λ* the flattest minimum is stable, and starts near it converge"
    return Claim(
        name="the_flattest_minimum_decides",
        title="Gradient descent converges near the flattest minimum up to 2/λ*, and not beyond",
        statement=(
            "Let λ* be the smallest sharpness among the minima of a linear network. Above the step "
            "size 2/λ* no minimum is stable, and gradient descent converges from almost no start; "
            "just below it converges from all starts near the flattest minimum."
        ),
        sources=("mulayoff2020unique", "craciun2024convergence"),
        hypotheses=(LINEAR_NETWORK, BEYOND_CRITICAL_STEP),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: cases(s.over),
        counterexamples=lambda: {
            LINEAR_NETWORK.name: _tanh_case(),
            BEYOND_CRITICAL_STEP.name: cases(s.under, below)[0],
        },
        controls=lambda: cases(s.under, below)[1:],
    )


# The picture


def _chart(title: str, *panels: Panel) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title=title, panels=panels, evidence=evidence)


def _shares(ratios: Array) -> Panel:
    """Return which share of the minima has at most which sharpness, that of a formula being 1."""
    share = (1 + np.arange(len(ratios))) / len(ratios)
    return Panel(
        title="Random minima",
        x_label="sharpness / formula",
        y_label="share of minima below",
        curves=(Curve(label="", x=ratios, y=share),),
        levels=(Level(label="the formula", value=1.0, vertical=True),),
        x_range=(0.5, 30),
        log_x=True,
    )


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    def seen(verdict: Verdict) -> Panel:
        chart = verdict.observation.results[0]
        assert isinstance(chart, Chart)
        return chart.panels[0]

    net = verdicts[0].instance.loss
    assert isinstance(net, dg.LinearNetwork)
    most = verdicts[0].claim.study.settings.unequal
    factors = np.geomspace(1 / most, most)
    split = []
    for name, which in {"the top direction": 0, "the last direction": -1}.items():
        sharpness = net.sharpness_at([minimum_with_gains(net, c, which) for c in factors])
        split.append(Curve(label=name, x=factors, y=sharpness / flattest_of_white_data(net)))
    drawn = [v for v in verdicts if v.observation.results]
    white = [v for v in drawn if v.claim.name == verdicts[0].claim.name]
    other = [v for v in drawn[len(white) :] if v.applies is dg.Outcome.YES]
    wrong = [v for v in white[1:] if v.grade is dg.Grade.PROVED and v.applies is dg.Outcome.NO]
    wrong.sort(key=lambda v: float(np.min(seen(v).curves[0].x)))
    shown = {
        "white inputs, formula for white": white[:1],
        "correlated inputs, general formula": other[-1:],
        "correlated inputs, formula for white": wrong[:1],
    }
    curves = [replace(seen(v).curves[0], label=name) for name, vs in shown.items() for v in vs]
    gains = Panel(title="Gain split c : 1 between two layers", x_label="factor c",
                  y_label="sharpness / formula", curves=tuple(split))  # fmt: skip
    random = replace(seen(white[0]), curves=tuple(curves))
    return _chart("No minimum is flatter than the closed form says", gains, random)


STUDY = Study(
    name="flattest_minima",
    title="The flattest minima of deep linear networks",
    paper="mulayoff2020unique",
    summary=(
        "Mulayoff and Michaeli find the flattest minima of deep linear networks: each layer "
        "amplifies the top direction equally, and the sharpness is N σ₁^(2 - 2/N). Looked at here: "
        "the formula against thousands of minima, a closed form for inputs of any covariance, and "
        "gradient descent near the flattest minimum, at step sizes around 2/λ*."
    ),
    settings=Settings(),
    quick={"seeds": (0,), "transforms": 200, "steps": 8000},
    claims=lambda s: (_white_claim(s), _any_data_claim(s), _descent_claim(s)),
    figure=_figure,
    part=Part.FRONTIER,
    discussion=(
        "The paper assumes white inputs. For others its formula is off by factors, in both "
        "directions; the closed form beside it is derived for this package. The paper's loss has "
        "no ½ as we recall it, so that its constant is twice ours."
    ),
)
