"""``dynsys-gd transition``: how the convergent share changes with a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidInput
from .arguments import SpreadCommand, in_words_of_the_command
from .method_options import METHOD_FLAGS, METHODS, chosen_method, method_options
from .question_options import FLAGS, Studied, question_options
from .running_options import Running, running_options
from .written import written_values

if TYPE_CHECKING:
    from ..measure.transition.result import Transition

__all__ = ["transition"]

_FLAGS = {
    "parameter": "--parameter",
    "values": "--values",
    "points": "--refine",
    "negligible": "--negligible",
}


@click.command(cls=SpreadCommand, short_help="Scan a parameter: where does the share vanish?")
@question_options
@click.option(
    "--parameter",
    metavar="NAME",
    required=True,
    help="The name that is scanned. Where --step-size is not given, it is the step size.",
)
@click.option(
    "--values",
    metavar="NUMBERS",
    required=True,
    help="`0.2:1.2:21` is 21 values from 0.2 to 1.2; or a list, `1/2,3/4,1`. All are exact.",
)
@click.option(
    "--refine",
    type=click.IntRange(min=0),
    metavar="K",
    help="Most values added next to the critical one.  [default: 24]",
)
@click.option(
    "--negligible",
    type=float,
    metavar="SHARE",
    help="A share whose upper limit is at most this has vanished.  [default: 0.01, or what so "
    "many starts can tell]",
)
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="monte-carlo",
    show_default=True,
    help="How to measure at each value, as for `dynsys-gd measure`.",
)
@method_options
@running_options
def transition(**given: Any) -> None:
    """Scan a parameter: the convergent share at each value, and where it vanishes.

    All intervals hold together, at the level 95 %. Values are added by bisection next to the
    critical one. With a step size, the critical one of theory is shown beside it.

    \b
    Examples:
      dynsys-gd transition "(x*y-1)**2/2" --variables x y --parameter eta --values 0.2:1.2:21 \\
          --lower -3 --upper 3
      dynsys-gd transition "x**4/4 - a*x**2/2" --variables x --parameter a --values 1:3:9 \\
          --step-size 1/2 --lower -2 --upper 2 --workers 2 --checkpoint scan --out scan.json

    Exit codes: 0 finished, 2 bad usage, 3 a fault of the program or lost workers, 130 stopped by
    Ctrl-C (with --checkpoint, the same command goes on).
    """
    from ..measure.transition.refinement import Refinement
    from ..measure.transition.scan import transition as scanned

    parameter, text, name = given.pop("parameter"), given.pop("values"), given.pop("method")
    finer = {"points": given.pop("refine"), "negligible": given.pop("negligible")}
    settings = {key: given.pop(key) for key in METHOD_FLAGS}
    level = settings.pop("level")
    plain = name == "monte-carlo" and all(value is None for value in settings.values())
    running, studied = Running.taken_from(given, name="transition"), Studied(**given)
    studied.check()
    running.prepare()
    try:
        values = written_values(text, "--values")
        F = studied.map(open_names=[parameter])
        with running.at_work("scanning") as work:
            found = scanned(
                F,
                parameter,
                values,
                region=studied.law(F),
                method=None if plain else chosen_method(name, settings),
                to=studied.target(F),
                budget=running.budget,
                refine=Refinement(**{k: v for k, v in finer.items() if v is not None}),
                level=0.95 if level is None else level,
                rng=running.seed,
                executor=work.executor,
                progress=work.told,
                checkpoint=running.checkpoint,
            )
    except InvalidInput as error:
        raise in_words_of_the_command(error, {**FLAGS, **METHOD_FLAGS, **_FLAGS}) from None
    running.deliver(found, below=_table(found))


def _table(found: Transition) -> str:
    """Return the values and shares as columns of text."""
    columns = [found.parameter, "converged", "low", "high", "undecided", "gradient_norm_50"]
    table = found.table()[columns].rename(columns={"gradient_norm_50": "gradient norm"})
    return str(table.to_string(index=False, float_format="{:.6g}".format, na_rep="–"))
