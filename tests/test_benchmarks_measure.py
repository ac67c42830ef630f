"""The rows about measures in a tiny size: all count the same set, and clear gaps. No times."""

import math

import pytest
from click.testing import CliRunner

from benchmarks.command import main
from benchmarks.engines.base import Engine, Unsuited
from benchmarks.engines.c_scalar import Scalar
from benchmarks.engines.numpy_arrays import NumpyArrays
from benchmarks.engines.pynamicalsys_ensemble import Pynamicalsys
from benchmarks.further import Further
from benchmarks.measure import plain, rows
from benchmarks.measure.plain import Sampler, own_samplers, peer, raced
from benchmarks.measure.problems import bounded_problems, ellipse
from dynsys_gd import MonteCarlo, convergent_measure, known_measure


class Missing(Engine):
    name = "nobody"

    def prepare(self, workload):
        raise Unsuited("not installed: nobody")


@pytest.fixture(scope="module")
def samplers():
    all_of_them = [
        *own_samplers(ellipse()),
        peer(NumpyArrays(), ellipse()),
        peer(Missing(), ellipse()),
    ]
    raced(all_of_them, repeats=2, seconds=0.0)
    return all_of_them


def test_the_share_is_the_exact_one():
    problem = ellipse()
    assert problem.share == pytest.approx(float(known_measure(problem.F, problem.box)), abs=1e-12)


@pytest.mark.parametrize("engine", [Scalar(), NumpyArrays(), Pynamicalsys()], ids=lambda e: e.name)
def test_peers_count_the_same_set(engine):
    problem = ellipse()
    one = peer(engine, problem)
    if one.count is None:
        pytest.skip(one.absent)
    raced([one], repeats=1, seconds=0.0)
    assert one.agrees(problem.share)
    assert not one.agrees(problem.share - 0.1)


def test_all_of_them_agree_or_say_why_not(samplers):
    found = list(rows.speeds(samplers, ellipse()))
    assert [row.title.split(",")[0] for row in found] == [
        "MonteCarlo",
        "stopping_times",
        "MonteCarlo / numpy",
        "MonteCarlo / nobody",
    ]
    assert not any("≠" in row.remark for row in found)
    assert all(row.value > 0 for row in found[:3])
    assert math.isnan(found[3].value)
    assert "not installed: nobody" in found[3].remark


def test_a_wrong_count_is_marked(samplers):
    false = Sampler(name="false", count=samplers[0].count, n=10_000, hits=5000, rates=[1.0, 1.0])
    found = list(rows.speeds([*samplers[:2], false], ellipse()))
    assert "≠ its share is 0.5, not 0.760459" in found[-1].remark


def test_ratios_are_above_one_where_the_first_is_faster():
    fast, slow = Sampler(name="a", rates=[6.0, 8.0, 10.0]), Sampler(name="b", rates=[3.0, 2.0, 5.0])
    assert fast.ratio(slow) == 2.0
    assert slow.rate == 3.0


def test_precisions_say_what_is_extrapolated(samplers):
    found = {row.title.split(",")[0]: row for row in rows.precisions(samplers, ellipse(), 0.004, 1)}
    starts = found["QuasiMonteCarlo"]
    assert starts.target is None  # only for the half-width of the full run
    assert found["Stratified / QuasiMonteCarlo"].value > 0
    assert "extrapolated from ± 0.012" in found["MonteCarlo / QuasiMonteCarlo"].remark
    assert "at least" in found["Adaptive / QuasiMonteCarlo"].remark
    by_numpy = found["plain Monte Carlo by numpy / QuasiMonteCarlo"]
    assert "4.4e+04 starts" in by_numpy.remark
    assert "extrapolated" in by_numpy.remark
    assert math.isnan(found["plain Monte Carlo by nobody / QuasiMonteCarlo"].value)


def test_enough_starts_reach_the_half_width():
    problem = ellipse()
    found, _ = rows._reached(problem, rows.QuasiMonteCarlo, 0.001, 1)
    low, high = found.interval()
    assert high - low <= 0.002
    assert low < problem.share < high


def test_the_normal_law_asks_for_as_many_starts_as_counting_takes():
    problem = ellipse()
    n = round(rows._needed(problem, 0.01))
    low, high = convergent_measure(problem.F, problem.box, method=MonteCarlo(n=n), rng=0).interval()
    assert (high - low) / 2 == pytest.approx(0.01, rel=0.03)


def test_bounds_of_a_double_well():
    row = rows.bound(bounded_problems()[0], (0.05,))
    assert 0 < row.value < 6
    assert row.met is None
    assert "after" in row.remark


def test_the_widest_of_several_minima_counts():
    problem = bounded_problems()[-1]
    assert problem.apart

    class Found:
        class reading:
            by_outcome = (("a", 0.1, 0.2), ("b", 0.3, 0.55))

    assert rows._width(problem, Found) == pytest.approx(144 * 0.25)


def test_the_command_runs_them_alone(monkeypatch):
    def one_row(repeats, *, quick):
        assert (repeats, quick) == (5, True)
        return iter(
            [Further(title="a width", value=0.5, unit="of measure", target=1, at_most=True)]
        )

    monkeypatch.setattr("benchmarks.command.measure_rows", one_row)
    result = CliRunner().invoke(main, ["--quick", "--only", "measure"])
    assert result.exit_code == 0, result.output
    assert "≤ 1 of measure: met" in result.output


def test_the_quick_form_makes_all_rows(monkeypatch):
    monkeypatch.setattr(plain, "_BATCH", 2**10)
    found = list(rows.measure_rows(1, quick=True))
    assert all(row.met is None for row in found)
    titles = " ".join(row.title for row in found)
    for part in ("starts per second", "to ± 0.001", "Enclosure", "pynamicalsys", "C scalar"):
        assert part in titles
