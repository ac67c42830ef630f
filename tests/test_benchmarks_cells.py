"""The rows about cells in a tiny size: the same maps for both, and clear gaps. No times."""

import importlib.util
import math

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.cells import cmgdb_morse, rows
from benchmarks.cells.cmgdb_morse import Evaluation
from benchmarks.cells.problems import problems
from benchmarks.command import main
from benchmarks.engines import Unsuited
from benchmarks.further import Further


@pytest.mark.parametrize("problem", problems(), ids=lambda p: p.title)
def test_all_three_forms_are_the_same_map(problem):
    rows_ = problem.box.sample(50, rng=0)
    images = problem.F(rows_)
    np.testing.assert_allclose(problem.points(rows_), images, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        [problem.point(p) for p in rows_.tolist()], images, rtol=1e-12, atol=1e-12
    )


def test_a_missing_peer_is_a_row_without_a_number(monkeypatch):
    def missing(*_, **__):
        raise Unsuited("not installed: CMGDB")

    monkeypatch.setattr(rows, "cmgdb_morse", missing)
    found = list(rows.against_cmgdb(problems()[1], 8, 1))
    assert len(found) == 4
    assert all(math.isnan(row.value) and "not installed" in row.remark for row in found)


def test_ratios_are_times_of_the_peer_over_own(monkeypatch):
    seconds = iter([1.0, 3.0, 2.0] * 4)
    monkeypatch.setattr(rows, "cmgdb_morse", lambda *_, **__: lambda: [5, 2])
    monkeypatch.setattr(rows, "_seconds", lambda run: next(seconds))
    found = list(rows.against_cmgdb(problems()[1], 8, 1))
    assert [row.value for row in found] == [3.0] * 4
    assert [row.target for row in found] == [1.0, 1.0, None, None]
    assert "2 sets of 7 cells from padded corners in 3 s" in found[0].remark
    assert "cells recur of 256" in found[0].remark


@pytest.mark.skipif(importlib.util.find_spec("CMGDB") is None, reason="CMGDB is not installed")
@pytest.mark.parametrize("evaluation", Evaluation)
def test_cmgdb_finds_the_attractor_and_misses_it_unpadded(evaluation):
    leslie, henon, _ = problems()
    assert cmgdb_morse.cmgdb_morse(henon, 10, evaluation)()
    assert not cmgdb_morse.cmgdb_morse(henon, 16, evaluation, padding=False)()
    assert len(cmgdb_morse.cmgdb_morse(leslie, 10, evaluation)()) >= 1


def test_the_command_runs_them_alone(monkeypatch):
    def one_row(repeats, *, quick):
        assert (repeats, quick) == (5, True)
        return iter([Further(title="a graph", value=2.0, unit="×", target=1.0)])

    monkeypatch.setattr("benchmarks.command.cell_rows", one_row)
    result = CliRunner().invoke(main, ["--quick", "--only", "cells"])
    assert result.exit_code == 0, result.output
    assert "a graph" in result.output
