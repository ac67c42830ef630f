"""Bounds in numpy against exact rational arithmetic."""

from fractions import Fraction

import numpy as np

from dynsys_gd.orbits.certified.outward import down, middle, product_up, raised, sum_up, up

RNG = np.random.default_rng(5)


def numbers(*shape):
    """Return numbers of all sizes, tiny and subnormal ones included."""
    exponents = RNG.integers(-1070, 300, shape) * RNG.integers(0, 2, shape)
    return RNG.uniform(-1, 1, shape) * 2.0**exponents


def test_one_step_outwards_covers_one_operation():
    a, b = numbers(20_000), numbers(20_000)
    for value, exact in ((a + b, Fraction.__add__), (a * b, Fraction.__mul__)):
        low, high = down(value), up(value)
        for x, y, l, h in zip(a[:3000], b[:3000], low[:3000], high[:3000], strict=True):
            assert Fraction(l) <= exact(Fraction(x), Fraction(y)) <= Fraction(h)


def test_the_neighbours_are_among_what_is_covered():
    values = np.concatenate([numbers(1000), [0.0, 5e-324, -5e-324, 1.0, 2.0**-1022]])
    assert (up(values) >= np.nextafter(values, np.inf)).all()
    assert (down(values) <= np.nextafter(values, -np.inf)).all()


def test_middles_lie_inside_also_of_huge_boxes():
    low, high = np.sort(numbers(2, 5000), axis=0)
    low[0], high[0] = -1.7e308, 1.7e308
    m = middle(low, high)
    assert ((low <= m) & (m <= high)).all()


def test_sums_and_products_of_bounds_are_bounds():
    terms = np.abs(numbers(40, 200))
    total = sum_up(terms, axis=0)
    for column, bound in zip(terms.T, total, strict=True):
        assert sum(map(Fraction, column)) <= Fraction(bound)
    matrices, vectors = np.abs(numbers(50, 6, 6)), np.abs(numbers(50, 6))
    image = product_up(matrices, vectors)
    for M, v, w in zip(matrices, vectors, image, strict=True):
        for row, bound in zip(M, w, strict=True):
            exact = sum(Fraction(a) * Fraction(b) for a, b in zip(row, v, strict=True))
            assert exact <= Fraction(bound)


def test_sizes_of_many_operations_are_raised_above_the_exact_ones():
    factors, weights = np.abs(numbers(2, 300, 4))
    extra = np.abs(numbers(300))
    about = (factors * weights).sum(axis=1) + extra
    bound = raised(about, 9)
    for a, w, e, b in zip(factors, weights, extra, bound, strict=True):
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, w, strict=True)) + Fraction(e)
        assert exact <= Fraction(b)
    assert (bound <= about * (1 + 1e-14) + 1e-300).all()
