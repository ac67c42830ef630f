"""Balls that are said to be contracted: every point of them is seen to converge to one point."""

import pickle

import numpy as np
import pytest
from sympy import cos
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, HeavyBall, Loss, Nesterov
from dynsys_gd.measure.enclosure.cores import cores_at
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.target import Target
from dynsys_gd.orbits.certified.system import system_of


def in_ball(core, n, seed=0):
    shares = np.random.default_rng(seed).uniform(-1, 1, (n, len(core.centre)))
    shares[: n // 2] = np.sign(shares[: n // 2])  # corners
    return np.array(core.centre) + core.radius * shares @ np.array(core.frame).T


@pytest.mark.parametrize(
    ("name", "step_size", "count"), [("double well", "1/2", 2), ("himmelblau", "1/100", 4)]
)
def test_every_point_of_a_core_converges_to_the_point_in_its_pin(known, name, step_size, count):
    F, facts = known(name, step_size)
    assert len(facts.cores) == count
    for core in facts.cores:
        limits = F.iterate(in_ball(core, 200), 2000)
        low, high = core.pin
        assert ((low - 1e-12 <= limits) & (limits <= high + 1e-12)).all()
        assert (high - low).max() < 1e-9


def test_the_core_of_a_well_reaches_to_where_the_slope_is_one(known):
    _, facts = known("double well", "1/2")
    # |1 - (3x² - 1)/2| < 1 up to x² = 5/3.
    assert facts.cores[1].radius == pytest.approx((5 / 3) ** 0.5 - 1, rel=1e-5)


def test_boxes_in_a_core_are_those_whose_corners_are(known):
    _, facts = known("himmelblau", "1/100")
    rng = np.random.default_rng(1)
    for core in facts.cores:
        centre, frame = np.array(core.centre), np.array(core.frame)
        low = centre[:, None] + 1.5 * core.radius * rng.uniform(-1, 1, (2, 4000))
        high = low + 0.3 * core.radius * rng.random((2, 4000))
        corners = np.array([[a, b] for a in (low[0], high[0]) for b in (low[1], high[1])])
        inside = np.linalg.solve(
            frame, (corners - centre[:, None]).transpose(1, 0, 2).reshape(2, -1)
        )
        size = np.abs(inside).max(axis=0).reshape(4, -1).max(axis=0) / core.radius
        found = core.contains(low, high)
        assert not found[size > 1].any()
        assert found[size < 1 - 1e-9].all()
        assert 0.05 < found.mean() < 0.95


def test_saddles_and_minima_beyond_the_critical_step_have_no_core(known):
    for step_size in ("1", "11/10"):  # the critical step size of the minima is 1
        assert known("double well", step_size)[1].cores == ()
    system = system_of(known("himmelblau", "1/100")[0])
    outcomes = ["not"]
    saddle, maximum = [3.385154, 0.073852], [-0.270845, -0.923039]
    assert cores_at(system, np.array([saddle, maximum]), "minimum", outcomes) == ()
    assert outcomes == ["not"]
    # Where no fixed point is near, nothing is claimed, however contracting the map is.
    assert cores_at(system, np.array([[2.0, 2.0]]), "minimum", outcomes) == ()


def test_a_fixed_point_beside_the_centre_still_lies_in_the_core():
    F = GradientDescent(Loss((x - 1) ** 2 / 2 + y**2, [x, y]), step_size="1/4")
    core, *_ = cores_at(system_of(F), np.array([[1.001, 0.0]]), "minimum", ["not"])
    low, high = core.pin
    assert low[0] < 1 < high[0]
    assert low[1] < 0 < high[1]
    assert core.contains(np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]]))[0]


@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
def test_rotating_directions_have_a_frame_in_which_they_contract(rule):
    F = rule(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2", momentum="1/10")
    facts = facts_of(F, Box([-2, -2], [2, 2]), target=Target.MINIMA)
    assert facts.outcomes[1:3] == ("the minimum near (-1, -1)", "the minimum near (1, 1)")
    for core in facts.cores:
        assert core.radius > 0.1
        assert np.ptp(F.iterate(in_ball(core, 200), 500), axis=0).max() < 1e-9


def test_boxes_without_bounds_lie_in_no_core(known):
    _, facts = known("himmelblau", "1/100")
    low = np.array([[np.nan, 3.0, -np.inf, 3.0], [2.0] * 4])
    high = np.array([[3.0, np.nan, 3.0, np.inf], [2.0] * 4])
    assert not any(core.contains(low, high).any() for core in facts.cores)


def test_many_minima_share_a_name_and_facts_travel():
    F = GradientDescent(Loss(-cos(3 * x) - cos(3 * y), [x, y]), step_size="1/10")
    facts = facts_of(F, Box([-3, -3], [3, 3]), target=Target.MINIMA)
    assert len(facts.cores) > 9
    assert facts.outcomes[-2:] == ("another minimum", "a minimum")
    assert len(facts.outcomes) <= 16
    again = pickle.loads(pickle.dumps(facts))
    assert again == facts
    low, high = np.array([[0.1], [0.1]]), np.array([[0.11], [0.11]])
    assert np.array_equal(again.images(low, high), facts.images(low, high))
