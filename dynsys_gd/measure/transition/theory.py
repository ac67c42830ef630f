"""The critical step size that theory gives for a map, to be compared with what is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ...evidence import Evidence, Finding, Grade, Outcome
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.gradient_map import GradientMap
from ...maps.heavy_ball import HeavyBall
from ...maps.nesterov import Nesterov
from ...results import plain
from ...thresholds.critical import critical_step_size
from ...thresholds.threshold import Threshold, ThresholdStatus
from ...values import is_exact
from ..target import Target
from .refinement import CriticalBracket

__all__ = ["TheoryLine", "compared", "theory_of"]

_STATEMENT = "the critical step size of theory lies where the convergent share vanishes"


@dataclass(frozen=True, kw_only=True)
class TheoryLine:
    """The largest step size at which some minimum is linearly stable.

    Parameters
    ----------
    threshold : Threshold
        That of the loss under gradient descent, η_c.
    factor : sympy.Expr
        What the update rule makes of it: 1 for gradient descent, 1 + β for heavy ball and
        (1 + β)/(1 + 2β) for Nesterov's method.
    slowing : float
        The rate c: next to the critical value η* the slowest multiplier μ of the flattest minimum
        has 1 - |μ| = c (1 - η/η*) to first order.
    evidence : Evidence
    """

    threshold: Threshold
    factor: sp.Expr
    slowing: float
    evidence: Evidence

    @property
    def value(self) -> float:
        """The critical value, NaN where only bounds are known."""
        return float(self.factor) * self.threshold.value

    @property
    def lower(self) -> float:
        """Lower end of a rigorous enclosure."""
        return self._scaled(self.threshold.lower, -math.inf)

    @property
    def upper(self) -> float:
        """Upper end of a rigorous enclosure."""
        return self._scaled(self.threshold.upper, math.inf)

    @property
    def exact(self) -> sp.Expr | None:
        """The critical value as an expression, where it is known so."""
        if self.threshold.exact is None or not is_exact(self.factor):
            return None
        return sp.nsimplify(self.factor) * self.threshold.exact

    @property
    def words(self) -> str:
        """The line in a few words, with its grade."""
        grade = self.evidence.grade
        if self.threshold.status is ThresholdStatus.NO_MINIMUM:
            return f"the loss has no minimum ({grade})"
        if self.threshold.status is ThresholdStatus.UNDECIDED:
            return "critical step size unknown"
        if not self.threshold.decided:
            low, high = f"{self.lower:.6g}", f"{self.upper:.6g}"
            return f"critical step size in [{low}, {high}] ({grade})"
        if self.value == math.inf:
            return f"no finite critical step size ({grade})"
        exact = self.exact
        text = str(exact) if exact is not None and len(str(exact)) <= 12 else f"{self.value:.6g}"
        return f"critical step size {text} ({grade})"

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain data."""
        return {
            "value": plain(self.value),
            "lower": plain(self.lower),
            "upper": plain(self.upper),
            "factor": str(self.factor),
            "grade": self.evidence.grade.value,
            "threshold": self.threshold.to_dict(),
        }

    def _scaled(self, bound: float, outward: float) -> float:
        scaled = float(self.factor) * bound
        if self.factor == 1 or scaled in (0.0, math.inf):
            return scaled
        # Rounding of the factor, and of the product.
        return math.nextafter(math.nextafter(scaled, outward), outward)


def theory_of(
    F: Map, parameter: str, to: Target, *, threshold: Threshold | None, seed: int
) -> tuple[TheoryLine | None, str]:
    """Return the line of theory for a map with one open parameter, or why there is none."""
    if to is not Target.MINIMA:
        return None, "theory is about minima, and other limits count here"
    if not isinstance(F, (GradientDescent, HeavyBall, Nesterov)):
        return None, "no critical value is known for this kind of map"
    if F.loss.parameters or F.step_size != _own_symbol(F, parameter):
        return None, f"{parameter} is not the step size"
    factor, slowing = _rule(F)
    if not math.isfinite(slowing):
        return None, "full momentum: minima are neutral at every step size"
    known = critical_step_size(F.loss, rng=seed) if threshold is None else threshold
    evidence = known.evidence
    if not is_exact(factor):
        evidence = evidence.weakened_to(Grade.NUMERICAL, "the momentum is a float")
    return TheoryLine(threshold=known, factor=factor, slowing=slowing, evidence=evidence), ""


