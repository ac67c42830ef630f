"""The certified method: from a question to a list that is proved complete, or says why not."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ..cluster import Cluster, Obstacle
from ..exact.gradient_sets import FLOAT_REASON
from ..orbit_set import OrbitSet
from ..question import OrbitMethod, OrbitQuestion, undecided
from .audit import audited
from .domain import Domain, domain_of
from .equations import Equations, equations_of
from .families import explained
from .orbits_of import orbits_of
from .outward import Bounds
from .rational import Point, rational_orbit
from .search import Found, search
from .solutions import Solutions, solutions
from .tube import Tube, tube_of

__all__ = ["Krawczyk"]

_LONGEST = 20_000  # coordinates of an orbit; more would not meet any time limit
_FEW, _SHORT = 100, 8  # orbits, and points of each, up to which rational ones are looked for
_SOURCES = ("krawczyk1969", "rump1983", "galias2001")


@dataclass(frozen=True)
class Krawczyk(OrbitMethod):
    """Find all orbits in a box by branch and bound, each proved by interval arithmetic.

    Parameters
    ----------
    min_width : float
        Boxes narrower than this share of the region are not split any more; what is undecided
        then is reported as a cluster.
    boxes : int
        How many boxes to examine at most.
    audit : bool
        Whether every orbit is proved a second time, in ball arithmetic of `precision` bits, by
        code that shares nothing with the search.
    precision : int
        Bits, at least 64.

    Raises
    ------
    InvalidInput
        For settings out of range; and, when it answers, for a region that is not bounded, open
        parameters, or a map without a symbolic form.

    Notes
    -----
    For p > 1 the unknown is the whole orbit. Boxes are contracted along the equations
    x_(k+1) = F(x_k) forwards and backwards and split at early times first. An orbit is proved, with
    its uniqueness, once Krawczyk's operator maps a box into its interior; the preconditioner is
    block-cyclic, at a cost that grows like p [1]_.

    References
    ----------
    .. [1] Galias (2001), Interval methods for rigorous investigations of periodic orbits.

    Examples
    --------
    >>> from sympy import Rational, sin
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Krawczyk, Loss, SymbolicMap, fixed_points
    >>> from dynsys_gd import periodic_orbits
    >>> F = GradientDescent(Loss(sin(x) * sin(y), [x, y]), step_size="1/2")
    >>> found = fixed_points(F, Box([-5, -5], [6, 6]), method=Krawczyk())
    >>> len(found), found.complete
    (25, True)
    >>> henon = SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y])
    >>> len(periodic_orbits(henon, Box([-1.43, -0.43], [1.43, 0.43]), period=13))
    32
    """

    min_width: float = 1e-10
    boxes: int = 10**8
    audit: bool = False
    precision: int = 200

    def __post_init__(self) -> None:
        if not (_is_number(self.min_width) and 1e-14 <= self.min_width < 1):
            raise InvalidInput("min_width", self.min_width, "a number from 1e-14 to below 1")
        if not (_is_whole(self.boxes) and self.boxes >= 1):
            raise InvalidInput("boxes", self.boxes, "a whole number of at least 1")
        if not isinstance(self.audit, bool):
            raise InvalidInput("audit", self.audit, "True or False")
        if not (_is_whole(self.precision) and 64 <= self.precision <= 10**5):
            raise InvalidInput("precision", self.precision, "a whole number from 64 to 100000")

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        F, period = question.F, question.period
        ends = time.monotonic() + question.seconds
        domain = domain_of(F, question.region, period)
        _refuse_open(F, period)
        if period * F.dimension > _LONGEST:
            return undecided(
                question,
                f"a period of {period} is too long for a certified search; stable orbits show "
                "when many starts are simulated",
            )
        equations = equations_of(F, period)
        if not equations.tape.analytic:
            return undecided(
                question,
                "the map has kinks or jumps (such as Abs or Max), where no derivative is enclosed; "
                "NewtonSearch() looks for orbits away from them, without proof",
            )
        tube = tube_of(F, equations)
        lower, upper, known = _start(question, domain)
        found = search(
            equations,
            lower,
            upper,
            scale=domain.scale,
            least=self.min_width,
            seconds=max(ends - time.monotonic(), 0),
            most=self.boxes,
            known=tube,
            progress=question.progress,
        )
        proved = solutions(equations, *_joined(found, known), domain.scale)
        return _answer(self, question, equations, domain, found, tube, proved, ends)


def _answer(
    method: Krawczyk,
    question: OrbitQuestion,
    equations: Equations,
    domain: Domain,
    found: Found,
    tube: Tube | None,
    proved: Solutions,
    ends: float,
) -> OrbitSet:
    F, region = question.F, question.region
    evidence = _evidence(F, method)
    inside, outside = domain.holds(proved.lower, proved.upper)
    rational = _rational(equations, proved, ~inside & ~outside)
    for place, points in rational.items():
        inside[place] |= domain.holds_exactly(points)
    edge = ~inside & ~outside & ~np.isin(np.arange(len(inside)), list(rational))
    assert region is not None
    left = max(ends - time.monotonic(), 0.1)
    whole = explained(F, equations, found, tube, region, evidence, left)
    clusters = [
        *whole.clusters,
        *_clusters(proved.lower[..., edge], proved.upper[..., edge], Obstacle.EDGE, evidence),
        *_clusters(proved.unsure_lower, proved.unsure_upper, Obstacle.SINGULAR, evidence),
    ]
    if found.left_lower.shape[2]:
        late = np.stack([found.left_lower, found.left_upper], axis=-1).transpose(2, 0, 1, 3)
        clusters.append(Cluster(boxes=late, obstacle=Obstacle.TIME, evidence=evidence))
    low, high = proved.lower[..., inside], proved.upper[..., inside]
    exact = [rational.get(int(place)) for place in np.flatnonzero(inside)]
    unique = proved.unique_lower[..., inside], proved.unique_upper[..., inside]
    if method.audit:
        low, high, again = audited(equations, low, high, method.precision)
        clusters += _clusters(low[..., ~again], high[..., ~again], Obstacle.SINGULAR, evidence)
        low, high = low[..., again], high[..., again]
        unique = unique[0][..., again], unique[1][..., again]
        exact = [points for points, sure in zip(exact, again, strict=True) if sure]
    orbits = orbits_of(F, equations, low, high, *unique, exact, evidence)
    complete = not clusters
    return OrbitSet(
        title=question.title,
        orbits=tuple(orbits),
        families=whole.families,
        clusters=tuple(clusters),
        complete=complete,
        why=_why(question, found, clusters, len(orbits), bool(whole.families)),
        region=region,
        boxes=found.boxes,
        map=F,
        evidence=evidence,
    )


def _refuse_open(F: Map, period: int) -> None:
    if F.expression is None:
        raise InvalidInput(
            "method", Krawczyk(), f"a method for {F.describe()}", "use NewtonSearch() for numbers"
        )
    own = F.loss.parameters if period == 1 and isinstance(F, GradientMap) else F.parameters
    if own:
        raise InvalidInput(
            "F", F.describe(), "values for all parameters", f"write F.at({own[0]}=...)"
        )


def _start(
    question: OrbitQuestion, domain: Domain
) -> tuple[Bounds, Bounds, tuple[Bounds, Bounds, Bounds, Bounds]]:
    """Return the boxes to search, and what is already proved."""
    p, d = question.period, len(domain.scale)
    nothing = np.empty((p, d, 0))
    earlier = question.continued
    if earlier is not None and (
        (earlier.title, earlier.region) != (question.title, question.region)
        or earlier.map not in (None, question.F)
    ):
        raise InvalidInput(
            "continued", earlier.headline(), "an answer to the same question", "leave it out"
        )
    # Other methods do not tell where they looked.
    if earlier is None or earlier.map is None:
        lower = np.repeat(domain.lower[None, :, None], p, axis=0)
        upper = np.repeat(domain.upper[None, :, None], p, axis=0)
        empty = (nothing, nothing, nothing, nothing)
        return (nothing, nothing, empty) if domain.empty else (lower, upper, empty)
    late = [c.boxes for c in earlier.clusters]
    late += [f.boxes[:, None] for f in earlier.families if f.boxes is not None]
    boxes = np.concatenate([np.empty((0, p, d, 2)), *late]).transpose(1, 2, 0, 3)
    # A state of a rule with memory repeats the coordinates of the loss.
    pairs = [(o.unique_in, o.enclosure) for o in earlier.orbits]
    own = np.array([[a[:, :d], b[:, :d]] for a, b in pairs if a is not None and b is not None])
    sure, tight = own.reshape(-1, 2, p, d, 2).transpose(1, 2, 3, 0, 4)
    known = (sure[..., 0], sure[..., 1], tight[..., 0], tight[..., 1])
    return boxes[..., 0].copy(), boxes[..., 1].copy(), known


def _joined(
    found: Found, known: tuple[Bounds, Bounds, Bounds, Bounds]
) -> tuple[Bounds, Bounds, Bounds, Bounds]:
    new = (found.lower, found.upper, found.image_lower, found.image_upper)
    low, high, image_low, image_high = (
        np.concatenate([old, fresh], axis=2) for old, fresh in zip(known, new, strict=True)
    )
    return low, high, image_low, image_high


def _clusters(
    lower: Bounds, upper: Bounds, obstacle: Obstacle, evidence: Evidence
) -> list[Cluster]:
    boxes = np.stack([lower, upper], axis=-1).transpose(2, 0, 1, 3)
    return [Cluster(boxes=box[None].copy(), obstacle=obstacle, evidence=evidence) for box in boxes]


def _rational(
    equations: Equations, proved: Solutions, edge: NDArray[np.bool_]
) -> dict[int, tuple[Point, ...]]:
    """Return the rational orbits by place: of those on the edge, and of all where they are few."""
    few = len(edge) <= _FEW and equations.period <= _SHORT
    found = {}
    for place in range(len(edge)) if few else np.flatnonzero(edge):
        points = rational_orbit(equations, proved.lower[..., place], proved.upper[..., place])
        if points is not None:
            found[int(place)] = points
    return found


def _evidence(F: Map, method: Krawczyk) -> Evidence:
    reason = "interval arithmetic with outward rounding: Krawczyk's test for each orbit"
    if method.audit:
        reason += f", proved again in ball arithmetic of {method.precision} bits"
    evidence = Evidence(grade=Grade.CERTIFIED, reason=reason, sources=_SOURCES)
    return evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)


def _why(
    question: OrbitQuestion, found: Found, clusters: list[Cluster], count: int, families: bool
) -> str:
    one = "fixed point" if question.period == 1 else f"orbit of least period {question.period}"
    examined = f"{found.boxes} box{'' if found.boxes == 1 else 'es'} examined"
    if not clusters:
        boxes = "in the one proved box" if count == 1 else f"in one of {count} proved boxes"
        places = [boxes] * bool(count) + ["on a family"] * families
        known = f"every {one} lies {' or '.join(places)}" if places else f"there is no {one}"
        return f"{known}; {examined}, none undecided"
    reasons = {c.obstacle for c in clusters}
    if Obstacle.TIME in reasons:
        late = sum(len(c.boxes) for c in clusters if c.obstacle is Obstacle.TIME)
        return (
            f"stopped after {examined} with {late} left; allow more seconds, or go on with "
            "continued=this answer"
        )
    advice = {
        Obstacle.SINGULAR: "a multiple solution, a family or an orbit close to a bifurcation; "
        "try Exact() where the map is polynomial",
        Obstacle.UNDEFINED: "the map is not defined everywhere there",
        Obstacle.EDGE: "an orbit on the edge of the region; use a slightly larger one",
    }
    texts = [advice[obstacle] for obstacle in Obstacle if obstacle in reasons]
    return f"{len(clusters)} unresolved: {'; '.join(texts)}; there are no others"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
