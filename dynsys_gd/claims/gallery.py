"""All studies: found in the folder of papers, or read from a file of the user."""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from . import papers
from .study import Part, Study

__all__ = ["get_study", "read_study", "studies", "study_names"]


def study_names() -> tuple[str, ...]:
    """Return the names of all studies, without loading them, in alphabetical order.

    Examples
    --------
    >>> "step_size_matters" in study_names()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(papers.__path__)))


def studies() -> tuple[Study, ...]:
    """Return every study: the main paper first, then by part and arXiv number.

    Examples
    --------
    >>> [study.name for study in studies()] == sorted(study_names())
    False
    >>> len(studies()) == len(study_names())
    True
    """
    order = list(Part)
    found = [get_study(name) for name in study_names()]
    return tuple(sorted(found, key=lambda one: (order.index(one.part), one.arxiv, one.name)))


def get_study(name: str) -> Study:
    """Return the study of this name.

    Parameters
    ----------
    name : str
        One of `study_names`.

    Returns
    -------
    Study

    Raises
    ------
    InvalidInput
        For an unknown name; the message lists the known ones.

    Examples
    --------
    >>> get_study("step_size_matters").arxiv
    '1805.08890'
    """
    if name not in study_names():
        raise InvalidInput("name", name, f"one of {', '.join(study_names())}")
    return _study_of(import_module(f"{papers.__name__}.{name}"), name)


def read_study(path: str | Path) -> Study:
    """Return the study that a Python file holds; the file is run.

    Parameters
    ----------
    path : path
        A file with a constant ``STUDY``.

    Returns
    -------
    Study

    Raises
    ------
    InvalidInput
        For a file that is not there, that does not run, or that holds no study.

    Examples
    --------
    >>> from dynsys_gd.claims import papers
    >>> read_study(Path(papers.__path__[0]) / "step_size_matters.py").name
    'step_size_matters'
    """
    place = Path(path)
    if place.suffix != ".py" or not place.is_file():
        raise InvalidInput("path", str(path), "a Python file that exists")
    spec = importlib.util.spec_from_file_location(f"{papers.__name__}._own.{place.stem}", place)
    if spec is None or spec.loader is None:
        raise InvalidInput("path", str(path), "a Python file that can be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up the words of annotations
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a script may end itself
        del sys.modules[spec.name]
        told = f"{type(error).__name__}: {error}"
        raise InvalidInput("path", str(path), "a Python file that runs", told) from error
    return _study_of(module, place.stem)


def _study_of(module: Any, name: str) -> Study:
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise InvalidInput("path", f"{name}.py", "a file with a constant STUDY, a Study")
    if study.name != name:
        raise InvalidInput("name", study.name, f"{name!r}, the name of the file")
    return study
