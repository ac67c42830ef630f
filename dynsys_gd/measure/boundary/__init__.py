"""The geometry of the boundary between sets of starts that meet different fates."""

from .boxes import BoxCounting
from .dimension import BoundaryDimension, ScalePoint
from .entropy import basin_entropy
from .entropy_result import BasinEntropy, EntropyPoint
from .geometry import boundary_dimension
from .labels import Partition
from .power_law import PointUse
from .question import BoundaryMethod
from .resolution import ResolutionScaling
from .uncertainty import UncertaintyExponent

__all__ = [
    "BasinEntropy",
    "BoundaryDimension",
    "BoundaryMethod",
    "BoxCounting",
    "EntropyPoint",
    "Partition",
    "PointUse",
    "ResolutionScaling",
    "ScalePoint",
    "UncertaintyExponent",
    "basin_entropy",
    "boundary_dimension",
]
