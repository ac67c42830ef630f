"""Singular step sizes, and minima under random batches [craciun2025nonsingularity]_."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy as sp

import dynsys_gd as dg
from dynsys_gd import claims
from dynsys_gd.claims import (
    Case,
    Chart,
    Claim,
    Curve,
    Instance,
    Number,
    Observation,
    Origin,
    observed,
    yes_if,
)
from dynsys_gd.claims.checks import GRADIENT_DESCENT
from dynsys_gd.claims.support import nested_relu as net
from dynsys_gd.claims.support.pieces import NOT_EXCEPTIONAL

_theta, _other = net.VARIABLES
_STATISTICAL = dg.Grade.STATISTICAL
_of_table = partial(Number.near, origin=Origin.COMPUTED, grade=_STATISTICAL)
_Either = dg.RandomMinibatch | dg.GradientDescent
_of_paper = partial(
    Claim,
    sources=("craciun2025nonsingularity",),
    provenance=(
        "after the statements, losses and data of the paper's text; its formulas for the exponents "
        "could not be read and are derived here; the wording is ours"
    ),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    collapsing: str = "1/2"
    regular: str = "1/4"
    far: tuple[float, float] = (2.01, 5.0)
    curvatures: tuple[str, str] = ("1", "1/3")
    isomorphic: str = "2"
    points: int = 2000
    rounding: float = 1e-12
    data: tuple[str, str] = ("9/10", "5/2")
    moved: str = "2"  # a target of the second datum that leaves no common minimum
    gentle: tuple[str, str] = ("3/20", "1/2")  # step size, and probability of the first datum
    noisy: tuple[str, str] = ("3/10", "29/50")
    calm_place: float = 2.05  # of minima, by s = θ1² + θ2²
    noisy_place: float = 4.1
    hardly: float = 2.56  # there the exponent is hardly negative
    between: float = 5.0
    beyond: float = 7.0
    radius: float = 1e-6
    runs: int = 200
    steps: int = 1000
    arrived: float = 1e-20  # a loss
    away: float = 1e-6  # a loss that is not reached near the minimum
    most: float = 0.5
    share_within: float = 0.05
    table_from: int = 400  # steps after which shares are those of the table
    exponent_runs: int = 8000
    exponent_steps: int = 16
    exponent_within: float = 0.04
    last: float = 8.0  # s up to which ends of stable sets are looked for
    table: float = 1e-4
    start: float = 1.48  # θ1; θ2 is 1/θ1 and a tenth more
    even: str = "1/2"
    settles: str = "1/4"
    cycles: str = "13/40"
    shown: int = 60


def _exceptional_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        points = instance.region.sample(s.points, rng=instance.rng("points"))
        sizes = np.linalg.svd(instance.F.jacobian_at(points), compute_uv=False)[:, -1]
        share = float(np.mean(sizes < s.rounding))
        near = partial(Number.near, within=s.rounding, origin=Origin.DERIVED)
        on_line = instance.F.dimension == 1  # there F(θ) = (1 - 2η)θ beyond ±2
        images = instance.F([[x] for x in s.far])[:, 0] if on_line else ()
        return observed(
            conclusion,
            yes_if(share == 0),
            grade=_STATISTICAL,
            reason=f"Jacobians at {s.points} random points",
            detail=f"{100 * share:.3g} % of them are singular",
            numbers=tuple(
                near(f"image of {x:g}", image, (1 - 2 * float(instance.step_size)) * x)
                for x, image in zip(s.far, images, strict=False)
            ),
        )

    def on(loss: sp.Expr, step: sp.Expr | str, why: str = "") -> Case:
        variables = sorted(loss.free_symbols, key=str)
        box = dg.Box([-s.far[1]] * len(variables), [s.far[1]] * len(variables))
        F = dg.GradientDescent(dg.Loss(loss, variables), step)
        title = "a quadratic" if loss is quadratic else "θ⁴/2 - 3θ² + 8 up to ±2, then θ²"
        return Case(title=f"{title}, η = {step}", F=F, region=box, why=why)

    pairs = zip(s.curvatures, net.VARIABLES, strict=True)
    quadratic = sum(sp.Rational(c) * x**2 / 2 for c, x in pairs)
    inner = _theta**4 / 2 - 3 * _theta**2 + 8
    bent = sp.Piecewise((inner, sp.Abs(_theta) <= 2), (_theta**2, True))
    forgetful = dg.SymbolicMap([_theta, 0 * _other], net.VARIABLES)
    conclusion = "no set of positive measure is sent into a null set"
    line = "the plane is sent into a line"
    network = dg.GradientDescent(_random(s, s.gentle).loss, s.regular)
    return _of_paper(
        name="singular_step_sizes_are_exceptional",
        title="On a piecewise analytic loss gradient descent is non-singular for almost all η",
        statement=(
            "Let the loss be analytic on finitely many pieces that fill the space up to a null "
            "set. Gradient descent is non-singular unless 1/η is a Hessian eigenvalue that is "
            "constant on a piece, and such step sizes are countable."
        ),
        hypotheses=(GRADIENT_DESCENT, NOT_EXCEPTIONAL),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            on(bent, s.regular),
            on(quadratic, s.isomorphic),
            Case(title=f"a ReLU network, η = {s.regular}", F=network),
        ),
        counterexamples=lambda: {
            GRADIENT_DESCENT.name: Case(title="a map that forgets", F=forgetful, why=line),
            NOT_EXCEPTIONAL.name: on(bent, s.collapsing, "all |θ| > 2 are sent to the point 0"),
        },
        controls=lambda: tuple(on(quadratic, 1 / sp.Rational(c), line) for c in s.curvatures),
    )


def _random(s: Settings, setting: tuple[str, str], target: str = "") -> dg.RandomMinibatch:
    step, chance = setting
    data = [(s.data[0], s.data[0]), (s.data[1], target or s.data[1])]
    return net.random_data(data, step, (chance, 1 - sp.Rational(chance)))


def _near(s: Settings, F: _Either, place: float, why: str = "") -> Case:
    kind = "random data" if isinstance(F, dg.RandomMinibatch) else "all data"
    title = f"{kind}, η = {F.step_size}, near s = {place:g}"
    return Case(title=title, F=F, region=dg.Ball(net.minimum_at(place), s.radius), why=why)


def _exponent_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, shares, left = instance.F, [], []
        for seed in s.seeds:
            points = instance.region.sample(s.runs, rng=instance.rng(f"starts {seed}"))
            if isinstance(F, dg.RandomMinibatch):
                points = F.states(points, rng=instance.rng(f"noise {seed}"))
            losses = instance.loss(F.project(F.iterate(points, s.steps)))
            shares.append(float(np.mean(losses < s.arrived)))
            left.append(float(np.mean(~(losses < s.away))))
        common = net.COMMON_MINIMUM.check(instance).outcome is dg.Outcome.YES
        outcome = yes_if(min(shares) >= s.most)
        if min(shares) < s.most <= 1 - max(left):
            outcome = dg.Outcome.UNDECIDED  # many are on their way
        return observed(
            conclusion,
            outcome,
            grade=_STATISTICAL,
            reason=f"{s.runs} runs for each of {len(s.seeds)} seeds",
            detail=f"{100 * min(shares):.3g} to {100 * max(shares):.3g} % of the runs converge",
            numbers=_of_minimum(instance, shares, s) if common else (),
            results=(_exponents_chart(F, full, s),) if F is random else (),
        )

    random = _random(s, s.noisy)
    full, mixed = dg.GradientDescent(random.loss, s.noisy[0]), _random(s, s.noisy, s.moved)
    conclusion = "most runs that start near the minimum converge"
    return _of_paper(
        name="exponent_decides",
        title="The Lyapunov exponent of a minimum decides, for gradient descent and for SGD",
        statement=(
            "For the network ReLU(θ2 ReLU(θ1 x)) on data x = y let a minimum θ1θ2 = 1 have s = θ1² "
            "+ θ2². From near it gradient descent converges if μ = log|1 - ηms| < 0, m = E x², and "
            "SGD if λ = E log|1 - ηx²s| < 0, even where E|1 - ηx²s|² > 1, with a probability that "
            "tends to one as starts come nearer, the slower the closer λ is to 0."
        ),
        hypotheses=(net.COMMON_MINIMUM, net.ATTRACTING, net.CLEARLY_ATTRACTING),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (
            _near(s, random, s.noisy_place),
            _near(s, full, s.calm_place),
            _near(s, _random(s, s.gentle), s.calm_place),
        ),
        counterexamples=lambda: {
            net.COMMON_MINIMUM.name: _near(s, mixed, s.noisy_place, "no point is at rest"),
            net.ATTRACTING.name: _near(s, random, s.calm_place, "SGD does not find it"),
            net.CLEARLY_ATTRACTING.name: _near(s, random, s.hardly, "most runs get away at first"),
        },
        controls=lambda: (_near(s, full, s.noisy_place, "SGD finds it, gradient descent not"),),
    )


def _of_minimum(instance: Instance, shares: list[float], s: Settings) -> tuple[Number, ...]:
    """Return the share that converges, and the exponent measured beside its formula."""
    F, place = instance.F, float(net.square_of_minimum(instance))
    rates, rng = net.rates_of(F), instance.rng("exponent")
    expected = float(net.exponent(rates, place))
    found = net.measured_exponent(F, place, runs=s.exponent_runs, steps=s.exponent_steps, rng=rng)
    table = _RUNS.get((*net.words_of(rates), f"{place:g}")) if s.steps >= s.table_from else None
    share = _of_table("share that converges", float(np.mean(shares)), table, within=s.share_within)
    square = sum(float(p) * (1 - float(rate) * place) ** 2 for p, rate in rates)
    return (
        share,
        Number.near("exponent", found, expected, within=s.exponent_within, origin=Origin.DERIVED),
        Number.seen("mean square of a factor", square),
        *(_ends(F, s) if isinstance(F, dg.RandomMinibatch) and expected < 0 else ()),
    )


def _beside(name: str, found: float, printed: str, s: Settings) -> Number:
    """Return a number beside one of a table, which is known to half a unit of its last digit."""
    within = max(s.table, 10.0 ** -len(printed.partition(".")[2]) / 2)
    known = float(printed) if printed else None
    return Number.near(name, found, known, within=within, origin=Origin.COMPUTED)


def _ends(F: dg.RandomMinibatch, s: Settings) -> tuple[Number, ...]:
    """Return where minima change their stability under SGD, and under gradient descent."""
    table = dict(enumerate(_ENDS.get(net.words_of(net.rates_of(F)), ())))
    ((_, rate),) = full = net.rates_of(dg.GradientDescent(F.loss, F.step_size))
    ends = net.ends_of(net.rates_of(F), s.last)
    found, known = next(iter(net.ends_of(full, s.last)), np.nan), float(2 / rate)
    near = partial(Number.near, within=s.table, origin=Origin.DERIVED)
    return (
        near("end of what GD finds", found, known if 2 < known < s.last else None),
        *(
            _beside(f"end {k + 1} of what SGD finds", end, table.get(k, ""), s)
            for k, end in enumerate(ends)
        ),
    )


# By probability and ηx² of both data, and place; by step size and probability.
_NOISY = ("29/50", "243/1000", "21/50", "15/8")
_RUNS: dict[tuple[str, ...], float] = {(*_NOISY, "4.1"): 0.995, (*_NOISY, "2.05"): 0.06}
_GENTLE = ("1/2", "243/2000", "1/2", "15/16")
_ENDS: dict[tuple[str, ...], tuple[str, ...]] = {
    _GENTLE: ("2.6358", "6.661"),
    _NOISY: ("2.5373", "4.9985"),
}


def _subset_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, size = instance.F, net.square_of_minimum(instance)
        assert isinstance(F, dg.RandomMinibatch)
        full = dg.GradientDescent(F.loss, F.step_size)
        stable = net.is_attracting(net.rates_of(full), size)
        common = net.COMMON_MINIMUM.check(instance).outcome is dg.Outcome.YES
        found = float(net.exponent(net.rates_of(full), float(size)))
        return observed(
            conclusion,
            yes_if(stable and common),
            grade=dg.Grade.PROVED,
            reason="|1 - ηms| against 1 in rational numbers",
            detail=f"μ = {found:.4g} at s = {float(size):.6g}",
            numbers=_ends(F, s) if common else (),
            results=(_exponents_chart(F, full, s),),
        )

    random, mixed = _random(s, s.gentle), _random(s, s.gentle, s.moved)
    conclusion = "the minimum is stable under gradient descent on all data too"
    return _of_paper(
        name="stable_under_sgd_is_stable_under_gd",
        title="What SGD finds at the gentle setting, gradient descent finds as well",
        statement=(
            f"At step size {s.gentle[0]} and probability {s.gentle[1]} every minimum that is "
            "stable under SGD is stable under gradient descent on all data."
        ),
        hypotheses=(net.COMMON_MINIMUM, net.ATTRACTING),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (_near(s, random, s.beyond),),
        counterexamples=lambda: {
            net.COMMON_MINIMUM.name: _near(s, mixed, s.beyond, "no point is at rest"),
            net.ATTRACTING.name: _near(s, random, s.between, "neither of the two finds it"),
        },
        disputed=(
            "The inclusion, read off a figure of the paper, holds for the minima that the figure "
            "shows. Farther out the exponent of SGD is negative again, while gradient descent is "
            "unstable at every s above 2/(ηm)."
        ),
    )


def _cycle_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> Observation:
        F, label = instance.F, f"η = {instance.step_size}"
        assert isinstance(F, dg.GradientDescent)
        fates = dg.simulate(F, [start := [s.start, 1 / s.start + 0.1]])
        end, period = fates.limit[0], int(fates.period[0])
        table = _LIMITS.get(str(net.rates_of(F)[0][1]) if s.start == Settings.start else "", ())
        pairs = zip(sorted(end if period == 1 else [end[0], F(end)[0]]), table, strict=False)
        near = partial(Number.near, within=s.table, origin=Origin.DERIVED)
        orbit = F.trajectory(start, s.shown).points[:, 0]
        curve = Curve(label=label, x=np.arange(len(orbit)), y=orbit, mark=claims.Mark.BOTH)
        return observed(
            conclusion,
            yes_if(period == 2) if fates.fate[0] != dg.Fate.UNDECIDED else dg.Outcome.UNDECIDED,
            grade=dg.Grade.NUMERICAL,
            reason="simulation with audited limits",
            detail=f"period {period}, near {end.round(6).tolist()}",
            numbers=(
                *(_beside(f"in the end, {label}", *pair, s) for pair in pairs),
                *(near(f"doubling {k + 1}", *pair) for k, pair in enumerate(net.doublings_of(F))),
            ),
            results=(_chart(claims.Panel(x_label="steps", y_label="θ1", curves=(curve,))),),
        )

    loss = _random(s, (s.cycles, s.even)).loss
    conclusion = f"the orbit that starts at θ1 = {s.start:g} ends on a cycle of period two"

    def at(step: str, why: str = "") -> Case:
        return Case(title=f"all data, η = {step}", F=dg.GradientDescent(loss, step), why=why)

    return _of_paper(
        name="beyond_the_first_doubling",
        title="Beyond the stable range gradient descent ends on a cycle of period two",
        statement=(
            "For the network ReLU(θ2 ReLU(θ1 x)) with second moment m of the data no minimum is "
            "stable beyond ηm = 1; up to ηm = √5 - 1 a cycle of period two on θ1 = θ2 is, and the "
            "orbit shown in the paper ends there."
        ),
        hypotheses=(net.BETWEEN_DOUBLINGS,),
        conclusion=conclusion,
        observe=observe,
        examples=lambda: (at(s.cycles),),
        counterexamples=lambda: {net.BETWEEN_DOUBLINGS.name: at(s.settles, "it ends in a minimum")},
    )


# By ηm, for the usual start: the coordinates of the minimum, or those of the cycle.
_LIMITS = {"353/400": ("0.826358", "1.21013"), "4589/4000": ("0.771521", "1.129781")}


def _exponents_chart(F: dg.RandomMinibatch, full: dg.Map, s: Settings) -> Chart:
    grid = np.linspace(2, s.last, s.points)
    names = ((full, "μ, gradient descent"), (F, "λ, SGD"))
    curves = [Curve(label=n, x=grid, y=net.exponent(net.rates_of(G), grid)) for G, n in names]
    panel = claims.Panel(
        title=f"η = {F.step_size}, p = {F.probabilities[0]}: stable below 0",
        x_label="s = θ1² + θ2² of the minimum",
        y_label="exponent",
        curves=tuple(curves),
        levels=(claims.Level(label="", value=0.0),),
        y_range=(-2.0, 2.0),
    )
    return _chart(panel)


def _chart(*panels: claims.Panel) -> Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return Chart(title="Minima under all data and random data", panels=panels, evidence=evidence)


def _figure(verdicts: Sequence[claims.Verdict]) -> Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, Chart)]
    curves = tuple(charts[k].panels[0].curves[0] for k in (-1, -2))
    orbits = claims.Panel(title="All data", x_label="steps", y_label="θ1", curves=curves)
    return _chart(charts[0].panels[0], charts[-3].panels[0], orbits)


STUDY = claims.Study(
    name="piecewise_analytic",
    title="Singular step sizes, and stability under random batches",
    paper="craciun2025nonsingularity",
    summary=(
        "Crăciun and Ghoshdastidar prove that gradient descent on networks with piecewise analytic "
        "activations is non-singular for almost all step sizes, so that exponents decide which "
        "minima gradient descent and SGD can find. Here: the exceptional step sizes of small "
        "losses, and their ReLU example with two data, exponents beside simulations."
    ),
    settings=Settings(),
    quick={"points": 500, "steps": 400, "exponent_runs": 4000, "exponent_within": 0.06},
    claims=lambda s: (_exceptional_claim(s), _exponent_claim(s), _subset_claim(s), _cycle_claim(s)),
    figure=_figure,
    part=claims.Part.MAIN,
    discussion=(
        "The orbits and stable sets of the paper's figures come out with the loss 3.53/2 (1 - "
        "θ1θ2)²; captions print it without the ½, and once with 3.51. SGD is called stable within "
        "gradient descent at step size 0.15, which holds on the window of the figure only. A few "
        "runs near an unstable minimum come so near to one that rounding lets them stay."
    ),
)
