"""The cells of a proof: where, in which colour, and what is written beside them."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sympy.abc import x, y, z

from dynsys_gd import (
    Box,
    Enclosure,
    GradientDescent,
    Loss,
    SymbolicMap,
    Target,
    basin_theorem,
    convergent_measure,
    simulate,
)
from dynsys_gd.ensembles.fates import Fate
from dynsys_gd.plots import draw
from dynsys_gd.plots.cells_picture import _painted
from dynsys_gd.plots.style import look_of_fate

WELL = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
PRODUCT = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
CONVERGED, GONE, OPEN = (
    to_rgb(look_of_fate(fate).colour) for fate in (Fate.CONVERGED, Fate.ESCAPED, Fate.UNDECIDED)
)


def axes():
    return Figure(figsize=(8, 5)).subplots()


def seen_at(ax, point):
    """Return the colour of the picture at a point of the region."""
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape[:2]
    at = point if len(point) > 1 else (*point, (bottom + top) / 2)
    column = int((at[0] - left) / (right - left) * columns)
    row = int((at[1] - bottom) / (top - bottom) * rows)
    return tuple(image.get_array()[row, column])


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("F", "box", "width"), [(WELL, Box([-3], [3]), 1e-3), (PRODUCT, Box([-3, -2], [1, 3]), 0.3)]
)
def test_colours_are_those_of_the_fates(F, box, width):
    estimate = convergent_measure(F, box, method=Enclosure(width=width))
    ax = draw(estimate, ax=axes())
    starts = box.sample(300, rng=0)
    fates = simulate(F, starts)
    met = set()
    for start, fate in zip(starts, fates.fate, strict=True):
        seen = seen_at(ax, start)
        met.add(seen)
        if fate == Fate.CONVERGED:
            assert seen != GONE
        if fate == Fate.ESCAPED:
            assert seen != CONVERGED
    assert {CONVERGED, GONE} <= met <= {CONVERGED, GONE, OPEN}
    shares = [estimate.lower, 1 - estimate.upper, estimate.undecided]
    for text, share in zip(legend_of(ax), shares, strict=True):
        assert text.endswith(f": {100 * share:.4g} %")
    if F is WELL:
        assert np.array(ax.images[0].get_array()).shape == (1, 2**12, 3)


def test_the_outline_is_the_proved_box():
    theorem = basin_theorem(WELL, Box([-3], [3]), seconds=0.3)
    ax = draw(theorem, ax=axes())
    (outline,) = ax.patches
    assert outline.get_x() == theorem.box.low[0]
    assert outline.get_x() + outline.get_width() == pytest.approx(theorem.box.high[0], rel=1e-15)
    assert "marked box" in ax.get_title(loc="left")
    assert legend_of(ax)[-1] == "proved box"


def test_where_nothing_is_proved_there_is_no_outline():
    theorem = basin_theorem(WELL, Box([2], [2 * 5**0.5 - 2]), seconds=0.2)
    ax = draw(theorem, ax=axes())
    assert len(ax.patches) == 0
    assert ax.get_title(loc="left").startswith("No box")
    assert seen_at(ax, [2.2]) == OPEN


@pytest.mark.parametrize("d", [1, 2, 3])
def test_pixels_are_shares_of_cells_and_of_space_the_middle(d):
    level = np.array([1, 2, 3, 5, 5, 4, 1], dtype=np.int8)
    place = np.array([[1] * d, [1] * d, [3] * d, [15] * d, [16] * d, [0] * d, [2] * d])
    mask = np.array([2, 1, 4, 6, 1, 3, 2], dtype=np.uint16)
    cells = SimpleNamespace(level=level, place=place, mask=mask)
    shares = _painted(SimpleNamespace(cells=cells), 3)
    want = np.zeros_like(shares)
    for at, spot, outcomes in zip(level, place, mask, strict=True):
        low, high = spot / 2.0**at, (spot + 1) / 2.0**at
        if outcomes == 3 or (high > 1).any() or (d == 3 and not low[2] <= 0.5 < high[2]):
            continue
        for pixel in np.ndindex(shares.shape[1:]):
            a, b = np.array(pixel) / 8, (np.array(pixel) + 1) / 8
            part = np.minimum(high[: len(a)], b) - np.maximum(low[: len(a)], a)
            want[(int(outcomes & 1), *pixel)] += np.prod(np.maximum(part, 0) * 8)
    assert shares == pytest.approx(want)
    assert shares.sum() > 0


def test_space_is_cut_in_the_middle():
    F = SymbolicMap([x / 2, y / 2, z / 2], [x, y, z])
    theorem = basin_theorem(F, Box([-4] * 3, [4, 4, 3]), to=Target.FIXED_POINTS, seconds=20)
    ax = draw(theorem, ax=axes())
    assert seen_at(ax, [3.9, -3.9]) == CONVERGED
    assert "where z = -0.5" in ax.get_title(loc="left").replace("\n", " ")


def test_a_theorem_without_cells_is_a_bar():
    beyond = GradientDescent(PRODUCT.loss, "3/2")
    ax = draw(convergent_measure(beyond, Box([-3, -3], [3, 3]), method=Enclosure()), axes())
    assert not ax.images
    assert len(ax.containers) > 0
