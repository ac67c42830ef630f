"""Which picture belongs to which result."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..branches.attractors.attractor_set import AttractorSet
from ..branches.attractors.history import AttractorHistory
from ..branches.bifurcation_point import BifurcationPoint
from ..branches.branch import Branch
from ..branches.cascades.cascade_result import Cascade
from ..branches.crises.crises_result import Crises
from ..branches.crises.crisis import Crisis
from ..branches.diagrams.cobweb import Cobweb
from ..branches.diagrams.diagram_result import BifurcationDiagram
from ..branches.diagrams.plane_result import ParameterPlane
from ..branches.exponents.average_result import BirkhoffAverage
from ..branches.exponents.covariant_result import CovariantDirections
from ..branches.exponents.density_result import OrbitDensity
from ..branches.exponents.entropy_result import EntropyBound, OrbitGrowth
from ..branches.exponents.spectrum_result import LyapunovSpectrum
from ..branches.exponents.transverse_result import TransverseExponent, TransverseScan
from ..branches.plane.bifurcation_curve import BifurcationCurve
from ..branches.plane.codimension_two import CodimensionTwoPoint
from ..branches.tubes.certified_branch import CertifiedBranch
from ..branches.tubes.certified_point import CertifiedPoint
from ..cells.basins.cell_basins import CellBasins
from ..cells.cell_graph import CellGraph
from ..cells.morse.morse_graph import MorseGraph
from ..cells.transfer.almost_invariant import AlmostInvariantSets
from ..cells.transfer.escape_rate import EscapeRate
from ..cells.transfer.invariant_density import InvariantDensity
from ..cells.transfer.operator import TransferOperator
from ..cells.transfer.spectrum import TransferSpectrum
from ..checker.checked import Checked
from ..claims.chart import Chart
from ..claims.reproduction import Reproduction
from ..claims.transition_scan import TransitionScan
from ..claims.verdict import Verdict
from ..ensembles.fates import Fates
from ..ensembles.gradient_flow import GradientFlow
from ..ensembles.progress_along import ProgressAlong
from ..ensembles.sharpness_along import SharpnessAlong
from ..ensembles.stopping_times import StoppingTimes
from ..ensembles.top_eigenvalues import HessianSpectrum
from ..errors import InvalidInput
from ..maps.trajectory import Trajectory
from ..measure.boundary.dimension import BoundaryDimension
from ..measure.boundary.entropy_result import BasinEntropy
from ..measure.enclosure.theorem import BasinTheorem
from ..measure.estimate import Estimate
from ..measure.exact.known import KnownMeasure
from ..measure.transition.result import Transition
from ..orbits.cluster import Cluster
from ..orbits.critical_manifold import CriticalManifold
from ..orbits.curves.basin_result import ImmediateBasin
from ..orbits.curves.crossings import Crossings
from ..orbits.curves.invariant_curve import InvariantCurve
from ..orbits.multipliers import Multipliers
from ..orbits.normal_forms.normal_form import NormalForm
from ..orbits.orbit_set import Minima, OrbitSet
from ..orbits.periodic_orbit import PeriodicOrbit
from ..orbits.skeleton import Skeleton
from ..orbits.stability import Stability
from ..thresholds.threshold import Threshold
from .attractors_picture import draw_attractors, draw_history
from .average_picture import draw_average
from .basins_of_cells_picture import draw_cell_basins
from .bifurcation_curve_picture import draw_bifurcation_curve, draw_codimension_two
from .boundary_picture import draw_basin_entropy, draw_boundary_dimension
from .branch_picture import draw_branch, draw_point
from .canvas import free_figure, in_our_style, new_axes
from .cascade_picture import draw_cascade
from .cell_graph_picture import cell_graph_size, draw_cell_graph
from .cells_picture import draw_measured, draw_theorem, measured_size, theorem_size
from .chart_picture import chart_size, draw_chart
from .checked_bars import draw_checked
from .cluster_picture import draw_cluster
from .cobweb_picture import draw_cobweb
from .crisis_picture import draw_crises, draw_crisis
from .curves_picture import (
    basin_size,
    draw_crossings,
    draw_immediate_basin,
    draw_invariant_curve,
)
from .density_picture import draw_histogram
from .diagram_picture import draw_diagram
from .entropy_picture import draw_entropy, draw_growth
from .fates_picture import draw_fates, fates_size
from .flow_picture import draw_flow
from .hessian_picture import draw_hessian_spectrum
from .known_bar import draw_known
from .morse_graph_picture import draw_morse_graph, morse_graph_size
from .multipliers_picture import draw_multipliers_alone
from .normal_form_picture import draw_normal_form
from .orbits_picture import draw_family_alone, draw_minima, draw_orbit, draw_orbits
from .plane_of_periods import draw_plane
from .progress_picture import draw_progress
from .sharpness_picture import draw_sharpness
from .skeleton_picture import draw_skeleton
from .spectrum_picture import draw_covariant, draw_exponents
from .stability_picture import draw_stability
from .stopping_picture import draw_stopping_times
from .threshold_line import draw_threshold
from .trajectories import draw_trajectory
from .transfer_picture import (
    draw_almost_invariant,
    draw_density,
    draw_escape_rate,
    draw_operator,
    draw_spectrum,
    on_cells_size,
)
from .transition import draw_transition
from .transition_picture import draw_scan, scan_size
from .transverse_picture import draw_transverse, draw_transverse_scan
from .tube_picture import draw_certified_branch, draw_certified_point
from .verdict_card import card_size, draw_verdict

__all__ = ["draw", "figure"]

_USUAL_SIZE = (6.4, 4.8)
_WITH_LEGEND = (7.6, 5.0)
_SHOWN = 20  # kinds of results that the message of a refusal lists


@singledispatch
def _paint(result: Any, ax: Axes, **style: Any) -> None:
    known = sorted(kind.__name__ for kind in _paint.registry if kind is not object)
    some = ", ".join(known[:_SHOWN])
    raise InvalidInput(
        "result",
        result,
        f"a result that has a picture ({some}, and {len(known) - _SHOWN} more kinds)",
    )


@singledispatch
def _size(result: Any) -> tuple[float, float]:
    return _USUAL_SIZE


_paint.register(AttractorHistory, draw_history)
_paint.register(AttractorSet, draw_attractors)
_paint.register(AlmostInvariantSets, draw_almost_invariant)
_paint.register(BasinEntropy, draw_basin_entropy)
_paint.register(BasinTheorem, draw_theorem)
_paint.register(BifurcationCurve, draw_bifurcation_curve)
_paint.register(BifurcationDiagram, draw_diagram)
_paint.register(BifurcationPoint, draw_point)
_paint.register(BoundaryDimension, draw_boundary_dimension)
_paint.register(Branch, draw_branch)
_paint.register(Cascade, draw_cascade)
_paint.register(CellBasins, draw_cell_basins)
_paint.register(CellGraph, draw_cell_graph)
_paint.register(CertifiedBranch, draw_certified_branch)
_paint.register(CertifiedPoint, draw_certified_point)
_paint.register(Chart, draw_chart)
_paint.register(Checked, draw_checked)
_paint.register(Cluster, draw_cluster)
_paint.register(CodimensionTwoPoint, draw_codimension_two)
_paint.register(Cobweb, draw_cobweb)
_paint.register(Crises, draw_crises)
_paint.register(Crisis, draw_crisis)
_paint.register(CriticalManifold, draw_family_alone)
_paint.register(Crossings, draw_crossings)
_paint.register(Estimate, draw_measured)
_paint.register(KnownMeasure, draw_known)
_paint.register(EscapeRate, draw_escape_rate)
_paint.register(Fates, draw_fates)
_paint.register(GradientFlow, draw_flow)
_paint.register(HessianSpectrum, draw_hessian_spectrum)
_paint.register(ImmediateBasin, draw_immediate_basin)
_paint.register(InvariantCurve, draw_invariant_curve)
_paint.register(InvariantDensity, draw_density)
_paint.register(Minima, draw_minima)
_paint.register(MorseGraph, draw_morse_graph)
_paint.register(Multipliers, draw_multipliers_alone)
_paint.register(NormalForm, draw_normal_form)
_paint.register(OrbitSet, draw_orbits)
_paint.register(ParameterPlane, draw_plane)
_paint.register(PeriodicOrbit, draw_orbit)
_paint.register(ProgressAlong, draw_progress)
_paint.register(SharpnessAlong, draw_sharpness)
_paint.register(Skeleton, draw_skeleton)
_paint.register(Stability, draw_stability)
_paint.register(StoppingTimes, draw_stopping_times)
_paint.register(Threshold, draw_threshold)
_paint.register(Trajectory, draw_trajectory)
_paint.register(TransferOperator, draw_operator)
_paint.register(TransferSpectrum, draw_spectrum)
_paint.register(Transition, draw_scan)
_paint.register(TransitionScan, draw_transition)
_paint.register(Verdict, draw_verdict)
_paint.register(BirkhoffAverage, draw_average)
_paint.register(CovariantDirections, draw_covariant)
_paint.register(EntropyBound, draw_entropy)
_paint.register(LyapunovSpectrum, draw_exponents)
_paint.register(OrbitDensity, draw_histogram)
_paint.register(OrbitGrowth, draw_growth)
_paint.register(TransverseExponent, draw_transverse)
_paint.register(TransverseScan, draw_transverse_scan)

_paint.register(Reproduction, lambda result, ax, **style: _paint(result.figure, ax, **style))

_size.register(AttractorHistory, lambda _: (8.8, 6.0))
_size.register(AttractorSet, lambda _: (8.8, 4.8))
_size.register(EntropyBound, lambda _: (6.0, 5.6))
_size.register(LyapunovSpectrum, lambda _: _WITH_LEGEND)
_size.register(OrbitDensity, lambda _: _WITH_LEGEND)
_size.register(TransverseExponent, lambda _: _WITH_LEGEND)
_size.register(TransverseScan, lambda _: _WITH_LEGEND)
_size.register(AlmostInvariantSets, on_cells_size)
_size.register(BasinEntropy, lambda _: _WITH_LEGEND)
_size.register(BasinTheorem, theorem_size)
_size.register(BifurcationCurve, lambda _: (8.4, 5.4))
_size.register(BifurcationDiagram, lambda _: (8.4, 6.0))
_size.register(BifurcationPoint, lambda _: (8.4, 5.0))
_size.register(BoundaryDimension, lambda _: _WITH_LEGEND)
_size.register(Branch, lambda _: (8.4, 5.0))
_size.register(Cascade, lambda _: _WITH_LEGEND)
_size.register(CellBasins, on_cells_size)
_size.register(CellGraph, cell_graph_size)
_size.register(CertifiedBranch, lambda _: (8.4, 6.0))
_size.register(CertifiedPoint, lambda _: (6.4, 1.9))
_size.register(Chart, chart_size)
_size.register(Checked, lambda _: (7.6, 3.2))
_size.register(Cobweb, lambda _: (7.6, 5.2))
_size.register(CodimensionTwoPoint, lambda _: _WITH_LEGEND)
_size.register(Crises, lambda _: (8.8, 5.0))
_size.register(Crisis, lambda _: _WITH_LEGEND)
_size.register(CriticalManifold, lambda _: _WITH_LEGEND)
_size.register(Crossings, lambda _: _WITH_LEGEND)
_size.register(Estimate, measured_size)
_size.register(KnownMeasure, lambda _: (7.6, 2.1))
_size.register(EscapeRate, on_cells_size)
_size.register(Fates, fates_size)
_size.register(ImmediateBasin, basin_size)
_size.register(InvariantCurve, lambda _: _WITH_LEGEND)
_size.register(InvariantDensity, on_cells_size)
_size.register(Minima, lambda _: _WITH_LEGEND)
_size.register(MorseGraph, morse_graph_size)
_size.register(Multipliers, lambda _: _WITH_LEGEND)
_size.register(OrbitSet, lambda _: _WITH_LEGEND)
_size.register(ParameterPlane, lambda _: (8.4, 5.6))
_size.register(PeriodicOrbit, lambda _: _WITH_LEGEND)
_size.register(Reproduction, lambda result: _size(result.figure))
_size.register(GradientFlow, lambda _: (8.4, 6.0))
_size.register(ProgressAlong, lambda _: (8.4, 6.0))
_size.register(SharpnessAlong, lambda _: (8.4, 6.0))
_size.register(Skeleton, lambda _: (8.4, 6.6))
_size.register(Stability, lambda _: _WITH_LEGEND)
_size.register(StoppingTimes, lambda _: _WITH_LEGEND)
_size.register(Threshold, lambda _: (6.4, 1.9))
_size.register(TransferOperator, lambda _: (6.8, 5.4))
_size.register(TransferSpectrum, lambda _: (7.6, 5.0))
_size.register(Transition, scan_size)
_size.register(TransitionScan, lambda _: (7.6, 5.4))
_size.register(Verdict, card_size)


def draw(result: Any, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw a result and return the axes; nothing is shown or written.

    Parameters
    ----------
    result : Result
        What to draw; its type decides the picture.
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure where none is given, which a notebook displays.
    **style
        Goes to the main artist of the picture.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InvalidInput
        For a result that has no picture; the message lists some that have one.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> trajectory = GradientDescent(Loss(x**2, [x]), step_size="1/3").trajectory([1.0], 5)
    >>> draw(trajectory, ax=Figure().subplots()).get_ylabel()
    '$x$, step t + 1'
    """
    if ax is not None and not isinstance(ax, Axes):
        raise InvalidInput("ax", ax, "matplotlib Axes", "for example pyplot.subplots()[1]")
    with in_our_style():
        axes = new_axes(_size(result)) if ax is None else ax
        _paint(result, axes, **style)
    return axes


def figure(result: Any, **style: Any) -> Figure:
    """Return a new figure of a result that pyplot does not keep: for reports of many pictures.

    Parameters
    ----------
    result : Result
        What to draw.
    **style
        Goes to the main artist of the picture.

    Returns
    -------
    matplotlib Figure

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss, critical_step_size
    >>> len(figure(critical_step_size(Loss(x**2, [x]))).axes)
    1
    """
    with in_our_style():
        fig, axes = free_figure(_size(result))
        _paint(result, axes, **style)
    return fig
