"""Attractors over a parameter: births, deaths, mergings at known places, whoever computes them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sympy.abc import a, b, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd import AttractorChange

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(b="3/10")
SHORT = dg.Budget(steps=4096)
LINE, SQUARE = dg.Box([-1], [1]), dg.Box([-1, -1], [1, 1])


def history(F, values, region, **more):
    arguments = {"n": 40, "rng": 0, "budget": SHORT, **more}
    return dg.follow_attractors(F, F.parameters[0], values, region=region, **arguments)


def kinds(seen):
    return [event.change for event in seen.events]


def test_minima_become_cycles_under_the_same_labels():
    seen = history(WELL, [0.8, 0.9, 1.1, 1.2], LINE)
    assert all(sorted(row) == [0, 1] for row in seen.labels)
    assert kinds(seen) == [AttractorChange.PERIOD] * 2
    assert all(event.interval == (0.9, 1.1) and event.periods == (1, 2) for event in seen.events)
    sides = [[np.sign(each.points.mean()) for _, each in seen.attractor(k)] for k in (0, 1)]
    assert {len(set(side)) for side in sides} == {1}


def test_what_is_undecided_has_not_died():
    seen = history(WELL, [0.8, 0.9, 1.0, 1.1], LINE)
    assert seen.undecided[2] == 1.0
    assert seen.count == 2
    assert seen.labels[2] == ()
    assert kinds(seen) == [AttractorChange.PERIOD] * 2


def test_mirror_images_merge_and_are_lost():
    seen = history(WELL, [1.5, 1.58, 1.62, 1.95, 2.05], LINE, n=60)
    (merging, *_) = seen.of(AttractorChange.MERGING)
    assert merging.interval == (1.58, 1.62)
    (death,) = seen.of(AttractorChange.DEATH)
    assert death.interval == (1.95, 2.05)
    assert not seen.of(AttractorChange.BIRTH)
    assert seen.escaped.tolist() == [0, 0, 0, 0, 1]


def test_halving_closes_in():
    seen = history(WELL, [1.56, 1.64], LINE, halvings=6)
    (merging, *_) = seen.of(AttractorChange.MERGING)
    low, high = merging.interval
    assert high - low == pytest.approx(0.08 / 64)
    assert low < 3 * np.sqrt(3) / 2 - 1 < high


def test_a_second_attractor_is_born_and_merges():
    seen = history(HENON, np.linspace(1.055, 1.085, 7), SQUARE, n=100, budget=dg.Budget())
    (birth,) = seen.of(AttractorChange.BIRTH)
    assert 1.05 < birth.interval[0] < birth.interval[1] < 1.07
    (merging,) = seen.of(AttractorChange.MERGING)
    assert merging.label == birth.label
    assert merging.other == 0


def test_boundary_crisis_of_henons_map_is_bracketed():
    seen = history(HENON, [1.42, 1.44], SQUARE, halvings=8, budget=dg.Budget())
    (death,) = seen.of(AttractorChange.DEATH)
    low, high = death.interval
    assert high - low < 1e-4
    assert low - 1e-4 < 1.42692 < high + 1e-4


def test_an_attractor_splits():
    # The merging of mirror images, seen against a falling step size.
    falling = dg.SymbolicMap([x - (3 - r) * (x**3 - x)], [x])
    seen = history(falling, [1.38, 1.42], LINE)
    assert [len(each) for each in seen.sets] == [1, 2]
    assert AttractorChange.SPLITTING in kinds(seen)
    assert AttractorChange.BIRTH not in kinds(seen)
    assert AttractorChange.DEATH not in kinds(seen)


def test_a_small_basin_is_not_lost():
    # From far away no start comes near one of the two minima; it is known from before.
    far = dg.Box([0.2], [1.2])
    seen = dg.attractor_steps(WELL, "eta", [0.5, 0.6], region=far, n=20, rng=0, budget=SHORT)
    first = next(seen)
    assert len(first) == 1
    both = list(history(WELL, [0.5, 0.6], far).sets)
    assert [len(each) for each in both] == [1, 1]
    assert both[1].seeds == (0,)


def test_steps_are_those_of_the_history():
    values = [0.9, 1.1, 1.3]
    arguments = {"region": LINE, "n": 30, "rng": 5, "budget": SHORT}
    steps = list(dg.attractor_steps(WELL, "eta", values, **arguments))
    seen = dg.follow_attractors(WELL, "eta", values, **arguments)
    assert [each.to_dict() for each in steps] == [each.to_dict() for each in seen.sets]


def test_a_checkpoint_takes_up_where_it_was_left(tmp_path):
    path = tmp_path / "attractors.checkpoint"
    values = [0.9, 1.1, 1.3]
    arguments = {"region": LINE, "n": 30, "rng": 5, "budget": SHORT}
    steps = dg.attractor_steps(WELL, "eta", values, checkpoint=path, **arguments)
    next(steps)
    steps.close()
    told = []
    again = dg.follow_attractors(
        WELL, "eta", values, checkpoint=path, progress=lambda *s: told.append(s), **arguments
    )
    whole = dg.follow_attractors(WELL, "eta", values, **arguments)
    assert again.to_dict() == whole.to_dict()
    with pytest.raises(dg.errors.InvalidInput, match="checkpoint"):
        dg.follow_attractors(WELL, "eta", [0.9, 1.2], checkpoint=path, **arguments)


def test_executors_agree_to_the_last_bit():
    arguments = {"region": LINE, "n": 300, "rng": 5, "budget": SHORT}
    alone = dg.follow_attractors(WELL, "eta", [1.3, 1.7], **arguments)
    with ThreadPoolExecutor(3) as pool:
        shared = dg.follow_attractors(WELL, "eta", [1.3, 1.7], executor=pool, **arguments)
    assert alone.to_dict() == shared.to_dict()


def test_events_that_are_not_listed_are_counted():
    seen = dg.follow_attractors(
        WELL, "eta", [0.9, 1.1, 1.25, 1.3, 1.5, 1.7], region=dg.Box([-1], [1]), n=40, rng=0
    )
    rows = seen.rows()
    shown = sum(name == "event" for name, _ in rows)
    assert shown < len(seen.events)
    assert ("others", f"{len(seen.events) - shown} more in .events") in rows
