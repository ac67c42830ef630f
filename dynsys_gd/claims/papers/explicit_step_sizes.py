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
    Hypothesis,
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
from dynsys_gd.claims.balanced_layers import (
    balanced_layers,
    explicit_step_size,
    explicit_step_size_of_two_scalars,
    first_rise,
    imbalance,
    losses_along,
    rises,
    stays_below_one,
    white_network,
)
from dynsys_gd.claims.scalar_networks import scalar_network

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
    far_times: int = 4096  # a multiple of the bound beyond which the loss rises
    two_layers: int = 3
    two_layer_step: str = "1/10"
    two_layer_starts: int = 40
    two_layer_steps: int = 8000
    reached: float = 1e-6
    ranks: tuple[int, ...] = (1, 2)
    rank_step: str = "1/20"
    rank_steps: int = 4000
    rank_value: float = 1e-9
    rank_noise: float = 1e-9  # singular values below count as zero
    spread: str = "1/2"  # standard deviation of random starts
    moved: float = 1e-300  # radius of the ball that stands for one start
    exact_start: str = "1/2"
    exact_steps: tuple[str, str] = ("1/2", "1/20")  # beyond the bound, and below


def _network(depth: int, width: int, seed: int) -> dg.LinearNetwork:
    return white_network((width,) * (depth + 1), np.random.default_rng(seed))


def _balanced(net: dg.LinearNetwork, s: Settings, seed: int, rank: int) -> Array:
    """Return balanced layers of this rank."""
    order = np.arange(net.widths[0])
    sizes = np.where(order < rank, s.start_scale * (1 + order) / len(order), 0.0)
    return balanced_layers(net, sizes, np.random.default_rng([seed, rank]))


def _start(instance: Instance) -> Array:
    assert isinstance(instance.region, dg.Ball)
    return np.array(instance.region.center)


def _net(instance: Instance) -> dg.LinearNetwork:
    assert isinstance(instance.loss, dg.LinearNetwork)
    return instance.loss


def _balanced_to(most: float) -> Hypothesis:
    def holds(instance: Instance) -> tuple[dg.Outcome, str]:
        gap = float(imbalance(_net(instance), _start(instance)))
        return yes_if(gap <= most), f"imbalance {gap:.3g}"

    return condition("balanced", f"layers are balanced up to {most:g} at the start", holds,
                     grade=dg.Grade.NUMERICAL, reason="double precision")  # fmt: skip


# At the bound


def _safe_claim(s: Settings) -> Claim:
    def is_below(instance: Instance) -> tuple[dg.Outcome, str]:
        bound = explicit_step_size(_net(instance), _start(instance), s.delta, s.sigma)
        step = float(instance.step_size)
        return yes_if(step <= bound * (1 + 1e-12)), f"step size {step:.4g}, bound {bound:.4g}"

    def observe(instance: Instance) -> Observation:
        net, step = _net(instance), float(instance.step_size)
        points, losses = losses_along(net, step, _start(instance), s.steps)
        falls = not rises(losses)
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
        F = dg.GradientDescent(net, times * explicit_step_size(net, start, s.delta, s.sigma))
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
            condition("below the bound", "η ≤ 2(1-σ)/B", is_below,
                      grade=dg.Grade.NUMERICAL, reason="double precision"),
            _balanced_to(s.delta),
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
    net, start, step = _net(instance), _start(instance), float(instance.step_size)
    # A step changes W_(i+1)ᵀW_(i+1) - W_iW_iᵀ by η² times a difference of squares of gradients.
    allowed = float(imbalance(net, start) + step**2 * (net.gradient_at(points) ** 2).sum())
    drift = float(imbalance(net, points).max())
    multiple = first_rise(net, step, start, s.steps, s.doublings)
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
        weight, delta = Fraction(s.exact_start), Fraction(str(s.delta))
        low, high = explicit_step_size_of_two_scalars(weight, delta)
        step = Fraction(str(instance.step_size))
        return yes_if(step > Fraction(high)), f"step size {step}, bound {low:.6g}"

    def is_balanced(instance: Instance) -> tuple[dg.Outcome, str]:
        first, second = _start(instance).tolist()
        return yes_if(first == second), f"weights {first}, {second}"

    def observe(instance: Instance) -> Observation:
        F, start = instance.F, _start(instance)
        proved = stays_below_one(F) and start[0] == start[1] and 0 < start[0] < 1
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
        net, n = _net(instance), s.two_layer_starts
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

    def case(depth: int, seed: int, region: object, why: str = "") -> Case:
        net = _network(depth, s.two_layers, seed)
        F = dg.GradientDescent(net, s.two_layer_step)
        law = region or dg.Gaussian([0.0] * net.dimension, float(Fraction(s.spread)))
        return Case(title=f"{depth} layers, data {seed}", F=F, region=law, why=why)  # type: ignore[arg-type]

    origin = dg.Ball([0.0] * 3 * s.two_layers**2, s.moved)
    conclusion = "every start reaches the minimal loss"
    return Claim(
        name="two_layers_reach_the_minimum",
        title="Two linear layers reach a global minimum from almost every start",
        statement=(
            "Gradient descent on two linear layers, with a step size small enough, converges to a "
            "global minimum from almost every start."
        ),
        sources=("nguegnang2024convergence",),
        provenance="stands in the abstract, which we read; step size and law of starts are ours",
        hypotheses=(
            condition("two layers", "the network has two layers",
                      lambda i: (yes_if(_net(i).depth == 2), i.loss.describe()),
                      grade=dg.Grade.PROVED, reason="by its shape"),
        ),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(2, seed, None) for seed in s.seeds),
        counterexamples=lambda: {
            "two layers": case(3, s.seeds[0], origin, "from beside the origin rank 0 is not left"),
        },
    )  # fmt: skip


