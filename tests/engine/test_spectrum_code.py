"""Frames of tangents in machine code against array operations, a slow twin, and exact answers."""

import numpy as np
import pytest
import sympy as sp
from reference.processors import AVX2, SSE2, pretend

from dynsys_gd import MLP, Activation, DataLoss, GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.engine import spectrum
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.kernel import RowsKernel
from dynsys_gd.engine.spectrum import spectra

x, y, z = sp.symbols("x y z")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
THREE = SymbolicMap([1 - x**2 + z / 5, x, y / 2], [x, y, z])
NAMES = ("rates", "lost", "states")


def frame(d, k):
    return np.linalg.qr(np.random.default_rng(d).standard_normal((d, d)))[0][:, :k]


def run(kernel, states, k=None, *, transient=25, length=40, batches=3, **more):
    d = kernel.dimension
    shape = {"transient": transient, "length": length, "batches": batches}
    return spectra(kernel, states, frame(d, d if k is None else k), **shape, **more)


def same_bits(one, other):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def odd_starts(n, d):
    """Ordinary rows, and some that are zero, huge, tiny, infinite or no numbers."""
    rows = np.random.default_rng(n).uniform(-0.5, 0.5, (n, d))
    odd = [0.0, 1e200, -1e-310, np.inf, np.nan, 1e308]
    rows[: min(n // 2, len(odd)), 0] = odd[: min(n // 2, len(odd))]
    return rows


@pytest.mark.parametrize("n", [0, 1, 5, 100])
@pytest.mark.parametrize(
    ("F", "k"),
    [
        (SymbolicMap([4 * x * (1 - x)], [x]), 1),
        (GradientDescent(PRODUCT, "3/2"), 2),
        (HENON, 1),
        (HENON, 2),
        (THREE, 2),
        (THREE, 3),
        (HeavyBall(PRODUCT, "1/2", "9/10"), 4),
    ],
    ids=lambda v: v.describe() if hasattr(v, "describe") else str(v),
)
def test_machine_code_and_numpy_give_the_same_bits(F, k, n):
    kernel, starts = F.kernel(), odd_starts(n, F.dimension)
    expected = run(kernel, starts, k, arithmetic=Arithmetic.NUMPY)
    same_bits(run(kernel, starts, k, arithmetic=Arithmetic.PLAIN), expected)


def slow_twin(kernel, state, k, transient, length):
    """One orbit: a QR factorisation after every step."""
    Q, logs = frame(kernel.dimension, k), np.zeros(k)
    for t in range(transient + length):
        Q, R = np.linalg.qr(kernel.jacobian(state)[0] @ Q)
        state = kernel.step(state)[0]
        if t >= transient:
            logs += np.log(np.abs(np.diagonal(R)))
    return logs / length


@pytest.mark.parametrize(
    "F", [HENON, THREE, GradientDescent(PRODUCT, "11/10")], ids=["H", "3", "G"]
)
def test_a_factorisation_after_every_step_gives_the_same(F):
    start = np.full((1, F.dimension), 0.3)
    for k in range(1, F.dimension + 1):
        found = run(F.kernel(), start, k, length=60, batches=1, arithmetic=Arithmetic.PLAIN)
        expected = slow_twin(F.kernel(), start, k, 25, 60)
        np.testing.assert_allclose(found.rates[0, 0], expected, rtol=1e-8, atol=1e-8)


def test_the_sum_of_all_exponents_is_the_determinant():
    found = run(HENON.kernel(), np.random.default_rng(0).uniform(-0.1, 0.1, (70, 2)), length=500)
    np.testing.assert_allclose(found.rates.sum(axis=2), np.log(0.3), atol=1e-12)


@pytest.mark.parametrize("arithmetic", Arithmetic)
@pytest.mark.parametrize(("one", "other"), [(3.0, 0.5), (1e250, 1e-250), (1e-200, 1e-280)])
def test_exponents_of_a_linear_map_over_the_whole_range_of_doubles(one, other, arithmetic):
    matrix = [sp.Float(one) * x, sp.Float(other) * y]
    found = run(SymbolicMap(matrix, [x, y]).kernel(), np.zeros((3, 2)), arithmetic=arithmetic)
    expected = np.log([max(one, other), min(one, other)])
    np.testing.assert_allclose(found.rates, np.broadcast_to(expected, (3, 3, 2)), rtol=1e-12)
    assert not found.lost.any()


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_tangents_that_become_parallel_within_a_block_are_followed_step_by_step(arithmetic):
    """In four steps the directions part by a factor 10^40."""
    matrix = SymbolicMap([sp.Float(1e5) * x + y, sp.Float(1e-5) * y], [x, y])
    found = run(matrix.kernel(), np.zeros((2, 2)), arithmetic=arithmetic)
    np.testing.assert_allclose(found.rates[:, 0], [[np.log(1e5), np.log(1e-5)]] * 3, rtol=1e-9)


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_an_annihilated_direction_counts_and_starts_again_orthogonally(arithmetic):
    flat = SymbolicMap([2 * x + y, 4 * x + 2 * y, z / 2], [x, y, z]).kernel()
    found = run(flat, np.zeros((1, 3)), arithmetic=arithmetic)
    np.testing.assert_allclose(found.rates[:, 0, :2], [[np.log(4), np.log(0.5)]] * 3, rtol=1e-12)
    np.testing.assert_allclose(found.rates[:, 0, 2], -1000 * np.log(2), rtol=1e-3)
    assert found.lost.tolist() == [[0, 0, 120]]


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_everything_annihilated(arithmetic):
    found = run(SymbolicMap([x * 0, y * 0], [x, y]).kernel(), np.ones((2, 2)),
                arithmetic=arithmetic)  # fmt: skip
    np.testing.assert_array_equal(found.rates, np.full((3, 2, 2), -1000 * np.log(2.0)))
    np.testing.assert_array_equal(found.lost, 120)


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_an_orbit_that_is_no_number_has_no_rates_and_harms_nobody(arithmetic):
    kernel = HENON.kernel()
    alone = run(kernel, np.array([[0.1, 0.1], [0.2, 0.0]]), arithmetic=arithmetic)
    found = run(kernel, np.array([[0.1, 0.1], [9.0, 9.0], [0.2, 0.0]]), arithmetic=arithmetic)
    assert np.isnan(found.rates[:, 1]).all()
    np.testing.assert_array_equal(found.rates[:, [0, 2]], alone.rates)


def test_a_lane_in_trouble_leaves_its_neighbours_alone():
    kernel = SymbolicMap([x, x * y + z, z / 3], [x, y, z]).kernel()
    gentle = np.column_stack([np.linspace(0.5, 0.9, 64), np.zeros(64), np.zeros(64)])
    mixed = gentle.copy()
    mixed[31, 0] = 1e-250
    one, other = run(kernel, gentle), run(kernel, mixed)
    rest = np.arange(64) != 31
    np.testing.assert_array_equal(one.rates[:, rest], other.rates[:, rest])
    # Rounding hides so small a rest of the third direction, which is said.
    assert other.lost[31].tolist() == [0, 0, 120]
    assert not other.lost[rest].any()


def test_results_do_not_depend_on_stretches_or_company(monkeypatch):
    kernel, starts = HENON.kernel(), odd_starts(200, 2)
    whole = run(kernel, starts, length=100)
    monkeypatch.setattr(spectrum, "_STRETCH", 1e4)
    same_bits(run(kernel, starts, length=100), whole)
    for part in (slice(20, 21), slice(30, 35), slice(50, 120)):
        few = run(kernel, starts[part], length=100)
        np.testing.assert_array_equal(few.rates, whole.rates[:, part])


@pytest.mark.parametrize("other", [SSE2, AVX2], ids=["SSE2", "AVX2"])
def test_every_processor_gives_the_same_bits(monkeypatch, other):
    kernel, starts = HENON.kernel(), odd_starts(50, 2)
    expected = run(kernel, starts, arithmetic=Arithmetic.PLAIN)
    pretend(monkeypatch, other)
    same_bits(run(kernel, starts, arithmetic=Arithmetic.PLAIN), expected)


def test_networks_by_difference_quotients():
    rng = np.random.default_rng(3)
    data = rng.standard_normal((9, 2)), rng.standard_normal((9, 1))
    net = MLP((2, 4, 1), Activation.TANH, *data, DataLoss.SQUARED)
    kernel = GradientDescent(net, "1/10").kernel()
    starts = rng.standard_normal((3, net.dimension)) / 2
    found = [run(kernel, starts, 3, arithmetic=arithmetic).rates for arithmetic in Arithmetic]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)
    expected = [slow_twin(kernel, start[None], 3, 25, 120) for start in starts]
    np.testing.assert_allclose(found[0].mean(axis=0), expected, atol=1e-5)


def test_maps_that_are_plain_functions():
    matrix = np.array([[2.0, 1.0], [0.0, 0.5]])
    kernel = RowsKernel(
        2,
        lambda rows: (rows @ matrix.T, rows),
        lambda rows: np.broadcast_to(matrix, (len(rows), 2, 2)),
    )
    found = run(kernel, np.zeros((2, 2)), transient=60)
    np.testing.assert_allclose(
        found.rates, np.broadcast_to(np.log([2, 0.5]), (3, 2, 2)), atol=1e-12
    )
