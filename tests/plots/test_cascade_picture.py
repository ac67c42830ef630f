"""Pictures of cascades: distances on a logarithmic scale, what is certified, empty ones."""

import numpy as np
from matplotlib.figure import Figure
from sympy.abc import a, x, y

import dynsys_gd as dg
from dynsys_gd.plots import draw

LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])


def marks(ax):
    return {
        line.get_label(): np.array(line.get_xydata())
        for line in ax.lines
        if line.get_marker() == "o"
    }


def test_distances_and_ratios():
    found = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=6)
    ax = draw(found, ax=Figure().subplots())
    shown = marks(ax)["doubling point, certified"]
    np.testing.assert_allclose(shown[:, 1], np.abs(found.limit - found.values), rtol=1e-9)
    assert ax.get_yscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "4", "8", "16", "32"]
    texts = [text.get_text() for text in ax.texts]
    assert f"{found.ratios[-1]:.6f}" in texts
    assert any(text.startswith("limit 3.569945") and "± " in text for text in texts)


def test_what_is_not_certified_is_open():
    product = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), a)
    found = dg.cascade(product, [1, 1], "a", to=(0.5, 1.3), doublings=3)
    ax = draw(found, ax=Figure().subplots())
    assert len(marks(ax)["doubling point, numerical"]) == 1  # the flip on the family of minima
    assert len(marks(ax)["doubling point, certified"]) == 2
    faces = {line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"}
    assert len(faces) == 2


def test_one_doubling_and_none():
    one = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 3.2))
    ax = draw(one, ax=Figure().subplots())
    (point,) = marks(ax).values()
    assert point.tolist() == [[0.0, 3.0]]
    none = dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 2.8))
    ax = draw(none, ax=Figure().subplots())
    assert marks(ax) == {}
    assert "does not flip" in ax.get_title(loc="left")
