"""Which orbits are one: modulo the first point, modulo turns, modulo rounding."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import Box, SymbolicMap
from dynsys_gd.orbits.numerical.distinct import labels, least_period_is
from dynsys_gd.orbits.numerical.task import task_of
from dynsys_gd.orbits.question import OrbitQuestion

TURN = 2 * np.pi
PLANE = SymbolicMap([y, x], [x, y])
TORUS = SymbolicMap([x + sp.sin(x), y + sp.sin(x)], [x, y])


def task(modulo=None, period=3):
    F = PLANE if modulo is None else TORUS
    box = Box([0, 0], [TURN, TURN])
    return task_of(OrbitQuestion(F=F, period=period, region=box), modulo, None)


def drawn(n, p):
    return np.random.default_rng(5).uniform(0.5, 5.5, (n, p, 2))


def partition(names):
    return {frozenset(np.flatnonzero(names == name).tolist()) for name in names}


def test_shifts_and_rounding_do_not_matter():
    a, b = drawn(2, 3)
    noise = 1e-12 * np.random.default_rng(0).normal(size=a.shape)
    found = labels(task(), np.stack([a, b, np.roll(a, 1, axis=0) + noise, np.roll(a, 2, axis=0)]))
    assert partition(found) == {frozenset({0, 2, 3}), frozenset({1})}


def test_a_shared_point_is_not_enough():
    a, b = drawn(2, 3)
    b[1] = a[0]
    assert len(set(labels(task(), np.stack([a, b])))) == 2


def test_the_order_of_points_matters():
    a = drawn(1, 3)[0]
    assert len(set(labels(task(), np.stack([a, a[::-1]])))) == 2


def test_turns_do_not_matter_on_a_torus():
    a, b = drawn(2, 3)
    moved = np.roll(a, 1, axis=0) + TURN * np.array([[1, 0], [-2, 3], [0, 1]])
    found = labels(task((TURN, TURN)), np.stack([a, b, moved]))
    assert partition(found) == {frozenset({0, 2}), frozenset({1})}
    flat = labels(task(), np.stack([a, b, moved]))
    assert len(set(flat)) == 3


def test_the_seam_of_the_torus_is_no_border():
    a = drawn(1, 3)[0]
    below, above = a.copy(), a.copy()
    below[1, 0], above[1, 0] = -1e-12, 1e-12
    assert len(set(labels(task((TURN, TURN)), np.stack([below, above])))) == 1
    above[:, 1] += TURN
    assert len(set(labels(task((TURN, None)), np.stack([below, above])))) == 2


@pytest.mark.parametrize(("q", "least"), [(1, False), (2, False), (3, False), (6, True)])
def test_shorter_periods_are_seen(q, least):
    orbit = np.tile(drawn(1, q), (1, 6 // q, 1))
    assert least_period_is(task(period=6), orbit).tolist() == [least]


def test_a_thousand_copies_are_one():
    rng = np.random.default_rng(2)
    kinds = rng.uniform(0.5, 5.5, (7, 4, 2))
    which, shift = rng.integers(0, 7, 3000), rng.integers(0, 4, 3000)
    places = (shift[:, None] + np.arange(4)) % 4
    orbits = kinds[which[:, None], places] + 1e-11 * rng.normal(size=(3000, 4, 2))
    found = labels(task(period=4), orbits)
    assert len(set(found)) == 7
    assert all(len(set(found[which == k])) == 1 for k in range(7))
