"""Hopeless systems stop in time, and nothing is left running."""

import random
import subprocess
import time
from itertools import combinations_with_replacement

import pytest
import sympy as sp

from dynsys_gd import Loss, Outcome, TimeLimitReached
from dynsys_gd.orbits import time_limit
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.decomposition import System, decompose
from dynsys_gd.orbits.ideals import EffortSpent, Ideal, small_effort
from dynsys_gd.orbits.polynomials import ring
from dynsys_gd.orbits.time_limit import AlgebraFailed, within_seconds

XY_ONE = System(2, ((((1, 2), 1), ((0, 1), -1)), (((2, 1), 1), ((1, 0), -1))))


def hopeless():
    generator = random.Random(0)
    variables = sp.symbols("v:6")
    terms = [
        generator.randint(-9, 9) * sp.prod(chosen)
        for degree in range(1, 6)
        for chosen in combinations_with_replacement(variables, degree)
    ]
    return Loss(sum(terms), variables)


def test_a_hopeless_loss_is_undecided_in_time():
    loss = hopeless()
    start = time.perf_counter()
    found = critical_points(loss, seconds=1)
    assert time.perf_counter() - start < 3
    assert not found.complete
    assert not found.orbits
    assert "undecided" in found.why
    assert "1 s" in found.why


def test_the_worker_gives_the_same_answer_as_this_process():
    there, here = within_seconds("decompose", XY_ONE, 30), decompose(XY_ONE)
    assert there.points == here.points
    assert [f.generators for f in there.families] == [f.generators for f in here.families]
    assert there.families[0].smooth is Outcome.YES


@pytest.mark.parametrize("error", [KeyboardInterrupt, subprocess.TimeoutExpired("worker", 1)])
def test_the_child_is_killed_whatever_happens(monkeypatch, error):
    started = []
    original = subprocess.Popen

    class Interrupted(original):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            self.first = True
            started.append(self)

        def communicate(self, *arguments, **settings):
            if self.first:
                self.first = False
                raise error
            return super().communicate(*arguments, **settings)

    monkeypatch.setattr(time_limit.subprocess, "Popen", Interrupted)
    with pytest.raises((KeyboardInterrupt, TimeLimitReached)):
        within_seconds("decompose", XY_ONE, 5)
    (child,) = started
    assert child.returncode is not None


def test_a_failing_task_says_so():
    with pytest.raises(AlgebraFailed, match="KeyError"):
        within_seconds("no such task", XY_ONE, 30)


def keep_going(base, generators):
    for _ in range(10**6):
        Ideal(base, generators)


def test_the_quick_attempt_gives_up_instead_of_growing():
    base = ring(3)
    u, v, w = base.gens()
    dense = [(u + 2 * v + 3 * w + k) ** 6 - k * u * v**4 + w**5 - k for k in (1, 2, 3)]
    start = time.perf_counter()
    with small_effort(0.2), pytest.raises(EffortSpent):
        keep_going(base, dense)
    assert time.perf_counter() - start < 3
