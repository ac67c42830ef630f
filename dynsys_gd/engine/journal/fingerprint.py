"""One short text for what an object is: the same in every process, another one for any other."""

from __future__ import annotations

import hashlib
import types
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np
import sympy as sp

from ...errors import InvalidInput, shortened
from .functions import FUNCTIONS, parts_of_function

__all__ = ["fingerprint"]


_QUANTILES = (np.arange(64) + 0.5) / 64


class _Indescribable(Exception):
    """What has no description that another process would find again."""


def fingerprint(value: Any, argument: str = "value") -> str:
    """Return 64 hexadecimal digits that tell what an object is.

    Parameters
    ----------
    value : object
        Numbers, text, arrays, expressions, enums, dataclasses (by their fields), functions of
        Python (by their code and what it refers to), laws of scipy (by name, arguments
        and quantiles), and tuples, lists, sets and dicts of them.
    argument : str
        Name of the argument, for the message.

    Raises
    ------
    InvalidInput
        For other objects: nothing tells whether that of the next process is the same.

    Notes
    -----
    SHA-256 of type and content, by recursion. Expressions are written by `sympy.srepr`, floats by
    their bits. Fields that do not take part in comparison are left out.

    Examples
    --------
    >>> fingerprint((1, 2.0)) == fingerprint((1, 2.0)), fingerprint((1, 2)) == fingerprint([1, 2])
    (True, False)
    """
    try:
        return _digest(value, ()).hex()
    except _Indescribable as error:
        raise InvalidInput(
            argument,
            error.args[0],
            "what can be recognised in another process when a checkpoint is used",
            "make it of numbers, arrays, expressions, dataclasses and functions of a module, or "
            "leave checkpoint out",
        ) from None


def _digest(value: Any, above: tuple[int, ...]) -> bytes:
    if id(value) in above:
        return b"itself %d" % above.index(id(value))
    kind, parts = _described(value)
    state = hashlib.sha256()
    _add(state, kind.encode("utf-8", "backslashreplace"))
    for part in parts:
        _add(state, part if type(part) is bytes else _digest(part, (*above, id(value))))
    return state.digest()


def _add(state: Any, data: bytes) -> None:
    """Add bytes with their length, so that no two lists of them look alike."""
    state.update(b"%d:" % len(data))
    state.update(data)


def _described(value: Any) -> tuple[str, Iterable[Any]]:
    """Return the kind of an object and what it is made of: bytes, and objects."""
    kind = type(value)
    if isinstance(value, Enum):
        return "enum", [_name(kind), value.name.encode()]
    if value is None or value is ... or kind in (bool, int, Fraction, Decimal):
        return kind.__name__, [str(value).encode() if kind is not int else b"%x" % value]
    if kind in (float, complex):
        return kind.__name__, [np.asarray(value).tobytes()]
    if kind is str:
        return "str", [value.encode("utf-8", "backslashreplace")]
    if kind is bytes:
        return "bytes", [value]
    return _composed(value)


def _composed(value: Any) -> tuple[str, Iterable[Any]]:
    kind = type(value)
    if isinstance(value, sp.Basic | sp.MatrixBase):
        return "sympy", [sp.srepr(value).encode()]
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.hasobject:
            return "objects", [repr(array.shape).encode(), array.ravel().tolist()]
        return "array", [repr((array.dtype.str, array.shape)).encode(), array.tobytes()]
    if isinstance(value, list | tuple):
        return kind.__name__, value
    if isinstance(value, set | frozenset):
        return kind.__name__, sorted(_digest(item, ()) for item in value)
    if isinstance(value, dict):
        pairs = ((_digest(key, ()), item) for key, item in value.items())
        return "dict", (part for pair in sorted(pairs, key=lambda p: p[0]) for part in pair)
    if isinstance(value, PurePath):
        return "path", [str(value).encode()]
    if isinstance(value, type):
        return "class", [_name(value)]
    if is_dataclass(value):
        return "dataclass", _fields(value)
    if isinstance(value, types.ModuleType):
        return "module", [value.__name__.encode(), str(getattr(value, "__version__", "")).encode()]
    if isinstance(value, FUNCTIONS):
        return "function", parts_of_function(value)
    if isinstance(value, np.ufunc) and value.types != ["O->O"]:  # those hide a function of Python
        return "ufunc", [value.__name__, value.types]
    if callable(getattr(value, "__wrapped__", None)):  # such as jax.jit of a function
        return "wrapped", [_name(kind), value.__wrapped__]
    if callable(getattr(value, "rvs", None)):
        return "law", _law(value)
    if hasattr(value, "__array__"):  # arrays of other packages
        return _composed(np.asarray(value))
    raise _Indescribable(f"{kind.__module__}.{kind.__qualname__}: {shortened(value)}")


def _fields(value: Any) -> Iterator[Any]:
    yield _name(type(value))
    for field in fields(value):
        if field.compare:
            yield field.name.encode()
            yield getattr(value, field.name)


def _law(law: Any) -> Iterator[Any]:
    """Yield what a law of scipy is called, and what it does: its class need not tell all of it."""
    yield _name(type(law))
    if hasattr(law, "dist"):
        yield from (_name(type(law.dist)), law.dist.name, law.args, law.kwds)
    if hasattr(law, "ppf"):
        yield np.asarray(law.ppf(_QUANTILES))
    else:
        yield np.asarray(law.rvs(size=16, random_state=np.random.default_rng(0)))


def _name(kind: type) -> bytes:
    return f"{kind.__module__}.{kind.__qualname__}".encode()
