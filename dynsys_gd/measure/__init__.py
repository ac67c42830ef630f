"""How much of a law of initialisations converges."""

from .convergent import convergent_measure
from .estimate import Estimate
from .question import MeasureMethod, MeasureQuestion
from .reading import Reading
from .sampling.adaptive import Adaptive
from .sampling.monte_carlo import MonteCarlo
from .sampling.quasi_monte_carlo import QuasiMonteCarlo
from .sampling.stratified import Stratified
from .target import Target

__all__ = [
    "Adaptive",
    "Estimate",
    "MeasureMethod",
    "MeasureQuestion",
    "MonteCarlo",
    "QuasiMonteCarlo",
    "Reading",
    "Stratified",
    "Target",
    "convergent_measure",
]
