"""The door of simulate: what it refuses, that results depend on starts alone, a clean stop."""

import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Box,
    Budget,
    Fate,
    GradientDescent,
    InvalidInput,
    LinearNetwork,
    Loss,
    SymbolicMap,
    UnsupportedFunction,
    simulate,
)
from dynsys_gd.ensembles import simulate as door
from dynsys_gd.ensembles import starts as starts_of

x, y, eta = sp.symbols("x y eta")
LOSS = Loss((x * y - 1) ** 2 / 2, [x, y])
F = GradientDescent(LOSS, "13/10")
QUICK = Budget(steps=512, lyapunov_steps=64)
ARRAYS = ("fate", "detail", "limit", "steps", "period", "exponent", "decay", "residual")


def mixed_starts(n=600):
    return np.random.default_rng(5).uniform(-2.5, 2.5, (n, 2))


def assert_same(one, other, rows=slice(None)):
    for name in (*ARRAYS, "multiplier"):
        np.testing.assert_array_equal(getattr(one, name)[rows], getattr(other, name), name)


# ── results depend on the starts alone ──────────────────────────────────────────────────────────


def test_the_same_to_the_last_bit_for_any_executor(monkeypatch):
    monkeypatch.setattr(door, "chunk_rows", lambda dimension: 64)
    starts = mixed_starts()
    alone = simulate(F, starts, budget=QUICK)
    assert len(alone.counts()) >= 3  # the comparison means something
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as pool:
            assert_same(alone, simulate(F, starts, budget=QUICK, executor=pool))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert_same(alone, simulate(F, starts, budget=QUICK, executor=pool))


def test_a_start_meets_the_same_fate_in_any_company(monkeypatch):
    starts = mixed_starts()
    together = simulate(F, starts, budget=QUICK)
    order = np.random.default_rng(0).permutation(len(starts))
    assert_same(together, simulate(F, starts[order], budget=QUICK), order)
    monkeypatch.setattr(door, "chunk_rows", lambda dimension: 7)
    assert_same(together, simulate(F, starts, budget=QUICK))


def test_parameters_left_symbolic_or_bound_give_the_same():
    starts = mixed_starts(50)
    symbolic = GradientDescent(LOSS, eta)
    assert_same(
        simulate(symbolic.at(eta="13/10"), starts, budget=QUICK),
        simulate(F, starts, budget=QUICK),
    )


def test_the_starts_are_neither_changed_nor_kept_by_reference():
    starts = mixed_starts(20)
    kept = starts.copy()
    fates = simulate(F, starts, budget=QUICK)
    np.testing.assert_array_equal(starts, kept)
    starts[:] = 0
    np.testing.assert_array_equal(fates.starts, kept)


def test_a_grid_is_remembered():
    grid = Box([-1, -1], [1, 1]).grid((4, 3))
    fates = simulate(F, grid, budget=QUICK)
    assert fates.grid is grid
    assert len(fates) == 12
    np.testing.assert_array_equal(fates.starts, grid.points)
    assert simulate(F, grid.points, budget=QUICK).grid is None


def test_starts_made_in_place_are_taken_as_their_rows():
    box = Box([-1, -1], [1, 1])
    for made in (starts_of.sobol(box, 16, rng=0), starts_of.jittered(box, (4, 3), rng=0)):
        fates = simulate(F, made, budget=QUICK)
        assert_same(fates, simulate(F, made.rows(), budget=QUICK))
        np.testing.assert_array_equal(fates.starts, made.rows())
    assert fates.grid == box.grid((4, 3))


def test_windows_do_not_change_a_decided_fate():
    starts = mixed_starts(200)
    short, long = (simulate(F, starts, budget=Budget(first_window=w)) for w in (32, 64))
    both = (short.fate != Fate.UNDECIDED) & (long.fate != Fate.UNDECIDED)
    np.testing.assert_array_equal(short.fate[both], long.fate[both])
    assert both.mean() > 0.95


def test_steps_count_until_the_residual_stays_small():
    """x halves each step: |x| <= 1e-6 is first met after 20 steps from 1."""
    fates = simulate(GradientDescent(Loss(x**2 / 2, [x]), "1/2"), [[1.0], [1e-9], [1e3]])
    assert fates.steps.tolist() == [20, 0, 30]


