"""The fate of a start does not depend on who does the sums, but for those on a boundary."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Box, Budget, GradientDescent, HeavyBall, Loss, simulate
from dynsys_gd.engine.arithmetic import Arithmetic

x, y = sp.symbols("x y")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
QUARTIC = Loss((x**2 + y - 3) ** 2 + (x + y**2 / 2 - 1) ** 2, [x, y])
BOX = Box([-3, -3], [3, 3])
ARRAYS = ("fate", "detail", "limit", "steps", "period", "exponent", "residual", "multiplier")


def fates(F, starts, arithmetic, **caps):
    return simulate(F, starts, budget=Budget(arithmetic=arithmetic, **caps))


@pytest.mark.parametrize(
    "F",
    [
        GradientDescent(PRODUCT, "1/2"),
        GradientDescent(PRODUCT, "11/10"),
        GradientDescent(PRODUCT, "3/2"),
        GradientDescent(QUARTIC, "1/25"),
        HeavyBall(PRODUCT, "1/5", "9/10"),
    ],
    ids=lambda F: F.describe(),
)
def test_without_fused_operations_polynomials_end_as_under_numpy_to_the_last_bit(F):
    grid = BOX.grid(24)  # has points on lines of symmetry, where all hangs on rounding
    plain, oracle = (
        fates(F, grid, a, steps=2048, lyapunov_steps=512)
        for a in (Arithmetic.PLAIN, Arithmetic.NUMPY)
    )
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(plain, name), getattr(oracle, name), err_msg=name)
    assert plain.budget.arithmetic is Arithmetic.PLAIN


@pytest.mark.parametrize("step_size", ["1/2", "9/10"])
def test_fused_operations_change_fewer_than_one_label_in_a_million(step_size):
    F = GradientDescent(PRODUCT, step_size)
    starts = np.random.default_rng(0).uniform(-3, 3, (500_000, 2))
    fused, plain = (fates(F, starts, a, steps=1024) for a in (Arithmetic.FUSED, Arithmetic.PLAIN))
    assert np.count_nonzero(fused.fate != plain.fate) <= 1e-6 * len(starts)
    assert not np.array_equal(fused.limit, plain.limit)  # it is another arithmetic


def test_exponentials_are_alike_too():
    F = GradientDescent(Loss(sp.log(1 + sp.exp(-x * y)) + (x**2 + y**2) / 10, [x, y]), "1/2")
    starts = np.random.default_rng(1).uniform(-3, 3, (20_000, 2))
    found = {a: fates(F, starts, a, steps=1024) for a in Arithmetic}
    for arithmetic in (Arithmetic.FUSED, Arithmetic.PLAIN):
        np.testing.assert_array_equal(found[arithmetic].fate, found[Arithmetic.NUMPY].fate)


def test_the_arithmetic_is_written_into_the_result():
    found = fates(GradientDescent(PRODUCT, "1/2"), [[0.5, 1.0]], Arithmetic.NUMPY)
    assert found.budget == dataclasses.replace(Budget(), arithmetic=Arithmetic.NUMPY)
    assert "numpy" in str(found.to_dict()["budget"])
