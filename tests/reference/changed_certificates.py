"""Certificates with one thing changed: each function takes a content and returns another one."""

import copy
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np

from dynsys_gd.checker.content import CellList
from dynsys_gd.checker.reading import read


def cells(old, i, **values):
    """The content with row `i` (a number or a mask of rows) of some arrays replaced."""
    arrays = {}
    for name, value in values.items():
        arrays[name] = getattr(old.cells, name).copy()
        arrays[name][i] = value
    return replace(old, cells=replace(old.cells, **arrays))


def kept(old, rows):
    """The content with some of the cells only."""
    names = ("level", "place", "mask", "why", "which", "room", "stage")
    return replace(old, cells=replace(old.cells, **{n: getattr(old.cells, n)[rows] for n in names}))


def first(old, why):
    """The number of the first cell with a lemma."""
    return int(np.flatnonzero(old.cells.why == why)[0])


def of_map(old, **values):
    """The content with fields of its map replaced."""
    return replace(old, map=replace(old.map, **values))


def entry(old, name, i, **values):
    """The content with fields of entry `i` of a list replaced."""
    entries = list(getattr(old, name))
    entries[i] = replace(entries[i], **values)
    return replace(old, **{name: tuple(entries)})


def barrier(old, **values):
    """The content with fields of its barrier replaced; those of identities by `identity__field`."""
    given = old.escapes[0].barrier
    for name, value in values.items():
        identity, _, field = name.partition("__")
        changed = replace(getattr(given, identity), **{field: value}) if field else value
        given = replace(given, **{identity: changed})
    return entry(old, "escapes", 0, barrier=given)


def reversed_stages(old):
    """The content with the last stage first."""
    return cells(old, slice(None), stage=old.cells.stage.max() - old.cells.stage)


def renamed(old, j, name):
    """The content with another name for an outcome."""
    names = list(old.outcomes)
    names[j] = name
    return replace(old, outcomes=tuple(names))


def one_field(plain, rng):
    """Plain data of a certificate with one field changed at random, and where it was.

    Half of the changes are in a cell: one of its numbers, or it is left out, or stands twice.
    """
    changed = copy.deepcopy(plain)
    if rng.random() < 0.5:
        leaves = list(_leaves(changed, ()))
        part = rng.choice(sorted({path[0] for path, _ in leaves}))
        path, value = rng.choice([leaf for leaf in leaves if leaf[0][0] == part])
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = _another(value, rng)
        return changed, (*path, place[path[-1]])
    arrays = dict(vars(read(plain).cells))
    n = len(arrays["why"])
    # Lemmas that are used once are as likely as others.
    i = rng.choice(np.flatnonzero(arrays["why"] == rng.choice(arrays["why"].tolist())).tolist())
    if rng.random() < 0.5:
        i = rng.choice([int(np.argmax(arrays["why"] == why)) for why in np.unique(arrays["why"])])
    name = rng.choice([*arrays, "left out", "twice"])
    rows = {"left out": np.arange(n) != i, "twice": [*range(n), i]}.get(name, slice(None))
    arrays = {kind: values[rows].copy() for kind, values in arrays.items()}
    if name == "room":
        arrays[name][i] = arrays[name][i] * rng.choice([0, 0.5, 0.9, 1.1, 2]) or 0.1
    elif name in arrays:
        arrays[name][i] += np.array(rng.choice([1, 2, 3])).astype(arrays[name].dtype)
        if arrays[name][i].max() > 3 and rng.random() < 0.7:
            arrays[name][i] -= np.array(rng.choice([2, 4])).astype(arrays[name].dtype)
    changed["cells"] = CellList(**arrays).to_dict()
    return changed, ("cells", name, i)


def _leaves(value, path):
    if isinstance(value, dict):
        parts = [(key, part) for key, part in value.items() if path or key not in _NOT_CHANGED]
    elif isinstance(value, list):
        parts = list(enumerate(value))
    else:
        yield path, value
        return
    for key, part in parts:
        yield from _leaves(part, (*path, key))


_NOT_CHANGED = ("format", "version", "cells")


def _another(value, rng):
    """A number somewhat different, or a text with another digit or sign."""
    if not isinstance(value, str):
        return "1/2" if value is None else value + rng.choice([-1, 1, 2])
    if value.startswith(("0x", "-0x")):
        return (float.fromhex(value) * rng.choice([-1, 0.5, 0.9, 0.99, 1.01, 2]) + 2.0**-20).hex()
    if re.fullmatch(r"-?\d+(/\d+)?", value):
        number = Fraction(value)
        return str(rng.choice([2 * number, -number, number * Fraction(99, 100), number + 1]))
    digits = [m.start() for m in re.finditer(r"[0-9+]", value)]
    if not digits:
        return f"{value} + 1"
    i = rng.choice(digits)
    instead = "-" if value[i] == "+" else rng.choice([c for c in "0123456789" if c != value[i]])
    return value[:i] + instead + value[i + 1 :]
