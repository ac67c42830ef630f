"""The stopping driver: exact, alike everywhere, and within its bounds."""

import os
import signal
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from reference.processors import AVX2, SSE2, pretend

from dynsys_gd import GradientDescent, HeavyBall, Loss, MinibatchCycle, SymbolicMap
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.tape_step import TapeStep
from dynsys_gd.engine.starts import GivenStarts, GridStarts, UniformStarts, key_of
from dynsys_gd.engine.stopping import Keep, Stop, StoppingRule, stop
from dynsys_gd.engine.stopping_task import block_lengths
from dynsys_gd.errors import InvalidInput

x, y = sp.symbols("x y")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
EXPONENTIAL = Loss(sp.log(1 + sp.exp(-x * y)) + (x**2 + y**2) / 10, [x, y])

machine_only = pytest.mark.skipif(processor() is None, reason="no machine code on this platform")


def kernel_of(loss, step_size="9/10"):
    return GradientDescent(loss, step_size=step_size).kernel()


def square(n, half=3.0, seed=0):
    return np.random.default_rng(seed).uniform(-half, half, (n, 2))


def assert_same(one, other):
    np.testing.assert_array_equal(one.stop, other.stop)
    np.testing.assert_array_equal(one.steps, other.steps)
    np.testing.assert_array_equal(one.states, other.states)
    assert (one.counts, one.total_steps) == (other.counts, other.total_steps)


def test_one_orbit_at_a_time_by_hand():
    """The slow twin: plain loops, the rule as it is written in `StoppingRule`."""
    kernel, rule = kernel_of(PRODUCT), StoppingRule(steps=150, tolerance=1e-9)
    starts = square(300)
    found = stop(
        kernel, GivenStarts(starts), rule=rule, keep=Keep.STATES, arithmetic=Arithmetic.PLAIN
    )
    for k, start in enumerate(starts):
        state, age, answer = start, 0, None
        for length in block_lengths(kernel, rule.steps):
            first = None
            for step in range(1, length + 1):
                with np.errstate(all="ignore"):
                    image = kernel.step(state[None, :])[0][0]
                    size, moved = (image * image).sum(), ((image - state) ** 2).sum()
                far = not size <= 1e16
                still = not far and moved <= 1e-18 * size + 1e-18
                if (far or still) and first is None:
                    first = (Stop.FAR if far else Stop.STILL, age + step, image)
                state = image
            age += length
            if far or still:
                answer = first
                break
        reason, steps, where = answer or (Stop.TIME, age, state)
        assert (found.stop[k], found.steps[k]) == (reason, steps)
        np.testing.assert_array_equal(found.states[k], where)


LOSSES = {
    "product": PRODUCT,
    "one dimension": Loss((x**2 - 1) ** 2 / 4, [x]),
    "five dimensions": Loss((sp.prod(sp.symbols("a:e")) - 1) ** 2 / 2, sp.symbols("a:e")),
    "fifty dimensions": Loss(
        sum((k + 1) * v**2 for k, v in enumerate(sp.symbols("v:50"))) / 60
        + sp.Symbol("v0") ** 2 * sp.Symbol("v1") ** 2,
        sp.symbols("v:50"),
    ),
    "rational": Loss(1 / (1 + x**2 + y**2) + x**4 / 8 + sp.Max(x, y) ** 2, [x, y]),
}


@machine_only
@pytest.mark.parametrize("name", LOSSES)
def test_without_fused_operations_every_bit_is_that_of_numpy(name):
    kernel = kernel_of(LOSSES[name], "1/2")
    starts = GivenStarts(np.random.default_rng(1).uniform(-2, 2, (2000, LOSSES[name].dimension)))
    one, other = (
        stop(kernel, starts, rule=StoppingRule(steps=300), keep=Keep.STATES, arithmetic=arithmetic)
        for arithmetic in (Arithmetic.PLAIN, Arithmetic.NUMPY)
    )
    assert one.arithmetic is Arithmetic.PLAIN
    assert_same(one, other)
    assert sum(one.counts.values()) == 2000


