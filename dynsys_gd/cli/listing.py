"""``dynsys-gd claims``: what can be checked, with its hypotheses and source; the studies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..claims.literature import reference

if TYPE_CHECKING:
    from rich.console import Console

    from ..claims import Claim, Study

__all__ = ["claims"]


@click.command(short_help="List what can be checked.")
@click.argument("names", nargs=-1, metavar="[NAME]…")
def claims(names: tuple[str, ...]) -> None:
    """List the claims: statement, hypotheses, conclusion, source. Then the studies.

    With the name of a study: its claims, stated in the same way.

    \b
    Examples:
      dynsys-gd claims
      dynsys-gd claims linear_network_impossibility
      dynsys-gd claims step_size_matters
    """
    from .. import claims as room
    from .terminal import console

    known = {*room.names(), *room.study_names()}
    for name in names:
        if name not in known:
            raise click.UsageError(_unknown(name, (*room.names(), *room.study_names())))
    screen = console()
    for name in dict.fromkeys(names or room.names()):
        if name in room.study_names():
            study = room.get_study(name)
            _show_study(study, screen)
            for claim in study.made():
                _show_claim(claim, screen)
        else:
            _show_claim(room.get(name), screen)
    if not names:
        part = None
        for study in room.studies():
            if study.part is not part:
                part = study.part
                screen.print(f"Studies: {part.title}\n", style="bold")
            _show_study(study, screen)


def _show_claim(claim: Claim, screen: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Text.assemble((claim.name, "bold"), f"  {claim.title}"))
    screen.print(Padding(Text(claim.statement), (0, 0, 0, 2)))
    for hypothesis in claim.hypotheses:
        line = Text.assemble(("if   ", "dim"), f"{hypothesis.name}: {hypothesis.statement}")
        screen.print(Padding(line, (0, 0, 0, 2)))
    screen.print(Padding(Text.assemble(("then ", "dim"), claim.conclusion), (0, 0, 0, 2)))
    entries = claim.entries()
    for key in claim.sources:
        screen.print(Padding(Text(reference(entries[key]), style="dim"), (0, 0, 0, 2)))
    screen.print(Padding(Text(f"({claim.provenance})", style="dim"), (0, 0, 0, 2)))
    screen.print()


def _show_study(study: Study, screen: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Text.assemble((study.name, "bold"), f"  {study.title}"))
    cited = study.reference
    if study.arxiv and study.arxiv not in cited:
        cited += f" arXiv:{study.arxiv}"
    screen.print(Padding(Text(cited, style="dim"), (0, 0, 0, 2)))
    screen.print()


def checked_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` where all are names of claims, or end with the list of those that are."""
    from .. import claims as room

    known = room.names()
    for name in names:
        if name not in known:
            raise click.UsageError(_unknown(name, known))
    return tuple(dict.fromkeys(names))


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"no claim {name!r}; one of: {', '.join(known)}"