def compared(line: TheoryLine, bracket: CriticalBracket) -> Finding:
    """Return whether the line lies in the bracket, and what it means where it does not.

    Starts that converge beyond the line contradict theory, unless the line is only an estimate
    from below. A bracket below the line contradicts nothing: minima are stable there, but the law
    of the initialisations need not lead to them.
    """
    low, high = bracket.interval
    status = line.threshold.status
    if status in (ThresholdStatus.UNDECIDED, ThresholdStatus.NO_MINIMUM):
        return _finding(line, Outcome.UNDECIDED, "theory gives no value to compare with")
    if line.upper < low:
        detail = "starts converge beyond it: this contradicts theory, one of the two is wrong"
        return _finding(line, Outcome.NO, detail)
    if status is not ThresholdStatus.VALUE:
        return _finding(line, Outcome.UNDECIDED, "only bounds of it are known; nothing contradicts")
    enclosed = line.evidence.grade.rigorous
    first, last = (line.lower, line.upper) if enclosed else (line.value, line.value)
    if last < low:
        detail = "starts converge beyond it: it is only an estimate from below"
        return _finding(line, Outcome.NO, detail)
    if high < first:
        detail = (
            "the share of this law vanishes before it, although some minimum is still stable: "
            "the starts of a law need not find it, which contradicts nothing"
        )
        return _finding(line, Outcome.NO, detail)
    if bracket.value is None:
        return _finding(line, Outcome.UNDECIDED, "the values looked at do not enclose it")
    return _finding(line, Outcome.YES, "it lies in the empirical interval")


def _finding(line: TheoryLine, outcome: Outcome, detail: str) -> Finding:
    reason = "the critical step size against the interval in which the measured share vanishes"
    evidence = Evidence(grade=Grade.STATISTICAL, reason=reason, sources=line.evidence.sources)
    if line.evidence.grade is Grade.NUMERICAL:
        evidence = evidence.weakened_to(Grade.NUMERICAL, line.evidence.reason)
    return Finding(statement=_STATEMENT, outcome=outcome, evidence=evidence, detail=detail)


def _own_symbol(F: GradientMap, parameter: str) -> sp.Symbol | None:
    """Return the symbol of the step size's own name where no other setting contains it."""
    names = [
        symbol
        for setting in F.settings.values()
        for symbol in setting.free_symbols
        if symbol.name == parameter
    ]
    return names[0] if len(names) == 1 else None


def _rule(F: GradientMap) -> tuple[sp.Expr, float]:
    """Return factor and slowing of a rule, from the root of p(μ) next to -1: 1 + μ ≈ p(-1)/p'(-1).

    Heavy ball has p(μ) = μ² - (1 + β - ηλ) μ + β, so that p(-1) = 2 (1 + β)(1 - q) with
    q = η/η*, and p'(-1) = -(1 - β) at q = 1. Nesterov's method has, with s = 1 - ηλ,
    p(μ) = μ² - (1 + β) s μ + β s, p(-1) = 2 (1 + β)(1 - q), p'(-1) = -(1 + 3β)/(1 + 2β).
    """
    if isinstance(F, HeavyBall):
        beta = F.momentum
        slowing = 2 * (1 + beta) / (1 - beta) if beta != 1 else sp.oo
        return 1 + beta, float(slowing)
    if isinstance(F, Nesterov):
        beta = F.momentum
        factor = (1 + beta) / (1 + 2 * beta)
        return factor, float(2 * (1 + beta) * (1 + 2 * beta) / (1 + 3 * beta))
    return sp.Integer(1), 2.0
