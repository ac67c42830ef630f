"""A user's table ends in verdicts or in one line that says what to do."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from dynsys_gd.cli.checking import check
from dynsys_gd.cli.main import main
from dynsys_gd.cli.own_data import table_jobs

CHEAP = ("--claim", "minima_form_a_manifold", "--workers", "1")


def write(path, rows, header="a,b,c,y"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


@pytest.fixture
def rows():
    """Return twenty rows of three features and a target that depends on them."""
    X = np.random.default_rng(0).normal(size=(20, 3)).round(2)
    return [[*map(float, x), round(float(x @ [1, 2, 3]), 2)] for x in X]


def run(path, *args, out):
    command = ["verify", "--data", path, *args, "--out", str(out), *CHEAP]
    return CliRunner().invoke(main, command)


def assert_one_clear_line(result, *pieces):
    assert result.exit_code == 2, result.output
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("Error: ")]
    for piece in pieces:
        assert piece in line
    assert "Traceback" not in result.output


def test_the_columns_that_were_used_are_said(tmp_path, rows):
    names = ["oak", "elm", "ash"]
    path = write(tmp_path / "t.csv", [[*row[:3], names[k % 3]] for k, row in enumerate(rows)])
    result = run(path, "--target", "y", "--depth", "3", "--width", "4", out=tmp_path / "r")
    assert result.exit_code == 0, result.output
    for words in (
        "Features: a, b, c",
        "Targets: y=ash, y=elm, y=oak",
        "Network: linear network 3-4-4-3 on 20 samples, 40 weights",
        "Critical step size: ",
        "Known by: CERTIFIED",
    ):
        assert words in result.stderr
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert "y=ash, y=elm, y=oak" in page
    data = json.loads((tmp_path / "r" / "verdicts.json").read_text(encoding="utf-8"))
    assert ["Features", "a, b, c"] in data["data"]


def test_several_targets_and_features_after_one_flag(tmp_path, rows):
    path = write(tmp_path / "t.csv", rows)
    result = run(path, "--target", "y", "c", "--features", "b", "a", out=tmp_path / "r")
    assert result.exit_code == 0, result.output
    assert "Features: b, a\n" in result.stderr
    assert "Targets: y, c\n" in result.stderr
    assert "network 2-2-2 on t.csv" in result.stderr


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (lambda rows: rows[4].__setitem__(1, ""), ("--data", "missing", "b in row 5")),
        (lambda rows: rows[4].__setitem__(1, "x"), ("--features: ", "write --features a c")),
        (lambda rows: rows[4].__setitem__(3, "inf"), ("--data", "row 5 of column y")),
        (lambda rows: rows.__delitem__(slice(1, None)), ("--data", "one row")),
        (lambda rows: rows.clear(), ("--data", "no rows")),
        (lambda rows: [r.__setitem__(0, r[0] * 1e-12) for r in rows], ("comparable units",)),
        (lambda rows: [r.__setitem__(0, r[0] * 1e150) for r in rows], ("in other units",)),
    ],
    ids=["missing", "text", "infinite", "one-row", "no-row", "ill-scaled", "huge"],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, rows, change, pieces):
    change(rows)
    path = write(tmp_path / "t.csv", rows)
    assert_one_clear_line(run(path, "--target", "y", out=tmp_path / "r"), *pieces)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("columns", "values"),
    [((1,), 7), ((0, 1, 2), 7), ((1,), 0), ((0, 1, 2), 0), ((3,), 5), ((3,), 0)],
    ids=["one", "all-features", "zero-feature", "zero-features", "target", "zero-target"],
)
def test_constant_columns_end_in_a_verdict(tmp_path, rows, columns, values):
    for row in rows:
        for column in columns:
            row[column] = values
    path = write(tmp_path / "t.csv", rows)
    jobs, used = table_jobs(path, ["y"], [], depth=None, width=None)
    assert any(label == "Note" and "is constant" in text for label, text in used)
    for job in jobs:
        if job.claim in ("non_singular_map", "minima_form_a_manifold"):
            checked = check(job, 0)
            assert checked.failure == ""
            assert checked.as_the_theorems_say


@pytest.mark.parametrize(
    ("args", "pieces"),
    [
        (("--target", "z"), ("--target: got 'z'", "a, b, c, y")),
        (("--target", "y", "--features", "q"), ("--features: got 'q'",)),
        (("--target", "y", "--features", "y"), ("--features: got 'y'", "not targets")),
        (("--target", "y", "--depth", "9", "--width", "60"), ("weights", "smaller depth")),
    ],
)
def test_columns_and_networks_that_do_not_exist(tmp_path, rows, args, pieces):
    path = write(tmp_path / "t.csv", rows)
    assert_one_clear_line(run(path, *args, out=tmp_path / "r"), *pieces)


def test_a_missing_file_from_the_shell(tmp_path, rows):
    write(tmp_path / "homes.csv", rows)
    command = [sys.executable, "-m", "dynsys_gd.cli", "verify"]
    done = subprocess.run(
        [*command, "--data", "homes.cvs", "--target", "y"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Error: --data: got 'homes.cvs'" in done.stderr
    assert "did you mean homes.csv?" in done.stderr
    assert "Traceback" not in done.stderr


def test_theorems_hold_on_a_table(tmp_path, rows):
    jobs, _ = table_jobs(write(tmp_path / "t.csv", rows), ["y"], [], depth=None, width=None)
    few = [replace(job, starts=50) for job in jobs if job.name != "transition"]
    found = {job.name: check(job, 0) for job in few}
    assert all(item.failure == "" for item in found.values())
    statuses = {name: item.verdict["status"] for name, item in found.items()}
    assert statuses == {
        "non-singular": "verified",
        "manifold": "verified",
        "no-stable-minimum": "verified",
        "null-set": "verified",
        "null-set-below": "silent",
    }
    assert found["null-set-below"].verdict["observed"] == "no"


def test_a_zero_target_has_no_step_size_beyond_its_critical_one(tmp_path, rows):
    path = write(tmp_path / "t.csv", [[*row[:3], 0] for row in rows])
    jobs, used = table_jobs(path, ["y"], [], depth=None, width=None)
    assert "inf" in dict(used)["Critical step size"]
    null_set = check(next(replace(job, starts=50) for job in jobs if job.name == "null-set"), 0)
    assert null_set.verdict["status"] == "silent"


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    n = 10**6
    values = np.random.default_rng(0).integers(-99, 99, (n, 3))
    text = "\n".join(map("%d,%d,%d".__mod__, map(tuple, values.tolist())))
    path = tmp_path / "big.csv"
    path.write_text(f"a,b,y\n{text}\n")
    result = run(str(path), "--target", "y", out=tmp_path / "r")
    assert result.exit_code == 0, result.output
    assert "1000000 rows" in result.stderr
    assert "1 verified" in result.stdout
