"""Interval lanes: enclosures hold, are tight, and never pretend to know what is undefined."""

from __future__ import annotations

import ctypes
import itertools
import math
import platform
import re
import sys
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import interval_check as reference

from dynsys_gd.engine.intervals import arithmetic, enclosing, interval_function
from dynsys_gd.engine.intervals import function as function_file
from dynsys_gd.engine.intervals.function import interval_module
from dynsys_gd.engine.intervals.printer import BATCH, write_batch
from dynsys_gd.engine.intervals.rounding import ETA, PHI
from dynsys_gd.engine.machine import compiler
from dynsys_gd.engine.machine.cpu import Processor, llvm, processor
from dynsys_gd.engine.machine.writer import Module
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.tape import Instruction, Tape, lower
from dynsys_gd.errors import InvalidInput

x, y, a = sp.symbols("x y a")
INF = math.inf
BIG = sys.float_info.max
TINY = 5e-324

needs_machine = pytest.mark.skipif(processor() is None, reason="no machine code here")
OLD = Processor.of("x86-64", "x86_64", {"sse2": True})


def evaluate(expression, *box, parameters=()):
    """Return the bounds of one expression on one box of x (and y)."""
    variables = [x, y][: len(box)]
    function = interval_function(lower([expression], variables))
    low, high = function(*([[side] for side in sides] for sides in zip(*box, strict=True)))
    return float(low[0, 0]), float(high[0, 0])


# -- numbers that are not doubles -------------------------------------------------------------


@given(st.fractions())
def test_a_fraction_lies_between_neighbouring_doubles(number):
    low, high = enclosing(number)
    assert Fraction(low) <= number <= Fraction(high)
    assert high == (low if Fraction(low) == number else math.nextafter(low, INF))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.1, (0.1, 0.1)),
        (3, (3.0, 3.0)),
        (2**53 + 1, (2.0**53, 2.0**53 + 2)),
        (-(10**400), (-INF, -BIG)),
        (sp.Integer(10) ** 400, (BIG, INF)),
        (Fraction(1, 10**400), (0.0, TINY)),
        (sp.pi, (math.pi, math.nextafter(math.pi, 4))),
        (-sp.sqrt(2), (-1.4142135623730951, -1.414213562373095)),
        (sp.Rational(9, 10), (math.nextafter(0.9, 0), 0.9)),
    ],
)
def test_numbers_are_enclosed_most_tightly(number, expected):
    assert enclosing(number) == expected


@pytest.mark.parametrize("number", [math.nan, INF, sp.Float("inf")])
def test_what_is_not_a_number_is_refused(number):
    with pytest.raises(InvalidInput):
        enclosing(number)


# -- predecessor and successor ----------------------------------------------------------------


def test_predecessor_and_successor_are_passed():
    rng = np.random.default_rng(12)
    patterns = rng.integers(-(2**63), 2**63 - 1, 200_000, dtype=np.int64).view(np.float64)
    binades = np.ldexp(1.0, np.arange(-1074, 1024))
    edges = [np.nextafter(binades, 0), binades, np.nextafter(binades, INF), [0.0, BIG]]
    c = np.concatenate([patterns[np.isfinite(patterns)], *edges])
    c = np.concatenate([c, -c])
    with np.errstate(over="ignore", under="ignore"):
        distance = PHI * np.abs(c) + ETA
        below, above = c - distance, c + distance
        before, after = np.nextafter(c, -INF), np.nextafter(c, INF)
    assert np.all(below <= before)
    assert np.all(above >= after)
    far = np.abs(c) > 2.0**-960
    assert np.array_equal(above[far], after[far])


# -- every operation against exact values -----------------------------------------------------


@needs_machine
@pytest.mark.parametrize(("op", "payload"), reference.ALGEBRAIC)
def test_operations_enclose_exact_values(op, payload):
    tape = reference.single(op, payload)
    rng = np.random.default_rng([len(op.value), payload or 0])
    report = reference.check(tape, *reference.boxes(rng, len(tape.inputs), 600), rng)
    assert report.values > 1800
    assert report.failures == []