@machine_only
@pytest.mark.slow
def test_a_loss_with_five_hundred_terms():
    rng = np.random.default_rng(5)
    v = sp.symbols("v:20")
    monomials = {
        tuple(sorted(rng.choice(20, 3, replace=False))): int(rng.integers(1, 9)) for _ in range(700)
    }
    terms = [c * v[i] ** 2 * v[j] * v[k] / 1000 for (i, j, k), c in monomials.items()]
    loss = Loss(sum(terms[:500]), v)
    assert len(loss.expression.args) == 500
    kernel, starts = kernel_of(loss, "1/50"), GivenStarts(rng.uniform(-1, 1, (200, 20)))
    fused, plain, oracle = (
        stop(kernel, starts, rule=StoppingRule(steps=60), keep=Keep.STATES, arithmetic=arithmetic)
        for arithmetic in Arithmetic
    )
    assert_same(plain, oracle)
    np.testing.assert_array_equal(fused.stop, oracle.stop)
    still = oracle.stop != Stop.FAR
    np.testing.assert_allclose(fused.states[still], oracle.states[still], rtol=1e-9, atol=1e-12)


@machine_only
@pytest.mark.parametrize(
    ("loss", "step_size", "share"), [(PRODUCT, "9/10", 1e-6), (EXPONENTIAL, "1/2", 1e-5)]
)
def test_fused_labels_differ_only_within_rounding_of_a_boundary(loss, step_size, share):
    kernel, starts = kernel_of(loss, step_size), square(200_000)
    rule = StoppingRule(steps=400)
    fused, oracle = (
        stop(kernel, GivenStarts(starts), rule=rule, arithmetic=arithmetic)
        for arithmetic in (Arithmetic.FUSED, Arithmetic.NUMPY)
    )
    different = np.flatnonzero(fused.stop != oracle.stop)
    assert different.size <= max(1, share * len(starts))
    for k in different:
        near = starts[k] * (1 + 1e-12 * np.random.default_rng(2).standard_normal((1000, 2)))
        labels = stop(kernel, GivenStarts(near), rule=rule, arithmetic=Arithmetic.NUMPY).stop
        assert set(labels) >= {fused.stop[k], oracle.stop[k]}


@machine_only
def test_a_point_on_the_boundary_is_within_rounding_of_both_labels():
    """The boundary of (uv - 1)²/2 is the ellipse 0.8 (u² + v²) - 0.64 u v = ... at η = 1/2."""
    kernel = kernel_of(PRODUCT, "1/2")
    inside, outside = np.array([1.0, 1.0]), np.array([3.0, 3.0])
    rule = StoppingRule(steps=2000)
    for _ in range(60):
        middle = (inside + outside) / 2
        reason = stop(kernel, GivenStarts(middle[None, :]), rule=rule).stop[0]
        inside, outside = (middle, outside) if reason == Stop.STILL else (inside, middle)
    radius = 1 + 1e-13 * np.linspace(-1, 1, 4001)[:, None]
    labels = {
        arithmetic: stop(
            kernel, GivenStarts(radius * inside), rule=rule, arithmetic=arithmetic
        ).stop
        for arithmetic in Arithmetic
    }
    assert set(labels[Arithmetic.FUSED]) > {Stop.STILL}
    np.testing.assert_array_equal(labels[Arithmetic.PLAIN], labels[Arithmetic.NUMPY])


@machine_only
@pytest.mark.parametrize("loss", [PRODUCT, EXPONENTIAL])
@pytest.mark.parametrize("lanes", [2, 8, 16, 32])
def test_results_do_not_depend_on_the_lanes(monkeypatch, lanes, loss):
    kernel, starts = kernel_of(loss), GivenStarts(square(3001))
    before = stop(kernel, starts, keep=Keep.STATES)
    pretend(monkeypatch, processor())
    monkeypatch.setattr(TapeStep, "lanes", lambda self, host: lanes)
    assert_same(stop(kernel, starts, keep=Keep.STATES), before)


