"""Starts as many as it takes: when it ends, why, and that it says so."""

import pytest
from reference.sampled_ellipse import CASES, known, known_but_open

from dynsys_gd import Adaptive, Ball, Budget, Gaussian, convergent_measure
from dynsys_gd.measure.counted import Ending
from dynsys_gd.measure.sampling import tallies


def measured(case="0.5", *, rng=0, region=None, budget=None, **settings):
    F, box = CASES[case].map, CASES[case].region
    method = Adaptive(**settings)
    return convergent_measure(F, region or box, method=method, rng=rng, budget=budget)


@pytest.mark.parametrize("case", CASES)
def test_it_ends_when_the_interval_is_as_narrow_as_wished(case, monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    m = measured(case, half_width=0.01)
    low, high = m.interval()
    assert m.reading.ending is Ending.NARROW_ENOUGH
    assert (high - low) / 2 <= 0.01
    assert low <= CASES[case].share <= high
    p = CASES[case].share
    assert m.n <= 3.3 * 1.96**2 * p * (1 - p) / 0.01**2 + 512


def test_it_does_not_go_on_for_long_after_that(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    m = measured(half_width=0.01)
    low, high = m.interval()
    assert (high - low) / 2 > 0.01 / 1.15


def test_as_many_as_allowed_are_not_exceeded_and_it_says_that_they_were_not_enough():
    m = measured(half_width=0.001, most=700)
    assert m.n == 700
    assert m.reading.ending is Ending.MOST_STARTS
    assert "NOT as narrow" in dict(m.rows())["ended"]
    low, high = m.interval()
    assert low < CASES["0.5"].share < high


def test_undecided_starts_that_fill_the_wish_end_it():
    m = measured(half_width=0.02, budget=Budget(steps=16))
    assert m.undecided > 0.04
    assert m.reading.ending is Ending.TOO_MANY_UNDECIDED
    assert "undecided" in dict(m.rows())["ended"]
    assert m.interval()[1] - m.interval()[0] > 0.04


def test_few_undecided_starts_are_made_up_for_by_more_draws(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known_but_open(0.02))
    m = measured(half_width=0.02)
    assert m.reading.ending is Ending.NARROW_ENOUGH
    assert 0.01 < m.undecided < 0.03


def test_other_levels_are_answered_too():
    m = measured(half_width=0.05)
    assert m.interval(0.5)[0] > m.interval()[0]
    assert m.interval(0.999)[1] > m.interval()[1]
    assert m.upper_bound() == m.interval()[1]


def test_the_same_starts_are_drawn_by_any_number_of_them():
    few, many = measured(half_width=0.06), measured(half_width=0.06, most=10**15)
    assert few.to_dict() == many.to_dict()


@pytest.mark.parametrize("law", [Ball([0.4, 0.6], 0.2), Gaussian([0.5, 0.5], 0.05)])
def test_any_law_can_be_drawn_from(law):
    m = measured(half_width=0.03, region=law)
    assert m.lower == 1.0
    assert m.interval()[0] > 0.94


def test_progress_knows_no_total():
    seen = []
    case = CASES["none"]
    convergent_measure(
        case.map,
        case.region,
        method=Adaptive(half_width=0.05),
        rng=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {None}
