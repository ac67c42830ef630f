"""A picture as data: what a study shows, in panels of curves, levels, bands and cells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidInput
from ..evidence import Evidence
from ..results import Result, plain

__all__ = ["Band", "Chart", "Curve", "Level", "Mark", "Panel", "Raster"]

_MOST_KEPT = 400  # points of a curve that plain data keeps


class Mark(Enum):
    """How the points of a curve are shown.

    Examples
    --------
    >>> Mark.BOTH.value
    'line and points'
    """

    LINE = "line"
    POINTS = "points"
    BOTH = "line and points"
    DOTS = "dots"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Points (x, y), joined or not; a chart gives each curve of a panel a look of its own.

    Parameters
    ----------
    label : str
        For the legend; empty for none.
    x, y : array_like, shape (n,)
        NaN leaves a gap.
    mark : Mark
        DOTS are for clouds of thousands of points.
    like : int, optional
        Index of the curve in the panel whose look this one shares.

    Examples
    --------
    >>> Curve(label="loss", x=[0, 1, 2], y=[1.0, 0.5, 0.25]).x
    array([0., 1., 2.])
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    mark: Mark = Mark.LINE
    like: int | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, _row(getattr(self, name), name))
        if np.shape(self.x) != np.shape(self.y):
            raise InvalidInput("y", np.shape(self.y), f"as many numbers as x, {np.shape(self.x)}")


@dataclass(frozen=True, kw_only=True)
class Level:
    """A straight line at one value: a threshold, a limit.

    Parameters
    ----------
    label : str
    value : float
    vertical : bool
        Whether the line stands at x = value rather than lies at y = value.

    Examples
    --------
    >>> Level(label="2/η", value=4.0)
    Level(label='2/η', value=4.0, vertical=False)
    """

    label: str
    value: float
    vertical: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """The region between two curves over the same x: a spread, a range allowed by a theorem.

    Parameters
    ----------
    label : str
    x, low, high : array_like, shape (n,)

    Examples
    --------
    >>> Band(label="seen", x=[0, 1], low=[0.0, 0.5], high=[1.0, 0.75]).high
    array([1.  , 0.75])
    """

    label: str
    x: ArrayLike
    low: ArrayLike
    high: ArrayLike

    def __post_init__(self) -> None:
        for name in ("x", "low", "high"):
            object.__setattr__(self, name, _row(getattr(self, name), name))
            if np.shape(getattr(self, name)) != np.shape(self.x):
                raise InvalidInput(
                    name, np.shape(getattr(self, name)), f"as many numbers as x, {np.shape(self.x)}"
                )


@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """A grid of cells, shaded by a number or by one of a few words.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        Row 0 lies at the bottom. With `words`, whole numbers that index them.
    low, high : pair of float
        Corners of the grid.
    label : str
        What the shade means.
    words : tuple of str
        Names of the values, at most six; empty for a continuous scale.

    Examples
    --------
    >>> escapes = [[0, 1], [1, 0]]
    >>> Raster(values=escapes, low=(-1, -1), high=(1, 1), label="fate",
    ...     words=("converges", "escapes")).values.shape
    (2, 2)
    """

    values: ArrayLike
    low: tuple[float, float]
    high: tuple[float, float]
    label: str
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 2 or not values.size:
            raise InvalidInput("values", f"shape {values.shape}", "a grid of rows and columns")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One pair of axes.

    Parameters
    ----------
    x_label, y_label : str
        What the axes measure.
    title : str
    curves : tuple of Curve
    levels : tuple of Level
    bands : tuple of Band
    raster : Raster, optional
    log_x, log_y : bool
    x_range, y_range : pair of float, optional
        What is shown; all of it where None.
    equal : bool
        Whether a unit is as long on both axes.

    Examples
    --------
    >>> edge = Level(label="2/η", value=4.0)
    >>> Panel(x_label="step", y_label="sharpness", levels=(edge,)).levels[0].value
    4.0
    """

    x_label: str
    y_label: str
    title: str = ""
    curves: tuple[Curve, ...] = ()
    levels: tuple[Level, ...] = ()
    bands: tuple[Band, ...] = ()
    raster: Raster | None = None
    log_x: bool = False
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    equal: bool = False


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Chart(Result):
    """A picture as data, drawn by ``plot()`` in the style of all others.

    Parameters
    ----------
    title : str
        One sentence: what is to be seen.
    panels : tuple of Panel
        Side by side, one to four.
    evidence : Evidence
        How what is shown is known.

    Examples
    --------
    >>> from dynsys_gd import Evidence, Grade
    >>> curve = Curve(label="½ at each step", x=[0, 1, 2], y=[1.0, 0.5, 0.25], mark=Mark.BOTH)
    >>> panel = Panel(x_label="steps", y_label="distance", curves=(curve,), log_y=True)
    >>> evidence = Evidence(grade=Grade.NUMERICAL, reason="double precision")
    >>> Chart(title="Halving", panels=(panel,), evidence=evidence)
    Halving
      panel 1: steps → distance: ½ at each step
    """

    title: str
    panels: tuple[Panel, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        if not 1 <= len(self.panels) <= 4:
            raise InvalidInput("panels", len(self.panels), "one to four panels")

    def headline(self) -> str:
        return self.title

    def rows(self) -> list[tuple[str, str]]:
        return [(f"panel {k}", _told(panel)) for k, panel in enumerate(self.panels, start=1)]

    def to_dict(self) -> dict[str, Any]:
        """Return the chart as plain data; long curves are thinned, rasters left out."""
        return {**super().to_dict(), "panels": [_panel_data(panel) for panel in self.panels]}


def _row(values: ArrayLike, name: str) -> NDArray[np.float64]:
    row = np.array(values, dtype=np.float64)
    if row.ndim != 1:
        raise InvalidInput(name, f"shape {row.shape}", "a row of numbers, shape (n,)")
    row.setflags(write=False)
    return row


def _told(panel: Panel) -> str:
    labels = [c.label for c in panel.curves] + [b.label for b in panel.bands]
    labels += [level.label for level in panel.levels]
    parts = [label for label in labels if label]
    if panel.raster is not None:
        parts.append(panel.raster.label)
    return f"{panel.x_label} → {panel.y_label}: {', '.join(parts)}"


def _panel_data(panel: Panel) -> dict[str, Any]:
    curves = []
    for curve in panel.curves:
        x, y = np.asarray(curve.x), np.asarray(curve.y)
        keep = slice(None, None, 1 + len(x) // _MOST_KEPT)
        curves.append({"label": curve.label, "x": plain(x[keep]), "y": plain(y[keep])})
    return {
        "title": panel.title,
        "x": panel.x_label,
        "y": panel.y_label,
        "curves": curves,
        "levels": {level.label: level.value for level in panel.levels},
    }
