"""Rows with parameters of their own against one kernel for each value."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.iteration import iterate
from dynsys_gd.engine.lyapunov import _program, stretching
from dynsys_gd.engine.sweep import SweepKernel

x, y, a, b, eta, beta = sp.symbols("x y a b eta beta")
HENON = SymbolicMap([1 - a * x**2 + y, b * x], [x, y])
EXP = GradientDescent(Loss(sp.log(1 + sp.exp(-x * y)) + a * (x**2 + y**2), [x, y]), eta)
MAPS = {
    "both": (HENON, {"a": [1.0, 1.2, 1.4], "b": [0.1, 0.2, 0.3]}),
    "one": (HENON.at(b="3/10"), {"a": [1.0, 1.2, 1.4]}),
    "functions": (EXP, {"a": [0.1, 0.2, 0.3], "eta": [0.5, 1.0, 0.7]}),
    "memory": (
        HeavyBall(Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta),
        {"eta": [1.0, 2.0, 2.5], "beta": [0.5, 0.0, 0.2]},
    ),
}


def kernels(name):
    """One kernel for each of three values, and the one for all of them with its rows' columns."""
    F, values = MAPS[name]
    single = [
        F.at(**dict(zip(values, row, strict=True))).kernel()
        for row in zip(*values.values(), strict=True)
    ]
    numbers = np.array([kernel.parameters for kernel in single])
    swept = tuple(np.flatnonzero((numbers != numbers[0]).any(axis=0)).tolist())
    return single, SweepKernel(single[0].tapes, swept, numbers[0]), numbers[:, list(swept)]


def rows_of(columns, d, n=9):
    states = np.random.default_rng(1).uniform(-0.2, 0.2, (3, n, d))
    carried = np.repeat(columns[:, None], n, axis=1)
    return states, np.concatenate([states, carried], axis=2).reshape(3 * n, -1)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_every_row_moves_as_under_a_map_of_its_own(name, arithmetic):
    single, sweep, columns = kernels(name)
    d = single[0].dimension
    assert (sweep.dimension, sweep.coordinates) == (d + columns.shape[1], d)
    states, rows = rows_of(columns, d)
    found = iterate(sweep, rows, 30, arithmetic=arithmetic)
    expected = [
        iterate(k, s, 30, arithmetic=arithmetic) for k, s in zip(single, states, strict=True)
    ]
    assert np.array_equal(found[:, :d], np.concatenate(expected))
    assert np.array_equal(found[:, d:], rows[:, d:])


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_tangents_are_those_at_fixed_parameters(name, arithmetic):
    single, sweep, columns = kernels(name)
    d = single[0].dimension
    states, rows = rows_of(columns, d)
    steps = {"transient": 20, "length": 10, "batches": 2, "arithmetic": arithmetic}
    found = stretching(sweep, rows, np.ones(sweep.dimension), **steps).rates
    expected = [
        stretching(k, s, np.ones(d), **steps).rates for k, s in zip(single, states, strict=True)
    ]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", MAPS)
def test_jacobian_and_residual(name):
    single, sweep, columns = kernels(name)
    d = single[0].dimension
    states, rows = rows_of(columns, d)
    matrices = sweep.jacobian(rows)
    assert not matrices[:, d:].any()
    assert not matrices[:, :, d:].any()
    expected = [k.jacobian(s) for k, s in zip(single, states, strict=True)]
    np.testing.assert_allclose(matrices[:, :d, :d], np.concatenate(expected), rtol=1e-14)
    residuals = [k.step(s)[1] for k, s in zip(single, states, strict=True)]
    assert np.array_equal(sweep.step(rows)[1], np.concatenate(residuals))


def test_a_superstable_row_keeps_contracting():
    """The tangent begins anew with all entries 1 there; parameters must not take part."""
    F = SymbolicMap([a * x * (1 - x)], [x])
    sweep = SweepKernel(F.at(a=2).kernel().tapes, (0,), np.zeros(1))
    found = stretching(sweep, np.array([[0.5, 2.0]]), np.ones(2), transient=5, length=5, batches=2)
    assert (found.rates < -100).all()


def test_code_is_compiled_once_for_all_values():
    _, sweep, columns = kernels("both")
    other = SweepKernel(sweep.tapes, sweep.swept, np.array([7.0, 8.0]))
    before = _program.cache_info().misses
    for kernel in (sweep, other, pickle.loads(pickle.dumps(sweep))):
        _, rows = rows_of(columns, 2)
        stretching(kernel, rows, np.ones(4), transient=1, length=1, batches=1)
    assert _program.cache_info().misses <= before + 1


def test_a_swept_parameter_that_does_not_occur_in_the_images():
    """The residual may use it alone; a column for it must still be there."""
    F = GradientDescent(Loss(x**2 / 2, [x]), eta).at(eta=0.5)
    tapes = F.kernel().tapes
    sweep = SweepKernel(tapes, tuple(range(len(tapes.parameters))), F.kernel().parameters)
    rows = np.array([[1.0, 0.5], [1.0, 0.25]])
    assert iterate(sweep, rows, 1)[:, 0].tolist() == [0.5, 0.75]
