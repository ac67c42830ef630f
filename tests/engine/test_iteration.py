"""Plain iteration: machine code against numpy, odd inputs, and interrupts."""

import signal
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from reference.processors import SSE2, pretend

from dynsys_gd import GradientDescent, Loss, Nesterov, SymbolicMap
from dynsys_gd.engine import iteration
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.iteration import iterate, orbit
from dynsys_gd.engine.kernel import RowsKernel

x, y = sp.symbols("x y")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
MANY = sp.symbols("q1:51")


def maps():
    wide = sum((a * b - 1) ** 2 for a, b in pairwise(MANY))
    yield GradientDescent(PRODUCT, "3/2")
    yield Nesterov(PRODUCT, "1/2", "1/3")
    yield SymbolicMap([4 * x * (1 - x)], [x])
    yield GradientDescent(Loss(wide, MANY), "1/20")


@pytest.mark.parametrize("F", list(maps()), ids=lambda F: f"{type(F).__name__} {F.dimension}")
@pytest.mark.parametrize("n", [0, 1, 2, 9, 130])
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_orbits_are_those_of_numpy_to_the_last_bit(F, n, steps):
    kernel = F.kernel()
    starts = np.random.default_rng(n).uniform(-1.5, 1.5, (n, F.dimension))
    odd = [np.inf, np.nan, 1e308, -1e-310]
    starts[: min(n // 2, 4), 0] = odd[: min(n // 2, 4)]
    before = starts.copy()
    expected = [starts]
    for _ in range(steps):
        expected.append(np.ascontiguousarray(kernel.step(np.asfortranarray(expected[-1]))[0]))
    for arithmetic in (Arithmetic.PLAIN, Arithmetic.NUMPY):
        passed = orbit(kernel, starts, steps, arithmetic=arithmetic)
        assert passed.shape == (steps + 1, n, F.dimension)
        np.testing.assert_array_equal(passed, expected)
        ends = iterate(kernel, starts, steps, arithmetic=arithmetic)
        np.testing.assert_array_equal(ends, expected[-1])
    np.testing.assert_array_equal(starts, before)
    fused = orbit(kernel, starts, steps)
    np.testing.assert_array_equal(fused[-1], iterate(kernel, starts, steps))
    np.testing.assert_allclose(fused[:2], expected[:2], rtol=1e-12)


def test_a_row_is_iterated_alike_in_any_company():
    kernel = GradientDescent(PRODUCT, "3/2").kernel()
    starts = np.random.default_rng(0).uniform(0.3, 1.2, (200, 2))
    together = iterate(kernel, starts, 500)
    for rows in (slice(0, 1), slice(17, 18), slice(3, 9), slice(100, 165)):
        np.testing.assert_array_equal(iterate(kernel, starts[rows], 500), together[rows])


def test_the_result_does_not_depend_on_stretches(monkeypatch):
    kernel = GradientDescent(PRODUCT, "3/2").kernel()
    starts = np.random.default_rng(0).uniform(0.3, 1.2, (150, 2))
    whole = orbit(kernel, starts, 77)
    monkeypatch.setattr(iteration, "_STRETCH", 3e3)
    np.testing.assert_array_equal(orbit(kernel, starts, 77), whole)
    np.testing.assert_array_equal(iterate(kernel, starts, 77), whole[-1])


def test_a_lesser_processor_gives_the_same_bits(monkeypatch):
    kernel = GradientDescent(PRODUCT, "3/2").kernel()
    starts = np.random.default_rng(0).uniform(-1.5, 1.5, (23, 2))
    expected = orbit(kernel, starts, 40, arithmetic=Arithmetic.PLAIN)
    pretend(monkeypatch, SSE2)
    np.testing.assert_array_equal(orbit(kernel, starts, 40), expected)  # it cannot fuse


def test_functions_on_rows_are_iterated_by_numpy():
    kernel = RowsKernel(2, lambda rows: (rows + 1.0, rows), lambda rows: None)
    starts = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(iterate(kernel, starts, 4), starts + 4)
    np.testing.assert_array_equal(orbit(kernel, starts, 4)[3], starts + 3)


def test_a_long_run_can_be_interrupted_and_repeated():
    kernel = SymbolicMap([1 - x], [x]).kernel()
    start = np.array([[0.25]])
    iterate(kernel, start, 1)

    def interrupt(*_):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            iterate(kernel, start, 10**14)  # days, were it not interrupted
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, old)
    assert iterate(kernel, start, 10**6 + 1)[0, 0] == 0.75


def test_maps_iterate_as_they_are_evaluated():
    F = GradientDescent(PRODUCT, "3/2")
    point = np.array([0.7, 1.1])
    path = F.trajectory(point, 20).points
    for k in range(20):
        np.testing.assert_array_equal(F(path[k]), path[k + 1])
    np.testing.assert_array_equal(F.iterate(point, 20), path[-1])
    np.testing.assert_array_equal(F.iterate(F.iterate(point, 8), 12), path[-1])
