"""What is studied, as commands take it: a loss under a rule or any map, and a law of starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .arguments import ASSIGNMENT, NAME, Several
from .written import assignments, names_of, written_box, written_loss, written_map, written_rule

if TYPE_CHECKING:
    from ..maps.base import Map
    from ..measure.target import Target
    from ..regions import Region

__all__ = ["FLAGS", "Studied", "question_options"]

Command = Callable[..., Any]

#: how the arguments of Python are called on the command line
FLAGS = {
    "text": "EXPRESSION",
    "variables": "--variables",
    "parameters": "--parameters",
    "step_size": "--step-size",
    "momentum": "--momentum",
    "region": "--lower, --upper",
    "low": "--lower",
    "high": "--upper",
    "low, high": "--lower, --upper",
    "scale": "--normal",
    "rng": "--seed",
    "checkpoint": "--checkpoint",
}

_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.argument("expression", required=False),
    click.option(
        "--variables",
        cls=Several,
        each=NAME,
        metavar="NAME…",
        help="The coordinates, in order: `--variables x y` or `--variables x,y`.",
    ),
    click.option("--step-size", metavar="NUMBER", help="The step size; `1/2` and `0.5` are exact."),
    click.option("--momentum", metavar="NUMBER", help="Heavy-ball momentum.  [default: none]"),
    click.option("--nesterov", is_flag=True, help="With --momentum: Nesterov's instead."),
    click.option(
        "--map",
        "images",
        metavar="IMAGES",
        help="Instead of a loss: the images of the coordinates, with commas between them.",
    ),
    click.option(
        "--parameters",
        cls=Several,
        each=ASSIGNMENT,
        metavar="NAME=NUMBER…",
        help="Values of the other names in the expression or the images.",
    ),
    click.option(
        "--lower",
        metavar="NUMBERS",
        help="Starts are uniform in a box. Its lower corner: `-2,-1`, or one number for all.",
    ),
    click.option("--upper", metavar="NUMBERS", help="Upper corner of the box."),
    click.option(
        "--normal",
        metavar="NUMBER",
        help="Instead of a box: independent normal coordinates with this standard deviation.",
    ),
    click.option(
        "--to",
        type=click.Choice(["minima", "fixed-points"]),
        help="Which limits count.  [default: minima of a loss, fixed points of a map]",
    ),
)


def question_options(command: Command) -> Command:
    """Add the options from which `Studied` is made."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class Studied:
    """The map and the law of the starts as they were written; the names are those of the options.

    Parameters
    ----------
    expression, step_size, momentum, images, lower, upper, normal, to : str or None
    variables, parameters : tuple of str
    nesterov : bool
    """

    expression: str | None
    variables: tuple[str, ...]
    step_size: str | None
    momentum: str | None
    nesterov: bool
    images: str | None
    parameters: tuple[str, ...]
    lower: str | None
    upper: str | None
    normal: str | None
    to: str | None

    def check(self) -> None:
        """Refuse options that do not go together."""
        if (self.expression is None) == (self.images is None):
            raise click.UsageError("give a loss, or --map")
        if not self.variables:
            raise click.UsageError("--variables is missing: the coordinates, in order")
        rule = (self.step_size, self.momentum, self.nesterov or None)
        if self.images is not None and any(part is not None for part in rule):
            raise click.UsageError("--step-size, --momentum and --nesterov belong to a loss")
        if self.nesterov and self.momentum is None:
            raise click.UsageError("--nesterov needs --momentum")
        corners = [corner for corner in (self.lower, self.upper) if corner is not None]
        if self.normal is not None and corners:
            raise click.UsageError("--normal: give a box or a normal law, not both")
        if self.normal is None and len(corners) != 2:
            raise click.UsageError("--lower and --upper: give both corners of the box, or --normal")

    def map(self, *, open_names: Iterable[str] = ()) -> Map:
        """Return the map; `open_names` are parameters without a value."""
        import sympy as sp

        names, values = names_of(self.variables), assignments(self.parameters)
        more = tuple(name for name in open_names if name not in values)
        if self.images is not None:
            return written_map(self.images, names, values, more)
        assert self.expression is not None
        loss = written_loss(self.expression, names, values, more)
        step_size: Any = self.step_size
        if step_size is None:
            if not more:
                raise click.UsageError("--step-size is missing")
            # The parameter that is scanned is the step size, where nothing else is.
            step_size = sp.Symbol(more[0], positive=True)
        elif step_size in more:
            step_size = sp.Symbol(step_size, positive=True)
        return written_rule(loss, step_size, self.momentum, nesterov=self.nesterov)

    def target(self, F: Map) -> Target:
        """Return which limits count."""
        from ..measure.target import Target

        fixed = self.to == "fixed-points" or (self.to is None and F.loss is None)
        return Target.FIXED_POINTS if fixed else Target.MINIMA

    def law(self, F: Map) -> Region:
        """Return the law of the starts, on points of the loss where there is one."""
        from ..regions import Gaussian
        from ..values import to_value

        size = F.dimension if F.loss is None else F.loss.dimension
        if self.normal is not None:
            return Gaussian([0.0] * size, float(to_value(self.normal, "scale")))
        assert self.lower is not None
        assert self.upper is not None
        return written_box(self.lower, self.upper, size)
