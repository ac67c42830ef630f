"""What an audit of the engine broke once."""

import threading

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    MLP,
    Activation,
    Fate,
    GradientDescent,
    HeavyBall,
    Loss,
    StoppingRule,
    simulate,
)
from dynsys_gd.engine import stopping_task
from dynsys_gd.engine.driver import run_window
from dynsys_gd.engine.evaluation import evaluate
from dynsys_gd.engine.iteration import iterate
from dynsys_gd.engine.lyapunov import stretching
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.starts import GivenStarts, UniformStarts
from dynsys_gd.engine.stopping import Keep, stop
from dynsys_gd.engine.tape import lower
from dynsys_gd.errors import InvalidInput

x, y = sp.symbols("x y", real=True)
machine_only = pytest.mark.skipif(processor() is None, reason="no machine code on this platform")


@machine_only
def test_a_signal_may_be_answered_with_another_computation(monkeypatch):
    """What runs between two stretches must not use the memory of the task it interrupts."""
    product, other = (
        GradientDescent(Loss(loss, [x, y]), step_size="1/5").kernel()
        for loss in ((x * y - 1) ** 2 / 2, (x * y - 1) ** 2 / 2 + x**4 / 8)
    )
    starts = np.random.default_rng(0).uniform(-3, 3, (2000, 2))

    def found(kernel):
        rule = StoppingRule(steps=300)
        return stop(kernel, GivenStarts(starts), rule=rule, keep=Keep.STATES)

    monkeypatch.setattr(stopping_task, "_STRETCH", 1e5)
    expected, expected_inside = found(product), found(other)
    check, busy, inside = stopping_task.Interruption.check, [], []

    def checked(self):
        check(self)
        if not busy:
            busy.append(True)
            inside.append(found(other))
            busy.clear()

    monkeypatch.setattr(stopping_task.Interruption, "check", checked)
    outside = found(product)
    assert inside
    for answers, wanted in ([[outside], expected], [inside, expected_inside]):
        for answer in answers:
            np.testing.assert_array_equal(answer.steps, wanted.steps)
            np.testing.assert_array_equal(answer.states, wanted.states)


@pytest.mark.parametrize("kind", [np.int64, np.float32, ">f8", "<f8"])
def test_numbers_of_any_kind_are_read_as_numbers(kind):
    columns = np.arange(200).astype(kind)[None, :]
    values = evaluate(lower([x**2 + 1], [x]), columns, np.empty(0))
    np.testing.assert_array_equal(values, np.arange(200.0)[None, :] ** 2 + 1)


def test_starts_are_not_written_where_nothing_may_be_written():
    states = np.zeros((2, 10))
    states.flags.writeable = False
    with pytest.raises(InvalidInput, match="states"):
        UniformStarts([0, 0], [1, 1], 100, (1, 2)).fill(states, 0, 10)
    np.testing.assert_array_equal(states, 0)


def test_wide_networks_run_on_threads_with_small_stacks():
    """Their tiles are longer than the stack of a thread, and so lie on the heap."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 2))
    network = MLP((2, 110, 110, 1), Activation.TANH, X, X[:, :1])
    kernel = HeavyBall(network, "1/100", "1/2").kernel()
    states = 0.1 * rng.standard_normal((3, kernel.dimension))
    direction = np.ones(kernel.dimension) / np.sqrt(kernel.dimension)
    found = []

    def work():
        found.append(stop(kernel, GivenStarts(states), rule=StoppingRule(steps=2)).stop)
        found.append(run_window(kernel, states, 2, radius=np.full(3, 1e6)).states)
        found.append(iterate(kernel, states, 2))
        settings = {"transient": 1, "length": 1, "batches": 2}
        found.append(stretching(kernel, states, direction, **settings).states)

    before = threading.stack_size(2**20)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert len(found) == 4
    np.testing.assert_allclose(found[1], found[2], rtol=1e-12)


@pytest.mark.parametrize("loss", [sp.Max(0, x**2 - 1) ** 3, sp.Max(0, sp.Abs(x) - 1) ** 4])
def test_limits_at_the_edge_of_a_flat_set_are_degenerate_minima(loss):
    """Orbits creep towards it; on the flat side nothing moves, which is no rounding."""
    F = GradientDescent(Loss(loss, [x]), step_size="1/10")
    fates = simulate(F, np.linspace(1.2, 1.6, 9)[:, None])
    assert fates.count(Fate.CONVERGED) == 9


def test_arrays_too_short_for_a_tape_are_refused():
    tape = lower([x + y], [x, y], [sp.Symbol("a")])
    with pytest.raises(InvalidInput, match="inputs"):
        evaluate(tape, np.ones((1, 100)), np.ones(1))
    with pytest.raises(InvalidInput, match="parameters"):
        evaluate(tape, np.ones((2, 100)), np.empty(0))
