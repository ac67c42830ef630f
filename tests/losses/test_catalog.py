"""Every fact of the catalogue, verified: exactly where it is algebra, else by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from scipy import optimize

from dynsys_gd import Box, GradientDescent, InvalidInput
from dynsys_gd.engine.operations import sigmoid
from dynsys_gd.losses import catalog
from dynsys_gd.losses.catalog import CatalogEntry, CatalogKind, Fact
from dynsys_gd.results import bibliography


def with_facts(kind: type[Fact]) -> list:
    """Return one test case for each fact of one type."""
    return [
        pytest.param(entry, fact, id=f"{entry.name}-{place}")
        for entry in catalog.entries()
        for place, fact in enumerate(entry.facts_of(kind))
    ]


def is_zero(expression: sp.Expr) -> bool:
    """Return whether an exact expression vanishes, also in roots of integer polynomials."""
    expression = expression.replace(sigmoid, lambda u: 1 / (1 + sp.exp(-u)))
    roots = sorted(expression.atoms(sp.CRootOf), key=sp.default_sort_key)
    if not roots:
        return sp.simplify(expression) == 0
    places = [sp.Dummy() for _ in roots]
    numerator = sp.numer(sp.together(expression.xreplace(dict(zip(roots, places, strict=True)))))
    for root, place in zip(roots, places, strict=True):
        numerator = sp.rem(sp.expand(numerator), root.poly.as_expr(place), place)
    return sp.expand(numerator) == 0


def floats(point: tuple[sp.Expr, ...]) -> np.ndarray:
    return np.array([float(coordinate) for coordinate in point])


def nearby_values(entry: CatalogEntry, point: np.ndarray) -> np.ndarray:
    """Return L(q) - L(point) for many q close to the point."""
    offsets = np.random.default_rng(0).normal(size=(4000, point.size))
    return entry.loss(point + 1e-2 * offsets) - entry.loss(point)


# The catalogue as a whole


def test_there_are_at_least_thirty_losses_with_facts_and_sources() -> None:
    assert len(catalog.names()) >= 30
    for entry in catalog.entries():
        assert entry.facts
        assert entry.loss.exact
        assert entry.loss.parameters == ()
        assert entry.region.dimension == entry.loss.dimension
        known = {*bibliography(), catalog.DERIVED}
        assert {*entry.sources, *(fact.source for fact in entry.facts)} <= known
        assert np.all(np.isfinite(entry.loss(entry.region.sample(50, rng=0))))


def test_names_come_sorted_and_lead_back_to_their_entries() -> None:
    assert list(catalog.names()) == sorted(catalog.names())
    assert [entry.name for entry in catalog.entries()] == list(catalog.names())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("himmelblu", "himmelblau"), ("doublewell", "double_well"), ("chain", "chain_3")],
)
def test_an_unknown_name_is_refused_with_the_nearest_ones(name: str, hint: str) -> None:
    with pytest.raises(InvalidInput, match=hint):
        catalog.get(name)


def test_a_name_near_to_nothing_points_at_the_list() -> None:
    with pytest.raises(InvalidInput, match=r"catalog\.names\(\)"):
        catalog.get("qqqqqq")


@pytest.mark.parametrize("entry", list(catalog.entries()), ids=lambda entry: entry.name)
def test_the_gradient_is_the_slope_of_the_loss(entry: CatalogEntry) -> None:
    points = entry.region.sample(20, rng=1)
    step = 1e-5
    for k in range(entry.loss.dimension):
        shift = step * np.eye(entry.loss.dimension)[k]
        slope = (entry.loss(points + shift) - entry.loss(points - shift)) / (2 * step)
        np.testing.assert_allclose(
            entry.loss.gradient_at(points)[:, k], slope, rtol=1e-5, atol=2e-4
        )


# Critical points


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalPoint))
def test_the_gradient_vanishes_exactly_at_a_critical_point(entry, fact) -> None:
    at = dict(zip(entry.loss.variables, fact.point, strict=True))
    assert all(is_zero(slope.subs(at)) for slope in entry.loss.gradient)


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalPoint))
def test_the_kind_of_a_critical_point(entry, fact) -> None:
    point = floats(fact.point)
    changes = nearby_values(entry, point)
    if fact.kind is CatalogKind.KINK_MINIMUM:
        assert changes.min() > 0
        assert not np.isfinite(entry.loss.hessian_at(point)).all()
        return
    eigenvalues = np.linalg.eigvalsh(entry.loss.hessian_at(point))
    scale = max(1.0, abs(eigenvalues).max())
    low, high = eigenvalues[0] / scale, eigenvalues[-1] / scale
    clear, none = 1e-6, 1e-9
    if fact.kind is CatalogKind.MINIMUM:
        assert low > clear
    elif fact.kind is CatalogKind.MAXIMUM:
        assert high < -clear
    elif fact.kind is CatalogKind.SADDLE:
        assert low < -clear
        assert high > clear
    elif fact.kind is CatalogKind.DEGENERATE_MINIMUM:
        assert abs(low) < none
        assert changes.min() > -1e-15
    elif fact.kind is CatalogKind.DEGENERATE_MAXIMUM:
        assert abs(high) < none
        assert changes.max() < 1e-15
    else:
        assert abs(eigenvalues).max() < none
        assert changes.min() < 0 < changes.max()


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalPoint))
def test_the_step_size_limit_of_a_minimum_is_two_over_its_sharpness(entry, fact) -> None:
    minima = (CatalogKind.MINIMUM, CatalogKind.DEGENERATE_MINIMUM, CatalogKind.KINK_MINIMUM)
    assert (fact.step_size_limit is not None) == (fact.kind in minima)
    if fact.kind not in minima:
        return
    sharpness = math.inf
    if fact.kind is not CatalogKind.KINK_MINIMUM:
        sharpness = float(entry.loss.sharpness_at(floats(fact.point)))
    limit = float(fact.step_size_limit)
    assert sharpness == pytest.approx(2 / limit if limit else math.inf, rel=1e-9, abs=1e-12)
    if fact.step_size_limit.is_finite and limit and not fact.step_size_limit.has(sp.CRootOf):
        at = dict(zip(entry.loss.variables, fact.point, strict=True))
        hessian = sp.Matrix(entry.loss.hessian).subs(at)
        shifted = hessian - 2 / fact.step_size_limit * sp.eye(entry.loss.dimension)
        assert is_zero(shifted.det(method="berkowitz"))


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalFamily))
def test_a_family_consists_of_critical_points_of_its_kind(entry, fact) -> None:
    at = dict(zip(entry.loss.variables, fact.points, strict=True))
    assert len(fact.parameters) == fact.dimension
    assert all(is_zero(equation.subs(at)) for equation in fact.equations)
    assert all(is_zero(slope.subs(at)) for slope in entry.loss.gradient)
    generator = np.random.default_rng(2)
    for _ in range(5):
        numbers = [sp.Rational(int(n), 7) for n in generator.integers(3, 15, fact.dimension)]
        values = dict(zip(fact.parameters, numbers, strict=True))
        assert fact.exceptions.subs(values) != 0
        moving = sp.Matrix(fact.points).jacobian(fact.parameters).subs(values)
        assert np.linalg.matrix_rank(np.array(moving.evalf(), dtype=float)) == fact.dimension
        point = floats(tuple(coordinate.subs(values) for coordinate in fact.points))
        eigenvalues = np.linalg.eigvalsh(entry.loss.hessian_at(point))
        across = eigenvalues[abs(eigenvalues) > 1e-9 * abs(eigenvalues).max()]
        assert across.size == entry.loss.dimension - fact.dimension
        signs = {
            CatalogKind.MINIMUM: across.min() > 0,
            CatalogKind.MAXIMUM: across.max() < 0,
            CatalogKind.SADDLE: across.min() < 0 < across.max(),
        }
        assert signs[fact.kind]


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.Plateau))
def test_the_gradient_vanishes_on_a_plateau_above_the_minimum(entry, fact) -> None:
    box = Box([-3] * entry.loss.dimension, [3] * entry.loss.dimension)
    points = box.sample(400, rng=3)
    holds = sp.lambdify(entry.loss.variables, fact.condition)
    inside = np.array([bool(holds(*point)) for point in points])
    assert 50 < inside.sum() < 400
    assert np.all(entry.loss.gradient_at(points[inside]) == 0)
    assert np.all(entry.loss(points[inside]) == float(fact.value))
    assert entry.loss(points).min() < float(fact.value)


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.NoCriticalPoint))
def test_a_loss_without_critical_points_decreases_along_its_witness(entry, fact) -> None:
    wide = Box([-30] * entry.loss.dimension, [30] * entry.loss.dimension)
    slopes = entry.loss.gradient_at(wide.sample(2000, rng=4)) @ floats(fact.witness)
    assert np.all(slopes < 0)


# Thresholds


def found_minima(entry: CatalogEntry, step: float) -> np.ndarray:
    """Return minima reached by independent descents, plateaus and unfinished runs left out.

    Short steps first, so that small basins are found as well, then a fast method to the end.
    """
    plateaus = [float(fact.value) for fact in entry.facts_of(catalog.Plateau)]
    ends = limits(entry, step, entry.region.sample(60, rng=5), 200)
    found = []
    for start in ends[np.isfinite(ends).all(axis=1)]:
        run = optimize.minimize(
            entry.loss,
            start,
            jac=lambda p: entry.loss.gradient_at(p),
            method="BFGS",
            options={"gtol": 1e-10, "maxiter": 400},
        )
        near = np.abs(run.x).max() < 1e3 and np.linalg.norm(run.jac) < 1e-6
        flat = any(abs(run.fun - value) < 1e-9 for value in plateaus)
        if near and not flat and np.isfinite(entry.loss.hessian_at(run.x)).all():
            eigenvalues = np.linalg.eigvalsh(entry.loss.hessian_at(run.x))
            if eigenvalues[0] > -1e-6 * max(1.0, eigenvalues[-1]):
                found.append(run.x)
    return np.array(found).reshape(-1, entry.loss.dimension)


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalStepSize))
def test_the_critical_step_size_is_attained_where_it_says(entry, fact) -> None:
    for point in fact.attained_at:
        at = dict(zip(entry.loss.variables, point, strict=True))
        assert all(is_zero(slope.subs(at)) for slope in entry.loss.gradient)
        if fact.value == 0:
            continue
        eigenvalues = np.linalg.eigvalsh(entry.loss.hessian_at(floats(point)))
        assert eigenvalues[-1] == pytest.approx(2 / float(fact.value), rel=1e-9, abs=1e-12)
        assert eigenvalues[0] > -1e-9 * max(1.0, eigenvalues[-1])
        assert nearby_values(entry, floats(point)).min() > -1e-12


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.CriticalStepSize))
def test_no_minimum_is_flatter_than_the_critical_step_size_says(entry, fact) -> None:
    sharpness = 2 / float(fact.value) if fact.value.is_finite and fact.value != 0 else 0.0
    if fact.value == sp.oo and not fact.attained_at:
        far = np.array([[10.0**k, 0.0] for k in range(6)])
        assert np.all(np.diff(entry.loss.sharpness_at(far)) < 0)
        assert entry.loss.sharpness_at(far)[-1] < 1e-9
    for family in entry.facts_of(catalog.CriticalFamily):
        if family.kind is CatalogKind.MINIMUM:
            numbers = np.random.default_rng(6).uniform(0.05, 4, (200, family.dimension))
            columns = sp.lambdify(family.parameters, family.points)(*numbers.T)
            points = np.stack(np.broadcast_arrays(*columns), axis=1)
            assert entry.loss.sharpness_at(points).min() > sharpness * (1 - 1e-9) - 1e-12
    if fact.value == 0:
        return
    minima = found_minima(entry, 0.1 * float(fact.value) if fact.value.is_finite else 1e-3)
    assert len(minima) > 0
    assert entry.loss.sharpness_at(minima).min() > sharpness * (1 - 1e-4) - 1e-6


def test_a_minimum_at_a_cusp_has_unbounded_sharpness() -> None:
    loss = catalog.get("nar_sastry_cusp").loss
    near = np.array([[10.0**-k] for k in range(2, 14, 2)])
    assert np.all(np.diff(loss.sharpness_at(near)) > 0)
    assert loss.sharpness_at(near)[-1] > 1e5


def test_the_smooth_trap_has_one_critical_point_only() -> None:
    loss = catalog.get("smooth_trap").loss
    points = np.linspace(1e-3, 20, 20001)[:, None]
    assert (loss.gradient_at(points) / points).min() > 0.07


def test_the_supercritical_flip_has_a_small_stable_cycle_above_two() -> None:
    F = GradientDescent(catalog.get("supercritical_flip").loss, step_size="2004/1000")
    a = F.iterate([0.05], 40_000)
    b = F(a)
    assert sorted([a[0], b[0]]) == pytest.approx([-0.1183, 0.1059], abs=1e-4)
    assert F(b) == pytest.approx(a, abs=1e-10)


# Measures, cycles, collapses


def limits(entry: CatalogEntry, eta: float, starts: np.ndarray, steps: int) -> np.ndarray:
    """Return where the plain map leaves each start, infinite where it blows up."""
    ends = starts.copy()
    active = np.arange(len(starts))
    for _ in range(steps):
        states = ends[active]
        new = states - eta * entry.loss.gradient_at(states)
        size = np.abs(new).max(axis=1)
        ends[active] = np.where((size < 1e6)[:, None], new, np.inf)
        active = active[(size < 1e6) & (np.abs(new - states).max(axis=1) > 1e-13)]
        if active.size == 0:
            break
    return ends


def converged_fraction(entry: CatalogEntry, eta: float, box: Box, n: int) -> tuple[float, float]:
    """Return the shares of starts that reach a stable minimum, and that stay unclear."""
    loss = entry.loss
    ends = limits(entry, eta, box.sample(n, rng=7), 3000)
    bounded = ends[np.isfinite(ends).all(axis=1)]
    settled = bounded[np.linalg.norm(loss.gradient_at(bounded), axis=1) < 1e-5]
    curvatures = np.linalg.eigvalsh(loss.hessian_at(settled))
    plateaus = [float(fact.value) for fact in entry.facts_of(catalog.Plateau)]
    stable = (curvatures[:, 0] > -1e-3) & (eta * curvatures[:, -1] < 2 + 1e-3)
    stable &= ~np.isin(loss(settled), plateaus)
    return stable.sum() / n, (len(bounded) - len(settled)) / n


def inner_step_sizes(step_sizes: sp.Set) -> list[sp.Rational]:
    """Return two rational step sizes inside an interval."""
    if isinstance(step_sizes, sp.FiniteSet):
        return list(step_sizes)
    low, high = step_sizes.start, min(step_sizes.end, step_sizes.start + 3)
    low, high = sp.nsimplify(low), sp.nsimplify(high)
    return [
        sp.Rational(round(float(low + (high - low) * share) * 1000), 1000)
        for share in (sp.Rational(3, 10), sp.Rational(4, 5))
    ]


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.ExactMeasure))
def test_an_exact_measure_agrees_with_simulation(entry, fact) -> None:
    d = entry.loss.dimension
    n = 20_000 * d
    for eta in inner_step_sizes(fact.step_sizes):
        exact = float(fact.at(eta))
        half = 0.75 * exact ** (1 / d) or 2.0
        box = fact.region or Box([-half] * d, [half] * d)
        fraction, unclear = converged_fraction(entry, float(eta), box, n)
        expected = exact / box.volume
        assert (fact.value == 0) is (expected == 0)
        assert expected <= 1 + 1e-12
        noise = 4 * math.sqrt(expected * (1 - min(expected, 1)) / n) + 1 / n
        assert fraction - noise <= expected <= fraction + unclear + noise
        # Beyond the threshold bounded orbits go on without settling.
        assert unclear < 0.01 or fact.value == 0


def test_a_measure_outside_its_range_of_step_sizes_is_refused() -> None:
    measure, beyond = catalog.get("double_well").facts_of(catalog.ExactMeasure)
    with pytest.raises(InvalidInput, match="step size in"):
        measure.at(1)
    assert beyond.at("3/2") == 0


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.Cycle))
def test_a_cycle_is_one_and_is_stable_where_it_says(entry, fact) -> None:
    candidates = set(inner_step_sizes(fact.step_sizes))
    if isinstance(fact.stable_for, sp.Interval):
        candidates |= set(inner_step_sizes(fact.stable_for))
    for eta in candidates:
        F = GradientDescent(entry.loss, step_size=eta)
        orbit = [tuple(c.subs(catalog.ETA, eta) for c in point) for point in fact.points]
        for here, there in zip(orbit, orbit[1:] + orbit[:1], strict=True):
            image = F.expression.subs(dict(zip(F.variables, here, strict=True)), simultaneous=True)
            assert all(is_zero(a - b) for a, b in zip(image, there, strict=True))
        assert not np.allclose(floats(orbit[0]), floats(orbit[1]))
        product = np.linalg.multi_dot(F.jacobian_at([floats(point) for point in orbit]))
        radius = abs(np.linalg.eigvals(product)).max()
        assert (radius < 1 - 1e-9) == (fact.stable_for.contains(eta) == sp.true)


@pytest.mark.parametrize(("entry", "fact"), with_facts(catalog.Collapse))
def test_a_collapsing_step_size_maps_a_box_onto_one_point(entry, fact) -> None:
    F = GradientDescent(entry.loss, step_size=fact.step_size)
    points = fact.box.sample(500, rng=8)
    np.testing.assert_allclose(
        F(points), np.broadcast_to(floats(fact.image), points.shape), atol=1e-14
    )
    other = GradientDescent(entry.loss, step_size=fact.step_size / 2)
    assert np.ptp(other(points)) > 0.1


@pytest.mark.parametrize("eta", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    ("low", "high"),
    [((-3, -3), (3, 3)), ((0, -1), (2, 3)), ((1.5, 1.5), (4, 5)), ((-1, -1), (1, 1))],
)
def test_the_clipped_area_of_scalar_factorisation(eta, low, high) -> None:
    box = Box(low, high)
    n = 200_000
    points = box.sample(n, rng=9)
    inside = (points**2).sum(axis=1) - eta * points.prod(axis=1) < 4 / eta - eta
    share = catalog.factorisation_area(eta, box) / box.volume
    assert inside.mean() == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / n) + 1e-12)


def test_the_area_of_scalar_factorisation_against_gradient_descent_itself() -> None:
    entry = catalog.get("scalar_factorisation")
    box = Box([-1, -3], [3, 2])
    fraction, unclear = converged_fraction(entry, 0.4, box, 20_000)
    assert fraction == pytest.approx(catalog.factorisation_area("2/5", box) / 20, abs=0.012)
    assert unclear == 0


def test_the_area_follows_the_scaling_of_the_target() -> None:
    # x -> sqrt(2) x turns target 1 at step size 1/2 into target 2 at step size 1/4.
    small = catalog.factorisation_area("1/2", Box([-1, -1], [2, 2]))
    side = math.sqrt(2)
    large = catalog.factorisation_area("1/4", Box([-side, -side], [2 * side, 2 * side]), target=2)
    assert large == pytest.approx(2 * small, rel=1e-12)


@pytest.mark.parametrize(
    ("step_size", "box", "argument"),
    [
        (1, Box([-3, -3], [3, 3]), "step_size"),
        (-0.5, Box([-3, -3], [3, 3]), "step_size"),
        (0.5, Box([-3], [3]), "box"),
    ],
)
def test_the_area_refuses_what_the_theorem_does_not_cover(step_size, box, argument) -> None:
    with pytest.raises(InvalidInput, match=argument):
        catalog.factorisation_area(step_size, box)
