"""Losses of a product: the profile is found, its growth is exact, and look-alikes are refused."""

import pytest
import sympy as sp

from dynsys_gd import Box, GradientDescent, HeavyBall, LinearNetwork, Loss, Outcome, catalog
from dynsys_gd.claims import Instance
from dynsys_gd.claims.support.product_profile import (
    EVEN_CONVEX_LIPSCHITZ,
    FALLING_CURVATURE,
    P,
    curvature_falls,
    growth_degree,
    is_even,
    product_profile,
    slope_bound,
)
from dynsys_gd.claims.support.product_regimes import EDGE_REGIME, FLOW_REGIME
from dynsys_gd.ensembles.budget import Budget

x, y, z, a = sp.symbols("x y z a")


def found(loss):
    region = Box([1] * loss.dimension, [2] * loss.dimension)
    F = GradientDescent(loss, "1/2")
    instance = Instance(F=F, region=region, seed=0, starts=1, budget=Budget())
    return EVEN_CONVEX_LIPSCHITZ.check(instance).outcome


@pytest.mark.parametrize(
    ("expression", "variables", "profile"),
    [
        ((x * y - 1) ** 2 / 2, [x, y], (P - 1) ** 2 / 2),
        (x**2 * y**2 * z**2, [x, y, z], P**2),
        (sp.exp(x), [x], sp.exp(P)),
    ],
)
def test_profiles_of_products(expression, variables, profile):
    assert sp.simplify(product_profile(Loss(expression, variables)) - profile) == 0


@pytest.mark.parametrize(
    ("expression", "variables"),
    [
        (x**2 + y**2, [x, y]),
        (x**2 * y, [x, y]),
        ((x * y) ** 2, [x, y, z]),
        (a * (x * y) ** 2, [x, y]),
    ],
)
def test_what_is_no_function_of_the_product(expression, variables):
    assert product_profile(Loss(expression, variables)) is None


def test_a_scalar_linear_network_is_a_product():
    net = LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    assert sp.simplify(product_profile(net) - (P - 1) ** 2 / 2) == 0


def test_growth_is_counted_at_the_faster_end():
    assert growth_degree(P**2 / 2) == 2
    assert growth_degree((P**3 - 1) ** 2) == 6
    assert growth_degree(catalog_profile("log_cosh_product")) == 1
    assert growth_degree(sp.exp(P)) == sp.oo
    assert growth_degree(1 + P**2 / (1 + P**2)) == 0


def test_slopes_of_convex_profiles_are_bounded_by_their_limits():
    assert slope_bound(catalog_profile("log_cosh_product")) == 1
    assert slope_bound(sp.log(1 + sp.exp(3 * P))) == 3
    assert slope_bound(P**4) == sp.oo
    assert slope_bound(sp.sin(P)) is None


def test_even_profiles():
    assert is_even(catalog_profile("log_cosh_product"))
    assert not is_even(sp.log(1 + sp.exp(P)))


def test_even_convex_and_lipschitz_is_decided_where_algebra_can():
    assert found(catalog.get("log_cosh_product").loss) is Outcome.YES
    assert found(catalog.get("square_root_product").loss) is Outcome.YES
    assert found(Loss((x * y) ** 2 / 2, [x, y])) is Outcome.NO  # not Lipschitz
    assert found(Loss(sp.sqrt(1 + (x * y - 1) ** 2), [x, y])) is Outcome.NO  # not even
    assert found(Loss(sp.sqrt(1 + 4 * x**2 * y**2), [x, y])) is Outcome.NO  # ℓ''(0) = 4
    assert found(Loss(x**2 + y**2, [x, y])) is Outcome.UNDECIDED
    assert found(Loss(sp.cos(x * y), [x, y])) is Outcome.UNDECIDED


def catalog_profile(name):
    return product_profile(catalog.get(name).loss)


def rising(p):
    """A function that is even, convex and Lipschitz, whose curvature rises beside 0."""
    root = sp.sqrt(1 + p**2)
    return -1 / root + 4 * (p**2 + 2) / root


def test_a_curvature_that_rises_first_is_refused():
    assert found(Loss(rising(x * y), [x, y])) is Outcome.NO
    assert curvature_falls(rising(P)) is Outcome.NO
    assert curvature_falls(sp.sqrt(1 + P**2)) is Outcome.YES


def test_another_map_than_gradient_descent_is_refused():
    F = HeavyBall(Loss(sp.sqrt(1 + (x * y) ** 2), [x, y]), "1/2", "1/2")
    instance = Instance(F=F, region=Box([1, 1], [2, 2]), seed=0, starts=1, budget=Budget())
    for hypothesis in (EVEN_CONVEX_LIPSCHITZ, FALLING_CURVATURE):
        assert hypothesis.check(instance).outcome is Outcome.NO


@pytest.mark.parametrize(
    ("low", "high", "edge", "flow"),
    [
        ([0.5, 7.0], [1.0, 8.0], Outcome.YES, Outcome.NO),
        ([-9.0, 7.0], [1.0, 8.0], Outcome.NO, Outcome.NO),  # |x| is largest at the lower end
        ([0.5, 2.0], [1.0, 3.0], Outcome.NO, Outcome.YES),
        ([3.5, 3.65], [3.6, 3.7], Outcome.NO, Outcome.NO),  # y² - x² small, x² + y² large
    ],
)
def test_regimes_hold_in_the_whole_box(low, high, edge, flow):
    F = GradientDescent(Loss(sp.sqrt(1 + (x * y) ** 2), [x, y]), "1/10")
    instance = Instance(F=F, region=Box(low, high), seed=0, starts=1, budget=Budget())
    assert EDGE_REGIME.check(instance).outcome is edge
    assert FLOW_REGIME.check(instance).outcome is flow
