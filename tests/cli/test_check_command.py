"""``dynsys-gd check``: what it prints and with which exit code it ends."""

from concurrent.futures import BrokenExecutor
from dataclasses import replace
from fractions import Fraction

import pytest
from click.testing import CliRunner
from reference.small_certificates import beyond

from dynsys_gd.cli.main import main
from dynsys_gd.measure.enclosure.certificate import Certificate


def run(*args):
    return CliRunner().invoke(main, ["check", *map(str, args)])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Certificate(beyond()).save(tmp_path_factory.mktemp("certificates") / "well.json.gz")


def test_a_right_certificate_ends_in_0(place):
    result = run(place)
    assert result.exit_code == 0
    assert result.stdout.startswith("Accepted: between 0 and 0.5625 of the region converges")
    assert "cells by TRAP: 8" in result.stdout
    assert run(place, "--quiet").stdout.count("\n") == 1


def test_a_wrong_one_ends_in_1(place, tmp_path):
    content = Certificate.load(place).content
    claim = replace(content.claim, upper=Fraction(1, 2))
    result = run(Certificate(replace(content, claim=claim)).save(tmp_path / "wrong.json"))
    assert result.exit_code == 1
    assert result.stdout.startswith("Refused: the cells show the share 0.5625")


def test_workers_give_the_same_answer(place):
    assert run(place, "--workers", "2").stdout == run(place).stdout


def test_ctrl_c_ends_in_130(place, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsys_gd.checker.lemmas.Lemmas.check", stopped)
    result = run(place)
    assert result.exit_code == 130
    assert result.stderr.endswith("Stopped.\n")
    assert result.stdout == ""


def test_lost_workers_end_in_3(place, monkeypatch):
    def gone(*args):
        raise BrokenExecutor("a process ended")

    monkeypatch.setattr("concurrent.futures.Future.result", gone)
    result = run(place, "--workers", "2")
    assert result.exit_code == 3
    assert "a worker is gone" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("text", [None, "", "{}", "certificate"])
def test_what_is_no_certificate_ends_in_2(tmp_path, text):
    place = tmp_path / "certificate.json"
    if text is not None:
        place.write_text(text)
    result = run(place)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.output


def test_help_tells_the_exit_codes():
    result = run("--help")
    assert "1 refused" in result.stdout
    assert "dynsys-gd check " in result.stdout.split("Examples:")[1]
