"""The command verify from end to end: table, report, exit codes, interrupts."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dynsys_gd.cli import checking
from dynsys_gd.cli.checking import Checked
from dynsys_gd.cli.jobs import standard_jobs
from dynsys_gd.cli.main import main

CHEAP = ("--claim", "every_eigenvalue_proper", "non_singular_map")


def run(*args):
    return CliRunner().invoke(main, ["verify", *map(str, args)])


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the result of a run on cheap claims, and its folder."""
    folder = tmp_path_factory.mktemp("report") / "deep" / "er"
    return run(*CHEAP, "--out", folder, "--workers", 2), folder


def test_a_run_shows_its_plan_and_the_table(report):
    result, folder = report
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("dynsys-gd verify: 4 verdicts, seed 0, 2 processes\n")
    assert result.stderr.count("must be silent") == 2
    assert len(re.findall(r"^\[\d/4\]", result.stderr, re.MULTILINE)) == 4
    for words in ("a single eigenvalue: refuted", "non-singular: CERTIFIED", "VERIFIED", "SILENT"):
        assert words in result.stdout
    *_, counts, place = result.stdout.strip().splitlines()
    assert counts == "4 verdicts: 2 verified, 2 silent as the controls must be. No contradiction."
    assert place == f"Report: {folder / 'index.html'}"


