"""Scrambled nets: their interval where it can be computed, and what they refuse."""

import math

import numpy as np
import pytest
from reference.sampled_ellipse import CASES, known
from scipy import stats
from sympy.abc import x

from dynsys_gd import (
    Box,
    Distribution,
    Gaussian,
    GradientDescent,
    InvalidInput,
    Loss,
    MonteCarlo,
    QuasiMonteCarlo,
    convergent_measure,
)
from dynsys_gd.engine.starts.nets import quality
from dynsys_gd.measure import MeasureQuestion
from dynsys_gd.measure.sampling import tallies
from dynsys_gd.measure.sampling.quasi_monte_carlo import grid_shape, net_size
from dynsys_gd.measure.sampling.replicated import Replicated, gain_bound

WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")


def reading(counts, *, points=64, gain=2.0, possible=None):
    hits = np.array(counts, dtype=np.int64)
    return Replicated(hits, hits if possible is None else np.array(possible), points, gain)


def test_one_cell_without_gain_is_students_interval_of_the_replicates():
    counts = np.array([[10], [14], [9], [13], [12]])
    low, high = reading(counts, gain=0.0).interval(0.95)
    expected = stats.ttest_1samp(counts[:, 0] / 64, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))


def test_the_variance_is_the_sum_over_the_cells_and_freedom_is_satterthwaites():
    counts = np.array([[3, 9, 5], [4, 5, 5], [2, 7, 5]])
    v = counts.var(axis=0, ddof=1)
    freedom = 2 * v.sum() ** 2 / (v**2).sum()
    half = stats.t.ppf(0.95, freedom) * math.sqrt(v.sum() / 3) / (3 * 64)
    low, high = reading(counts, gain=0.0).interval(0.9)
    assert high - low == pytest.approx(2 * half)


def test_agreeing_replicates_leave_what_they_may_hide():
    """All R replicates miss a part of mean m points with probability (1 + m/Γ)^-R."""
    low, high = reading(np.full((3, 10), 20)).interval(0.95)
    m = (high - 20 / 64) * 640
    assert (1 + m / 2.0) ** -3 == pytest.approx(0.025)
    assert low == pytest.approx(20 / 64 - m / 640)


def test_undecided_points_are_counted_at_the_upper_end_only():
    hits = [[5, 0], [7, 0], [6, 0]]
    known_end = reading(hits)
    opened = reading(hits, possible=[[5, 4], [7, 2], [6, 3]])
    assert opened.interval(0.9)[0] == known_end.interval(0.9)[0]
    assert opened.interval(0.9)[1] > known_end.interval(0.9)[1] + 3 / 128
    assert (opened.lower, opened.undecided) == (known_end.lower, pytest.approx(3 / 128))


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7, 101])
@pytest.mark.parametrize("n", [16, 33, 1000, 125_000])
def test_grid_and_nets_use_most_starts_and_never_more(d, n):
    m = net_size(d, n)
    used = math.prod(grid_shape(d, n >> m)) << m
    assert used <= n
    assert used > n / 4
    assert gain_bound(quality(d), d, 1 << m) <= max(2, math.sqrt(n) / 10)


def test_in_one_dimension_the_error_falls_like_one_over_n():
    """Converging starts are those between ±√5: two boundary points, so few counts ever differ."""
    share = 2 * math.sqrt(5) / 6
    for seed in range(20):
        m = convergent_measure(WELL, Box([-3], [3]), method=QuasiMonteCarlo(n=3000), rng=seed)
        low, high = m.interval()
        assert low <= share <= high
        assert high - low < 0.012


def test_a_law_on_the_whole_space_and_one_of_scipy_give_the_same_share_as_independent_draws():
    share = math.erf(math.sqrt(5) / 2 / math.sqrt(2))
    for law in (Gaussian([0], 2), Distribution([stats.norm(0, 2)])):
        m = convergent_measure(WELL, law, method=QuasiMonteCarlo(n=3000), rng=0)
        assert m.interval()[0] <= share <= m.interval()[1]


def test_fixed_coordinates_take_no_part(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    law = Gaussian([0.0, 0.25], [2.0, 0.0])
    m = convergent_measure(CASES["0.5"].map, law, method=QuasiMonteCarlo(n=4000), rng=0)
    plain = convergent_measure(CASES["0.5"].map, law, method=MonteCarlo(n=100_000), rng=0)
    assert m.reading.gain == 1.0  # that of one dimension
    assert m.lower == pytest.approx(plain.lower, abs=0.006)


def test_estimates_are_unbiased_and_more_precise_than_independent_draws(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    case = CASES["0.9"]
    shares = [
        convergent_measure(case.map, case.region, method=QuasiMonteCarlo(n=5000), rng=seed).lower
        for seed in range(60)
    ]
    independent = math.sqrt(case.share * (1 - case.share) / 5000)
    assert np.std(shares) < independent / 2.5
    assert abs(np.mean(shares) - case.share) < 4 * np.std(shares) / math.sqrt(60)


@pytest.mark.parametrize("d", [3, 5, 20])
@pytest.mark.parametrize("n", [1000, 20_000])
def test_in_many_dimensions_it_is_not_much_wider_than_independent_draws(d, n, monkeypatch):
    def half(F, rows, *, budget=None):
        seen = known(F, rows[:, :2])
        seen.detail[:] = np.where(rows.sum(axis=1) < 0, 0, 8)
        return seen

    monkeypatch.setattr(tallies, "simulate", half)
    question = MeasureQuestion(F=CASES["0.5"].map, region=Box([-1] * d, [1] * d), seed=0)
    low, high = QuasiMonteCarlo(n=n).answer(question).interval()
    assert low < 0.5 < high
    assert (high - low) / 2 < 1.35 * 1.96 * 0.5 / math.sqrt(n)


def test_too_many_coordinates_are_refused():
    with pytest.raises(InvalidInput, match="MonteCarlo"):
        _question_of(Gaussian([0.0] * 102, 1.0))


def _question_of(law):
    return QuasiMonteCarlo(n=1000).answer(MeasureQuestion(F=WELL, region=law))
