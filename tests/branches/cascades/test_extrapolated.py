"""Extrapolation of sequences whose limits are known."""

from decimal import Decimal

import pytest

from dynsys_gd.branches.cascades.constants import DELTA_DECIMAL
from dynsys_gd.branches.cascades.extrapolated import Extrapolated, limit_of, ratios_of, tail_of


def geometric(ratio, terms, second=0):
    """1 - r⁻ⁿ + c r⁻²ⁿ"""
    ratio = Decimal(ratio)
    return [1 - ratio**-n + Decimal(second) * ratio ** (-2 * n) for n in range(terms)]


@pytest.mark.parametrize("ratio", ["4.6692016091", "2", "8.7", "-3"])
def test_a_geometric_sequence_has_its_limit(ratio):
    found = limit_of(geometric(ratio, 6), [0.0] * 6)
    assert abs(found.value - 1) < Decimal("1e-9")


@pytest.mark.parametrize("second", ["0.3", "-2"])
@pytest.mark.parametrize("ratio", ["4.6692016091029906718532", "6"])
def test_the_estimated_error_covers_the_error(ratio, second):
    for terms in range(4, 12):
        found = limit_of(geometric(ratio, terms, second), [0.0] * terms)
        assert abs(float(found.value - 1)) <= found.error


def test_rounding_of_the_values_is_part_of_the_error():
    values = geometric("4.67", 8)
    assert limit_of(values, [1e-9] * 8).error >= 1e-9


def test_nothing_is_made_of_too_little_or_of_divergence():
    assert limit_of([], []) is None
    assert limit_of([Decimal(1)], [0.0]) is None
    assert limit_of([Decimal(2) ** n for n in range(5)], [0.0] * 5) is None
    assert tail_of([Decimal(4)] * 3, [0.0] * 3) is None
    two = limit_of([Decimal(0), Decimal(1)], [0.0, 0.0])
    assert abs(two.value - 1 - 1 / (DELTA_DECIMAL - 1)) < Decimal("1e-25")
    assert two.error == pytest.approx(float(two.value) - 1)


def test_ratios_and_what_they_are_off_by():
    values = [Decimal(v) for v in ("0", "4", "5", "5.25")]
    ratios, errors = ratios_of(values, [0.0, 1e-6, 0.0, 0.0])
    assert ratios == [4, 4]
    # The middle one of three values counts once in each difference.
    assert errors == [pytest.approx(5e-6), pytest.approx(4e-6)]
    moved, _ = ratios_of([Decimal(0), Decimal("4.000001"), Decimal(5), Decimal("5.25")], [0.0] * 4)
    assert abs(float(moved[0]) - 4) <= errors[0] * (1 + 1e-5)
    assert abs(float(moved[1]) - 4) <= errors[1] * (1 + 1e-5)


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        ("1.3022834627e-16", 2e-23, "1.30228346e-16 ± 2.0e-23"),
        ("3.5699456718", 1e-5, "3.569946 ± 1.0e-05"),
    ],
)
def test_digits_are_shown_as_far_as_they_are_known(value, error, shown):
    assert Extrapolated(Decimal(value), error, "").shown == shown
