"""Beyond a critical step size gradient descent converges from a null set [craciun2024convergence]_.

The claims are those of ``dynsys_gd.claims.main_paper``; here they meet numbers and constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy as sp

import dynsys_gd as dg
from dynsys_gd import claims
from dynsys_gd.claims import Case, Claim, Curve, Instance, Number, Origin, observed
from dynsys_gd.claims.checks import ANALYTIC, GRADIENT_DESCENT
from dynsys_gd.claims.main_paper import controls
from dynsys_gd.claims.main_paper.balanced import balanced_spectra, diagonal_network
from dynsys_gd.claims.main_paper.open_scan import OpenScan, scan_open_step
from dynsys_gd.claims.main_paper.summarised import (
    every_eigenvalue_as_summarised,
    stable_minima_as_summarised,
)
from dynsys_gd.claims.networks import spread_minima

_STATISTICAL = dg.Grade.STATISTICAL
_eta = sp.Symbol("eta")
_derived = partial(Number.near, origin=Origin.DERIVED)
_computed = partial(Number.near, origin=Origin.COMPUTED, grade=_STATISTICAL)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every constant of the study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    width: float = 3.0  # half the side of the square on which determinants are looked at
    determinant_step: str = "1/2"
    draws: int = 4_000_000
    small: tuple[float, ...] = (1e-1, 3e-2, 1e-2)
    density_within: float = 0.0125
    within_after: int = 1_000_000  # draws; after fewer it is wider, as 1/√draws
    shapes: tuple[tuple[int, ...], ...] = ((3, 3, 2), (3, 4, 2), (4, 3, 3, 2), (3, 3, 3, 3, 3))
    minima: int = 20
    rank_tolerance: float = 1e-8
    singular_values: tuple[float, ...] = (3.0, 1.0, 0.2)
    layers: tuple[int, ...] = (2, 3, 4)
    spectrum_within: float = 1e-10
    far: tuple[float, ...] = (1.0, 10.0, 100.0)
    near: float = 1e-3
    fitted: float = 1e-20
    exactly: float = 1e-6
    network: tuple[int, ...] = (3, 2, 2)
    data: int = 20
    noise: float = 0.3
    under: float = 0.99
    over: float = 1.01
    radius: float = 0.01
    probes: int = 200
    observed: int = 500
    observed_steps: int = 16_384
    gap: float = 1e-10
    depths: tuple[int, ...] = (2, 3, 4)
    targets: tuple[int, ...] = (1, 2, 3)
    shares: tuple[float, ...] = (0.5, 0.8, 0.95, 0.99, 1.01, 1.05, 1.2)
    starts: int = 4000
    steps: int = 4096
    half_side: float = 2.0
    table: float = 0.03
    momentum: str = "1/2"
    tanh: tuple[int, ...] = (5, 20, 1)
    samples: int = 20
    tanh_shares: tuple[float, ...] = (0.1, 0.2, 0.325, 0.45, 0.65, 0.85, 1.05)
    tanh_starts: int = 8


def _with_numbers(
    claim: Claim,
    numbers: Callable[[Instance], tuple[Number, ...]],
    s: Settings,
    **changes: Callable[[], tuple[Case, ...]],
) -> Claim:
    """Return a claim of the package that tells numbers where it is seen."""

    def observe(instance: Instance) -> claims.Observation:
        few = instance.with_starts(s.observed, dg.Budget(steps=s.observed_steps))
        return replace(claim.observe(few), numbers=numbers(instance))

    return replace(claim, observe=observe, **changes)  # type: ignore[arg-type]


def _plain(claim: Claim, s: Settings) -> Claim:
    return _with_numbers(claim, lambda instance: (), s)


def _singularity_claim(s: Settings) -> Claim:
    def numbers(instance: Instance) -> tuple[Number, ...]:
        F = instance.F
        box = instance.region
        if (
            not isinstance(box, dg.Box)
            or F.dimension != 2
            or F.parameters
            or F.determinant.free_symbols != set(F.variables)
        ):
            return ()
        determinant = dg.Loss(F.determinant, F.variables)
        counts = np.zeros(len(s.small))
        for seed in s.seeds:
            points = instance.region.sample(s.draws, rng=instance.rng(f"determinant {seed}"))
            sizes = np.abs(determinant(points))
            counts += [np.count_nonzero(sizes < small) for small in s.small]
        shares = counts / (s.draws * len(s.seeds) * np.array(s.small))
        corner = max(map(abs, (*box.low, *box.high)))
        within = s.density_within * np.sqrt(max(1, s.within_after / s.draws))
        density = _DENSITIES.get((instance.loss.describe(), str(instance.step_size), float(corner)))
        return tuple(
            _computed(f"P(|det| < {small:g}) / {small:g}", share, density, within=within)
            for small, share in zip(s.small, shares, strict=True)
        )

    def examples() -> tuple[Case, ...]:
        F = dg.GradientDescent(controls.product_loss(), s.determinant_step)
        square = dg.Box([-s.width] * 2, [s.width] * 2)
        first = Case(title=f"(xy - 1)²/2, η = {s.determinant_step}", F=F, region=square)
        return (first, *claims.non_singular_map.examples()[1:])

    return _with_numbers(claims.non_singular_map, numbers, s, examples=examples)


def _manifold_claim(s: Settings) -> Claim:
    def numbers(instance: Instance) -> tuple[Number, ...]:
        net = instance.loss
        flattest = instance.threshold.attained_at
        if not isinstance(net, dg.LinearNetwork) or net.widths not in s.shapes or flattest is None:
            return ()
        rng = instance.rng("minima")
        points = spread_minima(net, flattest[0], n=s.minima, rng=rng)
        sizes = np.abs(np.linalg.eigvalsh(net.hessian_at(points)))
        ranks = np.sum(sizes > s.rank_tolerance * sizes.max(axis=1, keepdims=True), axis=1)
        expected = net.widths[0] * net.widths[-1]
        shape = "-".join(map(str, net.widths))
        return tuple(
            _derived(f"{word} rank of the Hessian, {shape}", rank, expected, within=0)
            for word, rank in (("least", ranks.min()), ("largest", ranks.max()))
        )

    def examples() -> tuple[Case, ...]:
        losses = [controls.identity_network(*widths) for widths in s.shapes]
        nets = [Case(title=net.describe(), F=dg.GradientDescent(net, "1/2")) for net in losses]
        return (*claims.minima_form_a_manifold.examples(), *nets)

    return _with_numbers(claims.minima_form_a_manifold, numbers, s, examples=examples)


def _spectrum_claim(s: Settings) -> Claim:
    def numbers(instance: Instance) -> tuple[Number, ...]:
        net = instance.loss
        if not isinstance(net, dg.LinearNetwork) or net != diagonal_network(sigma, net.depth):
            return ()
        seen, formula = balanced_spectra(sigma, net.depth)
        error = float(np.abs(seen / formula - 1).max())
        name = f"largest error of the balanced spectrum, {net.depth} layers"
        return (_derived(name, error, 0.0, within=s.spectrum_within),)

    def case(depth: int) -> Case:
        net = diagonal_network(sigma, depth)
        return Case(title=f"{depth} square layers", F=dg.GradientDescent(net, "1/10"))

    sigma, claim = s.singular_values, claims.spectrum_along_the_minima
    return _with_numbers(
        claim, numbers, s, examples=lambda: (*claim.examples(), *map(case, s.layers))
    )


def _summarised_claims(s: Settings) -> tuple[Claim, Claim]:
    def eigenvalues(instance: Instance) -> tuple[Number, ...]:
        """Compare the spectrum at W_1 = (1/a, 0), W_2 = a with a² and a² + 1/a²."""
        net = instance.loss
        if not isinstance(net, dg.LinearNetwork) or net.widths != (2, 1, 1):
            return ()
        near, numbers = partial(_derived, within=s.exactly), []
        for a in (1 / far for far in s.far):
            found = np.linalg.eigvalsh(net.hessian_at([[1 / a, 0.0, a]])[0])[1:]
            for value, expected in zip(found, (a**2, a**2 + a**-2), strict=True):
                numbers.append(near(f"eigenvalue over {expected:.5g}", value / expected, 1.0))
        return tuple(numbers)

    def unbounded(instance: Instance) -> tuple[Number, ...]:
        """Look at the minima W_1 = (1, 0), W_2 = diag(1, T), W_3 = (1, 0) as T grows."""
        net, numbers = instance.loss, []
        settled = 1.0 if s.steps >= Settings.steps else None  # fewer steps tell less
        if not isinstance(net, dg.LinearNetwork) or net.widths != (1, 2, 2, 1):
            return ()
        for T in s.far:
            point = [1.0, 0.0, 1.0, 0.0, 0.0, T, 1.0, 0.0]
            starts = dg.Ball(point, s.near / T).sample(s.probes, rng=instance.rng(f"far {T}"))
            share = float(np.mean(net(instance.F.iterate(starts, s.steps)) < s.fitted))
            numbers += [
                _derived(f"λmax at T = {T:g}", net.sharpness_at([point])[0], 3, within=s.exactly),
                _derived(f"share converging from near T = {T:g}", share, settled, within=0),
            ]
        return tuple(numbers)

    return (
        _with_numbers(every_eigenvalue_as_summarised, eigenvalues, s),
        _with_numbers(stable_minima_as_summarised, unbounded, s),
    )


def _impossibility_claim(s: Settings) -> Claim:
    def numbers(instance: Instance) -> tuple[Number, ...]:
        net, threshold = instance.loss, instance.threshold
        if not isinstance(net, dg.LinearNetwork) or threshold.attained_at is None:
            return ()
        flattest = np.asarray(threshold.attained_at)[0]
        region = dg.Ball(flattest, s.radius * float(np.linalg.norm(flattest)))
        starts = region.sample(s.probes, rng=instance.rng("probes"))
        maps = [dg.GradientDescent(net, q * threshold.value) for q in (s.under, s.over)]
        fates = [dg.simulate(G, starts, budget=dg.Budget(steps=s.observed_steps)) for G in maps]
        shares = [each.count(dg.Fate.CONVERGED) / s.probes for each in fates]
        gap = (threshold.upper - threshold.lower) / threshold.value
        below = Number.seen(f"converge at {s.under} η_c", shares[0])
        if fates[0].count(dg.Fate.UNDECIDED) < s.probes / 2:
            below = replace(below, low=0.5, origin=Origin.DERIVED)
        return (
            Number.between("both formulas differ by", gap, high=s.gap, origin=Origin.DERIVED),
            below,
            _derived(f"converge at {s.over} η_c", shares[1], 0.0, within=0),
        )

    def case(seed: int) -> Case:
        net = controls.noisy_network(s.network, samples=s.data, noise=s.noise, seed=seed)
        step = s.over * dg.critical_step_size(net).value
        return Case(title=f"random data, seed {seed}", F=dg.GradientDescent(net, step))

    known = claims.linear_network_impossibility
    return _with_numbers(
        known, numbers, s, examples=lambda: (*known.examples(), *map(case, s.seeds))
    )


def _transition_claim(s: Settings) -> Claim:
    def observe(instance: Instance) -> claims.Observation:
        network = isinstance(instance.loss, dg.MLP)
        shares, n = (s.tanh_shares, s.tanh_starts) if network else (s.shares, s.starts)
        scan = scan_open_step(instance, shares, n=n, steps=s.steps)
        if scan is None:
            return claims.sharp_transition.observe(instance)
        plain = isinstance(instance.F, dg.GradientDescent)
        smooth = instance.loss.analytic is dg.Outcome.YES
        label = instance.loss.describe().split(" with")[0] + ", momentum" * (not plain)
        curve = partial(Curve, label=label, x=scan.shares, mark=claims.Mark.BOTH)
        seen, norms = curve(y=scan.converged), curve(y=scan.norms)
        return observed(
            claims.sharp_transition.conclusion,
            scan.vanishes,
            grade=_STATISTICAL,
            reason=f"{n} random starts",
            detail=scan.told,
            numbers=_of_scan(instance, scan, s) if plain and smooth else (),
            results=(_chart(_panel(_SHARE, seen), _panel(_NORM, norms)),),
        )

    def case(title: str, F: dg.Map, why: str = "") -> Case:
        d = F.project(np.zeros((1, F.dimension))).shape[1]
        box = None if isinstance(F.loss, dg.MLP) else dg.Box([-s.half_side] * d, [s.half_side] * d)
        return Case(title=title, F=F, region=box, why=why)

    def network(seed: int, activation: dg.Activation = dg.Activation.TANH) -> dg.GradientDescent:
        rng = np.random.default_rng(seed)
        X, Y = rng.standard_normal((s.samples, s.tanh[0])), rng.standard_normal((s.samples, 1))
        return dg.GradientDescent(dg.MLP(s.tanh, activation, X, Y), _eta)

    x, stays = sp.Symbol("x"), "with momentum minima stay stable beyond 2/λ"
    wells = dg.Loss(x**4 / 4 - x**2 / 2, [x])
    momentum = dg.HeavyBall(controls.product_loss(), _eta, s.momentum)
    return replace(
        claims.sharp_transition,
        observe=observe,
        examples=lambda: (
            *(
                case(f"product of {N} factors, target {y}", dg.GradientDescent(loss, _eta))
                for N in s.depths
                for y in s.targets
                for loss in [controls.product_loss(N, y)]
            ),
            case("double well x⁴/4 - x²/2", dg.GradientDescent(wells, _eta)),
            *(case(f"tanh network, seed {seed}", network(seed)) for seed in s.seeds),
        ),
        counterexamples=lambda: {
            **claims.sharp_transition.counterexamples(),
            GRADIENT_DESCENT.name: case("heavy ball on (xy - 1)²/2", momentum, stays),
            ANALYTIC.name: case("ReLU network", network(0, dg.Activation.RELU)),
        },
    )


def _of_scan(instance: Instance, scan: OpenScan, s: Settings) -> tuple[Number, ...]:
    found = dict(zip(scan.shares, scan.converged, strict=True))
    table = _SHARES.get((instance.loss.describe(), s.half_side), {})
    numbers = []
    for q, share in found.items():
        name = f"share converging at {q:g} η_c"
        if q > 1:
            numbers.append(_derived(name, share, 0.0, within=0, grade=_STATISTICAL))
        elif s.steps < Settings.steps:  # fewer steps tell less
            numbers.append(Number.seen(name, share, grade=_STATISTICAL))
        elif f"{q:g}" in table:
            numbers.append(_computed(name, share, table[f"{q:g}"], within=s.table))
        elif q < 1 and not isinstance(instance.loss, dg.MLP):
            numbers.append(Number.between(name, share, low=1 / s.starts, origin=Origin.DERIVED))
    if isinstance(instance.loss, dg.MLP):
        some = (q * scan.critical for q, share in found.items() if share > 0)
        end = Number.seen("largest step size at which some starts converge", max(some, default=0))
        low, high = _BRANCH_ENDS.get((s.tanh, s.samples), (np.nan, np.nan))
        if s.steps >= Settings.steps and any(np.isclose(q * scan.critical, low) for q in found):
            end = replace(end, low=low, high=high, origin=Origin.COMPUTED)
        numbers.append(end)
    return tuple(numbers)


_SHARE, _NORM = "share that converges", "median gradient norm"
_BRANCH_ENDS: dict[tuple[object, ...], tuple[float, float]] = {
    ((5, 20, 1), 20): (0.65, 1.3)
}  # by widths and number of samples
_DENSITIES = {("(x*y - 1)**2/2", "1/2", 3.0): 0.25}  # by loss, step size and half a side
# By loss and half the side of the box of starts, then by η / η_c.
_SHARES = {
    ("(x*y - 1)**2/2", 2.0): {"0.5": 0.980, "0.8": 0.822, "0.95": 0.733, "0.99": 0.688},
    ("x**4/4 - x**2/2", 2.0): {"0.99": 0.870},
}


def _panel(y_label: str, *curves: Curve) -> claims.Panel:
    lines, log = (claims.Level(label="η_c", value=1.0, vertical=True),), y_label == _NORM
    return claims.Panel(x_label="η / η_c", y_label=y_label, curves=curves, levels=lines, log_y=log)


def _chart(*panels: claims.Panel) -> claims.Chart:
    evidence = dg.Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    title = "What converges vanishes at the critical step size"
    return claims.Chart(title=title, panels=panels, evidence=evidence)


def _figure(verdicts: Sequence[claims.Verdict]) -> claims.Chart:
    charts = [r for v in verdicts for r in v.observation.results if isinstance(r, claims.Chart)]
    shown = [charts[0], *charts[-6:-4], charts[-2]]  # product, wells, tanh, momentum
    panels = zip(*(chart.panels for chart in shown), strict=True)
    return _chart(*(_panel(p[0].y_label, *(each.curves[0] for each in p)) for p in panels))


STUDY = claims.Study(
    name="large_learning_rates",
    title="Beyond a critical step size gradient descent converges from a null set only",
    paper="craciun2024convergence",
    summary=(
        "Crăciun and Ghoshdastidar show for linear networks that gradient descent is non-singular, "
        "that the global minima form a manifold, how the Hessian spectrum behaves along it, and "
        "that beyond a critical step size almost no start converges, also on analytic losses."
    ),
    settings=Settings(),
    quick={
        "draws": 1_000_000,
        "small": (1e-1,),
        "observed": 40,
        "observed_steps": 2048,
        "depths": (2, 3),
        "targets": (1,),
        "starts": 1000,
        "table": 0.05,
        "probes": 24,
        "data": 4,
        "network": (2, 2, 1),
        "tanh_shares": (0.1, 0.325, 0.85, 1.05),
        "tanh_starts": 4,
    },
    claims=lambda s: (
        _singularity_claim(s),
        _manifold_claim(s),
        _spectrum_claim(s),
        _plain(claims.every_eigenvalue_proper, s),
        *_summarised_claims(s),
        _plain(claims.no_stable_minimum, s),
        _impossibility_claim(s),
        _plain(claims.general_loss_impossibility, s),
        _transition_claim(s),
    ),
    figure=_figure,
    part=claims.Part.MAIN,
    discussion=(
        "Abstracts of all versions and public summaries of the paper could be read, its theorems "
        "with their hypotheses not; all experiments here are our own. Two summaries hold with a "
        "condition on the widths only, and are shown on networks that do not meet it. At the "
        "critical step size itself an open set converges, so that the inequality must be strict."
    ),
)
