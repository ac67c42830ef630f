"""Options that take several values, and what ends them."""

import click
import pytest
from click.testing import CliRunner

from dynsys_gd.cli.arguments import ANY, ASSIGNMENT, NAME, Several, SpreadCommand, spread


@click.command(cls=SpreadCommand)
@click.argument("expression")
@click.option("--variables", cls=Several, each=NAME, required=True)
@click.option("--parameters", cls=Several, each=ASSIGNMENT)
@click.option("--plot")
def analyse(expression, variables, parameters, plot):
    click.echo(repr((expression, variables, parameters, plot)))


def run(*args):
    return CliRunner().invoke(analyse, args)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("x*y", "--variables", "x", "y"), ("x*y", ("x", "y"), (), None)),
        (("x*y", "--variables", "x,y"), ("x*y", ("x,y",), (), None)),
        (("x*y", "--variables", "x,", "y"), ("x*y", ("x,", "y"), (), None)),
        (("x*y", "--variables=x", "y"), ("x*y", ("x", "y"), (), None)),
        (("--variables", "x", "y", "x*y"), ("x*y", ("x", "y"), (), None)),
        (("--variables", "x", "--plot", "p.png", "x**2"), ("x**2", ("x",), (), "p.png")),
        (("--variables", "x", "--variables", "y", "x*y"), ("x*y", ("x", "y"), (), None)),
        (
            ("a*x", "--variables", "x", "--parameters", "a=-1", "b=1/2"),
            ("a*x", ("x",), ("a=-1", "b=1/2"), None),
        ),
        (("--variables", "x", "--", "-x**2"), ("-x**2", ("x",), (), None)),
    ],
)
def test_values_go_where_the_reader_expects_them(args, expected):
    result = run(*args)
    assert result.exit_code == 0, result.output
    assert result.output.strip() == repr(expected)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("x*y",), "Missing option '--variables'"),
        (("x*y", "--variables"), "requires an argument"),
        (("x*y", "--variables", "x", "--vairables", "y"), "No such option"),
        (("-x**2", "--variables", "x"), "minus sign in parentheses"),
        (("x*y", "x", "--variables", "y"), "unexpected extra argument"),
    ],
)
def test_usage_errors_are_clicks_own(args, message):
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.output


def test_columns_may_be_named_anything_but_like_an_option():
    target = Several(["--target"], each=ANY)
    args = ["--target", "petal length (cm)", "2nd", "--seed", "1"]
    expected = ["--target", "petal length (cm)", "--target", "2nd", "--seed", "1"]
    assert spread(args, [target]) == expected
