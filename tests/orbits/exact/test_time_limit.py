"""Hopeless systems stop in time, and nothing is left running."""

import math
import random
import subprocess
import time
from itertools import combinations_with_replacement

import pytest
import sympy as sp
from sympy.abc import a, x, y

from dynsys_gd import GradientDescent, Loss, Outcome, SymbolicMap, TimeLimitReached
from dynsys_gd.orbits.algebra.decomposition import System, decompose
from dynsys_gd.orbits.algebra.effort import (
    EffortSpent,
    check_time,
    small_effort,
    stopped_after,
    time_left,
)
from dynsys_gd.orbits.algebra.ideals import Ideal
from dynsys_gd.orbits.algebra.polynomials import ring
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.exact import gradient_sets, time_limit
from dynsys_gd.orbits.exact.time_limit import AlgebraFailed, within_seconds
from dynsys_gd.orbits.periodic_orbits import periodic_orbits

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


@pytest.mark.parametrize("period", [5, 6])
def test_cycles_of_a_planar_map_stop_in_time(period):
    # The box around the standard monomials of the orbit equations has 3^(2 period) elements.
    loss = Loss((x * y - 1) ** 2 / 2 + x**4 / 7 + x * y**3 / 5, [x, y])
    F = GradientDescent(loss, step_size="11/10")
    start = time.perf_counter()
    found = periodic_orbits(F, period=period, seconds=1)
    assert time.perf_counter() - start < 3
    assert not found.complete
    assert "1 s" in found.why


@pytest.mark.parametrize(
    "F",
    [
        SymbolicMap([x / 2 + 1], [x]),
        SymbolicMap([x**2 - 2], [x]),
        SymbolicMap([a * x], [x]),
        SymbolicMap([x / 2 + y, y / 3 - x], [x, y]),
    ],
)
def test_an_absurd_period_is_undecided_in_time(F):
    start = time.perf_counter()
    found = periodic_orbits(F, period=10**9, seconds=0.5)
    assert time.perf_counter() - start < 2.5
    assert not found.complete


def test_cycles_of_many_unknowns_are_found_without_a_search_through_all_subsets():
    F = SymbolicMap([x / 2 + y / 3, y / 5 - x], [x, y])
    found = periodic_orbits(F, period=15, seconds=20)
    assert found.complete
    assert not found.orbits


def test_work_on_the_answer_counts_as_well(monkeypatch):
    F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/10")

    def slow(*arguments):
        time.sleep(0.4)
        return original(*arguments)

    original = gradient_sets.critical_orbit
    assert len(critical_points(F.loss, seconds=10)) == 3
    monkeypatch.setattr(gradient_sets, "critical_orbit", slow)
    monkeypatch.setattr(time_limit, "_GRACE", 0.1)
    found = critical_points(F.loss, seconds=0.2)
    assert not found.complete
    assert "0.2 s" in found.why


def test_the_first_limit_counts_and_names_its_error():
    for outer, inner, expected in ((60, 0, ZeroDivisionError), (0, 60, KeyError), (0, 0, KeyError)):
        with stopped_after(outer, KeyError()), stopped_after(inner, ZeroDivisionError()):
            assert time_left() < 60
            with pytest.raises(expected):
                check_time()
    check_time()
    assert time_left() == math.inf
