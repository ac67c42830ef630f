"""The list of claims, the version and the help texts."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from dynsys_gd import __version__, claims
from dynsys_gd.cli.main import main


def run(*args):
    return CliRunner().invoke(main, args)


def test_every_claim_is_listed_with_what_it_needs():
    output = " ".join(run("claims").stdout.split())
    for claim in claims.all_claims():
        assert claim.name in output
        assert " ".join(claim.statement.split()) in output
        assert claim.conclusion in output
        assert claim.provenance in output
        for hypothesis in claim.hypotheses:
            assert f"{hypothesis.name}: {hypothesis.statement}" in output
    assert "Crăciun, Alexandru and Ghoshdastidar, Debarghya" in output


def test_one_claim_alone():
    output = run("claims", "no_stable_minimum").stdout
    assert "no_stable_minimum" in output
    assert "sharp_transition" not in output


def test_every_study_is_listed_with_its_paper():
    output = " ".join(run("claims").stdout.split())
    for study in claims.studies():
        assert f"{study.name} {' '.join(study.title.split())}" in output
        assert f"arXiv:{study.arxiv}" in output
        assert f"Studies: {study.part.title}" in output


def test_a_study_alone_shows_its_claims():
    output = " ".join(run("claims", "step_size_matters").stdout.split())
    for claim in claims.get_study("step_size_matters").made():
        assert " ".join(claim.statement.split()) in output
    assert "no_stable_minimum" not in output


def test_an_unknown_claim_is_refused_with_the_list():
    result = run("claims", "flat_earth")
    assert result.exit_code == 2
    assert all(name in result.stderr for name in (*claims.names(), *claims.study_names()))


def test_version():
    assert run("--version").stdout == f"dynsys-gd, version {__version__}\n"


@pytest.mark.parametrize("command", ["verify", "analyse", "claims"])
def test_help_has_examples_and_explains_every_option(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"dynsys-gd {command} " in result.stdout.split("Examples:")[1]
    for parameter in main.commands[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in result.stdout
            assert parameter.help


def test_a_reader_that_goes_away_is_no_contradiction():
    command = [sys.executable, "-m", "dynsys_gd.cli", "claims"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
