"""How much of a law of initialisations converges."""

from .convergent import convergent_measure
from .estimate import Estimate
from .question import MeasureMethod, MeasureQuestion
from .reading import Reading
from .sampling.monte_carlo import MonteCarlo
from .target import Target

__all__ = [
    "Estimate",
    "MeasureMethod",
    "MeasureQuestion",
    "MonteCarlo",
    "Reading",
    "Target",
    "convergent_measure",
]
