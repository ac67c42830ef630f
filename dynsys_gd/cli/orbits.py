"""``dynsys-gd orbits``: the table of periodic orbits of a loss under a rule, or of any map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInput
from .arguments import ASSIGNMENT, NAME, Several, SpreadCommand, in_words_of_the_command
from .written import (
    assignments,
    names_of,
    whole_numbers,
    written_box,
    written_loss,
    written_map,
    written_rule,
)

if TYPE_CHECKING:
    from ..maps.base import Map
    from ..orbits.question import OrbitMethod
    from ..regions import Box
    from .orbit_table import PeriodRow

__all__ = ["orbits"]

INTERRUPTED = 130

_EXAMPLES = ("henon", "henon-momentum", "logistic")
_METHODS = ("krawczyk", "exact", "newton", "auto")
_FLAGS = {
    "text": "EXPRESSION",
    "variables": "--variables",
    "parameters": "--parameters",
    "step_size": "--step-size",
    "momentum": "--momentum",
    "region": "--lower, --upper",
    "low": "--lower",
    "high": "--upper",
    "low, high": "--lower, --upper",
}


@click.command(cls=SpreadCommand, short_help="Count the periodic orbits in a box, with proof.")
@click.argument("expression", required=False)
@click.option(
    "--variables",
    cls=Several,
    each=NAME,
    metavar="NAME…",
    help="The coordinates, in order: `--variables x y` or `--variables x,y`.",
)
@click.option(
    "--step-size", metavar="NUMBER", help="With a loss: the step size; `1/2` and `0.5` are exact."
)
@click.option(
    "--momentum", metavar="NUMBER", help="With a loss: heavy-ball momentum.  [default: none]"
)
@click.option("--nesterov", is_flag=True, help="With --momentum: Nesterov's instead.")
@click.option(
    "--map",
    "images",
    metavar="IMAGES",
    help="Instead of a loss: the images of the coordinates, with commas between them.",
)
@click.option(
    "--example",
    type=click.Choice(_EXAMPLES),
    help="Instead of both: a textbook map, in the box of its bounded orbits.",
)
@click.option(
    "--parameters",
    cls=Several,
    each=ASSIGNMENT,
    metavar="NAME=NUMBER…",
    help="Values of the other names in the expression or the images.",
)
@click.option(
    "--lower",
    metavar="NUMBERS",
    help="Lower corner of the box: `-2,-1`, or one number for all coordinates.",
)
@click.option("--upper", metavar="NUMBERS", help="Upper corner of the box.")
@click.option(
    "--periods",
    metavar="NUMBERS",
    default="1-6",
    show_default=True,
    help="Least periods: `1-20`, `3,5,8-10`. Period 1 is fixed points.",
)
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="krawczyk",
    show_default=True,
    help="krawczyk: branch and bound with proof. exact: algebra. newton: from many starts, never "
    "known to be complete. auto: the one of these that fits.",
)
@click.option("--audit", is_flag=True, help="Prove every orbit again in ball arithmetic.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    help="Time limit for each period; what is open then is said to be open.",
)
@click.option(
    "--save",
    metavar="FOLDER",
    help="Write all orbits with their enclosures: orbits.csv and orbits.json.",
)
@click.pass_context
def orbits(
    ctx: click.Context,
    expression: str | None,
    variables: tuple[str, ...],
    step_size: str | None,
    momentum: str | None,
    nesterov: bool,
    images: str | None,
    example: str | None,
    parameters: tuple[str, ...],
    lower: str | None,
    upper: str | None,
    periods: str,
    method: str,
    audit: bool,
    seconds: float,
    save: str | None,
) -> None:
    """Count the periodic orbits of a map in a box, period by period.

    For each least period n: the number of orbits (of fixed points for n = 1), of points with
    F^n(x) = x, of boxes examined and of clusters that stayed undecided, whether the list is
    complete, and the kinds of the orbits. Expressions are read by a parser of their own and never
    run as code.

    \b
    Examples:
      dynsys-gd orbits --example henon --periods 1-20
      dynsys-gd orbits "(x**2+y-11)**2 + (x+y**2-7)**2" --variables x y --step-size 1/20 \\
          --lower -16 --upper 16 --periods 1,2
      dynsys-gd orbits --map "1 - a*x**2 + y, 3/10*x" --variables x y --parameters a=7/5 \\
          --lower -1.43,-0.43 --upper 1.43,0.43 --save henon

    Exit codes: 0 finished, complete or not, 2 bad usage, 3 a fault of the program, 130 stopped by
    Ctrl-C (what is finished is shown and saved).
    """
    chosen = _method(method, audit)
    wanted = whole_numbers(periods, "--periods")
    _check_usage(expression, images, example, variables, (step_size, momentum, nesterov))
    try:
        F, box = _map_and_box(
            (expression, images, example),
            names_of(variables),
            assignments(parameters),
            (step_size, momentum, nesterov),
            (lower, upper),
        )
    except InvalidInput as error:
        text = "--map" if images is not None else "EXPRESSION"
        raise in_words_of_the_command(error, {**_FLAGS, "text": text}) from None
    ctx.exit(_run(F, box, wanted, chosen, seconds, save))


def _check_usage(
    expression: str | None,
    images: str | None,
    example: str | None,
    variables: tuple[str, ...],
    rule: tuple[str | None, str | None, bool],
) -> None:
    given = [thing for thing in (expression, images, example) if thing is not None]
    if len(given) != 1:
        raise click.UsageError("give one of: a loss, --map, --example")
    if example is None and not variables:
        raise click.UsageError("--variables is missing: the coordinates, in order")
    if example is not None and variables:
        raise click.UsageError("--variables: an example has its own")
    step_size, momentum, nesterov = rule
    if expression is None and (step_size is not None or momentum is not None or nesterov):
        raise click.UsageError("--step-size, --momentum and --nesterov belong to a loss")
    if expression is not None and step_size is None:
        raise click.UsageError("--step-size is missing: orbits belong to one step size")
    if nesterov and momentum is None:
        raise click.UsageError("--nesterov needs --momentum")


def _method(name: str, audit: bool) -> OrbitMethod | None:
    from ..orbits.certified.krawczyk import Krawczyk
    from ..orbits.exact.method import Exact
    from ..orbits.numerical.newton_search import NewtonSearch

    if audit and name != "krawczyk":
        raise click.UsageError("--audit belongs to --method krawczyk")
    if name == "krawczyk":
        return Krawczyk(audit=audit)
    return {"exact": Exact(), "newton": NewtonSearch(), "auto": None}[name]


def _map_and_box(
    what: tuple[str | None, str | None, str | None],
    names: list[str],
    values: dict[str, str],
    rule: tuple[str | None, str | None, bool],
    corners: tuple[str | None, str | None],
) -> tuple[Map, Box]:
    expression, images, example = what
    box: Box | None = None
    if example is not None:
        if values:
            raise click.UsageError("--parameters: write the map with --map to change its numbers")
        F, box = _example(example)
    elif images is not None:
        F = written_map(images, names, values)
    else:
        assert expression is not None
        step_size, momentum, nesterov = rule
        loss = written_loss(expression, names, values)
        F = written_rule(loss, step_size, momentum, nesterov=nesterov)
    lower, upper = corners
    if (lower is None) != (upper is None) or (lower is None and box is None):
        raise click.UsageError("--lower and --upper: give both corners of the box")
    if lower is not None and upper is not None:
        size = F.dimension if F.loss is None else F.loss.dimension
        box = written_box(lower, upper, size)
    assert box is not None
    return F, box


def _example(name: str) -> tuple[Map, Box]:
    from ..maps import textbook
    from ..regions import Box

    if name == "logistic":
        return textbook.logistic(), textbook.logistic_box()
    box = textbook.henon_box()
    if name == "henon":
        return textbook.henon(), box
    # The second coordinate is y/b.
    x, previous = box.high[0], box.high[1] / 0.3
    return textbook.henon_as_momentum(), Box([-x, -previous], [x, previous])


def _run(
    F: Map,
    box: Box,
    periods: list[int],
    method: OrbitMethod | None,
    seconds: float,
    save: str | None,
) -> int:
    """Search, show and write; return the exit code."""
    from .orbit_files import OrbitFolder
    from .orbit_progress import searched
    from .orbit_table import orbit_table
    from .terminal import console

    folder = None if save is None else OrbitFolder(Path(save))
    if folder is not None:
        folder.prepare()
    rows: list[PeriodRow] = []
    interrupted = False
    try:
        for row in searched(F, box, periods, method=method, seconds=seconds):
            rows.append(row)
    except KeyboardInterrupt:
        interrupted = True
    except InvalidInput as error:
        raise in_words_of_the_command(error, _FLAGS) from None
    if folder is not None:
        folder.save(F, box, rows)
    screen = console()
    screen.print(orbit_table(F, box, rows, width=screen.width))
    if folder is not None:
        click.echo(f"Orbits: {folder.path}")
    if interrupted:
        click.echo(
            f"Stopped; {len(periods) - len(rows)} of {len(periods)} periods are missing.", err=True
        )
    return INTERRUPTED if interrupted else 0
