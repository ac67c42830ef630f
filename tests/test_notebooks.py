"""The notebooks run from top to bottom, asserts included."""

from pathlib import Path

import jupytext
import nbclient
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    notebook = jupytext.read(path)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
    assert any(
        output.get("data", {}).get("image/png")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ), "a notebook without a picture"
