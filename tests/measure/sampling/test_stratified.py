"""Cells that are found, draws that are fresh, and limits that are exact."""

import numpy as np
import pytest
from reference.sampled_ellipse import CASES, known, known_but_open
from scipy import stats

from dynsys_gd import (
    Box,
    Budget,
    Distribution,
    Gaussian,
    InvalidInput,
    Stratified,
    convergent_measure,
)
from dynsys_gd.measure import MeasureQuestion
from dynsys_gd.measure.sampling import tallies
from dynsys_gd.measure.sampling.strata import Frozen, Stratification, mean_limit
from dynsys_gd.measure.sampling.subdivision import Kind, subdivided

NONE = Frozen(cells=0, volume=0.0, draws=0, heaviest=0.0, strange=0.0, surely=0.0)


def measured(case="0.5", *, n=4000, rng=0, region=None, budget=None, pilot=0.4):
    F, box = CASES[case].map, CASES[case].region
    method = Stratified(n=n, pilot=pilot)
    return convergent_measure(F, region or box, method=method, rng=rng, budget=budget)


# --- the cells -----------------------------------------------------------------------------------


@pytest.mark.parametrize("region", [Box([-3, -3], [3, 3]), Gaussian([0, 0], 2)])
def test_cells_fill_the_cube_once_and_the_mixed_ones_are_alike(region):
    question = MeasureQuestion(F=CASES["0.5"].map, region=region, seed=1)
    cells, seen = subdivided(question, 3000, 3000)
    assert cells.volume.sum() == 1.0
    assert len(np.unique(np.column_stack([cells.low, cells.width]), axis=0)) == len(cells.low)
    probes = np.random.default_rng(0).uniform(size=(500, 2))[:, None, :]
    inside = ((cells.low <= probes) & (probes < cells.low + cells.width)).all(axis=2)
    assert np.all(inside.sum(axis=1) == 1)
    assert len(np.unique(cells.width[cells.kind == Kind.MIXED], axis=0)) == 1
    assert len(seen.codes) <= 3000


