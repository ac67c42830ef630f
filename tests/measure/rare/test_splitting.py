"""Splitting against known tiny shares, and its refusals to guess."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from scipy import stats
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import Box, Gaussian, GradientDescent, Loss, SymbolicMap, Target, convergent_measure
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade
from dynsys_gd.measure.exact.known_measure import known_measure
from dynsys_gd.measure.rare.splitting import Splitting
from dynsys_gd.measure.survival import Survival

DOUBLING = SymbolicMap([2 * x, 2 * y], [x, y])
LINE = SymbolicMap([2 * x], [x])
CRISIS = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "11/5")
BOX = Box([-3, -3], [3, 3])
WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
SMALL = Splitting(n=1000, moves=10, replicates=6)


def measured(F, law, to, method=SMALL, rng=0, **more):
    return convergent_measure(F, law, method=method, to=to, rng=rng, **more)


def test_survival_beyond_the_crisis():
    # Brute force: 728 of 1.2·10¹⁰ starts survive 40 steps.
    m = measured(CRISIS, BOX, Survival(steps=40), Splitting(n=5000, moves=20))
    low, high = m.interval()
    truth = 728 / 1.2e10
    assert m.lower == pytest.approx(6e-8, rel=0.25)
    assert m.lower == m.upper
    assert low < truth < high
    assert high / low < 2
    assert m.evidence.grade is Grade.STATISTICAL


@pytest.mark.parametrize("steps", [15, 13])
def test_the_share_of_a_small_disc(steps):
    truth = np.pi / 4 * 4.0**-steps
    m = measured(DOUBLING, Box([-1, -1], [1, 1]), Survival(steps=steps, radius=1))
    low, high = m.interval()
    assert low < truth < high < 3 * low
    assert m.upper < 2e-8


def test_the_interval_covers_as_often_as_it_says():
    truth, hits = np.pi / 4 * 4.0**-4, 0
    method = Splitting(n=300, moves=6, replicates=5)
    for seed in range(40):
        m = measured(DOUBLING, Box([-1, -1], [1, 1]), Survival(steps=4, radius=1), method, seed)
        low, high = m.interval()
        hits += low <= truth <= high
    assert hits >= stats.binom.ppf(0.001, 40, 0.95)


def test_the_interval_covers_beyond_the_crisis():
    # 4.5 million of 2.8·10¹⁰ starts survive 20 steps: 10⁹ were drawn in the cells of a grid, 4 %
    # of the box, that had held survivors of 10 steps; 1.5·10⁸ elsewhere found none.
    truth, hits = 1.605e-4, 0
    method = Splitting(n=500, moves=8, replicates=5)
    for seed in range(25):
        low, high = measured(CRISIS, BOX, Survival(steps=20), method, seed).interval()
        hits += low <= truth <= high
        assert high < 10 * low
    assert hits >= stats.binom.ppf(0.001, 25, 0.95)


def test_the_law_may_be_a_ball():
    m = measured(DOUBLING, dg.Ball([0.1, 0], 1), Survival(steps=12, radius=0.9))
    low, high = m.interval()
    assert low < 0.81 * 4.0**-12 < high < 3 * low


@pytest.mark.parametrize("distance", [3.0, 3.5])
def test_the_tail_of_a_gaussian(distance):
    # One step decides, so that all levels are fractions of it.
    method = Splitting(n=1000, moves=30, replicates=6)
    m = measured(LINE, Gaussian([distance], 0.5), Survival(steps=1, radius=1), method)
    truth = stats.norm.cdf(1 - 2 * distance) - stats.norm.cdf(-1 - 2 * distance)
    low, high = m.interval()
    assert low < truth < high < 6 * low


def test_convergence_in_a_far_law():
    # The interval of length 2√5 in one of length 2·10⁸.
    law = Box([-1e8], [1e8])
    m = measured(WELL, law, Target.MINIMA)
    low, high = m.interval()
    assert low <= float(known_measure(WELL, law)) <= high < 3 * low


def test_what_is_not_rare_needs_no_levels():
    m = measured(WELL, Box([-3], [3]), Target.MINIMA)
    assert m.reading.levels == ()
    low, high = m.interval()
    assert low < np.sqrt(5) / 3 < high < low + 0.05
    everything = measured(WELL, Box([-2], [2]), Target.MINIMA)
    assert everything.interval()[1] == 1
    assert 0.99 < everything.interval()[0] < 1


def test_levels_may_be_given():
    free = measured(CRISIS, BOX, Survival(steps=20))
    again = measured(
        CRISIS, BOX, Survival(steps=20), Splitting(1000, 10, 6, levels=free.reading.levels)
    )
    assert again.reading.levels == free.reading.levels
    low, high = again.interval()
    assert low < free.lower < high


@pytest.mark.parametrize(
    ("levels", "to"),
    [
        ((30,), Survival(steps=20)),
        ((10, 5), Survival(steps=20)),
        ((0, 5), Survival(steps=20)),
        ((0.1, 0.2), Target.MINIMA),
        ((0.1, -1), Target.MINIMA),
    ],
)
def test_levels_that_do_not_lead_there_are_refused(levels, to):
    with pytest.raises(InvalidInput, match="levels"):
        measured(CRISIS, BOX, to, Splitting(levels=levels))


def test_below_its_reach_there_is_no_estimate():
    m = measured(CRISIS, BOX, Survival(steps=80))
    assert m.reading.obstacle
    assert (m.lower, m.interval()[0]) == (0, 0)
    truth = 3.16e-6 * 0.673**50
    assert truth < m.interval()[1] < 1e-6
    assert repr(m).startswith("No estimate of the share of starts that stay within 1e+08 for 80 ")
    assert m.to_dict()["obstacle"]


def test_an_event_that_never_happens_is_no_zero():
    # x -> x + 1 leaves [-1, 1] after two steps from wherever it starts.
    m = measured(SymbolicMap([x + 1], [x]), Box([-1], [1]), Survival(steps=5, radius=1))
    assert m.lower == 0
    assert m.upper > 0
    assert m.reading.obstacle


def test_undecided_starts_are_shown():
    # So close to the threshold, and with so few steps, that many are still on their way.
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "99/100")
    m = measured(F, Box([-40, -40], [40, 40]), Target.MINIMA, budget=dg.Budget(steps=64))
    truth = float(known_measure(F, Box([-40, -40], [40, 40])))
    assert m.lower < 0.9 * m.upper
    assert m.interval()[0] <= truth <= m.interval()[1]


def processes(workers):
    # Forking is unsafe beside threads, which some libraries of other tests have started.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, processes])
def test_workers_do_not_matter(pool):
    method = Splitting(n=300, moves=4, replicates=3)
    alone = measured(CRISIS, BOX, Survival(steps=12), method)
    with pool(2) as executor:
        together = measured(CRISIS, BOX, Survival(steps=12), method, executor=executor)
    assert together.to_dict() == alone.to_dict()
    other = measured(CRISIS, BOX, Survival(steps=12), method, rng=1)
    assert other.lower != alone.lower


def test_progress_is_told_run_by_run():
    told = []
    method = Splitting(n=300, moves=2, replicates=3)
    measured(CRISIS, BOX, Survival(steps=8), method, progress=lambda *k: told.append(k))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n", 100),
        ("moves", 0),
        ("replicates", 1),
        ("share", 0.001),
        ("share", 0.95),
        ("share", "a tenth"),
        ("levels", "five"),
        ("levels", (1, np.nan)),
        ("level", 1),
    ],
)
def test_settings_out_of_range_are_refused(argument, value):
    with pytest.raises(InvalidInput, match=argument):
        Splitting(**{argument: value})


def test_laws_without_moves_and_methods_without_survival_are_refused():
    law = dg.Distribution(stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]))
    with pytest.raises(InvalidInput, match="region"):
        measured(CRISIS, law, Survival(steps=5))
    with pytest.raises(InvalidInput, match="to"):
        measured(CRISIS, BOX, "survival")


def test_survival_is_decided_for_every_start():
    rows = np.array([[1.0, 1.0], [30.0, 30.0], [0.0, 0.0]])
    seen = Survival(steps=10).seen(CRISIS, rows, dg.Budget())
    assert seen.yes.tolist() == [True, False, True]
    assert not seen.open.any()
    lasted, steps = Survival(steps=10).lasted(CRISIS, rows)
    assert lasted[0] == np.inf
    assert 1 <= lasted[1] < 4
    assert steps > 20
    with pytest.raises(InvalidInput, match="steps"):
        Survival(steps=0)
    with pytest.raises(InvalidInput, match="radius"):
        Survival(steps=5, radius=-1)
