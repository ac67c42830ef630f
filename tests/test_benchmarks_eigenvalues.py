"""The rows about eigenvalues in a tiny size: the same values for all, and clear gaps. No times."""

import math
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.command import main
from benchmarks.eigenvalues import rows
from benchmarks.engines import Unsuited
from benchmarks.further import Further


@pytest.fixture(scope="module")
def small():
    return rows.network(20, 3)


def test_jax_has_the_same_products(small):
    net, point = small
    try:
        product = rows.jax_products(net, point)
    except Unsuited as reason:
        pytest.skip(str(reason))
    v = np.random.default_rng(1).standard_normal(net.dimension)
    np.testing.assert_allclose(product(v), net.hessian_at(point) @ v, rtol=1e-9, atol=1e-12)


def test_all_find_the_same_values(small):
    net, point = small
    run = rows.arpack(rows.own_products(net, point), net.dimension, 3)
    expected = np.linalg.eigvalsh(net.hessian_at(point))[::-1][:3]
    np.testing.assert_allclose(run(), expected, rtol=1e-7)
    row = rows.against("peer", run, net, point, 3, 1)
    assert "the same values" in row.remark
    assert row.value > 0
    assert "≠" in rows.against("peer", lambda: run() + 1, net, point, 3, 1).remark


def test_a_missing_peer_is_a_row_without_a_number(small, monkeypatch):
    monkeypatch.setattr(rows, "network", lambda *_: small)
    monkeypatch.setitem(sys.modules, "jax", None)
    found = list(rows.eigenvalue_rows(1, quick=True))
    assert [math.isnan(row.value) for row in found] == [False, True, False]
    assert "not installed" in found[1].remark


def test_the_command_shows_only_what_is_asked_for(monkeypatch):
    row = Further(title="a row about eigenvalues", value=2.0, unit="×")
    monkeypatch.setattr("benchmarks.command.eigenvalue_rows", lambda *_, **__: iter([row]))
    done = CliRunner().invoke(main, ["--only", "eigenvalues", "--quick"])
    assert done.exit_code == 0
    assert "a row about eigenvalues" in done.output
