"""The rows about Lyapunov exponents in a tiny size: the same work for both. No times."""

import importlib.util
import math

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.command import main
from benchmarks.engines import Unsuited
from benchmarks.exponents import rows
from benchmarks.exponents.problems import henon, logistic
from benchmarks.exponents.pynamicalsys_lyapunov import peer_exponents
from benchmarks.further import Further


@pytest.mark.parametrize("problem", [henon(16, 2000), logistic(16, 2000)], ids=["2-D", "1-D"])
def test_own_exponents_are_the_known_ones(problem):
    found = rows.own_exponents(problem)
    assert found.shape == (16, problem.F.dimension)
    np.testing.assert_allclose(found.mean(axis=0), problem.exponents, atol=problem.tolerance)


@pytest.mark.skipif(importlib.util.find_spec("pynamicalsys") is None, reason="not installed")
@pytest.mark.parametrize("problem", [henon(4, 500), logistic(4, 500)], ids=["2-D", "1-D"])
def test_the_peer_does_the_same_work(problem):
    found = peer_exponents(problem)()
    assert found.shape == (4, problem.F.dimension)
    np.testing.assert_allclose(found.mean(axis=0), problem.exponents, atol=5 * problem.tolerance)


def test_a_missing_peer_leaves_a_gap(monkeypatch):
    def missing(problem):
        raise Unsuited("not installed: nobody")

    monkeypatch.setattr(rows, "peer_exponents", missing)
    row = rows.against_pynamicalsys(henon(2, 64), 1, target=10.0)
    assert math.isnan(row.value)
    assert row.met is None
    assert "not installed: nobody" in row.remark


def test_ratios_are_above_one_where_the_package_is_faster(monkeypatch):
    problem = logistic(2, 64)
    times = iter([1.0, 12.0, 2.0, 22.0])
    monkeypatch.setattr(rows, "peer_exponents", lambda _: lambda: np.full((2, 1), 0.5))
    monkeypatch.setattr(rows, "_seconds", lambda _: next(times))
    row = rows.against_pynamicalsys(problem, 2, target=10.0)
    assert row.value == 11.5
    assert row.met is True
    assert "≠" in row.remark  # 0.5 is not log 2


def test_precision_is_told_with_its_error():
    row = rows.own_precision(8, 2000)
    assert row.value > 0
    assert "±" in row.remark


def test_the_command_runs_them_alone(monkeypatch):
    def one_row(repeats, *, quick):
        assert (repeats, quick) == (5, True)
        return iter([Further(title="a ratio", value=20.0, unit="×", target=10.0)])

    monkeypatch.setattr("benchmarks.command.exponent_rows", one_row)
    result = CliRunner().invoke(main, ["--quick", "--only", "lyapunov"])
    assert result.exit_code == 0, result.output
    assert "met" in result.output
