"""Which orbits lie in a region: certainly, certainly not, or not to be told."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import Ball, Box, Gaussian, GradientDescent, HeavyBall, InvalidInput, Loss
from dynsys_gd.orbits.certified.domain import domain_of

LOSS = Loss((x * y - 1) ** 2 / 2, [x, y])
F = GradientDescent(LOSS, "1/2")


def asked(domain, low, high):
    inside, outside = domain.holds(np.array(low)[None, :, None], np.array(high)[None, :, None])
    return bool(inside[0]), bool(outside[0])


def test_boxes_are_closed():
    domain = domain_of(F, Box([0, 0], [1, 2]), 1)
    assert asked(domain, [0.0, 0.0], [1.0, 2.0]) == (True, False)
    assert asked(domain, [0.5, 1.0], [1.0000000001, 1.1]) == (False, False)
    assert asked(domain, [1.0000000001, 1.0], [1.1, 1.1]) == (False, True)
    assert (domain.lower < [0, 0]).all()
    assert (domain.upper > [1, 2]).all()


def test_balls():
    domain = domain_of(F, Ball([1, 1], 5), 1)
    assert asked(domain, [4.0, 5.0], [4.0, 5.0]) == (False, False)  # on the sphere, by rounding
    assert domain.holds_exactly([(sp.Integer(4), sp.Integer(5))])
    assert not domain.holds_exactly([(sp.Integer(4), sp.Rational(50001, 10000))])
    assert asked(domain, [3.9, 4.9], [4.0, 4.95]) == (True, False)
    assert asked(domain, [4.1, 5.0], [4.2, 5.0]) == (False, True)
    assert asked(domain, [-1.0, -1.0], [0.0, 0.0]) == (True, False)


def test_regions_of_the_loss_hold_for_all_blocks_of_a_state():
    momentum = HeavyBall(LOSS, "1/2", "1/2")
    assert len(domain_of(momentum, Box([0, 0], [1, 2]), 1).lower) == 2
    assert len(domain_of(momentum, Box([0, 0], [1, 2]), 2).lower) == 4
    both = domain_of(momentum, Box([0, 0, 0.5, -1], [1, 2, 3, 1]), 1)
    assert both.inner_lower.tolist() == [0.5, 0]
    assert both.inner_upper.tolist() == [1, 1]
    assert domain_of(momentum, Box([0, 0, 2, 2], [1, 1, 3, 3]), 1).empty
    ball = domain_of(momentum, Ball([0, 0], 1), 3)
    assert asked(ball, [0.9, 0, 0, 0.9], [0.9, 0, 0, 0.9]) == (True, False)
    assert asked(ball, [0.9, 0, 0.8, 0.8], [0.9, 0, 0.8, 0.8]) == (False, True)


@pytest.mark.parametrize("region", [None, Gaussian([0, 0], 1)])
def test_unbounded_regions_are_refused(region):
    with pytest.raises(InvalidInput) as caught:
        domain_of(F, region, 1)
    assert caught.value.argument == "region"
