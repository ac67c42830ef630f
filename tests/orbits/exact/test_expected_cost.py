"""The cost told from degrees: what it refuses, how it grows, that small ones are quick."""

import math
import time

import pytest
import sympy as sp
from sympy.abc import a, r, x, y, z

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.exact.expected_cost import expected_cost
from dynsys_gd.orbits.exact.method import Exact
from dynsys_gd.orbits.question import OrbitQuestion

HIMMELBLAU = GradientDescent(
    Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y]), step_size="1/40"
)
HENON = SymbolicMap([1 - 7 * x**2 / 5 + y, 3 * x / 10], [x, y])


def cost(F, period=1):
    return expected_cost(OrbitQuestion(F=F, period=period))


def test_none_where_exact_algebra_does_not_apply():
    assert cost(GradientDescent(Loss(sp.sin(x) * sp.sin(y), [x, y]), step_size="1/2")) is None
    assert cost(GradientDescent(Loss(a * x**2 + y**4, [x, y]), step_size="1/2")) is None
    assert cost(SymbolicMap([sp.exp(x)], [x]), 2) is None
    assert cost(SymbolicMap([1 - a * x**2 + y, x / 3], [x, y]), 2) is None
    assert cost(SymbolicMap([sp.sqrt(2) * x * (1 - x)], [x]), 2) is None


def test_open_parameters_where_they_can_stay_open():
    step = sp.Symbol("eta")
    loss = Loss((x * y - 1) ** 2 / 2, [x, y])
    assert cost(GradientDescent(loss, step_size=step)) <= 1
    assert cost(SymbolicMap([r * x * (1 - x)], [x]), 2) <= 1
    assert cost(SymbolicMap([r * x * (1 - x)], [x]), 6) > 1


def test_it_grows_with_period_degree_and_dimension():
    assert [cost(HENON, p) <= 1 for p in (1, 4, 6, 7, 12)] == [True, True, True, False, False]
    cubes = [SymbolicMap([s**3 / 2 - s for s in (x, y, z)[:d]], (x, y, z)[:d]) for d in (1, 2, 3)]
    assert cost(cubes[0], 2) < cost(cubes[1], 2) < cost(cubes[2], 2)
    assert cost(HENON, 10**6) == math.inf


@pytest.mark.parametrize(
    ("F", "period"),
    [
        (HIMMELBLAU, 1),
        (HIMMELBLAU, 2),
        (HENON, 5),
        (SymbolicMap([4 * x * (1 - x)], [x]), 11),
        (GradientDescent(Loss((x**2 - 1) ** 2 / 4, [x]), step_size="3/2"), 7),
    ],
)
def test_what_costs_at_most_one_is_quick(F, period):
    assert cost(F, period) <= 1
    start = time.process_time()
    found = Exact().answer(OrbitQuestion(F=F, period=period))
    assert found.complete
    assert time.process_time() - start < 6  # two on an idle machine
