"""Invariant densities against those known in closed form, component by component."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade

LINE = dg.Box([0], [1])
EXACT = dg.MonotonePieces()
HALF = sp.Rational(1, 2)
TENT = dg.SymbolicMap([1 - 2 * sp.Abs(x - HALF)], [x])
LOGISTIC = dg.textbook.logistic()
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])


def density(F, box, depth, method=EXACT, rng=0):
    return dg.transfer_operator(F, box, depth, method=method, rng=rng).invariant_density()


def distance(component, primitive):
    """Return the L1 distance to the cell means of a law with the given distribution function."""
    truth = primitive(component.cells.upper[0]) - primitive(component.cells.lower[0])
    return np.abs(component.mass - truth).sum()


def arcsine(points):
    return 2 / np.pi * np.arcsin(np.sqrt(np.clip(points, 0, 1)))


def test_the_tent_map_is_uniform():
    found = density(TENT, LINE, 9)
    assert len(found) == 1
    np.testing.assert_allclose(found[0].density, 1.0, atol=1e-12)
    assert found[0].moved < 1e-12
    assert found[0].residual < 1e-14
    assert found.transient == 0


def test_the_logistic_map_has_the_arcsine_law():
    errors = [distance(density(LOGISTIC, LINE, depth).only, arcsine) for depth in (6, 8, 10, 12)]
    # First order in the square root of the width: the density is not bounded.
    assert all(late < 0.7 * early for early, late in itertools.pairwise(errors))
    assert errors[-1] < 0.025
    found = density(LOGISTIC, LINE, 12)
    assert found.at([[0.5], [0.25], [2.0]]) == pytest.approx(
        [2 / np.pi, 4 / (np.pi * 3**0.5), 0.0], rel=0.02
    )
    # How much it moved says how far it is off, here.
    assert 0.5 < found.only.moved / errors[-1] < 3


def test_points_find_the_same_density():
    exact, sampled = (
        density(LOGISTIC, LINE, 9, method).only for method in (EXACT, dg.SampledCells())
    )
    assert np.abs(exact.mass - sampled.mass).sum() < 0.02


def test_the_cubic_full_shift_is_chebyshevs():
    # The balanced line of (x y - 1)²/2 at step size 2: u -> 3u - u³ is conjugate to T_3.
    F = dg.SymbolicMap([3 * x - x**3], [x])
    found = density(F, dg.Box([-2], [2]), 11).only
    assert distance(found, lambda u: np.arcsin(np.clip(u / 2, -1, 1)) / np.pi) < 0.035
    exponent = found.mean(lambda points: np.log(np.abs(3 - 3 * points[:, 0] ** 2)))
    assert exponent == pytest.approx(math.log(3), abs=0.02)
    assert found.period == 1


def test_each_minimum_is_a_component():
    F = dg.GradientDescent(WELL, "1/2")
    found = density(F, dg.Box([-2], [2]), 9)
    assert len(found) == 2
    for each, at in zip(found, (-1.0, 1.0), strict=True):
        assert each.at([[at * (1 - 1e-9)]])[0] > 0  # the images of a cell beyond lie before it
        assert each.cells.lower.min() > at - 0.05
        assert each.cells.upper.max() < at + 0.05
        assert each.mass.sum() == pytest.approx(1)
    assert found.transient == pytest.approx(1 - sum(len(e.cells) for e in found) / 512)
    with pytest.raises(InvalidInput, match="exactly one"):
        found.at([[0.0]])
    assert "2 invariant densities" in found.headline()


def test_two_bands_are_visited_in_turn():
    # After the first doubling of bands in reverse: orbits alternate between two intervals.
    F = dg.textbook.logistic("18/5")
    found = density(F, LINE, 12).only
    assert found.period == 2
    assert found.cells.at([[0.62]])[0] == -1
    state = F.iterate([[0.3]], 1000)
    seen = np.array([F.iterate(state, k + 1)[0] for k in range(200)])
    assert (found.cells.at(seen) >= 0).all()


def test_birkhoff_averages_agree():
    F = dg.GradientDescent(PRODUCT, "81/50")
    found = density(F, dg.Box([-2, -2], [2, 2]), 16, method=None)
    states = F.iterate([[0.4, 0.5], [-1.0, -0.7]], 1000)
    total = 0.0
    for _ in range(4):
        states = F.iterate(states, 500)
        total += np.mean([F.trajectory(state, 500).points[:, 0] ** 2 for state in states]) / 4
    assert len(found) == 1
    assert found.mean(lambda points: points[:, 0] ** 2) == pytest.approx(total, rel=0.03)


def test_everything_leaves():
    found = density(dg.textbook.logistic(5), LINE, 6)
    assert len(found) == 0
    assert found.transient == 1.0
    assert "everything leaves" in found.headline()
    with pytest.raises(InvalidInput, match="escape rate"):
        _ = found.only


def test_some_of_the_cells():
    # Only the right half: the minimum there is all that is left.
    cells = Cells.all(dg.Box([-2], [2]), 8)
    right = cells.take(cells.lower[0] >= 0.5)
    F = dg.GradientDescent(WELL, "1/2")
    found = dg.transfer_operator(F, right, method=EXACT).invariant_density()
    assert len(found) == 1
    assert found.only.at([[0.999]])[0] > 0


def test_evidence_says_what_is_not_bounded():
    found = density(TENT, LINE, 4)
    assert found.evidence.grade is Grade.NUMERICAL
    assert "not bounded" in found.evidence.reason
    assert "certified" in found.evidence.reason
    assert {"ulam1960collection", "li1976finite"} <= set(found.evidence.sources)


def test_means_refuse_what_is_no_function():
    found = density(TENT, LINE, 4)
    for wrong in (lambda p: p, lambda p: np.full(len(p), np.nan), lambda p: 1.0):
        with pytest.raises(InvalidInput, match="function"):
            found.mean(wrong)


def test_depth_zero_has_nothing_coarser():
    found = density(TENT, LINE, 0).only
    assert found.moved is None
    assert found.density.tolist() == [1.0]
