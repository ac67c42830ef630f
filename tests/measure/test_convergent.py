"""The convergent measure against sets that are known exactly."""

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from sympy import sqrt
from sympy.abc import eta, r, x, y

from dynsys_gd import (
    Ball,
    Box,
    Gaussian,
    Grade,
    GradientDescent,
    InvalidInput,
    LinearNetwork,
    Loss,
    SymbolicMap,
    he_normal,
)
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.ensembles.fates import Detail, Fate
from dynsys_gd.ensembles.simulate import simulate
from dynsys_gd.measure import MonteCarlo, Target, convergent_measure
from dynsys_gd.measure.binomial import interval
from dynsys_gd.thresholds.flattest import near_flattest

PRODUCT = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
SQUARE = Box([-3, -3], [3, 3])
LINE = Box([-3], [3])


def area_of_the_ellipse(step):
    """Area of x² + y² - η x y < 4/η - η: the convergent set of PRODUCT up to a null set."""
    return 2 * math.pi * math.sqrt(4 - step**2) / step


def test_the_ellipse_lies_within_the_interval():
    """At η = 1/2 it reaches to |x| = √8 < 3, so the square holds all of it."""
    m = convergent_measure(PRODUCT.at(eta="1/2"), SQUARE, method=MonteCarlo(n=20_000), rng=0)
    low, high = m.volume_interval()
    assert low < area_of_the_ellipse(0.5) < high
    assert high - low < 0.6
    assert m.evidence.grade is Grade.STATISTICAL
    assert m.undecided < 1e-3


@pytest.mark.parametrize("step", ["101/100", "11/10", "3/2"])
def test_above_the_critical_step_size_no_start_converges(step):
    m = convergent_measure(PRODUCT.at(eta=step), SQUARE, method=MonteCarlo(n=4000), rng=1)
    assert m.hits == 0
    assert m.lower == 0
    assert m.bound is not None


@pytest.mark.parametrize("step", ["1/5", "1/2", "9/10"])
def test_the_double_well_converges_between_its_two_cycle(step):
    m = convergent_measure(WELL.at(eta=step), LINE, method=MonteCarlo(n=4000), rng=2)
    low, high = m.volume_interval(0.999)
    assert low < 2 * min(3.0, math.sqrt(1 + 2 / float(m.map.step_size))) <= high


def test_a_ball_inside_the_basin_converges_entirely():
    m = convergent_measure(
        PRODUCT.at(eta="1/2"), Ball([1, 1], 0.1), method=MonteCarlo(n=500), rng=3
    )
    assert m.lower == 1.0
    assert m.interval()[1] == 1.0


def test_a_gaussian_law_weighs_the_same_set_by_its_density():
    step, edge = "1/2", math.sqrt(5.0)
    m = convergent_measure(WELL.at(eta=step), Gaussian([0], 2), method=MonteCarlo(n=4000), rng=4)
    low, high = m.interval(0.999)
    assert low < math.erf(edge / 2 / math.sqrt(2)) < high


@pytest.mark.parametrize(("share", "converges"), [("98/100", True), ("102/100", False)])
def test_the_law_about_the_flattest_minimum_tells_the_two_sides_of_the_threshold(share, converges):
    near = near_flattest(PRODUCT.loss, radius="1/100")
    m = convergent_measure(PRODUCT.at(eta=share), near, method=MonteCarlo(n=300), rng=0)
    assert m.lower == (1.0 if converges else 0.0)
    assert m.undecided == 0


def test_laws_of_networks_are_laws_like_any_other():
    """At He's scale 1 the start (w, v) of w·v = 1 is a standard normal pair times √2."""
    X = np.array([[1.0], [-1.0]])
    net = LinearNetwork(widths=(1, 1, 1), X=X, Y=X)
    law = he_normal(net)
    m = convergent_measure(GradientDescent(net, "1/2"), law, method=MonteCarlo(n=2000), rng=0)
    same = Gaussian([0, 0], math.sqrt(2))
    other = convergent_measure(PRODUCT.at(eta="1/2"), same, method=MonteCarlo(n=2000), rng=0)
    assert m.map_steps > 0
    assert m.hits == other.hits
    assert "He" in dict(m.rows())["law"]


def test_the_interval_covers_as_often_as_it_says():
    """400 intervals from 40 starts each, at 80 %, with a budget that leaves some undecided."""
    draws, n, level = 400, 40, 0.8
    starts = LINE.sample(draws * n, rng=5)
    fates = simulate(WELL.at(eta="1/2"), starts, budget=Budget(steps=24))
    hits = fates.where(Fate.CONVERGED).reshape(draws, n).sum(axis=1)
    open_ones = fates.where(Fate.UNDECIDED).reshape(draws, n).sum(axis=1)
    assert open_ones.sum() > 0
    truth = 2 * math.sqrt(5) / 6
    ends = [interval(int(h), int(u), n, level=level) for h, u in zip(hits, open_ones, strict=True)]
    covered = np.mean([low <= truth <= high for low, high in ends])
    assert covered >= level - 3 * math.sqrt(level * (1 - level) / draws)


