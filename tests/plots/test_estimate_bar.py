"""One bar of all starts with the interval over it."""

from dataclasses import replace

import pytest
from matplotlib.figure import Figure
from sympy.abc import x, y

from dynsys_gd import Box, Evidence, Grade, GradientDescent, Loss
from dynsys_gd.ensembles.budget import Budget
from dynsys_gd.ensembles.fates import Detail, Fate
from dynsys_gd.measure import Estimate, Target
from dynsys_gd.measure.counted import Counted
from dynsys_gd.measure.reading import Reading
from dynsys_gd.plots import draw
from dynsys_gd.plots.style import look_of_fate


def drawn(*tally):
    estimate = Estimate(
        map=GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2"),
        region=Box([-3, -3], [3, 3]),
        target=Target.MINIMA,
        reading=Counted(Target.MINIMA, tally),
        level=0.95,
        seed=0,
        budget=Budget(),
        map_steps=1,
        evidence=Evidence(grade=Grade.STATISTICAL, reason="drawn"),
        seconds=0.0,
    )
    return estimate, draw(estimate, ax=Figure(figsize=(7.6, 2.1)).subplots())


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_shares_fill_the_bar_and_undecided_touch_the_convergent_ones():
    tally = ((Detail.MINIMUM, 60), (Detail.PLATEAU, 10), (Detail.DIVERGED, 10))
    estimate, ax = drawn(*tally, (Detail.SLOW_DECAY, 20))
    bars = [bar for container in ax.containers for bar in container if hasattr(bar, "get_width")]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.6, 0.2, 0.1, 0.1])
    assert bars[1].get_x() == pytest.approx(estimate.lower)
    assert bars[1].get_x() + bars[1].get_width() == pytest.approx(estimate.upper)
    assert legend_of(ax) == [
        "to a minimum: 60 (60 %)",
        "undecided: 20 (20 %)",
        "converged elsewhere: 10 (10 %)",
        "escaped: 10 (10 %)",
    ]


def test_drifting_starts_are_part_of_the_undecided_ones():
    tally = ((Detail.MINIMUM, 50), (Detail.UNBOUNDED_DRIFT, 20), (Detail.DIVERGED, 20))
    estimate, ax = drawn(*tally, (Detail.SLOW_DECAY, 10))
    bars = [bar for container in ax.containers for bar in container if hasattr(bar, "get_width")]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.5, estimate.undecided, 0.2])
    assert bars[1].get_x() + bars[1].get_width() == pytest.approx(estimate.upper)
    assert legend_of(ax)[1:] == ["undecided: 30 (30 %)", "escaped: 20 (20 %)"]


def test_the_interval_is_drawn_where_it_lies():
    estimate, ax = drawn((Detail.MINIMUM, 60), (Detail.DIVERGED, 40))
    (bars,) = [c for c in ax.containers if c.__class__.__name__ == "ErrorbarContainer"]
    (segment,) = bars[2][0].get_segments()
    assert tuple(segment[:, 0]) == pytest.approx(estimate.interval())
    assert "in [" in ax.texts[0].get_text()
    assert "η = 1/2" in ax.get_title(loc="left")
    assert "[-3, 3]" in ax.get_xlabel()


def test_none_converging_shows_the_one_sided_bound():
    _, ax = drawn((Detail.DIVERGED, 1000))
    assert ax.texts[0].get_text() == "below 0.003 at 95 %"
    assert legend_of(ax)[0] == "to a minimum: 0 (0 %)"


def test_fates_have_the_colours_they_have_everywhere():
    _, ax = drawn((Detail.MINIMUM, 1), (Detail.STABLE_CYCLE, 1), (Detail.CHAOTIC, 1))
    fills = [patch.get_facecolor()[:3] for patch in ax.patches]
    for fate in (Fate.CONVERGED, Fate.CYCLING, Fate.BOUNDED):
        colour = look_of_fate(fate).colour
        expected = tuple(int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
        assert any(fill == pytest.approx(expected) for fill in fills)


def shares_only(lower, upper, *, proved=False, half=0.001):
    """An estimate of a method that counts no fates."""

    class Known(Reading):
        n = 1000

        @property
        def lower(self):
            return lower

        @property
        def upper(self):
            return upper

        def interval(self, level):
            return max(0.0, lower - half), min(1.0, upper + half)

    made = drawn((Detail.MINIMUM, 1))[0]
    grade = Grade.CERTIFIED if proved else Grade.STATISTICAL
    evidence = Evidence(grade=grade, reason="as known")
    estimate = replace(made, reading=Known(), evidence=evidence)
    return estimate, draw(estimate, ax=Figure(figsize=(7.6, 2.1)).subplots())


def test_without_fates_the_bar_shows_the_share_what_may_add_to_it_and_the_rest():
    estimate, ax = shares_only(0.6, 0.7)
    bars = [bar for container in ax.containers for bar in container if hasattr(bar, "get_width")]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.6, 0.1, 0.3])
    assert legend_of(ax) == ["converge to a minimum: 60 %", "undecided: 10 %", "others: 30 %"]
    (error,) = [c for c in ax.containers if c.__class__.__name__ == "ErrorbarContainer"]
    assert tuple(error[2][0].get_segments()[0][:, 0]) == pytest.approx(estimate.interval())


def test_without_fates_and_without_a_hit_the_bound_is_shown():
    _, ax = shares_only(0.0, 0.0, half=0.00195)
    assert ax.texts[0].get_text() == "below 0.002 at 95 %"


def test_a_narrow_interval_is_written_so_that_its_ends_differ_and_can_be_seen():
    _, ax = shares_only(0.76, 0.76, half=1e-6)
    low, high = ax.texts[0].get_text()[len("in [") :].split("]")[0].split(", ")
    assert low != high
    assert ax.lines[-1].get_marker() == "|"


def test_a_proved_interval_has_no_level():
    _, ax = shares_only(0.5, 0.51, proved=True, half=0.0)
    assert ax.texts[0].get_text() == "in [0.5, 0.51], proved"
