"""Pictures of Morse graphs and graphs of cells: every set has its mark and its place."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sympy.abc import x, y, z

import dynsys_gd as dg
from dynsys_gd.plots.style import KINDS

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "11/10")
LINE = dg.Box([-2.4], [2.4])


def drawn(result):
    figure = Figure()
    return result.plot(ax=figure.subplots()), figure


def words(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_on_a_line_every_set_has_a_row_and_a_node():
    found = dg.morse_graph(WELL, LINE, 12)
    ax, figure = drawn(found)
    assert ax.get_yticks().tolist() == list(range(6))
    order = figure.axes[1]
    labels = {t.get_text() for t in order.texts}
    assert labels >= {str(k) for k in range(6)}
    arrows = [t for t in order.texts if getattr(t, "arrow_patch", None) is not None]
    assert len(arrows) == found.graph.number_of_edges()
    assert words(ax) == ["attracting", "repelling", "captured by an attracting set"]
    assert "η = 11/10" in ax.get_title(loc="left").replace("\n", " ")


def test_in_the_plane_pixels_have_the_colour_of_their_set():
    loss = dg.Loss(x**4 / 4 - x**2 / 2 + y**2 / 2, [x, y])
    found = dg.morse_graph(dg.GradientDescent(loss, "1/2"), dg.Box([-1.5, -1], [1.6, 1.1]), 12)
    ax, _ = drawn(found)
    (image,) = ax.get_images()
    pixels = image.get_array()
    for s in found:
        row = [round(float(v), 4) for v in pixels[tuple(s.cells.places[::-1, 0])]]
        kind = {"attracting": "SINK", "saddle": "SADDLE"}[str(s.kind)]
        assert row == [round(v, 4) for v in to_rgb(KINDS[kind].colour)]
    assert words(ax)[:2] == ["attracting", "saddle"]


def test_labels_stand_at_cells_of_their_sets_and_apart():
    wells = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])
    box = dg.Box([-2.4, -2.4], [2.4, 2.4])
    found = dg.morse_graph(dg.GradientDescent(wells, "17/10"), box, 12, longest_period=0)
    ax, _ = drawn(found)
    places = {int(t.get_text()): t.xy for t in ax.texts}
    assert sorted(places) == list(range(5))
    for s in found:
        assert found.set_at([places[s.number]]).tolist() == [s.number]
    at = np.array(list(places.values()))
    apart = np.linalg.norm(at[:, None] - at, axis=2)[~np.eye(5, dtype=bool)]
    assert apart.min() > 0.5  # of a box of side 4.8


def test_the_two_parts_of_a_family_are_in_the_legend():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    ax, _ = drawn(dg.morse_graph(F, dg.Box([-3, -3], [3, 3]), 10))
    assert {"family, stable", "family, unstable", "may leave the box"} <= set(words(ax))


@pytest.mark.parametrize("depth", [0, 5, 12])
def test_space_and_any_depth_are_drawn(depth):
    F = dg.SymbolicMap([x / 2, 2 * y, z / 3], [x, y, z])
    box = dg.Box([-1, -1, -1], [1.5, 1, 1])
    drawn(dg.morse_graph(F, box, depth))
    drawn(dg.cell_graph(F, box, depth))


def test_nothing_to_draw_is_drawn():
    ax, _ = drawn(dg.morse_graph(dg.SymbolicMap([x + 1], [x]), dg.Box([0], [10]), 6))
    assert "0 Morse sets" in ax.get_title(loc="left")


def test_the_graph_on_a_line_is_its_matrix():
    graph = dg.cell_graph(WELL, LINE, 6)
    ax, _ = drawn(graph)
    shown = ax.get_images()[0].get_array()
    assert (np.asarray(shown).T.astype(bool) == graph.matrix.toarray()).all()
    assert words(ax) == ["may be met", "may leave the box"]


def test_the_graph_in_the_plane_counts_successors():
    graph = dg.cell_graph(dg.SymbolicMap([1 / x - y, x], [x, y]), dg.Box([-3, -3], [3, 3]), 8)
    ax, _ = drawn(graph)
    shown = np.ma.filled(ax.get_images()[0].get_array().astype(float), np.nan).T.ravel()
    plain = ~(graph.leaving | graph.unbounded)
    assert (shown[plain] == np.diff(graph.indptr)[plain]).all()
    assert np.isnan(shown[~plain]).all()
    assert words(ax) == ["surely leave the box", "no bound known"]
