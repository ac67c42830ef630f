"""Boxes from which almost every point converges."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import (
    BasinTheorem,
    Box,
    Grade,
    GradientDescent,
    InvalidInput,
    Loss,
    Outcome,
    SymbolicMap,
    Target,
    basin_theorem,
)
from dynsys_gd.measure.enclosure.theorem import _largest
from dynsys_gd.measure.enclosure.tree import UNKNOWN, Tree

WELL = Loss(x**4 / 4 - x**2 / 2, [x])
PRODUCT = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")


@pytest.mark.parametrize("seed", range(8))
def test_the_largest_box_without_an_open_cell(seed):
    rng = np.random.default_rng(seed)
    tree = Tree(2, 1)
    for _ in range(5):
        leaves = tree.leaves()
        tree.split(leaves[rng.random(len(leaves)) < 0.5])
    tree.index()
    leaves = tree.leaves()
    tree.set_masks(leaves, rng.choice([2, 2, 2, 2, 4, 6, 3, 1], size=len(leaves)).astype(np.uint16))
    some = leaves[rng.random(len(leaves)) < 0.02]
    tree.set_masks(some, np.full(len(some), UNKNOWN))
    scale, holds, blocked = _largest(tree)
    half = Fraction(1, 2)

    def reached(s):
        """Return the cells with an open or diverging mask whose inside the box of scale s meets."""
        found = []
        for n in leaves[tree.inside(leaves)]:
            size = Fraction(1, 2 ** int(tree.level[n]))
            ends = [(int(i) * size, (int(i) + 1) * size) for i in tree.place[n]]
            if all(p < half + s / 2 and q > half - s / 2 for p, q in ends) and tree.mask[n] & 1:
                found.append(n)
        return found

    assert reached(scale) == []
    if scale == 1:
        assert (holds, blocked) == (Outcome.YES, Outcome.YES)
        return
    beyond = reached(scale + Fraction(1, 2**20))
    assert beyond
    refuted = [n for n in leaves[tree.inside(leaves)] if tree.mask[n] == 1]
    assert holds is (Outcome.NO if refuted else Outcome.UNDECIDED)
    stopped = [n for n in beyond if tree.mask[n] == 1]
    assert blocked is (Outcome.NO if stopped else Outcome.UNDECIDED)


def test_a_tree_without_open_cells_is_a_proof():
    tree = Tree(2, 1)
    tree.set_masks(tree.leaves()[tree.inside(tree.leaves())], np.array([6], dtype=np.uint16))
    assert _largest(tree) == (1, Outcome.YES, Outcome.YES)


def test_the_square_up_to_the_cycle_of_the_product():
    theorem = basin_theorem(PRODUCT, Box([-1.7, -1.7], [1.7, 1.7]), seconds=100)
    assert (theorem.holds, theorem.scale) == (Outcome.YES, 1)
    assert theorem.evidence.grade is Grade.CERTIFIED
    low, high = theorem.corners
    assert low == (-Fraction(1.7),) * 2
    assert high == (Fraction(1.7),) * 2
    assert theorem.box == Box([-1.7, -1.7], [1.7, 1.7])
    assert theorem.certificate.content.claim.low == low


@pytest.fixture(scope="module")
def part() -> BasinTheorem:
    return basin_theorem(GradientDescent(WELL, "1/2"), Box([-4], [4]), seconds=0.4)


def test_a_box_that_is_too_large_is_shrunk(part):
    assert part.holds is Outcome.NO  # beyond ±√5 orbits escape
    (low,), (high,) = part.corners
    assert high == -low == 4 * part.scale
    assert 2 < high < sp.sqrt(5)
    assert part.to_dict()["high"] == [str(high)]
    assert "converges to a minimum" in part.headline()


def test_where_the_centre_is_on_a_boundary_nothing_is_proved():
    F = GradientDescent(WELL, "1/2")
    theorem = basin_theorem(F, Box([2], [2 * 5**0.5 - 2]), seconds=0.3)
    assert theorem.scale == 0
    assert theorem.box is None
    assert theorem.certificate is None
    assert theorem.headline().startswith("No box")


def test_maps_without_a_loss_have_fixed_points():
    half = SymbolicMap([x / 2], [x])
    with pytest.raises(InvalidInput, match="FIXED_POINTS"):
        basin_theorem(half, Box([-1], [1]))
    theorem = basin_theorem(half, Box([-1], [1]), to=Target.FIXED_POINTS)
    assert theorem.headline().endswith("converges to a fixed point")


def test_floats_are_named():
    theorem = basin_theorem(GradientDescent(WELL, 0.5), Box([-1], [1]), seconds=5)
    assert theorem.evidence.grade is Grade.NUMERICAL


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("F", {"F": WELL}),
        ("region", {"box": [0, 1]}),
        ("region", {"box": Box([-1, -1], [1, 1])}),
        ("to", {"to": "minima"}),
        ("seconds", {"seconds": 0}),
        ("executor", {"executor": 4}),
        ("progress", {"progress": True}),
    ],
)
def test_bad_input(argument, given):
    usual = {"F": GradientDescent(WELL, "1/2"), "box": Box([-1], [1])}
    both = {**usual, **given}
    with pytest.raises(InvalidInput, match=argument):
        basin_theorem(both.pop("F"), both.pop("box"), **both)
