"""One window of steps: against the same statistics by hand, and the rule of escape."""

import math
from dataclasses import fields

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.driver import Departure, EscapeRule, run_window
from dynsys_gd.engine.kernel import RowsKernel

x, y = sp.symbols("x y")
GRADIENT = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size="3/2")


def window_by_hand(kernel, start, length, lags, tolerance):
    """The slow twin: one orbit, plain loops, no escape."""
    states, residuals = [np.asarray(start)], []
    for _ in range(length):
        image, residual = kernel.step(states[-1][None, :])
        residuals.append(math.sqrt(sum(r * r for r in residual[0])))
        states.append(image[0])
    base = states[length - lags]
    seen = [states[t] for t in (0, *range(8, length + 1, 8), length)]
    settled = max([t + 1 for t, r in enumerate(residuals) if r > tolerance], default=0)
    return {
        "states": states[-1],
        "largest_residual": max(residuals),
        "smallest_residual": min(residuals),
        "largest_norm": max(np.linalg.norm(s) for s in states),
        "extent": np.linalg.norm(np.max(seen, axis=0) - np.min(seen, axis=0)),
        "last_step": np.linalg.norm(states[-1] - states[-2]),
        "settled": settled,
        "lags": [np.linalg.norm(s - base) for s in states[length - lags + 1 :]],
    }


@pytest.mark.parametrize("arithmetic", [Arithmetic.PLAIN, Arithmetic.NUMPY])
@pytest.mark.parametrize(("length", "lags"), [(1, 1), (7, 3), (33, 9), (40, 40)])
def test_statistics_are_those_of_the_slow_twin(length, lags, arithmetic):
    starts = np.random.default_rng(0).uniform(0.5, 1.2, (20, 2))
    kernel = GRADIENT.kernel()
    window = run_window(
        kernel,
        starts,
        length,
        radius=np.full(20, 1e9),
        lags=lags,
        tolerance=1e-3,
        arithmetic=arithmetic,
    )
    assert not window.departure.any()
    for k, start in enumerate(starts):
        expected = window_by_hand(kernel, start, length, lags, 1e-3)
        for name in ("states", "settled"):
            np.testing.assert_array_equal(getattr(window, name)[k], expected[name])
        for name in ("largest_residual", "smallest_residual", "largest_norm", "extent"):
            assert getattr(window, name)[k] == pytest.approx(expected[name], rel=1e-14), name
        assert window.last_step[k] == pytest.approx(expected["last_step"], rel=1e-14)
        np.testing.assert_allclose(window.lag_distances[:, k], expected["lags"], rtol=1e-14)


def test_rows_that_depart_do_not_disturb_the_others():
    """Dropping rows moves the others within the batch; their numbers stay the same to the bit."""
    rng = np.random.default_rng(1)
    quiet = rng.uniform(0.5, 1.2, (30, 2))
    mixed = np.concatenate([quiet, rng.uniform(3, 4, (300, 2))])[rng.permutation(330)]
    kernel = GRADIENT.kernel()
    both = run_window(kernel, mixed, 100, radius=np.full(330, 100.0), lags=8)
    assert np.count_nonzero(both.departure) == 300
    for k in np.flatnonzero(both.departure == Departure.NONE):
        alone = run_window(kernel, mixed[k : k + 1], 100, radius=np.full(1, 100.0), lags=8)
        for name in ("states", "largest_residual", "extent", "last_step", "settled"):
            np.testing.assert_array_equal(getattr(both, name)[k], getattr(alone, name)[0])
        np.testing.assert_array_equal(both.lag_distances[:, k], alone.lag_distances[:, 0])


def test_row_functions_and_straight_line_code_go_through_the_same_loop():
    tape = GRADIENT.kernel()
    rows = RowsKernel(2, tape.step, tape.jacobian)
    starts = np.random.default_rng(2).uniform(-1.2, 1.2, (20, 2))
    one, other = (
        run_window(k, starts, 50, radius=np.full(20, 1e9), arithmetic=Arithmetic.NUMPY)
        for k in (tape, rows)
    )
    np.testing.assert_array_equal(one.states, other.states)


@pytest.mark.parametrize("loss", [(x * y - 1) ** 2 / 2, (x**2 + y - 3) ** 2 + x * y**3])
@pytest.mark.parametrize("length", [1, 8, 33, 300])
def test_machine_code_without_fused_operations_is_numpy_to_the_last_bit(loss, length):
    kernel = GradientDescent(Loss(loss, [x, y]), step_size="9/10").kernel()
    starts = np.random.default_rng(3).uniform(-3, 3, (1001, 2))
    starts[:4] = [[0.0, 0.0], [1e200, 1.0], [5e-324, -5e-324], [-0.0, 1e8]]
    radius = np.geomspace(1.0, 1e6, 1001)
    one, other = (
        run_window(kernel, starts, length, radius=radius, lags=5, arithmetic=arithmetic)
        for arithmetic in (Arithmetic.PLAIN, Arithmetic.NUMPY)
    )
    assert one.departure.any() or length == 1
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_the_starts_are_not_changed():
    starts = np.ones((3, 2)) * 5
    run_window(GRADIENT.kernel(), starts, 20, radius=np.full(3, 10.0))
    np.testing.assert_array_equal(starts, 5.0)


