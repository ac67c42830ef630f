"""Numbers mean what was typed: exact stays exact, floats stay floats."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import InvalidInput
from dynsys_gd.values import by_name, is_exact, to_value


@pytest.mark.parametrize(
    "value",
    ["1/10", "0.1", " 1 / 10 ", "1e-1", Fraction(1, 10), Decimal("0.1"), sp.Rational(1, 10)],
)
def test_every_exact_way_to_write_a_tenth(value):
    assert to_value(value, "step_size") == sp.Rational(1, 10)
    assert is_exact(to_value(value, "step_size"))


@pytest.mark.parametrize("value", [0.1, np.float64(0.1), np.float32(0.1)])
def test_a_float_stays_the_float_it_is(value):
    result = to_value(value, "step_size")
    assert not is_exact(result)
    assert float(result) == float(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -np.inf,
        sp.oo,
        sp.nan,
        sp.I,
        True,
        None,
        [1],
        "",
        "eta",
        "1/0",
        "nan",
        "inf",
        "１/２",
        "1e999999999",
        "9" * 1000,
        "__import__('os')",
        Decimal("NaN"),
        1j,
    ],
)
def test_what_is_not_a_finite_real_number_is_refused_by_name(value):
    with pytest.raises(InvalidInput, match="step_size"):
        to_value(value, "step_size")


def test_two_symbols_of_one_name_are_refused():
    with pytest.raises(InvalidInput, match="one symbol for each name"):
        by_name([sp.Symbol("x"), sp.Symbol("x", real=True)], "expression")
