"""Certify a branch, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...engine.chunks import checked_progress
from ...engine.intervals import enclosing
from ...errors import InvalidInput
from ...evidence import Evidence, Grade, Outcome
from ...orbits.exact.gradient_sets import FLOAT_REASON
from ...orbits.normal_forms.kinds import Bifurcation
from ...values import to_value
from ..branch import Branch
from .certified_branch import CertifiedBranch
from .certified_point import CertifiedPoint
from .chains import longest_period, one_branch
from .covering import Piece, covered
from .cyclic_system import CyclicSystem
from .formulas import formulas_of
from .gap import BranchGap, GapReason
from .method import Tubes
from .segment import BranchSegment
from .special import Refused, proved_point
from .spectra import told_apart
from .stretches import Run, runs_of

__all__ = ["certify"]

_SOURCES = ("krawczyk1969", "rump1983", "rheinboldt1983locally")
_CROSSINGS = (Bifurcation.PITCHFORK, Bifurcation.TRANSCRITICAL)


def certify(
    branch: Branch,
    *,
    part: tuple[Any, Any] | None = None,
    method: Tubes = Tubes(),  # noqa: B008 (frozen)
    progress: Callable[[int, int | None], Any] | None = None,
) -> CertifiedBranch:
    """Return a proof that a branch is there, and what could not be proved.

    Parameters
    ----------
    branch : Branch
        Followed along a parameter, of a map with formulas.
    part : tuple of two numbers, optional
        The parameter range in which the branch is to be proved; by default all of it. Exact
        numbers such as "21/20" are enclosed between doubles, so that the proof reaches them.
    method : Tubes
        How finely the branch may be cut.
    progress : callable, optional
        Called as ``progress(attempts, None)``.

    Returns
    -------
    CertifiedBranch

    Raises
    ------
    InvalidInput
        For a family of fixed points, whose orbits are not isolated, a map without formulas, and a
        part that does not meet the branch.

    Notes
    -----
    A segment is a tube {|v_i - P_i(σ)| <= r_i} around a polynomial curve P of third degree in the
    space of orbits and parameter. Krawczyk's test, with σ as an interval, proves that for every
    value of one coordinate, the parameter where that is possible, exactly one orbit is in the
    tube [1]_. Where the parameter turns around, a coordinate of the orbit takes its place [2]_.
    Neighbours are one branch where the enclosure of one, at its end, lies in the tube of the
    other. Segments are halved until the proof succeeds.

    Along what is one branch the least period is constant: an orbit of a shorter period solves
    equations that are regular as well, so that it would be a shorter one all along. One segment
    whose points are apart therefore settles it.

    References
    ----------
    .. [1] Rump (1983), Solving algebraic problems with high accuracy.
    .. [2] Rheinboldt and Burkardt (1983), A locally parameterized continuation process.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, certify, follow, switch
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> branch = follow(well, [1.0], parameter="eta", to=(0.5, 1.25))
    >>> certify(switch(branch, 0), part=("21/20", "6/5"))
    Certified branch of the orbit of period 2 over eta in [1.05, 1.2], complete
      map: gradient descent on x**4/4 - x**2/2, step size eta
      segments: ...
      kinds: sink ...
      least period: 2: yes
      evidence: CERTIFIED: ...
    """
    range_ = _checked(branch, part, method)
    checked_progress(progress)
    assert branch.parameter is not None
    formulas = formulas_of(branch.map, branch.parameter)
    p, d = branch.points.shape[1:]
    system = CyclicSystem(formulas, p, (1,) * d)
    runs = runs_of(branch, system, range_)
    if not runs:
        raise InvalidInput("part", part, f"a range of {branch.parameter} that the branch meets")
    pieces, attempts = covered(system, runs, method, progress)
    chained = _chained(runs, pieces)
    settled = [any(longest_period(s) for s in chain) for chain in chained.chains]
    segments: list[BranchSegment] = []
    stretches: list[tuple[int, ...]] = []
    for chain in chained.chains:
        told = told_apart(formulas, chain, method.kinds)
        stretches.append(tuple(range(len(segments), len(segments) + len(told))))
        segments += told
    low, high = _ends(branch) if range_ is None else range_
    special, unproved = _special(branch, range_)
    gaps = (*(_explained(gap, branch) for gap in chained.gaps), *_short_of(runs, range_))
    return CertifiedBranch(
        branch=branch,
        part=(low, high),
        segments=tuple(segments),
        gaps=gaps,
        stretches=tuple(stretches),
        complete=bool(segments) and not gaps,
        least_period=Outcome.YES if segments and all(settled) else Outcome.UNDECIDED,
        special=special,
        unproved=unproved,
        attempts=attempts,
        evidence=_evidence(branch, bool(segments)),
    )


def _checked(branch: Branch, part: Any, method: Tubes) -> tuple[float, float] | None:
    if not isinstance(branch, Branch):
        raise InvalidInput("branch", branch, "a Branch", "follow(F, orbit, parameter=..., to=...)")
    if not isinstance(method, Tubes):
        raise InvalidInput("method", method, "a Tubes", "Tubes(shortest=1e-8)")
    if branch.parameter is None or branch.family:
        raise InvalidInput(
            "branch",
            branch.headline(),
            "a branch of isolated orbits",
            "on a family of fixed points no orbit is alone in a tube; restrict the map to a "
            "subspace that meets the family in points",
        )
    if len(branch) < 2:
        raise InvalidInput("branch", branch.headline(), "a branch of two orbits or more")
    if part is None:
        return None
    expected = "two different numbers (a, b), the ends of a parameter range"
    if isinstance(part, (str, bytes)) or not isinstance(part, Sequence) or len(part) != 2:
        raise InvalidInput("part", part, expected)
    ends = [to_value(value, "part") for value in part]
    if not all(end.is_number for end in ends):
        raise InvalidInput("part", part, expected)
    bounds = sorted(enclosing(end) for end in ends)
    low, high = bounds[0][0], bounds[1][1]
    if not low < high:
        raise InvalidInput("part", part, expected)
    return low, high


def _ends(branch: Branch) -> tuple[float, float]:
    return float(branch.values.min()), float(branch.values.max())


def _short_of(runs: list[Run], part: tuple[float, float] | None) -> list[BranchGap]:
    """Return the places where the branch that was given ends inside the part asked for."""
    if part is None:
        return []
    found = []
    for stretch in sorted({run.stretch for run in runs}):
        own = [run for run in runs if run.stretch == stretch]
        for run, node, end in ((own[0], own[0].nodes[0], 0), (own[-1], own[-1].nodes[-1], 1)):
            value = run.ends[end] if run.by_parameter else float(node[-1])
            if part[0] < value < part[1]:
                gap = BranchGap(parameter=(value, value), reason=GapReason.END, stretch=stretch)
                found.append(gap)
    return found


@dataclass(frozen=True, eq=False)
class _Chained:
    """Segments that are one branch each, and all gaps in the order of the branch."""

    chains: list[list[BranchSegment]]
    gaps: list[BranchGap]


def _chained(runs: list[Run], pieces: list[Piece]) -> _Chained:
    chains: list[list[BranchSegment]] = []
    gaps: list[BranchGap] = []
    before: tuple[BranchSegment, int] | None = None
    for piece in pieces:
        stretch = runs[piece.run].stretch
        if isinstance(piece.outcome, BranchGap):
            _add(gaps, piece.outcome, adjacent=before is None)
            before = None
            continue
        assert isinstance(piece.outcome, BranchSegment)
        segment = piece.outcome
        follows = before is not None and before[1] == stretch
        if follows and before is not None and not one_branch(before[0], segment):
            value = 0.5 * sum(segment.parameter)
            gaps.append(BranchGap(parameter=(value, value), reason=GapReason.SEAM, stretch=stretch))
            follows = False
        if follows:
            chains[-1].append(segment)
        else:
            chains.append([segment])
        before = segment, stretch
    return _Chained(chains, gaps)


def _add(gaps: list[BranchGap], gap: BranchGap, *, adjacent: bool) -> None:
    """Add a gap, together with the one before where nothing is proved between them."""
    last = gaps[-1] if gaps and adjacent else None
    if last is None or last.stretch != gap.stretch:
        gaps.append(gap)
        return
    ends = (*last.parameter, *gap.parameter)
    reason = last.reason if last.reason is gap.reason else GapReason.SINGULAR
    gaps[-1] = BranchGap(parameter=(min(ends), max(ends)), reason=reason, stretch=gap.stretch)


def _explained(gap: BranchGap, branch: Branch) -> BranchGap:
    """Return a gap with the special point that lies in it, if one does."""
    if gap.reason is not GapReason.SINGULAR:
        return gap
    low, high = gap.parameter
    room = high - low
    for point in branch.special:
        if low - room <= point.value <= high + room and point.bifurcation in _CROSSINGS:
            return replace(
                gap, reason=GapReason.CROSSING, detail=f"{point.bifurcation} at {point.value:.9g}"
            )
    return gap


def _special(
    branch: Branch, part: tuple[float, float] | None
) -> tuple[tuple[CertifiedPoint, ...], tuple[tuple[float, str], ...]]:
    proved: list[CertifiedPoint] = []
    unproved: list[tuple[float, str]] = []
    for point in branch.special:
        if part is not None and not part[0] <= point.value <= part[1]:
            continue
        found = proved_point(point)
        if isinstance(found, Refused):
            unproved.append((point.value, f"{point.bifurcation}: {found.reason}"))
        else:
            proved.append(found)
    return tuple(proved), tuple(unproved)


def _evidence(branch: Branch, any_segment: bool) -> Evidence:
    if not any_segment:
        return Evidence(
            grade=Grade.NUMERICAL,
            reason="nothing was proved; the branch itself is in floating point",
            sources=_SOURCES,
        )
    evidence = Evidence(
        grade=Grade.CERTIFIED,
        reason="interval arithmetic with outward rounding: Krawczyk's test for all parameter "
        "values of a segment at once",
        sources=_SOURCES,
    )
    if not branch.map.exact:
        return evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    return evidence
