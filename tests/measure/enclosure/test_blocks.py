"""Boxes from which almost every point is said to leave, by pairs of points and by long runs."""

import numpy as np
import pytest

from dynsys_gd.measure.enclosure.blocks import expands
from dynsys_gd.measure.enclosure.fixed import real_frame
from dynsys_gd.measure.enclosure.frames import frame_of
from dynsys_gd.orbits.certified.system import system_of


def drawn(block, n, seed):
    shares = np.random.default_rng(seed).random((n, len(block.lower)))
    low, high = np.array(block.lower), np.array(block.upper)
    return low + shares * (high - low)


CASES = [("double well", "1/2"), ("product", "1/5"), ("product", "9/10"), ("himmelblau", "1/100")]


@pytest.mark.parametrize(("name", "step_size"), CASES)
def test_pairs_of_points_in_the_cone_separate_inside_it(known, name, step_size):
    F, facts = known(name, step_size)
    assert facts.blocks
    for block in facts.blocks:
        first, second = drawn(block, 4000, 0), drawn(block, 4000, 1)
        inverse, u = np.linalg.inv(np.array(block.frame)), block.unstable
        before = np.abs((first - second) @ inverse.T)
        after = np.abs((F(first) - F(second)) @ inverse.T)
        out, across = before[:, :u].max(axis=1), before[:, u:].max(axis=1, initial=0)
        cone = across <= out
        assert cone.mean() > 0.1
        grown, rest = after[:, :u].max(axis=1), after[:, u:].max(axis=1, initial=0)
        assert (grown > out)[cone].all()
        assert (rest <= grown + 1e-12)[cone].all()


@pytest.mark.parametrize(("name", "step_size"), CASES)
def test_random_points_leave_their_block(known, name, step_size):
    F, facts = known(name, step_size)
    for block in facts.blocks:
        points = drawn(block, 1000, 2)
        for _ in range(300):
            points = F(points)
            points = points[block.contains(points.T, points.T)]
        assert not len(points)


def test_blocks_reach_about_as_far_as_the_cone_does(known):
    (block,) = known("double well", "1/2")[1].blocks
    # F' = 1 + (1 - 3x²)/2 > 1 up to x² = 1/3.
    assert block.upper[0] == pytest.approx(3**-0.5, abs=1e-4)
    blocks = known("product", "1/2")[1].blocks
    # Centred squares end at 1/√3; beside the saddle boxes reach on along xy < 0.
    square = np.array([[-0.53], [-0.53]])
    assert any(b.contains(square, -square)[0] for b in blocks)
    beside = np.array([[0.0], [-0.8]]), np.array([[0.8], [0.0]])
    assert any(b.contains(*beside)[0] for b in blocks)
    saddles = known("himmelblau", "1/100")[1].blocks
    for saddle in ([0.0867, 2.8843], [3.3852, 0.0739], [-3.0730, -0.0814], [-0.1280, -1.9537]):
        point = np.array(saddle)[:, None]
        assert any(b.contains(point - 0.2, point + 0.2)[0] for b in saddles)


def test_minima_and_boxes_without_bounds_are_no_blocks(known):
    F, facts = known("product", "1/2")
    system = system_of(F)
    columns, unstable = real_frame(system.slopes_at(np.zeros((2, 1)))[:, :, 0])
    frame = frame_of(columns)
    low = np.array([[-0.1, 0.9, -1.5, np.nan, -np.inf], [-0.1, 0.9, -1.5, -0.1, -0.1]])
    high = np.array([[0.1, 1.1, 1.5, 0.1, np.inf], [0.1, 1.1, 1.5, 0.1, 0.1]])
    assert expands(system, frame, unstable, low, high).tolist() == [True] + [False] * 4
    assert not facts.blocks[0].contains(low[:, 1:], high[:, 1:]).any()
    assert all(not b.contains(low[:, :1] + 1, high[:, :1] + 1).any() for b in facts.blocks)
