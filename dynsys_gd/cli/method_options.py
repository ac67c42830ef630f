"""Ways to measure, as commands take them: a name, and settings that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import click

import dynsys_gd as dg

from ..measure.question import MeasureMethod

__all__ = ["METHODS", "METHOD_FLAGS", "chosen_method", "method_options"]

Command = Callable[..., Any]

_CLASSES = {
    "monte-carlo": "MonteCarlo",
    "adaptive": "Adaptive",
    "quasi": "QuasiMonteCarlo",
    "stratified": "Stratified",
    "splitting": "Splitting",
    "enclosure": "Enclosure",
}

METHODS: dict[str, type[MeasureMethod]] = {
    name: getattr(dg, kind) for name, kind in _CLASSES.items() if hasattr(dg, kind)
}

_HELP: dict[str, tuple[Any, str, str]] = {
    "n": (int, "N", "Number of starts."),
    "half_width": (float, "W", "adaptive: draw until the interval is the share ± W."),
    "replicates": (int, "R", "quasi, splitting: independent repetitions, for the error."),
    "moves": (int, "M", "splitting: moves of each start at each level."),
    "seconds": (float, "SECONDS", "enclosure: time to spend."),
    "width": (float, "W", "enclosure: stop when the bounds are this close."),
    "apart": (bool, "", "enclosure: tell limits apart as well as can be."),
    "level": (float, "P", "Confidence level of sampling.  [default: 0.95]"),
}

#: how the settings are called on the command line
METHOD_FLAGS = {name: "--" + name.replace("_", "-") for name in _HELP}


def method_options(command: Command) -> Command:
    """Add the settings of all methods."""
    for name, (kind, metavar, text) in reversed(_HELP.items()):
        kinds: dict[str, Any] = {"type": kind, "metavar": metavar}
        if kind is bool:
            kinds = {"is_flag": True, "default": None}
        command = click.option(METHOD_FLAGS[name], help=text, **kinds)(command)
    return command


def chosen_method(name: str, settings: Mapping[str, Any]) -> MeasureMethod:
    """Return the method of this name with the settings that are not None.

    Raises
    ------
    click.UsageError
        For a setting that the method does not have, and one that it needs and that is missing.
    """
    kind = METHODS[name]
    own = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    given = {key: value for key, value in settings.items() if value is not None}
    for key in given:
        if key not in own:
            raise click.UsageError(f"{METHOD_FLAGS[key]} does not belong to --method {name}")
    for key, field in own.items():
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and key not in given:
            raise click.UsageError(f"--method {name} needs {METHOD_FLAGS.get(key, key)}")
    return kind(**given)
