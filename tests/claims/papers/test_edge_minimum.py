"""The four-scalar model about its edge minimum: coordinates, the two-step map, the conditions."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, Outcome
from dynsys_gd.claims import Instance
from dynsys_gd.claims.support.edge_minimum import (
    FOUR_SCALARS,
    beyond,
    edge_x,
    near_minima,
    offsets,
    plane_map,
    scalar_product,
    starts_box,
)
from dynsys_gd.ensembles.budget import Budget

BEYOND_BOX = ((1.02, 0.95), (1.1, 1.05))


def instance(F, region):
    return Instance(F=F, region=region, seed=0, starts=1, budget=Budget())


@pytest.mark.parametrize("scalars", [2, 4])
@pytest.mark.parametrize("step", ["1/4", "1/20", "1/50"])
def test_the_edge_minimum_has_sharpness_two_over_eta(scalars, step):
    F = scalar_product(scalars, step)
    x = edge_x(scalars, float(Fraction(step)))
    minimum = np.array([x, 1 / x] * (scalars // 2))
    assert x > 1
    assert F.loss.sharpness_at(minimum) == pytest.approx(2 / float(Fraction(step)), rel=1e-12)
    a, b = offsets(instance(F, starts_box(scalars, step, *BEYOND_BOX)), minimum[:2])
    assert abs(a) < 1e-12 * x
    assert abs(b) < 1e-12


def test_the_plane_map_is_the_model_where_scalars_are_alike():
    F, start = scalar_product(4, "1/5"), np.array([2.1, 0.4])
    full, plane = F.iterate(np.tile(start, 2), 7), plane_map(F).iterate(start, 7)
    np.testing.assert_allclose(full, np.tile(plane, 2), rtol=1e-12)


@pytest.mark.parametrize("b", [-0.03, -0.01, 0.01, 0.03])
@pytest.mark.parametrize("a", [0.1, 0.5, 1.0])
def test_two_steps_have_the_expansion_that_makes_the_parabola(a, b):
    """To leading order a'' = a - 4b²κ³ and b'' = b + 8abκ - 16b³, so that b² tends to ½aκ."""
    step, kappa = "1/10000", 0.01
    F = scalar_product(4, step)
    at = instance(F, starts_box(4, step, *BEYOND_BOX))
    width = edge_x(4, kappa**2) ** 2 - edge_x(4, kappa**2) ** -2
    square = (np.sqrt(width) + a) ** 2  # x² - y², and xy = 1 + b
    x = np.sqrt(square / 2 + np.sqrt(square**2 / 4 + (1 + b) ** 2))
    start = np.array([x, (1 + b) / x])
    assert np.allclose(offsets(at, start), (a, b), rtol=0, atol=1e-11)
    a_after, b_after = offsets(at, plane_map(F).iterate(start, 2))
    assert a_after - a == pytest.approx(-4 * b**2 * kappa**3, rel=0.2)
    moved = 8 * a * b * kappa - 16 * b**3
    assert abs(b_after - b - moved) <= 40 * (
        abs(b) ** 4 + a * kappa * b**2 + abs(a * kappa) ** 2 * abs(b)
    )


def test_conditions():
    F = scalar_product(4, "1/5")
    inside = instance(F, starts_box(4, "1/5", *BEYOND_BOX))
    short = instance(F, starts_box(4, "1/5", (0.9, 0.95), (0.95, 1.05)))
    two = instance(scalar_product(2, "1/5"), starts_box(2, "1/5", *BEYOND_BOX))
    assert FOUR_SCALARS.check(inside).outcome is Outcome.YES
    assert FOUR_SCALARS.check(two).outcome is Outcome.NO
    assert beyond("8/5").check(inside).outcome is Outcome.YES
    assert beyond("8/5").check(two).outcome is Outcome.YES
    assert beyond("8/5").check(short).outcome is Outcome.NO
    assert beyond("6/5").check(inside).outcome is Outcome.NO
    assert near_minima("1/5").check(inside).outcome is Outcome.YES
    assert near_minima("1/10").check(inside).outcome is Outcome.NO  # xy reaches 1.155


def test_another_loss_of_the_product_is_not_the_model():
    x, y, z, w = sp.symbols("x y z w")
    other = GradientDescent(Loss((1 - (x * y * z * w) ** 2) ** 2 / 2, [x, y, z, w]), "1/5")
    assert FOUR_SCALARS.check(instance(other, Box([1] * 4, [2] * 4))).outcome is Outcome.NO


@pytest.mark.parametrize(
    ("step", "region"),
    [
        ("3/5", Box([1, 1] * 2, [2, 2] * 2)),  # no minimum of sharpness 2/η has x > y
        ("1/5", Box([-3, 0.4] * 2, [2.3, 0.5] * 2)),  # x² is largest at the lower end
    ],
)
def test_conditions_do_not_hold_where_they_do_not_apply(step, region):
    at = instance(scalar_product(4, step), region)
    assert beyond("8/5").check(at).outcome is not Outcome.YES
    assert near_minima("1/5").check(at).outcome is not Outcome.YES


def test_another_map_is_not_the_model():
    F = scalar_product(4, "1/5")
    at = instance(HeavyBall(F.loss, "1/5", "1/2"), starts_box(4, "1/5", *BEYOND_BOX))
    assert FOUR_SCALARS.check(at).outcome is Outcome.NO
