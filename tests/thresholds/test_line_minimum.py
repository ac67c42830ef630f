"""Infima of rational functions of one variable where they are positive."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import s

from dynsys_gd.thresholds.line_minimum import positive_infimum
from dynsys_gd.thresholds.rational_functions import constant_on, rational_function

R = sp.Rational


@pytest.mark.parametrize(
    ("expression", "holes", "infimum", "points"),
    [
        (s**2 + 3, 1, 3, [0]),
        (s**2 + 1 / s**2, s, 2, [-1, 1]),
        (1 / (1 + s**2), 1, 0, []),  # only in the limit
        (2 + 1 / (1 + s**2), 1, 2, []),  # only in the limit, and not zero
        (2 - 1 / (1 + s**2), 1, 1, [0]),
        (s**2, 1, 0, []),  # the value 0 itself is not positive
        (s, 1, 0, []),  # both signs
        (-(s**2) - 1, 1, None, []),
        (-(s**2), 1, None, []),
        (s**2 + 1, s, 1, []),  # the lowest point is left out
        ((s - 2) ** 2 + R(1, 4), s * (s - 3), R(1, 4), [2]),
        (1 / s, s, 0, []),
        ((s**2 + 1) / s, s, 2, [1]),  # negative on one side of the hole
        (1 / s**2 - s, s, 0, []),
        (s**4 - 2 * s**2 + R(5, 4), 1, R(1, 4), [-1, 1]),
        ((s**2 - 2) ** 2 + 1, 1, 1, [-(2**0.5), 2**0.5]),
    ],
)
def test_infimum_and_where(expression, holes, infimum, points):
    function = rational_function(sp.sympify(expression), [s])
    found = positive_infimum(function, sp.Poly(holes, s, domain=sp.QQ), 5)
    if infimum is None:
        assert found is None
        return
    assert found.infimum.to_sympy() == infimum
    assert [p.approximate[0] for p in found.points] == pytest.approx(points)


@pytest.mark.parametrize("seed", range(8))
def test_random_functions_against_a_fine_grid(seed):
    rng = np.random.default_rng(seed)
    top, bottom = (sp.Poly(rng.integers(-4, 5, k).tolist(), s) for k in (5, 3))
    if bottom.is_zero or bottom.degree() < 1:
        bottom = sp.Poly(s, s)
    function = rational_function(top.as_expr() / bottom.as_expr(), [s])
    found = positive_infimum(function, bottom.set_domain(sp.QQ), 5)
    rows = np.concatenate([np.linspace(-50, 50, 400_001), np.logspace(2, 6, 2000)])
    rows = np.concatenate([rows, -rows])
    with np.errstate(all="ignore"):
        values = np.polyval([float(c) for c in top.all_coeffs()], rows) / np.polyval(
            [float(c) for c in bottom.all_coeffs()], rows
        )
    positive = values[np.isfinite(values) & (values > 0)]
    if found is None:
        assert positive.size == 0
    else:
        lowest = float(found.infimum)
        assert positive.min() >= lowest * (1 - 1e-9)
        assert positive.min() <= lowest + 1e-2


def test_constants_along_curves_are_recognised():
    x, y = sp.symbols("x y")
    circle = sp.Poly(x**2 + y**2 - 1, x, y, domain=sp.QQ)
    assert constant_on(rational_function(8 * x**2 + 8 * y**2, [x, y]), [circle]) == 8
    assert constant_on(rational_function(x**2 + y, [x, y]), [circle]) is None
    assert constant_on(rational_function((x**2 + y**2) / (2 - x**2 - y**2), [x, y]), [circle]) == 1
