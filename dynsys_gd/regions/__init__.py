"""Where initialisations come from: boxes, balls, Gaussians and other laws."""

from .ball import Ball
from .box import MOST_CELLS, Box, Grid
from .checks import count_from_zero, generator_of, positive_count, seed_of
from .distribution import Distribution
from .gaussian import Gaussian
from .region import Region

__all__ = [
    "MOST_CELLS",
    "Ball",
    "Box",
    "Distribution",
    "Gaussian",
    "Grid",
    "Region",
    "count_from_zero",
    "generator_of",
    "positive_count",
    "seed_of",
]
