"""Sets in which nothing is said to converge: images stay inside and grow."""

from fractions import Fraction

import numpy as np
import pytest
from sympy import cosh, log
from sympy.abc import x, y, z

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.measure.enclosure.escapes import Far, Orthants, escapes_of
from dynsys_gd.orbits.certified.system import System, system_of

PRODUCT = (x * y - 1) ** 2 / 2


def found_for(loss, variables, step_size):
    F = GradientDescent(Loss(loss, variables), step_size=step_size)
    return F, *escapes_of(system_of(F))


def inside(escape, d, n=3000, seed=0):
    """Return points of the set, from its edge to far out."""
    rng = np.random.default_rng(seed)
    radius = float(escape.radius) * (1 + 1e-12)
    sizes = radius * np.where(rng.random((d, n)) < 0.3, 1.0, 10 ** rng.uniform(0, 3, (d, n)))
    points = sizes * rng.choice([-1.0, 1.0], (d, n))
    if isinstance(escape, Far):
        points *= np.where(rng.random((d, n)) < 0.5, rng.uniform(-1, 1, (d, n)), 1.0)
    return points[:, escape.contains(points, points)]


@pytest.mark.parametrize(
    ("loss", "variables", "step_size"),
    [
        (x**4 / 4 - x**2 / 2, [x], "1/2"),
        (x**3 / 3, [x], "1/2"),
        (x**6 / 6 - x**3 + x, [x], "1/10"),
        (PRODUCT, [x, y], "1/5"),
        (PRODUCT, [x, y], "2"),
        ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y], "1/100"),
        (sum(v**4 - 16 * v**2 + 5 * v for v in (x, y)) / 2, [x, y], "1/50"),
        ((x * y * z - 1) ** 2 / 2, [x, y, z], "1/2"),
        (PRODUCT + (z * y - 2) ** 2 / 2, [x, y, z], "1/5"),
    ],
)
def test_images_stay_in_the_set_and_grow(loss, variables, step_size):
    F, escapes, why_not = found_for(loss, variables, step_size)
    assert escapes
    assert why_not == ()
    for escape in escapes:
        points = inside(escape, len(variables))
        assert points.shape[1] > 100
        images = F(points.T).T
        assert escape.contains(images, images).all()
        if isinstance(escape, Orthants):
            assert (np.abs(images) > np.abs(points)).all()
        else:
            assert (np.abs(images).max(axis=0) > np.abs(points).max(axis=0)).all()


@pytest.mark.parametrize("step_size", ["1/100", "1/5", "1/2", "9/10", "1", "7/5", "2"])
def test_radii_of_the_product_are_the_known_ones(step_size):
    _, escapes, _ = found_for(PRODUCT, [x, y], step_size)
    eta = float(Fraction(step_size))
    assert [len(e.signs) for e in escapes] == [2, 4]
    assert float(escapes[0].radius) == pytest.approx((2 / eta) ** 0.5, abs=1e-4)
    assert float(escapes[1].radius) == pytest.approx((1 + 2 / eta) ** 0.5, abs=1e-4)
    assert escapes[0].signs == ((1, -1), (-1, 1))


def test_the_radius_of_a_well_is_where_the_two_cycle_is():
    _, escapes, _ = found_for(x**4 / 4 - x**2 / 2, [x], "1/2")
    assert 5**0.5 < escapes[-1].radius < 5**0.5 + 2e-5
    _, escapes, _ = found_for((x**4 + y**4) / 4 - (x**2 + y**2) / 2, [x, y], "1/2")
    far = [e for e in escapes if isinstance(e, Far)]
    assert 5**0.5 < far[0].radius < 5**0.5 + 2e-5


def test_signs_that_do_not_return_are_left_out():
    # From the left everything runs off to the left; from the right it first jumps there.
    escapes, _ = escapes_of(System((x,), (x - x**2,)))
    assert escapes[0].signs == ((-1,),)
    assert escapes[-1].signs == ((1,), (-1,))
    low, high = np.array([[-9.0, 8.0]]), np.array([[-8.0, 9.0]])
    assert escapes[0].contains(low, high).tolist() == [True, False]
    assert escapes[-1].contains(low, high).tolist() == [True, True]


def test_boxes_must_lie_in_the_set_with_all_their_points():
    far, corner = Far(Fraction(2)), Orthants(Fraction(2), ((1, 1), (-1, -1)))
    low = np.array(
        [[2.0, 1.9, -3.0, -9.0, 2.0, np.nan, 3.0], [-9.0, 2.5, -3.0, -9.0, 2.0, 3.0, 3.0]]
    )
    high = np.array(
        [[3.0, 3.0, -2.0, 9.0, np.inf, 3, np.inf], [9.0, 3.0, -2.0, 9.0, 3.0, 3, np.nan]]
    )
    assert far.contains(low, high).tolist() == [True, True, True, False, True, False, False]
    assert corner.contains(low, high).tolist() == [False, False, True, False, True, False, False]
    assert "signs ++ --" in corner.describe()


@pytest.mark.parametrize(
    ("loss", "variables"),
    [(log(cosh(x - 1)), [x]), ((x**2 + y**2) / 2, [x, y]), (log(cosh(x * y - 1)), [x, y])],
)
def test_none_is_found_where_there_is_none(loss, variables):
    _, escapes, why_not = found_for(loss, variables, "1/2")
    assert escapes == ()
    assert "no escape region" in why_not[0]


def test_maps_without_a_loss_have_them_too():
    henon = SymbolicMap([1 - Fraction(7, 5) * x**2 + y, Fraction(3, 10) * x], [x, y])
    escapes, _ = escapes_of(system_of(henon))
    assert escapes == ()  # the second coordinate shrinks
    escapes, _ = escapes_of(system_of(SymbolicMap([x**2 - y, y**2 + x], [x, y])))
    assert any(isinstance(e, Far) for e in escapes)