@machine_only
@pytest.mark.parametrize("keep", Keep)
def test_results_do_not_depend_on_threads_or_company(keep):
    kernel, points = kernel_of(PRODUCT), square(300_000)
    alone = stop(kernel, GivenStarts(points), keep=keep)
    with ThreadPoolExecutor(3) as executor:
        together = stop(kernel, GivenStarts(points), keep=keep, executor=executor)
    assert (alone.counts, alone.total_steps) == (together.counts, together.total_steps)
    if keep is Keep.STATES:
        assert_same(alone, together)
        few = stop(kernel, GivenStarts(points[1234:1300]), keep=keep)
        np.testing.assert_array_equal(few.states, alone.states[1234:1300])
        np.testing.assert_array_equal(few.steps, alone.steps[1234:1300])


@machine_only
@pytest.mark.parametrize("host", [SSE2, AVX2], ids=["SSE2", "AVX2"])
@pytest.mark.parametrize("loss", [PRODUCT, EXPONENTIAL])
def test_lesser_processors_give_the_same_trajectories(monkeypatch, host, loss):
    kernel, starts = kernel_of(loss), GivenStarts(square(2000))
    here = {a: stop(kernel, starts, keep=Keep.STATES, arithmetic=a) for a in Arithmetic}
    pretend(monkeypatch, host)
    there = stop(kernel, starts, keep=Keep.STATES, arithmetic=Arithmetic.FUSED)
    assert there.arithmetic is (Arithmetic.FUSED if host.fused else Arithmetic.PLAIN)
    assert_same(there, here[there.arithmetic])


def test_without_machine_code_numpy_does_it(monkeypatch):
    pretend(monkeypatch, None)
    found = stop(kernel_of(PRODUCT), GivenStarts(square(100)))
    assert found.arithmetic is Arithmetic.NUMPY
    assert found.counts[Stop.STILL] > 0


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_starts_that_are_no_ordinary_numbers(arithmetic):
    starts = [[np.nan, 1.0], [np.inf, 0.0], [1e308, -1e308], [5e-324, -5e-324], [0.0, -0.0]]
    found = stop(
        kernel_of(PRODUCT), GivenStarts(starts), rule=StoppingRule(steps=9), arithmetic=arithmetic
    )
    assert found.stop.tolist() == [Stop.FAR, Stop.FAR, Stop.FAR, Stop.STILL, Stop.STILL]
    assert found.steps.tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_no_starts_at_all(arithmetic):
    found = stop(kernel_of(PRODUCT), GivenStarts(np.empty((0, 2))), arithmetic=arithmetic)
    assert found.n == 0
    assert found.stop.shape == (0,)
    assert set(found.counts.values()) == {0}


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_the_last_block_ends_with_the_steps(arithmetic):
    """x -> x + 1 never stands still and never gets far."""
    kernel = SymbolicMap([x + 1], [x]).kernel()
    for steps in (1, 3, 4, 5, 63, 64, 65, 200):
        found = stop(
            kernel,
            GivenStarts([[0.0], [0.5]]),
            rule=StoppingRule(steps=steps),
            keep=Keep.STATES,
            arithmetic=arithmetic,
        )
        assert found.stop.tolist() == [Stop.TIME] * 2
        assert found.steps.tolist() == [steps] * 2
        assert found.states.ravel().tolist() == [steps, steps + 0.5]
        assert found.total_steps == 2 * steps


