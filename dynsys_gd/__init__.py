"""Gradient descent with a fixed step size, studied as a discrete dynamical system.

The nouns are losses, maps, orbits, thresholds, fates, estimates and verdicts; the verbs are
functions that make one from another. Every answer says how it is known: see `Grade`.
"""

from __future__ import annotations

from . import claims, data
from ._version import __version__
from .branches.attractors.attractor import Attractor
from .branches.attractors.attractor_set import AttractorSet
from .branches.attractors.finding import attractors
from .branches.attractors.following import attractor_steps, follow_attractors
from .branches.attractors.history import AttractorEvent, AttractorHistory
from .branches.attractors.kinds import AttractorChange, AttractorKind
from .branches.bifurcation_point import BifurcationPoint, Located
from .branches.branch import Branch, BranchLimit
from .branches.cascades.cascade import cascade, cascade_steps
from .branches.cascades.cascade_result import Cascade
from .branches.cascades.doubling import Doubling
from .branches.cascades.ending import CascadeEnd
from .branches.cascades.extrapolated import Extrapolated
from .branches.continuation.follow import branch_steps, follow
from .branches.continuation.method import PseudoArclength
from .branches.continuation.switch import switch
from .branches.crises.crises import crises
from .branches.crises.crises_result import Crises
from .branches.crises.crisis import Crisis, CrisisSide
from .branches.crises.kinds import CrisisKind
from .branches.diagrams.behaviour import Behaviour
from .branches.diagrams.cobweb import Cobweb, cobweb
from .branches.diagrams.colour import ColourBy
from .branches.diagrams.column import DiagramColumn
from .branches.diagrams.diagram import bifurcation_columns, bifurcation_diagram
from .branches.diagrams.diagram_result import BifurcationDiagram, PeriodChange
from .branches.diagrams.plane import parameter_plane
from .branches.diagrams.plane_result import ParameterPlane, PlaneRegion
from .branches.exponents.average import LossObservable, birkhoff_average
from .branches.exponents.average_result import BirkhoffAverage
from .branches.exponents.covariant import covariant_directions
from .branches.exponents.covariant_result import CovariantDirections
from .branches.exponents.density import invariant_density
from .branches.exponents.density_result import OrbitDensity
from .branches.exponents.entropy import topological_entropy_bound
from .branches.exponents.entropy_result import EntropyBound, OrbitGrowth
from .branches.exponents.orbit_growth import orbit_growth
from .branches.exponents.pooled import PooledAverages
from .branches.exponents.spectrum import lyapunov_spectrum
from .branches.exponents.spectrum_result import LyapunovSpectrum, OrbitCourse
from .branches.exponents.transverse import transverse_exponent
from .branches.exponents.transverse_result import (
    TransverseCrossing,
    TransverseExponent,
    TransverseScan,
)
from .branches.exponents.transverse_scan import transverse_exponents
from .branches.followed import FollowedOrbit
from .branches.plane.bifurcation_curve import BifurcationCurve, CurveLimit
from .branches.plane.closed_form import ClosedForm
from .branches.plane.codimension_two import CodimensionTwo, CodimensionTwoPoint
from .branches.plane.follow import bifurcation_curve_steps, follow_bifurcation
from .branches.plane.followed_bifurcation import FollowedBifurcation
from .branches.tubes.certified_branch import CertifiedBranch
from .branches.tubes.certified_point import CertifiedPoint
from .branches.tubes.certify import certify
from .branches.tubes.gap import BranchGap, GapReason
from .branches.tubes.method import Tubes
from .branches.tubes.segment import BranchSegment
from .branches.tubes.special import certify_point
from .cells.basins.basins_of_cells import basins_of_cells
from .cells.basins.cell_basins import BasinBounds, CellBasins, Commitment
from .cells.cell_graph import CellGraph, cell_graph
from .cells.cells import Cells
from .cells.morse.build import morse_graph
from .cells.morse.morse_graph import MorseGraph
from .cells.morse.morse_set import FamilyPart, MorseKind, MorseSet
from .cells.transfer.almost_invariant import AlmostInvariantSets
from .cells.transfer.escape_rate import Escape, EscapeRate
from .cells.transfer.invariant_density import ErgodicComponent, InvariantDensity
from .cells.transfer.method import TransferMethod
from .cells.transfer.monotone_pieces import MonotonePieces
from .cells.transfer.operator import TransferOperator
from .cells.transfer.sampled_cells import SampledCells
from .cells.transfer.spectrum import TransferSpectrum
from .cells.transfer.transfer_operator import transfer_operator
from .checker import Checked, check
from .claims.reproduce import reproduce
from .claims.verdict import Status, Verdict
from .claims.verify import verify
from .cli.progress_bar import progress_bar
from .engine.arithmetic import Arithmetic
from .engine.stopping import Keep, Stop, StoppingRule
from .ensembles import starts
from .ensembles.budget import Budget
from .ensembles.fates import Detail, Fate, Fates
from .ensembles.gradient_flow import GradientFlow, Integrator, gradient_flow
from .ensembles.progress_along import ProgressAlong, progress_along
from .ensembles.sharpness_along import SharpnessAlong, sharpness_along
from .ensembles.simulate import simulate
from .ensembles.stopping_times import StoppingTimes, stopping_times
from .ensembles.top_eigenvalues import HessianSpectrum, top_eigenvalues
from .errors import (
    DynsysError,
    InvalidInput,
    MissingExtra,
    TimeLimitReached,
    UndecidedError,
    UnknownParameter,
    UnsafeExpression,
    UnsupportedFunction,
    WorkersLost,
)
from .evidence import Evidence, Finding, Grade, Outcome
from .losses import catalog
from .losses.activations import Activation
from .losses.autodiff import AutodiffLoss
from .losses.data_loss import DataLoss
from .losses.initialisation import fan_in_uniform, he_normal, xavier_normal
from .losses.linear_network import LinearNetwork
from .losses.mlp import MLP
from .losses.parse import parse_loss
from .losses.quantized_network import QuantizedNetwork, class_votes
from .losses.straight_through import StraightThrough
from .losses.symbolic import Loss
from .losses.torch_loss import TorchLoss, from_torch
from .maps import textbook
from .maps.base import Map
from .maps.coarse_gradient import CoarseGradient
from .maps.gradient_descent import GradientDescent
from .maps.heavy_ball import HeavyBall
from .maps.layerwise_descent import CarriedStepSizes, LayerwiseDescent
from .maps.minibatch_cycle import MinibatchCycle, minibatches
from .maps.nesterov import Nesterov
from .maps.parse import parse_map
from .maps.random_minibatch import RandomMinibatch
from .maps.restriction import restricted
from .maps.symbolic_map import SymbolicMap
from .maps.trajectory import Trajectory
from .measure.boundary.boxes import BoxCounting
from .measure.boundary.dimension import BoundaryDimension, ScalePoint
from .measure.boundary.entropy import basin_entropy
from .measure.boundary.entropy_result import BasinEntropy, EntropyPoint
from .measure.boundary.geometry import boundary_dimension
from .measure.boundary.labels import Partition
from .measure.boundary.power_law import PointUse
from .measure.boundary.question import BoundaryMethod
from .measure.boundary.resolution import ResolutionScaling
from .measure.boundary.uncertainty import UncertaintyExponent
from .measure.convergent import convergent_measure
from .measure.enclosure.certificate import Certificate
from .measure.enclosure.enclosure import Enclosure
from .measure.enclosure.theorem import BasinTheorem, basin_theorem
from .measure.estimate import Estimate
from .measure.exact.known import KnownMeasure
from .measure.exact.known_measure import known_measure
from .measure.rare.splitting import Splitting
from .measure.sampling.adaptive import Adaptive
from .measure.sampling.monte_carlo import MonteCarlo
from .measure.sampling.quasi_monte_carlo import QuasiMonteCarlo
from .measure.sampling.stratified import Stratified
from .measure.survival import Survival
from .measure.target import Target
from .measure.transition.point import ShareStatus, TransitionPoint
from .measure.transition.refinement import BracketLimit, CriticalBracket, Refinement
from .measure.transition.result import Transition
from .measure.transition.scan import transition, transition_points
from .orbits.certified.krawczyk import Krawczyk
from .orbits.cluster import Cluster, Obstacle
from .orbits.critical_manifold import CriticalManifold
from .orbits.critical_points import critical_points
from .orbits.curves.basin import immediate_basin
from .orbits.curves.basin_result import BasinCell, ImmediateBasin, IntervalEnd
from .orbits.curves.crossings import Crossings, crossings
from .orbits.curves.invariant_curve import BranchEnd, CurveSide, InvariantCurve
from .orbits.curves.stable import stable_manifold
from .orbits.curves.unstable import unstable_manifold
from .orbits.exact.method import Exact
from .orbits.fixed_points import fixed_points
from .orbits.kinds import CriticalKind, Kind
from .orbits.multipliers import Multipliers, multipliers
from .orbits.normal_forms.find import normal_form
from .orbits.normal_forms.kinds import Bifurcation, Criticality
from .orbits.normal_forms.normal_form import NormalForm
from .orbits.numerical.davidchack_lai import DavidchackLai
from .orbits.numerical.newton_search import LinearSolver, NewtonSearch
from .orbits.numerical.schmelcher_diakonos import SchmelcherDiakonos
from .orbits.orbit_set import Minima, OrbitSet
from .orbits.periodic_orbit import PeriodicOrbit
from .orbits.periodic_orbits import periodic_orbits
from .orbits.question import OrbitMethod
from .orbits.skeleton import Skeleton, skeleton
from .orbits.stability import Stability, stability
from .regions import Ball, Box, Distribution, Gaussian, Grid
from .thresholds.critical import critical_step_size
from .thresholds.flattest import flattest_minimum, near_flattest
from .thresholds.threshold import Threshold, ThresholdStatus
from .thresholds.weak import weak_critical_step_size

