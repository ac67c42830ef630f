"""How much converges: the one door to every method of measuring it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from ..engine.chunks import checked_executor, checked_progress
from ..engine.journal.checkpoint import Run, opened
from ..engine.work import Work
from ..ensembles.budget import Budget
from ..errors import InvalidInput
from ..maps.base import Map
from ..regions import Region, seed_of
from .estimate import Estimate
from .event import Event
from .question import MeasureMethod, MeasureQuestion
from .sampling.monte_carlo import MonteCarlo
from .survival import Survival
from .target import Target

__all__ = ["convergent_measure"]


def convergent_measure(
    F: Map,
    region: Region,
    *,
    method: MeasureMethod | None = None,
    to: Event = Target.MINIMA,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Estimate:
    """Return the share of a law of initialisations from which the iteration converges.

    Parameters
    ----------
    F : Map
        Every parameter has a value.
    region : Box, Ball, Gaussian
        Law of the initialisations: points of the loss (which start at rest under momentum), or
        states. He and Xavier laws and the ball about the flattest minimum are of these kinds.
    method : MeasureMethod, optional
        How to measure, ``MonteCarlo(n=100_000, level=0.95)`` by default.
    to : Target or Survival
        Which limits count: minima, or every fixed point; or staying bounded for a while, with
        methods that draw starts.
    budget : Budget, optional
        Caps and tolerances of the simulation.
    rng : int, Generator or SeedSequence, optional
        Where the starts come from. The estimate records one number that draws them again, also
        where nothing is given.
    executor : concurrent.futures.Executor, optional
        Who computes the chunks; the answer does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, n)`` after each chunk. `progress_bar` makes one.
    checkpoint : str or path, optional
        A file that keeps what is computed, made where it does not exist. The same call with the
        same file, after whatever ended the first, computes only what is missing; the estimate is
        the same to the last bit. Where `rng` is not given, the seed is that of the file.

    Returns
    -------
    Estimate
        Graded STATISTICAL.

    Raises
    ------
    InvalidInput
        For a region of the wrong dimension, minima of a map that has no loss, and wrong types;
        for a checkpoint that is damaged, of another run, in use, or cannot be written. It is left
        as it is.
    WorkersLost
        Where the executor broke.

    Notes
    -----
    With h of n starts seen to converge and u undecided, the interval goes from the lower
    Clopper-Pearson limit of h to the upper one of h + u. A start counts as converging only after
    the audit of its limit, by its multipliers and by perturbation.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    Under the double well x⁴/4 - x²/2 with step size 1/2, exactly the starts between ±√5 converge,
    up to a null set.

    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> from dynsys_gd.measure import MonteCarlo
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> m = convergent_measure(F, Box([-3], [3]), method=MonteCarlo(n=2000), rng=0)
    >>> low, high = m.volume_interval()
    >>> low < 2 * 5**0.5 < high
    True
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "wrap the loss, for example as GradientDescent")
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, Ball or Gaussian")
    if not isinstance(to, (Target, Survival)):
        raise InvalidInput("to", to, "Target.MINIMA, Target.FIXED_POINTS or Survival(steps=…)")
    if method is not None and not isinstance(method, MeasureMethod):
        raise InvalidInput("method", method, "a method object such as MonteCarlo()")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=1000)")
    checked_executor(executor)
    checked_progress(progress)
    sizes = {F.dimension, F.loss.dimension if F.loss is not None else F.dimension}
    if region.dimension not in sizes:
        raise InvalidInput(
            "region",
            f"dimension {region.dimension}",
            f"dimension {' or '.join(map(str, sorted(sizes)))}, that of the map",
        )
    if to is Target.MINIMA and F.loss is None:
        raise InvalidInput(
            "to", to, "Target.FIXED_POINTS for a map without a loss", "it has no minima"
        )
    chosen = MonteCarlo() if method is None else method
    if not isinstance(to, chosen.events):
        remedy = "methods that draw starts measure survival, for example MonteCarlo()"
        raise InvalidInput("to", to, f"a target for {type(chosen).__name__}", remedy)
    budget = Budget() if budget is None else budget
    run = Run(
        name="convergent_measure",
        arguments={"F": F, "region": region, "method": chosen, "to": to, "budget": budget},
        seed=seed_of(rng),
        seed_given=rng is not None,
    )
    with opened(checkpoint, run) as journal:
        question = MeasureQuestion(
            F=F,
            region=region,
            to=to,
            budget=budget,
            seed=run.seed if journal is None else journal.seed,
            work=Work(executor=executor, progress=progress, journal=journal),
        )
        return chosen.answer(question)
