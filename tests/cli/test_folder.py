"""A report never overwrites what it did not write."""

import json
from pathlib import Path

import pytest

from dynsys_gd import InvalidInput
from dynsys_gd.cli.folder import MADE_BY, ReportFolder


def finished(path, *figures):
    """Write a report with these figures, as verify does."""
    folder = ReportFolder(path)
    folder.prepare()
    names = [f"figures/{figure}.png" for figure in figures]
    files = ["index.html", "verdicts.json", *names]
    folder.write("verdicts.json", json.dumps({"made_by": MADE_BY, "files": files}))
    for name in ["index.html", *names]:
        folder.write(name, b"old")
    return folder


def contents(path):
    return {p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()}


def test_a_new_folder_is_made_with_its_parents(tmp_path):
    finished(tmp_path / "a" / "b", "one")
    assert contents(tmp_path / "a" / "b") == {"index.html", "verdicts.json", "figures/one.png"}


def test_an_earlier_report_is_replaced_and_other_files_stay(tmp_path):
    finished(tmp_path, "one", "two")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "figures" / "mine.pdf").write_text("mine")
    finished(tmp_path, "three")
    assert contents(tmp_path) == {
        "index.html",
        "verdicts.json",
        "figures/three.png",
        "notes.txt",
        "figures/mine.pdf",
    }


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": "mine"},
        {"verdicts.json": "not json"},
        {"verdicts.json": '{"made_by": "somebody", "files": []}'},
        {"verdicts.json": '["index.html"]'},
        {"index.html": "mine"},
    ],
)
def test_a_folder_of_others_is_refused_untouched(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInput, match="name another folder"):
        ReportFolder(tmp_path).prepare()
    assert {name: (tmp_path / name).read_text() for name in contents(tmp_path)} == files


def test_a_foreign_figure_in_our_place_is_refused(tmp_path):
    finished(tmp_path, "one")
    (tmp_path / "figures" / "mine.png").write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(InvalidInput, match="no file of another origin"):
        ReportFolder(tmp_path).prepare()
    assert contents(tmp_path) == before
    assert (tmp_path / "figures" / "mine.png").read_text() == "mine"


def test_a_forged_list_deletes_nothing_outside(tmp_path):
    inside, outside = tmp_path / "report", tmp_path / "precious.txt"
    outside.write_text("mine")
    inside.mkdir()
    listed = ["../precious.txt", str(outside), "figures/../../precious.txt", 7]
    (inside / "verdicts.json").write_text(json.dumps({"made_by": MADE_BY, "files": listed}))
    ReportFolder(inside).prepare()
    assert outside.read_text() == "mine"


def test_a_run_that_was_killed_leaves_a_folder_that_can_be_used_again(tmp_path):
    ReportFolder(tmp_path).prepare()
    ReportFolder(tmp_path).prepare()
    assert contents(tmp_path) == {"verdicts.json"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    path = tmp_path / "report"
    path.write_text("mine")
    with pytest.raises(InvalidInput, match="a folder that can be written"):
        ReportFolder(path).prepare()


def test_a_place_that_cannot_be_written_is_refused():
    with pytest.raises(InvalidInput, match="a folder that can be written"):
        ReportFolder(Path("/dev/null/report")).prepare()
