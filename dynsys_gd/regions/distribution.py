"""Any law that scipy has: one for each coordinate, or one for all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InvalidInput
from .checks import generator_of, positive_count
from .region import Points, Region

__all__ = ["Distribution"]

_EXPECTED = "frozen laws of scipy.stats: one a coordinate in a list, or a single multivariate one"
_REMEDY = "for example Distribution([stats.norm(0, 1), stats.uniform(-1, 2)])"


@dataclass(frozen=True, init=False, eq=False)
class Distribution(Region):
    """A law that scipy.stats knows.

    Parameters
    ----------
    laws : sequence of frozen univariate laws, or one frozen multivariate law
        A sequence gives independent coordinates, one law for each.
    name : str, optional
        What this law is called in tables; the laws with their parameters where it is not given.

    Raises
    ------
    InvalidInput
        For laws that are not frozen, laws of arrays of numbers in a list, and laws that do not
        draw points.

    Notes
    -----
    Independent coordinates have quantile functions: they can be stratified, and filled more
    evenly than by chance. A multivariate law can only be drawn from.

    Examples
    --------
    >>> from scipy import stats
    >>> law = Distribution([stats.uniform(-1, 2), stats.laplace(scale=0.5)])
    >>> law.describe(), law.sample(3, rng=0).shape
    ('uniform(-1, 2) × laplace(scale=0.5)', (3, 2))
    >>> Distribution(stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])).dimension
    2
    """

    laws: tuple[Any, ...]
    joint: Any = field(repr=False)
    name: str
    _dimension: int = field(repr=False)

    def __init__(self, laws: Any, *, name: str = "") -> None:
        if isinstance(laws, (list, tuple)):
            if not laws:
                raise InvalidInput("laws", laws, _EXPECTED, _REMEDY)
            for law in laws:
                _refuse_unless_univariate(law)
            single, joint, dimension = tuple(laws), None, len(laws)
        else:
            single, joint, dimension = (), laws, _dimension_of(laws)
        if not isinstance(name, str):
            raise InvalidInput("name", name, "text")
        object.__setattr__(self, "laws", single)
        object.__setattr__(self, "joint", joint)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_dimension", dimension)

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def volume(self) -> None:
        return None

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Points:
        count, generator = positive_count(n, "n"), generator_of(rng)
        if self.joint is not None:
            drawn = self.joint.rvs(size=count, random_state=generator)
            return np.asarray(drawn, dtype=np.float64).reshape(count, self.dimension)
        columns = [law.rvs(size=count, random_state=generator) for law in self.laws]
        return np.stack(columns, axis=1).astype(np.float64)

    @property
    def random_coordinates(self) -> tuple[int, ...]:
        return tuple(range(self.dimension)) if self.joint is None else super().random_coordinates

    def at_quantiles(self, u: Points) -> Points:
        if self.joint is not None:
            return super().at_quantiles(u)
        columns = [law.ppf(column) for law, column in zip(self.laws, u.T, strict=True)]
        return np.stack(columns, axis=1).astype(np.float64)

    def describe(self) -> str:
        if self.name:
            return self.name
        if self.joint is not None:
            kind = type(self.joint).__name__.removesuffix("_frozen").replace("_", " ")
            return f"{kind} in {self.dimension} dimensions"
        words = [_words(law) for law in self.laws]
        if len(words) > 2 and len(set(words)) == 1:
            return f"{words[0]} in each of {len(words)} coordinates"
        return " × ".join(words) if len(words) <= 4 else "given laws of each coordinate"


def _refuse_unless_univariate(law: Any) -> None:
    if not all(hasattr(law, part) for part in ("ppf", "rvs", "dist")) or callable(law):
        raise InvalidInput("laws", law, _EXPECTED, _REMEDY)
    try:
        median = np.asarray(law.ppf(0.5))
    except (TypeError, ValueError):
        raise InvalidInput("laws", law, _EXPECTED, _REMEDY) from None
    if median.shape != () or not np.isfinite(median):
        expected = "a law of one number, with parameters in its range"
        raise InvalidInput("laws", _words(law), expected, _REMEDY)


def _dimension_of(law: Any) -> int:
    """Return the number of coordinates of a multivariate law, or refuse it."""
    if hasattr(law, "ppf") or not hasattr(law, "rvs") or callable(law):  # to be frozen by a call
        remedy = "write [law] for a single coordinate" if hasattr(law, "ppf") else _REMEDY
        raise InvalidInput("laws", law, _EXPECTED, remedy)
    try:
        drawn = np.asarray(law.rvs(size=2, random_state=np.random.default_rng(0)))
        points = drawn.astype(np.float64).reshape(2, -1) if drawn.ndim <= 2 else None
    except (TypeError, ValueError):
        points = None
    if points is None or points.shape[1] < 1 or not np.isfinite(points).all():
        raise InvalidInput("laws", law, "a frozen law whose draws are points", _REMEDY)
    return points.shape[1]


def _words(law: Any) -> str:
    arguments = [_number(value) for value in law.args]
    arguments += [f"{name}={_number(value)}" for name, value in law.kwds.items()]
    return f"{law.dist.name}({', '.join(arguments)})"


def _number(value: Any) -> str:
    return f"{value:g}" if np.ndim(value) == 0 else "given"
