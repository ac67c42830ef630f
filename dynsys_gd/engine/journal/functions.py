"""What a function of Python is: its code, its constants, and what it refers to by name."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

__all__ = ["FUNCTIONS", "parts_of_function"]

FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.CodeType,
    functools.partial,
)


def parts_of_function(value: Any) -> Iterator[Any]:
    """Yield what tells one function from another, in one version of Python.

    Functions, modules and values that the code refers to are part of it, at any depth; where the
    function stands and what it is called are not. Functions of a package that has a version are
    told by their name and that version.
    """
    if isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, types.CodeType):
        yield from _code(value)
    elif isinstance(value, types.BuiltinFunctionType):
        yield from (str(value.__module__), value.__qualname__, value.__self__)
    elif _version(value):
        yield from (value.__module__, value.__qualname__, _version(value))
    else:
        yield from _code(value.__code__)
        yield from (value.__defaults__, value.__kwdefaults__)
        yield tuple(map(_content, value.__closure__ or ()))
        yield {name: value.__globals__[name] for name in _global_names(value.__code__, value)}


def _code(code: types.CodeType) -> Iterator[Any]:
    yield from (code.co_code, code.co_names, code.co_varnames, code.co_freevars)
    yield from (code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_consts)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is given a value later
        return None


def _version(function: Any) -> str:
    """Return the version of the package that a function comes from, or nothing."""
    package = sys.modules.get((function.__module__ or "").partition(".")[0])
    return str(getattr(package, "__version__", ""))


def _global_names(code: types.CodeType, function: types.FunctionType) -> set[str]:
    """Return the names in the code, and in functions defined inside it, that are global."""
    found = {name for name in code.co_names if name in function.__globals__}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _global_names(constant, function)
    return found
