"""Elementary functions on interval lanes: the claimed error bounds are proved, the images hold."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from reference import interval_check as reference
from reference.rounding_errors import UNIT, Tracked, Tracking, pieces, shrinking, truncation

from dynsys_gd.engine.intervals import interval_function, points, series
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.tape import Instruction, Tape

arb = flint.arb
INF = math.inf
needs_machine = pytest.mark.skipif(processor() is None, reason="no machine code here")


@pytest.fixture(autouse=True)
def precision():
    """Let error bounds be computed with 128 bits."""
    before, flint.ctx.prec = flint.ctx.prec, 128
    yield
    flint.ctx.prec = before


# -- truncation: what the table in `series` claims ---------------------------------------------


def over_factorials(first, step, sign):
    """Return sign^j/(first + step j)! for j = 0, 1, ..."""
    return [flint.fmpq(sign**j, math.factorial(first + step * j)) for j in range(40)]


def over_odd_numbers(sign):
    """Return sign^(j+1)/(2j + 3) for j = 0, 1, ..."""
    return [flint.fmpq(sign ** (j + 1), 2 * j + 3) for j in range(60)]


def of_tanh():
    """Return the coefficients of x^3, x^5, ... in tanh: 4^n (4^n - 1) B_2n/(2n)! for x^(2n-1).

    Their sizes are 2 (4/pi^2)^n times a sum over odd numbers that decreases with n.
    """
    values = []
    for n in range(2, 60):
        bernoulli = flint.fmpq.bernoulli(2 * n)
        values.append(flint.fmpq(4**n * (4**n - 1), math.factorial(2 * n)) * bernoulli)
    return values


def constant(size, power):
    return lambda z: abs(z) ** power * size


# exact coefficients, by how much they shrink, range of the variable, weight, claim
TABLE = {
    "EXPONENTIAL": (
        *(over_factorials(2, 1, 1), arb(1) / 3, -0.34658, 0.34658),
        *(lambda r: r * r / r.exp(), 0.2),
    ),
    "LOGARITHM": (over_odd_numbers(1), arb(1), 0, 0.17158**2, constant(1, 1), 0.1),
    "LOGARITHM_WIDE": (over_odd_numbers(1), arb(1), 0, 0.11112, constant(1, 1), 0.1),
    "SINE": (
        *([-c for c in over_factorials(3, 2, -1)], arb(1) / 20, 0, 0.7854**2),
        *(constant(1 / 0.9, 1), 0.1),
    ),
    "COSINE": (over_factorials(4, 2, -1), arb(1) / 20, 0, 0.7854**2, constant(1 / 0.7071, 2), 0.1),
    "ARCTANGENT": (over_odd_numbers(-1), arb(1), 0, 0.4145**2, constant(1 / 0.94, 1), 0.1),
    "TANGENT_H": (of_tanh(), 4 / arb.pi() ** 2, 0, 0.8**2, constant(1 / 0.82, 1), 0.2),
    "SINE_H": (over_factorials(3, 2, 1), arb(1) / 20, 0, 1, constant(1, 1), 0.1),
    "COSINE_H": (over_factorials(4, 2, 1), arb(1) / 20, 0, 1, constant(2, 1), 0.1),
}


@pytest.mark.parametrize("name", TABLE)
def test_truncation_is_below_what_is_claimed(name):
    exact, ratio, low, high, weight, claim = TABLE[name]
    bound = truncation(exact, ratio, getattr(series, name), low, high, weight)
    assert 0 < bound <= claim


def test_truncation_notices_a_wrong_coefficient():
    exact, ratio, low, high, weight, claim = TABLE["SINE"]
    wrong = list(series.SINE)
    wrong[3] *= 1 + 1e-7
    assert truncation(exact, ratio, wrong, low, high, weight) > 10 * claim


# -- rounding: the very code, on pairs of range and error ---------------------------------------

F = Tracking()
EXP = points.POINTS["exp"].units


def tracked(exact, relative=0.0, absolute=0.0):
    error = UNIT * relative * abs(exact).upper() + arb(absolute)
    return Tracked(exact, error.upper())


def worst(results):
    return max(result.relative() for result in results)


def powers(low):
    """Return balls that cover [low, 2^60]."""
    return [*pieces(low, 20, 1500), *shrinking(2.0**60, 8, 56)]


def log_units():
    cases = []
    single = [arb(k) for k in range(-12, 13)]
    # then [12, 24], [24, 48], ... beyond 1074, in pieces so that their logarithms are known well
    sizes = [12 * 2**j for j in range(7)]
    spans = [part for size in sizes for part in pieces(size, 2 * size, 8)]
    for part in [*single, *spans, *(-part for part in spans)]:
        if part == 0:
            fractions = [*(-t for t in shrinking(0.2929, 32)), *shrinking(0.41422, 32)]
        else:
            fractions = list(pieces(-0.2929, 0.41422, 200 if part.rad() == 0 else 20))
        high, low = part * points.LOG2_HIGH, part * points.LOG2_LOW
        # the product k L2 is rounded, and log 2 ends with 2^-102
        error = abs(low).upper() * UNIT + abs(part).upper() * arb(2) ** -102
        for t in fractions:
            inputs = tracked(t), tracked(high), Tracked(low, error.upper())
            cases.append(series.logarithm(F, *inputs))
    return worst(cases) + 0.1


def atan_units():
    small = (series.odd(F, series.ARCTANGENT, tracked(t)) for t in shrinking(0.4145, 32))
    middle = (
        F.add(
            Tracked(arb.pi() / 4, arb(2) ** -54), series.odd(F, series.ARCTANGENT, tracked(t, 3.01))
        )
        for t in pieces(-0.4145, 0.4145, 400)
    )
    large = (
        F.add(
            Tracked(arb.pi() / 2, arb(2) ** -53), series.odd(F, series.ARCTANGENT, tracked(t, 1.0))
        )
        for t in pieces(-0.4145, 0, 400)
    )
    return max(worst(small), worst(middle), worst(large)) + 0.1


def logcosh_units():
    excess = worst(series.cosh_minus_one(F, tracked(v)) for v in shrinking(1.0, 32)) + 0.1
    near = excess + worst(
        series.logarithm_of_one_plus(F, tracked(v)) for v in shrinking(0.5431, 64)
    )
    far = []
    for x in [*pieces(1, 40, 800), *shrinking(2.0**60, 8, 55)]:
        decay = (-2 * x).exp()
        # log(1 + d) of a d known up to EXP units, to 2.4 units itself
        logarithm = tracked(decay.log1p(), EXP + 2.4)
        far.append(points.large_logcosh_of(F, Tracked(x, arb(0)), logarithm))
    # The exact sum contains the double next to log 2, which is off by less than 2^-55.
    return max(near + 0.1, worst(far) + float(arb(2) ** -55 / UNIT) / 0.4337)


def softplus_units():
    one_plus = (
        EXP + 0.1 + worst(series.logarithm_of_one_plus(F, tracked(d)) for d in shrinking(1.0, 64))
    )
    sums = []
    for x in [*shrinking(4.0, 32, 8), *pieces(4, 60, 400), *shrinking(2.0**60, 8, 54)]:
        sums.append(F.add(tracked(x), tracked((-x).exp().log1p(), one_plus)))
    return max(one_plus, worst(sums))


def sigmoid_units():
    negative = EXP + worst(points.sigmoid_of(F, tracked(d), tracked(d)) for d in shrinking(1, 32))
    positive = worst(points.sigmoid_of(F, F.number(1.0), tracked(d, EXP)) for d in shrinking(1, 32))
    return max(negative, positive)


UNITS = {
    # r is known up to its rounding below 1/2 and that of k L2, |k| <= 1076
    "exp": lambda: (
        0.2
        + worst(
            series.exponential(F, Tracked(r, arb(2) ** -55 + arb(2) ** -84))
            for r in pieces(-0.34658, 0.34658, 400)
        )
    ),
    "log": log_units,
    "sin": lambda: (
        0.1 + worst(series.odd(F, series.SINE, tracked(r, 2.01)) for r in shrinking(0.7854, 64))
    ),
    "cos": lambda: (
        0.1 + worst(series.cosine(F, tracked(r, 2.01, 2.0**-99)) for r in pieces(0, 0.7854, 400))
    ),
    "sigmoid": sigmoid_units,
    "softplus": softplus_units,
    "tanh": lambda: max(
        0.2 + worst(series.odd(F, series.TANGENT_H, tracked(x)) for x in shrinking(0.8, 32)),
        0.125 + worst(points.large_tanh_of(F, tracked(e, EXP)) for e in powers(4.95)),
    ),
    "sinh": lambda: max(
        0.1 + worst(series.odd(F, series.SINE_H, tracked(x)) for x in shrinking(1.0, 32)),
        worst(points.large_sinh_of(F, tracked(h, EXP)) for h in powers(1.359)),
    ),
    "cosh": lambda: worst(points.cosh_of(F, tracked(h, EXP)) for h in powers(0.4999)),
    "logcosh": logcosh_units,
    "atan": atan_units,
}


@pytest.mark.parametrize("name", points.POINTS)
def test_rounding_errors_are_below_what_is_claimed(name):
    assert UNITS[name]() <= points.POINTS[name].units


def test_error_analysis_notices_a_worse_formula():
    # 1 - cos(r) for small r loses what the formula for cosh(x) - 1 keeps
    results = (F.sub(F.number(1.0), series.cosine(F, tracked(r))) for r in shrinking(0.5, 8, 20))
    assert worst(results) > 1e6


def test_reduced_arguments_are_exact_as_claimed():
    log2, half_pi = arb(2).log(), arb.pi() / 2
    flint.ctx.prec = 300
    log2, half_pi = arb(2).log(), arb.pi() / 2
    low_of_log2 = abs(log2 - arb(points.LOG2_HIGH) - arb(points.LOG2_LOW))
    assert low_of_log2 < arb(2) ** -102
    assert Fraction(points.LOG2_HIGH).denominator <= 2**42  # times k below 2^11: 53 bits
    first_part, second, third = (Fraction(part) for part in points.HALF_PI)
    for part in (first_part, second):
        assert part.numerator.bit_length() <= 33  # times n below 2^20: 53 bits
    assert first_part.denominator <= 2**53  # x - n P1 is a multiple of 2^-53 as x is
    total = first_part + second + third
    missing = abs(half_pi - arb(flint.fmpq(total.numerator, total.denominator)))
    assert missing < arb(2) ** -122
    assert points.FARTHEST_ANGLE * 2 / math.pi < 2**20


# -- on lanes -----------------------------------------------------------------------------------


@needs_machine
@pytest.mark.parametrize(("op", "payload"), reference.ELEMENTARY)
def test_functions_enclose_exact_values(op, payload):
    tape = reference.single(op, payload)
    rng = np.random.default_rng([len(op.value), 11])
    report = reference.check(tape, *reference.boxes(rng, len(tape.inputs), 1000), rng)
    assert report.values > 2500
    assert report.failures == []


# where values are ordinary numbers, and how many units in the last place bounds may be apart
TIGHT = {
    Op.EXP: (-700, 700, 8),
    Op.LOG: (1e-300, 1e300, 10),
    Op.SIN: (-1e6, 1e6, 14),
    Op.COS: (-1e6, 1e6, 14),
    Op.SIGMOID: (-700, 700, 14),
    Op.SOFTPLUS: (-700, 700, 16),
    Op.TANH: (-30, 30, 10),
    Op.SINH: (-700, 700, 14),
    Op.COSH: (-700, 700, 13),
    Op.LOGCOSH: (-700, 700, 17),
    Op.ATAN: (-1e6, 1e6, 20),
    Op.TAN: (-1e6, 1e6, 32),
}


@needs_machine
@pytest.mark.parametrize("op", TIGHT)
def test_images_of_points_are_a_few_units_wide(op):
    low, high, ulps = TIGHT[op]
    rng = np.random.default_rng(9)
    x = np.concatenate(
        [rng.uniform(low, high, 500), rng.uniform(-3, 3, 500), 10.0 ** rng.uniform(-15, 0, 500)]
    )
    x = x[x > 0] if op is Op.LOG else x
    below, above = interval_function(reference.single(op))(x[None], x[None])
    with np.errstate(all="ignore"):
        size = np.minimum(np.abs(below), np.abs(above))
        width = (above - below) / np.spacing(size)
    assert np.all(below < above)
    assert width.max() <= ulps


@needs_machine
@pytest.mark.parametrize("op", TIGHT)
def test_images_of_boxes_are_as_wide_as_the_range(op):
    rng = np.random.default_rng(10)
    low = (
        rng.uniform(0.1, 1.2, (1, 200)) if op in (Op.LOG, Op.TAN) else rng.uniform(-3, 3, (1, 200))
    )
    high = low + rng.uniform(0.01, 0.3 if op is Op.TAN else 3, (1, 200))
    below, above = interval_function(reference.single(op))(low, high)
    tape = reference.single(op)
    function = reference.ball_function(tape)
    for j in range(200):
        ends = [function([float(v)], [])[0] for v in (low[0, j], high[0, j])]
        values = [float(v) for v in ends]
        if low[0, j] < 0 < high[0, j] and op in (Op.COSH, Op.LOGCOSH):
            values.append(float(function([0.0], [])[0]))
        for turn in range(-2, 5):
            extremum = (turn + (0.5 if op is Op.SIN else 0)) * math.pi
            if op in (Op.SIN, Op.COS) and low[0, j] < extremum < high[0, j]:
                values.append(1.0 if turn % 2 == 0 else -1.0)
        assert below[0, j] == pytest.approx(min(values), rel=1e-14, abs=1e-15)
        assert above[0, j] == pytest.approx(max(values), rel=1e-14, abs=1e-15)


@needs_machine
@pytest.mark.parametrize(
    ("op", "box", "expected"),
    [
        (Op.EXP, (-INF, 0), (0, 1)),
        (Op.EXP, (-INF, -800), (0, 2e-323)),
        (Op.EXP, (800, INF), (sys.float_info.max, INF)),
        (Op.LOG, (0, 1), (-INF, INF)),
        (Op.LOG, (-1, 1), (-INF, INF)),
        (Op.LOG, (-2, -1), (-INF, INF)),
        (Op.LOG, (5e-324, INF), (math.log(5e-324), INF)),
        (Op.TANH, (-INF, INF), (-1, 1)),
        (Op.TANH, (0, 1e-300), (0, 1e-300)),
        (Op.TANH, (0, 0), (0, 0)),
        (Op.SIGMOID, (-INF, INF), (0, 1)),
        (Op.SOFTPLUS, (-INF, INF), (0, INF)),
        (Op.SOFTPLUS, (-INF, 1e300), (0, 1e300)),
        (Op.LOGCOSH, (-INF, INF), (0, INF)),
        (Op.LOGCOSH, (-1e-200, 1e-200), (0, 2e-323)),
        (Op.COSH, (-INF, 0), (1, INF)),
        (Op.SINH, (-INF, 0), (-INF, 0)),
        (Op.SIN, (-INF, INF), (-1, 1)),
        (Op.SIN, (1e300, 1e300), (-1, 1)),
        (Op.SIN, (0, 0), (0, 0)),
        (Op.SIN, (0, 3.15), (math.sin(3.15), 1)),
        (Op.SIN, (1, 8), (-1, 1)),
        (Op.COS, (-0.1, 0.1), (math.cos(0.1), 1)),
        (Op.COS, (3, 3.2), (-1, math.cos(3))),
        (Op.TAN, (1.5, 1.6), (-INF, INF)),
        (Op.TAN, (1, 5), (-INF, INF)),
        (Op.TAN, (-1e9, -1e9), (-INF, INF)),
        (Op.ATAN, (-INF, INF), (-math.pi / 2, math.pi / 2)),
        (Op.TANH, (math.nan, 0), (-1, 1)),
    ],
)
def test_extreme_boxes(op, box, expected):
    low, high = interval_function(reference.single(op))([[box[0]]], [[box[1]]])
    assert low[0, 0] <= expected[0]
    assert expected[1] <= high[0, 0]
    assert (float(low[0, 0]), float(high[0, 0])) == pytest.approx(expected, rel=1e-14, abs=1e-320)


@needs_machine
@pytest.mark.parametrize("exponent", ["1/2", "3/2", "5/2", "1/3", "7/5", "-1/2"])
def test_real_powers_with_exact_exponents(exponent):
    import sympy as sp

    number = sp.Rational(exponent)
    code = (
        Instruction(Op.INPUT, (), 0),
        Instruction(Op.CONSTANT, (), number),
        Instruction(Op.REAL_POWER, (0, 1)),
    )
    tape = Tape(inputs=("x",), parameters=(), code=code, outputs=(2,))
    function = interval_function(tape)
    rng = np.random.default_rng(6)
    x = 10.0 ** rng.uniform(-5, 5, (1, 300))
    low, high = function(x, x)
    with mpmath.workprec(200):
        for v, a, b in zip(x[0], low[0], high[0], strict=True):
            value = mpmath.mpf(float(v)) ** (mpmath.mpf(number.p) / number.q)
            assert a <= value <= b
    assert np.max((high - low) / low) < 4e-14
    at_zero = np.array(function([[0.0]], [[4.0]]))[:, 0, 0]
    below_zero = np.array(function([[-1.0]], [[4.0]]))[:, 0, 0]
    assert below_zero.tolist() == [-INF, INF]
    if number > 0:
        assert 0 == at_zero[0] < at_zero[1] < 4**2.6
    else:
        assert at_zero.tolist() == [-INF, INF]
