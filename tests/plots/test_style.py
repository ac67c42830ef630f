"""One look for each meaning, told apart also in grey."""

from itertools import combinations

import pytest

from dynsys_gd.ensembles.fates import Fate
from dynsys_gd.evidence import Outcome
from dynsys_gd.plots import style


def test_every_fate_outcome_and_kind_has_a_look():
    assert set(style.FATES) == {fate.name for fate in Fate}
    assert set(style.OUTCOMES) == {outcome.name for outcome in Outcome}


@pytest.mark.parametrize(("one", "other"), list(combinations(style.FATES, 2)))
def test_fates_are_told_apart_in_grey_and_by_marker(one, other):
    first, second = style.FATES[one], style.FATES[other]
    assert abs(first.grey - second.grey) >= 10
    assert first.marker != second.marker


@pytest.mark.parametrize("family", [style.FATES, style.KINDS, style.STATUSES, style.OUTCOMES])
def test_no_two_looks_of_a_family_share_a_colour(family):
    assert len({look.colour for look in family.values()}) == len(family)


def test_kinds_are_told_apart_by_marker():
    assert len({look.marker for look in style.KINDS.values()}) == len(style.KINDS)


def test_many_orbits_look_different_and_the_first_never_change():
    looks = [style.look_of_orbit(k) for k in range(28)]
    assert len({(look.colour, look.line) for look in looks}) == 28
    assert looks[0].colour == style.ORBITS[0]


@pytest.mark.parametrize(("colour", "expected"), [("#FFFFFF", 100.0), ("#000000", 0.0)])
def test_lightness_runs_from_black_to_white(colour, expected):
    assert style.lightness(colour) == pytest.approx(expected, abs=1e-3)


def test_lightness_of_middle_grey_is_the_published_one():
    assert style.lightness("#777777") == pytest.approx(50.0, abs=0.5)
