"""What an audit of the engine broke once."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import GradientDescent, Loss, StoppingRule
from dynsys_gd.engine import stopping_task
from dynsys_gd.engine.evaluation import evaluate
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
