"""A claim looked at on an instance becomes a verdict."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from ..engine.chunks import checked_executor, checked_progress
from ..ensembles.budget import Budget
from ..errors import InvalidInput
from ..losses.initialisation import he_normal
from ..losses.linear_network import LinearNetwork
from ..losses.mlp import MLP
from ..maps.base import Map
from ..regions import Box, Region, positive_count, seed_of
from .claim import Claim, Instance
from .verdict import Verdict

__all__ = ["STARTS", "usual_region", "verify"]

STARTS = 1000
_HALF_SIDE = 3.0


def verify(
    claim: Claim,
    F: Map,
    *,
    region: Region | None = None,
    starts: int = STARTS,
    budget: Budget | None = None,
    rng: np.random.Generator | int | None = None,
    executor: Executor | None = None,
    progress: Callable[[str], None] | None = None,
) -> Verdict:
    """Return the verdict of a claim on a map.

    Parameters
    ----------
    claim : Claim
        One of those in ``dynsys_gd.claims``.
    F : Map
        The map the claim is about.
    region : Region, optional
        Law of the initialisations; the usual one of the loss where none is given.
    starts : int
        Number of initialisations drawn where the conclusion is looked for.
    budget : Budget, optional
        Caps and tolerances of the simulations; ``Budget()`` where none is given. Close to the
        critical step size more steps leave fewer starts undecided.
    rng : Generator or int, optional
        Seed of every random choice; one is drawn and kept in the verdict where none is given.
    executor : concurrent.futures.Executor, optional
        Runs chunks of initialisations; the numbers do not depend on it.
    progress : callable, optional
        Called with one line of text before each step.

    Returns
    -------
    Verdict

    Raises
    ------
    InvalidInput
        For a region of another dimension than the loss, or something that is not a claim or a map.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> import dynsys_gd as dg
    >>> F = dg.GradientDescent(dg.Loss((x*y - 1)**2 / 2, [x, y]), step_size="21/20")
    >>> verify(dg.claims.non_singular_map, F, rng=0).status
    <Status.VERIFIED: 'verified'>
    """
    if not isinstance(claim, Claim):
        remedy = "take one from dynsys_gd.claims, or claims.get(name); claims.names() lists them"
        raise InvalidInput("claim", claim, "a claim", remedy)
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for example GradientDescent(loss, step_size)")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=1000)")
    checked_executor(executor)
    checked_progress(progress)
    instance = Instance(
        F=F,
        region=_fitting_region(F, region),
        seed=seed_of(rng),
        starts=positive_count(starts, "starts"),
        budget=Budget() if budget is None else budget,
        executor=executor,
    )
    findings = []
    for hypothesis in claim.hypotheses:
        if progress is not None:
            progress(f"{claim.name}: {hypothesis.name}")
        findings.append(hypothesis.check(instance))
    if progress is not None:
        progress(f"{claim.name}: the conclusion")
    return Verdict(
        claim=claim,
        instance=instance,
        findings=tuple(findings),
        observation=claim.observe(instance),
    )


def usual_region(F: Map) -> Region:
    """Return the law of initialisations that is usual for the loss of a map.

    He's normal law for networks, the box [-3, 3]^d otherwise.
    """
    loss = F.loss
    if isinstance(loss, (LinearNetwork, MLP)):
        return he_normal(loss)
    d = F.dimension if loss is None else loss.dimension
    return Box([-_HALF_SIDE] * d, [_HALF_SIDE] * d)


def _fitting_region(F: Map, region: Region | None) -> Region:
    if region is None:
        return usual_region(F)
    d = F.dimension if F.loss is None else F.loss.dimension
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, a Ball or a Gaussian")
    if region.dimension != d:
        raise InvalidInput(
            "region",
            region.describe(),
            f"a region of dimension {d}",
            "starts are points of the loss",
        )
    return region
