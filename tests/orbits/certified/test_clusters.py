"""Boxes that touch are one cluster, and it says why it stayed open."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Box,
    GradientDescent,
    Krawczyk,
    Loss,
    SymbolicMap,
    fixed_points,
    periodic_orbits,
)
from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.orbits.certified.clusters import clusters_of, components
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.cluster import Obstacle

x, y = sp.symbols("x y")
SURE = Evidence(grade=Grade.CERTIFIED, reason="test")


def by_comparing_all(lower, upper):
    """Connected sets of boxes (d, n) by comparing every pair, labels in order of appearance."""
    n = lower.shape[1]
    labels = np.arange(n)
    changed = True
    while changed:
        changed = False
        for i in range(n):
            for j in range(n):
                touch = (lower[:, i] <= upper[:, j]).all() and (lower[:, j] <= upper[:, i]).all()
                if touch and labels[i] != labels[j]:
                    labels[labels == max(labels[i], labels[j])] = min(labels[i], labels[j])
                    changed = True
    return labels


@pytest.mark.parametrize(("d", "widest"), [(1, 0.01), (2, 0.15), (4, 0.4)])
@pytest.mark.parametrize("spread", [0.0, 3.0])
def test_connected_sets_are_those_of_all_comparisons(d, widest, spread):
    rng = np.random.default_rng(d)
    size = widest * np.exp(-spread * rng.random((d, 60)))
    lower = rng.random((d, 60))
    upper = lower + size
    expected = by_comparing_all(lower, upper)
    got = components(lower[None], upper[None])
    same = expected[:, None] == expected[None, :]
    np.testing.assert_array_equal(same, got[:, None] == got[None, :])
    assert 1 < len(np.unique(got)) < 60


def test_boxes_that_share_a_corner_touch():
    lower = np.array([[[0.0, 1.0, 2.5], [0.0, 1.0, 0.0]]])
    upper = np.array([[[1.0, 2.0, 3.0], [1.0, 2.0, 1.0]]])
    labels = components(lower, upper)
    assert labels[0] == labels[1] != labels[2]


def test_points_and_no_boxes_at_all():
    nothing = np.empty((1, 2, 0))
    assert not len(components(nothing, nothing))
    same = np.zeros((1, 1, 3))
    assert len(np.unique(components(same, same))) == 1


def test_small_gaps_do_not_divide_a_cluster_and_large_ones_do():
    equations = equations_of(GradientDescent(Loss(x**4, [x]), 1), 1)
    lower = np.array([[[0.0, 1.05, 9.0]]])
    found = clusters_of(equations, lower, lower + 1.0, SURE)
    assert [len(cluster.boxes) for cluster in found] == [2, 1]
    np.testing.assert_array_equal(found[0].hull, [[[0.0, 2.05]]])
    assert [cluster.obstacle for cluster in found] == [Obstacle.SINGULAR] * 2


def test_very_many_sets_become_few_clusters():
    equations = equations_of(GradientDescent(Loss(x**4, [x]), 1), 1)
    lower = (2.0 ** np.arange(-500, 500))[None, None]
    found = clusters_of(equations, lower, lower * (1 + 1e-9), SURE)
    assert len(found) <= 300
    assert sum(len(cluster.boxes) for cluster in found) == 1000


def test_multiple_zeros_are_clusters_and_the_simple_one_is_proved():
    slope = sp.expand((x - 1) * (x**2 - 2) ** 3 * (x**3 - 2) ** 4)
    F = GradientDescent(Loss(sp.integrate(slope, x), [x]), "1/100")
    found = fixed_points(F, Box([-3], [3]), method=Krawczyk())
    assert not found.complete
    assert [orbit.exact for orbit in found.orbits] == [((1,),)]
    roots = [-np.sqrt(2), 2 ** (1 / 3), np.sqrt(2)]
    assert len(found.clusters) == 3
    for cluster, root in zip(found.clusters, roots, strict=True):
        assert cluster.obstacle is Obstacle.SINGULAR
        low, high = cluster.hull[0, 0]
        assert low <= root <= high
        assert high - low < 1e-8


def test_an_orbit_at_the_birth_of_the_period_three_window_is_not_called_stable():
    found = periodic_orbits(
        SymbolicMap([x**2 - sp.Rational(7, 4)], [x]), Box([-2], [2]), period=3, method=Krawczyk()
    )
    assert not found.complete
    assert not found.orbits
    (cluster,) = found.clusters
    assert cluster.obstacle is Obstacle.SINGULAR
    # x0 + x1 + x2 = -1/2 and so on: the three are the zeros of x³ + x²/2 - 9x/4 - 1/8.
    orbit = np.sort(np.roots([1, 0.5, -2.25, -0.125]).real)
    np.testing.assert_allclose(np.sort(cluster.hull.mean(axis=-1)[:, 0]), orbit, atol=1e-6)
    assert cluster.width < 1e-6


@pytest.mark.parametrize(
    ("loss", "variables", "region", "pole"),
    [
        (x + 1 / x, [x], Box([-1.5], [2]), [0.0]),
        (x + 1 / x**2, [x], Box([-1.5], [2]), [0.0]),
        (x**2 / 2 - sp.log(x), [x], Box([-0.5], [2]), [0.0]),
    ],
)
def test_a_pole_is_a_cluster_and_no_zero_is_lost(loss, variables, region, pole):
    found = fixed_points(GradientDescent(Loss(loss, variables), 1), region, method=Krawczyk())
    assert not found.complete
    assert {cluster.obstacle for cluster in found.clusters} == {Obstacle.UNDEFINED}
    assert any(
        (cluster.hull[0, :, 0] <= pole).all() and (pole <= cluster.hull[0, :, 1]).all()
        for cluster in found.clusters
    )
    zeros = [r for r in sp.solve(sp.diff(loss, x), x) if r.is_real and region.low[0] <= r <= 2]
    places = sorted(float(z) for z in zeros)
    np.testing.assert_allclose(sorted(float(o.points[0, 0]) for o in found.orbits), places)


def test_a_curve_of_poles_is_one_cluster_found_in_time():
    F = GradientDescent(Loss(1 / (x - y) + x**2 + y**2, [x, y]), "1/10")
    found = fixed_points(F, Box([-3, -3], [3, 3]), seconds=20, method=Krawczyk())
    (cluster,) = found.clusters
    assert cluster.obstacle is Obstacle.UNDEFINED
    assert "undefined" in cluster.headline()
    (orbit,) = found.orbits
    # 2x = 1/(x - y)² = -2y
    assert orbit.points[0, 0] == pytest.approx(-orbit.points[0, 1])
    assert 2 * orbit.points[0, 0] == pytest.approx(1 / (2 * orbit.points[0, 0]) ** 2)


def test_a_map_with_kinks_is_undecided():
    for loss in (sp.Abs(x) + x**2, sp.Max(x, x**2)):
        found = fixed_points(GradientDescent(Loss(loss, [x]), 1), Box([-1], [2]), method=Krawczyk())
        assert not found.complete
        assert not found.orbits
        assert "undecided" in found.why


def test_a_cluster_of_many_boxes_says_that_it_may_be_a_family():
    # No pattern shows the circle of fixed points: its radius is a zero of no factor.
    r = sp.exp(x**2 + y**2) - 3 + (x**2 + y**2) ** 2
    F = SymbolicMap([x + r * y + r**3, y + sp.sin(r) * x], [x, y])
    found = fixed_points(F, Box([-1.5, -1.5], [1.6, 1.7]), method=Krawczyk())
    assert not found.complete
    largest = max(found.clusters, key=lambda cluster: len(cluster.boxes))
    assert "perhaps a family" in largest.headline()
    assert len(found.clusters) < 10