# ── stopping ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("workers", [0, 2])
def test_control_c_stops_and_breaks_nothing(workers, monkeypatch):
    monkeypatch.setattr(door, "chunk_rows", lambda dimension: 50)
    starts = mixed_starts()
    calls = []

    def interrupt(decided, n):
        calls.append((decided, n))
        signal.raise_signal(signal.SIGINT)

    pool = ThreadPoolExecutor(workers) if workers else None
    before = np.geterr()
    with pytest.raises(KeyboardInterrupt):
        simulate(F, starts, budget=QUICK, executor=pool, progress=interrupt)
    assert len(calls) == 1
    assert np.geterr() == before
    again = simulate(F, starts, budget=QUICK, executor=pool)
    assert_same(simulate(F, starts, budget=QUICK), again)
    if pool is not None:
        pool.shutdown()


def test_progress_counts_up_to_all_starts():
    seen = []
    simulate(F, mixed_starts(100), budget=QUICK, progress=lambda *pair: seen.append(pair))
    decided = [k for k, _ in seen]
    assert decided == sorted(decided)
    assert seen[-1] == (100, 100)


# ── bad input ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "starts",
    [
        [],
        np.empty((0, 2)),
        [1.0, 2.0],
        [[1.0, 2.0, 3.0]],
        [[1.0]],
        [[[1.0, 2.0]]],
        [[np.nan, 1.0]],
        [[0.0, 1.0], [np.inf, 1.0]],
        [["a", "b"]],
        "starts",
        None,
        5.0,
        [[1.0, 2.0], [3.0]],
        [[1 + 2j, 0]],
        Box([0], [1]).grid(3),
    ],
    ids=str,
)
def test_starts_that_are_refused(starts):
    with pytest.raises(InvalidInput) as refusal:
        simulate(F, starts)
    assert refusal.value.argument == "starts"


def test_the_row_that_is_not_finite_is_named():
    with pytest.raises(InvalidInput, match="row 1 is not finite"):
        simulate(F, [[0.0, 1.0], [np.inf, 1.0]])


def test_a_single_start_gets_the_remedy():
    with pytest.raises(InvalidInput, match=r"\[\[\.\.\.\]\] for a single start"):
        simulate(F, [1.0, 2.0])


def test_open_parameters_are_named():
    with pytest.raises(InvalidInput, match=r"F\.at\(eta="):
        simulate(GradientDescent(LOSS, eta), [[1.0, 2.0]])


def test_a_loss_is_no_map():
    with pytest.raises(InvalidInput, match="GradientDescent"):
        simulate(LOSS, [[1.0, 2.0]])


@pytest.mark.parametrize("budget", [None, 100, {"steps": 5}])
def test_a_budget_is_a_budget(budget):
    with pytest.raises(InvalidInput, match="budget"):
        simulate(F, [[1.0, 2.0]], budget=budget)


def test_a_map_outside_the_engine_is_refused_where_it_is_written():
    with pytest.raises(UnsupportedFunction):
        SymbolicMap([sp.gamma(x)], [x])


def test_huge_and_tiny_starts_are_ordinary_input():
    fates = simulate(F, [[1e300, 1e300], [1e-300, 1e-300], [5e-324, 0.0]], budget=QUICK)
    assert fates.where(Fate.ESCAPED).tolist() == [True, False, False]


def test_wide_states_are_audited_in_blocks(monkeypatch):
    from dynsys_gd.ensembles import audit

    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    net = LinearNetwork(widths=(3, 3, 2), X=X, Y=X @ rng.normal(size=(3, 2)))
    G = GradientDescent(net, "1/20")
    starts = rng.normal(0, 0.5, (12, net.dimension))
    whole = simulate(G, starts)
    monkeypatch.setattr(audit, "_MOST_ENTRIES", 4 * net.dimension**2)
    blocks = simulate(G, starts)
    np.testing.assert_array_equal(whole.detail, blocks.detail)
    np.testing.assert_allclose(whole.limit, blocks.limit, atol=1e-9)
