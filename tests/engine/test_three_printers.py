"""Random expressions through all printers of one tape: arrays, lanes, intervals (and balls)."""

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd.engine.ball_printer import ball_function
from dynsys_gd.engine.evaluation import evaluate
from dynsys_gd.engine.intervals import interval_function
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.rewrite import stable
from dynsys_gd.engine.tape import lower

x, y, a = sp.symbols("x y a", real=True)
machine_only = pytest.mark.skipif(processor() is None, reason="no machine code on this platform")

numbers = st.fractions(min_value=-3, max_value=3, max_denominator=12).map(
    lambda q: sp.Rational(q.numerator, q.denominator)
)
leaves = st.one_of(st.sampled_from([x, y, a]), numbers)


def polynomial(parts):
    return st.one_of(
        st.tuples(parts, parts).map(lambda p: p[0] + p[1]),
        st.tuples(parts, parts).map(lambda p: p[0] * p[1]),
        st.tuples(parts, parts).map(lambda p: p[0] - p[1]),
        st.tuples(parts, st.integers(2, 5)).map(lambda p: p[0] ** p[1]),
    )


def kinked(parts):
    return st.one_of(
        polynomial(parts),
        st.tuples(parts, parts).map(lambda p: sp.Max(*p)),
        st.tuples(parts, parts).map(lambda p: sp.Min(*p)),
        parts.map(sp.Abs),
        parts.map(lambda e: 1 / (1 + e**2)),
        parts.map(lambda e: sp.sqrt(1 + e**2)),
        st.tuples(parts, parts, parts).map(
            lambda p: sp.Piecewise((p[0], p[1] < p[2]), (p[2], True), evaluate=False)
        ),
    )


def transcendental(parts):
    functions = [sp.sin, sp.cos, sp.tanh, sp.atan, sp.erf]
    return st.one_of(
        kinked(parts),
        st.tuples(st.sampled_from(functions), parts).map(lambda p: p[0](p[1])),
        parts.map(lambda e: sp.exp(-(e**2))),
        parts.map(lambda e: sp.log(1 + sp.exp(e))),
        parts.map(lambda e: 1 / (1 + sp.exp(-e))),
        parts.map(lambda e: sp.log(2 + e**2)),
        parts.map(lambda e: sp.log(sp.cosh(e))),
    )


rational_ones = st.recursive(leaves, kinked, max_leaves=12)
all_kinds = st.recursive(leaves, transcendental, max_leaves=10)
careful = settings(derandomize=True, deadline=None, max_examples=120, database=None)

POINTS = np.random.default_rng(0).uniform(-2, 2, (2, 60))
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 5e-324, 1e-200, 1e30, -1e200, np.inf, -np.inf, np.nan])
PARAMETER = np.array([0.75])


def tape_of(*expressions):
    return lower([stable(e) for e in expressions], [x, y], [a])


@machine_only
@careful
@given(st.tuples(rational_ones, rational_ones))
def test_lanes_are_arrays_to_the_last_bit_where_nothing_is_transcendental(expressions):
    tape = tape_of(*expressions)
    inputs = np.concatenate([POINTS, [a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL)]], axis=1)
    arrays = numpy_function(tape)(inputs, PARAMETER)
    lanes = evaluate(tape, inputs, PARAMETER)
    np.testing.assert_array_equal(lanes, arrays)


@machine_only
@careful
@given(all_kinds)
def test_lanes_and_arrays_agree_within_the_rounding_that_intervals_show(expression):
    tape = tape_of(expression)
    low, high = interval_function(tape)(POINTS, POINTS, PARAMETER, PARAMETER)
    room = np.where(np.isfinite(high - low), 20 * (high - low), np.inf) + 1e-300
    lanes, arrays = evaluate(tape, POINTS, PARAMETER), numpy_function(tape)(POINTS, PARAMETER)
    decided = np.isfinite(room)
    assert np.all(np.abs(lanes - arrays)[decided] <= room[decided])
    if not tape_has_a_jump(tape):
        assert decided.mean() > 0.9 or not np.isfinite(arrays).all()


@machine_only
@careful
@given(all_kinds, st.floats(0, 0.5))
def test_intervals_contain_what_balls_contain_and_what_lies_inside(expression, radius):
    tape = tape_of(expression)
    low, high = interval_function(tape)(POINTS, POINTS, PARAMETER, PARAMETER)
    balls = ball_function(tape)
    with flint.ctx.workprec(300):
        for k in range(0, POINTS.shape[1], 7):
            (exact,) = balls(list(POINTS[:, k]), list(PARAMETER))
            assert not exact < flint.arb(low[0, k])
            assert not exact > flint.arb(high[0, k])
    wide_low, wide_high = interval_function(tape)(
        POINTS - radius, POINTS + radius, PARAMETER, PARAMETER
    )
    for share in (-1.0, -0.3, 0.0, 0.9):
        inside_low, inside_high = interval_function(tape)(
            *[POINTS + share * radius * (1 - 1e-9)] * 2, PARAMETER, PARAMETER
        )
        assert np.all(inside_high >= wide_low)
        assert np.all(inside_low <= wide_high)


def tape_has_a_jump(tape):
    return any(instruction.op in (Op.SELECT, Op.SIGN, Op.STEP) for instruction in tape.code)
