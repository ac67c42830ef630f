"""Escape rates against values known in closed form, from periodic orbits and from simulation."""

import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.transfer.escape_rate import Escape

LINE = dg.Box([0], [1])
EXACT = dg.MonotonePieces()
HALF = sp.Rational(1, 2)
TENT = dg.SymbolicMap([1 - 2 * sp.Abs(x - HALF)], [x])
WIDE_TENT = dg.SymbolicMap([sp.Rational(3, 2) - 3 * sp.Abs(x - HALF)], [x])
LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])


def rate_from_orbits(r, longest=12):
    """Return the escape rate of r x (1 - x), r > 4, from its periodic points.

    -log of the leading eigenvalue of the transfer operator: z = e^rate is the first zero of
    exp(-Σ zⁿ/n Σ_(x = fⁿ x) 1/|(fⁿ)'(x) - 1|).
    """
    traces = []
    for n in range(1, longest + 1):
        words = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1)
        point = np.full(words.shape[1], 0.5)
        for _ in range(80 // n + 2):  # the inverse branches contract
            slope = np.ones_like(point)
            for sign in words:
                point = 0.5 + sign * np.sqrt(0.25 - point / r)
                slope = slope * r * (1 - 2 * point)
        traces.append((1 / np.abs(slope - 1)).sum())
    # d(z) = exp(-Σ t_n zⁿ/n) as a power series: n d_n = -Σ t_k d_(n-k)
    series = [1.0]
    for n in range(1, longest + 1):
        series.append(-sum(traces[k - 1] * series[n - k] for k in range(1, n + 1)) / n)
    roots = np.roots(series[::-1])
    real = roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real
    return math.log(real.min())


@pytest.mark.parametrize("depth", [3, 8])
def test_a_tent_of_slope_three_loses_a_third(depth):
    # F carries the uniform density to 2/3 of itself.
    found = dg.transfer_operator(WIDE_TENT, LINE, depth, method=EXACT).escape_rate()
    assert found.kind is Escape.STEADY
    assert found.rate == pytest.approx(math.log(1.5), abs=1e-13)
    assert found.eigenvalue == pytest.approx(2 / 3, abs=1e-13)
    assert found.lifetime == pytest.approx(1 / math.log(1.5))
    np.testing.assert_allclose(found.density, 1.0, atol=1e-11)
    assert found.coarser == pytest.approx(found.rate, abs=1e-13)
    assert found.residual < 1e-14


def test_a_hole_that_forbids_a_word():
    # The tent map with the hole [0, 1/4] keeps the itineraries without LL: as many as the golden
    # mean shift has, ((1 + √5)/2)ⁿ, each an interval of length 2⁻ⁿ.
    all_cells = Cells.all(LINE, 8)
    cells = all_cells.take(all_cells.lower[0] >= 0.25)
    found = dg.transfer_operator(TENT, cells, method=EXACT).escape_rate()
    assert found.rate == pytest.approx(math.log(2) - math.log((1 + 5**0.5) / 2), abs=1e-12)


def test_the_logistic_map_beyond_the_full_shift():
    truth = rate_from_orbits(5)
    assert rate_from_orbits(5, 11) == pytest.approx(truth, abs=1e-12)  # converged
    exact = dg.transfer_operator(dg.textbook.logistic(5), LINE, 14, method=EXACT).escape_rate()
    sampled = dg.transfer_operator(dg.textbook.logistic(5), LINE, 12, rng=0).escape_rate()
    assert exact.rate == pytest.approx(truth, abs=1e-6)
    assert abs(exact.rate - truth) < 3 * abs(exact.coarser - truth) + 1e-7
    assert sampled.rate == pytest.approx(truth, abs=5e-4)


def test_beyond_the_crisis_in_the_plane_as_the_survivors_fall():
    F = dg.GradientDescent(LOSS, "11/5")
    box = dg.Box([-2.5, -2.5], [2.5, 2.5])
    found = dg.transfer_operator(F, box, 14, rng=0).escape_rate()
    states, left = box.sample(2_000_000, rng=1), []
    for _ in range(17):
        states = F.iterate(states, 1)
        states = states[box.contains(states)]
        left.append(len(states))
    seen = math.log(left[10] / left[16]) / 6
    spread = left[16] ** -0.5 / 6
    assert spread < 0.01
    assert found.rate == pytest.approx(seen, abs=3 * spread)
    # Survivors gather where the density of what is left is.
    assert found.mass.sum() == pytest.approx(1.0)
    assert found.mass.min() >= 0


def test_some_cells_are_never_left():
    F = dg.GradientDescent(dg.Loss(x**2 / 2, [x]), "3/2")  # x -> -x/2
    found = dg.transfer_operator(F, dg.Box([-2], [1]), 6, method=EXACT).escape_rate()
    assert (found.kind, found.rate, found.lifetime) == (Escape.NEVER, 0.0, math.inf)
    assert found.kept.at([[0.0]])[0] >= 0
    assert found.mass.size == 0
    assert math.isnan(found.residual)


def test_after_finitely_many_steps_nothing_is_left():
    F = dg.SymbolicMap([x + 1], [x])
    found = dg.transfer_operator(F, dg.Box([0], [4]), 5, method=EXACT).escape_rate()
    assert (found.kind, found.rate, found.longest) == (Escape.ALL, math.inf, 4)
    assert "4 steps" in found.headline()
    assert found.eigenvalue == 0


def test_too_slow_to_be_told_from_none():
    # A leak behind fifty steps against the stream: λ differs from 1 by far less than rounding.
    from scipy.sparse import csr_matrix

    from dynsys_gd.cells.transfer.escape_rate import escape_rate_of
    from dynsys_gd.cells.transfer.transitions import Transitions
    from dynsys_gd.evidence import Evidence, Grade

    n = 64
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, max(i - 1, 0)] += 0.99
        if i + 1 < n:
            matrix[i, i + 1] += 0.01
    cells = Cells.all(LINE, 6)
    transitions = Transitions.between(TENT, cells, csr_matrix(matrix))
    known = Evidence(grade=Grade.NUMERICAL, reason="made up")
    found = escape_rate_of(transitions, known)
    assert (found.kind, found.rate) == (Escape.UNRESOLVED, 0.0)
    assert "not told from 0" in found.headline()


def test_the_step_size_decides():
    F = dg.GradientDescent(LOSS, eta)
    box = dg.Box([-3, -3], [3, 3])
    kinds = [
        dg.transfer_operator(F.at(eta=value), box, 10, rng=0).escape_rate().kind
        for value in ("1/2", "5/2")
    ]
    assert kinds == [Escape.NEVER, Escape.STEADY]


def test_a_class_that_leaks_less_than_doubles_tell_is_not_called_closed():
    from scipy.sparse import csr_matrix

    from dynsys_gd.cells.transfer.escape_rate import escape_rate_of
    from dynsys_gd.cells.transfer.transitions import Transitions

    # A share of 1e-9 goes aside each step; a thousandth of a millionth of that leaves for ever.
    rows = [[1 - 1e-9, 1e-9], [1 - 1e-9, 0.0]]
    F, cells = dg.SymbolicMap([x], [x]), dg.Cells.all(dg.Box([0], [1]), 1)
    transitions = Transitions.between(F, cells, csr_matrix(rows))
    entries = dg.transfer_operator(F, dg.Box([0], [1]), 1, rng=0).evidence
    found = escape_rate_of(transitions, entries)
    assert found.kind is Escape.UNRESOLVED
    assert len(found.kept) == 0
    assert found.mass.sum() == pytest.approx(1)