def test_mixed_cells_close_in_on_the_boundary(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    case = CASES["0.5"]
    question = MeasureQuestion(F=case.map, region=case.region, seed=0)
    for allowed, volume in ((1000, 0.25), (10_000, 0.04), (100_000, 0.004)):
        cells, _ = subdivided(question, allowed, allowed)
        assert cells.volume[cells.kind == Kind.MIXED].sum() < volume


def test_six_dimensions_are_cut_too(monkeypatch):
    def half(F, rows, *, budget=None):
        seen = known(F, rows[:, :2])
        seen.detail[:] = np.where(rows.sum(axis=1) < 0, 0, 8)
        return seen

    monkeypatch.setattr(tallies, "simulate", half)
    question = MeasureQuestion(F=CASES["0.5"].map, region=Box([-1] * 6, [1] * 6), seed=0)
    m = Stratified(n=20_000).answer(question)
    low, high = m.interval()
    assert low < 0.5 < high
    assert high - low < 0.04


def test_more_dimensions_are_refused():
    question = MeasureQuestion(F=CASES["0.5"].map, region=Box([-1] * 7, [1] * 7))
    with pytest.raises(InvalidInput, match="MonteCarlo"):
        Stratified(n=1000).answer(question)


# --- the estimate --------------------------------------------------------------------------------


def test_no_more_starts_than_allowed_and_every_cell_keeps_some():
    m = measured(n=3000)
    seen = m.reading
    assert m.n == seen.pilot + seen.fresh <= 3000
    assert seen.pilot <= 1200
    assert seen.draws % seen.cells == 0
    assert seen.draws + seen.converging.draws + seen.elsewhere.draws <= seen.fresh
    assert seen.converging.draws >= seen.converging.cells
    total = seen.volume + seen.converging.volume + seen.elsewhere.volume + seen.undecided_volume
    assert total == pytest.approx(1)


def test_estimates_are_unbiased(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known)
    shares = [measured("0.9", n=2000, rng=seed).lower for seed in range(80)]
    standard_error = np.std(shares) / np.sqrt(80)
    assert abs(np.mean(shares) - CASES["0.9"].share) < 4 * standard_error


def test_a_filament_that_all_pilot_draws_miss_is_within_the_interval(monkeypatch):
    """It has 3/10 000 of the square, in the middle of frozen cells: hidden, and allowed for."""

    def with_filament(F, rows, *, budget=None):
        seen = known(F, rows)
        seen.detail[np.abs(rows[:, 0] - 0.77) < 0.0003 * np.sqrt(8)] = 8
        return seen

    monkeypatch.setattr(tallies, "simulate", with_filament)
    case = CASES["0.5"]
    chord = 2 * np.sqrt(7.5 - 0.77**2 * (1 - 0.25**2))
    share = case.share - 0.0006 * np.sqrt(8) * chord / 32
    for seed in range(30):
        m = measured(n=3000, rng=seed)
        low, high = m.interval()
        assert low <= share <= high
        assert m.reading.hidden(0.95)[0] > 3e-4


def test_what_frozen_cells_may_hide_is_reported():
    m = measured(n=2000)
    missing, extra = m.reading.hidden(0.95)
    assert 0 < missing < 0.1
    assert 0 < extra < 0.1
    assert "below" in dict(m.rows())["they may hide"]
    assert m.to_dict()["hidden"] == [missing, extra]


def test_progress_ends_at_the_end():
    seen = []
    case = CASES["0.5"]
    convergent_measure(
        case.map,
        case.region,
        method=Stratified(n=1000),
        rng=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (1000, 1000)


def test_undecided_starts_count_at_both_extremes():
    m = measured(n=3000, budget=Budget(steps=16))
    assert m.undecided > 0.1
    low, high = m.interval()
    assert low < m.lower < CASES["0.5"].share < m.upper < high


def test_undecided_cells_are_neither_lost_nor_cut_for_ever(monkeypatch):
    monkeypatch.setattr(tallies, "simulate", known_but_open(1.1))
    m = measured(n=1000)
    assert (m.lower, m.upper) == (0.0, 1.0)
    assert m.interval() == (0.0, 1.0)
    assert m.reading.undecided_volume == 1.0


def test_a_law_of_scipy_with_independent_coordinates():
    law = Distribution([stats.norm(0, 1), stats.uniform(-2, 4)])
    m = measured(region=law, n=3000)
    draws = law.sample(200_000, rng=0)
    inside = (draws**2).sum(axis=1) - draws.prod(axis=1) / 2 < 7.5
    assert m.interval()[0] < inside.mean() < m.interval()[1]


# --- its limits ----------------------------------------------------------------------------------


def reading(draws, hits, possible, *, volume=1.0):
    return Stratification(
        pilot=0,
        cells=draws,
        volume=volume,
        draws=draws,
        hits=hits,
        possible=possible,
        converging=NONE,
        elsewhere=NONE,
        undecided_volume=0.0,
        estimates=(hits / draws, possible / draws),
        fresh=draws,
    )


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_mixed_cells_of_unequal_probabilities_are_covered_exactly(level):
    """The law of the number of hits is computed exactly for many sets of probabilities."""
    rng, n = np.random.default_rng(3), 12
    ends = np.array([reading(n, k, k).interval(level) for k in range(n + 1)])
    tables = [rng.uniform(size=n), rng.beta(0.1, 0.1, size=n), rng.beta(0.2, 5, size=n)]
    tables += [np.full(n, 0.3), np.r_[0.5, np.zeros(n - 1)], np.r_[1 - 1e-3, np.ones(n - 1)]]
    tables += [rng.beta(*rng.uniform(0.05, 3, size=2), size=n) for _ in range(60)]
    for p in tables:
        law = np.array([1.0])
        for chance in p:
            law = np.append(law * (1 - chance), 0) + np.append(0, law * chance)
        held = (ends[:, 0] <= p.mean() + 1e-12) & (p.mean() - 1e-12 <= ends[:, 1])
        assert law[held].sum() >= level


def test_the_limit_of_means_is_exact_where_nothing_was_found_and_safe_elsewhere():
    assert mean_limit(0.0, 50, 0.05) == pytest.approx(1 - 0.05 ** (1 / 50), rel=1e-12)
    assert mean_limit(1.0, 50, 0.05) == 1.0
    for n in (5, 40):
        for k in range(n + 1):
            exact = stats.binomtest(k, n).proportion_ci(0.9, method="exact").high
            assert mean_limit(k / n, n, 0.05) >= exact - 1e-12


def test_what_frozen_cells_hide_grows_with_what_was_found_in_them():
    clean = Frozen(cells=10, volume=0.5, draws=100, heaviest=0.005, strange=0.0, surely=0.0)
    found = Frozen(cells=10, volume=0.5, draws=100, heaviest=0.005, strange=0.01, surely=0.01)
    assert clean.at_most(0.01) == pytest.approx(0.5 * (1 - 0.01**0.01))
    assert found.at_most(0.01) > clean.at_most(0.01)
    assert NONE.at_most(0.01) == 0.0
    assert found.at_most(1e-300) <= found.volume
    assert clean.at_least(0.01) == 0.0
    assert 0 < found.at_least(0.01) < 0.01 < found.at_most(0.01)


def test_limits_of_frozen_cells_of_unequal_weights_are_covered_exactly():
    """Eight draws of different weights and impurities: every outcome with its probability."""
    rng, error = np.random.default_rng(1), 0.1
    outcomes = (np.arange(256)[:, None] >> np.arange(8)) & 1
    for _ in range(40):
        weight, impure = rng.uniform(0.01, 0.1, size=8), rng.beta(0.3, 0.6, size=8)
        law = np.where(outcomes, impure, 1 - impure).prod(axis=1)
        truth = float(weight @ impure)
        above = below = 0.0
        for outcome, chance in zip(outcomes, law, strict=True):
            seen = float(weight @ outcome)
            cells = Frozen(8, float(weight.sum()), 8, float(weight.max()), seen, seen)
            above += chance * (cells.at_least(error) > truth)
            below += chance * (cells.at_most(error) < truth)
        assert max(above, below) <= error
