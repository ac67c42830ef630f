"""The list of all catalogue entries, made when first asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import cache

from ...errors import InvalidInput
from . import (
    counterexamples,
    double_wells,
    edge_of_stability,
    factorisations,
    logistic,
    quadratics,
    regularised,
    scalar_chains,
    singular_maps,
    textbook,
    textbook_quartics,
)
from .entry import CatalogEntry

__all__ = ["entries", "get", "names"]

_MODULES = (
    quadratics,
    double_wells,
    scalar_chains,
    factorisations,
    edge_of_stability,
    logistic,
    regularised,
    counterexamples,
    singular_maps,
    textbook,
    textbook_quartics,
)
_MAKERS: dict[str, Callable[[], CatalogEntry]] = {
    maker.__name__: maker for module in _MODULES for maker in module.LOSSES
}


def names() -> tuple[str, ...]:
    """Return the names of all losses in the catalogue, in alphabetical order.

    Examples
    --------
    >>> "himmelblau" in names()
    True
    """
    return tuple(sorted(_MAKERS))


@cache
def _made(name: str) -> CatalogEntry:
    return _MAKERS[name]()


def get(name: str) -> CatalogEntry:
    """Return the catalogue entry called `name`.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    CatalogEntry

    Raises
    ------
    InvalidInput
        For an unknown name; the message lists the nearest ones.

    Examples
    --------
    >>> get("himelblau")
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.InvalidInput: name: got 'himelblau', expected a name of the catalogue; did
    you mean himmelblau?
    """
    if not isinstance(name, str) or name not in _MAKERS:
        near = difflib.get_close_matches(str(name), names(), n=4, cutoff=0.5)
        remedy = f"did you mean {' or '.join(near)}?" if near else "catalog.names() lists them"
        raise InvalidInput("name", name, "a name of the catalogue", remedy)
    return _made(name)


def entries() -> Iterator[CatalogEntry]:
    """Return all entries, one after the other, in the order of `names`.

    Examples
    --------
    >>> next(entries()).name
    'beale'
    """
    return map(get, names())
