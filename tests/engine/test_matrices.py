"""Products on lanes: every entry, in the promised order, however the work is cut into tiles."""

import numpy as np
import pytest
from reference.machine_code import aligned, exported

from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.matrices import Matrix, _stretches, _tile, multiply
from dynsys_gd.engine.machine.writer import Module

needs_machine = pytest.mark.skipif(processor() is None, reason="no machine code here")

SIZES = [
    (1, 1, 1),
    (2, 2, 2),
    (3, 1, 5),
    (1, 7, 1),
    (4, 4, 4),
    (5, 11, 7),
    (13, 6, 9),
    (10, 10, 10),
]


def product(
    left,
    right,
    start=None,
    *,
    fused,
    lanes,
    transposed=(False, False),
    uniform=False,
    straight=False,
):
    """Return start + left · right for arrays (lanes, rows, columns), computed by machine code."""
    module = Module(lanes=lanes, fused=fused)
    names = ["left", "right", "result", "start"]
    f = module.function("multiplied", [("ptr", name) for name in names])
    m, n = left.shape[1], right.shape[2]
    stored = [
        np.swapaxes(a, 1, 2) if t else a for a, t in zip((left, right), transposed, strict=True)
    ]
    matrices = [
        Matrix.stored(f"%{name}", *a.shape[1:], uniform=uniform and name == "right")
        for name, a in zip(names, stored, strict=False)
    ]
    a, b = (x.T if t else x for x, t in zip(matrices, transposed, strict=True))
    result, begin = Matrix.stored("%result", m, n), Matrix.stored("%start", m, n, uniform=uniform)
    multiply(f, a, b, result, start=None if start is None else begin, straight=straight)
    f.give()

    def tile(array, one):
        full = aligned(array[0].size if one else array.size)
        full[:] = array[0].ravel() if one else np.moveaxis(array, 0, -1).ravel()
        return full

    answer = aligned(m * n * lanes)
    arrays = [tile(stored[0], False), tile(stored[1], uniform), answer]
    arrays.append(aligned(1) if start is None else tile(start, uniform))
    exported(module, "multiplied", 4)(*arrays)
    return np.moveaxis(answer.reshape(m, n, lanes), -1, 0)


def in_order(left, right, start=None):
    """Return the same, summed one k after the other with two roundings each."""
    outer = [left[:, :, k, None] * right[:, None, k, :] for k in range(left.shape[2])]
    total = outer.pop(0) if start is None else start
    for term in outer:
        total = total + term
    return total


def operands(sizes, lanes, *, uniform=False):
    m, k, n = sizes
    rng = np.random.default_rng([m, k, n, lanes])
    left, right = rng.normal(size=(lanes, m, k)), rng.normal(size=(lanes, k, n))
    start = rng.normal(size=(lanes, m, n))
    if uniform:
        right[:], start[:] = right[0], start[0]
    return left, right, start


@needs_machine
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True)])
def test_entries_are_summed_in_the_order_of_k(sizes, transposed):
    left, right, start = operands(sizes, 8)
    plain = product(left, right, fused=False, lanes=8, transposed=transposed)
    np.testing.assert_array_equal(plain, in_order(left, right))
    added = product(left, right, start, fused=False, lanes=8, transposed=transposed)
    np.testing.assert_array_equal(added, in_order(left, right, start))


@needs_machine
@pytest.mark.parametrize("sizes", SIZES)
def test_matrices_shared_by_all_lanes(sizes):
    left, right, start = operands(sizes, 4, uniform=True)
    given = product(left, right, start, fused=False, lanes=4, uniform=True)
    np.testing.assert_array_equal(given, in_order(left, right, start))


@needs_machine
@pytest.mark.parametrize("sizes", SIZES)
def test_fused_products_do_not_depend_on_lanes_or_tiles(sizes):
    left, right, start = operands(sizes, 16)
    widest = product(left, right, start, fused=True, lanes=16)
    assert np.abs(widest - (start + left @ right)).max() < 1e-13
    for lanes in (2, 4, 8):
        part = product(left[:lanes], right[:lanes], start[:lanes], fused=True, lanes=lanes)
        np.testing.assert_array_equal(part, widest[:lanes])


@needs_machine
def test_straight_products_are_the_same():
    left, right, start = operands((3, 2, 3), 8)
    both = [
        product(left, right, start, fused=True, lanes=8, straight=straight)
        for straight in (False, True)
    ]
    np.testing.assert_array_equal(*both)


@needs_machine
def test_what_is_not_a_number_stays_in_its_entry():
    left, right, _ = operands((5, 6, 5), 4)
    left[2, 3, 1], right[1, 4, 2] = np.nan, np.inf
    given = product(left, right, fused=True, lanes=4)
    wrong = np.argwhere(~np.isfinite(given))
    expected = [(1, i, 2) for i in range(5)] + [(2, 3, j) for j in range(5)]
    assert [tuple(place) for place in wrong] == expected


def test_a_function_for_each_size_only():
    module = Module(lanes=8, fused=True)
    f = module.function("twice", [("ptr", "a"), ("ptr", "b")])
    for result in ("%b", "%c", "%d"):
        multiply(
            f,
            Matrix.stored("%a", 6, 6),
            Matrix.stored("%a", 6, 6),
            Matrix.stored(result, 6, 6),
        )
    assert module.text().count("define ") == 2


@pytest.mark.parametrize("registers", [1, 4, 8, 16, 32])
def test_tiles_fit_into_registers_and_cover_everything_once(registers):
    for rows in range(1, 30):
        for columns in range(1, 30):
            high, wide = _tile(rows, columns, registers)
            assert high * wide + min(high, wide) + 1 <= max(registers, 3)
            for count, size in ((rows, high), (columns, wide)):
                pieces = [
                    range(first, first + stretch.size)
                    for stretch in _stretches(count, size)
                    for first in range(stretch.first, stretch.stop, stretch.size)
                ]
                assert [i for piece in pieces for i in piece] == list(range(count))
                assert max(map(len, pieces)) <= size