@needs_machine
@pytest.mark.parametrize("op", [Op.ADD, Op.MUL, Op.DIV, Op.INTEGER_POWER, Op.SQRT])
def test_the_check_notices_missing_rounding(monkeypatch, op):
    def unrounded(f, c, *, zero_is_exact=False):
        return c

    monkeypatch.setattr(arithmetic, "below", unrounded)
    monkeypatch.setattr(arithmetic, "above", unrounded)
    tape = reference.single(op, 2 if op is Op.INTEGER_POWER else None)
    broken = interval_function.__wrapped__(tape)
    rng = np.random.default_rng(5)
    boxes = reference.boxes(rng, len(tape.inputs), 100)
    assert reference.check(tape, *boxes, rng, broken).failures


TIGHT = [(Op.ADD, None, 2), (Op.MUL, None, 2), (Op.DIV, None, 2), (Op.SQRT, None, 2)] + [
    (Op.INTEGER_POWER, n, steps) for n, steps in ((2, 2), (3, 6), (4, 9), (7, 18))
]


@needs_machine
@pytest.mark.parametrize(("op", "payload", "ulps"), TIGHT)
def test_bounds_are_at_most_a_few_units_from_the_range(op, payload, ulps):
    tape = reference.single(op, payload)
    d = len(tape.inputs)
    rng = np.random.default_rng(3)
    low = rng.uniform(0.5, 4, (d, 400)) * 10.0 ** rng.integers(-20, 20, (d, 400))
    high = low * (1 + 10.0 ** rng.uniform(-16, 1, (d, 400)))
    if op is not Op.SQRT and op is not Op.DIV:
        flip = rng.integers(0, 2, (d, 400)).astype(bool)
        low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    lower_bound, upper_bound = interval_function(tape)(low, high)
    for j in range(400):
        corners = itertools.product(
            *([Fraction(u), Fraction(v)] for u, v in zip(low[:, j], high[:, j], strict=True))
        )
        if op is Op.SQRT:
            # sqrt(v) >= b exactly where v >= b^2: stepping `ulps` inwards must leave the range
            b, c = float(lower_bound[0, j]), float(upper_bound[0, j])
            inner_b, inner_c = stepped(b, ulps), stepped(c, -ulps)
            assert Fraction(b) ** 2 <= Fraction(low[0, j]) <= Fraction(inner_b) ** 2
            assert Fraction(inner_c) ** 2 <= Fraction(high[0, j]) <= Fraction(c) ** 2
            continue
        values = [exact(op, payload, corner) for corner in corners]
        assert lower_bound[0, j] <= min(values) <= stepped(float(lower_bound[0, j]), ulps)
        assert stepped(float(upper_bound[0, j]), -ulps) <= max(values) <= upper_bound[0, j]


def exact(op, payload, corner):
    if op is Op.INTEGER_POWER:
        return corner[0] ** payload
    return {
        Op.ADD: lambda u, v: u + v,
        Op.MUL: lambda u, v: u * v,
        Op.DIV: lambda u, v: u / v,
    }[op](*corner)


def stepped(value, ulps):
    """Return the double so many places further up, or down."""
    for _ in range(abs(ulps)):
        value = math.nextafter(value, math.copysign(INF, ulps))
    return value


