"""Which studies and settings a command line asks for, and what it refuses."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dynsys_gd import InvalidInput, claims
from dynsys_gd.cli.main import main
from dynsys_gd.cli.study_choice import chosen_studies

NAME = "step_size_matters"
GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def run(*args):
    return CliRunner().invoke(main, ["verify", *map(str, args)])


@pytest.fixture
def own(tmp_path):
    """The worked example of the contributing guide, as a file."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), flags=re.M | re.S)
    path = tmp_path / "overshooting.py"
    path.write_text(code, encoding="utf-8")
    return path


def test_all_are_meant_where_none_is_named():
    names = [job.name for job in chosen_studies(())]
    assert sorted(names) == sorted(claims.study_names())
    assert names == [study.name for study in claims.studies()]


def test_the_small_form_and_other_settings(own):
    (job,) = chosen_studies([NAME], quick=True, settings=["depths=(2, 5)", "above=22/100"])
    study = job.study()
    assert study.settings.depths == (2, 5)  # also where the small form says something else
    assert study.settings.above == "22/100"
    assert study.settings.wells_starts == job.original().quick["wells_starts"]
    (job,) = chosen_studies([str(own)], settings=["steps=9"])
    assert job.study().settings.steps == 9
    assert job.original().settings.steps == 50


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("above=1/5", "1/5"),
        ("above='1/5'", "1/5"),
        ("above=2", "2"),
        ("over=2", 2.0),
        ("depths=[2]", (2,)),
        ("targets=(2, 1)", (2.0, 1.0)),
        ("cusp_steps=('1/3',)", ("1/3",)),
        ("network_steps = 7", 7),
    ],
)
def test_a_value_takes_the_kind_of_the_present_one(word, value):
    (job,) = chosen_studies([NAME], settings=[word.replace(" ", "")])
    ((_, got),) = job.changes
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("depth=2", "it has cusp_steps"),
        ("depths=2", "2 is not a tuple"),
        ("depths=(2, 2.5)", "a tuple in which each is a whole number"),
        ("wells_starts=2.5", "not a whole number"),
        ("wells_starts=True", "not a whole number"),
        ("wells_starts=many", "not a whole number"),
        ("over='1'", "not a number"),
        ("wells_starts=__import__('os').getpid()", "not a whole number"),
        ("depths", "write NAME=VALUE"),
    ],
)
def test_settings_that_cannot_be_are_refused(word, message):
    with pytest.raises(click.UsageError, match=re.escape(message)):
        chosen_studies([NAME], settings=[word])


def test_a_setting_is_given_once_and_of_one_study():
    with pytest.raises(click.UsageError, match="given twice"):
        chosen_studies([NAME], settings=["over=2", "over=3"])
    with pytest.raises(click.UsageError, match="exactly one --study"):
        chosen_studies((), settings=["over=2"])


def test_the_same_study_twice_is_refused(own):
    with pytest.raises(click.UsageError, match="two studies are called"):
        chosen_studies([NAME, NAME])
    with pytest.raises(click.UsageError, match="two studies are called"):
        chosen_studies([str(own), str(own)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "a Python file that exists"),
        ("STUDY = (", "SyntaxError"),
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("", "a constant STUDY"),
        ("STUDY = 'a study'", "a constant STUDY"),
    ],
)
def test_a_file_that_holds_no_study_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        chosen_studies([str(path)])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--study", "flat_earth"), f"no study 'flat_earth'; one of: {claims.study_names()[0]}"),
        (("--study", "none.py"), "--study: got 'none.py', expected a Python file that exists"),
        (("--quick",), "--quick needs --all or --study"),
        (("--set", "over=2"), "--set needs one --study"),
        (("--all", "--set", "over=2"), "--set needs exactly one --study"),
        (("--all", "--study", NAME), "--all runs every study; leave out --study"),
        (("--all", "--claim", "no_stable_minimum"), "--all runs studies, and --claim is about"),
        (("--all", "--data", "x.csv", "--target", "a"), "--all runs studies, and --data is about"),
        (("--study", NAME, "--depth", "3"), "--depth needs --data"),
        (("--study", NAME, "--out", "/dev/null/report"), "--out: got '/dev/null/report'"),
    ],
)
def test_bad_usage_is_one_clear_line(args, message):
    result = run(*args)
    assert result.exit_code == 2
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in result.output


def test_a_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    result = run("--study", NAME, "--out", tmp_path)
    assert result.exit_code == 2
    assert "never overwritten" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
