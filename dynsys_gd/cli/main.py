"""The command ``dynsys-gd``: its group, and how an error becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import click

from .._version import __version__
from ..errors import DynsysError, WorkersLost
from .analyse import analyse
from .check import check
from .listing import claims
from .measure import measure
from .orbits import orbits
from .transition import transition
from .verify import verify

__all__ = ["main"]

BAD_USAGE = 2
INTERNAL_ERROR = 3
INTERRUPTED = 130
BROKEN_PIPE = 141


class CarefulGroup(click.Group):
    """A group in which no error of the user's ends in a traceback, and none of ours hides."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # the reader of the output went away, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        except WorkersLost as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(INTERNAL_ERROR)
        except DynsysError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(BAD_USAGE)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception:
            # Exit code 1 means a contradiction, so a fault of the program must not end in it.
            traceback.print_exc(file=sys.stderr)
            click.echo("Error: a fault of the program; please report the lines above", err=True)
            ctx.exit(INTERNAL_ERROR)


@click.group(
    cls=CarefulGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all as the theorems say, 1 a contradiction, a refusal or a paper that is "
    "not reproduced, 2 bad usage, 3 a fault of the program, 130 stopped by Ctrl-C.",
)
@click.version_option(__version__, prog_name="dynsys-gd")
def main() -> None:
    """Gradient descent with a fixed step size as a dynamical system.

    \b
    Examples:
      dynsys-gd verify
      dynsys-gd verify --all
      dynsys-gd analyse "(x*y-1)**2/2" --variables x y --step-size 1/2
      dynsys-gd orbits --example henon --periods 1-20
      dynsys-gd measure "(x*y-1)**2/2" --variables x y --step-size 1/2 --lower -3 --upper 3
      dynsys-gd check basin.json.gz
      dynsys-gd claims
    """


main.add_command(verify)
main.add_command(analyse)
main.add_command(orbits)
main.add_command(measure)
main.add_command(transition)
main.add_command(check)
main.add_command(claims)