# -- traps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "box", "expected"),
    [
        (x * y, [(0, 0), (-INF, INF)], (-TINY, TINY)),
        (x * y, [(0, 1), (1, INF)], (0, INF)),
        (x * y, [(0, 1), (-INF, INF)], (-INF, INF)),
        (x * y, [(-1, 0), (1, INF)], (-INF, 0)),
        (x * y, [(1e-200, 1), (1e-200, 1)], (0, math.nextafter(1, 2))),
        (x * y, [(-1, -1e-200), (1e-200, 1)], (math.nextafter(-1, -2), 0)),
        (x * y, [(BIG, INF), (2, 3)], (BIG, INF)),
        (x * y, [(BIG, BIG), (-BIG, -BIG)], (-INF, -BIG)),
        (x + y, [(-INF, 0), (0, INF)], (-INF, INF)),
        (x + y, [(BIG, BIG), (BIG, BIG)], (BIG, INF)),
        (x - y, [(INF, INF), (INF, INF)], (-INF, INF)),
        (x - y, [(1, 1), (1, 1)], (0, 0)),
        (x + y, [(-0.0, 0.0), (0.0, 0.0)], (0, 0)),
        (x + y, [(TINY, TINY), (TINY, TINY)], (TINY, 3 * TINY)),
        (1 / x, [(-1, 1)], (-INF, INF)),
        (1 / x, [(0, 1)], (-INF, INF)),
        (1 / x, [(-1, -0.0)], (-INF, INF)),
        (1 / x, [(0, 0)], (-INF, INF)),
        (1 / x, [(2, INF)], (0, math.nextafter(0.5, 1))),
        (1 / x, [(TINY, 1)], (math.nextafter(1, 0), INF)),
        (x / y, [(-INF, INF), (1, INF)], (-INF, INF)),
        (x / y, [(0, 1), (1, 2)], (0, math.nextafter(1, 2))),
        (sp.sqrt(x), [(-1, 4)], (-INF, INF)),
        (sp.sqrt(x), [(-0.0, 0)], (0, 0)),
        (sp.sqrt(x), [(0, INF)], (0, INF)),
        (x**2, [(-1, 2)], (0, math.nextafter(4, 5))),
        (x**2, [(-INF, 1)], (0, INF)),
        (x**2, [(-1e-200, 1e-200)], (0, TINY)),
        (x**3, [(0, BIG)], (0, INF)),
        (x**3, [(-INF, 0)], (-INF, 0)),
        (x**3, [(BIG, INF)], (BIG, INF)),
        (2 * x, [(-3, BIG)], (-6, INF)),
        (x / 2, [(0, 3)], (0, 1.5)),
        (sp.Abs(x), [(-3, 2)], (0, 3)),
        (sp.sign(x), [(-3, 2)], (-1, 1)),
        (sp.sign(x), [(0, 2)], (0, 1)),
        (sp.Heaviside(x), [(0, 0)], (0.5, 0.5)),
        (sp.Max(x, y), [(-1, 3), (0, 1)], (0, 3)),
        (sp.Min(x, y), [(-1, 3), (0, 1)], (-1, 1)),
        (x * y, [(math.nan, 1), (1, 2)], (-INF, INF)),
        (x * y, [(2, 1), (1, 2)], (-INF, INF)),
        (x + y, [(0, math.nan), (1, 2)], (-INF, INF)),
        (sp.Piecewise((x, x < y), (y, True)), [(0, 1), (2, 3)], (0, 1)),
        (sp.Piecewise((x, x < y), (y + 5, True)), [(0, 2), (1, 3)], (0, math.nextafter(8, 9))),
        (sp.Piecewise((x, x > y), (y, True)), [(0, 1), (1, 3)], (1, 3)),
        (sp.Piecewise((5, sp.Eq(x, y)), (7, True)), [(1, 1), (1, 1)], (5, 5)),
        (sp.Piecewise((5, sp.Ne(x, y)), (7, True)), [(1, 2), (2, 3)], (5, 7)),
        (sp.Piecewise((5, (x > 0) & (y > 0)), (7, True)), [(1, 2), (-1, 3)], (5, 7)),
        (sp.Piecewise((5, (x > 0) | (y > 0)), (7, True)), [(1, 2), (-1, 3)], (5, 5)),
    ],
)
@needs_machine
def test_traps(expression, box, expected):
    assert evaluate(expression, *box) == pytest.approx(expected, rel=0, abs=0)


