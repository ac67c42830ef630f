"""What draws in mixed and in frozen cells say about a share, at any number of draws."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..binomial import checked_level, lower_limit, rounded_up, upper_limit
from ..reading import Reading

__all__ = ["Frozen", "Stratification", "mean_limit"]

#: How the error probability of an end is shared out: to the mixed cells, to the frozen ones of the
#: kind that may be wrong in the direction of this end, and to those that are known to be wrong in
#: the other one. The limits of frozen cells hardly depend on it.
_PARTS = (0.75, 0.15, 0.1)

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
        Share of the law that fresh draws found to be of another kind, or undecided.
    surely : float
        The same without undecided draws.
    """

    cells: int
    volume: float
    draws: int
    heaviest: float
    strange: float
    surely: float

    def at_most(self, error: float) -> float:
        """Return a limit of what is of another kind; too small with at most this probability."""
        if not self.draws:
            return 0.0
        scale = self.heaviest * self.draws
        return min(self.volume, scale * mean_limit(self.strange / scale, self.draws, error))

    def at_least(self, error: float) -> float:
        """Return a limit of what is of another kind; too large with at most this probability."""
        if not self.surely:
            return 0.0
        scale = self.heaviest * self.draws
        return scale * (1.0 - mean_limit(1.0 - self.surely / scale, self.draws, error))


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
    between 0 and 1 is below y < μ, or above y > μ, with probability at most exp(-n KL(y, μ))
    (Hoeffding 1963). The lower end is made of the lower limit in mixed cells, of converging cells
    less the most that they may lack, and of the least that the others hold; the upper end likewise,
    with undecided cells and draws counted in full. The three parts share the error probability of
    an end. Nothing here is asymptotic.

    References
    ----------
    Hoeffding (1956), ``hoeffding1956distribution``, theorem 5; Hoeffding (1963),
    ``hoeffding1963probability``, theorem 1; Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    >>> inside = Frozen(cells=1, volume=0.5, draws=1000, heaviest=0.0005, strange=0.0,
    ...     surely=0.0)
    >>> outside = Frozen(cells=1, volume=0.4, draws=800, heaviest=0.0005, strange=0.0,
    ...     surely=0.0)
    >>> seen = Stratification(pilot=100, cells=1, volume=0.1, draws=100, hits=50, possible=50,
    ...     converging=inside, elsewhere=outside, undecided_volume=0.0, estimates=(0.55, 0.55),
    ...     fresh=1900)
    >>> [round(p, 4) for p in seen.interval(0.95)]
    [0.5365, 0.5635]
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
        """Return the most that converging cells may lack, and that the others may hold.

        Each limit enters one end of `interval` of the same level.
        """
        error = 0.5 * (1.0 - checked_level(level))
        frozen = (self.converging, self.elsewhere)
        lack = frozen[0].at_most(self._errors(error, *frozen)[1])
        return lack, frozen[1].at_most(self._errors(error, *reversed(frozen))[1])

    def _lower_end(self, error: float) -> float:
        mixed, most, least = self._errors(error, self.converging, self.elsewhere)
        end = (
            self.converging.volume - self.converging.at_most(most) + self.elsewhere.at_least(least)
        )
        if self.draws and self.hits != 1:
            end += self.volume * lower_limit(self.hits, self.draws, level=1.0 - mixed)
        return max(0.0, end)

    def _upper_end(self, error: float) -> float:
        mixed, most, least = self._errors(error, self.elsewhere, self.converging)
        end = self.converging.volume - self.converging.at_least(least) + self.undecided_volume
        end += self.elsewhere.at_most(most)
        if self.draws:
            settled = self.possible != self.draws - 1
            share = upper_limit(self.possible, self.draws, level=1.0 - mixed) if settled else 1.0
            end += self.volume * share
        return min(1.0, end)

    def _errors(self, error: float, doubted: Frozen, others: Frozen) -> tuple[float, float, float]:
        """Return the error probabilities of the parts of an end; those that are not there get none.

        They are mixed cells, frozen ones that may be wrong in the direction of this end, others.
        """
        there = (self.draws > 0, doubted.cells > 0, others.cells > 0)
        parts = [part * is_there for part, is_there in zip(_PARTS, there, strict=True)]
        scale = min(error, _LARGEST_ERROR) / (sum(parts) or 1.0)
        mixed, most, least = (scale * part for part in parts)
        return mixed, most, least

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
            f"a share below {hidden[0]} that does not belong, below {hidden[1]} that does (95 %)",
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
                    "surely": part.surely,
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
