"""Which studies a command line asks for, and with which settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from ..claims import Part, Study, get_study, study_names
from ..errors import InvalidInput
from .study_job import StudyJob

__all__ = ["SETTING", "chosen_studies"]

SETTING = re.compile(r"[^\W\d]\w*=.+", re.DOTALL)


def chosen_studies(
    words: Sequence[str], *, quick: bool = False, settings: Sequence[str] = ()
) -> list[StudyJob]:
    """Return the studies that are meant, all of them where none is named.

    Parameters
    ----------
    words : sequence of str
        Names of studies, and Python files that hold one.
    quick : bool
    settings : sequence of str
        Such as ``depths=(2, 3)``.

    Raises
    ------
    click.UsageError
        For a name that is none, a study that is named twice, a setting that does not exist or
        that cannot have the value.
    InvalidInput
        For a file without a study.
    """
    if settings and len(words) != 1:
        raise click.UsageError("--set needs exactly one --study, whose settings it changes")
    names = list(words) if words else _in_order()
    jobs = [replace(_found(word), quick=quick) for word in names]
    for k, job in enumerate(jobs):
        if job.figure in {other.figure for other in jobs[:k]}:
            raise click.UsageError(f"--study: two studies are called {job.name}")
    if not settings:
        return jobs
    (job,) = jobs
    return [replace(job, changes=_changes(settings, job.original()))]


def _in_order() -> list[str]:
    """Return the names of all studies by part and arXiv number; one that is broken comes last."""

    def place(name: str) -> tuple[int, str, str]:
        try:
            study = get_study(name)
        except Exception:  # told with its traceback where it is run
            return (len(Part), "", name)
        return (list(Part).index(study.part), study.arxiv, name)

    return sorted(study_names(), key=place)


def _found(word: str) -> StudyJob:
    """Return the study that `word` means."""
    if word.endswith(".py"):
        job = StudyJob(name="", path=word)
        try:
            return replace(job, name=job.original().name)
        except InvalidInput as error:
            raise InvalidInput("--study", word, error.expected, error.remedy) from None
    if word not in study_names():
        known = ", ".join(study_names())
        raise click.UsageError(f"no study {word!r}; one of: {known}; or a file NAME.py")
    return StudyJob(name=word)


def _changes(settings: Sequence[str], study: Study) -> tuple[tuple[str, Any], ...]:
    known = study.constants()
    changes: dict[str, Any] = {}
    for word in settings:
        name, _, text = word.partition("=")
        if not SETTING.fullmatch(word):
            raise click.UsageError(f"--set: write NAME=VALUE, such as seed=1, not {word!r}")
        if name in changes:
            raise click.UsageError(f"--set: {name} is given twice")
        if name not in known:
            offered = ", ".join(known)
            raise click.UsageError(f"--set: {study.name} has no setting {name!r}; it has {offered}")
        changes[name] = _value(name, text.strip(), known[name])
    try:
        study.at(**changes)
    except (InvalidInput, ValueError, TypeError) as error:  # settings may check themselves
        raise click.UsageError(f"--set: {error}") from None
    return tuple(changes.items())


def _value(name: str, text: str, present: Any) -> Any:
    """Return the value that `text` stands for, of the kind of the present one."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = text
    if isinstance(present, str) and not isinstance(value, str):
        value = text  # an exact number such as 1/10, kept as it is written
    try:
        return _like(value, present)
    except ValueError as error:
        raise click.UsageError(f"--set: {name} is {present!r}; {text} is not {error}") from None


def _like(value: Any, present: Any) -> Any:
    """Return the value in the type of the present one; raise with what it should be."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if present is None:
        return value
    if isinstance(present, bool):
        return _checked(value, isinstance(value, bool), "True or False")
    if isinstance(present, int):
        return _checked(value, number and isinstance(value, int), "a whole number")
    if isinstance(present, float):
        return float(_checked(value, number, "a number"))
    if isinstance(present, str):
        return _checked(value, isinstance(value, str), "text")
    if isinstance(present, tuple):
        parts = _checked(value, isinstance(value, (tuple, list)), "a tuple, such as (1, 2)")
        try:
            return tuple(_like(part, present[0]) if present else part for part in parts)
        except ValueError as error:
            raise ValueError(f"a tuple in which each is {error}") from None
    raise ValueError("written on a command line; use study.at in Python")


def _checked(value: Any, holds: bool, expected: str) -> Any:
    if not holds:
        raise ValueError(expected)
    return value