@pytest.mark.parametrize(
    "expression",
    [sp.sign(1 / x), sp.Abs(sp.sqrt(x)), sp.sin(1 / x), sp.Piecewise((0, 1 / x > 0), (1, True))],
)
@needs_machine
def test_what_is_undefined_stays_undefined_under_bounded_functions(expression):
    assert evaluate(expression, (-1, 1)) == (-INF, INF)
    assert np.isfinite(evaluate(expression, (1, 2))).all()


@needs_machine
def test_a_branch_that_is_not_taken_may_be_undefined():
    expression = sp.Piecewise((sp.sqrt(x), x > 0), (x, True))
    assert evaluate(expression, (-2, -1)) == (-2, -1)
    assert evaluate(expression, (-2, 1)) == (-INF, INF)
    assert evaluate(sp.Piecewise((x, x < 0), (sp.sqrt(x), True)), (-2, -1)) == (-2, -1)


# -- the function as a whole ------------------------------------------------------------------


def random_tape(rng):
    """Return straight-line code of random operations on two inputs and a parameter."""
    code = [Instruction(Op.INPUT, (), 0), Instruction(Op.INPUT, (), 1)]
    code.append(Instruction(Op.CONSTANT, (), sp.Rational(int(rng.integers(-9, 9)), 7)))
    code.append(Instruction(Op.CONSTANT, (), sp.Rational(int(rng.integers(1, 9)), 4)))
    unary = [Op.NEG, Op.SQRT, Op.ABS, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH, Op.SIGMOID]
    unary += [Op.SOFTPLUS, Op.LOGCOSH, Op.ATAN, Op.TAN, Op.SINH, Op.COSH]
    for _ in range(10):
        kind = rng.integers(0, 6)
        one, two, three, four = (int(v) for v in rng.integers(0, len(code), 4))
        if kind <= 2:
            op = [Op.ADD, Op.MUL, Op.MUL, Op.DIV, Op.MAX, Op.MIN][rng.integers(0, 6)]
            code.append(Instruction(op, (one, two)))
        elif kind == 3:
            code.append(Instruction(unary[rng.integers(0, len(unary))], (one,)))
        elif kind == 4:
            code.append(Instruction(Op.INTEGER_POWER, (one,), int(rng.integers(1, 6))))
        else:
            condition = Instruction(Op.LESS, (one, two))
            code.append(condition)
            code.append(Instruction(Op.SELECT, (len(code) - 1, three, four)))
            if any(code[place].op is Op.LESS for place in (one, two, three, four)):
                del code[-2:]
        if any(code[p].op is Op.LESS for p in code[-1].arguments) and code[-1].op is not Op.SELECT:
            del code[-1]
    outputs = tuple(p for p in range(len(code)) if code[p].op is not Op.LESS)[-4:]
    return Tape(inputs=("x", "y"), parameters=(), code=tuple(code), outputs=outputs)


@needs_machine
@pytest.mark.parametrize("seed", range(40))
def test_random_code_encloses_exact_values(seed):
    rng = np.random.default_rng([7, seed])
    tape = random_tape(rng)
    center = rng.uniform(-2, 2, (2, 40))
    width = 10 ** rng.uniform(-8, 0, (2, 40)) * rng.integers(0, 2, (2, 40))
    report = reference.check(tape, center - width, center + width, rng)
    assert report.values > 500
    assert report.failures == []


