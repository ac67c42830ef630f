"""What the command does: chosen workloads, all engines, one table."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from .cells import cell_rows
from .diagrams import diagram_rows
from .eigenvalues import eigenvalue_rows
from .engines import every_engine
from .exponents import exponent_rows
from .further import Further, first_results, start_costs, two_threads
from .measure import measure_rows
from .orbits import orbit_rows
from .report import table, write
from .timing import Row, measured
from .workloads import MapWorkload, Workload, shrunk, workloads

__all__ = ["main"]

_ORBITS, _MEASURE, _LYAPUNOV = "orbits", "measure", "lyapunov"
_DIAGRAMS, _CELLS, _EIGENVALUES = "diagrams", "cells", "eigenvalues"


@click.command()
@click.option("--quick", is_flag=True, help="Fewer starts and turns: a first impression.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Workloads whose name begins with NAME: stop, run, exp, product, linear, tanh, relu. "
    "Or orbits, measure, lyapunov, diagrams, cells, eigenvalues: the rows about periodic orbits, "
    "convergent measures, Lyapunov exponents, bifurcation diagrams, graphs of cells, or Hessian "
    "eigenvalues. "
    "Several may be given.",
)
@click.option("--repeats", type=click.IntRange(min=1), default=None, help="Turns; 7, or 5 quick.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the results here, as JSON for a name in .json, else as Markdown.",
)
def main(quick: bool, only: tuple[str, ...], repeats: int | None, output: Path | None) -> None:
    """Compare the package with C, numpy, JAX and other packages, side by side in one run."""
    chosen = [w for w in workloads() if not only or w.name.startswith(only)]
    orbits = not only or _ORBITS.startswith(only)
    measure = not only or _MEASURE.startswith(only)
    exponents = not only or _LYAPUNOV.startswith(only)
    diagrams = not only or _DIAGRAMS.startswith(only)
    cells = not only or _CELLS.startswith(only)
    eigenvalues = not only or _EIGENVALUES.startswith(only)
    if not (chosen or orbits or measure or exponents or diagrams or cells or eigenvalues):
        parts = [_ORBITS, _MEASURE, _LYAPUNOV, _DIAGRAMS, _CELLS, _EIGENVALUES]
        names = ", ".join([*(w.name for w in workloads()), *parts])
        raise click.BadParameter(
            f"no workload of that name; there are {names}", param_hint="--only"
        )
    repeats = repeats or (5 if quick else 7)
    console = Console(width=None if sys.stdout.isatty() else 170)
    noise = Console(stderr=True)
    if quick:
        chosen = shrunk(chosen, 8)
    rows: list[Row] = []
    for workload in chosen:
        noise.print(f"… {workload.title}", highlight=False)
        rows.append(
            measured(workload, every_engine(), repeats=repeats, seconds=0.1 if quick else 0.4)
        )
    further = [] if only else _further(chosen[0], repeats)
    for name, wanted, rows_of in (
        ("orbits", orbits, orbit_rows),
        ("measure", measure, measure_rows),
        ("lyapunov", exponents, exponent_rows),
        ("diagrams", diagrams, diagram_rows),
        ("cells", cells, cell_rows),
        ("eigenvalues", eigenvalues, eigenvalue_rows),
    ):
        if wanted:
            noise.print(f"… {name}", highlight=False)
            further += rows_of(repeats, quick=quick)
    console.print(table(rows, further))
    if output is not None:
        write(output, rows, further)


def _further(first: Workload, repeats: int) -> list[Further]:
    assert isinstance(first, MapWorkload)
    return [*first_results(5), two_threads(first, repeats), *start_costs(first, repeats)]