def test_the_page_needs_nothing_else_and_tells_the_verdicts(report):
    folder = report[1]
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|iframe)|@import|url\(", page)
    sources = re.findall(r'src="([^"]*)"', page)
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.findall(r'href="(?!#)', page)
    for target in re.findall(r'href="#([^"]*)"', page):
        assert f'id="{target}"' in page
    # Every claim on the page says that its words are not those of the paper.
    told = "wording and constants may differ"
    assert page.count('class="statement"') == page.count(told) > 0
    for words in (
        "Every non-zero Hessian eigenvalue is proper along the minima",
        "dy·r = 12 eigenvalues",
        "Crăciun and Ghoshdastidar 2024 (arXiv:2402.13108)",
        "A control: the claim must be silent.",
        "def number_as_product(step_size: str):",
        "dynsys-gd",
        "python-flint",
    ):
        assert words in page


def test_the_data_carry_versions_seed_and_every_figure(report):
    folder = report[1]
    data = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    assert data["complete"] is True
    assert data["seed"] == 0
    assert set(data["versions"]) >= {"dynsys_gd", "numpy", "scipy", "sympy", "python-flint"}
    assert data["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert [v["verdict"]["status"] for v in data["verdicts"]] == ["verified", "silent"] * 2
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == set(data["files"])
    for entry in data["verdicts"]:
        for name in entry["figures"]:
            png = (folder / "figures" / f"{name}.png").read_bytes()
            assert png.startswith(b"\x89PNG")
            assert b"<svg" in (folder / "figures" / f"{name}.svg").read_bytes()
    assert not re.search(r"second|elapsed|20\d\d-\d\d", " ".join(_keys(data)))


def test_the_data_do_not_depend_on_the_run_or_the_number_of_workers(report, tmp_path):
    again = run(*CHEAP, "--out", tmp_path, "--workers", 1, "--quiet")
    assert again.exit_code == 0
    assert again.stderr == ""
    assert len(again.stdout.splitlines()) == 2
    first = (report[1] / "verdicts.json").read_bytes()
    assert (tmp_path / "verdicts.json").read_bytes() == first


def test_pictures_of_measurements_are_on_the_page(tmp_path):
    result = run("--claim", "general_loss_impossibility", "--out", tmp_path)
    assert result.exit_code == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    svg = (tmp_path / "figures" / "wells-above-orbit.svg").read_bytes()
    assert base64.b64encode(svg).decode() in page
    card = (tmp_path / "figures" / "wells-above-card.svg").read_bytes()
    assert base64.b64encode(card).decode() not in page


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--claim", "flat_earth"), "no claim 'flat_earth'; one of: non_singular_map"),
        (("--width", "3"), "--width needs --data"),
        (("--features", "a"), "--features needs --data"),
        (("--data", "x.csv"), "--data needs --target"),
        (("--depth", "1"), "not in the range"),
        (("--seed", "-1"), "not in the range"),
        (("--sed", "1"), "No such option"),
        (("--out", "/dev/null/report"), "--out: got '/dev/null/report'"),
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
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 2
    assert "never overwritten" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]


def stubbed(monkeypatch, *outcomes):
    """Let the checks of the first jobs come out as given, an exception being raised."""

    def check_all(jobs, *, seed, workers):
        for job, outcome in zip(jobs, outcomes, strict=False):
            if isinstance(outcome, BaseException):
                raise outcome
            yield replace(outcome, job=job)

    monkeypatch.setattr(checking, "check_all", check_all)


@pytest.fixture(scope="module")
def checked():
    """Return one real verdict that stubs are made of."""
    return checking.check(next(job for job in standard_jobs() if job.name == "bowl-singular"), 0)


def as_status(item: Checked, status: str) -> Checked:
    verdict = {**item.verdict, "status": status, "contradiction": status == "contradiction"}
    return replace(item, verdict=verdict)


def test_a_contradiction_exits_with_1_and_is_shouted(monkeypatch, checked, tmp_path):
    stubbed(monkeypatch, as_status(checked, "contradiction"), checked)
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 1
    assert "1 CONTRADICTION." in result.stdout
    assert "CONTRADICTION" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("status", ["verified", "supported"])
def test_a_control_on_which_the_claim_speaks_exits_with_1(monkeypatch, checked, tmp_path, status):
    speaking = as_status(checked, status)
    stubbed(monkeypatch, speaking, speaking)  # the second job is a control
    result = run("--claim", "every_eigenvalue_proper", "--out", tmp_path)
    assert result.exit_code == 1
    assert "1 of them on a control that must be silent" in result.stdout


def test_undecided_is_no_contradiction(monkeypatch, checked, tmp_path):
    stubbed(monkeypatch, *[as_status(checked, "inconclusive")] * 4)
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 0
    assert "4 inconclusive. No contradiction." in result.stdout


def test_a_fault_of_the_program_is_not_taken_for_a_contradiction(monkeypatch, checked, tmp_path):
    broken = Checked(job=checked.job, verdict=None, failure="Traceback: boom\n")
    stubbed(monkeypatch, broken, checked, checked, checked)
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 3
    assert "boom" in result.stderr
    assert "1 failed" in result.stdout
    assert "boom" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_an_unforeseen_error_exits_with_3(monkeypatch, tmp_path):
    stubbed(monkeypatch, RuntimeError("boom"))
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 3
    assert "please report" in result.stderr


def test_what_is_complete_stays_written_after_ctrl_c(monkeypatch, checked, tmp_path):
    stubbed(monkeypatch, checked, KeyboardInterrupt())
    result = run(*CHEAP, "--out", tmp_path)
    assert result.exit_code == 130
    assert "3 of 4 verdicts are missing" in result.stderr
    data = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))
    assert data["complete"] is False
    assert len(data["verdicts"]) == 1
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "stopped early: 1 of 4 verdicts" in page
    assert run(*CHEAP, "--out", tmp_path).exit_code in (0, 130)  # the folder can be used again


def test_a_real_interrupt_ends_the_workers(tmp_path):
    command = [sys.executable, "-m", "dynsys_gd.cli", "verify", "--out", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr.readline().startswith("dynsys-gd verify: ")
        for line in process.stderr:
            if line.lstrip().startswith("21 "):  # the last line of the plan: workers start now
                break
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads((tmp_path / "verdicts.json").read_text())["made_by"] == "dynsys-gd verify"


def _keys(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _keys(item)
