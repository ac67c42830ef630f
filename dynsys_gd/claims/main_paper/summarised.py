"""Two statements as public summaries word them, without a condition on the widths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..checks import LINEAR_NETWORK
from ..claim import Case, Claim
from .spectrum import (
    DEFINITE_INPUTS,
    NO_SLACK,
    SINGLE_EIGENVALUE,
    every_eigenvalue_proper,
    spectrum_along_the_minima,
)

__all__ = ["every_eigenvalue_as_summarised", "stable_minima_as_summarised"]

_UNREAD = (
    "The theorem itself could not be read, and a hypothesis on the widths may be part of it. For "
    "the widths shown"
)
_KEPT = (LINEAR_NETWORK, DEFINITE_INPUTS)


def _kept_cases(claim: Claim) -> Callable[[], dict[str, Case]]:
    return lambda: {h.name: claim.counterexamples()[h.name] for h in _KEPT}


every_eigenvalue_as_summarised = replace(
    every_eigenvalue_proper,
    name="every_eigenvalue_as_summarised",
    title="Every non-zero eigenvalue is proper, whatever the widths",
    statement=(
        "Along the global minima of a linear network with Σ positive definite every non-zero "
        "eigenvalue of the Hessian tends to infinity with the norm."
    ),
    provenance="as public summaries of the paper word it, without hypotheses on the widths",
    hypotheses=_KEPT,
    examples=lambda: (every_eigenvalue_proper.counterexamples()[SINGLE_EIGENVALUE.name],),
    counterexamples=_kept_cases(every_eigenvalue_proper),
    disputed=f"{_UNREAD} the smallest non-zero eigenvalue a² tends to 0 as the norm grows.",
)

stable_minima_as_summarised = replace(
    spectrum_along_the_minima,
    name="stable_minima_as_summarised",
    title="Stable minima are bounded, whatever the widths",
    statement=(
        "Along the global minima of a linear network with Σ positive definite the largest "
        "eigenvalue of the Hessian tends to infinity with the norm, so that the minima that are "
        "stable at a step size form a bounded set."
    ),
    provenance="after the abstract of the first version, which names no hypothesis on the widths",
    hypotheses=_KEPT,
    examples=lambda: (spectrum_along_the_minima.counterexamples()[NO_SLACK.name],),
    counterexamples=_kept_cases(spectrum_along_the_minima),
    disputed=f"{_UNREAD} λmax = 3 on an unbounded line of minima.",
)
