"""Measuring from the command line: what Python answers, on files that are safe to go on from."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from sympy.abc import eta, x, y

import dynsys_gd as dg
from dynsys_gd.cli import running_options
from dynsys_gd.cli.main import main
from dynsys_gd.cli.method_options import METHODS

PAGE = Path(__file__).parents[2] / "docs" / "running_long.md"
PRODUCT = ["(x*y-1)**2/2", "--variables", "x", "y"]
ON_SQUARE = [*PRODUCT, "--step-size", "1/2", "--lower", "-3", "--upper", "3"]
FEW = [*ON_SQUARE, "--n", "2000", "--seed", "1"]

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F, SQUARE = dg.GradientDescent(LOSS, "1/2"), dg.Box([-3, -3], [3, 3])


def run(*args, command="measure"):
    return CliRunner().invoke(main, [command, *map(str, args)])


def answer(*args, command="measure"):
    result = run(*args, "--json", command=command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def as_json(result):
    return json.loads(json.dumps(result.to_dict()))


def without_origin(found):
    return {key: value for key, value in found.items() if key not in ("made_by", "version")}


# --- what is measured ----------------------------------------------------------------------------


def test_it_says_what_python_says():
    m = dg.convergent_measure(F, SQUARE, method=dg.MonteCarlo(n=2000), rng=1)
    assert without_origin(answer(*FEW)) == as_json(m)
    shown = run(*FEW)
    assert shown.stdout.splitlines()[0] == m.headline()
    assert "repeat with: rng=1" in shown.stdout


@pytest.mark.parametrize(
    ("options", "method"),
    [
        (["adaptive", "--half-width", "0.05", "--level", "0.9"], dg.Adaptive),
        (["quasi", "--n", "4000", "--replicates", "8"], dg.QuasiMonteCarlo),
        (["stratified", "--n", "4000"], dg.Stratified),
    ],
)
def test_other_methods(options, method):
    settings = {"adaptive": {"half_width": 0.05, "level": 0.9}}.get(options[0], {"n": 4000})
    if options[0] == "quasi":
        settings["replicates"] = 8
    m = dg.convergent_measure(F, SQUARE, method=method(**settings), rng=2)
    assert without_origin(answer(*ON_SQUARE, "--method", *options, "--seed", 2)) == as_json(m)


SETTINGS = {
    "monte-carlo": ["--n", "500"],
    "adaptive": ["--half-width", "0.1"],
    "quasi": ["--n", "500"],
    "stratified": ["--n", "500"],
    "splitting": ["--n", "500", "--moves", "3", "--replicates", "3"],
    "enclosure": ["--seconds", "2"],
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_there(name):
    """Under the double well with step size 1/2 the starts between ±√5 converge."""
    well = ["x**4/4 - x**2/2", "--variables", "x", "--step-size", "1/2"]
    found = answer(*well, "--lower", "-3", "--upper", "3", "--method", name, *SETTINGS[name])
    low, high = found["volume_interval"]
    assert low - 0.2 < 2 * 5**0.5 < high + 0.2


def test_staying_bounded_is_another_event():
    options = [*PRODUCT, "--step-size", "11/5", "--lower", "-3", "--upper", "3"]
    found = answer(*options, "--bounded-for", "2", "--n", "1000")
    assert found["target"] == "survival of 2 steps within 1e+08"
    refused = run(*options, "--bounded-for", "20", "--method", "enclosure")
    assert refused.exit_code == 2
    assert "Error: --to, --bounded-for: got Survival(steps=20" in refused.stderr
    both = run(*options, "--bounded-for", "20", "--to", "minima")
    assert "give one of them" in both.stderr


def test_laws_rules_and_targets():
    law = dg.Gaussian([0, 0], 0.5)
    few = ["--n", "300", "--seed", "0", "--steps", "400"]
    settings = {"method": dg.MonteCarlo(n=300), "budget": dg.Budget(steps=400), "rng": 0}
    heavy = dg.convergent_measure(dg.HeavyBall(LOSS, "1/5", "1/2"), law, **settings)
    rule = ["--step-size", "0.2", "--momentum", "0.5", "--normal", "1/2", "--to", "minima"]
    assert without_origin(answer(*PRODUCT, *rule, *few)) == as_json(heavy)
    bowl = ["--map", "r*x*(1-x)", "--variables", "x", "--parameters", "r=5/2"]
    found = answer(*bowl, "--lower", "0", "--upper", "1", *few)
    assert (found["target"], found["lower"]) == ("fixed_points", 1.0)


def test_the_number_of_workers_changes_nothing():
    assert answer(*FEW, "--workers", 2) == answer(*FEW)


# --- files ---------------------------------------------------------------------------------------


def test_the_answer_is_written_and_only_answers_are_replaced(tmp_path):
    out = tmp_path / "answer.json"
    for n in ("300", "400"):
        result = run(*ON_SQUARE, "--n", n, "--out", out)
        assert f"Written: {out}" in result.stdout
        assert json.loads(out.read_text(encoding="utf-8"))["n"] == int(n)
    for content in ("dear diary", '{"made_by": "dynsys-gd orbits"}', ""):
        out.write_text(content, encoding="utf-8")
        result = run(*FEW, "--out", out)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: --out: got")
        assert out.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("place", ["", "no/such/folder/answer.json"])
def test_places_for_the_answer_that_are_none(tmp_path, place):
    result = run(*FEW, "--out", tmp_path / place)
    assert result.exit_code == 2
    assert "Error: --out: got 'a f" in result.stderr


def test_a_checkpoint_gives_the_same_again_and_belongs_to_one_run(tmp_path):
    path = tmp_path / "file"
    fresh = [*ON_SQUARE, "--n", "300", "--checkpoint", path]
    first = answer(*fresh)
    before = path.read_bytes()
    assert answer(*fresh) == first
    assert answer(*fresh, "--seed", first["seed"]) == first
    other = run(*fresh, "--steps", "100")
    assert other.exit_code == 2
    assert "--checkpoint: got 'a file of another run (other budget)" in other.stderr
    assert other.stderr.count("\n") == 1
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path):
    path = tmp_path / "file"
    options = [*ON_SQUARE, "--n", "400000", "--seed", "5", "--checkpoint", str(path)]
    command = [sys.executable, "-m", "dynsys_gd.cli", "measure", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (path.exists() and path.read_bytes().count(b"\n") > 3):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == f"What is done is in {path}: the same command goes on.\nStopped.\n"
    kept = path.read_bytes()
    assert kept.count(b"\n") < 40
    m = dg.convergent_measure(F, SQUARE, method=dg.MonteCarlo(n=400_000), rng=5)
    assert without_origin(answer(*options)) == as_json(m)
    assert path.read_bytes().startswith(kept)


def test_lost_workers_are_no_fault_of_the_user(monkeypatch):
    class Broken:
        def submit(self, *_):
            raise RuntimeError("cannot schedule new futures after shutdown")

    class Pool:
        def __init__(self, _):
            pass

        def __enter__(self):
            return Broken()

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(running_options, "processes", Pool)
    result = run(*FEW, "--workers", 2)
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: executor: it broke while it computed")
    assert result.stderr.count("\n") == 1


# --- what cannot be asked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "give a loss, or --map"),
        (["x**2", "--map", "x/2"], "give a loss, or --map"),
        (["x**2"], "--variables is missing"),
        (["x**2", "--variables", "x"], "give both corners"),
        (["x**2", "--variables", "x", "--lower", "1", "--upper", "2"], "--step-size is missing"),
        ([*ON_SQUARE, "--normal", "1"], "not both"),
        ([*ON_SQUARE, "--nesterov"], "needs --momentum"),
        (["--map", "x/2", "--variables", "x", "--step-size", "1", "--normal", "1"], "to a loss"),
        ([*ON_SQUARE, "--method", "adaptive"], "--method adaptive needs --half-width"),
        ([*ON_SQUARE, "--method", "quasi", "--half-width", "0.1"], "does not belong to --method q"),
        ([*ON_SQUARE, "--n", "0"], "--n: got 0"),
        ([*ON_SQUARE, "--level", "95"], "--level: got 95.0"),
        ([*PRODUCT, "--step-size", "much", "--normal", "1"], "--step-size: got 'much'"),
        ([*PRODUCT, "--step-size", "1", "--normal", "wide"], "--normal: got 'wide'"),
        ([*PRODUCT, "--step-size", "1", "--lower", "3", "--upper", "-3"], "--lower, --upper: got"),
        ([*PRODUCT, "--step-size", "1", "--lower", "1,2,3", "--upper", "4"], "--upper: got"),
        ([*FEW, "--checkpoint", "/"], "--checkpoint: got 'a folder"),
        ([*FEW, "--seed", "-1"], "--seed"),
        ([*FEW, "--workers", "0"], "--workers"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_readable_line(args, said):
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert result.stdout == ""
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error")]) == 1


# --- the scan ------------------------------------------------------------------------------------

SCAN = ["--lower", "-3", "--upper", "3", "--n", "500", "--refine", "2", "--steps", "300"]


def test_a_scan_of_the_step_size():
    want = dg.transition(
        dg.GradientDescent(LOSS, eta),
        "eta",
        ["1/2", "9/10", "13/10"],
        region=SQUARE,
        method=dg.MonteCarlo(n=500),
        refine=dg.Refinement(points=2),
        budget=dg.Budget(steps=300),
        rng=4,
    )
    args = [*PRODUCT, "--parameter", "eta", "--values", "0.5:1.3:3", *SCAN, "--seed", "4"]
    assert without_origin(answer(*args, command="transition")) == as_json(want)
    shown = run(*args, command="transition").stdout
    assert shown.splitlines()[0] == want.headline()
    assert re.search(r"^ *0\.9 +0\.\d+", shown, flags=re.M)
    assert "theory: critical step size 1 (PROVED)" in shown


def test_a_scan_of_another_parameter_goes_on_from_a_file(tmp_path):
    args = ["x**4/4 - a*x**2/2", "--variables", "x", "--parameter", "a", "--values", "1/2,1,5/2,3"]
    args += ["--step-size", "1/2", *SCAN[:-2], "--checkpoint", tmp_path / "file"]
    first = answer(*args, command="transition")
    before = (tmp_path / "file").read_bytes()
    assert answer(*args, command="transition") == first
    assert (tmp_path / "file").read_bytes() == before
    assert first["parameter"] == "a"
    assert Fraction(first["critical"]["low"]) < 2 < Fraction(first["critical"]["high"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--values", "0.2:1.2:11"], "'--parameter'"),
        (["--parameter", "eta"], "'--values'"),
        (["--parameter", "eta", "--values", "0.2:1.2"], "write FIRST:LAST:COUNT"),
        (["--parameter", "eta", "--values", "0.2:1.2:1"], "at least two values"),
        (["--parameter", "eta", "--values", "1,0.5"], "--values: got"),
        (["--parameter", "eta", "--values", "1,soon"], "--values: got 'soon'"),
        (["--parameter", "b", "--values", "1,2", "--step-size", "1/2"], "--parameter: got 'b'"),
    ],
)
def test_scans_that_cannot_be(args, said):
    result = run(*PRODUCT, "--lower", "-3", "--upper", "3", *args, command="transition")
    assert result.exit_code == 2, result.output
    assert said in result.stderr


# --- the page ------------------------------------------------------------------------------------


def commands():
    """Yield the commands of the page with what it shows below them, or None."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, flags=re.S)
    following = [*blocks[1:], ("", "")]
    for (kind, command), (kind_below, below) in zip(blocks, following, strict=True):
        if kind == "bash":
            yield command.strip(), below if kind_below == "text" else None


def test_the_page_shows_what_is_printed():
    shown = [(command, below) for command, below in commands() if below is not None]
    assert len(shown) == 2
    for command, below in shown:
        _, name, *args = shlex.split(command)
        printed = run(*args, command=name).stdout.splitlines()
        lines = below.splitlines()
        assert len(printed) == len(lines)
        for line, expected in zip(printed, lines, strict=True):
            assert line == expected or line.startswith("  cost: ")


def test_the_long_command_of_the_page_is_understood(monkeypatch):
    asked = {}

    def stop(F, region, **how):
        asked.update(how)
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsys_gd.measure.convergent.convergent_measure", stop)
    (command,) = (command for command, below in commands() if below is None)
    _, name, *args = shlex.split(command)
    result = run(*args, command=name)
    assert result.exit_code == 130
    assert "the same command goes on" in result.stderr
    assert asked["method"] == dg.MonteCarlo(n=100_000_000)
    assert asked["checkpoint"] == "product.checkpoint"
