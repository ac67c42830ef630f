"""``dynsys-gd analyse``: the stability card of a loss written as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ASSIGNMENT, NAME, Several, SpreadCommand

if TYPE_CHECKING:
    from .. import Loss

__all__ = ["analyse"]


@click.command(cls=SpreadCommand, short_help="Print the stability card of a loss.")
@click.argument("expression")
@click.option(
    "--variables",
    cls=Several,
    each=NAME,
    required=True,
    metavar="NAME…",
    help="The coordinates, in order: `--variables x y` or `--variables x,y`.",
)
@click.option(
    "--step-size",
    metavar="NUMBER",
    help="The step size; `1/2` and `0.5` are both exact.  [default: left open as eta]",
)
@click.option(
    "--parameters",
    cls=Several,
    each=ASSIGNMENT,
    metavar="NAME=NUMBER…",
    help="Values of the other names in the expression.",
)
@click.option(
    "--plot",
    metavar="FILE",
    help="Draw what becomes of every start (one or two variables), to a .png or .svg file.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    default=20.0,
    show_default=True,
    help="Time limit of each exact computation; beyond it the answer is: undecided.",
)
def analyse(
    expression: str,
    variables: tuple[str, ...],
    step_size: str | None,
    parameters: tuple[str, ...],
    plot: str | None,
    seconds: float,
) -> None:
    """Print the stability card of gradient descent on a loss.

    Critical points and families of them, their kinds, their multipliers as functions of the step
    size, the exact step sizes for which each is stable, and the critical step size. The expression
    is read by a parser of its own and never run as code.

    \b
    Examples:
      dynsys-gd analyse "(x*y-1)**2/2" --variables x y --step-size 1/2
      dynsys-gd analyse "x**4/4 - x**2/2" --variables x
      dynsys-gd analyse "(x*y-a)**2/2" --variables x,y --parameters a=3 --step-size 0.1 \\
          --plot fates.png

    Give the expression first, in quotes. One that begins with a minus sign goes in parentheses.
    """


def _loss(expression: str, variables: tuple[str, ...], parameters: tuple[str, ...]) -> Loss:
    """Return the loss with the given values put in."""
    from .. import parse_loss

    names = [name for word in variables for name in word.split(",") if name]
    values: dict[str, Any] = {}
    for word in parameters:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"--parameters: write NAME=NUMBER, such as a=1, not {word!r}")
        if name in values:
            raise click.UsageError(f"--parameters: {name} is given twice")
        values[name] = value
    loss = parse_loss(expression, names, parameters=tuple(values))
    return loss.at(**values)
