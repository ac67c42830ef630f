"""Elementary functions on lanes: against multiple precision, at the edges, at every width."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

import mpmath as mp
import numpy as np
import pytest
from numpy.typing import NDArray
from reference import minimax

from dynsys_gd.engine.machine import compiler
from dynsys_gd.engine.machine.compiler import Program
from dynsys_gd.engine.machine.cpu import Processor, llvm, processor
from dynsys_gd.engine.machine.elementary import elementary, function_for
from dynsys_gd.engine.machine.writer import Module
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.tape import Instruction, Tape

pytestmark = pytest.mark.skipif(processor() is None, reason="no machine code on this platform")

Values = NDArray[np.float64]
BASELINE = Processor(name="x86-64", features="", width=2, registers=16, fused=False)


def written(name: str, lanes: int, fused: bool) -> Module:
    """Return a module whose `run(x, y, out, n)` applies a function to n numbers."""
    module = Module(lanes=lanes, fused=fused)
    pointers = [("ptr", "x"), ("ptr", "y"), ("ptr", "out"), ("i64", "n")]
    f = module.function("run", pointers, exported=True)
    operands = ["%x", "%y"] if name == "real_power" else ["%x"]
    with f.loop("%n", step=str(lanes)) as i:
        given = [(f.real, f.load(f.offset(operand, i))) for operand in operands]
        f.store(f.call(function_for(module, name), *given, returns=f.real), f.offset("%out", i))
    f.give()
    return module


class Compiled:
    """A function of arrays, computed on lanes."""

    def __init__(self, name: str, *, lanes: int = 8, fused: bool = True) -> None:
        self.lanes = lanes
        self.run = Program(written(name, lanes, fused)).function("run", 4)

    def __call__(self, x: object, y: object = 0.0) -> Values:
        first, second = (np.array(v, dtype=float) for v in np.broadcast_arrays(x, y))
        count = len(first)
        room = np.zeros((3, -(-count // self.lanes) * self.lanes))
        room[0, :count], room[1, :count] = first, second
        self.run(*(row.ctypes.data for row in room), room.shape[1])
        return room[2, :count].copy()


@cache
def compiled(name: str, fused: bool = True) -> Compiled:
    return Compiled(name, fused=fused)


def oracle(op: Op, *values: Values) -> Values:
    code = [Instruction(Op.INPUT, (), i) for i in range(len(values))]
    code.append(Instruction(op, tuple(range(len(values))), None))
    tape = Tape(code=tuple(code), outputs=(len(values),), inputs=_names(values), parameters=())
    return numpy_function(tape)(np.array(values), np.empty(0))[0]


def _names(values: tuple[Values, ...]) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(len(values)))


def ulps(got: float, exact: mp.mpf) -> float:
    """Return the distance in units of the last place of the exact value."""
    if abs(exact) >= mp.mpf(2) ** 1024 - mp.mpf(2) ** 970:
        return 0.0 if np.isinf(got) and (got > 0) == (exact > 0) else np.inf
    if not np.isfinite(got):
        return np.inf
    place = -1074 if exact == 0 else max(int(mp.floor(mp.log(abs(exact), 2))) - 52, -1074)
    return float(abs(mp.mpf(float(got)) - exact) / mp.mpf(2) ** place)


def _logcosh(u: mp.mpf) -> mp.mpf:
    return mp.log1p(2 * mp.sinh(u / 2) ** 2)


EXACT: dict[str, Callable[..., mp.mpf]] = {
    "atan": mp.atan,
    "cos": mp.cos,
    "cosh": mp.cosh,
    "erf": mp.erf,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "logcosh": _logcosh,
    "real_power": mp.power,
    "sigmoid": lambda u: 1 / (1 + mp.exp(-u)),
    "sin": mp.sin,
    "sinh": mp.sinh,
    "softplus": lambda u: mp.log1p(mp.exp(u)),
    "tan": mp.tan,
    "tanh": mp.tanh,
}


def spread(reach: float, *, near: float = 1.0) -> Values:
    """Return numbers of both signs: evenly over the reach and near 0, and over all magnitudes."""
    rng = np.random.default_rng(20)
    sizes = 10.0 ** rng.uniform(-300, np.log10(reach), 300)
    return np.concatenate(
        [rng.uniform(-reach, reach, 700), rng.uniform(-near, near, 900), sizes, -sizes]
    )


def positive() -> Values:
    rng = np.random.default_rng(21)
    wide = 10.0 ** rng.uniform(-323, 308, 800)
    return np.concatenate([wide, rng.uniform(0.6, 1.5, 900), 1 + rng.uniform(-1e-8, 1e-8, 300)])


#: Where each function is tried, and the largest error allowed, in units of the last place.
RANGES: dict[str, tuple[Callable[[], Values], float]] = {
    "atan": (lambda: spread(1e3, near=2.0), 1.5),
    "cos": (lambda: spread(1e5, near=10.0), 0.8),
    "cosh": (lambda: spread(711.0, near=3.0), 1.5),
    "erf": (lambda: spread(6.5, near=2.0), 1.5),
    "exp": (lambda: spread(746.0), 1.0),
    "expm1": (lambda: spread(709.0), 2.3),
    "log": (positive, 0.9),
    "log1p": (lambda: np.concatenate([positive(), spread(0.999, near=0.5)]), 1.4),
    "logcosh": (lambda: spread(750.0, near=1.5), 1.5),
    "sigmoid": (lambda: spread(746.0, near=30.0), 1.75),
    "sin": (lambda: spread(1e5, near=10.0), 0.8),
    "sinh": (lambda: spread(711.0, near=3.0), 1.5),
    "softplus": (lambda: spread(746.0, near=30.0), 1.75),
    "tan": (lambda: spread(1e5, near=10.0), 2.3),
    "tanh": (lambda: spread(18.2, near=3.0), 1.65),
}


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", RANGES)
def test_values_are_within_the_stated_error_of_the_exact_ones(name: str, fused: bool) -> None:
    points, bound = RANGES[name]
    x = points()
    with mp.workdps(60):
        errors = [
            ulps(got, EXACT[name](mp.mpf(float(at))))
            for got, at in zip(compiled(name, fused)(x), x, strict=True)
            if name != "logcosh" or abs(at) > 1e-140  # its square is a normal number
        ]
    assert max(errors) <= bound


@pytest.mark.parametrize("fused", [True, False])
def test_real_powers_are_accurate_up_to_the_ends_of_the_range(fused: bool) -> None:
    rng = np.random.default_rng(22)
    x = np.concatenate([10.0 ** rng.uniform(-323, 308, 700), 1 + rng.uniform(-0.01, 0.01, 700)])
    y = rng.uniform(-745.0, 709.7, len(x)) / np.log(x)
    with mp.workdps(40):
        pairs = zip(compiled("real_power", fused)(x, y), x, y, strict=True)
        assert (
            max(ulps(v, mp.power(mp.mpf(float(a)), mp.mpf(float(b)))) for v, a, b in pairs) <= 1.2
        )


def test_saturation_costs_at_most_another_unit() -> None:
    """Where 1 is lost against 2^53, the error is larger; nothing is promised but this."""
    rng = np.random.default_rng(23)
    for name, low, high in (("sigmoid", -39.0, -36.0), ("tanh", 18.2, 19.2)):
        x = rng.uniform(low, high, 1500)
        with mp.workdps(40):
            values = zip(compiled(name)(x), x, strict=True)
            assert max(ulps(got, EXACT[name](mp.mpf(float(at)))) for got, at in values) <= 2.6


_SMALL = [0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 0.5, 0.75, 1.0, 19.06]
_EXPONENTS = [20.0, 36.7, 40.0, 708.4, 709.782712893384, 709.7827128933841, 709.79, 710.4758600739]
_LARGE = [710.5, 720.0, 744.9, 745.2, 746.0, 1e5, 1e154, 1e200, 1e308, 1.7976931348623157e308]
EDGES = np.array([*_SMALL, *_EXPONENTS, *_LARGE, np.inf, np.nan])
FUNCTIONS = [op for op in Op if op.value in RANGES]


@pytest.mark.parametrize("op", FUNCTIONS)
def test_edges_are_as_numpy_has_them(op: Op) -> None:
    x = np.concatenate([EDGES, -EDGES])
    expected, got = oracle(op, x), compiled(op.value)(x)
    assert np.array_equal(np.isnan(expected), np.isnan(got))
    assert np.array_equal(np.isinf(expected), np.isinf(got))
    known = np.isfinite(expected)
    zeros = known & (expected == 0)
    assert np.array_equal(np.signbit(expected[zeros]), np.signbit(got[zeros]))
    np.testing.assert_allclose(got[known], expected[known], rtol=4e-16, atol=1e-323)
    infinite = np.isinf(expected)
    assert np.array_equal(expected[infinite], got[infinite])


def test_tiny_results_are_rounded_like_the_exact_ones() -> None:
    rng = np.random.default_rng(24)
    x = rng.uniform(-745.2, -716.0, 400)  # ten bits and more below the normal range
    with mp.workdps(40):
        for name in ("exp", "sigmoid", "softplus"):
            values = zip(compiled(name)(x), x, strict=True)
            assert max(ulps(got, EXACT[name](mp.mpf(float(at)))) for got, at in values) <= 0.51


def test_a_zero_keeps_its_sign_and_a_tiny_number_its_value() -> None:
    tiny = np.array([-0.0, 0.0, 5e-324, -5e-324, 1e-310, -1e-310, 3e-300])
    for name in ("sin", "tan", "sinh", "tanh", "atan", "expm1", "log1p"):
        assert compiled(name)(tiny).tobytes() == tiny.tobytes(), name


_SIMPLE = [0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 1e5, 5e-324, 1e300, 1e308, np.inf]
_CLOSE = [2.0**52 + 1, 2.0**53, 2.0**53 + 2, 2.0**52 - 0.5, 1 - 2.0**-53, 1 + 2.0**-52]
SPECIAL = [*_SIMPLE, *_CLOSE, *(-v for v in (*_SIMPLE, *_CLOSE)), np.nan]


def test_powers_of_special_numbers_are_as_numpy_has_them() -> None:
    x, y = np.array(list(itertools.product(SPECIAL, SPECIAL))).T
    expected, got = oracle(Op.REAL_POWER, x, y), compiled("real_power")(x, y)
    assert np.array_equal(np.isnan(expected), np.isnan(got))
    there = ~np.isnan(expected)
    assert np.array_equal(np.signbit(expected[there]), np.signbit(got[there]))
    np.testing.assert_allclose(got[there], expected[there], rtol=3e-16, atol=0)


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_huge_angles_are_reduced_with_as_many_digits_of_pi_as_they_need(name: str) -> None:
    rng = np.random.default_rng(25)
    x = rng.uniform(1, 2, 400) * 2.0 ** rng.integers(20, 1024, 400)
    # The double closest to a multiple of pi/2 among all, and multiples of pi/2 of every size.
    hard = [6381956970095103.0 * 2.0**797, 5.319372648326541e255, 1.6e6, 1.7976931348623157e308]
    with mp.workprec(1300):
        turns = [float(int(10.0 ** rng.uniform(0, 15)) * mp.pi / 2) for _ in range(300)]
        x = np.concatenate([x, hard, turns])
        x = np.concatenate([x, -x])
        values = zip(compiled(name)(x), x, strict=True)
        worst = max(ulps(got, EXACT[name](mp.mpf(float(at)))) for got, at in values)
    assert worst <= RANGES[name][1]


@pytest.mark.parametrize("name", [*RANGES, "real_power"])
def test_a_lane_does_not_depend_on_its_neighbours(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.concatenate([EDGES, -EDGES, np.linspace(-9, 9, 50), [1e9, -3e200]])
    y = np.linspace(-3, 3, len(x))
    for fused in (True, False):
        expected = compiled(name, fused)(x, y)
        for lanes in (1, 2, 64):
            np.testing.assert_array_equal(Compiled(name, lanes=lanes, fused=fused)(x, y), expected)
    if "x86_64" in llvm().get_process_triple():  # type: ignore[union-attr]
        monkeypatch.setattr(compiler, "processor", lambda: BASELINE)
        np.testing.assert_array_equal(Compiled(name, lanes=2, fused=False)(x, y), expected)


def optimised(module: Module) -> tuple[object, object]:
    binding, host = llvm(), processor()
    triple = binding.get_process_triple()  # type: ignore[union-attr]
    target = binding.Target.from_triple(triple)  # type: ignore[union-attr]
    baseline = BASELINE if "x86_64" in triple else host
    machine = target.create_target_machine(
        cpu=baseline.name, features=baseline.features, opt=2, jit=True
    )
    parsed = binding.parse_assembly(module.text())  # type: ignore[union-attr]
    parsed.triple, parsed.data_layout = triple, str(machine.target_data)
    compiler._optimise(binding, machine, parsed)
    return parsed, machine


@pytest.mark.parametrize("name", [*RANGES, "real_power"])
def test_the_oldest_processor_needs_no_function_from_outside(name: str) -> None:
    parsed, machine = optimised(written(name, 2, fused=False))
    assembly = machine.emit_assembly(parsed)  # type: ignore[attr-defined]
    called = set(re.findall(r"(?m)^\s+(?:callq?|bl|movabsq)\s+\$?([A-Za-z_][\w.]*)", assembly))
    outside = {c for c in called if "huge" not in c and not c.startswith("two_over_pi")}
    assert not outside


def test_logistic_functions_of_one_argument_share_their_exponential() -> None:
    def exponentials(*calls: tuple[Op, bool]) -> int:
        module = Module(lanes=8, fused=True)
        f = module.function("run", [("ptr", "x"), ("ptr", "out")], exported=True)
        u = f.load("%x")
        for place, (op, negated) in enumerate(calls):
            value = elementary(f, op, f.neg(u) if negated else u)
            f.store(value, f.offset("%out", place * module.lanes))
        f.give()
        return str(optimised(module)[0]).count("= shl <8 x i64>")

    one = exponentials((Op.SIGMOID, False))
    family = itertools.product((Op.SIGMOID, Op.SOFTPLUS), (False, True))
    assert one == exponentials(*family) == 1
    assert exponentials((Op.SIGMOID, False), (Op.EXP, False)) > one


@pytest.fixture(scope="module")
def best() -> dict[str, tuple[list[float], minimax.Approximation]]:
    return {
        name: (minimax.rounded(minimax.best_polynomial(task)[0]), task)
        for name, task in minimax.sets().items()
    }


def test_the_coefficients_are_those_of_the_best_polynomials(
    best: dict[str, tuple[list[float], minimax.Approximation]],
) -> None:
    for name, (coefficients, task) in best.items():
        file, constant = name.split(".")
        module = import_module(f"dynsys_gd.engine.machine.elementary.{file}")
        used = getattr(module, constant)
        np.testing.assert_array_max_ulp(np.array(used), np.array(coefficients), maxulp=1)
        assert minimax.worst_error(task, used) < 0.4, name
