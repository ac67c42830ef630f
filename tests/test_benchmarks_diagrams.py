"""The rows about diagrams in a tiny size: the same map for all, and clear gaps. No times."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.command import main
from benchmarks.diagrams import rows
from benchmarks.diagrams.problems import balanced_line, fewer_values, heavy_ball
from benchmarks.diagrams.pynamicalsys_diagram import peer_diagram
from benchmarks.engines import Unsuited
from benchmarks.further import Further

PROBLEMS = [balanced_line(3), heavy_ball(2)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=["line", "momentum"])
def test_both_maps_are_the_same(problem):
    F = problem.F.at(eta=1.3)
    for state in problem.starts:
        assert problem.mapping(state, [1.3]) == pytest.approx(F([state])[0], abs=1e-14)


def test_sizes():
    problem = heavy_ball()
    assert problem.starts.shape == (100, 2)
    assert (problem.starts[:, 0] == problem.starts[:, 1]).all()  # at rest
    assert problem.steps == 1000 * 100 * 1100
    assert len(fewer_values(problem).values) == 100


def test_cycles_are_compared_as_sets():
    own = rows.own_diagram(replace(PROBLEMS[0], values=np.array([0.9, 1.1, 1.4])))
    assert rows.agreement(own, own.points) == (6, 6)
    assert rows.agreement(own, np.roll(own.points, 1, axis=2)) == (6, 6)
    assert rows.agreement(own, own.points + 1e-3) == (6, 0)


def test_a_missing_peer_is_a_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynamicalsys", None)
    found = rows.against_pynamicalsys(PROBLEMS[0], 1, 10.0)
    assert found.remark.startswith("pynamicalsys: not installed: ")
    assert math.isnan(found.value)
    assert found.met is None


def test_pynamicalsys_draws_the_same_cycles():
    problem = replace(PROBLEMS[0], values=np.array([0.9, 1.1]))
    try:
        theirs = peer_diagram(problem)()
    except Unsuited as reason:
        pytest.skip(str(reason))
    assert rows.agreement(rows.own_diagram(problem), theirs) == (6, 6)


def test_ratios_are_above_one_where_the_package_is_faster(monkeypatch):
    problem = replace(PROBLEMS[0], values=np.array([0.9, 1.1]))
    seconds = iter([0.5, 1.0] * 3)
    monkeypatch.setattr(rows, "peer_diagram", lambda _: lambda: rows.own_diagram(problem).points)
    monkeypatch.setattr(rows, "_seconds", lambda run: next(seconds))
    found = rows.against_pynamicalsys(problem, 3, 10.0)
    assert (found.value, found.met) == (2.0, False)
    assert "6 of 6 cycles are the same" in found.remark


def test_the_plane_has_a_row():
    found = rows.plane_of_periods(24)
    assert found.value > 0
    assert "isoperiodic regions" in found.remark


def test_the_command_runs_them_alone(monkeypatch):
    def one_row(repeats, *, quick):
        return iter([Further(title="a time", value=1.5, unit="s", target=2, at_most=True)])

    monkeypatch.setattr("benchmarks.command.diagram_rows", one_row)
    result = CliRunner().invoke(main, ["--quick", "--only", "diagrams"])
    assert result.exit_code == 0, result.output
    assert "≤ 2 s: met" in result.output