def test_no_tolerance_asks_for_nothing_and_zero_for_standstill():
    kernel = SymbolicMap([x / 2], [x]).kernel()
    starts = GivenStarts([[0.0], [1.0]])
    counts = stop(kernel, starts, rule=StoppingRule(steps=50, tolerance=None)).counts
    assert counts[Stop.TIME] == 2
    reasons = stop(kernel, starts, rule=StoppingRule(steps=50, tolerance=0.0)).stop
    assert reasons.tolist() == [Stop.STILL, Stop.TIME]
    long = stop(kernel, starts, rule=StoppingRule(steps=2000, tolerance=0.0))
    assert long.steps.tolist()[0] == 1
    assert long.steps[1] > 500  # through the subnormal numbers, until the move squared vanishes


def test_maps_with_memory_and_of_cycles_run_alike():
    for F in (
        HeavyBall(PRODUCT, step_size="1/2", momentum="1/3"),
        MinibatchCycle([Loss((x - 1) ** 2, [x]), Loss((x + 1) ** 2, [x])], step_size="1/4"),
    ):
        kernel = F.kernel()
        starts = GivenStarts(np.random.default_rng(3).uniform(-1, 1, (500, F.dimension)))
        one, other = (
            stop(kernel, starts, arithmetic=a) for a in Arithmetic if a != Arithmetic.PLAIN
        )
        np.testing.assert_array_equal(one.stop, other.stop)


@machine_only
def test_memory_does_not_grow_with_the_number_of_starts():
    kernel = kernel_of(PRODUCT)
    stop(kernel, UniformStarts([-3, -3], [3, 3], 10, key_of(0)))
    tracemalloc.start()
    found = stop(
        kernel,
        UniformStarts([-3, -3], [3, 3], 3_000_000, key_of(0)),
        rule=StoppingRule(steps=20),
        keep=Keep.COUNTS,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.n == 3_000_000
    assert found.stop is None
    assert peak < 16e6


@machine_only
@pytest.mark.parametrize("threads", [0, 2])
def test_an_interrupt_is_answered_and_leaves_nothing_broken(threads):
    """Days of work, interrupted after a fifth of a second."""
    kernel = kernel_of(PRODUCT)
    forever = GridStarts([1, 1], [1.2, 1.2], (100_000, 100_000))
    rule = StoppingRule(steps=2**20, tolerance=None)
    executor = ThreadPoolExecutor(threads) if threads else None
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        stop(kernel, forever, rule=rule, keep=Keep.COUNTS, executor=executor)
    if executor is not None:
        executor.shutdown()
    assert time.monotonic() - began < 20  # instead of days, on whatever machine
    assert stop(kernel, GivenStarts([[1.1, 1.0]])).counts[Stop.STILL] == 1


def test_progress_counts_starts():
    seen = []
    stop(
        kernel_of(PRODUCT),
        GridStarts([-1, -1], [1, 1], (1000, 700)),
        keep=Keep.COUNTS,
        rule=StoppingRule(steps=4),
        progress=lambda done, n: seen.append((done, n)),
    )
    assert len(seen) > 1
    assert seen[-1] == (700_000, 700_000)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("steps", bad) for bad in (0, -1, 1.5, True, 2**28 + 1, "9")),
        *(("tolerance", bad) for bad in (-1e-9, 1.0, np.nan, np.inf, "0", True)),
        *(("radius", bad) for bad in (0, -1, np.inf, np.nan, 1e200, None)),
    ],
)
def test_rules_that_make_no_sense(field, value):
    with pytest.raises(InvalidInput, match=field):
        StoppingRule(**{field: value})


def test_starts_of_another_dimension_are_refused():
    with pytest.raises(InvalidInput, match="starts"):
        stop(kernel_of(PRODUCT), GivenStarts([[1.0, 2.0, 3.0]]))


def test_a_map_with_memory_starts_at_rest():
    """Two coordinates given, four needed: the previous point is the start itself."""
    F = HeavyBall(PRODUCT, step_size="1/2", momentum="1/3")
    points = square(700)
    for arithmetic in Arithmetic:
        found = [
            stop(F.kernel(), GivenStarts(rows), keep=Keep.STATES, arithmetic=arithmetic)
            for rows in (points, F.lift(points))
        ]
        assert_same(*found)
