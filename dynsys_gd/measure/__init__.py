"""How much of a law of initialisations converges."""

from .convergent import convergent_measure
from .estimate import Estimate
from .monte_carlo import MonteCarlo
from .target import Target

__all__ = ["Estimate", "MonteCarlo", "Target", "convergent_measure"]
