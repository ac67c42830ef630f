"""``dynsys-gd analyse``: the stability card of a loss written as text."""

from __future__ import annotations

import click

from ..errors import InvalidInput
from .arguments import ASSIGNMENT, NAME, Several, SpreadCommand, in_words_of_the_command
from .written import assignments, names_of, written_loss

__all__ = ["analyse"]

_FLAGS = {
    "text": "EXPRESSION",
    "variables": "--variables",
    "parameters": "--parameters",
    "step_size": "--step-size",
}


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
    help="The step size; `1/2` and `0.5` are both exact.  [default: left open]",
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
    help="Draw what becomes of every start, for one or two variables, as .png or .svg.",
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
      dynsys-gd analyse "(x*y-a)**2/2" --variables x,y --parameters a=3 \\
          --step-size 0.1 --plot fates.png

    Give the expression first, in quotes. One that begins with a minus sign goes in parentheses.
    """
    from .stability_card import StabilityCard, draw_fates
    from .terminal import console

    names = names_of(variables)
    if plot is not None:
        _check_plot(plot, step_size, len(names))
    try:
        loss = written_loss(expression, names, assignments(parameters))
        card = StabilityCard.of(loss, step_size, seconds=seconds)
    except InvalidInput as error:
        raise in_words_of_the_command(error, _FLAGS) from None
    console().print(card.rendered())
    if plot is not None:
        draw_fates(card, plot)
        click.echo(f"Picture: {plot}")


def _check_plot(plot: str, step_size: str | None, dimension: int) -> None:
    if not plot.endswith((".png", ".svg")):
        raise click.UsageError("--plot: the file must end in .png or .svg")
    if step_size is None:
        raise click.UsageError("--plot needs --step-size: fates belong to one step size")
    if dimension > 2:
        raise click.UsageError("--plot: a picture of fates needs one or two variables")
