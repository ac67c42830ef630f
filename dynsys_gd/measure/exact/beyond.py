"""Beyond the critical step size almost no start converges to a minimum."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ...errors import DynsysError
from ...evidence import Evidence, Grade
from ...maps.gradient_descent import GradientDescent
from ...orbits.algebra.polynomials import rational_polynomials
from ...regions import Region
from ...thresholds.exact_minima import exact_minima
from ...thresholds.monomial_chain import chain_threshold, recognised_chain
from ...thresholds.threshold import Threshold, ThresholdStatus
from .theorem import Applied, Share

__all__ = ["Beyond", "beyond_critical"]

_SECONDS = 10.0


@dataclass(frozen=True)
class Beyond(Applied):
    """No minimum is stable, and the map folds no open set onto a null set."""

    checked: tuple[str, ...]
    evidence: Evidence
    statement: str = "no start converges to a minimum, up to a null set"

    def share(self, region: Region) -> Share | None:
        return Share(sp.S.Zero, None if region.volume is None else sp.S.Zero)


def beyond_critical(F: GradientDescent) -> Beyond | None:
    """Return the theorem where its hypotheses hold: a polynomial loss, step size above critical.

    Notes
    -----
    Where every minimum has an eigenvalue above 2/η, each has a neighbourhood in which the points
    that never leave form a null set, and countably many neighbourhoods are enough. Preimages of
    null sets are null sets, since det DF is a polynomial that is not zero everywhere.
    """
    form = F.loss.symbolic
    if form is None:
        return None
    known = rational_polynomials([form.bound], form.variables)
    given = rational_polynomials([F.step_size], form.variables)
    witness = _regular_point(F)
    if known is None or given is None or witness is None:
        return None
    step = sp.Rational(given[0][0].as_expr())
    threshold = _threshold(F)
    if threshold is None or not threshold.evidence.grade.rigorous:
        return None
    if threshold.status is ThresholdStatus.NO_MINIMUM:
        said = "the loss has no minimum"
    elif threshold.exact is not None and bool(step > threshold.exact):
        said = f"the step size is above the critical one, {sp.sstr(threshold.exact)}"
    else:
        return None
    evidence = Evidence(
        grade=threshold.evidence.grade,
        reason=f"unstable minima of a non-singular map ({threshold.evidence.reason})",
        sources=tuple(dict.fromkeys(("craciun2024convergence", *threshold.evidence.sources))),
    )
    if not (known[1] and given[1]):
        evidence = evidence.weakened_to(Grade.NUMERICAL, "a floating-point number was given")
    return Beyond((said, f"the Jacobian of the map is regular at {witness}"), evidence)


def _threshold(F: GradientDescent) -> Threshold | None:
    form = F.loss.symbolic
    assert form is not None
    chain = recognised_chain(form)
    if chain is not None:
        return chain_threshold(chain)
    try:
        return exact_minima(form, seconds=_SECONDS).critical_threshold()
    except DynsysError:
        return None


def _regular_point(F: GradientDescent) -> str | None:
    """Return a rational point where the Jacobian is regular, by exact arithmetic."""
    d = F.dimension
    jacobian = F.jacobian.xreplace({n: sp.Rational(n) for n in F.jacobian.atoms(sp.Float)})
    for shift in range(3):
        point = [sp.Rational(k + 1 + shift, d + 1) for k in range(d)]
        at = jacobian.subs(dict(zip(F.variables, point, strict=True)))
        if at.det() != 0:
            return f"({', '.join(map(str, point))})" if d <= 4 else "a rational point"
    return None
