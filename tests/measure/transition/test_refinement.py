"""The bracket of the critical value, from points that were made up."""

import math
from dataclasses import replace

import pytest
from sympy import Float, Rational
from sympy.abc import eta, x

import dynsys_gd as dg
from dynsys_gd.measure.transition.point import Norms
from dynsys_gd.measure.transition.refinement import BracketLimit, bracketed, next_value
from dynsys_gd.measure.transition.slowing import values_to_look_at

N = 1000
F = dg.GradientDescent(dg.Loss(x**2 / 2, [x]), eta)
ESTIMATE = dg.convergent_measure(
    F.at(eta=1), dg.Box([-1], [1]), method=dg.MonteCarlo(n=N), budget=dg.Budget(steps=8), rng=0
)
NEGLIGIBLE = 0.02


def point(value, hits, undecided=0, n=N):
    counts = (
        (dg.Detail.MINIMUM, hits),
        (dg.Detail.DIVERGED, n - hits - undecided),
        (dg.Detail.SLOW_DECAY, undecided),
    )
    tally = tuple(pair for pair in counts if pair[1])
    return dg.TransitionPoint(
        parameter="eta",
        value=value,
        estimate=replace(ESTIMATE, reading=replace(ESTIMATE.reading, tally=tally)),
        level=0.999,
        norms=Norms(quantiles=(0.0, 0.0, 0.0), bounded=hits + undecided, n=n),
        seed=0,
        refined=False,
    )


def points(*rows):
    return [point(Rational(k), *row) for k, row in enumerate(rows)]


def bracket(made, width=1):
    return bracketed(made, negligible=NEGLIGIBLE, width=width)


def following(made, width=1):
    return next_value(made, negligible=NEGLIGIBLE, width=width)


def test_one_hit_is_some_and_no_hit_is_none():
    assert point(0, 1).found(NEGLIGIBLE) is dg.ShareStatus.CONVERGES
    assert point(0, 0).found(NEGLIGIBLE) is dg.ShareStatus.VANISHED
    assert point(0, 0, undecided=1).found(NEGLIGIBLE) is dg.ShareStatus.VANISHED
    assert point(0, 0, undecided=100).found(NEGLIGIBLE) is dg.ShareStatus.OPEN
    assert point(0, 0, n=50).found(NEGLIGIBLE) is dg.ShareStatus.OPEN


def test_neighbours_as_close_as_asked_for():
    found = bracket(points((900,), (500,), (0,), (0,)))
    assert found.interval == (1, 2)
    assert found.value == 1.5
    assert found.limit is BracketLimit.WIDTH
    assert following(points((900,), (500,), (0,), (0,))) is None


def test_what_is_wider_is_bisected_exactly():
    made = points((900,), (500,), (0,), (0,))
    assert bracket(made, width=0.1).limit is BracketLimit.POINTS
    assert following(made, width=0.1) == Rational(3, 2)


def test_undecided_values_between_are_closed_in_on_from_both_sides():
    made = [point(Rational(v), *row) for v, row in ((0, (500,)), (4, (0, 300)), (6, (0,)))]
    assert following(made) == 2  # the wider side first
    made.insert(1, point(Rational(2), 400))
    made.insert(2, point(Rational(3), 0, 300))
    assert following(made) == 5
    made.insert(4, point(Rational(5), 0, 300))
    assert following(made) is None
    found = bracket(made)
    assert found.interval == (2, 6)
    assert found.open_values == (3, 4, 5)
    assert found.limit is BracketLimit.BUDGET


def test_few_starts_are_told_from_few_steps():
    made = points((500,), (0, 0, 50), (0,))
    assert bracket(made).limit is BracketLimit.STARTS
    assert bracket(points((500,), (0, 300), (0,))).limit is BracketLimit.BUDGET
    assert bracket(points((500,), (0, 300), (0, 0, 50))).limit is BracketLimit.STARTS


def test_a_share_that_comes_back_moves_the_bracket():
    found = bracket(points((500,), (0,), (200,), (0,)))
    assert found.interval == (2, 3)


@pytest.mark.parametrize(
    ("rows", "interval"),
    [
        (((500,), (400,)), (1, math.inf)),
        (((0,), (0,)), (-math.inf, 0)),
        (((500,), (0, 300)), (0, math.inf)),
        (((0, 300), (0, 300)), (-math.inf, math.inf)),
    ],
    ids=["all converge", "none does", "the end is open", "all are open"],
)
def test_values_that_do_not_enclose_it(rows, interval):
    found = bracket(points(*rows))
    assert found.interval == interval
    assert found.value is None
    undecided = any(len(row) > 1 for row in rows)
    assert found.limit is (BracketLimit.BUDGET if undecided else BracketLimit.VALUES)


def test_bisection_ends_where_floats_do():
    low, high = 1.0, math.nextafter(1.0, 2.0)
    made = [point(Float(low), 500), point(Float(high), 0)]
    assert following(made, width=1e-300) is None


def test_budgets_are_tried_at_the_ends_and_in_the_middle():
    made = points((500,), (400,), (0, 300), (0, 300), (0, 300), (0,), (0,))
    chosen = values_to_look_at(made, bracket(made))
    assert [p.at for p in chosen] == [1, 3, 5]


def test_the_width_is_a_thousandth_of_the_span_unless_given():
    assert dg.Refinement().width_in(1.0, 3.0) == pytest.approx(0.002)
    assert dg.Refinement(width="1/8").width_in(1.0, 3.0) == 0.125
