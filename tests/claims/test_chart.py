"""Pictures as data, and what is drawn of them."""

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex

from dynsys_gd import Evidence, Grade, InvalidInput
from dynsys_gd.claims import Band, Chart, Curve, Level, Mark, Panel, Raster
from dynsys_gd.plots import draw, figure

EVIDENCE = Evidence(grade=Grade.NUMERICAL, reason="double precision")


def chart(*panels):
    return Chart(title="A title", panels=panels, evidence=EVIDENCE)


def panel(n=1, **more):
    marks = list(Mark)
    curves = tuple(
        Curve(label=f"c{k}", x=[1, 2, 3], y=[k + 1, 2, 3], mark=marks[k % 4]) for k in range(n)
    )
    return Panel(x_label="x", y_label="y", curves=curves, **more)


def test_each_curve_has_a_look_of_its_own():
    (ax,) = figure(chart(panel(8))).axes
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines}
    assert len(looks) == 8
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"c{k}" for k in range(8)]


def test_a_curve_can_share_a_look():
    curves = [Curve(label="a", x=[0], y=[0]), Curve(label="", x=[1], y=[1], like=0)]
    (ax,) = figure(chart(Panel(x_label="x", y_label="y", curves=tuple(curves)))).axes
    assert ax.lines[0].get_color() == ax.lines[1].get_color()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_panels_have_axes_of_their_own(n):
    drawn = figure(chart(*(panel(title=f"p{k}") for k in range(n))))
    assert [ax.get_title(loc="left") for ax in drawn.axes] == [f"p{k}" for k in range(n)]
    places = {ax.get_subplotspec().get_position(drawn).bounds for ax in drawn.axes}
    assert len(places) == n


def test_panels_fit_into_axes_without_a_grid():
    from matplotlib.figure import Figure

    ax = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    draw(chart(panel(), panel()), ax=ax)
    assert len(ax.figure.axes) == 2


def test_levels_bands_ranges_and_scales_are_drawn():
    band = Band(label="band", x=[1, 2], low=[1, 1], high=[2, 2])
    levels = (Level(label="up", value=2, vertical=True), Level(label="flat", value=1))
    shown = panel(
        levels=levels, bands=(band,), log_x=True, log_y=True, x_range=(1, 9), y_range=(0.1, 7)
    )
    (ax,) = figure(chart(shown)).axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlim() == (1, 9)
    assert ax.get_ylim() == (0.1, 7)
    labels = {text.get_text() for text in ax.get_legend().get_texts()}
    assert labels == {"c0", "up", "flat", "band"}


def test_a_raster_of_words_names_each_value():
    raster = Raster(
        values=[[0, 1], [1, 2]],
        low=(0, 0),
        high=(1, 1),
        label="fate",
        words=("stays", "leaves", "open"),
    )
    (ax,) = figure(chart(Panel(x_label="x", y_label="y", raster=raster))).axes
    (bar,) = ax.child_axes
    assert ax.images[0].get_extent() == [0, 1, 0, 1]
    assert [t.get_text() for t in bar.get_yticklabels()] == ["stays", "leaves", "open"]


def test_a_fate_has_its_colour():
    from dynsys_gd.plots.style import FATES

    raster = Raster(
        values=[[0, 1]], low=(0, 0), high=(1, 1), label="fate", words=("escapes", "converges")
    )
    (ax,) = figure(chart(Panel(x_label="x", y_label="y", raster=raster))).axes
    colours = [name.upper() for name in map(to_hex, ax.images[0].cmap.colors)]
    assert colours == [FATES["ESCAPED"].colour, FATES["CONVERGED"].colour]


@pytest.mark.parametrize(("high", "labels"), [(5, ["1", "2", "5"]), (1e4, None)])
def test_few_decades_have_few_plain_labels(high, labels):
    curve = Curve(label="", x=[0, 1], y=[1, high])
    drawn = figure(chart(Panel(x_label="x", y_label="y", curves=(curve,), log_y=True)))
    drawn.canvas.draw()
    shown = [t.get_text() for t in drawn.axes[0].get_yticklabels() if t.get_text()]
    assert labels is None or set(labels) <= set(shown)
    assert not any(t.get_text() for t in drawn.axes[0].get_yticklabels(minor=True))


def test_long_curves_are_thinned_in_plain_data():
    long = Curve(label="", x=np.arange(10_000), y=np.arange(10_000))
    data = chart(Panel(x_label="x", y_label="y", curves=(long,))).to_dict()
    json.dumps(data)
    assert 100 < len(data["panels"][0]["curves"][0]["x"]) <= 400


def test_arrays_are_copies_that_cannot_be_written_to():
    y = np.zeros(2)
    curve = Curve(label="", x=[0, 1], y=y)
    y[0] = 5
    assert curve.y[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        curve.y[0] = 1


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="y: got"):
        Curve(label="", x=[1, 2], y=[1])
    with pytest.raises(InvalidInput, match="x: got"):
        Curve(label="", x=[[1, 2]], y=[1, 2])
    with pytest.raises(InvalidInput, match="low: got"):
        Band(label="", x=[1, 2], low=1, high=[1, 2])
    with pytest.raises(InvalidInput, match="high: got"):
        Band(label="", x=[1, 2], low=[0, 0], high=[1])
    with pytest.raises(InvalidInput, match="values"):
        Raster(values=[1, 2], low=(0, 0), high=(1, 1), label="")
    with pytest.raises(InvalidInput, match="panels"):
        chart()
    with pytest.raises(InvalidInput, match="panels"):
        chart(*[panel()] * 5)
