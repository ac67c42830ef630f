"""What converges under a map with an open step size, in units of the critical one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...ensembles.budget import Budget
from ...ensembles.fates import Fate
from ...ensembles.simulate import simulate
from ...evidence import Outcome
from ..claim import Instance

__all__ = ["OpenScan", "scan_open_step"]


@dataclass(frozen=True, kw_only=True)
class OpenScan:
    """What the same starts did at several step sizes.

    Parameters
    ----------
    critical : float
        The critical step size, or an upper bound of it where only that is known.
    shares : tuple of float
        Step sizes in units of `critical`.
    converged : tuple of float
        Share of the starts that converges at each.
    undecided : tuple of float
        Share of the starts of which more steps would tell.
    norms : tuple of float
        Median gradient norm in the end; infinite where most starts escape.
    """

    critical: float
    shares: tuple[float, ...]
    converged: tuple[float, ...]
    undecided: tuple[float, ...]
    norms: tuple[float, ...]

    @property
    def told(self) -> str:
        """The shares in words."""
        pairs = zip(self.shares, self.converged, strict=True)
        return ", ".join(f"{y:.3g} at {q:g} η_c" for q, y in pairs)

    @property
    def vanishes(self) -> Outcome:
        """Whether some starts converge at the smallest step size, and none beyond 1."""
        beyond = [y for q, y in zip(self.shares, self.converged, strict=True) if q > 1]
        if not any(beyond) and self.converged[0] == 0 < self.undecided[0]:
            return Outcome.UNDECIDED
        return Outcome.YES if self.converged[0] > 0 and not any(beyond) else Outcome.NO


def scan_open_step(
    instance: Instance, shares: Sequence[float], *, n: int, steps: int
) -> OpenScan | None:
    """Return what converges as the one open parameter, the step size, passes its critical value.

    None where nothing is open, or no critical step size is known.
    """
    F, threshold, loss = instance.F, instance.threshold, instance.loss
    critical = threshold.value if threshold.decided else threshold.upper
    if len(F.parameters) != 1 or not 0 < critical < np.inf:
        return None
    starts = instance.region.sample(n, rng=instance.rng("starts"))
    converged, undecided, norms = [], [], []
    for share in shares:
        G = F.at(**{F.parameters[0]: share * critical})
        fates = simulate(G, G.lift(starts), budget=Budget(steps=steps))
        converged.append(fates.count(Fate.CONVERGED) / n)
        undecided.append(fates.count(Fate.UNDECIDED) / n)
        with np.errstate(all="ignore"):
            sizes = np.linalg.norm(loss.gradient_at(G.project(fates.limit)), axis=1)
        norms.append(float(np.median(np.where(np.isfinite(sizes), sizes, np.inf))))
    return OpenScan(
        critical=critical,
        shares=tuple(shares),
        converged=tuple(converged),
        undecided=tuple(undecided),
        norms=tuple(norms),
    )
