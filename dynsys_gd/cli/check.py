"""``dynsys-gd check``: is what a certificate of measure claims verified?"""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from typing import Any

import click

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
    first thing that was not.

    \b
    Examples:
      dynsys-gd check basin.json.gz
      dynsys-gd check basin.json.gz --workers 2

    Exit codes: 0 accepted, 1 refused, 2 not a certificate, 3 a fault of the program, 130 stopped
    by Ctrl-C.
    """
    from ..checker import check as checked

    pool: Any = nullcontext() if workers == 1 else ProcessPoolExecutor(workers)
    with pool as executor:
        result = checked(file, executor=executor if isinstance(executor, Executor) else None)
    click.echo(result.headline() if quiet else repr(result))
    ctx.exit(0 if result.accepted else REFUSED)