__all__ = [
    "MLP",
    "Activation",
    "Adaptive",
    "AlmostInvariantSets",
    "Arithmetic",
    "Attractor",
    "AttractorChange",
    "AttractorEvent",
    "AttractorHistory",
    "AttractorKind",
    "AttractorSet",
    "AutodiffLoss",
    "Ball",
    "BasinBounds",
    "BasinCell",
    "BasinEntropy",
    "BasinTheorem",
    "Behaviour",
    "Bifurcation",
    "BifurcationCurve",
    "BifurcationDiagram",
    "BifurcationPoint",
    "BirkhoffAverage",
    "BoundaryDimension",
    "BoundaryMethod",
    "Box",
    "BoxCounting",
    "BracketLimit",
    "Branch",
    "BranchEnd",
    "BranchGap",
    "BranchLimit",
    "BranchSegment",
    "Budget",
    "CarriedStepSizes",
    "Cascade",
    "CascadeEnd",
    "CellBasins",
    "CellGraph",
    "Cells",
    "Certificate",
    "CertifiedBranch",
    "CertifiedPoint",
    "Checked",
    "ClosedForm",
    "Cluster",
    "CoarseGradient",
    "Cobweb",
    "CodimensionTwo",
    "CodimensionTwoPoint",
    "ColourBy",
    "Commitment",
    "CovariantDirections",
    "Crises",
    "Crisis",
    "CrisisKind",
    "CrisisSide",
    "CriticalBracket",
    "CriticalKind",
    "CriticalManifold",
    "Criticality",
    "Crossings",
    "CurveLimit",
    "CurveSide",
    "DataLoss",
    "DavidchackLai",
    "Detail",
    "DiagramColumn",
    "Distribution",
    "Doubling",
    "DynsysError",
    "Enclosure",
    "EntropyBound",
    "EntropyPoint",
    "ErgodicComponent",
    "Escape",
    "EscapeRate",
    "Estimate",
    "Evidence",
    "Exact",
    "Extrapolated",
    "FamilyPart",
    "Fate",
    "Fates",
    "Finding",
    "FollowedBifurcation",
    "FollowedOrbit",
    "GapReason",
    "Gaussian",
    "Grade",
    "GradientDescent",
    "GradientFlow",
    "Grid",
    "HeavyBall",
    "HessianSpectrum",
    "ImmediateBasin",
    "Integrator",
    "IntervalEnd",
    "InvalidInput",
    "InvariantCurve",
    "InvariantDensity",
    "Keep",
    "Kind",
    "KnownMeasure",
    "Krawczyk",
    "LayerwiseDescent",
    "LinearNetwork",
    "LinearSolver",
    "Located",
    "Loss",
    "LossObservable",
    "LyapunovSpectrum",
    "Map",
    "MinibatchCycle",
    "Minima",
    "MissingExtra",
    "MonotonePieces",
    "MonteCarlo",
    "MorseGraph",
    "MorseKind",
    "MorseSet",
    "Multipliers",
    "Nesterov",
    "NewtonSearch",
    "NormalForm",
    "Obstacle",
    "OrbitCourse",
    "OrbitDensity",
    "OrbitGrowth",
    "OrbitMethod",
    "OrbitSet",
    "Outcome",
    "ParameterPlane",
    "Partition",
    "PeriodChange",
    "PeriodicOrbit",
    "PlaneRegion",
    "PointUse",
    "PooledAverages",
    "ProgressAlong",
    "PseudoArclength",
    "QuantizedNetwork",
    "QuasiMonteCarlo",
    "RandomMinibatch",
    "Refinement",
    "ResolutionScaling",
    "SampledCells",
    "ScalePoint",
    "SchmelcherDiakonos",
    "ShareStatus",
    "SharpnessAlong",
    "Skeleton",
    "Splitting",
    "Stability",
    "Status",
    "Stop",
    "StoppingRule",
    "StoppingTimes",
    "StraightThrough",
    "Stratified",
    "Survival",
    "SymbolicMap",
    "Target",
    "Threshold",
    "ThresholdStatus",
    "TimeLimitReached",
    "TorchLoss",
    "Trajectory",
    "TransferMethod",
    "TransferOperator",
    "TransferSpectrum",
    "Transition",
    "TransitionPoint",
    "TransverseCrossing",
    "TransverseExponent",
    "TransverseScan",
    "Tubes",
    "UncertaintyExponent",
    "UndecidedError",
    "UnknownParameter",
    "UnsafeExpression",
    "UnsupportedFunction",
    "Verdict",
    "WorkersLost",
    "__version__",
    "attractor_steps",
    "attractors",
    "basin_entropy",
    "basin_theorem",
    "basins_of_cells",
    "bifurcation_columns",
    "bifurcation_curve_steps",
    "bifurcation_diagram",
    "birkhoff_average",
    "boundary_dimension",
    "branch_steps",
    "cascade",
    "cascade_steps",
    "catalog",
    "cell_graph",
    "certify",
    "certify_point",
    "check",
    "claims",
    "class_votes",
    "cobweb",
    "convergent_measure",
    "covariant_directions",
    "crises",
    "critical_points",
    "critical_step_size",
    "crossings",
    "data",
    "fan_in_uniform",
    "fixed_points",
    "flattest_minimum",
    "follow",
    "follow_attractors",
    "follow_bifurcation",
    "from_torch",
    "gradient_flow",
    "he_normal",
    "immediate_basin",
    "invariant_density",
    "known_measure",
    "lyapunov_spectrum",
    "minibatches",
    "morse_graph",
    "multipliers",
    "near_flattest",
    "normal_form",
    "orbit_growth",
    "parameter_plane",
    "parse_loss",
    "parse_map",
    "periodic_orbits",
    "progress_along",
    "progress_bar",
    "reproduce",
    "restricted",
    "sharpness_along",
    "simulate",
    "skeleton",
    "stability",
    "stable_manifold",
    "starts",
    "stopping_times",
    "switch",
    "textbook",
    "top_eigenvalues",
    "topological_entropy_bound",
    "transfer_operator",
    "transition",
    "transition_points",
    "transverse_exponent",
    "transverse_exponents",
    "unstable_manifold",
    "verify",
    "weak_critical_step_size",
    "xavier_normal",
]
