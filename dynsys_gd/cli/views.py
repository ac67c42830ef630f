"""Pictures of an instance besides those of its verdict: fates on a grid, single orbits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import dynsys_gd as dg
from dynsys_gd.errors import InvalidInput
from dynsys_gd.maps.base import Map
from dynsys_gd.regions import Box, Region
from dynsys_gd.results import Result

__all__ = ["View", "fates", "orbit"]


@dataclass(frozen=True, kw_only=True)
class View:
    """A picture to be drawn of an instance.

    Parameters
    ----------
    name : str
        Ending of its file name.
    caption : str
    make : callable
        (map, region) -> result to draw.
    """

    name: str
    caption: str
    make: Callable[[Map, Region], Result]


def fates(caption: str, *, cells: int = 240) -> View:
    """Return the picture of what becomes of every start on a grid over the box."""
    return View(name="fates", caption=caption, make=partial(_fates, cells=cells))


def orbit(caption: str, *, start: tuple[float, ...], steps: int) -> View:
    """Return the picture of one orbit."""
    return View(name="orbit", caption=caption, make=partial(_orbit, start=start, steps=steps))


def _fates(F: Map, region: Region, *, cells: int) -> Result:
    if not isinstance(region, Box):
        raise InvalidInput("region", region, "a Box, over which a grid can be laid")
    return dg.simulate(F, region.grid(cells))


def _orbit(F: Map, region: Region, *, start: tuple[float, ...], steps: int) -> Result:
    return F.trajectory(start, steps)
