"""Initial states made where they are needed: each is a function of its number alone."""

from .cells import GridStarts, JitteredStarts
from .description import Starts
from .given import GivenStarts
from .philox import key_of
from .uniform import UniformStarts

__all__ = [
    "GivenStarts",
    "GridStarts",
    "JitteredStarts",
    "Starts",
    "UniformStarts",
    "key_of",
]
