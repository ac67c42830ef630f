"""What an estimate says: counted at both extremes, as text, and as plain data."""

import json
import pickle

import pytest
from sympy.abc import x, y

from dynsys_gd import Box, Evidence, Gaussian, Grade, GradientDescent, InvalidInput, Loss
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.ensembles.fates import Detail, Fate
from dynsys_gd.measure import Estimate, Target
from dynsys_gd.measure.binomial import interval
from dynsys_gd.measure.counted import Counted

F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
MIXED = (
    (Detail.MINIMUM, 50),
    (Detail.PLATEAU, 10),
    (Detail.STABLE_CYCLE, 5),
    (Detail.DIVERGED, 15),
    (Detail.SLOW_DECAY, 20),
)


def estimate(tally=MIXED, *, target=Target.MINIMA, region=None, seconds=1.0):
    return Estimate(
        map=F,
        region=Box([-3, -3], [3, 3]) if region is None else region,
        target=target,
        reading=Counted(target, tally),
        level=0.95,
        seed=7,
        budget=Budget(),
        map_steps=1000,
        evidence=Evidence(grade=Grade.STATISTICAL, reason="drawn", sources=("clopper1934use",)),
        seconds=seconds,
    )


def test_undecided_starts_count_at_both_extremes():
    m = estimate()
    assert (m.lower, m.upper, m.undecided) == (0.5, 0.7, 0.2)
    assert m.interval() == interval(50, 20, 100, level=0.95)
    assert m.interval(0.5) == interval(50, 20, 100, level=0.5)


def test_a_plateau_is_a_fixed_point_and_no_minimum():
    assert estimate(target=Target.MINIMA).hits == 50
    assert estimate(target=Target.FIXED_POINTS).hits == 60


@pytest.mark.parametrize("detail", Detail)
def test_only_audited_limits_are_counted(detail):
    if Target.MINIMA.counts(detail):
        assert Target.FIXED_POINTS.counts(detail)
    assert Target.FIXED_POINTS.counts(detail) is (detail.fate is Fate.CONVERGED)


def test_counts_by_fate_and_by_detail_agree():
    m = estimate()
    assert sum(m.count(fate) for fate in Fate) == m.n
    assert m.count(Fate.CONVERGED) == m.count(Detail.MINIMUM) + m.count(Detail.PLATEAU) == 60
    assert m.count(Detail.CHAOTIC) == 0


def test_the_volume_is_the_share_of_the_volume_of_the_region():
    m = estimate()
    assert m.volume == pytest.approx((18.0, 25.2))
    low, high = m.interval()
    assert m.volume_interval() == pytest.approx((36 * low, 36 * high))


def test_a_law_on_the_whole_space_has_no_volume():
    m = estimate(region=Gaussian([0, 0], 1))
    assert m.volume is None
    assert m.volume_interval() is None
    assert "volume" not in dict(m.rows())


def test_without_a_hit_the_bound_is_one_sided_and_rounded_up():
    m = estimate(tally=((Detail.DIVERGED, 1_000_000),))
    assert m.bound == (
        "0 of 1000000 starts seen to converge to a minimum: the share is below 3e-06 at 95 %"
    )
    assert m.headline() == m.bound
    assert m.upper_bound() == pytest.approx(2.9957e-6, rel=1e-4)
    assert m.upper_bound() < m.interval()[1]


def test_a_printed_bound_is_never_below_the_limit():
    for n in range(20, 2000, 7):
        m = estimate(tally=((Detail.DIVERGED, n),))
        printed = float(m.bound.split("below ")[1].split()[0])
        assert m.upper_bound() <= printed < 1.1 * m.upper_bound()


def test_undecided_starts_raise_the_bound():
    decided = estimate(tally=((Detail.DIVERGED, 1000),))
    open_ones = estimate(tally=((Detail.DIVERGED, 988), (Detail.BUDGET_SPENT, 12)))
    assert open_ones.upper_bound() > 5 * decided.upper_bound()
    assert "1.2 % undecided" in open_ones.bound


def test_where_something_converges_there_is_no_bound():
    assert estimate().bound is None


def test_plain_data_is_json_and_knows_no_clock():
    quick, slow = estimate(seconds=0.1), estimate(seconds=9.9)
    assert json.dumps(quick.to_dict()) == json.dumps(slow.to_dict())
    data = json.loads(json.dumps(quick.to_dict()))
    assert data["details"]["slow_decay"] == 20
    assert data["fates"]["converged"] == 60
    assert data["seed"] == 7


def test_the_summary_is_short_and_cites_its_interval():
    m = estimate()
    lines = repr(m).splitlines()
    assert len(lines) <= 12
    assert "from 0.5 to 0.7 by the undecided ones" in lines[0]
    assert "Clopper" in m.cite()


def test_an_estimate_travels_between_processes():
    copy = pickle.loads(pickle.dumps(estimate()))
    assert copy.to_dict() == estimate().to_dict()
    assert copy.map == F


def test_a_level_out_of_range_is_refused():
    with pytest.raises(InvalidInput, match="level"):
        estimate().interval(95)
