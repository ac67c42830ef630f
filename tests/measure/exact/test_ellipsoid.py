"""Closed forms of parts of ellipsoids, against counting and against the area that was there."""

import math

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Ball, Box, Gaussian
from dynsys_gd.losses.catalog import factorisation_area
from dynsys_gd.measure.exact.ellipse import area_in_box
from dynsys_gd.measure.exact.ellipsoid import Ellipsoid

TILTED = sp.ImmutableMatrix([[8, 2], [2, 5]])
SOLID = sp.ImmutableMatrix([[8, 2, 0], [2, 5, 1], [0, 1, 3]])


def counted(Q, region, n=200_000):
    points = region.sample(n, rng=0)
    inverse = np.linalg.inv(np.array(Q, dtype=float))
    return float((np.einsum("ni,ij,nj->n", points, inverse, points) < 1).mean())


@pytest.mark.parametrize(
    "box",
    [
        Box([-3, -3], [3, 3]),
        Box([-1, -2.5], [4, 1]),
        Box([0, 0], [1, 5]),
        Box([-0.5, -0.25], [0.5, 0.5]),
        Box([1.5, 1.5], [9, 9]),
        Box([2.8, -3], [9, 9]),
        Box([-9, 2], [9, 9]),
        Box([-2, -9], [2, 9]),
    ],
)
def test_the_part_of_an_ellipse_in_a_box(box):
    exact = float(area_in_box(TILTED, box))
    share = counted(TILTED, box)
    assert exact / box.volume == pytest.approx(share, abs=5 * math.sqrt(0.25 / 200_000))


def test_a_box_beside_the_ellipse_holds_nothing_of_it():
    assert area_in_box(TILTED, Box([5, 0], [6, 1])) == 0
    assert area_in_box(TILTED, Box([2.5, -9], [9, -2])) == 0


@pytest.mark.parametrize("eta", ["3/10", "1/2", "9/10"])
def test_it_agrees_with_the_numerical_area(eta):
    step = sp.Rational(eta)
    Q = 4 * (sp.eye(2) + step / 2 * sp.Matrix([[0, 1], [1, 0]])) / step
    box = Box([-3, -2.5], [3, 2])
    assert float(area_in_box(Q, box)) == pytest.approx(factorisation_area(eta, box), abs=1e-11)


@pytest.mark.parametrize(
    "region",
    [
        Box([-3] * 3, [3] * 3),
        Box([-0.5] * 3, [0.25] * 3),
        Ball([0.5, 0, 0], 4),
        Ball([0.5, 0.25, 0], 0.5),
    ],
)
def test_what_holds_it_or_lies_in_it(region):
    found = Ellipsoid(SOLID).share(region)
    assert float(found.share) == pytest.approx(counted(SOLID, region), abs=0.006)
    assert float(found.volume) == pytest.approx(float(found.share) * region.volume)


@pytest.mark.parametrize(
    "region", [Box([-2] * 3, [2] * 3), Ball([0, 0, 0], 2), Gaussian([0, 0, 0], 1)]
)
def test_without_a_closed_form_there_is_no_answer(region):
    assert Ellipsoid(SOLID).share(region) is None


def test_on_the_line_every_interval_is_known():
    line = Ellipsoid(sp.ImmutableMatrix([[4]]))
    assert line.share(Box([1], [5])).share == sp.Rational(1, 4)
    assert line.share(Ball([0], 1)).share == 1
    assert line.share(Box([3], [5])).share == 0
