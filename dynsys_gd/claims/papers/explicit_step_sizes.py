"""Deep linear networks under explicit step sizes [nguegnang2024convergence]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

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
    Study,
    Verdict,
    condition,
    observed,
    yes_if,
)
from dynsys_gd.claims.support import balanced_layers as layers
from dynsys_gd.claims.support.scalar_networks import is_scalar_network, scalar_network

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    depths: tuple[int, ...] = (2, 3, 5)
    size: int = 4  # layers are square
    start_scale: float = 0.6
    delta: float = 0.01  # how far from balanced the theorem lets layers come
    sigma: float = 0.0
    steps: int = 3000
    doublings: int = 14  # step sizes 2, 4, 8, … times the bound that are tried
    far_times: int = 128  # a multiple of the bound at which the loss rises
    two_layers: int = 3
    two_layer_step: str = "1/500"
    two_layer_far: str = "3/2"
    two_layer_starts: int = 40
    two_layer_steps: int = 200_000
    reached: float = 1e-6
    ranks: tuple[int, ...] = (1, 2)
    rank_step: str = "1/100"
    rank_far: str = "3/2"
    rank_steps: int = 20_000
    rank_value: float = 1e-9
    rank_noise: float = 1e-9  # singular values below count as zero
    spread: str = "1/2"  # standard deviation of random starts
    beside: float = 1e-3  # distance from the origin at which three layers stay for long
    moved: float = 1e-300  # radius of the ball that stands for one start
    exact_start: str = "1/2"
    exact_steps: tuple[str, str] = ("1/2", "1/20")  # beyond the bound, and below


def _network(depth: int, width: int, seed: int) -> dg.LinearNetwork:
    return layers.white_network((width,) * (depth + 1), np.random.default_rng(seed))


def _balanced(net: dg.LinearNetwork, s: Settings, seed: int, rank: int) -> Array:
    """Return balanced layers of this rank."""
    order = np.arange(net.widths[0])
    sizes = np.where(order < rank, s.start_scale * (1 + order) / len(order), 0.0)
    return layers.balanced_layers(net, sizes, np.random.default_rng([seed, rank]))


def _start(instance: Instance) -> Array:
    return np.array(instance.region.sample(1, rng=instance.rng("start"))[0])


# At the bound


def _safe_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, step = layers.network_of(instance), float(instance.step_size)
        points, losses = layers.losses_along(net, step, _start(instance), s.steps)
        falls = not layers.rises(losses)
        return observed(
            conclusion, yes_if(falls), grade=dg.Grade.NUMERICAL, reason=f"{s.steps} steps",
            detail=f"loss from {losses[0]:.4g} to {losses[-1]:.4g}",
            numbers=_at_the_bound(instance, points, s) if falls else (),
        )  # fmt: skip

    def case(depth: int, seed: int, times: int = 1, noise: float = 0.0, why: str = "") -> Case:
        net = _network(depth, s.size, seed)
        start = _balanced(net, s, seed, s.size)
        start = start + noise * np.random.default_rng(seed).normal(size=len(start))
        title = f"depth {depth}, data {seed}, {times} times the bound"
        F = dg.GradientDescent(net, times * layers.explicit_step_size(net, start, s.delta, s.sigma))
        return Case(title=f"{title}, unbalanced" if noise else title, F=F,
                    region=dg.Ball(start.tolist(), s.moved), why=why)  # fmt: skip

    conclusion, far = "the loss falls at every step", "far beyond the bound the loss rises"
    return Claim(
        name="explicit_step_sizes_are_safe",
        title="Below an explicit step size the loss of a deep linear network falls at every step",
        statement=(
            "Let L = ½‖Y - W_N⋯W_1X‖² and the layers be balanced at the start. Let "
            "M = (‖Y‖ + √(2L))/σ_min(X), K = M^(2/N) + (N+1)²δ and "
            "B = 2eN K^(N-1)‖X‖² + √e N K^(N/2-1)‖XYᵀ‖. At step sizes up to 2(1-σ)/B the loss "
            "falls at every step."
        ),
        sources=("nguegnang2024convergence",),
        provenance=(
            "that gradient descent converges to a critical point under suitable conditions on the "
            "step sizes stands in the abstract, which we read; the constants are recalled"
        ),
        hypotheses=(
            layers.below_explicit_step_size(1, s.delta, s.sigma),
            layers.balanced_to(s.delta),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(depth, seed) for depth in s.depths for seed in s.seeds),
        counterexamples=lambda: {
            "below the bound": case(s.depths[0], s.seeds[0], s.far_times, why=far),
            "balanced": case(s.depths[0], s.seeds[0], noise=s.start_scale),
        },
        controls=lambda: tuple(
            case(depth, s.seeds[0], s.far_times, why=far) for depth in s.depths[1:]
        ),
    )  # fmt: skip


def _at_the_bound(instance: Instance, points: Array, s: Settings) -> tuple[Number, ...]:
    """Return how far layers drift, and at which multiple of the step size the loss rises."""
    net, start, step = layers.network_of(instance), _start(instance), float(instance.step_size)
    # A step changes W_(i+1)ᵀW_(i+1) - W_iW_iᵀ by η² times a difference of squares of gradients.
    allowed = float(layers.imbalance(net, start) + step**2 * (net.gradient_at(points) ** 2).sum())
    drift = float(layers.imbalance(net, points).max())
    multiple = layers.first_rise(net, step, start, s.steps, s.doublings)
    return (
        Number.seen(f"bound, depth {net.depth}", step),
        Number.between(f"largest imbalance, depth {net.depth}", drift, high=allowed,
                       origin=Origin.DERIVED),
        Number.between(f"multiple of the bound at which the loss first rises, depth {net.depth}",
                       multiple, low=2.0, origin=Origin.COMPUTED),
    )  # fmt: skip


# Beyond the bound: the statement that is disputed


def _divergence_claim(s: Settings) -> Claim:
    def is_beyond(instance: Instance) -> tuple[dg.Outcome, str]:
        start, delta = _start(instance).tolist(), Fraction(str(s.delta))
        if not is_scalar_network(instance.loss) or len(set(start)) != 1 or len(start) != 2:
            return dg.Outcome.UNDECIDED, "enclosed for two equal weights on ½(w1 w2 - 1)² only"
        low, high = layers.explicit_step_size_of_two_scalars(Fraction(start[0]), delta)
        step = Fraction(str(instance.step_size))
        return yes_if(step > Fraction(high)), f"step size {step}, bound {low:.6g}"

    def is_balanced(instance: Instance) -> tuple[dg.Outcome, str]:
        start = _start(instance).tolist()
        return yes_if(len(set(start)) == 1), f"weights {', '.join(map(str, start))}"

    def observe(instance: Instance) -> Observation:
        F, start = instance.F, _start(instance)
        proved = layers.stays_below_one(F) and len(set(start)) == 1 and 0 < start[0] < 1
        end = F.iterate(start, s.steps)
        diverges = dg.Outcome.NO if proved else yes_if(not np.isfinite(end).all())
        return observed(
            conclusion, diverges, grade=dg.Grade.PROVED if proved else dg.Grade.NUMERICAL,
            reason="equal weights grow and stay below 1, by real roots of two polynomials: they "
            "converge" if proved else f"{s.steps} steps",
            detail=f"after {s.steps} steps the weights are {end.tolist()}",
        )  # fmt: skip

    def case(step: str, second: str) -> Case:
        center = [float(Fraction(s.exact_start)), float(Fraction(second))]
        title = f"two weights {s.exact_start}, {second} at step size {step}"
        F = dg.GradientDescent(scalar_network(2), step)
        return Case(title=title, F=F, region=dg.Ball(center, s.moved))

    conclusion = "gradient descent diverges"
    return Claim(
        name="beyond_the_bound_descent_diverges",
        title="Beyond the explicit bound on the step size gradient descent diverges",
        statement=(
            "Let the layers be balanced at the start. At step sizes beyond 2/B, with B of the "
            "theorem on convergence, gradient descent on a deep linear network diverges."
        ),
        sources=("nguegnang2024convergence",),
        provenance=(
            "a remark on an author's project page as reported to us, not a theorem of the paper; "
            "the constants in B are recalled, and the paper's own wording is not known to us"
        ),
        hypotheses=(
            condition("beyond the bound", "η > 2/B", is_beyond,
                      grade=dg.Grade.CERTIFIED, reason="interval arithmetic"),
            condition("balanced", "the two weights are equal at the start", is_balanced,
                      grade=dg.Grade.PROVED, reason="equality of exact numbers"),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (case(s.exact_steps[0], s.exact_start),),
        counterexamples=lambda: {
            "beyond the bound": case(s.exact_steps[1], s.exact_start),
            "balanced": case(s.exact_steps[0], str(Fraction(s.exact_start) / 2)),
        },
        disputed=(
            "With the constants as we recall them the bound is safe but not tight: descent "
            "converges at several times the bound, which is proved on the smallest network."
        ),
    )  # fmt: skip


# Where descent ends


def _two_layer_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, n = layers.network_of(instance), s.two_layer_starts
        starts = instance.region.sample(n, rng=instance.rng("starts"))
        excess = net(instance.F.iterate(starts, s.two_layer_steps)) - net.minimal_loss
        fitted = int(np.sum(excess <= s.reached))
        share = Number.near("share of starts that reach the minimal loss", fitted / n,
                            1.0, within=0.0, origin=Origin.COMPUTED)  # fmt: skip
        return observed(
            conclusion, yes_if(fitted == n), grade=dg.Grade.STATISTICAL,
            reason=f"{n} random starts, {s.two_layer_steps} steps",
            detail=f"{fitted} reach the minimal loss, the largest excess is {excess.max():.2g}",
            numbers=(share,) if fitted == n else (),
        )  # fmt: skip

    def case(depth: int, seed: int, step: str = s.two_layer_step, why: str = "") -> Case:
        net = _network(depth, s.two_layers, seed)
        wide = dg.Gaussian([0.0] * net.dimension, float(Fraction(s.spread)))
        near = dg.Ball([0.0] * net.dimension, s.beside)
        return Case(title=f"{depth} layers, data {seed}, step size {step}",
                    F=dg.GradientDescent(net, step), region=wide if depth == 2 else near,
                    why=why)  # fmt: skip

    conclusion = "every start reaches the minimal loss"
    return Claim(
        name="two_layers_reach_the_minimum",
        title="Two linear layers reach a global minimum from almost every start",
        statement=(
            "Gradient descent on two linear layers, with a step size η ≤ 2(1-σ)/B in which δ is at "
            "least the imbalance of the start, converges to a global minimum from almost every "
            "start."
        ),
        sources=("nguegnang2024convergence",),
        provenance=(
            "convergence to a global minimum for almost all starts stands in the abstract, which "
            "we read; the bound is recalled, and its δ for starts that are not balanced is ours"
        ),
        hypotheses=(
            condition("two layers", "the network has two layers",
                      lambda i: (yes_if(layers.network_of(i).depth == 2), i.loss.describe()),
                      grade=dg.Grade.PROVED, reason="by its shape"),
            layers.below_explicit_step_size(s.two_layer_starts, s.delta, s.sigma),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(2, seed) for seed in s.seeds),
        counterexamples=lambda: {
            "two layers": case(3, s.seeds[0], why="beside the origin three layers hardly move"),
            "below the bound": case(2, s.seeds[0], s.two_layer_far, "the step size is too large"),
        },
    )  # fmt: skip


def _rank_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        net, start = layers.network_of(instance), _start(instance)
        rank, end = (
            layers.rank_of(net, start, s.rank_noise),
            instance.F.iterate(start, s.rank_steps),
        )
        sizes = np.linalg.svd(net.cross_moment, compute_uv=False)  # the inputs are white
        best = float(net.minimal_loss + (sizes[rank:] ** 2).sum() / 2)
        off, kept = abs(float(net(end)) - best), layers.rank_of(net, end, s.rank_noise)
        holds = kept == rank and off <= s.rank_value
        value = Number.near(f"limit of the loss less the best of rank {rank}", off, 0.0,
                            within=s.rank_value, origin=Origin.DERIVED)  # fmt: skip
        return observed(
            conclusion, yes_if(holds), grade=dg.Grade.NUMERICAL, reason=f"{s.rank_steps} steps",
            detail=f"rank {rank} becomes {kept}, the loss differs from the best by {off:.2g}",
            numbers=(value,) if holds else (),
        )  # fmt: skip

    def is_low(instance: Instance) -> tuple[dg.Outcome, str]:
        net = layers.network_of(instance)
        rank = layers.rank_of(net, _start(instance), s.rank_noise)
        return yes_if(rank < max(net.end_to_end(_start(instance)).shape)), f"rank {rank}"

    def case(kind: str, rank: int, seed: int, why: str = "") -> Case:
        net = _network(3, s.two_layers, seed)
        start = _balanced(net, s, seed, rank)
        if kind == "unbalanced":  # only the first layer keeps the low rank
            full = net.unflatten(_balanced(net, s, seed, s.two_layers))
            start = net.flatten([net.unflatten(start)[0], *full[1:]])
        if kind == "determinant of the other sign":
            start = layers.of_wrong_determinant(net, start)
        step = s.rank_far if kind == "large steps" else s.rank_step
        title = f"rank {rank}, data {seed}" + (f", {kind}" if kind else "")
        return Case(title=title, F=dg.GradientDescent(net, step),
                    region=dg.Ball(start.tolist(), s.moved), why=why)  # fmt: skip

    conclusion = "the rank stays, and the limit is the best value of that rank"
    return Claim(
        name="balanced_layers_keep_their_rank",
        title="Balanced layers of low rank end at the best value of that rank",
        statement=(
            "Let three linear layers be exactly balanced, and their product have a rank r below "
            "the full one. At step sizes η ≤ 2(1-σ)/B the rank stays r along gradient descent, "
            "which from almost all such starts ends at the smallest loss among matrices of rank at "
            "most r, L_min + ½ Σ_(i>r) σ_i² for white inputs."
        ),
        sources=("nguegnang2024convergence",),
        provenance=(
            "that the limit is a global minimum on matrices of some fixed rank stands in the "
            "abstract, which we read; which rank it is from balanced starts is our observation"
        ),
        hypotheses=(
            layers.below_explicit_step_size(1, s.delta, s.sigma),
            layers.balanced_to(s.rank_noise),
            condition("low rank", "the product of the layers has less than full rank", is_low,
                      grade=dg.Grade.NUMERICAL, reason="singular values"),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case("", rank, seed) for rank in s.ranks for seed in s.seeds),
        counterexamples=lambda: {
            "below the bound": case("large steps", s.ranks[0], s.seeds[0], "steps are too large"),
            "balanced": case("unbalanced", s.ranks[0], s.seeds[0], "so that the rank grows"),
            "low rank": case("determinant of the other sign", s.two_layers, s.seeds[0],
                             "it keeps its sign and tends to 0: the limit has a lower rank"),
        },
    )  # fmt: skip


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    seen = [v for v in verdicts if v.applies is dg.Outcome.YES]
    found = [(n, v) for v in seen for n in v.numbers if n.name.startswith("multiple")]
    at_bound = {layers.network_of(v.instance).depth: v.instance for _, v in reversed(found)}
    courses = []
    for depth, instance in sorted(at_bound.items()):
        step, steps = float(instance.step_size), verdicts[0].claim.study.settings.steps
        losses = layers.losses_along(layers.network_of(instance), step, _start(instance), steps)[1]
        courses.append(Curve(label=f"depth {depth}", x=np.arange(len(losses)), y=losses))
    depths = [layers.network_of(v.instance).depth for _, v in found]
    above = Curve(
        label="each set of data", x=depths, y=[n.found for n, _ in found], mark=Mark.POINTS
    )
    return Chart(
        title="The explicit step size is safe, but not tight",
        panels=(
            Panel(title="At the bound", x_label="steps", y_label="loss", curves=tuple(courses),
                  log_y=True),
            Panel(title="Where the loss first rises", x_label="depth", y_label="step size / bound",
                  curves=(above,), levels=(Level(label="the bound", value=1.0),), log_y=True),
        ),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision"),
    )  # fmt: skip


STUDY = Study(
    name="explicit_step_sizes",
    title="Deep linear networks converge under explicit step sizes",
    paper="nguegnang2024convergence",
    summary=(
        "Nguegnang, Rauhut and Terstiege give step sizes, explicit in data and depth, at which "
        "gradient descent on linear networks converges: to a global minimum for two layers, to "
        "one among matrices of some rank for more."
    ),
    settings=Settings(),
    quick={"depths": (2, 3), "seeds": (0,), "steps": 600},
    claims=lambda s: (_safe_claim(s), _divergence_claim(s), _two_layer_claim(s), _rank_claim(s)),
    figure=_figure,
    part=Part.RELATED,
    discussion=(
        "A remark attributed to the project page of an author says that exceeding the bound leads "
        "to divergence. With the constants as we recall them descent still converges well beyond "
        "it; the remark may refer to particular experiments, and the paper's theorem, which says "
        "that the bound is sufficient, is not touched. At depth 2 balanced layers may drift beyond "
        "the δ in the bound; the theorem may ask more of step sizes than we recall."
    ),
)
