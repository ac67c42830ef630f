"""The bar in a notebook, on a terminal, and nowhere."""

import io
import re
import sys

import pytest

import dynsys_gd as dg
from dynsys_gd.cli import progress_bar as module


class Terminal(io.StringIO):
    def isatty(self):
        return True


def count_to(total, told):
    for k in range(total + 1):
        told(k, total)


def test_elsewhere_nothing_is_shown(capsys):
    with dg.progress_bar() as told:
        count_to(10, told)
        told(11, None)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_it_is_drawn_and_goes_away(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with dg.progress_bar("measuring") as told:
        count_to(4, told)
    drawn = screen.getvalue()
    assert "measuring" in drawn
    assert "4/4" in drawn
    assert "left" in drawn
    assert drawn.endswith("\x1b[1A\x1b[2K")


class Handle:
    def __init__(self):
        self.pictures = []

    def update(self, picture):
        self.pictures.append(picture.data)


@pytest.fixture
def notebook(monkeypatch):
    ipython = pytest.importorskip("IPython.display")
    handle = Handle()

    def display(picture, *, display_id):
        assert display_id
        handle.update(picture)
        return handle

    monkeypatch.setattr(module, "_in_a_notebook", lambda: True)
    monkeypatch.setattr(ipython, "display", display)
    return handle


def test_in_a_notebook_one_output_is_drawn_anew(notebook, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_PICTURES", 0.0)
    with dg.progress_bar("<measuring>") as told:
        told(0, 4000)
        told(1000, 4000)
        told(2000, 4000)
    assert len(notebook.pictures) == 4  # the last one when the work ends
    last = notebook.pictures[-1]
    assert "&lt;measuring&gt;" in last
    assert "max='4000' value='2000'" in last
    assert re.search(r"2,000 of 4,000, 0:00, 0:0\d left", last)


def test_it_is_not_drawn_more_often_than_anybody_sees(notebook):
    with dg.progress_bar() as told:
        count_to(1000, told)
    assert len(notebook.pictures) <= 3
    assert "1,000 of 1,000" in notebook.pictures[-1]
    assert "left" not in notebook.pictures[-1]


def test_where_nobody_knows_the_total_there_is_none(notebook):
    with dg.progress_bar() as told:
        told(7, None)
    assert "7, 0:00</div>" in notebook.pictures[-1]
    assert "max=" not in notebook.pictures[-1]


def test_an_error_ends_it_and_goes_on(notebook):
    with pytest.raises(ZeroDivisionError), dg.progress_bar():
        _ = 1 / 0
    assert len(notebook.pictures) == 1


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (61.6, "1:02"), (3600, "1:00:00"), (90061, "25:01:01")]
)
def test_clocks(seconds, shown):
    assert module._clock(seconds) == shown