@pytest.mark.parametrize(
    ("factor", "reach", "steps"), [(3, 1, 8), (2, 1, 9), (3, 1e9, 21), (2, 1e9, 34)]
)
def test_geometric_growth_departs_after_six_ratios_outside_and_beyond_the_horizon(
    factor, reach, steps
):
    """3^3 = 27 is the first image beyond 10, and 2^4 = 16; five more ratios follow. 3^21 and 2^34
    are the first beyond 10^10."""
    kernel = SymbolicMap([factor * x], [x]).kernel()
    window = run_window(
        kernel, np.array([[1.0]]), 50, radius=np.array([10.0]), escape=EscapeRule(reach=reach)
    )
    assert window.departure[0] == Departure.GROWTH
    assert window.departed_after[0] == steps
    assert window.states[0, 0] == factor**steps


def test_steady_drift_is_no_departure():
    """Trap 8: ratios of x, x + c, x + 2c, … fall towards 1, however large c."""
    kernel = SymbolicMap([x + 1000], [x]).kernel()
    window = run_window(kernel, np.array([[1.0], [-1e4]]), 200, radius=np.full(2, 10.0))
    assert not window.departure.any()


def test_a_large_orbit_that_turns_back_is_no_departure():
    kernel = SymbolicMap([sp.Piecewise((3 * x, x < 200), (x / 100, True))], [x]).kernel()
    window = run_window(kernel, np.array([[1.0]]), 200, radius=np.array([10.0]))
    assert window.departure[0] == Departure.NONE  # three ratios outside, again and again
    assert window.largest_norm[0] > 200


def test_growth_that_ends_before_the_horizon_is_no_departure():
    """Doubling up to a fixed point at 2^30 shows 30 equal ratios, and is none."""
    kernel = SymbolicMap([sp.Piecewise((2 * x, x < 2**30), (x, True))], [x]).kernel()
    start, radius = np.array([[1.0]]), np.array([10.0])
    window = run_window(kernel, start, 100, radius=radius)
    assert window.departure[0] == Departure.NONE
    assert window.states[0, 0] == 2**30
    near = run_window(kernel, start, 100, radius=radius, escape=EscapeRule(reach=1e6))
    assert near.departure[0] == Departure.GROWTH


def test_the_number_of_ratios_is_the_rules():
    kernel = SymbolicMap([3 * x], [x]).kernel()
    window = run_window(
        kernel, np.array([[1.0]]), 30, radius=np.array([10.0]), escape=EscapeRule(steps=2, reach=1)
    )
    assert window.departed_after[0] == 4


def test_overflow_departs_at_once():
    kernel = SymbolicMap([x**5], [x]).kernel()
    window = run_window(kernel, np.array([[1e70], [0.5]]), 30, radius=np.full(2, 1e80))
    assert window.departure.tolist() == [Departure.OVERFLOW, Departure.NONE]
    assert window.departed_after.tolist() == [1, 0]


def test_not_a_number_from_inside_is_no_escape():
    """log(-1) has no value; inf - inf far outside is blow-up."""
    kernel = SymbolicMap([sp.log(x)], [x]).kernel()
    window = run_window(kernel, np.array([[0.5]]), 10, radius=np.array([1e3]))
    assert window.departure[0] == Departure.NOT_A_NUMBER
    blow_up = SymbolicMap([x**3 - x**2], [x]).kernel()
    window = run_window(blow_up, np.array([[50.0]]), 10, radius=np.array([10.0]))
    assert window.departure[0] in (Departure.OVERFLOW, Departure.GROWTH)


def test_not_a_number_before_the_horizon_is_no_escape_either():
    kernel = SymbolicMap([sp.Piecewise((3 * x, x < 10**6), (sp.log(-x), True))], [x]).kernel()
    window = run_window(kernel, np.array([[1.0]]), 50, radius=np.array([10.0]))
    assert window.departure[0] == Departure.NOT_A_NUMBER


def test_a_batch_that_departs_whole_ends_early():
    calls = []
    tape = SymbolicMap([9 * x], [x]).kernel()

    def step(states):
        calls.append(len(states))
        return tape.step(states)

    kernel = RowsKernel(1, step, tape.jacobian)
    run_window(kernel, np.ones((5, 1)), 10_000, radius=np.full(5, 10.0))
    assert len(calls) < 20
