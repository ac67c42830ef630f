"""Which cells a box meets: compared with a look at every cell."""

from fractions import Fraction

import numpy as np
import pytest

from dynsys_gd.measure.enclosure.bounds import area
from dynsys_gd.measure.enclosure.tree import UNKNOWN, Tree

SHAPES = [(1, 3), (2, 2), (3, 1)]  # dimension, reach


def grown(dimension, reach, seed, rounds=4, known=0.8):
    """Return a tree of random shape with random masks, some of them unknown, some empty."""
    rng = np.random.default_rng(seed)
    tree = Tree(dimension, reach)
    for _ in range(rounds):
        leaves = tree.leaves()
        tree.split(rng.choice(leaves, size=max(1, len(leaves) // 4), replace=False))
    tree.index()
    leaves = tree.leaves()
    told = leaves[rng.random(len(leaves)) < known]
    tree.set_masks(told, rng.choice([0, 1, 2, 4, 3], size=len(told)).astype(np.uint16))
    return tree


def corners(tree, node):
    level, place = int(tree.level[node]), tree.place[node]
    return [(Fraction(int(i), 2**level), Fraction(int(i) + 1, 2**level)) for i in place]


def overlaps(tree, node, low, high):
    ends = zip(corners(tree, node), low, high, strict=True)
    return all(a < Fraction(h) and b > Fraction(g) for (a, b), g, h in ends)


def joined(tree, nodes):
    return int(np.bitwise_or.reduce(tree.mask[nodes])) if nodes else 0


def known_above(tree, node):
    """Return the highest node above of which something is known."""
    while tree.parent[node] >= 0 and tree.mask[tree.parent[node]] != UNKNOWN:
        node = tree.parent[node]
    return node


def boxes(tree, rng, n):
    """Return boxes: some of them random, some with corners on faces, some that stick out."""
    d, reach = tree.dimension, tree.reach
    low = rng.uniform(-reach - 0.2, reach + 1, size=(d, n))
    size = 2.0 ** rng.uniform(-7, 1, size=n)
    high = low + size * rng.uniform(0.2, 1, size=(d, n))
    exact = rng.random(n) < 0.5
    low[:, exact], high[:, exact] = np.floor(8 * low[:, exact]) / 8, np.ceil(8 * high[:, exact]) / 8
    return low, high


@pytest.mark.parametrize(("dimension", "reach"), SHAPES)
def test_meets_what_a_look_at_every_cell_finds(dimension, reach):
    rng = np.random.default_rng(dimension)
    for seed in range(2):
        tree = grown(dimension, reach, seed, rounds=3, known=0.9)
        low, high = boxes(tree, rng, 60)
        found, blame = tree.meets(low, high)
        for k in range(low.shape[1]):
            met = [n for n in tree.leaves() if overlaps(tree, n, low[:, k], high[:, k])]
            want, most = joined(tree, met), joined(tree, [known_above(tree, n) for n in met])
            if (low[:, k] < -reach).any() or (high[:, k] > reach + 1).any():
                want = most = int(UNKNOWN)
                assert blame[k] == -1
            elif want == UNKNOWN:
                assert blame[k] in met
                assert tree.mask[blame[k]] == UNKNOWN
            else:
                assert blame[k] == -1
            # Masks of several cells together may be read off from the node above them.
            assert want & ~int(found[k]) == 0
            assert int(found[k]) & ~most == 0


def test_boxes_without_interior_or_beyond_all_numbers_are_unknown():
    tree = Tree(2, 1)
    tree.set_masks(tree.leaves(), np.ones(9, dtype=np.uint16))
    low = np.array([[0.1, np.nan, -np.inf, 0.5, 0.6, 0.0, 0.2], [0.1] * 7])
    high = np.array([[0.2, 0.5, 0.5, 0.5, 0.5, np.inf, np.nan], [0.3] * 7])
    found, blame = tree.meets(low, high)
    assert found.tolist() == [1] + [int(UNKNOWN)] * 6
    assert (blame == -1).all()


def test_a_part_that_does_not_matter_is_not_met():
    tree = grown(2, 1, seed=5)
    low, high = np.array([[-0.9], [-0.9]]), np.array([[1.9], [1.9]])

    def left(owner, below, above):
        assert (below >= low[:, owner]).all()
        assert (above <= high[:, owner]).all()
        return below[0] < 0.25

    found, _ = tree.meets(low, high, left)
    met = [n for n in tree.leaves() if overlaps(tree, n, low[:, 0], [0.25, high[1, 0]])]
    assert joined(tree, met) & ~int(found[0]) == 0
    assert int(found[0]) & ~joined(tree, [known_above(tree, n) for n in met]) == 0


@pytest.mark.parametrize(("dimension", "reach"), SHAPES)
def test_unknown_at_finds_the_cell_of_a_point(dimension, reach):
    rng = np.random.default_rng(dimension)
    tree = grown(dimension, reach, 7, rounds=3, known=0.5)
    points = rng.uniform(-reach - 0.3, reach + 1.3, size=(dimension, 100))
    points[:, 0] = np.nan
    points[:, 1] = np.inf
    found = tree.unknown_at(points)
    assert (found[:2] == -2).all()
    seen = set(found.tolist())
    assert {-1, -2} < seen
    for k in range(2, 100):
        if (points[:, k] < -reach).any() or (points[:, k] > reach + 1).any():
            assert found[k] == -2
            continue
        (home,) = [n for n in tree.leaves() if overlaps(tree, n, points[:, k], points[:, k])]
        assert found[k] == (home if tree.mask[home] == UNKNOWN else -1)


@pytest.mark.parametrize(("dimension", "reach"), SHAPES)
def test_masks_of_inner_nodes_are_unions(dimension, reach):
    tree = grown(dimension, reach, 11)
    inner = np.flatnonzero(tree.child[: tree.n] >= 0)
    for node in inner:
        children = tree.child[node] + np.arange(2**dimension)
        assert tree.mask[node] == np.bitwise_or.reduce(tree.mask[children])
        assert (tree.parent[children] == node).all()


def test_areas_are_exact():
    tree = grown(2, 1, 3)
    inside = [n for n in tree.leaves() if all(a >= 0 and b <= 1 for a, b in corners(tree, n))]
    assert sorted(tree.leaves()[tree.inside(tree.leaves())]) == sorted(inside)
    share = {n: Fraction(1, 4 ** int(tree.level[n])) for n in inside}
    assert sum(share.values()) == 1
    for of in (0xFFFE, 2, 4):
        sure = sum(share[n] for n in inside if tree.mask[n] & (0xFFFF & ~of) == 0)
        possible = sum(share[n] for n in inside if tree.mask[n] & of)
        assert (area(tree, of=of, sure=True), area(tree, of=of, sure=False)) == (sure, possible)


@pytest.mark.parametrize("reach", [1, 3, 12, 200])
def test_corners_are_doubles_down_to_the_finest_level(reach):
    tree = Tree(1, reach)
    leaf = tree.leaves()[-1:]
    for _ in range(tree.finest):
        leaf = tree.split(leaf)[-1:]
    (low,), (high,) = tree.bounds(leaf)
    assert Fraction(float(high[0])) == reach + 1
    assert Fraction(float(low[0])) == reach + 1 - Fraction(1, 2**tree.finest)
    with pytest.raises(AssertionError):
        tree.split(leaf)
