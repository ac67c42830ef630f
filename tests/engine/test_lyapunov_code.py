"""Tangents in machine code against array operations, a slow twin, and exact answers."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from reference.processors import AVX2, SSE2, pretend

from dynsys_gd import MLP, Activation, DataLoss, GradientDescent, HeavyBall, Loss, SymbolicMap
from dynsys_gd.engine import lyapunov
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.lyapunov import stretching
from dynsys_gd.engine.map_tapes import MapTapes
from dynsys_gd.engine.numpy_printer import numpy_function

x, y, z = sp.symbols("x y z")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
NAMES = ("rates", "states", "largest_residual", "path", "extent")


def run(kernel, states, *, length=40, batches=3, transient=25, arithmetic=Arithmetic.FUSED):
    direction = np.cos(np.arange(kernel.dimension))
    return stretching(
        kernel,
        states,
        direction / np.linalg.norm(direction),
        transient=transient,
        length=length,
        batches=batches,
        arithmetic=arithmetic,
    )


def same_bits(one, other):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def odd_starts(n, d):
    """Ordinary rows, and some that are zero, huge, tiny, infinite or no numbers."""
    rows = np.random.default_rng(n).uniform(-1.5, 1.5, (n, d))
    odd = [0.0, 1e200, -1e-310, np.inf, np.nan, 1e308]
    rows[: min(n // 2, len(odd)), 0] = odd[: min(n // 2, len(odd))]
    return rows


@pytest.mark.parametrize("n", [0, 1, 7, 100, 333])
@pytest.mark.parametrize(
    "F",
    [
        GradientDescent(PRODUCT, "3/2"),
        HeavyBall(PRODUCT, "1/2", "9/10"),
        SymbolicMap([4 * x * (1 - x)], [x]),
        SymbolicMap([x * y / z + z, sp.sqrt(x**2 + 1) - y, sp.Max(x, y) * z], [x, y, z]),
    ],
    ids=["descent", "heavy ball", "logistic", "rational"],
)
def test_machine_code_without_fused_operations_is_numpy_to_the_last_bit(F, n):
    kernel = F.kernel()
    starts = odd_starts(n, F.dimension)
    before = starts.copy()
    numpy_, plain = (
        run(kernel, starts, arithmetic=a) for a in (Arithmetic.NUMPY, Arithmetic.PLAIN)
    )
    same_bits(plain, numpy_)
    np.testing.assert_array_equal(starts, before)
    assert plain.rates.shape == (3, n)


def slow_twin(kernel, state, direction, transient, length, batches):
    """Normalise after every step; one row, one step at a time."""
    v, rates = direction / np.linalg.norm(direction), []
    for batch in range(batches + 1):
        steps, total = (length if batch else transient), 0.0
        for _ in range(steps):
            v = kernel.jacobian(state)[0] @ v
            size = np.linalg.norm(v)
            total, v, state = total + np.log(size), v / size, kernel.step(state)[0]
        rates.append(total / steps)
    return rates[1:]


@pytest.mark.parametrize("arithmetic", Arithmetic)
@pytest.mark.parametrize(
    "F",
    [
        GradientDescent(PRODUCT, "9/10"),
        GradientDescent(Loss(sp.log(1 + sp.exp(-x * y)) + (x**2 + y**2) / 10, [x, y]), "1/2"),
        SymbolicMap([sp.cos(1) * x - sp.sin(1) * y, sp.sin(1) * x + sp.cos(1) * y], [x, y]),
    ],
    ids=["descent", "exponential", "rotation"],
)
def test_rates_are_those_of_tangents_normalised_at_every_step(F, arithmetic):
    kernel = F.kernel()
    starts = np.random.default_rng(5).uniform(0.2, 1.1, (9, 2))
    found = run(kernel, starts, arithmetic=arithmetic)
    direction = np.cos(np.arange(2))
    expected = [slow_twin(kernel, s[None, :], direction, 25, 40, 3) for s in starts]
    np.testing.assert_allclose(found.rates.T, expected, rtol=1e-12, atol=1e-13)


def test_statistics_are_those_of_the_orbit_after_the_transient():
    kernel = SymbolicMap([x + y, y], [x, y]).kernel()  # residual (y, 0): steps of constant length
    starts = np.array([[0.0, 2.0], [5.0, -0.5]])
    found = run(kernel, starts, transient=10, length=20, batches=2)
    np.testing.assert_array_equal(found.states, starts + 50 * starts[:, 1:] * [1, 0])
    np.testing.assert_array_equal(found.largest_residual, [2.0, 0.5])
    np.testing.assert_array_equal(found.path, [80.0, 20.0])
    np.testing.assert_array_equal(found.extent, [80.0, 20.0])


@pytest.mark.parametrize("arithmetic", Arithmetic)
@pytest.mark.parametrize("power", [-300, -60, -1, 1, 60, 300])
def test_nothing_under_or_overflows_in_the_tangent(power, arithmetic):
    """At the origin the factor is 10^power, step after step."""
    kernel = SymbolicMap([sp.Float(10.0**power) * x], [x]).kernel()
    found = run(kernel, np.zeros((3, 1)), arithmetic=arithmetic)
    np.testing.assert_allclose(found.rates, power * np.log(10.0), rtol=1e-13)


def test_a_lane_in_trouble_leaves_its_neighbours_alone():
    """One row is contracted by 1e-250 at each step, the others by ordinary factors."""
    kernel = SymbolicMap([x, x * y], [x, y]).kernel()
    gentle = np.column_stack([np.linspace(0.5, 0.9, 64), np.zeros(64)])
    mixed = gentle.copy()
    mixed[31, 0] = 1e-250
    direction = np.array([0.0, 1.0])
    one, other = (
        stretching(kernel, rows, direction, transient=64, length=50, batches=2)
        for rows in (gentle, mixed)
    )
    rest = np.arange(64) != 31
    np.testing.assert_array_equal(one.rates[:, rest], other.rates[:, rest])
    np.testing.assert_allclose(other.rates[:, 31], np.log(1e-250), rtol=1e-13)


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_an_annihilated_tangent_counts_as_a_fixed_contraction_and_starts_again(arithmetic):
    nothing = SymbolicMap([x * 0, y * 0], [x, y]).kernel()
    found = run(nothing, np.ones((2, 2)), arithmetic=arithmetic)
    np.testing.assert_array_equal(found.rates, np.full((3, 2), -1000 * np.log(2.0)))
    # Once in three steps, a tangent is lost at the critical point 0 of x -> 1 - 2 x² -> ....
    cycle = SymbolicMap([1 - sp.Float(1.7548776662466927) * x**2], [x]).kernel()
    rates = run(cycle, np.zeros((1, 1)), length=30, arithmetic=arithmetic).rates
    assert np.all(rates < -5)
    assert np.all(np.isfinite(rates))


@pytest.mark.parametrize("arithmetic", Arithmetic)
def test_an_orbit_that_is_no_number_has_no_rate(arithmetic):
    kernel = SymbolicMap([x**2], [x]).kernel()
    found = run(kernel, np.array([[3.0], [0.5]]), arithmetic=arithmetic)
    assert np.isnan(found.rates[:, 0]).all()
    assert np.isfinite(found.rates[0, 1])


def test_the_result_does_not_depend_on_stretches(monkeypatch):
    kernel = GradientDescent(PRODUCT, "3/2").kernel()
    starts = odd_starts(200, 2)
    whole = run(kernel, starts, length=100)
    monkeypatch.setattr(lyapunov, "_STRETCH", 1e4)
    same_bits(run(kernel, starts, length=100), whole)


@pytest.mark.parametrize("other", [SSE2, AVX2], ids=["SSE2", "AVX2"])
def test_every_processor_gives_the_same_bits(monkeypatch, other):
    kernel = GradientDescent(PRODUCT, "3/2").kernel()
    starts = odd_starts(50, 2)
    expected = run(kernel, starts, arithmetic=Arithmetic.PLAIN)
    pretend(monkeypatch, other)
    same_bits(run(kernel, starts, arithmetic=Arithmetic.PLAIN), expected)


EVERY_OPERATION = [
    x * y + x / y - x**3 + 1 / x,
    sp.sqrt(x) + sp.exp(x - y) + sp.log(x * y),
    sp.sin(x) * sp.cos(y) + sp.tan(x / 3),
    sp.sinh(x) + sp.cosh(y) * sp.tanh(x * y) + sp.log(sp.cosh(x)),
    sp.atan(x * y) + sp.erf(x - y),
    sp.log(1 + sp.exp(x * y)) + 1 / (1 + sp.exp(-x)),
    sp.Abs(x - y) * sp.sign(x) + sp.Heaviside(x - y) * x,
    sp.Max(x, y, x * y) + sp.Min(x, 2 * y),
    x ** sp.Rational(7, 3) + x**y + 2**x,
    sp.Piecewise((x**2, x > y), (sp.sin(y), x * y > 2), (y, True)),
]


@pytest.mark.parametrize("image", EVERY_OPERATION, ids=str)
def test_the_tangent_is_the_jacobian_times_the_direction(image):
    kernel = SymbolicMap([image, x - y], [x, y]).kernel()
    rng = np.random.default_rng(1)
    states, along = rng.uniform(0.3, 2.5, (50, 2)), rng.standard_normal((50, 2))
    images, residuals, moved = kernel.tangent(states, along)
    expected = np.einsum("nij,nj->ni", kernel.jacobian(states), along)
    np.testing.assert_allclose(moved, expected, rtol=1e-11, atol=1e-12)
    for one, other in zip(kernel.step(states), (images, residuals), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_tangent_at_a_kink_is_the_mean_of_both_sides():
    tapes = MapTapes([sp.Max(x, 3 * y), sp.Min(x, 3 * y)], [], [x, y], [])
    outputs = numpy_function(tapes.tangent)(np.array([[3.0], [1.0], [1.0], [1.0]]), np.empty(0))
    assert outputs[2:, 0].tolist() == [2.0, 2.0]


def test_the_tangent_of_an_exponential_uses_it_again():
    tapes = MapTapes([x - sp.Symbol("h") * y * sp.exp(x * y)], [], [x, y], [sp.Symbol("h")])
    names = [instruction.op.value for instruction in tapes.tangent.code]
    assert names.count("exp") == 1


def test_long_losses_have_short_tangents():
    """The Jacobian of a map of 40 coordinates has 1600 entries; its tangent is a few times F."""
    many = sp.symbols("q1:41")
    chain = sum((a * b - 1) ** 2 for a, b in pairwise(many))
    kernel = GradientDescent(Loss(chain, many), "1/100").kernel()
    assert len(kernel.tapes.tangent.code) < 6 * len(kernel.tapes.step.code)
    rng = np.random.default_rng(2)
    states, along = rng.uniform(0.5, 1.5, (3, 40)), rng.standard_normal((3, 40))
    expected = np.einsum("nij,nj->ni", kernel.jacobian(states), along)
    np.testing.assert_allclose(kernel.tangent(states, along)[2], expected, rtol=1e-12, atol=1e-12)


def test_networks_are_stretched_alike_by_difference_quotients_and_by_numpy():
    rng = np.random.default_rng(3)
    data = rng.standard_normal((9, 2)), rng.standard_normal((9, 1))
    net = MLP((2, 4, 1), Activation.TANH, *data, DataLoss.SQUARED)
    kernel = GradientDescent(net, "1/10").kernel()
    starts = rng.standard_normal((5, net.dimension)) / 2
    direction = np.cos(np.arange(net.dimension))
    expected = [slow_twin(kernel, s[None, :], direction, 25, 40, 3) for s in starts]
    for arithmetic in Arithmetic:
        found = run(kernel, starts, arithmetic=arithmetic)
        np.testing.assert_allclose(found.rates.T, expected, atol=2e-6)


@pytest.mark.parametrize("traced", [True, False])
def test_exponents_do_not_depend_on_what_else_is_kept(traced):
    kernel = SymbolicMap([1 - 1.4 * x**2 + y, 0.3 * x], [x, y]).kernel()
    states = np.random.default_rng(0).uniform(-0.1, 0.1, (37, 2))
    arguments = {"transient": 40, "length": 50, "batches": 3}
    usual = stretching(kernel, states, np.ones(2), **arguments)
    other = stretching(kernel, states, np.ones(2), traced=traced, **arguments)
    assert np.array_equal(other.rates, usual.rates)
    assert np.array_equal(other.states, usual.states)
    assert bool(other.path.any()) is traced