def _rank_claim(s: Settings) -> Claim:
    def rank_of(net: dg.LinearNetwork, point: Array) -> int:
        sizes = np.linalg.svd(net.end_to_end(point), compute_uv=False)
        return int(np.sum(sizes > s.rank_noise))

    def observe(instance: Instance) -> Observation:
        net, start = _net(instance), _start(instance)
        rank, end = rank_of(net, start), instance.F.iterate(start, s.rank_steps)
        sizes = np.linalg.svd(net.cross_moment, compute_uv=False)  # the inputs are white
        best = float(net.minimal_loss + (sizes[rank:] ** 2).sum() / 2)
        off, kept = abs(float(net(end)) - best), rank_of(net, end)
        holds = kept == rank and off <= s.rank_value
        value = Number.near(f"limit of the loss less the best of rank {rank}", off, 0.0,
                            within=s.rank_value, origin=Origin.DERIVED)  # fmt: skip
        return observed(
            conclusion, yes_if(holds), grade=dg.Grade.NUMERICAL, reason=f"{s.rank_steps} steps",
            detail=f"rank {rank} becomes {kept}, the loss differs from the best by {off:.2g}",
            numbers=(value,) if holds else (),
        )  # fmt: skip

    def case(rank: int, seed: int, why: str = "") -> Case:
        net = _network(3, s.two_layers, seed)
        start = _balanced(net, s, seed, rank)
        if why:  # only the first layer keeps the low rank
            full = net.unflatten(_balanced(net, s, seed, s.two_layers))
            start = net.flatten([net.unflatten(start)[0], *full[1:]])
        title = f"rank {rank}, data {seed}"
        return Case(title=f"{title}, unbalanced" if why else title,
                    F=dg.GradientDescent(net, s.rank_step),
                    region=dg.Ball(start.tolist(), s.moved), why=why)  # fmt: skip

    conclusion = "the rank stays, and the limit is the best value of that rank"
    return Claim(
        name="balanced_layers_keep_their_rank",
        title="Balanced layers of low rank end at the best value of that rank",
        statement=(
            "Let three linear layers be exactly balanced, and their product have rank r. The rank "
            "stays r along gradient descent, which ends at the smallest loss among matrices of "
            "rank at most r, L_min + ½ Σ_(i>r) σ_i² for white inputs."
        ),
        sources=("nguegnang2024convergence",),
        provenance=(
            "that the limit is a global minimum on matrices of some fixed rank stands in the "
            "abstract, which we read; which rank it is from balanced starts is our observation"
        ),
        hypotheses=(_balanced_to(s.rank_noise),),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: tuple(case(rank, seed) for rank in s.ranks for seed in s.seeds),
        counterexamples=lambda: {
            "balanced": case(s.ranks[0], s.seeds[0], "the rank grows where layers are unbalanced"),
        },
    )  # fmt: skip


def _figure(verdicts: Sequence[Verdict]) -> Chart:
    found = [(n, v) for v in verdicts for n in v.numbers if n.name.startswith("multiple")]
    at_bound = {_net(v.instance).depth: v.instance for _, v in reversed(found)}
    courses = []
    for depth, instance in sorted(at_bound.items()):
        step, steps = float(instance.step_size), STUDY.settings.steps
        losses = losses_along(_net(instance), step, _start(instance), steps)[1]
        courses.append(Curve(label=f"depth {depth}", x=np.arange(len(losses)), y=losses))
    depths = [_net(v.instance).depth for _, v in found]
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
        "that the bound is sufficient, is not touched. Layers that begin balanced drift by more "
        "than the δ in the bound at depth 2; the theorem may ask more of step sizes than we recall."
    ),
)
