"""Gradient descent with a fixed step size, studied as a discrete dynamical system.

The nouns are losses, maps, orbits, thresholds, fates, estimates and verdicts; the verbs are
functions that make one from another. Every answer says how it is known: see `Grade`.
"""

from __future__ import annotations

from . import data
from ._version import __version__
from .ensembles.budget import Budget
from .ensembles.fates import Detail, Fate, Fates
from .ensembles.simulate import simulate
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
from .losses.activations import Activation
from .losses.autodiff import AutodiffLoss
from .losses.data_loss import DataLoss
from .losses.initialisation import he_normal, xavier_normal
from .losses.linear_network import LinearNetwork
from .losses.mlp import MLP
from .losses.parse import parse_loss
from .losses.symbolic import Loss
from .maps.base import Map
from .maps.gradient_descent import GradientDescent
from .maps.heavy_ball import HeavyBall
from .maps.minibatch_cycle import MinibatchCycle, minibatches
from .maps.nesterov import Nesterov
from .maps.symbolic_map import SymbolicMap
from .maps.trajectory import Trajectory
from .measure.convergent import convergent_measure
from .measure.estimate import Estimate
from .measure.monte_carlo import MonteCarlo
from .measure.target import Target
from .regions import Ball, Box, Gaussian, Grid

__all__ = [
    "MLP",
    "Activation",
    "AutodiffLoss",
    "Ball",
    "Box",
    "Budget",
    "DataLoss",
    "Detail",
    "DynsysError",
    "Estimate",
    "Evidence",
    "Fate",
    "Fates",
    "Finding",
    "Gaussian",
    "Grade",
    "GradientDescent",
    "Grid",
    "HeavyBall",
    "InvalidInput",
    "LinearNetwork",
    "Loss",
    "Map",
    "MinibatchCycle",
    "MissingExtra",
    "MonteCarlo",
    "Nesterov",
    "Outcome",
    "SymbolicMap",
    "Target",
    "TimeLimitReached",
    "Trajectory",
    "UndecidedError",
    "UnknownParameter",
    "UnsafeExpression",
    "UnsupportedFunction",
    "__version__",
    "convergent_measure",
    "data",
    "he_normal",
    "minibatches",
    "parse_loss",
    "simulate",
    "xavier_normal",
]
