"""Prove a special point: Krawczyk's test on orbit, critical vector and parameter together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...orbits.certified.outward import down, up
from ...orbits.exact.gradient_sets import FLOAT_REASON
from ...orbits.normal_forms.kinds import Bifurcation
from ..bifurcation_point import BifurcationPoint
from .certified_point import CertifiedPoint
from .crossing import crossing_speed
from .cyclic_system import CyclicSystem
from .formulas import DEGREE, Formulas, formulas_of
from .krawczyk import proved_tubes
from .newton import corrected
from .symmetry import on_fixed_points, symmetry_at

__all__ = ["Refused", "certify_point", "proved_point"]

Bounds = NDArray[np.float64]

_ROOMS = (1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13)
_MOVED = 1e-3  # of the size: how far Newton's method may go from the point that was given
_SOURCES = ("krawczyk1969", "rump1983", "moore1980calculation", "crandall1971bifurcation")


@dataclass(frozen=True)
class Refused:
    """Why a special point was not proved."""

    reason: str


def certify_point(point: BifurcationPoint) -> CertifiedPoint:
    """Return the proof that exactly one flip, fold or pitchfork lies where one was located.

    Parameters
    ----------
    point : BifurcationPoint
        A special point of a branch that follows a parameter.

    Returns
    -------
    CertifiedPoint

    Raises
    ------
    InvalidInput
        Where no proof was found, with the reason: points on families of fixed points, where
        several multipliers cross together, Neimark-Sacker and transcritical points, pitchforks
        without a symmetry, and maps without formulas.

    Notes
    -----
    Unknowns are the orbit, vectors q_k along it, and the parameter:

        x_(k+1) = F(x_k, λ),   q_(k+1) = DF(x_k, λ) q_k,   q_p = ∓q_0,   one entry of q is 1.

    Krawczyk's test proves exactly one solution in a box, and that the derivative is regular
    there. At a fold this means that the turn is simple and quadratic [1]_. At a flip a second
    test, with μ in the place of λ, proves that -1 is a simple multiplier and encloses dμ/dλ;
    where that is not zero, an orbit of twice the period branches off [2]_.

    At a pitchfork, a solution with q_p = q_0 on a branch that a symmetry R leaves fixed, with
    R q = -q, the orbit is looked for among the fixed points of R only: F(x) is replaced by
    F((x + Rx)/2), which is the same there, so that the derivative becomes regular.

    References
    ----------
    .. [1] Moore and Spence (1980), The calculation of turning points of nonlinear equations.
    .. [2] Crandall and Rabinowitz (1971), Bifurcation from simple eigenvalues.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, certify_point, follow
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> flip, *_ = follow(well, [1.0], parameter="eta", to=(0.5, 1.5)).special
    >>> proved = certify_point(flip)
    >>> low, high = proved.interval
    >>> low <= 1 <= high, high - low < 1e-14
    (True, True)
    """
    if not isinstance(point, BifurcationPoint):
        raise InvalidInput("point", point, "a BifurcationPoint", "one of branch.special")
    found = proved_point(point)
    if isinstance(found, Refused):
        raise InvalidInput("point", point.headline(), "a point that can be proved", found.reason)
    return found


def proved_point(point: BifurcationPoint) -> CertifiedPoint | Refused:
    """Return the proof of a special point, or why there is none."""
    refused = _refused(point)
    if refused is not None:
        return refused
    assert point.parameter is not None
    formulas = formulas_of(point.map, point.parameter)
    p, d = point.at.points.shape
    symmetry = None
    if point.bifurcation is Bifurcation.PITCHFORK:
        symmetry = symmetry_at(formulas, point.at.points, point.direction)
        if symmetry is None:
            return Refused(
                "no symmetry was found that the orbit has and the critical vector breaks"
            )
    extended = formulas.along() if symmetry is None else on_fixed_points(formulas, symmetry)
    turn = -1 if point.bifurcation is Bifurcation.FLIP else 1
    system = CyclicSystem(extended, p, (1,) * d + (turn,) * d)
    guess = np.append(np.concatenate([point.at.points, point.direction], axis=1), point.value)
    held = int(np.argmax(np.abs(point.direction)))
    j = (held // d) * 2 * d + d + held % d
    guess[j] = 1.0
    return _proved(point, formulas, system, guess, j, symmetry)


def _refused(point: BifurcationPoint) -> Refused | None:
    if point.parameter is None or point.family:
        return Refused("orbits on a family of fixed points are not isolated")
    if point.bifurcation is Bifurcation.NEIMARK_SACKER:
        return Refused("a pair of complex multipliers: flips, folds and pitchforks can be proved")
    if point.bifurcation is Bifurcation.TRANSCRITICAL:
        return Refused("branches that cross without a symmetry stay apart under any small change")
    if point.count > 1:
        return Refused("several multipliers cross together")
    if point.map.expression is None:
        return Refused("the map has no formulas")
    return None


def _proved(
    point: BifurcationPoint,
    formulas: Formulas,
    system: CyclicSystem,
    guess: Bounds,
    j: int,
    symmetry: tuple[tuple[int, ...], ...] | None,
) -> CertifiedPoint | Refused:
    found, fine = corrected(system, j, guess[None])
    size = max(1.0, float(np.abs(guess).max()))
    if not fine[0] or np.abs(found[0] - guess).max() > _MOVED * size:
        return Refused("Newton's method on orbit, critical vector and parameter leads elsewhere")
    coefficients = np.zeros((1, len(guess), DEGREE + 1))
    coefficients[0, :, 0] = found[0]
    proof = proved_tubes(system, j, coefficients, _ROOMS)
    if not proof.proved[0]:
        return Refused("Krawczyk's test failed: a degenerate point, or one of many multipliers")
    low, high = down(found[0] - proof.tight[0]), up(found[0] + proof.tight[0])
    low[j] = high[j] = 1.0
    speed = None
    if point.bifurcation is not Bifurcation.FOLD:
        speed = crossing_speed(system, j, low, high)
        if speed is None or speed[0] <= 0 <= speed[1]:
            return Refused("the critical multiplier was not proved to cross")
    p, d = point.at.points.shape
    bounds = np.stack([low[:-1], high[:-1]], axis=-1).reshape(p, 2, d, 2)
    evidence = Evidence(
        grade=Grade.CERTIFIED,
        reason="interval arithmetic with outward rounding: Krawczyk's test on orbit, critical "
        "vector and parameter",
        sources=_SOURCES,
    )
    if not point.map.exact:
        evidence = evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    return CertifiedPoint(
        point=point,
        interval=(float(low[-1]), float(high[-1])),
        enclosure=bounds[:, 0].copy(),
        direction=bounds[:, 1].copy(),
        alone_in=np.stack(
            [up(found[0] - proof.radius[0]), down(found[0] + proof.radius[0])], axis=-1
        ),
        speed=speed,
        symmetry=symmetry,
        evidence=evidence,
    )
