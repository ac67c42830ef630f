"""``dynsys-gd claims``: what can be checked, with its hypotheses and source."""

from __future__ import annotations

import click

from ..claims.literature import reference

__all__ = ["claims"]


@click.command(short_help="List what can be checked.")
@click.argument("names", nargs=-1, metavar="[NAME]…")
def claims(names: tuple[str, ...]) -> None:
    """List the claims: statement, hypotheses, conclusion, source.

    \b
    Examples:
      dynsys-gd claims
      dynsys-gd claims linear_network_impossibility
    """
    from rich.padding import Padding
    from rich.text import Text

    from .. import claims as room
    from ..results import bibliography
    from .terminal import console

    entries = bibliography()
    screen = console()
    for name in checked_names(names) or room.names():
        claim = getattr(room, name)
        screen.print(Text.assemble((claim.name, "bold"), f"  {claim.title}"))
        screen.print(Padding(Text(claim.statement), (0, 0, 0, 2)))
        for hypothesis in claim.hypotheses:
            line = Text.assemble(("if   ", "dim"), f"{hypothesis.name}: {hypothesis.statement}")
            screen.print(Padding(line, (0, 0, 0, 2)))
        screen.print(Padding(Text.assemble(("then ", "dim"), claim.conclusion), (0, 0, 0, 2)))
        for key in claim.sources:
            screen.print(Padding(Text(reference(entries[key]), style="dim"), (0, 0, 0, 2)))
        screen.print(Padding(Text(f"({claim.provenance})", style="dim"), (0, 0, 0, 2)))
        screen.print()


def checked_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` where all are names of claims, or end with the list of those that are."""
    from .. import claims as room

    known = room.names()
    for name in names:
        if name not in known:
            raise click.UsageError(f"no claim {name!r}; one of: {', '.join(known)}")
    return tuple(dict.fromkeys(names))
