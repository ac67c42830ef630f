"""The table of periodic orbits: counts, kinds, what is refused, what is saved."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import dynsys_gd as dg
from dynsys_gd.cli import orbit_progress
from dynsys_gd.cli.main import main
from dynsys_gd.cli.orbit_table import PeriodRow, points_of_power
from dynsys_gd.orbits.orbit_set import OrbitSet

HIMMELBLAU = "(x**2+y-11)**2 + (x+y**2-7)**2"


def run(*args):
    return CliRunner().invoke(main, ["orbits", *args])


def cells(output):
    """Return the rows of the table as lists of cells."""
    lines = [line for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def columns(output, *places):
    return [tuple(row[place] for place in places) for row in cells(output)]


@pytest.mark.parametrize("example", ["henon", "henon-momentum"])
def test_the_henon_table(example):
    result = run("--example", example, "--periods", "1-10")
    assert result.exit_code == 0, result.output
    orbits = [2, 1, 0, 1, 0, 2, 4, 7, 6, 10]
    points = [2, 4, 2, 8, 2, 16, 30, 64, 56, 104]
    expected = [(str(n), str(count), str(points[n - 1])) for n, count in enumerate(orbits, start=1)]
    assert columns(result.stdout, 0, 1, 2) == expected
    assert set(columns(result.stdout, 4, 5)) == {("0", "yes")}
    assert "10 periods, 33 orbits" in result.stdout
    assert "every list is complete" in result.stdout
    assert "Evidence: CERTIFIED" in result.stdout
    assert result.stderr.count("complete") == 10


def test_the_table_of_the_page_is_what_is_printed():
    page = (Path(__file__).parents[2] / "docs" / "orbits.md").read_text(encoding="utf-8")
    places = (0, 1, 2, 4, 5, 6, 7)  # without boxes and seconds
    shown = columns(page, *places)
    printed = columns(run("--example", "henon", "--periods", "1-12").stdout, *places)
    assert len(shown) == 20
    assert shown[:12] == printed


def test_the_logistic_map_at_the_full_shift():
    result = run("--example", "logistic", "--periods", "1-6")
    assert columns(result.stdout, 1, 2) == [
        ("2", "2"),
        ("1", "4"),
        ("2", "8"),
        ("3", "16"),
        ("6", "32"),
        ("9", "64"),
    ]


def test_a_loss_with_its_step_size():
    result = run(
        HIMMELBLAU, "--variables", "x", "y", "--step-size", "1/40",
        "--lower", "-16", "--upper", "16", "--periods", "1,2",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert columns(result.stdout, 0, 1, 2, 5) == [
        ("1", "9", "9", "yes"),
        ("2", "11", "31", "yes"),
    ]
    assert "step size 1/40" in result.stdout


# Two points ±c: heavy ball needs 3 c = (c³ - c)/10, c = √31, Nesterov 3 c = (8 c³ - 2 c)/10, c = 2.
@pytest.mark.parametrize(("rule", "count"), [((), "0"), (("--nesterov",), "1")])
def test_a_loss_with_momentum(rule, count):
    result = run(
        "x**4/4 - a*x**2/2", "--variables", "x", "--step-size", "0.1", "--momentum", "1/2", *rule,
        "--parameters", "a=1", "--lower", "-3", "--upper", "3", "--periods", "1-2",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert columns(result.stdout, 0, 1) == [("1", "3"), ("2", count)]
    assert ("Nesterov" in result.stdout) == bool(rule)


def test_a_map_given_by_its_images():
    result = run(
        "--map", "1 - a*x**2 + y, 3/10*x", "--variables", "x,y", "--parameters", "a=1.4",
        "--lower", "-1.43,-0.43", "--upper", "1.43,0.43", "--periods", "7",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert columns(result.stdout, 0, 1, 2) == [("7", "4", "–")]
    assert "takes all periods that divide n" in result.stdout


def test_other_methods():
    args = ("--example", "logistic", "--periods", "1,2", "--method")
    exact = run(*args, "exact")
    assert columns(exact.stdout, 1, 3, 5, 6) == [
        ("2", "–", "yes", "2"),
        ("1", "–", "yes", "1"),
    ]
    assert "sources" in exact.stdout
    assert "saddles" not in exact.stdout
    assert "Evidence: PROVED" in exact.stdout
    newton = run(*args, "newton")
    assert columns(newton.stdout, 1, 2, 5) == [("2", "≥ 2", "no"), ("1", "≥ 4", "no")]
    assert "2 not known to be complete" in newton.stdout
    assert "Evidence: NUMERICAL" in newton.stdout


def test_a_second_proof():
    result = run("--example", "henon", "--periods", "1,2,4", "--audit")
    assert result.exit_code == 0, result.output
    assert columns(result.stdout, 1, 5) == [("2", "yes"), ("1", "yes"), ("1", "yes")]
    assert "ball arithmetic" in " ".join(result.stdout.split())


def test_kinds_are_counted_and_fit_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr("dynsys_gd.cli.terminal._WIDTH_OF_FILES", 80)
    result = run("--example", "henon", "--periods", "6,7,20")
    assert columns(result.stdout, 0, 1, 6, 7) == [
        ("6", "2", "1", "1"),
        ("7", "4", "2", "2"),
        ("20", "535", "270", "265"),
    ]
    assert max(map(len, result.stdout.splitlines()[1:8])) <= 80


def test_what_stays_open_is_said():
    # A fold: at the birth of the orbit of period 3 it is not isolated enough for a proof.
    result = run(
        "--map", "x + x**2", "--variables", "x", "--lower", "-1", "--upper", "1", "--periods", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    ((orbits, points, clusters, complete),) = columns(result.stdout, 1, 2, 4, 5)
    assert (orbits, points, complete) == ("0", "≥ 0", "no")
    assert int(clusters) >= 1
    assert re.search(r"Period 1: .*unresolved", result.stdout)


def test_families_are_infinitely_many_points():
    empty = OrbitSet(
        title="t", orbits=(), complete=True, why="", evidence=dg.fixed_points(_loss_map()).evidence
    )
    rows = [PeriodRow(1, dg.fixed_points(_loss_map()), 0.0), PeriodRow(2, empty, 0.0)]
    assert [points_of_power(rows, n) for n in (1, 2, 3)] == ["∞", "∞", "–"]
    assert rows[0].kinds() == {"regular saddle": 1, "family": 1}


def _loss_map():
    return dg.GradientDescent(dg.parse_loss("(x*y-1)**2/2", ["x", "y"]), "1/2")


def test_everything_is_saved(tmp_path):
    folder = tmp_path / "new" / "henon"
    args = ("--example", "henon", "--periods", "1-4", "--save", str(folder))
    for _ in range(2):  # an earlier result is replaced
        result = run(*args)
        assert result.exit_code == 0, result.output
    assert str(folder) in result.stdout.replace("\n", "")
    data = json.loads((folder / "orbits.json").read_text("utf-8"))
    assert [len(p["orbits"]) for p in data["periods"]] == [2, 1, 0, 1]
    assert all(p["complete"] for p in data["periods"])
    assert data["box"] == {"low": [-1.43, -0.43], "high": [1.43, 0.43]}
    with (folder / "orbits.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 + 2 + 4
    henon = dg.textbook.henon()
    orbit = [line for line in lines if line["period"] == "4"]
    points = np.array([[float(line["x"]), float(line["y"])] for line in orbit])
    np.testing.assert_allclose(henon(points), np.roll(points, -1, axis=0), atol=1e-12)
    for line in lines:
        for name in "xy":
            assert float(line[f"{name}_lower"]) <= float(line[name]) <= float(line[f"{name}_upper"])
    first = data["periods"][3]["orbits"][0]
    assert np.array_equal(first["points"], points)
    assert np.array(first["enclosure"]).shape == np.array(first["unique_in"]).shape == (4, 2, 2)


def test_files_of_another_origin_stay(tmp_path):
    (tmp_path / "orbits.csv").write_text("mine", encoding="utf-8")
    result = run("--example", "henon", "--periods", "1", "--save", str(tmp_path))
    assert result.exit_code == 2
    assert "--save" in result.stderr
    assert (tmp_path / "orbits.csv").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    result = run("--example", "henon", "--periods", "1-2", "--save", str(file / "inside"))
    assert result.exit_code == 2
    assert "--save" in result.stderr
    assert "a folder that can be written" in result.stderr
    assert "period" not in result.stderr  # refused before the search


def test_an_interrupt_keeps_what_is_finished(tmp_path, monkeypatch):
    real = orbit_progress.counted

    def interrupted(*args, **more):
        rows = real(*args, **more)
        yield next(rows)
        yield next(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(orbit_progress, "counted", interrupted)
    result = run("--example", "henon", "--periods", "1-9", "--save", str(tmp_path / "part"))
    assert result.exit_code == 130
    assert columns(result.stdout, 0, 1) == [("1", "2"), ("2", "1")]
    assert "7 of 9 periods are missing" in result.stderr
    data = json.loads((tmp_path / "part" / "orbits.json").read_text("utf-8"))
    assert [p["period"] for p in data["periods"]] == [1, 2]


BOX = ("--lower", "-2", "--upper", "2")
LOSS = ("x**2", "--variables", "x")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "one of: a loss, --map, --example"),
        (("x**2", "--example", "henon"), "one of: a loss, --map, --example"),
        (("--example", "lorenz"), "'lorenz'"),
        (("--example", "henon", "--variables", "x"), "--variables"),
        (("--example", "henon", "--parameters", "a=1"), "--map"),
        (("--example", "henon", "--step-size", "1"), "belong to a loss"),
        (("x**2", "--step-size", "1", *BOX), "--variables is missing"),
        ((*LOSS, *BOX), "--step-size is missing"),
        ((*LOSS, "--step-size", "1"), "--lower and --upper"),
        ((*LOSS, "--step-size", "1", "--lower", "-1"), "both corners"),
        ((*LOSS, "--step-size", "-1", *BOX), "--step-size"),
        ((*LOSS, "--step-size", "1", "--momentum", "2", *BOX), "--momentum"),
        ((*LOSS, "--step-size", "1", "--nesterov", *BOX), "--nesterov needs"),
        ((*LOSS, "--step-size", "1", "--lower", "0", "--upper", "0"), "--lower, --upper"),
        ((*LOSS, "--step-size", "1", "--lower", "0", "--upper", "inf"), "--upper"),
        ((*LOSS, "--step-size", "1", "--lower", "0", "--upper", "nan"), "--upper"),
        ((*LOSS, "--step-size", "1", "--lower", "0,0", "--upper", "1,1,1"), "--upper"),
        ((*LOSS, "--step-size", "1", "--lower", "0,0,0", "--upper", "1,1,1"), "--lower, --upper"),
        (("a*x**2", "--variables", "x", "--step-size", "1", *BOX), "a"),
        (("--map", "x, y", "--variables", "x", *BOX), "--map: got"),
        (("--map", "x^2", "--variables", "x", *BOX), "**"),
        (("--example", "henon", "--periods", "0"), "start at 1"),
        (("--example", "henon", "--periods", "5-2"), "ascend"),
        (("--example", "henon", "--periods", "1-99999"), "at most 1000"),
        (("--example", "henon", "--periods", "two"), "such as 1-6,8"),
        (("--example", "henon", "--method", "exact", "--audit"), "--audit"),
        (("--example", "henon", "--seconds", "0"), "--seconds"),
    ],
)
def test_bad_usage_is_one_line(args, told):
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_progress_goes_to_stderr_and_the_table_to_stdout():
    command = [sys.executable, "-m", "dynsys_gd.cli", "orbits", "--example", "logistic"]
    done = subprocess.run([*command, "--periods", "1,2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[2/2]" in done.stderr
    assert "[2/2]" not in done.stdout
    assert done.stdout.startswith("Periodic orbits of the map")
