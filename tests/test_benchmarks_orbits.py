"""The rows about orbits in a tiny size: the same problems for all, and clear gaps. No times."""

import importlib.util
import json
import math
import sys

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from benchmarks.command import main
from benchmarks.engines import Unsuited
from benchmarks.further import Further
from benchmarks.orbits import codac_paving, rows
from benchmarks.orbits.codac_paving import CodacPaving
from benchmarks.orbits.own import Answer, own_answer, search
from benchmarks.orbits.problems import henon, himmelblau
from benchmarks.orbits.pynamicalsys_newton import newton_points, orbits_among
from benchmarks.report import as_json, as_markdown, table


@pytest.mark.parametrize("problem", [himmelblau(), henon(1), henon(4)], ids=["H", "1", "4"])
def test_equations_and_map_have_the_same_solutions(problem):
    function = sp.lambdify([problem.unknowns], problem.equations)
    for divisor in problem.divisors:
        for orbit in search(problem, divisor).orbits:
            coordinates = orbit.points if problem.period == 1 else orbit.points[:, :1]
            point = np.tile(coordinates.ravel(), problem.period // divisor)
            if problem.cyclic:
                point = point[: problem.period]
            np.testing.assert_allclose(function(point), 0, atol=1e-9)
            assert (np.abs(point) <= problem.high).all()


def test_own_answers():
    assert own_answer(himmelblau()).count == 9
    assert own_answer(henon(6)).count == 2 + 1 + 0 + 2
    assert own_answer(henon(6)).boxes > 50


def test_orbits_are_recognised_by_any_of_their_points():
    orbits = [np.array([[0.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])]
    assert orbits_among(np.array([[3.0, 4.0 + 1e-9]]), orbits) == 1
    assert orbits_among(np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]), orbits) == 2
    assert orbits_among(np.empty((0, 2)), orbits) == 0


class Calculator:
    """Numbers in place of codac's expressions."""

    @staticmethod
    def Interval(value):
        return value

    @staticmethod
    def sqr(value):
        return value**2

    pow = staticmethod(pow)


def test_equations_are_written_for_codac_term_by_term():
    x, y = sp.symbols("x y", real=True)
    expression = 4 * x * (x**2 + y - 11) - sp.Rational(7, 5) * y**3 + 2
    written = codac_paving._written(Calculator, expression, {x: 2.0, y: 3.0})
    assert written == pytest.approx(float(expression.subs({x: 2, y: 3})))


@pytest.mark.skipif(importlib.util.find_spec("codac") is None, reason="codac is not installed")
def test_codac_isolates_the_same_points():
    with CodacPaving(himmelblau(), width=1e-4) as peer:
        answer, seconds = peer.run()
    assert (answer.count, seconds > 0) == (9, True)
    with CodacPaving(henon(6)) as peer:
        assert peer.run()[0].count == 5


def test_pynamicalsys_finds_some_of_the_orbits():
    problem = henon(4)
    try:
        points = newton_points(problem, 60)()
    except Unsuited as reason:
        pytest.skip(str(reason))
    assert orbits_among(points, [o.points for o in search(problem, 4).orbits]) == 1


def test_a_missing_peer_is_a_clear_line(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pynamicalsys", None)
    found = [
        *rows.against_codac(himmelblau(), 1),
        *rows.against_pynamicalsys(henon(4), 10, 1),
    ]
    assert [row.remark for row in found] == [
        "codac: not installed",
        "pynamicalsys: not installed: pynamicalsys",
    ]
    assert all(math.isnan(row.value) and row.met is None for row in found)
    assert table([], found).row_count == 2
    assert "– (codac: not installed)" in as_markdown([], found)
    text = json.dumps(as_json([], found), allow_nan=False)
    assert [entry["value"] for entry in json.loads(text)["further"]] == [None, None]


class Standing:
    """A peer that takes a second for ten boxes."""

    def __init__(self, problem):
        self.problem = problem

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        pass

    def run(self):
        return Answer(count=3, boxes=10), 1.0


def test_ratios_are_above_one_where_the_package_is_faster(monkeypatch):
    monkeypatch.setattr(rows, "CodacPaving", Standing)
    monkeypatch.setattr(rows, "own_answer", lambda problem: Answer(count=9, boxes=40))
    monkeypatch.setattr(rows, "_seconds", lambda run: (run(), 0.5)[1])
    time, speed = rows.against_codac(himmelblau(), 3)
    assert time.value == 2.0  # 1 s over 1/2 s
    assert speed.value == 8.0  # 80 boxes a second over 10
    assert "9 orbits proved in 0.5 s; codac 3 sets" in time.remark


def test_the_command_runs_them_alone(monkeypatch):
    def one_row(repeats, *, quick):
        assert (repeats, quick) == (5, True)
        return iter([Further(title="a time", value=1.5, unit="s", target=2, at_most=True)])

    monkeypatch.setattr("benchmarks.command.orbit_rows", one_row)
    result = CliRunner().invoke(main, ["--quick", "--only", "orbits"])
    assert result.exit_code == 0, result.output
    assert "a time" in result.output
    assert "≤ 2 s: met" in result.output
    result = CliRunner().invoke(main, ["--only", "nothing"])
    assert result.exit_code == 2
    assert "orbits" in result.output
