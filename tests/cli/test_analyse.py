"""The stability card: exact answers, honest ones where there are none, one-line errors."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from dynsys_gd.cli.main import main


def run(*args):
    return CliRunner().invoke(main, ["analyse", *args])


def cells(output):
    """Return the rows of the table as lists of cells."""
    lines = [line for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_the_command_of_the_readme():
    result = run("(x*y-1)**2/2", "--variables", "x", "y", "--step-size", "1/2")
    assert result.exit_code == 0, result.output
    assert "Critical step size 1, PROVED, attained at (1, 1) and (-1, -1)" in result.stdout
    assert "Critical points: 1 family and 1 point; complete" in result.stdout
    family, saddle = cells(result.stdout)
    assert family[:2] == ["x*y = 1 (dimension 1)", "global minimum"]
    assert set(re.findall(r"\w\^2", family[2])) == {"x^2", "y^2"}
    assert family[3:] == ["x^2 + y^2 < 2/eta", "stable where x^2 + y^2 < 4"]
    assert saddle == ["(0, 0)", "saddle", "1 + eta, 1 - eta", "no eta", "saddle: 3/2, 1/2"]


def test_the_step_size_may_be_left_open():
    result = run("x**4/4 - x**2/2", "--variables", "x")
    assert result.exit_code == 0, result.output
    assert cells(result.stdout) == [
        ["(-1)", "global minimum", "1 - 2*eta", "0 < eta < 1"],
        ["(0)", "maximum", "1 + eta", "no eta"],
        ["(1)", "global minimum", "1 - 2*eta", "0 < eta < 1"],
    ]


def test_a_multiplier_of_size_one_is_neutral():
    result = run("x**4/4 - x**2/2", "--variables", "x", "--step-size", "1")
    assert [row[-1] for row in cells(result.stdout)] == [
        "neutral: -1",
        "source: 2",
        "neutral: -1",
    ]


def test_parameters_get_their_values_by_name():
    args = ("(x*y-a)**2/2", "--variables", "x,y", "--parameters", "a=3", "b=7")
    result = run(*args, "--step-size", "0.1")
    assert result.exit_code == 0, result.output
    assert "Critical step size 1/3" in result.stdout
    assert "step size 1/10" in result.stdout


def test_a_variable_may_be_called_eta():
    result = run("eta**2/2", "--variables", "eta")
    assert cells(result.stdout)[0][2:] == ["1 - h", "0 < h < 2"]


def test_undecided_is_said_and_numbers_keep_their_grade():
    result = run("exp(x) - x + exp(y) - y + x*y/4", "--variables", "x", "y")
    assert result.exit_code == 0, result.output
    assert "Critical points: undecided" in result.stdout
    assert "not a polynomial" in result.stdout
    assert "dynsys-gd orbits" in result.stdout
    assert "with open parameters" not in result.stdout
    assert re.search(r"Critical step size 1\.\d+, NUMERICAL", result.stdout)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_of_fates(tmp_path, ending):
    file = tmp_path / f"fates.{ending}"
    args = ("x**4/4 - x**2/2", "--variables", "x", "--step-size", "1/2", "--plot", str(file))
    result = run(*args)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"Picture: {file}\n")
    assert file.read_bytes().startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("x*y", "--variables", "x"), "EXPRESSION: got 'y'"),
        (("__import__('os')", "--variables", "x"), "EXPRESSION: got '__import__'"),
        (("x**2", "--variables", "2x"), "--variables: got"),
        (("x**2", "--variables", "x", "x"), "--variables: got"),
        (("x**2", "--variables", "x", "--step-size", "-1"), "--step-size: got '-1'"),
        (("x**2", "--variables", "x", "--step-size", "a"), "--step-size: got 'a'"),
        (("a*x", "--variables", "x", "--parameters", "a"), "write NAME=NUMBER"),
        (("a*x", "--variables", "x", "--parameters", "a=1", "a=2"), "given twice"),
        (("a*x", "--variables", "x", "--parameters", "a=b"), "a: got 'b'"),
        (("-x**2", "--variables", "x"), "in parentheses"),
        (("x**2", "--variables", "x", "--plot", "p.png"), "--plot needs --step-size"),
        (("x**2", "--variables", "x", "--step-size", "1", "--plot", "p.gif"), ".png or .svg"),
        (
            ("x*y*z", "--variables", "x", "y", "z", "--step-size", "1", "--plot", "p.png"),
            "one or two variables",
        ),
        (
            ("x**2", "--variables", "x", "--step-size", "1", "--plot", "/dev/null/p.png"),
            "--plot: got",
        ),
    ],
)
def test_bad_usage_is_one_clear_line(args, message):
    result = run(*args)
    assert result.exit_code == 2, result.output
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in result.output


def test_help_comes_from_the_shell_without_heavy_packages():
    code = (
        "import sys; import dynsys_gd.cli.main;"
        "print([m for m in ('matplotlib', 'jax', 'pandas', 'jinja2', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