GRADIENT = lower(
    [a * sp.diff((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, v) for v in (x, y)], [x, y], [a]
)


@needs_machine
def test_parameters_are_intervals_shared_or_per_box():
    function = interval_function(GRADIENT)
    box = np.array([[1.0, 2.0, 3.0], [0.5, 1.5, 2.5]])
    step = [[bound] for bound in enclosing(Fraction(9, 10))]
    shared = function(box, box, *step)
    each = function(box, box, *(np.full((1, 3), bound[0]) for bound in step))
    np.testing.assert_array_equal(shared, each)
    for j in range(3):
        point = {x: sp.Rational(box[0, j]), y: sp.Rational(box[1, j])}
        value = Fraction(9, 10) * Fraction(
            str(sp.diff((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, x).subs(point))
        )
        assert shared[0][0, j] < value < shared[1][0, j]
        # A float literal is another number: the exact product with 9/10 is not at its centre.
        assert shared[1][0, j] - shared[0][0, j] < 1e-12


@needs_machine
def test_parameters_that_differ_by_box_are_used_box_by_box():
    function = interval_function(lower([a * x], [x], [a]))
    ones = np.ones((1, 11))
    parameter = np.arange(11.0)[None]
    low, high = function(ones, ones, parameter, parameter)
    assert np.all((low <= parameter) & (parameter <= high) & (high - low < 1e-14))


@needs_machine
@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 31, 64])
def test_any_number_of_boxes(n):
    function = interval_function(GRADIENT)
    rng = np.random.default_rng(1)
    low = rng.uniform(-3, 3, (2, 64))
    whole = function(low, low + 0.1, [1.0], [1.0])
    part = function(low[:, :n], low[:, :n] + 0.1, [1.0], [1.0])
    np.testing.assert_array_equal(np.array(whole)[:, :, :n], part)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (([1.0], [1.0], [1.0], [1.0]), "lower"),
        (([[1.0]], [[1.0]], [1.0], [1.0]), "lower"),
        (([[1.0], [1.0]], [[1.0], [1.0]]), "parameter_lower"),
        (([[1.0], [1.0]], [[1.0], [1.0]], [[1.0, 2.0]], [[1.0, 2.0]]), "parameter_lower"),
    ],
)
def test_wrong_shapes_are_refused(arguments, argument):
    with pytest.raises(InvalidInput, match=argument):
        interval_function(GRADIENT)(*arguments)


@needs_machine
def test_the_address_is_that_of_the_code():
    function = interval_function(GRADIENT)
    n = 2 * function.lanes
    low = np.linspace(-3, 3, 2 * n).reshape(2, n)
    high = low + 0.01
    out = np.zeros((2, 2, n))
    parameter = np.array([0.5])
    code = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 10)(function.address)
    pointers = [array.ctypes.data for array in (low, high, out[0], out[1], parameter)]
    code(*pointers[:2], n, *pointers[2:4], n, pointers[4], pointers[4], 0, n)
    np.testing.assert_array_equal(out, function(low, high, parameter, parameter))


# -- machine code -----------------------------------------------------------------------------

EVERYTHING = lower(
    [
        x * y / (2 + y**2) + sp.sqrt(sp.Abs(x)) + x**3 / 3,
        sp.exp(x) * sp.sin(y) + sp.log(3 + x) * sp.tanh(y) + sp.atan(x) + sp.cosh(y),
        sp.Piecewise((x, x < y), (sp.Max(x, y), True)) + sp.cos(3 * x) + sp.tan(x / 2),
    ],
    [x, y],
)


def compiled(tape, lanes, boxes):
    module = Module(lanes=lanes, fused=False)
    write_batch(module, tape)
    program = compiler.Program(module)
    low, high = (np.ascontiguousarray(bound) for bound in boxes)
    n, m = low.shape[1], len(tape.outputs)
    out = np.zeros((2, m, n))
    nothing = np.zeros(1)
    pointers = [array.ctypes.data for array in (low, high, out[0], out[1], nothing)]
    code = program.function(BATCH, 10)
    code(*pointers[:2], n, *pointers[2:4], n, pointers[4], pointers[4], 0, n)
    return out


@needs_machine
@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_bounds_do_not_depend_on_the_lanes(lanes):
    rng = np.random.default_rng(2)
    low = rng.uniform(-2, 2, (2, 32))
    boxes = (low, low + rng.uniform(0, 0.5, (2, 32)))
    np.testing.assert_array_equal(
        compiled(EVERYTHING, lanes, boxes), interval_function(EVERYTHING)(*boxes)
    )


