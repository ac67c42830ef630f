"""A plane of two parameters: what orbits do at each point, and regions that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from .behaviour import Behaviour

__all__ = ["ParameterPlane", "PlaneRegion"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PlaneRegion:
    """A connected part of a parameter plane in which orbits do the same, with the same period.

    Parameters
    ----------
    behaviour : Behaviour
    period : int
        Of the attracting cycle; 0 where orbits are not periodic.
    size : int
        How many points of the grid it has.
    share : float
        The same as a share of all points.
    low, high : tuple of float
        Corners of the smallest rectangle around it, in the order of the two parameters.
    inside : tuple of float
        One of its points that is as far from its edge as any.

    Examples
    --------
    >>> from sympy.abc import a, b, x
    >>> from dynsys_gd import SymbolicMap, parameter_plane
    >>> F = SymbolicMap([a * x - b * x**3], [x])
    >>> plane = parameter_plane(F, ["a", "b"], [[0.5, 1.5, 2.2], [1, 2]], starts=[[0.1]])
    >>> [(region.words, region.size) for region in plane.regions()]
    [('period 1', 4), ('period 2', 2)]
    """

    behaviour: Behaviour
    period: int
    size: int
    share: float
    low: tuple[float, float]
    high: tuple[float, float]
    inside: tuple[float, float]

    @property
    def words(self) -> str:
        """What orbits do in it."""
        return f"period {self.period}" if self.period else self.behaviour.words


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ParameterPlane(Result):
    """What the orbits of s starts do on a grid of two parameters.

    Parameters
    ----------
    map : Map
        With both parameters open.
    parameters : tuple of str
    values : tuple of two ndarrays, shapes (m,) and (n,)
        Of the first and of the second parameter, ascending.
    behaviour : ndarray of int8, shape (m, n, s)
        `Behaviour` codes.
    period : ndarray of int, shape (m, n, s)
        Least period; 0 where the orbit is not periodic.
    exponent, error : ndarray, shape (m, n, s)
        Largest Lyapunov exponent per step and its standard error; NaN where the orbit escaped.
    region : Region or None
        Where starts were drawn from; None where they were given.
    seed : int
        From which those starts follow.
    transient : int
    budget : Budget
    """

    map: Map
    parameters: tuple[str, str]
    values: tuple[Array, Array]
    behaviour: NDArray[np.int8]
    period: NDArray[np.int64]
    exponent: Array
    error: Array
    region: Region | None
    seed: int
    transient: int
    budget: Budget
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (*self.values, self.behaviour, self.period, self.exponent, self.error):
            array.setflags(write=False)

    def count(self, behaviour: Behaviour) -> int:
        """Return how many orbits behave so, over all points."""
        return int(np.count_nonzero(self.behaviour == behaviour))

    @property
    def periods(self) -> tuple[int, ...]:
        """The periods of all cycles reached somewhere, ascending."""
        return tuple(np.unique(self.period[self.period > 0]).tolist())

    def labels(self, start: int = 0) -> NDArray[np.int64]:
        """Return the number of the region in which each point lies, shape (m, n).

        Parameters
        ----------
        start : int
            Whose orbits are looked at.

        Notes
        -----
        Points are joined to their neighbours along the axes where behaviour and period are the
        same. Region 0 is the largest one; regions of one size come in the order of their points.
        """
        return self._regions(start)[0]

    def regions(self, start: int = 0) -> tuple[PlaneRegion, ...]:
        """Return the connected regions of equal behaviour and period, largest first.

        Those of equal period are the isoperiodic regions. Number k of the list is the region with
        label k.
        """
        labels, codes = self._regions(start)
        from scipy import ndimage

        boxes = ndimage.find_objects(labels + 1)
        return tuple(
            self._region(labels, k, box, int(codes[k]))
            for k, box in enumerate(boxes)
            if box is not None
        )

    def _regions(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the label of each point, and behaviour and period, as one code, of each label."""
        from scipy import ndimage

        s = self.period.shape[2]
        known = not isinstance(start, bool) and isinstance(start, (int, np.integer))
        if not known or not 0 <= start < s:
            raise InvalidInput("start", start, f"the number of a start, 0 to {s - 1}")
        kinds = _codes(self.behaviour[..., start], self.period[..., start])
        labels = np.zeros(kinds.shape, dtype=np.int64)
        codes: list[int] = []
        for code in np.unique(kinds).tolist():
            here = kinds == code
            found, many = ndimage.label(here)
            labels[here] = found[here] + len(codes) - 1
            codes += [code] * many
        sizes = np.bincount(labels.ravel())
        order = np.lexsort((ndimage.minimum(_places(labels), labels, range(len(codes))), -sizes))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank[labels], np.array(codes)[order]

    def _region(
        self, labels: NDArray[np.int64], k: int, box: tuple[slice, slice], code: int
    ) -> PlaneRegion:
        from scipy import ndimage

        here = np.pad(labels[box] == k, 1)
        size = int(here.sum())
        deep = ndimage.distance_transform_edt(here)
        i, j = np.unravel_index(int(np.argmax(deep)), here.shape)
        x, y = self.values
        a, b = box
        return PlaneRegion(
            behaviour=Behaviour(-code) if code <= 0 else Behaviour.PERIODIC,
            period=max(code, 0),
            size=size,
            share=size / labels.size,
            low=(float(x[a.start]), float(y[b.start])),
            high=(float(x[a.stop - 1]), float(y[b.stop - 1])),
            inside=(float(x[a.start + int(i) - 1]), float(y[b.start + int(j) - 1])),
        )

    def headline(self) -> str:
        m, n, s = self.period.shape
        counts = [(b, self.count(b)) for b in Behaviour]
        shares = ", ".join(f"{100 * k / (m * n * s):.3g} % {b.words}" for b, k in counts if k)
        return f"Plane of {' and '.join(self.parameters)}, {m} by {n} points: {shares}"

    def rows(self) -> list[tuple[str, str]]:
        s = self.period.shape[2]
        drawn = f"drawn from {self.region.describe()}" if self.region is not None else "given"
        spans = [
            f"{name} in [{values[0]:.6g}, {values[-1]:.6g}]"
            for name, values in zip(self.parameters, self.values, strict=True)
        ]
        listed = [*map(str, self.periods[:12]), *["…"] * (len(self.periods) > 12)]
        return [
            ("map", self.map.describe()),
            ("parameters", ", ".join(spans)),
            ("starts", f"{s}, {drawn}"),
            ("steps", f"{self.transient} before anything is looked at"),
            ("periods", ", ".join(listed) or f"none up to {self.budget.max_period}"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        arrays = ("behaviour", "period", "exponent", "error")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameters": list(self.parameters),
            "values": plain(self.values),
            "seed": self.seed,
            "transient": self.transient,
            "codes": {b.name: int(b) for b in Behaviour},
            **{name: plain(getattr(self, name)) for name in arrays},
        }


def _codes(behaviour: NDArray[np.int8], period: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the period where there is one, else the negative code of the behaviour."""
    others = -behaviour.astype(np.int64)
    return np.where(behaviour == Behaviour.PERIODIC, period, others)


def _places(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(labels.size).reshape(labels.shape)
