"""Where pictures are drawn: new axes, figures for files, and what goes to disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ..errors import InvalidInput
from .style import RC

__all__ = ["free_figure", "in_our_style", "new_axes", "panel_below", "save"]

DOTS_PER_INCH = 110


@contextmanager
def in_our_style() -> Iterator[None]:
    """Put the settings of `style` in force, and only those back afterwards.

    ``matplotlib.rc_context`` would put back every setting, also the interactive mode that the
    notebook backend switches on when the first figure is made; later figures would stay hidden.
    """
    before = {name: matplotlib.rcParams[name] for name in RC}
    matplotlib.rcParams.update(RC)
    try:
        yield
    finally:
        matplotlib.rcParams.update(before)


def new_axes(size: tuple[float, float]) -> Axes:
    """Return the axes of a new pyplot figure, which notebooks and windows show by themselves.

    A notebook closes its figures after each cell. Reports, which draw many, use `free_figure`,
    which pyplot never hears of.
    """
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout=_layout())[1]


def free_figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return a figure outside pyplot's global list, and its axes."""
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout=_layout())
    return figure, figure.subplots()


def _layout() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)


def panel_below(ax: Axes, heights: tuple[float, float]) -> Axes:
    """Shrink `ax` to the upper part of its room and return new axes in the lower part."""
    place = ax.get_subplotspec()
    if place is not None:
        parts = place.subgridspec(2, 1, height_ratios=heights)
        ax.set_subplotspec(parts[0])
        return ax.figure.add_subplot(parts[1])
    x, y, width, height = ax.get_position().bounds
    share = heights[1] / sum(heights)
    ax.set_position((x, y + (share + 0.06) * height, width, (0.94 - share) * height))
    return ax.figure.add_axes((x, y, width, (share - 0.02) * height))


def save(figure: Figure, folder: str | Path, name: str) -> tuple[Path, Path]:
    """Write a figure as PNG and SVG, byte for byte the same every time it is drawn.

    Parameters
    ----------
    figure : matplotlib Figure
    folder : path
        Created where it does not exist.
    name : str
        File name without ending.

    Returns
    -------
    tuple of Path
        The PNG and the SVG file.

    Raises
    ------
    InvalidInput
        For something that is not a figure, a name that is none, and a folder that cannot be
        written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save(Figure(), folder, "empty")]
    ['empty.png', 'empty.svg']
    """
    if not isinstance(figure, Figure):
        raise InvalidInput("figure", figure, "a matplotlib Figure", "for axes write ax.figure")
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise InvalidInput("name", name, "a file name without folder and ending")
    try:
        target = Path(folder)
    except TypeError:
        raise InvalidInput("folder", folder, "the path of a folder") from None
    png, svg = target / f"{name}.png", target / f"{name}.svg"
    try:
        target.mkdir(parents=True, exist_ok=True)
        with in_our_style():
            figure.savefig(png, dpi=DOTS_PER_INCH, metadata={"Software": None})
            figure.savefig(svg, metadata={"Date": None, "Creator": None})
    except (OSError, ValueError) as problem:
        expected = "a folder that can be written to"
        raise InvalidInput("folder", str(folder), expected, str(problem)) from problem
    return png, svg
