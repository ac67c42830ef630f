"""Gradient descent with a fixed step size, studied as a discrete dynamical system."""

from __future__ import annotations

from ._version import __version__
from .errors import (
    DynsysError,
    InvalidInput,
    MissingExtra,
    TimeLimitReached,
    UndecidedError,
    UnknownParameter,
    UnsafeExpression,
    UnsupportedFunction,
)
from .evidence import Evidence, Finding, Grade, Outcome
from .losses.symbolic import Loss
from .maps.gradient_descent import GradientDescent
from .maps.symbolic_map import SymbolicMap
from .maps.trajectory import Trajectory
from .regions import Ball, Box, Gaussian, Grid

__all__ = [
    "Ball",
    "Box",
    "DynsysError",
    "Evidence",
    "Finding",
    "Gaussian",
    "Grade",
    "GradientDescent",
    "Grid",
    "InvalidInput",
    "Loss",
    "MissingExtra",
    "Outcome",
    "SymbolicMap",
    "TimeLimitReached",
    "Trajectory",
    "UndecidedError",
    "UnknownParameter",
    "UnsafeExpression",
    "UnsupportedFunction",
    "__version__",
]
