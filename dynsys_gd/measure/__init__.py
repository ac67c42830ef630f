"""How much of a law of initialisations converges."""

from .convergent import convergent_measure
from .estimate import Estimate
from .exact.known import KnownMeasure
from .exact.known_measure import known_measure
from .question import MeasureMethod, MeasureQuestion
from .rare.splitting import Splitting
from .reading import Reading
from .sampling.adaptive import Adaptive
from .sampling.monte_carlo import MonteCarlo
from .sampling.quasi_monte_carlo import QuasiMonteCarlo
from .sampling.stratified import Stratified
from .survival import Survival
from .target import Target

__all__ = [
    "Adaptive",
    "Estimate",
    "KnownMeasure",
    "MeasureMethod",
    "MeasureQuestion",
    "MonteCarlo",
    "QuasiMonteCarlo",
    "Reading",
    "Splitting",
    "Stratified",
    "Survival",
    "Target",
    "convergent_measure",
    "known_measure",
]
