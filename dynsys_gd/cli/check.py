"""``dynsys-gd check``: is what a certificate of measure claims verified?"""

from __future__ import annotations

from contextlib import ExitStack

import click

from .running_options import processes

__all__ = ["check"]

REFUSED = 1


@click.command(short_help="Verify a certificate of measure.")
@click.argument("file")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    default=1,
    show_default=True,
    help="Number of processes.",
)
@click.option("--quiet", is_flag=True, help="Print the first line only.")
@click.pass_context
def check(ctx: click.Context, file: str, workers: int, quiet: bool) -> None:
    """Verify a certificate of measure, FILE, with ball arithmetic and exact algebra.

    The check shares no code with the search that made the certificate: it derives the map from the
    loss again and verifies the lemma of every cell. What is not verified is refused, with the
    first thing that was not. A cell takes about a fifth of a millisecond; terminals show how far it
    is.

    \b
    Examples:
      dynsys-gd check basin.json.gz
      dynsys-gd check basin.json.gz --workers 2

    Exit codes: 0 accepted, 1 refused, 2 not a certificate, 3 a fault of the program or lost
    workers, 130 stopped by Ctrl-C.
    """
    from ..checker import check as checked
    from .progress_bar import progress_bar

    with ExitStack() as stack:
        executor = None if workers == 1 else stack.enter_context(processes(workers))
        told = stack.enter_context(progress_bar("cells"))
        result = checked(file, progress=told, executor=executor)
    click.echo(result.headline() if quiet else repr(result))
    ctx.exit(0 if result.accepted else REFUSED)
