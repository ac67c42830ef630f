"""Studies from end to end: table, gallery, plain data, exit codes, interrupts."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dynsys_gd.cli import study_run
from dynsys_gd.cli.main import main
from dynsys_gd.cli.study_job import StudyJob
from dynsys_gd.cli.study_run import StudyRun, run_study

GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
OBSERVE = "def observe(instance):"


def run(*args):
    return CliRunner().invoke(main, ["verify", *map(str, args)])


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The worked example of the contributing guide, as a file."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), flags=re.M | re.S)
    path = tmp_path_factory.mktemp("own") / "overshooting.py"
    path.write_text(code, encoding="utf-8")
    return path


def variant(own, name, *replaced):
    """A copy of the example under another name, with other words."""
    text = own.read_text(encoding="utf-8").replace('"overshooting"', f'"{name}"')
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path = own.with_name(f"{name}.py")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def broken(own):
    """A study whose claim raises when it is looked at."""
    return variant(own, "broken", (OBSERVE, f"{OBSERVE}\n        1 / 0"))


@pytest.fixture(scope="module")
def report(own, broken, tmp_path_factory):
    """The result of a run of a study that works and one that does not, and its folder."""
    folder = tmp_path_factory.mktemp("report")
    return run("--study", own, broken, "--out", folder, "--workers", 2), folder


@pytest.fixture(scope="module")
def done(own):
    """What stubs are made of."""
    return run_study(StudyJob(name="overshooting", path=str(own)), 0)


def test_a_run_shows_its_plan_and_the_table(report, own):
    result, folder = report
    assert result.exit_code == 3
    plan = f"dynsys-gd verify: 2 studies, seed 0, 2 processes\n   1  {own}\n"
    assert result.stderr.startswith(plan)
    assert len(re.findall(r"^\[\d/2\]", result.stderr, re.MULTILINE)) == 2
    for words in ("Polyak 1964", "REPRODUCED", "2 of 2", "FAILED", "verified"):
        assert words in result.stdout
    *_, counts, place = result.stdout.strip().splitlines()
    assert counts == "2 studies: 1 reproduced, 1 failed. 2 of 2 numbers as expected."
    assert place == f"Report: {folder / 'index.html'}"


def test_a_study_that_raises_is_told_and_leaves_the_others(report):
    result, folder = report
    assert "ZeroDivisionError" in result.stderr
    assert "ZeroDivisionError" in (folder / "index.html").read_text(encoding="utf-8")
    data = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    assert [entry["outcome"] for entry in data["studies"]] == ["reproduced", "failed"]
    assert data["studies"][1]["reproduction"] is None


def test_the_page_needs_nothing_else_and_tells_the_study(report):
    page = (report[1] / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|iframe)|@import|url\(", page)
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)"', page))
    assert len(re.findall(r"<img ", page)) == len(re.findall(r'<img [^>]*alt="[^"]+"', page)) == 2
    for target in re.findall(r'href="#([^"]*)"', page):
        assert f'id="{target}"' in page
    for words in (
        "Your own",
        "Polyak",
        "as we state it",
        "(control)",
        "1.1 ± ",
        "derived",
        "study = dg.claims.read_study(",
        "reproduction = dg.reproduce(study, rng=0)",
        "<code>curvature</code>",
        "seconds on one core",
    ):
        assert words in page, words


def test_a_shipped_study_links_to_its_paper(monkeypatch, done, tmp_path):
    stubbed(monkeypatch, replace(done, about=replace(done.about, arxiv="1805.08890")))
    assert run("--study", "step_size_matters", "--out", tmp_path).exit_code == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(?!#)([^"]*)"', page)
    assert links == ["https://arxiv.org/abs/1805.08890"] * 2
    assert "dg.claims.get_study(&#39;step_size_matters&#39;)" in page


def test_the_data_do_not_depend_on_the_run_or_the_number_of_workers(report, own, broken, tmp_path):
    again = run("--study", own, broken, "--out", tmp_path, "--workers", 1, "--quiet")
    assert again.exit_code == 3
    assert len(again.stdout.splitlines()) == 2
    first = (report[1] / "verdicts.json").read_text(encoding="utf-8")
    assert (tmp_path / "verdicts.json").read_text(encoding="utf-8") == first
    data = json.loads(first)
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert there == set(data["files"])
    assert not re.search(r"second|elapsed|20\d\d-\d\d", " ".join(_keys(data)))
    assert (tmp_path / "figures" / "overshooting.png").read_bytes().startswith(b"\x89PNG")


def stubbed(monkeypatch, *outcomes):
    """Let the first studies come out as given, an exception being raised."""

    def run_studies(jobs, *, seed, workers):
        for job, outcome in zip(jobs, outcomes, strict=False):
            if isinstance(outcome, BaseException):
                raise outcome
            yield replace(outcome, job=job)

    monkeypatch.setattr(study_run, "run_studies", run_studies)


def as_came_out(done: StudyRun, reproduced: str) -> StudyRun:
    return replace(done, data={**done.data, "reproduced": reproduced})


@pytest.mark.parametrize(
    ("reproduced", "word"), [("no", "1 NOT REPRODUCED"), ("undecided", "1 undecided")]
)
def test_what_is_not_reproduced_exits_with_1(monkeypatch, done, tmp_path, reproduced, word):
    stubbed(monkeypatch, done, as_came_out(done, reproduced))
    result = run("--study", "step_size_matters", "overshooting.py", "--out", tmp_path)
    assert result.exit_code == 2  # there is no such file here
    result = run("--study", "step_size_matters", done.job.path, "--out", tmp_path)
    assert result.exit_code == 1
    assert f"2 studies: 1 reproduced, {word}." in result.stdout
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert f'class="status {word[2:].lower().replace(" ", "-")}"' in page


def test_a_contradiction_that_is_expected_is_marked_and_no_failure(monkeypatch, done, tmp_path):
    stubbed(monkeypatch, replace(done, data={**done.data, "disputed": True}))
    result = run("--study", "step_size_matters", "--out", tmp_path)
    assert result.exit_code == 0
    assert "1 study: 1 reproduced, 1 with a contradiction." in result.stdout
    assert "with a contradiction" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_what_differs_is_shown(own, tmp_path):
    wrong = variant(own, "wrong", ("expected = abs(1 -", "expected = abs(2 -"))
    outcome = run_study(StudyJob(name="wrong", path=str(wrong)), 0)
    assert outcome.word == "not reproduced"
    assert outcome.agreeing < len(outcome.numbers)
    from dynsys_gd.cli.folder import ReportFolder
    from dynsys_gd.cli.gallery import Gallery

    gallery = Gallery(folder=ReportFolder(tmp_path), jobs=[outcome.job], seed=0, command="")
    gallery.runs.append(outcome)
    page = gallery.page()
    assert "<strong>NO</strong>" in page
    assert "not as expected" in page


def test_a_setting_that_the_study_cannot_use_is_no_fault_of_the_program(own):
    job = StudyJob(name="overshooting", path=str(own), changes=(("steps", -1),))
    outcome = run_study(job, 0)
    assert outcome.word == "refused"
    assert "Traceback" not in outcome.failure
    assert "expected" in outcome.failure


def test_a_refused_setting_exits_with_2(monkeypatch, done, tmp_path):
    refused = replace(done, data=None, picture=None, failure="steps: got -1\n", refused=True)
    stubbed(monkeypatch, refused)
    result = run("--study", done.job.path, "--set", "steps=-1", "--out", tmp_path)
    assert result.exit_code == 2
    assert "steps: got -1" in result.stderr
    assert "steps = -1" in result.stderr


def test_small_form_and_changed_settings_are_told(monkeypatch, own, tmp_path):
    def run_here(jobs, *, seed, workers):
        yield from (run_study(job, seed) for job in jobs)

    monkeypatch.setattr(study_run, "run_studies", run_here)
    result = run("--study", own, "--quick", "--set", "steps=20", "--out", tmp_path)
    assert result.exit_code == 0
    assert "1 study in the small form" in result.stderr
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "In the small form" in page
    assert ".small().at(steps=20)" in page
    assert '20 <span class="quiet">(in the study: 50)</span>' in page
    data = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))
    assert data["studies"][0]["quick"] is True
    assert data["studies"][0]["reproduction"]["settings"]["steps"] == 20


def test_what_is_complete_stays_written_after_ctrl_c(monkeypatch, done, tmp_path):
    stubbed(monkeypatch, done, KeyboardInterrupt())
    result = run("--study", "step_size_matters", done.job.path, "--out", tmp_path)
    assert result.exit_code == 130
    assert "1 of 2 studies are missing" in result.stderr
    data = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))
    assert data["complete"] is False
    assert len(data["studies"]) == 1
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "stopped early: 1 of 2 studies" in page


@pytest.mark.slow
def test_a_real_interrupt_ends_the_workers(own, tmp_path):
    endless = variant(
        own,
        "endless",
        (OBSERVE, f"{OBSERVE}\n        while True: pass"),
    )
    command = [sys.executable, "-m", "dynsys_gd.cli", "verify", "--out", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--study", str(own), str(endless), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stderr:
            if line.startswith("[1/2]"):
                break
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    data = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))
    assert [entry["outcome"] for entry in data["studies"]] == ["reproduced"]
    assert (tmp_path / "index.html").exists()


def _keys(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _keys(item)
