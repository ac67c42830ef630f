"""A number beside its expectation."""

import math

import pytest

from dynsys_gd import InvalidInput, Outcome
from dynsys_gd.claims import Number, Origin


def near(found, expected=1.0, within=0.1):
    return Number.near("n", found, expected, within=within, origin=Origin.PAPER)


@pytest.mark.parametrize(
    ("found", "agrees"),
    [(1.0, "yes"), (1.09, "yes"), (0.9, "yes"), (1.11, "no"), (math.nan, "no"), (math.inf, "no")],
)
def test_near_means_within_the_tolerance(found, agrees):
    assert near(found).agrees is Outcome(agrees)


def test_both_ends_of_a_range_belong_to_it():
    for found, outcome in ((0, "yes"), (1, "yes"), (-1e-300, "no"), (1.0000001, "no")):
        number = Number.between("n", found, low=0, high=1, origin=Origin.DERIVED)
        assert number.agrees is Outcome(outcome)


def test_a_number_without_an_expectation_neither_agrees_nor_differs():
    number = Number.seen("n", 3)
    assert number.agrees is Outcome.UNDECIDED
    assert not number.compared
    assert number.expectation == ""
    assert repr(number) == "n: 3"


def test_expectations_in_words():
    assert near(1).expectation == "1 ± 0.1"
    assert near(1, 2, 0).expectation == "2"
    for ends, words in (
        ({"low": 1}, "at least 1"),
        ({"high": 2}, "at most 2"),
        ({"low": 1, "high": 2}, "1 to 2"),
    ):
        assert Number.between("n", 1, origin=Origin.PAPER, **ends).expectation == words


def test_what_differs_is_said_aloud():
    assert "DIFFERS" in repr(near(2))
    assert "agrees" in repr(near(1))


def test_plain_data_has_no_infinities():
    assert near(math.inf).to_dict()["found"] == "inf"
    assert near(1.0).to_dict() == {
        "name": "n",
        "found": 1.0,
        "expected": "1 ± 0.1",
        "origin": "paper",
        "agrees": "yes",
        "grade": "numerical",
    }


def test_bad_numbers_are_refused():
    with pytest.raises(InvalidInput, match="found"):
        near("abc")
    with pytest.raises(InvalidInput, match="found"):
        near(1j)
    with pytest.raises(InvalidInput, match="low"):
        Number.between("n", 1, low=2, high=1, origin=Origin.PAPER)
    with pytest.raises(InvalidInput, match="low"):
        near(1, math.nan)
