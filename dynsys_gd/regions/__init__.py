"""Where initialisations come from: boxes, balls, Gaussians and other laws."""

from .ball import Ball
from .box import MOST_CELLS, Box, Grid
from .checks import generator_of, positive_count
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
    "generator_of",
    "positive_count",
]
