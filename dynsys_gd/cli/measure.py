"""``dynsys-gd measure``: how much of a law of initialisations converges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidInput
from .arguments import SpreadCommand, in_words_of_the_command
from .method_options import METHOD_FLAGS, METHODS, chosen_method, method_options
from .question_options import FLAGS, Studied, question_options
from .running_options import Running, running_options

if TYPE_CHECKING:
    from ..measure.estimate import Estimate

__all__ = ["measure"]

_FLAGS = {"steps": "--bounded-for", "to": "--to, --bounded-for"}


@click.command(cls=SpreadCommand, short_help="Measure how many starts converge.")
@question_options
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="monte-carlo",
    show_default=True,
    help="monte-carlo, adaptive, quasi and stratified draw starts; splitting is for rare sets; "
    "enclosure proves bounds.",
)
@click.option(
    "--bounded-for",
    type=int,
    metavar="STEPS",
    help="Instead of converging: orbits that do not get far out within so many steps.",
)
@method_options
@click.option(
    "--certificate",
    metavar="FILE",
    help="enclosure: write what `dynsys-gd check` needs to verify the bounds; packed where the "
    "name ends in .gz.",
)
@running_options
def measure(**given: Any) -> None:
    """Measure how much of a law of initialisations converges, with an honest error.

    The share, its interval, what stays undecided, and how all this is known. Expressions are read
    by a parser of their own and never run as code.

    \b
    Examples:
      dynsys-gd measure "(x*y-1)**2/2" --variables x y --step-size 1/2 --lower -3 --upper 3
      dynsys-gd measure "(x*y-1)**2/2" --variables x y --step-size 1/2 --lower -3 --upper 3 \\
          --n 100000000 --workers 2 --checkpoint product.checkpoint --out product.json
      dynsys-gd measure "(x*y-1)**2/2" --variables x y --step-size 11/5 --lower -3 --upper 3 \\
          --method splitting --bounded-for 40
      dynsys-gd measure --map "r*x*(1-x)" --variables x --parameters r=5/2 --lower 0 --upper 1

    Exit codes: 0 finished, 2 bad usage, 3 a fault of the program or lost workers, 130 stopped by
    Ctrl-C (with --checkpoint, the same command goes on).
    """
    from ..measure.convergent import convergent_measure
    from ..measure.survival import Survival

    name, bounded_for = given.pop("method"), given.pop("bounded_for")
    certificate = given.pop("certificate")
    if certificate is not None and name != "enclosure":
        raise click.UsageError("--certificate belongs to --method enclosure")
    settings = {key: given.pop(key) for key in METHOD_FLAGS}
    running, studied = Running.taken_from(given, name="measure"), Studied(**given)
    studied.check()
    if bounded_for is not None and studied.to is not None:
        raise click.UsageError("--bounded-for and --to: give one of them")
    running.prepare()
    try:
        if certificate is not None:
            _check_place(Path(certificate))
        method = chosen_method(name, settings)
        F = studied.map()
        with running.at_work("measuring") as work:
            estimate = convergent_measure(
                F,
                studied.law(F),
                method=method,
                to=studied.target(F) if bounded_for is None else Survival(steps=bounded_for),
                budget=running.budget,
                rng=running.seed,
                executor=work.executor,
                progress=work.told,
                checkpoint=running.checkpoint,
            )
    except InvalidInput as error:
        raise in_words_of_the_command(error, {**FLAGS, **METHOD_FLAGS, **_FLAGS}) from None
    running.deliver(estimate)
    if certificate is not None:
        _certify(estimate, certificate)


def _check_place(path: Path) -> None:
    """Refuse a place for the certificate before anything takes time."""
    from ..measure.enclosure.certificate import Certificate

    if path.is_dir() or not path.parent.is_dir():
        what = "a folder" if path.is_dir() else "a file in a folder that does not exist"
        raise InvalidInput("--certificate", f"{what}: {path}", "the name of a file")
    if path.exists():
        try:
            Certificate.load(path)
        except InvalidInput:
            expected = "no file of another kind at this place"
            raise InvalidInput(
                "--certificate", str(path), expected, "move it away, or name another file"
            ) from None


def _certify(estimate: Estimate, path: str) -> None:
    """Write the certificate of an estimate, or say why there is none."""
    proof = getattr(estimate.reading, "certificate", None)
    if proof is None:
        click.echo("No certificate: the bounds come from a theorem and not from cells.", err=True)
        return
    try:
        proof.save(path)
    except OSError as error:
        what = f"{path} ({error.strerror})"
        raise InvalidInput("--certificate", what, "a file that can be written") from None
    click.echo(f"Certificate: {path}", err=True)
