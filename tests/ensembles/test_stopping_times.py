"""The public face of the lane driver: what starts it takes, what its result remembers and says."""

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg

F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "9/10")
BOX = dg.Box([-3, -3], [3, 3])


def test_arrays_grids_and_starts_in_place_are_the_same_starts():
    grid = BOX.grid((5, 4))
    found = [dg.stopping_times(F, s) for s in (grid, grid.points, dg.starts.grid(BOX, (5, 4)))]
    assert all(np.array_equal(other.steps, found[0].steps) for other in found)
    assert [other.grid for other in found] == [grid, None, grid]


def test_one_start_in_each_cell_draws_as_an_image():
    jittered = dg.stopping_times(F, dg.starts.jittered(BOX, (5, 4), rng=0))
    assert jittered.grid == BOX.grid((5, 4))
    assert dg.stopping_times(F, dg.starts.sobol(BOX, 20, rng=0)).grid is None


def test_counts_remember_nothing_else():
    labels = dg.stopping_times(F, BOX.grid(30))
    counts = dg.stopping_times(F, BOX.grid(30), keep=dg.Keep.COUNTS)
    assert counts.counts == labels.counts
    assert (counts.stop, counts.steps, counts.states) == (None, None, None)
    with pytest.raises(dg.InvalidInput, match=r"keep=Keep\.LABELS"):
        counts.where(dg.Stop.FAR)


def test_no_starts_are_no_trouble():
    nothing = dg.stopping_times(F, np.empty((0, 2)))
    assert (nothing.n, nothing.total_steps, len(nothing.steps)) == (0, 0, 0)
    assert nothing.headline() == "0 starts, none of which stopped"


@pytest.mark.parametrize("region", [BOX, dg.Ball([0, 0], 1), dg.Gaussian([0, 0], 1)])
def test_a_region_is_refused_with_the_way_to_draw_from_it(region):
    for call in (dg.stopping_times, dg.simulate):
        with pytest.raises(dg.InvalidInput, match=r"starts\.drawn"):
            call(F, region)
