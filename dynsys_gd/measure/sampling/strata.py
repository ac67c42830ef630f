"""What draws in mixed and in frozen cells say about a share, at any number of draws."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..binomial import checked_level, lower_limit, rounded_up, upper_limit
from ..reading import Reading

__all__ = ["Frozen", "Stratification", "mean_limit"]

#: Of the error probability of an end; the rest is for the frozen cells, whose limits hardly
#: depend on it.
_MIXED_PART = 0.8

#: The comparison with the binomial law below needs limits beyond the quartiles.
_LARGEST_ERROR = 0.2


@dataclass(frozen=True)
class Frozen:
    """Cells in which all pilot draws were of one kind.

    Parameters
    ----------
    cells : int
    volume : float
        Share of the law in all of them.
    draws : int
        Fresh ones, at least one a cell.
    heaviest : float
        Largest share of the law that one draw stands for.
    strange : float
        Share of the law that fresh draws found to be of another kind.
    """

    cells: int
    volume: float
    draws: int
    heaviest: float
    strange: float

    def may_hide(self, error: float) -> float:
        """Return a limit of what is of another kind; too small with at most this probability."""
        if not self.draws:
            return 0.0
        scale = self.heaviest * self.draws
        return min(self.volume, scale * mean_limit(self.strange / scale, self.draws, error))


@dataclass(frozen=True)
class Stratification(Reading):
    """What became of fresh draws in cells that were found beforehand.

    Parameters
    ----------
    pilot : int
        Draws that found the cells, and do not count.
    cells : int
        Mixed cells, all of the same size.
    volume : float
        Share of the law in them.
    draws, hits, possible : int
        Fresh draws in mixed cells, equally many in each; those that converge to the target, and
        those that may.
    converging, elsewhere : Frozen
        Cells in which all pilot draws did, and in which none could.
    undecided_volume : float
        Share of the law in cells all of whose pilot draws were undecided.
    estimates : pair of float
        `lower` and `upper`: over all cells, the mean of the shares that fresh draws saw there.
    fresh : int
        Draws in all cells.

    Notes
    -----
    The cells depend on pilot draws alone, so that fresh ones see them as if given. In the mixed
    cells the number of hits is a sum of independent draws of unequal probabilities. Beyond its
    mean such a sum has smaller tails than a binomial one of the same mean (Hoeffding 1956), so
    that Clopper and Pearson's limits hold for the mean probability. (Of n draws a single one that
    is unlike the others gives no limit: there alone the comparison may fail.) In frozen cells
    draws of another kind are weighed by what they stand for; the mean of independent numbers
    between 0 and 1 is below y with probability at most exp(-n KL(y, μ)) (Hoeffding 1963). The
    lower end is the lower limit in mixed cells, and converging cells less what they may hide; the
    upper end likewise, with undecided cells and draws counted in full. Both parts share the error
    probability of an end, 4 : 1. Nothing here is asymptotic.

    References
    ----------
    Hoeffding (1956), ``hoeffding1956distribution``, theorem 5; Hoeffding (1963),
    ``hoeffding1963probability``, theorem 1; Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    >>> inside = Frozen(cells=1, volume=0.5, draws=1000, heaviest=0.0005, strange=0.0)
    >>> outside = Frozen(cells=1, volume=0.4, draws=800, heaviest=0.0005, strange=0.0)
    >>> seen = Stratification(pilot=100, cells=1, volume=0.1, draws=100, hits=50, possible=50,
    ...     converging=inside, elsewhere=outside, undecided_volume=0.0, estimates=(0.55, 0.55),
    ...     fresh=1900)
    >>> [round(p, 4) for p in seen.interval(0.95)]
    [0.5367, 0.5633]
    """

    pilot: int
    cells: int
    volume: float
    draws: int
    hits: int
    possible: int
    converging: Frozen
    elsewhere: Frozen
    undecided_volume: float
    estimates: tuple[float, float]
    fresh: int

    @property
    def n(self) -> int:
        return self.pilot + self.fresh

    @property
    def lower(self) -> float:
        return self.estimates[0]

    @property
    def upper(self) -> float:
        return self.estimates[1]

    def interval(self, level: float) -> tuple[float, float]:
        """Return limits of the share: the lower one of the hits, the upper one of what may hit."""
        error = 0.5 * (1.0 - checked_level(level))
        return self._lower_end(error), self._upper_end(error)

    def upper_bound(self, level: float) -> float:
        return self._upper_end(1.0 - checked_level(level))

    def hidden(self, level: float) -> tuple[float, float]:
        """Return what converging cells may lack, and what the others may hold beyond the pilot.

        Each limit enters one end of `interval` of the same level.
        """
        error = min(0.5 * (1.0 - checked_level(level)), _LARGEST_ERROR)
        return (
            self.converging.may_hide(self._errors(error, self.converging)[1]),
            self.elsewhere.may_hide(self._errors(error, self.elsewhere)[1]),
        )

    def _lower_end(self, error: float) -> float:
        mixed, frozen = self._errors(min(error, _LARGEST_ERROR), self.converging)
        sure = self.converging.volume - self.converging.may_hide(frozen)
        if self.draws and self.hits != 1:
            sure += self.volume * lower_limit(self.hits, self.draws, level=1.0 - mixed)
        return max(0.0, sure)

    def _upper_end(self, error: float) -> float:
        mixed, frozen = self._errors(min(error, _LARGEST_ERROR), self.elsewhere)
        most = self.converging.volume + self.undecided_volume + self.elsewhere.may_hide(frozen)
        if self.draws:
            settled = self.possible != self.draws - 1
            share = upper_limit(self.possible, self.draws, level=1.0 - mixed) if settled else 1.0
            most += self.volume * share
        return min(1.0, most)

    def _errors(self, error: float, frozen: Frozen) -> tuple[float, float]:
        """Return the error probabilities of the mixed and of the frozen cells."""
        if not frozen.draws or not self.draws:
            return error, error
        return _MIXED_PART * error, (1.0 - _MIXED_PART) * error

    def rows(self) -> Iterable[tuple[str, str]]:
        yield "draws", f"{self.pilot} to find the cells, {self.fresh} fresh ones to measure"
        yield "mixed cells", f"{self.cells} with {self.volume:.3g} of the law, {self.draws} draws"
        frozen = (self.converging, self.elsewhere)
        count = sum(part.cells for part in frozen)
        yield (
            "frozen cells",
            f"{count} with {sum(part.draws for part in frozen)} draws kept in them",
        )
        hidden = [rounded_up(limit) if limit else "0" for limit in self.hidden(0.95)]
        yield (
            "they may hide",
            f"a share below {hidden[0]} that does not converge, below {hidden[1]} that does (95 %)",
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "pilot": self.pilot,
            "mixed": {
                "cells": self.cells,
                "volume": self.volume,
                "draws": self.draws,
                "hits": self.hits,
                "possible": self.possible,
            },
            "frozen": {
                name: {
                    "cells": part.cells,
                    "volume": part.volume,
                    "draws": part.draws,
                    "heaviest": part.heaviest,
                    "strange": part.strange,
                }
                for name, part in (("converging", self.converging), ("elsewhere", self.elsewhere))
            },
            "undecided_volume": self.undecided_volume,
            "hidden": list(self.hidden(0.95)),
        }


def mean_limit(mean: float, n: int, error: float) -> float:
    """Return the largest μ with exp(-n KL(mean, μ)) ≥ error: a limit for the mean of means.

    Of `n` independent numbers between 0 and 1 whose mean was seen.

    References
    ----------
    Hoeffding (1963), ``hoeffding1963probability``, theorem 1.

    Examples
    --------
    >>> round(mean_limit(0.0, 100, 0.05), 6), round(mean_limit(0.5, 100, 0.05), 4)
    (0.029513, 0.6206)
    """
    reach = -math.log(error) / n
    if mean <= 0.0:
        return -math.expm1(-reach)
    if mean >= 1.0:
        return 1.0
    from scipy.optimize import brentq
    from scipy.special import rel_entr

    def excess(limit: float) -> float:
        return float(rel_entr(mean, limit) + rel_entr(1.0 - mean, 1.0 - limit)) - reach

    largest = 1.0 - 1e-16
    if excess(largest) <= 0:
        return 1.0
    return min(1.0, float(brentq(excess, mean, largest, xtol=1e-18, rtol=1e-12)) * (1.0 + 1e-11))
