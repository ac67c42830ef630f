"""A scan: known critical values are enclosed, intervals hold together, answers repeat."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from sympy import Rational
from sympy.abc import a, b, eta, x, y, z

import dynsys_gd as dg
from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.measure import Estimate, MeasureMethod
from dynsys_gd.measure.counted import Counted

PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
CHAIN = dg.Loss((x * y * z - 1) ** 2 / 2, [x, y, z])
F = dg.GradientDescent(PRODUCT, eta)
BOX = dg.Box([-3, -3], [3, 3])
SOME = dg.MonteCarlo(n=1000)
SHORT = dg.Budget(steps=2048)
NONE_ADDED = dg.Refinement(points=0, halvings=0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("loss", "region", "critical"),
    [
        (PRODUCT, BOX, 1.0),
        (WELL, dg.Box([-2], [2]), 1.0),
        (CHAIN, dg.Box([-2] * 3, [2] * 3), 2 / 3),
    ],
    ids=["product", "double well", "chain"],
)
def test_the_bracket_holds_the_critical_step_size(loss, region, critical, seed):
    values = [q * critical for q in (0.4, 0.73, 0.91, 1.13, 1.2)]
    refine = dg.Refinement(halvings=0)
    G = dg.GradientDescent(loss, eta)
    found = dg.transition(
        G, "eta", values, region=region, method=SOME, budget=SHORT, refine=refine, rng=seed
    )
    low, high = found.critical.interval
    assert low < critical < high
    assert high - low < 0.1 * critical
    assert found.comparison.outcome is dg.Outcome.YES
    assert found.theory.evidence.grade is Grade.PROVED


def test_a_parameter_of_the_loss_has_no_line_of_theory():
    G = dg.GradientDescent(dg.Loss((x * y - a) ** 2 / 2, [x, y]), "1/2")
    found = dg.transition(
        G, "a", ["1/2", 1, "5/3", 3], region=BOX, method=SOME, budget=SHORT, rng=0
    )
    low, high = found.critical.interval
    assert low < 2 < high  # the critical step size is 1/a
    assert found.theory is None
    assert found.no_theory == "a is not the step size"
    assert found.expected_steps(1.9) is None


def test_the_momentum_may_be_the_parameter():
    G = dg.HeavyBall(PRODUCT, "6/5", b)  # minima are stable from 1/5 on
    found = dg.transition(
        G, "b", ["-1/5", 0, "1/10", "3/10", "1/2"], region=dg.Ball([1, 1], 0.2), method=SOME, rng=0
    )
    assert [point.estimate.lower > 0 for point in found.points] == [False] * 3 + [True] * 2
    assert found.critical.limit.name == "VALUES"
    assert found.critical.value is None
    assert "may beyond" in found.headline()


def test_a_map_without_a_loss():
    G = dg.SymbolicMap([a * x * (1 - x)], [x])
    found = dg.transition(
        G,
        "a",
        ["3/2", "5/2", "7/2"],
        region=dg.Box([0.01], [0.99]),
        to=dg.Target.FIXED_POINTS,
        method=SOME,
        budget=SHORT,
        rng=0,
    )
    low, high = found.critical.interval
    assert low < 3 < high
    assert found.theory is None


def test_a_network_and_its_flattest_minimum():
    net = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 2]], [[1], [0], [2]])
    critical = dg.critical_step_size(net)
    found = dg.transition(
        dg.GradientDescent(net, eta),
        "eta",
        [q * critical.value for q in (0.8, 0.95, 1.05)],
        region=dg.near_flattest(net, 0.1),
        method=dg.MonteCarlo(n=400),
        budget=dg.Budget(steps=1024),
        refine=dg.Refinement(points=4),
        threshold=critical,
        rng=0,
    )
    low, high = found.critical.interval
    assert low < critical.value < high
    assert found.theory.evidence.grade is Grade.CERTIFIED
    assert found.points[0].estimate.lower == 1.0


def test_momentum_moves_the_line():
    G = dg.HeavyBall(PRODUCT, eta, "1/2")
    found = dg.transition(
        G, "eta", [1, "5/4", "9/5"], region=dg.Box([-2, -2], [2, 2]), method=SOME, rng=0
    )
    assert found.theory.exact == Rational(3, 2)
    assert found.comparison.outcome is dg.Outcome.YES


def test_given_values_share_their_starts_and_added_ones_have_their_own():
    found = dg.transition(
        F, "eta", ["1/2", "9/10", "6/5"], region=BOX, method=SOME, budget=SHORT, rng=5
    )
    for point in found.points:
        again = dg.convergent_measure(
            F.at(eta=point.value), BOX, method=SOME, budget=SHORT, rng=point.seed
        )
        assert again.tally == point.estimate.tally
    assert {point.seed for point in found.points if not point.refined} == {5}
    own = [point.seed for point in found.points if point.refined]
    assert len(own) == len(set(own)) > 3
    assert 5 not in own


def test_exact_values_stay_exact():
    found = dg.transition(F, "eta", ["1/3", "6/5"], region=BOX, method=SOME, budget=SHORT, rng=0)
    assert all(point.value.is_Rational for point in found.points)
    assert all(point.estimate.map.exact for point in found.points)


# -- intervals ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coins(MeasureMethod):
    """Counts draws below a known share 1 - η; the same seed gives the same draws everywhere."""

    n: int = 150

    def answer(self, question):
        share = max(0.0, 1.0 - float(question.F.step_size))
        hits = int((np.random.default_rng(question.seed).uniform(size=self.n) < share).sum())
        tally = ((dg.Detail.MINIMUM, hits), (dg.Detail.DIVERGED, self.n - hits))
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=Counted(question.to, tally),
            level=0.95,
            seed=question.seed,
            budget=question.budget,
            map_steps=0,
            evidence=Evidence(grade=Grade.STATISTICAL, reason="coins"),
            seconds=0.0,
        )


def test_intervals_hold_together_also_at_values_chosen_by_looking():
    loss = dg.Loss(x**2 / 2, [x])
    line, threshold = dg.GradientDescent(loss, eta), dg.critical_step_size(loss)
    refine = dg.Refinement(points=6, width=0.01, negligible=0.2, halvings=0)
    values = ["1/10", "3/10", "5/10", "7/10", "9/10", "6/5"]
    missed = missed_one_by_one = added = 0
    scans = 120
    for seed in range(scans):
        found = dg.transition(
            line,
            "eta",
            values,
            region=dg.Box([-1], [1]),
            method=Coins(),
            budget=dg.Budget(steps=4, lyapunov_steps=2, lyapunov_batches=2),
            refine=refine,
            threshold=threshold,
            rng=seed,
        )
        truth = np.maximum(0.0, 1.0 - found.values)
        each = np.array([point.estimate.interval(0.95) for point in found.points])
        for limits, misses in ((found.intervals, "all"), (each, "each")):
            out = bool(np.any((truth < limits[:, 0]) | (truth > limits[:, 1])))
            missed += out and misses == "all"
            missed_one_by_one += out and misses == "each"
        added += sum(point.refined for point in found.points)
    assert added > scans  # some values were chosen by looking
    assert missed <= 0.05 * scans
    assert missed_one_by_one > 0.1 * scans  # without the correction they do not hold together


def test_intervals_of_real_runs_hold_together():
    G = dg.GradientDescent(WELL, eta)
    values = ["1/2", "3/5", "7/10", "4/5"]
    truth = np.sqrt(1 + 2 / np.array([0.5, 0.6, 0.7, 0.8])) / 3  # |x| < sqrt(1 + 2/η)
    missed = 0
    for seed in range(40):
        found = dg.transition(
            G,
            "eta",
            values,
            region=dg.Box([-3], [3]),
            method=dg.MonteCarlo(n=300),
            budget=SHORT,
            refine=NONE_ADDED,
            rng=seed,
        )
        limits = found.intervals
        missed += bool(np.any((truth < limits[:, 0]) | (truth > limits[:, 1])))
    assert missed <= 4


def test_each_of_at_most_k_intervals_gets_its_share_of_the_error():
    found = dg.transition(
        F,
        "eta",
        ["1/2", "6/5"],
        region=BOX,
        method=SOME,
        budget=SHORT,
        refine=dg.Refinement(points=3),
        level=0.9,
        rng=0,
    )
    assert {round(point.level, 12) for point in found.points} == {round(1 - 0.1 / 5, 12)}


# -- finite budgets -------------------------------------------------------------------------------


def test_near_the_threshold_the_undecided_share_is_seen_and_shrinks_with_the_budget():
    point, refine = [0.5, 0.998, 1.5], dg.Refinement(points=0, halvings=7)
    found = dg.transition(
        F,
        "eta",
        point,
        region=BOX,
        method=SOME,
        budget=dg.Budget(steps=2**14),
        refine=refine,
        rng=1,
    )
    assert found.critical.interval == (0.998, 1.5)
    looks = [look for look in found.budgets if look.at == 0.998]
    undecided = [look.undecided for look in looks]
    assert [look.steps for look in looks] == [2**k for k in range(7, 15)]
    assert undecided[0] > 0.25
    assert undecided[-1] == 0
    assert all(later <= earlier for earlier, later in pairwise(undecided))
    # What is undecided with few steps turns out to converge: it was counted as neither.
    assert looks[0].converged == 0
    assert looks[-1].converged == pytest.approx(undecided[0], abs=0.02)
    # About as many steps are needed as the slowing takes.
    enough = next(look.steps for look in looks if look.undecided < 0.01)
    assert 0.5 < enough / looks[0].expected < 4


def test_a_larger_budget_narrows_the_bracket():
    widths = []
    for steps in (128, 1024, 8192):
        found = dg.transition(
            F,
            "eta",
            ["1/2", "9/10", "11/9"],
            region=BOX,
            method=SOME,
            budget=dg.Budget(steps=steps),
            refine=dg.Refinement(width=1e-4, points=30, halvings=0),
            rng=2,
        )
        low, high = found.critical.interval
        assert low < 1 < high
        assert found.critical.limit is dg.BracketLimit.BUDGET
        assert found.critical.open_values
        widths.append(high - low)
    assert widths[0] > 3 * widths[1] > 9 * widths[2]


def test_undecided_starts_are_at_both_ends_of_the_interval_and_in_no_fate():
    found = dg.transition(
        F,
        "eta",
        ["1/2", 1, 2],
        region=BOX,
        method=SOME,
        budget=SHORT,
        refine=NONE_ADDED,
        rng=0,
    )
    at_one = found.points[1]
    assert at_one.estimate.undecided > 0.2
    assert at_one.estimate.lower == 0
    assert at_one.interval[0] == 0
    assert at_one.interval[1] > at_one.estimate.undecided
    assert at_one.estimate.count(dg.Fate.ESCAPED) < 800
    assert found.table()["found"].tolist() == ["converges", "open", "vanished"]


# -- the gradient norm ----------------------------------------------------------------------------


def test_the_gradient_norm_leaves_zero_like_a_square_root():
    values = [0.9, 1.0025, 1.005, 1.01]
    found = dg.transition(F, "eta", values, region=BOX, method=SOME, refine=NONE_ADDED, rng=0)
    medians = np.array([point.norms.median for point in found.points])
    assert medians[0] < 1e-12
    assert medians[1:] == pytest.approx(np.sqrt(2 * np.array([0.0025, 0.005, 0.01])), rel=0.03)


def test_escaped_starts_have_no_part_in_the_norms():
    found = dg.transition(
        F, "eta", [1.1, 2.5], region=BOX, method=SOME, refine=NONE_ADDED, budget=SHORT, rng=0
    )
    first, last = (point.norms for point in found.points)
    assert 0.2 < first.bounded / first.n < 0.3
    assert last.bounded == 0
    assert np.isnan(last.median)


# -- the same answer, whoever computes it ---------------------------------------------------------


def scanned(**more):
    method, refine = dg.MonteCarlo(n=5000), dg.Refinement(points=5, halvings=2)
    return dg.transition(
        F,
        "eta",
        ["1/2", "9/10", "6/5"],
        region=BOX,
        method=method,
        budget=dg.Budget(steps=512),
        refine=refine,
        **{"rng": 3, **more},
    )


def test_workers_and_repetition_change_nothing():
    alone = scanned().to_dict()
    with ThreadPoolExecutor(3) as executor:
        assert scanned(executor=executor).to_dict() == alone
    assert scanned(rng=4).to_dict() != alone


def test_a_seed_that_was_not_asked_for_repeats():
    found = scanned(rng=None)
    assert scanned(rng=found.seed).to_dict() == found.to_dict()


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [1, 4, 9, 20])
def test_an_interrupted_scan_is_taken_up_again(tmp_path, after):
    whole, calls = scanned().to_dict(), []

    def stop(done, most):
        calls.append(done)
        if len(calls) == after:
            raise Stop

    file = tmp_path / "scan.checkpoint"
    with pytest.raises(Stop):
        scanned(checkpoint=file, progress=stop)
    assert scanned(checkpoint=file).to_dict() == whole
    with pytest.raises(dg.InvalidInput, match="refine"):
        dg.transition(
            F,
            "eta",
            ["1/2", "9/10", "6/5"],
            region=BOX,
            method=dg.MonteCarlo(n=5000),
            budget=dg.Budget(steps=512),
            rng=3,
            checkpoint=file,
        )


def test_points_come_one_by_one_and_are_those_of_the_scan(tmp_path):
    arguments = {
        "region": BOX,
        "method": SOME,
        "budget": dg.Budget(steps=512),
        "rng": 0,
        "checkpoint": tmp_path / "points",
    }
    points = dg.transition_points(F, "eta", ["1/2", "9/10", "6/5"], **arguments)
    first = next(points)
    assert first.at == 0.5
    points.close()
    every = list(dg.transition_points(F, "eta", ["1/2", "9/10", "6/5"], **arguments))
    assert [point.at for point in every[:3]] == [0.5, 0.9, 1.2]
    found = dg.transition(F, "eta", ["1/2", "9/10", "6/5"], **arguments)
    assert sorted(point.at for point in every) == found.values.tolist()
    assert str(every[0]) == str(found.points[0])


def test_progress_ends_at_the_most():
    told = []
    scanned(progress=lambda done, most: told.append((done, most)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {most for _, most in told} == {5000 * 8}
    assert told[-1][0] == 5000 * 8


def test_the_result_travels_and_shows_itself():
    found = scanned()
    again = pickle.loads(pickle.dumps(found))
    assert again.to_dict() == found.to_dict()
    json.dumps(found.to_dict())
    assert len(repr(found).splitlines()) <= 12
    table = found.table()
    assert len(table) == len(found.points)
    assert table["eta"].is_monotonic_increasing
    assert (table["low"] <= table["converged"]).all()
    assert (table["converged"] + table["undecided"] <= table["high"] + 1e-12).all()
    assert set(found.budget_table()["steps"]) == {128, 256, 512}
    assert "dunn1961multiple" in found.cite()


def test_the_scan_states_its_level_and_its_most():
    found = scanned()
    assert "at most 8 values" in found.evidence.reason
    assert found.evidence.grade is Grade.STATISTICAL
