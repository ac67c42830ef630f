"""Which method answers a question where none was asked for."""

from __future__ import annotations

from ..errors import InvalidInput
from .exact.method import Exact
from .question import OrbitMethod, OrbitQuestion

__all__ = ["chosen"]


def chosen(question: OrbitQuestion, method: OrbitMethod | None) -> OrbitMethod:
    """Return the method to use: the given one, or the one that fits."""
    if method is None:
        return Exact()
    if not isinstance(method, OrbitMethod):
        raise InvalidInput("method", method, "a method such as Exact() or Krawczyk()")
    return method
