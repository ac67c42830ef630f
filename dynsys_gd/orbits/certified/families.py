"""What the boxes that no proof removed stand for: families of fixed points, or clusters."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import interval_function
from ...engine.tape import lower as lowered
from ...evidence import Evidence, Grade, Outcome
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Region
from ..cluster import Cluster, Obstacle
from ..critical_manifold import CriticalManifold
from ..exact.gradient_sets import FLOAT_REASON
from ..exact.method import Exact
from ..kinds import CriticalKind
from ..question import OrbitQuestion
from .clusters import clusters_of, components
from .contract import contracted
from .domain import Domain, domain_of
from .equations import Equations
from .existence import family_points, meets_region
from .outward import Bounds
from .residual_form import ResidualForm
from .search import Found
from .transverse import transverse_of
from .tube import Tube

__all__ = ["Explained", "explained"]

_FINE = 400  # boxes of a tube, up to which they are halved for its shape to be seen
_MOST_FAMILIES = 32  # what would make more families stays a cluster
_SETTLING = 8  # halvings of boxes of which only local forms tell
_EXACT_SECONDS = 5.0
_SOURCES = ("krawczyk1969", "rump1983")


@dataclass(frozen=True, eq=False)
class Explained:
    """What was undecided, sorted.

    Parameters
    ----------
    families : tuple of CriticalManifold
        Of fixed points, where these were sought.
    clusters : tuple of Cluster
        What is still undecided.
    """

    families: tuple[CriticalManifold, ...]
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """A family with the boxes (1, d, n) around it."""

    family: CriticalManifold
    lower: Bounds
    upper: Bounds


def explained(
    F: Map,
    equations: Equations,
    found: Found,
    tube: Tube | None,
    region: Region,
    evidence: Evidence,
    seconds: float,
) -> Explained:
    """Return the families and the clusters that a search left.

    Parameters
    ----------
    F : Map
    equations : Equations
        Of the orbits sought.
    found : Found
        Of which the open boxes and the known ones are looked at.
    tube : Tube or None
        What told which boxes are known.
    region : Region
    evidence : Evidence
        Of the search.
    seconds : float
        How long exact algebra may take, which is asked where boxes near a family stay open and
        the map is polynomial.
    """
    ends = time.monotonic() + seconds
    low, high = found.open_lower, found.open_upper
    if equations.period > 1:
        # Known boxes hold fixed points only, which are not sought.
        return Explained((), clusters_of(equations, low, high, evidence))
    domain = domain_of(F, region, 1)
    parts: list[_Part] = []
    if tube is not None:
        parts, lost = _of_tube(F, tube, found.known_lower, found.known_upper, domain, evidence)
        low, high = (np.concatenate(pair, axis=2) for pair in ((low, lost[0]), (high, lost[1])))
    clusters = clusters_of(equations, low, high, evidence)
    left = min(ends - time.monotonic(), _EXACT_SECONDS)
    if len(equations.variables) > 1 and clusters and left > 0:
        boxes = [(part.lower, part.upper) for part in parts]
        exact = _exactly(F, equations, domain, clusters, boxes, left)
        if exact is not None:
            parts, clusters = exact
    return Explained(tuple(_with_boxes(part, clusters) for part in parts), clusters)


def _with_boxes(part: _Part, clusters: Sequence[Cluster]) -> CriticalManifold:
    """Return a family with its boxes; near a cluster it may be singular."""
    family = part.family
    boxes = np.stack([part.lower[0], part.upper[0]], axis=-1).transpose(1, 0, 2)
    unknown = [cluster.boxes[:, 0].transpose(1, 2, 0) for cluster in clusters]
    if family.evidence.grade is not Grade.PROVED and any(
        _near(family, box[:, 0], box[:, 1]).any() for box in unknown
    ):
        family = replace(family, smooth=Outcome.UNDECIDED)
    return replace(family, boxes=np.ascontiguousarray(boxes))


def _of_tube(
    F: Map, tube: Tube, lower: Bounds, upper: Bounds, domain: Domain, evidence: Evidence
) -> tuple[list[_Part], tuple[Bounds, Bounds]]:
    """Return families, and the boxes in which none of their points was proved to be."""
    low, high = _not_outside(domain, lower, upper)
    low, high, places = _settled(tube, low, high)
    told = places >= 0
    lost = [(low[..., ~told], high[..., ~told])]
    low, high, places = low[..., told], high[..., told], places[told]
    labels = _pieces(tube, places, low, high)
    parts: list[_Part] = []
    for count, label in enumerate(np.unique(labels)):
        own = labels == label
        if count >= _MOST_FAMILIES:
            lost.append((low[..., own], high[..., own]))
            continue
        first, second, which = _halved(tube.equations, low[..., own], high[..., own], places[own])
        _, outside = domain.holds(first, second)
        first, second, which = first[..., ~outside], second[..., ~outside], which[~outside]
        used = [(int(p), first[..., which == p], second[..., which == p]) for p in np.unique(which)]
        if any(family_points(tube, *part, domain) for part in used):
            parts.append(_Part(_family(F, tube, used, evidence), first, second))
        else:
            lost.append((first, second))
    lows, highs = zip(*lost, strict=True)
    return parts, (np.concatenate(lows, axis=2), np.concatenate(highs, axis=2))


def _not_outside(domain: Domain, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
    """Return the boxes that are not surely outside of the region."""
    _, outside = domain.holds(lower, upper)
    return lower[..., ~outside], upper[..., ~outside]


def _pieces(
    tube: Tube, places: NDArray[np.int64], lower: Bounds, upper: Bounds
) -> NDArray[np.int64]:
    """Return for each box the number of its family.

    What equations say of the whole space is one family. Those that say something about parts of
    it only are taken together, and each connected set of their boxes is a family.
    """
    labels = places.copy()
    if not len(places):
        return labels
    local = np.array([form.local for form in tube.forms])[places]
    sizes = np.array([len(form.equations) for form in tube.forms])[places]
    for size in np.unique(sizes[local]):
        group = np.flatnonzero(local & (sizes == size))
        labels[group] = labels.max() + 1 + components(lower[..., group], upper[..., group])
    return labels


def _settled(tube: Tube, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds, NDArray[np.int64]]:
    """Return boxes with the places of the forms that tell of them, local ones for few.

    In a wide box a local form may tell of a piece of a family that another form describes whole.
    """
    places = tube.places(lower, upper)
    local = np.array([form.local for form in tube.forms])
    for _ in range(_SETTLING):
        again = (places >= 0) & local[places]
        if local.all() or not again.any() or again.sum() > 10 * _FINE:
            break
        low, high, _ = _halves(tube.equations, lower[..., again], upper[..., again], places[again])
        lower = np.concatenate([lower[..., ~again], low], axis=2)
        upper = np.concatenate([upper[..., ~again], high], axis=2)
        places = np.concatenate([places[~again], tube.places(low, high)])
    return lower, upper, places


def _halved(
    equations: Equations, lower: Bounds, upper: Bounds, places: NDArray[np.int64]
) -> tuple[Bounds, Bounds, NDArray[np.int64]]:
    """Return finer boxes with the same zeros, and the places of those they come from."""
    while 0 < lower.shape[2] <= _FINE:
        lower, upper, places = _halves(equations, lower, upper, places)
    return lower, upper, places


def _halves(
    equations: Equations, lower: Bounds, upper: Bounds, places: NDArray[np.int64]
) -> tuple[Bounds, Bounds, NDArray[np.int64]]:
    """Return what is left of both halves of each box."""
    widest = np.argmax((upper - lower)[0], axis=0)
    every = np.arange(lower.shape[2])
    cut = 0.5 * (lower[0, widest, every] + upper[0, widest, every])
    left, right = upper.copy(), lower.copy()
    left[0, widest, every] = cut
    right[0, widest, every] = cut
    low, high = np.concatenate([lower, right], axis=2), np.concatenate([left, upper], axis=2)
    low, high, kept = contracted(equations, low, high)
    return low, high, np.concatenate([places, places])[kept]


def _family(
    F: Map, tube: Tube, used: Sequence[tuple[int, Bounds, Bounds]], evidence: Evidence
) -> CriticalManifold:
    """Return a family with the forms that tell of it and the boxes in which each does."""
    form = tube.forms[used[0][0]]
    variables = tube.equations.variables
    across = [transverse_of(F, tube, place, low[0], high[0]) for place, low, high in used]
    transverse = across[0]
    kinds = {each.critical for each in across}
    critical = transverse.critical if len(kinds) == 1 else CriticalKind.UNDECIDED
    lowest = Outcome.UNDECIDED
    if form.lowest is not None:
        critical, lowest = CriticalKind.MINIMUM, Outcome.YES
    why = (
        "interval arithmetic with outward rounding: on every box around the family the functions "
        "are A(x) h(x) with A and the derivative of h of full rank"
    )
    grade = evidence.grade
    own = Evidence(grade=Grade.CERTIFIED, reason=why, sources=_SOURCES)
    return CriticalManifold(
        map=F,
        variables=variables,
        equations=form.shown,
        dimension=len(variables) - len(form.equations),
        evidence=own if grade is Grade.CERTIFIED else own.weakened_to(grade, FLOAT_REASON),
        eigenvalues=transverse.eigenvalues,
        transverse=transverse.multipliers,
        stable_part=transverse.stable,
        unstable_part=transverse.unstable,
        critical=critical if isinstance(F, GradientMap) else None,
        no_minimum=critical is CriticalKind.MAXIMUM,
        global_minimum=lowest,
        loss_value=form.lowest,
        smooth=Outcome.YES,
    )


def _exactly(
    F: Map,
    equations: Equations,
    domain: Domain,
    clusters: Sequence[Cluster],
    tubes: Sequence[tuple[Bounds, Bounds]],
    seconds: float,
) -> tuple[list[_Part], tuple[Cluster, ...]] | None:
    """Return families by exact algebra and what they leave open, None where it finds none.

    A cluster without isolated solutions holds points of families only.
    """
    answer = Exact().answer(OrbitQuestion(F=F, period=1, region=None, seconds=seconds))
    if not (answer.complete and answer.families and answer.evidence.grade is Grade.PROVED):
        return None
    d = equations.dimension
    points = np.array([o.enclosure[0, :d] for o in answer.orbits if o.enclosure is not None])
    points = points.reshape(-1, d, 2)
    if len(points) < len(answer.orbits):
        return None
    empty = [_meets(cluster.boxes[:, 0], points) == 0 for cluster in clusters]
    closed = [cluster for cluster, done in zip(clusters, empty, strict=True) if done]
    low = [*(low for low, _ in tubes), *(c.boxes[..., 0].transpose(1, 2, 0) for c in closed)]
    high = [*(high for _, high in tubes), *(c.boxes[..., 1].transpose(1, 2, 0) for c in closed)]
    if not low:
        return None
    lower, upper = np.concatenate(low, axis=2), np.concatenate(high, axis=2)
    parts = []
    still = tuple(c for c, done in zip(clusters, empty, strict=True) if not done)
    for family in answer.families:
        near = _near(family, lower[0], upper[0])
        part = _Part(family, lower[..., near], upper[..., near])
        if _inside(part, equations, domain):
            parts.append(part)
        elif near.any():
            boxes = part.lower, part.upper
            still += clusters_of(equations, *boxes, clusters[0].evidence, Obstacle.EDGE)
    return parts, still


def _inside(part: _Part, equations: Equations, domain: Domain) -> bool:
    """Return whether a family surely has points in the region, not just outside of it."""
    if not part.lower.shape[2]:
        return False
    h = part.family.equations
    if len(h) == part.family.codimension > 0:
        none = sp.ImmutableMatrix(sp.zeros(len(equations.variables), len(h)))
        tube = Tube(equations, (ResidualForm(h, none, none, h),))
        if meets_region(tube, 0, part.lower, part.upper, domain):
            return True
    # More equations than they say: boxes that are refined and lie inside speak for it.
    return bool(domain.holds(part.lower, part.upper)[0].any())


def _meets(boxes: NDArray[np.float64], points: NDArray[np.float64]) -> int:
    """Return how many points with bounds (k, d, 2) meet one of the boxes (m, d, 2)."""
    count = 0
    for point in points:
        touch = (boxes[..., 0] <= point[:, 1]) & (boxes[..., 1] >= point[:, 0])
        count += bool(touch.all(axis=1).any())
    return count


def _near(family: CriticalManifold, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
    """Return which boxes (d, n) the equations of a family allow."""
    if not family.equations:
        return np.ones(lower.shape[1], dtype=bool)
    function = _equations_on_boxes(family.equations, family.variables)
    low, high = function(lower, upper)
    return np.asarray(((low <= 0) & (high >= 0)).all(axis=0))


@lru_cache(maxsize=64)
def _equations_on_boxes(equations: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]):  # type: ignore[no-untyped-def]
    return interval_function(lowered(list(equations), variables))
