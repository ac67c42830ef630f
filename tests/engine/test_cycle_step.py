"""Several maps as one: machine code against the composition of numpy steps."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import MLP, Activation, DataLoss, LinearNetwork, Loss, MinibatchCycle, minibatches
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.cycle import CycleKernel
from dynsys_gd.engine.driver import run_window
from dynsys_gd.engine.iteration import iterate
from dynsys_gd.engine.kernel import RowsKernel
from dynsys_gd.engine.lyapunov import stretching
from dynsys_gd.engine.machine.writer import Module

x, y = sp.symbols("x y")
RNG = np.random.default_rng(0)
TANH = MLP(
    (2, 3, 1),
    Activation.TANH,
    RNG.standard_normal((11, 2)),
    RNG.standard_normal((11, 1)),
    DataLoss.SQUARED,
)
LINEAR = LinearNetwork((3, 4, 2), RNG.standard_normal((20, 3)), RNG.standard_normal((20, 2)))
POLYNOMIALS = [
    Loss((x * y - 1) ** 2 / 2, [x, y]),
    Loss((x * y - 2) ** 2 / 2 + x**2, [x, y]),
    Loss((x * y - 1) ** 2 / 2, [x, y]),
]


def windows(kernel, starts, length, arithmetic):
    radius = np.full(len(starts), 1e3)
    return run_window(kernel, starts, length, radius=radius, arithmetic=arithmetic)


def test_polynomial_cycles_are_numpy_to_the_last_bit():
    kernel = MinibatchCycle(POLYNOMIALS, "1/10").kernel()
    starts = np.random.default_rng(1).uniform(-2, 2, (41, 2))
    one, other = (windows(kernel, starts, 60, a) for a in (Arithmetic.PLAIN, Arithmetic.NUMPY))
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.largest_residual, other.largest_residual)
    rates = [
        stretching(
            kernel, starts, np.ones(2), transient=9, length=20, batches=2, arithmetic=a
        ).rates
        for a in (Arithmetic.PLAIN, Arithmetic.NUMPY)
    ]
    np.testing.assert_array_equal(*rates)


@pytest.mark.parametrize("network", [TANH, LINEAR], ids=["MLP", "linear"])
def test_cycles_of_networks_agree_with_numpy_to_rounding(network):
    kernel = MinibatchCycle(minibatches(network, 3), "1/10").kernel()
    starts = np.random.default_rng(1).standard_normal((13, network.dimension)) / 2
    one, other = (windows(kernel, starts, 40, a) for a in (Arithmetic.FUSED, Arithmetic.NUMPY))
    np.testing.assert_allclose(one.states, other.states, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(one.largest_residual, other.largest_residual, rtol=1e-11)


def test_each_step_reads_its_own_parameters():
    """With batches of one loss but different data, their order matters."""
    first, second = (Loss((x - a) ** 2 / 2, [x]) for a in (1, -1))
    starts = np.array([[3.0], [0.0]])
    for losses, fixed in (((first, second), -1 / 3), ((second, first), 1 / 3)):
        ends = iterate(MinibatchCycle(losses, "1/2").kernel(), starts, 100)
        np.testing.assert_allclose(ends, fixed, rtol=1e-15)


def test_equal_steps_are_written_once():
    kernel = MinibatchCycle(minibatches(TANH, 5), "1/10").kernel()
    module = Module(lanes=8, fused=True)
    kernel.code.write(module)
    text = module.text()
    assert "@part0.gradient(" in text
    assert "@part1." not in text  # the batches differ in their data and sizes only
    different = MinibatchCycle(POLYNOMIALS, "1/10").kernel()
    module = Module(lanes=8, fused=True)
    different.code.write(module)
    assert "@part1.step(" in module.text()
    assert "@part2." not in module.text()


def test_a_cycle_with_a_step_that_is_no_machine_code_is_none():
    step = RowsKernel(2, lambda rows: (rows / 2, rows), lambda rows: np.zeros((len(rows), 2, 2)))
    known = MinibatchCycle(POLYNOMIALS, "1/10").kernel()
    mixed = CycleKernel((known, step))
    assert mixed.code is None
    assert mixed.tangent_code is None
    starts = np.ones((3, 2))
    np.testing.assert_array_equal(iterate(mixed, starts, 1), known.step(starts)[0] / 2)


def test_cycles_travel_to_other_processes():
    kernel = MinibatchCycle(POLYNOMIALS, "1/10").kernel()
    starts = np.ones((3, 2)) / 2
    expected = iterate(kernel, starts, 7, arithmetic=Arithmetic.NUMPY)
    again = pickle.loads(pickle.dumps(kernel))
    for arithmetic in (Arithmetic.NUMPY, Arithmetic.PLAIN):
        np.testing.assert_array_equal(iterate(again, starts, 7, arithmetic=arithmetic), expected)
