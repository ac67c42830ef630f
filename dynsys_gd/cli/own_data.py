"""The plan of ``dynsys-gd verify --data``: linear networks on a user's table."""

from __future__ import annotations

import ast
import math
import re
import shlex
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

import dynsys_gd as dg

from ..data import Table, read_table
from ..errors import InvalidInput
from .arguments import in_words_of_the_command
from .instances import table_network
from .job import Job

__all__ = ["table_jobs"]

# With more weights a verdict takes many minutes: Jacobians and Hessians are dense matrices.
_MOST_WEIGHTS = 400

# Beyond these the rounding of double precision, not the theorem, decides what a simulation shows.
_WIDEST_SPREAD = 1e7
_EXTREME_SIZE = 1e12

_FLAGS = {
    "path": "--data",
    "target": "--target",
    "features": "--features",
    "widths": "--width",
    "X": "--data",
    "Y": "--data",
    "X, Y": "--data",
}


def table_jobs(
    path: str,
    target: Sequence[str],
    features: Sequence[str],
    *,
    depth: int | None,
    width: int | None,
) -> tuple[list[Job], list[tuple[str, str]]]:
    """Return the jobs on a table, and how its columns and the network were chosen.

    Parameters
    ----------
    path : str
    target, features : sequence of str
        Column names; no features means all other columns.
    depth, width : int, optional
        Number of layers, and width of the hidden ones.

    Returns
    -------
    list of Job
    list of (label, text)

    Raises
    ------
    InvalidInput
        Where the table cannot be used; arguments carry the names of the command line.
    """
    try:
        table = read_table(path, target=list(target), features=list(features) or None)
        widths = _widths(table, depth or 2, width)
        _refuse_large(widths)
        net = dg.LinearNetwork(widths=widths, X=table.X, Y=table.Y)
        _refuse_extreme(net)
        threshold = dg.critical_step_size(net)
    except InvalidInput as error:
        translated = in_words_of_the_command(error, _FLAGS)
        translated.remedy = _remedy_for_the_shell(error.remedy)
        raise translated from None
    used = [
        ("File", f"{path}, {len(table.X)} rows"),
        ("Features", ", ".join(table.feature_names)),
        ("Targets", ", ".join(table.target_names)),
        *(("Note", note) for note in table.notes),
        ("Network", f"{net.describe()}, {net.dimension} weights"),
        ("Critical step size", _in_words(threshold)),
        ("Known by", str(threshold.evidence)),
    ]
    return _jobs(path, target, features, widths, threshold), used


def _widths(table: Table, depth: int, width: int | None) -> tuple[int, ...]:
    dx, dy = table.X.shape[1], table.Y.shape[1]
    hidden = max(dx, dy) if width is None else width
    return (dx, *[hidden] * (depth - 1), dy)


def _refuse_large(widths: Sequence[int]) -> None:
    weights = sum(a * b for a, b in pairwise(widths))
    if weights > _MOST_WEIGHTS:
        raise InvalidInput(
            "--depth, --width",
            f"widths {'-'.join(map(str, widths))} with {weights} weights",
            f"a network of at most {_MOST_WEIGHTS} weights",
            "choose a smaller depth or width, or name fewer columns",
        )


def _refuse_extreme(net: dg.LinearNetwork) -> None:
    """Refuse tables on which floating-point orbits would be no evidence."""
    sizes = np.array([np.abs(net.X).max(), np.abs(net.Y).max()])
    sizes = sizes[sizes > 0]
    if np.any((sizes > _EXTREME_SIZE) | (sizes < 1 / _EXTREME_SIZE)):
        raise InvalidInput(
            "--data",
            f"entries of size {float(sizes.max()):.1g} and {float(sizes.min()):.1g}",
            f"features and targets of sizes between {1 / _EXTREME_SIZE:g} and {_EXTREME_SIZE:g}",
            "write the columns in other units",
        )
    rank = net.exact_moments()[0].rank()  # exact: dependent columns are allowed, nearly so are not
    stretch = np.linalg.svd(np.linalg.qr(net.X, mode="r"), compute_uv=False)
    if rank and stretch[0] > _WIDEST_SPREAD * stretch[rank - 1]:
        raise InvalidInput(
            "--data",
            f"features whose directions differ in size by {stretch[0] / stretch[rank - 1]:.1g}",
            f"a factor of at most {_WIDEST_SPREAD:g}, which double precision can follow",
            "write the columns in comparable units, or leave out one of two nearly equal columns",
        )


def _jobs(
    path: str,
    target: Sequence[str],
    features: Sequence[str],
    widths: tuple[int, ...],
    threshold: dg.Threshold,
) -> list[Job]:
    where = f"network {'-'.join(map(str, widths))} on {Path(path).name}"
    table = (
        ("path", path),
        ("target", list(target)),
        ("features", list(features) or None),
        ("widths", widths),
    )
    known = threshold.decided and math.isfinite(threshold.value)
    above = _decimal(1.02 * threshold.value) if known else "1"
    below = _decimal(0.98 * threshold.value) if known else "1"
    job = partial(Job, make=table_network)
    at_above = (*table, ("step_size", above))
    at_below = (*table, ("step_size", below))
    beyond = f"{where}, 2 % above the critical step size" if known else f"{where}, step size 1"
    jobs = [
        job(
            name="non-singular",
            claim="non_singular_map",
            instance=beyond,
            why="Without it nothing could be said of initialisations from what happens at minima.",
            settings=at_above,
        ),
        job(
            name="manifold",
            claim="minima_form_a_manifold",
            instance=where,
            why="Whether the minima of this network are a smooth manifold, and of which dimension.",
            settings=at_above,
        ),
        job(
            name="no-stable-minimum",
            claim="no_stable_minimum",
            instance=beyond,
            why="Whether any minimum could hold gradient descent.",
            settings=at_above,
            starts=200,
        ),
        job(
            name="null-set",
            claim="linear_network_impossibility",
            instance=beyond,
            why="The main theorem on this table.",
            settings=at_above,
            starts=400,
        ),
    ]
    if known:
        jobs += [
            job(
                name="null-set-below",
                claim="linear_network_impossibility",
                instance=f"{where}, 2 % below the critical step size",
                why="Some minima are stable here, so that the theorem must be silent.",
                settings=at_below,
                starts=400,
                control=True,
            ),
            job(
                name="transition",
                claim="sharp_transition",
                instance=where,
                why="What becomes of the starts as the step size is turned up.",
                settings=at_above,
                highlights=("2",),
            ),
        ]
    return jobs


def _in_words(threshold: dg.Threshold) -> str:
    if not threshold.decided or math.isinf(threshold.value):
        return threshold.headline().removeprefix(f"{threshold.name} ")
    return f"{threshold.value:.12g}, enclosed in [{threshold.lower!r}, {threshold.upper!r}]"


def _decimal(step_size: float) -> str:
    """Return a step size as text, which the library reads exactly."""
    return f"{step_size:.4g}"


def _remedy_for_the_shell(remedy: str) -> str:
    """Return a remedy that names columns in Python, ``features=[…]``, as an option."""
    listed = re.search(r"(write )?features=(\[.*\])", remedy)
    if listed is None:
        return remedy
    names = "COLUMN…" if "…" in listed[2] else shlex.join(ast.literal_eval(listed[2]))
    return remedy.replace(listed[0], f"{listed[1] or ''}--features {names}")
