"""Where does an invariant subspace cease to attract? Transverse exponents over a parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np

from ...engine.chunks import checked_executor, checked_progress, map_ordered
from ...errors import InvalidInput
from ...evidence import Outcome
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...maps.restriction import InvariantSubspace
from ...regions import count_from_zero
from ...values import to_value
from .asked import batch_length
from .crosswise import crosswise, proper_subspace, starts_within, summed_up
from .transverse_result import TransverseCrossing, TransverseExponent, TransverseScan

__all__ = ["transverse_exponents"]


def transverse_exponents(
    F: Map,
    basis: Sequence[Any],
    parameter: str,
    values: Sequence[Any],
    *,
    start: Any = None,
    offset: Sequence[Any] | None = None,
    steps: int = 20_000,
    transient: int = 5_000,
    batches: int = 64,
    halvings: int = 8,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> TransverseScan:
    """Return the transverse exponent of a subspace over parameter values, and its sign changes.

    Parameters
    ----------
    F : Map
        With `parameter` open and nothing else.
    basis, start, offset, steps, transient, batches
        As for `transverse_exponent`.
    parameter : str
    values : sequence of numbers
        Rising, at least 2.
    halvings : int
        How often the interval of each change of sign is cut: in the middle, and beside values
        at which the sign is not clear.
    executor : concurrent.futures.Executor, optional
        Computes the values; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``, then with None for the total.

    Returns
    -------
    TransverseScan

    Raises
    ------
    InvalidInput
        As for `transverse_exponent`, for an unknown parameter, and values that do not rise.

    Examples
    --------
    The line y = 0 below the logistic map at 4 repels where a exceeds 4:

    >>> from sympy.abc import a, x, y
    >>> from dynsys_gd import SymbolicMap
    >>> F = SymbolicMap([4*x*(1 - x), a*x*y], [x, y])
    >>> found = transverse_exponents(F, [1, 0], "a", [3, 5], start=[[0.3]], halvings=4)
    >>> [(c.low < 4 < c.high, c.blow_out.value) for c in found.crossings]
    [(True, 'yes')]
    """
    checked_executor(executor)
    checked_progress(progress)
    subspace = proper_subspace(F, basis, offset)
    checked_open(F, [parameter])
    places = _rising(values)
    us, m = starts_within(subspace, start), subspace.basis.cols
    length, count = batch_length(steps, batches)
    before = count_from_zero(transient, "transient")
    cuts = count_from_zero(halvings, "halvings")
    skew, done = subspace.skew, 0
    seen: dict[float, TransverseExponent] = {}

    def look(wanted: list[float], known: int | None) -> None:
        nonlocal done
        # A parameter may have no effect on the subspace or next to it.
        at = [skew.at(**{parameter: v}) if parameter in skew.parameters else skew for v in wanted]
        tasks = [(each.kernel(), m, us, before, length, count) for each in at]

        def tell(_: Any) -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(done, known)

        answers = map_ordered(crosswise, tasks, executor=executor, on_answer=tell)
        for v, answer in zip(wanted, answers, strict=True):
            seen[v] = summed_up(F, subspace, answer, m, count * length)

    look(places, len(places))
    for _ in range(cuts):
        middles = [v for low, high in _changes(seen) for v in _cuts(low, high, sorted(seen))]
        middles = [v for v in middles if v not in seen]
        if not middles:
            break
        look(middles, None)
    return _scan(F, subspace, parameter, seen)


def _rising(values: Any) -> list[float]:
    expected = "at least 2 rising numbers"
    if isinstance(values, (str, bytes)) or np.ndim(values) != 1 or len(values) < 2:
        raise InvalidInput("values", values, expected)
    try:
        places = [float(to_value(value, "values")) for value in values]
    except TypeError:
        raise InvalidInput("values", values, expected) from None
    if any(a >= b for a, b in pairwise(places)):
        raise InvalidInput("values", values, expected)
    return places


def _changes(seen: dict[float, TransverseExponent]) -> list[tuple[float, float]]:
    """Return neighbouring values with clear and opposite signs."""
    clear = [v for v in sorted(seen) if seen[v].attracts is not Outcome.UNDECIDED]
    return [(a, b) for a, b in pairwise(clear) if seen[a].attracts is not seen[b].attracts]


def _cuts(low: float, high: float, places: list[float]) -> list[float]:
    """Return where to look next: in the middle, or on both sides of what is not clear there."""
    inside = [v for v in places if low < v < high]
    if not inside:
        return [0.5 * (low + high)]
    return [0.5 * (low + inside[0]), 0.5 * (inside[-1] + high)]


def _scan(
    F: Map, subspace: InvariantSubspace, parameter: str, seen: dict[float, TransverseExponent]
) -> TransverseScan:
    places = sorted(seen)
    found = [seen[v] for v in places]
    crossings = tuple(
        TransverseCrossing(
            low=a,
            high=b,
            loses=seen[a].attracts is Outcome.YES,
            blow_out=_both(seen[a].chaotic, seen[b].chaotic),
        )
        for a, b in _changes(seen)
    )
    return TransverseScan(
        map=F,
        restriction=subspace.restriction,
        parameter=parameter,
        values=np.array(places),
        exponents=np.array([each.value for each in found]),
        errors=np.array([each.error for each in found]),
        along=np.array([each.along_value for each in found]),
        attracts=np.array([each.attracts for each in found], dtype=object),
        chaotic=np.array([each.chaotic for each in found], dtype=object),
        crossings=crossings,
        evidence=found[0].evidence,
    )


def _both(one: Outcome, other: Outcome) -> Outcome:
    return one if one is other else Outcome.UNDECIDED
