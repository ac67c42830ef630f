"""The benchmark's machinery in a tiny size: every engine finds what plain arrays find. No times."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import further
from benchmarks.compiler import compiler_missing
from benchmarks.engines import Outcome, Unsuited
from benchmarks.engines.base import Label
from benchmarks.engines.c_reference import _RUNNING, _STOPPING, Reference, _blocks
from benchmarks.engines.c_scalar import Scalar
from benchmarks.engines.heyoka_functions import Heyoka
from benchmarks.engines.jax_vmap import Jax
from benchmarks.engines.numpy_arrays import NumpyArrays, map_step
from benchmarks.engines.own import Own
from benchmarks.engines.pynamicalsys_ensemble import Pynamicalsys
from benchmarks.report import as_json, as_markdown, table, write
from benchmarks.timing import measured
from benchmarks.workloads import MapWorkload, shrunk, workloads

WORKLOADS = {w.name: w for w in shrunk(workloads(), 2**30, steps=60)}
ENGINES = [
    Reference(tuned=False),
    Reference(tuned=False, definitions=["NO_AVX512"]),
    Reference(tuned=False, definitions=["NO_AVX512", "NO_AVX2"]),
    Scalar(),
    Own(),
    Heyoka(),
    Jax(),
    Pynamicalsys(),
]
NAMES = [
    "C, 512 bits",
    "C, 256 bits",
    "C, plain",
    "C scalar",
    "own",
    "heyoka",
    "JAX",
    "pynamicalsys",
]
SPECIAL = [0.0, -0.0, 1e-310, 1e200, np.inf, -np.inf, np.nan, 1.0]


def outcome(engine, workload, columns) -> Outcome:
    try:
        return engine.prepare(workload)(columns)
    except Unsuited as reason:
        pytest.skip(str(reason))


def expected(w: MapWorkload, columns):
    """The rule as it is worded, one start at a time and one step after the other."""
    far, still = w.squares
    found = []
    for start in columns.T:
        x, answer = start[:, None], (Label.TIME, w.steps)
        for t in range(1, w.steps + 1):
            x, before = map_step(w, x), x
            square, moved = float((x**2).sum()), float(((x - before) ** 2).sum())
            if not square <= far or moved <= still * (1 + square):
                answer = (Label.STILL if square <= far else Label.FAR, t)
                break
        found.append(answer)
    return tuple(np.array(found).T)


@pytest.mark.parametrize("name", ["stop", "run", "exp", "product3", "product10"])
def test_arrays_follow_the_rule(name):
    w = WORKLOADS[name]
    with np.errstate(all="ignore"):
        labels, steps = expected(w, w.starts)
    found = NumpyArrays().prepare(w)(w.starts)
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_array_equal(found.steps, steps)
    if w.tolerance is None:
        assert not (labels == Label.STILL).any()


@pytest.mark.parametrize("engine", ENGINES, ids=NAMES)
@pytest.mark.parametrize("name", ["stop", "exp"])
def test_labels_and_counts_agree(name, engine):
    w = WORKLOADS[name]
    columns = w.starts.copy()
    oracle = NumpyArrays().prepare(w)(columns)
    found = outcome(engine, w, columns)
    np.testing.assert_array_equal(found.labels, oracle.labels)
    if found.steps is not None:
        np.testing.assert_array_equal(found.steps, oracle.steps)


@pytest.mark.parametrize("engine", ENGINES[:5], ids=NAMES[:5])
@pytest.mark.parametrize("n", [1, 137])
def test_any_number_of_any_starts(n, engine):
    w = replace(WORKLOADS["stop"], n=n)
    columns = w.starts.copy()
    columns[0, : min(n, 8)] = SPECIAL[: min(n, 8)]
    oracle = NumpyArrays().prepare(w)(columns)
    found = outcome(engine, w, columns)
    np.testing.assert_array_equal(found.labels, oracle.labels)
    np.testing.assert_array_equal(found.steps, oracle.steps)


@pytest.mark.parametrize("engine", ENGINES[:5] + ENGINES[6:7], ids=NAMES[:5] + NAMES[6:7])
@pytest.mark.parametrize("name", ["linear2x2", "tanh50"])
def test_networks_agree(name, engine):
    w = replace(WORKLOADS[name], steps=12)
    oracle = NumpyArrays().prepare(w)(w.starts)
    assert np.abs(oracle.states - w.starts).max() > 0.1
    found = outcome(engine, w, w.starts)
    np.testing.assert_allclose(found.states, oracle.states, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["product3", "product5", "linear3x4", "relu50"])
def test_the_reference_agrees_on_more(name):
    w = WORKLOADS[name]
    oracle = NumpyArrays().prepare(w)(w.starts)
    found = outcome(Reference(tuned=False), w, w.starts)
    if isinstance(w, MapWorkload):
        np.testing.assert_array_equal(found.labels, oracle.labels)
        np.testing.assert_array_equal(found.steps, oracle.steps)
    else:
        np.testing.assert_allclose(found.states, oracle.states, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 3, 60, 1000])
@pytest.mark.parametrize("plan", _STOPPING + _RUNNING)
def test_blocks_add_up(plan, steps):
    lengths = _blocks(plan, steps)
    assert sum(lengths) == steps
    assert min(lengths) >= 1


def test_a_run_makes_a_table(tmp_path):
    engines = [Own(), NumpyArrays(), Scalar()]
    row = measured(WORKLOADS["stop"], engines, repeats=3, seconds=0.01)
    assert row.of("dynsys_gd").agreement.holds
    assert row.of("C scalar") is None or row.of("C scalar").agreement.holds
    assert row.of("dynsys_gd").ratio(row.of("dynsys_gd")) == 1.0
    entries = [further.Further(title="one", value=0.2, unit="s", target=0.15, at_most=True)]
    assert table([row], entries).row_count == 2
    page = as_markdown([row], entries)
    assert WORKLOADS["stop"].title in page
    assert "NOT met" in page
    write(tmp_path / "a.json", [row], entries)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert data["further"][0]["met"] is False
    assert data == as_json([row], entries)
    assert data["workloads"][0]["engines"]["dynsys_gd"]["agrees"] is True


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr("benchmarks.engines.c_scalar.compiler_missing", lambda: "no C compiler")
    row = measured(WORKLOADS["stop"], [Scalar(), Own()], repeats=1, seconds=0.01)
    assert row.of("C scalar") is None
    assert "C scalar: no C compiler" in as_markdown([row], [])


def test_targets_name_engines():
    names = {"C reference", "C scalar", "numpy"}
    assert {target.engine for w in workloads() for target in w.targets} == names
    assert compiler_missing() is None or "compiler" in compiler_missing()
