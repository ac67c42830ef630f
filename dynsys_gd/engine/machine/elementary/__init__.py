"""Elementary functions on lanes, each within an ulp or so of the exact value."""

from __future__ import annotations

from ...operations import Op
from ..writer import Function

__all__ = ["elementary"]


def elementary(f: Function, op: Op, *values: str) -> str:
    """Return the value of an elementary function; its code joins the module at first use."""
    raise KeyError(op)