@needs_machine
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="SSE2 is x86")
def test_bounds_are_the_same_on_an_old_processor(monkeypatch):
    rng = np.random.default_rng(2)
    low, high = reference.boxes(rng, 2, 256)
    expected = interval_function(EVERYTHING)(low, high)
    monkeypatch.setattr(compiler, "processor", lambda: OLD)
    np.testing.assert_array_equal(compiled(EVERYTHING, 2, (low, high)), expected)


def assembly(module, host):
    """Return the machine code of a module as text."""
    binding = llvm()
    triple = binding.get_process_triple()
    target = binding.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=host.name, features=host.features, opt=2, jit=True)
    parsed = binding.parse_assembly(module.text())
    parsed.triple, parsed.data_layout = triple, str(machine.target_data)
    compiler._optimise(binding, machine, parsed)
    return machine.emit_assembly(parsed)


@needs_machine
def test_nothing_is_contracted():
    host = processor()
    text = assembly(interval_module(EVERYTHING, host), host)
    assert not re.search(r"\bv?fn?m(add|sub|la|ls)", text)
    if host.fused:  # the search would have found one
        module = Module(lanes=host.width, fused=True)
        f = module.function("f", [(module.real, "a")], returns=module.real, exported=True)
        f.give(f.fma("%a", "%a", "%a"))
        assert re.search(r"\bv?fn?m(add|sub|la|ls)", assembly(module, host))


@needs_machine
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="SSE2 is x86")
def test_an_old_processor_calls_nothing_outside():
    text = assembly(interval_module(EVERYTHING, OLD), OLD)
    named = set(re.findall(r"\b(?:movabsq?\s+\$|callq?\s+)([A-Za-z_]\w*)", text))
    assert {"point_exp", "point_sin"} <= named
    assert all(name.startswith("point_") for name in named), named


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the number of the mode is known")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of the mode is known")
def test_a_changed_rounding_mode_is_noticed():
    library = ctypes.CDLL(None)
    function = interval_function(GRADIENT)
    box = np.ones((2, 1))
    for mode in (0x400, 0x800, 0xC00):  # down, up, towards zero
        library.fesetround(mode)
        try:
            with pytest.raises(RuntimeError, match="round"):
                function(box, box, [1.0], [1.0])
        finally:
            library.fesetround(0)
    function(box, box, [1.0], [1.0])


# -- where nothing can be compiled ------------------------------------------------------------


def test_ball_arithmetic_answers_where_there_is_no_machine_code(monkeypatch):
    monkeypatch.setattr(function_file, "processor", lambda: None)
    slow = interval_function.__wrapped__(EVERYTHING)
    assert not slow.machine
    assert slow.address is None
    rng = np.random.default_rng(4)
    low = rng.uniform(-2, 2, (2, 20))
    high = low + 1e-3
    report = reference.check(EVERYTHING, low, high, rng, slow)
    assert report.values > 200
    assert report.failures == []
    undefined = interval_function.__wrapped__(lower([1 / x, sp.log(x), x], [x]))
    bounds = undefined([[-1.0, math.nan]], [[1.0, 1.0]])
    assert np.array(bounds)[:, :2, 0].tolist() == [[-INF, -INF], [INF, INF]]
    # A ball's radius has 30 bits, so bounds that are no centre and radius move outwards.
    assert -1 - 1e-8 < bounds[0][2, 0] <= -1 < 1 <= bounds[1][2, 0] < 1 + 1e-8
    assert np.array(bounds)[:, :, 1].tolist() == [[-INF] * 3, [INF] * 3]


def test_a_function_without_lanes_is_answered_by_balls():
    tape = lower([sp.erf(x)], [x])
    function = interval_function(tape)
    assert not function.machine
    rng = np.random.default_rng(8)
    low = rng.uniform(-3, 3, (1, 50))
    assert reference.check(tape, low, low + 0.01, rng).failures == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(width=64), min_size=4, max_size=4))
def test_no_input_gives_nan_or_an_empty_interval(values):
    low, high = np.array(values[:2])[:, None], np.array(values[2:])[:, None]
    bounds = interval_function(EVERYTHING)(low, high)
    assert np.all(bounds[0] <= bounds[1])
