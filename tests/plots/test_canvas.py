"""Figures: which ones pyplot hears of, and files that are the same every time."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image
from sympy.abc import x

from dynsys_gd import GradientDescent, InvalidInput, Loss
from dynsys_gd.plots import draw, figure, save

TRAJECTORY = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "9/10").trajectory([1.7], 30)


@pytest.fixture(autouse=True)
def _no_figure_left_open():
    yield
    pyplot.close("all")


def test_without_axes_a_pyplot_figure_is_made_that_a_notebook_shows():
    before = pyplot.get_fignums()
    ax = draw(TRAJECTORY)
    assert pyplot.get_fignums() == [*before, ax.figure.number]


def test_result_plot_is_the_same_picture():
    assert TRAJECTORY.plot().get_title(loc="left") == draw(TRAJECTORY).get_title(loc="left")


def test_given_axes_are_used_and_returned():
    given = Figure().subplots()
    before = pyplot.get_fignums()
    assert draw(TRAJECTORY, ax=given) is given
    assert pyplot.get_fignums() == before


def test_pictures_for_reports_are_unknown_to_pyplot():
    pictures = [figure(TRAJECTORY) for _ in range(25)]
    assert len({id(picture) for picture in pictures}) == 25
    assert pyplot.get_fignums() == []


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(matplotlib.rcParams)
    figure(TRAJECTORY)
    assert dict(matplotlib.rcParams) == before


def test_something_without_a_picture_is_refused_with_the_list_of_those_that_have_one():
    with pytest.raises(InvalidInput, match=r"BifurcationDiagram.* more kinds"):
        draw(3.0, ax=Figure().subplots())


def test_files_are_the_same_byte_for_byte_each_time(tmp_path):
    one = save(figure(TRAJECTORY), tmp_path / "one", "picture")
    two = save(figure(TRAJECTORY), tmp_path / "two", "picture")
    assert [path.name for path in one] == ["picture.png", "picture.svg"]
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()
    with Image.open(one[0]) as png:
        assert np.asarray(png.convert("L")).std() > 5  # not an empty sheet
        assert "Software" not in png.info
    svg = one[1].read_text()
    assert "<dc:date>" not in svg
    assert "Matplotlib" not in svg.split("<defs>")[0]


NOTEBOOK = """
import nbclient, nbformat
cells = [
    "import dynsys_gd as dg\\nfrom sympy.abc import x\\n"
    "F = dg.GradientDescent(dg.Loss(x**2 / 2, [x]), '1/2')\\nF.trajectory([1.0], 5).plot()",
    "F.trajectory([1.0], 5).plot()",
    "from matplotlib import pyplot\\nprint(pyplot.get_fignums())",
]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
for cell in notebook.cells:
    kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
    print(kinds.count("image/png"), end=" ")
print(notebook.cells[-1].outputs[0]["text"])
"""


@pytest.mark.slow
def test_a_notebook_shows_each_picture_once_and_closes_it():
    run = subprocess.run([sys.executable, "-c", NOTEBOOK], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["1", "1", "0", "[]"]


def test_importing_the_pictures_does_not_import_pyplot():
    code = "import sys, dynsys_gd.plots; print('matplotlib.pyplot' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
