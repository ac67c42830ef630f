"""Proved bounds of how much converges, against what is known exactly."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from math import prod
from multiprocessing import get_context

import pytest
import sympy as sp
from sympy.abc import a, x, y

from dynsys_gd import (
    Ball,
    Box,
    Enclosure,
    Gaussian,
    Grade,
    GradientDescent,
    InvalidInput,
    Loss,
    MinibatchCycle,
    SymbolicMap,
    Target,
    convergent_measure,
    known_measure,
)
from dynsys_gd.measure.enclosure import search

WELL = Loss(x**4 / 4 - x**2 / 2, [x])
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
LINE = Box([-3], [3])


def square(c):
    return Box([-c, -c], [c, c])


def bounds(loss, step_size, region, to=Target.MINIMA, **settings):
    F = GradientDescent(loss, step_size)
    return convergent_measure(F, region, method=Enclosure(**settings), to=to)


@pytest.fixture(scope="module")
def well():
    return bounds(WELL, "1/2", LINE, width=1e-9)


def test_the_double_well_to_nine_digits(well):
    low, high = well.reading.bounds
    assert 0 < high - low <= 1e-9
    assert low < sp.sqrt(5) / 3 < high
    assert well.lower <= low < high <= well.upper
    assert (well.evidence.grade, well.proved) == (Grade.CERTIFIED, True)
    assert well.interval() == well.interval(0.5) == (well.lower, well.upper)
    assert well.upper_bound() == well.upper


def test_almost_every_start_of_a_square_converges():
    m = bounds(HIMMELBLAU, "1/100", square(2))
    assert m.reading.bounds == (1, 1)
    shares = {name: (low, high) for name, low, high in m.reading.by_outcome}
    assert len(shares) == 4
    assert sum(low for low, _ in shares.values()) <= 1 <= sum(high for _, high in shares.values())


@pytest.mark.parametrize(("step_size", "reach", "width"), [("1/5", 4, 0.3), ("1/2", 3, 0.3)])
def test_the_ellipse_of_the_product(step_size, reach, width):
    m = bounds(PRODUCT, step_size, square(reach), width=width)
    low, high = m.reading.bounds
    exact = known_measure(m.map, m.region).share
    assert high - low <= width
    assert low < exact < high


def test_beyond_the_critical_step_size_nothing_converges_to_minima():
    m = bounds(PRODUCT, "1001/1000", square(3))
    assert m.reading.bounds == (0, 0)
    assert m.evidence.grade is Grade.PROVED
    assert m.reading.certificate is None


@pytest.mark.parametrize("step_size", ["6/5", 2])
def test_where_nothing_attracts_the_cells_show_it_too(step_size):
    assert bounds(WELL, step_size, Box([-2], [2]), to=Target.FIXED_POINTS).reading.bounds == (0, 0)


def test_at_the_critical_step_size_the_theorem_is_silent():
    m = bounds(PRODUCT, 1, square(1), seconds=0.1)
    assert m.evidence.grade is Grade.CERTIFIED
    assert m.upper > 0


def test_limits_are_told_apart():
    m = bounds(WELL, "1/2", Box([0], [3]), apart=True, width=1e-2)
    by_name = {name: (float(low), float(high)) for name, low, high in m.reading.by_outcome}
    left, right = (by_name[f"the minimum near {s}1"] for s in ("-", ""))
    low, high = m.interval()
    assert left[0] + right[0] <= high
    assert left[1] + right[1] >= low
    assert right[0] > 3**0.5 / 3 - 1e-2  # up to the preimage of the saddle there is only one limit
    assert left[0] > 0.03


def test_regions_of_any_size_and_place():
    edge = 5**0.5
    assert bounds(WELL, "1/2", Box([1 - 1e-6], [1 + 1e-6])).reading.bounds == (1, 1)
    assert bounds(WELL, "1/2", Box([1e6], [1e6 + 1]), width=0.1).reading.bounds == (0, 0)
    assert bounds(PRODUCT, "1/2", Box([1e6, 1e6], [1e6 + 1e-6, 2e6])).reading.bounds == (0, 0)
    wide = bounds(WELL, "1/2", Box([-1e6], [1e6]), width=1e-4)
    assert wide.lower < edge / 1e6 < wide.upper
    odd = bounds(WELL, "1/2", Box([0.1], [2.3]), width=1e-3)
    assert odd.lower < (edge - 0.1) / (2.3 - 0.1) < odd.upper


def test_volumes_are_rounded_outwards():
    low, high = [0.1, 0.3], [0.7, 1.1]
    m = bounds(PRODUCT, "1/2", Box(low, high))
    assert m.reading.bounds == (1, 1)
    exact = prod(Fraction(b) - Fraction(a) for a, b in zip(low, high, strict=True))
    first, last = m.volume_interval()
    assert first < exact < last
    assert last - first < 1e-15
    unit = bounds(WELL, "1/2", Box([0.5], [1.5]))
    assert unit.volume_interval() == (1, 1)


def test_a_number_that_was_rounded_makes_it_numerical():
    m = bounds(WELL, 0.5, LINE, width=1e-3)
    assert m.evidence.grade is Grade.NUMERICAL
    assert not m.proved
    assert m.lower < 5**0.5 / 3 < m.upper


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_change_nothing(workers, monkeypatch):
    monkeypatch.setattr(search, "_CHUNK", 16)
    F, method = GradientDescent(WELL, "1/2"), Enclosure(width=1e-2)
    with ThreadPoolExecutor(workers) as pool:
        shared = convergent_measure(F, LINE, method=method, executor=pool)
    monkeypatch.undo()
    alone = convergent_measure(F, LINE, method=method)
    assert shared.to_dict() == alone.to_dict()
    assert shared.reading.certificate.to_dict() == alone.reading.certificate.to_dict()


def test_other_processes_change_nothing(well):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        F, method = GradientDescent(WELL, "1/2"), Enclosure(width=1e-3)
        shared = convergent_measure(F, LINE, method=method, executor=pool)
    assert shared.to_dict() == convergent_measure(F, LINE, method=method).to_dict()
    assert shared.lower <= well.lower <= well.upper <= shared.upper


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "F", "region", "to"),
    [
        ("region", GradientDescent(PRODUCT, "1/2"), Ball([0, 0], 1), Target.MINIMA),
        ("region", GradientDescent(PRODUCT, "1/2"), Gaussian([0, 0], 1), Target.MINIMA),
        ("region", GradientDescent(PRODUCT, "1/2"), LINE, Target.MINIMA),
        ("F", GradientDescent(Loss(sp.Abs(x) + x**2, [x]), "1/2"), LINE, Target.MINIMA),
        ("F", GradientDescent(Loss(sp.Max(x, 0) ** 2, [x]), "1/2"), LINE, Target.MINIMA),
        ("F", GradientDescent(Loss(a * x**2, [x]), "1/2"), LINE, Target.MINIMA),
        ("to", SymbolicMap([x / 2], [x]), LINE, Target.MINIMA),
    ],
)
def test_bad_questions(argument, F, region, to):
    with pytest.raises(InvalidInput, match=argument):
        convergent_measure(F, region, method=Enclosure(seconds=1), to=to)


def test_more_than_three_dimensions_are_refused():
    variables = sp.symbols("u1:5")
    F = GradientDescent(Loss(sum(v**2 for v in variables), variables), "1/4")
    with pytest.raises(InvalidInput, match="dimension"):
        convergent_measure(F, Box([-1] * 4, [1] * 4), method=Enclosure(seconds=1))


def test_what_attracts_outside_of_the_domain_of_the_loss_is_no_minimum():
    # The gradient x - 1/x vanishes at -1, too, where the loss has no real value.
    barrier = Loss(x**2 / 2 - sp.log(x), [x])
    m = bounds(barrier, "1/2", Box([-2], [3]), seconds=0.5)
    assert 0.5 < m.lower <= 0.6
    F, method = m.map, Enclosure(seconds=0.5)
    ends = convergent_measure(F, Box([-2], [-1]), method=method, to=Target.FIXED_POINTS)
    assert ends.lower > 0.9


def test_batches_have_fixed_points_that_are_no_minima():
    # The cycle goes to -1/3, the mean of the losses is least at 0.
    F = MinibatchCycle([Loss((x - 1) ** 2 / 2, [x]), Loss((x + 1) ** 2 / 2, [x])], "1/2")
    with pytest.raises(InvalidInput, match="FIXED_POINTS"):
        convergent_measure(F, LINE, method=Enclosure(seconds=1))
    m = convergent_measure(F, LINE, method=Enclosure(seconds=1), to=Target.FIXED_POINTS)
    assert m.reading.bounds == (1, 1)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), None, "1", True])
def test_a_time_limit_is_a_positive_number(seconds):
    with pytest.raises(InvalidInput, match="seconds"):
        Enclosure(seconds=seconds)
    with pytest.raises(InvalidInput, match="width"):
        Enclosure(width=seconds if seconds is not None else 0)


@pytest.mark.parametrize("count", [0, -1, 1.5, None, True])
def test_numbers_of_cells_and_steps_are_counts(count):
    with pytest.raises(InvalidInput, match="cells"):
        Enclosure(cells=count)
    with pytest.raises(InvalidInput, match="steps"):
        Enclosure(steps=count)
    with pytest.raises(InvalidInput, match="apart"):
        Enclosure(apart=count if count is not True else 1)
