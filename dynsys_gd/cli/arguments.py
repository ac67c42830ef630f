"""Options that take several values: ``--variables x y`` as well as ``--variables x,y``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from ..errors import InvalidInput

__all__ = ["ANY", "ASSIGNMENT", "NAME", "Several", "SpreadCommand", "in_words_of_the_command"]

NAME = re.compile(r"[^\W\d]\w*(,[^\W\d]\w*)*,?")
ASSIGNMENT = re.compile(r"[^\W\d]\w*=\S+")
ANY = re.compile(r".*", re.DOTALL)


class Several(click.Option):
    """An option that takes one or more values after its flag, and may be repeated.

    Parameters
    ----------
    declarations : sequence of str
        Names of the option, as for `click.Option`.
    each : re.Pattern
        What a second, third, … value looks like. The first text that does not match ends the list
        and is read as an argument of its own.
    """

    def __init__(
        self, declarations: Sequence[str], *, each: re.Pattern[str] = ANY, **settings: Any
    ) -> None:
        super().__init__(declarations, multiple=True, **settings)
        self.each = each


class SpreadCommand(click.Command):
    """A command whose `Several` options swallow all values that follow them.

    Click gives an option a fixed number of values; here the arguments are rewritten before click
    sees them, so that its own messages for missing values and unknown options stay in place.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        several = [option for option in self.params if isinstance(option, Several)]
        try:
            return super().parse_args(ctx, spread(args, several))
        except click.NoSuchOption as error:
            if error.option_name.startswith("--"):
                raise
            remedy = "put an expression that begins with a minus sign in parentheses"
            raise click.UsageError(f"{error.format_message()} ({remedy})", ctx) from None


def spread(args: Iterable[str], options: Iterable[Several]) -> list[str]:
    """Return `args` with the flag repeated before each value of a several-valued option.

    Examples
    --------
    >>> variables = Several(["--variables"], each=NAME)
    >>> spread(["--variables", "x", "y", "x*y", "--plot", "p.png"], [variables])
    ['--variables', 'x', '--variables', 'y', 'x*y', '--plot', 'p.png']
    """
    flags = {flag: option for option in options for flag in option.opts}
    rest = list(args)
    out: list[str] = []
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*out, word, *rest]
        flag, attached, _ = word.partition("=")
        out.append(word)
        if flag not in flags:
            continue
        if not attached and rest:
            # The first value is taken as click takes it, whatever it looks like.
            out.append(rest.pop(0))
        while rest and not rest[0].startswith("-") and flags[flag].each.fullmatch(rest[0]):
            out += [flag, rest.pop(0)]
    return out


def in_words_of_the_command(error: InvalidInput, flags: Mapping[str, str]) -> InvalidInput:
    """Return the error with options of the command line in place of Python arguments.

    Examples
    --------
    >>> error = InvalidInput("step_size", -1, "a positive number")
    >>> print(in_words_of_the_command(error, {"step_size": "--step-size"}))
    --step-size: got -1, expected a positive number
    """
    flag = flags.get(error.argument, error.argument)
    return InvalidInput(flag, error.received, error.expected, error.remedy)
