"""Statements with their hypotheses, checked on an instance."""

from __future__ import annotations

from ..errors import InvalidInput
from .chart import Band, Chart, Curve, Level, Mark, Panel, Raster
from .claim import Case, Claim, Hypothesis, Instance, Observation
from .declare import condition, observed, yes_if
from .gallery import get_study, read_study, studies, study_names
from .main_paper.general_losses import general_loss_impossibility
from .main_paper.linear_networks import linear_network_impossibility
from .main_paper.manifold import minima_form_a_manifold
from .main_paper.singularity import non_singular_map
from .main_paper.spectrum import every_eigenvalue_proper, spectrum_along_the_minima
from .main_paper.stability import no_stable_minimum
from .main_paper.transition import sharp_transition
from .number import Number, Origin
from .reproduce import reproduce, trials
from .reproduction import Reproduction, Role, Trial
from .study import Part, Study
from .transition_scan import TransitionScan
from .verdict import Status, Verdict
from .verify import STARTS, verify

__all__ = [
    "STARTS",
    "Band",
    "Case",
    "Chart",
    "Claim",
    "Curve",
    "Hypothesis",
    "Instance",
    "Level",
    "Mark",
    "Number",
    "Observation",
    "Origin",
    "Panel",
    "Part",
    "Raster",
    "Reproduction",
    "Role",
    "Status",
    "Study",
    "TransitionScan",
    "Trial",
    "Verdict",
    "all_claims",
    "condition",
    "every_eigenvalue_proper",
    "general_loss_impossibility",
    "get",
    "get_study",
    "linear_network_impossibility",
    "minima_form_a_manifold",
    "names",
    "no_stable_minimum",
    "non_singular_map",
    "observed",
    "read_study",
    "reproduce",
    "sharp_transition",
    "spectrum_along_the_minima",
    "studies",
    "study_names",
    "trials",
    "verify",
    "yes_if",
]

_ALL = (
    non_singular_map,
    minima_form_a_manifold,
    spectrum_along_the_minima,
    every_eigenvalue_proper,
    no_stable_minimum,
    linear_network_impossibility,
    general_loss_impossibility,
    sharp_transition,
)


def all_claims() -> tuple[Claim, ...]:
    """Return every claim, in the order in which one builds on another.

    Examples
    --------
    >>> len(all_claims()) == len(names())
    True
    """
    return _ALL


def names() -> tuple[str, ...]:
    """Return the names of all claims.

    Examples
    --------
    >>> names()[0]
    'non_singular_map'
    """
    return tuple(claim.name for claim in _ALL)


def get(name: str) -> Claim:
    """Return the claim of this name.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Claim

    Raises
    ------
    InvalidInput
        For an unknown name; the message lists the known ones.

    Examples
    --------
    >>> get("no_stable_minimum").title
    'Beyond the critical step size no minimum is stable'
    """
    for claim in _ALL:
        if claim.name == name:
            return claim
    raise InvalidInput("name", name, f"one of {', '.join(names())}")