def test_starts_of_a_small_budget_are_undecided_and_never_lost():
    m = convergent_measure(
        WELL.at(eta="1/2"), LINE, method=MonteCarlo(n=2000), budget=Budget(steps=8), rng=6
    )
    assert m.undecided > 0.1
    low, high = m.volume_interval()
    assert low < 2 * math.sqrt(5) < high


# --- who computes it -----------------------------------------------------------------------------


def test_the_answer_is_the_same_for_any_number_of_workers():
    n, step = 20_000, "1/2"

    def run(executor):
        return convergent_measure(
            PRODUCT.at(eta=step), SQUARE, method=MonteCarlo(n=n), rng=8, executor=executor
        ).to_dict()

    alone = run(None)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three:
        assert run(one) == alone
        assert run(three) == alone
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert run(processes) == alone


def test_progress_counts_the_starts():
    seen = []
    convergent_measure(
        WELL.at(eta="1/2"),
        LINE,
        method=MonteCarlo(n=9000),
        rng=0,
        progress=lambda done, n: seen.append((done, n)),
    )
    assert seen[-1] == (9000, 9000)
    assert seen == sorted(seen)
    assert len(seen) > 1


# --- where the starts come from ------------------------------------------------------------------


def test_fresh_entropy_is_recorded_and_repeats_the_estimate():
    method = MonteCarlo(n=300)
    first = convergent_measure(WELL.at(eta="1/2"), LINE, method=method)
    other = convergent_measure(WELL.at(eta="1/2"), LINE, method=method)
    assert first.seed != other.seed
    again = convergent_measure(WELL.at(eta="1/2"), LINE, method=method, rng=first.seed)
    assert again.to_dict() == first.to_dict()


def test_a_generator_is_drawn_from_and_recorded():
    generator = np.random.default_rng(3)
    method = MonteCarlo(n=300)
    first = convergent_measure(WELL.at(eta="1/2"), LINE, method=method, rng=generator)
    second = convergent_measure(WELL.at(eta="1/2"), LINE, method=method, rng=generator)
    assert first.seed != second.seed
    again = convergent_measure(WELL.at(eta="1/2"), LINE, method=method, rng=first.seed)
    assert again.to_dict() == first.to_dict()


# --- what cannot be asked ------------------------------------------------------------------------

LOGISTIC = SymbolicMap([r * x * (1 - x)], [x]).at(r="5/2")


def test_a_map_without_a_loss_has_no_minima_but_fixed_points():
    with pytest.raises(InvalidInput, match="FIXED_POINTS"):
        convergent_measure(LOGISTIC, Box([0], [1]))
    m = convergent_measure(
        LOGISTIC, Box([0], [1]), method=MonteCarlo(n=300), to=Target.FIXED_POINTS, rng=0
    )
    assert m.lower == 1.0


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("F", {"F": PRODUCT.loss}),
        ("region", {"region": [[-3, 3]]}),
        ("region", {"region": LINE}),
        ("to", {"to": "minima"}),
        ("method", {"method": "monte carlo"}),
        ("method", {"method": MonteCarlo}),
        ("budget", {"budget": 1000}),
        ("parameter", {"F": PRODUCT}),
    ],
)
def test_wrong_arguments_are_refused_by_name(argument, change):
    given = {"F": PRODUCT.at(eta="1/2"), "region": SQUARE, "method": MonteCarlo(n=10), **change}
    F, region = given.pop("F"), given.pop("region")
    with pytest.raises(InvalidInput, match=argument):
        convergent_measure(F, region, rng=0, **given)


@pytest.mark.parametrize(("n", "level"), [(0, 0.95), (10.5, 0.95), (10, 0), (10, 1.5)])
def test_a_method_with_bad_settings_is_refused(n, level):
    with pytest.raises(InvalidInput):
        MonteCarlo(n=n, level=level)


def test_a_level_may_be_text():
    assert MonteCarlo(level="0.9").level == 0.9


def test_a_drift_may_be_a_long_way_to_a_minimum():
    valley = Loss(sqrt(1 + (x - 3000) ** 2), [x])
    F, near_zero = GradientDescent(valley, 1), Box([-1], [1])
    hasty, patient = (
        convergent_measure(F, near_zero, method=MonteCarlo(n=50), budget=Budget(steps=steps), rng=0)
        for steps in (1024, 8192)
    )
    assert hasty.count(Detail.UNBOUNDED_DRIFT) == 50
    assert patient.lower == 1
    assert hasty.interval()[1] == hasty.upper == hasty.undecided == 1
    assert hasty.upper_bound() == 1
