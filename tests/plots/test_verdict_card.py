"""The verdict card says what the verdict says, and all of it fits."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, Loss
from dynsys_gd.claims import linear_network_impossibility, verify
from dynsys_gd.plots import draw, figure
from dynsys_gd.plots.style import STATUSES
from dynsys_gd.plots.words import wrapped

SQUARE = Box([-3, -3], [3, 3])


@pytest.fixture(scope="module", params=["11/10", "1/2"])
def verdict(request):
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), request.param)
    return verify(linear_network_impossibility, F, region=SQUARE, rng=0)


def words(fig):
    return " ".join(text.get_text().strip() for text in fig.axes[0].texts)


def test_the_card_holds_the_statement_every_hypothesis_and_the_conclusion(verdict):
    told = words(figure(verdict))
    flat = told.replace("·", "*")
    for text in (verdict.claim.title, STATUSES[verdict.status.name].label):
        assert text in flat
    for finding in (*verdict.findings, verdict.observation.finding):
        for word in finding.label.split():
            assert word in told
    assert f"seed {verdict.instance.seed}" in told


def test_the_badge_has_the_colour_of_the_status(verdict):
    fig = figure(verdict)
    badge = next(t for t in fig.axes[0].texts if t.get_text().strip() == verdict.status.name)
    shown = badge.get_bbox_patch().get_facecolor()
    colour = STATUSES[verdict.status.name].colour
    assert shown[:3] == pytest.approx([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])


def test_nothing_leaves_the_sheet_and_no_two_texts_overlap(verdict):
    fig = figure(verdict)
    fig.draw_without_rendering()
    renderer = FigureCanvasAgg(fig).get_renderer()
    boxes = [
        text.get_window_extent(renderer) for text in fig.axes[0].texts if text.get_text().strip()
    ]
    sheet = fig.bbox
    for box in boxes:
        assert box.x0 >= sheet.x0
        assert box.x1 <= sheet.x1
        assert box.y0 >= sheet.y0
        assert box.y1 <= sheet.y1
    for k, one in enumerate(boxes):
        for other in boxes[k + 1 :]:
            assert not one.overlaps(other)


def test_in_small_axes_the_letters_shrink(verdict):
    whole = figure(verdict).axes[0]
    small = draw(verdict, ax=Figure(figsize=(6, 5)).subplots(1, 2)[0])
    assert small.texts[2].get_fontsize() < 0.6 * whole.texts[2].get_fontsize()


@pytest.mark.parametrize("inches", [0.5, 2.0, 5.0])
def test_wrapped_lines_fit_and_lose_nothing(inches):
    text = "Let the loss be the squared loss of a linear network ηλ " + "x" * 90
    lines = wrapped(text, inches, size=9)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert wrapped(line, inches, size=9) == [line]
