"""Initial states made where they are needed: each is a function of its number alone."""

from .boxes import BoxesStarts
from .cells import GridStarts, JitteredStarts
from .description import Starts
from .given import GivenStarts
from .laws import DrawnStarts, InterpretedStarts, QuantileStarts
from .nets import NetStarts
from .normal import GaussianStarts
from .philox import key_of
from .sobol import SobolStarts
from .uniform import UniformStarts

__all__ = [
    "BoxesStarts",
    "DrawnStarts",
    "GaussianStarts",
    "GivenStarts",
    "GridStarts",
    "InterpretedStarts",
    "JitteredStarts",
    "NetStarts",
    "QuantileStarts",
    "SobolStarts",
    "Starts",
    "UniformStarts",
    "key_of",
]
