"""Conclusions looked for in simulations: does anything converge?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..evidence import Grade, Outcome
from ..measure import Estimate, MonteCarlo, Target, convergent_measure
from ..measure.binomial import rounded_up
from ..regions import Ball, Region
from .checks import decided
from .claim import Instance, Observation

__all__ = ["PROBES", "none_converges", "probe_region"]

PROBES = 200
_PROBE_RADIUS = 0.01  # relative to the norm of the minimum
_MOST_UNDECIDED = 0.2


@dataclass(frozen=True, kw_only=True)
class _Probe:
    """A law of initialisations under a name, and how many are drawn."""

    name: str
    region: Region
    n: int


def none_converges(instance: Instance, conclusion: str, *, to: Target) -> Observation:
    """Return whether no start converges: from the region, and from about the flattest minimum.

    Parameters
    ----------
    instance : Instance
    conclusion : str
        The statement of the finding.
    to : Target
        Which limits count.

    Notes
    -----
    The second law is importance sampling: below the critical step size nearly all of its starts
    converge, and above it none, also where generic starts never find a minimum. An observation
    does not prove that a set is null; it bounds its measure at the stated level. It counts as one
    where most starts of at least one law are decided.
    """
    if instance.F.parameters:
        names = ", ".join(instance.F.parameters)
        reason = f"open parameters: {names}"
        return Observation(finding=decided(conclusion, Outcome.UNDECIDED, Grade.NUMERICAL, reason))
    probes = [_Probe(name="region", region=instance.region, n=instance.starts)]
    notes = []
    near = probe_region(instance)
    if near is None:
        notes.append("no flattest minimum is known, so that no starts were drawn about it")
    else:
        probes.append(_Probe(name="about the flattest minimum", region=near, n=PROBES))
    target = to if instance.F.loss is not None else Target.FIXED_POINTS
    estimates = tuple(_measured(instance, probe, target) for probe in probes)
    told = "; ".join(
        f"{probe.name}: {_told(estimate)}"
        for probe, estimate in zip(probes, estimates, strict=True)
    )
    hits = sum(estimate.hits for estimate in estimates)
    outcome = Outcome.NO if hits else Outcome.YES
    if not hits and min(estimate.undecided for estimate in estimates) > _MOST_UNDECIDED:
        outcome = Outcome.UNDECIDED
    reason = (
        f"{sum(e.n for e in estimates)} random starts, undecided ones counted at both extremes, "
        "every convergent one audited"
    )
    return Observation(
        finding=decided(conclusion, outcome, Grade.STATISTICAL, reason, told),
        notes=tuple(notes),
        results=estimates,
    )


def probe_region(instance: Instance) -> Region | None:
    """Return the small ball about the flattest minimum, or None where none is known.

    The region of `near_flattest`, from the threshold that the hypotheses have used already.
    """
    if instance.F.loss is None or instance.loss.parameters:
        return None
    known = instance.threshold.attained_at
    size = 0.0 if known is None else float(np.linalg.norm(known[0]))
    if known is None or not 0 < size < math.inf:
        return None
    return Ball(known[0].tolist(), _PROBE_RADIUS * size)


def _measured(instance: Instance, probe: _Probe, to: Target) -> Estimate:
    return convergent_measure(
        instance.F,
        probe.region,
        method=MonteCarlo(n=probe.n),
        to=to,
        budget=instance.budget,
        rng=instance.rng(probe.name),
        executor=instance.executor,
    )


def _told(estimate: Estimate) -> str:
    undecided = round(estimate.undecided * estimate.n)
    left = f" ({undecided} undecided)" if undecided else ""
    level = f"{100 * estimate.level:g} %"
    if estimate.hits == 0:
        return (
            f"0 of {estimate.n}{left}, share below {rounded_up(estimate.upper_bound())} at {level}"
        )
    low, high = estimate.interval()
    return f"{estimate.hits} of {estimate.n}{left}, share in [{low:.3g}, {high:.3g}] at {level}"
